// SPDX-License-Identifier: GPL-2.0
/* SUB and XSUB (29/PUBSUB). */
#include "dist.h"
#include "net.h"
#include "rx.h"
#include "sub.h"

static int zmq_sub_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->sub.trie, true);
	zsk->opt.linger = 0;
	return 0;
}

static void zmq_sub_fini(struct zmq_sock *zsk)
{
	zmq_trie_destroy(&zsk->sub.trie);
}

static int zmq_sub_ready(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	return zmq_pipe_subscribe_all(pipe);
}

/* Tell every publisher that is there; others learn it when they come. */
int zmq_sub_announce(struct zmq_sock *zsk, const u8 *topic, size_t len,
		     bool on)
{
	struct zmq_pipe *pipe;
	int err = 0;

	list_for_each_entry(pipe, &zsk->pipes, node) {
		if (!pipe->ready)
			continue;
		err = zmq_pipe_subscribe(pipe, topic, len, on) ?: err;
		zmq_coalesce_dirty(zsk, pipe);
	}
	return err;
}

/*
 * What came already has to be matched again when it is read: what is queued,
 * and what was let in and is not published yet (zmq_pipe_judge()).
 * rx_lock held.
 */
void zmq_sub_recheck(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	lockdep_assert_held(&zsk->rx_lock);
	if (!zsk->type->rechecks)
		return;
	WRITE_ONCE(zsk->sub.left, zsk->sub.left + 1);
	list_for_each_entry(pipe, &zsk->fq, fq_node)
		pipe->recheck = zmq_hwm_queued(&pipe->rx);
}

/*
 * Subscriptions are counted: each one is announced, the cancellation when the
 * last of a topic goes (libzmq's trie_t and xsub.cpp).  @tell: announce, too.
 */
static int zmq_sub_change(struct zmq_sock *zsk, const u8 *topic, size_t len,
			  bool on, bool tell)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	int ret;

	if (len > READ_ONCE(znet->topic_max))
		return -EINVAL;
	if (on && (zsk->sub.trie.topics >= READ_ONCE(znet->topics_max) ||
		   zsk->sub.trie.bytes >= READ_ONCE(znet->topic_mem)))
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	if (on)
		ret = zmq_trie_add(&zsk->sub.trie, topic, len, &zsk->sub.owner,
				   GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	else
		ret = zmq_trie_remove(&zsk->sub.trie, topic, len,
				      &zsk->sub.owner);
	if (on == !!zsk->opt.invert_matching && ret > 0 && ret & ZMQ_TRIE_TOPIC)
		zmq_sub_recheck(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (!on && !(ret > 0 && ret & ZMQ_TRIE_TOPIC) &&
	    !zsk->sub.verbose_unsubs)
		return 0;
	return tell ? zmq_sub_announce(zsk, topic, len, on) : 0;
}

static int zmq_sub_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			      size_t len)
{
	if (opt != ZMQ_OPT_SUBSCRIBE && opt != ZMQ_OPT_UNSUBSCRIBE)
		return -ENOPROTOOPT;
	return zmq_sub_change(zsk, val, len, opt == ZMQ_OPT_SUBSCRIBE, true);
}

static int zmq_sub_getsockopt(struct zmq_sock *zsk, int opt)
{
	if (opt != ZMQ_OPT_TOPICS_COUNT)
		return -ENOPROTOOPT;
	return READ_ONCE(zsk->sub.trie.topics);
}

/*
 * Publishers filter; what they send beyond is dropped here.  Runs in the
 * parser: lower lock held.
 */
static int zmq_sub_accept(struct zmq_sock *zsk, struct zmq_rx *rx)
{
	size_t max = READ_ONCE(zsk->sub.trie.max_len);
	const u8 *data;
	size_t len;
	bool match;
	u8 *tmp;

	if (!zmq_rx_first_part(rx, max, &data, &len, &tmp))
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	match = zmq_trie_matches(&zsk->sub.trie, data, len);
	spin_unlock_bh(&zsk->rx_lock);
	kfree(tmp);
	return match != !!zsk->opt.invert_matching;
}

/* The same of a message of one part that lies in one piece. */
static bool zmq_sub_match(struct zmq_sock *zsk, const u8 *body, size_t len)
{
	lockdep_assert_held(&zsk->rx_lock);
	return zmq_trie_matches(&zsk->sub.trie, body, len) !=
	       !!zsk->opt.invert_matching;
}

/* What came before an unsubscription is judged by what is wanted now. */
static int zmq_sub_recv_begin(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_zmtp_hdr hdr;
	bool match;
	size_t len;
	u8 *topic;

	if (!pipe->recheck)
		return 0;
	pipe->recheck--;
	zmq_segq_header(&pipe->rxq, &hdr);
	len = min_t(u64, hdr.len, zsk->sub.trie.max_len);
	topic = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);
	if (!topic)
		return 0;
	zmq_segq_peek(&pipe->rxq, hdr.size, len, topic);
	match = zmq_trie_matches(&zsk->sub.trie, topic, len);
	kfree(topic);
	if (match != !!zsk->opt.invert_matching)
		return 0;
	zmq_recv_skip(zsk, pipe);
	return -EAGAIN;
}

