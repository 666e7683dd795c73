// SPDX-License-Identifier: GPL-2.0
/*
 * PUB and XPUB (29/PUBSUB).
 *
 * An XPUB's user is told of subscriptions by messages: 1 or 0 and the topic.
 * Such a message is queued in the pipe it came by, like those of the user at
 * the other end, and outlives the pipe.
 */
#include "dist.h"

/* What is to be told about a pipe that goes. */
struct zmq_pub_farewell {
	struct zmq_sock	*zsk;
	struct zmq_asm	notes;
};

static int zmq_pub_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->pub.trie, false);
	zmq_trie_init(&zsk->pub.asked, false);
	return 0;
}

static void zmq_pub_fini(struct zmq_sock *zsk)
{
	zmq_trie_destroy(&zsk->pub.trie);
	zmq_trie_destroy(&zsk->pub.asked);
	zmq_segq_free(&zsk->pub.welcome);
}

/* The pipe of the message received last is another, or NULL; rx_lock held. */
static void zmq_pub_set_last(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	lockdep_assert_held(&zsk->rx_lock);
	if (pipe)
		zmq_pipe_get(pipe);
	swap(zsk->pub.last, pipe);
	if (pipe)
		zmq_pipe_put(pipe);
}

static void zmq_pub_release(struct zmq_sock *zsk)
{
	spin_lock_bh(&zsk->rx_lock);
	zmq_pub_set_last(zsk, NULL);
	spin_unlock_bh(&zsk->rx_lock);
}

/* That pipe if it is still there, with a reference; or NULL. */
static struct zmq_pipe *zmq_pub_get_last(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&zsk->rx_lock);
	pipe = zsk->pub.last;
	if (pipe)
		zmq_pipe_get(pipe);
	spin_unlock_bh(&zsk->rx_lock);
	return pipe;
}

/* Sending */

static void zmq_pub_dist(struct zmq_sock *zsk, struct zmq_dist *d,
			 struct zmq_asm *msg)
{
	*d = (struct zmq_dist) {
		.zsk		= zsk,
		.msg		= msg,
		.inverse	= zsk->opt.invert_matching,
		.nodrop		= zsk->pub.nodrop,
	};
	if (zsk->pub.manual && zsk->pub.last_value)
		d->only = zmq_pub_get_last(zsk);
}

/* @sent: ZMQ_XPUB_MANUAL_LAST_VALUE is for one message. */
static void zmq_pub_dist_end(struct zmq_dist *d, bool sent)
{
	if (!d->only)
		return;
	if (sent)
		zmq_pub_release(d->zsk);
	zmq_pipe_put((struct zmq_pipe *)d->only);
}

/* With ZMQ_XPUB_NODROP a message of several parts waits before its first. */
static int zmq_pub_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
			      size_t len, bool more)
{
	size_t max = min(len, zsk->pub.trie.max_len);
	struct zmq_dist d;
	int err = 0;
	u8 *topic;

	if (!zsk->pub.nodrop || !more)
		return 0;
	topic = kvmalloc(max_t(size_t, max, 1), GFP_KERNEL_ACCOUNT);
	if (!topic)
		return -ENOBUFS;
	if (copy_from_iter(topic, max, from) != max)
		err = -EFAULT;
	else
		iov_iter_revert(from, max);
	if (!err) {
		zmq_pub_dist(zsk, &d, NULL);
		if (zmq_dist_full(&d, topic, max))
			err = -EAGAIN;
		zmq_pub_dist_end(&d, false);
	}
	kvfree(topic);
	return err;
}

/*
 * Topics are matched against the first part, in place if it is in one piece as
 * far as the longest topic reaches.
 */
