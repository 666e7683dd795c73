// SPDX-License-Identifier: GPL-2.0
/* Receiving: from the pipes to recvmsg(2). */
#include <linux/sched/signal.h>
#include "batch.h"
#include "conn.h"
#include "held.h"
#include "inproc.h"
#include "lookahead.h"
#include "meta.h"
#include "type.h"

/**
 * struct zmq_recv_hdr - the part that comes next
 * @len: bytes of its body
 * @more: more parts follow
 * @skip: bytes in front of the body: its header, a group and its header
 * @group_off: where in them the group is
 * @group_len: bytes of the group
 */
struct zmq_recv_hdr {
	u64	len;
	bool	more;
	u16	skip;
	u8	group_off;
	u8	group_len;
};

/**
 * zmq_recv_skip - drop the first message of a pipe
 * @zsk: the socket
 * @pipe: the pipe, which has one
 *
 * Context: rx_lock held.
 */
void zmq_recv_skip(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	u64 bytes = zmq_segq_msg_bytes(&pipe->rxq);

	zmq_lookahead_end(zsk);
	zmq_pipe_get(pipe);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
	atomic64_inc(&zsk->stats.rx_drops);
	/* Resuming the parser is not for here. */
	if (zmq_pipe_read_done(pipe, 1))
		zmq_pipe_resume(pipe);
	zmq_pipe_put(pipe);
}

/* Drop the first @bytes of a message whose reading begins; rx_lock held. */
void zmq_recv_strip(struct zmq_pipe *pipe, u32 bytes)
{
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
}

/* Drop all messages that are there, and the rest of one being read. */
void zmq_recv_skip_all(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe = zsk->rx_cur;

	lockdep_assert_held(&zsk->rx_lock);
	zmq_held_free(&zsk->rx_held);
	zsk->rx_cur = NULL;
	if (pipe) {
		zmq_recv_skip(zsk, pipe);
		zmq_pipe_put(pipe);
	}
	while (!list_empty(&zsk->fq)) {
		pipe = list_first_entry(&zsk->fq, struct zmq_pipe, fq_node);
		zmq_recv_skip(zsk, pipe);
	}
}

/* Without a lock: is there surely nothing to look at? */
static bool zmq_recv_nothing(const struct zmq_sock *zsk)
{
	return list_empty_careful(&zsk->fq) && !READ_ONCE(zsk->rx_cur) &&
	       list_empty_careful(&zsk->rx_held) && !READ_ONCE(zsk->shutdown);
}

/*
 * Begin the next message in fair-queue order, if none is being read.
 * Return: 0: zsk->rx_cur is set; -EAGAIN: none there; -ENOBUFS.
 */
int zmq_recv_begin(struct zmq_sock *zsk)
{
	const struct zmq_type *type = zsk->type;
	struct zmq_pipe *pipe;
	int err;

	lockdep_assert_held(&zsk->rx_lock);
	while (!zsk->rx_cur) {
		pipe = list_first_entry_or_null(&zsk->fq, struct zmq_pipe,
						fq_node);
		if (!pipe)
			return -EAGAIN;
		err = type->recv_begin ? type->recv_begin(zsk, pipe) : 0;
		if (err == -EAGAIN)
			continue;
		if (err)
			return err;
		zmq_pipe_get(pipe);
		zsk->rx_cur = pipe;
		zsk->rx_started = false;
		zsk->rx_prefix = type->prefixes;
	}
	return 0;
}

/* Would a receive not block?  rx_lock held. */
bool zmq_recv_ready(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->rx_cur || !list_empty(&zsk->rx_held))
		return true;
	if (zsk->type->recv_check && zsk->type->recv_check(zsk))
		return false;
	if (list_empty(&zsk->fq))
		return false;
	/* Some types drop messages when they look at them. */
	return !zsk->type->recv_begin || zmq_recv_begin(zsk) != -EAGAIN;
}

