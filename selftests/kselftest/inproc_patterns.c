// SPDX-License-Identifier: GPL-2.0-only
/* inproc: what each type does with peers of its own process. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "harness.h"
#include "inproc.h"
#include "zs_peer.h"

TEST(router_knows_the_name)
{
	struct zs *router = bound(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "me", 2));
	ASSERT_OK(zs_connect(dealer, NAME));
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(put(dealer, "hi", 0));
	EXPECT_STREQ("me|hi", zs_recv_msg(router, 0));
	ASSERT_OK(zs_send_msg(router, "me|ho"));
	EXPECT_TRUE(zs_recv_is(dealer, "ho"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_str(router, "you", ZS_MORE));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(router));
}

/* Without a name it gets a number, as on any transport. */
TEST(router_gives_numbers)
{
	struct zs *router = bound(ZMQ_ROUTER), *dealer = connected(ZMQ_DEALER);
	char id[8] = "";

	ASSERT_OK(put(dealer, "hi", 0));
	ASSERT_EQ(5, zs_recv(router, id, sizeof(id), 0));
	EXPECT_EQ(0, id[0]);
	EXPECT_TRUE(zs_recv_is(router, "hi"));
	ASSERT_EQ(5, zs_send(router, id, 5, ZS_MORE));
	ASSERT_OK(put(router, "ho", 0));
	EXPECT_TRUE(zs_recv_is(dealer, "ho"));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(router));
}

TEST(router_early)
{
	struct zs *dealer = zs_open(ZMQ_DEALER), *router;

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "me", 2));
	ASSERT_OK(zs_connect(dealer, NAME));
	ASSERT_OK(put(dealer, "early", ZS_DONTWAIT));
	router = bound(ZMQ_ROUTER);
	EXPECT_STREQ("me|early", zs_recv_msg(router, 0));
	ASSERT_OK(zs_send_msg(router, "me|ho"));
	EXPECT_TRUE(zs_recv_is(dealer, "ho"));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(router));
}

TEST(two_routers)
{
	struct zs *a = zs_open(ZMQ_ROUTER), *b = zs_open(ZMQ_ROUTER);

	ASSERT_OK(zs_set(a, ZMQ_ROUTING_ID, "a", 1));
	ASSERT_OK(zs_set(b, ZMQ_ROUTING_ID, "b", 1));
	ASSERT_OK(zs_set_int(a, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_set_int(b, ZMQ_PROBE_ROUTER, 1));
	ASSERT_OK(zs_bind(a, NAME));
	ASSERT_OK(zs_connect(b, NAME));
	EXPECT_STREQ("b|", zs_recv_msg(a, 0));
	ASSERT_OK(zs_send_msg(a, "b|ho"));
	EXPECT_STREQ("a|ho", zs_recv_msg(b, 0));
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
}

TEST(request_reply)
{
	struct zs *rep = bound(ZMQ_REP), *req[3];
	int i;

	for (i = 0; i < 3; i++) {
		req[i] = connected(ZMQ_REQ);
		ASSERT_OK(zs_send_int(req[i], i, 0));
	}
	for (i = 0; i < 3; i++) {
		int n = zs_recv_int(rep, 0);

		ASSERT_OK(zs_send_int(rep, n + 100, 0));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i + 100, zs_recv_int(req[i], 0));
		ASSERT_OK(zs_close(req[i]));
	}
	ASSERT_OK(zs_close(rep));
}

/* No envelope, no request: it is dropped, and the next one is served. */
TEST(reply_needs_an_envelope)
{
	struct zs *rep = bound(ZMQ_REP), *dealer = connected(ZMQ_DEALER);

	ASSERT_OK(zs_send_msg(dealer, "bad"));
	ASSERT_OK(zs_send_msg(dealer, "bad|worse"));
	ASSERT_OK(zs_send_msg(dealer, "id||good"));
	EXPECT_TRUE(zs_recv_is(rep, "good"));
	ASSERT_OK(put(rep, "answer", 0));
	EXPECT_STREQ("id||answer", zs_recv_msg(dealer, 0));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(rep));
}

