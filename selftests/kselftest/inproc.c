// SPDX-License-Identifier: GPL-2.0-only
/* inproc: names, marks to the exact message, what ends when and what stays. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "harness.h"
#include "inproc.h"

#define FLOOD	10000		/* messages, beyond any mark here */

/* Names. */

TEST(name_is_taken)
{
	struct zs *a = bound(ZMQ_PAIR), *b = zs_open(ZMQ_PAIR);

	ASSERT_NE(NULL, a);
	EXPECT_ERRNO(EADDRINUSE, zs_bind(b, NAME));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(a, NAME));
	EXPECT_EQ(0, zs_bind(b, NAME "2"));
	ASSERT_OK(zs_close(a));
	EXPECT_TRUE(wait_until(!zs_bind(b, NAME)));
	ASSERT_OK(zs_close(b));
}

TEST(bad_names)
{
	struct zs *s = zs_open(ZMQ_PAIR);

	EXPECT_ERRNO(EINVAL, zs_bind(s, "inproc://"));
	EXPECT_ERRNO(EINVAL, zs_connect(s, "inproc://"));
	EXPECT_ERRNO(ENOENT, zs_unbind(s, NAME));
	EXPECT_ERRNO(ENOENT, zs_disconnect(s, NAME));
	ASSERT_OK(zs_close(s));
}

TEST(last_endpoint)
{
	struct zs *a = bound(ZMQ_PAIR), *b = zs_open(ZMQ_PAIR);
	char name[ZS_ENDPOINT_MAX];
	size_t len = sizeof(name);

	ASSERT_OK(zs_get(a, ZMQ_LAST_ENDPOINT, name, &len));
	EXPECT_STREQ(NAME, name);
	ASSERT_OK(zs_connect(b, NAME));
	len = sizeof(name);
	ASSERT_OK(zs_get(b, ZMQ_LAST_ENDPOINT, name, &len));
	EXPECT_STREQ(NAME, name);
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
}

/* Unbinding frees the name and no more. */
TEST(unbind_leaves_peers)
{
	struct zs *a = bound(ZMQ_PAIR), *b = connected(ZMQ_PAIR);
	struct zs *c = zs_open(ZMQ_PAIR);

	ASSERT_NE(NULL, b);
	ASSERT_OK(put(b, "first", 0));
	EXPECT_TRUE(zs_recv_is(a, "first"));
	ASSERT_OK(zs_unbind(a, NAME));
	EXPECT_ERRNO(ENOENT, zs_unbind(a, NAME));
	EXPECT_EQ(0, zs_bind(c, NAME));
	ASSERT_OK(put(a, "second", 0));
	EXPECT_TRUE(zs_recv_is(b, "second"));
	ASSERT_OK(put(b, "third", 0));
	EXPECT_TRUE(zs_recv_is(a, "third"));
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
	ASSERT_OK(zs_close(c));
}

