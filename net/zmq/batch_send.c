// SPDX-License-Identifier: GPL-2.0
/* Batches: sending many messages by one call. */
#include "batch.h"
#include "net.h"
#include "ring.h"
#include "type.h"

/* Of a long first part, as many pieces are shown to the type. */
#define ZMQ_BATCH_PIECES	8

/* A frame ends, @end bytes into the batch. */
static void zmq_batch_frame_end(struct zmq_batch *b, u64 end)
{
	if (b->more)
		return;
	b->whole = end;
	b->parts = 0;
	b->bytes = 0;
}

/* A frame begins at @p.  Return: bytes of its header, 0: look again later. */
static int zmq_batch_frame(const struct zmq_sock *zsk, struct zmq_batch *b,
			   const u8 *p, u32 avail)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	struct zmq_zmtp_hdr hdr;
	int n;

	if (p[0] & ~(ZMQ_ZMTP_MORE | ZMQ_ZMTP_LONG) ||
	    (p[0] & ZMQ_ZMTP_MORE && zsk->type->single_part))
		return -EINVAL;
	n = zmq_zmtp_hdr_decode(&hdr, p, avail, ZMQ_ZMTP_3_1);
	if (n < 0)
		return -EINVAL;
	b->need = ZMQ_ZMTP_HDR_LONG;
	if (!n)
		return 0;
	if (hdr.len > b->msg_max || b->bytes + hdr.len > b->msg_max ||
	    b->parts >= READ_ONCE(znet->parts_max))
		return -EMSGSIZE;
	/* One way to write a header, as everywhere in our queues. */
	if (n != zmq_zmtp_hdr_size(hdr.len))
		return -EINVAL;
	/* Short frames stay in one piece. */
	b->need = n + hdr.len;
	if (hdr.len <= ZMQ_SEND_WHOLE && avail < b->need)
		return 0;
	b->parts++;
	b->bytes += hdr.len;
	b->body_left = hdr.len;
	b->more = hdr.flags & ZMQ_ZMTP_MORE;
	return n;
}

/*
 * Short messages of one part, what most are, at the beginning of a message.
 * Return: bytes of those that are whole; there may be none.
 */
static u32 zmq_batch_short(const struct zmq_sock *zsk, struct zmq_batch *b,
			   const u8 *p, u32 have)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	u32 off = 0, end;

	if (b->parts || READ_ONCE(znet->msg_max) < ZMQ_ZMTP_SHORT_MAX)
		return 0;
	while (off + ZMQ_ZMTP_HDR_SHORT <= have) {
		end = off + ZMQ_ZMTP_HDR_SHORT + p[off + 1];
		/* No flag is set. */
		if (p[off] || end > have)
			break;
		off = end;
	}
	if (off)
		b->whole = b->q.bytes + off;
	return off;
}

/*
 * Look at the next @have bytes of the batch.  Return: how many of them are
 * frames, or pieces of long ones; the rest needs more bytes behind it.
 */
static int zmq_batch_check(const struct zmq_sock *zsk, struct zmq_batch *b,
			   const u8 *p, u32 have)
{
	u32 off = b->body_left ? 0 : zmq_batch_short(zsk, b, p, have);
	int n;

	while (off < have) {
		if (!b->body_left) {
			n = zmq_batch_frame(zsk, b, p + off, have - off);
			if (n < 0)
				return n;
			if (!n)
				break;
			off += n;
		}
		n = min_t(u64, b->body_left, have - off);
		off += n;
		b->body_left -= n;
		if (!b->body_left)
			zmq_batch_frame_end(b, b->q.bytes + off);
	}
	return off;
}

/*
 * Room behind @have bytes in the chunk that are not committed: a frame that
 * does not fit into what is left moves to the next chunk.
 */
static u32 zmq_batch_room(struct zmq_chunk_pool *pool, u32 have, u32 need)
{
	struct page *old;
	u8 *from;
	u32 room;

	if (!have)
		return zmq_chunk_reserve(pool, 1, true, GFP_KERNEL_ACCOUNT);
	if (pool->size - pool->off >= need)
		return pool->size - pool->off;
	old = pool->page;
	from = zmq_chunk_ptr(pool);
	get_page(old);
	room = zmq_chunk_reserve(pool, need, true, GFP_KERNEL_ACCOUNT);
	if (room)
		memcpy(zmq_chunk_ptr(pool), from, have);
	put_page(old);
	return room;
}

/**
 * zmq_batch_fill - copy and check the next round of a user's buffer
 * @zsk: the socket
 * @b: an empty batch
 * @from: the buffer; left behind the @b->whole bytes that are in @b then
 * @len: bytes there
 *
 * Whole messages, one at least.  What is copied of another one is given back.
 *
 * Context: lock_sock(zsk) held.
 * Return: 0; -EINVAL, -EMSGSIZE, -EFAULT, -ENOBUFS: free @b->q.
 */
