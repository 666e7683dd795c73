// SPDX-License-Identifier: GPL-2.0
/*
 * Connecting: attempts, pauses between them, proxies.  Runs in ctl work or in
 * connect(2), conn->mutex held.
 */
#include <linux/random.h>
#include "conn.h"
#include "ep.h"
#include "monitor.h"
#include "net.h"
#include "proxy.h"

/* ms until the next attempt (libzmq: reconnect_ivl, doubling or jitter). */
static u32 zmq_connect_backoff(struct zmq_conn *conn)
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
void zmq_connect_retry(struct zmq_conn *conn, bool had_peer)
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
	pause = zmq_connect_backoff(conn);
	zmq_monitor_conn(conn, ZMQ_MONITOR_CONNECT_RETRIED, pause);
	conn->deadline += msecs_to_jiffies(pause);
}

/* An attempt to connect failed. */
static void zmq_connect_missed(struct zmq_conn *conn, int err)
{
	zmq_monitor_ep(conn->ep, ZMQ_MONITOR_CLOSED, conn->id);
	zmq_proxy_end(conn);
	if (err == -ECONNREFUSED && !zmq_target_more(&conn->ep->target) &&
	    zmq_conn_stops(conn, ZMQ_STOP_REFUSED))
		zmq_conn_destroy(conn, false);
	else
		zmq_connect_retry(conn, false);
}

void zmq_connect_step_proxy(struct zmq_conn *conn)
{
	int err = zmq_proxy_step(conn);

	if (!err) {
		zmq_proxy_end(conn);
		zmq_session_begin(conn);
	} else if (err != -EINPROGRESS || zmq_conn_expired(conn)) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_PROXY_FAILURES);
		zmq_connect_missed(conn, err);
	}
}

/* The lower socket is connected, to the peer or to a proxy. */
static void zmq_connect_done(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);

	zmq_net_count(zmq_conn_net(conn), ZMQ_NET_CONNECTED);
	zmq_target_reached(&conn->ep->target);
	zmq_conn_name(conn);
	zmq_monitor_conn(conn, ZMQ_MONITOR_CONNECTED, conn->id);
	if (!conn->ep->target.proxied) {
		zmq_session_begin(conn);
		return;
	}
	if (zmq_proxy_begin(conn)) {
		zmq_connect_retry(conn, false);
		return;
	}
	zmq_conn_set_state(conn, ZMQ_CONN_PROXY);
	conn->timed = opt->handshake_ivl > 0;
	conn->deadline = jiffies + msecs_to_jiffies(opt->handshake_ivl);
	zmq_connect_step_proxy(conn);
}

void zmq_connect_attempt(struct zmq_conn *conn)
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
		zmq_connect_done(conn);
	else if (err == -EINPROGRESS)
		zmq_monitor_ep(conn->ep, ZMQ_MONITOR_CONNECT_DELAYED, -err);
	else
		zmq_connect_missed(conn, err);
}

void zmq_connect_step(struct zmq_conn *conn)
{
	int err = conn->tp->connected(conn);

	if (!err) {
		clear_bit(ZMQ_CONN_EOF, &conn->flags);
		zmq_connect_done(conn);
	} else if (err != -EINPROGRESS || zmq_conn_expired(conn)) {
		zmq_connect_missed(conn, err);
	}
}
