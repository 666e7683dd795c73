// SPDX-License-Identifier: GPL-2.0-only
/* Looking at messages ahead of receiving them (ZMQ_AF_LOOKAHEAD). */
#include <sys/socket.h>
#include <unistd.h>
#include "frames.h"
#include "harness.h"
#include "raw.h"

struct look {
	struct zmq_af_lookahead	head;
	unsigned char		data[16384];
};

/* Tell what was taken of the last look, and look again. */
static int look_at(struct zs *s, struct look *look, int taken, int parts,
		   int max)
{
	socklen_t len = sizeof(*look);

	memset(look, 0, sizeof(*look));
	look->head.taken = taken;
	look->head.parts = parts;
	look->head.max = max;
	look->head.size_max = 1000;
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, look, &len))
		return -1;
	return len == sizeof(look->head) + look->head.bytes ?
	       (int)look->head.count : -2;
}

static bool looked(const struct look *look, const struct frames *b, size_t off,
		   size_t len)
{
	return look->head.bytes == len && !memcmp(look->data, b->p + off, len);
}

FIXTURE(lookahead) {
	struct frames_pair p;
};

FIXTURE_VARIANT(lookahead) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(lookahead, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(lookahead, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(lookahead)
{
	ASSERT_TRUE(frames_pair_open(&self->p, variant->transport));
}

FIXTURE_TEARDOWN(lookahead)
{
	frames_pair_close(&self->p);
}

/* What was looked at is there until it is told to have been taken. */
TEST_F(lookahead, stays_until_taken)
{
	struct look look;
	int i;

	EXPECT_EQ(0, look_at(self->p.pull, &look, 0, 0, 100));
	for (i = 0; i < 10; i++) {
		frames_put(&self->p.out, RAW_MORE, 'a' + i, i);
		frames_put(&self->p.out, 0, 'A' + i, 5 - i % 5);
	}
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	ASSERT_EQ(10, look_at(self->p.pull, &look, 0, 0, 100));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, self->p.out.len));
	EXPECT_EQ(0, look.head.flags);
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
	ASSERT_EQ(1, look_at(self->p.pull, &look, 0, 0, 1));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, 9));
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
	/* One by one, some at once, and a part. */
	ASSERT_EQ(2, look_at(self->p.pull, &look, 1, 0, 2));
	EXPECT_TRUE(looked(&look, &self->p.out, 9, 18));
	EXPECT_EQ(9, zs_rx_queued(self->p.pull));
	ASSERT_EQ(7, look_at(self->p.pull, &look, 2, 0, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 27, self->p.out.len - 27));
	EXPECT_EQ(7, zs_rx_queued(self->p.pull));
	EXPECT_TRUE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	ASSERT_EQ(6, look_at(self->p.pull, &look, 1, 1, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 42, self->p.out.len - 42));
	EXPECT_STREQ("E", zs_recv_msg(self->p.pull, 0));
	ASSERT_EQ(5, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_EQ(0, look_at(self->p.pull, &look, 4, 1, 0));
	EXPECT_EQ(1, zs_rx_queued(self->p.pull));
	EXPECT_TRUE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	EXPECT_STREQ("J", zs_recv_msg(self->p.pull, 0));
	EXPECT_EQ(0, look_at(self->p.pull, &look, 0, 0, 100));
	EXPECT_FALSE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv(self->p.pull, look.data, 1, ZS_DONTWAIT));
}

/* A look is out of date when something else takes messages. */
TEST_F(lookahead, out_of_date)
{
	struct look look;
	int i;

	for (i = 0; i < 20; i++)
		frames_put(&self->p.out, i % 2 ? 0 : RAW_MORE, 'a', 1);
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_EQ(1, zs_recv(self->p.pull, look.data, 1, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_LT(0, frames_recv(self->p.pull, &self->p.in, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 9, 0, 9));
	EXPECT_EQ(0, zs_rx_queued(self->p.pull));

	/* More than there was, or more than the parts before the last. */
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 10, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 9, 1, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 8, 2, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, -1, -1, 9));
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
}