TEST(disconnect)
{
	struct zs *pull = bound(ZMQ_PULL), *push = connected(ZMQ_PUSH);

	ASSERT_OK(put(push, "before", ZS_DONTWAIT));
	ASSERT_OK(zs_disconnect(push, NAME));
	EXPECT_ERRNO(ENOENT, zs_disconnect(push, NAME));
	EXPECT_ERRNO(EAGAIN, zs_send_str(push, "after", ZS_DONTWAIT));
	EXPECT_TRUE(zs_recv_is(pull, "before"));
	ASSERT_OK(zs_connect(push, NAME));
	ASSERT_OK(put(push, "again", ZS_DONTWAIT));
	EXPECT_TRUE(zs_recv_is(pull, "again"));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* Two connects to one name are two pipes, for every type. */
TEST(connect_twice)
{
	struct zs *pull = bound(ZMQ_PULL), *dealer = connected(ZMQ_DEALER);

	ASSERT_OK(zs_set_int(dealer, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_connect(dealer, NAME));
	EXPECT_EQ(2 + 2 * 1000, zs_send_until_full(dealer, "x", 1, FLOOD));
	ASSERT_OK(zs_close(dealer));
	ASSERT_OK(zs_close(pull));
}

/* Who connects to itself is both ends. */
TEST(self)
{
	struct zs *s = bound(ZMQ_DEALER);

	ASSERT_OK(zs_connect(s, NAME));
	ASSERT_OK(put(s, "a", 0));
	ASSERT_OK(put(s, "b", 0));
	EXPECT_NE(NULL, zs_recv_str(s, 0));
	EXPECT_NE(NULL, zs_recv_str(s, 0));
	EXPECT_TRUE(nothing(s));
	ASSERT_OK(zs_close(s));
}

/* The name is given up first, the connection when it is asked once more. */
TEST(self_unbind)
{
	struct zs *s = bound(ZMQ_DEALER), *other = zs_open(ZMQ_DEALER);

	ASSERT_OK(zs_connect(s, NAME));
	ASSERT_OK(zs_unbind(s, NAME));
	ASSERT_OK(zs_bind(other, NAME));
	ASSERT_OK(put(s, "a", 0));
	EXPECT_TRUE(zs_recv_is(s, "a"));
	ASSERT_OK(zs_unbind(s, NAME));
	EXPECT_ERRNO(ENOENT, zs_unbind(s, NAME));
	ASSERT_OK(zs_close(s));
	ASSERT_OK(zs_close(other));
}

/* The peer that left is not there, whatever the name is bound to later. */
TEST(no_reconnect)
{
	struct zs *pull = bound(ZMQ_PULL), *push = connected(ZMQ_PUSH);

	ASSERT_OK(put(push, "x", ZS_DONTWAIT));
	ASSERT_OK(zs_close(pull));
	EXPECT_TRUE(zs_can_send(push, false));
	pull = zs_open(ZMQ_PULL);
	EXPECT_TRUE(wait_until(!zs_bind(pull, NAME)));
	EXPECT_ERRNO(EAGAIN, zs_send_str(push, "x", ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* A type that takes one peer refuses others. */
TEST(pair_is_single)
{
	struct zs *a = bound(ZMQ_PAIR), *b = connected(ZMQ_PAIR);
	struct zs *c = connected(ZMQ_PAIR);

	ASSERT_NE(NULL, c);
	ASSERT_OK(put(b, "mine", 0));
	EXPECT_TRUE(zs_recv_is(a, "mine"));
	EXPECT_TRUE(zs_can_send(c, false));
	ASSERT_OK(put(a, "yours", ZS_DONTWAIT));
	EXPECT_TRUE(zs_recv_is(b, "yours"));
	EXPECT_TRUE(nothing(c));
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
	ASSERT_OK(zs_close(c));
}

/* After connect(2) either side can send. */
TEST(bound_side_sends_at_once)
{
	struct zs *a = bound(ZMQ_PAIR), *b = connected(ZMQ_PAIR);

	ASSERT_OK(put(a, "x", ZS_DONTWAIT));
	EXPECT_TRUE(zs_recv_is(b, "x"));
	ASSERT_OK(zs_close(a));
	ASSERT_OK(zs_close(b));
}

/* Marks. */

FIXTURE(marks) {
};

FIXTURE_VARIANT(marks) {
	int snd;
	int rcv;
	int total;
	bool connects_first;
};

/* -1: the default. */
FIXTURE_VARIANT_ADD(marks, defaults) { -1, -1, 2000, false };
FIXTURE_VARIANT_ADD(marks, one_and_one) { 1, 1, 2, false };
FIXTURE_VARIANT_ADD(marks, odd) { 3, 4, 7, false };
FIXTURE_VARIANT_ADD(marks, send_unlimited) { 0, 1, FLOOD, false };
FIXTURE_VARIANT_ADD(marks, receive_unlimited) { 1, 0, FLOOD, false };
FIXTURE_VARIANT_ADD(marks, first_defaults) { -1, -1, 2000, true };
FIXTURE_VARIANT_ADD(marks, first_one_and_one) { 1, 1, 2, true };
FIXTURE_VARIANT_ADD(marks, first_odd) { 3, 4, 7, true };
FIXTURE_VARIANT_ADD(marks, first_send_unlimited) { 0, 1, FLOOD, true };

FIXTURE_SETUP(marks)
{
}

FIXTURE_TEARDOWN(marks)
{
}

/* Both ends' marks together; full, it opens when half of that is read. */
TEST_F(marks, sum)
{
	int i, half = (variant->total + 1) / 2;
	struct zs *push = zs_open(ZMQ_PUSH);
	struct zs *pull = zs_open(ZMQ_PULL);

	if (variant->snd >= 0)
		ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, variant->snd));
	if (variant->rcv >= 0)
		ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, variant->rcv));
	if (variant->connects_first) {
		ASSERT_OK(zs_connect(push, NAME));
		ASSERT_OK(zs_bind(pull, NAME));
	} else {
		ASSERT_OK(zs_bind(pull, NAME));
		ASSERT_OK(zs_connect(push, NAME));
	}
	for (i = 0; i < FLOOD && zs_send_int(push, i, ZS_DONTWAIT) >= 0; i++)
		;
	ASSERT_EQ(variant->total, i);
	if (variant->total == FLOOD)
		half = 0;
	for (i = 0; i < half; i++) {
		EXPECT_ERRNO(EAGAIN, zs_send_int(push, 0, ZS_DONTWAIT));
		ASSERT_EQ(i, zs_recv_int(pull, ZS_DONTWAIT));
	}
	EXPECT_TRUE(zs_can_send(push, true));
	ASSERT_OK(zs_send_int(push, variant->total, ZS_DONTWAIT));
	for (; i <= variant->total; i++)
		ASSERT_EQ(i, zs_recv_int(pull, ZS_DONTWAIT));
	EXPECT_TRUE(nothing(pull));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* Before anybody is bound our own mark counts alone. */
TEST(mark_while_waiting)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull;

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 5));
	ASSERT_OK(zs_connect(push, NAME));
	EXPECT_EQ(5, zs_send_until_full(push, "x", 1, FLOOD));
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 3));
	ASSERT_OK(zs_bind(pull, NAME));
	EXPECT_TRUE(zs_can_send(push, true));
	EXPECT_EQ(3, zs_send_until_full(push, "x", 1, FLOOD));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* Options of the bind count, not what they became before the connect. */
