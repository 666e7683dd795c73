// SPDX-License-Identifier: GPL-2.0
/* Sending: from sendmsg(2) to the pipes. */
#include <linux/sched/signal.h>
#include "batch.h"
#include "conn.h"
#include "inproc.h"
#include "net.h"
#include "ring.h"
#include "type.h"

/* Throw a message in assembly away. */
void zmq_send_reset(struct zmq_asm *msg)
{
	zmq_segq_free(&msg->q);
	if (msg->pipe)
		zmq_pipe_put(msg->pipe);
	memset(msg, 0, sizeof(*msg));
}

/* Copy @len bytes to the chunks behind what is there. */
static int zmq_send_copy(struct zmq_sock *zsk, struct zmq_segq *q,
			 struct iov_iter *from, size_t len)
{
	while (len) {
		u32 room = zmq_chunk_reserve(&zsk->tx_pool, 1, true,
					     GFP_KERNEL_ACCOUNT);
		u32 n = min_t(size_t, room, len);

		if (!room)
			return -ENOBUFS;
		if (copy_from_iter(zmq_chunk_ptr(&zsk->tx_pool), n, from) != n)
			return -EFAULT;
		if (zmq_chunk_commit(&zsk->tx_pool, n, q, GFP_KERNEL_ACCOUNT))
			return -ENOBUFS;
		len -= n;
	}
	return 0;
}

/*
 * Append one part as a frame.  A failure leaves the message as it was: the
 * frame is complete in kernel memory before anyone can see it.
 */
static int zmq_send_frame(struct zmq_sock *zsk, struct zmq_asm *msg,
			  struct iov_iter *from, size_t len, bool more)
{
	u32 hdr = zmq_zmtp_hdr_size(len);
	u32 need = hdr + min_t(size_t, len, ZMQ_SEND_WHOLE);
	u64 mark = msg->q.bytes;
	u32 room, n;
	int err;
	u8 *p;

	room = zmq_chunk_reserve(&zsk->tx_pool, need, len > ZMQ_SEND_WHOLE,
				 GFP_KERNEL_ACCOUNT);
	if (!room)
		return -ENOBUFS;
	p = zmq_chunk_ptr(&zsk->tx_pool);
	zmq_zmtp_hdr_encode(p, more ? ZMQ_ZMTP_MORE : 0, len);
	n = min_t(size_t, len, room - hdr);
	if (copy_from_iter(p + hdr, n, from) != n)
		return -EFAULT;
	if (zmq_chunk_commit(&zsk->tx_pool, hdr + n, &msg->q,
			     GFP_KERNEL_ACCOUNT))
		return -ENOBUFS;
	err = zmq_send_copy(zsk, &msg->q, from, len - n);
	if (err) {
		zmq_segq_cut(&msg->q, msg->q.bytes - mark);
		return err;
	}
	if (!msg->parts)
		msg->first = len;
	msg->parts++;
	msg->bytes += len;
	return 0;
}

/* Append a part of @len bytes of kernel memory at @from; -ENOBUFS. */
static int zmq_send_append_iter(struct zmq_sock *zsk, struct zmq_asm *msg,
				struct iov_iter *from, u32 len, bool more)
{
	sock_owned_by_me(&zsk->sk);
	return zmq_send_frame(zsk, msg, from, len, more);
}

/**
 * zmq_send_append - append a part of our own to a message
 * @zsk: the socket
 * @msg: the message
 * @data: the part
 * @len: bytes in it
 * @more: it is not the last one
 *
 * Context: lock_sock(zsk) held.
 * Return: 0 or -ENOBUFS.
 */
int zmq_send_append(struct zmq_sock *zsk, struct zmq_asm *msg, const u8 *data,
		    u32 len, bool more)
{
	struct kvec vec = {
		.iov_base = (void *)data,
		.iov_len = len,
	};
	struct iov_iter from;

	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, len);
	return zmq_send_append_iter(zsk, msg, &from, len, more);
}

/* Append a subscription or its end as a message: 1 or 0 and the topic; -ENOBUFS. */
int zmq_send_append_sub(struct zmq_sock *zsk, struct zmq_asm *msg,
			const u8 *topic, size_t len, bool on)
{
	u8 first = on;
	struct kvec vec[] = {
		{ .iov_base = &first, .iov_len = 1 },
		{ .iov_base = (void *)topic, .iov_len = len },
	};
	struct iov_iter from;

	iov_iter_kvec(&from, ITER_SOURCE, vec, ARRAY_SIZE(vec), len + 1);
	return zmq_send_append_iter(zsk, msg, &from, len + 1, false);
}

