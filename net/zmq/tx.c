// SPDX-License-Identifier: GPL-2.0
/*
 * The flusher: what a pipe has queued goes out by the lower socket.
 *
 * Whoever sets ZMQ_CONN_TX_BUSY owns the sending end: a sender in its own
 * context, or tx_work.  Others only append; the owner looks again after it has
 * cleared the bit, so nothing appended is ever stranded.
 */
#include <linux/sizes.h>
#include <linux/wait_bit.h>
#include "conn.h"
#include "ep.h"

/* Shorter segments are copied into the lower socket, several in one call. */
#define ZMQ_TX_COPY_MAX		1024
#define ZMQ_TX_VEC		16
/* Bytes one caller sends at most before it leaves the rest to tx_work. */
#define ZMQ_TX_BURST		SZ_16M
#define ZMQ_TX_BURST_BH		SZ_256K
/* Of these a call with a few control bytes costs as much as so many. */
#define ZMQ_TX_CALL		SZ_4K

/**
 * zmq_tx_control - queue control bytes
 * @conn: the connection
 * @data: whole frames, or handshake bytes
 * @len: how many
 * @gfp: how to allocate
 *
 * They go out before any message that is not begun.  The caller sees to it
 * that somebody flushes.
 *
 * Context: any.
 * Return: 0 or -ENOMEM.
 */
