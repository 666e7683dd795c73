// SPDX-License-Identifier: GPL-2.0-only
/* XPUB: what its user is told of, and what each option changes. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

/* Of later libzmqs, or of its draft API. */
#define XPUB_MANUAL_LAST_VALUE	98
#define ONLY_FIRST_SUBSCRIBE	108
#define TOPICS_COUNT		116

FIXTURE(xpub) {
	struct zs *pub;
	struct zs *sub[2];
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(xpub) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(xpub, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(xpub, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(xpub)
{
	int i;

	self->pub = zs_open(ZMQ_XPUB);
	ASSERT_OK(zs_bind_any(self->pub, variant->transport, self->endpoint));
	for (i = 0; i < 2; i++) {
		self->sub[i] = zs_open(ZMQ_SUB);
		ASSERT_OK(zs_connect(self->sub[i], self->endpoint));
		ASSERT_TRUE(zs_wait_peers(self->pub, i + 1));
	}
}

FIXTURE_TEARDOWN(xpub)
{
	int i;

	zs_close_now(self->pub);
	for (i = 0; i < 2; i++)
		if (self->sub[i])
			zs_close_now(self->sub[i]);
}

/* Is the next message 1 or 0 and the topic, in one part? */
static bool note_is(struct zs *pub, int on, const char *topic)
{
	char buf[256];
	ssize_t len = zs_recv(pub, buf, sizeof(buf), 0);

	if (len == (ssize_t)strlen(topic) + 1 && buf[0] == on &&
	    !memcmp(buf + 1, topic, len - 1) && !pub->more)
		return true;
	printf("# wanted %d %s, got %d %.*s (%zd)\n", on, topic, buf[0],
	       len > 0 ? (int)len - 1 : 0, buf + 1, len);
	return false;
}

#define SET(opt, val)		ASSERT_OK(zs_set_int(self->pub, opt, val))
#define SUBSCRIBE(i, topic)	ASSERT_OK(zs_subscribe(self->sub[i], topic))
#define UNSUBSCRIBE(i, topic)	ASSERT_OK(zs_unsubscribe(self->sub[i], topic))
#define NOTE(on, topic)		ASSERT_TRUE(note_is(self->pub, on, topic))
#define QUIET()			\
	EXPECT_ERRNO(EAGAIN, zs_recv_int(self->pub, ZS_DONTWAIT))
#define PUBLISH(msg)		ASSERT_OK(zs_send_msg(self->pub, msg))
#define RECEIVE(i, msg)		ASSERT_TRUE(zs_recv_is(self->sub[i], msg))

/* The first subscription of a topic and the end of the last are told. */
TEST_F(xpub, notify)
{
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	SUBSCRIBE(1, "");
	NOTE(1, "");
	SUBSCRIBE(0, "B");
	NOTE(1, "B");
	UNSUBSCRIBE(0, "A");
	SUBSCRIBE(0, "C");
	NOTE(1, "C");
	UNSUBSCRIBE(1, "A");
	NOTE(0, "A");
	UNSUBSCRIBE(1, "");
	NOTE(0, "");
	QUIET();
	PUBLISH("B1");
	PUBLISH("A1");
	PUBLISH("C1|x");
	RECEIVE(0, "B1");
	RECEIVE(0, "C1|x");
}

/* A peer that subscribes again is not told of again. */
TEST_F(xpub, again)
{
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "B");
	NOTE(1, "A");
	NOTE(1, "B");
	UNSUBSCRIBE(0, "A");
	UNSUBSCRIBE(0, "B");
	NOTE(0, "B");
	UNSUBSCRIBE(0, "A");
	NOTE(0, "A");
	QUIET();
}

/* A readable XPUB polls so; it is writable always. */
TEST_F(xpub, poll)
{
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->pub, ZMQ_POLLIN | ZMQ_POLLOUT, 0));
	SUBSCRIBE(0, "A");
	EXPECT_EQ(ZMQ_POLLIN, zs_poll(self->pub, ZMQ_POLLIN, WAIT_LIMIT));
	NOTE(1, "A");
	EXPECT_EQ(0, zs_poll(self->pub, ZMQ_POLLIN, 0));
}

