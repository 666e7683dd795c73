// SPDX-License-Identifier: GPL-2.0-only
/* inproc: names, marks to the exact message, what ends when and what stays. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "zs_peer.h"

#define NAME	"inproc://name"
#define FLOOD	10000		/* messages, beyond any mark here */

/* A socket that is bound (@bind) or connected to the name. */
static struct zs *bound(int type)
{
	struct zs *s = zs_open(type);

	return s && !zs_bind(s, NAME) ? s : NULL;
}

static struct zs *connected(int type)
{
	struct zs *s = zs_open(type);

	return s && !zs_connect(s, NAME) ? s : NULL;
}

/* Send a part; 0 or -1. */
static int put(struct zs *s, const char *text, int flags)
{
	return zs_send_str(s, text, flags) < 0 ? -1 : 0;
}

static bool nothing(struct zs *s)
{
	char c;

	return zs_recv(s, &c, 1, ZS_DONTWAIT) < 0 && errno == EAGAIN;
}

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

/* Types. */

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

/* Messages. */

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

/* AF_ZMQ alone: contexts and scopes. */

static int plain(int protocol)
{
	return socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, protocol);
}

static int set(int fd, int opt, int val)
{
	return setsockopt(fd, SOL_ZMQ, opt, &val, sizeof(val));
}

static int endpoint(int fd, int opt, const char *name)
{
	return setsockopt(fd, SOL_ZMQ, opt, name, strlen(name));
}

TEST(contexts_do_not_meet)
{
	int i, ctx[2], pull[2], push[2];
	char c;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	for (i = 0; i < 2; i++) {
		ctx[i] = plain(ZMQ_AF_CONTEXT);
		pull[i] = plain(ZMQ_AF_PULL);
		push[i] = plain(ZMQ_AF_PUSH);
		ASSERT_OK(set(pull[i], ZMQ_AF_CTX, ctx[i]));
		ASSERT_OK(set(push[i], ZMQ_AF_CTX, ctx[i]));
		ASSERT_OK(endpoint(pull[i], ZMQ_AF_BIND, NAME));
		ASSERT_OK(endpoint(push[i], ZMQ_AF_CONNECT, NAME));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, send(push[i], i ? "b" : "a", 1, MSG_DONTWAIT));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, recv(pull[i], &c, 1, MSG_DONTWAIT));
		EXPECT_EQ(i ? 'b' : 'a', c);
		EXPECT_ERRNO(EAGAIN, recv(pull[i], &c, 1, MSG_DONTWAIT));
		close(push[i]);
		close(pull[i]);
		close(ctx[i]);
	}
}

TEST(no_scope)
{
	int fd;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	fd = plain(ZMQ_AF_PAIR);
	EXPECT_ERRNO(ENXIO, endpoint(fd, ZMQ_AF_BIND, NAME));
	EXPECT_ERRNO(ENXIO, endpoint(fd, ZMQ_AF_CONNECT, NAME));
	EXPECT_ERRNO(EINVAL, set(fd, ZMQ_AF_INPROC_SCOPE, 2));
	close(fd);
}

static int in_user_scope(int protocol)
{
	int fd = plain(protocol);

	return set(fd, ZMQ_AF_INPROC_SCOPE, ZMQ_AF_INPROC_USER) ? -1 : fd;
}

/* Processes of one user meet; those of another do not. */
TEST(user_scope)
{
	int pull, fd, status;
	char c;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	pull = in_user_scope(ZMQ_AF_PULL);
	ASSERT_LE(0, pull);
	ASSERT_OK(endpoint(pull, ZMQ_AF_BIND, NAME));
	if (!fork()) {
		fd = in_user_scope(ZMQ_AF_PUSH);
		if (endpoint(fd, ZMQ_AF_CONNECT, NAME) ||
		    send(fd, "x", 1, MSG_DONTWAIT) != 1)
			_exit(1);
		if (seteuid(12345))
			_exit(2);
		fd = in_user_scope(ZMQ_AF_PULL);
		_exit(endpoint(fd, ZMQ_AF_BIND, NAME) ? 3 : 0);
	}
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, recv(pull, &c, 1, 0));
	EXPECT_EQ('x', c);
	fd = in_user_scope(ZMQ_AF_PULL);
	EXPECT_ERRNO(EADDRINUSE, endpoint(fd, ZMQ_AF_BIND, NAME));
	close(fd);
	close(pull);
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