int zmq_tx_control(struct zmq_conn *conn, const u8 *data, u32 len, gfp_t gfp)
{
	struct zmq_ctl_buf *buf;
	size_t size = struct_size(buf, data, len);

	buf = kmalloc(size, gfp | __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	buf->len = len;
	buf->off = 0;
	memcpy(buf->data, data, len);
	spin_lock_bh(&conn->ctl_lock);
	list_add_tail(&buf->node, &conn->ctl);
	WRITE_ONCE(conn->ctl_count, conn->ctl_count + 1);
	WRITE_ONCE(conn->ctl_mem, conn->ctl_mem + size);
	spin_unlock_bh(&conn->ctl_lock);
	return 0;
}

/* Drop all control bytes; TX_BUSY owned. */
void zmq_tx_drop_control(struct zmq_conn *conn)
{
	struct zmq_ctl_buf *buf, *next;
	LIST_HEAD(all);

	spin_lock_bh(&conn->ctl_lock);
	list_splice_init(&conn->ctl, &all);
	WRITE_ONCE(conn->ctl_count, 0);
	WRITE_ONCE(conn->ctl_mem, 0);
	spin_unlock_bh(&conn->ctl_lock);
	list_for_each_entry_safe(buf, next, &all, node)
		kfree(buf);
}

/* What is in front of the control bytes.  Return: pieces in @vec. */
static int zmq_tx_gather_control(struct zmq_conn *conn, struct kvec *vec,
				 size_t *len)
{
	struct zmq_ctl_buf *buf;
	int n = 0;

	*len = 0;
	/* Only we take entries out: they stay. */
	spin_lock_bh(&conn->ctl_lock);
	list_for_each_entry(buf, &conn->ctl, node) {
		if (n == ZMQ_TX_VEC)
			break;
		vec[n].iov_base = buf->data + buf->off;
		vec[n].iov_len = buf->len - buf->off;
		*len += vec[n++].iov_len;
	}
	spin_unlock_bh(&conn->ctl_lock);
	return n;
}

/* So many bytes of it were sent. */
static void zmq_tx_advance_control(struct zmq_conn *conn, u32 sent)
{
	struct zmq_ctl_buf *buf, *next;
	LIST_HEAD(done);

	spin_lock_bh(&conn->ctl_lock);
	list_for_each_entry_safe(buf, next, &conn->ctl, node) {
		u32 n = min(sent, buf->len - buf->off);

		buf->off += n;
		sent -= n;
		if (buf->off < buf->len)
			break;
		list_move_tail(&buf->node, &done);
		WRITE_ONCE(conn->ctl_count, conn->ctl_count - 1);
		WRITE_ONCE(conn->ctl_mem, conn->ctl_mem -
			   struct_size(buf, data, buf->len));
		if (!sent)
			break;
	}
	spin_unlock_bh(&conn->ctl_lock);
	list_for_each_entry_safe(buf, next, &done, node)
		kfree(buf);
}

/*
 * Send queued control bytes until tx.sent is @end: others may append as fast as
 * they are sent.  Return: 0 or why it stopped.
 */
static int zmq_tx_send_control(struct zmq_conn *conn, u64 end)
{
	struct kvec vec[ZMQ_TX_VEC];
	size_t len;
	int n;

	while (READ_ONCE(conn->ctl_count) && conn->tx.sent < end) {
		n = zmq_tx_gather_control(conn, vec, &len);
		n = conn->tp->send(conn, vec, n, len, false);
		if (n < 0)
			return n;
		conn->tx.sent += n + ZMQ_TX_CALL;
		zmq_tx_advance_control(conn, n);
	}
	return 0;
}

/* May something be put between what was sent and what comes next? */
static bool zmq_tx_at_boundary(const struct zmq_conn *conn)
{
	return !conn->tx.frame_left && !conn->tx.begun;
}

/* Is all sent that was taken out of the pipe? */
static bool zmq_tx_begins(const struct zmq_tx *tx)
{
	return zmq_segq_empty(&tx->q) && !tx->begun;
}

/*
 * @bytes of the queue's front are sent (or dropped): find the ends of messages
 * in them and give the credit back.
 */
static void zmq_tx_advance(struct zmq_conn *conn, u64 bytes)
{
	struct zmq_tx *tx = &conn->tx;
	struct zmq_segcur cur;
	u64 left = bytes;
	u32 msgs = 0;

	/* All that was taken: the pipe knows how many messages that is. */
	if (bytes == tx->q.bytes && !conn->pipe->conflate) {
		zmq_segq_trim(&tx->q, bytes);
		tx->frame_left = 0;
		tx->more = false;
		zmq_pipe_sent_all(conn->pipe, bytes);
		return;
	}
	zmq_segcur_init(&cur, &tx->q);
	while (left) {
		struct zmq_zmtp_hdr hdr;
		u64 step;

		if (!tx->frame_left) {
			zmq_segcur_header(&cur, &hdr);
			tx->frame_left = hdr.size + hdr.len;
			tx->more = hdr.flags & ZMQ_ZMTP_MORE;
		}
		step = min(left, tx->frame_left);
		zmq_segcur_skip(&cur, step);
		tx->frame_left -= step;
		left -= step;
		if (!tx->frame_left && !tx->more)
			msgs++;
	}
	zmq_segq_trim(&tx->q, bytes);
	zmq_pipe_sent(conn->pipe, bytes, msgs);
}

/* Point @vec at short segments at the front.  Return: how many. */
static int zmq_tx_gather(const struct zmq_segq *q, struct kvec *vec,
			 size_t *len)
{
	const struct zmq_segblk *blk;
	int n = 0;
	int i;

	*len = 0;
	for (blk = q->head; blk; blk = blk->next) {
		for (i = blk->first; i < blk->end; i++) {
			const struct zmq_seg *seg = &blk->seg[i];

			if (seg->len > ZMQ_TX_COPY_MAX || n == ZMQ_TX_VEC)
				return n;
			vec[n].iov_base = zmq_seg_ptr(seg);
			vec[n].iov_len = seg->len;
			*len += seg->len;
			n++;
		}
	}
	return n;
}

/* Send from the front of the queue.  Return: 0 or why it stopped. */
static int zmq_tx_send_data(struct zmq_conn *conn)
{
	struct zmq_tx *tx = &conn->tx;
	struct kvec vec[ZMQ_TX_VEC];
	struct zmq_segq *q = &tx->q;
	struct zmq_seg *seg;
	size_t len;
	int n, sent;

	n = zmq_tx_gather(q, vec, &len);
	if (n) {
		sent = conn->tp->send(conn, vec, n, len, q->bytes > len);
	} else {
		seg = zmq_segq_first(q);
		sent = conn->tp->send_page(conn, zmq_seg_page(seg), seg->off,
					   seg->len, q->bytes > seg->len);
	}
	if (sent < 0)
		return sent;
	tx->sent += sent;
	zmq_tx_advance(conn, sent);
	return 0;
}

/* Begin a frame in the peer's framing: 1.0 has another header, raw has none. */
static void zmq_tx_begin_frame(struct zmq_conn *conn)
{
	struct zmq_tx *tx = &conn->tx;
	struct zmq_zmtp_hdr hdr;

	zmq_segq_header(&tx->q, &hdr);
	tx->hdr_len = 0;
	if (conn->version == ZMQ_ZMTP_1_0)
		tx->hdr_len = zmq_zmtp_hdr_encode_v1(tx->hdr, hdr.flags,
						     hdr.len);
	tx->hdr_off = 0;
	tx->begun = true;
	tx->frame_left = hdr.len;
	tx->more = hdr.flags & ZMQ_ZMTP_MORE;
	zmq_segq_trim(&tx->q, hdr.size);
	zmq_pipe_sent(conn->pipe, hdr.size, 0);
}

static void zmq_tx_end_frame(struct zmq_conn *conn)
{
	struct zmq_tx *tx = &conn->tx;

	if (tx->frame_left || tx->hdr_off < tx->hdr_len)
		return;
	tx->begun = false;
	zmq_pipe_sent(conn->pipe, 0, tx->more ? 0 : 1);
}

/* Send some of the frame at the front to a peer whose framing is not ours. */
static int zmq_tx_send_reframed(struct zmq_conn *conn)
{
	struct zmq_tx *tx = &conn->tx;
	struct zmq_seg *seg;
	struct kvec vec;
	int n;

	if (!tx->begun)
		zmq_tx_begin_frame(conn);
	if (tx->hdr_off < tx->hdr_len) {
		vec.iov_base = tx->hdr + tx->hdr_off;
		vec.iov_len = tx->hdr_len - tx->hdr_off;
		n = conn->tp->send(conn, &vec, 1, vec.iov_len, tx->frame_left);
		if (n < 0)
			return n;
		tx->hdr_off += n;
	} else if (tx->frame_left) {
		u32 len;

		seg = zmq_segq_first(&tx->q);
		len = min_t(u64, seg->len, tx->frame_left);
		n = conn->tp->send_page(conn, zmq_seg_page(seg), seg->off, len,
					tx->q.bytes > len);
		if (n < 0)
			return n;
		zmq_segq_trim(&tx->q, n);
		tx->frame_left -= n;
		tx->sent += n;
		zmq_pipe_sent(conn->pipe, n, 0);
	}
	zmq_tx_end_frame(conn);
	return 0;
}

/*
 * Send until nothing is left, or the lower socket is full, or it is enough for
 * one caller, who sends what others append; TX_BUSY owned.
 */
static int zmq_tx_run(struct zmq_conn *conn, u32 burst)
{
	u64 end = READ_ONCE(conn->tx.sent) + burst;
	struct zmq_tx *tx = &conn->tx;
	int err;

	for (;;) {
		bool ready;

		if (tx->sent >= end) {
			zmq_conn_flush_kick(conn, 0);
			return -EINPROGRESS;
		}
		/* Pairs with the release in zmq_conn_set_state(). */
		ready = smp_load_acquire(&conn->state) == ZMQ_CONN_READY;
		/*
		 * What comes after this look is seen after the release.  Control
		 * bytes queued before what is taken are seen below.
		 */
		if (ready && zmq_tx_begins(tx) &&
		    !zmq_segq_empty(&conn->pipe->txq))
			zmq_pipe_take(conn->pipe, &tx->q);
		if (zmq_tx_at_boundary(conn)) {
			err = zmq_tx_send_control(conn, end);
			if (err)
				return err;
			/* No message goes ahead of what is left. */
			if (tx->sent >= end)
				continue;
		}
		if (!ready || zmq_tx_begins(tx))
			return 0;
		if (conn->version <= ZMQ_ZMTP_1_0)
			err = zmq_tx_send_reframed(conn);
		else
			err = zmq_tx_send_data(conn);
		if (err)
			return err;
	}
}

/*
 * The lower socket took no more.  Its write_space callback goes on, or if that
 * has come already, or memory is short, tx_work after a moment.
 */
static void zmq_tx_stopped(struct zmq_conn *conn, int err)
{
	set_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Marked before the last look for room: write_space sees it. */
	smp_mb__after_atomic();
	switch (err) {
	case -EAGAIN:
		if (!conn->tp->writable(conn->lower->sk))
			break;
		fallthrough;
	case -ENOMEM:
	case -ENOBUFS:
		zmq_conn_flush_kick(conn, 1);
		break;
	default:
		set_bit(ZMQ_CONN_EOF, &conn->flags);
		zmq_conn_kick(conn, 0);
	}
}

static void zmq_tx_lock_lower(struct zmq_conn *conn)
{
	if (conn->tp->locked)
		lock_sock(conn->lower->sk);
}

static void zmq_tx_unlock_lower(struct zmq_conn *conn)
{
	if (conn->tp->locked)
		release_sock(conn->lower->sk);
}

/* Does the pipe hold messages?  Also for who does not own the sending end. */
static bool zmq_tx_pipe_pending(struct zmq_conn *conn)
{
	struct zmq_pipe *pipe;
	bool pending;

	rcu_read_lock();
	pipe = READ_ONCE(conn->pipe);
	pending = pipe && !zmq_segq_empty(&pipe->txq);
	rcu_read_unlock();
	return pending;
}

/* Is there something that could be sent now? */
static bool zmq_tx_pending(struct zmq_conn *conn)
{
	if (test_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags))
		return false;
	/* Pairs with the release in zmq_conn_set_state(). */
	switch (smp_load_acquire(&conn->state)) {
	case ZMQ_CONN_READY:
		return READ_ONCE(conn->ctl_count) ||
		       !zmq_segq_empty(&conn->tx.q) || conn->tx.begun ||
		       zmq_tx_pipe_pending(conn);
	case ZMQ_CONN_HANDSHAKE:
		return READ_ONCE(conn->ctl_count);
	default:
		return false;
	}
}

