// SPDX-License-Identifier: GPL-2.0
/* Lingering: what is queued is sent before a connection ends. */
#include "conn.h"
#include "context.h"
#include "ep.h"
#include "net.h"

/* Without any of them arriving, bytes that were sent are waited for so long. */
#define ZMQ_LINGER_STUCK	(3 * HZ)

/* Is there nothing to linger for (any more)? */
static bool zmq_linger_drained(struct zmq_conn *conn)
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
static bool zmq_linger_goes_on(struct zmq_conn *conn, unsigned long *next)
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

/*
 * Has the peer got all that was sent?  If TCP is closed earlier, whatever comes
 * from the peer then makes it forget what the peer has not got yet.  So we go on
 * reading meanwhile.  A peer that takes nothing for long is left to TCP.
 */
static bool zmq_linger_acked(struct zmq_conn *conn, unsigned long *next)
{
	unsigned long end;
	u32 left;

	if (!conn->tp->unacked || conn->state != ZMQ_CONN_READY)
		return true;
	if (!conn->linger_told)
		kernel_sock_shutdown(conn->lower, SHUT_WR);
	left = conn->tp->unacked(conn);
	if (!left)
		return true;
	if (!conn->linger_told || left != conn->linger_left)
		conn->linger_moved = jiffies;
	conn->linger_told = true;
	conn->linger_left = left;
	end = conn->linger_moved + ZMQ_LINGER_STUCK;
	if (time_after_eq(jiffies, end))
		return true;
	*next = min(*next, end - jiffies);
	return false;
}

/**
 * zmq_linger_step - close, if all was sent or it takes too long
 * @conn: the connection; it has ZMQ_CONN_CLOSE
 * @next: jiffies until it is to be looked at again; may become less
 *
 * Context: ctl work.
 * Return: false: it is to go on as it did; true: it is gone, or waits for the
 * peer to get what was sent and needs nothing else.
 */
bool zmq_linger_step(struct zmq_conn *conn, unsigned long *next)
{
	lockdep_assert_held(&conn->mutex);
	if (test_bit(ZMQ_CONN_CLOSE_NOW, &conn->flags)) {
		zmq_conn_destroy(conn, false);
		return true;
	}
	if (!conn->linger_told) {
		zmq_tx_flush(conn);
		if (!zmq_linger_drained(conn) && zmq_linger_goes_on(conn, next))
			return false;
	}
	if (!zmq_linger_acked(conn, next) && zmq_linger_goes_on(conn, next))
		return true;
	/* Unread input would make TCP reset what we have sent. */
	if (conn->lower)
		zmq_stream_read(conn);
	zmq_conn_destroy(conn, false);
	return true;
}
