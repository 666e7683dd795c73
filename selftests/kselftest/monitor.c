// SPDX-License-Identifier: GPL-2.0-only
/* Monitors: what is told of connections, in libzmq's order and words. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#define ALL		0xffff
#define REFUSED		"CLOSED CONNECT_RETRIED"
#define GREETING	"\xff\0\0\0\0\0\0\0\0\x7f\3\1NULL\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0"
#define READY(type)	"\x04\x1a\5READY\xbSocket-Type\0\0\0\4" type

FIXTURE(monitor) {
	struct zs *server, *client, *from_server, *from_client;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(monitor) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(monitor, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(monitor, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(monitor)
{
	self->server = zs_open(ZMQ_DEALER);
	self->client = zs_open(ZMQ_DEALER);
	zs_set_int(self->server, ZMQ_LINGER, 0);
	zs_set_int(self->client, ZMQ_LINGER, 0);
	self->from_server = zs_monitor(self->server, ALL);
	ASSERT_NE(NULL, self->from_server);
	self->from_client = zs_monitor(self->client, ALL);
	ASSERT_NE(NULL, self->from_client);
	ASSERT_OK(zs_bind_any(self->server, variant->transport,
			      self->endpoint));
	ASSERT_OK(zs_connect(self->client, self->endpoint));
}

FIXTURE_TEARDOWN(monitor)
{
	if (self->server)
		zs_close(self->server);
	if (self->client)
		zs_close(self->client);
	zs_close_now(self->from_server);
	zs_close_now(self->from_client);
	if (variant->transport == ZS_IPC)
		unlink(self->endpoint + strlen("ipc://"));
}

static bool connects(struct zs *reader, enum zs_transport transport)
{
	return (transport != ZS_TCP ||
		zs_expect_events(reader, "CONNECT_DELAYED")) &&
	       zs_expect_events(reader, "CONNECTED HANDSHAKE_SUCCEEDED");
}

TEST_F(monitor, whole_life)
{
	EXPECT_TRUE(connects(self->from_client, variant->transport));
	EXPECT_TRUE(zs_expect_events(self->from_server,
				     "LISTENING ACCEPTED HANDSHAKE_SUCCEEDED"));
	zs_close(self->client);
	self->client = NULL;
	EXPECT_TRUE(zs_expect_events(self->from_client, "MONITOR_STOPPED"));
	EXPECT_TRUE(zs_expect_events(self->from_server, "DISCONNECTED"));
	zs_close(self->server);
	self->server = NULL;
	EXPECT_TRUE(zs_expect_events(self->from_server,
				     "CLOSED MONITOR_STOPPED"));
}

/* Values and endpoints of the same connection are the same. */
TEST_F(monitor, values)
{
	struct zs_event event;
	int listener, accepted;

	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_LISTENING, event.event);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	EXPECT_GT(event.value, 0);
	listener = event.value;
	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_ACCEPTED, event.event);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	EXPECT_GT(event.value, 0);
	EXPECT_NE(listener, event.value);
	accepted = event.value;
	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, event.event);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	EXPECT_EQ(0, event.value);
	if (variant->transport == ZS_TCP) {
		ASSERT_OK(zs_next_event(self->from_client, &event));
		EXPECT_EQ(ZMQ_EVENT_CONNECT_DELAYED, event.event);
		EXPECT_EQ(EINPROGRESS, event.value);
		EXPECT_STREQ(self->endpoint, event.endpoint);
	}
	ASSERT_OK(zs_next_event(self->from_client, &event));
	EXPECT_EQ(ZMQ_EVENT_CONNECTED, event.event);
	EXPECT_GT(event.value, 0);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	zs_close(self->client);
	self->client = NULL;
	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_DISCONNECTED, event.event);
	EXPECT_EQ(accepted, event.value);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	zs_close(self->server);
	self->server = NULL;
	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_CLOSED, event.event);
	EXPECT_EQ(listener, event.value);
	ASSERT_OK(zs_next_event(self->from_server, &event));
	EXPECT_EQ(ZMQ_EVENT_MONITOR_STOPPED, event.event);
	EXPECT_EQ(0, event.value);
	EXPECT_STREQ("", event.endpoint);
}

