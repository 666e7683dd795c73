// SPDX-License-Identifier: GPL-2.0-only
/* Every pair of types over every transport; messages of every size. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

/* Send a message, in the form the type wants it. */
static int say(struct zs *from, const char *peer, const char *text)
{
	char msg[512];

	snprintf(msg, sizeof(msg), "%s|%s", peer, text);
	switch (from->type) {
	case ZMQ_ROUTER:
		/* Until the peer has told its name, it cannot be reached. */
		return wait_until(zs_send_msg(from, msg) == 0) ? 0 : -1;
	default:
		return zs_send_msg(from, text);
	}
}

/* Receive it, and compare. */
static bool hear(struct zs *to, const char *peer, const char *text)
{
	char msg[512];

	snprintf(msg, sizeof(msg), "%s|%s", peer, text);
	return zs_recv_is(to, to->type == ZMQ_ROUTER ? msg : text);
}

/*
 * What a REQ or REP says arrives at a DEALER or ROUTER with an empty part in
 * front, and must come from there so.
 */
static const char *on_wire(const struct zs *s, const struct zs *other,
			   const char *text)
{
	static char with[256];
	bool enveloped = other->type == ZMQ_REQ || other->type == ZMQ_REP;

	if (!enveloped || s->type == ZMQ_REQ || s->type == ZMQ_REP)
		return text;
	snprintf(with, sizeof(with), "|%s", text);
	return with;
}

FIXTURE(pair) {
	struct zs *a;
	struct zs *b;
};

FIXTURE_VARIANT(pair) {
	enum zs_transport transport;
	bool a_binds;
};

FIXTURE_VARIANT_ADD(pair, tcp) {
	.transport = ZS_TCP, .a_binds = true };
FIXTURE_VARIANT_ADD(pair, tcp_connects) {
	.transport = ZS_TCP, .a_binds = false };
FIXTURE_VARIANT_ADD(pair, tcp6) {
	.transport = ZS_TCP6, .a_binds = true };
FIXTURE_VARIANT_ADD(pair, tcp6_connects) {
	.transport = ZS_TCP6, .a_binds = false };
FIXTURE_VARIANT_ADD(pair, ipc) {
	.transport = ZS_IPC, .a_binds = true };
FIXTURE_VARIANT_ADD(pair, ipc_connects) {
	.transport = ZS_IPC, .a_binds = false };
FIXTURE_VARIANT_ADD(pair, abstract) {
	.transport = ZS_ABSTRACT, .a_binds = true };
FIXTURE_VARIANT_ADD(pair, abstract_connects) {
	.transport = ZS_ABSTRACT, .a_binds = false };
FIXTURE_VARIANT_ADD(pair, inproc) {
	.transport = ZS_INPROC, .a_binds = true };
FIXTURE_VARIANT_ADD(pair, inproc_connects) {
	.transport = ZS_INPROC, .a_binds = false };

FIXTURE_SETUP(pair)
{
}

FIXTURE_TEARDOWN(pair)
{
	if (self->a)
		zs_close_now(self->a);
	if (self->b)
		zs_close_now(self->b);
}

/* Two connected sockets of these types. */
static int setup(struct _test_data_pair *self,
		 const struct _fixture_variant_pair *variant, int a, int b)
{
	self->a = zs_open(a);
	self->b = zs_open(b);
	if (!self->a || !self->b ||
	    zs_set(self->a, ZMQ_ROUTING_ID, "A", 1) ||
	    zs_set(self->b, ZMQ_ROUTING_ID, "B", 1))
		return -1;
	if (a == ZMQ_ROUTER && zs_set_int(self->a, ZMQ_ROUTER_MANDATORY, 1))
		return -1;
	if (b == ZMQ_SUB && zs_subscribe(self->b, ""))
		return -1;
	if (zs_pair(variant->a_binds ? self->a : self->b,
		    variant->a_binds ? self->b : self->a,
		    variant->transport, NULL))
		return -1;
	return a == ZMQ_PUB && !zs_join(self->a, self->b) ? -1 : 0;
}

