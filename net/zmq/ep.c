// SPDX-License-Identifier: GPL-2.0
/* Endpoints of a socket: bind, connect, accept, unbind, disconnect. */
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include "adopt.h"
#include "audit.h"
#include "ep.h"
#include "monitor.h"
#include "net.h"
#include "type.h"

/* Connections accepted in one go, then others get the worker. */
#define ZMQ_EP_ACCEPTS	64

void zmq_ep_put(struct zmq_ep *ep)
{
	struct zmq_sock *zsk = ep->zsk;

	if (!refcount_dec_and_test(&ep->refs))
		return;
	WARN_ON_ONCE(!list_empty(&ep->conns));
	if (ep->tp->free)
		ep->tp->free(ep);
	if (ep->has_fs) {
		path_put(&ep->root);
		path_put(&ep->pwd);
	}
	put_cred(ep->cred);
	put_pid(ep->pid);
	zmq_options_free(&ep->opt);
	kfree(ep->bound);
	kfree(ep->name);
	zmq_audit_gone(ZMQ_AUDIT_EP, ep);
	kfree(ep);
	zmq_af_put(zsk);
}

/* An ipc path is looked up where its user is, today and in reconnects. */
static void zmq_ep_save_fs(struct zmq_ep *ep)
{
	if (ep->addr.proto != ZMQ_ENDPOINT_IPC || ep->addr.abstract ||
	    !current->fs)
		return;
	get_fs_root(current->fs, &ep->root);
	get_fs_pwd(current->fs, &ep->pwd);
	ep->has_fs = true;
}

static const struct zmq_transport *zmq_ep_transport(const struct zmq_ep *ep)
{
	switch (ep->addr.proto) {
	case ZMQ_ENDPOINT_TCP:
		return &zmq_tcp_transport;
	case ZMQ_ENDPOINT_IPC:
		return &zmq_unix_transport;
	case ZMQ_ENDPOINT_INPROC:
		return &zmq_inproc_transport;
	case ZMQ_ENDPOINT_UDP:
		return &zmq_udp_transport;
	default:
		return NULL;
	}
}

/* May a socket of this type be there? */
static bool zmq_ep_fits(const struct zmq_type *type,
			const struct zmq_endpoint *addr, bool bind)
{
	if (addr->proto != ZMQ_ENDPOINT_UDP)
		return !type->udp_only;
	return bind ? type->udp_bind : type->udp_connect;
}

static struct zmq_ep *zmq_ep_alloc(struct zmq_sock *zsk, const char *name,
				   size_t len, bool bind)
{
	struct zmq_ep *ep;
	int err;

	ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	err = zmq_endpoint_parse(&ep->addr, name, len, bind);
	if (err)
		goto err_free;
	ep->tp = zmq_ep_transport(ep);
	err = -EPROTONOSUPPORT;
	if (!ep->tp || !zmq_ep_fits(zsk->type, &ep->addr, bind))
		goto err_free;
	err = -ENOMEM;
	ep->name = kmemdup_nul(name, len, GFP_KERNEL_ACCOUNT);
	if (!ep->name)
		goto err_free;
	zmq_af_get(zsk);
	ep->zsk = zsk;
	refcount_set(&ep->refs, 1);
	ep->bind = bind;
	ep->cred = get_current_cred();
	ep->pid = get_pid(task_tgid(current));
	spin_lock_init(&ep->lock);
	INIT_LIST_HEAD(&ep->conns);
	INIT_LIST_HEAD(&ep->inproc.node);
	zmq_ep_save_fs(ep);
	lock_sock(&zsk->sk);
	zmq_options_copy(&ep->opt, &zsk->opt);
	release_sock(&zsk->sk);
	zmq_audit_made(ZMQ_AUDIT_EP, ep);
	return ep;

err_free:
	kfree(ep);
	return ERR_PTR(err);
}

