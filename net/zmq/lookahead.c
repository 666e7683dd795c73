// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at messages ahead of receiving them: getsockopt(ZMQ_AF_LOOKAHEAD).
 *
 * A library copies many messages by one call, hands them out one by one, and
 * tells with the next call how many it has.  Until then they stay queued: polls,
 * marks, a peer that is disconnected see the truth without knowing of this.
 */
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include "batch.h"
#include "inproc.h"
#include "lookahead.h"
#include "meta.h"

/* Bytes looked at by one call; they are copied under rx_lock. */
#define ZMQ_LOOKAHEAD_BYTES	SZ_8K

/* Can messages of this type be taken without the type noticing? */
static bool zmq_lookahead_possible(const struct zmq_sock *zsk)
{
	const struct zmq_type *type = zsk->type;

	return type->receives && zmq_batch_possible(zsk) && !type->prefixes &&
	       !type->recv_check && !type->recv_end &&
	       (!type->recv_begin || type->rechecks);
}

/*
 * Whose messages can be looked at now, or NULL.  With several peers it is the
 * fair queue's business whose comes next.
 */
static struct zmq_pipe *zmq_lookahead_pipe(const struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	if (!list_is_singular(&zsk->fq) || !list_empty(&zsk->rx_held))
		return NULL;
	pipe = list_first_entry(&zsk->fq, struct zmq_pipe, fq_node);
	if (pipe->recheck || pipe->conflate ||
	    (zsk->rx_cur && zsk->rx_cur != pipe))
		return NULL;
	return pipe;
}

/* Is there a sender that waits, or a parser that stopped, for lack of room? */
static bool zmq_lookahead_full(const struct zmq_pipe *pipe)
{
	return pipe->peer ? zmq_inproc_full(pipe->peer, pipe) :
			    zmq_pipe_rx_full(pipe, 0);
}

/* Copy messages to @to, where there is @room; rx_lock held. */
static void zmq_lookahead_look(struct zmq_sock *zsk,
			       struct zmq_af_lookahead *look, u8 *to, u32 room)
{
	struct zmq_pipe *pipe = zmq_lookahead_pipe(zsk);
	struct zmq_segcur cur;
	u64 next, body = 0;
	u32 left, max;

	lockdep_assert_held(&zsk->rx_lock);
	if (!pipe)
		return;
	left = zmq_hwm_unreported(&pipe->rx);
	max = min3((u64)look->max, (u64)left, zmq_hwm_queued(&pipe->rx));
	zmq_segcur_init(&cur, &pipe->rxq);
	while (look->count < max) {
		next = zmq_segcur_msg(&cur, &body);
		if (next > look->size_max || next > room - look->bytes)
			break;
		look->bytes += next;
		look->count++;
	}
	if (!look->count)
		return;
	zmq_segq_peek(&pipe->rxq, 0, look->bytes, to);
	if (look->count == left || zmq_lookahead_full(pipe))
		look->flags |= ZMQ_AF_LOOKAHEAD_PROMPT;
	if (READ_ONCE(zsk->recvmeta) && zmq_meta_told(zsk, pipe, &look->meta))
		look->flags |= ZMQ_AF_LOOKAHEAD_META;
	zsk->look.pipe = pipe;
	zsk->look.msgs = look->count;
	zsk->look.bytes = look->bytes;
}

/* Bytes of @n parts that @cur is at, none of them a message's last; else 0. */
static u64 zmq_lookahead_parts(struct zmq_segcur *cur, u32 n)
{
	struct zmq_zmtp_hdr hdr;
	u64 bytes = 0;

	while (n--) {
		zmq_segcur_header(cur, &hdr);
		if (!(hdr.flags & ZMQ_ZMTP_MORE))
			return 0;
		bytes += hdr.size + hdr.len;
		zmq_segcur_skip(cur, hdr.size + hdr.len);
	}
	return bytes;
}

/* Take whole messages off the front; a reference of the caller's is used up. */
static void zmq_lookahead_drop(struct zmq_pipe *pipe, u64 bytes, u32 msgs,
			       struct zmq_pipe **resume)
{
	struct zmq_sock *zsk = pipe->zsk;

	lockdep_assert_held(&zsk->rx_lock);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
	pipe->recheck -= min_t(u64, pipe->recheck, msgs);
	WRITE_ONCE(zsk->rx_more, false);
	if (zmq_pipe_read_done(pipe, msgs))
		*resume = pipe;
	else
		zmq_pipe_put(pipe);
}

