// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: the life of one, from connect or accept to the end.
 *
 * Everything but moving bytes happens in ctl_work, one event or several at a
 * time.  Callbacks only set a bit in conn->flags and kick it.
 */
#include "audit.h"
#include "conn.h"
#include "ep.h"
#include "meta.h"
#include "monitor.h"
#include "net.h"
#include "proxy.h"
#include "trace.h"
#include "type.h"
#include "view.h"

const struct zmq_options *zmq_conn_options(const struct zmq_conn *conn)
{
	return &conn->ep->opt;
}

/*
 * Numbers of connections and listeners, where libzmq has descriptors: above
 * all descriptors there can be (fs.nr_open), as programs may take them for one.
 */
u32 zmq_conn_new_id(void)
{
	static atomic_t last;

	return BIT(20) + (u32)atomic_inc_return(&last) % (BIT(30) - 1);
}

/* A lower socket is connected: who is at its ends? */
void zmq_conn_name(struct zmq_conn *conn)
{
	lockdep_assert_held(&conn->mutex);
	kfree(conn->local);
	kfree(conn->remote);
	conn->local = conn->tp->name(conn->lower, false);
	conn->remote = conn->tp->name(conn->lower, true);
}

void zmq_conn_set_state(struct zmq_conn *conn, enum zmq_conn_state state)
{
	lockdep_assert_held(&conn->mutex);
	trace_zmq_conn_state(conn, state);
	/* Pairs with the acquire in zmq_tx_run(): @version, @pipe are set. */
	smp_store_release(&conn->state, state);
}

/* Nobody has it: release the lower socket where sleeping is allowed. */
static void zmq_conn_free_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(work, struct zmq_conn, free_work);
	struct zmq_sock *zsk = conn->zsk;

	if (conn->lower)
		sock_release(conn->lower);
	if (conn->spare)
		sock_release(conn->spare);
	kfree_skb(conn->rx_skb);
	kfree(conn->local);
	kfree(conn->remote);
	atomic_dec(&zmq_net(sock_net(&zsk->sk))->conns);
	zmq_ep_put(conn->ep);
	zmq_af_put(zsk);
	mutex_destroy(&conn->mutex);
	zmq_audit_gone(ZMQ_AUDIT_CONN, conn);
	kfree_rcu(conn, rcu);
}

void zmq_conn_put(struct zmq_conn *conn)
{
	if (refcount_dec_and_test(&conn->refs))
		queue_work(zmq_main_wq, &conn->free_work);
}

/*
 * Queue work that owns a reference; it may be queued already.  @due: the bit of
 * work that is to run at once, which the work clears when it begins: what waits
 * for a later time must not put that off.
 */
static void zmq_conn_queue(struct zmq_conn *conn, struct delayed_work *work,
			   unsigned int due, unsigned long delay)
{
	struct workqueue_struct *wq = zmq_main_wq;
	bool pending;

	if (!zmq_conn_get(conn))
		return;
	/* Walking a path takes as long as its file system likes; so do names. */
	if (!conn->accepted &&
	    (conn->ep->has_fs || conn->ep->target.named))
		wq = zmq_main_path_wq;
	if (!delay) {
		set_bit(due, &conn->flags);
		/* Pairs with the full order of mod_delayed_work() below. */
		smp_mb__after_atomic();
		pending = mod_delayed_work(wq, work, 0);
	} else {
		pending = !queue_delayed_work(wq, work, delay);
	}
	/* Waiting for longer than that?  Of work due now this is not known. */
	if (pending && delay &&
	    time_before(jiffies + delay, READ_ONCE(work->timer.expires))) {
		pending = mod_delayed_work(wq, work, delay);
		/* Then it still is due now. */
		if (test_bit(due, &conn->flags))
			zmq_conn_queue(conn, work, due, 0);
	}
	if (pending)
		zmq_conn_put(conn);
}

/* The work begins, and sees whatever was there when it was made due. */
static void zmq_conn_begin(struct zmq_conn *conn, unsigned int due)
{
	clear_bit(due, &conn->flags);
	/* Whoever sets it from now on queues the work again. */
	smp_mb__after_atomic();
}

/**
 * zmq_conn_kick - have the state machine look
 * @conn: the connection
 * @delay: in jiffies at most; 0 = at once
 *
 * Context: any.
 */
void zmq_conn_kick(struct zmq_conn *conn, unsigned long delay)
{
	zmq_conn_queue(conn, &conn->ctl_work, ZMQ_CONN_CTL_DUE, delay);
}

