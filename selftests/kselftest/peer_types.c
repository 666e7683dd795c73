// SPDX-License-Identifier: GPL-2.0-only
/*
 * The draft types whose messages have one part: CLIENT, SERVER, PEER, CHANNEL,
 * SCATTER, GATHER.  An installed libzmq has none of them: what is expected here
 * is what the manual and the source of libzmq 4.3.5 say.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"
#include "zs_peer.h"

FIXTURE(peers) {
	struct zs *a;
	struct zs *b;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(peers) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(peers, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(peers, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(peers)
{
	if (!zs_is_ours())
		SKIP_IN_SETUP("libzmq without drafts");
}

FIXTURE_TEARDOWN(peers)
{
	if (self->a)
		zs_close_now(self->a);
	if (self->b)
		zs_close_now(self->b);
}

/* @a binds, @b connects. */
static int setup(struct _test_data_peers *self,
		 const struct _fixture_variant_peers *variant, int a, int b)
{
	self->a = zs_open(a);
	self->b = zs_open(b);
	return self->a && self->b ?
	       zs_pair(self->a, self->b, variant->transport, self->endpoint) :
	       -1;
}

/* From whom a message with this text is next; 0 if it is another one. */
static uint32_t hear(struct zs *s, const char *text)
{
	uint32_t from = 0;
	char buf[64];
	ssize_t len = zs_recv_from(s, buf, sizeof(buf), 0, &from);

	if (len == (ssize_t)strlen(text) && !memcmp(buf, text, len) && !s->more)
		return from;
	printf("# \"%.*s\" instead of \"%s\"\n", (int)len, buf, text);
	return 0;
}

static int say(struct zs *s, uint32_t to, const char *text)
{
	return zs_send_to(s, text, strlen(text), 0, to) < 0 ? -1 : 0;
}

static int types[] = {
	ZMQ_CLIENT, ZMQ_SERVER, ZMQ_PEER, ZMQ_CHANNEL, ZMQ_SCATTER, ZMQ_GATHER,
};

/* One part only, and what libzmq calls thread-safe. */
TEST_F(peers, single_part)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct zs *s = zs_open(types[i]);

		ASSERT_NE(NULL, s);
		EXPECT_EQ(types[i], zs_get_int(s, ZMQ_TYPE));
		EXPECT_EQ(1, zs_get_int(s, ZMQ_THREAD_SAFE));
		if (types[i] == ZMQ_GATHER)
			EXPECT_ERRNO(EOPNOTSUPP, zs_send(s, "", 0, 0));
		else
			EXPECT_ERRNO(EINVAL, zs_send(s, "", 0, ZS_MORE));
		if (types[i] == ZMQ_SCATTER) {
			EXPECT_ERRNO(EOPNOTSUPP,
				     zs_recv(s, NULL, 0, ZS_DONTWAIT));
		}
		if (!zs_is_kernel()) {
			EXPECT_EQ(-0x7fffffff - 1, zs_get_int(s, ZMQ_FD));
			EXPECT_EQ(EINVAL, errno);
		}
		zs_close_now(s);
	}
	EXPECT_EQ(0, zs_get_int(self->a = zs_open(ZMQ_DEALER),
				ZMQ_THREAD_SAFE));
}

/* A server answers each client. */
TEST_F(peers, client_server)
{
	struct zs *other = zs_open(ZMQ_CLIENT);
	uint32_t one, two;

	ASSERT_OK(setup(self, variant, ZMQ_SERVER, ZMQ_CLIENT));
	ASSERT_OK(zs_connect(other, self->endpoint));
	ASSERT_EQ(3, zs_send(self->b, "one", 3, 0));
	one = hear(self->a, "one");
	ASSERT_NE(0, one);
	ASSERT_EQ(3, zs_send(other, "two", 3, 0));
	two = hear(self->a, "two");
	ASSERT_NE(0, two);
	ASSERT_NE(one, two);
	ASSERT_OK(say(self->a, two, "to two"));
	ASSERT_OK(say(self->a, one, "to one"));
	EXPECT_TRUE(zs_recv_is(self->b, "to one"));
	EXPECT_TRUE(zs_recv_is(other, "to two"));
	/* Unasked, and again. */
	ASSERT_OK(say(self->a, one, "more"));
	EXPECT_TRUE(zs_recv_is(self->b, "more"));
	ASSERT_EQ(5, zs_send(self->b, "again", 5, 0));
	EXPECT_EQ(one, hear(self->a, "again"));
	/* Nobody has this number, or that one any more. */
	EXPECT_ERRNO(EHOSTUNREACH, say(self->a, one + two + 12345, "x"));
	EXPECT_ERRNO(EHOSTUNREACH, say(self->a, 0, "x"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send(self->a, "x", 1, 0));
	zs_close_now(other);
	EXPECT_TRUE(wait_until(say(self->a, two, "x") < 0));
	EXPECT_EQ(EHOSTUNREACH, errno);
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->a, ZMQ_POLLOUT, 0));
}

