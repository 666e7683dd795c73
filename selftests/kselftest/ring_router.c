// SPDX-License-Identifier: GPL-2.0-only
/* A ROUTER that is sent to through a ring: whom each message is for. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"
#include "ring.h"

#define HWM		10
/* Has room for all that a test puts in. */
#define RING_ROOM	16384

FIXTURE(ring_router) {
	struct zs *router;
	struct zs *one;
	struct zs *two;
	struct ring r;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(ring_router) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(ring_router, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(ring_router, ipc) { .transport = ZS_ABSTRACT };
FIXTURE_VARIANT_ADD(ring_router, inproc) { .transport = ZS_INPROC };

static struct zs *dealer(struct zs *router, const char *id,
			 const char *endpoint)
{
	struct zs *s = zs_open(ZMQ_DEALER);

	/* The router knows it when it has heard of it. */
	if (zs_set(s, ZMQ_ROUTING_ID, id, strlen(id)) ||
	    zs_set_int(s, ZMQ_RECONNECT_IVL, -1) || zs_connect(s, endpoint) ||
	    zs_send_msg(s, "hello") || strcmp(zs_recv_str(router, 0), id) ||
	    !zs_recv_is(router, "hello"))
		return NULL;
	return s;
}

FIXTURE_SETUP(ring_router)
{
	self->router = zs_open(ZMQ_ROUTER);
	ASSERT_OK(zs_bind_any(self->router, variant->transport,
			      self->endpoint));
	self->one = dealer(self->router, "1", self->endpoint);
	ASSERT_NE(NULL, self->one);
	self->two = dealer(self->router, "2", self->endpoint);
	ASSERT_NE(NULL, self->two);
	ASSERT_OK(ring_open(&self->r, self->router, RING_ROOM));
}

FIXTURE_TEARDOWN(ring_router)
{
	ring_unmap(&self->r);
	zs_close_now(self->router);
	zs_close_now(self->one);
	zs_close_now(self->two);
	EXPECT_TRUE(proc_gone());
}

static void put_to(struct ring *r, const char *id, const char *text)
{
	ring_frame(r, RAW_MORE, id, strlen(id));
	ring_frame(r, 0, text, strlen(text));
	ring_commit(r);
}

static __u64 drops(struct zs *s)
{
	struct zmq_af_stats stats = {};

	return zs_stats(s, &stats) ? ~0ull : stats.tx_drops;
}

TEST_F(ring_router, routes)
{
	put_to(&self->r, "2", "a");
	put_to(&self->r, "1", "b");
	ring_frame(&self->r, RAW_MORE, "1", 1);
	ring_frame(&self->r, RAW_MORE, "", 0);
	ring_frame(&self->r, 0, "c", 1);
	ring_commit(&self->r);
	put_to(&self->r, "2", "");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->one, "b"));
	EXPECT_STREQ("|c", zs_recv_msg(self->one, 0));
	EXPECT_TRUE(zs_recv_is(self->two, "a"));
	EXPECT_TRUE(zs_recv_is(self->two, ""));
	EXPECT_EQ(0, drops(self->router));
}

/* Any number is taken: what is for nobody is dropped, as by calls. */
TEST_F(ring_router, for_nobody)
{
	char id[300] = "long";

	put_to(&self->r, "1", "a");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_LT(1000, ring_credit(&self->r));
	put_to(&self->r, "3", "no such peer");
	put_to(&self->r, "", "none");
	ring_frame(&self->r, RAW_MORE, id, sizeof(id));
	ring_frame(&self->r, 0, "no name is so long", 18);
	ring_commit(&self->r);
	put_to(&self->r, "1", "b");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(3, drops(self->router));
	/* A name and nothing else is no message. */
	ring_put(&self->r, "1");
	ring_put(&self->r, "3");
	put_to(&self->r, "1", "c");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(0, ring_flags(&self->r) & ZMQ_AF_RING_STOPPED);
	EXPECT_TRUE(zs_recv_is(self->one, "a"));
	EXPECT_TRUE(zs_recv_is(self->one, "b"));
	EXPECT_TRUE(zs_recv_is(self->one, "c"));
	EXPECT_EQ(3, drops(self->router));
}

