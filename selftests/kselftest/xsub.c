// SPDX-License-Identifier: GPL-2.0-only
/* XSUB: subscribing by messages, and sending to publishers. */
#include <stdio.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

/* Of later libzmqs, or of its draft API. */
#define ONLY_FIRST_SUBSCRIBE		108
#define XSUB_VERBOSE_UNSUBSCRIBE	115
#define TOPICS_COUNT			116

FIXTURE(xsub) {
	struct zs *sub;
	struct zs *pub[2];
};

FIXTURE_SETUP(xsub)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	self->sub = zs_open(ZMQ_XSUB);
	for (i = 0; i < 2; i++) {
		self->pub[i] = zs_open(ZMQ_XPUB);
		ASSERT_OK(zs_bind_any(self->sub, i ? ZS_IPC : ZS_TCP,
				      endpoint));
		ASSERT_OK(zs_connect(self->pub[i], endpoint));
	}
	/*
	 * Until then, one of several equal subscriptions is all that is told.  Who
	 * connects has its peers before.
	 */
	ASSERT_TRUE(zs_wait_peers(self->sub, 2));
}

FIXTURE_TEARDOWN(xsub)
{
	zs_close_now(self->sub);
	zs_close_now(self->pub[0]);
	zs_close_now(self->pub[1]);
}

/* One part that is 1 or 0 and a topic. */
static int send_note(struct zs *s, int on, const char *topic, int flags)
{
	char buf[64] = { on };

	strcpy(buf + 1, topic);
	return zs_send(s, buf, strlen(topic) + 1, flags);
}

static bool note_is(struct zs *s, int on, const char *topic)
{
	char buf[64];
	ssize_t len = zs_recv(s, buf, sizeof(buf), 0);

	return len == (ssize_t)strlen(topic) + 1 && buf[0] == on &&
	       !memcmp(buf + 1, topic, len - 1) && !s->more;
}

#define SEND(on, topic)	\
	ASSERT_EQ((ssize_t)strlen(topic) + 1, send_note(self->sub, on, topic, 0))
#define NOTE(i, on, topic)	ASSERT_TRUE(note_is(self->pub[i], on, topic))

/* All publishers are told; each subscription is, also one made again. */
TEST_F(xsub, subscribe)
{
	ASSERT_OK(zs_set_int(self->pub[0], ZMQ_XPUB_VERBOSE, 1));
	SEND(1, "A");
	SEND(1, "A");
	SEND(1, "");
	NOTE(0, 1, "A");
	NOTE(0, 1, "A");
	NOTE(0, 1, "");
	NOTE(1, 1, "A");
	NOTE(1, 1, "");
	ASSERT_OK(zs_send_msg(self->pub[1], "A1"));
	EXPECT_TRUE(zs_recv_is(self->sub, "A1"));
	ASSERT_OK(zs_send_msg(self->pub[0], "any|thing"));
	EXPECT_TRUE(zs_recv_is(self->sub, "any|thing"));
}

/* The end of a topic is told when its last subscription ends. */
TEST_F(xsub, unsubscribe)
{
	ASSERT_OK(zs_set_int(self->pub[0], ZMQ_XPUB_VERBOSER, 1));
	SEND(1, "A");
	SEND(1, "A");
	SEND(0, "A");
	SEND(0, "unknown");
	SEND(1, "B");
	SEND(0, "A");
	SEND(0, "A");
	SEND(1, "C");
	NOTE(0, 1, "A");
	NOTE(0, 1, "A");
	NOTE(0, 1, "B");
	NOTE(0, 0, "A");
	NOTE(0, 1, "C");
}

TEST_F(xsub, verbose_unsubscribe)
{
	if (!zs_is_ours())
		SKIP(return, "not in libzmq 4.3.4");
	ASSERT_OK(zs_set_int(self->sub, XSUB_VERBOSE_UNSUBSCRIBE, 1));
	ASSERT_OK(zs_set_int(self->pub[0], ZMQ_XPUB_VERBOSER, 1));
	SEND(1, "A");
	SEND(1, "A");
	SEND(0, "A");
	SEND(0, "A");
	SEND(0, "unknown");
	NOTE(0, 1, "A");
	NOTE(0, 1, "A");
	NOTE(0, 0, "A");
	NOTE(0, 0, "A");
	NOTE(0, 0, "unknown");
	EXPECT_EQ(0, zs_get_int(self->sub, TOPICS_COUNT));
}

