// SPDX-License-Identifier: GPL-2.0
/* inproc: scopes, and endpoints that meet in one by name. */
#include <linux/cred.h>
#include <linux/jhash.h>
#include "context.h"
#include "ep.h"
#include "inproc.h"
#include "net.h"
#include "type.h"

#define ZMQ_INPROC_BUCKETS	64

/**
 * struct zmq_inproc_scope - where inproc names are unique
 * @refs: its context, and each endpoint
 * @node: in zmq_net.inproc_users; zmq_net.mutex
 * @uid: whose, if it is one of a user
 * @user: of a user, not of a context; constant
 * @mutex: protects what follows; taken under ep_mutex, nothing but spinlocks is
 *	taken under it
 * @bound: bound endpoints, by hash of their names
 * @waiting: connected ones whose name is not bound, oldest first
 * @abandoned: closed sockets do not wait any more
 */
struct zmq_inproc_scope {
	refcount_t		refs;
	struct list_head	node;
	kuid_t			uid;
	bool			user;
	struct mutex		mutex;	/* tables */
	struct list_head	bound[ZMQ_INPROC_BUCKETS];
	struct list_head	waiting[ZMQ_INPROC_BUCKETS];
	bool			abandoned;
};

struct zmq_inproc_scope *zmq_inproc_scope_alloc(void)
{
	struct zmq_inproc_scope *scope;
	int i;

	scope = kzalloc(sizeof(*scope), GFP_KERNEL_ACCOUNT);
	if (!scope)
		return NULL;
	refcount_set(&scope->refs, 1);
	INIT_LIST_HEAD(&scope->node);
	mutex_init(&scope->mutex);
	for (i = 0; i < ZMQ_INPROC_BUCKETS; i++) {
		INIT_LIST_HEAD(&scope->bound[i]);
		INIT_LIST_HEAD(&scope->waiting[i]);
	}
	return scope;
}

static void zmq_inproc_scope_free(struct zmq_inproc_scope *scope)
{
	mutex_destroy(&scope->mutex);
	kfree(scope);
}

void zmq_inproc_scope_put(struct zmq_inproc_scope *scope)
{
	if (refcount_dec_and_test(&scope->refs))
		zmq_inproc_scope_free(scope);
}

/* The scope of a user in a namespace; the first one makes it. */
static struct zmq_inproc_scope *zmq_inproc_scope_user(struct zmq_net *znet,
						      kuid_t uid)
{
	struct zmq_inproc_scope *scope;

	mutex_lock(&znet->mutex);
	list_for_each_entry(scope, &znet->inproc_users, node) {
		if (uid_eq(scope->uid, uid)) {
			refcount_inc(&scope->refs);
			goto out;
		}
	}
	scope = zmq_inproc_scope_alloc();
	if (scope) {
		scope->user = true;
		scope->uid = uid;
		list_add(&scope->node, &znet->inproc_users);
	}
out:
	mutex_unlock(&znet->mutex);
	return scope;
}

/* Find the scope of an endpoint; ep_mutex held. */
static int zmq_inproc_scope_set(struct zmq_ep *ep)
{
	struct zmq_sock *zsk = ep->zsk;
	struct zmq_inproc_scope *scope;

	lockdep_assert_held(&zsk->ep_mutex);
	if (READ_ONCE(zsk->inproc_user)) {
		scope = zmq_inproc_scope_user(zmq_net(sock_net(&zsk->sk)),
					      ep->cred->euid);
		if (!scope)
			return -ENOMEM;
	} else if (zsk->ctx) {
		scope = zsk->ctx->inproc;
		refcount_inc(&scope->refs);
	} else {
		return -ENXIO;
	}
	ep->inproc.scope = scope;
	return 0;
}

static void zmq_inproc_scope_release(struct zmq_ep *ep)
{
	struct zmq_net *znet = zmq_net(sock_net(&ep->zsk->sk));
	struct zmq_inproc_scope *scope = ep->inproc.scope;

	if (!scope)
		return;
	if (!scope->user) {
		zmq_inproc_scope_put(scope);
		return;
	}
	/* One that is found is not the last reference. */
	if (!refcount_dec_and_mutex_lock(&scope->refs, &znet->mutex))
		return;
	list_del(&scope->node);
	mutex_unlock(&znet->mutex);
	zmq_inproc_scope_free(scope);
}

static u32 zmq_inproc_bucket(const struct zmq_ep *ep)
{
	return jhash(ep->name, strlen(ep->name), 0) % ZMQ_INPROC_BUCKETS;
}

/* The first endpoint of the same name in a table; scope->mutex held. */
static struct zmq_ep *zmq_inproc_find(struct list_head *table,
				      const struct zmq_ep *like)
{
	struct zmq_ep *ep;

	list_for_each_entry(ep, &table[zmq_inproc_bucket(like)], inproc.node)
		if (!strcmp(ep->name, like->name))
			return ep;
	return NULL;
}

/**
 * zmq_inproc_scope_abandon - nobody is going to bind any more
 * @scope: the scope
 *
 * Sockets that were closed while they waited for a name to be bound, with
 * messages for who does it, wait no longer.
 */
void zmq_inproc_scope_abandon(struct zmq_inproc_scope *scope)
{
	struct zmq_ep *ep, *next;
	int i;

	mutex_lock(&scope->mutex);
	scope->abandoned = true;
	for (i = 0; i < ZMQ_INPROC_BUCKETS; i++) {
		list_for_each_entry_safe(ep, next, &scope->waiting[i],
					 inproc.node) {
			if (!READ_ONCE(ep->zsk->closing))
				continue;
			list_del_init(&ep->inproc.node);
			zmq_ep_put(ep);
		}
	}
	mutex_unlock(&scope->mutex);
}