/* A burst of answers, alternating, with calls among them: each peer's order. */
TEST_F(ring_router, burst)
{
	struct zs *peers[] = { self->one, self->two };
	char text[16];
	int i, rings = 0;

	for (i = 0; i < 900; i++) {
		snprintf(text, sizeof(text), "%d", i);
		if (ring_awake(&self->r) && ring_credit(&self->r) > 0) {
			put_to(&self->r, i % 2 ? "2" : "1", text);
			ASSERT_TRUE(ring_awake(&self->r) ||
				    !ring_kick(&self->r));
			rings++;
			continue;
		}
		snprintf(text, sizeof(text), "%c|%d", i % 2 ? '2' : '1', i);
		ASSERT_OK(zs_send_msg(self->router, text));
	}
	for (i = 0; i < 900; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_TRUE(zs_recv_is(peers[i % 2], text));
	}
	EXPECT_EQ(0, drops(self->router));
	TH_LOG("%d of 900 by the ring", rings);
}

/* What was put in before a peer went away, or the socket is closed, goes out. */
TEST_F(ring_router, closed)
{
	put_to(&self->r, "1", "last");
	put_to(&self->r, "2", "last");
	put_to(&self->r, "3", "nobody's");
	ring_unmap(&self->r);
	ASSERT_OK(zs_close(self->router));
	EXPECT_TRUE(zs_recv_is(self->one, "last"));
	EXPECT_TRUE(zs_recv_is(self->two, "last"));
	self->router = zs_open(ZMQ_ROUTER);
	ASSERT_OK(ring_open(&self->r, self->router, RING_ROOM));
}

TEST_F(ring_router, gone)
{
	ASSERT_OK(zs_close_now(self->one));
	ASSERT_TRUE(zs_wait_peers(self->router, 1));
	put_to(&self->r, "1", "late");
	put_to(&self->r, "2", "in time");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->two, "in time"));
	EXPECT_EQ(1, drops(self->router));
	self->one = zs_open(ZMQ_DEALER);
}

/* Who wants to be told that a peer cannot be reached has to ask. */
TEST_F(ring_router, mandatory)
{
	int credit;

	EXPECT_EQ(0, ring_kick(&self->r));
	credit = ring_credit(&self->r);
	put_to(&self->r, "3", "before");
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_EQ(1, drops(self->router));
	EXPECT_EQ(0, ring_credit(&self->r));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(self->router, "3|x"));
	ASSERT_OK(zs_send_msg(self->router, "1|call"));
	EXPECT_EQ(0, ring_credit(&self->r));
	/* As if it had been put in before: it holds up nobody. */
	put_to(&self->r, "3", "nobody's");
	put_to(&self->r, "1", "by ring");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->one, "call"));
	EXPECT_TRUE(zs_recv_is(self->one, "by ring"));
	EXPECT_EQ(2, drops(self->router));
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 0));
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(credit, ring_credit(&self->r));
}

/* One that is full: dropped, or with MANDATORY waited for. */
FIXTURE(ring_full) {
	struct zs *router;
	struct ring r;
	int port;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_SETUP(ring_full)
{
	self->router = zs_open(ZMQ_ROUTER);
	ASSERT_OK(zs_set_int(self->router, ZMQ_SNDHWM, HWM));
	ASSERT_OK(zs_set_int(self->router, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "1", 1));
	self->port = zs_free_endpoint(self->endpoint);
	ASSERT_LE(0, self->port);
	ASSERT_OK(zs_connect(self->router, self->endpoint));
	ASSERT_OK(ring_open(&self->r, self->router, RING_ROOM));
}

FIXTURE_TEARDOWN(ring_full)
{
	ring_unmap(&self->r);
	zs_close_now(self->router);
	close(self->port);
	EXPECT_TRUE(proc_gone());
}

static void put_numbers(struct ring *r, int n)
{
	char text[16];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", i);
		put_to(r, "1", text);
	}
}

static bool numbers(struct zs *s, int n)
{
	char text[16];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", i);
		if (!zs_recv_is(s, text))
			return false;
	}
	return true;
}

