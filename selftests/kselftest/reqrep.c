// SPDX-License-Identifier: GPL-2.0-only
/* Requests, replies and routing. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#define SAY(s, msg)	ASSERT_OK(zs_send_msg(s, msg))
#define HEAR(s, msg)	ASSERT_TRUE(zs_recv_is(s, msg))

static bool readable(struct zs *s)
{
	return zs_poll(s, ZMQ_POLLIN, 0);
}

static bool writable(struct zs *s)
{
	return zs_poll(s, ZMQ_POLLOUT, 0);
}

/* A REQ sends and receives in turn, a REP receives and sends. */
TEST(strict_turns)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	int i;

	EXPECT_ERRNO(EBADFD, zs_recv_int(req, ZS_DONTWAIT));
	EXPECT_ERRNO(EBADFD, zs_send_int(rep, 1, ZS_DONTWAIT));
	ASSERT_OK(zs_pair(rep, req, ZS_TCP, NULL));
	for (i = 0; i < 3; i++) {
		EXPECT_ERRNO(EBADFD, zs_recv_int(req, ZS_DONTWAIT));
		EXPECT_ERRNO(EBADFD, zs_send_int(rep, 1, ZS_DONTWAIT));
		EXPECT_ERRNO(EAGAIN, zs_recv_int(rep, ZS_DONTWAIT));
		SAY(req, "one|two");
		EXPECT_ERRNO(EBADFD, zs_send_int(req, 1, ZS_DONTWAIT));
		EXPECT_ERRNO(EAGAIN, zs_recv_int(req, ZS_DONTWAIT));
		HEAR(rep, "one|two");
		EXPECT_ERRNO(EBADFD, zs_recv_int(rep, ZS_DONTWAIT));
		EXPECT_ERRNO(EBADFD, zs_send_int(req, 1, ZS_DONTWAIT));
		SAY(rep, "three|four");
		EXPECT_ERRNO(EBADFD, zs_send_int(rep, 1, ZS_DONTWAIT));
		HEAR(req, "three|four");
	}
	zs_close_now(req);
	zs_close_now(rep);
}

/* It is whole messages that take turns, not parts. */
TEST(turns_of_messages)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, NULL));
	ASSERT_OK(zs_send_int(req, 1, ZS_MORE));
	EXPECT_ERRNO(EBADFD, zs_recv_int(req, ZS_DONTWAIT));
	ASSERT_OK(zs_send_int(req, 2, 0));
	ASSERT_EQ(1, zs_recv_int(rep, 0));
	EXPECT_ERRNO(EBADFD, zs_send_int(rep, 1, ZS_DONTWAIT));
	ASSERT_EQ(2, zs_recv_int(rep, 0));
	ASSERT_OK(zs_send_int(rep, 3, ZS_MORE));
	EXPECT_ERRNO(EBADFD, zs_recv_int(rep, ZS_DONTWAIT));
	ASSERT_OK(zs_send_int(rep, 4, 0));
	ASSERT_EQ(3, zs_recv_int(req, 0));
	EXPECT_ERRNO(EBADFD, zs_send_int(req, 1, ZS_DONTWAIT));
	ASSERT_EQ(4, zs_recv_int(req, 0));
	SAY(req, "again");
	HEAR(rep, "again");
	zs_close_now(req);
	zs_close_now(rep);
}