/* There and, if that goes, back. */
static int round_trip(struct _test_data_pair *self,
		      const struct _fixture_variant_pair *variant, int a, int b)
{
	static const char *const texts[] = {
		"Hello", "", "two|parts", "||", "a|b|c|d|e|f",
	};
	size_t i;

	if (setup(self, variant, a, b))
		return -1;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (say(self->a, "B", on_wire(self->a, self->b, texts[i])) ||
		    !hear(self->b, "A", on_wire(self->b, self->a, texts[i])))
			return -1;
		if (b == ZMQ_SUB || b == ZMQ_PULL)
			continue;
		if (say(self->b, "A", on_wire(self->b, self->a, texts[i])) ||
		    !hear(self->a, "B", on_wire(self->a, self->b, texts[i])))
			return -1;
	}
	return 0;
}

TEST_F(pair, pair)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_PAIR, ZMQ_PAIR));
}

TEST_F(pair, pub_sub)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_PUB, ZMQ_SUB));
}

TEST_F(pair, req_rep)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_REQ, ZMQ_REP));
}

TEST_F(pair, req_router)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_REQ, ZMQ_ROUTER));
}

TEST_F(pair, dealer_rep)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_DEALER, ZMQ_REP));
}

TEST_F(pair, dealer_dealer)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_DEALER, ZMQ_DEALER));
}

TEST_F(pair, dealer_router)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_DEALER, ZMQ_ROUTER));
}

TEST_F(pair, router_router)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_ROUTER, ZMQ_ROUTER));
}

TEST_F(pair, push_pull)
{
	ASSERT_OK(round_trip(self, variant, ZMQ_PUSH, ZMQ_PULL));
}

FIXTURE(flow) {
	struct zs *push;
	struct zs *pull;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(flow) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(flow, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(flow, tcp6) { .transport = ZS_TCP6 };
FIXTURE_VARIANT_ADD(flow, ipc) { .transport = ZS_IPC };
FIXTURE_VARIANT_ADD(flow, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(flow)
{
	self->push = zs_open(ZMQ_PUSH);
	self->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_pair(self->pull, self->push, variant->transport,
			  self->endpoint));
}

FIXTURE_TEARDOWN(flow)
{
	zs_close_now(self->push);
	zs_close_now(self->pull);
}

/* Bytes that tell where they belong. */
static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		seed = seed * 1664525 + 1013904223;
		memcpy(buf + i, &seed, 4);
	}
	for (; i < len; i++)
		buf[i] = seed >> 8 * (i & 3);
}

/* Send @len bytes from a child, receive them here and compare. */
static int transfer(struct zs *push, struct zs *pull, size_t len,
		    unsigned int seed)
{
	unsigned char *sent = malloc(len + 1), *got = malloc(len + 1);
	int ret = -1;
	ssize_t n;

	if (!sent || !got)
		goto out;
	fill(sent, len, seed);
	if (zs_send(push, sent, len, 0) < 0)
		goto out;
	n = zs_recv(pull, got, len, 0);
	if (n == (ssize_t)len && !pull->more && !memcmp(sent, got, len))
		ret = 0;
	else
		printf("# %zu bytes sent, %zd received: %s\n", len, n,
		       n < 0 ? strerror(errno) : "compare");
out:
	free(sent);
	free(got);
	return ret;
}

/* All lengths around those where something changes. */
TEST_F(flow, sizes)
{
	static const size_t around[] = {
		0, 30, 64, 128, 255, 512, 2048, 4096, 8192, 16384, 32768,
		65536, 131072,
	};
	size_t i;
	int d;

	for (i = 0; i < ARRAY_SIZE(around); i++)
		for (d = -12; d <= 3; d++)
			if ((ssize_t)around[i] + d >= 0)
				ASSERT_OK(transfer(self->push, self->pull,
						   around[i] + d, i * 16 + d));
}

TEST_F(flow, megabytes)
{
	ASSERT_OK(transfer(self->push, self->pull, 1 << 20, 1));
	ASSERT_OK(transfer(self->push, self->pull, 5000011, 2));
}

/* Many messages of mixed sizes keep their order and contents. */
TEST_F(flow, mixed)
{
	static unsigned char sent[70000], got[70000];
	int i, child, count = 600;
	size_t len;

	child = zs_is_kernel() ? harness_fork() : -1;
	for (i = 0; i < count && child <= 0; i++) {
		len = (i * 7919) % (i % 50 ? 700 : sizeof(sent));
		fill(sent, len, i);
		if (zs_send(self->push, sent, len, 0) < 0)
			break;
	}
	if (!child)
		_exit(i == count ? 0 : 1);
	for (i = 0; i < count; i++) {
		len = (i * 7919) % (i % 50 ? 700 : sizeof(sent));
		fill(sent, len, i);
		ASSERT_EQ((ssize_t)len,
			  zs_recv(self->pull, got, sizeof(got), 0));
		ASSERT_EQ(0, memcmp(sent, got, len));
	}
	if (child > 0)
		EXPECT_EQ(0, harness_wait(child));
}