TEST_F(xpub, verbose)
{
	SET(ZMQ_XPUB_VERBOSE, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	/* Ends are told of as before. */
	UNSUBSCRIBE(0, "A");
	SUBSCRIBE(0, "B");
	NOTE(1, "B");
	SET(ZMQ_XPUB_VERBOSE, 0);
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "C");
	NOTE(1, "C");
	QUIET();
}

TEST_F(xpub, verboser)
{
	SET(ZMQ_XPUB_VERBOSER, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	UNSUBSCRIBE(0, "A");
	NOTE(0, "A");
	UNSUBSCRIBE(1, "A");
	NOTE(0, "A");
	/* XPUB_VERBOSE takes the second half back. */
	SET(ZMQ_XPUB_VERBOSE, 1);
	SUBSCRIBE(0, "B");
	NOTE(1, "B");
	SUBSCRIBE(1, "B");
	NOTE(1, "B");
	UNSUBSCRIBE(0, "B");
	SUBSCRIBE(0, "C");
	NOTE(1, "C");
	SET(ZMQ_XPUB_VERBOSER, 0);
	SUBSCRIBE(0, "B");
	SUBSCRIBE(0, "D");
	NOTE(1, "D");
	QUIET();
}

/* With a peer go the topics that were its alone, and are told of. */
TEST_F(xpub, peer_gone)
{
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "B");
	SUBSCRIBE(0, "C");
	NOTE(1, "A");
	NOTE(1, "B");
	NOTE(1, "C");
	SUBSCRIBE(1, "B");
	SUBSCRIBE(1, "D");
	NOTE(1, "D");
	zs_close_now(self->sub[0]);
	self->sub[0] = NULL;
	NOTE(0, "A");
	NOTE(0, "C");
	PUBLISH("B1");
	RECEIVE(1, "B1");
	QUIET();
}

