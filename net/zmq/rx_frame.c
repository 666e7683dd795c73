// SPDX-License-Identifier: GPL-2.0
/*
 * The parser's frames.  Short ones are copied, header and body as they came,
 * into a chunk and parsed there, many at a time; of a long one the header is,
 * and its body is rx_body.c's.  What is parsed is never read again from memory
 * that a sender can still change.
 */
#include "conn.h"
#include "net.h"
#include "rx_buf.h"
#include "rx_frame.h"
#include "type.h"

/* A piece this short is copied without a look at what is in it. */
#define ZMQ_RX_SHORT	512

/* At the beginning of a message, no byte of which was taken? */
static bool zmq_rx_frame_between(const struct zmq_rx *rx)
{
	return !rx->parts && !rx->body_left && !zmq_rx_buf_partial(rx);
}

/* Does the first byte of a frame's body decide what it is? */
static bool zmq_rx_frame_tagged(const struct zmq_conn *conn,
				const struct zmq_zmtp_hdr *hdr)
{
	return zmq_type_mixed(conn->zsk->type) && !(hdr->flags & ZMQ_ZMTP_COMMAND) &&
	       !conn->rx.parts && hdr->len;
}

/*
 * Frames that are not queued for the user but acted on here: commands, and what
 * a publisher gets; of that an XPUB's user gets what is no subscription.
 * @body is there as far as zmq_rx_frame_tagged() wants it.
 */
static bool zmq_rx_frame_internal(const struct zmq_conn *conn,
				  const struct zmq_zmtp_hdr *hdr, const u8 *body)
{
	if (hdr->flags & ZMQ_ZMTP_COMMAND || !conn->zsk->type->publishes)
		return hdr->flags & ZMQ_ZMTP_COMMAND;
	if (!conn->zsk->type->receives)
		return true;
	return zmq_rx_frame_tagged(conn, hdr) && body[0] <= 1;
}

/*
 * Make the header of the frame at rx->frame one of ZMTP 2.0 framing with clean
 * flags.  A shorter one leaves a gap in front.
 */
static int zmq_rx_frame_normalize(struct zmq_conn *conn,
				  const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u8 *p = zmq_rx_buf_base(rx) + rx->frame;
	u32 size, gap;
	int err;

	if (conn->version != ZMQ_ZMTP_1_0) {
		*p &= ZMQ_ZMTP_MORE | ZMQ_ZMTP_LONG;
		return 0;
	}
	size = zmq_zmtp_hdr_size(hdr->len);
	gap = hdr->size - size;
	if (gap) {
		err = zmq_rx_buf_cut(rx, gap);
		if (err)
			return err;
	}
	zmq_zmtp_hdr_encode(p + gap, hdr->flags, hdr->len);
	return 0;
}

/* A subscription comes: messages before it must be readable before it is. */
static int zmq_rx_frame_catch_up(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (!zmq_type_mixed(conn->zsk->type) || !rx->done_msgs)
		return 0;
	return zmq_rx_buf_flush(rx, rx->frame) ?: zmq_rx_publish(conn);
}

/* Act on a whole frame in the chunk; -ENOMEM takes nothing of it. */
static int zmq_rx_frame_act(struct zmq_conn *conn,
			    const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	int err;

	err = zmq_rx_frame_catch_up(conn);
	if (!err)
		err = zmq_traffic_frame(conn, hdr->flags, zmq_rx_buf_base(rx) +
					rx->frame + hdr->size, hdr->len);
	return err ?: zmq_rx_buf_cut(rx, hdr->size + hdr->len);
}

