// SPDX-License-Identifier: GPL-2.0
/*
 * The parser: bytes of a lower socket become messages of a pipe.
 *
 * Runs at lock level 3: for TCP in softirq with the lower socket's slock held,
 * or in process context by whoever owns that socket; for unix in the sender's
 * context, serialised by ZMQ_CONN_RX_BUSY.  It never sleeps.
 *
 * What a connection is in the middle of decides who gets its bytes: the
 * handshake, a long frame's body, or the frames.
 */
#include "conn.h"
#include "net.h"
#include "rx_body.h"
#include "rx_buf.h"
#include "rx_frame.h"
#include "type.h"

/* Segments to look through for what is dropped. */
#define ZMQ_RX_DROP_SEGS	64

/**
 * zmq_rx_may_begin - may the pipe take another message?
 * @conn: the connection
 *
 * If not, the parser stops here.
 * Context: level 3.
 */
bool zmq_rx_may_begin(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (!conn->zsk->type->receives)
		return true;
	rx->full = zmq_pipe_rx_full(conn->pipe, rx->done_msgs);
	return !rx->full;
}

/**
 * zmq_rx_publish - hand the whole messages in the queue to the pipe
 * @conn: the connection
 *
 * Context: level 3; takes rx_lock.
 * Return: 0 or -ENOMEM.
 */
int zmq_rx_publish(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	bool all = rx->done_bytes == rx->q.bytes;
	struct zmq_segq part;

	zmq_segq_init(&part);
	if (!all && zmq_segq_take(&part, &rx->q, rx->done_bytes,
				  GFP_ATOMIC | __GFP_NOWARN))
		return -ENOMEM;
	atomic64_add(rx->done_msgs, &conn->zsk->stats.rx_msgs);
	zmq_pipe_publish(conn->pipe, all ? &rx->q : &part, rx->done_msgs,
			 (s64)(rx->mem - rx->charged));
	rx->mem = rx->q.bytes + zmq_segq_overhead(&rx->q);
	rx->charged = rx->mem;
	rx->done_bytes = 0;
	rx->done_msgs = 0;
	zmq_segq_free(&part);
	return 0;
}

/*
 * Drop what is queued behind the last whole message.  Cutting walks the queue,
 * so before it gets long the reader has it.
 */
static void zmq_rx_drop_tail(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (rx->q.bytes == rx->done_bytes)
		return;
	if (rx->q.nsegs > ZMQ_RX_DROP_SEGS && rx->done_msgs)
		zmq_rx_publish(conn);
	zmq_segq_cut(&rx->q, rx->q.bytes - rx->done_bytes);
	rx->mem = rx->q.bytes + zmq_segq_overhead(&rx->q);
}

static int zmq_rx_message_end(struct zmq_conn *conn)
{
	const struct zmq_type *type = conn->zsk->type;
	struct zmq_rx *rx = &conn->rx;
	int accept = type->receives;

	if (type->single_part && rx->parts != 1 + type->grouped)
		accept = 0;
	if (accept && type->rx_accept)
		accept = type->rx_accept(conn->zsk, rx);
	if (accept < 0)
		return accept;
	if (accept) {
		rx->done_bytes = rx->q.bytes;
		if (rx->pool)
			rx->done_bytes += rx->frame - rx->run;
		rx->done_msgs++;
		atomic64_add(rx->msg_bytes, &conn->zsk->stats.rx_bytes);
	} else {
		if (rx->pool && zmq_rx_buf_flush(rx, rx->frame))
			return -ENOMEM;
		zmq_rx_drop_tail(conn);
		atomic64_inc(&conn->zsk->stats.rx_drops);
	}
	rx->parts = 0;
	rx->msg_bytes = 0;
	rx->delim = -1;
	if (zmq_type_mixed(conn->zsk->type))
		zmq_traffic_hold(conn);
	return 0;
}

/**
 * zmq_rx_part_end - a message's part is complete
 * @conn: the connection; rx.frame is the part's end
 * @flags: its frame's flags
 * @len: its length
 *
 * Context: level 3.
 * Return: 0, -EMSGSIZE, -EPROTO or -ENOMEM, each the end of the connection.
 */
int zmq_rx_part_end(struct zmq_conn *conn, u8 flags, u64 len)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_rx *rx = &conn->rx;

	if (!rx->parts)
		rx->first_len = len;
	if (!len && (flags & ZMQ_ZMTP_MORE) && rx->delim < 0)
		rx->delim = rx->parts;
	rx->parts++;
	rx->msg_bytes += len;
	if (rx->parts > READ_ONCE(znet->parts_max) ||
	    rx->msg_bytes > READ_ONCE(znet->msg_max))
		return -EMSGSIZE;
	return flags & ZMQ_ZMTP_MORE ? 0 : zmq_rx_message_end(conn);
}

