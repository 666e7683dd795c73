// SPDX-License-Identifier: GPL-2.0-only
/* Connecting in any order, again and again; ending endpoints. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"
#include "sniff.h"

/* In us; what timers and this machine may add. */
#define EARLY	12000
#define LATE	(200000 * wait_slow())

FIXTURE(order) {
	char endpoint[ZS_ENDPOINT_MAX];
	int port;
};

FIXTURE_VARIANT(order) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(order, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(order, ipc) { .transport = ZS_IPC };
FIXTURE_VARIANT_ADD(order, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(order)
{
	self->port = -1;
	if (variant->transport == ZS_TCP)
		self->port = zs_free_endpoint(self->endpoint);
	else
		strcpy(self->endpoint, zs_any(variant->transport));
}

FIXTURE_TEARDOWN(order)
{
	if (self->port >= 0)
		close(self->port);
	if (variant->transport == ZS_IPC)
		unlink(self->endpoint + strlen("ipc://"));
}

/* The one that connects may come first. */
TEST_F(order, connect_first)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_connect(pull, self->endpoint));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(push, self->endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	EXPECT_EQ(1, zs_recv_int(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
}

/* A server that comes back finds its client again. */
TEST_F(order, server_restarts)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep;
	int i;

	ASSERT_OK(zs_connect(req, self->endpoint));
	for (i = 0; i < 4; i++) {
		rep = zs_open(ZMQ_REP);
		ASSERT_TRUE(wait_until(!zs_bind(rep, self->endpoint)));
		ASSERT_TRUE(zs_wait_peers(rep, 1));
		ASSERT_OK(zs_send_int(req, i, 0));
		ASSERT_EQ(i, zs_recv_int(rep, 0));
		ASSERT_OK(zs_send_int(rep, i, 0));
		ASSERT_EQ(i, zs_recv_int(req, 0));
		zs_close_now(rep);
	}
	zs_close_now(req);
}

/* Messages wait while the server is away. */
TEST_F(order, queue_survives)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	long long disconnects = proc_stat("disconnects");
	int i, first, sent = 0;

	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	ASSERT_EQ(1, zs_recv_int(pull, 0));
	zs_close_now(pull);
	if (zs_is_ours())
		ASSERT_TRUE(wait_until(proc_stat("disconnects") > disconnects));
	for (; sent < 100; sent++)
		ASSERT_OK(zs_send_int(push, sent, 0));
	pull = zs_open(ZMQ_PULL);
	ASSERT_TRUE(wait_until(!zs_bind(pull, self->endpoint)));
	ASSERT_TRUE(wait_until(!zs_send_int(push, sent++, 0) &&
			       zs_poll(pull, ZMQ_POLLIN, 20)));
	/* With libzmq some may have been on their way to the old one. */
	first = zs_recv_int(pull, 0);
	ASSERT_LE(0, first);
	if (zs_is_ours())
		EXPECT_EQ(0, first);
	for (i = first + 1; i < sent; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
}

/* A subscriber subscribes again. */
TEST_F(order, subscriptions_survive)
{
	struct zs *sub = zs_open(ZMQ_SUB), *pub;
	int i;

	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_connect(sub, self->endpoint));
	for (i = 0; i < 3; i++) {
		pub = zs_open(ZMQ_PUB);
		ASSERT_TRUE(wait_until(!zs_bind(pub, self->endpoint)));
		ASSERT_TRUE(zs_join(pub, sub));
		ASSERT_OK(zs_send_msg(pub, "b"));
		ASSERT_OK(zs_send_msg(pub, "a|b"));
		ASSERT_TRUE(zs_recv_is(sub, "a|b"));
		zs_close_now(pub);
	}
	zs_close_now(sub);
}

/* Unbinding ends the connections that came in there, and frees the name. */
TEST_F(order, unbind)
{
	struct zs *pull = zs_open(ZMQ_PULL), *other = zs_open(ZMQ_PULL);
	struct zs *push = zs_open(ZMQ_PUSH);

	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_ERRNO(ENOENT, zs_unbind(pull, "tcp://127.0.0.1:1"));
	ASSERT_OK(zs_unbind(pull, self->endpoint));
	EXPECT_ERRNO(ENOENT, zs_unbind(pull, self->endpoint));
	ASSERT_TRUE(wait_until(!zs_bind(other, self->endpoint)));
	ASSERT_TRUE(zs_wait_peers(other, 1));
	ASSERT_OK(zs_send_int(push, 5, 0));
	EXPECT_EQ(5, zs_recv_int(other, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	zs_close_now(push);
	zs_close_now(pull);
	zs_close_now(other);
}

/* After disconnecting there is nobody to send to. */
TEST_F(order, disconnect)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	ASSERT_EQ(1, zs_recv_int(pull, 0));
	ASSERT_OK(zs_disconnect(push, self->endpoint));
	EXPECT_ERRNO(EAGAIN, zs_send_int(push, 2, ZS_DONTWAIT));
	EXPECT_ERRNO(ENOENT, zs_disconnect(push, self->endpoint));
	ASSERT_TRUE(zs_wait_peers(pull, 0));
	/* And once more. */
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_OK(zs_send_int(push, 3, 0));
	EXPECT_EQ(3, zs_recv_int(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
}

/* What was queued before still goes out. */
TEST_F(order, disconnect_lingers)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	int i;

	ASSERT_OK(zs_connect(push, self->endpoint));
	for (i = 0; i < 20; i++)
		ASSERT_OK(zs_send_int(push, i, 0));
	ASSERT_OK(zs_disconnect(push, self->endpoint));
	EXPECT_ERRNO(EAGAIN, zs_send_int(push, 2, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	ASSERT_TRUE(zs_wait_peers(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
}

/* ZMQ_IMMEDIATE: no queue without a connection. */
TEST_F(order, immediate)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_set_int(push, ZMQ_IMMEDIATE, 1));
	ASSERT_OK(zs_connect(push, self->endpoint));
	EXPECT_EQ(0, zs_poll(push, ZMQ_POLLOUT, 0));
	EXPECT_ERRNO(EAGAIN, zs_send_int(push, 1, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_OK(zs_send_int(push, 2, 0));
	EXPECT_EQ(2, zs_recv_int(pull, 0));
	zs_close_now(pull);
	EXPECT_TRUE(zs_can_send(push, false));
	EXPECT_ERRNO(EAGAIN, zs_send_int(push, 3, ZS_DONTWAIT));
	pull = zs_open(ZMQ_PULL);
	ASSERT_TRUE(wait_until(!zs_bind(pull, self->endpoint)));
	ASSERT_OK(zs_send_int(push, 4, 0));
	EXPECT_EQ(4, zs_recv_int(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
}

/* A live peer is served while another address is dead. */
TEST_F(order, immediate_skips_the_dead)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char live[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_IMMEDIATE, 1));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, live));
	ASSERT_OK(zs_connect(push, live));
	for (i = 0; i < 50; i++) {
		ASSERT_OK(zs_send_int(push, i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	}
	zs_close_now(push);
	zs_close_now(pull);
}

/* How long to wait between attempts. */
FIXTURE(interval) {
	char endpoint[ZS_ENDPOINT_MAX];
	int port;
	int syn;
};

FIXTURE_VARIANT(interval) {
	int ivl;
	int max;
	int least[5];		/* ms, from one attempt to the next */
	int most[5];
};

FIXTURE_VARIANT_ADD(interval, default) {
	.ivl = 100, .max = 0,
	.least = { 100, 100, 100, 100, 100 },
	.most = { 200, 200, 200, 200, 200 },
};

FIXTURE_VARIANT_ADD(interval, short) {
	.ivl = 30, .max = 0,
	.least = { 30, 30, 30, 30, 30 },
	.most = { 60, 60, 60, 60, 60 },
};

FIXTURE_VARIANT_ADD(interval, doubling) {
	.ivl = 50, .max = 400,
	.least = { 50, 100, 200, 400, 400 },
	.most = { 50, 100, 200, 400, 400 },
};

FIXTURE_SETUP(interval)
{
	self->syn = sniff_open();
	if (self->syn < 0)
		SKIP_IN_SETUP("needs CAP_NET_RAW");
	self->port = zs_free_endpoint(self->endpoint);
}

FIXTURE_TEARDOWN(interval)
{
	close(self->port);
	close(self->syn);
}

TEST_F(interval, attempts)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	long long last, now;
	int i;

	if (self->syn < 0)
		SKIP(return, "needs CAP_NET_RAW");
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, variant->ivl));
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL_MAX, variant->max));
	ASSERT_OK(zs_connect(push, self->endpoint));
	last = sniff_syn(self->syn, self->endpoint, WAIT_LIMIT);
	ASSERT_LT(0, last);
	for (i = 0; i < 5; i++) {
		now = sniff_syn(self->syn, self->endpoint, WAIT_LIMIT);
		ASSERT_LT(0, now);
		EXPECT_LE(variant->least[i] * 1000 - EARLY, now - last)
			TH_LOG("attempt %d", i);
		EXPECT_GE(variant->most[i] * 1000 + LATE, now - last)
			TH_LOG("attempt %d", i);
		last = now;
	}
	zs_close_now(push);
}

/* -1: never again. */
TEST(no_reconnect)
{
	struct zs *push = zs_open(ZMQ_PUSH), *again = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int listener, fd;

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, -1));
	ASSERT_OK(zs_connect(push, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PULL", NULL));
	close(fd);
	/* One that does reconnect has come back twice before. */
	ASSERT_OK(zs_connect(again, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	close(fd);
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	zs_close_now(again);
	close(fd);
	while ((fd = raw_accept_in(listener, 0)) >= 0)
		close(fd);
	EXPECT_EQ(-1, raw_accept_in(listener, 300));
	close(listener);
	zs_close_now(push);
}

/* A peer that breaks the protocol is given up; one that just goes is not. */
TEST(after_protocol_error)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, listener, fd;

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(pull, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_connect(pull, endpoint));
	for (i = 0; i < 3; i++) {
		fd = raw_accept(listener);
		ASSERT_LE(0, fd);
		if (i)
			ASSERT_OK(raw_greet(fd, "PUSH", NULL));
		close(fd);
	}
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "REP", NULL) && 0);
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	EXPECT_EQ(-1, raw_accept_in(listener, 300));
	close(listener);
	zs_close_now(pull);
}

#ifndef ZMQ_RECONNECT_STOP
#define ZMQ_RECONNECT_STOP	109
#endif

/* Connect @pull, which retries; the listener. */
static int retry_begin(struct zs *pull)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int listener = raw_listen(endpoint);

	if (zs_set_int(pull, ZMQ_AF_RETRY, 1) ||
	    zs_set_int(pull, ZMQ_RECONNECT_IVL, 20) ||
	    zs_connect(pull, endpoint))
		return -1;
	return listener;
}

