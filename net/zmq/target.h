/* SPDX-License-Identifier: GPL-2.0 */
/* What a TCP endpoint connects to. */
#ifndef _NET_ZMQ_TARGET_H
#define _NET_ZMQ_TARGET_H

#include <linux/socket.h>
#include "endpoint.h"
#include "names.h"

struct net;
struct zmq_ep;

/* ms an address may take if there are others, and no ZMQ_CONNECT_TIMEOUT. */
#define ZMQ_TARGET_TRY	3000

/**
 * struct zmq_target - a connector's target
 * @host: the host to connect to: the endpoint's, or @proxy
 * @proxy: ZMQ_SOCKS_PROXY
 * @proxied: there is a proxy, which is asked to connect to the endpoint's host
 * @named: @host is a name, whose addresses are in @names
 * @fresh: @names were given by the user and not used yet
 * @looked: jiffies of the last lookup; 0: none
 * @names: addresses to be tried in turn
 *
 * Constant after connect, but for the last three: conn->mutex.
 */
struct zmq_target {
	const struct zmq_endpoint_host	*host;
	struct zmq_endpoint_host	proxy;
	bool				proxied;
	bool				named;
	bool				fresh;
	unsigned long			looked;
	struct zmq_names		names;
};

int zmq_target_init(struct zmq_ep *ep, const char *addrs, size_t len);
int zmq_target_bind_device(struct socket *sock, const char *device);
int zmq_target_next(struct zmq_ep *ep, struct sockaddr_storage *ss);
int zmq_target_resolve(struct net *net, const struct zmq_endpoint_host *host,
		       bool ipv6, bool device, struct sockaddr_storage *ss);

/* Are there addresses that this round has not tried? */
static inline bool zmq_target_more(const struct zmq_target *target)
{
	return target->named && target->names.next;
}

/* It is connected: the next attempt begins a new round. */
static inline void zmq_target_reached(struct zmq_target *target)
{
	target->names.next = 0;
}

#endif /* _NET_ZMQ_TARGET_H */
