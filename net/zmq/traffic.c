// SPDX-License-Identifier: GPL-2.0
/* Commands and subscriptions on a connection whose handshake is over. */
#include "conn.h"
#include "ep.h"
#include "net.h"
#include "type.h"

/* Unanswered control frames a peer may provoke before we stop answering. */
#define ZMQ_TRAFFIC_PONGS	64
/* Subscriptions waiting to be applied before the parser waits. */
#define ZMQ_TRAFFIC_SUBS	1024
/* Subscriptions announced in one control buffer, bytes. */
#define ZMQ_TRAFFIC_BATCH	4096

static int zmq_traffic_ping(struct zmq_conn *conn,
			    const struct zmq_zmtp_command *cmd)
{
	u8 pong[ZMQ_ZMTP_HDR_MAX + 5 + ZMQ_ZMTP_PING_CTX_MAX];
	u32 len;

	if (cmd->ttl)
		WRITE_ONCE(conn->peer_ttl,
			   max(msecs_to_jiffies(cmd->ttl * 100UL), 1UL));
	if (cmd->ttl)
		zmq_conn_kick(conn, 0);
	/* Who pings faster than it reads gets no more answers. */
	if (READ_ONCE(conn->ctl_count) >= ZMQ_TRAFFIC_PONGS)
		return 0;
	len = zmq_zmtp_pong_encode(pong, cmd->data, cmd->len);
	if (!zmq_tx_control(conn, pong, len, GFP_ATOMIC))
		zmq_conn_flush_kick(conn, 0);
	return 0;
}

/* Leave a subscription to ctl work, which may take the socket's lock. */
static int zmq_traffic_queue_sub(struct zmq_conn *conn, const u8 *topic,
				 u32 len, bool on, bool quiet)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_sub_event *ev;

	if (len > READ_ONCE(znet->topic_max))
		return -EPROTO;
	ev = kmalloc(struct_size(ev, topic, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!ev)
		return -ENOMEM;
	ev->on = on;
	ev->quiet = quiet;
	ev->len = len;
	memcpy(ev->topic, topic, len);
	spin_lock_bh(&conn->ctl_lock);
	list_add_tail(&ev->node, &conn->subs);
	conn->subs_count++;
	conn->subs_pending++;
	if (conn->subs_count >= ZMQ_TRAFFIC_SUBS)
		set_bit(ZMQ_CONN_RX_STOP, &conn->flags);
	spin_unlock_bh(&conn->ctl_lock);
	if (!test_and_set_bit(ZMQ_CONN_SUBS, &conn->flags))
		zmq_conn_kick(conn, 0);
	return 0;
}

/*
 * An XPUB's user gets messages and subscriptions in the order they came in:
 * while subscriptions wait for ctl work, so must the messages behind them.
 * Return: true if they must; the parser stops then, ctl work runs it again.
 * Context: level 3.
 */
bool zmq_traffic_hold(struct zmq_conn *conn)
{
	bool hold;

	spin_lock_bh(&conn->ctl_lock);
	hold = conn->subs_pending;
	if (hold)
		set_bit(ZMQ_CONN_RX_STOP, &conn->flags);
	spin_unlock_bh(&conn->ctl_lock);
	return hold;
}

/* A part of a message to an XPUB may be a subscription, too; see rx_frame.c. */
int zmq_traffic_quiet(struct zmq_conn *conn, const u8 *body, u32 len)
{
	if (!len || body[0] > 1)
		return 0;
	return zmq_traffic_queue_sub(conn, body + 1, len - 1, body[0], true);
}

/* Subscriptions are a PUB's and an XPUB's, groups a RADIO's. */
static int zmq_traffic_sub_command(struct zmq_conn *conn,
				   const struct zmq_zmtp_command *cmd)
{
	const struct zmq_type *type = conn->zsk->type;
	bool group = cmd->id == ZMQ_ZMTP_CMD_JOIN ||
		     cmd->id == ZMQ_ZMTP_CMD_LEAVE;
	bool on = cmd->id == ZMQ_ZMTP_CMD_JOIN ||
		  cmd->id == ZMQ_ZMTP_CMD_SUBSCRIBE;

	if (!type->publishes || group != type->grouped)
		return 0;
	return zmq_traffic_queue_sub(conn, cmd->data, cmd->len, on, false);
}