/* A peer that is wrong three times, before and after the handshake, then right. */
TEST(retry)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int i, listener, fd;

	if (!zs_is_kernel())
		SKIP(return, "an option of system calls");
	EXPECT_EQ(0, zs_get_int(pull, ZMQ_AF_RETRY));
	EXPECT_ERRNO(EINVAL, zs_set_int(pull, ZMQ_AF_RETRY, 2));
	listener = retry_begin(pull);
	ASSERT_LE(0, listener);
	EXPECT_EQ(1, zs_get_int(pull, ZMQ_AF_RETRY));
	for (i = 0; i < 3; i++) {
		fd = raw_accept(listener);
		ASSERT_LE(0, fd);
		raw_greet(fd, i ? "PUSH" : "REP", NULL);
		/* A command that has no name. */
		if (i)
			ASSERT_OK(raw_send(fd, RAW_COMMAND, "", 0));
		EXPECT_EQ(0, raw_gone(fd));
		close(fd);
	}
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	ASSERT_OK(raw_send(fd, 0, "right", 5));
	EXPECT_TRUE(zs_recv_is(pull, "right"));
	close(fd);
	close(listener);
	zs_close_now(pull);
}

/* ZMQ_RECONNECT_STOP is stronger. */
TEST(retry_stops)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int listener, fd;

	if (!zs_is_kernel())
		SKIP(return, "an option of system calls");
	ASSERT_OK(zs_set_int(pull, ZMQ_RECONNECT_STOP, 2));
	listener = retry_begin(pull);
	ASSERT_LE(0, listener);
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	raw_greet(fd, "REP", NULL);
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	EXPECT_EQ(-1, raw_accept_in(listener, 300));
	close(listener);
	zs_close_now(pull);
}