/* Polling tells whose turn it is. */
TEST(events)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);

	EXPECT_FALSE(writable(req));
	EXPECT_FALSE(writable(rep));
	ASSERT_OK(zs_pair(rep, req, ZS_TCP, NULL));
	EXPECT_TRUE(writable(req));
	EXPECT_FALSE(readable(req));
	EXPECT_FALSE(writable(rep));
	EXPECT_FALSE(readable(rep));
	SAY(req, "request");
	EXPECT_FALSE(writable(req));
	ASSERT_EQ(ZMQ_POLLIN, zs_poll(rep, ZMQ_POLLIN, WAIT_LIMIT));
	EXPECT_FALSE(writable(rep));
	HEAR(rep, "request");
	EXPECT_TRUE(writable(rep));
	EXPECT_FALSE(readable(rep));
	SAY(rep, "reply");
	EXPECT_FALSE(writable(rep));
	ASSERT_EQ(ZMQ_POLLIN, zs_poll(req, ZMQ_POLLIN, WAIT_LIMIT));
	EXPECT_FALSE(writable(req));
	HEAR(req, "reply");
	EXPECT_TRUE(writable(req));
	EXPECT_FALSE(readable(req));
	zs_close_now(req);
	zs_close_now(rep);
}

/* Two clients: each gets its own reply, in whichever order they are served. */
TEST(reply_to_whom)
{
	struct zs *rep = zs_open(ZMQ_REP), *req[2];
	char endpoint[ZS_ENDPOINT_MAX], text[16];
	int i, j, who;

	ASSERT_OK(zs_bind_any(rep, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		req[i] = zs_open(ZMQ_REQ);
		ASSERT_OK(zs_connect(req[i], endpoint));
	}
	for (j = 0; j < 20; j++) {
		for (i = 0; i < 2; i++)
			ASSERT_OK(zs_send_int(req[i], i, 0));
		for (i = 0; i < 2; i++) {
			who = zs_recv_int(rep, 0);
			ASSERT_LE(0, who);
			ASSERT_OK(zs_send_int(rep, 100 + who, 0));
		}
		for (i = 0; i < 2; i++)
			ASSERT_EQ(100 + i, zs_recv_int(req[i], 0));
	}
	sprintf(text, "%d", j);
	for (i = 0; i < 2; i++)
		zs_close_now(req[i]);
	zs_close_now(rep);
}

/* The parts before the empty one go back with the reply. */
TEST(envelope)
{
	struct zs *dealer = zs_open(ZMQ_DEALER), *rep = zs_open(ZMQ_REP);

	ASSERT_OK(zs_pair(rep, dealer, ZS_TCP, NULL));
	SAY(dealer, "|plain");
	HEAR(rep, "plain");
	SAY(rep, "reply");
	HEAR(dealer, "|reply");
	SAY(dealer, "first hop|second|third||body|more");
	HEAR(rep, "body|more");
	SAY(rep, "answer");
	HEAR(dealer, "first hop|second|third||answer");
	/* Without an empty part it is no request. */
	SAY(dealer, "no delimiter|at all");
	SAY(dealer, "id||end|");
	HEAR(rep, "end|");
	SAY(rep, "|");
	HEAR(dealer, "id|||");
	zs_close_now(dealer);
	zs_close_now(rep);
}

/* Requests through two routers and back. */
TEST(two_hops)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	struct zs *front = zs_open(ZMQ_ROUTER), *back = zs_open(ZMQ_DEALER);
	struct zs *front2 = zs_open(ZMQ_ROUTER), *back2 = zs_open(ZMQ_DEALER);
	struct zs *way[] = { front, back, front2, back2 };
	static char part[256];
	ssize_t len;
	int i, from;

	ASSERT_OK(zs_pair(front, req, ZS_TCP, NULL));
	ASSERT_OK(zs_pair(front2, back, ZS_IPC, NULL));
	ASSERT_OK(zs_pair(rep, back2, ZS_TCP, NULL));
	SAY(req, "there|and");
	/* There through 0 to 1, 2 to 3, and back through 3 to 2, 1 to 0. */
	for (i = 0; i < 4; i++) {
		from = i < 2 ? 2 * i : 7 - 2 * i;
		if (i == 2) {
			HEAR(rep, "there|and");
			SAY(rep, "back|again");
		}
		do {
			len = zs_recv(way[from], part, sizeof(part), 0);
			ASSERT_LE(0, len);
			ASSERT_EQ(len, zs_send(way[from ^ 1], part, len,
					       way[from]->more ? ZS_MORE : 0));
		} while (way[from]->more);
	}
	HEAR(req, "back|again");
	for (i = 0; i < 4; i++)
		zs_close_now(way[i]);
	zs_close_now(req);
	zs_close_now(rep);
}

