// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: the life of one, from connect or accept to the end.
 *
 * Everything but moving bytes happens in ctl_work, one event or several at a
 * time.  Callbacks only set a bit in conn->flags and kick it.
 */
#include <linux/random.h>
#include "audit.h"
#include "conn.h"
#include "context.h"
#include "ep.h"
#include "meta.h"
#include "monitor.h"
#include "net.h"
#include "proxy.h"
#include "trace.h"
#include "type.h"

const struct zmq_options *zmq_conn_options(const struct zmq_conn *conn)
{
	return &conn->ep->opt;
}

static struct net *zmq_conn_net(const struct zmq_conn *conn)
{
	return sock_net(&conn->zsk->sk);
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
static void zmq_conn_name(struct zmq_conn *conn)
{
	lockdep_assert_held(&conn->mutex);
	kfree(conn->local);
	kfree(conn->remote);
	conn->local = conn->tp->name(conn->lower, false);
	conn->remote = conn->tp->name(conn->lower, true);
}

static void zmq_conn_set_state(struct zmq_conn *conn, enum zmq_conn_state state)
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

/* Queue work that owns a reference; it may be queued already. */
static void zmq_conn_queue(struct zmq_conn *conn, struct delayed_work *work,
			   unsigned long delay)
{
	struct workqueue_struct *wq = zmq_main_wq;
	bool pending;

	if (!zmq_conn_get(conn))
		return;
	/* Walking a path takes as long as its file system likes; so do names. */
	if (!conn->accepted &&
	    (conn->ep->has_fs || conn->ep->target.named))
		wq = zmq_main_path_wq;
	if (!delay)
		pending = mod_delayed_work(wq, work, 0);
	else
		pending = !queue_delayed_work(wq, work, delay);
	/* Waiting for longer than that?  Work due now has no timer. */
	if (pending && delay &&
	    time_before(jiffies + delay, READ_ONCE(work->timer.expires)))
		pending = mod_delayed_work(wq, work, delay);
	if (pending)
		zmq_conn_put(conn);
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
	zmq_conn_queue(conn, &conn->ctl_work, delay);
}

/* Have somebody flush who may sleep; any context. */
void zmq_conn_flush_kick(struct zmq_conn *conn, unsigned long delay)
{
	zmq_conn_queue(conn, &conn->tx_work, delay);
}

/**
 * zmq_conn_fail - the connection cannot go on
 * @conn: the connection
 * @error: what the peer did wrong, or ZMQ_CONN_NOMEM
 *
 * Nothing more is parsed.  Context: level 3, or ctl work.
 */
void zmq_conn_fail(struct zmq_conn *conn, u32 error)
{
	conn->error = error;
	if (error != ZMQ_CONN_NOMEM)
		trace_zmq_protocol_error(conn, error);
	if (!test_and_set_bit(ZMQ_CONN_FAILED, &conn->flags))
		zmq_conn_kick(conn, 0);
}

static void zmq_conn_tx_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(to_delayed_work(work),
					     struct zmq_conn, tx_work);

	clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Pairs with the barrier after setting it: the flush sees all. */
	smp_mb__after_atomic();
	zmq_tx_flush(conn);
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
 * pipe and what it has to send stay for the next stream.  @lost: it was not us
 * who wanted that.
 */
static void zmq_conn_unhook(struct zmq_conn *conn, bool keep, bool lost)
{
	struct zmq_sock *zsk = conn->zsk;
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_handshake *hs;

	zmq_tx_stop(conn);
	if (conn->lower)
		zmq_stream_lock(conn);
	zmq_rx_reset(conn);
	hs = conn->hs;
	conn->hs = NULL;
	if (conn->lower)
		zmq_stream_unlock(conn);
	kvfree(hs);
	zmq_tx_reset(conn, keep);
	lock_sock(&zsk->sk);
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
static void zmq_conn_destroy(struct zmq_conn *conn, bool lost)
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

/* ms until the next attempt (libzmq: reconnect_ivl, doubling or jitter). */
static u32 zmq_conn_backoff(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);
	u32 ivl = opt->reconnect_ivl;
	u32 max = opt->reconnect_ivl_max;

	if (max <= ivl)
		return ivl + get_random_u32() % ivl;
	if (!conn->backoff)
		conn->backoff = ivl;
	else
		conn->backoff = min(max, conn->backoff * 2);
	return conn->backoff;
}

/*
 * Try again later.  Without a reconnect interval never: who had a peer is gone
 * with it, who had none keeps its pipe and waits in vain (libzmq).
 */
static void zmq_conn_retry(struct zmq_conn *conn, bool had_peer)
{
	bool never = zmq_conn_options(conn)->reconnect_ivl <= 0;
	u32 pause;

	if (never && had_peer) {
		zmq_conn_destroy(conn, false);
		return;
	}
	zmq_conn_set_state(conn, ZMQ_CONN_IDLE);
	conn->tp->disconnect(conn);
	clear_bit(ZMQ_CONN_EOF, &conn->flags);
	clear_bit(ZMQ_CONN_FAILED, &conn->flags);
	clear_bit(ZMQ_CONN_RX_STOP, &conn->flags);
	conn->error = 0;
	conn->timed = true;
	conn->deadline = jiffies;
	/* All addresses of a name belong to one attempt. */
	if (zmq_target_more(&conn->ep->target))
		return;
	conn->timed = !never;
	if (never)
		return;
	pause = zmq_conn_backoff(conn);
	zmq_monitor_conn(conn, ZMQ_MONITOR_CONNECT_RETRIED, pause);
	conn->deadline += msecs_to_jiffies(pause);
}

/**
 * zmq_conn_lost - the peer is gone, or was sent away
 * @conn: the connection, in HANDSHAKE or READY
 * @retry: a connector may try again
 */
static void zmq_conn_lost(struct zmq_conn *conn, bool retry)
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
	zmq_conn_retry(conn, true);
}

/*
 * Join the peer to the socket: a new pipe for an accepted connection, else the
 * one that connect made.  Without a handshake there is no ZMTP (STREAM).
 */
static int zmq_conn_join(struct zmq_conn *conn, struct zmq_handshake *hs)
{
	struct zmq_sock *zsk = conn->zsk;
	struct zmq_pipe *pipe = conn->pipe;
	bool fresh = !pipe;
	struct zmq_meta *meta;
	int err = 0;

	if (fresh) {
		pipe = zmq_pipe_alloc(zsk, zmq_conn_options(conn), GFP_KERNEL);
		if (!pipe)
			return -ENOMEM;
	}
	meta = zmq_meta_alloc(conn, hs);
	lock_sock(&zsk->sk);
	conn->version = hs ? hs->version : ZMQ_ZMTP_RAW;
	zmq_meta_give(pipe, meta);
	/* A ROUTER's pipe keeps its name for as long as it lives. */
	if (hs && hs->peer_id_len && !pipe->id_hashed)
		err = zmq_pipe_set_id(pipe, hs->peer_id, hs->peer_id_len);
	if (!err && fresh)
		err = zmq_pipe_attach(pipe);
	if (err)
		goto out;
	WRITE_ONCE(conn->pipe, pipe);
	spin_lock_bh(&pipe->tx_lock);
	WRITE_ONCE(pipe->conn, conn);
	spin_unlock_bh(&pipe->tx_lock);
	/* Disconnected meanwhile, it only sends what is left. */
	if (!pipe->attached)
		goto out;
	pipe->ready = true;
	if (zsk->type->ready)
		err = zsk->type->ready(zsk, pipe);
	if (!err && hs && hs->subscribe_all && zsk->type->publishes)
		err = zsk->type->subscribe(zsk, pipe, NULL, 0, true);
	/* Who was refused was never here. */
	pipe->ready = !err;
	if (!err)
		zmq_notice_hello(conn);
out:
	/* A peer may have had to go for this one. */
	zmq_send_release(zsk);
	if (err && fresh && !conn->pipe)
		zmq_pipe_put(pipe);
	return err;
}