#define STOP_REFUSED		1
#define STOP_HANDSHAKE		2
#define STOP_DISCONNECT		4

static struct zs *stopper(const char *endpoint, int stop, struct zs **reader)
{
	struct zs *pull = zs_open(ZMQ_PULL);

	if (zs_set_int(pull, ZMQ_RECONNECT_IVL, 20) ||
	    zs_set_int(pull, ZMQ_RECONNECT_STOP, stop))
		return NULL;
	*reader = zs_monitor(pull, ZMQ_EVENT_CLOSED |
				   ZMQ_EVENT_CONNECT_RETRIED);
	return *reader && !zs_connect(pull, endpoint) ? pull : NULL;
}

/* RECONNECT_STOP, 1: nobody listens. */
TEST(stop_when_refused)
{
	struct zs *reader, *pull;
	char endpoint[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint);

	pull = stopper(endpoint, STOP_REFUSED, &reader);
	ASSERT_NE(NULL, pull);
	EXPECT_TRUE(zs_expect_events(reader, "CLOSED"));
	EXPECT_TRUE(zs_no_event(reader, 200));
	zs_close_now(pull);
	zs_close_now(reader);
	/* Another reason to stop is none now. */
	pull = stopper(endpoint, STOP_HANDSHAKE, &reader);
	ASSERT_NE(NULL, pull);
	EXPECT_TRUE(zs_expect_events(reader, "CLOSED CONNECT_RETRIED CLOSED"));
	zs_close_now(pull);
	zs_close_now(reader);
	close(port);
}