TEST_F(monitor, reconnect)
{
	struct zs_event event;

	EXPECT_TRUE(connects(self->from_client, variant->transport));
	EXPECT_TRUE(zs_expect_events(self->from_server,
				     "LISTENING ACCEPTED HANDSHAKE_SUCCEEDED"));
	zs_close(self->server);
	self->server = NULL;
	EXPECT_TRUE(zs_expect_events(self->from_client, "DISCONNECTED"));
	ASSERT_OK(zs_next_event(self->from_client, &event));
	EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, event.event);
	EXPECT_GE(event.value, 100);
	EXPECT_LT(event.value, 200);
	EXPECT_STREQ(self->endpoint, event.endpoint);
	EXPECT_TRUE(zs_expect_events(self->from_client,
				     variant->transport == ZS_TCP ?
				     "CONNECT_DELAYED " REFUSED : REFUSED));
}

TEST_F(monitor, unbind)
{
	EXPECT_TRUE(connects(self->from_client, variant->transport));
	EXPECT_TRUE(zs_expect_events(self->from_server,
				     "LISTENING ACCEPTED HANDSHAKE_SUCCEEDED"));
	ASSERT_OK(zs_unbind(self->server, self->endpoint));
	EXPECT_TRUE(zs_expect_events(self->from_server, "CLOSED"));
	EXPECT_TRUE(zs_no_event(self->from_server, 50));
}

/* Intervals grow as told. */
TEST(backoff)
{
	struct zs *client = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint);
	struct zs_event event;
	struct zs *reader;
	int i, last = 0;

	zs_set_int(client, ZMQ_RECONNECT_IVL, 10);
	zs_set_int(client, ZMQ_RECONNECT_IVL_MAX, 50);
	reader = zs_monitor(client, ZMQ_EVENT_CONNECT_RETRIED);
	ASSERT_NE(NULL, reader);
	ASSERT_OK(zs_connect(client, endpoint));
	for (i = 0; i < 4; i++) {
		ASSERT_OK(zs_next_event(reader, &event));
		EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, event.event);
		EXPECT_GE(event.value, 10);
		last = event.value;
	}
	EXPECT_GE(last, 50);
	zs_close_now(client);
	zs_close_now(reader);
	close(port);
}

TEST(no_reconnect)
{
	struct zs *client = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint);
	struct zs *reader = zs_monitor(client, ALL);

	zs_set_int(client, ZMQ_RECONNECT_IVL, -1);
	ASSERT_OK(zs_connect(client, endpoint));
	EXPECT_TRUE(zs_expect_events(reader, "CONNECT_DELAYED CLOSED"));
	EXPECT_TRUE(zs_no_event(reader, 200));
	zs_close_now(client);
	EXPECT_TRUE(zs_expect_events(reader, "MONITOR_STOPPED"));
	zs_close_now(reader);
	close(port);
}

TEST(bind_failed)
{
	struct zs *a = zs_open(ZMQ_PULL), *b = zs_open(ZMQ_PULL);
	struct zs *reader = zs_monitor(b, ZMQ_EVENT_BIND_FAILED |
					  ZMQ_EVENT_LISTENING);
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs_event event;

	ASSERT_OK(zs_bind_any(a, ZS_TCP, endpoint));
	/* libzmq forgets why it failed, telling it. */
	EXPECT_EQ(-1, zs_bind(b, endpoint));
	ASSERT_OK(zs_next_event(reader, &event));
	EXPECT_EQ(ZMQ_EVENT_BIND_FAILED, event.event);
	EXPECT_EQ(EADDRINUSE, event.value);
	EXPECT_STREQ(endpoint + strlen("tcp://"), event.endpoint);
	EXPECT_EQ(-1, zs_bind(b, "ipc:///nonexistent/dir/x"));
	ASSERT_OK(zs_next_event(reader, &event));
	EXPECT_EQ(ENOENT, event.value);
	EXPECT_STREQ("/nonexistent/dir/x", event.endpoint);
	zs_close_now(a);
	zs_close_now(b);
	zs_close_now(reader);
}

/* What a peer that does not make it through the handshake sends. */
FIXTURE(handshake) {
	int unused;
};

FIXTURE_VARIANT(handshake) {
	const char *bytes;
	size_t len;
	bool leave;
	bool refuses;
	const char *events;
	int value;
};

#define SENDS(text)	.bytes = text, .len = sizeof(text) - 1

FIXTURE_VARIANT_ADD(handshake, nothing) {
	SENDS(""), .leave = true,
	.events = "HANDSHAKE_FAILED_NO_DETAIL", .value = EPIPE,
};

