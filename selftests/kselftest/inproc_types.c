// SPDX-License-Identifier: GPL-2.0-only
/* What depends on the types of two sockets that meet by inproc. */
#include <string.h>
#include "group.h"
#include "harness.h"
#include "zs_peer.h"

#define NAME	"inproc://types"
#define ONLY_FIRST_SUBSCRIBE	108

/* Two sockets that are connected, or whose names are. */
FIXTURE(types) {
	struct zs *a;
	struct zs *b;
};

FIXTURE_SETUP(types)
{
}

FIXTURE_TEARDOWN(types)
{
	if (self->a)
		zs_close_now(self->a);
	if (self->b)
		zs_close_now(self->b);
}

static uint64_t dropped(struct zs *s)
{
	struct zmq_af_stats stats;

	return zs_stats(s, &stats) ? ~0ull : stats.rx_drops;
}

/* ROUTER_NOTIFY tells of peers that come and go, whoever was there first. */
TEST_F(types, router_notify)
{
	int first;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	self->a = zs_open(ZMQ_ROUTER);
	ASSERT_OK(zs_set_int(self->a, ZMQ_ROUTER_NOTIFY,
			     ZMQ_NOTIFY_CONNECT | ZMQ_NOTIFY_DISCONNECT));
	for (first = 0; first < 2; first++) {
		self->b = zs_open(ZMQ_DEALER);
		ASSERT_OK(zs_set(self->b, ZMQ_ROUTING_ID, "D", 1));
		if (first)
			ASSERT_OK(zs_connect(self->b, NAME));
		ASSERT_OK(zs_bind(self->a, NAME));
		if (!first)
			ASSERT_OK(zs_connect(self->b, NAME));
		EXPECT_TRUE(zs_recv_is(self->a, "D|"));
		ASSERT_OK(zs_send_msg(self->b, "last words"));
		zs_close(self->b);
		self->b = NULL;
		EXPECT_TRUE(zs_recv_is(self->a, "D|last words"));
		EXPECT_TRUE(zs_recv_is(self->a, "D|"));
		EXPECT_EQ(0, zs_poll(self->a, ZMQ_POLLIN, 0));
		ASSERT_OK(zs_unbind(self->a, NAME));
	}
}

/* One bit of it tells of one thing. */
TEST_F(types, router_notify_disconnect)
{
	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	self->a = zs_open(ZMQ_ROUTER);
	self->b = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_set_int(self->a, ZMQ_ROUTER_NOTIFY,
			     ZMQ_NOTIFY_DISCONNECT));
	ASSERT_OK(zs_set(self->b, ZMQ_ROUTING_ID, "D", 1));
	ASSERT_OK(zs_bind(self->a, NAME));
	ASSERT_OK(zs_connect(self->b, NAME));
	ASSERT_OK(zs_send_msg(self->b, "first"));
	EXPECT_TRUE(zs_recv_is(self->a, "D|first"));
	zs_close(self->b);
	self->b = NULL;
	EXPECT_TRUE(zs_recv_is(self->a, "D|"));
}

/* A later part is no subscription if ONLY_FIRST_SUBSCRIBE says so. */
TEST_F(types, only_first)
{
	int only;

	if (!zs_is_ours())
		SKIP(return, "not in libzmq 4.3.4");
	for (only = 0; only < 2; only++) {
		self->a = zs_open(ZMQ_XPUB);
		self->b = zs_open(ZMQ_XSUB);
		ASSERT_OK(zs_set_int(self->a, ONLY_FIRST_SUBSCRIBE, only));
		ASSERT_OK(zs_bind(self->a, NAME));
		ASSERT_OK(zs_connect(self->b, NAME));
		ASSERT_OK(zs_send_msg(self->b, "user|\1B"));
		ASSERT_OK(zs_send_msg(self->b, "\1C"));
		EXPECT_TRUE(zs_recv_is(self->a, "user|\1B"));
		EXPECT_TRUE(zs_recv_is(self->a, "\1C"));
		ASSERT_OK(zs_send_msg(self->a, "B1"));
		ASSERT_OK(zs_send_msg(self->a, "C1"));
		if (!only)
			EXPECT_TRUE(zs_recv_is(self->b, "B1"));
		EXPECT_TRUE(zs_recv_is(self->b, "C1"));
		zs_close(self->a);
		zs_close(self->b);
		self->a = NULL;
		self->b = NULL;
	}
}

/* A group is no topic, and a topic no group. */
TEST_F(types, groups_and_topics)
{
	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	self->a = zs_open(ZMQ_AF_RADIO);
	self->b = zs_open(ZMQ_SUB);
	ASSERT_OK(zs_set(self->b, ZMQ_SUBSCRIBE, "g", 1));
	ASSERT_OK(zs_bind(self->a, NAME));
	ASSERT_OK(zs_connect(self->b, NAME));
	ASSERT_OK(group_send_str(self->a, "g", "body"));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->b, ZS_DONTWAIT));
	if (zs_is_kernel())
		EXPECT_EQ(0, dropped(self->b));
	zs_close(self->a);
	zs_close(self->b);
	self->a = zs_open(ZMQ_PUB);
	self->b = zs_open(ZMQ_AF_DISH);
	ASSERT_OK(group_join(self->b, "g"));
	ASSERT_OK(zs_bind(self->a, NAME));
	ASSERT_OK(zs_connect(self->b, NAME));
	ASSERT_OK(zs_send_msg(self->a, "g"));
	EXPECT_EQ(0, zs_poll(self->b, ZMQ_POLLIN, 0));
	if (zs_is_kernel())
		EXPECT_EQ(0, dropped(self->b));
}

/* What can only send keeps nothing of what it is sent. */
TEST_F(types, no_use_for_messages)
{
	static const int types[] = { ZMQ_PUSH, ZMQ_PUB, ZMQ_AF_RADIO,
				     ZMQ_SCATTER };
	unsigned int i;

	if (!zs_is_kernel())
		SKIP(return, "it cannot be seen");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		self->a = zs_open(types[i]);
		self->b = zs_open(ZMQ_DEALER);
		ASSERT_OK(zs_bind(self->a, NAME));
		ASSERT_OK(zs_connect(self->b, NAME));
		ASSERT_OK(zs_send_msg(self->b, "m"));
		ASSERT_OK(zs_send_msg(self->b, "m|more"));
		EXPECT_EQ(0, zs_rx_queued(self->a));
		EXPECT_EQ(2, dropped(self->a));
		zs_close(self->a);
		zs_close(self->b);
		self->a = NULL;
		self->b = NULL;
	}
}

TEST_HARNESS_MAIN