/* A whole short frame is in the chunk at rx->frame. */
static int zmq_rx_frame_short(struct zmq_conn *conn,
			      const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u32 end = rx->frame + hdr->size + hdr->len;
	const u8 *body = zmq_rx_buf_base(rx) + rx->frame + hdr->size;
	int err;

	if (zmq_rx_frame_internal(conn, hdr, body))
		return zmq_rx_frame_act(conn, hdr);
	/*
	 * Any other part may be a subscription as well (libzmq).  It is left
	 * in its message; parts longer than this are no topics.
	 */
	if (zmq_type_mixed(conn->zsk->type) && rx->parts &&
	    !READ_ONCE(conn->zsk->pub.only_first)) {
		err = zmq_traffic_quiet(conn, body, hdr->len);
		if (err)
			return err;
	}
	err = zmq_rx_frame_normalize(conn, hdr);
	if (err)
		return err;
	rx->frame = end;
	return zmq_rx_part_end(conn, hdr->flags, hdr->len);
}

/* A long frame that is acted on here is collected in a buffer of its own. */
static int zmq_rx_frame_long_internal(struct zmq_conn *conn,
				      const struct zmq_zmtp_hdr *hdr, u32 have)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_rx *rx = &conn->rx;
	const u8 *from = zmq_rx_buf_base(rx) + rx->frame + hdr->size;
	bool fits = hdr->len <= READ_ONCE(znet->topic_max) + 16;
	u8 *large = NULL;
	int err;

	if (!fits && (hdr->flags & ZMQ_ZMTP_COMMAND ||
		      zmq_type_mixed(conn->zsk->type)))
		return -EMSGSIZE;
	if (fits && have == hdr->len)
		return zmq_rx_frame_act(conn, hdr);
	/* A PUB throws messages from its subscribers away. */
	if (fits) {
		large = kmalloc(hdr->len, GFP_ATOMIC | __GFP_NOWARN);
		if (!large)
			return -ENOMEM;
		memcpy(large, from, have);
	}
	err = zmq_rx_frame_catch_up(conn) ?:
	      zmq_rx_buf_cut(rx, hdr->size + have);
	if (err) {
		kfree(large);
		return err;
	}
	rx->large = large;
	rx->large_size = hdr->len;
	rx->large_len = have;
	rx->body_left = hdr->len - have;
	rx->skip = !fits && rx->body_left;
	return 0;
}

/* A long frame's header is in the chunk, and perhaps some of its body. */
static int zmq_rx_frame_long(struct zmq_conn *conn,
			     const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u32 have = min_t(u64, rx->fill - rx->frame - hdr->size, hdr->len);
	u32 end = rx->frame + hdr->size + have;
	int err;

	rx->flags = hdr->flags;
	rx->long_len = hdr->len;
	if (zmq_rx_frame_internal(conn, hdr, zmq_rx_buf_base(rx) + rx->frame +
				       hdr->size))
		return zmq_rx_frame_long_internal(conn, hdr, have);
	err = zmq_rx_frame_normalize(conn, hdr);
	if (err)
		return err;
	rx->frame = end;
	if (have == hdr->len)
		return zmq_rx_part_end(conn, hdr->flags, hdr->len);
	rx->body_left = hdr->len - have;
	return zmq_rx_buf_flush(rx, end);
}

static bool zmq_rx_frame_too_long(const struct zmq_conn *conn,
				  const struct zmq_zmtp_hdr *hdr)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	s64 max = zmq_conn_options(conn)->maxmsgsize;

	if (hdr->flags & ZMQ_ZMTP_COMMAND)
		return false;
	return (max >= 0 && hdr->len > max) ||
	       hdr->len > READ_ONCE(znet->msg_max);
}

/* How many short messages of one part may come in without a closer look? */
static u32 zmq_rx_frame_credit(const struct zmq_conn *conn)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	const struct zmq_type *type = conn->zsk->type;
	s64 max = zmq_conn_options(conn)->maxmsgsize;

	if (!type->receives || type->publishes ||
	    (type->rx_accept && !type->rx_match) ||
	    type->grouped || conn->version == ZMQ_ZMTP_1_0 ||
	    (max >= 0 && max < ZMQ_ZMTP_SHORT_MAX) ||
	    READ_ONCE(znet->msg_max) < ZMQ_ZMTP_SHORT_MAX ||
	    test_bit(ZMQ_CONN_RX_STOP, &conn->flags))
		return 0;
	return zmq_pipe_rx_credit(conn->pipe, conn->rx.done_msgs);
}