/*
 * Without framing: what is there becomes a message, ZMQ_RX_RAW_MAX bytes at
 * most.  Short ones are copied; of a long one this is the header, and the body
 * follows as that of any long frame.
 */
static int zmq_rx_raw(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
		      u32 len)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_rx *rx = &conn->rx;
	u32 hdr, body;
	int err;

	if (!zmq_rx_may_begin(conn))
		return 0;
	len = min_t(u32, len, ZMQ_RX_RAW_MAX);
	len = min_t(unsigned long, len, READ_ONCE(znet->msg_max));
	body = len > ZMQ_RX_COPY_MAX ? 0 : len;
	if (!zmq_rx_buf_room(conn, ZMQ_ZMTP_HDR_LONG + body) ||
	    !zmq_rx_buf_reserve(rx)) {
		rx->nomem = true;
		return 0;
	}
	hdr = zmq_zmtp_hdr_encode(zmq_rx_buf_base(rx) + rx->fill, 0, len);
	if (skb_copy_bits(skb, off, zmq_rx_buf_base(rx) + rx->fill + hdr, body))
		return -EFAULT;
	rx->fill += hdr + body;
	rx->frame = rx->fill;
	if (body) {
		err = zmq_rx_part_end(conn, 0, len);
		return err ?: len;
	}
	err = zmq_rx_buf_flush(rx, rx->frame);
	if (err)
		return err;
	rx->flags = 0;
	rx->long_len = len;
	rx->body_left = len;
	return zmq_rx_body_input(conn, skb, off, len);
}

/* Give the handshake its bytes; ctl work acts on the outcome. */
static int zmq_rx_handshake(struct zmq_conn *conn, struct sk_buff *skb,
			    u32 off, u32 len)
{
	struct zmq_handshake *hs = conn->hs;
	u8 buf[128];
	ssize_t n;

	len = min_t(u32, len, sizeof(buf));
	if (skb_copy_bits(skb, off, buf, len))
		return -EFAULT;
	n = zmq_handshake_input(hs, buf, len);
	if (hs->out_len) {
		if (zmq_tx_control(conn, hs->out, hs->out_len, GFP_ATOMIC))
			return -ENOMEM;
		hs->out_len = 0;
		zmq_conn_flush_kick(conn, 0);
	}
	if (n < 0) {
		conn->error = hs->error;
		return n;
	}
	if (hs->state == ZMQ_HANDSHAKE_DONE) {
		set_bit(ZMQ_CONN_RX_STOP, &conn->flags);
		zmq_conn_kick(conn, 0);
	}
	return n;
}

/**
 * zmq_rx_feed - parse bytes of an skb
 * @conn: the connection
 * @skb: skb of the lower socket
 * @off: first byte
 * @len: bytes there
 *
 * Context: level 3.  zmq_rx_pass_end() follows, once per pass.
 * Return: bytes taken; fewer than @len if the parser has to stop.  After an
 * error of the peer everything is taken and thrown away.
 */
int zmq_rx_feed(struct zmq_conn *conn, struct sk_buff *skb, u32 off, u32 len)
{
	u32 done = 0;

	while (done < len) {
		int n;

		if (test_bit(ZMQ_CONN_FAILED, &conn->flags))
			return len;
		if (test_bit(ZMQ_CONN_RX_STOP, &conn->flags))
			break;
		if (conn->hs)
			n = zmq_rx_handshake(conn, skb, off + done, len - done);
		else if (conn->rx.body_left)
			n = zmq_rx_body_input(conn, skb, off + done, len - done);
		else if (conn->version == ZMQ_ZMTP_RAW)
			n = zmq_rx_raw(conn, skb, off + done, len - done);
		else
			n = zmq_rx_frame_input(conn, skb, off + done, len - done);
		if (n == -ENOMEM)
			zmq_conn_fail(conn, ZMQ_CONN_NOMEM);
		else if (n < 0)
			zmq_conn_fail(conn, READ_ONCE(conn->error) ?:
				      ZMQ_HANDSHAKE_ERR_UNSPECIFIED);
		if (!n)
			break;
		if (n > 0)
			done += n;
	}
	return done;
}

