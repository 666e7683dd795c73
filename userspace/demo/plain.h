/* SPDX-License-Identifier: MPL-2.0 */
/* What the two programs without any library share. */
#ifndef PLAIN_H
#define PLAIN_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/zmq.h>

/* Ends the program unless a call has succeeded. */
static inline int must(int result, const char *what)
{
	if (result != -1)
		return result;
	perror(what);
	exit(EXIT_FAILURE);
}

/* The address of an endpoint such as "tcp://127.0.0.1:5555"; its length. */
static inline socklen_t endpoint_address(struct sockaddr_zmq *address, const char *endpoint)
{
	size_t length = strlen(endpoint);

	if (length > sizeof(address->szmq_endpoint)) {
		fprintf(stderr, "%s: too long\n", endpoint);
		exit(EXIT_FAILURE);
	}
	address->szmq_family = AF_ZMQ;
	memcpy(address->szmq_endpoint, endpoint, length);
	return offsetof(struct sockaddr_zmq, szmq_endpoint) + length;
}

#endif /* PLAIN_H */
