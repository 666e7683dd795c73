// SPDX-License-Identifier: GPL-2.0-only
/* STREAM, and ROUTER with ZMQ_ROUTER_RAW: peers that do not speak ZMTP. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define ID_LEN	5
#define CHUNK_MAX	8192

/* A message of a STREAM: who, and what. */
struct chunk {
	unsigned char id[256];
	ssize_t id_len;
	char data[CHUNK_MAX + 1];
	ssize_t len;
};

/* Receive one; false if there is none or it is not two parts. */
static bool get(struct zs *s, struct chunk *c)
{
	c->id_len = zs_recv(s, c->id, sizeof(c->id), 0);
	if (c->id_len < 0 || !s->more)
		return false;
	c->len = zs_recv(s, c->data, CHUNK_MAX, 0);
	if (c->len < 0 || c->len > CHUNK_MAX || s->more)
		return false;
	c->data[c->len] = 0;
	return true;
}

static bool put(struct zs *s, const struct chunk *to, const void *data,
		size_t len)
{
	return zs_send(s, to->id, to->id_len, ZS_MORE) == to->id_len &&
	       zs_send(s, data, len, 0) == (ssize_t)len;
}

/* A chunk from @from is next, with this text. */
static bool got(struct zs *s, const struct chunk *from, const char *text)
{
	struct chunk c;

	if (!get(s, &c))
		return false;
	if (c.id_len == from->id_len && !memcmp(c.id, from->id, c.id_len) &&
	    !strcmp(c.data, text))
		return true;
	printf("# \"%s\" instead of \"%s\"\n", c.data, text);
	return false;
}

/* The same id comes until @len bytes are there: do they hold the pattern? */
static bool got_bytes(struct zs *s, const struct chunk *from, size_t len)
{
	struct chunk c;
	size_t at = 0;
	ssize_t i;

	while (at < len) {
		if (!get(s, &c) || c.id_len != from->id_len || !c.len ||
		    memcmp(c.id, from->id, c.id_len))
			return false;
		for (i = 0; i < c.len; i++, at++)
			if (c.data[i] != (char)(at * 7 + (at >> 8)))
				return false;
	}
	return at == len;
}

static void pattern(char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = i * 7 + (i >> 8);
}

static bool reads(int fd, const char *text)
{
	char buf[256];

	return !raw_read(fd, buf, strlen(text)) &&
	       !memcmp(buf, text, strlen(text));
}

/* The connection ends in time.  libzmq sees to it in calls only. */
static bool ended(struct zs *s, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	return wait_until(zs_poll(s, ZMQ_POLLIN, 0) >= 0 &&
			  poll(&pfd, 1, 0) == 1) && !read(fd, &byte, 1);
}

/* The peer is, in a moment, known no more. */
static bool forgotten(struct zs *s, const struct chunk *peer)
{
	return wait_until(zs_poll(s, ZMQ_POLLIN, 0) >= 0 &&
			  zs_send(s, peer->id, peer->id_len,
				  ZS_MORE | ZS_DONTWAIT) < 0 &&
			  errno == EHOSTUNREACH);
}

