// SPDX-License-Identifier: GPL-2.0
/* What a TCP endpoint connects to: an address, or those of a name, in turn. */
#include <linux/inet.h>
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "ep.h"
#include "lookup.h"

/* Jiffies between two lookups of a name. */
#define ZMQ_TARGET_PAUSE	HZ

/* First address of an interface in a family.  Return: 0 or -ENODEV. */
static int zmq_target_device(struct net *net, const char *name, bool ipv6,
			     struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	const struct inet6_ifaddr *ifa6;
	const struct in_ifaddr *ifa;
	struct inet6_dev *idev;
	struct in_device *in;
	struct net_device *dev;
	int err = -ENODEV;

	rtnl_lock();
	dev = __dev_get_by_name(net, name);
	if (!dev)
		goto out;
	idev = ipv6 ? __in6_dev_get(dev) : NULL;
	if (idev) {
		read_lock_bh(&idev->lock);
		list_for_each_entry(ifa6, &idev->addr_list, if_list) {
			sin6->sin6_family = AF_INET6;
			sin6->sin6_addr = ifa6->addr;
			if (ipv6_addr_type(&ifa6->addr) & IPV6_ADDR_LINKLOCAL)
				sin6->sin6_scope_id = dev->ifindex;
			err = 0;
			break;
		}
		read_unlock_bh(&idev->lock);
	}
	in = err ? __in_dev_get_rtnl(dev) : NULL;
	ifa = in ? rtnl_dereference(in->ifa_list) : NULL;
	if (ifa) {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = ifa->ifa_local;
		err = 0;
	}
out:
	rtnl_unlock();
	return err;
}

/**
 * zmq_target_resolve - make a socket address of a host and port
 * @net: namespace
 * @host: the host
 * @ipv6: ZMQ_IPV6: "*" is ::, and interfaces have IPv6 addresses
 * @device: the host may be an interface
 * @ss: result
 *
 * Return: its length; -ENODEV: not an address and no such interface.
 */
int zmq_target_resolve(struct net *net, const struct zmq_endpoint_host *host,
		       bool ipv6, bool device, struct sockaddr_storage *ss)
{
	__be16 port = htons(host->port);
	char num[8];
	int err;

	memset(ss, 0, sizeof(*ss));
	if (host->wild) {
		ss->ss_family = ipv6 ? AF_INET6 : AF_INET;
	} else {
		snprintf(num, sizeof(num), "%u", host->port);
		err = inet_pton_with_scope(net, AF_UNSPEC, host->host, num, ss);
		if (err && (!device || host->bracketed))
			return -EINVAL;
		if (err)
			err = zmq_target_device(net, host->host, ipv6, ss);
		if (err)
			return err;
	}
	if (ss->ss_family == AF_INET6) {
		((struct sockaddr_in6 *)ss)->sin6_port = port;
		return sizeof(struct sockaddr_in6);
	}
	((struct sockaddr_in *)ss)->sin_port = port;
	return sizeof(struct sockaddr_in);
}

/* Is the host a name?  Else it is an address, or nothing at all. */
static bool zmq_target_is_name(struct net *net,
			       const struct zmq_endpoint_host *host)
{
	struct sockaddr_storage ss;

	return !host->bracketed && !strpbrk(host->host, ":%") &&
	       zmq_target_resolve(net, host, false, false, &ss) < 0;
}

/* ZMQ_SOCKS_PROXY: what we connect to is the proxy. */
static int zmq_target_set_proxy(struct zmq_ep *ep)
{
	const char *proxy = zmq_options_str(&ep->opt, ZMQ_BLOB_SOCKS_PROXY);

	ep->target.host = &ep->addr.tcp;
	if (!proxy)
		return 0;
	ep->target.host = &ep->target.proxy;
	ep->target.proxied = true;
	return zmq_endpoint_parse_host(&ep->target.proxy, proxy, strlen(proxy));
}

/**
 * zmq_target_init - find out where a connector is to connect to
 * @ep: the endpoint, parsed
 * @addrs: addresses of the host, separated by commas, if it is a name
 * @len: bytes in @addrs
 *
 * Return: 0; -EINVAL: no such address can be; -EHOSTUNREACH: a name without
 * addresses, and there is nobody who could look it up.
 */
int zmq_target_init(struct zmq_ep *ep, const char *addrs, size_t len)
{
	struct net *net = sock_net(&ep->zsk->sk);
	struct zmq_target *target = &ep->target;
	struct sockaddr_storage ss;
	int err;

	err = zmq_target_set_proxy(ep);
	if (err)
		return err;
	if (ep->addr.has_src &&
	    zmq_target_resolve(net, &ep->addr.src, ep->opt.ipv6, true, &ss) < 0)
		return -EINVAL;
	target->named = zmq_target_is_name(net, target->host);
	if (target->named) {
		zmq_names_parse(&target->names, addrs, len, ep->opt.ipv6);
		target->fresh = target->names.n;
		if (!target->names.n && !zmq_lookup_available(net))
			return -EHOSTUNREACH;
		return 0;
	}
	err = zmq_target_resolve(net, target->host, ep->opt.ipv6, false, &ss);
	if (err < 0)
		return err;
	return ss.ss_family == AF_INET6 && !ep->opt.ipv6 ? -EINVAL : 0;
}

/* Ask for the name's addresses; if there is no answer the old ones stay. */
static void zmq_target_lookup(struct zmq_ep *ep)
{
	struct zmq_target *target = &ep->target;

	if (target->looked &&
	    time_before(jiffies, target->looked + ZMQ_TARGET_PAUSE))
		return;
	target->looked = jiffies ?: 1;
	zmq_lookup(sock_net(&ep->zsk->sk), target->host->host, ep->opt.ipv6,
		   &target->names);
}

/**
 * zmq_target_next - the address to try now
 * @ep: the endpoint
 * @ss: result
 *
 * A round goes through all addresses of a name; before each but a first one
 * whose addresses were given the name is looked up again.
 *
 * Context: ctl work, or connect(2) if no lookup is due.
 * Return: length of @ss; -EHOSTUNREACH: the name has no address.
 */
int zmq_target_next(struct zmq_ep *ep, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct zmq_target *target = &ep->target;
	const u8 *addr;

	if (!target->named)
		return zmq_target_resolve(sock_net(&ep->zsk->sk), target->host,
					  ep->opt.ipv6, false, ss);
	if (!target->names.next && !target->fresh)
		zmq_target_lookup(ep);
	target->fresh = false;
	addr = zmq_names_next(&target->names);
	if (!addr)
		return -EHOSTUNREACH;
	memset(ss, 0, sizeof(*ss));
	if (zmq_names_v4(addr)) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(target->host->port);
		memcpy(&sin->sin_addr, addr + 12, sizeof(sin->sin_addr));
		return sizeof(*sin);
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(target->host->port);
	memcpy(&sin6->sin6_addr, addr, sizeof(sin6->sin6_addr));
	return sizeof(*sin6);
}

/* Bind to the device that ZMQ_BINDTODEVICE named and checked. */
int zmq_target_bind_device(struct socket *sock, const char *device)
{
	struct net_device *dev;
	int ifindex;

	if (!device[0])
		return 0;
	dev = dev_get_by_name(sock_net(sock->sk), device);
	if (!dev)
		return -ENODEV;
	ifindex = dev->ifindex;
	dev_put(dev);
	return sock_bindtoindex(sock->sk, ifindex, true);
}