/* Who comes, in the handshake and after it, and whether it comes again. */
FIXTURE(stop) {
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *reader, *pull;
	int listener;
};

FIXTURE_SETUP(stop)
{
	self->pull = NULL;
	self->listener = raw_listen(self->endpoint);
}

FIXTURE_TEARDOWN(stop)
{
	close(self->listener);
	if (!self->pull)
		return;
	zs_close_now(self->pull);
	zs_close_now(self->reader);
}

/* A peer goes, in the handshake or after it; 0: it had come. */
static int come_and_go(int listener, bool greet)
{
	int fd = raw_accept(listener), err = fd < 0;

	if (!err && greet)
		err = raw_greet(fd, "PUSH", NULL);
	close(fd);
	return err;
}

/* 2: the handshake fails. */
TEST_F(stop, when_the_handshake_fails)
{
	self->pull = stopper(self->endpoint, STOP_HANDSHAKE, &self->reader);
	ASSERT_NE(NULL, self->pull);
	/* libzmq 4.3.4 takes 2 for "after a disconnect" as well. */
	if (zs_is_ours()) {
		ASSERT_OK(come_and_go(self->listener, true));
		ASSERT_OK(come_and_go(self->listener, true));
	}
	ASSERT_OK(come_and_go(self->listener, false));
	EXPECT_EQ(-1, raw_accept_in(self->listener, 200));
}

/* 4: a peer that was there goes. */
TEST_F(stop, after_a_disconnect)
{
	if (!zs_is_ours())
		SKIP(return, "the header's 3 is another reason, too");
	self->pull = stopper(self->endpoint, STOP_DISCONNECT, &self->reader);
	ASSERT_NE(NULL, self->pull);
	ASSERT_OK(come_and_go(self->listener, false));
	ASSERT_OK(come_and_go(self->listener, false));
	ASSERT_OK(come_and_go(self->listener, true));
	EXPECT_EQ(-1, raw_accept_in(self->listener, 200));
}

/* Values of options are no errnos. */
TEST(stop_is_any_value)
{
	static const int values[] = { -1, -22, -92, -95, -11 };
	struct zs *s = zs_open(ZMQ_PULL);
	size_t i, len;
	int val;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		ASSERT_OK(zs_set_int(s, ZMQ_RECONNECT_STOP, values[i]));
		len = sizeof(val);
		EXPECT_EQ(0, zs_get(s, ZMQ_RECONNECT_STOP, &val, &len));
		EXPECT_EQ(values[i], val);
	}
	zs_close_now(s);
}

/* The second connect() to the same address makes no second connection for
 * these types, but does for the others.
 */