/* Append whole frames of ours, PAGE_SIZE at most; -ENOBUFS. */
int zmq_send_raw(struct zmq_sock *zsk, struct zmq_asm *msg, const u8 *frames,
		 u32 len)
{
	sock_owned_by_me(&zsk->sk);
	if (!zmq_chunk_reserve(&zsk->tx_pool, len, false, GFP_KERNEL_ACCOUNT))
		return -ENOBUFS;
	memcpy(zmq_chunk_ptr(&zsk->tx_pool), frames, len);
	return zmq_chunk_commit(&zsk->tx_pool, len, &msg->q,
				GFP_KERNEL_ACCOUNT) ? -ENOBUFS : 0;
}

/* Append what was received by reference: an skb is copied, it cannot be sent. */
static int zmq_send_skb(struct zmq_sock *zsk, struct zmq_asm *msg,
			const struct zmq_seg *seg)
{
	u32 off, n;

	for (off = 0; off < seg->len; off += n) {
		n = zmq_chunk_reserve(&zsk->tx_pool, 1, true,
				      GFP_KERNEL_ACCOUNT);
		if (!n)
			return -ENOBUFS;
		n = min(n, seg->len - off);
		zmq_seg_copy(seg, off, n, zmq_chunk_ptr(&zsk->tx_pool));
		if (zmq_chunk_commit(&zsk->tx_pool, n, &msg->q,
				     GFP_KERNEL_ACCOUNT))
			return -ENOBUFS;
	}
	return 0;
}

static int zmq_send_seg(struct zmq_sock *zsk, struct zmq_asm *msg,
			const struct zmq_seg *seg)
{
	if (zmq_seg_is_skb(seg))
		return zmq_send_skb(zsk, msg, seg);
	zmq_seg_get(seg);
	if (!zmq_segq_push(&msg->q, seg, GFP_KERNEL_ACCOUNT))
		return 0;
	zmq_seg_put(seg);
	return -ENOBUFS;
}

/**
 * zmq_send_frames - append whole frames that were received
 * @zsk: the socket
 * @msg: the message, nothing in it yet
 * @q: the frames; stays as it is
 *
 * Context: lock_sock(zsk) held.
 * Return: 0, or -ENOBUFS and @msg is empty.
 */
int zmq_send_frames(struct zmq_sock *zsk, struct zmq_asm *msg,
		    const struct zmq_segq *q)
{
	const struct zmq_segblk *blk;
	int i, err = 0;

	sock_owned_by_me(&zsk->sk);
	for (blk = q->head; blk && !err; blk = blk->next)
		for (i = blk->first; i < blk->end && !err; i++)
			err = zmq_send_seg(zsk, msg, &blk->seg[i]);
	if (err)
		zmq_send_reset(msg);
	return err;
}

/**
 * zmq_send_release - release_sock() and flush
 * @zsk: the socket, locked
 *
 * The sender itself pushes what it appended into the lower sockets.  Others
 * can append meanwhile; what they add to a pipe being flushed goes along.
 */
void zmq_send_release(struct zmq_sock *zsk)
{
	struct zmq_pipe *one = zmq_coalesce_one(zsk);
	u64 start = zsk->co.burst.now;

	zsk->co.burst.now = 0;
	zsk->co.urgent = false;
	release_sock(&zsk->sk);
	zmq_coalesce_flush(zsk, one, start);
}

/* The same after messages, which may wait for more; MSG_EOR: they may not. */
void zmq_send_done(struct zmq_sock *zsk, int flags)
{
	bool later = zmq_coalesce_later(zsk, flags & MSG_EOR);

	zmq_ring_after(zsk);
	if (later)
		release_sock(&zsk->sk);
	else
		zmq_send_release(zsk);
}

static int zmq_send_wake(struct wait_queue_entry *wait, unsigned int mode,
			 int sync, void *key)
{
	if (key && !(key_to_poll(key) & (EPOLLOUT | EPOLLERR)))
		return 0;
	return autoremove_wake_function(wait, mode, sync, key);
}

/*
 * Sleep until a pipe may have room: until zsk->wr_seq is not @seq any more.
 * The lock is released meanwhile.
 */