FIXTURE_VARIANT_ADD(handshake, half_a_greeting) {
	SENDS("\xff\0\0\0\0\0"), .leave = true,
	.events = "HANDSHAKE_FAILED_NO_DETAIL", .value = EPIPE,
};

FIXTURE_VARIANT_ADD(handshake, greeting) {
	SENDS(GREETING), .leave = true,
	.events = "HANDSHAKE_FAILED_NO_DETAIL", .value = EPIPE,
};

FIXTURE_VARIANT_ADD(handshake, timeout) {
	SENDS(GREETING),
	.events = "HANDSHAKE_FAILED_NO_DETAIL", .value = EAGAIN,
};

FIXTURE_VARIANT_ADD(handshake, wrong_mechanism) {
	SENDS("\xff\0\0\0\0\0\0\0\0\x7f\3\1PLAIN\0\0\0\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\0\0\0"),
	.events = "HANDSHAKE_FAILED_PROTOCOL", .value = 0x11000002,
};

FIXTURE_VARIANT_ADD(handshake, wrong_type) {
	SENDS(GREETING READY("PULL")), .events = "",
};

FIXTURE_VARIANT_ADD(handshake, unknown_command) {
	SENDS(GREETING "\4\6\5HELLO"),
	.events = "HANDSHAKE_FAILED_PROTOCOL", .value = 0x10000001,
};

FIXTURE_VARIANT_ADD(handshake, malformed_command) {
	SENDS(GREETING "\4\3\x9" "AB"),
	.events = "HANDSHAKE_FAILED_PROTOCOL", .value = 0x10000001,
};

FIXTURE_VARIANT_ADD(handshake, malformed_property) {
	SENDS(GREETING "\4\7\5READY\1"), .events = "",
};

FIXTURE_VARIANT_ADD(handshake, refused_400) {
	SENDS(GREETING "\4\xa\5ERROR\003400"), .refuses = true,
	.events = "HANDSHAKE_FAILED_AUTH", .value = 400,
};

FIXTURE_VARIANT_ADD(handshake, refused_otherwise) {
	SENDS(GREETING "\4\xa\5ERROR\003abc"), .refuses = true, .events = "",
};

FIXTURE_VARIANT_ADD(handshake, malformed_error) {
	SENDS(GREETING "\4\x8\5ERROR\x9" "a"),
	.events = "HANDSHAKE_FAILED_PROTOCOL", .value = 0x10000015,
};

FIXTURE_SETUP(handshake)
{
}

FIXTURE_TEARDOWN(handshake)
{
}