TEST_F(ring_full, dropped)
{
	struct zs *dealer = zs_open(ZMQ_DEALER);

	put_numbers(&self->r, HWM + 5);
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(5, drops(self->router));
	ASSERT_OK(zs_bind(dealer, self->endpoint));
	EXPECT_TRUE(numbers(dealer, HWM));
	ASSERT_OK(zs_close_now(dealer));
}

TEST_F(ring_full, waited_for)
{
	struct zs *dealer = zs_open(ZMQ_DEALER);

	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	put_numbers(&self->r, HWM + 5);
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_ERRNO(EAGAIN, zs_send(self->router, "1", 1,
				     ZS_MORE | ZS_DONTWAIT));
	EXPECT_EQ(0, drops(self->router));
	ASSERT_OK(zs_bind(dealer, self->endpoint));
	EXPECT_TRUE(numbers(dealer, HWM + 5));
	ASSERT_OK(zs_close_now(dealer));
}

/* What waits for a peer that is sent away is for nobody. */
TEST_F(ring_full, disconnected)
{
	ASSERT_OK(zs_set_int(self->router, ZMQ_LINGER, 0));
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	put_numbers(&self->r, HWM + 5);
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(0, drops(self->router));
	ASSERT_OK(zs_disconnect(self->router, self->endpoint));
	EXPECT_TRUE(wait_until(drops(self->router) == 5));
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_EQ(self->r.tail, self->r.ctl->head);
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(self->router, "1|x"));
}

/* Nobody is there to wait for: what was not allowed to be in it goes away. */
TEST_F(ring_full, closed)
{
	struct zs *dealer = zs_open(ZMQ_DEALER), *other = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	char more;

	ASSERT_OK(zs_bind_any(other, ZS_TCP, endpoint));
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "2", 1));
	ASSERT_OK(zs_connect(self->router, endpoint));
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	put_numbers(&self->r, HWM + 5);
	put_to(&self->r, "2", "behind");
	EXPECT_EQ(0, ring_kick(&self->r));
	ring_unmap(&self->r);
	ASSERT_OK(zs_close(self->router));
	ASSERT_OK(zs_bind(dealer, self->endpoint));
	EXPECT_TRUE(numbers(dealer, HWM));
	EXPECT_TRUE(zs_recv_is(other, "behind"));
	ASSERT_OK(zs_close_now(other));
	ASSERT_TRUE(zs_wait_peers(dealer, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv(dealer, &more, 1, ZS_DONTWAIT));
	ASSERT_OK(zs_close_now(dealer));
	self->router = zs_open(ZMQ_ROUTER);
	ASSERT_OK(ring_open(&self->r, self->router, RING_ROOM));
}

/* Peers without framing: an empty message hangs up, which a call has to say. */
TEST(raw)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	char endpoint[ZS_ENDPOINT_MAX];
	struct ring r;

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_RAW, 1));
	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	ASSERT_OK(ring_open(&r, router, RING_ROOM));
	EXPECT_EQ(0, ring_kick(&r));
	EXPECT_EQ(0, ring_credit(&r));
	ring_unmap(&r);
	ASSERT_OK(zs_close(router));
}

static atomic_bool over;

static void *toggles(void *arg)
{
	struct zs *router = arg;
	int on = 0;

	while (!atomic_load(&over)) {
		on = !on;
		if (zs_set_int(router, ZMQ_ROUTER_MANDATORY, on))
			return router;
	}
	return NULL;
}

/* The option changes while messages to somebody and to nobody are put in. */
TEST_F(ring_router, toggled)
{
	pthread_t thread;
	void *failed;
	int i;

	atomic_store(&over, false);
	ASSERT_OK(pthread_create(&thread, NULL, toggles, self->router));
	for (i = 0; i < 2000; i++) {
		put_to(&self->r, "3", "nobody's");
		put_to(&self->r, "1", "x");
		ASSERT_EQ(0, ring_kick(&self->r));
		ASSERT_TRUE(zs_recv_is(self->one, "x"));
	}
	atomic_store(&over, true);
	ASSERT_OK(pthread_join(thread, &failed));
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(2000, drops(self->router));
}

TEST_HARNESS_MAIN