int zmq_batch_fill(struct zmq_sock *zsk, struct zmq_batch *b,
		   struct iov_iter *from, size_t len)
{
	struct zmq_chunk_pool *pool = &zsk->tx_pool;
	u32 have = 0;

	while (b->copied < len && (b->copied < ZMQ_BATCH_ROUND || !b->whole)) {
		u32 room = zmq_batch_room(pool, have, b->need);
		u32 n = min_t(u64, len - b->copied, ZMQ_BATCH_ROUND);
		u8 *p = zmq_chunk_ptr(pool);
		int used;

		if (!room)
			return -ENOBUFS;
		n = min(n, room - have);
		if (copy_from_iter(p + have, n, from) != n)
			return -EFAULT;
		b->copied += n;
		have += n;
		used = zmq_batch_check(zsk, b, p, have);
		if (used < 0)
			return used;
		if (used && zmq_chunk_commit(pool, used, &b->q,
					     GFP_KERNEL_ACCOUNT))
			return -ENOBUFS;
		have -= used;
	}
	if (b->copied == len && b->whole < len)
		return -EINVAL;
	if (b->q.bytes > b->whole)
		zmq_segq_cut(&b->q, b->q.bytes - b->whole);
	iov_iter_revert(from, b->copied - b->whole);
	return 0;
}

/* Put @part back in front of @q. */
static void zmq_batch_back(struct zmq_segq *q, struct zmq_segq *part)
{
	zmq_segq_move(part, q);
	swap(*q, *part);
}

/* What zmq_send_part() would know of the message in @q. */
static void zmq_batch_measure(const struct zmq_segq *q, struct zmq_asm *msg)
{
	struct zmq_zmtp_hdr hdr;
	struct zmq_segcur cur;

	zmq_segcur_init(&cur, q);
	do {
		zmq_segcur_header(&cur, &hdr);
		if (!msg->parts)
			msg->first = hdr.len;
		msg->parts++;
		msg->bytes += hdr.len;
		zmq_segcur_skip(&cur, hdr.size + hdr.len);
	} while (hdr.flags & ZMQ_ZMTP_MORE);
}

/* The pieces that a part of @len bytes lies in, as far as @vec has room. */
static int zmq_batch_pieces(struct zmq_segcur *cur, u64 len, struct kvec *vec,
			    int max)
{
	int n;

	for (n = 0; n < max && len; n++) {
		vec[n].iov_base = (void *)zmq_segcur_ptr(cur);
		vec[n].iov_len = min_t(u64, len, zmq_segcur_len(cur));
		len -= vec[n].iov_len;
		zmq_segcur_skip(cur, vec[n].iov_len);
	}
	return n;
}

/*
 * The type looks at the first part, at the beginning of it if it is long.
 * Return: as zmq_type.send_begin.
 */
static int zmq_batch_begin(struct zmq_sock *zsk, const struct zmq_segq *q,
			   const struct zmq_zmtp_hdr *first)
{
	struct kvec vec[ZMQ_BATCH_PIECES];
	struct zmq_segcur cur;
	struct iov_iter from;
	size_t len = 0;
	int i, n;

	if (!zsk->type->send_begin)
		return 0;
	zmq_segcur_init(&cur, q);
	zmq_segcur_skip(&cur, first->size);
	n = zmq_batch_pieces(&cur, first->len, vec, ARRAY_SIZE(vec));
	for (i = 0; i < n; i++)
		len += vec[i].iov_len;
	iov_iter_kvec(&from, ITER_SOURCE, vec, n, len);
	return zsk->type->send_begin(zsk, &from, len,
				     first->flags & ZMQ_ZMTP_MORE);
}

