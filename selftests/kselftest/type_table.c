// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table that the manual, zmq_socket(3), has for each type: compatible
 * peers, direction, pattern, routing of what comes and of what goes, action in
 * mute state; and of how many parts a message may be.
 *
 * The real library on Debian has no drafts: their rows are what the manual of
 * 4.3.5 says.  Of DGRAM, which knows udp:// only, udp.c tells the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "harness.h"
#include "raw.h"
#include "zs_peer.h"

#define DGRAM	18
#define MATES	3

/* Send/receive pattern. */
enum turns {
	FREE,
	ASKS,		/* send, receive, send, ... */
	ANSWERS,	/* receive, send, receive, ... */
};

/* Routing of what comes and of what goes. */
enum routing {
	NOWAY,		/* in this direction there is nothing */
	SINGLE,		/* there is one peer */
	FAIR,		/* fair-queued; round-robin */
	LAST,		/* of, or to, the last peer */
	ALL,		/* fan out */
	NAMED,		/* to whom the message says */
	TOPICS,		/* subscriptions alone, from or to all */
};

/* When it cannot be sent. */
enum mute {
	NEVER,
	BLOCK,
	DROP,
	FAIL,		/* EHOSTUNREACH without such a peer, else as BLOCK */
};

FIXTURE(type) {
	struct zs *s;
	struct zs *mate[MATES];
	uint32_t number[MATES];	/* by which the socket knows them */
	uint32_t back[MATES];	/* by which they know the socket */
};

/**
 * struct type - a table of the manual
 * @type: its number
 * @peers: names of compatible peers, between spaces
 * @mate: a compatible type to try it with
 * @turns: send/receive pattern
 * @in: incoming routing strategy
 * @out: outgoing routing strategy
 * @mute: action in mute state
 * @parts: of a message, at most; 0: any number
 */
FIXTURE_VARIANT(type) {
	int type;
	const char *peers;
	int mate;
	enum turns turns;
	enum routing in;
	enum routing out;
	enum mute mute;
	int parts;
};

FIXTURE_VARIANT_ADD(type, pair) {
	.type = ZMQ_PAIR, .peers = " PAIR ", .mate = ZMQ_PAIR,
	.in = SINGLE, .out = SINGLE, .mute = BLOCK,
};

FIXTURE_VARIANT_ADD(type, pub) {
	.type = ZMQ_PUB, .peers = " SUB XSUB ", .mate = ZMQ_SUB,
	.in = NOWAY, .out = ALL, .mute = DROP,
};

FIXTURE_VARIANT_ADD(type, sub) {
	.type = ZMQ_SUB, .peers = " PUB XPUB ", .mate = ZMQ_PUB,
	.in = FAIR, .out = NOWAY, .mute = NEVER,
};

FIXTURE_VARIANT_ADD(type, req) {
	.type = ZMQ_REQ, .peers = " REP ROUTER ", .mate = ZMQ_ROUTER, .turns = ASKS,
	.in = LAST, .out = FAIR, .mute = BLOCK,
};

FIXTURE_VARIANT_ADD(type, rep) {
	.type = ZMQ_REP, .peers = " REQ DEALER ", .mate = ZMQ_DEALER, .turns = ANSWERS,
	.in = FAIR, .out = LAST, .mute = DROP,
};

FIXTURE_VARIANT_ADD(type, dealer) {
	.type = ZMQ_DEALER, .peers = " REP DEALER ROUTER ", .mate = ZMQ_DEALER,
	.in = FAIR, .out = FAIR, .mute = BLOCK,
};

FIXTURE_VARIANT_ADD(type, router) {
	.type = ZMQ_ROUTER, .peers = " REQ DEALER ROUTER ", .mate = ZMQ_DEALER,
	.in = FAIR, .out = NAMED, .mute = DROP,
};

FIXTURE_VARIANT_ADD(type, pull) {
	.type = ZMQ_PULL, .peers = " PUSH ", .mate = ZMQ_PUSH,
	.in = FAIR, .out = NOWAY, .mute = NEVER,
};

FIXTURE_VARIANT_ADD(type, push) {
	.type = ZMQ_PUSH, .peers = " PULL ", .mate = ZMQ_PULL,
	.in = NOWAY, .out = FAIR, .mute = BLOCK,
};

