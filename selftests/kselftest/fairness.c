// SPDX-License-Identifier: GPL-2.0-only
/* Fair queueing and load balancing, counted. */
#include <stdio.h>
#include "harness.h"
#include "raw.h"

#define PEERS	3
#define EACH	20		/* messages */

/* How many messages wait to be received; libzmq does not tell. */
static bool all_arrived(struct zs *s, int msgs)
{
	struct zmq_af_stats stats = {};

	if (!zs_is_kernel())
		return true;
	return wait_until(!zs_stats(s, &stats) &&
			  stats.rx_queued_msgs == (__u64)msgs);
}

/*
 * Connect @n raw peers that have each sent EACH messages, with the number of
 * the peer, before the socket is looked at.
 */
static int raw_senders(struct zs *s, const char *type, int *fd, int n)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int i, j;

	if (zs_bind_any(s, ZS_TCP, endpoint))
		return -1;
	for (i = 0; i < n; i++) {
		fd[i] = raw_connect(endpoint, 0);
		if (fd[i] < 0 || raw_greet(fd[i], type, NULL) ||
		    !zs_wait_peers(s, i + 1))
			return -1;
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < EACH; j++)
			if (raw_send(fd[i], 0, &i, sizeof(i)))
				return -1;
	for (i = 0; i < n; i++)
		if (!wait_until(!raw_unsent(fd[i])))
			return -1;
	return all_arrived(s, n * EACH) ? 0 : -1;
}

FIXTURE(fq) {
	int fd[PEERS];
	struct zs *s;
};

FIXTURE_VARIANT(fq) {
	int type;
	const char *peer;
};

FIXTURE_VARIANT_ADD(fq, pull) { .type = ZMQ_PULL, .peer = "PUSH" };
FIXTURE_VARIANT_ADD(fq, sub) { .type = ZMQ_SUB, .peer = "PUB" };
FIXTURE_VARIANT_ADD(fq, dealer) { .type = ZMQ_DEALER, .peer = "DEALER" };

FIXTURE_SETUP(fq)
{
	self->s = zs_open(variant->type);
	ASSERT_NE(NULL, self->s);
	if (variant->type == ZMQ_SUB)
		ASSERT_OK(zs_subscribe(self->s, ""));
}

FIXTURE_TEARDOWN(fq)
{
	int i;

	zs_close_now(self->s);
	for (i = 0; i < PEERS; i++)
		close(self->fd[i]);
}

/* Peers that all have messages take turns. */
TEST_F(fq, takes_turns)
{
	int i, peer, order[PEERS];

	if (!zs_is_kernel())
		SKIP(return, "cannot know what has arrived");
	ASSERT_OK(raw_senders(self->s, variant->peer, self->fd, PEERS));
	for (i = 0; i < PEERS * EACH; i++) {
		peer = zs_recv_int(self->s, 0);
		ASSERT_LE(0, peer);
		if (i < PEERS)
			order[i] = peer;
		ASSERT_EQ(order[i % PEERS], peer);
	}
	EXPECT_EQ(PEERS * (PEERS - 1) / 2, order[0] + order[1] + order[2]);
	EXPECT_NE(order[0], order[1]);
}

/* None is left out, and nothing is lost or repeated. */
TEST_F(fq, serves_all)
{
	int i, peer, got[PEERS] = {};

	ASSERT_OK(raw_senders(self->s, variant->peer, self->fd, PEERS));
	for (i = 0; i < PEERS * EACH; i++) {
		peer = zs_recv_int(self->s, 0);
		ASSERT_LE(0, peer);
		ASSERT_GT(PEERS, peer);
		got[peer]++;
	}
	for (i = 0; i < PEERS; i++)
		EXPECT_EQ(EACH, got[i]);
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->s, ZS_DONTWAIT));
}