static void zmq_conn_ready(struct zmq_conn *conn)
{
	struct zmq_handshake *hs = conn->hs;
	int err = zmq_conn_join(conn, hs);

	if (hs)
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_SUCCEEDED, 0);
	if (err) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_REFUSED);
		zmq_conn_lost(conn, true);
		return;
	}
	if (hs)
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_HANDSHAKES);
	zmq_stream_lock(conn);
	conn->hs = NULL;
	clear_bit(ZMQ_CONN_RX_STOP, &conn->flags);
	zmq_conn_set_state(conn, ZMQ_CONN_READY);
	/* It may have ended before anyone told us. */
	if (zmq_stream_over(conn->lower->sk))
		set_bit(ZMQ_CONN_EOF, &conn->flags);
	zmq_stream_unlock(conn);
	kvfree(hs);
	conn->timed = false;
	conn->ping_due = jiffies +
		msecs_to_jiffies(zmq_conn_options(conn)->heartbeat_ivl);
	zmq_tx_flush(conn);
	zmq_stream_read(conn);
	/* Heartbeats begin. */
	zmq_conn_kick(conn, 0);
}

/* Does ZMQ_RECONNECT_STOP say so? */
static bool zmq_conn_stops(const struct zmq_conn *conn, int why)
{
	return zmq_conn_options(conn)->reconnect_stop & why;
}

/* An attempt to connect failed. */
static void zmq_conn_missed(struct zmq_conn *conn, int err)
{
	zmq_monitor_ep(conn->ep, ZMQ_MONITOR_CLOSED, conn->id);
	zmq_proxy_end(conn);
	if (err == -ECONNREFUSED && !zmq_target_more(&conn->ep->target) &&
	    zmq_conn_stops(conn, ZMQ_STOP_REFUSED))
		zmq_conn_destroy(conn, false);
	else
		zmq_conn_retry(conn, false);
}

/* The lower socket is connected: greet. */
static void zmq_conn_begin_handshake(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);
	struct zmq_handshake *hs;

	conn->backoff = 0;
	if (opt->raw)
		return zmq_conn_ready(conn);
	hs = kvmalloc(sizeof(*hs), GFP_KERNEL_ACCOUNT);
	if (!hs)
		goto fail;
	zmq_handshake_init(hs, conn->zsk->type->id, opt->id, opt->id_len);
	if (opt->blob[ZMQ_BLOB_METADATA]) {
		hs->own = opt->blob[ZMQ_BLOB_METADATA]->data;
		hs->own_len = opt->blob[ZMQ_BLOB_METADATA]->len;
	}
	if (zmq_tx_control(conn, hs->out, hs->out_len, GFP_KERNEL))
		goto fail;
	hs->out_len = 0;
	zmq_stream_lock(conn);
	conn->hs = hs;
	conn->version = ZMQ_ZMTP_3_1;
	zmq_conn_set_state(conn, ZMQ_CONN_HANDSHAKE);
	/* It may have ended before anyone told us. */
	if (zmq_stream_over(conn->lower->sk))
		set_bit(ZMQ_CONN_EOF, &conn->flags);
	zmq_stream_unlock(conn);
	conn->timed = opt->handshake_ivl > 0;
	conn->deadline = jiffies + msecs_to_jiffies(opt->handshake_ivl);
	zmq_tx_flush(conn);
	/* The peer may have sent before our callbacks were there. */
	zmq_conn_kick(conn, 0);
	return;
fail:
	kvfree(hs);
	zmq_conn_lost(conn, true);
}

static bool zmq_conn_expired(const struct zmq_conn *conn)
{
	return conn->timed && time_after_eq(jiffies, conn->deadline);
}

static void zmq_conn_step_proxy(struct zmq_conn *conn)
{
	int err = zmq_proxy_step(conn);

	if (!err) {
		zmq_proxy_end(conn);
		zmq_conn_begin_handshake(conn);
	} else if (err != -EINPROGRESS || zmq_conn_expired(conn)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_PROXY_FAILURES);
		zmq_conn_missed(conn, err);
	}
}

/* The lower socket is connected, to the peer or to a proxy. */
static void zmq_conn_connected(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);

	zmq_net_count(zmq_conn_net(conn), ZMQ_NET_CONNECTED);
	zmq_target_reached(&conn->ep->target);
	zmq_conn_name(conn);
	zmq_monitor_conn(conn, ZMQ_MONITOR_CONNECTED, conn->id);
	if (!conn->ep->target.proxied) {
		zmq_conn_begin_handshake(conn);
		return;
	}
	if (zmq_proxy_begin(conn)) {
		zmq_conn_retry(conn, false);
		return;
	}
	zmq_conn_set_state(conn, ZMQ_CONN_PROXY);
	conn->timed = opt->handshake_ivl > 0;
	conn->deadline = jiffies + msecs_to_jiffies(opt->handshake_ivl);
	zmq_conn_step_proxy(conn);
}