TEST_F(flow, ten_thousand_parts)
{
	int i, count = 10000;

	for (i = 0; i < count; i++)
		ASSERT_OK(zs_send_int(self->push, i,
				      i < count - 1 ? ZS_MORE : 0));
	for (i = 0; i < count; i++) {
		ASSERT_EQ(i, zs_recv_int(self->pull, 0));
		ASSERT_EQ(i < count - 1, self->pull->more);
	}
	ASSERT_OK(zs_send_int(self->push, 4711, 0));
	EXPECT_EQ(4711, zs_recv_int(self->pull, 0));
}

/* Parts that are large, small and empty in one message. */
TEST_F(flow, mixed_parts)
{
	static const size_t lens[] = { 0, 300000, 1, 0, 0, 70000, 255, 256, 0 };
	static unsigned char sent[300000], got[300000];
	size_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			fill(sent, lens[i], i);
			ASSERT_EQ((ssize_t)lens[i],
				  zs_send(self->push, sent, lens[i],
					  i + 1 < ARRAY_SIZE(lens) ? ZS_MORE : 0));
		}
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			fill(sent, lens[i], i);
			ASSERT_EQ((ssize_t)lens[i],
				  zs_recv(self->pull, got, sizeof(got), 0));
			ASSERT_EQ(0, memcmp(sent, got, lens[i]));
			ASSERT_EQ(i + 1 < ARRAY_SIZE(lens), self->pull->more);
		}
	}
}

/* A part cannot be received before the last one of its message was sent. */
TEST_F(flow, nothing_before_the_last_part)
{
	struct zs *other = zs_open(ZMQ_PUSH);

	if (variant->transport == ZS_TCP6)
		ASSERT_OK(zs_set_int(other, ZMQ_IPV6, 1));
	ASSERT_OK(zs_connect(other, self->endpoint));
	ASSERT_TRUE(zs_wait_peers(self->pull, 2));
	ASSERT_OK(zs_send_int(self->push, 1, ZS_MORE));
	ASSERT_OK(zs_send_int(self->push, 2, ZS_MORE));
	/* Somebody else's message passes. */
	ASSERT_OK(zs_send_int(other, 10, 0));
	ASSERT_EQ(10, zs_recv_int(self->pull, 0));
	ASSERT_FALSE(self->pull->more);
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->pull, ZS_DONTWAIT));
	ASSERT_OK(zs_send_int(self->push, 3, 0));
	ASSERT_EQ(1, zs_recv_int(self->pull, 0));
	ASSERT_EQ(2, zs_recv_int(self->pull, ZS_DONTWAIT));
	ASSERT_EQ(3, zs_recv_int(self->pull, ZS_DONTWAIT));
	ASSERT_FALSE(self->pull->more);
	zs_close_now(other);
}

/* A message that was not finished when its socket closed never was. */
TEST_F(flow, half_message)
{
	struct zs *other = zs_open(ZMQ_PUSH);

	if (variant->transport == ZS_TCP6)
		ASSERT_OK(zs_set_int(other, ZMQ_IPV6, 1));
	ASSERT_OK(zs_connect(other, self->endpoint));
	ASSERT_TRUE(zs_wait_peers(self->pull, 2));
	ASSERT_OK(zs_send_int(other, 1, 0));
	ASSERT_OK(zs_send_int(other, 2, ZS_MORE));
	ASSERT_OK(zs_send_int(other, 3, ZS_MORE));
	ASSERT_OK(zs_close(other));
	ASSERT_EQ(1, zs_recv_int(self->pull, 0));
	ASSERT_FALSE(self->pull->more);
	/* Its connection has gone: nothing of it can come any more. */
	ASSERT_TRUE(zs_wait_peers(self->pull, 1));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->pull, ZS_DONTWAIT));
	ASSERT_OK(zs_send_int(self->push, 4, 0));
	ASSERT_EQ(4, zs_recv_int(self->pull, 0));
	ASSERT_FALSE(self->pull->more);
}

