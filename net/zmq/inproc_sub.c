// SPDX-License-Identifier: GPL-2.0
/*
 * Subscriptions to a publisher of the same context.
 *
 * They are noted in pipe->events and applied by zmq_inproc_settle(), which may
 * take the publisher's lock_sock.  What an XPUB's user gets besides goes the
 * same way, so that everything is received in the order it was sent in.
 */
#include "coalesce.h"
#include "inproc.h"
#include "net.h"
#include "type.h"
#include "zmq.h"

/**
 * struct zmq_inproc_event - what a subscriber did
 * @node: in pipe->events
 * @msg: a message to be received; empty: a subscription or its end
 * @on: subscribe, else cancel
 * @quiet: it is in a message that the user gets
 * @len: bytes in @topic
 * @topic: the topic
 */
struct zmq_inproc_event {
	struct list_head	node;
	struct zmq_segq		msg;
	bool			on;
	bool			quiet;
	u32			len;
	u8			topic[];
};

static struct zmq_inproc_event *zmq_inproc_event_alloc(size_t len, gfp_t gfp)
{
	struct zmq_inproc_event *ev;

	ev = kzalloc(struct_size(ev, topic, len), gfp);
	if (!ev)
		return NULL;
	zmq_segq_init(&ev->msg);
	ev->len = len;
	return ev;
}

static void zmq_inproc_event_free(struct zmq_inproc_event *ev)
{
	zmq_segq_free(&ev->msg);
	kfree(ev);
}

static void zmq_inproc_event_add(struct zmq_pipe *pipe,
				 struct zmq_inproc_event *ev)
{
	spin_lock_bh(&pipe->tx_lock);
	list_add_tail(&ev->node, &pipe->events);
	spin_unlock_bh(&pipe->tx_lock);
}

/**
 * zmq_inproc_subscribe - tell the peer of a subscription or its end
 * @pipe: the pipe, which has one
 * @topic: the topic
 * @len: its length
 * @on: subscribe, else cancel
 *
 * Context: lock_sock(zsk) held; zmq_coalesce_dirty() is to follow.
 * Return: 0 or -ENOMEM.
 */
int zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			 bool on)
{
	struct zmq_inproc_event *ev;

	sock_owned_by_me(&pipe->zsk->sk);
	ev = zmq_inproc_event_alloc(len, GFP_KERNEL_ACCOUNT);
	if (!ev)
		return -ENOMEM;
	ev->on = on;
	if (len)
		memcpy(ev->topic, topic, len);
	zmq_inproc_event_add(pipe, ev);
	return 0;
}

/**
 * struct zmq_inproc_all - telling of all subscriptions
 * @events: one for each
 * @err: the first failure
 */
struct zmq_inproc_all {
	struct list_head	events;
	int			err;
};

static void zmq_inproc_subscribe_one(const u8 *topic, size_t len,
				     struct zmq_trie_owner *sub, void *arg)
{
	struct zmq_inproc_all *all = arg;
	struct zmq_inproc_event *ev;

	if (all->err)
		return;
	ev = zmq_inproc_event_alloc(len, GFP_KERNEL_ACCOUNT);
	if (!ev) {
		all->err = -ENOMEM;
		return;
	}
	ev->on = true;
	if (len)
		memcpy(ev->topic, topic, len);
	list_add_tail(&ev->node, &all->events);
}

/*
 * Tell a new peer of all subscriptions, before what has been sent to it so far;
 * as zmq_inproc_subscribe().
 */
int zmq_inproc_subscribe_all(struct zmq_pipe *pipe)
{
	struct zmq_inproc_all all = { .events = LIST_HEAD_INIT(all.events) };
	int err;

	err = zmq_trie_walk(&pipe->zsk->sub.trie, zmq_inproc_subscribe_one,
			    &all, GFP_KERNEL_ACCOUNT);
	spin_lock_bh(&pipe->tx_lock);
	list_splice(&all.events, &pipe->events);
	spin_unlock_bh(&pipe->tx_lock);
	return err < 0 ? err : all.err;
}

/* Does the peer's user get both subscriptions and messages (XPUB)? */
bool zmq_inproc_mixed(const struct zmq_pipe *peer)
{
	const struct zmq_type *type = peer->zsk->type;

	return type->publishes && type->receives;
}