static void zmq_conn_attempt(struct zmq_conn *conn)
{
	int limit = zmq_conn_options(conn)->connect_timeout;
	int err;

	zmq_conn_set_state(conn, ZMQ_CONN_CONNECTING);
	conn->id = zmq_conn_new_id();
	err = conn->tp->connect(conn);
	if (!limit && zmq_target_more(&conn->ep->target))
		limit = ZMQ_TARGET_TRY;
	conn->timed = limit > 0;
	conn->deadline = jiffies + msecs_to_jiffies(limit);
	if (!err)
		zmq_conn_connected(conn);
	else if (err == -EINPROGRESS)
		zmq_monitor_ep(conn->ep, ZMQ_MONITOR_CONNECT_DELAYED, -err);
	else
		zmq_conn_missed(conn, err);
}

static void zmq_conn_step_connecting(struct zmq_conn *conn)
{
	int err = conn->tp->connected(conn);

	if (!err) {
		clear_bit(ZMQ_CONN_EOF, &conn->flags);
		zmq_conn_connected(conn);
	} else if (err != -EINPROGRESS || zmq_conn_expired(conn)) {
		zmq_conn_missed(conn, err);
	}
}

/* Did the lower socket end, and is all it had read? */
static bool zmq_conn_ended(struct zmq_conn *conn)
{
	bool ended;

	if (!test_bit(ZMQ_CONN_EOF, &conn->flags))
		return false;
	zmq_stream_lock(conn);
	ended = !conn->tp->has_input(conn);
	zmq_stream_unlock(conn);
	return ended;
}

/* An ERROR command: its reason is a status of ZAP, or of no interest. */
static void zmq_conn_refused(struct zmq_conn *conn)
{
	const struct zmq_handshake *hs = conn->hs;
	const u8 *reason = hs->meta;

	if (hs->meta_len == 3 && reason[0] >= '3' && reason[0] <= '5' &&
	    reason[1] == '0' && reason[2] == '0')
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_AUTH,
				 (reason[0] - '0') * 100);
}

/* What libzmq tells of a failed handshake: not everything that can be wrong. */
static void zmq_conn_tell_failed(struct zmq_conn *conn)
{
	switch (conn->error) {
	case ZMQ_HANDSHAKE_ERR_PEER_ERROR:
		zmq_conn_refused(conn);
		break;
	case ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND:
	case ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR:
	case ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH:
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_PROTOCOL,
				 conn->error);
		break;
	}
}

static void zmq_conn_failed(struct zmq_conn *conn)
{
	bool handshake = conn->hs;

	if (conn->error == ZMQ_CONN_NOMEM) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_NOMEM);
		zmq_conn_lost(conn, true);
		return;
	}
	zmq_net_count(zmq_conn_net(conn), handshake ?
		      ZMQ_NET_HANDSHAKE_FAILURES : ZMQ_NET_PROTOCOL_ERRORS);
	atomic64_inc(&conn->zsk->stats.protocol_errors);
	if (handshake)
		zmq_conn_tell_failed(conn);
	/* libzmq does not come back to a peer that broke the protocol. */
	zmq_conn_lost(conn, false);
}

static void zmq_conn_step_handshake(struct zmq_conn *conn)
{
	bool retry = !zmq_conn_stops(conn, ZMQ_STOP_HANDSHAKE);

	zmq_stream_read(conn);
	/* What it did wrong is told, also if it has left since. */
	if (test_bit(ZMQ_CONN_FAILED, &conn->flags)) {
		zmq_conn_kick(conn, 0);
	} else if (test_bit(ZMQ_CONN_RX_STOP, &conn->flags)) {
		zmq_conn_ready(conn);
	} else if (zmq_conn_ended(conn)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_HANDSHAKE_FAILURES);
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_FAILED,
				 READ_ONCE(conn->lower->sk->sk_err) ?: EPIPE);
		zmq_conn_lost(conn, retry);
	} else if (zmq_conn_expired(conn)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_HANDSHAKE_TIMEOUTS);
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_FAILED, EAGAIN);
		zmq_conn_lost(conn, retry);
	}
}