/* Header of the part that comes next; a message is being read. */
static void zmq_recv_next_header(struct zmq_sock *zsk, struct zmq_recv_hdr *hdr)
{
	const struct zmq_segq *q = &zsk->rx_cur->rxq;
	struct zmq_zmtp_hdr zmtp;

	memset(hdr, 0, sizeof(*hdr));
	if (zsk->rx_prefix) {
		hdr->len = zsk->rx_cur->id_len;
		hdr->more = true;
		return;
	}
	zmq_segq_header(q, &zmtp);
	if (zsk->type->grouped) {
		/* zmq_type.rx_accept lets nothing else in. */
		hdr->group_off = zmtp.size;
		hdr->group_len = zmtp.len;
		hdr->skip = zmtp.size + zmtp.len;
		zmq_segq_header_at(q, hdr->skip, &zmtp);
	}
	hdr->skip += zmtp.size;
	hdr->len = zmtp.len;
	hdr->more = zmtp.flags & ZMQ_ZMTP_MORE;
}

/**
 * zmq_recv_next_len - FIONREAD: length of the part that comes next
 * @zsk: the socket
 *
 * Return: bytes; 0 if there is none.  With ZMQ_AF_PACKED, of the message.
 */
int zmq_recv_next_len(struct zmq_sock *zsk)
{
	struct zmq_recv_hdr hdr = {};

	if (READ_ONCE(zsk->packed))
		return min_t(u64, zmq_batch_next_len(zsk), INT_MAX);
	spin_lock_bh(&zsk->rx_lock);
	if (!list_empty(&zsk->rx_held))
		hdr.len = zmq_held_first(zsk)->len;
	else if (zmq_recv_ready(zsk) && !zmq_recv_begin(zsk))
		zmq_recv_next_header(zsk, &hdr);
	spin_unlock_bh(&zsk->rx_lock);
	return min_t(u64, hdr.len, INT_MAX);
}

/* Copy a short frame. */
static void zmq_recv_small(struct zmq_pipe *pipe,
			   const struct zmq_recv_hdr *hdr,
			   struct zmq_frame *frame)
{
	zmq_segq_peek(&pipe->rxq, 0, hdr->skip + hdr->len, frame->small);
	frame->is_small = true;
	frame->off = hdr->skip;
	frame->group_off = hdr->group_off;
}

/* A long one is in frame->q: leave the body alone there. */
static void zmq_recv_strip_group(const struct zmq_recv_hdr *hdr,
				 struct zmq_frame *frame)
{
	if (hdr->group_len)
		zmq_segq_peek(&frame->q, hdr->group_off, hdr->group_len,
			      frame->small);
	zmq_segq_trim(&frame->q, hdr->skip);
}

/* Take a frame of @hdr's measure off the front of a pipe; rx_lock held. */
static int zmq_recv_take(struct zmq_pipe *pipe, const struct zmq_recv_hdr *hdr,
			 struct zmq_frame *frame)
{
	u64 bytes = hdr->skip + hdr->len;
	u64 overhead;

	if (bytes <= ZMQ_HELD_SMALL) {
		zmq_recv_small(pipe, hdr, frame);
		overhead = zmq_segq_trim(&pipe->rxq, bytes);
	} else {
		if (zmq_segq_take(&frame->q, &pipe->rxq, bytes,
				  GFP_ATOMIC | __GFP_NOWARN))
			return -ENOBUFS;
		overhead = zmq_segq_overhead(&frame->q);
		zmq_recv_strip_group(hdr, frame);
	}
	zmq_pipe_uncharge(pipe, bytes + overhead);
	return 0;
}

/*
 * The last part of the message being read was taken, and those of @msgs - 1
 * whole messages behind it.
 */
bool zmq_recv_end(struct zmq_sock *zsk, u32 msgs)
{
	struct zmq_pipe *pipe = zsk->rx_cur;

	zsk->rx_cur = NULL;
	if (zsk->type->recv_end)
		zsk->type->recv_end(zsk, pipe);
	return zmq_pipe_read_done(pipe, msgs);
}

/* Have a look at a frame of @hdr's measure; nothing changes; rx_lock held. */
static int zmq_recv_look(struct zmq_pipe *pipe, const struct zmq_recv_hdr *hdr,
			 struct zmq_frame *frame)
{
	u64 bytes = hdr->skip + hdr->len;
	struct zmq_segq front;
	int err;