FIXTURE_VARIANT_ADD(type, xpub) {
	.type = ZMQ_XPUB, .peers = " SUB XSUB ", .mate = ZMQ_SUB,
	.in = TOPICS, .out = ALL, .mute = DROP,
};

FIXTURE_VARIANT_ADD(type, xsub) {
	.type = ZMQ_XSUB, .peers = " PUB XPUB ", .mate = ZMQ_XPUB,
	.in = FAIR, .out = TOPICS, .mute = DROP,
};

FIXTURE_VARIANT_ADD(type, stream) {
	.type = ZMQ_STREAM, .peers = " ", .mate = ZMQ_STREAM,
	.in = FAIR, .out = NAMED, .mute = FAIL,
};

FIXTURE_VARIANT_ADD(type, server) {
	.type = ZMQ_SERVER, .peers = " CLIENT ", .mate = ZMQ_CLIENT,
	.in = FAIR, .out = NAMED, .mute = FAIL, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, client) {
	.type = ZMQ_CLIENT, .peers = " SERVER ", .mate = ZMQ_SERVER,
	.in = FAIR, .out = FAIR, .mute = BLOCK, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, radio) {
	.type = RADIO, .peers = " DISH ", .mate = DISH,
	.in = NOWAY, .out = ALL, .mute = DROP, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, dish) {
	.type = DISH, .peers = " RADIO ", .mate = RADIO,
	.in = FAIR, .out = NOWAY, .mute = NEVER, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, gather) {
	.type = ZMQ_GATHER, .peers = " SCATTER ", .mate = ZMQ_SCATTER,
	.in = FAIR, .out = NOWAY, .mute = NEVER, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, scatter) {
	.type = ZMQ_SCATTER, .peers = " GATHER ", .mate = ZMQ_GATHER,
	.in = NOWAY, .out = FAIR, .mute = BLOCK, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, dgram) {
	.type = DGRAM, .peers = NULL, .mate = DGRAM,
	.in = FAIR, .out = NAMED, .mute = DROP, .parts = 2,
};

FIXTURE_VARIANT_ADD(type, peer) {
	.type = ZMQ_PEER, .peers = " PEER ", .mate = ZMQ_PEER,
	.in = FAIR, .out = NAMED, .mute = FAIL, .parts = 1,
};

FIXTURE_VARIANT_ADD(type, channel) {
	.type = ZMQ_CHANNEL, .peers = " CHANNEL ", .mate = ZMQ_CHANNEL,
	.in = SINGLE, .out = SINGLE, .mute = BLOCK, .parts = 1,
};

