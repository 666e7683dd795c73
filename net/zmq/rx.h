/* SPDX-License-Identifier: GPL-2.0 */
/* The parser: bytes of a lower socket become messages of a pipe. */
#ifndef _NET_ZMQ_RX_H
#define _NET_ZMQ_RX_H

#include "chunk.h"

struct zmq_conn;

/* Frames up to this long are copied; the rest of longer ones is referenced. */
#define ZMQ_RX_COPY_MAX		2048
/* Bytes of a STREAM peer delivered as one message (libzmq: its batch size). */
#define ZMQ_RX_RAW_MAX		8192
/* Segments that one frame may append besides its body, at most. */
#define ZMQ_RX_FRAME_SEGS	4
/* Bytes copied from the lower socket in one go. */
#define ZMQ_RX_COPY_STEP	4096

/**
 * struct zmq_rx - a connection's parser
 * @pool: chunk bytes are copied into; borrowed from the socket, see
 *	zmq_rx_buf_room(); kept only while a frame is partly in it
 * @run: where the copied bytes that are not in @q yet begin, offset in chunk
 * @frame: where the frame being copied begins, offset in chunk
 * @fill: end of the copied bytes, offset in chunk
 * @begun: the frame there belongs to a message that was let in
 * @body_left: bytes of a long frame's body still to come
 * @long_len: its whole length
 * @skip: they are thrown away
 * @flags: flags of the long frame
 * @large: buffer of a long frame that the kernel itself reads, or NULL
 * @large_len: bytes in it
 * @large_size: its size
 * @q: frames, whole messages first, then the parts of an incomplete one
 * @done_bytes: bytes of whole messages at the front of @q
 * @done_msgs: whole messages at the front of @q
 * @mem: memory of @q: bytes and skb overhead
 * @charged: how much of it is charged to the pipe
 * @parts: parts of the incomplete message so far
 * @msg_bytes: bytes of their bodies
 * @first_len: body length of its first part
 * @full: stopped because the pipe is full
 * @nomem: stopped for lack of memory
 * @delim: index of its first empty part that is not the last, or -1
 *
 * Serialised by lock level 3: the lower socket's lock, or RX_BUSY for unix.
 */
struct zmq_rx {
	struct zmq_chunk_pool	*pool;
	u32			run;
	u32			frame;
	u32			fill;
	bool			begun;
	u64			body_left;
	u64			long_len;
	bool			skip;
	u8			flags;
	u8			*large;
	u32			large_len;
	u32			large_size;
	struct zmq_segq		q;
	u64			done_bytes;
	u32			done_msgs;
	u64			mem;
	u64			charged;
	u32			parts;
	u64			msg_bytes;
	u64			first_len;
	int			delim;
	bool			full;
	bool			nomem;
};

void zmq_rx_reset(struct zmq_conn *conn);
int zmq_rx_feed(struct zmq_conn *conn, struct sk_buff *skb, u32 off, u32 len);
void zmq_rx_pass_end(struct zmq_conn *conn);
bool zmq_rx_may_begin(struct zmq_conn *conn);
int zmq_rx_part_end(struct zmq_conn *conn, u8 flags, u64 len);
int zmq_rx_publish(struct zmq_conn *conn);
bool zmq_rx_first_part(struct zmq_rx *rx, size_t max, const u8 **data,
		       size_t *len, u8 **tmp);

#endif /* _NET_ZMQ_RX_H */