/*
 * How many whole short messages of one part, @left at most, there are that the
 * type wants?  @at is moved behind them.
 */
static u32 zmq_rx_frame_run(struct zmq_conn *conn, u32 *at, u32 left)
{
	const struct zmq_type *type = conn->zsk->type;
	const u8 *base = zmq_rx_buf_base(&conn->rx);
	u32 fill = conn->rx.fill;
	u32 msgs = 0;

	while (msgs < left && *at + ZMQ_ZMTP_HDR_SHORT <= fill) {
		const u8 *p = base + *at;
		u32 end = *at + ZMQ_ZMTP_HDR_SHORT + p[1];

		/* No flag is set. */
		if (p[0] || end > fill)
			break;
		if (type->rx_match &&
		    !type->rx_match(conn->zsk, p + ZMQ_ZMTP_HDR_SHORT, p[1]))
			break;
		*at = end;
		msgs++;
	}
	return msgs;
}

/* The same of a type that looks at each; one hold of the lock for all. */
static u32 zmq_rx_frame_run_match(struct zmq_conn *conn, u32 *at, u32 left)
{
	u32 msgs;

	spin_lock_bh(&conn->zsk->rx_lock);
	msgs = zmq_rx_frame_run(conn, at, left);
	spin_unlock_bh(&conn->zsk->rx_lock);
	return msgs;
}

/*
 * Let short messages of one part in, many at a time: what most are.
 * Return: were there any?
 */
static bool zmq_rx_frame_parse_plain(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	u32 left = zmq_rx_frame_credit(conn);
	u32 at = rx->frame;
	u32 msgs;

	if (conn->zsk->type->rx_match)
		msgs = zmq_rx_frame_run_match(conn, &at, left);
	else
		msgs = zmq_rx_frame_run(conn, &at, left);
	if (!msgs)
		return false;
	atomic64_add(at - rx->frame - msgs * ZMQ_ZMTP_HDR_SHORT,
		     &conn->zsk->stats.rx_bytes);
	rx->frame = at;
	rx->done_msgs += msgs;
	rx->done_bytes = rx->q.bytes + at - rx->run;
	return true;
}

/*
 * Parse the frames between rx->frame and rx->fill.  Stops where more bytes are
 * needed, at the beginning of a message that may not be begun, or at that of a
 * frame for which there is no memory (rx->nomem).
 */
static int zmq_rx_frame_parse(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	struct zmq_zmtp_hdr hdr;
	bool first = rx->begun;
	bool plain = true;
	u32 frame;
	int n, err;

	while (rx->frame < rx->fill && !test_bit(ZMQ_CONN_RX_STOP,
						 &conn->flags)) {
		if (plain && !first && !rx->parts) {
			plain = false;
			if (zmq_rx_frame_parse_plain(conn))
				continue;
		}
		/* The message that @begun stands for was let in before. */
		if (!first && !rx->parts && !zmq_rx_may_begin(conn))
			return 0;
		if (!zmq_rx_buf_reserve(rx))
			goto nomem;
		rx->begun = true;
		frame = rx->frame;
		n = zmq_zmtp_hdr_decode(&hdr, zmq_rx_buf_base(rx) + frame,
					rx->fill - frame, conn->version);
		if (n < 0)
			return n;
		if (!n)
			return 0;
		if (zmq_rx_frame_too_long(conn, &hdr))
			return -EMSGSIZE;
		if (hdr.len > ZMQ_RX_COPY_MAX) {
			if (zmq_rx_frame_tagged(conn, &hdr) &&
			    rx->fill - rx->frame == n)
				return 0;
			err = zmq_rx_frame_long(conn, &hdr);
		} else {
			if (rx->fill - rx->frame < n + hdr.len)
				return 0;
			err = zmq_rx_frame_short(conn, &hdr);
		}
		if (err == -ENOMEM && rx->frame == frame)
			goto nomem;
		if (err)
			return err;
		/*
		 * Behind the one that was cut in two, or one that is not
		 * wanted, there may be many plain ones.
		 */
		plain = first || conn->zsk->type->rx_match;
		first = false;
		rx->begun = false;
	}
	return 0;

nomem:
	rx->begun = first;
	rx->nomem = true;
	return 0;
}