/**
 * zmq_traffic_frame - act on a frame that is not for the user
 * @conn: the connection
 * @flags: its flags
 * @body: its body
 * @len: bytes there
 *
 * A command, or on a publisher's connection anything the subscriber sends: a
 * part that begins with 1 or 0 is a subscription in the form of ZMTP 3.0 and
 * before, the rest is ignored (libzmq: PUB throws upstream messages away).
 *
 * Context: level 3.
 * Return: 0; -EPROTO: the peer may not send this; -ENOMEM.
 */
int zmq_traffic_frame(struct zmq_conn *conn, u8 flags, const u8 *body, u32 len)
{
	struct zmq_zmtp_command cmd;

	if (!(flags & ZMQ_ZMTP_COMMAND)) {
		if (!len || body[0] > 1 || conn->zsk->type->grouped)
			return 0;
		return zmq_traffic_queue_sub(conn, body + 1, len - 1, body[0],
					     false);
	}
	if (zmq_zmtp_command_parse(&cmd, body, len))
		return -EPROTO;
	switch (cmd.id) {
	case ZMQ_ZMTP_CMD_PING:
		return zmq_traffic_ping(conn, &cmd);
	case ZMQ_ZMTP_CMD_SUBSCRIBE:
	case ZMQ_ZMTP_CMD_CANCEL:
	case ZMQ_ZMTP_CMD_JOIN:
	case ZMQ_ZMTP_CMD_LEAVE:
		return zmq_traffic_sub_command(conn, &cmd);
	case ZMQ_ZMTP_CMD_READY:
	case ZMQ_ZMTP_CMD_ERROR:
		return -EPROTO;
	default:
		return 0;
	}
}

static void zmq_traffic_free_subs(struct list_head *subs)
{
	struct zmq_sub_event *ev, *next;

	list_for_each_entry_safe(ev, next, subs, node)
		kfree(ev);
}

/* Apply what was queued, in order; -ENOSPC: the peer asks for too much. */
static int zmq_traffic_apply_list(struct zmq_conn *conn,
				  struct list_head *subs)
{
	struct zmq_sock *zsk = conn->zsk;
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_sub_event *ev;
	int err = 0;

	lock_sock(&zsk->sk);
	list_for_each_entry(ev, subs, node) {
		if (!pipe || !pipe->attached)
			break;
		pipe->quiet = ev->quiet;
		err = zsk->type->subscribe(zsk, pipe, ev->topic, ev->len,
					   ev->on);
		pipe->quiet = false;
		if (err)
			break;
	}
	release_sock(&zsk->sk);
	return err;
}

/**
 * zmq_traffic_apply - apply the subscriptions received
 * @conn: the connection
 *
 * One batch; if more come meanwhile, the parser has kicked ctl work again.
 *
 * Context: ctl work, conn->mutex held.
 */
void zmq_traffic_apply(struct zmq_conn *conn)
{
	LIST_HEAD(subs);
	bool stopped;
	u32 count;
	int err;

	if (!test_and_clear_bit(ZMQ_CONN_SUBS, &conn->flags))
		return;
	spin_lock_bh(&conn->ctl_lock);
	list_splice_init(&conn->subs, &subs);
	count = conn->subs_count;
	conn->subs_count = 0;
	spin_unlock_bh(&conn->ctl_lock);
	err = zmq_traffic_apply_list(conn, &subs);
	zmq_traffic_free_subs(&subs);
	if (err) {
		zmq_conn_fail(conn, err == -ENOMEM ? ZMQ_CONN_NOMEM :
			      ZMQ_HANDSHAKE_ERR_UNSPECIFIED);
		return;
	}
	/* If more came meanwhile, this runs once more. */
	spin_lock_bh(&conn->ctl_lock);
	conn->subs_pending -= count;
	stopped = !conn->subs_pending &&
		  test_and_clear_bit(ZMQ_CONN_RX_STOP, &conn->flags);
	spin_unlock_bh(&conn->ctl_lock);
	if (stopped)
		zmq_stream_read(conn);
}

/* A subscription as this type's peers want it. */
static size_t zmq_traffic_encode(const struct zmq_conn *conn, u8 *p,
				 const u8 *topic, size_t len, bool on)
{
	size_t n;

	if (!conn->zsk->type->grouped)
		return zmq_zmtp_subscribe_encode(p, topic, len, on,
						 conn->version);
	n = zmq_zmtp_command_encode(p, on ? ZMQ_ZMTP_CMD_JOIN :
					    ZMQ_ZMTP_CMD_LEAVE, len);
	if (len)
		memcpy(p + n, topic, len);
	return n + len;
}

