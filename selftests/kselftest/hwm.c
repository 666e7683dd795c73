// SPDX-License-Identifier: GPL-2.0-only
/* High-water marks, to the exact message. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#define FLOOD		3000		/* messages, far beyond any mark here */

FIXTURE(hwm) {
	char endpoint[ZS_ENDPOINT_MAX];
	int port;
};

FIXTURE_VARIANT(hwm) {
	int mark;
};

FIXTURE_VARIANT_ADD(hwm, 1) { .mark = 1 };
FIXTURE_VARIANT_ADD(hwm, 2) { .mark = 2 };
FIXTURE_VARIANT_ADD(hwm, 3) { .mark = 3 };
FIXTURE_VARIANT_ADD(hwm, 10) { .mark = 10 };
FIXTURE_VARIANT_ADD(hwm, 1000) { .mark = 1000 };
FIXTURE_VARIANT_ADD(hwm, unlimited) { .mark = 0 };

FIXTURE_SETUP(hwm)
{
	self->port = zs_free_endpoint(self->endpoint);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(hwm)
{
	close(self->port);
}

/* A queue to nobody takes as many messages as the mark says. */
TEST_F(hwm, send_to_dead_address)
{
	int expected = variant->mark ?: FLOOD;
	struct zs *push = zs_open(ZMQ_PUSH);

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->mark));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_EQ(expected, zs_send_until_full(push, "x", 1, FLOOD));
	EXPECT_EQ(!variant->mark, !!zs_poll(push, ZMQ_POLLOUT, 0));
	ASSERT_OK(zs_close_now(push));
}

/* A message counts once however many parts it has. */
TEST_F(hwm, parts_do_not_count)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	int i, sent = 0;

	if (!variant->mark)
		SKIP(return, "no mark");
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->mark));
	ASSERT_OK(zs_connect(push, self->endpoint));
	while (sent <= FLOOD) {
		for (i = 0; i < 5; i++)
			if (zs_send(push, "x", 1, ZS_DONTWAIT |
						  (i < 4 ? ZS_MORE : 0)) < 0)
				break;
		if (i < 5)
			break;
		sent++;
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(variant->mark, sent);
	ASSERT_OK(zs_close_now(push));
}

/* Each connection has a queue of its own. */
TEST_F(hwm, per_connection)
{
	int second, expected = variant->mark ? 2 * variant->mark : FLOOD;
	struct zs *push = zs_open(ZMQ_PUSH);
	char other[ZS_ENDPOINT_MAX];

	second = zs_free_endpoint(other);
	ASSERT_LE(0, second);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->mark));
	ASSERT_OK(zs_connect(push, self->endpoint));
	ASSERT_OK(zs_connect(push, other));
	EXPECT_EQ(expected, zs_send_until_full(push, "x", 1, FLOOD));
	ASSERT_OK(zs_close_now(push));
	close(second);
}

/* Without a connection there is no queue. */
TEST_F(hwm, no_connection)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->mark));
	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	EXPECT_EQ(0, zs_send_until_full(push, "x", 1, FLOOD));
	EXPECT_EQ(0, zs_poll(push, ZMQ_POLLOUT, 0));
	ASSERT_OK(zs_close_now(push));
}

/* What queued before there was a peer arrives, and then there is room. */
TEST_F(hwm, queue_is_delivered)
{
	int i, expected = variant->mark ?: FLOOD;
	struct zs *push = zs_open(ZMQ_PUSH);
	struct zs *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->mark));
	ASSERT_OK(zs_connect(push, self->endpoint));
	for (i = 0; i < expected; i++)
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	for (i = 0; i < expected; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	EXPECT_TRUE(zs_can_send(push, true));
	ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	ASSERT_EQ(i, zs_recv_int(pull, 0));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* Receiving stops at the mark; it goes on when half of it has been read. */
TEST_F(hwm, receive)
{
	int i, fd, lwm = (variant->mark + 1) / 2;
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, variant->mark));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < FLOOD; i++)
		ASSERT_OK(raw_send(fd, 0, &i, sizeof(i)));
	ASSERT_TRUE(wait_until(!raw_unsent(fd)));
	/* All of it is in this machine's memory: nothing more can come. */
	if (!variant->mark) {
		EXPECT_TRUE(wait_until(zs_rx_queued(pull) == FLOOD));
		goto out;
	}
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == variant->mark));
	for (i = 0; i < lwm - 1; i++) {
		ASSERT_EQ(i, zs_recv_int(pull, 0));
		ASSERT_EQ(variant->mark - i - 1, zs_rx_queued(pull));
	}
	ASSERT_EQ(i++, zs_recv_int(pull, 0));
	EXPECT_TRUE(wait_until(zs_rx_queued(pull) == variant->mark));
	for (; i < FLOOD; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	EXPECT_EQ(-1, zs_recv_int(pull, ZS_DONTWAIT));
out:
	ASSERT_OK(zs_close_now(pull));
	close(fd);
}

/*
 * A full sender can send again as soon as its queue has been read down to
 * half, and not earlier.
 */
