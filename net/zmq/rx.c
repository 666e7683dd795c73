// SPDX-License-Identifier: GPL-2.0
/*
 * The parser: bytes of a lower socket become messages of a pipe.
 *
 * Runs at lock level 3: for TCP in softirq with the lower socket's slock held,
 * or in process context by whoever owns that socket; for unix in the sender's
 * context, serialised by ZMQ_CONN_RX_BUSY.  It never sleeps.
 *
 * Short frames are copied, header and body as they came, into a chunk and
 * parsed there, many at a time.  A long frame's header is copied, its body is
 * kept as references to the skbs it came in.  What is parsed is never read
 * again from memory that a sender can still change.
 */
#include "conn.h"
#include "net.h"
#include "rx.h"
#include "type.h"

/* Segments to look through for what is dropped. */
#define ZMQ_RX_DROP_SEGS	64

/* A piece this short is copied without a look at what is in it. */
#define ZMQ_RX_SHORT	512

/* Copy bytes of an skb; most are in one piece, in front or in its first page. */
static int zmq_rx_copy(const struct sk_buff *skb, u32 off, u8 *to, u32 len)
{
	u32 head = skb_headlen(skb);
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	const u8 *from;

	if (off < head && len <= head - off) {
		memcpy(to, skb->data + off, len);
		return 0;
	}
	if (off >= head && skb_shinfo(skb)->nr_frags && skb_frag_page(frag) &&
	    (u64)off - head + len <= skb_frag_size(frag)) {
		from = skb_frag_address_safe(frag);
		if (from) {
			memcpy(to, from + off - head, len);
			return 0;
		}
	}
	return skb_copy_bits(skb, off, to, len);
}

static u8 *zmq_rx_base(const struct zmq_rx *rx)
{
	return page_address(rx->pool->page);
}

/* Is a frame, or a part of its header, in the chunk? */
static bool zmq_rx_partial(const struct zmq_rx *rx)
{
	return rx->pool && rx->frame < rx->fill;
}

/* At the beginning of a message, no byte of which was taken? */
static bool zmq_rx_between(const struct zmq_rx *rx)
{
	return !rx->parts && !rx->body_left && !zmq_rx_partial(rx);
}

/*
 * Have room for all segments that one frame may append, before any byte of it
 * is taken.
 */
static bool zmq_rx_reserve(struct zmq_rx *rx)
{
	return !zmq_segq_reserve(&rx->q, ZMQ_RX_FRAME_SEGS,
				 GFP_ATOMIC | __GFP_NOWARN);
}

/* Append the copied bytes up to chunk offset @end to the queue. */
static int zmq_rx_flush_run(struct zmq_rx *rx, u32 end)
{
	u32 len = end - rx->run;

	if (!rx->pool || !len)
		return 0;
	rx->pool->off = rx->run;
	if (zmq_chunk_commit(rx->pool, len, &rx->q, GFP_ATOMIC | __GFP_NOWARN))
		return -ENOMEM;
	rx->run = end;
	rx->mem += len;
	return 0;
}

/* Have a chunk to copy into. */
static bool zmq_rx_borrow(struct zmq_conn *conn, u32 need)
{
	struct zmq_rx *rx = &conn->rx;
	struct zmq_chunk_pool *pool;

	pool = xchg(&conn->zsk->rx_pool, NULL);
	if (!pool)
		pool = kzalloc(sizeof(*pool), GFP_ATOMIC | __GFP_NOWARN);
	if (!pool)
		return false;
	if (!zmq_chunk_reserve(pool, need, false, GFP_ATOMIC)) {
		zmq_chunk_free(pool);
		kfree(pool);
		return false;
	}
	rx->pool = pool;
	rx->run = pool->off;
	rx->frame = pool->off;
	rx->fill = pool->off;
	return true;
}

/* Nothing in the chunk is ours alone any more: let the next pass have it. */
static void zmq_rx_return(struct zmq_conn *conn)
{
	struct zmq_chunk_pool *pool = conn->rx.pool;

	conn->rx.pool = NULL;
	pool->off = conn->rx.fill;
	if (!cmpxchg(&conn->zsk->rx_pool, NULL, pool))
		return;
	zmq_chunk_free(pool);
	kfree(pool);
}