TEST_F(xpub, peer_gone_verboser)
{
	SET(ZMQ_XPUB_VERBOSER, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	zs_close_now(self->sub[0]);
	self->sub[0] = NULL;
	NOTE(0, "A");
	QUIET();
}

/* A peer that came and went is told of, once it is gone, in that order. */
TEST_F(xpub, gone_before_read)
{
	SUBSCRIBE(0, "A");
	EXPECT_EQ(ZMQ_POLLIN, zs_poll(self->pub, ZMQ_POLLIN, WAIT_LIMIT));
	zs_close_now(self->sub[0]);
	self->sub[0] = NULL;
	ASSERT_TRUE(zs_wait_peers(self->pub, 1));
	NOTE(1, "A");
	NOTE(0, "A");
	QUIET();
}

/* The user decides what a peer gets, whatever that asks for. */
TEST_F(xpub, manual)
{
	SET(ZMQ_XPUB_MANUAL, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	ASSERT_OK(zs_subscribe(self->pub, "XA"));
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	ASSERT_OK(zs_subscribe(self->pub, "A"));
	/* A SUB filters as well. */
	SUBSCRIBE(0, "XA");
	NOTE(1, "XA");
	PUBLISH("A1");
	PUBLISH("XA1");
	RECEIVE(0, "XA1");
	RECEIVE(1, "A1");
	/* What it takes back stays until the user says so. */
	UNSUBSCRIBE(0, "A");
	NOTE(0, "A");
	PUBLISH("XA2");
	RECEIVE(0, "XA2");
	ASSERT_OK(zs_unsubscribe(self->pub, "XA"));
	ASSERT_OK(zs_unsubscribe(self->pub, "XA"));
	ASSERT_OK(zs_subscribe(self->pub, "XAB"));
	PUBLISH("XA3");
	PUBLISH("XAB3");
	RECEIVE(0, "XAB3");
}

/* In manual mode everything is told of. */
TEST_F(xpub, manual_all)
{
	SET(ZMQ_XPUB_MANUAL, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	UNSUBSCRIBE(0, "A");
	NOTE(0, "A");
	UNSUBSCRIBE(1, "A");
	NOTE(0, "A");
	QUIET();
}

/* A peer that is gone takes back what it had asked for. */
TEST_F(xpub, manual_gone)
{
	SET(ZMQ_XPUB_MANUAL, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	ASSERT_OK(zs_subscribe(self->pub, "XA"));
	SUBSCRIBE(0, "B");
	NOTE(1, "B");
	ASSERT_OK(zs_subscribe(self->pub, "XB"));
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	zs_close_now(self->sub[0]);
	self->sub[0] = NULL;
	NOTE(0, "A");
	NOTE(0, "B");
	/* Nobody is there to subscribe for. */
	ASSERT_OK(zs_subscribe(self->pub, "A"));
	PUBLISH("A1");
	QUIET();
	SUBSCRIBE(1, "C");
	NOTE(1, "C");
	ASSERT_OK(zs_subscribe(self->pub, ""));
	PUBLISH("A2");
	RECEIVE(1, "A2");
}

/* Without it an XPUB has no subscriptions of its own. */
TEST_F(xpub, manual_off)
{
	EXPECT_ERRNO(EINVAL, zs_subscribe(self->pub, "A"));
	EXPECT_ERRNO(EINVAL, zs_unsubscribe(self->pub, "A"));
	SET(ZMQ_XPUB_MANUAL, 1);
	EXPECT_EQ(0, zs_subscribe(self->pub, "A"));
	EXPECT_EQ(0, zs_unsubscribe(self->pub, "A"));
}

/* A new subscriber alone gets the last value; then all get the next. */
TEST_F(xpub, last_value)
{
	SET(XPUB_MANUAL_LAST_VALUE, 1);
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	ASSERT_OK(zs_subscribe(self->pub, "A"));
	PUBLISH("A1");
	RECEIVE(0, "A1");
	SUBSCRIBE(1, "A");
	NOTE(1, "A");
	ASSERT_OK(zs_subscribe(self->pub, "A"));
	PUBLISH("A1");
	PUBLISH("A2");
	RECEIVE(1, "A1");
	RECEIVE(1, "A2");
	RECEIVE(0, "A2");
}

/* A message that one of those who want it has no room for is not sent. */
TEST_F(xpub, nodrop)
{
	static char big[100000];
	struct zs *sub = self->sub[0];
	int i, sent;

	SET(ZMQ_XPUB_NODROP, 1);
	zs_close_now(self->sub[0]);
	sub = zs_open(ZMQ_SUB);
	self->sub[0] = sub;
	ASSERT_OK(zs_set_int(self->pub, ZMQ_SNDHWM, 4));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 4));
	/* Or TCP makes room for more and more. */
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVBUF, sizeof(big)));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_connect(sub, self->endpoint));
	NOTE(1, "");
	sent = zs_send_until_full(self->pub, big, sizeof(big), 100000);
	ASSERT_LT(4, sent);
	ASSERT_LT(sent, 100000);
	EXPECT_ERRNO(EAGAIN, zs_send(self->pub, "x", 1, ZS_DONTWAIT));
	/* Nor is its first part taken. */
	EXPECT_ERRNO(EAGAIN,
		     zs_send(self->pub, "x", 1, ZS_DONTWAIT | ZS_MORE));
	for (i = 0; i < sent; i++)
		ASSERT_EQ((ssize_t)sizeof(big),
			  zs_recv(sub, big, sizeof(big), 0));
	/* Room again: all of it has come. */
	PUBLISH("last|part");
	RECEIVE(0, "last|part");
	/* One that wants something else does not matter. */
	SET(ZMQ_XPUB_NODROP, 0);
	for (i = 0; i < sent + 10; i++)
		ASSERT_EQ((ssize_t)sizeof(big),
			  zs_send(self->pub, big, sizeof(big), ZS_DONTWAIT));
}

