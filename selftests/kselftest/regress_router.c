// SPDX-License-Identifier: GPL-2.0-only
/* What a ROUTER, and others that address peers, know of a peer that left. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

/* A socket that connects, and its peer of plain bytes. */
FIXTURE(outage) {
	struct zs *router;
	char endpoint[ZS_ENDPOINT_MAX];
	int listener;
};

FIXTURE_SETUP(outage)
{
	self->router = zs_open(ZMQ_ROUTER);
	self->listener = raw_listen(self->endpoint);
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_set_int(self->router, ZMQ_RECONNECT_IVL, 20));
}

FIXTURE_TEARDOWN(outage)
{
	zs_close_now(self->router);
	close(self->listener);
}

static int peer(int listener, const char *type, const char *id)
{
	int fd = raw_accept(listener);

	if (fd >= 0 && !raw_greet(fd, type, id))
		return fd;
	close(fd);
	return -1;
}

/* Does a one-part message come next? */
static bool gets(int fd, const char *what)
{
	char buf[256];
	int flags;
	ssize_t len = raw_recv(fd, &flags, buf, sizeof(buf));

	return len == (ssize_t)strlen(what) && !flags &&
	       !memcmp(buf, what, len);
}

/* Does something come in, or @events become true, within @ms? */
static bool ready(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, ms) == 1;
}

/* Send messages until no more is taken; the last may be cut short. */
static bool fill(int fd)
{
	static char frame[9 + 60000] = { RAW_LONG, 0, 0, 0, 0, 0, 0, 60000 >> 8,
					 60000 & 255 };
	size_t at = 0;
	ssize_t n;

	while (ready(fd, POLLOUT, 100)) {
		n = send(fd, frame + at, sizeof(frame) - at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return false;
		at = (at + (n > 0 ? n : 0)) % sizeof(frame);
	}
	return true;
}

/* Close a connection and wait until the other side has seen that. */
static bool hang_up(int fd)
{
	long long disconnects = proc_stat("disconnects");

	close(fd);
	return wait_until(proc_stat("disconnects") > disconnects);
}

/* The peer keeps its id and its queue as long as we are connected to it. */
TEST_F(outage, queue_and_id_stay)
{
	int fd;

	if (!zs_is_ours())
		SKIP(return, "needs /proc/net/zmq_stat");
	ASSERT_OK(zs_connect(self->router, self->endpoint));
	fd = peer(self->listener, "DEALER", "D");
	ASSERT_LE(0, fd);
	ASSERT_TRUE(wait_until(!zs_send_msg(self->router, "D|1")));
	ASSERT_TRUE(gets(fd, "1"));
	ASSERT_TRUE(hang_up(fd));
	/* Nobody has accepted another connection. */
	EXPECT_EQ(0, zs_send_msg(self->router, "D|2"));
	EXPECT_EQ(0, zs_send_msg(self->router, "D|3"));
	/* What the peer calls itself now makes no difference. */
	fd = peer(self->listener, "DEALER", "E");
	ASSERT_LE(0, fd);
	EXPECT_TRUE(gets(fd, "2"));
	EXPECT_TRUE(gets(fd, "3"));
	ASSERT_OK(raw_send(fd, 0, "x", 1));
	EXPECT_TRUE(zs_recv_is(self->router, "D|x"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(self->router, "E|4"));
	EXPECT_EQ(0, zs_send_msg(self->router, "D|5"));
	EXPECT_TRUE(gets(fd, "5"));
	close(fd);
}

/* With ZMQ_ROUTER_MANDATORY it can be sent to once it has a known peer. */
TEST_F(outage, writable_when_known)
{
	int fd;

	ASSERT_OK(zs_connect(self->router, self->endpoint));
	EXPECT_EQ(0, zs_poll(self->router, ZMQ_POLLOUT, 0));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(self->router, "D|1"));
	fd = peer(self->listener, "DEALER", "D");
	ASSERT_LE(0, fd);
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->router, ZMQ_POLLOUT, WAIT_LIMIT));
	EXPECT_EQ(0, zs_send_msg(self->router, "D|1"));
	EXPECT_TRUE(gets(fd, "1"));
	close(fd);
}

/*
 * What is queued still goes out after disconnecting, to a peer that comes later
 * and is none of ours any more: nothing can be sent to it by its id.
 */