/* A flood of one peer does not keep another's message back. */
TEST(fq_flood)
{
	int i, got, fd[2], marker = 1 << 20;
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "PUSH", NULL));
	}
	for (i = 0; i < 500; i++)
		ASSERT_OK(raw_send(fd[0], 0, &i, sizeof(i)));
	ASSERT_OK(raw_send(fd[1], 0, &marker, sizeof(marker)));
	ASSERT_TRUE(all_arrived(pull, 501));
	for (i = 0; i < 2; i++) {
		got = zs_recv_int(pull, 0);
		if (got == marker)
			break;
	}
	EXPECT_EQ(marker, got);
	zs_close_now(pull);
}

/* Parts of one message are never mixed with another's. */
TEST_F(fq, messages_stay_whole)
{
	int i, j, first, fd[PEERS], got[PEERS] = {};
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_bind_any(self->s, ZS_TCP, endpoint));
	for (i = 0; i < PEERS; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], variant->peer, NULL));
	}
	/* Part after part, all peers at once. */
	for (j = 0; j < EACH; j++)
		for (i = 0; i < PEERS; i++)
			ASSERT_OK(raw_send(fd[i], j % 4 == 3 ? 0 : RAW_MORE,
					   &i, sizeof(i)));
	for (i = 0; i < PEERS * EACH / 4; i++) {
		first = zs_recv_int(self->s, 0);
		ASSERT_LE(0, first);
		ASSERT_GT(PEERS, first);
		got[first]++;
		for (j = 1; j < 4; j++) {
			ASSERT_TRUE(self->s->more);
			/* The rest is there: this cannot block. */
			ASSERT_EQ(first, zs_recv_int(self->s, ZS_DONTWAIT));
		}
		ASSERT_FALSE(self->s->more);
	}
	for (i = 0; i < PEERS; i++) {
		EXPECT_EQ(EACH / 4, got[i]);
		close(fd[i]);
	}
}

FIXTURE(lb) {
	struct zs *from;
	struct zs *to[PEERS];
};

FIXTURE_VARIANT(lb) {
	int from;
	int to;
	bool connects;		/* the balancing side */
};

FIXTURE_VARIANT_ADD(lb, push_binds) {
	.from = ZMQ_PUSH, .to = ZMQ_PULL, .connects = false };
FIXTURE_VARIANT_ADD(lb, push_connects) {
	.from = ZMQ_PUSH, .to = ZMQ_PULL, .connects = true };
FIXTURE_VARIANT_ADD(lb, dealer_binds) {
	.from = ZMQ_DEALER, .to = ZMQ_DEALER, .connects = false };
FIXTURE_VARIANT_ADD(lb, dealer_connects) {
	.from = ZMQ_DEALER, .to = ZMQ_DEALER, .connects = true };

FIXTURE_SETUP(lb)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	self->from = zs_open(variant->from);
	if (!variant->connects)
		ASSERT_OK(zs_bind_any(self->from, ZS_TCP, endpoint));
	for (i = 0; i < PEERS; i++) {
		self->to[i] = zs_open(variant->to);
		if (variant->connects) {
			ASSERT_OK(zs_bind_any(self->to[i], ZS_TCP, endpoint));
			ASSERT_OK(zs_connect(self->from, endpoint));
			ASSERT_TRUE(zs_wait_peers(self->to[i], 1));
		} else {
			ASSERT_OK(zs_connect(self->to[i], endpoint));
			ASSERT_TRUE(zs_wait_peers(self->from, i + 1));
		}
	}
}

FIXTURE_TEARDOWN(lb)
{
	int i;

	zs_close_now(self->from);
	for (i = 0; i < PEERS; i++)
		zs_close_now(self->to[i]);
}

/* Each peer gets the same number, in turn. */
TEST_F(lb, in_turn)
{
	int i, j, first[PEERS], seen = 0;

	for (i = 0; i < PEERS * EACH; i++)
		ASSERT_OK(zs_send_int(self->from, i, ZS_DONTWAIT));
	for (i = 0; i < PEERS; i++) {
		first[i] = zs_recv_int(self->to[i], 0);
		ASSERT_LE(0, first[i]);
		ASSERT_GT(PEERS, first[i]);
		seen |= 1 << first[i];
		for (j = 1; j < EACH; j++)
			ASSERT_EQ(first[i] + j * PEERS,
				  zs_recv_int(self->to[i], 0));
	}
	EXPECT_EQ((1 << PEERS) - 1, seen);
}

