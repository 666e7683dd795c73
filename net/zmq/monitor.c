// SPDX-License-Identifier: GPL-2.0
/*
 * Monitors: what happens to a socket's connections, told as messages.
 *
 * Events are queued, and sent into the socket that the user gave for them by
 * work, or by the system call that caused them once it holds no lock: the
 * locks of two sockets never nest.  Nobody ever waits for a reader.  Events
 * stay queued while that socket has no peer or its peer does not read; what
 * comes beyond ZMQ_MONITOR_QUEUE of them is dropped and counted.
 *
 *	zmq_sock (monitored) -> zmq_monitor -> zmq_sock (target)
 *
 * The second arrow is cut when the target is closed; until then the target
 * has the monitor on its list of feeds, which is a reference too.
 */
#include <linux/net.h>
#include "conn.h"
#include "ep.h"
#include "monitor.h"
#include "type.h"

/* Events kept for a reader; libzmq's high-water mark. */
#define ZMQ_MONITOR_QUEUE	1000
#define ZMQ_MONITOR_VALUES	2

/**
 * struct zmq_monitor - the monitor of a socket
 * @refs: the monitored socket, the target's list, queued @work, who uses it
 * @rcu: found without a lock
 * @events: mask of those wanted; constant
 * @version: ZMQ_AF_MONITOR's; constant
 * @target: where they are sent, NULL if it is closed; one zmq_af_get()
 *	reference; zmq_monitor_lock
 * @feed_node: in target->feeds; zmq_monitor_lock
 * @work: sends what is queued
 * @mutex: one sender at a time; taken before lock_sock(target)
 * @lock: protects @queue and @queued; leaf
 * @queue: events to be sent
 * @queued: how many
 * @stopped: no more events come, the queue is sent and that is it
 * @sent: events sent
 * @dropped: events that were not
 */
struct zmq_monitor {
	refcount_t		refs;
	struct rcu_head		rcu;
	u64			events;
	u32			version;
	struct zmq_sock		*target;
	struct list_head	feed_node;
	struct work_struct	work;
	struct mutex		mutex;	/* sending */
	spinlock_t		lock;	/* queue */
	struct list_head	queue;
	u32			queued;
	bool			stopped;
	atomic64_t		sent;
	atomic64_t		dropped;
};

/**
 * struct zmq_monitor_event - an event to be told
 * @node: in monitor->queue
 * @event: ZMQ_MONITOR_*
 * @n: values
 * @value: what libzmq has as the event's value or values
 * @bound: version 1 tells @local, else @remote
 * @local: our end
 * @remote: the other end, in the same memory
 * @names: both
 */
struct zmq_monitor_event {
	struct list_head	node;
	u64			event;
	u64			n;
	u64			value[ZMQ_MONITOR_VALUES];
	bool			bound;
	const char		*local;
	const char		*remote;
	char			names[];
};

/* Protects every monitor's @target and @feed_node and zsk->feeds; leaf. */
static DEFINE_SPINLOCK(zmq_monitor_lock);

static void zmq_monitor_free_queue(struct zmq_monitor *mon)
{
	struct zmq_monitor_event *ev, *next;

	list_for_each_entry_safe(ev, next, &mon->queue, node)
		kfree(ev);
}

static void zmq_monitor_put(struct zmq_monitor *mon)
{
	if (!refcount_dec_and_test(&mon->refs))
		return;
	zmq_monitor_free_queue(mon);
	mutex_destroy(&mon->mutex);
	kfree_rcu(mon, rcu);
}

/* The monitor of a socket, with a reference for the caller, or NULL. */
static struct zmq_monitor *zmq_monitor_of(struct zmq_sock *zsk)
{
	struct zmq_monitor *mon;

	if (!rcu_access_pointer(zsk->monitor))
		return NULL;
	rcu_read_lock();
	mon = rcu_dereference(zsk->monitor);
	if (mon && !refcount_inc_not_zero(&mon->refs))
		mon = NULL;
	rcu_read_unlock();
	return mon;
}

/* Let go of the target; zmq_monitor_lock not held. */
static void zmq_monitor_cut(struct zmq_monitor *mon)
{
	struct zmq_sock *target;

	spin_lock_bh(&zmq_monitor_lock);
	target = mon->target;
	mon->target = NULL;
	list_del_init(&mon->feed_node);
	spin_unlock_bh(&zmq_monitor_lock);
	if (!target)
		return;
	zmq_af_put(target);
	zmq_monitor_put(mon);
}

static struct zmq_sock *zmq_monitor_target(struct zmq_monitor *mon)
{
	struct zmq_sock *target;

	spin_lock_bh(&zmq_monitor_lock);
	target = mon->target;
	if (target)
		zmq_af_get(target);
	spin_unlock_bh(&zmq_monitor_lock);
	return target;
}