/* Who disconnects does not want what was not read. */
TEST(disconnect_drops_unread)
{
	struct zs *push = bound(ZMQ_PUSH), *pull = connected(ZMQ_PULL);

	ASSERT_NE(NULL, push);
	ASSERT_OK(put(push, "1", 0));
	ASSERT_OK(put(push, "2", 0));
	EXPECT_TRUE(zs_recv_is(pull, "1"));
	ASSERT_OK(zs_disconnect(pull, NAME));
	EXPECT_TRUE(nothing(pull));
	ASSERT_OK(zs_close(pull));
	ASSERT_OK(zs_close_now(push));
}

/* The envelope ends at the first empty part, not at a later one. */
TEST(first_delimiter)
{
	struct zs *rep = bound(ZMQ_REP), *dealer = connected(ZMQ_DEALER);

	ASSERT_OK(zs_send_msg(dealer, "id||a||b"));
	EXPECT_STREQ("a||b", zs_recv_msg(rep, 0));
	ASSERT_OK(zs_send_msg(rep, "||c"));
	EXPECT_STREQ("id||||c", zs_recv_msg(dealer, 0));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(rep));
}

TEST(first_delimiter_of_a_reply)
{
	struct zs *router, *req = zs_open(ZMQ_REQ);

	ASSERT_OK(zs_set(req, ZMQ_ROUTING_ID, "R", 1));
	ASSERT_OK(zs_connect(req, NAME));
	router = bound(ZMQ_ROUTER);
	ASSERT_NE(NULL, router);
	ASSERT_OK(put(req, "q", 0));
	EXPECT_STREQ("R||q", zs_recv_msg(router, 0));
	ASSERT_OK(zs_send_msg(router, "R||a||b"));
	EXPECT_STREQ("a||b", zs_recv_msg(req, 0));
	ASSERT_OK(zs_close(req));
	ASSERT_OK(zs_close(router));
}

/* Types of one part do not get messages of more from others that do. */
TEST(single_part)
{
	struct zs *gather, *dealer;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	gather = bound(ZMQ_GATHER);
	dealer = connected(ZMQ_DEALER);
	ASSERT_NE(NULL, gather);
	ASSERT_OK(zs_send_msg(dealer, "two|parts"));
	ASSERT_OK(zs_send_msg(dealer, "one"));
	EXPECT_TRUE(zs_recv_is(gather, "one"));
	EXPECT_TRUE(nothing(gather));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(gather));
}

/* Bytes are limited by the buffers of both, whatever the marks say. */
TEST(bytes)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	static char big[100000];
	int one = 2000000, other = 200000, sent;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 0));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 0));
	ASSERT_OK(setsockopt(push->fd, SOL_SOCKET, SO_SNDBUFFORCE, &one,
			     sizeof(one)));
	ASSERT_OK(setsockopt(pull->fd, SOL_SOCKET, SO_RCVBUFFORCE, &other,
			     sizeof(other)));
	ASSERT_OK(zs_bind(pull, NAME));
	ASSERT_OK(zs_connect(push, NAME));
	sent = zs_send_until_full(push, big, sizeof(big), 1000);
	/* SO_SNDBUF counts twice, and what is around the bytes counts, too. */
	EXPECT_LE(10, sent);
	EXPECT_GE(60, sent);
	ASSERT_EQ((ssize_t)sizeof(big), zs_recv(pull, big, sizeof(big), 0));
	EXPECT_TRUE(zs_can_send(push, true));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* A subscription works when setsockopt(2) has returned, and so does its end. */