/* Have somebody flush who may sleep; any context. */
void zmq_conn_flush_kick(struct zmq_conn *conn, unsigned long delay)
{
	zmq_conn_queue(conn, &conn->tx_work, ZMQ_CONN_TX_DUE, delay);
}

/**
 * zmq_conn_fail - the connection cannot go on
 * @conn: the connection
 * @error: what the peer did wrong, or ZMQ_CONN_NOMEM
 *
 * Nothing more is parsed.  Context: level 3, or ctl work; or lock_sock(zsk)
 * held and the pipe ready, which ctl work ends first.
 */
void zmq_conn_fail(struct zmq_conn *conn, u32 error)
{
	WRITE_ONCE(conn->error, error);
	if (error != ZMQ_CONN_NOMEM)
		trace_zmq_protocol_error(conn, error);
	if (!test_and_set_bit(ZMQ_CONN_FAILED, &conn->flags))
		zmq_conn_kick(conn, 0);
}

static void zmq_conn_tx_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(to_delayed_work(work),
					     struct zmq_conn, tx_work);
	u64 start = ktime_get_ns();

	clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Pairs with the barrier after setting it: the flush sees all. */
	zmq_conn_begin(conn, ZMQ_CONN_TX_DUE);
	zmq_tx_flush(conn);
	zmq_burst_worked(conn->zsk, ktime_get_ns() - start);
	zmq_conn_put(conn);
}

/**
 * zmq_conn_get_pipe - the connection of a pipe
 * @pipe: the pipe
 *
 * Return: it with a reference for the caller, or NULL.
 */
struct zmq_conn *zmq_conn_get_pipe(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	conn = READ_ONCE(pipe->conn);
	if (conn && !zmq_conn_get(conn))
		conn = NULL;
	rcu_read_unlock();
	return conn;
}

/* Take the pipe away from the connection; lock_sock held, TX stopped. */
static void zmq_conn_drop_pipe(struct zmq_conn *conn)
{
	struct zmq_pipe *pipe = conn->pipe;

	if (!pipe)
		return;
	spin_lock_bh(&pipe->tx_lock);
	WRITE_ONCE(pipe->conn, NULL);
	spin_unlock_bh(&pipe->tx_lock);
	zmq_pipe_detach(pipe);
	WRITE_ONCE(conn->pipe, NULL);
}

/* Does a pipe exist while nobody is connected? */
static bool zmq_conn_keeps_pipe(const struct zmq_conn *conn)
{
	return !conn->accepted && !zmq_conn_options(conn)->immediate;
}

/* The peer was there and is not any more; lock_sock held. */
static void zmq_conn_tell_lost(struct zmq_conn *conn)
{
	struct zmq_sock *zsk = conn->zsk;
	struct zmq_pipe *pipe = conn->pipe;

	if (!pipe->ready || !pipe->attached)
		return;
	if (zsk->type->lost)
		zsk->type->lost(zsk, pipe);
	zmq_notice_lost(conn);
}

/*
 * The stream is over: forget what is half done at both ends.  With @keep the
 * pipe and what it has to send, but for an XSUB's, stay for the next stream.
 * @lost: it was not us who wanted that.
 */
static void zmq_conn_unhook(struct zmq_conn *conn, bool keep, bool lost)
{
	struct zmq_sock *zsk = conn->zsk;
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_handshake *hs;

	zmq_view_end(conn);
	zmq_tx_stop(conn);
	if (conn->lower)
		zmq_stream_lock(conn);
	zmq_rx_reset(conn);
	hs = conn->hs;
	conn->hs = NULL;
	if (conn->lower)
		zmq_stream_unlock(conn);
	kvfree(hs);
	lock_sock(&zsk->sk);
	/*
	 * The next peer is told of all subscriptions first.  Those that wait in
	 * the pipe, of an earlier time, would come after; libzmq, too, drops all.
	 */
	zmq_tx_reset(conn, keep && !zsk->type->subscribes);
	if (pipe && lost)
		zmq_conn_tell_lost(conn);
	if (pipe)
		pipe->ready = false;
	if (!keep)
		zmq_conn_drop_pipe(conn);
	release_sock(&zsk->sk);
	/* What was announced until a moment ago, too. */
	zmq_tx_drop_control(conn);
	zmq_traffic_reset(conn);
	zmq_tx_start(conn);
	if (pipe && !keep)
		zmq_pipe_put(pipe);
}