/* Replying to a client that has gone is no error. */
TEST(client_gone)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	struct zs *other = zs_open(ZMQ_REQ);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, endpoint));
	SAY(req, "request");
	HEAR(rep, "request");
	zs_close_now(req);
	ASSERT_TRUE(zs_wait_peers(rep, 0));
	SAY(rep, "nobody|hears");
	ASSERT_OK(zs_connect(other, endpoint));
	SAY(other, "next");
	HEAR(rep, "next");
	SAY(rep, "served");
	HEAR(other, "served");
	zs_close_now(other);
	zs_close_now(rep);
}

/* Only a reply that carries the number of the request is accepted. */
TEST(correlate)
{
	struct zs *req = zs_open(ZMQ_REQ), *router = zs_open(ZMQ_ROUTER);
	char id[256], number[4], wrong[4], text[64];
	ssize_t len;

	ASSERT_OK(zs_set_int(req, ZMQ_REQ_CORRELATE, 1));
	ASSERT_OK(zs_pair(router, req, ZS_TCP, NULL));
	SAY(req, "request");
	len = zs_recv(router, id, sizeof(id), 0);
	ASSERT_EQ(5, len);
	ASSERT_EQ(4, zs_recv(router, number, sizeof(number), 0));
	ASSERT_EQ(0, zs_recv(router, text, sizeof(text), 0));
	ASSERT_TRUE(zs_recv_is(router, "request"));

#define REPLY(num, body)						\
	do {								\
		ASSERT_EQ(len, zs_send(router, id, len, ZS_MORE));	\
		ASSERT_EQ(4, zs_send(router, num, 4, ZS_MORE));		\
		ASSERT_EQ(0, zs_send(router, "", 0, ZS_MORE));		\
		ASSERT_OK(zs_send_msg(router, body));			\
	} while (0)

	memcpy(wrong, number, 4);
	wrong[0] ^= 1;
	REPLY(wrong, "not|this");
	REPLY(number, "but|this");
	HEAR(req, "but|this");
	/* The next request has the next number. */
	SAY(req, "request 2");
	ASSERT_EQ(len, zs_recv(router, id, sizeof(id), 0));
	ASSERT_EQ(4, zs_recv(router, wrong, sizeof(wrong), 0));
	EXPECT_NE(0, memcmp(wrong, number, 4));
	ASSERT_EQ(0, zs_recv(router, text, sizeof(text), 0));
	HEAR(router, "request 2");
	/* A late reply to the first is skipped. */
	REPLY(number, "late");
	REPLY(wrong, "in time");
	HEAR(req, "in time");
	zs_close_now(req);
	zs_close_now(router);
}

/* A relaxed REQ may give up waiting and ask again. */
TEST(relaxed)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_set_int(req, ZMQ_REQ_RELAXED, 1));
	ASSERT_OK(zs_set_int(req, ZMQ_REQ_CORRELATE, 1));
	ASSERT_OK(zs_pair(rep, req, ZS_TCP, endpoint));
	SAY(req, "first");
	EXPECT_TRUE(writable(req));
	SAY(req, "second");
	HEAR(rep, "first");
	SAY(rep, "to the first");
	HEAR(rep, "second");
	SAY(rep, "to the second");
	HEAR(req, "to the second");
	EXPECT_ERRNO(EBADFD, zs_recv_int(req, ZS_DONTWAIT));
	zs_close_now(req);
	zs_close_now(rep);
}

