// SPDX-License-Identifier: GPL-2.0
/*
 * The parser's long frames: their bodies are kept as references to the skbs
 * that they came in, or collected if the kernel itself reads them.
 */
#include "conn.h"
#include "rx_body.h"
#include "rx_buf.h"

/* Keep a piece of a long frame's body by reference. */
static int zmq_rx_body_ref(struct zmq_rx *rx, struct sk_buff *skb, u32 off,
			   u32 len)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	struct zmq_seg seg = {
		.ref = (unsigned long)clone | ZMQ_SEG_SKB,
		.off = off,
		.len = len,
	};
	u32 overhead;

	if (!clone)
		return -ENOBUFS;
	overhead = zmq_seg_overhead(&seg);
	if (zmq_segq_push(&rx->q, &seg, GFP_ATOMIC | __GFP_NOWARN)) {
		kfree_skb(clone);
		return -ENOBUFS;
	}
	rx->mem += len + overhead;
	return 0;
}

/*
 * Copy a piece that is not worth a reference: one byte of a body must not keep
 * the kilobytes alive that it came in.  Return: bytes copied, 0: no memory.
 */
static u32 zmq_rx_body_copy(struct zmq_conn *conn, struct sk_buff *skb,
			    u32 off, u32 len)
{
	struct zmq_rx *rx = &conn->rx;

	if (!zmq_rx_buf_room(conn, 1))
		return 0;
	len = min(len, rx->pool->size - rx->fill);
	if (skb_copy_bits(skb, off, zmq_rx_buf_base(rx) + rx->fill, len))
		return 0;
	rx->fill += len;
	rx->frame = rx->fill;
	if (!zmq_rx_buf_flush(rx, rx->fill))
		return len;
	rx->fill = rx->run;
	rx->frame = rx->run;
	return 0;
}

/* Keep a piece of a long frame's body.  Return: bytes kept, 0: no memory. */
static u32 zmq_rx_body_keep(struct zmq_conn *conn, struct sk_buff *skb,
			    u32 off, u32 len)
{
	if (len < ZMQ_RX_COPY_MAX || skb->truesize / 4 > len)
		return zmq_rx_body_copy(conn, skb, off, len);
	return zmq_rx_body_ref(&conn->rx, skb, off, len) ? 0 : len;
}

/* Collect a piece of a frame that is acted on here, and act on the last. */
static int zmq_rx_body_large(struct zmq_conn *conn, struct sk_buff *skb,
			     u32 off, u32 n)
{
	struct zmq_rx *rx = &conn->rx;
	int err;

	if (skb_copy_bits(skb, off, rx->large + rx->large_len, n))
		return -EFAULT;
	if (n == rx->body_left) {
		err = zmq_traffic_frame(conn, rx->flags, rx->large,
					rx->large_size);
		rx->nomem = err == -ENOMEM;
		if (err)
			return rx->nomem ? 0 : err;
		kfree(rx->large);
		rx->large = NULL;
	}
	rx->large_len += n;
	rx->body_left -= n;
	return n;
}

/**
 * zmq_rx_body_input - keep bytes of a long frame's body
 * @conn: the connection, rx.body_left bytes of one are to come
 * @skb: skb of the lower socket
 * @off: first byte
 * @len: bytes there
 *
 * Context: level 3.
 * Return: bytes taken, 0 for lack of memory, or an error of the peer.
 */
int zmq_rx_body_input(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
		      u32 len)
{
	struct zmq_rx *rx = &conn->rx;
	u32 n = min_t(u64, len, rx->body_left);
	int err = 0;

	if (rx->large)
		return zmq_rx_body_large(conn, skb, off, n);
	if (!rx->skip) {
		n = zmq_rx_body_keep(conn, skb, off, n);
		rx->nomem = !n;
		if (!n)
			return 0;
	}
	rx->body_left -= n;
	if (rx->body_left)
		return n;
	if (rx->skip)
		rx->skip = false;
	else
		err = zmq_rx_part_end(conn, rx->flags, rx->long_len);
	return err ?: n;
}