TEST(mark_of_the_bind)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_bind(pull, NAME));
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_connect(push, NAME));
	EXPECT_EQ(3, zs_send_until_full(push, "x", 1, FLOOD));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

TEST(mark_changes)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_bind(pull, NAME));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_connect(push, NAME));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 5));
	EXPECT_EQ(6, zs_send_until_full(push, "x", 1, FLOOD));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* Connect before bind. */

TEST(connect_before_bind)
{
	struct zs *push = connected(ZMQ_PUSH), *pull;

	ASSERT_NE(NULL, push);
	ASSERT_OK(put(push, "early", ZS_DONTWAIT));
	pull = bound(ZMQ_PULL);
	ASSERT_NE(NULL, pull);
	EXPECT_TRUE(zs_recv_is(pull, "early"));
	ASSERT_OK(put(push, "late", 0));
	EXPECT_TRUE(zs_recv_is(pull, "late"));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* All who wait for a name get it, in order of their connects. */
TEST(many_wait)
{
	struct zs *push[10], *pull;
	int i;

	for (i = 0; i < 10; i++) {
		push[i] = connected(ZMQ_PUSH);
		ASSERT_OK(zs_send_int(push[i], i, ZS_DONTWAIT));
	}
	pull = bound(ZMQ_PULL);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i, zs_recv_int(pull, 0));
	EXPECT_TRUE(nothing(pull));
	for (i = 0; i < 10; i++)
		ASSERT_OK(zs_close(push[i]));
	ASSERT_OK(zs_close(pull));
}