#define BLOCKS	3000
#define BLOCK	4000

/* Receive all of it; how many came in order. */
static void *read_blocks(void *arg)
{
	static char buf[BLOCK];
	intptr_t i;

	for (i = 0; i < BLOCKS; i++)
		if (zs_recv(arg, buf, BLOCK, 0) != BLOCK ||
		    memcmp(buf, &(int){ i }, sizeof(int)))
			break;
	return (void *)i;
}

/* A blocked sender goes on when the slowest has read. */
TEST_F(xpub, nodrop_blocks)
{
	static char buf[BLOCK];
	struct zs *sub;
	pthread_t reader;
	void *got;
	int i;

	SET(ZMQ_XPUB_NODROP, 1);
	SET(ZMQ_SNDHWM, 2);
	zs_close_now(self->sub[0]);
	sub = zs_open(ZMQ_SUB);
	self->sub[0] = sub;
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_connect(sub, self->endpoint));
	NOTE(1, "");
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_blocks, sub));
	for (i = 0; i < BLOCKS; i++) {
		memcpy(buf, &i, sizeof(i));
		ASSERT_EQ(BLOCK, zs_send(self->pub, buf, BLOCK, 0));
	}
	ASSERT_EQ(0, pthread_join(reader, &got));
	EXPECT_EQ(BLOCKS, (intptr_t)got);
}

/* Every new peer gets the welcome first, if it wants it. */
TEST_F(xpub, welcome)
{
	struct zs *late = zs_open(ZMQ_SUB), *other = zs_open(ZMQ_SUB);

	ASSERT_OK(zs_set(self->pub, ZMQ_XPUB_WELCOME_MSG, "W", 1));
	ASSERT_OK(zs_subscribe(late, "W"));
	ASSERT_OK(zs_connect(late, self->endpoint));
	/* libzmq's publishers do nothing unless they are looked at. */
	NOTE(1, "W");
	EXPECT_TRUE(zs_recv_is(late, "W"));
	/* One that does not want it does not see it. */
	ASSERT_OK(zs_subscribe(other, "o"));
	ASSERT_OK(zs_connect(other, self->endpoint));
	NOTE(1, "o");
	PUBLISH("o1");
	EXPECT_TRUE(zs_recv_is(other, "o1"));
	/* Those before were not welcomed. */
	SUBSCRIBE(0, "");
	NOTE(1, "");
	PUBLISH("now");
	RECEIVE(0, "now");
	/* None any more. */
	ASSERT_OK(zs_set(self->pub, ZMQ_XPUB_WELCOME_MSG, NULL, 0));
	zs_close_now(other);
	NOTE(0, "o");
	other = zs_open(ZMQ_SUB);
	ASSERT_OK(zs_subscribe(other, ""));
	ASSERT_OK(zs_subscribe(other, "p"));
	ASSERT_OK(zs_connect(other, self->endpoint));
	NOTE(1, "p");
	PUBLISH("first");
	EXPECT_TRUE(zs_recv_is(other, "first"));
	zs_close_now(late);
	zs_close_now(other);
}

/* The guide's last value cache: each subscriber begins with what is known. */
TEST_F(xpub, last_value_cache)
{
	const char *const cache[] = { "A.1", "B.2", "C.3" };
	int i;

	SET(ZMQ_XPUB_VERBOSE, 1);
	for (i = 0; i < 2; i++) {
		char note[16];
		int k;

		SUBSCRIBE(i, "B");
		ASSERT_EQ(2, zs_recv(self->pub, note, sizeof(note), 0));
		ASSERT_EQ(1, note[0]);
		for (k = 0; k < 3; k++)
			if (cache[k][0] == note[1])
				PUBLISH(cache[k]);
		RECEIVE(i, "B.2");
	}
	/* Sent to who had it as well: that is what LAST_VALUE is for. */
	RECEIVE(0, "B.2");
}

