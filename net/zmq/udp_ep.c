// SPDX-License-Identifier: GPL-2.0
/* UDP endpoints: addresses, multicast groups, the socket below. */
#include <net/ipv6.h>
#include "ep.h"
#include "type.h"
#include "udp.h"

/**
 * struct zmq_udp_addr - what an endpoint's string means
 * @target: the address: a destination, or a local one to be bound
 * @local: address of the interface, if it was given by that
 * @len: bytes in either
 * @multicast: @target is a multicast group
 * @ifindex: the interface, 0: any, or @local's
 */
struct zmq_udp_addr {
	struct sockaddr_storage	target;
	struct sockaddr_storage	local;
	int			len;
	bool			multicast;
	int			ifindex;
};

static struct sockaddr_in *zmq_udp_v4(struct sockaddr_storage *ss)
{
	return (struct sockaddr_in *)ss;
}

static struct sockaddr_in6 *zmq_udp_v6(struct sockaddr_storage *ss)
{
	return (struct sockaddr_in6 *)ss;
}

static bool zmq_udp_is_multicast(struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return ipv6_addr_is_multicast(&zmq_udp_v6(ss)->sin6_addr);
	return ipv4_is_multicast(zmq_udp_v4(ss)->sin_addr.s_addr);
}

static int zmq_udp_ifindex(struct net *net, const char *name)
{
	struct net_device *dev;
	int ifindex = 0;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	if (dev)
		ifindex = dev->ifindex;
	rcu_read_unlock();
	return ifindex;
}

/* The part before ';': only multicast needs to be told the interface. */
static int zmq_udp_resolve_iface(struct zmq_ep *ep, struct zmq_udp_addr *a)
{
	struct net *net = sock_net(&ep->zsk->sk);
	const struct zmq_endpoint_host *src = &ep->addr.src;
	int len;

	if (!ep->addr.has_src)
		return 0;
	if (!a->multicast)
		return -EINVAL;
	if (src->wild)
		return 0;
	a->ifindex = zmq_udp_ifindex(net, src->host);
	if (a->ifindex)
		return 0;
	len = zmq_target_resolve(net, src, ep->opt.ipv6, false, &a->local);
	if (len < 0)
		return -ENODEV;
	if (a->local.ss_family != a->target.ss_family ||
	    zmq_udp_is_multicast(&a->local))
		return -EINVAL;
	/* An IPv6 group is joined at an interface, not at an address. */
	return a->local.ss_family == AF_INET6 ? -ENODEV : 0;
}

static int zmq_udp_resolve(struct zmq_ep *ep, struct zmq_udp_addr *a)
{
	struct net *net = sock_net(&ep->zsk->sk);

	memset(a, 0, sizeof(*a));
	if (ep->bind)
		a->len = zmq_target_resolve(net, &ep->addr.tcp, ep->opt.ipv6,
					    true, &a->target);
	else
		a->len = zmq_target_next(ep, &a->target);
	if (a->len < 0)
		return ep->bind && a->len == -EINVAL ? -ENODEV : a->len;
	if (a->target.ss_family == AF_INET6 && !ep->opt.ipv6)
		return ep->bind ? -ENODEV : -EINVAL;
	a->multicast = zmq_udp_is_multicast(&a->target);
	if (a->target.ss_family == AF_INET6)
		a->ifindex = zmq_udp_v6(&a->target)->sin6_scope_id;
	return zmq_udp_resolve_iface(ep, a);
}

/* The socket. */

static int zmq_udp_set(struct socket *sock, int level, int opt, void *val,
		       size_t len)
{
	sockptr_t ptr = KERNEL_SOCKPTR(val);

	if (level == SOL_SOCKET)
		return sock_setsockopt(sock, level, opt, ptr, len);
	return sock->ops->setsockopt(sock, level, opt, ptr, len);
}

static int zmq_udp_set_int(struct socket *sock, int level, int opt, int val)
{
	return zmq_udp_set(sock, level, opt, &val, sizeof(val));
}