/* The end.  Drops the reference of the endpoint's list. */
void zmq_conn_destroy(struct zmq_conn *conn, bool lost)
{
	struct zmq_ep *ep = conn->ep;

	/* The parser stops: it looks at the state under level 3. */
	zmq_conn_set_state(conn, ZMQ_CONN_DEAD);
	zmq_proxy_end(conn);
	zmq_conn_unhook(conn, false, lost);
	if (conn->lower) {
		zmq_stream_remove(conn);
		kernel_sock_shutdown(conn->lower, SHUT_RDWR);
	}
	spin_lock_bh(&ep->lock);
	list_del_init(&conn->node);
	spin_unlock_bh(&ep->lock);
	zmq_conn_put(conn);
}

/* Did the lower socket end, and is all it had read? */
bool zmq_conn_ended(struct zmq_conn *conn)
{
	bool ended;

	if (!test_bit(ZMQ_CONN_EOF, &conn->flags))
		return false;
	zmq_stream_lock(conn);
	ended = !conn->tp->has_input(conn);
	zmq_stream_unlock(conn);
	return ended;
}

/**
 * zmq_conn_lost - the peer is gone, or was sent away
 * @conn: the connection, in HANDSHAKE or READY
 * @retry: a connector may try again
 */
void zmq_conn_lost(struct zmq_conn *conn, bool retry)
{
	bool again = !conn->accepted && retry;

	if (!again) {
		zmq_conn_destroy(conn, true);
		zmq_monitor_conn(conn, ZMQ_MONITOR_DISCONNECTED, conn->id);
		return;
	}
	/* Not READY any more before the sending end is given back. */
	zmq_conn_set_state(conn, ZMQ_CONN_IDLE);
	zmq_conn_unhook(conn, zmq_conn_keeps_pipe(conn), true);
	zmq_monitor_conn(conn, ZMQ_MONITOR_DISCONNECTED, conn->id);
	zmq_connect_retry(conn, true);
}

/* Everything there is to do now.  Return: jiffies until the next look. */
static unsigned long zmq_conn_step(struct zmq_conn *conn)
{
	unsigned long next = MAX_SCHEDULE_TIMEOUT;

	if (conn->state == ZMQ_CONN_DEAD)
		return next;
	if (test_bit(ZMQ_CONN_CLOSE, &conn->flags) &&
	    zmq_linger_step(conn, &next))
		return next;
	if (test_bit(ZMQ_CONN_FAILED, &conn->flags)) {
		zmq_session_failed(conn);
	} else if (conn->state == ZMQ_CONN_IDLE) {
		if (zmq_conn_expired(conn))
			zmq_connect_attempt(conn);
	} else if (conn->state == ZMQ_CONN_CONNECTING) {
		zmq_connect_step(conn);
	} else if (conn->state == ZMQ_CONN_PROXY) {
		zmq_connect_step_proxy(conn);
	} else if (conn->state == ZMQ_CONN_HANDSHAKE) {
		zmq_session_step_handshake(conn);
	} else {
		zmq_session_step(conn, &next);
	}
	if (conn->state != ZMQ_CONN_DEAD && conn->timed)
		next = min(next, time_after(conn->deadline, jiffies) ?
				 conn->deadline - jiffies : 1);
	return next;
}

static void zmq_conn_ctl_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(to_delayed_work(work),
					     struct zmq_conn, ctl_work);
	unsigned long next;

	mutex_lock(&conn->mutex);
	zmq_conn_begin(conn, ZMQ_CONN_CTL_DUE);
	next = zmq_conn_step(conn);
	if (conn->state != ZMQ_CONN_DEAD && next != MAX_SCHEDULE_TIMEOUT)
		zmq_conn_kick(conn, next);
	mutex_unlock(&conn->mutex);
	zmq_conn_put(conn);
}

/**
 * zmq_conn_alloc - make a connection
 * @ep: its endpoint
 * @accepted: by a listener
 *
 * Return: it, IDLE, on the endpoint's list, with a reference for the list and
 * one for the caller; or an error pointer: -ENOMEM, -ENOBUFS (too many),
 * -ESHUTDOWN (endpoint closed).
 */
struct zmq_conn *zmq_conn_alloc(struct zmq_ep *ep, bool accepted)
{
	struct zmq_net *znet = zmq_net(sock_net(&ep->zsk->sk));
	struct zmq_conn *conn;
	int err = -ENOMEM;