/*
 * Make @need bytes free behind the copied ones.  A frame that does not fit
 * into what is left of the chunk moves to the next one, so that short frames
 * and headers are always contiguous.
 */
static bool zmq_rx_room(struct zmq_conn *conn, u32 need)
{
	struct zmq_rx *rx = &conn->rx;
	struct page *old;
	u32 partial;
	bool ok;

	if (!rx->pool)
		return zmq_rx_borrow(conn, need);
	if (rx->pool->size - rx->fill >= need)
		return true;
	if (zmq_rx_flush_run(rx, rx->frame))
		return false;
	partial = rx->fill - rx->frame;
	old = rx->pool->page;
	get_page(old);
	rx->pool->off = rx->fill;
	ok = zmq_chunk_reserve(rx->pool, partial + need, true, GFP_ATOMIC);
	if (ok) {
		memcpy(zmq_chunk_ptr(rx->pool), page_address(old) + rx->frame,
		       partial);
		rx->run = rx->pool->off;
		rx->frame = rx->run;
		rx->fill = rx->run + partial;
	} else {
		/* The pool gave its page up: take it back. */
		zmq_chunk_free(rx->pool);
		rx->pool->page = old;
		rx->pool->size = page_size(old);
		return false;
	}
	put_page(old);
	return ok;
}

/* Are there both messages and subscriptions for the user (XPUB)? */
static bool zmq_rx_mixed(const struct zmq_conn *conn)
{
	return conn->zsk->type->publishes && conn->zsk->type->receives;
}

/* Hand the whole messages in the queue to the pipe.  Return: 0 or -ENOMEM. */
static int zmq_rx_publish(struct zmq_conn *conn)
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
		if (rx->pool && zmq_rx_flush_run(rx, rx->frame))
			return -ENOMEM;
		zmq_rx_drop_tail(conn);
		atomic64_inc(&conn->zsk->stats.rx_drops);
	}
	rx->parts = 0;
	rx->msg_bytes = 0;
	rx->delim = -1;
	if (zmq_rx_mixed(conn))
		zmq_traffic_hold(conn);
	return 0;
}

/* A message's part of @len bytes is complete; rx->frame is its end. */
static int zmq_rx_part_end(struct zmq_conn *conn, u8 flags, u64 len)
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

/* Does the first byte of a frame's body decide what it is? */
static bool zmq_rx_tagged(const struct zmq_conn *conn,
			  const struct zmq_zmtp_hdr *hdr)
{
	return zmq_rx_mixed(conn) && !(hdr->flags & ZMQ_ZMTP_COMMAND) &&
	       !conn->rx.parts && hdr->len;
}

/*
 * Frames that are not queued for the user but acted on here: commands, and what
 * a publisher gets; of that an XPUB's user gets what is no subscription.
 * @body is there as far as zmq_rx_tagged() wants it.
 */
static bool zmq_rx_internal(const struct zmq_conn *conn,
			    const struct zmq_zmtp_hdr *hdr, const u8 *body)
{
	if (hdr->flags & ZMQ_ZMTP_COMMAND || !conn->zsk->type->publishes)
		return hdr->flags & ZMQ_ZMTP_COMMAND;
	if (!conn->zsk->type->receives)
		return true;
	return zmq_rx_tagged(conn, hdr) && body[0] <= 1;
}

/* Cut a frame of @size bytes out of the run, so that it is not queued. */
static int zmq_rx_cut_frame(struct zmq_rx *rx, u32 size)
{
	int err = zmq_rx_flush_run(rx, rx->frame);

	if (err)
		return err;
	rx->frame += size;
	rx->run = rx->frame;
	return 0;
}

/*
 * Make the header of the frame at rx->frame one of ZMTP 2.0 framing with clean
 * flags.  A shorter one leaves a gap in front.
 */