/* All parts of a message go to one peer. */
TEST_F(lb, whole_messages)
{
	char text[32], *msg;
	int i, j;

	for (i = 0; i < PEERS * EACH; i++) {
		sprintf(text, "%d|%d|%d", i, i, i);
		ASSERT_OK(zs_send_msg(self->from, text));
	}
	for (i = 0; i < PEERS; i++)
		for (j = 0; j < EACH; j++) {
			msg = zs_recv_msg(self->to[i], 0);
			ASSERT_NE(NULL, msg);
			sprintf(text, "%d|%d|%d", atoi(msg), atoi(msg),
				atoi(msg));
			EXPECT_STREQ(text, msg);
		}
}

/* A full queue is left out; the others go on in turn. */
TEST(lb_full_queue)
{
	int i, total = 0, port, got[2] = {};
	struct zs *push = zs_open(ZMQ_PUSH), *pull[2];
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 5));
	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 2; i++) {
		pull[i] = zs_open(ZMQ_PULL);
		ASSERT_OK(zs_bind_any(pull[i], ZS_TCP, endpoint));
		ASSERT_OK(zs_connect(push, endpoint));
		ASSERT_TRUE(zs_wait_peers(pull[i], 1));
	}
	for (i = 0; i < 105; i++) {
		ASSERT_TRUE(zs_can_send(push, true));
		ASSERT_OK(zs_send_int(push, i, ZS_DONTWAIT));
	}
	/* 5 wait for the one that is not there. */
	while (total < 100) {
		ASSERT_TRUE(wait_until(zs_poll(pull[0], ZMQ_POLLIN, 0) ||
				       zs_poll(pull[1], ZMQ_POLLIN, 0)));
		for (i = 0; i < 2; i++)
			while (zs_recv_int(pull[i], ZS_DONTWAIT) >= 0) {
				got[i]++;
				total++;
			}
	}
	EXPECT_EQ(100, got[0] + got[1]);
	/* Before the first was full they had five each, in turn. */
	EXPECT_LE(5, got[0]);
	EXPECT_LE(5, got[1]);
	zs_close_now(push);
	zs_close_now(pull[0]);
	zs_close_now(pull[1]);
	close(port);
}

/* Which of the servers has a request? */
static int who_can(struct zs *const *rep)
{
	int i;

	for (i = 0; i < PEERS; i++)
		if (zs_poll(rep[i], ZMQ_POLLIN, 0))
			return i;
	return -1;
}

/* A request to each server in turn. */
TEST(lb_req)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep[PEERS];
	char endpoint[ZS_ENDPOINT_MAX];
	int i, got[PEERS] = {};

	for (i = 0; i < PEERS; i++) {
		rep[i] = zs_open(ZMQ_REP);
		ASSERT_OK(zs_bind_any(rep[i], ZS_TCP, endpoint));
		ASSERT_OK(zs_connect(req, endpoint));
		ASSERT_TRUE(zs_wait_peers(rep[i], 1));
	}
	for (i = 0; i < PEERS * 4; i++) {
		int server;

		ASSERT_OK(zs_send_int(req, i, 0));
		ASSERT_TRUE(wait_until((server = who_can(rep)) >= 0));
		ASSERT_EQ(i, zs_recv_int(rep[server], 0));
		got[server]++;
		ASSERT_OK(zs_send_int(rep[server], server, 0));
		ASSERT_EQ(server, zs_recv_int(req, 0));
	}
	for (i = 0; i < PEERS; i++) {
		EXPECT_EQ(4, got[i]);
		zs_close_now(rep[i]);
	}
	zs_close_now(req);
}

TEST_HARNESS_MAIN