int zmq_send_wait(struct zmq_sock *zsk, u32 seq, long *timeo)
{
	struct sock *sk = &zsk->sk;
	DEFINE_WAIT_FUNC(wait, zmq_send_wake);
	int err = 0;

	if (!*timeo)
		return -EAGAIN;
	zmq_send_release(zsk);
	prepare_to_wait(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
	if (READ_ONCE(zsk->wr_seq) == seq && !READ_ONCE(zsk->shutdown))
		*timeo = schedule_timeout(*timeo);
	finish_wait(sk_sleep(sk), &wait);
	if (signal_pending(current))
		err = READ_ONCE(zsk->eintr) ? -EINTR : sock_intr_errno(*timeo);
	lock_sock(sk);
	return err;
}

/* Begin a message.  Return: as zmq_type.send_begin, after waiting. */
static int zmq_send_begin(struct zmq_sock *zsk, struct msghdr *msg,
			  const struct zmq_cmsg *cmsg, size_t len, bool more,
			  long *timeo)
{
	int err;
	u32 seq;

	if (!zsk->type->send_begin)
		return 0;
	for (;;) {
		seq = READ_ONCE(zsk->wr_seq);
		if (READ_ONCE(zsk->shutdown))
			return -ESHUTDOWN;
		err = zmq_ring_before(zsk);
		if (zsk->asm_msg.open)
			return 0;
		zsk->asm_msg.cmsg = cmsg;
		if (!err)
			err = zsk->type->send_begin(zsk, &msg->msg_iter, len,
						    more);
		zsk->asm_msg.cmsg = NULL;
		if (err != -EAGAIN)
			return err;
		err = zmq_send_wait(zsk, seq, timeo);
		if (err)
			return err;
		/* Somebody else's message may have begun meanwhile. */
		if (zsk->asm_msg.open)
			return 0;
	}
}

/*
 * Hand a whole message over.  While this waits the message is out of the
 * socket, so that others can send theirs.
 */
static int zmq_send_commit(struct zmq_sock *zsk, struct zmq_asm *msg,
			   long *timeo)
{
	u64 bytes = msg->bytes;
	int peers, err;
	u32 seq;

	for (;;) {
		seq = READ_ONCE(zsk->wr_seq);
		if (READ_ONCE(zsk->shutdown))
			return -ESHUTDOWN;
		peers = zsk->type->send(zsk, msg);
		if (peers >= 0)
			break;
		if (peers != -EAGAIN)
			return peers;
		err = zmq_send_wait(zsk, seq, timeo);
		if (err)
			return err;
	}
	if (peers)
		zmq_send_count(zsk, 1, bytes);
	return 0;
}

/* A message is gone: its empty block serves the next one. */
void zmq_send_recycle(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	if (msg->q.head == msg->q.tail)
		zmq_segq_trim(&msg->q, msg->q.bytes);
	if (!msg->q.nsegs && !zsk->asm_msg.q.head) {
		zsk->asm_msg.q = msg->q;
		zmq_segq_init(&msg->q);
	}
	zmq_send_reset(msg);
}

/*
 * A message is gone from where it was put together.  Written out: most go this
 * way, and it is large to be cleared as a whole.
 */
static void zmq_send_clear(struct zmq_asm *msg)
{
	if (msg->q.head != msg->q.tail)
		zmq_segq_free(&msg->q);
	else if (msg->q.nsegs)
		zmq_segq_trim(&msg->q, msg->q.bytes);
	if (msg->pipe) {
		zmq_pipe_put(msg->pipe);
		msg->pipe = NULL;
	}
	msg->open = false;
	msg->drop = false;
	msg->last = false;
	msg->parts = 0;
	msg->bytes = 0;
	msg->first = 0;
	msg->peers = 0;
}

/* The parts before stay; the user may send the last again. */
static void zmq_send_back(struct zmq_asm *msg, u64 mark)
{
	zmq_segq_cut(&msg->q, msg->q.bytes - mark);
	msg->parts--;
}

/* No peer takes the message now: wait, with the message out of the socket. */
static int zmq_send_later(struct zmq_sock *zsk, u64 mark, long *timeo)
{
	struct zmq_asm msg = zsk->asm_msg;
	int err;

	memset(&zsk->asm_msg, 0, sizeof(zsk->asm_msg));
	err = zmq_send_commit(zsk, &msg, timeo);
	if (err && mark && !zsk->asm_msg.open) {
		zmq_send_back(&msg, mark);
		zsk->asm_msg = msg;
		return err;
	}
	zmq_send_recycle(zsk, &msg);
	return err;
}

/* The last part is in. */
static int zmq_send_last(struct zmq_sock *zsk, u64 mark, long *timeo)
{
	struct zmq_asm *msg = &zsk->asm_msg;
	int peers = zsk->type->send(zsk, msg);

	if (peers == -EAGAIN)
		return zmq_send_later(zsk, mark, timeo);
	if (peers < 0 && mark) {
		zmq_send_back(msg, mark);
		return peers;
	}
	if (peers > 0)
		zmq_send_count(zsk, 1, msg->bytes);
	zmq_send_clear(msg);
	return min(peers, 0);
}

static int zmq_send_part(struct zmq_sock *zsk, struct msghdr *m,
			 const struct zmq_cmsg *cmsg, size_t len, bool more,
			 long *timeo)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	struct zmq_asm *msg = &zsk->asm_msg;
	u64 mark, bytes;
	int err;

	if (zsk->type->two_part && more == msg->open)
		return -EINVAL;
	if (!msg->open) {
		err = zmq_send_begin(zsk, m, cmsg, len, more, timeo);
		if (err < 0)
			return err;
		if (err > 0) {
			msg->open = more;
			if (!more)
				zmq_send_reset(msg);
			return 0;
		}
	}
	if (READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	more = more && !msg->last;
	mark = msg->open ? msg->q.bytes : 0;
	bytes = msg->bytes;
	if (!msg->drop) {
		if (msg->bytes + len > READ_ONCE(znet->msg_max) ||
		    msg->parts >= READ_ONCE(znet->parts_max))
			err = -EMSGSIZE;
		else
			err = zmq_send_frame(zsk, msg, &m->msg_iter, len, more);
		if (err) {
			if (!msg->open)
				zmq_send_reset(msg);
			return err;
		}
	}
	msg->open = true;
	if (more)
		return 0;
	if (msg->drop) {
		zmq_send_reset(msg);
		return 0;
	}
	err = zmq_send_last(zsk, mark, timeo);
	if (err && zsk->asm_msg.open)
		zsk->asm_msg.bytes = bytes;
	return err;
}

/**
 * zmq_send_kernel - send a whole message of the kernel's
 * @zsk: the socket
 * @parts: its parts
 * @n: how many
 *
 * Never waits.  Context: process; no lock of any socket held.
 * Return: 0; -EAGAIN: no peer takes it now; -EBUSY: the user is in the midst
 * of a message; -ESHUTDOWN; -ENOBUFS, -EMSGSIZE.
 */
int zmq_send_kernel(struct zmq_sock *zsk, struct kvec *parts, int n)
{
	struct zmq_cmsg cmsg = {};
	long timeo = 0;
	int err = 0;
	int i;

	lock_sock(&zsk->sk);
	if (zsk->closing)
		err = -ESHUTDOWN;
	else if (zsk->asm_msg.open)
		err = -EBUSY;
	if (err)
		goto out;
	for (i = 0; i < n && !err; i++) {
		struct msghdr m = {};

		iov_iter_kvec(&m.msg_iter, ITER_SOURCE, &parts[i], 1,
			      parts[i].iov_len);
		err = zmq_send_part(zsk, &m, &cmsg, parts[i].iov_len,
				    i + 1 < n, &timeo);
	}
	if (err)
		zmq_send_reset(&zsk->asm_msg);
out:
	zmq_send_release(zsk);
	return err;
}

/**
 * zmq_send_msg - proto_ops.sendmsg: one part
 * @sock: the socket
 * @m: MSG_MORE: not the last part; MSG_DONTWAIT; control data, see cmsg.c
 * @len: bytes
 *
 * Return: @len; or -EAGAIN, -EINTR, -EFAULT, -EMSGSIZE (net.zmq.msg_max),
 * -ENOBUFS, -EOPNOTSUPP (this type does not send), -EBADFD (not its turn),
 * -EINVAL (control data, or parts, that this type does not have),
 * -EHOSTUNREACH (ROUTER_MANDATORY), -ESHUTDOWN.
 */
int zmq_send_msg(struct socket *sock, struct msghdr *m, size_t len)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	int flags = m->msg_flags;
	struct zmq_cmsg cmsg;
	long timeo;
	int err;

	if (!zsk->type->sends ||
	    flags & (MSG_OOB | ZMQ_COMPAT_MSG_SPLICE_PAGES))
		return -EOPNOTSUPP;
	if (m->msg_namelen)
		return -EISCONN;
	if (zmq_batch_wanted(zsk, flags))
		return zmq_batch_send(zsk, m, len);
	if (len > READ_ONCE(zmq_net(sock_net(sock->sk))->msg_max))
		return -EMSGSIZE;
	if (flags & MSG_MORE && zsk->type->single_part)
		return -EINVAL;
	err = zmq_cmsg_parse(m, zsk->type->cmsg, &cmsg);
	if (err)
		return err;
	lock_sock(sock->sk);
	timeo = sock_sndtimeo(sock->sk, flags & MSG_DONTWAIT);
	err = zmq_send_part(zsk, m, &cmsg, len, flags & MSG_MORE, &timeo);
	zmq_send_done(zsk, flags);
	return err ?: len;
}