/* Begin to read a message: take parts of it. */
static void zmq_lookahead_begin(struct zmq_pipe *pipe, u64 bytes)
{
	struct zmq_sock *zsk = pipe->zsk;

	lockdep_assert_held(&zsk->rx_lock);
	if (!zsk->rx_cur) {
		zmq_pipe_get(pipe);
		zsk->rx_cur = pipe;
	}
	zsk->rx_started = true;
	zsk->rx_prefix = false;
	WRITE_ONCE(zsk->rx_more, true);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
}

/*
 * The user has taken some of what was looked at last; rx_lock held.
 * Return: 0, *@resume set if that pipe's parser should run again; -ESTALE;
 * -EINVAL.
 */
static int zmq_lookahead_take(struct zmq_sock *zsk,
			      const struct zmq_af_lookahead *look,
			      struct zmq_pipe **resume)
{
	struct zmq_pipe *pipe = zsk->look.pipe;
	u64 bytes = 0, parts = 0, body = 0;
	struct zmq_segcur cur;
	u32 i;

	lockdep_assert_held(&zsk->rx_lock);
	zmq_lookahead_end(zsk);
	if (!look->taken && !look->parts)
		return 0;
	if (!pipe)
		return -ESTALE;
	if (look->taken + !!look->parts > zsk->look.msgs ||
	    look->taken > zsk->look.msgs)
		return -EINVAL;
	if (look->taken == zsk->look.msgs) {
		bytes = zsk->look.bytes;
	} else {
		zmq_segcur_init(&cur, &pipe->rxq);
		for (i = 0; i < look->taken; i++)
			bytes += zmq_segcur_msg(&cur, &body);
		parts = zmq_lookahead_parts(&cur, look->parts);
		if (look->parts && !parts)
			return -EINVAL;
	}
	if (look->taken) {
		/* Begun to be read, or found by a poll. */
		if (!zsk->rx_cur)
			zmq_pipe_get(pipe);
		zsk->rx_cur = NULL;
		/* With parts to be taken it has more than this reference. */
		zmq_lookahead_drop(pipe, bytes, look->taken, resume);
	}
	if (parts)
		zmq_lookahead_begin(pipe, parts);
	return 0;
}

/* Both halves of a call; @to: room for what is looked at. */
static int zmq_lookahead_run(struct zmq_sock *zsk,
			     struct zmq_af_lookahead *look, u8 *to, u32 room)
{
	struct zmq_pipe *resume = NULL;
	bool wake;
	int err;

	spin_lock_bh(&zsk->rx_lock);
	err = zmq_lookahead_take(zsk, look, &resume);
	if (!err && !resume && room)
		zmq_lookahead_look(zsk, look, to, room);
	wake = zsk->rx_waiters && zmq_recv_ready(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (wake)
		zsk->sk.sk_data_ready(&zsk->sk);
	if (!resume)
		return err;
	zmq_recv_resume(resume);
	spin_lock_bh(&zsk->rx_lock);
	if (room)
		zmq_lookahead_look(zsk, look, to, room);
	spin_unlock_bh(&zsk->rx_lock);
	return 0;
}

/**
 * zmq_lookahead_get - getsockopt(ZMQ_AF_LOOKAHEAD)
 * @zsk: the socket
 * @val: struct zmq_af_lookahead and room behind it
 * @optlen: bytes there; gets how many were used
 *
 * Never waits.
 *
 * Return: 0; -EINVAL: no room for the struct, or more taken than was looked at;
 * -ESTALE: something else has taken messages meanwhile; -EOPNOTSUPP: not for
 * this type; -ENOMEM; -EFAULT.
 */
int zmq_lookahead_get(struct zmq_sock *zsk, char __user *val,
		      int __user *optlen)
{
	struct zmq_af_lookahead look;
	u8 *to = NULL;
	u32 room = 0;
	int len, err;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)sizeof(look))
		return -EINVAL;
	if (copy_from_user(&look, val, sizeof(look)))
		return -EFAULT;
	if (!zmq_lookahead_possible(zsk))
		return -EOPNOTSUPP;
	if (look.max)
		room = min_t(u32, len - sizeof(look), ZMQ_LOOKAHEAD_BYTES);
	if (room) {
		to = kmalloc(room, GFP_KERNEL);
		if (!to)
			return -ENOMEM;
	}
	look.count = 0;
	look.bytes = 0;
	look.meta = 0;
	look.flags = 0;
	err = zmq_lookahead_run(zsk, &look, to, room);
	if (!err && (copy_to_user(val, &look, sizeof(look)) ||
		     copy_to_user(val + sizeof(look), to, look.bytes) ||
		     put_user((int)sizeof(look) + (int)look.bytes, optlen)))
		err = -EFAULT;
	kfree(to);
	return err;
}
