// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of listeners and of attempts to connect: how many wait, how long,
 * and what is given up for good.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#ifndef ZMQ_RECONNECT_STOP
#define ZMQ_RECONNECT_STOP	109
#endif

/* What it stops at; libzmq 4.3.4 has the first two. */
#define STOP_REFUSED		1
#define STOP_HANDSHAKE		2
#define STOP_DISCONNECT		4

#define EVENTS	(ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CLOSED | \
		 ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED)

FIXTURE(connecting) {
	struct zs *s;
	struct zs *events;
	char endpoint[ZS_ENDPOINT_MAX];
	int listener;
};

FIXTURE_SETUP(connecting)
{
	self->s = zs_open(ZMQ_PUSH);
	ASSERT_NE(NULL, self->s);
	self->events = zs_monitor(self->s, EVENTS);
	ASSERT_NE(NULL, self->events);
	ASSERT_OK(zs_set_int(self->s, ZMQ_RECONNECT_IVL, 20));
	self->listener = raw_listen(self->endpoint);
}

FIXTURE_TEARDOWN(connecting)
{
	close(self->listener);
	zs_close_now(self->s);
	zs_close_now(self->events);
}

/* Connect without waiting. */
static int knock(const char *endpoint)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(atoi(strrchr(endpoint, ':') + 1)),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	return fd;
}

/* A listener that is full lets nobody in: the attempt ends when it must. */
TEST_F(connecting, timeout)
{
	long long begin;
	int fd[4], i;

	listen(self->listener, 0);
	for (i = 0; i < 4; i++)
		fd[i] = knock(self->endpoint);
	ASSERT_OK(zs_set_int(self->s, ZMQ_CONNECT_TIMEOUT, 200));
	begin = wait_now();
	ASSERT_OK(zs_connect(self->s, self->endpoint));
	EXPECT_TRUE(zs_expect_events(self->events, "CLOSED CONNECT_RETRIED"));
	EXPECT_LE(195, wait_now() - begin);
	/* And the next one, until there is room. */
	EXPECT_TRUE(zs_expect_events(self->events, "CLOSED CONNECT_RETRIED"));
	for (i = 0; i < 4; i++)
		close(fd[i]);
	listen(self->listener, 100);
	do {
		fd[0] = raw_accept(self->listener);
		ASSERT_LE(0, fd[0]);
	} while (raw_greet(fd[0], "PULL", NULL));
	close(fd[0]);
}

/* A peer that takes nothing any more is given up. */
TEST_F(connecting, maxrt)
{
	static char buf[100000];
	int fd;

	close(self->listener);
	self->listener = raw_listen(self->endpoint);
	fd = 4096;
	setsockopt(self->listener, SOL_SOCKET, SO_RCVBUF, &fd, sizeof(fd));
	ASSERT_OK(zs_set_int(self->s, ZMQ_TCP_MAXRT, 300));
	ASSERT_OK(zs_connect(self->s, self->endpoint));
	fd = raw_accept(self->listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PULL", NULL));
	EXPECT_TRUE(zs_expect_events(self->events, "CONNECTED"));
	zs_send_until_full(self->s, buf, sizeof(buf), 1000);
	EXPECT_TRUE(zs_expect_events(self->events, "DISCONNECTED"));
	close(fd);
}

/* How many connections the listener lets wait, as ss(8) tells. */
static int backlog(const char *endpoint)
{
	char command[128], state[16];
	int waiting, most = -1;
	FILE *ss;

	sprintf(command, "ss -Htln 'sport = %s'", strrchr(endpoint, ':'));
	ss = popen(command, "r");
	if (!ss)
		return -1;
	if (fscanf(ss, "%15s %d %d", state, &waiting, &most) != 3)
		most = -1;
	pclose(ss);
	return most;
}

TEST_F(connecting, backlog)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	EXPECT_EQ(100, backlog(endpoint));
	ASSERT_OK(zs_set_int(pull, ZMQ_BACKLOG, 7));
	EXPECT_EQ(100, backlog(endpoint));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	EXPECT_EQ(7, backlog(endpoint));
	zs_close_now(pull);
}