/* A part that is not its message's first may be a subscription, too (libzmq). */
static int zmq_inproc_defer_part(struct zmq_pipe *pipe,
				 const struct zmq_segq *msg, u64 off, u64 len)
{
	const struct zmq_net *znet = zmq_net(sock_net(&pipe->zsk->sk));
	struct zmq_inproc_event *ev;
	u8 first;

	if (!len || len - 1 > READ_ONCE(znet->topic_max))
		return 0;
	zmq_segq_peek(msg, off, 1, &first);
	if (first > 1)
		return 0;
	ev = zmq_inproc_event_alloc(len - 1, GFP_KERNEL_ACCOUNT);
	if (!ev)
		return -ENOMEM;
	ev->on = first;
	ev->quiet = true;
	zmq_segq_peek(msg, off + 1, len - 1, ev->topic);
	zmq_inproc_event_add(pipe, ev);
	return 0;
}

/**
 * zmq_inproc_defer - give an XPUB a whole message, after what came before
 * @pipe: the pipe, which has a peer
 * @msg: its frames; not empty
 * @keep: as zmq_pipe_push()
 *
 * Context: lock_sock(zsk) held.
 * Return: 0, or -ENOMEM (with @keep only).
 */
int zmq_inproc_defer(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep)
{
	bool parts = !READ_ONCE(pipe->peer->zsk->pub.only_first);
	gfp_t gfp = GFP_KERNEL_ACCOUNT | (keep ? __GFP_NOWARN : __GFP_NOFAIL);
	struct zmq_inproc_event *ev;
	struct zmq_zmtp_hdr hdr;
	u64 off = 0;

	sock_owned_by_me(&pipe->zsk->sk);
	ev = zmq_inproc_event_alloc(0, gfp);
	if (!ev)
		return -ENOMEM;
	while (parts && off < msg->bytes &&
	       zmq_segq_header_at(msg, off, &hdr)) {
		/* Best effort: an XPUB that misses one sends less. */
		if (off)
			zmq_inproc_defer_part(pipe, msg, off + hdr.size,
					      hdr.len);
		off += hdr.size + hdr.len;
	}
	if (!keep) {
		zmq_segq_move(&ev->msg, msg);
	} else if (zmq_segq_copy(&ev->msg, msg, gfp)) {
		zmq_inproc_event_free(ev);
		return -ENOMEM;
	}
	zmq_inproc_event_add(pipe, ev);
	zmq_coalesce_dirty(pipe->zsk, pipe);
	return 0;
}

static int zmq_inproc_apply_one(struct zmq_pipe *peer,
				struct zmq_inproc_event *ev)
{
	int err;

	if (!zmq_segq_empty(&ev->msg)) {
		zmq_inproc_publish(peer, &ev->msg, 1);
		return 0;
	}
	peer->quiet = ev->quiet;
	err = peer->zsk->type->subscribe(peer->zsk, peer, ev->topic, ev->len,
					 ev->on);
	peer->quiet = false;
	return err;
}

/**
 * zmq_inproc_apply - apply at the peer what @pipe's side has noted
 * @pipe: the pipe
 * @peer: its peer
 *
 * Context: lock_sock(peer->zsk) held; the list is taken under it, so the order
 * stays.
 * Return: 0 or the first failure.
 */
int zmq_inproc_apply(struct zmq_pipe *pipe, struct zmq_pipe *peer)
{
	const struct zmq_type *type = peer->zsk->type;
	bool takes = type->publishes &&
		     type->grouped == pipe->zsk->type->grouped;
	struct zmq_inproc_event *ev, *next;
	LIST_HEAD(events);
	int err = 0;

	sock_owned_by_me(&peer->zsk->sk);
	spin_lock_bh(&pipe->tx_lock);
	list_splice_init(&pipe->events, &events);
	spin_unlock_bh(&pipe->tx_lock);
	list_for_each_entry_safe(ev, next, &events, node) {
		if (takes && peer->attached && !err)
			err = zmq_inproc_apply_one(peer, ev);
		zmq_inproc_event_free(ev);
	}
	return err;
}