/* What is no reply closes the connection; the request can be repeated. */
TEST(req_checks_the_wire)
{
	struct zs *req = zs_open(ZMQ_REQ);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, flags, listener;
	char buf[64];

	listener = raw_listen(endpoint);
	ASSERT_OK(zs_connect(req, endpoint));
	SAY(req, "request");
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "REP", NULL));
	ASSERT_EQ(0, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_MORE, flags);
	ASSERT_EQ(7, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, flags);
	EXPECT_EQ(0, memcmp(buf, "request", 7));
	ASSERT_OK(raw_send(fd, 0, "no delimiter", 12));
	EXPECT_EQ(0, raw_gone(fd));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(req, ZS_DONTWAIT));
	close(fd);
	close(listener);
	zs_close_now(req);
}

/* A peer without a name gets one: a zero octet and four others. */
TEST(auto_id)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer[3];
	char endpoint[ZS_ENDPOINT_MAX], id[3][256];
	int i, who;

	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		dealer[i] = zs_open(ZMQ_DEALER);
		ASSERT_OK(zs_connect(dealer[i], endpoint));
		ASSERT_OK(zs_send_int(dealer[i], i, 0));
		ASSERT_EQ(5, zs_recv(router, id[i], sizeof(id[i]), 0));
		ASSERT_TRUE(router->more);
		EXPECT_EQ(0, id[i][0]);
		ASSERT_EQ(i, zs_recv_int(router, 0));
	}
	EXPECT_NE(0, memcmp(id[0], id[1], 5));
	EXPECT_NE(0, memcmp(id[1], id[2], 5));
	for (i = 2; i >= 0; i--) {
		ASSERT_EQ(5, zs_send(router, id[i], 5, ZS_MORE));
		ASSERT_OK(zs_send_int(router, 10 + i, 0));
	}
	for (i = 0; i < 3; i++) {
		who = zs_recv_int(dealer[i], 0);
		EXPECT_EQ(10 + i, who);
		zs_close_now(dealer[i]);
	}
	zs_close_now(router);
}

/* A message to nobody vanishes; with ZMQ_ROUTER_MANDATORY it is an error. */
TEST(router_unknown_peer)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "D", 1));
	SAY(router, "nobody|lost|all of it");
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, NULL));
	SAY(router, "nobody|lost");
	EXPECT_TRUE(writable(router));
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_str(router, "nobody", ZS_MORE));
	/* That leaves no half message behind. */
	ASSERT_TRUE(wait_until(zs_send_msg(router, "D|heard") == 0));
	HEAR(dealer, "heard");
	/* A peer that has gone is unknown again. */
	zs_close_now(dealer);
	EXPECT_TRUE(wait_until(zs_send_str(router, "D", ZS_MORE) == -1 ||
			       zs_send_str(router, "", 0) == -1));
	EXPECT_EQ(EHOSTUNREACH, errno);
	zs_close_now(router);
}

/* An id alone is no message. */
TEST(router_id_alone)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "D", 1));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, NULL));
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_TRUE(wait_until(zs_send_msg(router, "D|1") == 0));
	SAY(router, "D");
	SAY(router, "D|");
	SAY(router, "D|2");
	HEAR(dealer, "1");
	HEAR(dealer, "");
	HEAR(dealer, "2");
	zs_close_now(dealer);
	zs_close_now(router);
}

/* A second peer with a name in use is not heard ... */
TEST(router_duplicate)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *first = zs_open(ZMQ_DEALER);
	struct zs *second = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_set(first, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_set(second, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_pair(router, first, ZS_TCP, endpoint));
	SAY(first, "first");
	HEAR(router, "X|first");
	ASSERT_OK(zs_connect(second, endpoint));
	SAY(second, "second");
	for (i = 0; i < 20; i++) {
		ASSERT_OK(zs_send_msg(router, "X|to the first"));
		HEAR(first, "to the first");
		SAY(first, "still here");
		HEAR(router, "X|still here");
	}
	EXPECT_ERRNO(EAGAIN, zs_recv_int(second, ZS_DONTWAIT));
	zs_close_now(first);
	zs_close_now(second);
	zs_close_now(router);
}

