// SPDX-License-Identifier: GPL-2.0
/* Talking to a SOCKS proxy (ZMQ_SOCKS_PROXY) before the peer can be greeted. */
#include "ep.h"
#include "proxy.h"
#include "socks.h"

/**
 * struct zmq_proxy - a proxy being talked to
 * @socks: what is said
 * @sent: bytes of @socks.out sent
 * @got: bytes in @in
 * @in: part of an answer
 */
struct zmq_proxy {
	struct zmq_socks	socks;
	u32			sent;
	u32			got;
	u8			in[ZMQ_SOCKS_IN_MAX];
};

/* The lower socket is connected to the proxy.  Return: 0 or -ENOMEM. */
int zmq_proxy_begin(struct zmq_conn *conn)
{
	const struct zmq_endpoint_host *host = &conn->ep->addr.tcp;
	const struct zmq_options *opt = zmq_conn_options(conn);

	lockdep_assert_held(&conn->mutex);
	conn->proxy = kvzalloc(sizeof(*conn->proxy), GFP_KERNEL_ACCOUNT);
	if (!conn->proxy)
		return -ENOMEM;
	zmq_socks_init(&conn->proxy->socks, host->host, host->port,
		       zmq_options_str(opt, ZMQ_BLOB_SOCKS_USERNAME),
		       zmq_options_str(opt, ZMQ_BLOB_SOCKS_PASSWORD));
	return 0;
}

/* All of what is to be said; the socket of a new connection has room for it. */
static int zmq_proxy_send(struct zmq_conn *conn, struct zmq_proxy *proxy)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = {
		.iov_base = proxy->socks.out,
		.iov_len = proxy->socks.out_len,
	};
	int n;

	if (!vec.iov_len)
		return 0;
	n = kernel_sendmsg(conn->lower, &msg, &vec, 1, vec.iov_len);
	if (n != vec.iov_len)
		return n < 0 ? n : -EPIPE;
	proxy->socks.out_len = 0;
	return 0;
}

/* Not a byte more than the proxy's: the next is the peer's. */
static int zmq_proxy_receive(struct zmq_conn *conn, struct zmq_proxy *proxy)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct kvec vec = {
		.iov_base = proxy->in + proxy->got,
		.iov_len = proxy->socks.want - proxy->got,
	};
	int n;

	n = kernel_recvmsg(conn->lower, &msg, &vec, 1, vec.iov_len,
			   MSG_DONTWAIT);
	if (n <= 0)
		return n ?: -ECONNRESET;
	proxy->got += n;
	if (proxy->got < proxy->socks.want)
		return 0;
	proxy->got = 0;
	return zmq_socks_input(&proxy->socks, proxy->in);
}

/**
 * zmq_proxy_step - go on as far as possible
 * @conn: the connection, in ZMQ_CONN_PROXY
 *
 * Return: 0: connected to the peer; -EINPROGRESS: the proxy has to answer; an
 * error: this attempt failed.
 */
int zmq_proxy_step(struct zmq_conn *conn)
{
	struct zmq_proxy *proxy = conn->proxy;
	int err;

	lockdep_assert_held(&conn->mutex);
	do {
		err = zmq_proxy_send(conn, proxy);
		if (err)
			return err;
		if (proxy->socks.state == ZMQ_SOCKS_DONE)
			return 0;
		err = zmq_proxy_receive(conn, proxy);
	} while (!err);
	return err == -EAGAIN ? -EINPROGRESS : err;
}

/* Over, one way or the other. */
void zmq_proxy_end(struct zmq_conn *conn)
{
	kvfree_sensitive(conn->proxy, sizeof(*conn->proxy));
	conn->proxy = NULL;
}
