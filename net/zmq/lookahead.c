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
/* Messages of several peers that are looked at by one call. */
#define ZMQ_LOOKAHEAD_RUNS	64
/* Pipes whose parsers the call itself lets go on. */
#define ZMQ_LOOKAHEAD_RESUMES	8

/**
 * struct zmq_lookahead_place - how far a pipe was looked at
 * @pipe: the pipe
 * @cur: its next message
 * @off: bytes before that
 * @left: messages from there on that may be looked at
 * @credit: of how many the last gives credit to the sender
 */
struct zmq_lookahead_place {
	struct zmq_pipe		*pipe;
	struct zmq_segcur	cur;
	u32			off;
	u32			left;
	u32			credit;
};

/**
 * struct zmq_lookahead - looking at messages of several peers
 * @run: what was told last, a message each
 * @place: pipes in the order of the fair queue; used during a call
 *
 * Also of one peer's, where a routing id comes before each message.
 *
 * All of it under rx_lock.
 */
struct zmq_lookahead {
	struct zmq_lookahead_run	run[ZMQ_LOOKAHEAD_RUNS];
	struct zmq_lookahead_place	place[ZMQ_LOOKAHEAD_RUNS];
};

/**
 * struct zmq_lookahead_resumes - pipes that go on when rx_lock is released
 * @pipe: them, with a reference each
 * @n: how many
 */
struct zmq_lookahead_resumes {
	struct zmq_pipe	*pipe[ZMQ_LOOKAHEAD_RESUMES];
	u32		n;
};

/* Can messages of this type be taken without the type noticing? */
static bool zmq_lookahead_possible(const struct zmq_sock *zsk)
{
	const struct zmq_type *type = zsk->type;

	return type->receives && zmq_batch_possible(zsk) &&
	       !type->recv_check && !type->recv_end &&
	       (!type->recv_begin || type->rechecks);
}

/* May a pipe's messages be looked at before they are received? */
static bool zmq_lookahead_plain(const struct zmq_pipe *pipe)
{
	return !pipe->recheck && !pipe->conflate;
}

/* Is there a sender that waits, or a parser that stopped, for lack of room? */
static bool zmq_lookahead_full(const struct zmq_pipe *pipe)
{
	return pipe->peer ? zmq_inproc_full(pipe->peer, pipe) :
			    zmq_pipe_rx_full(pipe, 0);
}

/* Copy messages of the only pipe that has any. */
static void zmq_lookahead_look_one(struct zmq_sock *zsk, struct zmq_pipe *pipe,
				   struct zmq_af_lookahead *look, u8 *to,
				   u32 room)
{
	struct zmq_segcur cur;
	u64 next, body = 0;
	u32 left, max;

	lockdep_assert_held(&zsk->rx_lock);
	if (!zmq_lookahead_plain(pipe) || (zsk->rx_cur && zsk->rx_cur != pipe))
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
	zsk->look.one.pipe = pipe;
	zsk->look.one.msgs = look->count;
	zsk->look.one.bytes = look->bytes;
	zsk->look.runs = 1;
	zsk->look.peers = false;
}

/* A pipe takes part in a look; false: what comes from here on cannot. */
static bool zmq_lookahead_add_pipe(struct zmq_sock *zsk, struct zmq_pipe *pipe,
				   u32 *n)
{
	struct zmq_lookahead_place *place;

	if (*n == ZMQ_LOOKAHEAD_RUNS || !zmq_lookahead_plain(pipe))
		return false;
	place = &zsk->look.many->place[(*n)++];
	place->pipe = pipe;
	zmq_segcur_init(&place->cur, &pipe->rxq);
	place->off = 0;
	place->left = min_t(u64, zmq_hwm_queued(&pipe->rx), ZMQ_LOOKAHEAD_RUNS);
	place->credit = zmq_hwm_unreported(&pipe->rx);
	return true;
}