/* ... but with ZMQ_ROUTER_HANDOVER it takes the name over. */
TEST(router_handover)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *first = zs_open(ZMQ_DEALER);
	struct zs *second = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_HANDOVER, 1));
	ASSERT_OK(zs_set(first, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_set(second, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_pair(router, first, ZS_TCP, endpoint));
	SAY(first, "first");
	HEAR(router, "X|first");
	ASSERT_OK(zs_connect(second, endpoint));
	SAY(second, "second");
	HEAR(router, "X|second");
	SAY(router, "X|to the second");
	HEAR(second, "to the second");
	EXPECT_ERRNO(EAGAIN, zs_recv_int(first, ZS_DONTWAIT));
	zs_close_now(first);
	zs_close_now(second);
	zs_close_now(router);
}

/* ZMQ_PROBE_ROUTER makes a peer known by an empty message. */
FIXTURE(probe) {
	struct zs *router;
	struct zs *prober;
};

FIXTURE_VARIANT(probe) {
	int type;
};

FIXTURE_VARIANT_ADD(probe, dealer) { .type = ZMQ_DEALER };
FIXTURE_VARIANT_ADD(probe, router) { .type = ZMQ_ROUTER };
FIXTURE_VARIANT_ADD(probe, req) { .type = ZMQ_REQ };

FIXTURE_SETUP(probe)
{
	self->router = zs_open(ZMQ_ROUTER);
	self->prober = zs_open(variant->type);
	ASSERT_OK(zs_set(self->router, ZMQ_ROUTING_ID, "R", 1));
	ASSERT_OK(zs_set(self->prober, ZMQ_ROUTING_ID, "P", 1));
	ASSERT_OK(zs_set_int(self->prober, ZMQ_PROBE_ROUTER, 1));
	ASSERT_OK(zs_pair(self->router, self->prober, ZS_TCP, NULL));
}

FIXTURE_TEARDOWN(probe)
{
	zs_close_now(self->router);
	zs_close_now(self->prober);
}

TEST_F(probe, announces)
{
	HEAR(self->router, "P|");
	if (variant->type == ZMQ_REQ) {
		SAY(self->prober, "request");
		HEAR(self->router, "P||request");
		SAY(self->router, "P||reply");
		HEAR(self->prober, "reply");
		return;
	}
	SAY(self->router, "P|Hello");
	HEAR(self->prober, variant->type == ZMQ_ROUTER ? "R|Hello" : "Hello");
}

/* Routing ids of any length, and any bytes. */
TEST(long_ids)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	static const int lens[] = { 1, 5, 30, 254, 255 };
	char endpoint[ZS_ENDPOINT_MAX];
	char id[256], got[256];
	size_t i;

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct zs *dealer = zs_open(ZMQ_DEALER);

		memset(id, 'a' + i, sizeof(id));
		id[lens[i] / 2] = lens[i] > 1 ? 0 : 'x';
		ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, id, lens[i]));
		ASSERT_OK(zs_connect(dealer, endpoint));
		SAY(dealer, "Hello");
		ASSERT_EQ(lens[i], zs_recv(router, got, sizeof(got), 0));
		ASSERT_EQ(0, memcmp(id, got, lens[i]));
		HEAR(router, "Hello");
		ASSERT_EQ(lens[i], zs_send(router, id, lens[i], ZS_MORE));
		SAY(router, "World");
		HEAR(dealer, "World");
		zs_close_now(dealer);
	}
	zs_close_now(router);
}

/* A REQ sent while nobody is there waits for a server. */
TEST(request_before_server)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	char endpoint[ZS_ENDPOINT_MAX];
	int port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_connect(req, endpoint));
	SAY(req, "early");
	ASSERT_OK(zs_bind(rep, endpoint));
	HEAR(rep, "early");
	SAY(rep, "late");
	HEAR(req, "late");
	zs_close_now(req);
	zs_close_now(rep);
	close(port);
}

TEST_HARNESS_MAIN