static int zmq_pub_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	size_t len = min_t(u64, msg->first, zsk->pub.trie.max_len);
	u32 hdr = zmq_zmtp_hdr_size(msg->first);
	const struct zmq_seg *seg = zmq_segq_first(&msg->q);
	struct zmq_dist d;
	const u8 *topic;
	u8 *tmp = NULL;
	bool wait;

	if (seg->len >= hdr + len) {
		topic = zmq_seg_ptr(seg) + hdr;
	} else {
		tmp = kvmalloc(len, GFP_KERNEL_ACCOUNT);
		if (!tmp)
			return -ENOBUFS;
		zmq_segq_peek(&msg->q, hdr, len, tmp);
		topic = tmp;
	}
	zmq_pub_dist(zsk, &d, msg);
	wait = d.nodrop && msg->parts == 1 && zmq_dist_full(&d, topic, len);
	if (!wait)
		zmq_dist_send(&d, topic, len);
	zmq_pub_dist_end(&d, !wait);
	kvfree(tmp);
	return wait ? -EAGAIN : msg->peers;
}

/**
 * struct zmq_pub_view - a message in one piece of a queue, as one of its own
 * @msg: it; its only block is @blk
 * @blk: its only segment, without a reference
 */
struct zmq_pub_view {
	struct zmq_asm		msg;
	struct zmq_segblk	blk;
};

static void zmq_pub_view_init(struct zmq_pub_view *v)
{
	memset(&v->msg, 0, sizeof(v->msg));
	v->blk.next = NULL;
	v->blk.first = 0;
	v->blk.end = 1;
	v->msg.q.head = &v->blk;
	v->msg.q.tail = &v->blk;
	v->msg.q.nsegs = 1;
}

/*
 * Look at the message at @cur and go on to the next.  Return: bytes of its
 * bodies; -1: it is in several pieces.
 */
static s64 zmq_pub_view_next(struct zmq_pub_view *v, struct zmq_segcur *cur)
{
	const struct zmq_seg *seg = &cur->blk->seg[cur->i];
	u32 off = cur->off;
	u64 bytes, body = 0;

	bytes = zmq_segcur_msg(cur, &body);
	if (zmq_seg_is_skb(seg) || bytes > seg->len - off)
		return -1;
	v->blk.seg[0].ref = seg->ref;
	v->blk.seg[0].off = seg->off + off;
	v->blk.seg[0].len = bytes;
	v->msg.q.bytes = bytes;
	return body;
}

/*
 * zmq_type.send_run: short messages are matched where they lie, and those that
 * nobody wants are dropped together.
 */
static int zmq_pub_run(struct zmq_sock *zsk, struct zmq_segq *q, u32 *msgs,
		       u64 *body)
{
	struct zmq_pub_view v;
	struct zmq_zmtp_hdr hdr;
	struct zmq_segcur cur;
	struct zmq_dist d;
	u64 done = 0;
	s64 len;

	if (zsk->pub.nodrop || (zsk->pub.manual && zsk->pub.last_value))
		return -EOPNOTSUPP;
	*msgs = 0;
	*body = 0;
	zmq_pub_view_init(&v);
	zmq_pub_dist(zsk, &d, &v.msg);
	zmq_segcur_init(&cur, q);
	while (done < q->bytes && !zsk->co.urgent) {
		const u8 *topic = zmq_segcur_ptr(&cur);

		zmq_segcur_header(&cur, &hdr);
		len = zmq_pub_view_next(&v, &cur);
		if (len < 0)
			break;
		zmq_dist_send(&d, topic + hdr.size, hdr.len);
		done += v.msg.q.bytes;
		*msgs += !!v.msg.peers;
		*body += v.msg.peers ? len : 0;
	}
	if (!done)
		return -EOPNOTSUPP;
	zmq_segq_trim(q, done);
	return 0;
}

static bool zmq_pub_can_send(struct zmq_sock *zsk)
{
	return true;
}

/* Subscriptions */

/* Queue notifications to be received as messages that came by @pipe. */
static void zmq_pub_tell(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			 struct zmq_asm *notes)
{
	if (notes->parts) {
		atomic64_add(notes->parts, &zsk->stats.rx_msgs);
		atomic64_add(notes->bytes, &zsk->stats.rx_bytes);
		zmq_pipe_publish(pipe, &notes->q, notes->parts,
				 notes->q.bytes);
	}
	zmq_send_reset(notes);
}

