/* SPDX-License-Identifier: GPL-2.0 */
/* UDP: datagrams of a RADIO, a DISH or a DGRAM; no connections. */
#ifndef _NET_ZMQ_UDP_H
#define _NET_ZMQ_UDP_H

#include <linux/socket.h>
#include <linux/workqueue.h>
#include "chunk.h"

struct net;
struct socket;
struct sock;
struct zmq_ep;
struct zmq_pipe;

/* Bytes of a datagram, as in libzmq. */
#define ZMQ_UDP_MAX	8192
/* "[IPv6 address%zone]:port" and a NUL: the text that stands for an address. */
#define ZMQ_UDP_TEXT_MAX	80

/* Bits of zmq_udp.flags */
enum {
	ZMQ_UDP_BLOCKED,	/* @sock's buffer was full, write_space kicks */
};

/**
 * struct zmq_udp - an endpoint's part
 * @ep: the endpoint
 * @sock: UDP socket, NULL when closed; changed under @mutex
 * @pipe: all its messages, one reference; constant
 * @to: RADIO: where to; constant
 * @to_len: bytes in @to
 * @mutex: the sending end: protects @txq, @tx_buf; level 2
 * @txq: messages taken from the pipe
 * @tx_buf: datagram being sent
 * @flags: ZMQ_UDP_*, atomic
 * @tx_work: sends when there is room again
 * @rx_work: receives
 * @rx_buf: datagram being received; @rx_work
 * @rx_pool: where messages are put; @rx_work
 * @installed: our callbacks are
 * @save_data_ready: callbacks of @sock before ours
 * @save_write_space: likewise
 *
 * Works are ended before the endpoint is closed; zmq_pipe.udp is cut then.
 */
struct zmq_udp {
	struct zmq_ep		*ep;
	struct socket		*sock;
	struct zmq_pipe		*pipe;
	struct sockaddr_storage	to;
	int			to_len;
	struct mutex		mutex;	/* txq, tx_buf */
	struct zmq_segq		txq;
	u8			*tx_buf;
	unsigned long		flags;
	struct work_struct	tx_work;
	struct work_struct	rx_work;
	u8			*rx_buf;
	struct zmq_chunk_pool	rx_pool;
	bool			installed;
	void (*save_data_ready)(struct sock *sk);
	void (*save_write_space)(struct sock *sk);
};

/* udp.c: datagrams.  Process context, no lock of ours but ep_mutex held. */
void zmq_udp_flush(struct zmq_pipe *pipe);
int zmq_udp_parse(struct net *net, const u8 *text, size_t len,
		  struct sockaddr_storage *ss);
void zmq_udp_install(struct zmq_udp *udp);
void zmq_udp_remove(struct zmq_udp *udp);

#endif /* _NET_ZMQ_UDP_H */
