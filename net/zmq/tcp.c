// SPDX-License-Identifier: GPL-2.0
/* The TCP transport. */
#include <linux/cred.h>
#include <linux/sizes.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "ep.h"
#include "filter.h"

/*
 * With ZMQ_SNDHWM below SHORT, TCP takes UNSENT bytes for each message of the
 * mark at most before it sends: else its own buffer, megabytes, would be what
 * limits the queue.  Longer queues are not worth the wake-ups.
 */
#define ZMQ_TCP_SHORT	32
#define ZMQ_TCP_UNSENT	SZ_32K

#define ZMQ_TCP_FLAGS	(MSG_DONTWAIT | MSG_NOSIGNAL)

static int zmq_tcp_setsockopt(struct socket *sock, int level, int opt, int val)
{
	sockptr_t ptr = KERNEL_SOCKPTR(&val);

	if (level == SOL_SOCKET)
		return sock_setsockopt(sock, level, opt, ptr, sizeof(val));
	return sock->ops->setsockopt(sock, level, opt, ptr, sizeof(val));
}

/* Options every TCP socket of ours gets; errors are not worth failing for. */
static void zmq_tcp_tune(struct socket *sock, const struct zmq_options *opt)
{
	struct sock *sk = sock->sk;

	tcp_sock_set_nodelay(sk);
	if (opt->sndhwm > 0 && opt->sndhwm < ZMQ_TCP_SHORT && opt->sndbuf < 0)
		zmq_tcp_setsockopt(sock, SOL_TCP, TCP_NOTSENT_LOWAT,
				   opt->sndhwm * ZMQ_TCP_UNSENT);
	if (opt->sndbuf >= 0)
		zmq_tcp_setsockopt(sock, SOL_SOCKET, SO_SNDBUF, opt->sndbuf);
	if (opt->rcvbuf >= 0)
		zmq_tcp_setsockopt(sock, SOL_SOCKET, SO_RCVBUF, opt->rcvbuf);
	if (opt->tos) {
		zmq_tcp_setsockopt(sock, SOL_IP, IP_TOS, opt->tos);
		if (sk->sk_family == AF_INET6)
			zmq_tcp_setsockopt(sock, SOL_IPV6, IPV6_TCLASS,
					   opt->tos);
	}
	if (opt->priority)
		sock_set_priority(sk, opt->priority);
	if (opt->busy_poll)
		zmq_compat_set_busy_poll(sk, opt->busy_poll);
	if (opt->tcp_maxrt)
		tcp_sock_set_user_timeout(sk, opt->tcp_maxrt);
	if (opt->keepalive >= 0)
		zmq_tcp_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE,
				   opt->keepalive);
	if (opt->keepalive_cnt > 0)
		tcp_sock_set_keepcnt(sk, opt->keepalive_cnt);
	if (opt->keepalive_idle > 0)
		tcp_sock_set_keepidle(sk, opt->keepalive_idle);
	if (opt->keepalive_intvl > 0)
		tcp_sock_set_keepintvl(sk, opt->keepalive_intvl);
}

static int zmq_tcp_create(struct zmq_ep *ep, int family, struct socket **res)
{
	struct net *net = sock_net(&ep->zsk->sk);
	struct socket *sock;
	int err;

	err = sock_create_kern(net, family, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err)
		return err;
	zmq_compat_sk_hold_net(sock->sk);
	if (family == AF_INET6)
		zmq_tcp_setsockopt(sock, SOL_IPV6, IPV6_V6ONLY, 0);
	err = zmq_target_bind_device(sock, ep->opt.device);
	if (err) {
		sock_release(sock);
		return err;
	}
	zmq_tcp_tune(sock, &ep->opt);
	*res = sock;
	return 0;
}

/* "tcp://address:port", for ZMQ_LAST_ENDPOINT and monitors. */
static char *zmq_tcp_name(struct socket *sock, bool peer)
{
	struct sockaddr_storage ss;
	int err;

	err = peer ? kernel_getpeername(sock, (struct sockaddr *)&ss) :
		     kernel_getsockname(sock, (struct sockaddr *)&ss);
	if (err < 0)
		return NULL;
	if (ss.ss_family == AF_INET6)
		return kasprintf(GFP_KERNEL_ACCOUNT, "tcp://[%pI6c]:%u",
				 &((struct sockaddr_in6 *)&ss)->sin6_addr,
				 ntohs(((struct sockaddr_in6 *)&ss)->sin6_port));
	return kasprintf(GFP_KERNEL_ACCOUNT, "tcp://%pI4:%u",
			 &((struct sockaddr_in *)&ss)->sin_addr,
			 ntohs(((struct sockaddr_in *)&ss)->sin_port));
}

