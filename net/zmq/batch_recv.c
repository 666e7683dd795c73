// SPDX-License-Identifier: GPL-2.0
/* Batches: receiving many messages by one call. */
#include <linux/sched/signal.h>
#include "batch.h"
#include "held.h"
#include "lookahead.h"
#include "type.h"

/* Bytes of the message that is being read, what is left of it; rx_lock held. */
static u64 zmq_batch_cur_len(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe = zsk->rx_cur;
	struct zmq_segcur cur;
	u64 bytes, body = 0;

	zmq_segcur_init(&cur, &pipe->rxq);
	bytes = zmq_segcur_msg(&cur, &body);
	if (zsk->rx_prefix)
		bytes += zmq_zmtp_hdr_size(pipe->id_len) + pipe->id_len;
	return bytes;
}

u64 zmq_batch_next_len(struct zmq_sock *zsk)
{
	u64 bytes = 0;
	bool more;

	spin_lock_bh(&zsk->rx_lock);
	bytes = zmq_held_len(zsk, &more);
	if ((!bytes || more) && zmq_recv_ready(zsk) && !zmq_recv_begin(zsk))
		bytes += zmq_batch_cur_len(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	return bytes;
}

/*
 * How many messages of zsk->rx_cur may be taken at once: any number if this is
 * the only pipe, and its type has nothing to do for each.
 */
static u32 zmq_batch_run_max(const struct zmq_sock *zsk)
{
	const struct zmq_type *type = zsk->type;
	const struct zmq_pipe *pipe = zsk->rx_cur;

	if (zsk->rx_prefix || type->recv_end ||
	    (type->recv_begin && (!type->rechecks || pipe->recheck)) ||
	    !list_is_singular(&zsk->fq))
		return 1;
	return min_t(u64, zmq_hwm_queued(&pipe->rx), ZMQ_BATCH_RUN);
}

/* The routing id as the first frame. */
static int zmq_batch_prefix(struct zmq_sock *zsk, struct zmq_segq *q)
{
	const struct zmq_pipe *pipe = zsk->rx_cur;
	u32 hdr = zmq_zmtp_hdr_size(pipe->id_len);
	u8 *p;

	if (!zmq_chunk_reserve(&zsk->rx_ids, hdr + pipe->id_len, false,
			       GFP_ATOMIC | __GFP_NOWARN))
		return -ENOBUFS;
	p = zmq_chunk_ptr(&zsk->rx_ids);
	zmq_zmtp_hdr_encode(p, ZMQ_ZMTP_MORE, pipe->id_len);
	memcpy(p + hdr, pipe->id, pipe->id_len);
	return zmq_chunk_commit(&zsk->rx_ids, hdr + pipe->id_len, q,
				GFP_ATOMIC | __GFP_NOWARN);
}

/*
 * Take messages of zsk->rx_cur, one at least, that fit into @room bytes.
 * Return: 0, *@resume set if its parser should run again; -EMSGSIZE, -ENOBUFS.
 */
static int zmq_batch_take(struct zmq_sock *zsk, struct zmq_segq *q, u64 room,
			  struct zmq_pipe **resume)
{
	u32 max = zmq_batch_run_max(zsk);
	struct zmq_pipe *pipe = zsk->rx_cur;
	struct zmq_segcur cur;
	struct zmq_segq run;
	u64 bytes, body, mark = q->bytes;
	u32 msgs;
	int err = 0;

	if (zmq_batch_cur_len(zsk) > room)
		return -EMSGSIZE;
	zmq_segcur_init(&cur, &pipe->rxq);
	bytes = zmq_segcur_run(&cur, max, min_t(u64, room, ZMQ_BATCH_ROUND),
			       &msgs, &body);
	zmq_segq_init(&run);
	if (zsk->rx_prefix)
		err = zmq_batch_prefix(zsk, q);
	if (!err)
		err = zmq_segq_take(&run, &pipe->rxq, bytes,
				    GFP_ATOMIC | __GFP_NOWARN);
	if (err) {
		zmq_segq_cut(q, q->bytes - mark);
		return -ENOBUFS;
	}
	zmq_lookahead_end(zsk);
	zsk->rx_prefix = false;
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_overhead(&run));
	zmq_segq_move(q, &run);
	zmq_segq_free(&run);
	if (zmq_recv_end(zsk, msgs))
		*resume = pipe;
	else
		zmq_pipe_put(pipe);
	return 0;
}

/* The next message, or what is left of the one being read. */
static int zmq_batch_next(struct zmq_sock *zsk, struct zmq_segq *q, u64 room,
			  struct zmq_pipe **resume)
{
	int err = 0;