/*
 * The pipes in the order in which they are read: the one whose message is being
 * read comes first, wherever it is in the queue.
 * Return: true: these are all.
 */
static bool zmq_lookahead_add_pipes(struct zmq_sock *zsk, u32 *n)
{
	struct zmq_pipe *pipe = zsk->rx_cur;

	lockdep_assert_held(&zsk->rx_lock);
	*n = 0;
	if (pipe && !zmq_lookahead_add_pipe(zsk, pipe, n))
		return false;
	list_for_each_entry(pipe, &zsk->fq, fq_node)
		if (pipe != zsk->rx_cur &&
		    !zmq_lookahead_add_pipe(zsk, pipe, n))
			return false;
	return true;
}

/* Was the routing id of the message read that is first in @pipe? */
static bool zmq_lookahead_begun(const struct zmq_sock *zsk,
				const struct zmq_pipe *pipe)
{
	lockdep_assert_held(&zsk->rx_lock);
	return zsk->rx_cur == pipe && zsk->rx_started && !zsk->rx_prefix;
}

/* Write the routing id as a message's first part. */
static void zmq_lookahead_prefix(const struct zmq_pipe *pipe, u8 *to)
{
	u32 hdr = zmq_zmtp_hdr_encode(to, ZMQ_ZMTP_MORE, pipe->id_len);

	memcpy(to + hdr, pipe->id, pipe->id_len);
}

/* Copy a pipe's next message, behind its number.  False: look no further. */
static bool zmq_lookahead_add(struct zmq_sock *zsk,
			      struct zmq_lookahead_place *place,
			      struct zmq_af_lookahead *look, u8 *to, u32 room)
{
	struct zmq_pipe *pipe = place->pipe;
	bool prefix = zsk->type->prefixes &&
		      (place->off || !zmq_lookahead_begun(zsk, pipe));
	struct zmq_lookahead_run *run;
	u32 front = sizeof(u32);
	u64 next, body = 0;

	if (look->count == min_t(u32, look->max, ZMQ_LOOKAHEAD_RUNS))
		return false;
	next = zmq_segcur_msg(&place->cur, &body);
	if (prefix)
		front += zmq_zmtp_hdr_size(pipe->id_len) + pipe->id_len;
	if (next > look->size_max || next + front > room - look->bytes)
		return false;
	to += look->bytes;
	put_unaligned(zmq_meta_id(pipe), (u32 *)to);
	if (prefix)
		zmq_lookahead_prefix(pipe, to + sizeof(u32));
	zmq_segq_peek(&pipe->rxq, place->off, next, to + front);
	run = &zsk->look.many->run[look->count++];
	run->pipe = pipe;
	run->msgs = 1;
	run->bytes = next;
	look->bytes += front + next;
	place->off += next;
	place->left--;
	place->credit--;
	if (!place->credit || zmq_lookahead_full(pipe))
		look->flags |= ZMQ_AF_LOOKAHEAD_PROMPT;
	return place->credit;
}

/* One message of each pipe in turn, as the fair queue gives them. */
static void zmq_lookahead_look_peers(struct zmq_sock *zsk,
				     struct zmq_af_lookahead *look, u8 *to,
				     u32 room)
{
	struct zmq_lookahead_place *place = zsk->look.many->place;
	bool all, more;
	u32 n, i;

	all = zmq_lookahead_add_pipes(zsk, &n);
	do {
		more = false;
		for (i = 0; i < n; i++) {
			if (!place[i].left)
				continue;
			if (!zmq_lookahead_add(zsk, &place[i], look, to, room))
				goto out;
			more = more || place[i].left;
		}
	} while (all && more);
out:
	if (!look->count)
		return;
	look->flags |= ZMQ_AF_LOOKAHEAD_PEERS;
	zsk->look.runs = look->count;
	zsk->look.peers = true;
}