FIXTURE_SETUP(type)
{
	if (!zs_is_ours() && variant->type > ZMQ_STREAM)
		return;
	self->s = zs_open(variant->type);
	ASSERT_NE(NULL, self->s);
	ASSERT_OK(zs_set_int(self->s, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(self->s, ZMQ_RCVHWM, 2));
	if (variant->type == ZMQ_REQ)
		ASSERT_OK(zs_set(self->s, ZMQ_ROUTING_ID, "R", 1));
}

FIXTURE_TEARDOWN(type)
{
	int i;

	for (i = 0; i < MATES; i++)
		if (self->mate[i])
			zs_close_now(self->mate[i]);
	if (self->s)
		zs_close_now(self->s);
}

/* Have a subscriber receive all; nothing for other types. */
static int want_all(struct zs *s)
{
	switch (s->type) {
	case ZMQ_SUB:
		return zs_subscribe(s, "");
	case ZMQ_XSUB:
		return zs_send(s, "\1", 1, 0) == 1 ? 0 : -1;
	case DISH:
		return group_join(s, "g");
	}
	return 0;
}

/* libzmq's sockets see what happened when they are touched. */
static void touch(struct _test_data_type *self)
{
	int i, n;

	for (n = 0; n < 3; n++) {
		zs_poll(self->s, ZMQ_POLLIN, 0);
		for (i = 0; i < MATES; i++)
			if (self->mate[i])
				zs_poll(self->mate[i], ZMQ_POLLIN, 0);
	}
}

/* Send parts that "|" separates, without waiting. */
static int put(struct zs *s, const char *parts)
{
	const char *end;

	while ((end = strchr(parts, '|'))) {
		if (zs_send(s, parts, end - parts, ZS_MORE | ZS_DONTWAIT) < 0)
			return -1;
		parts = end + 1;
	}
	return zs_send_str(s, parts, ZS_DONTWAIT) < 0 ? -1 : 0;
}

static int put_to(struct zs *s, uint32_t to, const char *text)
{
	return zs_send_to(s, text, strlen(text), ZS_DONTWAIT, to) < 0 ? -1 : 0;
}

static int put_group(struct zs *s, const char *text)
{
	return group_send(s, "g", text, strlen(text), MSG_DONTWAIT) < 0 ?
	       -1 : 0;
}

/* Send a text to a mate. */
static int say(struct _test_data_type *self, int to, const char *text)
{
	char msg[64];

	switch (self->s->type) {
	case ZMQ_ROUTER:
	case ZMQ_STREAM:
		sprintf(msg, "%d|%s", to, text);
		return put(self->s, msg);
	case ZMQ_SERVER:
	case ZMQ_PEER:
		return put_to(self->s, self->number[to], text);
	case RADIO:
		return put_group(self->s, text);
	}
	return put(self->s, text);
}

/* A mate sends a text. */
static int mate_says(struct _test_data_type *self, int mate, const char *text)
{
	struct zs *s = self->mate[mate];
	char msg[64];

	switch (s->type) {
	case ZMQ_ROUTER:
		sprintf(msg, "R||%s", text);
		return put(s, msg);
	case ZMQ_DEALER:
		sprintf(msg, "%s%s", self->s->type == ZMQ_REP ? "|" : "", text);
		return put(s, msg);
	case ZMQ_SERVER:
	case ZMQ_PEER:
		return put_to(s, self->back[mate], text);
	case RADIO:
		return put_group(s, text);
	}
	return put(s, text);
}

/* The last part of the next message, NULL if there is none. */
static const char *hear(struct zs *s)
{
	char *msg = zs_recv_msg(s, ZS_DONTWAIT), *last;

	last = msg ? strrchr(msg, '|') : NULL;
	return last ? last + 1 : msg;
}

static bool hears(struct zs *s, const char *text)
{
	const char *got = hear(s);

	if (got && !strcmp(got, text))
		return true;
	printf("# \"%s\" instead of \"%s\"\n", got ?: strerror(errno), text);
	return false;
}

/* A message each, for those who know who sent one. */
static int introduce(struct _test_data_type *self, int mates)
{
	char buf[4];
	int i;

	for (i = 0; i < mates; i++) {
		struct zs *mate = self->mate[i];

		if (self->s->type == ZMQ_SERVER &&
		    (put(mate, "hi") ||
		     zs_recv_from(self->s, buf, 4, 0, &self->number[i]) != 2))
			return -1;
		/* A single one need not know. */
		if (self->s->type == ZMQ_PEER && mates > 1 &&
		    (put_to(self->s, self->number[i], "hi") ||
		     zs_recv_from(mate, buf, 4, 0, &self->back[i]) != 2))
			return -1;
	}
	if (self->s->type != ZMQ_CLIENT || mates < 2)
		return 0;
	for (i = 0; i < mates; i++)
		if (put(self->s, "hi"))
			return -1;
	for (i = 0; i < mates; i++)
		if (zs_recv_from(self->mate[i], buf, 4, 0, &self->back[i]) != 2)
			return -1;
	return 0;
}

/* Connect to mates over inproc; their ids are 0, 1, 2. */
static int meet(struct _test_data_type *self, int type, int mates)
{
	char endpoint[ZS_ENDPOINT_MAX], id[2] = "";
	struct zs *mate;
	int i;

	for (i = 0; i < mates; i++) {
		mate = zs_open(type);
		self->mate[i] = mate;
		if (!mate || zs_set_int(mate, ZMQ_SNDHWM, 2) ||
		    zs_set_int(mate, ZMQ_RCVHWM, 2))
			return -1;
		id[0] = '0' + i;
		if (type == ZMQ_DEALER && zs_set(mate, ZMQ_ROUTING_ID, id, 1))
			return -1;
		if (zs_bind_any(mate, ZS_INPROC, endpoint) || want_all(mate))
			return -1;
		if (self->s->type == ZMQ_PEER)
			self->number[i] = zs_connect_peer(self->s, endpoint);
		else if (zs_connect(self->s, endpoint))
			return -1;
	}
	if (want_all(self->s))
		return -1;
	touch(self);
	return introduce(self, mates);
}

/* STREAM's mates are connections to where it is bound. */
static int meet_raw(struct zs *stream, int *fd)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	if (zs_set_int(stream, ZMQ_STREAM_NOTIFY, 0) ||
	    zs_bind_any(stream, ZS_TCP, endpoint))
		return -1;
	for (i = 0; i < MATES; i++) {
		fd[i] = raw_connect(endpoint, 0);
		if (fd[i] < 0)
			return -1;
	}
	return 0;
}

