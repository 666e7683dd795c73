// SPDX-License-Identifier: GPL-2.0
/* Lingering: what is queued is sent before a connection ends. */
#include "conn.h"
#include "context.h"
#include "ep.h"
#include "net.h"

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

/* Closing: true if the connection is gone now. */
bool zmq_linger_step(struct zmq_conn *conn, unsigned long *next)
{
	if (!test_bit(ZMQ_CONN_CLOSE_NOW, &conn->flags)) {
		zmq_tx_flush(conn);
		if (!zmq_linger_drained(conn) && zmq_linger_goes_on(conn, next))
			return false;
		/* Unread input would make TCP reset what we have sent. */
		if (conn->lower)
			zmq_stream_read(conn);
	}
	zmq_conn_destroy(conn, false);
	return true;
}