/* Does a change, with its result from the trie, concern an XPUB's user? */
static bool zmq_pub_notable(const struct zmq_sock *zsk, int ret, bool on)
{
	if (!zsk->type->receives)
		return false;
	if (zsk->pub.manual || ret == -ENOENT || ret & ZMQ_TRIE_TOPIC)
		return true;
	return on ? zsk->pub.verbose_subs : zsk->pub.verbose_unsubs;
}

/*
 * With ZMQ_XPUB_MANUAL what peers ask for is written down apart, and its user
 * decides what they get.
 */
static int zmq_pub_subscribe(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			     const u8 *topic, size_t len, bool on)
{
	bool manual = zsk->pub.manual;
	struct zmq_asm notes = {};
	int ret, err;

	ret = zmq_dist_subscribe(zsk, manual ? &zsk->pub.asked : &zsk->pub.trie,
				 manual ? &pipe->asked : &pipe->subs,
				 topic, len, on);
	/* To cancel what one never had is no error. */
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (pipe->quiet || !zmq_pub_notable(zsk, ret, on))
		return 0;
	err = zmq_send_append_sub(zsk, &notes, topic, len, on);
	zmq_pub_tell(zsk, pipe, &notes);
	return err ? -ENOMEM : 0;
}

/* A topic goes with the last pipe that had it. */
static void zmq_pub_gone(const u8 *topic, size_t len,
			 struct zmq_trie_owner *sub, void *arg)
{
	struct zmq_pub_farewell *f = arg;

	/* Best effort: the peer is gone in any case. */
	zmq_send_append_sub(f->zsk, &f->notes, topic, len, false);
}

/*
 * A peer that reconnects is still subscribed: what it misses meanwhile waits in
 * its pipe (libzmq).  Its subscriptions end with the pipe.
 */
static void zmq_pub_detach(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_pub_farewell f = { .zsk = zsk };
	bool manual = zsk->pub.manual;
	zmq_trie_walk_fn gone = NULL;

	spin_lock_bh(&zsk->rx_lock);
	if (zsk->pub.last == pipe)
		zmq_pub_set_last(zsk, NULL);
	spin_unlock_bh(&zsk->rx_lock);
	if (zsk->type->receives && !zsk->closing)
		gone = zmq_pub_gone;
	zmq_trie_remove_sub(&zsk->pub.asked, &pipe->asked, true,
			    manual ? gone : NULL, &f);
	zmq_trie_remove_sub(&zsk->pub.trie, &pipe->subs,
			    zsk->pub.verbose_unsubs,
			    manual ? NULL : gone, &f);
	zmq_pub_tell(zsk, pipe, &f.notes);
}

/* ZMQ_XPUB_WELCOME_MSG is the first message to every peer. */
static void zmq_pub_attach(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (!zsk->pub.welcome.bytes ||
	    zmq_pipe_push(pipe, &zsk->pub.welcome, true))
		return;
	zmq_coalesce_dirty(zsk, pipe);
}

/* Receiving */

static void zmq_xpub_recv_end(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	zmq_pub_set_last(zsk, pipe->dead ? NULL : pipe);
}

/* Options */

static int zmq_pub_set_welcome(struct zmq_sock *zsk, const u8 *val, size_t len)
{
	struct zmq_asm msg = {};
	int err = 0;

	if (len)
		err = zmq_send_append(zsk, &msg, val, len, false);
	if (!err)
		swap(zsk->pub.welcome, msg.q);
	zmq_send_reset(&msg);
	return err;
}

/* ZMQ_XPUB_MANUAL: a subscription of who sent the message received last. */
static int zmq_pub_manual(struct zmq_sock *zsk, const u8 *topic, size_t len,
			  bool on)
{
	struct zmq_pipe *pipe;
	int ret = 0;

	if (!zsk->pub.manual)
		return -EINVAL;
	pipe = zmq_pub_get_last(zsk);
	if (!pipe)
		return 0;
	if (pipe->attached)
		ret = zmq_dist_subscribe(zsk, &zsk->pub.trie, &pipe->subs,
					 topic, len, on);
	zmq_pipe_put(pipe);
	if (ret == -ENOSPC)
		return -ENOMEM;
	return ret == -ENOENT ? 0 : min(ret, 0);
}

