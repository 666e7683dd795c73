// SPDX-License-Identifier: GPL-2.0-only
/* Subscriptions. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

FIXTURE(pubsub) {
	struct zs *pub;
	struct zs *sub;
};

FIXTURE_VARIANT(pubsub) {
	bool pub_binds;
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(pubsub, pub_binds_tcp) {
	.pub_binds = true, .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(pubsub, sub_binds_tcp) {
	.pub_binds = false, .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(pubsub, pub_binds_ipc) {
	.pub_binds = true, .transport = ZS_IPC };

FIXTURE_SETUP(pubsub)
{
	self->pub = zs_open(ZMQ_PUB);
	self->sub = zs_open(ZMQ_SUB);
	ASSERT_OK(zs_pair(variant->pub_binds ? self->pub : self->sub,
			  variant->pub_binds ? self->sub : self->pub,
			  variant->transport, NULL));
}

FIXTURE_TEARDOWN(pubsub)
{
	zs_close_now(self->pub);
	zs_close_now(self->sub);
}

#define SUBSCRIBE(topic)	ASSERT_OK(zs_subscribe(self->sub, topic))
#define UNSUBSCRIBE(topic)	ASSERT_OK(zs_unsubscribe(self->sub, topic))
#define JOIN()			ASSERT_TRUE(zs_join(self->pub, self->sub))
#define PUBLISH(msg)		ASSERT_OK(zs_send_msg(self->pub, msg))
#define RECEIVE(msg)		ASSERT_TRUE(zs_recv_is(self->sub, msg))

/* A subscription is a prefix, of bytes. */
TEST_F(pubsub, prefix)
{
	SUBSCRIBE("ab");
	SUBSCRIBE("END");
	JOIN();
	PUBLISH("a");
	PUBLISH("ab");
	PUBLISH("abc");
	PUBLISH("AB");
	PUBLISH("b");
	PUBLISH("");
	PUBLISH("xab");
	PUBLISH("abab|and|more");
	PUBLISH("END");
	RECEIVE("ab");
	RECEIVE("abc");
	RECEIVE("abab|and|more");
	RECEIVE("END");
}

/* Only the first part is looked at. */
TEST_F(pubsub, first_part)
{
	SUBSCRIBE("topic");
	SUBSCRIBE("END");
	JOIN();
	PUBLISH("other|topic");
	PUBLISH("topic|other");
	PUBLISH("|topic");
	PUBLISH("END");
	RECEIVE("topic|other");
	RECEIVE("END");
}

/* The empty topic is everything, an empty message too. */
TEST_F(pubsub, empty_topic)
{
	SUBSCRIBE("");
	JOIN();
	PUBLISH("");
	PUBLISH("x");
	PUBLISH("|");
	RECEIVE("");
	RECEIVE("x");
	RECEIVE("|");
}

/* Two subscriptions that match deliver once. */
TEST_F(pubsub, once)
{
	SUBSCRIBE("a");
	SUBSCRIBE("ab");
	SUBSCRIBE("");
	JOIN();
	PUBLISH("abc");
	PUBLISH("a");
	PUBLISH("z");
	RECEIVE("abc");
	RECEIVE("a");
	RECEIVE("z");
}

/* What is subscribed twice must be unsubscribed twice. */
TEST_F(pubsub, counted)
{
	SUBSCRIBE("a");
	SUBSCRIBE("a");
	SUBSCRIBE("END");
	JOIN();
	UNSUBSCRIBE("a");
	JOIN();
	PUBLISH("a1");
	PUBLISH("END");
	RECEIVE("a1");
	RECEIVE("END");
	UNSUBSCRIBE("a");
	JOIN();
	PUBLISH("a2");
	PUBLISH("END");
	RECEIVE("END");
}

/* Ending one subscription leaves longer and shorter ones alone. */
TEST_F(pubsub, unsubscribe)
{
	SUBSCRIBE("a");
	SUBSCRIBE("ab");
	SUBSCRIBE("abc");
	SUBSCRIBE("END");
	JOIN();
	UNSUBSCRIBE("a");
	JOIN();
	PUBLISH("a");
	PUBLISH("ab");
	PUBLISH("END");
	RECEIVE("ab");
	RECEIVE("END");
	UNSUBSCRIBE("ab");
	JOIN();
	PUBLISH("ab");
	PUBLISH("abc");
	PUBLISH("END");
	RECEIVE("abc");
	RECEIVE("END");
	/* Never subscribed: no error, no effect. */
	UNSUBSCRIBE("unknown");
	UNSUBSCRIBE("");
	UNSUBSCRIBE("abcd");
	JOIN();
	PUBLISH("abc");
	RECEIVE("abc");
}