TEST_F(hwm, low_water_mark)
{
	int i, taken, lwm = (variant->mark + 1) / 2, hwm = variant->mark;
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	struct zmq_af_stats stats = {};
	static char body[16384];
	int listener, fd, flags;

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	if (!hwm || hwm > 10)
		SKIP(return, "no mark, or too much data");
	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, hwm));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDBUF, 8192));
	ASSERT_OK(zs_connect(push, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PULL", NULL));

	/*
	 * Full, TCP too.  The mark counts from the last multiple of the low
	 * mark that TCP has taken: up to lwm - 1 messages fewer may be left.
	 */
	ASSERT_TRUE(wait_until(zs_send(push, body, sizeof(body),
				       ZS_DONTWAIT) < 0 &&
			       !zs_stats(push, &stats) &&
			       stats.tx_queued_msgs > (__u64)hwm - lwm));
	for (taken = 0; taken < 1000; taken++) {
		ASSERT_EQ(sizeof(body),
			  raw_recv(fd, &flags, body, sizeof(body)));
		/* Wait for TCP to have taken the next one, or to be full. */
		for (i = 0; i < 10; i++)
			poll(NULL, 0, 1);
		ASSERT_OK(zs_stats(push, &stats));
		if (zs_poll(push, ZMQ_POLLOUT, 0))
			break;
	}
	EXPECT_TRUE(zs_poll(push, ZMQ_POLLOUT, 0));
	ASSERT_OK(zs_stats(push, &stats));
	EXPECT_GE(hwm - lwm, stats.tx_queued_msgs);
	ASSERT_OK(zs_close_now(push));
	close(fd);
	close(listener);
}

/* New marks hold for connections there are. */
TEST(change_live)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 5));
	EXPECT_EQ(5, zs_send_until_full(push, "x", 1, 100));
	if (!zs_is_ours()) {
		/* libzmq has given the full queue up until it is read. */
		ASSERT_OK(zs_close_now(push));
		return;
	}
	/* Less than there is: full, but nothing is lost. */
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 2));
	EXPECT_EQ(0, zs_send_until_full(push, "x", 1, 100));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 7));
	EXPECT_TRUE(zs_can_send(push, true));
	EXPECT_EQ(2, zs_send_until_full(push, "x", 1, 100));
	ASSERT_OK(zs_close_now(push));
	close(port);
}

/* A full publisher drops whole messages for that subscriber, and counts. */
TEST(publisher_drops)
{
	int i, got, expect = 0, lost = 0, last = -1;
	struct zs *pub = zs_open(ZMQ_PUB);
	struct zs *sub = zs_open(ZMQ_SUB);
	static char body[65536];
	struct zmq_af_stats stats = {};

	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	ASSERT_TRUE(wait_until(zs_send_int(pub, 1 << 20, 0) == 0 &&
			       zs_poll(sub, ZMQ_POLLIN, 20)));
	/* Far more than TCP and both queues can hold; sending never blocks. */
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(sizeof(i), zs_send(pub, &i, sizeof(i), ZS_MORE));
		ASSERT_EQ(sizeof(body), zs_send(pub, body, sizeof(body), 0));
	}
	if (zs_is_kernel()) {
		ASSERT_OK(zs_stats(pub, &stats));
		EXPECT_LT(0, stats.tx_drops);
	}
	/* Until all of it has passed, this one is dropped as well. */
	do {
		got = zs_recv_int(sub, ZS_DONTWAIT);
		if (got < 0) {
			ASSERT_EQ(EAGAIN, errno);
			zs_send_int(pub, 1 << 21, 0);
			zs_poll(sub, ZMQ_POLLIN, 20);
			continue;
		}
		if (got >= 1 << 20) {
			ASSERT_FALSE(sub->more);
			continue;
		}
		/* Whole and in order. */
		ASSERT_LT(last, got);
		lost += got - last - 1;
		last = got;
		ASSERT_TRUE(sub->more);
		ASSERT_EQ(sizeof(body), zs_recv(sub, body, sizeof(body), 0));
		ASSERT_FALSE(sub->more);
		expect++;
	} while (got != 1 << 21);
	lost += 999 - last;
	EXPECT_EQ(1000, expect + lost);
	EXPECT_LT(0, expect);
	EXPECT_LT(0, lost);
	if (zs_is_kernel())
		EXPECT_LE(lost, stats.tx_drops);
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
}

/* Few large messages fill a short queue: little is buffered elsewhere. */
TEST(large_messages)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	struct zs *dealer = zs_open(ZMQ_DEALER);
	static char body[65536];
	int i;

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_set_int(router, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_set_int(dealer, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, NULL));
	ASSERT_TRUE(wait_until(zs_send(router, "X", 1, ZS_MORE | ZS_DONTWAIT) == 1));
	ASSERT_EQ(5, zs_send(router, "Hello", 5, ZS_DONTWAIT));
	ASSERT_TRUE(zs_recv_is(dealer, "Hello"));
	ASSERT_TRUE(zs_can_send(router, true));
	for (i = 0; i < 200; i++)
		if (zs_send(router, "X", 1, ZS_MORE | ZS_DONTWAIT) < 0 ||
		    zs_send(router, body, sizeof(body), ZS_DONTWAIT) < 0)
			break;
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(1, i);
	EXPECT_GT(100, i)
		TH_LOG("%d messages of 64 KiB before it is full", i);
	ASSERT_OK(zs_close_now(dealer));
	ASSERT_OK(zs_close_now(router));
}

TEST_HARNESS_MAIN
