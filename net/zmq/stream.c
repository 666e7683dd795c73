// SPDX-License-Identifier: GPL-2.0
/*
 * Callbacks of the lower sockets, and running the parser.
 *
 * TCP calls back with the socket's lock held, in softirq, or in the context of
 * its owner, which is always code of this module.  AF_UNIX calls back in the
 * other end's context with no lock at all; there ZMQ_CONN_RX_BUSY says who
 * parses, and the caller needs a reference, as parsing can sleep.
 */
#include <linux/wait_bit.h>
#include "conn.h"
#include "ep.h"

/* One pass after the other until input or room ends; level 3. */
static void zmq_stream_run(struct zmq_conn *conn)
{
	struct zmq_rx *rx = &conn->rx;
	bool again;

	if (READ_ONCE(conn->state) < ZMQ_CONN_HANDSHAKE ||
	    READ_ONCE(conn->state) > ZMQ_CONN_READY)
		return;
	do {
		rx->full = false;
		rx->nomem = false;
		if (conn->tp->read(conn))
			WRITE_ONCE(conn->last_rx, jiffies);
		if (conn->hs)
			return;
		zmq_rx_pass_end(conn);
		if (rx->nomem)
			zmq_conn_kick(conn, msecs_to_jiffies(10));
		again = rx->full && !zmq_pipe_rx_pause(conn->pipe);
	} while (again);
	if (rx->full && conn->tp->tainted && conn->tp->tainted(conn))
		zmq_conn_fail(conn, ZMQ_HANDSHAKE_ERR_UNSPECIFIED);
	if (test_bit(ZMQ_CONN_EOF, &conn->flags) && !conn->tp->has_input(conn))
		zmq_conn_kick(conn, 0);
}

/* Unix: run the parser, or leave a note for who is running it. */
static void zmq_stream_run_unlocked(struct zmq_conn *conn)
{
	set_bit(ZMQ_CONN_RX_AGAIN, &conn->flags);
	/* The note is there before we see that somebody else is busy. */
	smp_mb__after_atomic();
	do {
		if (test_and_set_bit(ZMQ_CONN_RX_BUSY, &conn->flags))
			return;
		while (test_and_clear_bit(ZMQ_CONN_RX_AGAIN, &conn->flags))
			zmq_stream_run(conn);
		clear_bit_unlock(ZMQ_CONN_RX_BUSY, &conn->flags);
		/* Not busy any more before the last look at the note. */
		smp_mb__after_atomic();
		wake_up_bit(&conn->flags, ZMQ_CONN_RX_BUSY);
	} while (test_bit(ZMQ_CONN_RX_AGAIN, &conn->flags));
}

/**
 * zmq_stream_lock - own the parser
 * @conn: the connection, lower socket there
 *
 * Context: process, none of our locks held but conn->mutex.
 */
void zmq_stream_lock(struct zmq_conn *conn)
{
	if (conn->tp->locked)
		lock_sock(conn->lower->sk);
	else
		wait_on_bit_lock(&conn->flags, ZMQ_CONN_RX_BUSY,
				 TASK_UNINTERRUPTIBLE);
}

void zmq_stream_unlock(struct zmq_conn *conn)
{
	if (conn->tp->locked) {
		release_sock(conn->lower->sk);
		return;
	}
	clear_bit_unlock(ZMQ_CONN_RX_BUSY, &conn->flags);
	/* As in zmq_stream_run_unlocked(). */
	smp_mb__after_atomic();
	wake_up_bit(&conn->flags, ZMQ_CONN_RX_BUSY);
	if (test_bit(ZMQ_CONN_RX_AGAIN, &conn->flags))
		zmq_stream_run_unlocked(conn);
}

/**
 * zmq_stream_read - run the parser now
 * @conn: the connection; the caller has a reference, which keeps a TCP lower
 *	socket; a unix one is replaced under RX_BUSY only
 *
 * For who made room in the pipe, and for ctl work.
 *
 * Context: process, none of our locks held but conn->mutex.
 */
void zmq_stream_read(struct zmq_conn *conn)
{
	struct socket *lower = READ_ONCE(conn->lower);

	if (!conn->tp->locked) {
		zmq_stream_run_unlocked(conn);
	} else if (lower) {
		lock_sock(lower->sk);
		if (lower == READ_ONCE(conn->lower))
			zmq_stream_run(conn);
		release_sock(lower->sk);
	}
}