TEST_F(handshake, server)
{
	struct zs *server = zs_open(ZMQ_PULL);
	struct zs *reader = zs_monitor(server, ALL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs_event event;
	int fd;

	zs_set_int(server, ZMQ_HANDSHAKE_IVL, 500);
	ASSERT_OK(zs_bind_any(server, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(zs_expect_events(reader, "LISTENING ACCEPTED"));
	ASSERT_OK(raw_write(fd, variant->bytes, variant->len));
	if (variant->leave)
		shutdown(fd, SHUT_RDWR);
	if (variant->value) {
		ASSERT_OK(zs_next_event(reader, &event));
		EXPECT_EQ(variant->value, event.value);
		EXPECT_STREQ(endpoint, event.endpoint);
		EXPECT_STREQ(variant->events, zs_event_name(event.event));
	}
	EXPECT_TRUE(zs_expect_events(reader, "DISCONNECTED"));
	close(fd);
	zs_close_now(server);
	EXPECT_TRUE(zs_expect_events(reader, "CLOSED MONITOR_STOPPED"));
	zs_close_now(reader);
}

/* A client comes back, but not to a peer that breaks the protocol. */
TEST_F(handshake, client)
{
	struct zs *client = zs_open(ZMQ_PUSH);
	struct zs *reader = zs_monitor(client, ALL);
	char endpoint[ZS_ENDPOINT_MAX];
	int listener = raw_listen(endpoint);
	bool broken = !variant->leave && variant->value != EAGAIN;
	const char *bytes = variant->bytes;
	int fd;

	/* The wrong type of a PUSH's peer. */
	if (variant->len == sizeof(GREETING READY("PULL")) - 1)
		bytes = GREETING READY("PUSH");
	zs_set_int(client, ZMQ_HANDSHAKE_IVL, 500);
	ASSERT_OK(zs_connect(client, endpoint));
	fd = raw_accept(listener);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(zs_expect_events(reader, "CONNECT_DELAYED CONNECTED"));
	close(listener);
	ASSERT_OK(raw_write(fd, bytes, variant->len));
	if (variant->leave)
		shutdown(fd, SHUT_RDWR);
	EXPECT_TRUE(zs_expect_events(reader, variant->events));
	EXPECT_TRUE(zs_expect_events(reader, "DISCONNECTED"));
	if (!broken) {
		EXPECT_TRUE(zs_expect_events(reader,
					     "CONNECT_RETRIED CONNECT_DELAYED CLOSED"));
	} else if (zs_is_ours() || !variant->refuses) {
		/* libzmq may come back to who refused it, or not. */
		EXPECT_TRUE(zs_no_event(reader, 250));
	}
	close(fd);
	zs_close_now(client);
	zs_close_now(reader);
}

/* Only what was asked for. */
TEST(mask)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	struct zs *reader = zs_monitor(pull, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_NE(NULL, reader);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	EXPECT_TRUE(zs_expect_events(reader, "HANDSHAKE_SUCCEEDED"));
	zs_close_now(push);
	zs_close_now(pull);
	EXPECT_TRUE(zs_no_event(reader, 50));
	zs_close_now(reader);
}

/* Another monitor replaces the first one. */
TEST(replace)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct zs *first = zs_monitor(pull, ALL), *second;
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_NE(NULL, first);
	/* It has its peer before that. */
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	EXPECT_TRUE(zs_expect_events(first, "LISTENING"));
	second = zs_monitor(pull, ALL);
	ASSERT_NE(NULL, second);
	EXPECT_TRUE(zs_expect_events(first, "MONITOR_STOPPED"));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	EXPECT_TRUE(zs_expect_events(second, "LISTENING"));
	EXPECT_TRUE(zs_no_event(first, 50));
	zs_close_now(pull);
	zs_close_now(first);
	zs_close_now(second);
}

/* What follows is about the system call. */

static int watch(int fd, int feed, __u64 events, __u32 version)
{
	struct zmq_af_monitor mon = {
		.events = events, .fd = feed, .version = version,
	};

	return setsockopt(fd, SOL_ZMQ, ZMQ_AF_MONITOR, &mon, sizeof(mon));
}

static int watched(int fd, struct zmq_af_monitor *mon)
{
	socklen_t len = sizeof(*mon);

	return getsockopt(fd, SOL_ZMQ, ZMQ_AF_MONITOR, mon, &len);
}

TEST(arguments)
{
	struct zs *a, *feed, *sub;
	struct zmq_af_monitor mon;
	int pipefd[2];

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	a = zs_open(ZMQ_PULL);
	feed = zs_open(ZMQ_PUSH);
	sub = zs_open(ZMQ_SUB);
	ASSERT_OK(watched(a->fd, &mon));
	EXPECT_EQ(0, mon.version);
	EXPECT_EQ(-1, mon.fd);
	EXPECT_ERRNO(EINVAL, watch(a->fd, feed->fd, 0x10000, 1));
	EXPECT_ERRNO(EINVAL, watch(a->fd, feed->fd, 1, 0));
	EXPECT_ERRNO(EINVAL, watch(a->fd, feed->fd, 1, 3));
	EXPECT_ERRNO(EINVAL, watch(a->fd, sub->fd, 1, 1));
	EXPECT_ERRNO(EINVAL, watch(feed->fd, feed->fd, 1, 1));
	EXPECT_ERRNO(EBADF, watch(a->fd, 999, 1, 1));
	ASSERT_OK(pipe(pipefd));
	EXPECT_ERRNO(ENOTSOCK, watch(a->fd, pipefd[0], 1, 1));
	EXPECT_ERRNO(EINVAL, setsockopt(a->fd, SOL_ZMQ, ZMQ_AF_MONITOR, &mon,
					4));
	EXPECT_ERRNO(EINVAL, setsockopt(a->fd, SOL_ZMQ, ZMQ_AF_MONITOR_PIPES,
					NULL, 0));
	ASSERT_OK(watch(a->fd, feed->fd, ALL, 2));
	ASSERT_OK(watched(a->fd, &mon));
	EXPECT_EQ(ALL, mon.events);
	EXPECT_EQ(2, mon.version);
	EXPECT_ERRNO(EAGAIN, setsockopt(a->fd, SOL_ZMQ, ZMQ_AF_MONITOR_PIPES,
					NULL, 0));
	ASSERT_OK(watch(a->fd, -1, 0, 0));
	ASSERT_OK(watched(a->fd, &mon));
	EXPECT_EQ(0, mon.version);
	zs_close_now(a);
	zs_close_now(feed);
	zs_close_now(sub);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* Version 2: values and both ends in parts of their own. */
TEST(version_2)
{
	struct zs *push, *pull, *feed, *reader;
	char endpoint[ZS_ENDPOINT_MAX], at[ZS_ENDPOINT_MAX];
	__u64 event, n, value[2];

	if (!zs_is_kernel())
		SKIP(return, "the library has drafts only");
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	feed = zs_open(ZMQ_PUSH);
	reader = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_bind_any(feed, ZS_ABSTRACT, at));
	ASSERT_OK(zs_connect(reader, at));
	ASSERT_OK(watch(pull->fd, feed->fd, ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
			0x10000, 2));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_EQ(8, zs_recv(reader, &event, sizeof(event), 0));
	EXPECT_EQ(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, event);
	ASSERT_EQ(8, zs_recv(reader, &n, sizeof(n), 0));
	EXPECT_EQ(1, n);
	ASSERT_EQ(8, zs_recv(reader, value, sizeof(*value), 0));
	EXPECT_EQ(0, value[0]);
	EXPECT_STREQ(endpoint, zs_recv_str(reader, 0));
	EXPECT_TRUE(reader->more);
	EXPECT_EQ(0, strncmp("tcp://127.0.0.1:", zs_recv_str(reader, 0), 16));
	EXPECT_FALSE(reader->more);

	ASSERT_OK(zs_send_str(push, "one", 0) != 3);
	ASSERT_OK(zs_send_str(push, "two", 0) != 3);
	ASSERT_TRUE(wait_until(({
		struct zmq_af_stats stats;

		zs_stats(pull, &stats) || stats.rx_queued_msgs == 2;
	})));
	ASSERT_OK(setsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_MONITOR_PIPES, NULL, 0));
	ASSERT_EQ(8, zs_recv(reader, &event, sizeof(event), 0));
	EXPECT_EQ(0x10000, event);
	ASSERT_EQ(8, zs_recv(reader, &n, sizeof(n), 0));
	EXPECT_EQ(2, n);
	ASSERT_EQ(8, zs_recv(reader, &value[0], sizeof(*value), 0));
	ASSERT_EQ(8, zs_recv(reader, &value[1], sizeof(*value), 0));
	EXPECT_EQ(0, value[0]);
	EXPECT_EQ(2, value[1]);
	EXPECT_NE(NULL, zs_recv_str(reader, 0));
	EXPECT_NE(NULL, zs_recv_str(reader, 0));
	EXPECT_FALSE(reader->more);
	zs_close_now(push);
	zs_close_now(pull);
	zs_close_now(feed);
	zs_close_now(reader);
}

/* Events wait for a reader that comes late. */
TEST(late_reader)
{
	char at[ZS_ENDPOINT_MAX], endpoint[ZS_ENDPOINT_MAX];
	struct zs *pull, *feed, *reader;
	struct zmq_af_monitor mon;

	if (!zs_is_kernel())
		SKIP(return, "libzmq waits for the reader");
	pull = zs_open(ZMQ_PULL);
	feed = zs_open(ZMQ_PAIR);
	ASSERT_OK(watch(pull->fd, feed->fd, ALL, 1));
	ASSERT_OK(zs_bind_any(feed, ZS_ABSTRACT, at));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_unbind(pull, endpoint));
	ASSERT_OK(watched(pull->fd, &mon));
	EXPECT_EQ(2, mon.queued);
	reader = zs_open(ZMQ_PAIR);
	ASSERT_OK(zs_connect(reader, at));
	EXPECT_TRUE(zs_expect_events(reader, "LISTENING CLOSED"));
	zs_close_now(pull);
	EXPECT_TRUE(zs_expect_events(reader, "MONITOR_STOPPED"));
	zs_close_now(feed);
	zs_close_now(reader);
}