/* A frame of libzmq's version 1: event and value, unaligned. */
struct zmq_monitor_v1 {
	u16	event;
	u32	value;
} __packed;

static int zmq_monitor_send(struct zmq_monitor *mon, struct zmq_sock *target,
			    struct zmq_monitor_event *ev)
{
	struct zmq_monitor_v1 head = {
		.event = ev->event,
		.value = ev->value[0],
	};
	const char *name = ev->bound ? ev->local : ev->remote;
	struct kvec v1[] = {
		{ &head, sizeof(head) },
		{ (void *)name, strlen(name) },
	};
	struct kvec v2[ZMQ_MONITOR_VALUES + 4] = {
		{ &ev->event, sizeof(ev->event) },
		{ &ev->n, sizeof(ev->n) },
	};
	int i;

	if (mon->version == 1)
		return zmq_send_kernel(target, v1, ARRAY_SIZE(v1));
	for (i = 0; i < ev->n; i++)
		v2[2 + i] = (struct kvec) { &ev->value[i], sizeof(u64) };
	v2[2 + i] = (struct kvec) { (void *)ev->local, strlen(ev->local) };
	v2[3 + i] = (struct kvec) { (void *)ev->remote, strlen(ev->remote) };
	return zmq_send_kernel(target, v2, 4 + i);
}

static struct zmq_monitor_event *zmq_monitor_first(struct zmq_monitor *mon)
{
	struct zmq_monitor_event *ev;

	spin_lock(&mon->lock);
	ev = list_first_entry_or_null(&mon->queue, struct zmq_monitor_event,
				      node);
	spin_unlock(&mon->lock);
	return ev;
}

/* Only who has the mutex takes events off the queue. */
static void zmq_monitor_done(struct zmq_monitor *mon,
			     struct zmq_monitor_event *ev, bool sent)
{
	lockdep_assert_held(&mon->mutex);
	spin_lock(&mon->lock);
	list_del(&ev->node);
	mon->queued--;
	spin_unlock(&mon->lock);
	kfree(ev);
	atomic64_inc(sent ? &mon->sent : &mon->dropped);
}

/*
 * Send what is queued until the target is full; an event is off the queue
 * when it is sent, so that who makes room later finds it there.
 *
 * Context: process, no lock of any socket held.
 */
static void zmq_monitor_drain(struct zmq_monitor *mon)
{
	struct zmq_sock *target = zmq_monitor_target(mon);
	struct zmq_monitor_event *ev;
	bool stopped;
	int err = 0;

	if (!target)
		return;
	mutex_lock(&mon->mutex);
	stopped = READ_ONCE(mon->stopped);
	while ((ev = zmq_monitor_first(mon))) {
		err = zmq_monitor_send(mon, target, ev);
		if (err == -EAGAIN)
			break;
		zmq_monitor_done(mon, ev, !err);
	}
	mutex_unlock(&mon->mutex);
	if (stopped && err != -EAGAIN)
		zmq_monitor_cut(mon);
	zmq_af_put(target);
}

static void zmq_monitor_work(struct work_struct *work)
{
	struct zmq_monitor *mon = container_of(work, struct zmq_monitor, work);

	zmq_monitor_drain(mon);
	zmq_monitor_put(mon);
}

/* Context: any; the caller has a reference, or zmq_monitor_lock. */
static void zmq_monitor_kick(struct zmq_monitor *mon)
{
	if (!refcount_inc_not_zero(&mon->refs))
		return;
	if (!queue_work(zmq_main_wq, &mon->work))
		zmq_monitor_put(mon);
}

void zmq_monitor_resume(struct zmq_sock *target)
{
	struct zmq_monitor *mon;

	if (list_empty_careful(&target->feeds))
		return;
	spin_lock_bh(&zmq_monitor_lock);
	list_for_each_entry(mon, &target->feeds, feed_node)
		zmq_monitor_kick(mon);
	spin_unlock_bh(&zmq_monitor_lock);
}

static struct zmq_monitor_event *
zmq_monitor_event_alloc(u32 event, const char *local, const char *remote,
			bool bound)
{
	size_t local_len = strlen(local) + 1;
	size_t remote_len = strlen(remote) + 1;
	struct zmq_monitor_event *ev;

	ev = kzalloc(struct_size(ev, names, local_len + remote_len),
		     GFP_KERNEL_ACCOUNT);
	if (!ev)
		return NULL;
	ev->event = event;
	ev->n = 1;
	ev->bound = bound;
	memcpy(ev->names, local, local_len);
	memcpy(ev->names + local_len, remote, remote_len);
	ev->local = ev->names;
	ev->remote = ev->names + local_len;
	return ev;
}