static void zmq_stream_data_ready(struct sock *sk)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (!conn) {
		rcu_read_unlock();
		return;
	}
	if (conn->tp->locked) {
		zmq_compat_copy_napi_id(&conn->zsk->sk, sk);
		if (READ_ONCE(conn->state) == ZMQ_CONN_PROXY)
			zmq_conn_kick(conn, 0);
		zmq_stream_run(conn);
		rcu_read_unlock();
		return;
	}
	if (!zmq_conn_get(conn))
		conn = NULL;
	rcu_read_unlock();
	if (!conn)
		return;
	zmq_stream_run_unlocked(conn);
	zmq_conn_put(conn);
}

static void zmq_stream_write_space(struct sock *sk)
{
	struct zmq_conn *conn;
	struct socket *sock;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	/* A unix socket may be orphaned by now. */
	sock = READ_ONCE(sk->sk_socket);
	if (conn && conn->tp->writable(sk) && sock) {
		clear_bit(SOCK_NOSPACE, &sock->flags);
		/* Room was made before the look; see zmq_tx_stopped(). */
		smp_mb__after_atomic();
		if (test_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags))
			zmq_conn_flush_kick(conn, 0);
	}
	rcu_read_unlock();
}

/* Will nothing more come? */
bool zmq_stream_over(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_state) != TCP_ESTABLISHED ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
}

/* Connected, ended or failed: ctl work finds out which. */
static void zmq_stream_state_change(struct sock *sk)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn) {
		if (READ_ONCE(conn->state) >= ZMQ_CONN_HANDSHAKE &&
		    zmq_stream_over(sk))
			set_bit(ZMQ_CONN_EOF, &conn->flags);
		zmq_conn_kick(conn, 0);
	}
	rcu_read_unlock();
}

/**
 * zmq_stream_install - take over the lower socket's callbacks
 * @conn: the connection, conn->lower set
 *
 * What arrived before is not announced again: the caller runs the parser.
 * An accepted TCP socket has its listener's callback, which is ours too.
 *
 * Return: 0, or -EBUSY if something else lives on the socket.
 */
int zmq_stream_install(struct zmq_conn *conn)
{
	struct sock *sk = conn->lower->sk;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	if (rcu_dereference_protected(__sk_user_data(sk),
				      lockdep_sock_is_held(sk))) {
		write_unlock_bh(&sk->sk_callback_lock);
		release_sock(sk);
		return -EBUSY;
	}
	conn->installed = true;
	conn->save_data_ready = conn->accepted && conn->tp->locked ?
				conn->ep->save_data_ready : sk->sk_data_ready;
	conn->save_write_space = sk->sk_write_space;
	conn->save_state_change = sk->sk_state_change;
	conn->save_error_report = sk->sk_error_report;
	__rcu_assign_sk_user_data_with_flags(sk, conn, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = zmq_stream_data_ready;
	sk->sk_write_space = zmq_stream_write_space;
	sk->sk_state_change = zmq_stream_state_change;
	sk->sk_error_report = zmq_stream_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	return 0;
}

/* Give them back.  After this no callback begins; unix ones may still run. */
void zmq_stream_remove(struct zmq_conn *conn)
{
	struct sock *sk = conn->lower->sk;

	if (!conn->installed)
		return;
	conn->installed = false;
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_data_ready = conn->save_data_ready;
	sk->sk_write_space = conn->save_write_space;
	sk->sk_state_change = conn->save_state_change;
	sk->sk_error_report = conn->save_error_report;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
}

/**
 * zmq_stream_swap - go on with the other lower socket
 * @conn: the connection, TCP, conn->spare set, neither socket connected
 *
 * Both live as long as the connection: who reads conn->lower without a lock
 * finds out under the socket's that it is not the one any more.
 *
 * Return: as zmq_stream_install().
 */
int zmq_stream_swap(struct zmq_conn *conn)
{
	struct socket *old = conn->lower;

	lockdep_assert_held(&conn->mutex);
	zmq_stream_remove(conn);
	zmq_tx_stop(conn);
	lock_sock(old->sk);
	WRITE_ONCE(conn->lower, conn->spare);
	conn->spare = old;
	release_sock(old->sk);
	zmq_tx_start(conn);
	return zmq_stream_install(conn);
}