/* A STREAM or a raw ROUTER that has bound. */
FIXTURE(stream) {
	struct zs *s;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(stream) {
	int type;
};

FIXTURE_VARIANT_ADD(stream, stream) { .type = ZMQ_STREAM };
FIXTURE_VARIANT_ADD(stream, router) { .type = ZMQ_ROUTER };

FIXTURE_SETUP(stream)
{
	self->s = zs_open(variant->type);
	ASSERT_NE(NULL, self->s);
	if (variant->type == ZMQ_ROUTER) {
		ASSERT_OK(zs_set_int(self->s, ZMQ_ROUTER_RAW, 1));
		ASSERT_OK(zs_set_int(self->s, ZMQ_ROUTER_MANDATORY, 1));
	}
	ASSERT_OK(zs_bind_any(self->s, ZS_TCP, self->endpoint));
}

FIXTURE_TEARDOWN(stream)
{
	zs_close_now(self->s);
}

/* Who connects is announced, may speak first or be spoken to, and leaves. */
TEST_F(stream, accepted)
{
	struct chunk peer;
	int fd = raw_connect(self->endpoint, 0);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(get(self->s, &peer));
	ASSERT_EQ(ID_LEN, peer.id_len);
	EXPECT_EQ(0, peer.id[0]);
	EXPECT_EQ(0, peer.len);
	ASSERT_TRUE(put(self->s, &peer, "welcome", 7));
	EXPECT_TRUE(reads(fd, "welcome"));
	ASSERT_OK(raw_write(fd, "\1\0thanks" + 2, 6));
	EXPECT_TRUE(got(self->s, &peer, "thanks"));
	close(fd);
	EXPECT_TRUE(got(self->s, &peer, ""));
	EXPECT_TRUE(forgotten(self->s, &peer));
}

/* All bytes arrive, in order, in pieces of no more than 8192. */
TEST_F(stream, bytes)
{
	static char buf[300000], back[300000];
	struct chunk peer;
	int fd = raw_connect(self->endpoint, 0);

	pattern(buf, sizeof(buf));
	ASSERT_TRUE(get(self->s, &peer));
	ASSERT_OK(raw_write(fd, buf, 3));
	ASSERT_TRUE(got_bytes(self->s, &peer, 3));
	ASSERT_OK(raw_write(fd, buf, 2048));
	ASSERT_TRUE(got_bytes(self->s, &peer, 2048));
	ASSERT_OK(raw_write(fd, buf, 2049));
	ASSERT_TRUE(got_bytes(self->s, &peer, 2049));
	ASSERT_OK(raw_write(fd, buf, 20000));
	ASSERT_TRUE(got_bytes(self->s, &peer, 20000));
	ASSERT_OK(raw_write(fd, buf, sizeof(buf)));
	ASSERT_TRUE(got_bytes(self->s, &peer, sizeof(buf)));
	/* And back, in one message. */
	ASSERT_TRUE(put(self->s, &peer, buf, sizeof(buf)));
	ASSERT_OK(raw_read(fd, back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, sizeof(buf)));
	close(fd);
}

/* Bytes that would be ZMTP are bytes. */
TEST_F(stream, no_zmtp)
{
	static const char frame[] = "\4\5PING!";
	struct chunk peer;
	int fd = raw_connect(self->endpoint, 0);

	ASSERT_TRUE(get(self->s, &peer));
	ASSERT_OK(raw_write(fd, frame, 7));
	EXPECT_TRUE(got(self->s, &peer, frame));
	ASSERT_TRUE(put(self->s, &peer, frame, 7));
	EXPECT_TRUE(reads(fd, frame));
	close(fd);
}

/* The second part is a whole message, with more to follow or without. */
TEST_F(stream, more_is_ignored)
{
	struct chunk peer;
	int fd = raw_connect(self->endpoint, 0);

	ASSERT_TRUE(get(self->s, &peer));
	ASSERT_EQ(ID_LEN, zs_send(self->s, peer.id, ID_LEN, ZS_MORE));
	ASSERT_EQ(3, zs_send(self->s, "one", 3, ZS_MORE));
	EXPECT_TRUE(reads(fd, "one"));
	ASSERT_TRUE(put(self->s, &peer, "two", 3));
	EXPECT_TRUE(reads(fd, "two"));
	close(fd);
}

/* An empty message ends the connection, after what was sent before. */
TEST_F(stream, hang_up)
{
	struct chunk first, second;
	int fd = raw_connect(self->endpoint, 0), other;

	ASSERT_TRUE(get(self->s, &first));
	other = raw_connect(self->endpoint, 0);
	ASSERT_TRUE(get(self->s, &second));
	ASSERT_NE(0, memcmp(first.id, second.id, ID_LEN));
	ASSERT_TRUE(put(self->s, &first, "bye", 3));
	ASSERT_TRUE(put(self->s, &first, "", 0));
	EXPECT_TRUE(reads(fd, "bye"));
	EXPECT_TRUE(ended(self->s, fd));
	EXPECT_TRUE(forgotten(self->s, &first));
	/* Nothing is announced, and nobody else has noticed. */
	ASSERT_OK(raw_write(other, "here", 4));
	EXPECT_TRUE(got(self->s, &second, "here"));
	ASSERT_TRUE(put(self->s, &second, "too", 3));
	EXPECT_TRUE(reads(other, "too"));
	close(fd);
	close(other);
}

/* What a peer said before it left is read, then that it left. */
TEST_F(stream, read_after_close)
{
	struct chunk peer;
	int fd = raw_connect(self->endpoint, 0);

	ASSERT_TRUE(get(self->s, &peer));
	ASSERT_OK(raw_write(fd, "last words", 10));
	close(fd);
	EXPECT_TRUE(got(self->s, &peer, "last words"));
	EXPECT_TRUE(got(self->s, &peer, ""));
}

/* A peer that does not read: EAGAIN, and others can be sent to. */
TEST_F(stream, full)
{
	static char buf[65536];
	struct chunk peer, reader;
	int fd, other, i;

	ASSERT_OK(zs_set_int(self->s, ZMQ_SNDHWM, 4));
	fd = raw_connect(self->endpoint, 4096);
	ASSERT_TRUE(get(self->s, &peer));
	other = raw_connect(self->endpoint, 0);
	ASSERT_TRUE(get(self->s, &reader));
	for (i = 0; i < 10000; i++) {
		if (zs_send(self->s, peer.id, ID_LEN,
			    ZS_MORE | ZS_DONTWAIT) < 0) {
			/* libzmq's thread takes a moment to send. */
			if (errno != EAGAIN || i > 100)
				break;
			poll(NULL, 0, 1);
			continue;
		}
		ASSERT_EQ((ssize_t)sizeof(buf),
			  zs_send(self->s, buf, sizeof(buf), ZS_DONTWAIT));
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(10000, i);
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->s, ZMQ_POLLOUT, 0));
	ASSERT_TRUE(put(self->s, &reader, "hello", 5));
	EXPECT_TRUE(reads(other, "hello"));
	close(fd);
	close(other);
}

