// SPDX-License-Identifier: GPL-2.0
/* PUB and SUB (29/PUBSUB). */
#include "lb.h"
#include "net.h"
#include "rx.h"
#include "type.h"

static int zmq_pub_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->pub.trie, false);
	return 0;
}

static void zmq_pub_fini(struct zmq_sock *zsk)
{
	zmq_trie_destroy(&zsk->pub.trie);
}

/* A full pipe misses this message, as a whole. */
static void zmq_pub_deliver(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			    struct zmq_asm *msg)
{
	if (zmq_pipe_tx_full(pipe) || zmq_pipe_push(pipe, &msg->q, true)) {
		atomic64_inc(&zsk->stats.tx_drops);
		return;
	}
	zmq_send_dirty(zsk, pipe);
	msg->peers++;
}

/* One pipe may match by several topics: deliver once. */
static void zmq_pub_match(void *sub, void *arg)
{
	struct zmq_pipe *pipe = sub;
	struct zmq_sock *zsk = pipe->zsk;

	if (pipe->match == zsk->pub.seq)
		return;
	pipe->match = zsk->pub.seq;
	if (!zsk->opt.invert_matching)
		zmq_pub_deliver(zsk, pipe, arg);
}

/* ZMQ_INVERT_MATCHING: everybody but who matched. */
static void zmq_pub_inverse(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe;

	list_for_each_entry(pipe, &zsk->pipes, node)
		if (pipe->match != zsk->pub.seq)
			zmq_pub_deliver(zsk, pipe, msg);
}

/*
 * The message is encoded once; each pipe gets references to it.  Topics are
 * matched against the first part, in place if it is in one piece as far as the
 * longest topic reaches.
 */
static int zmq_pub_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	size_t len = min_t(u64, msg->first, zsk->pub.trie.max_len);
	u32 hdr = zmq_zmtp_hdr_size(msg->first);
	const struct zmq_seg *seg = zmq_segq_first(&msg->q);
	const u8 *topic;
	u8 *tmp = NULL;

	if (seg->len >= hdr + len) {
		topic = zmq_seg_ptr(seg) + hdr;
	} else {
		tmp = kvmalloc(len, GFP_KERNEL_ACCOUNT);
		if (!tmp)
			return -ENOBUFS;
		zmq_segq_peek(&msg->q, hdr, len, tmp);
		topic = tmp;
	}
	zsk->pub.seq++;
	msg->peers = 0;
	zmq_trie_match(&zsk->pub.trie, topic, len, zmq_pub_match, msg);
	if (zsk->opt.invert_matching)
		zmq_pub_inverse(zsk, msg);
	kvfree(tmp);
	return msg->peers;
}

static bool zmq_pub_can_send(struct zmq_sock *zsk)
{
	return true;
}

static int zmq_pub_subscribe(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			     const u8 *topic, size_t len, bool on)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	int ret;

	if (on && (pipe->subs >= READ_ONCE(znet->topics_max) ||
		   zsk->pub.trie.bytes >= READ_ONCE(znet->topic_mem)))
		return -ENOSPC;
	if (on)
		ret = zmq_trie_add(&zsk->pub.trie, topic, len, pipe,
				   GFP_KERNEL_ACCOUNT);
	else
		ret = zmq_trie_remove(&zsk->pub.trie, topic, len, pipe);
	/* To cancel what one never had is no error. */
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	if (ret & ZMQ_TRIE_ENTRY)
		pipe->subs += on ? 1 : -1;
	return 0;
}

/*
 * A peer that reconnects is still subscribed: what it misses meanwhile waits in
 * its pipe (libzmq).  Its subscriptions end with the pipe.
 */
static void zmq_pub_forget(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (pipe->subs)
		zmq_trie_remove_sub(&zsk->pub.trie, pipe, NULL, NULL);
	pipe->subs = 0;
}

const struct zmq_type zmq_pattern_pub = {
	.id		= ZMQ_AF_PUB,
	.name		= "PUB",
	.dedupes	= true,
	.conflates	= true,
	.sends		= true,
	.publishes	= true,
	.init		= zmq_pub_init,
	.fini		= zmq_pub_fini,
	.send		= zmq_pub_send,
	.can_send	= zmq_pub_can_send,
	.subscribe	= zmq_pub_subscribe,
	.detach		= zmq_pub_forget,
};

static int zmq_sub_init(struct zmq_sock *zsk)
{
	zmq_trie_init(&zsk->sub.trie, true);
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
static int zmq_sub_announce(struct zmq_sock *zsk, const u8 *topic, size_t len,
			    bool on)
{
	struct zmq_pipe *pipe;
	int err;

	list_for_each_entry(pipe, &zsk->pipes, node) {
		if (!pipe->ready)
			continue;
		err = zmq_pipe_subscribe(pipe, topic, len, on);
		if (err)
			return err;
		zmq_send_dirty(zsk, pipe);
	}
	return 0;
}

/* What is queued has to be matched again when it is read; rx_lock held. */
static void zmq_sub_recheck(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	lockdep_assert_held(&zsk->rx_lock);
	list_for_each_entry(pipe, &zsk->fq, fq_node)
		pipe->recheck = zmq_hwm_queued(&pipe->rx);
}

/*
 * Subscriptions are counted: each one is announced, the cancellation when the
 * last of a topic goes (libzmq's trie_t and xsub.cpp).
 */
static int zmq_sub_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			      size_t len)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	bool on = opt == ZMQ_OPT_SUBSCRIBE;
	int ret;

	if (!on && opt != ZMQ_OPT_UNSUBSCRIBE)
		return -ENOPROTOOPT;
	if (len > READ_ONCE(znet->topic_max))
		return -EINVAL;
	if (on && (zsk->sub.trie.topics >= READ_ONCE(znet->topics_max) ||
		   zsk->sub.trie.bytes >= READ_ONCE(znet->topic_mem)))
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	if (on)
		ret = zmq_trie_add(&zsk->sub.trie, val, len, zsk,
				   GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	else
		ret = zmq_trie_remove(&zsk->sub.trie, val, len, zsk);
	if (!on && ret > 0 && ret & ZMQ_TRIE_TOPIC)
		zmq_sub_recheck(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	if (!on && !(ret & ZMQ_TRIE_TOPIC))
		return 0;
	return zmq_sub_announce(zsk, val, len, on);
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
	.rechecks	= true,
	.recv_begin	= zmq_sub_recv_begin,
	.rx_accept	= zmq_sub_accept,
};
