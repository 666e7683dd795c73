// SPDX-License-Identifier: GPL-2.0-only
/* Options that are for the TCP connections: seen in their packets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"
#include "sniff.h"

FIXTURE(lower) {
	char endpoint[ZS_ENDPOINT_MAX];
	int sniffer;
	int listener;
	struct zs *s;
};

FIXTURE_SETUP(lower)
{
	self->sniffer = sniff_open();
	self->listener = raw_listen(self->endpoint);
	self->s = zs_open(ZMQ_DEALER);
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(lower)
{
	zs_close_now(self->s);
	close(self->sniffer);
	close(self->listener);
}

/* A raw peer that @s has connected to. */
static int connected(struct zs *s, const char *endpoint, int listener)
{
	int fd;

	if (zs_connect(s, endpoint))
		return -1;
	fd = raw_accept(listener);
	return fd >= 0 && !raw_greet(fd, "DEALER", NULL) ? fd : -1;
}

/* The next packet that the socket sends to its peer. */
static bool from_socket(int sniffer, const char *endpoint, int ms,
			struct sniff *packet)
{
	int port = atoi(strrchr(endpoint, ':') + 1);
	long long end = wait_now() + ms;

	while (sniff_next(sniffer, endpoint, end - wait_now(), packet))
		if (ntohs(packet->tcp.dest) == port)
			return true;
	return false;
}

TEST_F(lower, tos)
{
	struct sniff packet;
	int fd;

	if (self->sniffer < 0)
		SKIP(return, "needs CAP_NET_RAW");
	ASSERT_OK(zs_set_int(self->s, ZMQ_TOS, 0x20));
	fd = connected(self->s, self->endpoint, self->listener);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(from_socket(self->sniffer, self->endpoint, WAIT_LIMIT,
				&packet));
	EXPECT_TRUE(packet.tcp.syn != 0);
	EXPECT_EQ(0x20, packet.ip.tos);
	ASSERT_OK(zs_send_int(self->s, 1, 0));
	do {
		ASSERT_TRUE(from_socket(self->sniffer, self->endpoint,
					WAIT_LIMIT, &packet));
	} while (!packet.len);
	EXPECT_EQ(0x20, packet.ip.tos);
	close(fd);
}

/* Connections that come in have it, too. */
TEST_F(lower, tos_accepted)
{
	struct sniff packet;
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, port;

	if (self->sniffer < 0)
		SKIP(return, "needs CAP_NET_RAW");
	ASSERT_OK(zs_set_int(self->s, ZMQ_TOS, 0x20));
	ASSERT_OK(zs_bind_any(self->s, ZS_TCP, endpoint));
	port = atoi(strrchr(endpoint, ':') + 1);
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "DEALER", NULL));
	do {
		ASSERT_TRUE(sniff_next(self->sniffer, endpoint, WAIT_LIMIT,
				       &packet));
	} while (ntohs(packet.tcp.source) != port || !packet.len);
	EXPECT_EQ(0x20, packet.ip.tos);
	close(fd);
}

/* Probes come in time, and only if asked for. */
TEST_F(lower, keepalive)
{
	struct zs *quiet = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, other, listener, seen = 0;
	struct sniff packet;
	long long begin;

	if (self->sniffer < 0)
		SKIP(return, "needs CAP_NET_RAW");
	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(self->s, ZMQ_TCP_KEEPALIVE, 1));
	ASSERT_OK(zs_set_int(self->s, ZMQ_TCP_KEEPALIVE_IDLE, 1));
	ASSERT_OK(zs_set_int(self->s, ZMQ_TCP_KEEPALIVE_INTVL, 1));
	ASSERT_OK(zs_set_int(self->s, ZMQ_TCP_KEEPALIVE_CNT, 3));
	other = connected(quiet, endpoint, listener);
	ASSERT_LE(0, other);
	fd = connected(self->s, self->endpoint, self->listener);
	ASSERT_LE(0, fd);
	begin = wait_now();
	/* The handshake is over when there is silence; probes have no data. */
	while (seen < 2) {
		ASSERT_TRUE(from_socket(self->sniffer, self->endpoint,
					WAIT_LIMIT, &packet));
		if (wait_now() - begin > 500) {
			EXPECT_EQ(0, packet.len);
			seen++;
		}
	}
	EXPECT_GT(WAIT_LIMIT / 2, wait_now() - begin);
	close(fd);
	close(other);
	close(listener);
	zs_close_now(quiet);
}

/* us since 1970, as packets are stamped. */
static long long wall_clock(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return tv.tv_sec * 1000000LL + tv.tv_usec;
}