	if (!zsk->rx_cur && zsk->type->recv_check)
		err = zsk->type->recv_check(zsk);
	if (!err)
		err = zmq_recv_begin(zsk);
	return err ?: zmq_batch_take(zsk, q, room, resume);
}

/*
 * One message of those that were put back by a failed copy, which come first.
 * The end of the last one may still be in its pipe.
 */
static int zmq_batch_held(struct zmq_sock *zsk, struct zmq_segq *q, u64 room,
			  struct zmq_pipe **resume)
{
	bool more;
	u64 bytes = zmq_held_len(zsk, &more);
	int err;

	more = more && zsk->rx_cur;
	if (bytes + (more ? zmq_batch_cur_len(zsk) : 0) > room)
		return -EMSGSIZE;
	err = zmq_held_take_run(zsk, q);
	if (err || !more)
		return err;
	return zmq_batch_take(zsk, q, room - bytes, resume);
}

/*
 * Take out messages that fit into @room bytes; rx_lock held.
 * Return: 0: some were, and there may be more; else why there are no more.
 */
static int zmq_batch_collect(struct zmq_sock *zsk, struct zmq_segq *q, u64 room,
			     struct zmq_pipe **resume)
{
	int err = 0;

	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->shutdown)
		return -ESHUTDOWN;
	while (!err && !*resume && q->bytes < ZMQ_BATCH_ROUND &&
	       !list_empty(&zsk->rx_held))
		err = zmq_batch_held(zsk, q, room - q->bytes, resume);
	while (!err && !*resume && q->bytes < ZMQ_BATCH_ROUND)
		err = zmq_batch_next(zsk, q, room - q->bytes, resume);
	if (!zmq_segq_empty(q))
		WRITE_ONCE(zsk->rx_more, false);
	return err;
}

/* Copy the batch to the user. */
static int zmq_batch_copy(const struct zmq_segq *q, struct iov_iter *to)
{
	const struct zmq_segblk *blk;
	int i, err;

	for (blk = q->head; blk; blk = blk->next) {
		for (i = blk->first; i < blk->end; i++) {
			const struct zmq_seg *seg = &blk->seg[i];

			err = zmq_seg_copy_to_iter(seg, 0, seg->len, to);
			if (err)
				return err;
		}
		cond_resched();
	}
	return 0;
}

/*
 * One round: take out under the lock, copy without it.  @waits: the caller has
 * waited, or will if nothing was @got; @timeo: may it wait?
 */
static int zmq_batch_round(struct zmq_sock *zsk, struct iov_iter *to, u64 room,
			   size_t *got, bool *waits, long timeo)
{
	struct zmq_pipe *resume = NULL;
	struct zmq_segq q;
	bool wake;
	int err, fault;

	zmq_segq_init(&q);
	spin_lock_bh(&zsk->rx_lock);
	err = zmq_batch_collect(zsk, &q, room, &resume);
	*waits = zmq_recv_waits(zsk, *waits, err == -EAGAIN && timeo &&
				!*got && zmq_segq_empty(&q));
	wake = zsk->rx_waiters && zmq_recv_ready(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (wake)
		zsk->sk.sk_data_ready(&zsk->sk);
	if (resume)
		zmq_recv_resume(resume);
	fault = zmq_batch_copy(&q, to);
	if (fault)
		zmq_held_put_run(zsk, &q);
	else
		*got += q.bytes;
	zmq_segq_free(&q);
	return fault ?: err;
}

/**
 * zmq_batch_recv - recvmsg of packed messages
 * @zsk: the socket
 * @m: where to
 * @len: room there
 * @flags: MSG_DONTWAIT; others have no effect
 *
 * As many whole messages as are there and fit, in the order in which plain
 * receives would return them; waits for the first one only.  The rest of a
 * message that was partly received comes first, as a message.
 *
 * Return: bytes; or -EMSGSIZE: the first message does not fit and stays, see
 * zmq_batch_next_len(); or what zmq_recv_msg() returns.
 */
int zmq_batch_recv(struct zmq_sock *zsk, struct msghdr *m, size_t len,
		   int flags)
{
	long timeo = sock_rcvtimeo(&zsk->sk, flags & MSG_DONTWAIT);
	bool waits = false;
	size_t got = 0;
	int err;

	if (flags & MSG_PEEK || !zmq_batch_possible(zsk))
		return -EOPNOTSUPP;
	do {
		err = zmq_batch_round(zsk, &m->msg_iter, len - got, &got,
				      &waits, timeo);
		if (err == -EAGAIN && !got)
			err = zmq_recv_wait(zsk, &timeo);
	} while (!err && (waits || got < len) &&
		 !(got && signal_pending(current)));
	if (!got)
		return err;
	m->msg_flags |= MSG_EOR;
	return got;
}
