// SPDX-License-Identifier: GPL-2.0-only
/* inproc: messages of all sizes, sockets that several threads use. */
#include <pthread.h>
#include <stdlib.h>
#include "harness.h"
#include "inproc.h"

TEST(sizes)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 2048, 2049, 4096,
					32768, 65537, 1 << 20, 5 << 20 };
	struct zs *a = bound(ZMQ_PAIR), *b = connected(ZMQ_PAIR);
	char *out = malloc(5 << 20), *in = malloc(5 << 20);
	size_t i, j;

	ASSERT_NE(NULL, in);
	for (i = 0; i < 5 << 20; i++)
		out[i] = i * 7 + (i >> 8);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < 3; j++)
			ASSERT_EQ(sizes[i], zs_send(a, out, sizes[i],
						    j < 2 ? ZS_MORE : 0));
		for (j = 0; j < 3; j++) {
			memset(in, 0, sizes[i]);
			ASSERT_EQ(sizes[i], zs_recv(b, in, 5 << 20, 0));
			EXPECT_EQ(j < 2, b->more);
			ASSERT_EQ(0, memcmp(in, out, sizes[i]));
		}
	}
	free(in);
	free(out);
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
}

/* A message is sent when its last part is. */
TEST(parts_stay_together)
{
	struct zs *pull = bound(ZMQ_PULL), *push = connected(ZMQ_PUSH);

	ASSERT_OK(put(push, "a", ZS_MORE));
	EXPECT_EQ(0, zs_poll(pull, ZMQ_POLLIN, 20));
	ASSERT_OK(put(push, "b", 0));
	EXPECT_STREQ("a|b", zs_recv_msg(pull, 0));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* Threads. */

#define MANY		8
#define EACH		5000

static void *send_many(void *arg)
{
	struct zs *s = arg;
	int i;

	for (i = 0; i < EACH; i++)
		if (zs_send_int(s, i, 0) < 0)
			return "send";
	return NULL;
}

/* Many senders, one receiver, small marks: everybody waits for everybody. */
TEST(many_senders)
{
	struct zs *push[MANY], *pull = zs_open(ZMQ_PULL);
	pthread_t thread[MANY];
	long sum = 0;
	void *failed;
	int i;

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 3));
	ASSERT_OK(zs_bind(pull, NAME));
	for (i = 0; i < MANY; i++) {
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_set_int(push[i], ZMQ_SNDHWM, 2));
		ASSERT_OK(zs_connect(push[i], NAME));
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, send_many,
					    push[i]));
	}
	for (i = 0; i < MANY * EACH; i++) {
		int n = zs_recv_int(pull, 0);

		ASSERT_LE(0, n);
		sum += n;
	}
	EXPECT_EQ((long)MANY * EACH * (EACH - 1) / 2, sum);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], &failed));
		EXPECT_EQ(NULL, failed);
		ASSERT_OK(zs_close(push[i]));
	}
	EXPECT_TRUE(nothing(pull));
	ASSERT_OK(zs_close(pull));
}

static void *echo(void *arg)
{
	struct zs *s = arg;
	int i, n;

	for (i = 0; i < EACH; i++) {
		n = zs_recv_int(s, 0);
		if (n != i || zs_send_int(s, n, 0) < 0)
			return "echo";
	}
	return NULL;
}

TEST(ping_pong)
{
	struct zs *a = bound(ZMQ_PAIR), *b = connected(ZMQ_PAIR);
	pthread_t thread;
	void *failed;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, echo, b));
	for (i = 0; i < EACH; i++) {
		ASSERT_OK(zs_send_int(a, i, 0));
		ASSERT_EQ(i, zs_recv_int(a, 0));
	}
	ASSERT_EQ(0, pthread_join(thread, &failed));
	EXPECT_EQ(NULL, failed);
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
}

struct crossing {
	const char *own;
	const char *other;
	int failed;
};

/* Bind, connect to the other one, talk, close; again and again. */
static void *cross(void *arg)
{
	struct crossing *c = arg;
	int i;

	for (i = 0; i < 200; i++) {
		struct zs *s = zs_open(ZMQ_DEALER);

		/* The name is free a moment after libzmq's close. */
		if (!wait_until(!zs_bind(s, c->own)))
			c->failed++;
		if (zs_connect(s, c->other))
			c->failed++;
		zs_send_str(s, "x", ZS_DONTWAIT);
		zs_send_str(s, "y", ZS_DONTWAIT);
		zs_recv_str(s, ZS_DONTWAIT);
		zs_set_int(s, ZMQ_LINGER, 0);
		zs_close(s);
	}
	return NULL;
}

/* Two sockets that connect to each other, and come and go. */
TEST(crossing)
{
	struct crossing a = { NAME "a", NAME "b", 0 };
	struct crossing b = { NAME "b", NAME "a", 0 };
	pthread_t ta, tb;

	ASSERT_EQ(0, pthread_create(&ta, NULL, cross, &a));
	ASSERT_EQ(0, pthread_create(&tb, NULL, cross, &b));
	ASSERT_EQ(0, pthread_join(ta, NULL));
	ASSERT_EQ(0, pthread_join(tb, NULL));
	EXPECT_EQ(0, a.failed + b.failed);
	EXPECT_EQ(0, zs_finish());
}

TEST_HARNESS_MAIN