/* Nothing is subscribed at the beginning. */
TEST_F(pubsub, nothing)
{
	PUBLISH("lost");
	SUBSCRIBE("END");
	JOIN();
	PUBLISH("lost");
	PUBLISH("END");
	RECEIVE("END");
}

/* Topics have any length and any bytes. */
TEST_F(pubsub, long_topics)
{
	/* libzmq 4.3.4 sends topics of 246 to 255 bytes with a wrong length. */
	static const size_t ours[] = { 1, 245, 246, 255, 256, 1000, 16000 };
	static const size_t theirs[] = { 1, 100, 244, 245, 256, 1000, 16000 };
	const size_t *lens = zs_is_ours() ? ours : theirs;
	static char topic[20000], buf[20000];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		memset(topic, 'A' + i, sizeof(topic));
		topic[lens[i] - 1] = 0;		/* a NUL is a byte as any other */
		ASSERT_OK(zs_set(self->sub, ZMQ_SUBSCRIBE, topic, lens[i]));
	}
	SUBSCRIBE("END");
	JOIN();
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		memset(topic, 'A' + i, sizeof(topic));
		/* Too short, or another last byte. */
		if (lens[i] > 1)
			ASSERT_LE(0, zs_send(self->pub, topic, lens[i] - 1, 0));
		ASSERT_LE(0, zs_send(self->pub, topic, lens[i], 0));
		topic[lens[i] - 1] = 0;
		ASSERT_LE(0, zs_send(self->pub, topic, lens[i], 0));
		ASSERT_LE(0, zs_send(self->pub, topic, lens[i] + 5, 0));
	}
	PUBLISH("END");
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		memset(topic, 'A' + i, sizeof(topic));
		topic[lens[i] - 1] = 0;
		ASSERT_EQ((ssize_t)lens[i],
			  zs_recv(self->sub, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(topic, buf, lens[i]));
		ASSERT_EQ((ssize_t)lens[i] + 5,
			  zs_recv(self->sub, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(topic, buf, lens[i] + 5));
	}
	RECEIVE("END");
}

/* Hundreds of subscriptions, some of which end. */
TEST_F(pubsub, many_topics)
{
	char topic[32];
	int i;

	for (i = 0; i < 600; i++) {
		sprintf(topic, "%d.", i);
		SUBSCRIBE(topic);
	}
	for (i = 0; i < 600; i += 3) {
		sprintf(topic, "%d.", i);
		UNSUBSCRIBE(topic);
	}
	SUBSCRIBE("END");
	JOIN();
	for (i = 0; i < 600; i++) {
		sprintf(topic, "%d.x", i);
		PUBLISH(topic);
	}
	PUBLISH("END");
	for (i = 0; i < 600; i++) {
		sprintf(topic, "%d.x", i);
		if (i % 3)
			RECEIVE(topic);
	}
	RECEIVE("END");
}

/* A subscription made before there is a peer is told to it later. */
TEST(subscribe_first)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *sub = zs_open(ZMQ_SUB);
	struct zs *pub = zs_open(ZMQ_PUB);
	int port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_subscribe(sub, "early"));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, "late"));
	ASSERT_OK(zs_unsubscribe(sub, "early"));
	ASSERT_OK(zs_bind(pub, endpoint));
	ASSERT_TRUE(zs_join(pub, sub));
	ASSERT_OK(zs_send_msg(pub, "early"));
	ASSERT_OK(zs_send_msg(pub, "late"));
	EXPECT_TRUE(zs_recv_is(sub, "late"));
	zs_close_now(sub);
	zs_close_now(pub);
	close(port);
}