/* Nor one whose connection breaks in the middle of it. */
TEST(broken_message)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd;

	ASSERT_OK(zs_pair(pull, push, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	ASSERT_TRUE(zs_wait_peers(pull, 2));
	ASSERT_OK(raw_send(fd, 0, "whole", 5));
	ASSERT_OK(raw_send(fd, RAW_MORE, "half", 4));
	ASSERT_OK(raw_write(fd, "\0\144rest", 6));	/* 4 of 100 bytes */
	close(fd);
	EXPECT_TRUE(zs_recv_is(pull, "whole"));
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	ASSERT_OK(zs_send_msg(push, "next"));
	EXPECT_TRUE(zs_recv_is(pull, "next"));
	zs_close_now(pull);
	zs_close_now(push);
}

/* What had been received of a peer that closed can be read. */
TEST_F(flow, sender_closes)
{
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(self->push, i, 0));
	ASSERT_OK(zs_close(self->push));
	self->push = zs_open(ZMQ_PUSH);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i, zs_recv_int(self->pull, 0));
	ASSERT_TRUE(zs_wait_peers(self->pull, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->pull, ZS_DONTWAIT));
}

/* 64 MiB in one part, and nothing of it stays queued. */
TEST(large)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	struct zmq_af_stats stats = {};

	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	ASSERT_OK(transfer(push, pull, 64 << 20, 5));
	if (zs_is_kernel()) {
		EXPECT_TRUE(wait_until(!zs_stats(push, &stats) &&
				       !stats.tx_queued_bytes));
		ASSERT_OK(zs_stats(pull, &stats));
		EXPECT_EQ(0, stats.rx_queued_bytes);
		EXPECT_EQ(64 << 20, stats.rx_bytes);
	}
	zs_close_now(pull);
	zs_close_now(push);
}

/* A PAIR has one peer: a second one is not heard and not served. */
TEST(pair_has_one_peer)
{
	struct zs *a = zs_open(ZMQ_PAIR), *b = zs_open(ZMQ_PAIR);
	struct zs *c = zs_open(ZMQ_PAIR);
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_pair(a, b, ZS_TCP, endpoint));
	ASSERT_OK(zs_send_str(b, "first", 0) - 5);
	ASSERT_TRUE(zs_recv_is(a, "first"));
	ASSERT_OK(zs_connect(c, endpoint));
	ASSERT_OK(zs_send_str(c, "second", 0) - 6);
	for (i = 0; i < 20; i++) {
		ASSERT_OK(zs_send_int(a, i, 0));
		ASSERT_EQ(i, zs_recv_int(b, 0));
		ASSERT_OK(zs_send_int(b, i, 0));
		ASSERT_EQ(i, zs_recv_int(a, 0));
	}
	EXPECT_ERRNO(EAGAIN, zs_recv_int(a, ZS_DONTWAIT));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(c, ZS_DONTWAIT));
	zs_close_now(a);
	zs_close_now(b);
	zs_close_now(c);
}

/* Types that do not go together do not talk, and do no harm to others. */
TEST(wrong_type)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	struct zs *req = zs_open(ZMQ_REQ);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(req, endpoint));
	/* It may have been found out already. */
	zs_send_str(req, "wrong", ZS_DONTWAIT);
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_str(push, "right", 0) - 5);
	EXPECT_TRUE(zs_recv_is(pull, "right"));
	if (zs_is_ours())
		ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	zs_close_now(pull);
	zs_close_now(push);
	zs_close_now(req);
}

/* Several endpoints of each kind at once. */
TEST(many_endpoints)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push[4];
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_set_int(pull, ZMQ_IPV6, 1));
	for (i = 0; i < 4; i++) {
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_set_int(push[i], ZMQ_IPV6, 1));
		if (i % 2) {
			ASSERT_OK(zs_bind_any(push[i], i, endpoint));
			ASSERT_OK(zs_connect(pull, endpoint));
		} else {
			ASSERT_OK(zs_bind_any(pull, i, endpoint));
			ASSERT_OK(zs_connect(push[i], endpoint));
		}
		ASSERT_OK(zs_send_int(push[i], i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_OK(zs_send_int(push[i], i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
		zs_close_now(push[i]);
	}
	zs_close_now(pull);
}

TEST_HARNESS_MAIN