static int zmq_rx_normalize(struct zmq_conn *conn,
			    const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u8 *p = zmq_rx_base(rx) + rx->frame;
	u32 size, gap;
	int err;

	if (conn->version != ZMQ_ZMTP_1_0) {
		*p &= ZMQ_ZMTP_MORE | ZMQ_ZMTP_LONG;
		return 0;
	}
	size = zmq_zmtp_hdr_size(hdr->len);
	gap = hdr->size - size;
	if (gap) {
		err = zmq_rx_cut_frame(rx, gap);
		if (err)
			return err;
	}
	zmq_zmtp_hdr_encode(p + gap, hdr->flags, hdr->len);
	return 0;
}

/* A subscription comes: messages before it must be readable before it is. */
static int zmq_rx_catch_up(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (!zmq_rx_mixed(conn) || !rx->done_msgs)
		return 0;
	return zmq_rx_flush_run(rx, rx->frame) ?: zmq_rx_publish(conn);
}

/* Act on a whole frame in the chunk; -ENOMEM takes nothing of it. */
static int zmq_rx_act(struct zmq_conn *conn, const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	int err;

	err = zmq_rx_catch_up(conn);
	if (!err)
		err = zmq_traffic_frame(conn, hdr->flags, zmq_rx_base(rx) +
					rx->frame + hdr->size, hdr->len);
	return err ?: zmq_rx_cut_frame(rx, hdr->size + hdr->len);
}

/* A whole short frame is in the chunk at rx->frame. */
static int zmq_rx_short(struct zmq_conn *conn, const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u32 end = rx->frame + hdr->size + hdr->len;
	const u8 *body = zmq_rx_base(rx) + rx->frame + hdr->size;
	int err;

	if (zmq_rx_internal(conn, hdr, body))
		return zmq_rx_act(conn, hdr);
	/*
	 * Any other part may be a subscription as well (libzmq).  It is left
	 * in its message; parts longer than this are no topics.
	 */
	if (zmq_rx_mixed(conn) && rx->parts &&
	    !READ_ONCE(conn->zsk->pub.only_first)) {
		err = zmq_traffic_quiet(conn, body, hdr->len);
		if (err)
			return err;
	}
	err = zmq_rx_normalize(conn, hdr);
	if (err)
		return err;
	rx->frame = end;
	return zmq_rx_part_end(conn, hdr->flags, hdr->len);
}

/* A long frame that is acted on here is collected in a buffer of its own. */
static int zmq_rx_long_internal(struct zmq_conn *conn,
				const struct zmq_zmtp_hdr *hdr, u32 have)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_rx *rx = &conn->rx;
	const u8 *from = zmq_rx_base(rx) + rx->frame + hdr->size;
	bool fits = hdr->len <= READ_ONCE(znet->topic_max) + 16;
	u8 *large = NULL;
	int err;

	if (!fits && (hdr->flags & ZMQ_ZMTP_COMMAND || zmq_rx_mixed(conn)))
		return -EMSGSIZE;
	if (fits && have == hdr->len)
		return zmq_rx_act(conn, hdr);
	/* A PUB throws messages from its subscribers away. */
	if (fits) {
		large = kmalloc(hdr->len, GFP_ATOMIC | __GFP_NOWARN);
		if (!large)
			return -ENOMEM;
		memcpy(large, from, have);
	}
	err = zmq_rx_catch_up(conn) ?:
	      zmq_rx_cut_frame(rx, hdr->size + have);
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
static int zmq_rx_long(struct zmq_conn *conn, const struct zmq_zmtp_hdr *hdr)
{
	struct zmq_rx *rx = &conn->rx;
	u32 have = min_t(u64, rx->fill - rx->frame - hdr->size, hdr->len);
	u32 end = rx->frame + hdr->size + have;
	int err;

	rx->flags = hdr->flags;
	rx->long_len = hdr->len;
	if (zmq_rx_internal(conn, hdr, zmq_rx_base(rx) + rx->frame +
				       hdr->size))
		return zmq_rx_long_internal(conn, hdr, have);
	err = zmq_rx_normalize(conn, hdr);
	if (err)
		return err;
	rx->frame = end;
	if (have == hdr->len)
		return zmq_rx_part_end(conn, hdr->flags, hdr->len);
	rx->body_left = hdr->len - have;
	return zmq_rx_flush_run(rx, end);
}