	if (bytes <= ZMQ_HELD_SMALL) {
		zmq_recv_small(pipe, hdr, frame);
		return 0;
	}
	zmq_segq_init(&front);
	if (zmq_segq_take(&front, &pipe->rxq, bytes,
			  GFP_ATOMIC | __GFP_NOWARN))
		return -ENOBUFS;
	err = zmq_segq_copy(&frame->q, &front, GFP_ATOMIC | __GFP_NOWARN);
	/* Back in front. */
	zmq_segq_move(&front, &pipe->rxq);
	zmq_segq_free(&pipe->rxq);
	pipe->rxq = front;
	if (err)
		return -ENOBUFS;
	zmq_recv_strip_group(hdr, frame);
	return 0;
}

/**
 * zmq_recv_pop - take the next part out
 * @zsk: the socket
 * @frame: the part, to be freed by the caller
 * @len: room the user has
 * @flags: MSG_ZMQ_WHOLE; MSG_PEEK: only look, it is not begun to be read
 * @resume: set to a pipe whose parser should run again, with a reference
 *
 * Context: rx_lock held.
 */
static int zmq_recv_pop(struct zmq_sock *zsk, struct zmq_frame *frame,
			size_t len, int flags, struct zmq_pipe **resume)
{
	struct zmq_recv_hdr hdr;
	struct zmq_pipe *pipe;
	int err;

	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->shutdown)
		return -ESHUTDOWN;
	err = zmq_held_take(zsk, frame, len, flags);
	if (err != -EAGAIN)
		return err;
	if (!zsk->rx_cur && zsk->type->recv_check) {
		err = zsk->type->recv_check(zsk);
		if (err)
			return err;
	}
	err = zmq_recv_begin(zsk);
	if (err)
		return err;
	pipe = zsk->rx_cur;
	zmq_recv_next_header(zsk, &hdr);
	if (flags & MSG_ZMQ_WHOLE && hdr.len > len)
		return -EMSGSIZE;
	frame->len = hdr.len;
	frame->more = hdr.more;
	frame->group_len = hdr.group_len;
	frame->routing_id = pipe->routing_id;
	if (zsk->rx_prefix) {
		frame->is_small = true;
		memcpy(frame->small, pipe->id, pipe->id_len);
	}
	if (flags & MSG_PEEK)
		return zsk->rx_prefix ? 0 : zmq_recv_look(pipe, &hdr, frame);
	zmq_lookahead_end(zsk);
	zsk->rx_started = true;
	if (zsk->rx_prefix)
		zsk->rx_prefix = false;
	else
		err = zmq_recv_take(pipe, &hdr, frame);
	if (err)
		return err;
	if (frame->want_meta)
		frame->tell_meta = zmq_meta_told(zsk, pipe, &frame->meta);
	if (frame->more)
		return 0;
	if (zmq_recv_end(zsk, 1))
		*resume = pipe;
	else
		zmq_pipe_put(pipe);
	return 0;
}

/* Copy the first @len bytes of a part to the user. */
static int zmq_recv_copy(const struct zmq_frame *frame, struct iov_iter *to,
			 size_t len)
{
	const struct zmq_segblk *blk;
	int i, err;

	if (frame->is_small)
		return copy_to_iter(frame->small + frame->off, len, to) == len ?
		       0 : -EFAULT;
	for (blk = frame->q.head; blk && len; blk = blk->next) {
		for (i = blk->first; i < blk->end && len; i++) {
			const struct zmq_seg *seg = &blk->seg[i];
			u32 n = min_t(size_t, len, seg->len);

			err = zmq_seg_copy_to_iter(seg, 0, n, to);
			if (err)
				return err;
			len -= n;
		}
		cond_resched();
	}
	return 0;
}