/* A wild id, one that is none, and an id alone. */
TEST(unknown_id)
{
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX], id[300] = "nobody";

	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send(s, id, 6, ZS_MORE));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send(s, id, 0, ZS_MORE));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send(s, id, sizeof(id), ZS_MORE));
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(s, ZMQ_POLLOUT, 0));
	zs_close_now(s);
}

/* Without ZMQ_STREAM_NOTIFY only bytes are told. */
TEST(quiet)
{
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX];
	struct chunk peer;
	int fd;

	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_STREAM_NOTIFY, 2));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_STREAM_NOTIFY, "", 1));
	ASSERT_OK(zs_set_int(s, ZMQ_STREAM_NOTIFY, 0));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_OK(raw_write(fd, "a", 1));
	ASSERT_TRUE(get(s, &peer));
	EXPECT_EQ(1, peer.len);
	close(fd);
	fd = raw_connect(endpoint, 0);
	ASSERT_OK(raw_write(fd, "b", 1));
	ASSERT_TRUE(get(s, &peer));
	EXPECT_EQ(1, peer.len);
	EXPECT_STREQ("b", peer.data);
	close(fd);
	zs_close_now(s);
}

/* A STREAM that connects knows its peer by ZMQ_ROUTING_ID at once. */
TEST(connects)
{
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, listener = raw_listen(endpoint);
	struct chunk peer = {}, told;
	size_t len = sizeof(peer.id);

	ASSERT_OK(zs_set_int(s, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_connect(s, endpoint));
	ASSERT_OK(zs_get(s, ZMQ_ROUTING_ID, peer.id, &len));
	ASSERT_EQ(ID_LEN, len);
	peer.id_len = len;
	ASSERT_TRUE(put(s, &peer, "early", 5));
	fd = raw_accept(listener);
	EXPECT_TRUE(reads(fd, "early"));
	ASSERT_TRUE(get(s, &told));
	EXPECT_EQ(0, told.len);
	EXPECT_EQ(0, memcmp(told.id, peer.id, ID_LEN));
	ASSERT_OK(raw_write(fd, "hi", 2));
	EXPECT_TRUE(got(s, &peer, "hi"));
	/* The peer leaves, and is found again. */
	close(fd);
	EXPECT_TRUE(got(s, &peer, ""));
	fd = raw_accept(listener);
	EXPECT_TRUE(got(s, &peer, ""));
	ASSERT_TRUE(put(s, &peer, "again", 5));
	EXPECT_TRUE(reads(fd, "again"));
	/* Sent away it is not. */
	ASSERT_TRUE(put(s, &peer, "", 0));
	EXPECT_TRUE(ended(s, fd));
	close(fd);
	EXPECT_EQ(-1, raw_accept_in(listener, 200));
	close(listener);
	zs_close_now(s);
}

/* Two peers that are connected to, each by the name it is given. */
TEST(connect_routing_id)
{
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX];
	int one, two, listener = raw_listen(endpoint);
	struct chunk first = { .id = "first", .id_len = 5 };
	struct chunk second = { .id = "2", .id_len = 1 };

	ASSERT_OK(zs_set_int(s, ZMQ_STREAM_NOTIFY, 0));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_CONNECT_ROUTING_ID, "", 0));
	ASSERT_OK(zs_set(s, ZMQ_CONNECT_ROUTING_ID, "first", 5));
	ASSERT_OK(zs_connect(s, endpoint));
	one = raw_accept(listener);
	ASSERT_OK(zs_set(s, ZMQ_CONNECT_ROUTING_ID, "2", 1));
	ASSERT_OK(zs_connect(s, endpoint));
	two = raw_accept(listener);
	ASSERT_LE(0, two);
	ASSERT_TRUE(put(s, &first, "to 1", 4));
	ASSERT_TRUE(put(s, &second, "to 2", 4));
	EXPECT_TRUE(reads(one, "to 1"));
	EXPECT_TRUE(reads(two, "to 2"));
	ASSERT_OK(raw_write(two, "from 2", 6));
	EXPECT_TRUE(got(s, &second, "from 2"));
	ASSERT_OK(raw_write(one, "from 1", 6));
	EXPECT_TRUE(got(s, &first, "from 1"));
	/* The name was for one connect only; taken, libzmq would abort. */
	if (zs_is_ours()) {
		EXPECT_ERRNO(EADDRINUSE,
			     zs_set(s, ZMQ_CONNECT_ROUTING_ID, "2", 1));
	}
	ASSERT_OK(zs_connect(s, endpoint));
	close(raw_accept(listener));
	close(one);
	close(two);
	close(listener);
	zs_close_now(s);
}