/* May the pipe take another message?  If not, the parser stops here. */
static bool zmq_rx_may_begin(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;

	if (!conn->zsk->type->receives)
		return true;
	rx->full = zmq_pipe_rx_full(conn->pipe, rx->done_msgs);
	return !rx->full;
}

static bool zmq_rx_too_long(const struct zmq_conn *conn,
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
static u32 zmq_rx_plain(const struct zmq_conn *conn)
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
static u32 zmq_rx_run(struct zmq_conn *conn, u32 *at, u32 left)
{
	const struct zmq_type *type = conn->zsk->type;
	const u8 *base = zmq_rx_base(&conn->rx);
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
static u32 zmq_rx_run_match(struct zmq_conn *conn, u32 *at, u32 left)
{
	u32 msgs;

	spin_lock_bh(&conn->zsk->rx_lock);
	msgs = zmq_rx_run(conn, at, left);
	spin_unlock_bh(&conn->zsk->rx_lock);
	return msgs;
}

/*
 * Let short messages of one part in, many at a time: what most are.
 * Return: were there any?
 */
static bool zmq_rx_parse_plain(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	u32 left = zmq_rx_plain(conn);
	u32 at = rx->frame;
	u32 msgs;

	if (conn->zsk->type->rx_match)
		msgs = zmq_rx_run_match(conn, &at, left);
	else
		msgs = zmq_rx_run(conn, &at, left);
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
static int zmq_rx_parse(struct zmq_conn *conn)
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
			if (zmq_rx_parse_plain(conn))
				continue;
		}
		/* The message that @begun stands for was let in before. */
		if (!first && !rx->parts && !zmq_rx_may_begin(conn))
			return 0;
		if (!zmq_rx_reserve(rx))
			goto nomem;
		rx->begun = true;
		frame = rx->frame;
		n = zmq_zmtp_hdr_decode(&hdr, zmq_rx_base(rx) + frame,
					rx->fill - frame, conn->version);
		if (n < 0)
			return n;
		if (!n)
			return 0;
		if (zmq_rx_too_long(conn, &hdr))
			return -EMSGSIZE;
		if (hdr.len > ZMQ_RX_COPY_MAX) {
			if (zmq_rx_tagged(conn, &hdr) &&
			    rx->fill - rx->frame == n)
				return 0;
			err = zmq_rx_long(conn, &hdr);
		} else {
			if (rx->fill - rx->frame < n + hdr.len)
				return 0;
			err = zmq_rx_short(conn, &hdr);
		}
		if (err == -ENOMEM && rx->frame == frame)
			goto nomem;
		if (err)
			return err;
		first = false;
		rx->begun = false;
		/* Behind one that is not wanted there may be many that are. */
		plain = conn->zsk->type->rx_match;
	}
	return 0;

nomem:
	rx->begun = first;
	rx->nomem = true;
	return 0;
}

/*
 * How many bytes to copy next: all that fits, but of a long frame the header
 * only, and the byte that decides.  What is looked at here is a hint; the copy is what gets parsed.
 */
static u32 zmq_rx_step(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
		       u32 len)
{
	struct zmq_rx *rx = &conn->rx;
	u8 peek[ZMQ_ZMTP_HDR_MAX];
	u32 n = min_t(u32, len, sizeof(peek));
	struct zmq_zmtp_hdr hdr;

	if (len > ZMQ_RX_SHORT && !zmq_rx_partial(rx) &&
	    !zmq_rx_copy(skb, off, peek, n) &&
	    zmq_zmtp_hdr_decode(&hdr, peek, n, conn->version) > 0 &&
	    hdr.len > ZMQ_RX_COPY_MAX)
		return min_t(u32, len, hdr.size + zmq_rx_tagged(conn, &hdr));
	return min_t(u32, len, ZMQ_RX_COPY_STEP);
}