/* Announce by control bytes.  Return: 0 or -ENOMEM. */
static int zmq_traffic_announce(struct zmq_conn *conn, const u8 *topic,
				size_t len, bool on)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	u8 *buf;
	int err;

	if (READ_ONCE(conn->ctl_mem) >= READ_ONCE(znet->topic_mem))
		return -ENOMEM;
	buf = kmalloc(zmq_zmtp_subscribe_size(len), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	len = zmq_traffic_encode(conn, buf, topic, len, on);
	err = zmq_tx_control(conn, buf, len, GFP_KERNEL_ACCOUNT);
	kfree(buf);
	return err;
}

/* Does an XSUB have messages that go first?  Its lock_sock is held. */
static bool zmq_traffic_behind(const struct zmq_conn *conn)
{
	sock_owned_by_me(&conn->zsk->sk);
	return conn->zsk->type->sends && zmq_hwm_queued(&conn->pipe->tx);
}

/*
 * Announce behind the messages in the pipe, as one in the form of ZMTP 3.0, which
 * peers of any version take.  The mark is not asked: no subscription is lost.
 * Return: 0 or why not.
 */
static int zmq_traffic_announce_behind(struct zmq_conn *conn, const u8 *topic,
				       size_t len, bool on)
{
	const struct zmq_net *znet = zmq_net(sock_net(&conn->zsk->sk));
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_asm msg = {};
	int err;

	/* All that was there when counting began is sent: begin again. */
	if (READ_ONCE(pipe->tx.read) >= conn->behind_end) {
		conn->behind_end = pipe->tx.written;
		conn->behind_mem = 0;
	}
	if (conn->behind_mem >= READ_ONCE(znet->topic_mem))
		return -ENOBUFS;
	err = zmq_send_append_sub(conn->zsk, &msg, topic, len, on);
	if (!err) {
		conn->behind_mem += msg.q.bytes;
		zmq_pipe_push(pipe, &msg.q, false);
	}
	zmq_send_reset(&msg);
	return err;
}

/**
 * zmq_traffic_subscribe - announce a subscription or its end to the peer
 * @conn: the connection, handshake over
 * @topic: the topic
 * @len: its length
 * @on: subscribe, else cancel
 *
 * It comes after the messages that an XSUB has sent before, as in libzmq.  A peer
 * that cannot be told, for want of memory or because it does not read
 * what it was told, is given up: the next connection is told of everything.
 *
 * Context: lock_sock(zsk) held, the pipe ready; the caller flushes.
 */
void zmq_traffic_subscribe(struct zmq_conn *conn, const u8 *topic, size_t len,
			   bool on)
{
	int err;

	if (test_bit(ZMQ_CONN_FAILED, &conn->flags))
		return;
	if (zmq_traffic_behind(conn))
		err = zmq_traffic_announce_behind(conn, topic, len, on);
	else
		err = zmq_traffic_announce(conn, topic, len, on);
	if (err)
		zmq_conn_fail(conn, ZMQ_CONN_NOMEM);
}

/**
 * struct zmq_traffic_batch - subscriptions being collected
 * @conn: for whom
 * @buf: encoded ones
 * @size: bytes @buf has
 * @len: bytes used
 * @err: the first failure
 */
struct zmq_traffic_batch {
	struct zmq_conn	*conn;
	u8		*buf;
	size_t		size;
	size_t		len;
	int		err;
};

static void zmq_traffic_batch_out(struct zmq_traffic_batch *b)
{
	if (b->len && !b->err)
		b->err = zmq_tx_control(b->conn, b->buf, b->len,
					GFP_KERNEL_ACCOUNT);
	b->len = 0;
}

static void zmq_traffic_batch_add(const u8 *topic, size_t len,
				  struct zmq_trie_owner *sub, void *arg)
{
	struct zmq_traffic_batch *b = arg;

	if (b->len + zmq_zmtp_subscribe_size(len) > b->size)
		zmq_traffic_batch_out(b);
	b->len += zmq_traffic_encode(b->conn, b->buf + b->len, topic, len,
				     true);
}