static void zmq_ep_accept_work(struct work_struct *work)
{
	struct zmq_ep *ep = container_of(to_delayed_work(work), struct zmq_ep,
					 accept_work);
	struct socket *lower;
	int err, i;

	for (i = 0; i < ZMQ_EP_ACCEPTS; i++) {
		err = kernel_accept(ep->listener, &lower, O_NONBLOCK);
		if (err && err != -EAGAIN)
			zmq_monitor_ep(ep, ZMQ_MONITOR_ACCEPT_FAILED, -err);
		/* It is gone again; there may be others. */
		if (err == -ECONNABORTED)
			continue;
		if (err)
			break;
		zmq_compat_sk_hold_net(lower->sk);
		zmq_conn_accept(ep, lower);
	}
	if (i == ZMQ_EP_ACCEPTS)
		queue_delayed_work(zmq_main_wq, &ep->accept_work, 0);
	else if (err != -EAGAIN && err != -EINVAL)
		queue_delayed_work(zmq_main_wq, &ep->accept_work, HZ / 10);
}

static void zmq_ep_data_ready(struct sock *sk)
{
	struct zmq_ep *ep;

	rcu_read_lock();
	ep = rcu_dereference_sk_user_data(sk);
	if (ep)
		queue_delayed_work(zmq_main_wq, &ep->accept_work, 0);
	rcu_read_unlock();
}