TEST_F(lower, no_keepalive)
{
	struct zs *probing = zs_open(ZMQ_DEALER);
	int fd, other, listener, quiet, stray = 0;
	char endpoint[ZS_ENDPOINT_MAX];
	struct sniff packet, probe;
	long long begin;

	if (self->sniffer < 0)
		SKIP(return, "needs CAP_NET_RAW");
	listener = raw_listen(endpoint);
	fd = connected(self->s, self->endpoint, self->listener);
	ASSERT_OK(zs_set_int(probing, ZMQ_TCP_KEEPALIVE, 1));
	ASSERT_OK(zs_set_int(probing, ZMQ_TCP_KEEPALIVE_IDLE, 1));
	other = connected(probing, endpoint, listener);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, other);
	quiet = sniff_open();
	ASSERT_LE(0, quiet);
	/* Behind the last acknowledgments of the handshakes. */
	begin = wall_clock() + 500000;
	do {
		ASSERT_TRUE(from_socket(self->sniffer, endpoint, WAIT_LIMIT,
					&probe));
	} while (probe.stamp < begin);
	/* By the time the one is probed, the other would have been. */
	while (from_socket(quiet, self->endpoint, 100, &packet) &&
	       packet.stamp <= probe.stamp)
		stray += packet.stamp >= begin;
	EXPECT_EQ(0, stray);
	close(quiet);
	close(fd);
	close(other);
	close(listener);
	zs_close_now(probing);
}

/* How much a raw peer can send to a socket that does not receive. */
static long accepted_bytes(int rcvbuf)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	static char body[65536];
	long sent = 0;
	int fd, size = 4096;
	ssize_t n;

	if (rcvbuf && zs_set_int(pull, ZMQ_RCVBUF, rcvbuf))
		return -1;
	if (zs_set_int(pull, ZMQ_RCVHWM, 1) ||
	    zs_bind_any(pull, ZS_TCP, endpoint))
		return -1;
	fd = raw_connect(endpoint, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (raw_greet(fd, "PUSH", NULL) || raw_send(fd, 0, "x", 1))
		return -1;
	/* The queue is full now; the rest stays with TCP. */
	memset(body, 0, sizeof(body));
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };

		if (poll(&pfd, 1, 200 * wait_slow()) < 1)
			break;
		n = send(fd, body, sizeof(body), MSG_DONTWAIT);
		if (n > 0)
			sent += n;
	}
	close(fd);
	zs_close_now(pull);
	return sent;
}

TEST_F(lower, rcvbuf)
{
	long few = accepted_bytes(8192), many = accepted_bytes(0);

	EXPECT_LT(0, few);
	EXPECT_GT(64 << 10, few);
	EXPECT_LT(2 * few, many);
}

/* How much a socket can send to a raw peer that does not read. */
static long sent_bytes(int sndbuf)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	static char body[4096];
	int fd, i;

	if (sndbuf && zs_set_int(push, ZMQ_SNDBUF, sndbuf))
		return -1;
	if (zs_set_int(push, ZMQ_SNDHWM, 1) ||
	    zs_bind_any(push, ZS_TCP, endpoint))
		return -1;
	fd = raw_connect(endpoint, 4096);
	if (fd < 0 || raw_greet(fd, "PULL", NULL) || !zs_wait_peers(push, 1))
		return -1;
	for (i = 0; i < 10000; i++) {
		if (!zs_poll(push, ZMQ_POLLOUT, 200 * wait_slow()))
			break;
		if (zs_send(push, body, sizeof(body), ZS_DONTWAIT) < 0)
			break;
	}
	close(fd);
	zs_close_now(push);
	return (long)i * sizeof(body);
}

TEST_F(lower, sndbuf)
{
	long few = sent_bytes(8192), many = sent_bytes(0);

	EXPECT_LT(0, few);
	EXPECT_GT(256 << 10, few);
	EXPECT_LT(2 * few, many);
}

TEST_F(lower, bindtodevice)
{
	struct zs *peer = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX], got[32] = "";
	size_t len = sizeof(got);

	ASSERT_OK(zs_set(self->s, ZMQ_BINDTODEVICE, "lo", 2));
	ASSERT_OK(zs_get(self->s, ZMQ_BINDTODEVICE, got, &len));
	EXPECT_STREQ("lo", got);
	ASSERT_OK(zs_pair(self->s, peer, ZS_TCP, endpoint));
	ASSERT_OK(zs_send_int(peer, 7, 0));
	EXPECT_EQ(7, zs_recv_int(self->s, 0));
	zs_close_now(peer);
}

TEST_HARNESS_MAIN