static void zmq_tx_release(struct zmq_conn *conn)
{
	clear_bit_unlock(ZMQ_CONN_TX_BUSY, &conn->flags);
	/* Pairs with the full barrier of a failed test_and_set_bit(). */
	smp_mb__after_atomic();
	wake_up_bit(&conn->flags, ZMQ_CONN_TX_BUSY);
}

/**
 * zmq_tx_flush - send what is queued
 * @conn: the connection; the caller has a reference
 *
 * Context: process, none of our locks held.
 */
void zmq_tx_flush(struct zmq_conn *conn)
{
	int err;

	do {
		if (test_and_set_bit(ZMQ_CONN_TX_BUSY, &conn->flags))
			return;
		if (!zmq_tx_pending(conn)) {
			zmq_tx_release(conn);
			continue;
		}
		zmq_tx_lock_lower(conn);
		err = zmq_tx_run(conn, ZMQ_TX_BURST);
		if (err && err != -EINPROGRESS)
			zmq_tx_stopped(conn, err);
		zmq_tx_unlock_lower(conn);
		zmq_tx_release(conn);
		if (err == -EINPROGRESS)
			return;
	} while (zmq_tx_pending(conn));
	if (test_bit(ZMQ_CONN_CLOSE, &conn->flags) && zmq_tx_idle(conn))
		zmq_conn_kick(conn, 0);
}