#define NEED_SOCKET							\
	do {								\
		if (!self->s)						\
			SKIP(return, "libzmq without drafts");		\
	} while (0)

#define NEED_STREAMS							\
	do {								\
		NEED_SOCKET;						\
		if (variant->type == DGRAM)				\
			SKIP(return, "see udp.c");			\
	} while (0)

/* Who greets as what. */
TEST_F(type, peers)
{
	static const char *const names[] = {
		"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL",
		"PUSH", "XPUB", "XSUB", "STREAM", "SERVER", "CLIENT", "RADIO",
		"DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL",
	};
	char endpoint[ZS_ENDPOINT_MAX], name[16];
	struct zs *s;
	size_t i;
	int fd;

	NEED_STREAMS;
	if (variant->type == ZMQ_STREAM)
		SKIP(return, "has no handshake: see stream.c");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		s = zs_open(variant->type);
		ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
		fd = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd);
		sprintf(name, " %s ", names[i]);
		if (strstr(variant->peers, name)) {
			EXPECT_EQ(0, raw_greet(fd, names[i], NULL))
				TH_LOG("%s", names[i]);
			EXPECT_TRUE(zs_wait_peers(s, 1))
				TH_LOG("%s", names[i]);
		} else {
			raw_greet(fd, names[i], NULL);
			EXPECT_EQ(0, raw_gone(fd))
				TH_LOG("%s", names[i]);
		}
		close(fd);
		zs_close_now(s);
	}
}

TEST_F(type, direction)
{
	char c;

	NEED_SOCKET;
	errno = 0;
	zs_send(self->s, "x", 1, ZS_DONTWAIT);
	EXPECT_EQ(variant->out == NOWAY, errno == EOPNOTSUPP);
	errno = 0;
	zs_recv(self->s, &c, 1, ZS_DONTWAIT);
	EXPECT_EQ(variant->in == NOWAY, errno == EOPNOTSUPP);
	if (variant->out == NOWAY)
		EXPECT_EQ(0, zs_poll(self->s, ZMQ_POLLOUT, 0));
	EXPECT_EQ(0, zs_poll(self->s, ZMQ_POLLIN, 0));
}

/* Send/receive pattern. */
TEST_F(type, turns)
{
	NEED_STREAMS;
	if (variant->type == ZMQ_STREAM)
		SKIP(return, "see outgoing");
	ASSERT_OK(meet(self, variant->mate, 1));
	if (variant->turns == FREE) {
		while (hear(self->s))
			;
		EXPECT_EQ(variant->in == NOWAY ? EOPNOTSUPP : EAGAIN, errno);
		if (variant->out == NOWAY || variant->out == TOPICS)
			return;
		EXPECT_EQ(0, say(self, 0, "1"));
		EXPECT_EQ(0, say(self, 0, "2"));
		EXPECT_TRUE(hears(self->mate[0], "1"));
		EXPECT_TRUE(hears(self->mate[0], "2"));
		return;
	}
	if (variant->turns == ASKS) {
		EXPECT_ERRNO(EBADFD, hear(self->s) ? 0 : -1);
		ASSERT_OK(say(self, 0, "q"));
		EXPECT_ERRNO(EBADFD, say(self, 0, "q2"));
		ASSERT_TRUE(hears(self->mate[0], "q"));
		ASSERT_OK(mate_says(self, 0, "a"));
		EXPECT_TRUE(hears(self->s, "a"));
		EXPECT_ERRNO(EBADFD, hear(self->s) ? 0 : -1);
		EXPECT_EQ(0, say(self, 0, "q3"));
		return;
	}
	EXPECT_ERRNO(EBADFD, say(self, 0, "a"));
	ASSERT_OK(mate_says(self, 0, "q"));
	ASSERT_TRUE(hears(self->s, "q"));
	EXPECT_ERRNO(EBADFD, hear(self->s) ? 0 : -1);
	ASSERT_OK(say(self, 0, "a"));
	EXPECT_ERRNO(EBADFD, say(self, 0, "a2"));
	EXPECT_TRUE(hears(self->mate[0], "a"));
}