/* The old name of IPV6, and the other way round. */
TEST_F(connecting, ipv4only)
{
	char endpoint[ZS_ENDPOINT_MAX];

	EXPECT_EQ(-1, zs_bind(self->s, "tcp://[::1]:*"));
	ASSERT_OK(zs_set_int(self->s, ZMQ_IPV4ONLY, 0));
	EXPECT_EQ(1, zs_get_int(self->s, ZMQ_IPV6));
	EXPECT_EQ(0, zs_bind_any(self->s, ZS_TCP, endpoint));
	EXPECT_EQ(0, zs_bind(self->s, "tcp://[::1]:*"));
	ASSERT_OK(zs_set_int(self->s, ZMQ_IPV4ONLY, 1));
	EXPECT_EQ(-1, zs_bind(self->s, "tcp://[::1]:*"));
}

/* Nobody listens: that is the end, and messages are for others. */
TEST_F(connecting, stop_refused)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint);
	struct zs *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_set_int(self->s, ZMQ_RECONNECT_STOP, STOP_REFUSED));
	ASSERT_OK(zs_connect(self->s, endpoint));
	EXPECT_TRUE(zs_expect_events(self->events, "CLOSED"));
	ASSERT_OK(zs_bind(pull, endpoint));
	EXPECT_TRUE(zs_no_event(self->events, 200));
	/* Others are tried as ever: a snapshot. */
	ASSERT_OK(zs_set_int(self->s, ZMQ_RECONNECT_STOP, 0));
	ASSERT_OK(zs_connect(self->s, endpoint));
	EXPECT_TRUE(zs_expect_events(self->events, "CONNECTED"));
	zs_close_now(pull);
	EXPECT_TRUE(zs_expect_events(self->events,
				     "DISCONNECTED CONNECT_RETRIED CLOSED CONNECT_RETRIED"));
	close(port);
}

/* What the peer says before it leaves, or nothing. */
static int visit(int listener, const char *type, bool greets)
{
	int fd = raw_accept(listener);

	if (fd < 0 || (greets && raw_greet(fd, type, NULL)))
		return -1;
	return close(fd);
}

TEST_F(connecting, stop_handshake)
{
	ASSERT_OK(zs_set_int(self->s, ZMQ_RECONNECT_STOP, STOP_HANDSHAKE));
	ASSERT_OK(zs_connect(self->s, self->endpoint));
	/* One that was there goes: that is no failed handshake. */
	ASSERT_OK(visit(self->listener, "PULL", true));
	EXPECT_TRUE(zs_expect_events(self->events,
				     "CONNECTED DISCONNECTED CONNECT_RETRIED"));
	ASSERT_OK(visit(self->listener, NULL, false));
	EXPECT_TRUE(zs_expect_events(self->events, "CONNECTED DISCONNECTED"));
	EXPECT_TRUE(zs_no_event(self->events, 200));
	EXPECT_EQ(-1, raw_accept_in(self->listener, 0));
}

TEST_F(connecting, stop_disconnect)
{
	if (!zs_is_ours())
		SKIP(return, "not in 4.3.4");
	ASSERT_OK(zs_set_int(self->s, ZMQ_RECONNECT_STOP, STOP_DISCONNECT));
	ASSERT_OK(zs_connect(self->s, self->endpoint));
	ASSERT_OK(visit(self->listener, NULL, false));
	EXPECT_TRUE(zs_expect_events(self->events,
				     "CONNECTED DISCONNECTED CONNECT_RETRIED"));
	ASSERT_OK(visit(self->listener, "PULL", true));
	EXPECT_TRUE(zs_expect_events(self->events, "CONNECTED DISCONNECTED"));
	EXPECT_TRUE(zs_no_event(self->events, 200));
	EXPECT_EQ(-1, raw_accept_in(self->listener, 0));
}

TEST_HARNESS_MAIN