/* Takes over @ev; NULL for want of memory.  Nothing comes after the @last. */
static void zmq_monitor_queue(struct zmq_monitor *mon,
			      struct zmq_monitor_event *ev, bool last)
{
	bool fits;

	spin_lock(&mon->lock);
	fits = ev && !mon->stopped &&
	       (last || mon->queued < ZMQ_MONITOR_QUEUE);
	if (fits) {
		list_add_tail(&ev->node, &mon->queue);
		mon->queued++;
	} else if (!last) {
		atomic64_inc(&mon->dropped);
	}
	if (last)
		WRITE_ONCE(mon->stopped, true);
	spin_unlock(&mon->lock);
	if (!fits)
		kfree(ev);
	zmq_monitor_kick(mon);
}

static void zmq_monitor_tell(struct zmq_sock *zsk, u32 event, u32 value,
			     const char *local, const char *remote, bool bound)
{
	struct zmq_monitor *mon = zmq_monitor_of(zsk);
	struct zmq_monitor_event *ev;

	if (!mon)
		return;
	if (mon->events & event) {
		ev = zmq_monitor_event_alloc(event, local, remote, bound);
		if (ev)
			ev->value[0] = value;
		zmq_monitor_queue(mon, ev, false);
	}
	zmq_monitor_put(mon);
}

/* Of a listener, or of a connector that has no connection. */
void zmq_monitor_ep(struct zmq_ep *ep, u32 event, u32 value)
{
	if (ep->bind)
		zmq_monitor_tell(ep->zsk, event, value, ep->bound, "", true);
	else
		zmq_monitor_tell(ep->zsk, event, value, "", ep->name, false);
}

/* Of a connection. */
void zmq_monitor_conn(struct zmq_conn *conn, u32 event, u32 value)
{
	struct zmq_ep *ep = conn->ep;
	const char *local = conn->local ?: ep->bind ? ep->bound : "";
	const char *remote = ep->bind ? conn->remote ?: "" : ep->name;

	zmq_monitor_tell(conn->zsk, event, value, local, remote, ep->bind);
}

/* libzmq tells the address without its scheme. */
void zmq_monitor_bind_failed(struct zmq_sock *zsk, const char *name,
			     size_t len, int err)
{
	char *copy, *addr;

	if (!rcu_access_pointer(zsk->monitor))
		return;
	copy = kmemdup_nul(name, len, GFP_KERNEL);
	if (!copy)
		return;
	addr = strstr(copy, "://");
	zmq_monitor_tell(zsk, ZMQ_MONITOR_BIND_FAILED, -err,
			 addr ? addr + 3 : copy, "", true);
	kfree(copy);
	zmq_monitor_flush(zsk);
}

/* Send what this task has caused before its system call returns. */
void zmq_monitor_flush(struct zmq_sock *zsk)
{
	struct zmq_monitor *mon = zmq_monitor_of(zsk);

	if (!mon)
		return;
	zmq_monitor_drain(mon);
	zmq_monitor_put(mon);
}

/* Replace the monitor of a socket; the old one tells that it is stopped. */
static void zmq_monitor_replace(struct zmq_sock *zsk, struct zmq_monitor *mon)
{
	struct zmq_monitor_event *ev = NULL;

	mutex_lock(&zsk->ep_mutex);
	mon = rcu_replace_pointer(zsk->monitor, mon,
				  lockdep_is_held(&zsk->ep_mutex));
	mutex_unlock(&zsk->ep_mutex);
	if (!mon)
		return;
	if (mon->events & ZMQ_MONITOR_STOPPED)
		ev = zmq_monitor_event_alloc(ZMQ_MONITOR_STOPPED, "", "", true);
	zmq_monitor_queue(mon, ev, true);
	zmq_monitor_drain(mon);
	zmq_monitor_put(mon);
}

/* The socket is closed. */
void zmq_monitor_stop(struct zmq_sock *zsk)
{
	zmq_monitor_replace(zsk, NULL);
}

/* A socket that others send their events to is closed. */
void zmq_monitor_cut_all(struct zmq_sock *target)
{
	struct zmq_monitor *mon;

	for (;;) {
		spin_lock_bh(&zmq_monitor_lock);
		mon = list_first_entry_or_null(&target->feeds,
					       struct zmq_monitor, feed_node);
		if (mon)
			refcount_inc(&mon->refs);
		spin_unlock_bh(&zmq_monitor_lock);
		if (!mon)
			return;
		zmq_monitor_cut(mon);
		zmq_monitor_put(mon);
	}
}