/* Errors are not worth failing for. */
static void zmq_udp_tune(struct socket *sock, const struct zmq_options *opt)
{
	bool ipv6 = sock->sk->sk_family == AF_INET6;
	int hops = min(opt->multicast_hops, 255);

	if (opt->sndbuf >= 0)
		zmq_udp_set_int(sock, SOL_SOCKET, SO_SNDBUF, opt->sndbuf);
	if (opt->rcvbuf >= 0)
		zmq_udp_set_int(sock, SOL_SOCKET, SO_RCVBUF, opt->rcvbuf);
	if (opt->tos)
		zmq_udp_set_int(sock, SOL_IP, IP_TOS, opt->tos);
	if (opt->tos && ipv6)
		zmq_udp_set_int(sock, SOL_IPV6, IPV6_TCLASS, opt->tos);
	if (opt->priority)
		sock_set_priority(sock->sk, opt->priority);
	zmq_udp_set_int(sock, SOL_IP, IP_MULTICAST_TTL, hops);
	zmq_udp_set_int(sock, SOL_IP, IP_MULTICAST_LOOP, opt->multicast_loop);
	/* Groups that other sockets have joined are not for this one. */
	zmq_udp_set_int(sock, SOL_IP, IP_MULTICAST_ALL, 0);
	if (!ipv6)
		return;
	zmq_udp_set_int(sock, SOL_IPV6, IPV6_MULTICAST_HOPS, hops);
	zmq_udp_set_int(sock, SOL_IPV6, IPV6_MULTICAST_LOOP,
			opt->multicast_loop);
	zmq_udp_set_int(sock, SOL_IPV6, IPV6_MULTICAST_ALL, 0);
}

static struct socket *zmq_udp_create(struct zmq_ep *ep, int family)
{
	struct net *net = sock_net(&ep->zsk->sk);
	struct socket *sock;
	int err;

	err = sock_create_kern(net, family, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return ERR_PTR(err);
	zmq_compat_sk_hold_net(sock->sk);
	if (family == AF_INET6)
		zmq_udp_set_int(sock, SOL_IPV6, IPV6_V6ONLY, 0);
	err = zmq_target_bind_device(sock, ep->opt.device);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	zmq_udp_tune(sock, &ep->opt);
	return sock;
}

/* Multicast goes out by the interface that was asked for. */
static int zmq_udp_send_by(struct socket *sock, struct zmq_udp_addr *a)
{
	struct ip_mreqn mreq = {
		.imr_address = zmq_udp_v4(&a->local)->sin_addr,
		.imr_ifindex = a->ifindex,
	};

	if (!a->ifindex && !a->local.ss_family)
		return 0;
	if (a->target.ss_family == AF_INET6)
		return zmq_udp_set_int(sock, SOL_IPV6, IPV6_MULTICAST_IF,
				       a->ifindex);
	return zmq_udp_set(sock, SOL_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq));
}

static int zmq_udp_join(struct socket *sock, struct zmq_udp_addr *a)
{
	struct ipv6_mreq mreq6;
	struct ip_mreqn mreq = {
		.imr_multiaddr = zmq_udp_v4(&a->target)->sin_addr,
		.imr_address = zmq_udp_v4(&a->local)->sin_addr,
		.imr_ifindex = a->ifindex,
	};

	if (a->target.ss_family == AF_INET6) {
		mreq6.ipv6mr_multiaddr = zmq_udp_v6(&a->target)->sin6_addr;
		mreq6.ipv6mr_ifindex = a->ifindex;
		return zmq_udp_set(sock, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &mreq6,
				   sizeof(mreq6));
	}
	return zmq_udp_set(sock, SOL_IP, IP_ADD_MEMBERSHIP, &mreq,
			   sizeof(mreq));
}

/*
 * Several sockets may have the address, as libzmq has it.  A group is joined,
 * and any address bound, so that its port alone decides.
 */
static int zmq_udp_bind(struct socket *sock, struct zmq_udp_addr *a)
{
	struct sockaddr_storage ss = a->target;
	int err;

	sock_set_reuseaddr(sock->sk);
	if (a->multicast) {
		sock_set_reuseport(sock->sk);
		if (ss.ss_family == AF_INET6)
			zmq_udp_v6(&ss)->sin6_addr = in6addr_any;
		else
			zmq_udp_v4(&ss)->sin_addr.s_addr = htonl(INADDR_ANY);
	}
	err = kernel_bind(sock, (zmq_compat_sockaddr *)&ss, a->len);
	if (err || !a->multicast)
		return err;
	return zmq_udp_join(sock, a);
}

/* The user's string, with the port that was found for "*" or 0. */
static char *zmq_udp_name(struct zmq_ep *ep, struct socket *sock)
{
	int len = strrchr(ep->name, ':') - ep->name;

	if (ep->addr.tcp.port)
		return kstrdup(ep->name, GFP_KERNEL_ACCOUNT);
	return kasprintf(GFP_KERNEL_ACCOUNT, "%.*s:%u", len, ep->name,
			 inet_sk(sock->sk)->inet_num);
}

/* Endpoints. */