#define BEHIND		300
#define BEHIND_BODY	1000

/* One after ten messages. */
static bool is_note(int i)
{
	return i % 11 == 10;
}

static bool send_mixed(struct zs *sub, int i)
{
	static char buf[BEHIND_BODY];
	char topic[16];

	sprintf(topic, "%d", i);
	if (is_note(i))
		return send_note(sub, 1, topic, 0) == (ssize_t)strlen(topic) + 1;
	strcpy(buf, topic);
	return zs_send(sub, buf, sizeof(buf), 0) == sizeof(buf);
}

static bool recv_mixed(struct zs *pub, int i)
{
	char topic[16];

	sprintf(topic, "%d", i);
	return is_note(i) ? note_is(pub, 1, topic) : zs_recv_is(pub, topic);
}

FIXTURE(behind) {
	struct zs *pub;
	struct zs *sub;
};

FIXTURE_VARIANT(behind) {
	int transport;
};

FIXTURE_VARIANT_ADD(behind, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(behind, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(behind)
{
	self->pub = zs_open(ZMQ_XPUB);
	self->sub = zs_open(ZMQ_XSUB);
	ASSERT_OK(zs_set_int(self->pub, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_set_int(self->pub, ZMQ_RCVBUF, 4096));
	ASSERT_OK(zs_set_int(self->sub, ZMQ_SNDBUF, 4096));
	ASSERT_OK(zs_set_int(self->sub, ZMQ_SNDHWM, 0));
	/* What is subscribed before the handshake's end comes first. */
	ASSERT_OK(zs_pair(self->sub, self->pub, variant->transport, NULL));
}

FIXTURE_TEARDOWN(behind)
{
	zs_close_now(self->sub);
	zs_close_now(self->pub);
}

/* Subscriptions come after the messages that are still to be sent. */
TEST_F(behind, messages)
{
	int sent = 0, got = 0;

	while (sent < BEHIND && send_mixed(self->sub, sent))
		sent++;
	ASSERT_EQ(BEHIND, sent);
	while (got < BEHIND && recv_mixed(self->pub, got))
		got++;
	ASSERT_EQ(BEHIND, got);
}

/* Does @pub have "X" among its subscriptions when "end" comes? */
static bool has_x_at_end(struct zs *pub)
{
	static char buf[BEHIND_BODY];
	bool has = false;
	ssize_t len;

	for (;;) {
		len = zs_recv(pub, buf, sizeof(buf), 0);
		if (len < 0 || (len == 3 && !memcmp(buf, "end", 3)))
			return has && len == 3;
		if (len == 2 && buf[1] == 'X')
			has = buf[0];
	}
}

/* What waits behind messages when the publisher is lost is out of date then. */
TEST(behind_lost)
{
	struct zs *sub = zs_open(ZMQ_XSUB), *reader, *pub;
	static char buf[BEHIND_BODY];
	char endpoint[ZS_ENDPOINT_MAX];
	int listener, fd, i;

	listener = raw_listen(endpoint);
	ASSERT_LE(0, listener);
	ASSERT_OK(zs_set_int(sub, ZMQ_SNDBUF, 4096));
	ASSERT_OK(zs_set_int(sub, ZMQ_SNDHWM, 0));
	ASSERT_OK(zs_set_int(sub, ZMQ_RECONNECT_IVL, 10));
	reader = zs_monitor(sub, ZMQ_EVENT_DISCONNECTED);
	ASSERT_NE(NULL, reader);
	ASSERT_OK(zs_connect(sub, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "XPUB", NULL));
	/* It reads the first only, which tells that all is ready. */
	ASSERT_EQ(2, send_note(sub, 1, "A", 0));
	ASSERT_LT(0, raw_recv(fd, &i, buf, sizeof(buf)));
	for (i = 0; i < BEHIND; i++)
		ASSERT_EQ(sizeof(buf), zs_send(sub, buf, sizeof(buf), 0));
	ASSERT_EQ(2, send_note(sub, 1, "X", 0));
	ASSERT_EQ(2, send_note(sub, 0, "X", 0));
	close(listener);
	close(fd);
	ASSERT_TRUE(zs_expect_events(reader, "DISCONNECTED"));
	/* libzmq looks for what has happened when it is asked only. */
	if (!zs_is_ours())
		zs_poll(sub, ZMQ_POLLIN, 100);
	ASSERT_EQ(2, send_note(sub, 1, "X", 0));
	pub = zs_open(ZMQ_XPUB);
	ASSERT_OK(zs_bind(pub, endpoint));
	ASSERT_OK(zs_send_msg(sub, "end"));
	EXPECT_TRUE(has_x_at_end(pub));
	ASSERT_OK(zs_send_msg(pub, "X1"));
	EXPECT_TRUE(zs_recv_is(sub, "X1"));
	zs_close_now(reader);
	zs_close_now(sub);
	zs_close_now(pub);
}

/* Anything else is a message to every publisher. */
TEST_F(xsub, user_messages)
{
	ASSERT_OK(zs_send_msg(self->sub, "hello"));
	ASSERT_OK(zs_send_msg(self->sub, "two|parts|"));
	ASSERT_OK(zs_send_msg(self->sub, ""));
	EXPECT_TRUE(zs_recv_is(self->pub[0], "hello"));
	EXPECT_TRUE(zs_recv_is(self->pub[0], "two|parts|"));
	EXPECT_TRUE(zs_recv_is(self->pub[0], ""));
	EXPECT_TRUE(zs_recv_is(self->pub[1], "hello"));
	EXPECT_TRUE(zs_recv_is(self->pub[1], "two|parts|"));
	EXPECT_TRUE(zs_recv_is(self->pub[1], ""));
}

/* A part in front of a message that is a subscription is none of it. */
TEST_F(xsub, parts)
{
	ASSERT_EQ(2, send_note(self->sub, 1, "A", ZS_MORE));
	ASSERT_OK(zs_send_msg(self->sub, "user|part"));
	NOTE(0, 1, "A");
	EXPECT_TRUE(zs_recv_is(self->pub[0], "user|part"));
	ASSERT_OK(zs_send_msg(self->pub[0], "A1"));
	EXPECT_TRUE(zs_recv_is(self->sub, "A1"));
	/* One behind takes effect, and is seen. */
	ASSERT_EQ(4, zs_send(self->sub, "user", 4, ZS_MORE));
	SEND(1, "B");
	EXPECT_TRUE(zs_recv_is(self->pub[0], "user|\1B"));
	ASSERT_OK(zs_send_msg(self->pub[0], "B1"));
	EXPECT_TRUE(zs_recv_is(self->sub, "B1"));
}

TEST_F(xsub, only_first)
{
	if (!zs_is_ours())
		SKIP(return, "not in libzmq 4.3.4");
	ASSERT_OK(zs_set_int(self->sub, ONLY_FIRST_SUBSCRIBE, 1));
	ASSERT_OK(zs_set_int(self->pub[0], ONLY_FIRST_SUBSCRIBE, 1));
	ASSERT_EQ(4, zs_send(self->sub, "user", 4, ZS_MORE));
	SEND(1, "B");
	EXPECT_TRUE(zs_recv_is(self->pub[0], "user|\1B"));
	EXPECT_EQ(0, zs_get_int(self->sub, TOPICS_COUNT));
	SEND(1, "C");
	NOTE(0, 1, "C");
	ASSERT_OK(zs_send_msg(self->pub[0], "B1"));
	ASSERT_OK(zs_send_msg(self->pub[0], "C1"));
	EXPECT_TRUE(zs_recv_is(self->sub, "C1"));
	EXPECT_EQ(1, zs_get_int(self->sub, TOPICS_COUNT));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->sub, ONLY_FIRST_SUBSCRIBE, -1));
}

/* An XSUB takes whatever its publishers send. */
TEST(no_filter)
{
	struct zs *sub = zs_open(ZMQ_XSUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd;

	ASSERT_OK(zs_bind_any(sub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_OK(raw_send(fd, 0, "anything", 8));
	EXPECT_TRUE(zs_recv_is(sub, "anything"));
	close(fd);
	zs_close_now(sub);
}

/* A publisher that comes later is told of all that is wanted. */
TEST(late_publisher)
{
	struct zs *sub = zs_open(ZMQ_XSUB), *pub = zs_open(ZMQ_XPUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int port;

	port = zs_free_endpoint(endpoint);
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(sub, ZMQ_POLLOUT, 0));
	ASSERT_EQ(2, zs_send(sub, "\1A", 2, ZS_DONTWAIT));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_EQ(2, zs_send(sub, "\1B", 2, ZS_DONTWAIT));
	ASSERT_EQ(2, zs_send(sub, "\0A", 2, ZS_DONTWAIT));
	ASSERT_EQ(2, zs_send(sub, "\1C", 2, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pub, endpoint));
	/* libzmq sends what it had and what changed. */
	if (!zs_is_ours()) {
		EXPECT_TRUE(note_is(pub, 1, "A"));
		EXPECT_TRUE(note_is(pub, 1, "B"));
		EXPECT_TRUE(note_is(pub, 0, "A"));
	} else {
		EXPECT_TRUE(note_is(pub, 1, "B"));
	}
	EXPECT_TRUE(note_is(pub, 1, "C"));
	zs_close_now(sub);
	zs_close_now(pub);
	close(port);
}

/* Subscriptions are not lost, however many and however low the marks. */
TEST(many)
{
	struct zs *sub = zs_open(ZMQ_XSUB), *pub = zs_open(ZMQ_XPUB);
	char topic[32];
	int i, len;

	/* libzmq drops subscriptions beyond the marks. */
	if (zs_is_ours()) {
		ASSERT_OK(zs_set_int(sub, ZMQ_SNDHWM, 1));
		ASSERT_OK(zs_set_int(pub, ZMQ_RCVHWM, 1));
	} else {
		ASSERT_OK(zs_set_int(sub, ZMQ_SNDHWM, 0));
	}
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	ASSERT_TRUE(zs_wait_peers(pub, 1));
	for (i = 0; i < 5000; i++) {
		len = sprintf(topic, "\1%d.", i);
		ASSERT_EQ(len, zs_send(sub, topic, len, 0));
	}
	for (i = 0; i < 5000; i++) {
		sprintf(topic, "%d.", i);
		ASSERT_TRUE(note_is(pub, 1, topic));
	}
	zs_close_now(sub);
	zs_close_now(pub);
}

/* Move what there is from one to the other. */
static void forward(struct zs *from, struct zs *to)
{
	char buf[256];
	ssize_t len;

	while (zs_poll(from, ZMQ_POLLIN, 0)) {
		len = zs_recv(from, buf, sizeof(buf), 0);
		if (len < 0 || zs_send(to, buf, len,
				       from->more ? ZS_MORE : 0) < 0)
			return;
	}
}

/* A proxy: subscriptions go up through it, messages come down. */
TEST(proxy)
{
	struct zs *front = zs_open(ZMQ_XSUB), *back = zs_open(ZMQ_XPUB);
	struct zs *pub = zs_open(ZMQ_PUB), *sub[2];
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_pair(front, pub, ZS_TCP, NULL));
	ASSERT_OK(zs_bind_any(back, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		sub[i] = zs_open(ZMQ_SUB);
		ASSERT_OK(zs_connect(sub[i], endpoint));
		ASSERT_OK(zs_subscribe(sub[i], i ? "b" : "a"));
	}
	for (i = 0; i < 2; i++) {
		const char *msg = i ? "b|1" : "a|1";

		ASSERT_TRUE(wait_until(({
			forward(back, front);
			zs_send_msg(pub, msg);
			forward(front, back);
			zs_poll(sub[i], ZMQ_POLLIN, 0);
		})));
		EXPECT_TRUE(zs_recv_is(sub[i], msg));
	}
	/* Nobody wants "b" any more: neither does the proxy. */
	zs_close_now(sub[1]);
	ASSERT_TRUE(wait_until(({
		forward(back, front);
		zs_send_msg(pub, "b|2");
		!zs_poll(front, ZMQ_POLLIN, 20) || (forward(front, back), 0);
	})));
	zs_close_now(sub[0]);
	zs_close_now(front);
	zs_close_now(back);
	zs_close_now(pub);
}

TEST_HARNESS_MAIN