/* What matches goes to the others, with one who wants nothing too. */
TEST_F(xpub, invert)
{
	SET(ZMQ_INVERT_MATCHING, 1);
	ASSERT_OK(zs_set_int(self->sub[0], ZMQ_INVERT_MATCHING, 1));
	ASSERT_OK(zs_set_int(self->sub[1], ZMQ_INVERT_MATCHING, 1));
	SUBSCRIBE(0, "A");
	NOTE(1, "A");
	PUBLISH("A1");
	PUBLISH("B1");
	RECEIVE(0, "B1");
	RECEIVE(1, "A1");
	RECEIVE(1, "B1");
}

/* How many different topics there are. */
TEST_F(xpub, topics_count)
{
	if (!zs_is_ours())
		SKIP(return, "not in libzmq 4.3.4");
	EXPECT_EQ(0, zs_get_int(self->pub, TOPICS_COUNT));
	EXPECT_EQ(0, zs_get_int(self->sub[0], TOPICS_COUNT));
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "A");
	SUBSCRIBE(0, "B");
	SUBSCRIBE(1, "B");
	SUBSCRIBE(1, "END");
	EXPECT_EQ(2, zs_get_int(self->sub[0], TOPICS_COUNT));
	ASSERT_TRUE(wait_until(zs_get_int(self->pub, TOPICS_COUNT) == 3));
	UNSUBSCRIBE(0, "B");
	UNSUBSCRIBE(1, "B");
	EXPECT_EQ(1, zs_get_int(self->sub[0], TOPICS_COUNT));
	ASSERT_TRUE(wait_until(zs_get_int(self->pub, TOPICS_COUNT) == 2));
	zs_close_now(self->sub[0]);
	self->sub[0] = NULL;
	ASSERT_TRUE(wait_until(zs_get_int(self->pub, TOPICS_COUNT) == 1));
}

/* Values and lengths of the options. */
TEST(options)
{
	static const int switches[] = {
		ZMQ_XPUB_VERBOSE, ZMQ_XPUB_VERBOSER, ZMQ_XPUB_MANUAL,
		ZMQ_XPUB_NODROP, XPUB_MANUAL_LAST_VALUE,
	};
	static const int types[] = { ZMQ_XPUB, ZMQ_PUB };
	struct zs *s;
	size_t i, t;
	int k;

	for (t = 0; t < ARRAY_SIZE(types); t++) {
		s = zs_open(types[t]);
		for (i = 0; i < ARRAY_SIZE(switches); i++) {
			EXPECT_EQ(0, zs_set_int(s, switches[i], 1));
			EXPECT_EQ(0, zs_set_int(s, switches[i], 4711));
			EXPECT_EQ(0, zs_set_int(s, switches[i], 0));
			EXPECT_ERRNO(EINVAL, zs_set_int(s, switches[i], -1));
			EXPECT_ERRNO(EINVAL, zs_set(s, switches[i], "", 1));
			EXPECT_ERRNO(EINVAL, zs_get(s, switches[i], &k,
						    &(size_t){ 4 }));
		}
		EXPECT_EQ(0, zs_set(s, ZMQ_XPUB_WELCOME_MSG, "hello", 5));
		EXPECT_EQ(0, zs_set(s, ZMQ_XPUB_WELCOME_MSG, NULL, 0));
		zs_close_now(s);
	}
	s = zs_open(ZMQ_XSUB);
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		EXPECT_ERRNO(EINVAL, zs_set_int(s, switches[i], 1));
	EXPECT_ERRNO(EINVAL, zs_subscribe(s, "A"));
	EXPECT_ERRNO(EINVAL, zs_unsubscribe(s, "A"));
	zs_close_now(s);
}

