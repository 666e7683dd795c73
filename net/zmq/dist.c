// SPDX-License-Identifier: GPL-2.0
/*
 * Distribution: one message to every peer that wants it.
 *
 * The message is encoded once; each pipe gets references to it.  A pipe that
 * is full misses the message, as a whole, unless the socket is told not to
 * drop; then the sender waits until all that match have room.
 */
#include "dist.h"
#include "lb.h"
#include "net.h"

/* Queue a message for one pipe, or drop it. */
void zmq_dist_deliver(struct zmq_pipe *pipe, struct zmq_asm *msg, bool nodrop)
{
	struct zmq_sock *zsk = pipe->zsk;

	if ((!nodrop && zmq_pipe_tx_full(pipe)) ||
	    zmq_pipe_push(pipe, &msg->q, true)) {
		atomic64_inc(&zsk->stats.tx_drops);
		return;
	}
	zmq_coalesce_dirty(zsk, pipe);
	msg->peers++;
}

/* Without a message: is there a pipe for which the sender has to wait? */
static void zmq_dist_visit(struct zmq_dist *d, struct zmq_pipe *pipe)
{
	if (d->msg) {
		zmq_dist_deliver(pipe, d->msg, d->nodrop);
		return;
	}
	spin_lock_bh(&d->zsk->rx_lock);
	d->full += !zmq_lb_writable(pipe);
	spin_unlock_bh(&d->zsk->rx_lock);
}

/* One pipe may match by several topics: visit it once. */
static void zmq_dist_match(struct zmq_trie_owner *sub, void *arg)
{
	struct zmq_pipe *pipe = container_of(sub, struct zmq_pipe, subs);
	struct zmq_dist *d = arg;

	if (pipe->match == d->zsk->pub.seq || (d->only && d->only != pipe))
		return;
	pipe->match = d->zsk->pub.seq;
	if (!d->inverse)
		zmq_dist_visit(d, pipe);
}

static void zmq_dist_walk(struct zmq_dist *d, const u8 *topic, size_t len)
{
	struct zmq_sock *zsk = d->zsk;
	struct zmq_pipe *pipe;

	sock_owned_by_me(&zsk->sk);
	zsk->pub.seq++;
	if (d->exact)
		zmq_trie_exact(&zsk->pub.trie, topic, len, zmq_dist_match, d);
	else
		zmq_trie_match(&zsk->pub.trie, topic, len, zmq_dist_match, d);
	if (!d->inverse)
		return;
	list_for_each_entry(pipe, &zsk->pipes, node)
		if (pipe->match != zsk->pub.seq)
			zmq_dist_visit(d, pipe);
}

/**
 * zmq_dist_full - would a message be lost for somebody?
 * @d: how it would be distributed
 * @topic: its topic
 * @len: bytes there
 *
 * If so, the sender is woken when one of them has room.
 *
 * Context: lock_sock(zsk) held.
 */
bool zmq_dist_full(struct zmq_dist *d, const u8 *topic, size_t len)
{
	struct zmq_asm *msg = d->msg;

	d->msg = NULL;
	d->full = 0;
	zmq_dist_walk(d, topic, len);
	d->msg = msg;
	return d->full;
}

/* Deliver; @msg->peers says to how many.  lock_sock(zsk) held. */
void zmq_dist_send(struct zmq_dist *d, const u8 *topic, size_t len)
{
	d->msg->peers = 0;
	zmq_dist_walk(d, topic, len);
}

/**
 * zmq_dist_subscribe - a peer wants messages, or does no more
 * @zsk: a publisher
 * @trie: one of its tries
 * @sub: the pipe's part in it
 * @topic: the topic
 * @len: its length
 * @on: subscribe, else cancel
 *
 * Context: lock_sock(zsk) held.
 * Return: as zmq_trie_add() or zmq_trie_remove(); -ENOSPC: too many.
 */
int zmq_dist_subscribe(struct zmq_sock *zsk, struct zmq_trie *trie,
		       struct zmq_trie_owner *sub, const u8 *topic,
		       size_t len, bool on)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));

	sock_owned_by_me(&zsk->sk);
	if (!on)
		return zmq_trie_remove(trie, topic, len, sub);
	if (sub->n >= READ_ONCE(znet->topics_max) ||
	    trie->bytes >= READ_ONCE(znet->topic_mem))
		return -ENOSPC;
	return zmq_trie_add(trie, topic, len, sub, GFP_KERNEL_ACCOUNT);
}