/* Tell what belongs to a part. */
static void zmq_recv_cmsg(const struct zmq_sock *zsk,
			  const struct zmq_frame *frame, struct msghdr *m)
{
	struct zmq_cmsg cmsg = {
		.given		= zsk->type->cmsg,
		.group_len	= frame->group_len,
		.group		= frame->small + frame->group_off,
		.routing_id	= frame->routing_id,
		.meta		= frame->meta,
	};

	if (!zsk->type->cmsg && !frame->tell_meta)
		return;
	if (!frame->routing_id)
		cmsg.given &= ~ZMQ_CMSG_ROUTING_ID;
	if (frame->tell_meta)
		cmsg.given |= ZMQ_CMSG_META;
	if (cmsg.given)
		zmq_cmsg_put(m, &cmsg);
}

/* Run the parser again that had stopped for want of room, or the sender. */
void zmq_recv_resume(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(pipe);

	if (conn) {
		zmq_stream_read(conn);
		zmq_conn_put(conn);
	} else {
		zmq_inproc_resume(pipe);
	}
	zmq_pipe_put(pipe);
}

static int zmq_recv_wake(struct wait_queue_entry *wait, unsigned int mode,
			 int sync, void *key)
{
	if (key && !(key_to_poll(key) & (EPOLLIN | EPOLLERR)))
		return 0;
	return autoremove_wake_function(wait, mode, sync, key);
}

/* Busy polling (ZMQ_BUSY_POLL): is it over? */
static bool zmq_recv_busy_end(void *arg, unsigned long start)
{
	struct zmq_sock *zsk = arg;
	bool ready;

	spin_lock_bh(&zsk->rx_lock);
	ready = zmq_recv_ready(zsk) || zsk->shutdown;
	spin_unlock_bh(&zsk->rx_lock);
	return ready || zmq_compat_busy_timeout(&zsk->sk, start);
}

/* Found nothing before: is there something now? */
static bool zmq_recv_look_again(struct zmq_sock *zsk)
{
	bool ready;

	if (zmq_recv_nothing(zsk))
		return false;
	spin_lock_bh(&zsk->rx_lock);
	ready = zmq_recv_ready(zsk) || zsk->shutdown;
	spin_unlock_bh(&zsk->rx_lock);
	return ready;
}

/**
 * zmq_recv_wait - sleep until something may be received
 * @zsk: the socket
 * @timeo: jiffies to wait, what is left of them after
 *
 * The caller has counted itself by zmq_recv_waits() under the very rx_lock
 * under which it found nothing, so that others wake it from then on; and will
 * again, unless this fails.
 *
 * Context: process, no lock of ours held.
 * Return: 0: look again; -EAGAIN: *@timeo is 0; -EINTR, -ERESTARTSYS.
 */
int zmq_recv_wait(struct zmq_sock *zsk, long *timeo)
{
	struct sock *sk = &zsk->sk;
	DEFINE_WAIT_FUNC(wait, zmq_recv_wake);
	bool ready;

	zmq_coalesce_block(zsk);
	if (zmq_inproc_pull(zsk))
		return 0;
	if (!*timeo)
		return -EAGAIN;
	zmq_compat_busy_loop(sk, zmq_recv_busy_end, zsk);
	prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
	if (!zmq_recv_look_again(zsk))
		*timeo = schedule_timeout(*timeo);
	finish_wait(sk_sleep(sk), &wait);
	if (!signal_pending(current))
		return 0;
	spin_lock_bh(&zsk->rx_lock);
	zsk->rx_waiters--;
	ready = zmq_recv_ready(zsk) && zsk->rx_waiters;
	spin_unlock_bh(&zsk->rx_lock);
	/* The wake-up may have been meant for us alone: pass it on. */
	if (ready)
		sk->sk_data_ready(sk);
	return READ_ONCE(zsk->eintr) ? -EINTR : sock_intr_errno(*timeo);
}