static void zmq_pub_set_switch(struct zmq_pub_state *pub, int opt, bool on)
{
	switch (opt) {
	case ZMQ_OPT_XPUB_VERBOSE:
		pub->verbose_subs = on;
		pub->verbose_unsubs = false;
		break;
	case ZMQ_OPT_XPUB_VERBOSER:
		pub->verbose_subs = on;
		pub->verbose_unsubs = on;
		break;
	case ZMQ_OPT_XPUB_MANUAL:
		pub->manual = on;
		break;
	case ZMQ_OPT_XPUB_MANUAL_LAST_VALUE:
		pub->manual = on;
		pub->last_value = on;
		break;
	case ZMQ_OPT_XPUB_NODROP:
		pub->nodrop = on;
		break;
	case ZMQ_OPT_ONLY_FIRST_SUBSCRIBE:
		WRITE_ONCE(pub->only_first, on);
		break;
	}
}

/* PUB takes the options of XPUB (libzmq); some have no effect. */
static int zmq_pub_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			      size_t len)
{
	int on;

	switch (opt) {
	case ZMQ_OPT_XPUB_VERBOSE:
	case ZMQ_OPT_XPUB_VERBOSER:
	case ZMQ_OPT_XPUB_MANUAL:
	case ZMQ_OPT_XPUB_MANUAL_LAST_VALUE:
	case ZMQ_OPT_XPUB_NODROP:
	case ZMQ_OPT_ONLY_FIRST_SUBSCRIBE:
		on = zmq_type_switch(val, len);
		if (on < 0)
			return on;
		zmq_pub_set_switch(&zsk->pub, opt, on);
		return 0;
	case ZMQ_OPT_XPUB_WELCOME_MSG:
		return zmq_pub_set_welcome(zsk, val, len);
	case ZMQ_OPT_SUBSCRIBE:
	case ZMQ_OPT_UNSUBSCRIBE:
		return zmq_pub_manual(zsk, val, len, opt == ZMQ_OPT_SUBSCRIBE);
	default:
		return -ENOPROTOOPT;
	}
}

static int zmq_pub_getsockopt(struct zmq_sock *zsk, int opt)
{
	if (opt != ZMQ_OPT_TOPICS_COUNT)
		return -ENOPROTOOPT;
	return READ_ONCE(zsk->pub.trie.topics);
}

const struct zmq_type zmq_pattern_pub = {
	.id		= ZMQ_AF_PUB,
	.name		= "PUB",
	.rings		= true,
	.dedupes	= true,
	.conflates	= true,
	.sends		= true,
	.publishes	= true,
	.init		= zmq_pub_init,
	.fini		= zmq_pub_fini,
	.send_begin	= zmq_pub_send_begin,
	.send		= zmq_pub_send,
	.send_run	= zmq_pub_run,
	.can_send	= zmq_pub_can_send,
	.attach		= zmq_pub_attach,
	.subscribe	= zmq_pub_subscribe,
	.detach		= zmq_pub_detach,
	.setsockopt	= zmq_pub_setsockopt,
	.getsockopt	= zmq_pub_getsockopt,
};

const struct zmq_type zmq_pattern_xpub = {
	.id		= ZMQ_AF_XPUB,
	.name		= "XPUB",
	.dedupes	= true,
	.sends		= true,
	.receives	= true,
	.publishes	= true,
	.rcv_unlimited	= true,
	.init		= zmq_pub_init,
	.fini		= zmq_pub_fini,
	.release	= zmq_pub_release,
	.send_begin	= zmq_pub_send_begin,
	.send		= zmq_pub_send,
	.send_run	= zmq_pub_run,
	.can_send	= zmq_pub_can_send,
	.attach		= zmq_pub_attach,
	.subscribe	= zmq_pub_subscribe,
	.detach		= zmq_pub_detach,
	.recv_end	= zmq_xpub_recv_end,
	.setsockopt	= zmq_pub_setsockopt,
	.getsockopt	= zmq_pub_getsockopt,
};
