// SPDX-License-Identifier: GPL-2.0-only
/* What time limits do to connections: heartbeats, handshakes, pauses, linger. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define LINGER_MAX	"/proc/sys/net/zmq/linger_max"

/* A DEALER and a peer of plain bytes, whoever of them connects. */
FIXTURE(beat) {
	struct zs *dealer;
	int listener;
	int fd;
};

FIXTURE_VARIANT(beat) {
	bool connects;		/* the DEALER does */
	int ivl;		/* ZMQ_HEARTBEAT_IVL */
	int timeout;		/* ZMQ_HEARTBEAT_TIMEOUT */
};

FIXTURE_VARIANT_ADD(beat, bound) { false, 50, 400 };
FIXTURE_VARIANT_ADD(beat, connected) { true, 50, 400 };
FIXTURE_VARIANT_ADD(beat, limit_is_interval) { true, 400, -1 };

FIXTURE_SETUP(beat)
{
	struct zs *dealer = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];

	self->dealer = dealer;
	self->listener = -1;
	ASSERT_OK(zs_set_int(dealer, ZMQ_HEARTBEAT_IVL,
			     variant->ivl * wait_slow()));
	if (variant->timeout >= 0)
		ASSERT_OK(zs_set_int(dealer, ZMQ_HEARTBEAT_TIMEOUT,
				     variant->timeout * wait_slow()));
	if (variant->connects) {
		self->listener = raw_listen(endpoint);
		ASSERT_OK(zs_connect(dealer, endpoint));
		self->fd = raw_accept(self->listener);
	} else {
		ASSERT_OK(zs_bind_any(dealer, ZS_TCP, endpoint));
		self->fd = raw_connect(endpoint, 0);
	}
	ASSERT_LE(0, self->fd);
	ASSERT_OK(raw_greet(self->fd, "DEALER", ""));
}

FIXTURE_TEARDOWN(beat)
{
	zs_close_now(self->dealer);
	close(self->fd);
	if (self->listener >= 0)
		close(self->listener);
}

/* Receive a PING; its context is whatever follows the time to live. */
static bool beat_ping(int fd, char *context, ssize_t *len)
{
	char frame[64];
	int flags;

	*len = raw_recv(fd, &flags, frame, sizeof(frame)) - 7;
	if (*len < 0 || !(flags & RAW_COMMAND) || memcmp(frame, "\4PING", 5))
		return false;
	memcpy(context, frame + 7, *len);
	return true;
}

/* PINGs begin by themselves, and a peer that keeps silent is given up. */
TEST_F(beat, silent_peer)
{
	long long timeouts = proc_stat("heartbeat_timeouts");
	char context[64];
	ssize_t len;

	ASSERT_TRUE(beat_ping(self->fd, context, &len));
	EXPECT_EQ(0, raw_gone(self->fd));
	if (!zs_is_ours())
		return;
	EXPECT_TRUE(wait_until(proc_stat("heartbeat_timeouts") > timeouts));
}

/* One that answers, or that says anything at all, stays. */
TEST_F(beat, live_peer)
{
	char context[64], pong[64] = "\4PONG";
	ssize_t len;
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(beat_ping(self->fd, context, &len))
			TH_LOG("PING %d", i);
		if (i & 1) {
			memcpy(pong + 5, context, len);
			ASSERT_OK(raw_send(self->fd, RAW_COMMAND, pong,
					   5 + len));
		} else {
			ASSERT_OK(raw_send(self->fd, 0, &i, sizeof(i)));
			ASSERT_EQ(i, zs_recv_int(self->dealer, 0));
		}
	}
}

/* A peer that says how long it may be silent is taken at its word. */
TEST(time_to_live)
{
	struct zs *dealer = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX], frame[64];
	int fd, flags;

	ASSERT_OK(zs_bind_any(dealer, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "DEALER", ""));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\4PING\0\3ctx", 10));
	ASSERT_EQ(8, raw_recv(fd, &flags, frame, sizeof(frame)));
	EXPECT_EQ(0, memcmp(frame, "\4PONGctx", 8));
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	zs_close_now(dealer);
}