/* No more than the room, the longest that is wanted, and what is single. */
TEST_F(lookahead, bounds)
{
	struct look look = {};
	socklen_t len;

	frames_put(&self->p.out, 0, 'a', 98);
	frames_put(&self->p.out, 0, 'b', 98);
	frames_put(&self->p.out, 0, 'c', 1000);
	frames_put(&self->p.out, 0, 'd', 1);
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 4));
	EXPECT_EQ(2, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, 200));
	len = sizeof(look.head) - 1;
	EXPECT_ERRNO(EINVAL, getsockopt(self->p.pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, &look, &len));
	memset(&look, 0, sizeof(look));
	look.head.max = 9;
	look.head.size_max = 1000;
	len = sizeof(look.head) + 199;
	ASSERT_OK(getsockopt(self->p.pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(1, look.head.count);
	EXPECT_EQ(100, look.head.bytes);
	EXPECT_EQ(0, look.data[100]);
	len = sizeof(look.head);
	ASSERT_OK(getsockopt(self->p.pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(0, look.head.count);
	EXPECT_ERRNO(EFAULT, getsockopt(self->p.pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, NULL, &len));
	EXPECT_EQ(4, zs_rx_queued(self->p.pull));
	EXPECT_ERRNO(EOPNOTSUPP, look_at(self->p.push, &look, 0, 0, 9));
}

/* Credit is given when messages are taken, and one is told when it is due. */
TEST(credit)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd, i;

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < 100; i++)
		ASSERT_OK(raw_send(fd, 0, "abc", 3));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 10));
	EXPECT_EQ(5, look_at(pull, &look, 0, 0, 100));
	EXPECT_EQ(ZMQ_AF_LOOKAHEAD_PROMPT, look.head.flags);
	EXPECT_EQ(1, look_at(pull, &look, 4, 0, 100));
	EXPECT_EQ(6, zs_rx_queued(pull));
	EXPECT_EQ(5, look_at(pull, &look, 1, 0, 100));
	EXPECT_EQ(10, zs_rx_queued(pull));
	ASSERT_OK(zs_close_now(pull));
	close(fd);
}

/* With several peers whose turn it is, is for plain receives. */
TEST(peers)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd[2], i;

	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "PUSH", NULL));
		ASSERT_TRUE(zs_wait_peers(pull, i + 1));
	}
	for (i = 0; i < 3; i++)
		ASSERT_OK(raw_send(fd[0], 0, "a", 1));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 3));
	EXPECT_EQ(2, look_at(pull, &look, 0, 0, 2));
	/* What is taken is what was looked at, whoever comes meanwhile. */
	ASSERT_OK(raw_send(fd[1], 0, "b", 1));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 4));
	EXPECT_EQ(0, look_at(pull, &look, 2, 0, 2));
	EXPECT_EQ(2, zs_rx_queued(pull));
	EXPECT_STREQ("b", zs_recv_msg(pull, 0));
	/* A peer that is gone has left what it sent. */
	EXPECT_EQ(1, look_at(pull, &look, 0, 0, 2));
	close(fd[0]);
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_EQ(0, look_at(pull, &look, 1, 0, 2));
	EXPECT_EQ(0, zs_rx_queued(pull));
	close(fd[1]);
	ASSERT_OK(zs_close_now(pull));
}

/* What goes with a peer that is disconnected goes from a look, too. */
TEST(disconnected)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int i;

	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(pull, endpoint));
	for (i = 0; i < 5; i++)
		ASSERT_OK(zs_send_msg(push, "x"));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 5));
	ASSERT_EQ(5, look_at(pull, &look, 0, 0, 9));
	ASSERT_OK(zs_disconnect(pull, endpoint));
	EXPECT_FALSE(zs_poll(pull, ZMQ_POLLIN, 0));
	EXPECT_ERRNO(ESTALE, look_at(pull, &look, 2, 0, 9));
	EXPECT_EQ(0, look_at(pull, &look, 0, 0, 9));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* After an unsubscription each message is judged when it is received. */
TEST(subscriber)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int i;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_subscribe(sub, "b"));
	ASSERT_TRUE(zs_join(pub, sub));
	for (i = 0; i < 6; i++)
		ASSERT_OK(zs_send_msg(pub, i % 2 ? "b" : "a"));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 6));
	/* A poll looks for one that is wanted. */
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(6, look_at(sub, &look, 0, 0, 9));
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(5, look_at(sub, &look, 1, 0, 9));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "b", 1));
	EXPECT_EQ(0, look_at(sub, &look, 1, 0, 9));
	EXPECT_EQ(4, zs_rx_queued(sub));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_FALSE(zs_poll(sub, ZMQ_POLLIN, 0));
	ASSERT_OK(zs_send_msg(pub, "a"));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 1));
	EXPECT_EQ(1, look_at(sub, &look, 0, 0, 9));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
}

/* Types that do something with each message they receive. */
TEST(types)
{
	static const int none[] = { ZMQ_REQ, ZMQ_REP, ZMQ_ROUTER, ZMQ_PUB,
				    ZMQ_XPUB, ZMQ_PUSH, ZMQ_STREAM };
	static const int some[] = { ZMQ_PAIR, ZMQ_SUB, ZMQ_XSUB, ZMQ_DEALER,
				    ZMQ_PULL };
	struct look look;
	struct zs *s;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		s = zs_open(none[i]);
		EXPECT_ERRNO(EOPNOTSUPP, look_at(s, &look, 0, 0, 9));
		ASSERT_OK(zs_close_now(s));
	}
	for (i = 0; i < sizeof(some) / sizeof(*some); i++) {
		s = zs_open(some[i]);
		EXPECT_EQ(0, look_at(s, &look, 0, 0, 9));
		ASSERT_OK(zs_close_now(s));
	}
}

TEST_HARNESS_MAIN
