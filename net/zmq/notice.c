// SPDX-License-Identifier: GPL-2.0
/*
 * ZMQ_HELLO_MSG, ZMQ_DISCONNECT_MSG, ZMQ_HICCUP_MSG.  Every type can be told
 * them, as in libzmq; zmq_type.notices says which ones it uses.
 */
#include "conn.h"
#include "notice.h"
#include "type.h"

/* The message of the socket, or NULL; lock_sock held. */
static const struct zmq_notice *zmq_notice_get(struct zmq_sock *zsk, int what)
{
	sock_owned_by_me(&zsk->sk);
	return zsk->type->notices & BIT(what) ? zsk->notices[what] : NULL;
}

/**
 * zmq_notice_set - setsockopt(2); an empty value is none
 * @zsk: the socket, locked
 * @opt: the option
 * @val: the message
 * @len: its length
 *
 * Return: 0, -ENOMEM, or -ENOPROTOOPT: none of these options.
 */
int zmq_notice_set(struct zmq_sock *zsk, int opt, const u8 *val, size_t len)
{
	struct zmq_notice *notice = NULL;
	int what;

	sock_owned_by_me(&zsk->sk);
	switch (opt) {
	case ZMQ_OPT_HELLO_MSG:
		what = ZMQ_NOTICE_HELLO;
		break;
	case ZMQ_OPT_DISCONNECT_MSG:
		what = ZMQ_NOTICE_DISCONNECT;
		break;
	case ZMQ_OPT_HICCUP_MSG:
		what = ZMQ_NOTICE_HICCUP;
		break;
	default:
		return -ENOPROTOOPT;
	}
	if (len) {
		notice = kvmalloc(struct_size(notice, data, len),
				  GFP_KERNEL_ACCOUNT);
		if (!notice)
			return -ENOMEM;
		notice->len = len;
		memcpy(notice->data, val, len);
	}
	kvfree(zsk->notices[what]);
	zsk->notices[what] = notice;
	return 0;
}

/**
 * zmq_notice_hello - queue the first message to a new peer
 * @conn: the connection, handshake over, the socket locked
 *
 * As control bytes: these go ahead of messages that were queued before.
 */
void zmq_notice_hello(struct zmq_conn *conn)
{
	const struct zmq_notice *hello =
		zmq_notice_get(conn->zsk, ZMQ_NOTICE_HELLO);
	u32 len;
	u8 *buf;

	if (!hello || conn->version == ZMQ_ZMTP_RAW)
		return;
	buf = kvmalloc(ZMQ_ZMTP_HDR_MAX + hello->len, GFP_KERNEL);
	if (!buf)
		return;
	if (conn->version == ZMQ_ZMTP_1_0)
		len = zmq_zmtp_hdr_encode_v1(buf, 0, hello->len);
	else
		len = zmq_zmtp_hdr_encode(buf, 0, hello->len);
	memcpy(buf + len, hello->data, hello->len);
	zmq_tx_control(conn, buf, len + hello->len, GFP_KERNEL_ACCOUNT);
	kvfree(buf);
}

/**
 * zmq_notice_greet - queue the first message to a new peer by inproc
 * @pipe: its pipe, nothing sent by it yet, the socket locked
 */
void zmq_notice_greet(struct zmq_pipe *pipe)
{
	const struct zmq_notice *hello =
		zmq_notice_get(pipe->zsk, ZMQ_NOTICE_HELLO);
	struct zmq_asm msg = {};

	if (hello && !zmq_send_append(pipe->zsk, &msg, hello->data, hello->len,
				      false))
		zmq_pipe_push(pipe, &msg.q, false);
	zmq_send_reset(&msg);
}

/*
 * Is there room for a message from nobody?  Where there is not, there is for one:
 * that a peer is gone is told after whatever it had sent.
 */
static bool zmq_notice_may_inject(struct zmq_pipe *pipe)
{
	bool full = READ_ONCE(pipe->rx_mem) >=
		    READ_ONCE(pipe->zsk->sk.sk_rcvbuf);
	bool may = !full || !pipe->noted;

	sock_owned_by_me(&pipe->zsk->sk);
	pipe->noted = full;
	return may;
}

/**
 * zmq_notice_inject - have the user receive a message that no peer has sent
 * @pipe: whom it is from; attached
 * @data: its only part
 * @len: bytes in it
 *
 * Queued behind what was received, also beyond the high-water mark, but only one
 * beyond SO_RCVBUF: a peer that comes and goes must not fill the memory of who
 * does not read.  Lost then, and if there is no memory.
 *
 * Context: lock_sock(pipe->zsk) held.
 */
void zmq_notice_inject(struct zmq_pipe *pipe, const u8 *data, u32 len)
{
	struct zmq_sock *zsk = pipe->zsk;
	struct zmq_asm msg = {};

	if (!zmq_notice_may_inject(pipe)) {
		atomic64_inc(&zsk->stats.rx_drops);
	} else if (!zmq_send_append(zsk, &msg, data, len, false)) {
		atomic64_inc(&zsk->stats.rx_msgs);
		atomic64_add(len, &zsk->stats.rx_bytes);
		zmq_pipe_publish(pipe, &msg.q, 1, msg.q.bytes);
	}
	zmq_send_reset(&msg);
}

/* Tell the user that the peer is gone; the socket is locked. */
void zmq_notice_lost(struct zmq_conn *conn)
{
	const struct zmq_notice *notice =
		zmq_notice_get(conn->zsk, conn->accepted ?
			       ZMQ_NOTICE_DISCONNECT : ZMQ_NOTICE_HICCUP);

	if (notice)
		zmq_notice_inject(conn->pipe, notice->data, notice->len);
}

/*
 * The same, by inproc.  Whoever has bound: there is no other attempt, so there
 * is no hiccup.
 */
void zmq_notice_left(struct zmq_pipe *pipe)
{
	const struct zmq_notice *notice =
		zmq_notice_get(pipe->zsk, ZMQ_NOTICE_DISCONNECT);

	if (notice)
		zmq_notice_inject(pipe, notice->data, notice->len);
}

/* The socket is gone. */
void zmq_notice_free(struct zmq_sock *zsk)
{
	int i;

	for (i = 0; i < ZMQ_NOTICES; i++)
		kvfree(zsk->notices[i]);
}