/* Two STREAMs, over each transport. */
FIXTURE(both) {
	struct zs *a;
	struct zs *b;
};

FIXTURE_VARIANT(both) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(both, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(both, tcp6) { .transport = ZS_TCP6 };
FIXTURE_VARIANT_ADD(both, ipc) { .transport = ZS_IPC };
FIXTURE_VARIANT_ADD(both, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(both)
{
	self->a = zs_open(ZMQ_STREAM);
	self->b = zs_open(ZMQ_STREAM);
}

FIXTURE_TEARDOWN(both)
{
	zs_close_now(self->a);
	zs_close_now(self->b);
}

TEST_F(both, exchange)
{
	static char buf[100000];
	char endpoint[ZS_ENDPOINT_MAX];
	struct chunk a, b;
	int i;

	pattern(buf, sizeof(buf));
	ASSERT_OK(zs_bind_any(self->a, variant->transport, endpoint));
	ASSERT_OK(zs_set_int(self->b, ZMQ_IPV6, 1));
	ASSERT_OK(zs_connect(self->b, endpoint));
	ASSERT_TRUE(get(self->a, &b));
	ASSERT_TRUE(get(self->b, &a));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(put(self->a, &b, buf, sizeof(buf)));
		ASSERT_TRUE(got_bytes(self->b, &a, sizeof(buf)));
		ASSERT_TRUE(put(self->b, &a, buf, 100 * i + 1));
		ASSERT_TRUE(got_bytes(self->a, &b, 100 * i + 1));
	}
	ASSERT_OK(zs_close_now(self->b));
	self->b = zs_open(ZMQ_STREAM);
	EXPECT_TRUE(got(self->a, &b, ""));
}

/* Silence is no fault: there is no handshake that would have to end. */
TEST(no_handshake)
{
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX];
	struct chunk peer;
	struct pollfd pfd = { .events = POLLIN };

	ASSERT_OK(zs_set_int(s, ZMQ_HANDSHAKE_IVL, 50));
	ASSERT_OK(zs_set_int(s, ZMQ_HEARTBEAT_IVL, 50));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	pfd.fd = raw_connect(endpoint, 0);
	ASSERT_TRUE(get(s, &peer));
	/* Nothing is sent, and the connection not closed. */
	EXPECT_EQ(0, poll(&pfd, 1, 300));
	ASSERT_OK(raw_write(pfd.fd, "late", 4));
	EXPECT_TRUE(got(s, &peer, "late"));
	close(pfd.fd);
	zs_close_now(s);
}

/* What is sent goes out after the socket is closed. */
TEST(lingers)
{
	static char buf[1000000], back[1000000];
	struct zs *s = zs_open(ZMQ_STREAM);
	char endpoint[ZS_ENDPOINT_MAX];
	struct chunk peer;
	int fd;

	pattern(buf, sizeof(buf));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 4096);
	ASSERT_TRUE(get(s, &peer));
	ASSERT_TRUE(put(s, &peer, buf, sizeof(buf)));
	ASSERT_OK(zs_close(s));
	ASSERT_OK(raw_read(fd, back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, sizeof(buf)));
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
}

TEST_HARNESS_MAIN