/* Who disconnects while waiting has not been there. */
TEST(wait_no_longer)
{
	struct zs *push = connected(ZMQ_PUSH), *pull;

	ASSERT_OK(zs_disconnect(push, NAME));
	EXPECT_ERRNO(EAGAIN, zs_send_str(push, "x", ZS_DONTWAIT));
	pull = bound(ZMQ_PULL);
	EXPECT_ERRNO(EAGAIN, zs_send_str(push, "x", ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
}

/* What a closed socket has sent waits for the name to be bound. */
TEST(closed_while_waiting)
{
	struct zs *push = connected(ZMQ_PUSH), *pull;

	ASSERT_OK(put(push, "1", ZS_DONTWAIT));
	ASSERT_OK(put(push, "2", ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	pull = bound(ZMQ_PULL);
	EXPECT_TRUE(zs_recv_is(pull, "1"));
	EXPECT_TRUE(zs_recv_is(pull, "2"));
	ASSERT_OK(zs_close(pull));
}

/* The end of the context is the end of waiting. */
TEST(end_while_waiting)
{
	struct zs *push = connected(ZMQ_PUSH), *dealer = connected(ZMQ_DEALER);

	ASSERT_OK(put(push, "1", ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(dealer));
	EXPECT_EQ(0, zs_finish());
}

/* Closing. */

/* What was sent before the close can still be read, LINGER or not. */
TEST(close_with_messages)
{
	struct zs *pull = bound(ZMQ_PULL), *push = connected(ZMQ_PUSH);
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_LINGER, 0));
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	ASSERT_OK(zs_close(push));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	EXPECT_TRUE(nothing(pull));
	ASSERT_OK(zs_close(pull));
}

/* Does the thread that began the process sleep? */
static bool main_sleeps(void)
{
	FILE *file = fopen("/proc/self/stat", "r");
	char state = 0;

	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

static void *close_later(void *s)
{
	/* It has nothing to wait for but room. */
	wait_until(main_sleeps());
	zs_close(s);
	return NULL;
}

/* Who waits for room is told that there will be none: it is another's turn. */
TEST(close_with_sender_waiting)
{
	struct zs *pull = zs_open(ZMQ_PULL), *other = zs_open(ZMQ_PULL);
	struct zs *push = zs_open(ZMQ_PUSH);
	pthread_t thread;

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_bind(pull, NAME));
	ASSERT_OK(zs_connect(push, NAME));
	ASSERT_EQ(2, zs_send_until_full(push, "x", 1, FLOOD));
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_later, pull));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, 300));
	EXPECT_ERRNO(EAGAIN, zs_send_str(push, "x", 0));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_OK(zs_bind(other, NAME "2"));
	ASSERT_OK(zs_connect(push, NAME "2"));
	ASSERT_OK(put(push, "y", ZS_DONTWAIT));
	EXPECT_TRUE(zs_recv_is(other, "y"));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(other));
}

/* What a peer sent before it left is received, whatever is connected later. */
TEST(left_before_connect)
{
	struct zs *push = bound(ZMQ_PUSH), *pull = connected(ZMQ_PULL);

	ASSERT_OK(put(push, "first", 0));
	ASSERT_OK(put(push, "second", 0));
	ASSERT_OK(zs_close(push));
	EXPECT_TRUE(zs_recv_is(pull, "first"));
	ASSERT_OK(zs_connect(pull, NAME "2"));
	EXPECT_TRUE(zs_recv_is(pull, "second"));
	ASSERT_OK(zs_close_now(pull));
}

TEST_HARNESS_MAIN