TEST(disconnected_before_the_peer)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *other = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX], bound[ZS_ENDPOINT_MAX];
	int i, fd, port = zs_free_endpoint(endpoint);

	if (!zs_is_kernel())
		SKIP(return, "libzmq acts in calls only");
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_set_int(router, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_set_int(router, ZMQ_PROBE_ROUTER, 1));
	ASSERT_OK(zs_connect(router, endpoint));
	ASSERT_OK(zs_disconnect(router, endpoint));
	ASSERT_OK(zs_set_int(router, ZMQ_PROBE_ROUTER, 0));
	ASSERT_OK(listen(port, 8));
	fd = peer(port, "DEALER", "ID");
	ASSERT_LE(0, fd);
	EXPECT_TRUE(gets(fd, ""));
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	close(port);
	for (i = 0; i < 20; i++) {
		EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(router, "ID|x"));
		poll(NULL, 0, 1);	/* memory is freed meanwhile */
	}
	/* And the id is free. */
	ASSERT_OK(zs_set(other, ZMQ_ROUTING_ID, "ID", 2));
	ASSERT_OK(zs_pair(router, other, ZS_TCP, bound));
	ASSERT_OK(zs_send_msg(other, "hello"));
	EXPECT_TRUE(zs_recv_is(router, "ID|hello"));
	ASSERT_OK(zs_send_msg(router, "ID|welcome"));
	EXPECT_TRUE(zs_recv_is(other, "welcome"));
	zs_close_now(other);
	zs_close_now(router);
}

/* The same for a PUB and a peer that does not say what it subscribes to. */
TEST(disconnected_before_an_old_subscriber)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	char endpoint[ZS_ENDPOINT_MAX], buf[16];
	int i, fd, listener = raw_listen(endpoint);

	if (!zs_is_ours())
		SKIP(return, "needs /proc/net/zmq_stat");
	ASSERT_OK(zs_set_int(pub, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_connect(pub, endpoint));
	fd = peer(listener, "SUB", NULL);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_send(fd, 0, "\1", 1));
	ASSERT_TRUE(wait_until(zs_send_msg(pub, "first") == 0 &&
			       ready(fd, POLLIN, 20)));
	ASSERT_TRUE(hang_up(fd));
	ASSERT_OK(zs_send_msg(pub, "m"));
	ASSERT_OK(zs_disconnect(pub, endpoint));
	/* ZMTP 1.0: an anonymous identity, then messages. */
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_write(fd, "\1\0", 2));
	ASSERT_OK(raw_read(fd, buf, 10));
	ASSERT_EQ('\377', buf[0]);
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	close(listener);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, zs_send_msg(pub, "nobody"));
		poll(NULL, 0, 1);	/* memory is freed meanwhile */
	}
	zs_close_now(pub);
}

/* After a hand-over the id stays where it went. */
TEST(handover_is_final)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	struct zs *a = zs_open(ZMQ_DEALER), *b = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	long long accepted;
	int i;

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_HANDOVER, 1));
	ASSERT_OK(zs_set(a, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_set(b, ZMQ_ROUTING_ID, "X", 1));
	ASSERT_OK(zs_set_int(a, ZMQ_RECONNECT_IVL, 1));
	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(a, endpoint));
	ASSERT_OK(zs_send_msg(a, "a"));
	ASSERT_TRUE(zs_recv_is(router, "X|a"));
	ASSERT_OK(zs_connect(b, endpoint));
	ASSERT_OK(zs_send_msg(b, "b"));
	ASSERT_TRUE(zs_recv_is(router, "X|b"));
	accepted = proc_stat("accepted");
	for (i = 0; i < 200; i++) {
		ASSERT_OK(zs_send_msg(router, "X|x"));
		ASSERT_TRUE(zs_recv_is(b, "x"))
			TH_LOG("message %d", i);
	}
	EXPECT_EQ(0, zs_poll(a, ZMQ_POLLIN, 0));
	EXPECT_EQ(accepted, proc_stat("accepted"));
	zs_close_now(a);
	zs_close_now(b);
	zs_close_now(router);
}

