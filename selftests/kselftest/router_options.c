// SPDX-License-Identifier: GPL-2.0-only
/* Options of ROUTER, and messages about peers that come and go. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"
#include "zs_peer.h"

FIXTURE(router) {
	struct zs *router;
	struct zs *dealer;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_SETUP(router)
{
	self->router = zs_open(ZMQ_ROUTER);
	self->dealer = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_OK(zs_set(self->dealer, ZMQ_ROUTING_ID, "D", 1));
	ASSERT_OK(zs_set_int(self->router, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RECONNECT_IVL, 20));
}

FIXTURE_TEARDOWN(router)
{
	if (self->router)
		zs_close_now(self->router);
	if (self->dealer)
		zs_close_now(self->dealer);
}

/* The name that connect gives holds, whatever the peer calls itself. */
TEST_F(router, connect_routing_id)
{
	struct zs *other = zs_open(ZMQ_DEALER);
	char second[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_bind_any(self->dealer, ZS_TCP, self->endpoint));
	ASSERT_OK(zs_bind_any(other, ZS_TCP, second));
	EXPECT_ERRNO(EINVAL, zs_set(self->router, ZMQ_CONNECT_ROUTING_ID,
				    "", 0));
	EXPECT_ERRNO(EINVAL, zs_set(self->dealer, ZMQ_CONNECT_ROUTING_ID,
				    "x", 1));
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "one", 3));
	ASSERT_OK(zs_connect(self->router, self->endpoint));
	/* Before there is a connection. */
	ASSERT_OK(zs_send_msg(self->router, "one|early"));
	EXPECT_TRUE(zs_recv_is(self->dealer, "early"));
	ASSERT_OK(zs_send_msg(self->dealer, "back"));
	EXPECT_TRUE(zs_recv_is(self->router, "one|back"));
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "two", 3));
	ASSERT_OK(zs_connect(self->router, second));
	ASSERT_OK(zs_send_msg(self->router, "two|hello"));
	EXPECT_TRUE(zs_recv_is(other, "hello"));
	EXPECT_ERRNO(EHOSTUNREACH, zs_send_msg(self->router, "D|x"));
	zs_close_now(other);
}

/* A name that is taken is refused; libzmq would abort. */
TEST_F(router, duplicate_id)
{
	if (!zs_is_ours())
		SKIP(return, "aborts");
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "one", 3));
	ASSERT_OK(zs_connect(self->router, "tcp://127.0.0.1:1"));
	EXPECT_ERRNO(EADDRINUSE, zs_set(self->router, ZMQ_CONNECT_ROUTING_ID,
					"one", 3));
	/* A peer takes the name between the option and the connect. */
	ASSERT_OK(zs_set(self->router, ZMQ_CONNECT_ROUTING_ID, "D", 1));
	ASSERT_OK(zs_bind_any(self->router, ZS_TCP, self->endpoint));
	ASSERT_OK(zs_connect(self->dealer, self->endpoint));
	ASSERT_OK(zs_send_msg(self->dealer, "hi"));
	EXPECT_TRUE(zs_recv_is(self->router, "D|hi"));
	EXPECT_ERRNO(EADDRINUSE, zs_connect(self->router,
					    "tcp://127.0.0.1:2"));
	ASSERT_OK(zs_send_msg(self->router, "D|still here"));
	EXPECT_TRUE(zs_recv_is(self->dealer, "still here"));
}

/* A short queue is short: TCP does not take in what the peer does not read. */
TEST_F(router, mandatory_hwm)
{
	static char buf[65536];
	int i;

	ASSERT_OK(zs_set_int(self->router, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RCVHWM, 1));
	/* Else TCP takes as much as it likes at this end, up to megabytes. */
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RCVBUF, sizeof(buf)));
	ASSERT_OK(zs_bind_any(self->router, ZS_TCP, self->endpoint));
	ASSERT_OK(zs_connect(self->dealer, self->endpoint));
	ASSERT_OK(zs_send_msg(self->dealer, "Hello"));
	EXPECT_TRUE(zs_recv_is(self->router, "D|Hello"));
	for (i = 0; i < 1000; i++) {
		if (zs_send(self->router, "D", 1, ZS_MORE | ZS_DONTWAIT) < 0)
			break;
		ASSERT_EQ((ssize_t)sizeof(buf),
			  zs_send(self->router, buf, sizeof(buf),
				  ZS_DONTWAIT));
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(10, i);
	/* All of them arrive. */
	while (i--)
		ASSERT_EQ((ssize_t)sizeof(buf),
			  zs_recv(self->dealer, buf, sizeof(buf), 0));
	EXPECT_TRUE(wait_until(!zs_send_msg(self->router, "D|end")));
	EXPECT_TRUE(zs_recv_is(self->dealer, "end"));
}

