/* SPDX-License-Identifier: MPL-2.0 */
/* What the examples share: sockets by name, and errors that end the program. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/zmq.h>

/* First descriptor of those a service manager hands over (sd_listen_fds(3)). */
#define LISTEN_FDS_START	3

/**
 * struct socket_type - a socket type by its name
 * @name: in lower case
 * @number: the protocol argument of socket(2)
 */
struct socket_type {
	const char	*name;
	int		number;
};

static const struct socket_type socket_types[] = {
	{ "pair", ZMQ_AF_PAIR },	{ "pub", ZMQ_AF_PUB },
	{ "sub", ZMQ_AF_SUB },		{ "req", ZMQ_AF_REQ },
	{ "rep", ZMQ_AF_REP },		{ "dealer", ZMQ_AF_DEALER },
	{ "router", ZMQ_AF_ROUTER },	{ "pull", ZMQ_AF_PULL },
	{ "push", ZMQ_AF_PUSH },	{ "xpub", ZMQ_AF_XPUB },
	{ "xsub", ZMQ_AF_XSUB },	{ "stream", ZMQ_AF_STREAM },
};

/* The number of a type, or -1. */
static inline int socket_type_number(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(socket_types) / sizeof(socket_types[0]); i++)
		if (!strcmp(socket_types[i].name, name))
			return socket_types[i].number;
	return -1;
}

/* A new socket of that type. */
static inline int socket_new(const char *type)
{
	int number = socket_type_number(type);
	int fd;

	if (number < 0)
		errx(2, "%s: no such type of socket", type);
	fd = socket(AF_ZMQ, SOCK_SEQPACKET | SOCK_CLOEXEC, number);
	if (fd < 0)
		err(1, "%s: is the module loaded?", type);
	return fd;
}

/* Binds or connects; endpoints of any length. */
static inline void socket_attach(int fd, bool do_bind, const char *endpoint)
{
	int option = do_bind ? ZMQ_AF_BIND : ZMQ_AF_CONNECT;

	if (setsockopt(fd, SOL_ZMQ, option, endpoint, strlen(endpoint)))
		err(1, "%s", endpoint);
}

#endif /* EXAMPLE_H */