/* Hand over the first message of @b.  An error leaves it there. */
static int zmq_batch_one(struct zmq_sock *zsk, struct zmq_batch *b)
{
	struct zmq_zmtp_hdr first;
	struct zmq_segcur cur;
	struct zmq_asm msg;
	int begun, peers;
	u64 mark, body = 0;

	zmq_segcur_init(&cur, &b->q);
	zmq_segcur_header(&cur, &first);
	if (zmq_segq_take(&b->one, &b->q, zmq_segcur_msg(&cur, &body),
			  GFP_KERNEL_ACCOUNT))
		return -ENOBUFS;
	begun = zmq_batch_begin(zsk, &b->one, &first);
	if (begun < 0) {
		zmq_batch_back(&b->q, &b->one);
		return begun;
	}
	msg = zsk->asm_msg;
	memset(&zsk->asm_msg, 0, sizeof(zsk->asm_msg));
	if (begun)
		zmq_segq_trim(&b->one, first.size + first.len);
	if (msg.drop || zmq_segq_empty(&b->one)) {
		zmq_segq_trim(&b->one, b->one.bytes);
		zmq_send_recycle(zsk, &msg);
		return 0;
	}
	mark = msg.q.bytes;
	zmq_batch_measure(&b->one, &msg);
	zmq_segq_move(&msg.q, &b->one);
	peers = zsk->type->send(zsk, &msg);
	if (peers < 0) {
		zmq_segq_trim(&msg.q, mark);
		zmq_batch_back(&b->q, &msg.q);
	}
	if (peers > 0)
		zmq_send_count(zsk, 1, msg.bytes);
	zmq_send_recycle(zsk, &msg);
	return min(peers, 0);
}

/**
 * zmq_batch_pass - hand over one message, or several for which it is the same
 * @zsk: the socket; no message is in assembly
 * @b: where from, not empty
 *
 * Context: lock_sock(zsk) held.
 * Return: 0, or as zmq_type.send and nothing is handed over.
 */
int zmq_batch_pass(struct zmq_sock *zsk, struct zmq_batch *b)
{
	u64 body, before = b->q.bytes;
	u64 seq = zsk->type->publishes ? zsk->pub.seq : 0;
	int err = -EOPNOTSUPP;
	u32 msgs;

	if (zsk->type->send_run) {
		err = zsk->type->send_run(zsk, &b->q, &msgs, &body);
		if (!err)
			zmq_send_count(zsk, msgs, body);
		/* Those, too, that nobody wanted. */
		if (zsk->type->publishes)
			msgs = zsk->pub.seq - seq;
	}
	if (err == -EOPNOTSUPP) {
		msgs = 1;
		err = zmq_batch_one(zsk, b);
	}
	if (!err) {
		b->sent += before - b->q.bytes;
		b->msgs += msgs;
	}
	return err;
}

static int zmq_batch_some(struct zmq_sock *zsk, struct zmq_batch *b)
{
	int err = zmq_ring_before(zsk);

	if (err)
		return err;
	if (READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	return zsk->asm_msg.open ? -EBADFD : zmq_batch_pass(zsk, b);
}

/* Send what was filled in, as far as there is room for it. */
static int zmq_batch_push(struct zmq_sock *zsk, struct zmq_batch *b,
			  bool *begun, long *timeo)
{
	int err;
	u32 seq;

	while (!zmq_segq_empty(&b->q)) {
		seq = READ_ONCE(zsk->wr_seq);
		err = zmq_batch_some(zsk, b);
		if (err && err != -EAGAIN)
			return err;
		*begun |= !err;
		/* Full: what is flushed makes room without waiting. */
		if (zsk->co.urgent) {
			zmq_send_release(zsk);
			lock_sock(&zsk->sk);
			continue;
		}
		if (!err)
			continue;
		err = *begun ? -EAGAIN : zmq_send_wait(zsk, seq, timeo);
		if (err)
			return err;
	}
	return 0;
}

/**
 * zmq_batch_send - sendmsg of packed messages
 * @zsk: the socket
 * @m: where from, and flags
 * @len: bytes there
 *
 * Waits for room for the first message only.  With a @len of 0 it looks at the
 * ring.
 *
 * Return: bytes of the messages that were taken, @len or fewer; if none was:
 * -EINVAL (bytes that are no frames, or no whole messages), -EMSGSIZE (too
 * long, too many parts), or what zmq_send_msg() returns.
 */
int zmq_batch_send(struct zmq_sock *zsk, struct msghdr *m, size_t len)
{
	struct sock *sk = &zsk->sk;
	bool begun = false;
	size_t sent = 0;
	long timeo;
	int err = 0;

	if (!zmq_batch_possible(zsk))
		return -EOPNOTSUPP;
	lock_sock(sk);
	timeo = sock_sndtimeo(sk, m->msg_flags & MSG_DONTWAIT);
	if (!len)
		err = zmq_ring_kick(zsk);
	while (sent < len && !err) {
		struct zmq_batch b = {
			.msg_max = READ_ONCE(zmq_net(sock_net(sk))->msg_max),
		};

		err = zmq_batch_fill(zsk, &b, &m->msg_iter, len - sent);
		if (!err)
			err = zmq_batch_push(zsk, &b, &begun, &timeo);
		sent += b.sent;
		zmq_segq_free(&b.q);
		zmq_segq_free(&b.one);
	}
	zmq_send_done(zsk, m->msg_flags);
	return sent ?: err;
}