/* A busy short queue moves on. */
TEST_F(router, short_queue_flows)
{
	static char buf[65536];
	pid_t pid;
	int i;

	if (!zs_is_kernel())
		SKIP(return, "libzmq's sockets are of one process");
	ASSERT_OK(zs_set_int(self->router, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_pair(self->router, self->dealer, ZS_TCP, NULL));
	pid = harness_fork();
	if (!pid) {
		for (i = 0; i < 500; i++)
			if (zs_send(self->router, "D", 1, ZS_MORE) < 0 ||
			    zs_send(self->router, buf, sizeof(buf), 0) < 0)
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 500; i++)
		ASSERT_EQ((ssize_t)sizeof(buf),
			  zs_recv(self->dealer, buf, sizeof(buf), 0));
	EXPECT_EQ(0, harness_wait(pid));
}

/* An envelope may be longer than a page. */
TEST(long_envelope)
{
	static const size_t sizes[] = { 4000, 4096, 5000, 60000, 1000000 };
	struct zs *rep = zs_open(ZMQ_REP), *dealer = zs_open(ZMQ_DEALER);
	size_t i, at;
	char *buf, *back;

	buf = malloc(1000000);
	back = malloc(1000000);
	ASSERT_OK(zs_pair(rep, dealer, ZS_TCP, NULL));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (at = 0; at < sizes[i]; at++)
			buf[at] = at * 13 + (at >> 8) + i;
		ASSERT_EQ(3, zs_send(dealer, "hop", 3, ZS_MORE));
		ASSERT_EQ((ssize_t)sizes[i],
			  zs_send(dealer, buf, sizes[i], ZS_MORE));
		ASSERT_OK(zs_send_msg(dealer, "|question"));
		ASSERT_TRUE(zs_recv_is(rep, "question"));
		ASSERT_OK(zs_send_msg(rep, "answer"));
		ASSERT_EQ(3, zs_recv(dealer, back, 3, 0));
		ASSERT_EQ((ssize_t)sizes[i], zs_recv(dealer, back, 1000000, 0));
		EXPECT_EQ(0, memcmp(buf, back, sizes[i]));
		ASSERT_TRUE(zs_recv_is(dealer, "|answer"));
		/* A short one again, after each long one. */
		ASSERT_OK(zs_send_msg(dealer, "a|b||q"));
		ASSERT_TRUE(zs_recv_is(rep, "q"));
		ASSERT_OK(zs_send_msg(rep, "r"));
		ASSERT_TRUE(zs_recv_is(dealer, "a|b||r"));
	}
	free(buf);
	free(back);
	zs_close_now(rep);
	zs_close_now(dealer);
}

/* What follows is of libzmq's draft API. */

TEST_F(router, notify)
{
	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	EXPECT_ERRNO(EINVAL, zs_set_int(self->router, ZMQ_ROUTER_NOTIFY, 4));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->router, ZMQ_ROUTER_NOTIFY, -1));
	EXPECT_EQ(0, zs_get_int(self->router, ZMQ_ROUTER_NOTIFY));
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_NOTIFY,
			     ZMQ_NOTIFY_CONNECT | ZMQ_NOTIFY_DISCONNECT));
	EXPECT_EQ(3, zs_get_int(self->router, ZMQ_ROUTER_NOTIFY));
	ASSERT_OK(zs_pair(self->router, self->dealer, ZS_TCP, NULL));
	EXPECT_TRUE(zs_recv_is(self->router, "D|"));
	ASSERT_OK(zs_send_msg(self->dealer, "last words"));
	zs_close(self->dealer);
	self->dealer = NULL;
	EXPECT_TRUE(zs_recv_is(self->router, "D|last words"));
	EXPECT_TRUE(zs_recv_is(self->router, "D|"));
	EXPECT_EQ(0, zs_poll(self->router, ZMQ_POLLIN, 50));
}