/* Several subscribers: each gets what it wants. */
TEST(several)
{
	static const char *const topics[] = { "a", "b", "" };
	struct zs *pub = zs_open(ZMQ_PUB), *sub[3];
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		sub[i] = zs_open(ZMQ_SUB);
		ASSERT_OK(zs_connect(sub[i], endpoint));
		ASSERT_OK(zs_subscribe(sub[i], topics[i]));
		ASSERT_OK(zs_subscribe(sub[i], "END"));
		ASSERT_TRUE(zs_join(pub, sub[i]));
	}
	ASSERT_OK(zs_send_msg(pub, "ax"));
	ASSERT_OK(zs_send_msg(pub, "by"));
	ASSERT_OK(zs_send_msg(pub, "END"));
	EXPECT_TRUE(zs_recv_is(sub[0], "ax"));
	EXPECT_TRUE(zs_recv_is(sub[0], "END"));
	EXPECT_TRUE(zs_recv_is(sub[1], "by"));
	EXPECT_TRUE(zs_recv_is(sub[1], "END"));
	EXPECT_TRUE(zs_recv_is(sub[2], "ax"));
	EXPECT_TRUE(zs_recv_is(sub[2], "by"));
	EXPECT_TRUE(zs_recv_is(sub[2], "END"));
	for (i = 0; i < 3; i++)
		zs_close_now(sub[i]);
	zs_close_now(pub);
}

/* A subscriber to several publishers gets from all. */
TEST(several_publishers)
{
	struct zs *sub = zs_open(ZMQ_SUB), *pub[2];
	int i;

	ASSERT_OK(zs_subscribe(sub, "x"));
	for (i = 0; i < 2; i++) {
		pub[i] = zs_open(ZMQ_PUB);
		ASSERT_OK(zs_pair(pub[i], sub, ZS_TCP, NULL));
		ASSERT_TRUE(zs_join(pub[i], sub));
	}
	ASSERT_OK(zs_send_msg(pub[0], "x0"));
	EXPECT_TRUE(zs_recv_is(sub, "x0"));
	ASSERT_OK(zs_send_msg(pub[1], "x1"));
	EXPECT_TRUE(zs_recv_is(sub, "x1"));
	zs_close_now(sub);
	zs_close_now(pub[0]);
	zs_close_now(pub[1]);
}

/* A subscriber filters too, whatever the peer sends. */
TEST(subscriber_filters)
{
	struct zs *sub = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd;

	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_bind_any(sub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_OK(raw_send(fd, 0, "b1", 2));
	ASSERT_OK(raw_send(fd, RAW_MORE, "b2", 2));
	ASSERT_OK(raw_send(fd, 0, "a2", 2));
	ASSERT_OK(raw_send(fd, RAW_MORE, "a3", 2));
	ASSERT_OK(raw_send(fd, 0, "b3", 2));
	EXPECT_TRUE(zs_recv_is(sub, "a3|b3"));
	close(fd);
	zs_close_now(sub);
}

/* A cancelled subscription goes upstream as ZMTP 3.1 has it. */
TEST(wire_form)
{
	struct zs *sub = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, listener, flags;
	char buf[64];

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_subscribe(sub, "A"));
	ASSERT_OK(zs_connect(sub, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_EQ(11, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_COMMAND, flags);
	EXPECT_EQ(0, memcmp(buf, "\011SUBSCRIBEA", 11));
	ASSERT_OK(zs_subscribe(sub, "BC"));
	ASSERT_EQ(12, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "\011SUBSCRIBEBC", 12));
	ASSERT_OK(zs_unsubscribe(sub, "A"));
	ASSERT_EQ(8, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_COMMAND, flags);
	EXPECT_EQ(0, memcmp(buf, "\006CANCELA", 8));
	zs_close_now(sub);
	close(fd);
	close(listener);
}

/* Both forms of subscriptions are understood. */
TEST(both_forms)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, flags;
	char buf[64];

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "SUB", NULL));
	ASSERT_OK(raw_send(fd, 0, "\1old", 4));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\011SUBSCRIBEnew", 13));
	ASSERT_TRUE(wait_until(({
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		zs_send_str(pub, "old1", 0);
		zs_send_str(pub, "new1", 0);
		zs_send_str(pub, "other", 0);
		/* Once the second is in force, the first is. */
		poll(&pfd, 1, 20) > 0 &&
		raw_recv(fd, &flags, buf, sizeof(buf)) == 4 &&
		!memcmp(buf, "new1", 4);
	})));
	ASSERT_OK(raw_send(fd, 0, "\0old", 4));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\006CANCELnew", 10));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\011SUBSCRIBEend", 13));
	ASSERT_TRUE(wait_until(({
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		zs_send_str(pub, "end", 0);
		poll(&pfd, 1, 20) > 0 &&
		raw_recv(fd, &flags, buf, sizeof(buf)) == 3;
	})));
	ASSERT_OK(zs_send_msg(pub, "old2"));
	ASSERT_OK(zs_send_msg(pub, "new2"));
	ASSERT_OK(zs_send_msg(pub, "end."));
	do {
		ssize_t len = raw_recv(fd, &flags, buf, sizeof(buf));

		ASSERT_LE(3, len);
		EXPECT_EQ(0, memcmp(buf, "end", 3));
	} while (buf[3] != '.');
	zs_close_now(pub);
	close(fd);
}

