/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests with sockets share: a context, sockets with deadlines. */
#ifndef ZS_SOCKETS_H
#define ZS_SOCKETS_H

#include "tap.h"

#include <stdlib.h>

static void *ctx;

/* Milliseconds for what must happen; AF_ZMQ_SLOW=factor on slow kernels. */
static inline int deadline_ms(void)
{
	const char *slow = getenv("AF_ZMQ_SLOW");

	return 10000 * (slow && atoi(slow) > 0 ? atoi(slow) : 1);
}

/* A socket that neither blocks a failing test for ever nor lingers. */
static inline void *new_socket(void *context, int type)
{
	void *s = zmq_socket(context, type);
	int deadline = deadline_ms();
	int linger = 0;

	if (!s)
		return NULL;
	zmq_setsockopt(s, ZMQ_RCVTIMEO, &deadline, sizeof(deadline));
	zmq_setsockopt(s, ZMQ_SNDTIMEO, &deadline, sizeof(deadline));
	zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof(linger));
	return s;
}

static inline int get_int(void *s, int option)
{
	size_t len = sizeof(int);
	int value = -12345;

	if (zmq_getsockopt(s, option, &value, &len))
		return -12345;
	return value;
}

static inline int set_int(void *s, int option, int value)
{
	return zmq_setsockopt(s, option, &value, sizeof(value));
}

/* ZMQ_LAST_ENDPOINT, in a static buffer for each of @slot. */
static inline const char *last_endpoint(void *s)
{
	static char buf[2][256];
	static int slot;
	size_t len = sizeof(buf[0]);

	slot = !slot;
	if (zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, buf[slot], &len) ||
	    len != strlen(buf[slot]) + 1)
		return "";
	return buf[slot];
}

/* Bind one, connect the other to it; 0 if all is well. */
static inline int join_pair(void *bound, void *connected, const char *addr)
{
	if (!bound || !connected || zmq_bind(bound, addr))
		return -1;
	return zmq_connect(connected, last_endpoint(bound));
}

/* Two new sockets, joined. */
static inline int new_pair(int a, void **sa, int b, void **sb,
			   const char *addr)
{
	*sa = new_socket(ctx, a);
	*sb = new_socket(ctx, b);
	return join_pair(*sa, *sb, addr);
}

/* Wait until a socket has an event; 0 if it never has. */
static inline int wait_for(void *s, short event)
{
	zmq_pollitem_t item = { .socket = s, .events = event };

	return zmq_poll(&item, 1, deadline_ms()) == 1 && item.revents == event;
}

/* Receive exactly this text. */
static inline bool recv_is(void *s, const char *text)
{
	char buf[256];
	int n = zmq_recv(s, buf, sizeof(buf), 0);

	if (n == (int)strlen(text) && !memcmp(buf, text, n))
		return true;
	printf("# received %d: %.*s\n", n, n > 0 ? n : 0, buf);
	return false;
}

static inline int send_text(void *s, const char *text, int flags)
{
	return zmq_send(s, text, strlen(text), flags) == (int)strlen(text) ?
	       0 : -1;
}

/* This library on a kernel without AF_ZMQ: nothing to test. */
static inline const char *no_sockets(void)
{
	void *context = zmq_ctx_new();
	void *s = zmq_socket(context, ZMQ_PAIR);
	const char *why = NULL;

	if (s)
		zmq_close(s);
	else if (zmq_errno() == EAFNOSUPPORT)
		why = "no AF_ZMQ in this kernel";
	zmq_ctx_term(context);
	return why;
}

/* Run tests with a context, that must end when they have closed their sockets. */
static inline int sockets_main(const struct tap_test *tests, size_t count)
{
	int rc;

	ctx = zmq_ctx_new();
	rc = tap_main(tests, count);
	/* A test that failed may have left sockets open. */
	if (!rc && zmq_ctx_term(ctx))
		rc = 1;
	return rc;
}

#endif /* ZS_SOCKETS_H */