/*
 * How many bytes to copy next: all that fits, but of a long frame the header
 * only, and the byte that decides.  What is looked at here is a hint; the copy
 * is what gets parsed.
 */
static u32 zmq_rx_frame_step(struct zmq_conn *conn, struct sk_buff *skb,
			     u32 off, u32 len)
{
	struct zmq_rx *rx = &conn->rx;
	u8 peek[ZMQ_ZMTP_HDR_MAX];
	u32 n = min_t(u32, len, sizeof(peek));
	struct zmq_zmtp_hdr hdr;

	if (len > ZMQ_RX_SHORT && !zmq_rx_buf_partial(rx) &&
	    !zmq_rx_buf_copy(skb, off, peek, n) &&
	    zmq_zmtp_hdr_decode(&hdr, peek, n, conn->version) > 0 &&
	    hdr.len > ZMQ_RX_COPY_MAX)
		return min_t(u32, len, hdr.size + zmq_rx_frame_tagged(conn, &hdr));
	return min_t(u32, len, ZMQ_RX_COPY_STEP);
}

/* Bytes the frame in the chunk still needs, as far as known. */
static u32 zmq_rx_frame_need(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	struct zmq_zmtp_hdr hdr;
	u32 have;

	if (!zmq_rx_buf_partial(rx))
		return ZMQ_ZMTP_HDR_MAX;
	have = rx->fill - rx->frame;
	if (zmq_zmtp_hdr_decode(&hdr, zmq_rx_buf_base(rx) + rx->frame, have,
				conn->version) <= 0)
		return ZMQ_ZMTP_HDR_MAX - have;
	/* Of a long frame all but the first byte is not for the chunk. */
	if (hdr.len > ZMQ_RX_COPY_MAX)
		return hdr.size + 1 - have;
	return hdr.size + hdr.len - have;
}

/**
 * zmq_rx_frame_input - copy some bytes of frames and parse them
 * @conn: the connection, not in the middle of a long frame's body
 * @skb: skb of the lower socket
 * @off: first byte
 * @len: bytes there
 *
 * Context: level 3.
 * Return: bytes taken, 0 if the parser has to stop, or an error of the peer.
 */
int zmq_rx_frame_input(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
		       u32 len)
{
	struct zmq_rx *rx = &conn->rx;
	u32 step, back;
	int err;

	if (conn->zsk->type->rechecks && !rx->done_msgs)
		zmq_pipe_judge(conn->pipe);
	if (zmq_rx_frame_between(rx) && !zmq_rx_may_begin(conn))
		return 0;
	if (!zmq_rx_buf_room(conn, zmq_rx_frame_need(conn))) {
		rx->nomem = true;
		return 0;
	}
	step = min(zmq_rx_frame_step(conn, skb, off, len),
		   rx->pool->size - rx->fill);
	if (zmq_rx_buf_copy(skb, off, zmq_rx_buf_base(rx) + rx->fill, step))
		return -EFAULT;
	rx->fill += step;
	rx->nomem = false;
	err = zmq_rx_frame_parse(conn);
	if (err)
		return err;
	if (zmq_rx_buf_partial(rx) && (!rx->begun || rx->nomem)) {
		/* Stopped at a boundary: the rest was not taken. */
		back = min(step, rx->fill - rx->frame);
		step -= back;
		rx->fill -= back;
	}
	return step;
}