/*
 * Where the lower sockets' bytes are copied to in softirq, as current->task_frag
 * is in a process: a fragment in each socket would be 32 KiB of an idle one.
 */
static DEFINE_PER_CPU(struct page_frag, zmq_tx_frag);

/* Nothing is sent any more. */
void zmq_tx_exit(void)
{
	struct page *page;
	int cpu;

	for_each_possible_cpu(cpu) {
		page = per_cpu(zmq_tx_frag, cpu).page;
		if (page)
			put_page(page);
	}
}

/* Send what is queued; TX_BUSY owned.  Return: false: somebody else has to. */
static bool zmq_tx_run_bh(struct zmq_conn *conn)
{
	struct page_frag *frag = this_cpu_ptr(&zmq_tx_frag);
	struct sock *sk = conn->lower->sk;
	bool mine, task_frag;
	gfp_t gfp;
	int err;

	bh_lock_sock(sk);
	mine = !sock_owned_by_user(sk);
	if (mine) {
		gfp = sk->sk_allocation;
		sk->sk_allocation = GFP_ATOMIC;
		/* Whoever was interrupted may be writing to its own. */
		task_frag = zmq_compat_use_task_frag(sk, false);
		swap(sk->sk_frag, *frag);
		err = zmq_tx_run(conn, ZMQ_TX_BURST_BH);
		if (err && err != -EINPROGRESS)
			zmq_tx_stopped(conn, err);
		swap(sk->sk_frag, *frag);
		zmq_compat_use_task_frag(sk, task_frag);
		sk->sk_allocation = gfp;
	}
	bh_unlock_sock(sk);
	return mine;
}

