/* SPDX-License-Identifier: GPL-2.0 */
/* The parser's buffer: a chunk that it copies bytes into. */
#ifndef _NET_ZMQ_RX_BUF_H
#define _NET_ZMQ_RX_BUF_H

#include "rx.h"

struct sk_buff;

int zmq_rx_buf_copy(const struct sk_buff *skb, u32 off, u8 *to, u32 len);
int zmq_rx_buf_flush(struct zmq_rx *rx, u32 end);
void zmq_rx_buf_return(struct zmq_conn *conn);
bool zmq_rx_buf_room(struct zmq_conn *conn, u32 need);
int zmq_rx_buf_cut(struct zmq_rx *rx, u32 size);

static inline u8 *zmq_rx_buf_base(const struct zmq_rx *rx)
{
	return page_address(rx->pool->page);
}

/* Is a frame, or a part of its header, in the chunk? */
static inline bool zmq_rx_buf_partial(const struct zmq_rx *rx)
{
	return rx->pool && rx->frame < rx->fill;
}

/*
 * Have room for all segments that one frame may append, before any byte of it
 * is taken.
 */
static inline bool zmq_rx_buf_reserve(struct zmq_rx *rx)
{
	return !zmq_segq_reserve(&rx->q, ZMQ_RX_FRAME_SEGS,
				 GFP_ATOMIC | __GFP_NOWARN);
}

#endif /* _NET_ZMQ_RX_BUF_H */