/* The peer's address without its port. */
static char *zmq_tcp_address(struct zmq_conn *conn)
{
	struct sockaddr_storage ss;

	if (kernel_getpeername(conn->lower, (struct sockaddr *)&ss) < 0)
		return NULL;
	if (ss.ss_family == AF_INET6)
		return kasprintf(GFP_KERNEL, "%pI6c",
				 &((struct sockaddr_in6 *)&ss)->sin6_addr);
	return kasprintf(GFP_KERNEL, "%pI4",
			 &((struct sockaddr_in *)&ss)->sin_addr);
}

static int zmq_tcp_listen(struct zmq_ep *ep)
{
	struct net *net = sock_net(&ep->zsk->sk);
	bool ipv6 = ep->opt.ipv6;
	struct sockaddr_storage ss;
	struct socket *sock;
	int len, err;

	len = zmq_target_resolve(net, &ep->addr.tcp, ipv6, true, &ss);
	if (len < 0)
		return len == -EINVAL ? -ENODEV : len;
	if (ss.ss_family == AF_INET6 && !ipv6)
		return -ENODEV;
	err = zmq_tcp_create(ep, ss.ss_family, &sock);
	if (err == -EAFNOSUPPORT && ep->addr.tcp.wild && ipv6) {
		/* A kernel without IPv6 (libzmq falls back too). */
		len = zmq_target_resolve(net, &ep->addr.tcp, false, true, &ss);
		err = zmq_tcp_create(ep, ss.ss_family, &sock);
	}
	if (err)
		return err;
	sock_set_reuseaddr(sock->sk);
	err = kernel_bind(sock, (zmq_compat_sockaddr *)&ss, len);
	if (err)
		goto err_release;
	err = kernel_listen(sock, zmq_ep_backlog(ep));
	if (err)
		goto err_release;
	ep->bound = zmq_tcp_name(sock, false);
	err = -ENOMEM;
	if (!ep->bound)
		goto err_release;
	ep->listener = sock;
	return 0;

err_release:
	sock_release(sock);
	return err;
}

/*
 * Bind the source address anew for each attempt.  A worker may use any port, so
 * this is done with the credentials of the endpoint's user.
 */
static int zmq_tcp_bind_source(struct zmq_ep *ep, struct socket *sock)
{
	struct sockaddr_storage ss;
	const struct cred *old;
	int len, err;

	/* A port that was asked for stays bound from one to the next. */
	if (!ep->addr.has_src || inet_sk(sock->sk)->inet_num)
		return 0;
	len = zmq_target_resolve(sock_net(sock->sk), &ep->addr.src,
				 sock->sk->sk_family == AF_INET6, true, &ss);
	if (len < 0)
		return len;
	sock_set_reuseaddr(sock->sk);
	old = override_creds(ep->cred);
	err = kernel_bind(sock, (zmq_compat_sockaddr *)&ss, len);
	revert_creds(old);
	return err;
}

static int zmq_tcp_make(struct zmq_conn *conn, int family)
{
	struct socket *sock;
	int err;

	err = zmq_tcp_create(conn->ep, family, &sock);
	if (err)
		return err;
	if (conn->lower) {
		conn->spare = sock;
		return 0;
	}
	WRITE_ONCE(conn->lower, sock);
	return zmq_stream_install(conn);
}

/*
 * A socket is made once, in the context of its user, and reconnected in place: a
 * new one made by a worker would belong to the root cgroup.  A host name may
 * have addresses of both families, which need a socket each: one that was
 * connected to a mapped IPv4 address is none for IPv6 any more.
 */
static int zmq_tcp_prepare(struct zmq_conn *conn)
{
	const struct zmq_target *target = &conn->ep->target;

	if (!target->named)
		return 0;
	zmq_tcp_make(conn, AF_INET);
	if (conn->ep->opt.ipv6)
		zmq_tcp_make(conn, AF_INET6);
	return target->names.n ? 0 : -EINPROGRESS;
}

/* Let the lower socket be one of this family. */
static int zmq_tcp_choose(struct zmq_conn *conn, int family)
{
	int err;

	if (conn->lower && conn->lower->sk->sk_family == family)
		return 0;
	if (!conn->spare) {
		err = zmq_tcp_make(conn, family);
		if (err || !conn->spare)
			return err;
	}
	return zmq_stream_swap(conn);
}

static int zmq_tcp_connect(struct zmq_conn *conn)
{
	struct zmq_ep *ep = conn->ep;
	struct sockaddr_storage ss;
	int len, err;

	len = zmq_target_next(ep, &ss);
	if (len < 0)
		return len;
	err = zmq_tcp_choose(conn, ss.ss_family);
	if (err)
		return err;
	err = zmq_tcp_bind_source(ep, conn->lower);
	if (err)
		return err;
	return kernel_connect(conn->lower, (zmq_compat_sockaddr *)&ss, len,
			      O_NONBLOCK);
}

static void zmq_tcp_disconnect(struct zmq_conn *conn)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };

	if (conn->lower)
		kernel_connect(conn->lower, (zmq_compat_sockaddr *)&ss,
			       sizeof(ss), O_NONBLOCK);
}