	if (atomic_inc_return(&znet->conns) > READ_ONCE(znet->conns_max)) {
		zmq_net_count(sock_net(&ep->zsk->sk), ZMQ_NET_CONN_LIMIT);
		err = -ENOBUFS;
		goto err_count;
	}
	conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);
	if (!conn)
		goto err_count;
	refcount_set(&conn->refs, 2);
	conn->zsk = ep->zsk;
	conn->ep = ep;
	conn->tp = ep->tp;
	conn->accepted = accepted;
	conn->rx.delim = -1;
	mutex_init(&conn->mutex);
	spin_lock_init(&conn->ctl_lock);
	INIT_LIST_HEAD(&conn->ctl);
	INIT_LIST_HEAD(&conn->subs);
	INIT_DELAYED_WORK(&conn->ctl_work, zmq_conn_ctl_work);
	INIT_DELAYED_WORK(&conn->tx_work, zmq_conn_tx_work);
	INIT_WORK(&conn->free_work, zmq_conn_free_work);
	spin_lock_bh(&ep->lock);
	err = ep->closed ? -ESHUTDOWN : 0;
	if (!err)
		list_add_tail(&conn->node, &ep->conns);
	spin_unlock_bh(&ep->lock);
	if (err)
		goto err_free;
	zmq_af_get(ep->zsk);
	zmq_ep_get(ep);
	zmq_audit_made(ZMQ_AUDIT_CONN, conn);
	return conn;

err_free:
	kfree(conn);
err_count:
	atomic_dec(&znet->conns);
	return ERR_PTR(err);
}

/**
 * zmq_conn_start - a connector's first attempt
 * @conn: the connection, with its pipe if it keeps one; the caller has a
 *	reference
 *
 * Context: connect(2) of its user, whose credentials, cgroup, directories and
 * namespaces count.
 */
void zmq_conn_start(struct zmq_conn *conn)
{
	unsigned long next;

	mutex_lock(&conn->mutex);
	conn->timed = true;
	conn->deadline = jiffies;
	next = 0;
	if (!conn->tp->prepare || conn->tp->prepare(conn) != -EINPROGRESS)
		next = zmq_conn_step(conn);
	if (conn->state != ZMQ_CONN_DEAD && next != MAX_SCHEDULE_TIMEOUT)
		zmq_conn_kick(conn, next);
	mutex_unlock(&conn->mutex);
}

/**
 * zmq_conn_accept - begin with an accepted lower socket
 * @ep: the endpoint that listens
 * @lower: the socket; ours from now on, also in failure
 */
void zmq_conn_accept(struct zmq_ep *ep, struct socket *lower)
{
	struct zmq_conn *conn = zmq_conn_alloc(ep, true);
	int err;

	if (IS_ERR(conn)) {
		zmq_monitor_ep(ep, ZMQ_MONITOR_ACCEPT_FAILED, -PTR_ERR(conn));
		sock_release(lower);
		return;
	}
	zmq_net_count(sock_net(&ep->zsk->sk), ZMQ_NET_ACCEPTED);
	mutex_lock(&conn->mutex);
	WRITE_ONCE(conn->lower, lower);
	conn->id = zmq_conn_new_id();
	zmq_conn_name(conn);
	err = conn->tp->adopt(conn);
	if (err)
		zmq_net_count(sock_net(&ep->zsk->sk), ZMQ_NET_FILTERED);
	err = err ?: zmq_stream_install(conn);
	if (err)
		zmq_monitor_ep(ep, ZMQ_MONITOR_ACCEPT_FAILED, -err);
	else
		zmq_monitor_conn(conn, ZMQ_MONITOR_ACCEPTED, conn->id);
	if (err)
		zmq_conn_destroy(conn, false);
	else
		zmq_session_begin(conn);
	mutex_unlock(&conn->mutex);
	zmq_conn_put(conn);
}

/**
 * zmq_conn_close - end a connection
 * @conn: the connection; the caller has a reference
 * @linger: ms it may take to send what is queued; -1 = any
 *
 * Context: process; conn->mutex not held.  The end comes in ctl work.
 */
void zmq_conn_close(struct zmq_conn *conn, int linger)
{
	conn->linger_start = jiffies;
	conn->linger_forever = linger < 0;
	conn->linger_end = jiffies + msecs_to_jiffies(max(linger, 0));
	if (!linger)
		set_bit(ZMQ_CONN_CLOSE_NOW, &conn->flags);
	/* Publishes the above to ctl work. */
	smp_mb__before_atomic();
	set_bit(ZMQ_CONN_CLOSE, &conn->flags);
	zmq_conn_kick(conn, 0);
}