const struct zmq_type zmq_pattern_sub = {
	.id		= ZMQ_AF_SUB,
	.name		= "SUB",
	.dedupes	= true,
	.conflates	= true,
	.receives	= true,
	.subscribes	= true,
	.no_linger	= true,
	.init		= zmq_sub_init,
	.fini		= zmq_sub_fini,
	.ready		= zmq_sub_ready,
	.setsockopt	= zmq_sub_setsockopt,
	.getsockopt	= zmq_sub_getsockopt,
	.rechecks	= true,
	.recv_begin	= zmq_sub_recv_begin,
	.rx_accept	= zmq_sub_accept,
	.rx_match	= zmq_sub_match,
};

/*
 * XSUB: a part that begins with 1 or 0 is a subscription or its end.
 */

/**
 * struct zmq_xsub_part - a part of a message being sent
 * @off: where its frame begins
 * @hdr: its header
 * @first: the first byte of its body, if there is one
 */
struct zmq_xsub_part {
	u64			off;
	struct zmq_zmtp_hdr	hdr;
	u8			first;
};

/* The part whose frame begins at byte @off.  Return: false: there is none. */
static bool zmq_xsub_look(const struct zmq_asm *msg, u64 off,
			  struct zmq_xsub_part *part)
{
	part->off = off;
	if (off >= msg->q.bytes ||
	    !zmq_segq_header_at(&msg->q, off, &part->hdr))
		return false;
	if (part->hdr.len)
		zmq_segq_peek(&msg->q, off + part->hdr.size, 1, &part->first);
	return true;
}

static bool zmq_xsub_is_sub(const struct zmq_xsub_part *part)
{
	return part->hdr.len && part->first <= 1;
}

static u64 zmq_xsub_next(const struct zmq_xsub_part *part)
{
	return part->off + part->hdr.size + part->hdr.len;
}

/* Do what a part that is a subscription says. */
static int zmq_xsub_apply(struct zmq_sock *zsk, const struct zmq_asm *msg,
			  const struct zmq_xsub_part *part, bool tell)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	u64 len = part->hdr.len - 1;
	u8 *topic;
	int err;

	if (len > READ_ONCE(znet->topic_max))
		return -EINVAL;
	topic = kmalloc(max_t(u64, len, 1), GFP_KERNEL_ACCOUNT);
	if (!topic)
		return -ENOBUFS;
	zmq_segq_peek(&msg->q, part->off + part->hdr.size + 1, len, topic);
	err = zmq_sub_change(zsk, topic, len, part->first, tell);
	kfree(topic);
	return err;
}

/*
 * Subscriptions in front are announced as such and are no part of the message.
 * What follows the first other part goes along as it is; where it is a
 * subscription the peer takes it for one (libzmq), unless at both ends
 * ZMQ_ONLY_FIRST_SUBSCRIBE says otherwise.
 */
static int zmq_xsub_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_xsub_part part;
	struct zmq_pipe *pipe;
	u64 front = 0;
	int err = 0;

	while (!err && zmq_xsub_look(msg, front, &part) &&
	       zmq_xsub_is_sub(&part)) {
		err = zmq_xsub_apply(zsk, msg, &part, true);
		front = zmq_xsub_next(&part);
	}
	while (!err && !zsk->sub.only_first &&
	       zmq_xsub_look(msg, zmq_xsub_next(&part), &part))
		if (zmq_xsub_is_sub(&part))
			err = zmq_xsub_apply(zsk, msg, &part, false);
	if (err)
		return err;
	zmq_segq_trim(&msg->q, front);
	msg->peers = 0;
	if (!zmq_segq_empty(&msg->q))
		list_for_each_entry(pipe, &zsk->pipes, node)
			zmq_dist_deliver(pipe, msg, false);
	return msg->peers;
}

static bool zmq_xsub_can_send(struct zmq_sock *zsk)
{
	return true;
}

static int zmq_xsub_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			       size_t len)
{
	bool *flag;
	int on;

	switch (opt) {
	case ZMQ_OPT_ONLY_FIRST_SUBSCRIBE:
		flag = &zsk->sub.only_first;
		break;
	case ZMQ_OPT_XSUB_VERBOSE_UNSUBSCRIBE:
		flag = &zsk->sub.verbose_unsubs;
		break;
	default:
		return -ENOPROTOOPT;
	}
	on = zmq_type_switch(val, len);
	if (on < 0)
		return on;
	*flag = on;
	return 0;
}

const struct zmq_type zmq_pattern_xsub = {
	.id		= ZMQ_AF_XSUB,
	.name		= "XSUB",
	.dedupes	= true,
	.sends		= true,
	.receives	= true,
	.subscribes	= true,
	/* A message is seldom followed by another: it would wait for nothing. */
	.prompt		= true,
	.init		= zmq_sub_init,
	.fini		= zmq_sub_fini,
	.send		= zmq_xsub_send,
	.can_send	= zmq_xsub_can_send,
	.ready		= zmq_sub_ready,
	.setsockopt	= zmq_xsub_setsockopt,
	.getsockopt	= zmq_sub_getsockopt,
};