/* Who lost its id while its queue was full is still read, to no effect. */
TEST(handover_of_a_full_queue)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	char endpoint[ZS_ENDPOINT_MAX];
	int first, second;

	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_HANDOVER, 1));
	ASSERT_OK(zs_set_int(router, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	first = raw_connect(endpoint, 0);
	ASSERT_LE(0, first);
	ASSERT_OK(raw_greet(first, "DEALER", "X"));
	ASSERT_TRUE(fill(first));
	second = raw_connect(endpoint, 0);
	ASSERT_LE(0, second);
	ASSERT_OK(raw_greet(second, "DEALER", "X"));
	ASSERT_OK(raw_send(second, 0, "new", 3));
	if (zs_is_ours())
		EXPECT_TRUE(wait_until(!raw_unsent(first)));
	/* Of the first at most what had been received. */
	ASSERT_TRUE(wait_until(zs_recv_int(router, ZS_DONTWAIT) < 0 &&
			       !zs_poll(router, ZMQ_POLLIN, 20)));
	close(first);
	close(second);
	zs_close_now(router);
}

/* A request is answered by who was asked, even if that one broke off. */
TEST(reply_of_another)
{
	struct zs *req = zs_open(ZMQ_REQ);
	char endpoint[2][ZS_ENDPOINT_MAX], buf[16];
	int listener[2], fd[2], i, flags;
	struct pollfd pfd[2];

	if (!zs_is_ours())
		SKIP(return, "needs /proc/net/zmq_stat");
	ASSERT_OK(zs_set_int(req, ZMQ_RECONNECT_IVL, 20));
	for (i = 0; i < 2; i++) {
		listener[i] = raw_listen(endpoint[i]);
		ASSERT_OK(zs_connect(req, endpoint[i]));
		fd[i] = peer(listener[i], "REP", NULL);
		ASSERT_LE(0, fd[i]);
		pfd[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	}
	ASSERT_OK(zs_send_msg(req, "q"));
	ASSERT_EQ(1, poll(pfd, 2, WAIT_LIMIT));
	i = !pfd[0].revents;
	ASSERT_EQ(0, raw_recv(fd[i], &flags, buf, sizeof(buf)));
	ASSERT_EQ(1, raw_recv(fd[i], &flags, buf, sizeof(buf)));
	ASSERT_TRUE(hang_up(fd[i]));
	/* "bad", then PING: once it is answered "bad" has been looked at. */
	ASSERT_OK(raw_write(fd[!i], "\1\0\0\3bad\4\7\4PING\0\0", 16));
	ASSERT_EQ(5, raw_recv(fd[!i], &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, zs_poll(req, ZMQ_POLLIN | ZMQ_POLLOUT, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv(req, buf, sizeof(buf), ZS_DONTWAIT));
	/* The other one, back again, answers. */
	fd[i] = peer(listener[i], "REP", NULL);
	ASSERT_LE(0, fd[i]);
	ASSERT_OK(raw_write(fd[i], "\1\0\0\4good", 8));
	EXPECT_TRUE(zs_recv_is(req, "good"));
	for (i = 0; i < 2; i++) {
		close(fd[i]);
		close(listener[i]);
	}
	zs_close_now(req);
}

/* A PAIR takes only one peer, but every name it was given. */
TEST(pair_connects_twice)
{
	struct zs *a = zs_open(ZMQ_PAIR), *b = zs_open(ZMQ_PAIR);
	char endpoint[ZS_ENDPOINT_MAX], other[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(other);

	ASSERT_OK(zs_pair(a, b, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(b, other));
	EXPECT_EQ(0, zs_disconnect(b, other));
	EXPECT_ERRNO(ENOENT, zs_disconnect(b, other));
	ASSERT_OK(zs_send_msg(a, "x"));
	EXPECT_TRUE(zs_recv_is(b, "x"));
	close(port);
	zs_close_now(a);
	zs_close_now(b);
}

/* Without reconnecting a connection that ended leaves no endpoint behind. */
FIXTURE(never) {
	char endpoint[ZS_ENDPOINT_MAX];
	int listener;
};

FIXTURE_VARIANT(never) {
	int type;
	const char *peer;
};

FIXTURE_VARIANT_ADD(never, dealer) { ZMQ_DEALER, "DEALER" };
FIXTURE_VARIANT_ADD(never, push) { ZMQ_PUSH, "PULL" };
FIXTURE_VARIANT_ADD(never, sub) { ZMQ_SUB, "PUB" };
FIXTURE_VARIANT_ADD(never, pair) { ZMQ_PAIR, "PAIR" };

FIXTURE_SETUP(never)
{
	self->listener = raw_listen(self->endpoint);
}

FIXTURE_TEARDOWN(never)
{
	close(self->listener);
}

TEST_F(never, connect_again)
{
	struct zs *s = zs_open(variant->type);
	int i, fd;

	if (!zs_is_kernel())
		SKIP(return, "a library does not tell peers of who connects");
	ASSERT_OK(zs_set_int(s, ZMQ_RECONNECT_IVL, -1));
	for (i = 0; i < 3; i++) {
		ASSERT_OK(zs_connect(s, self->endpoint));
		fd = peer(self->listener, variant->peer, NULL);
		ASSERT_LE(0, fd)
			TH_LOG("connection %d", i);
		ASSERT_TRUE(zs_wait_peers(s, 1));
		close(fd);
		ASSERT_TRUE(zs_wait_peers(s, 0));
	}
	zs_close_now(s);
}

/* If nobody was there a queue remains. */
TEST(never_refused)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, port = zs_free_endpoint(endpoint);

	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, -1));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 20));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, zs_send_int(push, i, ZS_DONTWAIT));
	EXPECT_ERRNO(EAGAIN, zs_send_int(push, 0, ZS_DONTWAIT));
	close(port);
	zs_close_now(push);
}

TEST_HARNESS_MAIN