/* A client shares its messages out among servers. */
TEST_F(peers, client_balances)
{
	struct zs *other = zs_open(ZMQ_SERVER);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(setup(self, variant, ZMQ_SERVER, ZMQ_CLIENT));
	ASSERT_OK(zs_bind_any(other, variant->transport, endpoint));
	ASSERT_OK(zs_connect(self->b, endpoint));
	ASSERT_EQ(1, zs_send(self->b, "1", 1, 0));
	ASSERT_EQ(1, zs_send(self->b, "2", 1, 0));
	EXPECT_NE(0, hear(self->a, "1"));
	EXPECT_NE(0, hear(other, "2"));
	zs_close_now(other);
}

/* A peer that does not read makes the server wait. */
TEST_F(peers, full)
{
	static char buf[10000];
	uint32_t to;
	int i;

	self->a = zs_open(ZMQ_SERVER);
	self->b = zs_open(ZMQ_CLIENT);
	ASSERT_OK(zs_set_int(self->a, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_set_int(self->b, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_pair(self->a, self->b, variant->transport, NULL));
	ASSERT_EQ(2, zs_send(self->b, "hi", 2, 0));
	to = hear(self->a, "hi");
	for (i = 0; i < 10000; i++)
		if (zs_send_to(self->a, buf, sizeof(buf), ZS_DONTWAIT, to) < 0)
			break;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_GT(10000, i);
	while (i--)
		ASSERT_EQ((ssize_t)sizeof(buf),
			  zs_recv(self->b, buf, sizeof(buf), 0));
	EXPECT_EQ(1, zs_send_to(self->a, "x", 1, 0, to));
	EXPECT_TRUE(zs_recv_is(self->b, "x"));
}

/* A peer is known as soon as it is connected to. */
TEST_F(peers, peer)
{
	uint32_t to, from;

	self->a = zs_open(ZMQ_PEER);
	self->b = zs_open(ZMQ_PEER);
	ASSERT_OK(zs_bind_any(self->a, variant->transport, self->endpoint));
	to = zs_connect_peer(self->b, self->endpoint);
	ASSERT_NE(0, to);
	ASSERT_OK(say(self->b, to, "hello"));
	from = hear(self->a, "hello");
	ASSERT_NE(0, from);
	ASSERT_OK(say(self->a, from, "back"));
	EXPECT_EQ(to, hear(self->b, "back"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_disconnect_peer(self->b, to + 1));
	ASSERT_OK(say(self->b, to, "last"));
	ASSERT_OK(zs_disconnect_peer(self->b, to));
	EXPECT_ERRNO(EHOSTUNREACH, say(self->b, to, "x"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_disconnect_peer(self->b, to));
	EXPECT_EQ(from, hear(self->a, "last"));
	EXPECT_TRUE(wait_until(say(self->a, from, "x") < 0));
	EXPECT_EQ(EHOSTUNREACH, errno);
	/* Another time it is another peer. */
	EXPECT_NE(to, zs_connect_peer(self->b, self->endpoint));
}

/* What connect_peer refuses. */
TEST_F(peers, peer_refused)
{
	self->a = zs_open(ZMQ_PEER);
	self->b = zs_open(ZMQ_DEALER);
	EXPECT_EQ(0, zs_connect_peer(self->b, "tcp://127.0.0.1:1"));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_ERRNO(EOPNOTSUPP, zs_disconnect_peer(self->b, 1));
	EXPECT_EQ(0, zs_connect_peer(self->a, "nonsense"));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_OK(zs_set_int(self->a, ZMQ_IMMEDIATE, 1));
	EXPECT_EQ(0, zs_connect_peer(self->a, "tcp://127.0.0.1:1"));
	EXPECT_EQ(zs_is_kernel() ? EINVAL : EFAULT, errno);
	if (zs_is_kernel()) {
		struct zmq_af_connect_peer arg = {};
		socklen_t len = 3;

		EXPECT_ERRNO(EINVAL, getsockopt(self->a->fd, SOL_ZMQ,
						ZMQ_AF_CONNECT_PEER, &arg,
						&len));
		len = sizeof(arg) + 1;
		EXPECT_ERRNO(EINVAL, getsockopt(self->a->fd, SOL_ZMQ,
						ZMQ_AF_CONNECT_PEER, &arg,
						&len));
		len = sizeof(arg);
		EXPECT_ERRNO(EFAULT, getsockopt(self->a->fd, SOL_ZMQ,
						ZMQ_AF_CONNECT_PEER, NULL,
						&len));
	}
}

/* One peer each way, the second is sent away. */
TEST_F(peers, channel)
{
	ASSERT_OK(setup(self, variant, ZMQ_CHANNEL, ZMQ_CHANNEL));
	ASSERT_EQ(4, zs_send(self->b, "ping", 4, 0));
	EXPECT_TRUE(zs_recv_is(self->a, "ping"));
	ASSERT_EQ(4, zs_send(self->a, "pong", 4, 0));
	EXPECT_TRUE(zs_recv_is(self->b, "pong"));
}

/* Work is shared out, results are collected. */
TEST_F(peers, scatter_gather)
{
	struct zs *other = zs_open(ZMQ_GATHER);
	char endpoint[ZS_ENDPOINT_MAX], text[8];
	int i;

	ASSERT_OK(setup(self, variant, ZMQ_GATHER, ZMQ_SCATTER));
	ASSERT_OK(zs_bind_any(other, variant->transport, endpoint));
	ASSERT_OK(zs_connect(self->b, endpoint));
	for (i = 0; i < 10; i++) {
		sprintf(text, "%d", i);
		ASSERT_EQ(1, zs_send(self->b, text, 1, 0));
	}
	for (i = 0; i < 10; i++) {
		sprintf(text, "%d", i);
		EXPECT_TRUE(zs_recv_is(i & 1 ? other : self->a, text));
	}
	zs_close_now(other);
}

/*
 * On the wire: the names of the types; a message of several parts is dropped,
 * and the next one is not.
 */
TEST(wire)
{
	static const struct {
		int type;
		const char *peer;
		const char *stranger;
	} rows[] = {
		{ ZMQ_SERVER, "CLIENT", "SERVER" },
		{ ZMQ_CLIENT, "SERVER", "CLIENT" },
		{ ZMQ_PEER, "PEER", "SERVER" },
		{ ZMQ_CHANNEL, "CHANNEL", "PAIR" },
		{ ZMQ_GATHER, "SCATTER", "PUSH" },
	};
	char endpoint[ZS_ENDPOINT_MAX];
	size_t i;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zs *s = zs_open(rows[i].type);
		int fd;

		ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
		fd = raw_connect(endpoint, 0);
		raw_greet(fd, rows[i].stranger, NULL);
		EXPECT_EQ(0, raw_gone(fd));
		close(fd);
		fd = raw_connect(endpoint, 0);
		ASSERT_OK(raw_greet(fd, rows[i].peer, NULL));
		ASSERT_OK(raw_send(fd, RAW_MORE, "two", 3));
		ASSERT_OK(raw_send(fd, 0, "parts", 5));
		ASSERT_OK(raw_send(fd, 0, "one", 3));
		EXPECT_TRUE(zs_recv_is(s, "one"));
		close(fd);
		zs_close_now(s);
	}
}

/* System calls: ancillary data that is wrong, or not wanted. */
TEST(ancillary)
{
	struct zs *server = zs_open(ZMQ_SERVER), *dealer = zs_open(ZMQ_DEALER);
	struct msghdr msg = {};
	struct {
		struct cmsghdr head;
		char data[8];
	} control = {
		.head.cmsg_level = SOL_ZMQ,
		.head.cmsg_type = ZMQ_AF_CMSG_ROUTING_ID,
		.head.cmsg_len = CMSG_LEN(2),
	};

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	EXPECT_ERRNO(EINVAL, sendmsg(server->fd, &msg, 0));
	control.head.cmsg_len = CMSG_LEN(4);
	EXPECT_ERRNO(EHOSTUNREACH, sendmsg(server->fd, &msg, 0));
	EXPECT_ERRNO(EINVAL, sendmsg(dealer->fd, &msg, 0));
	zs_close_now(server);
	zs_close_now(dealer);
}

TEST_HARNESS_MAIN