/* Take the next part out, waiting for it; wake the next receiver. */
static int zmq_recv_next(struct zmq_sock *zsk, struct zmq_frame *frame,
			 size_t len, int flags, long *timeo)
{
	struct zmq_pipe *resume = NULL;
	bool waits = false;
	bool wake;
	int err;

	for (;;) {
		spin_lock_bh(&zsk->rx_lock);
		err = zmq_recv_pop(zsk, frame, len, flags, &resume);
		waits = zmq_recv_waits(zsk, waits, err == -EAGAIN && *timeo);
		if (!err && !(flags & MSG_PEEK))
			WRITE_ONCE(zsk->rx_more, frame->more);
		wake = zsk->rx_waiters && zmq_recv_ready(zsk);
		spin_unlock_bh(&zsk->rx_lock);
		if (err != -EAGAIN)
			break;
		err = zmq_recv_wait(zsk, timeo);
		if (err)
			return err;
	}
	if (wake)
		zsk->sk.sk_data_ready(&zsk->sk);
	if (resume)
		zmq_recv_resume(resume);
	return err;
}

/**
 * zmq_recv_msg - proto_ops.recvmsg: one part
 * @sock: the socket
 * @m: where to; msg_flags says MSG_MORE or MSG_EOR, and MSG_TRUNC
 * @len: room there
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC (return the part's length even if
 *	it is longer), MSG_ZMQ_WHOLE
 *
 * A part that cannot be copied stays to be received again.
 *
 * Return: bytes; or -EAGAIN, -EINTR, -EFAULT, -EMSGSIZE (MSG_ZMQ_WHOLE),
 * -EOPNOTSUPP (this type does not receive), -EBADFD (not its turn),
 * -ESHUTDOWN.
 */
int zmq_recv_msg(struct socket *sock, struct msghdr *m, size_t len, int flags)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	struct zmq_frame frame;
	size_t copied;
	long timeo;
	int err;

	if (!zsk->type->receives || flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;
	if (zmq_batch_wanted(zsk, flags))
		return zmq_batch_recv(zsk, m, len, flags);
	/* All but the buffer. */
	memset(&frame, 0, offsetof(struct zmq_frame, small));
	/* Who has no room for it is not told, but will be. */
	frame.want_meta = READ_ONCE(zsk->recvmeta) && !(flags & MSG_PEEK) &&
			  m->msg_controllen >= CMSG_SPACE(sizeof(frame.meta));
	timeo = sock_rcvtimeo(sock->sk, flags & MSG_DONTWAIT);
	err = zmq_recv_next(zsk, &frame, len, flags, &timeo);
	if (err)
		return err;
	copied = min_t(u64, len, frame.len);
	err = zmq_recv_copy(&frame, &m->msg_iter, copied);
	if (err && !(flags & MSG_PEEK))
		zmq_held_put(zsk, &frame);
	zmq_segq_free(&frame.q);
	if (err)
		return err;
	m->msg_flags |= frame.more ? MSG_MORE : MSG_EOR;
	if (frame.len > len)
		m->msg_flags |= MSG_TRUNC;
	zmq_recv_cmsg(zsk, &frame, m);
	return flags & MSG_TRUNC ? frame.len : copied;
}

/**
 * zmq_recv_purge_pipe - drop what a peer sent, but a message begun to be read
 * @zsk: the socket
 * @pipe: the pipe; the caller has a reference
 */
void zmq_recv_purge_pipe(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	spin_lock_bh(&zsk->rx_lock);
	if (zsk->rx_cur == pipe && !zsk->rx_started) {
		zsk->rx_cur = NULL;
		zmq_pipe_put(pipe);
	}
	if (zsk->rx_cur != pipe)
		zmq_pipe_purge_rx(pipe);
	spin_unlock_bh(&zsk->rx_lock);
}

/* The socket is closed: drop everything received.  Process context. */
void zmq_recv_purge(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe, *next, *cur;
	LIST_HEAD(frames);

	spin_lock_bh(&zsk->rx_lock);
	list_for_each_entry_safe(pipe, next, &zsk->fq, fq_node) {
		zmq_pipe_get(pipe);
		zmq_pipe_purge_rx(pipe);
		zmq_pipe_put(pipe);
	}
	cur = zsk->rx_cur;
	zsk->rx_cur = NULL;
	list_splice_init(&zsk->rx_held, &frames);
	spin_unlock_bh(&zsk->rx_lock);
	if (cur)
		zmq_pipe_put(cur);
	zmq_held_free(&frames);
}