/* Bytes the frame in the chunk still needs, as far as known. */
static u32 zmq_rx_need(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	struct zmq_zmtp_hdr hdr;
	u32 have;

	if (!zmq_rx_partial(rx))
		return ZMQ_ZMTP_HDR_MAX;
	have = rx->fill - rx->frame;
	if (zmq_zmtp_hdr_decode(&hdr, zmq_rx_base(rx) + rx->frame, have,
				conn->version) <= 0)
		return ZMQ_ZMTP_HDR_MAX - have;
	/* Of a long frame all but the first byte is not for the chunk. */
	if (hdr.len > ZMQ_RX_COPY_MAX)
		return hdr.size + 1 - have;
	return hdr.size + hdr.len - have;
}

/* Copy some bytes and parse them.  Return: bytes taken, or an error. */
static int zmq_rx_frames(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
			 u32 len)
{
	struct zmq_rx *rx = &conn->rx;
	u32 step, back;
	int err;

	if (zmq_rx_between(rx) && !zmq_rx_may_begin(conn))
		return 0;
	if (!zmq_rx_room(conn, zmq_rx_need(conn))) {
		rx->nomem = true;
		return 0;
	}
	step = min(zmq_rx_step(conn, skb, off, len),
		   rx->pool->size - rx->fill);
	if (zmq_rx_copy(skb, off, zmq_rx_base(rx) + rx->fill, step))
		return -EFAULT;
	rx->fill += step;
	rx->nomem = false;
	err = zmq_rx_parse(conn);
	if (err)
		return err;
	if (zmq_rx_partial(rx) && (!rx->begun || rx->nomem)) {
		/* Stopped at a boundary: the rest was not taken. */
		back = min(step, rx->fill - rx->frame);
		step -= back;
		rx->fill -= back;
	}
	return step;
}

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

	if (!zmq_rx_room(conn, 1))
		return 0;
	len = min(len, rx->pool->size - rx->fill);
	if (skb_copy_bits(skb, off, zmq_rx_base(rx) + rx->fill, len))
		return 0;
	rx->fill += len;
	rx->frame = rx->fill;
	if (!zmq_rx_flush_run(rx, rx->fill))
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

static int zmq_rx_body(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
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
	if (!zmq_rx_room(conn, ZMQ_ZMTP_HDR_LONG + body) ||
	    !zmq_rx_reserve(rx)) {
		rx->nomem = true;
		return 0;
	}
	hdr = zmq_zmtp_hdr_encode(zmq_rx_base(rx) + rx->fill, 0, len);
	if (skb_copy_bits(skb, off, zmq_rx_base(rx) + rx->fill + hdr, body))
		return -EFAULT;
	rx->fill += hdr + body;
	rx->frame = rx->fill;
	if (body) {
		err = zmq_rx_part_end(conn, 0, len);
		return err ?: len;
	}
	err = zmq_rx_flush_run(rx, rx->frame);
	if (err)
		return err;
	rx->flags = 0;
	rx->long_len = len;
	rx->body_left = len;
	return zmq_rx_body(conn, skb, off, len);
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
			n = zmq_rx_body(conn, skb, off + done, len - done);
		else if (conn->version == ZMQ_ZMTP_RAW)
			n = zmq_rx_raw(conn, skb, off + done, len - done);
		else
			n = zmq_rx_frames(conn, skb, off + done, len - done);
		if (n == -ENOMEM)
			zmq_conn_fail(conn, ZMQ_CONN_NOMEM);
		else if (n < 0)
			zmq_conn_fail(conn, conn->error ?:
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

	if (rx->pool && zmq_rx_flush_run(rx, rx->frame))
		goto nomem;
	/* Half a frame keeps its page only: silence must not pin more. */
	if (zmq_rx_partial(rx))
		zmq_chunk_trim(rx->pool);
	else if (rx->pool)
		zmq_rx_return(conn);
	if (!rx->done_msgs || (zmq_rx_mixed(conn) && zmq_traffic_hold(conn))) {
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
		zmq_rx_return(conn);
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
		const u8 *p = zmq_rx_base(rx) + rx->run + (at - rx->q.bytes);

		zmq_zmtp_hdr_decode(&hdr, p, ZMQ_ZMTP_HDR_LONG, ZMQ_ZMTP_3_1);
		*data = p + hdr.size;
		*len = min_t(u64, hdr.len, max);
		return true;
	}
	if (rx->pool && zmq_rx_flush_run(rx, rx->frame))
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