/* Who connects and says nothing is sent away. */
TEST(silent_client)
{
	long long timeouts = proc_stat("handshake_timeouts");
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd;

	ASSERT_OK(zs_set_int(pull, ZMQ_HANDSHAKE_IVL, 100));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, raw_gone(fd));
	if (zs_is_ours())
		EXPECT_TRUE(wait_until(proc_stat("handshake_timeouts") >
				       timeouts));
	close(fd);
	zs_close_now(pull);
}

/* A server that says nothing is left and tried again. */
TEST(silent_server)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, fd, flags, val, listener;

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_HANDSHAKE_IVL, 200 * wait_slow()));
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_int(push, 7, 0));
	for (i = 0; i < 3; i++) {
		fd = raw_accept(listener);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, raw_gone(fd));
		close(fd);
	}
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PULL", NULL));
	EXPECT_EQ(sizeof(val), raw_recv(fd, &flags, &val, sizeof(val)));
	EXPECT_EQ(7, val);
	close(fd);
	close(listener);
	zs_close_now(push);
}

/* The pause grows while nobody answers, not while somebody hangs up. */
TEST(pause_begins_again)
{
	long long first = 0, last = 0;
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, fd, listener;

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL_MAX, 1 << 30));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 12; i++) {
		fd = raw_accept(listener);
		ASSERT_LE(0, fd)
			TH_LOG("connection %d", i);
		close(fd);
		last = wait_now();
		first = first ?: last;
	}
	/* Eleven times doubled these would be 40 seconds. */
	EXPECT_GT(4000 * wait_slow(), last - first);
	close(listener);
	zs_close_now(push);
}

/*
 * The end of what a peer says is noticed even if it comes before we look: its
 * messages arrive, and the connection ends.
 */
FIXTURE(half) {
	struct zs *pull;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(half) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(half, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(half, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(half)
{
	self->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_HANDSHAKE_IVL, 0));
	ASSERT_OK(zs_bind_any(self->pull, variant->transport, self->endpoint));
}

FIXTURE_TEARDOWN(half)
{
	zs_close_now(self->pull);
}

static int half_connect(const char *endpoint)
{
	struct timeval limit = { .tv_sec = WAIT_LIMIT / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *name = endpoint + strlen("ipc://@");
	int fd;

	if (!strncmp(endpoint, "tcp", 3))
		return raw_connect(endpoint, 0);
	memcpy(addr.sun_path + 1, name, strlen(name));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&addr,
		     offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)))
		return fd;
	close(fd);
	return -1;
}

/* A greeting of ZMTP 3.1, READY and a message. */
static const char half_greeting[64] = "\377\0\0\0\0\0\0\0\1\177\3\1NULL";
static const char half_rest[] = "\4\032\5READY\013Socket-Type\0\0\0\4PUSH\0\1x";

static int half_say(int fd)
{
	char all[sizeof(half_greeting) + sizeof(half_rest) - 1];

	memcpy(all, half_greeting, sizeof(half_greeting));
	memcpy(all + sizeof(half_greeting), half_rest, sizeof(half_rest) - 1);
	return raw_write(fd, all, sizeof(all));
}

/* The same in three packets, after something has been received. */
static int half_answer(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, WAIT_LIMIT) != 1)
		return -1;
	return raw_write(fd, half_greeting, sizeof(half_greeting)) ?:
	       raw_write(fd, half_rest, sizeof(half_rest) - 4) ?:
	       raw_write(fd, half_rest + sizeof(half_rest) - 4, 3);
}