static void zmq_conn_step_ready(struct zmq_conn *conn, unsigned long *next)
{
	bool retry = !zmq_conn_stops(conn, ZMQ_STOP_DISCONNECT);

	zmq_traffic_apply(conn);
	zmq_stream_read(conn);
	if (test_bit(ZMQ_CONN_FAILED, &conn->flags))
		return zmq_conn_kick(conn, 0);
	if (zmq_conn_ended(conn) && !test_bit(ZMQ_CONN_SUBS, &conn->flags)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_DISCONNECTS);
		return zmq_conn_lost(conn, retry);
	}
	if (!zmq_traffic_heartbeat(conn, next)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_HEARTBEAT_TIMEOUTS);
		return zmq_conn_lost(conn, retry);
	}
	zmq_tx_flush(conn);
}

/* Is there nothing to linger for (any more)? */
static bool zmq_conn_drained(struct zmq_conn *conn)
{
	bool idle;

	if (conn->accepted && conn->state != ZMQ_CONN_READY)
		return true;
	zmq_tx_stop(conn);
	idle = zmq_tx_idle(conn) ||
	       (conn->state != ZMQ_CONN_READY && conn->pipe &&
		zmq_segq_empty(&conn->tx.q) && !conn->tx.begun &&
		zmq_segq_empty(&conn->pipe->txq)) || !conn->pipe;
	zmq_tx_start(conn);
	return idle;
}

/* Linger for ever or until when?  Return: false if that is over. */
static bool zmq_conn_lingering(struct zmq_conn *conn, unsigned long *next)
{
	struct zmq_sock *zsk = conn->zsk;
	u32 max = READ_ONCE(zmq_net(zmq_conn_net(conn))->linger_max);
	unsigned long start = conn->linger_start;
	unsigned long end = conn->linger_end;
	unsigned long cap;

	/* Without a program that waits, only for as long as root allows. */
	if (zsk->closing && !zmq_context_alive(zsk->ctx)) {
		if (time_after(zsk->closed_at, start))
			start = zsk->closed_at;
		cap = start + msecs_to_jiffies(max);
		if (conn->linger_forever || time_before(cap, end))
			end = cap;
	} else if (conn->linger_forever) {
		/* Look now and then whether the program is still there. */
		*next = min_t(unsigned long, *next, HZ);
		return true;
	}
	if (time_after_eq(jiffies, end))
		return false;
	*next = min3(*next, end - jiffies, (unsigned long)HZ);
	return true;
}

/* Closing: true if the connection is gone now. */
static bool zmq_conn_step_close(struct zmq_conn *conn, unsigned long *next)
{
	if (!test_bit(ZMQ_CONN_CLOSE_NOW, &conn->flags)) {
		zmq_tx_flush(conn);
		if (!zmq_conn_drained(conn) && zmq_conn_lingering(conn, next))
			return false;
		/* Unread input would make TCP reset what we have sent. */
		if (conn->lower)
			zmq_stream_read(conn);
	}
	zmq_conn_destroy(conn, false);
	return true;
}

/* Everything there is to do now.  Return: jiffies until the next look. */
static unsigned long zmq_conn_step(struct zmq_conn *conn)
{
	unsigned long next = MAX_SCHEDULE_TIMEOUT;

	if (conn->state == ZMQ_CONN_DEAD)
		return next;
	if (test_bit(ZMQ_CONN_CLOSE, &conn->flags) &&
	    zmq_conn_step_close(conn, &next))
		return next;
	if (test_bit(ZMQ_CONN_FAILED, &conn->flags)) {
		zmq_conn_failed(conn);
	} else if (conn->state == ZMQ_CONN_IDLE) {
		if (zmq_conn_expired(conn))
			zmq_conn_attempt(conn);
	} else if (conn->state == ZMQ_CONN_CONNECTING) {
		zmq_conn_step_connecting(conn);
	} else if (conn->state == ZMQ_CONN_PROXY) {
		zmq_conn_step_proxy(conn);
	} else if (conn->state == ZMQ_CONN_HANDSHAKE) {
		zmq_conn_step_handshake(conn);
	} else {
		zmq_conn_step_ready(conn, &next);
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
		zmq_conn_begin_handshake(conn);
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