/* Copy messages to @to, where there is @room; rx_lock held. */
static void zmq_lookahead_look(struct zmq_sock *zsk,
			       struct zmq_af_lookahead *look, u8 *to, u32 room,
			       bool peers)
{
	lockdep_assert_held(&zsk->rx_lock);
	if (list_empty(&zsk->fq) || !list_empty(&zsk->rx_held))
		return;
	if (list_is_singular(&zsk->fq) && !zsk->type->prefixes)
		zmq_lookahead_look_one(zsk, list_first_entry(&zsk->fq,
							     struct zmq_pipe,
							     fq_node),
				       look, to, room);
	else if (peers && zsk->look.many)
		zmq_lookahead_look_peers(zsk, look, to, room);
}

static struct zmq_lookahead_run *zmq_lookahead_runs(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->rx_lock);
	return zsk->look.peers ? zsk->look.many->run : &zsk->look.one;
}

/* Bytes of @n messages that @cur is at, which it goes beyond. */
static u64 zmq_lookahead_msgs(struct zmq_segcur *cur, u32 n)
{
	u64 bytes = 0, body = 0;

	while (n--)
		bytes += zmq_segcur_msg(cur, &body);
	return bytes;
}

/*
 * Bytes of @n parts that @cur is at; the first may be a routing id, which is not
 * in the queue.  False: one of them is a message's last.
 */
static bool zmq_lookahead_parts(struct zmq_segcur *cur, u32 n, bool prefix,
				u64 *bytes)
{
	struct zmq_zmtp_hdr hdr;

	*bytes = 0;
	for (n -= prefix; n; n--) {
		zmq_segcur_header(cur, &hdr);
		if (!(hdr.flags & ZMQ_ZMTP_MORE))
			return false;
		*bytes += hdr.size + hdr.len;
		zmq_segcur_skip(cur, hdr.size + hdr.len);
	}
	return true;
}

/*
 * What is behind the first @taken messages that were looked at: *@pipe, where
 * @cur is at it; NULL: it is gone with its peer.  False: nothing is.
 */
static bool zmq_lookahead_at(struct zmq_sock *zsk, u32 taken,
			     struct zmq_pipe **pipe, struct zmq_segcur *cur)
{
	const struct zmq_lookahead_run *run = zmq_lookahead_runs(zsk);
	u32 i, j;

	for (i = 0; i < zsk->look.runs && taken >= run[i].msgs; i++)
		taken -= run[i].msgs;
	if (i == zsk->look.runs)
		return false;
	*pipe = run[i].pipe;
	if (!*pipe)
		return true;
	zmq_segcur_init(cur, &run[i].pipe->rxq);
	for (j = 0; j < i; j++)
		if (run[j].pipe == *pipe)
			zmq_lookahead_msgs(cur, run[j].msgs);
	zmq_lookahead_msgs(cur, taken);
	return true;
}

/*
 * A message of this pipe is taken next, with a reference.  If one is being read,
 * or was found by a poll, it is this one: only reading changes whose turn it is.
 */
static void zmq_lookahead_cur(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	lockdep_assert_held(&zsk->rx_lock);
	if (!zsk->rx_cur) {
		zmq_pipe_get(pipe);
		zsk->rx_cur = pipe;
	}
	WARN_ON_ONCE(zsk->rx_cur != pipe);
}

/* Take whole messages off the front of zsk->rx_cur. */
static void zmq_lookahead_drop(struct zmq_sock *zsk, u64 bytes, u32 msgs,
			       struct zmq_lookahead_resumes *resumes)
{
	struct zmq_pipe *pipe = zsk->rx_cur;
	u32 id;