TEST_F(half, all_at_once)
{
	int i, fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq drops what it has not read");
	for (i = 0; i < 50; i++) {
		fd = half_connect(self->endpoint);
		ASSERT_LE(0, fd);
		ASSERT_OK(half_say(fd));
		ASSERT_OK(shutdown(fd, SHUT_WR));
		ASSERT_TRUE(zs_recv_is(self->pull, "x"));
		ASSERT_OK(raw_gone(fd));
		close(fd);
	}
	EXPECT_TRUE(zs_wait_peers(self->pull, 0));
}

/* Nor does it matter that the peer has not read what we said. */
TEST_F(half, closed_unread)
{
	int i, fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq drops what it has not read");
	for (i = 0; i < 100; i++) {
		fd = half_connect(self->endpoint);
		ASSERT_LE(0, fd);
		ASSERT_OK(half_answer(fd));
		/* With TCP such an end takes along what was said before. */
		close(fd);
		if (variant->transport != ZS_TCP)
			ASSERT_TRUE(zs_recv_is(self->pull, "x"));
	}
	EXPECT_TRUE(zs_wait_peers(self->pull, 0));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

/* The same with a full queue. */
TEST_F(half, closed_unread_and_full)
{
	static char more[3 * 100];
	size_t at;
	int i, fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq drops what it has not read");
	if (variant->transport == ZS_TCP)
		SKIP(return, "such an end takes along what was said before");
	for (at = 0; at < sizeof(more); at += 3)
		memcpy(more + at, "\0\1x", 3);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_RCVHWM, 1));
	for (i = 0; i < 5; i++) {
		fd = half_connect(self->endpoint);
		ASSERT_LE(0, fd);
		ASSERT_OK(half_say(fd));
		ASSERT_TRUE(zs_wait_peers(self->pull, 1));
		for (at = 0; at < 4; at++)
			ASSERT_OK(raw_write(fd, more, sizeof(more)));
		close(fd);
		for (at = 0; at < 4 * sizeof(more) / 3 + 1; at++)
			if (!zs_recv_is(self->pull, "x"))
				break;
		ASSERT_EQ(4 * sizeof(more) / 3 + 1, at);
		ASSERT_TRUE(zs_wait_peers(self->pull, 0));
	}
}

TEST_F(half, nothing)
{
	int i, fd;

	for (i = 0; i < 50; i++) {
		fd = half_connect(self->endpoint);
		ASSERT_LE(0, fd);
		ASSERT_OK(shutdown(fd, SHUT_WR));
		ASSERT_OK(raw_gone(fd));
		close(fd);
	}
}

/* Disconnecting does not start the time that a closed socket has. */
TEST(linger_counts_from_close)
{
	struct zs *push = zs_open(ZMQ_PUSH), *clock = zs_open(ZMQ_PUSH);
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX], nowhere[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint), none = zs_free_endpoint(nowhere);
	int limit = 1000 * wait_slow();
	struct proc_sock sock;
	char word[300];

	if (!zs_is_kernel())
		SKIP(return, "in a library the limit counts from the end of the context");
	ASSERT_OK(proc_put(LINGER_MAX, limit));
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_int(push, 6, 0));
	ASSERT_OK(zs_disconnect(push, endpoint));
	/* Another one that is closed now tells when the limit has passed. */
	ASSERT_OK(zs_connect(clock, nowhere));
	ASSERT_OK(zs_send_int(clock, 6, 0));
	ASSERT_OK(zs_close(clock));
	snprintf(word, sizeof(word), "c:%s", nowhere);
	EXPECT_TRUE(wait_until(!proc_find_endpoint(word, &sock)));
	ASSERT_OK(zs_close(push));
	EXPECT_EQ(0, zs_bind(pull, endpoint));
	EXPECT_EQ(6, zs_recv_int(pull, 0));
	ASSERT_OK(proc_put(LINGER_MAX, 30000));
	zs_close_now(pull);
	close(port);
	close(none);
}

TEST_HARNESS_MAIN