/* Not reading what is told keeps nobody from subscribing. */
TEST(unread)
{
	struct zs *pub = zs_open(ZMQ_XPUB), *sub = zs_open(ZMQ_SUB);
	char topic[32];
	int i;

	ASSERT_OK(zs_set_int(pub, ZMQ_RCVHWM, 10));
	/* libzmq loses subscriptions beyond the subscriber's mark. */
	if (!zs_is_ours())
		ASSERT_OK(zs_set_int(sub, ZMQ_SNDHWM, 0));
	/*
	 * What is subscribed before the handshake's end comes in any order: who
	 * binds has its peer then only.
	 */
	ASSERT_OK(zs_pair(sub, pub, ZS_TCP, NULL));
	for (i = 0; i < 3000; i++) {
		sprintf(topic, "%d.", i);
		ASSERT_OK(zs_subscribe(sub, topic));
	}
	ASSERT_TRUE(wait_until(zs_send_str(pub, "2999.x", 0) == 6 &&
			       zs_poll(sub, ZMQ_POLLIN, 20)));
	for (i = 0; i < 3000; i++) {
		sprintf(topic, "%d.", i);
		ASSERT_TRUE(note_is(pub, 1, topic));
	}
	zs_close_now(sub);
	zs_close_now(pub);
}

/* Subscriptions and messages come in the order they were sent. */
TEST(order)
{
	struct zs *pub = zs_open(ZMQ_XPUB), *sub = zs_open(ZMQ_XSUB);
	char buf[32];
	int i, len;

	/* What is subscribed before the handshake's end comes first. */
	ASSERT_OK(zs_pair(sub, pub, ZS_TCP, NULL));
	for (i = 0; i < 300; i++) {
		len = sprintf(buf, "%c%d", 1, i);
		ASSERT_EQ(len, zs_send(sub, buf, len, 0));
		len = sprintf(buf, "m%d", i);
		ASSERT_EQ(len, zs_send(sub, buf, len, 0));
	}
	for (i = 0; i < 300; i++) {
		sprintf(buf, "%d", i);
		ASSERT_TRUE(note_is(pub, 1, buf));
		sprintf(buf, "m%d", i);
		ASSERT_TRUE(zs_recv_is(pub, buf));
	}
	zs_close_now(sub);
	zs_close_now(pub);
}