	lockdep_assert_held(&zsk->rx_lock);
	zsk->rx_cur = NULL;
	if (zsk->look.peers && READ_ONCE(zsk->recvmeta))
		zmq_meta_told(zsk, pipe, &id);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
	pipe->recheck -= min_t(u64, pipe->recheck, msgs);
	WRITE_ONCE(zsk->rx_more, false);
	if (!zmq_pipe_read_done(pipe, msgs)) {
		zmq_pipe_put(pipe);
	} else if (resumes->n < ZMQ_LOOKAHEAD_RESUMES) {
		resumes->pipe[resumes->n++] = pipe;
	} else {
		zmq_pipe_resume(pipe);
		zmq_pipe_put(pipe);
	}
}

/* Begin to read the message of zsk->rx_cur: take parts of it. */
static void zmq_lookahead_begin(struct zmq_sock *zsk, u64 bytes)
{
	struct zmq_pipe *pipe = zsk->rx_cur;
	u32 id;

	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->look.peers && READ_ONCE(zsk->recvmeta))
		zmq_meta_told(zsk, pipe, &id);
	zsk->rx_started = true;
	zsk->rx_prefix = false;
	WRITE_ONCE(zsk->rx_more, true);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
}

static u32 zmq_lookahead_count(const struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->rx_lock);
	return zsk->look.peers || !zsk->look.runs ? zsk->look.runs :
						     zsk->look.one.msgs;
}

/* The user has taken the first @taken of what was looked at. */
static void zmq_lookahead_take_msgs(struct zmq_sock *zsk, u32 taken,
				    struct zmq_lookahead_resumes *resumes)
{
	const struct zmq_lookahead_run *run = zmq_lookahead_runs(zsk);
	struct zmq_segcur cur;
	u64 bytes;
	u32 n;

	for (; taken; taken -= n, run++) {
		n = min(taken, run->msgs);
		if (!run->pipe) {
			zsk->rx_meta_gone = zsk->look.peers;
			continue;
		}
		bytes = run->bytes;
		if (n < run->msgs) {
			zmq_segcur_init(&cur, &run->pipe->rxq);
			bytes = zmq_lookahead_msgs(&cur, n);
		}
		zmq_lookahead_cur(zsk, run->pipe);
		zmq_lookahead_drop(zsk, bytes, n, resumes);
	}
}

/*
 * The user has taken some of what was looked at last, which is out of date then.
 * Return: 0; -ESTALE; -EINVAL.
 */
static int zmq_lookahead_take(struct zmq_sock *zsk,
			      const struct zmq_af_lookahead *look,
			      struct zmq_lookahead_resumes *resumes)
{
	u32 count = zmq_lookahead_count(zsk);
	struct zmq_pipe *pipe = NULL;
	struct zmq_segcur cur;
	u64 bytes = 0;
	int err = 0;

	if (!look->taken && !look->parts)
		goto out;
	if (!count)
		err = -ESTALE;
	else if (look->taken > count)
		err = -EINVAL;
	if (!err && look->parts &&
	    (!zmq_lookahead_at(zsk, look->taken, &pipe, &cur) ||
	     (pipe &&
	      !zmq_lookahead_parts(&cur, look->parts, zsk->type->prefixes &&
				   (look->taken ||
				    !zmq_lookahead_begun(zsk, pipe)), &bytes))))
		err = -EINVAL;
	if (!err)
		zmq_lookahead_take_msgs(zsk, look->taken, resumes);
	if (!err && look->parts && !pipe)
		zsk->rx_meta_gone = zsk->look.peers;
	if (!err && pipe) {
		zmq_lookahead_cur(zsk, pipe);
		zmq_lookahead_begin(zsk, bytes);
	}
out:
	zmq_lookahead_end(zsk);
	return err;
}

/*
 * Both halves of a call; @to: room for what is looked at; @peers: at messages of
 * several peers, too.
 */