TEST(subscriptions_are_immediate)
{
	struct zs *pub = bound(ZMQ_PUB), *sub = connected(ZMQ_SUB);
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_OK(zs_subscribe(sub, "a"));
		ASSERT_OK(put(pub, "apple", 0));
		ASSERT_OK(put(pub, "pear", 0));
		ASSERT_TRUE(zs_recv_is(sub, "apple"));
		ASSERT_OK(zs_unsubscribe(sub, "a"));
		/* libzmq looks for subscriptions only now and then while it sends. */
		if (!zs_is_ours())
			zs_poll(pub, ZMQ_POLLOUT, 0);
		ASSERT_OK(put(pub, "apple", 0));
		ASSERT_TRUE(nothing(sub));
	}
	ASSERT_OK(zs_close(pub));
	ASSERT_OK(zs_close(sub));
}

/* Either side may bind, and come first. */
TEST(publisher_connects)
{
	struct zs *pub = connected(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);

	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_bind(sub, NAME));
	ASSERT_OK(put(pub, "apple", 0));
	EXPECT_TRUE(zs_recv_is(sub, "apple"));
	ASSERT_OK(zs_close(pub));
	ASSERT_OK(zs_close(sub));
}

/* Subscriptions and messages are received as they were sent, early ones, too. */
TEST(publisher_receives)
{
	struct zs *xsub = connected(ZMQ_XSUB), *xpub;

	ASSERT_OK(put(xsub, "\1a", 0));
	ASSERT_OK(put(xsub, "early", 0));
	xpub = bound(ZMQ_XPUB);
	EXPECT_TRUE(zs_recv_is(xpub, "\1a"));
	EXPECT_TRUE(zs_recv_is(xpub, "early"));
	ASSERT_OK(put(xsub, "\1b", 0));
	ASSERT_OK(put(xsub, "one", 0));
	ASSERT_OK(put(xsub, "\1c", 0));
	ASSERT_OK(zs_send_msg(xsub, "two|\1d"));
	EXPECT_TRUE(zs_recv_is(xpub, "\1b"));
	EXPECT_TRUE(zs_recv_is(xpub, "one"));
	EXPECT_TRUE(zs_recv_is(xpub, "\1c"));
	EXPECT_TRUE(zs_recv_is(xpub, "two|\1d"));
	ASSERT_OK(put(xpub, "d", 0));
	EXPECT_TRUE(zs_recv_is(xsub, "d"));
	ASSERT_OK(zs_close(xsub));
	ASSERT_OK(zs_close(xpub));
}

/* A full subscriber misses messages, the others do not. */
TEST(publisher_drops)
{
	struct zs *pub = zs_open(ZMQ_PUB), *slow = zs_open(ZMQ_SUB);
	struct zs *fast;
	int i;

	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 4));
	ASSERT_OK(zs_bind(pub, NAME));
	ASSERT_OK(zs_set_int(slow, ZMQ_RCVHWM, 4));
	ASSERT_OK(zs_subscribe(slow, ""));
	ASSERT_OK(zs_connect(slow, NAME));
	fast = zs_open(ZMQ_SUB);
	ASSERT_OK(zs_subscribe(fast, ""));
	ASSERT_OK(zs_connect(fast, NAME));
	for (i = 0; i < 20; i++) {
		ASSERT_OK(zs_send_int(pub, i, 0));
		ASSERT_EQ(i, zs_recv_int(fast, 0));
	}
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i, zs_recv_int(slow, 0));
	EXPECT_TRUE(nothing(slow));
	ASSERT_OK(zs_close(pub));
	ASSERT_OK(zs_close(slow));
	ASSERT_OK(zs_close(fast));
}

TEST(conflate)
{
	struct zs *pull = bound(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_CONFLATE, 1));
	ASSERT_OK(zs_connect(push, NAME));
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	EXPECT_EQ(99, zs_recv_int(pull, 0));
	EXPECT_TRUE(nothing(pull));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* The one that connects decides. */
TEST(conflate_of_the_bind)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push;
	int i;

	ASSERT_OK(zs_set_int(pull, ZMQ_CONFLATE, 1));
	ASSERT_OK(zs_bind(pull, NAME));
	push = connected(ZMQ_PUSH);
	for (i = 0; i < 10; i++)
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i, zs_recv_int(pull, ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

TEST_HARNESS_MAIN