/**
 * zmq_tx_flush_bh - send what is queued, or have work do it
 * @conn: the connection; the caller has a reference
 *
 * Context: softirq, none of our locks held.
 */
void zmq_tx_flush_bh(struct zmq_conn *conn)
{
	bool done = true;

	if (conn->tp->locked) {
		if (test_and_set_bit(ZMQ_CONN_TX_BUSY, &conn->flags))
			return;
		if (zmq_tx_pending(conn))
			done = zmq_tx_run_bh(conn);
		zmq_tx_release(conn);
		done = done && !zmq_tx_pending(conn);
	}
	/* A unix socket can sleep to send. */
	if (!done || !conn->tp->locked)
		zmq_conn_flush_kick(conn, 0);
	if (test_bit(ZMQ_CONN_CLOSE, &conn->flags) && zmq_tx_idle(conn))
		zmq_conn_kick(conn, 0);
}

/* Own the sending end; waits for a flush to finish.  conn->mutex held. */
void zmq_tx_stop(struct zmq_conn *conn)
{
	might_sleep();
	wait_on_bit_lock(&conn->flags, ZMQ_CONN_TX_BUSY, TASK_UNINTERRUPTIBLE);
}

/* Give it back; what others queued meanwhile they left to us. */
void zmq_tx_start(struct zmq_conn *conn)
{
	zmq_tx_release(conn);
	if (zmq_tx_pending(conn))
		zmq_conn_flush_kick(conn, 0);
}

/* Is everything sent that was queued? */
bool zmq_tx_idle(struct zmq_conn *conn)
{
	return !READ_ONCE(conn->ctl_count) &&
	       zmq_segq_empty(&conn->tx.q) && !conn->tx.begun &&
	       !zmq_tx_pipe_pending(conn);
}

/**
 * zmq_tx_reset - the lower socket's stream broke
 * @conn: the connection, TX stopped
 * @keep: messages not begun stay for the next connection; else all are dropped
 *
 * A message of which some bytes went out is lost, as in libzmq: the next
 * stream begins at a message boundary.
 *
 * Context: lock_sock(zsk) held, so that nothing is queued meanwhile.
 */
void zmq_tx_reset(struct zmq_conn *conn, bool keep)
{
	struct zmq_tx *tx = &conn->tx;
	struct zmq_pipe *pipe = conn->pipe;

	sock_owned_by_me(&conn->zsk->sk);
	zmq_tx_drop_control(conn);
	clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	if (!pipe)
		return;
	if (tx->begun) {
		/* The header left the queue before. */
		zmq_segq_trim(&tx->q, tx->frame_left);
		zmq_pipe_sent(pipe, tx->frame_left, tx->more ? 0 : 1);
		tx->begun = false;
		tx->frame_left = 0;
	}
	while (tx->frame_left || (tx->more && !zmq_segq_empty(&tx->q))) {
		struct zmq_zmtp_hdr hdr;

		if (!tx->frame_left) {
			zmq_segq_header(&tx->q, &hdr);
			tx->frame_left = hdr.size + hdr.len;
			tx->more = hdr.flags & ZMQ_ZMTP_MORE;
		}
		zmq_tx_advance(conn, tx->frame_left);
	}
	tx->more = false;
	if (keep)
		return;
	zmq_pipe_take(pipe, &tx->q);
	if (!zmq_segq_empty(&tx->q))
		zmq_tx_advance(conn, tx->q.bytes);
	zmq_segq_free(&tx->q);
}