/* Endpoints. */

static int zmq_inproc_bind(struct zmq_ep *ep)
{
	struct zmq_inproc_scope *scope;
	struct zmq_ep *waiting;
	int err;

	err = zmq_inproc_scope_set(ep);
	if (err)
		return err;
	ep->bound = kstrdup(ep->name, GFP_KERNEL_ACCOUNT);
	if (!ep->bound)
		return -ENOMEM;
	scope = ep->inproc.scope;
	mutex_lock(&scope->mutex);
	if (zmq_inproc_find(scope->bound, ep)) {
		mutex_unlock(&scope->mutex);
		return -EADDRINUSE;
	}
	list_add(&ep->inproc.node, &scope->bound[zmq_inproc_bucket(ep)]);
	/* From now on nobody begins to wait. */
	while ((waiting = zmq_inproc_find(scope->waiting, ep))) {
		list_del_init(&waiting->inproc.node);
		mutex_unlock(&scope->mutex);
		zmq_inproc_join(waiting, ep);
		zmq_ep_put(waiting);
		mutex_lock(&scope->mutex);
	}
	mutex_unlock(&scope->mutex);
	return 0;
}

/*
 * Who is bound to the name, with a reference; not @not, which is going.  NULL:
 * nobody, and @ep waits from now on.
 */
static struct zmq_ep *zmq_inproc_look_up(struct zmq_ep *ep,
					 const struct zmq_ep *not)
{
	struct zmq_inproc_scope *scope = ep->inproc.scope;
	struct zmq_ep *to;

	mutex_lock(&scope->mutex);
	to = zmq_inproc_find(scope->bound, ep);
	if (to == not)
		to = NULL;
	zmq_ep_get(to ?: ep);
	if (!to)
		list_add_tail(&ep->inproc.node,
			      &scope->waiting[zmq_inproc_bucket(ep)]);
	mutex_unlock(&scope->mutex);
	return to;
}

static int zmq_inproc_connect(struct zmq_ep *ep, u32 *routing_id)
{
	struct zmq_sock *zsk = ep->zsk;
	struct zmq_ep *to, *gone = NULL;
	struct zmq_pipe *pipe;
	int err;

	err = zmq_inproc_scope_set(ep);
	if (err)
		return err;
	pipe = zmq_pipe_alloc(zsk, &ep->opt, GFP_KERNEL);
	if (!pipe)
		return -ENOMEM;
	pipe->connects = true;
	pipe->held = true;
	lock_sock(&zsk->sk);
	err = zmq_pipe_attach(pipe);
	/* Before whatever is sent until somebody binds. */
	if (!err)
		zmq_notice_greet(pipe);
	zmq_send_release(zsk);
	if (err) {
		zmq_pipe_put(pipe);
		/* A type that takes one peer only and has it: no error. */
		return err == -EBUSY ? 0 : err;
	}
	ep->inproc.pipe = pipe;
	*routing_id = pipe->routing_id;
	/* Who is gone is held: a newcomer must not be taken for it. */
	while ((to = zmq_inproc_look_up(ep, gone))) {
		err = zmq_inproc_join(ep, to);
		if (gone)
			zmq_ep_put(gone);
		gone = to;
		if (!err)
			break;
	}
	if (gone)
		zmq_ep_put(gone);
	return 0;
}

/* Any name is fine. */
static int zmq_inproc_check(struct zmq_ep *ep, const char *addrs, size_t len)
{
	return 0;
}

/* A connect whose peer is gone; there is no other attempt. */
static bool zmq_inproc_ended(struct zmq_ep *ep)
{
	struct zmq_pipe *pipe = ep->inproc.pipe;

	return !pipe || !READ_ONCE(pipe->attached);
}

/*
 * Unbound: the name is free, peers stay.  Disconnected: the peer is told, what
 * it sent and was not read is dropped, unless it has left before.  A closed
 * socket with messages for a name that is not bound yet waits for that, unless
 * there is no program to do it any more (libzmq: until the end of the context,
 * whatever ZMQ_LINGER says).
 */
static void zmq_inproc_close(struct zmq_ep *ep, int linger)
{
	struct zmq_inproc_scope *scope = ep->inproc.scope;
	struct zmq_pipe *pipe = ep->inproc.pipe;
	struct zmq_sock *zsk = ep->zsk;
	bool waited;

	mutex_lock(&scope->mutex);
	waited = pipe && !list_empty(&ep->inproc.node);
	if (waited && zsk->closing && linger && !scope->abandoned &&
	    !scope->user && !zmq_segq_empty(&pipe->txq))
		waited = false;
	else
		list_del_init(&ep->inproc.node);
	mutex_unlock(&scope->mutex);
	if (pipe) {
		lock_sock(&zsk->sk);
		if (pipe->attached) {
			zmq_pipe_detach(pipe);
			zmq_recv_purge_pipe(zsk, pipe);
		}
		zmq_send_release(zsk);
	}
	if (waited)
		zmq_ep_put(ep);
}

static void zmq_inproc_free(struct zmq_ep *ep)
{
	if (ep->inproc.pipe)
		zmq_pipe_put(ep->inproc.pipe);
	zmq_inproc_scope_release(ep);
}

const struct zmq_transport zmq_inproc_transport = {
	.proto		= ZMQ_ENDPOINT_INPROC,
	.unbinds_first	= true,
	.listen		= zmq_inproc_bind,
	.check		= zmq_inproc_check,
	.attach		= zmq_inproc_connect,
	.ended		= zmq_inproc_ended,
	.close		= zmq_inproc_close,
	.free		= zmq_inproc_free,
};
