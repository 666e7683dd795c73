/* SPDX-License-Identifier: GPL-2.0 */
/* Who looks host names up: a module of its own, if it is there. */
#ifndef _NET_ZMQ_LOOKUP_H
#define _NET_ZMQ_LOOKUP_H

#include "names.h"

struct module;
struct net;

/**
 * struct zmq_lookup_ops - a resolver
 * @owner: its module
 * @query: addresses of @host, separated by commas, as a new string in *@result.
 *	Its length, or a negative errno.  May take as long as it likes.
 */
struct zmq_lookup_ops {
	struct module	*owner;
	int (*query)(struct net *net, const char *host, bool ipv6,
		     char **result);
};

int zmq_lookup_register(const struct zmq_lookup_ops *ops);
void zmq_lookup_unregister(const struct zmq_lookup_ops *ops);

bool zmq_lookup_available(const struct net *net);
int zmq_lookup(struct net *net, const char *host, bool ipv6,
	       struct zmq_names *names);

#endif /* _NET_ZMQ_LOOKUP_H */