/* Old and new form on the wire; the user always sees the old one. */
TEST(both_forms)
{
	static char topic[5001] = "\1", buf[6000];
	struct zs *pub = zs_open(ZMQ_XPUB);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, i;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "XSUB", NULL));
	ASSERT_OK(raw_send(fd, 0, "\1old", 4));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\011SUBSCRIBEnew", 13));
	ASSERT_OK(raw_send(fd, 0, "user", 4));
	ASSERT_OK(raw_send(fd, 0, "", 0));
	ASSERT_OK(raw_send(fd, 0, "\0old", 4));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\006CANCELnew", 10));
	EXPECT_TRUE(note_is(pub, 1, "old"));
	EXPECT_TRUE(note_is(pub, 1, "new"));
	EXPECT_TRUE(zs_recv_is(pub, "user"));
	EXPECT_TRUE(zs_recv_is(pub, ""));
	EXPECT_TRUE(note_is(pub, 0, "old"));
	EXPECT_TRUE(note_is(pub, 0, "new"));
	/* To cancel what one never had is told, too. */
	ASSERT_OK(raw_send(fd, 0, "\0never", 6));
	EXPECT_TRUE(note_is(pub, 0, "never"));
	/* Long ones, of either kind, whole and byte by byte. */
	memset(topic + 1, 't', sizeof(topic) - 1);
	for (i = 0; i < 2; i++) {
		topic[0] = 1 - i;
		ASSERT_OK(raw_send(fd, RAW_LONG, topic, sizeof(topic)));
		ASSERT_EQ((ssize_t)sizeof(topic),
			  zs_recv(pub, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(topic, buf, sizeof(topic)));
	}
	topic[0] = 'u';
	ASSERT_OK(raw_send(fd, RAW_LONG, topic, sizeof(topic)));
	ASSERT_EQ((ssize_t)sizeof(topic), zs_recv(pub, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(topic, buf, sizeof(topic)));
	topic[0] = 1;
	ASSERT_OK(raw_write(fd, "\2\0\0\0\0\0\0\023", 8));
	ASSERT_TRUE(wait_until(!raw_unsent(fd)));
	ASSERT_OK(raw_write(fd, "\211", 1));
	ASSERT_TRUE(wait_until(!raw_unsent(fd)));
	ASSERT_OK(raw_write(fd, topic, 1));
	ASSERT_TRUE(wait_until(!raw_unsent(fd)));
	ASSERT_OK(raw_write(fd, topic + 1, sizeof(topic) - 1));
	ASSERT_EQ((ssize_t)sizeof(topic), zs_recv(pub, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(topic, buf, sizeof(topic)));
	close(fd);
	zs_close_now(pub);
}

/* A PUB throws messages of its subscribers away, and goes on. */
TEST(pub_ignores)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_XSUB);

	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(sub, "user|message"));
	ASSERT_EQ(2, zs_send(sub, "\1A", 2, 0));
	ASSERT_TRUE(wait_until(zs_send_str(pub, "A1", 0) == 2 &&
			       zs_poll(sub, ZMQ_POLLIN, 20)));
	EXPECT_TRUE(zs_recv_is(sub, "A1"));
	zs_close_now(pub);
	zs_close_now(sub);
}

/* A subscription in another part of a message takes effect as well ... */
TEST(parts)
{
	struct zs *pub = zs_open(ZMQ_XPUB);
	char endpoint[ZS_ENDPOINT_MAX];
	char buf[64];
	int fd, flags;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "XSUB", NULL));
	ASSERT_OK(raw_send(fd, RAW_MORE, "\1A", 2));
	ASSERT_OK(raw_send(fd, RAW_MORE, "user", 4));
	ASSERT_OK(raw_send(fd, 0, "\1B", 2));
	EXPECT_TRUE(note_is(pub, 1, "A"));
	EXPECT_TRUE(zs_recv_is(pub, "user|\1B"));
	ASSERT_OK(zs_send_msg(pub, "B1"));
	ASSERT_EQ(2, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "B1", 2));
	close(fd);
	zs_close_now(pub);
}

/* ... unless ZMQ_ONLY_FIRST_SUBSCRIBE says that it is the user's. */
TEST(only_first)
{
	struct zs *pub = zs_open(ZMQ_XPUB);
	char endpoint[ZS_ENDPOINT_MAX];
	char buf[64];
	int fd, flags;

	if (!zs_is_ours())
		SKIP(return, "not in libzmq 4.3.4");
	ASSERT_OK(zs_set_int(pub, ONLY_FIRST_SUBSCRIBE, 1));
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "XSUB", NULL));
	ASSERT_OK(raw_send(fd, RAW_MORE, "user", 4));
	ASSERT_OK(raw_send(fd, 0, "\1B", 2));
	ASSERT_OK(raw_send(fd, 0, "\1C", 2));
	EXPECT_TRUE(zs_recv_is(pub, "user|\1B"));
	EXPECT_TRUE(note_is(pub, 1, "C"));
	ASSERT_OK(zs_send_msg(pub, "B1"));
	ASSERT_OK(zs_send_msg(pub, "C1"));
	ASSERT_EQ(2, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "C1", 2));
	close(fd);
	zs_close_now(pub);
}

TEST_HARNESS_MAIN