/**
 * zmq_traffic_subscribe_all - announce all of a SUB's subscriptions
 * @conn: a connection whose handshake is over
 *
 * Context: lock_sock(zsk) held; the caller flushes.
 * Return: 0 or -ENOMEM.
 */
int zmq_traffic_subscribe_all(struct zmq_conn *conn)
{
	const struct zmq_trie *trie = &conn->zsk->sub.trie;
	struct zmq_traffic_batch b = { .conn = conn };
	int err;

	b.size = max_t(size_t, ZMQ_TRAFFIC_BATCH,
		       zmq_zmtp_subscribe_size(trie->max_len));
	b.buf = kvmalloc(b.size, GFP_KERNEL_ACCOUNT);
	if (!b.buf)
		return -ENOMEM;
	err = zmq_trie_walk(trie, zmq_traffic_batch_add, &b,
			    GFP_KERNEL_ACCOUNT);
	zmq_traffic_batch_out(&b);
	kvfree(b.buf);
	return err < 0 ? err : b.err;
}

static int zmq_traffic_send_ping(struct zmq_conn *conn)
{
	u8 ping[32];
	u32 len;

	len = zmq_zmtp_ping_encode(ping, zmq_conn_options(conn)->heartbeat_ttl /
				   100, NULL, 0);
	return zmq_tx_control(conn, ping, len, GFP_KERNEL);
}

/* Let *@next be no later than @when. */
static void zmq_traffic_before(unsigned long *next, unsigned long when)
{
	unsigned long delay = time_after(when, jiffies) ? when - jiffies : 1;

	*next = min(*next, delay);
}

/**
 * zmq_traffic_heartbeat - send PINGs when due, judge the peer's silence
 * @conn: the connection, READY
 * @next: lowered to when to call again, in jiffies from now
 *
 * 37/ZMTP "Heartbeating"; as in libzmq any byte from the peer counts as life.
 * Nothing is read while the user does not receive; the peer is not silent
 * then but unheard.
 *
 * Context: ctl work.
 * Return: false if the peer has been silent too long.
 */
bool zmq_traffic_heartbeat(struct zmq_conn *conn, unsigned long *next)
{
	const struct zmq_options *opt = zmq_conn_options(conn);
	unsigned long heard = READ_ONCE(conn->last_rx);
	unsigned long ttl = READ_ONCE(conn->peer_ttl);
	unsigned long ivl = msecs_to_jiffies(opt->heartbeat_ivl);
	int timeout_ms = opt->heartbeat_timeout;
	unsigned long timeout;

	if (conn->version < ZMQ_ZMTP_3_0)
		return true;
	if (READ_ONCE(conn->pipe->rx_paused))
		heard = jiffies;
	if (ttl) {
		if (time_after_eq(jiffies, heard + ttl))
			return false;
		zmq_traffic_before(next, heard + ttl);
	}
	if (!opt->heartbeat_ivl)
		return true;
	timeout = msecs_to_jiffies(timeout_ms < 0 ? opt->heartbeat_ivl :
						    timeout_ms);
	if (conn->pinged && time_after_eq(heard, conn->ping_sent))
		conn->pinged = false;
	if (conn->pinged && timeout) {
		if (time_after_eq(jiffies, conn->ping_sent + timeout))
			return false;
		zmq_traffic_before(next, conn->ping_sent + timeout);
	}
	if (time_after_eq(jiffies, conn->ping_due)) {
		if (READ_ONCE(conn->ctl_count) < ZMQ_TRAFFIC_PONGS &&
		    !zmq_traffic_send_ping(conn) && !conn->pinged) {
			conn->pinged = true;
			conn->ping_sent = jiffies;
			zmq_traffic_before(next, conn->ping_sent + timeout);
		}
		conn->ping_due = jiffies + ivl;
	}
	zmq_traffic_before(next, conn->ping_due);
	return true;
}

/* The connection is over. */
void zmq_traffic_reset(struct zmq_conn *conn)
{
	LIST_HEAD(subs);

	spin_lock_bh(&conn->ctl_lock);
	list_splice_init(&conn->subs, &subs);
	conn->subs_count = 0;
	conn->subs_pending = 0;
	spin_unlock_bh(&conn->ctl_lock);
	zmq_traffic_free_subs(&subs);
	clear_bit(ZMQ_CONN_SUBS, &conn->flags);
	conn->pinged = false;
	conn->peer_ttl = 0;
}