/* Bring the charge for unpublished bytes up to date; rx_lock not held. */
static void zmq_rx_charge(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (rx->mem == rx->charged)
		return;
	spin_lock_bh(&conn->zsk->rx_lock);
	if (rx->mem > rx->charged)
		zmq_pipe_charge(conn->pipe, rx->mem - rx->charged);
	else
		zmq_pipe_uncharge(conn->pipe, rx->charged - rx->mem);
	spin_unlock_bh(&conn->zsk->rx_lock);
	rx->charged = rx->mem;
	/* A message that its cgroup has no room for will never be complete. */
	if (READ_ONCE(conn->pipe->rx_tight) &&
	    rx->mem > READ_ONCE(conn->zsk->sk.sk_rcvbuf))
		zmq_conn_fail(conn, ZMQ_CONN_NOMEM);
}

/**
 * zmq_rx_pass_end - publish what a pass has parsed
 * @conn: the connection
 *
 * Context: level 3, after zmq_rx_feed() calls.
 */
void zmq_rx_pass_end(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (rx->pool && zmq_rx_buf_flush(rx, rx->frame))
		goto nomem;
	/* Half a frame keeps its page only: silence must not pin more. */
	if (zmq_rx_buf_partial(rx))
		zmq_chunk_trim(rx->pool);
	else if (rx->pool)
		zmq_rx_buf_return(conn);
	if (!rx->done_msgs ||
	    (zmq_type_mixed(conn->zsk->type) && zmq_traffic_hold(conn))) {
		zmq_rx_charge(conn);
		return;
	}
	if (zmq_rx_publish(conn))
		goto nomem;
	return;
nomem:
	rx->nomem = true;
}

/**
 * zmq_rx_reset - forget everything unfinished
 * @conn: the connection
 *
 * Half a message is never delivered.
 * Context: level 3, or the lower socket is gone.
 */
void zmq_rx_reset(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (rx->pool) {
		rx->fill = rx->run;
		zmq_rx_buf_return(conn);
	}
	if (rx->charged) {
		spin_lock_bh(&conn->zsk->rx_lock);
		zmq_pipe_uncharge(conn->pipe, rx->charged);
		spin_unlock_bh(&conn->zsk->rx_lock);
	}
	zmq_segq_free(&rx->q);
	kfree(rx->large);
	memset(rx, 0, sizeof(*rx));
	rx->delim = -1;
}

/**
 * zmq_rx_first_part - the beginning of the first part of the last message
 * @rx: the parser, called from type->rx_accept
 * @max: bytes wanted at most
 * @data: where they are
 * @len: how many
 * @tmp: to be freed by the caller with kfree()
 *
 * Return: false for lack of memory.
 */
bool zmq_rx_first_part(struct zmq_rx *rx, size_t max, const u8 **data,
		       size_t *len, u8 **tmp)
{
	struct zmq_zmtp_hdr hdr;
	u8 raw[ZMQ_ZMTP_HDR_LONG];
	u64 at = rx->done_bytes;
	u32 n;

	*tmp = NULL;
	if (rx->pool && at >= rx->q.bytes && rx->first_len <= ZMQ_RX_COPY_MAX) {
		/* It lies in the chunk as a whole. */
		const u8 *p = zmq_rx_buf_base(rx) + rx->run + (at - rx->q.bytes);

		zmq_zmtp_hdr_decode(&hdr, p, ZMQ_ZMTP_HDR_LONG, ZMQ_ZMTP_3_1);
		*data = p + hdr.size;
		*len = min_t(u64, hdr.len, max);
		return true;
	}
	if (rx->pool && zmq_rx_buf_flush(rx, rx->frame))
		return false;
	n = min_t(u64, sizeof(raw), rx->q.bytes - at);
	zmq_segq_peek(&rx->q, at, n, raw);
	zmq_zmtp_hdr_decode(&hdr, raw, n, ZMQ_ZMTP_3_1);
	*len = min_t(u64, hdr.len, max);
	/* A header lies in a page of ours, often with what follows. */
	if (!at && zmq_segq_first(&rx->q)->len >= hdr.size + *len) {
		*data = zmq_seg_ptr(zmq_segq_first(&rx->q)) + hdr.size;
		return true;
	}
	*tmp = kmalloc(max_t(size_t, *len, 1), GFP_ATOMIC | __GFP_NOWARN);
	if (!*tmp)
		return false;
	zmq_segq_peek(&rx->q, at + hdr.size, *len, *tmp);
	*data = *tmp;
	return true;
}
