/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of networks: who may connect by TCP (ZMQ_TCP_ACCEPT_FILTER).  Pure. */
#ifndef _NET_ZMQ_FILTER_H
#define _NET_ZMQ_FILTER_H

#include "pure.h"

#define ZMQ_FILTER_ADDR		16

/**
 * struct zmq_filter_net - a network
 * @addr: its address; an IPv4 one as ::ffff:a.b.c.d
 * @bits: how many of @addr's bits count, 0..128
 */
struct zmq_filter_net {
	u8	addr[ZMQ_FILTER_ADDR];
	u8	bits;
};

/**
 * zmq_filter_parse - take "address" or "address/bits" apart
 * @net: result
 * @str: the string, not necessarily NUL-terminated
 * @len: its length
 * @ipv6: IPv6 addresses are allowed, with or without brackets
 *
 * Return: 0 or -EINVAL.
 */
int zmq_filter_parse(struct zmq_filter_net *net, const char *str, size_t len,
		     bool ipv6);

/* Is @addr in one of the @n networks?  IPv4 addresses as in zmq_filter_net. */
bool zmq_filter_match(const struct zmq_filter_net *net, size_t n,
		      const u8 *addr);

#endif /* _NET_ZMQ_FILTER_H */