/* The first message of each connection, before what was queued for it. */
TEST_F(router, hello)
{
	struct zs *late;
	char text[ZS_ENDPOINT_MAX];

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	ASSERT_OK(zs_set(self->router, ZMQ_HELLO_MSG, "hello", 5));
	ASSERT_OK(zs_set(self->dealer, ZMQ_HELLO_MSG, "hi", 2));
	zs_free_endpoint(text);
	ASSERT_OK(zs_connect(self->dealer, text));
	ASSERT_OK(zs_send_msg(self->dealer, "queued"));
	ASSERT_OK(zs_bind(self->router, text));
	EXPECT_TRUE(zs_recv_is(self->router, "D|hi"));
	EXPECT_TRUE(zs_recv_is(self->router, "D|queued"));
	EXPECT_TRUE(zs_recv_is(self->dealer, "hello"));
	/* No more of it. */
	ASSERT_OK(zs_set(self->router, ZMQ_HELLO_MSG, NULL, 0));
	late = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_set(late, ZMQ_ROUTING_ID, "L", 1));
	ASSERT_OK(zs_connect(late, text));
	ASSERT_TRUE(wait_until(!zs_send_msg(self->router, "L|first")));
	EXPECT_TRUE(zs_recv_is(late, "first"));
	zs_close_now(late);
}

/* The same by inproc, whoever comes first; who leaves is told to both. */
TEST_F(router, hello_and_disconnect_inproc)
{
	struct zs *peer;
	int i;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	ASSERT_OK(zs_set(self->router, ZMQ_HELLO_MSG, "hello", 5));
	ASSERT_OK(zs_set(self->router, ZMQ_DISCONNECT_MSG, "gone", 4));
	for (i = 0; i < 4; i++) {
		peer = zs_open(ZMQ_DEALER);
		ASSERT_OK(zs_set(peer, ZMQ_ROUTING_ID, "P", 1));
		ASSERT_OK(zs_set(peer, ZMQ_HELLO_MSG, "hi", 2));
		ASSERT_OK(zs_set(peer, ZMQ_HICCUP_MSG, "hiccup", 6));
		if (i & 1)
			ASSERT_OK(zs_bind(i & 2 ? self->router : peer,
					  "inproc://hello"));
		ASSERT_OK(zs_connect(i & 2 ? peer : self->router,
				     "inproc://hello"));
		if (i & 2)
			ASSERT_OK(zs_send_msg(peer, "queued"));
		if (!(i & 1))
			ASSERT_OK(zs_bind(i & 2 ? self->router : peer,
					  "inproc://hello"));
		if (!(i & 2))
			ASSERT_OK(zs_send_msg(peer, "queued"));
		EXPECT_TRUE(zs_recv_is(self->router, "P|hi"));
		EXPECT_TRUE(zs_recv_is(self->router, "P|queued"));
		EXPECT_TRUE(zs_recv_is(peer, "hello"));
		EXPECT_ERRNO(EAGAIN, zs_recv_int(peer, ZS_DONTWAIT));
		zs_close_now(peer);
		EXPECT_TRUE(zs_recv_is(self->router, "P|gone"));
		if (i & 2)
			ASSERT_OK(zs_unbind(self->router, "inproc://hello"));
	}
}