/* Accept from now on.  The work ends before the listener does. */
static void zmq_ep_listen(struct zmq_ep *ep)
{
	struct sock *sk = ep->listener->sk;

	INIT_DELAYED_WORK(&ep->accept_work, zmq_ep_accept_work);
	if (ep->adopted) {
		zmq_adopt_listen(ep);
		goto out;
	}
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	ep->save_data_ready = sk->sk_data_ready;
	__rcu_assign_sk_user_data_with_flags(sk, ep, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = zmq_ep_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
out:
	queue_delayed_work(zmq_main_wq, &ep->accept_work, 0);
}

/*
 * Stop listening, at once: the address is free afterwards.  A unix callback
 * may have read user_data before; after a grace period none has.
 */
static void zmq_ep_unlisten(struct zmq_ep *ep)
{
	struct sock *sk = ep->listener->sk;

	if (ep->adopted) {
		zmq_adopt_unlisten(ep);
		return;
	}
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_data_ready = ep->save_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	synchronize_rcu();
	cancel_delayed_work_sync(&ep->accept_work);
	sock_release(ep->listener);
	ep->listener = NULL;
}

/* Remember for getsockname() and ZMQ_LAST_ENDPOINT; ep_mutex held. */
static void zmq_ep_set_last(struct zmq_sock *zsk, const char *name)
{
	char *copy = kstrdup(name, GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&zsk->ep_mutex);
	if (!copy)
		return;
	kfree(zsk->last_endpoint);
	zsk->last_endpoint = copy;
}

/* May endpoints be added?  ep_mutex held. */
static int zmq_ep_check_open(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->ep_mutex);
	if (READ_ONCE(zsk->closing) || READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	return 0;
}

/**
 * zmq_ep_bind - bind a socket to an endpoint
 * @zsk: the socket
 * @name: the endpoint
 * @len: bytes in @name
 *
 * Context: the syscall of its user; the socket is not locked.
 * Return: 0 or an errno of zmq_bind().
 */
int zmq_ep_bind(struct zmq_sock *zsk, const char *name, size_t len)
{
	struct zmq_ep *ep;
	int err;

	ep = zmq_ep_alloc(zsk, name, len, true);
	if (IS_ERR(ep)) {
		zmq_monitor_bind_failed(zsk, name, len, PTR_ERR(ep));
		return PTR_ERR(ep);
	}
	mutex_lock(&zsk->ep_mutex);
	err = zmq_ep_check_open(zsk);
	if (!err)
		err = ep->opt.use_fd < 0 || ep->tp->attach ?
		      ep->tp->listen(ep) : zmq_adopt_listener(ep);
	if (err)
		goto err_put;
	list_add_tail(&ep->node, &zsk->eps);
	zmq_ep_set_last(zsk, ep->bound);
	if (ep->listener) {
		ep->id = zmq_conn_new_id();
		zmq_monitor_ep(ep, ZMQ_MONITOR_LISTENING, ep->id);
		zmq_ep_listen(ep);
	}
	mutex_unlock(&zsk->ep_mutex);
	zmq_monitor_flush(zsk);
	return 0;

err_put:
	mutex_unlock(&zsk->ep_mutex);
	zmq_monitor_bind_failed(zsk, name, len, err);
	zmq_ep_put(ep);
	return err;
}

/* End all connections of an endpoint. */
static void zmq_ep_close_conns(struct zmq_ep *ep, int linger)
{
	struct zmq_conn *conn;
	LIST_HEAD(conns);

	spin_lock_bh(&ep->lock);
	ep->closed = true;
	list_for_each_entry(conn, &ep->conns, node)
		zmq_conn_close(conn, linger);
	spin_unlock_bh(&ep->lock);
}

/* End an endpoint that is off its socket's list.  Drops the list's reference. */
static void zmq_ep_close(struct zmq_ep *ep, int linger)
{
	lockdep_assert_held(&ep->zsk->ep_mutex);
	if (ep->listener) {
		zmq_ep_unlisten(ep);
		zmq_monitor_ep(ep, ZMQ_MONITOR_CLOSED, ep->id);
	}
	if (ep->tp->close)
		ep->tp->close(ep, linger);
	zmq_ep_close_conns(ep, linger);
	zmq_ep_put(ep);
}

/* Has every connection ended, or is about to? */
static bool zmq_ep_ended(struct zmq_ep *ep)
{
	struct zmq_conn *conn;
	bool ended = true;

	if (ep->tp->ended)
		return ep->tp->ended(ep);
	spin_lock_bh(&ep->lock);
	list_for_each_entry(conn, &ep->conns, node)
		if (READ_ONCE(conn->state) != ZMQ_CONN_DEAD)
			ended = false;
	spin_unlock_bh(&ep->lock);
	return ended;
}

/*
 * Connectors that have given up (the peer broke the protocol, or no reconnect
 * interval is set) stay to be disconnected, until the next connect.
 */
static void zmq_ep_prune(struct zmq_sock *zsk)
{
	struct zmq_ep *ep, *next;

	lockdep_assert_held(&zsk->ep_mutex);
	list_for_each_entry_safe(ep, next, &zsk->eps, node) {
		if (ep->bind || !zmq_ep_ended(ep))
			continue;
		list_del(&ep->node);
		zmq_ep_close(ep, 0);
	}
}

static bool zmq_ep_connected(const struct zmq_sock *zsk, const struct zmq_ep *ep)
{
	const struct zmq_ep *other;

	list_for_each_entry(other, &zsk->eps, node)
		if (!other->bind && !strcmp(other->name, ep->name))
			return true;
	return false;
}

/* The pipe of a connector, there before any connection is. */
static int zmq_ep_make_pipe(struct zmq_ep *ep, struct zmq_conn *conn,
			    u32 *routing_id)
{
	struct zmq_sock *zsk = ep->zsk;
	struct zmq_pipe *pipe;
	int err;

	pipe = zmq_pipe_alloc(zsk, &ep->opt, GFP_KERNEL);
	if (!pipe)
		return -ENOMEM;
	pipe->connects = true;
	lock_sock(&zsk->sk);
	err = zmq_pipe_attach(pipe);
	if (!err) {
		pipe->conn = conn;
		conn->pipe = pipe;
		*routing_id = pipe->routing_id;
	}
	release_sock(&zsk->sk);
	if (err)
		zmq_pipe_put(pipe);
	return err;
}

/*
 * Begin to connect by a connection.  Return: 0; 1: there is one to that address
 * and this type wants no other.
 */
static int zmq_ep_start(struct zmq_ep *ep, u32 *routing_id)
{
	struct zmq_sock *zsk = ep->zsk;
	struct zmq_conn *conn;
	int err = 0;

	if (zsk->type->dedupes && zmq_ep_connected(zsk, ep))
		return 1;
	conn = zmq_conn_alloc(ep, false);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (!ep->opt.immediate)
		err = zmq_ep_make_pipe(ep, conn, routing_id);
	if (err)
		zmq_conn_close(conn, 0);
	else
		zmq_conn_start(conn);
	zmq_conn_put(conn);
	return err;
}

/**
 * zmq_ep_connect_to - connect a socket to an endpoint
 * @zsk: the socket
 * @name: the endpoint
 * @len: bytes in @name
 * @addrs: addresses of its host, if that is a name, separated by commas
 * @addrs_len: bytes in @addrs
 * @routing_id: set to the number of the peer, if the type has numbers; not with
 *	ZMQ_IMMEDIATE
 *
 * Connecting goes on in the background, again and again; errors are about the
 * endpoint and about limits only.
 *
 * Context: the syscall of its user; the socket is not locked.
 * Return: 0 or an errno of zmq_connect().
 */
static int zmq_ep_connect_to(struct zmq_sock *zsk, const char *name, size_t len,
			     const char *addrs, size_t addrs_len,
			     u32 *routing_id)
{
	struct zmq_ep *ep;
	int err;

	ep = zmq_ep_alloc(zsk, name, len, false);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	mutex_lock(&zsk->ep_mutex);
	err = zmq_ep_check_open(zsk);
	if (!err)
		err = ep->tp->check(ep, addrs, addrs_len);
	zmq_ep_prune(zsk);
	if (!err)
		err = ep->tp->attach ? ep->tp->attach(ep, routing_id) :
				       zmq_ep_start(ep, routing_id);
	/* A single-peer type that has its peer keeps it; no error in libzmq. */
	if (err && err != -EBUSY)
		goto out_put;
	list_add_tail(&ep->node, &zsk->eps);
	zmq_ep_set_last(zsk, ep->name);
	mutex_unlock(&zsk->ep_mutex);
	return 0;

out_put:
	mutex_unlock(&zsk->ep_mutex);
	zmq_ep_put(ep);
	return min(err, 0);
}

int zmq_ep_connect_peer(struct zmq_sock *zsk, const char *name, size_t len,
			const char *addrs, size_t addrs_len, u32 *routing_id)
{
	return zmq_ep_connect_to(zsk, name, len, addrs, addrs_len, routing_id);
}

int zmq_ep_connect_at(struct zmq_sock *zsk, const char *name, size_t len,
		      const char *addrs, size_t addrs_len)
{
	u32 routing_id;

	return zmq_ep_connect_to(zsk, name, len, addrs, addrs_len,
				 &routing_id);
}

int zmq_ep_connect(struct zmq_sock *zsk, const char *name, size_t len)
{
	return zmq_ep_connect_at(zsk, name, len, NULL, 0);
}

/*
 * Its peers are nobody's any more: nothing is sent to them from now on, and
 * what a disconnected one had sent is dropped.
 */
static void zmq_ep_forget(struct zmq_ep *ep)
{
	struct zmq_sock *zsk = ep->zsk;
	struct zmq_pipe *pipe, *next;

	lock_sock(&zsk->sk);
	list_for_each_entry_safe(pipe, next, &zsk->pipes, node) {
		if (!pipe->conn || pipe->conn->ep != ep)
			continue;
		zmq_pipe_get(pipe);
		/* From then on nothing is published. */
		zmq_pipe_detach(pipe);
		if (!ep->bind)
			zmq_recv_purge_pipe(zsk, pipe);
		zmq_pipe_put(pipe);
	}
	release_sock(&zsk->sk);
}

/* Does @name mean this endpoint?  Both the user's and the resolved form do. */
static bool zmq_ep_named(const struct zmq_ep *ep, const char *name, size_t len)
{
	if (ep->bind && ep->bound && strlen(ep->bound) == len &&
	    !memcmp(ep->bound, name, len))
		return true;
	/* A wildcard port names nothing. */
	if (ep->bind && ep->addr.proto != ZMQ_ENDPOINT_IPC &&
	    ep->addr.proto != ZMQ_ENDPOINT_INPROC &&
	    !ep->addr.tcp.port)
		return false;
	if (ep->bind && ep->addr.proto == ZMQ_ENDPOINT_IPC && ep->addr.wild)
		return false;
	return strlen(ep->name) == len && !memcmp(ep->name, name, len);
}

/*
 * A name of this kind that the socket is bound to is unbound first, and stays
 * connected to until the next call (libzmq, inproc).  NULL: there is none.
 */
static struct zmq_ep *zmq_ep_bound_first(struct zmq_sock *zsk,
					 const char *name, size_t len)
{
	struct zmq_ep *ep;

	lockdep_assert_held(&zsk->ep_mutex);
	list_for_each_entry(ep, &zsk->eps, node)
		if (ep->bind && ep->tp->unbinds_first &&
		    zmq_ep_named(ep, name, len))
			return ep;
	return NULL;
}

/* Why there is no endpoint of this name. */
static int zmq_ep_unknown(const char *name, size_t len)
{
	struct zmq_endpoint addr;

	if (zmq_endpoint_parse(&addr, name, len, true) == -EPROTONOSUPPORT)
		return -EPROTONOSUPPORT;
	return strnstr(name, "://", len) ? -ENOENT : -EINVAL;
}

/**
 * zmq_ep_term - unbind or disconnect
 * @zsk: the socket
 * @name: the endpoint
 * @len: bytes in @name
 *
 * As in libzmq either works on either, and on all endpoints of that name; but
 * see zmq_ep_bound_first().
 * Unbinding ends the connections that were accepted.  What is queued to be
 * sent lingers as long as ZMQ_LINGER says.
 *
 * Return: 0; -ENOENT: there is none; -EINVAL, -EPROTONOSUPPORT: nor can be.
 */
int zmq_ep_term(struct zmq_sock *zsk, const char *name, size_t len)
{
	struct zmq_ep *ep, *next, *bound;
	int err = -ENOENT;
	int linger;

	mutex_lock(&zsk->ep_mutex);
	linger = zsk->type->no_linger ? 0 : READ_ONCE(zsk->opt.linger);
	bound = zmq_ep_bound_first(zsk, name, len);
	list_for_each_entry_safe(ep, next, &zsk->eps, node) {
		if (bound ? ep != bound : !zmq_ep_named(ep, name, len))
			continue;
		/* A peer that came by name and left is known no more. */
		if (ep->bind || !ep->tp->ended || !ep->tp->ended(ep))
			err = 0;
		list_del(&ep->node);
		zmq_ep_forget(ep);
		zmq_ep_close(ep, linger);
	}
	mutex_unlock(&zsk->ep_mutex);
	zmq_monitor_flush(zsk);
	return err ? zmq_ep_unknown(name, len) : 0;
}

/* The socket is closed: end everything, lingering as it says. */
void zmq_ep_close_all(struct zmq_sock *zsk)
{
	struct zmq_ep *ep, *next;
	int linger;

	mutex_lock(&zsk->ep_mutex);
	linger = zsk->type->no_linger ? 0 : READ_ONCE(zsk->opt.linger);
	list_for_each_entry_safe(ep, next, &zsk->eps, node) {
		list_del(&ep->node);
		zmq_ep_close(ep, linger);
	}
	mutex_unlock(&zsk->ep_mutex);
}

/* A lingering socket has no endpoints but peers it still sends to. */
static void zmq_ep_show_lingering(struct zmq_sock *zsk, struct seq_file *m)
{
	struct zmq_pipe *pipe;

	lock_sock(&zsk->sk);
	list_for_each_entry(pipe, &zsk->pipes, node)
		if (pipe->conn)
			seq_printf(m, " %c:%s", pipe->conn->ep->bind ? 'b' : 'c',
				   pipe->conn->ep->name);
	release_sock(&zsk->sk);
}

/* One word an endpoint for /proc/net/zmq. */
void zmq_ep_show(struct zmq_sock *zsk, struct seq_file *m)
{
	struct zmq_ep *ep;

	if (READ_ONCE(zsk->closing)) {
		zmq_ep_show_lingering(zsk, m);
		return;
	}
	mutex_lock(&zsk->ep_mutex);
	list_for_each_entry(ep, &zsk->eps, node)
		seq_printf(m, " %c:%s", ep->bind ? 'b' : 'c',
			   ep->bind ? ep->bound : ep->name);
	mutex_unlock(&zsk->ep_mutex);
}