/* A monitor that sends to @target, with one reference beside that. */
static struct zmq_monitor *zmq_monitor_alloc(struct zmq_sock *target,
					     u64 events, u32 version)
{
	struct zmq_monitor *mon;

	mon = kzalloc(sizeof(*mon), GFP_KERNEL_ACCOUNT);
	if (!mon)
		return NULL;
	refcount_set(&mon->refs, 2);
	mon->events = events;
	mon->version = version;
	mon->target = target;
	INIT_WORK(&mon->work, zmq_monitor_work);
	mutex_init(&mon->mutex);
	spin_lock_init(&mon->lock);
	INIT_LIST_HEAD(&mon->queue);
	zmq_af_get(target);
	spin_lock_bh(&zmq_monitor_lock);
	list_add_tail(&mon->feed_node, &target->feeds);
	spin_unlock_bh(&zmq_monitor_lock);
	return mon;
}

/* May events of @zsk be sent to this socket? */
static int zmq_monitor_check(struct zmq_sock *zsk, struct socket *sock)
{
	struct zmq_sock *target;

	if (sock->ops != &zmq_af_ops)
		return -EINVAL;
	target = zmq_sk(sock->sk);
	switch (target->type->id) {
	case ZMQ_AF_PAIR:
	case ZMQ_AF_PUB:
	case ZMQ_AF_PUSH:
		return target == zsk ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/**
 * zmq_monitor_set - ZMQ_AF_MONITOR
 * @zsk: the socket to be monitored
 * @val: struct zmq_af_monitor
 * @len: bytes there
 *
 * Return: 0; -EBADF, -ENOTSOCK; -EINVAL: no such version, an event that it
 * does not have, or not a socket that events can be sent to; -ENOMEM.
 */
int zmq_monitor_set(struct zmq_sock *zsk, const u8 *val, size_t len)
{
	struct zmq_af_monitor req;
	struct zmq_monitor *mon;
	struct socket *sock;
	int err;

	if (len < offsetofend(struct zmq_af_monitor, version) ||
	    len > sizeof(req))
		return -EINVAL;
	memcpy(&req, val, offsetofend(struct zmq_af_monitor, version));
	if (req.fd < 0) {
		zmq_monitor_replace(zsk, NULL);
		return 0;
	}
	if (req.version != 1 && req.version != 2)
		return -EINVAL;
	if (req.version == 1 && req.events & ~(u64)ZMQ_MONITOR_ALL_V1)
		return -EINVAL;
	sock = sockfd_lookup(req.fd, &err);
	if (!sock)
		return err;
	err = zmq_monitor_check(zsk, sock);
	if (err)
		goto out;
	mon = zmq_monitor_alloc(zmq_sk(sock->sk), req.events, req.version);
	err = mon ? 0 : -ENOMEM;
	if (mon)
		zmq_monitor_replace(zsk, mon);
out:
	/* Its descriptor may be the last: what is cut then is ours, too. */
	sockfd_put(sock);
	return err;
}

void zmq_monitor_get(struct zmq_sock *zsk, struct zmq_af_monitor *info)
{
	struct zmq_monitor *mon = zmq_monitor_of(zsk);

	*info = (struct zmq_af_monitor) { .fd = -1 };
	if (!mon)
		return;
	info->events = mon->events;
	info->version = mon->version;
	info->sent = atomic64_read(&mon->sent);
	info->dropped = atomic64_read(&mon->dropped);
	info->queued = READ_ONCE(mon->queued);
	zmq_monitor_put(mon);
}

static struct zmq_monitor_event *zmq_monitor_pipe(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = pipe->conn;
	struct zmq_monitor_event *ev;
	const char *name = "";

	if (conn)
		name = conn->ep->bind ? conn->ep->bound : conn->ep->name;
	ev = zmq_monitor_event_alloc(ZMQ_MONITOR_PIPES_STATS, name, name, true);
	if (!ev)
		return NULL;
	ev->n = 2;
	ev->value[0] = zmq_hwm_queued(&pipe->tx);
	ev->value[1] = zmq_hwm_queued(&pipe->rx);
	return ev;
}

/**
 * zmq_monitor_pipes_stats - ZMQ_AF_MONITOR_PIPES_STATS: one event a peer
 * @zsk: the monitored socket
 *
 * Return: 0; -EINVAL: no monitor of version 2; -EAGAIN: no peers.
 */
int zmq_monitor_pipes_stats(struct zmq_sock *zsk)
{
	struct zmq_monitor *mon = zmq_monitor_of(zsk);
	struct zmq_pipe *pipe;
	int err = -EINVAL;

	if (!mon)
		return err;
	if (mon->version == 2) {
		lock_sock(&zsk->sk);
		err = list_empty(&zsk->pipes) ? -EAGAIN : 0;
		if (mon->events & ZMQ_MONITOR_PIPES_STATS)
			list_for_each_entry(pipe, &zsk->pipes, node)
				zmq_monitor_queue(mon, zmq_monitor_pipe(pipe),
						  false);
		release_sock(&zsk->sk);
		zmq_monitor_drain(mon);
	}
	zmq_monitor_put(mon);
	return err;
}