static int zmq_tcp_connected(struct zmq_conn *conn)
{
	struct sock *sk = conn->lower->sk;
	int err;

	if (READ_ONCE(sk->sk_err)) {
		err = sock_error(sk);
		return err ?: -ECONNREFUSED;
	}
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		return 0;
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return -EINPROGRESS;
	default:
		return -ECONNREFUSED;
	}
}

/* Is the peer one that ZMQ_TCP_ACCEPT_FILTER lets in? */
static bool zmq_tcp_welcome(const struct sock *sk,
			    const struct zmq_options *opt)
{
	const struct zmq_blob *nets = opt->blob[ZMQ_BLOB_TCP_FILTER];
	struct in6_addr addr;

	if (!nets)
		return true;
	if (sk->sk_family == AF_INET6)
		addr = sk->sk_v6_daddr;
	else
		ipv6_addr_set_v4mapped(sk->sk_daddr, &addr);
	return zmq_filter_match((const struct zmq_filter_net *)nets->data,
				nets->len / sizeof(struct zmq_filter_net),
				addr.s6_addr);
}

static int zmq_tcp_adopt(struct zmq_conn *conn)
{
	const struct zmq_options *opt = zmq_conn_options(conn);

	if (!zmq_tcp_welcome(conn->lower->sk, opt))
		return -EACCES;
	zmq_tcp_tune(conn->lower, opt);
	return 0;
}

/* Not one that TLS or something else is layered upon. */
static bool zmq_tcp_fits(const struct sock *sk)
{
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP &&
	       !inet_csk(sk)->icsk_ulp_ops;
}

static int zmq_tcp_actor(read_descriptor_t *desc, struct sk_buff *skb,
			 unsigned int off, size_t len)
{
	struct zmq_conn *conn = desc->arg.data;
	int used = zmq_rx_feed(conn, skb, off, len);

	if (used < len)
		desc->count = 0;
	desc->written += used;
	return used;
}

static bool zmq_tcp_read(struct zmq_conn *conn)
{
	read_descriptor_t desc = {
		.arg.data = conn,
		.count = 1,
	};

	tcp_read_sock(conn->lower->sk, &desc, zmq_tcp_actor);
	return desc.written;
}

/*
 * Unsent bytes that wait for more to come would never go out if they were what
 * TCP_NOTSENT_LOWAT allows.
 */
static int zmq_tcp_flags(const struct zmq_conn *conn, bool more)
{
	const struct tcp_sock *tp = tcp_sk(conn->lower->sk);

	return ZMQ_TCP_FLAGS |
	       (more && tcp_notsent_lowat(tp) == UINT_MAX ? MSG_MORE : 0);
}

static int zmq_tcp_send(struct zmq_conn *conn, struct kvec *vec, int n,
			size_t len, bool more)
{
	struct msghdr msg = {
		.msg_flags = zmq_tcp_flags(conn, more),
	};

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, n, len);
	return tcp_sendmsg_locked(conn->lower->sk, &msg, len);
}

static int zmq_tcp_send_page(struct zmq_conn *conn, struct page *page, u32 off,
			     u32 len, bool more)
{
	return zmq_compat_tcp_send_page(conn->lower->sk, page, off, len,
					zmq_tcp_flags(conn, more));
}

static bool zmq_tcp_writable(const struct sock *sk)
{
	return sk_stream_is_writeable(sk);
}

static bool zmq_tcp_has_input(struct zmq_conn *conn)
{
	return tcp_inq(conn->lower->sk) > 0;
}

static u32 zmq_tcp_unacked(struct zmq_conn *conn)
{
	struct sock *sk = conn->lower->sk;
	u32 bytes = 0;

	lock_sock(sk);
	if (!sk->sk_err && (1 << sk->sk_state) &
	    (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK))
		bytes = tcp_sk(sk)->write_seq - tcp_sk(sk)->snd_una;
	release_sock(sk);
	return bytes;
}

const struct zmq_transport zmq_tcp_transport = {
	.proto		= ZMQ_ENDPOINT_TCP,
	.locked		= true,
	.listen		= zmq_tcp_listen,
	.check		= zmq_target_init,
	.prepare	= zmq_tcp_prepare,
	.connect	= zmq_tcp_connect,
	.disconnect	= zmq_tcp_disconnect,
	.connected	= zmq_tcp_connected,
	.adopt		= zmq_tcp_adopt,
	.fits		= zmq_tcp_fits,
	.read		= zmq_tcp_read,
	.send		= zmq_tcp_send,
	.send_page	= zmq_tcp_send_page,
	.name		= zmq_tcp_name,
	.address	= zmq_tcp_address,
	.writable	= zmq_tcp_writable,
	.has_input	= zmq_tcp_has_input,
	.unacked	= zmq_tcp_unacked,
};