/* Conflation keeps the newest message alone. */
TEST(conflate_receiver)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct zs *push = zs_open(ZMQ_PUSH);
	int i, got, before = -1;

	ASSERT_OK(zs_set_int(pull, ZMQ_CONFLATE, 1));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	for (i = 0; i <= 500; i++)
		ASSERT_OK(zs_send_int(push, i, 0));
	for (i = 0; before != 500; i++) {
		got = zs_recv_int(pull, 0);
		ASSERT_LT(before, got);
		before = got;
	}
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	zs_close_now(pull);
	zs_close_now(push);
}

/* A conflating queue to nobody takes anything and holds the last. */
TEST(conflate_sender)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_CONFLATE, 1));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 3000; i++)
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pull, endpoint));
	EXPECT_EQ(2999, zs_recv_int(pull, 0));
	ASSERT_OK(zs_send_int(push, 4711, 0));
	EXPECT_EQ(4711, zs_recv_int(pull, 0));
	zs_close_now(pull);
	zs_close_now(push);
	close(port);
}

/* A conflating subscriber behind a publisher. */
TEST(conflate_sub)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	struct zs *sub = zs_open(ZMQ_SUB);
	int i, got, before = -1;

	ASSERT_OK(zs_set_int(sub, ZMQ_CONFLATE, 1));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	ASSERT_TRUE(wait_until(!zs_send_int(pub, 0, 0) &&
			       zs_poll(sub, ZMQ_POLLIN, 20)));
	for (i = 1; i <= 300; i++)
		ASSERT_OK(zs_send_int(pub, i, 0));
	while (before != 300) {
		got = zs_recv_int(sub, 0);
		ASSERT_LE(before, got);
		before = got;
	}
	EXPECT_ERRNO(EAGAIN, zs_recv_int(sub, ZS_DONTWAIT));
	zs_close_now(pub);
	zs_close_now(sub);
}

/* With ZMQ_INVERT_MATCHING on both sides what matches is left out. */
TEST(invert)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	struct zs *sub = zs_open(ZMQ_SUB);

	ASSERT_OK(zs_set_int(pub, ZMQ_INVERT_MATCHING, 1));
	ASSERT_OK(zs_set_int(sub, ZMQ_INVERT_MATCHING, 1));
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	/* Without subscriptions all is received; with "b" not what begins so. */
	ASSERT_TRUE(wait_until(zs_send_str(pub, "a", 0) == 1 &&
			       zs_poll(sub, ZMQ_POLLIN, 20)));
	ASSERT_OK(zs_subscribe(sub, "b"));
	ASSERT_OK(zs_send_msg(pub, "b1"));
	ASSERT_OK(zs_send_msg(pub, "ab|b"));
	for (;;) {
		char *got = zs_recv_msg(sub, 0);

		ASSERT_NE(NULL, got);
		if (!strcmp(got, "ab|b"))
			break;
		ASSERT_STREQ("a", got);
	}
	zs_close_now(pub);
	zs_close_now(sub);
}

/* Publishing never blocks, with nobody there and with nobody interested. */
TEST(never_blocks)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	struct zs *sub = zs_open(ZMQ_SUB);
	int i;

	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 1));
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(pub, ZMQ_POLLOUT, 0));
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(pub, i, ZS_DONTWAIT));
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(pub, i, ZS_DONTWAIT));
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(pub, ZMQ_POLLOUT, 0));
	EXPECT_ERRNO(EOPNOTSUPP, zs_recv_int(pub, ZS_DONTWAIT));
	EXPECT_ERRNO(EOPNOTSUPP, zs_send_int(sub, 1, ZS_DONTWAIT));
	EXPECT_ERRNO(EINVAL, zs_subscribe(pub, "x"));
	zs_close_now(pub);
	zs_close_now(sub);
}

TEST_HARNESS_MAIN