static int zmq_lookahead_run(struct zmq_sock *zsk,
			     struct zmq_af_lookahead *look, u8 *to, u32 room,
			     bool peers)
{
	struct zmq_lookahead_resumes resumes = {};
	bool wake;
	int err;
	u32 i;

	spin_lock_bh(&zsk->rx_lock);
	err = zmq_lookahead_take(zsk, look, &resumes);
	if (!err && !resumes.n && room)
		zmq_lookahead_look(zsk, look, to, room, peers);
	wake = zsk->rx_waiters && zmq_recv_ready(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (wake)
		zsk->sk.sk_data_ready(&zsk->sk);
	if (!resumes.n)
		return err;
	for (i = 0; i < resumes.n; i++)
		zmq_recv_resume(resumes.pipe[i]);
	spin_lock_bh(&zsk->rx_lock);
	if (room)
		zmq_lookahead_look(zsk, look, to, room, peers);
	spin_unlock_bh(&zsk->rx_lock);
	return 0;
}

/* Have what looking at several peers' messages needs; without it one is. */
static void zmq_lookahead_make(struct zmq_sock *zsk)
{
	struct zmq_lookahead *many;

	if (READ_ONCE(zsk->look.many) || list_empty_careful(&zsk->fq) ||
	    (list_is_singular(&zsk->fq) && !zsk->type->prefixes))
		return;
	many = kmalloc(sizeof(*many), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!many)
		return;
	spin_lock_bh(&zsk->rx_lock);
	if (!zsk->look.many) {
		WRITE_ONCE(zsk->look.many, many);
		many = NULL;
	}
	spin_unlock_bh(&zsk->rx_lock);
	/* Another call was faster. */
	kfree(many);
}

/* What a pipe has is dropped: who took some of it has had it; rx_lock held. */
void zmq_lookahead_forget(struct zmq_pipe *pipe)
{
	struct zmq_lookahead_run *run = zmq_lookahead_runs(pipe->zsk);
	u32 i;

	for (i = 0; i < pipe->zsk->look.runs; i++)
		if (run[i].pipe == pipe)
			run[i].pipe = NULL;
}

/* Nobody uses the socket any more. */
void zmq_lookahead_free(struct zmq_sock *zsk)
{
	kfree(zsk->look.many);
}

/**
 * zmq_lookahead_get - getsockopt(ZMQ_AF_LOOKAHEAD)
 * @zsk: the socket
 * @val: struct zmq_af_lookahead and room behind it
 * @optlen: bytes there; gets how many were used
 *
 * Never waits.
 *
 * Return: 0; -EINVAL: no room for the struct, unknown flags, or more taken than
 * was looked at; -ESTALE: something else has taken messages meanwhile;
 * -EOPNOTSUPP: not for this type; -ENOMEM; -EFAULT.
 */
int zmq_lookahead_get(struct zmq_sock *zsk, char __user *val,
		      int __user *optlen)
{
	struct zmq_af_lookahead look;
	u8 *to = NULL;
	u32 room = 0;
	int len, err;
	bool peers;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)sizeof(look))
		return -EINVAL;
	if (copy_from_user(&look, val, sizeof(look)))
		return -EFAULT;
	if (look.flags & ~ZMQ_AF_LOOKAHEAD_PEERS)
		return -EINVAL;
	if (!zmq_lookahead_possible(zsk))
		return -EOPNOTSUPP;
	peers = look.flags & ZMQ_AF_LOOKAHEAD_PEERS;
	if (look.max)
		room = min_t(u32, len - sizeof(look), ZMQ_LOOKAHEAD_BYTES);
	if (room) {
		to = kmalloc(room, GFP_KERNEL);
		if (!to)
			return -ENOMEM;
		if (peers)
			zmq_lookahead_make(zsk);
	}
	look.count = 0;
	look.bytes = 0;
	look.meta = 0;
	look.flags = 0;
	err = zmq_lookahead_run(zsk, &look, to, room, peers);
	if (!err && (copy_to_user(val, &look, sizeof(look)) ||
		     copy_to_user(val + sizeof(look), to, look.bytes) ||
		     put_user((int)sizeof(look) + (int)look.bytes, optlen)))
		err = -EFAULT;
	kfree(to);
	return err;
}
