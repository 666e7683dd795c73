/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of a host name, to be tried in turn.  Pure. */
#ifndef _NET_ZMQ_NAMES_H
#define _NET_ZMQ_NAMES_H

#include "pure.h"

#define ZMQ_NAMES_ADDR	16	/* bytes of an address */
#define ZMQ_NAMES_MAX	16	/* addresses kept of a name */

/**
 * struct zmq_names - the addresses of a host
 * @n: how many
 * @next: the one to try next; 0: a new round begins
 * @addr: IPv6 addresses; an IPv4 one as ::ffff:a.b.c.d
 */
struct zmq_names {
	u8	n;
	u8	next;
	u8	addr[ZMQ_NAMES_MAX][ZMQ_NAMES_ADDR];
};

/**
 * zmq_names_parse - addresses from a list
 * @names: result, at the beginning of a round; unchanged if there is none
 * @str: numeric addresses, separated by commas
 * @len: bytes in @str
 * @ipv6: take IPv6 addresses, too
 *
 * What cannot be used is passed over, and so is what is there already.
 *
 * Return: how many there are; 0: none.
 */
int zmq_names_parse(struct zmq_names *names, const char *str, size_t len,
		    bool ipv6);

/* The next address in turn, NULL if there is none. */
const u8 *zmq_names_next(struct zmq_names *names);

/* Is this an IPv4 address? */
bool zmq_names_v4(const u8 *addr);

#endif /* _NET_ZMQ_NAMES_H */