/* All mates have something to say, and take turns. */
static void incoming_fair(struct __test_metadata *_metadata,
			  struct _test_data_type *self)
{
	int order[2 * MATES], i, j;
	char text[2] = "";
	const char *got;

	for (i = 0; i < 2 * MATES; i++) {
		text[0] = '0' + i % MATES;
		ASSERT_OK(mate_says(self, i % MATES, text));
	}
	touch(self);
	for (i = 0; i < 2 * MATES; i++) {
		got = hear(self->s);
		ASSERT_NE(NULL, got);
		order[i] = atoi(got);
		if (self->s->type == ZMQ_REP)
			ASSERT_OK(say(self, 0, ""));
		for (j = i - i % MATES; j < i; j++)
			EXPECT_NE(order[j], order[i]);
	}
	for (i = 0; i < MATES; i++)
		EXPECT_EQ(order[i], order[MATES + i]);
	EXPECT_EQ(NULL, hear(self->s));
}

/* Incoming routing strategy. */
TEST_F(type, incoming)
{
	int i, who = 0, fd[MATES], seen = 0;
	char text[2] = "";

	NEED_STREAMS;
	switch ((int)variant->in) {
	case SINGLE:
		ASSERT_OK(meet(self, variant->mate, 2));
		mate_says(self, 1, "1");
		ASSERT_OK(mate_says(self, 0, "0"));
		EXPECT_TRUE(hears(self->s, "0"));
		EXPECT_EQ(NULL, hear(self->s));
		return;
	case LAST:
		ASSERT_OK(meet(self, variant->mate, 2));
		ASSERT_OK(say(self, 0, "q"));
		who = zs_poll(self->mate[1], ZMQ_POLLIN, 0) ? 1 : 0;
		ASSERT_TRUE(hears(self->mate[who], "q"));
		ASSERT_OK(mate_says(self, !who, "other"));
		EXPECT_EQ(NULL, hear(self->s));
		ASSERT_OK(mate_says(self, who, "last"));
		EXPECT_TRUE(hears(self->s, "last"));
		return;
	case TOPICS:
		ASSERT_OK(meet(self, variant->mate, MATES));
		EXPECT_TRUE(hears(self->s, "\1"));
		EXPECT_EQ(NULL, hear(self->s));
		return;
	}
	if (variant->in != FAIR)
		return;
	if (variant->type != ZMQ_STREAM) {
		ASSERT_OK(meet(self, variant->mate, MATES));
		incoming_fair(_metadata, self);
		return;
	}
	ASSERT_OK(meet_raw(self->s, fd));
	for (i = 0; i < MATES; i++) {
		text[0] = '0' + i;
		ASSERT_OK(raw_write(fd[i], text, 1));
	}
	for (i = 0; i < MATES; i++) {
		ASSERT_TRUE(zs_poll(self->s, ZMQ_POLLIN, WAIT_LIMIT));
		seen |= 1 << atoi(hear(self->s));
	}
	EXPECT_EQ(7, seen);
}

/* Which mate has something to hear, -1 if that is not one of them. */
static int heard_by(struct _test_data_type *self)
{
	int i, who = -1;

	touch(self);
	for (i = 0; i < MATES; i++) {
		if (!self->mate[i] || !zs_poll(self->mate[i], ZMQ_POLLIN, 0))
			continue;
		if (who >= 0)
			return -1;
		who = i;
	}
	return who;
}