/* One that never reads stops nobody, and what it misses is counted. */
TEST(no_reader)
{
	struct zs *push, *pull, *feed;
	char endpoint[ZS_ENDPOINT_MAX];
	struct zmq_af_monitor mon;
	int i;

	if (!zs_is_kernel())
		SKIP(return, "libzmq waits for the reader");
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	feed = zs_open(ZMQ_PAIR);
	ASSERT_OK(watch(pull->fd, feed->fd, ALL, 1));
	for (i = 0; i < 600; i++) {
		ASSERT_OK(zs_bind_any(pull, ZS_ABSTRACT, endpoint));
		ASSERT_OK(zs_unbind(pull, endpoint));
	}
	ASSERT_OK(watched(pull->fd, &mon));
	EXPECT_EQ(0, mon.sent);
	EXPECT_EQ(1000, mon.queued);
	EXPECT_EQ(200, mon.dropped);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 5000; i++) {
		ASSERT_OK(zs_send_int(push, i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	}
	zs_close_now(push);
	zs_close_now(pull);
	zs_close_now(feed);
	EXPECT_EQ(0, zs_finish());
}

/* Whatever ends first, everything does. */
TEST(end_in_any_order)
{
	static const char orders[][4] = {
		"mfr", "mrf", "fmr", "frm", "rmf", "rfm",
	};
	char at[ZS_ENDPOINT_MAX], endpoint[ZS_ENDPOINT_MAX];
	unsigned int i, k;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	for (i = 0; i < 6; i++) {
		struct zs *client = zs_open(ZMQ_DEALER);
		struct zs *pull = zs_open(ZMQ_DEALER);
		struct zs *feed = zs_open(ZMQ_PAIR);
		struct zs *reader = zs_open(ZMQ_PAIR);

		/* Both ways: two sockets tell each other's events. */
		ASSERT_OK(watch(pull->fd, feed->fd, ALL, 1 + i % 2));
		ASSERT_OK(zs_bind_any(feed, ZS_ABSTRACT, at));
		ASSERT_OK(zs_connect(reader, at));
		ASSERT_OK(watch(reader->fd, feed->fd, ALL, 1));
		ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
		ASSERT_OK(zs_connect(client, endpoint));
		for (k = 0; k < 3; k++)
			switch (orders[i][k]) {
			case 'm':
				zs_close_now(pull);
				break;
			case 'f':
				zs_close_now(feed);
				break;
			case 'r':
				zs_close_now(reader);
				break;
			}
		zs_close_now(client);
	}
	EXPECT_EQ(0, zs_finish());
}

/* A monitor of a monitor: PAIRs that watch each other. */
TEST(each_other)
{
	char at[ZS_ENDPOINT_MAX];
	struct zs *a, *b;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	a = zs_open(ZMQ_PAIR);
	b = zs_open(ZMQ_PAIR);
	ASSERT_OK(watch(a->fd, b->fd, ALL, 1));
	ASSERT_OK(watch(b->fd, a->fd, ALL, 1));
	ASSERT_OK(zs_bind_any(a, ZS_ABSTRACT, at));
	ASSERT_OK(zs_connect(b, at));
	/* What happens to each of them arrives at itself. */
	EXPECT_TRUE(zs_expect_events(a,
				     "LISTENING ACCEPTED HANDSHAKE_SUCCEEDED"));
	EXPECT_TRUE(zs_expect_events(b, "CONNECTED HANDSHAKE_SUCCEEDED"));
	zs_close_now(a);
	zs_close_now(b);
	EXPECT_EQ(0, zs_finish());
}

/* Somebody who may not connect: accepted by the system, not by the socket. */
TEST(refused_by_filter)
{
	struct zs *server = zs_open(ZMQ_DEALER), *reader;
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs_event event;
	int fd;

	reader = zs_monitor(server, ALL);
	ASSERT_NE(NULL, reader);
	ASSERT_OK(zs_set(server, ZMQ_TCP_ACCEPT_FILTER, "10.9.8.7", 8));
	ASSERT_OK(zs_bind_any(server, ZS_TCP, endpoint));
	ASSERT_TRUE(zs_expect_events(reader, "LISTENING"));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(zs_next_event(reader, &event));
	EXPECT_EQ(ZMQ_EVENT_ACCEPT_FAILED, event.event);
	EXPECT_STREQ(endpoint, event.endpoint);
	if (zs_is_kernel())
		EXPECT_EQ(EACCES, event.value);
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	zs_close_now(server);
	zs_close_now(reader);
}

TEST_HARNESS_MAIN