/* That a peer is gone is told also to who has more of it than SO_RCVBUF. */
TEST_F(router, gone_when_full)
{
	char endpoint[ZS_ENDPOINT_MAX], big[20000] = "";
	int fd, i, size = 2048;

	if (!zs_is_kernel())
		SKIP(return, "SO_RCVBUF of the kernel");
	ASSERT_OK(zs_set_int(self->router, ZMQ_ROUTER_NOTIFY, 3));
	ASSERT_OK(setsockopt(self->router->fd, SOL_SOCKET, SO_RCVBUF, &size,
			     sizeof(size)));
	ASSERT_OK(zs_bind_any(self->router, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_OK(raw_greet(fd, "DEALER", "R"));
	ASSERT_OK(raw_send(fd, 0, big, sizeof(big)));
	close(fd);
	ASSERT_TRUE(wait_until(zs_ops()->peers(self->router) == 0));
	EXPECT_TRUE(zs_recv_is(self->router, "R|"));
	EXPECT_STREQ("R", zs_recv_str(self->router, 0));
	i = zs_recv(self->router, big, sizeof(big), 0);
	EXPECT_EQ(sizeof(big), i);
	EXPECT_TRUE(zs_recv_is(self->router, "R|"));
}

/* A peer that comes and goes does not fill the memory. */
TEST_F(router, notices_have_an_end)
{
	char endpoint[ZS_ENDPOINT_MAX], hiccup[1000], buf[1000];
	struct zmq_af_stats stats;
	int listener, fd, i, got = 0, size = 8192;

	if (!zs_is_kernel())
		SKIP(return, "counters of the kernel");
	memset(hiccup, 'h', sizeof(hiccup));
	ASSERT_OK(zs_set(self->dealer, ZMQ_HICCUP_MSG, hiccup, sizeof(hiccup)));
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RECONNECT_IVL, 1));
	ASSERT_OK(setsockopt(self->dealer->fd, SOL_SOCKET, SO_RCVBUF, &size,
			     sizeof(size)));
	listener = raw_listen(endpoint);
	ASSERT_OK(zs_connect(self->dealer, endpoint));
	for (i = 0; i < 40; i++) {
		fd = raw_accept(listener);
		ASSERT_OK(raw_greet(fd, "ROUTER", NULL));
		close(fd);
	}
	close(listener);
	ASSERT_TRUE(wait_until(!zs_stats(self->dealer, &stats) &&
			       stats.rx_msgs + stats.rx_drops == 40));
	EXPECT_LT(0, stats.rx_drops);
	while (zs_recv(self->dealer, buf, sizeof(buf), ZS_DONTWAIT) == 1000)
		got++;
	EXPECT_EQ(got, stats.rx_msgs);
	EXPECT_LT(15, got);
	EXPECT_GT(20, got);
	/* There is room again. */
	zs_stats(self->dealer, &stats);
	EXPECT_EQ(0, stats.rx_queued_msgs);
}

/* One that has bound is told who left; one that connects, that it is alone. */
TEST_F(router, disconnect_and_hiccup)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int listener, fd;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	ASSERT_OK(zs_set(self->router, ZMQ_DISCONNECT_MSG, "gone", 4));
	ASSERT_OK(zs_bind_any(self->router, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_OK(raw_greet(fd, "DEALER", "R"));
	ASSERT_OK(raw_send(fd, 0, "text", 4));
	close(fd);
	EXPECT_TRUE(zs_recv_is(self->router, "R|text"));
	EXPECT_TRUE(zs_recv_is(self->router, "R|gone"));
	/* One that never was a peer does not count. */
	fd = raw_connect(endpoint, 0);
	close(fd);
	ASSERT_OK(zs_set(self->dealer, ZMQ_HICCUP_MSG, "hiccup", 6));
	ASSERT_OK(zs_set(self->dealer, ZMQ_DISCONNECT_MSG, "gone", 4));
	listener = raw_listen(endpoint);
	ASSERT_OK(zs_connect(self->dealer, endpoint));
	fd = raw_accept(listener);
	ASSERT_OK(raw_greet(fd, "ROUTER", NULL));
	close(fd);
	EXPECT_TRUE(zs_recv_is(self->dealer, "hiccup"));
	fd = raw_accept(listener);
	ASSERT_OK(raw_greet(fd, "ROUTER", NULL));
	ASSERT_OK(raw_send(fd, 0, "again", 5));
	EXPECT_TRUE(zs_recv_is(self->dealer, "again"));
	EXPECT_EQ(0, zs_poll(self->router, ZMQ_POLLIN, 0));
	close(fd);
	close(listener);
}

TEST_F(router, peer_state)
{
	static char buf[1000];
	int i;

	if (!zs_is_ours())
		SKIP(return, "libzmq without drafts");
	ASSERT_OK(zs_set_int(self->router, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_set_int(self->dealer, ZMQ_RCVHWM, 10));
	EXPECT_ERRNO(EHOSTUNREACH, zs_peer_state(self->router, "D", 1));
	EXPECT_ERRNO(EOPNOTSUPP, zs_peer_state(self->dealer, "D", 1));
	ASSERT_OK(zs_pair(self->router, self->dealer, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(self->router, "D|x"));
	EXPECT_EQ(ZMQ_POLLOUT, zs_peer_state(self->router, "D", 1));
	EXPECT_ERRNO(EHOSTUNREACH, zs_peer_state(self->router, "E", 1));
	EXPECT_ERRNO(EHOSTUNREACH, zs_peer_state(self->router, "DD", 2));
	for (i = 0; i < 1000000; i++) {
		if (zs_send(self->router, "D", 1, ZS_MORE | ZS_DONTWAIT) < 0)
			break;
		zs_send(self->router, buf, sizeof(buf), 0);
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zs_peer_state(self->router, "D", 1));
}

TEST_HARNESS_MAIN