/* Mates are sent to in turn. */
static void outgoing_fair(struct __test_metadata *_metadata,
			  struct _test_data_type *self)
{
	int order[2 * MATES], i, j;

	for (i = 0; i < 2 * MATES; i++) {
		ASSERT_OK(say(self, 0, "x"));
		order[i] = heard_by(self);
		ASSERT_LE(0, order[i]);
		ASSERT_TRUE(hears(self->mate[order[i]], "x"));
		for (j = i - i % MATES; j < i; j++)
			EXPECT_NE(order[j], order[i]);
		if (self->s->type == ZMQ_REQ) {
			ASSERT_OK(mate_says(self, order[i], "y"));
			ASSERT_TRUE(hears(self->s, "y"));
		}
	}
	for (i = 0; i < MATES; i++)
		EXPECT_EQ(order[i], order[MATES + i]);
}

/* A STREAM answers the one of its peers that it names. */
static void outgoing_stream(struct __test_metadata *_metadata,
			    struct _test_data_type *self)
{
	int fd[MATES], i;
	char id[8], buf[4];

	ASSERT_OK(meet_raw(self->s, fd));
	for (i = MATES - 1; i >= 0; i--) {
		ASSERT_OK(raw_write(fd[i], "?", 1));
		ASSERT_EQ(5, zs_recv(self->s, id, sizeof(id), 0));
		ASSERT_TRUE(hears(self->s, "?"));
		buf[0] = '0' + i;
		ASSERT_EQ(5, zs_send(self->s, id, 5, ZS_MORE));
		ASSERT_EQ(1, zs_send(self->s, buf, 1, 0));
		ASSERT_EQ(5, zs_send(self->s, id, 5, ZS_MORE));
		ASSERT_EQ(1, zs_send(self->s, "!", 1, 0));
	}
	for (i = 0; i < MATES; i++) {
		ASSERT_OK(raw_read(fd[i], buf, 2));
		EXPECT_EQ('0' + i, buf[0]);
		EXPECT_EQ('!', buf[1]);
		close(fd[i]);
	}
}

/* Outgoing routing strategy. */
TEST_F(type, outgoing)
{
	int i;

	NEED_STREAMS;
	if (variant->type == ZMQ_STREAM) {
		outgoing_stream(_metadata, self);
		return;
	}
	if (variant->out == NOWAY)
		return;
	ASSERT_OK(meet(self, variant->mate, variant->out == SINGLE ? 2 : MATES));
	switch ((int)variant->out) {
	case SINGLE:
		for (i = 0; i < 2; i++) {
			ASSERT_OK(say(self, 0, "x"));
			EXPECT_EQ(0, heard_by(self));
			EXPECT_TRUE(hears(self->mate[0], "x"));
		}
		break;
	case FAIR:
		outgoing_fair(_metadata, self);
		break;
	case LAST:
		for (i = MATES - 1; i >= 0; i--) {
			ASSERT_OK(mate_says(self, i, "q"));
			ASSERT_TRUE(hears(self->s, "q"));
			ASSERT_OK(say(self, 0, "a"));
			EXPECT_EQ(i, heard_by(self));
			EXPECT_TRUE(hears(self->mate[i], "a"));
		}
		break;
	case ALL:
		ASSERT_OK(say(self, 0, "x"));
		for (i = 0; i < MATES; i++)
			EXPECT_TRUE(hears(self->mate[i], "x"));
		break;
	case NAMED:
		for (i = MATES - 1; i >= 0; i--) {
			ASSERT_OK(say(self, i, "x"));
			EXPECT_EQ(i, heard_by(self));
			EXPECT_TRUE(hears(self->mate[i], "x"));
		}
		break;
	case TOPICS:
		for (i = 0; i < MATES; i++)
			EXPECT_TRUE(hears(self->mate[i], "\1"));
		break;
	}
}

/* Send until that fails; how often it did not. */
static int fill(struct _test_data_type *self)
{
	int i;

	for (i = 0; i < 50 && !say(self, 0, "x"); i++)
		;
	return i;
}

