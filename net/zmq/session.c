// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: a peer is greeted, joins the socket, stays and is lost.  Runs in
 * ctl work, conn->mutex held.
 */
#include "conn.h"
#include "ep.h"
#include "meta.h"
#include "monitor.h"
#include "net.h"
#include "type.h"

/*
 * Join the peer to the socket: a new pipe for an accepted connection, else the
 * one that connect made.  Without a handshake there is no ZMTP (STREAM).
 */
static int zmq_session_join(struct zmq_conn *conn, struct zmq_handshake *hs)
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

static void zmq_session_ready(struct zmq_conn *conn)
{
	struct zmq_handshake *hs = conn->hs;
	int err = zmq_session_join(conn, hs);

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

/* The lower socket is connected: greet. */
void zmq_session_begin(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);
	struct zmq_handshake *hs;

	conn->backoff = 0;
	if (opt->raw)
		return zmq_session_ready(conn);
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

/* An ERROR command: its reason is a status of ZAP, or of no interest. */
static void zmq_session_refused(struct zmq_conn *conn)
{
	const struct zmq_handshake *hs = conn->hs;
	const u8 *reason = hs->meta;

	if (hs->meta_len == 3 && reason[0] >= '3' && reason[0] <= '5' &&
	    reason[1] == '0' && reason[2] == '0')
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_AUTH,
				 (reason[0] - '0') * 100);
}

/* What libzmq tells of a failed handshake: not everything that can be wrong. */
static void zmq_session_tell_failed(struct zmq_conn *conn)
{
	switch (conn->error) {
	case ZMQ_HANDSHAKE_ERR_PEER_ERROR:
		zmq_session_refused(conn);
		break;
	case ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND:
	case ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR:
	case ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH:
		zmq_monitor_conn(conn, ZMQ_MONITOR_HANDSHAKE_PROTOCOL,
				 conn->error);
		break;
	}
}

void zmq_session_failed(struct zmq_conn *conn)
{
	bool handshake = conn->hs;
	int stop = handshake ? ZMQ_STOP_HANDSHAKE : ZMQ_STOP_DISCONNECT;

	if (conn->error == ZMQ_CONN_NOMEM) {
		zmq_net_count(zmq_conn_net(conn), ZMQ_NET_NOMEM);
		zmq_conn_lost(conn, true);
		return;
	}
	zmq_net_count(zmq_conn_net(conn), handshake ?
		      ZMQ_NET_HANDSHAKE_FAILURES : ZMQ_NET_PROTOCOL_ERRORS);
	atomic64_inc(&conn->zsk->stats.protocol_errors);
	if (handshake)
		zmq_session_tell_failed(conn);
	/* By default nobody comes back to a peer that broke the protocol (libzmq). */
	zmq_conn_lost(conn, zmq_conn_options(conn)->retry &&
		      !zmq_conn_stops(conn, stop));
}

void zmq_session_step_handshake(struct zmq_conn *conn)
{
	bool retry = !zmq_conn_stops(conn, ZMQ_STOP_HANDSHAKE);

	zmq_stream_read(conn);
	/* What it did wrong is told, also if it has left since. */
	if (test_bit(ZMQ_CONN_FAILED, &conn->flags)) {
		zmq_conn_kick(conn, 0);
	} else if (test_bit(ZMQ_CONN_RX_STOP, &conn->flags)) {
		zmq_session_ready(conn);
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

void zmq_session_step(struct zmq_conn *conn, unsigned long *next)
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