static int zmq_udp_alloc(struct zmq_ep *ep)
{
	const struct zmq_type *type = ep->zsk->type;
	struct zmq_udp *udp;

	udp = kzalloc(sizeof(*udp), GFP_KERNEL_ACCOUNT);
	if (!udp)
		return -ENOMEM;
	udp->ep = ep;
	mutex_init(&udp->mutex);
	zmq_segq_init(&udp->txq);
	/* zmq_ep_put() frees it, whatever happens now. */
	ep->udp = udp;
	if (type->receives)
		udp->rx_buf = kmalloc(ZMQ_UDP_MAX, GFP_KERNEL_ACCOUNT);
	if (type->sends)
		udp->tx_buf = kmalloc(ZMQ_UDP_MAX, GFP_KERNEL_ACCOUNT);
	if ((type->receives && !udp->rx_buf) || (type->sends && !udp->tx_buf))
		return -ENOMEM;
	udp->pipe = zmq_pipe_alloc(ep->zsk, &ep->opt, GFP_KERNEL);
	return udp->pipe ? 0 : -ENOMEM;
}

/* Make its pipe one of the socket's; from now on it sends. */
static int zmq_udp_attach(struct zmq_udp *udp)
{
	struct zmq_sock *zsk = udp->ep->zsk;
	struct zmq_pipe *pipe = udp->pipe;
	int err;

	pipe->connects = !udp->ep->bind;
	lock_sock(&zsk->sk);
	pipe->udp = udp;
	err = zmq_pipe_attach(pipe);
	if (err)
		WRITE_ONCE(pipe->udp, NULL);
	zmq_send_release(zsk);
	return err;
}

static int zmq_udp_start(struct zmq_ep *ep)
{
	struct zmq_udp_addr a;
	struct zmq_udp *udp;
	struct socket *sock;
	int err;

	err = zmq_udp_resolve(ep, &a);
	if (!err)
		err = zmq_udp_alloc(ep);
	if (err)
		return err;
	sock = zmq_udp_create(ep, a.target.ss_family);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	udp = ep->udp;
	udp->sock = sock;
	udp->to = a.target;
	udp->to_len = a.len;
	err = a.multicast ? zmq_udp_send_by(sock, &a) : 0;
	if (!err && ep->bind)
		err = zmq_udp_bind(sock, &a);
	if (err)
		return err;
	if (ep->bind) {
		ep->bound = zmq_udp_name(ep, sock);
		if (!ep->bound)
			return -ENOMEM;
	}
	/* Callbacks first: whoever sends may be told to wait. */
	zmq_udp_install(udp);
	err = zmq_udp_attach(udp);
	if (err)
		zmq_udp_remove(udp);
	return err;
}

static int zmq_udp_connect(struct zmq_ep *ep, u32 *routing_id)
{
	return zmq_udp_start(ep);
}

/* A host name is looked up by the caller, once. */
static int zmq_udp_check(struct zmq_ep *ep, const char *addrs, size_t len)
{
	struct zmq_target *target = &ep->target;

	target->host = &ep->addr.tcp;
	zmq_names_parse(&target->names, addrs, len, ep->opt.ipv6);
	target->named = target->names.n;
	target->fresh = target->named;
	return 0;
}

static bool zmq_udp_ended(struct zmq_ep *ep)
{
	return !READ_ONCE(ep->udp->pipe->attached);
}

/*
 * Nothing lingers: what the socket below has no room for now is dropped.  What
 * was received can still be read.
 */
static void zmq_udp_close(struct zmq_ep *ep, int linger)
{
	struct zmq_udp *udp = ep->udp;
	struct zmq_pipe *pipe = udp->pipe;
	struct zmq_sock *zsk = ep->zsk;

	lock_sock(&zsk->sk);
	zmq_pipe_detach(pipe);
	zmq_send_release(zsk);
	zmq_udp_flush(pipe);
	spin_lock_bh(&pipe->tx_lock);
	WRITE_ONCE(pipe->udp, NULL);
	spin_unlock_bh(&pipe->tx_lock);
	zmq_udp_remove(udp);
	mutex_lock(&udp->mutex);
	sock_release(udp->sock);
	udp->sock = NULL;
	atomic64_add(zmq_hwm_queued(&pipe->tx), &zsk->stats.tx_drops);
	mutex_unlock(&udp->mutex);
}

static void zmq_udp_free(struct zmq_ep *ep)
{
	struct zmq_udp *udp = ep->udp;

	if (!udp)
		return;
	if (udp->sock)
		sock_release(udp->sock);
	if (udp->pipe)
		zmq_pipe_put(udp->pipe);
	zmq_segq_free(&udp->txq);
	zmq_chunk_free(&udp->rx_pool);
	mutex_destroy(&udp->mutex);
	kfree(udp->rx_buf);
	kfree(udp->tx_buf);
	kfree(udp);
}

const struct zmq_transport zmq_udp_transport = {
	.proto		= ZMQ_ENDPOINT_UDP,
	.listen		= zmq_udp_start,
	.check		= zmq_udp_check,
	.attach		= zmq_udp_connect,
	.ended		= zmq_udp_ended,
	.close		= zmq_udp_close,
	.free		= zmq_udp_free,
};