/* Action in mute state: nobody is there, or is full. */
TEST_F(type, mute)
{
	int events, most, i;

	NEED_STREAMS;
	if (variant->mute == NEVER || variant->turns == ANSWERS)
		return;
	events = zs_poll(self->s, ZMQ_POLLOUT, 0);
	switch ((int)variant->mute) {
	case BLOCK:
		EXPECT_EQ(0, events);
		EXPECT_ERRNO(EAGAIN, say(self, 0, "x"));
		break;
	case DROP:
		EXPECT_EQ(ZMQ_POLLOUT, events);
		EXPECT_EQ(0, say(self, 0, "x"));
		break;
	case FAIL:
		EXPECT_ERRNO(EHOSTUNREACH, say(self, 0, "x"));
		break;
	}
	if (variant->type == ZMQ_STREAM)
		return;
	ASSERT_OK(meet(self, variant->mate, 1));
	while (hear(self->mate[0]))
		;
	/* Two here and two there, but for one request. */
	most = variant->turns == ASKS ? 1 : 4;
	errno = 0;
	EXPECT_EQ(variant->mute == DROP ? 50 : most, fill(self));
	if (variant->turns == FREE && variant->mute != DROP) {
		EXPECT_EQ(EAGAIN, errno);
		return;
	}
	if (variant->out == TOPICS)
		return;
	for (i = 0; hear(self->mate[0]); i++)
		;
	EXPECT_EQ(most, i);
}

/* A reply to somebody who has left is dropped. */
TEST_F(type, mute_reply)
{
	if (variant->turns != ANSWERS)
		return;
	ASSERT_OK(meet(self, variant->mate, 1));
	ASSERT_OK(mate_says(self, 0, "q"));
	ASSERT_TRUE(hears(self->s, "q"));
	zs_close_now(self->mate[0]);
	self->mate[0] = NULL;
	EXPECT_EQ(0, say(self, 0, "a"));
	EXPECT_ERRNO(EAGAIN, hear(self->s) ? 0 : -1);
}

/* The only part is received, messages of more are not. */
static void single_part(struct __test_metadata *_metadata,
			struct _test_data_type *self, const char *peer)
{
	bool grouped = self->s->type == DISH;
	char endpoint[ZS_ENDPOINT_MAX];
	int fd;

	ASSERT_OK(want_all(self->s));
	ASSERT_OK(zs_bind_any(self->s, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_OK(raw_greet(fd, peer, NULL));
	if (grouped)
		ASSERT_OK(raw_send(fd, RAW_MORE, "g", 1));
	ASSERT_OK(raw_send(fd, RAW_MORE, "two", 3));
	ASSERT_OK(raw_send(fd, 0, "parts", 5));
	if (grouped)
		ASSERT_OK(raw_send(fd, RAW_MORE, "g", 1));
	ASSERT_OK(raw_send(fd, 0, "one", 3));
	EXPECT_TRUE(zs_recv_is(self->s, "one"));
	close(fd);
}

/* How many parts a message may have. */
TEST_F(type, parts)
{
	const char *got;
	char *peer;

	NEED_STREAMS;
	if (variant->parts == 1) {
		if (variant->out != NOWAY)
			EXPECT_ERRNO(EINVAL, zs_send(self->s, "x", 1, ZS_MORE));
		if (variant->in == NOWAY)
			return;
		peer = strdupa(variant->peers + 1);
		*strchr(peer, ' ') = 0;
		single_part(_metadata, self, peer);
		return;
	}
	if (variant->type == ZMQ_STREAM)
		SKIP(return, "bytes have no parts");
	ASSERT_OK(meet(self, variant->mate, 1));
	if (variant->out == NOWAY || variant->out == LAST ||
	    variant->out == TOPICS) {
		ASSERT_OK(mate_says(self, 0, "1||3"));
		got = zs_recv_msg(self->s, ZS_DONTWAIT);
	} else {
		ASSERT_OK(say(self, 0, "1||3"));
		got = zs_recv_msg(self->mate[0], ZS_DONTWAIT);
	}
	ASSERT_NE(NULL, got);
	ASSERT_LE(4, strlen(got));
	EXPECT_STREQ("1||3", got + strlen(got) - 4);
}

TEST_HARNESS_MAIN