FIXTURE(twice) {
	char endpoint[ZS_ENDPOINT_MAX];
	int port;
};

FIXTURE_VARIANT(twice) {
	int type;
	int queues;
};

FIXTURE_VARIANT_ADD(twice, push) { .type = ZMQ_PUSH, .queues = 2 };
FIXTURE_VARIANT_ADD(twice, dealer) { .type = ZMQ_DEALER, .queues = 1 };

FIXTURE_SETUP(twice)
{
	self->port = zs_free_endpoint(self->endpoint);
}

FIXTURE_TEARDOWN(twice)
{
	close(self->port);
}

TEST_F(twice, connect)
{
	struct zs *s = zs_open(variant->type);

	ASSERT_OK(zs_set_int(s, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_connect(s, self->endpoint));
	ASSERT_OK(zs_connect(s, self->endpoint));
	EXPECT_EQ(10 * variant->queues, zs_send_until_full(s, "x", 1, 100));
	zs_close_now(s);
}

/* Both ends are disconnected at once. */
TEST_F(twice, disconnect)
{
	struct zs *s = zs_open(variant->type);

	ASSERT_OK(zs_connect(s, self->endpoint));
	ASSERT_OK(zs_connect(s, self->endpoint));
	ASSERT_OK(zs_disconnect(s, self->endpoint));
	EXPECT_EQ(0, zs_send_until_full(s, "x", 1, 100));
	EXPECT_ERRNO(ENOENT, zs_disconnect(s, self->endpoint));
	zs_close_now(s);
}

/* Names in use, and names used again. */
TEST(rebind_tcp)
{
	struct zs *a = zs_open(ZMQ_PULL), *b = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_bind_any(a, ZS_TCP, endpoint));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(b, endpoint));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(a, endpoint));
	for (i = 0; i < 5; i++) {
		ASSERT_OK(zs_unbind(a, endpoint));
		ASSERT_TRUE(wait_until(!zs_bind(a, endpoint)));
	}
	zs_close_now(a);
	zs_close_now(b);
}

TEST(rebind_ipc)
{
	struct zs *pull, *push = zs_open(ZMQ_PUSH);
	const char *endpoint = zs_any(ZS_IPC);
	int i;

	/* A file left behind is no obstacle. */
	for (i = 0; i < 3; i++) {
		pull = zs_open(ZMQ_PULL);
		ASSERT_OK(zs_bind(pull, endpoint));
		EXPECT_EQ(0, access(endpoint + strlen("ipc://"), F_OK));
		if (!i)
			ASSERT_OK(zs_connect(push, endpoint));
		ASSERT_TRUE(zs_wait_peers(pull, 1));
		ASSERT_OK(zs_send_int(push, i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
		ASSERT_OK(zs_unbind(pull, endpoint));
		zs_close_now(pull);
	}
	zs_close_now(push);
	unlink(endpoint + strlen("ipc://"));
}

TEST(abstract_in_use)
{
	struct zs *a = zs_open(ZMQ_PULL), *b = zs_open(ZMQ_PULL);
	const char *endpoint = zs_any(ZS_ABSTRACT);

	ASSERT_OK(zs_bind(a, endpoint));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(b, endpoint));
	zs_close_now(a);
	EXPECT_TRUE(wait_until(!zs_bind(b, endpoint)));
	zs_close_now(b);
}

/*
 * A wildcard ipc address is one nobody else has: an abstract name, or with
 * libraries a file, which goes with the socket.
 */
TEST(wildcard_ipc)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	size_t len = sizeof(endpoint);
	const char *path = endpoint + strlen("ipc://");

	ASSERT_OK(zs_bind(pull, "ipc://*"));
	ASSERT_OK(zs_get(pull, ZMQ_LAST_ENDPOINT, endpoint, &len));
	ASSERT_EQ(0, strncmp(endpoint, "ipc://", 6));
	EXPECT_EQ(zs_is_kernel(), path[0] == '@');
	EXPECT_EQ(!zs_is_kernel(), !access(path, F_OK));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	EXPECT_EQ(1, zs_recv_int(pull, 0));
	zs_close_now(push);
	zs_close_now(pull);
	EXPECT_TRUE(wait_until(access(path, F_OK)));
}

TEST_HARNESS_MAIN
