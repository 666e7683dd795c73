// SPDX-License-Identifier: GPL-2.0-only
/* When messages go out: at once, or together with others (ZMQ_AF_COALESCE). */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "sniff.h"

#define SYSCTL		"/proc/sys/net/zmq/coalesce_default"
/* A wait that nobody can mistake for a slow machine. */
#define WAIT_US		1000000
#define WAIT_MS		(WAIT_US / 1000)

/* Has @s @n messages to be received? */
static bool has(struct zs *s, __u64 n)
{
	struct zmq_af_stats stats = {};

	return !zs_stats(s, &stats) && stats.rx_queued_msgs == n;
}

/* A pair of sockets, the first of which delays what follows a message. */
FIXTURE(wait) {
	struct zs *a;
	struct zs *b;
	long long start;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(wait) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(wait, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(wait, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(wait)
{
	self->a = zs_open(ZMQ_DEALER);
	self->b = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_pair(self->b, self->a, variant->transport,
			  self->endpoint));
	ASSERT_OK(zs_set_int(self->a, ZMQ_AF_COALESCE, WAIT_US));
	/* The first goes at once, whatever came before. */
	self->start = wait_now();
	ASSERT_EQ(5, zs_send(self->a, "first", 5, 0));
	ASSERT_TRUE(zs_recv_is(self->b, "first"));
	ASSERT_GT(WAIT_MS * wait_slow(), wait_now() - self->start);
	ASSERT_EQ(6, zs_send(self->a, "second", 6, 0));
}

FIXTURE_TEARDOWN(wait)
{
	zs_close_now(self->a);
	zs_close_now(self->b);
}

/* Has "second" stayed until now, or had the timer sent it before we looked? */
#define EXPECT_WAITING()					\
	do {							\
		bool waits = has(self->b, 0);			\
								\
		EXPECT_TRUE(waits ||				\
			    wait_now() - self->start >= WAIT_MS);\
	} while (0)

/* Nothing sends it but the timer; it does. */
TEST_F(wait, until_the_timer)
{
	zs_poll(self->b, ZMQ_POLLIN, 50);
	EXPECT_WAITING();
	ASSERT_TRUE(zs_recv_is(self->b, "second"));
	EXPECT_LE(WAIT_MS - 100, wait_now() - self->start);
	/* Then it has been quiet for long enough? Not yet: both ways. */
	ASSERT_EQ(5, zs_send(self->a, "third", 5, 0));
	ASSERT_TRUE(zs_recv_is(self->b, "third"));
}

/* What is asked for below comes long before the timer. */
#define EXPECT_SOON(n)						\
	do {							\
		long long asked = wait_now();			\
								\
		EXPECT_TRUE(wait_until(has(self->b, n)));	\
		EXPECT_GT(WAIT_MS / 2 * wait_slow(),		\
			  wait_now() - asked);			\
	} while (0)

TEST_F(wait, not_when_closed)
{
	ASSERT_OK(zs_close(self->a));
	self->a = zs_open(ZMQ_PAIR);
	EXPECT_SOON(1);
}

TEST_F(wait, not_when_receiving)
{
	char byte;

	EXPECT_ERRNO(EAGAIN, recv(self->a->fd, &byte, 1, MSG_DONTWAIT));
	EXPECT_SOON(1);
	ASSERT_EQ(5, zs_send(self->a, "third", 5, 0));
	ASSERT_OK(zs_set_int(self->a, ZMQ_RCVTIMEO, 1));
	EXPECT_ERRNO(EAGAIN, recv(self->a->fd, &byte, 1, 0));
	EXPECT_SOON(2);
}

TEST_F(wait, not_when_polling)
{
	/* That it can be written to does not make anybody wait. */
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->a, ZMQ_POLLOUT, 0));
	EXPECT_WAITING();
	EXPECT_EQ(0, zs_poll(self->a, ZMQ_POLLIN, 0));
	EXPECT_SOON(1);
	ASSERT_EQ(5, zs_send(self->a, "third", 5, 0));
	EXPECT_EQ(ZMQ_POLLOUT, zs_get_int(self->a, ZMQ_EVENTS));
	EXPECT_SOON(2);
}

TEST_F(wait, not_when_told)
{
	ASSERT_EQ(5, send(self->a->fd, "third", 5, MSG_EOR));
	EXPECT_SOON(2);
	ASSERT_EQ(1, zs_send(self->a, "4", 1, 0));
	ASSERT_EQ(5, write(self->a->fd, "fifth", 5));
	EXPECT_SOON(4);
	ASSERT_OK(zs_set_int(self->a, ZMQ_AF_COALESCE, 0));
	ASSERT_EQ(1, zs_send(self->a, "6", 1, 0));
	EXPECT_SOON(5);
}

TEST_F(wait, not_more_than_so_many)
{
	int i;

	for (i = 0; i < 511; i++)
		ASSERT_EQ(1, zs_send(self->a, "x", 1, 0));
	EXPECT_SOON(512);
}

TEST_F(wait, not_more_than_so_much)
{
	char big[40000] = {};

	ASSERT_EQ(40000, zs_send(self->a, big, sizeof(big), 0));
	EXPECT_SOON(2);
}

/* A subscription, an option: they take along what waits. */
TEST_F(wait, not_for_an_option)
{
	ASSERT_OK(zs_set_int(self->a, ZMQ_SNDHWM, 10));
	EXPECT_SOON(1);
}

/* Of a process that dies, too, and after a fork whoever ends last. */
TEST_F(wait, not_when_killed)
{
	int ready[2];
	pid_t pid;
	char byte;

	ASSERT_OK(pipe(ready));
	ASSERT_TRUE(zs_recv_is(self->b, "second"));
	pid = harness_fork();
	if (!pid) {
		struct zs *s = zs_open(ZMQ_DEALER);

		if (zs_set_int(s, ZMQ_AF_COALESCE, WAIT_US) ||
		    zs_connect(s, self->endpoint) ||
		    zs_send(s, "one", 3, 0) < 0 || zs_send(s, "two", 3, 0) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_OK(kill(pid, SIGKILL));
	EXPECT_EQ(-1, harness_wait(pid));
	EXPECT_TRUE(zs_recv_is(self->b, "one"));
	EXPECT_TRUE(zs_recv_is(self->b, "two"));
	close(ready[0]);
	close(ready[1]);
}

/* Subscriptions wait for each other, but not for messages. */
TEST(subscriptions)
{
	struct zs *xpub = zs_open(ZMQ_XPUB), *sub = zs_open(ZMQ_SUB);
	int fd = sniff_open(), i, seen = 0;
	char endpoint[ZS_ENDPOINT_MAX];
	struct sniff packet;
	long long start;

	ASSERT_LE(0, fd);
	ASSERT_OK(zs_pair(xpub, sub, ZS_TCP, endpoint));
	ASSERT_OK(zs_set_int(sub, ZMQ_AF_COALESCE, WAIT_US));
	start = wait_now();
	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_TRUE(zs_recv_is(xpub, "\1a"));
	ASSERT_GT(WAIT_MS * wait_slow(), wait_now() - start);
	/* Before the handshake's end they are not sent singly. */
	ASSERT_EQ(1, zs_send(xpub, "a", 1, 0));
	ASSERT_TRUE(zs_recv_is(sub, "a"));
	while (sniff_next(fd, endpoint, 20, &packet))
		;
	for (i = 0; i < 10; i++)
		ASSERT_OK(zs_subscribe(sub, (char []){ 'b' + i, 0 }));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "a", 1));
	/* Whoever waits for messages waits for what it asked for. */
	EXPECT_EQ(0, zs_poll(sub, ZMQ_POLLIN, 0));
	start = wait_now();
	EXPECT_TRUE(wait_until(has(xpub, 11)));
	EXPECT_GT(WAIT_MS / 2 * wait_slow(), wait_now() - start);
	for (i = 0; i < 10; i++)
		EXPECT_STREQ(((char []){ 1, 'b' + i, 0 }),
			     zs_recv_msg(xpub, 0));
	while (sniff_next(fd, endpoint, 20, &packet))
		seen += packet.len > 0;
	/* Work that the handshake has left behind may take the first ones along. */
	EXPECT_GE(3, seen);
	EXPECT_LE(1, seen);
	close(fd);
	ASSERT_OK(zs_close_now(xpub));
	ASSERT_OK(zs_close_now(sub));
}

TEST(option)
{
	struct zs *s = zs_open(ZMQ_PUSH);

	EXPECT_EQ(proc_number(SYSCTL, "%ld"), zs_get_int(s, ZMQ_AF_COALESCE));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_AF_COALESCE, -2));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_AF_COALESCE,
					ZMQ_AF_COALESCE_MAX + 1));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_AF_COALESCE, "x", 1));
	ASSERT_OK(zs_set_int(s, ZMQ_AF_COALESCE, ZMQ_AF_COALESCE_MAX));
	EXPECT_EQ(ZMQ_AF_COALESCE_MAX, zs_get_int(s, ZMQ_AF_COALESCE));
	ASSERT_OK(zs_close_now(s));
}

/* Questions and answers never wait. */
TEST(req_rep)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	char endpoint[ZS_ENDPOINT_MAX];
	long long start;
	int i;

	ASSERT_OK(zs_set_int(req, ZMQ_AF_COALESCE, WAIT_US));
	ASSERT_OK(zs_set_int(rep, ZMQ_AF_COALESCE, WAIT_US));
	ASSERT_OK(zs_pair(rep, req, ZS_TCP, endpoint));
	start = wait_now();
	for (i = 0; i < 50; i++) {
		ASSERT_OK(zs_send_msg(req, "q"));
		ASSERT_TRUE(zs_recv_is(rep, "q"));
		ASSERT_OK(zs_send_msg(rep, "a"));
		ASSERT_TRUE(zs_recv_is(req, "a"));
	}
	EXPECT_GT(10 * WAIT_MS * wait_slow(), wait_now() - start);
	ASSERT_OK(zs_close_now(req));
	ASSERT_OK(zs_close_now(rep));
}

/* A queue that is full does not wait, so its sender does not, either. */
TEST(full_queue)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	long long start;
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(push, ZMQ_AF_COALESCE, WAIT_US));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, endpoint));
	start = wait_now();
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(push, i, 0));
	EXPECT_GT(20 * WAIT_MS * wait_slow(), wait_now() - start);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* Packets with data of @n messages sent as fast as can be. */
static int packets(int usec, int n)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	int fd = sniff_open(), size = 32 << 20, i, seen = 0;
	char endpoint[ZS_ENDPOINT_MAX];
	struct sniff packet;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || zs_set_int(push, ZMQ_AF_COALESCE, usec) ||
	    zs_pair(pull, push, ZS_TCP, endpoint))
		return -1;
	/* What is there is the handshake's. */
	while (sniff_next(fd, endpoint, 20, &packet))
		;
	for (i = 0; i < n; i++)
		if (zs_send_int(push, i, 0))
			return -1;
	for (i = 0; i < n; i++)
		if (zs_recv_int(pull, 0) != i)
			return -1;
	while (sniff_next(fd, endpoint, 20, &packet))
		seen += packet.len > 0;
	zs_close_now(push);
	zs_close_now(pull);
	close(fd);
	return seen;
}

/* A burst is a few packets, unless nothing may wait. */
TEST(bursts)
{
	int adaptive, at_once, fixed;

	at_once = packets(0, 900);
	adaptive = packets(-1, 900);
	fixed = packets(100000, 900);
	TH_LOG("packets for 900 messages: %d, adaptive %d, 100 ms %d", at_once,
	       adaptive, fixed);
	/* TCP itself joins some if the machine is busy. */
	EXPECT_LT(300, at_once);
	EXPECT_GT(at_once / 2, adaptive);
	EXPECT_LE(1, adaptive);
	EXPECT_GT(20, fixed);
	EXPECT_LE(2, fixed);
}

/* Packets with data of @rounds messages by each of @n sockets, one after the other. */
static int in_turn(int n, int rounds)
{
	int fd = sniff_open(), size = 32 << 20, i, seen = 0;
	struct zs *pull = zs_open(ZMQ_PULL), *push[n];
	char endpoint[ZS_ENDPOINT_MAX];
	struct sniff packet;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || zs_bind_any(pull, ZS_TCP, endpoint))
		return -1;
	for (i = 0; i < n; i++) {
		push[i] = zs_open(ZMQ_PUSH);
		if (zs_set_int(push[i], ZMQ_AF_COALESCE, -1) ||
		    zs_connect(push[i], endpoint) ||
		    !zs_wait_peers(push[i], 1))
			return -1;
	}
	while (sniff_next(fd, endpoint, 20, &packet))
		;
	for (i = 0; i < n * rounds; i++)
		if (zs_send_int(push[i % n], i, 0))
			return -1;
	for (i = 0; i < n * rounds; i++)
		if (zs_recv_int(pull, 0) < 0)
			return -1;
	while (sniff_next(fd, endpoint, 20, &packet))
		seen += packet.len > 0;
	for (i = 0; i < n; i++)
		zs_close_now(push[i]);
	zs_close_now(pull);
	close(fd);
	return seen;
}

/* A thread that sends by many sockets in turn is in a burst with all of them. */
TEST(turns)
{
	int seen = in_turn(20, 100);

	TH_LOG("packets for 100 messages by each of 20 sockets: %d", seen);
	EXPECT_LE(20, seen);
	/* A round of a slow kernel takes as long as messages may wait. */
	EXPECT_GT(wait_slow() > 1 ? 2000 : 300, seen);
}

/* Answers questions until an empty one comes. */
static void *answer(void *arg)
{
	struct zs *router = arg;
	char id[16], body[16];
	ssize_t id_len, len;

	do {
		id_len = zs_recv(router, id, sizeof(id), 0);
		len = zs_recv(router, body, sizeof(body), 0);
		if (id_len <= 0 || len < 0 ||
		    zs_send(router, id, id_len, ZS_MORE) != id_len ||
		    zs_send(router, body, len, 0) != len)
			return router;
	} while (len);
	return NULL;
}

/* Asks @n questions, each when one of @ahead that are under way is answered. */
static bool ask(struct zs *dealer, int n, int ahead)
{
	int i;

	for (i = 0; i < n + ahead; i++) {
		if (i >= ahead && zs_recv_int(dealer, 0) != i - ahead)
			return false;
		if (i < n && zs_send_int(dealer, i, 0))
			return false;
	}
	return zs_send(dealer, "", 0, 0) == 0 && zs_recv_is(dealer, "");
}

/* Packets with data of @n questions and answers, all on one processor. */
static int questions(int n, int ahead)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);
	int fd = sniff_open(), size = 32 << 20, seen = 0;
	char endpoint[ZS_ENDPOINT_MAX];
	struct sniff packet;
	pthread_t thread;
	void *failed;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || zs_set_int(router, ZMQ_AF_COALESCE, -1) ||
	    zs_set_int(dealer, ZMQ_AF_COALESCE, -1) ||
	    zs_pair(router, dealer, ZS_TCP, endpoint))
		return -1;
	while (sniff_next(fd, endpoint, 20, &packet))
		;
	if (pthread_create(&thread, NULL, answer, router) ||
	    !ask(dealer, n, ahead) || pthread_join(thread, &failed) || failed)
		return -1;
	while (sniff_next(fd, endpoint, 20, &packet))
		seen += packet.len > 0;
	zs_close_now(router);
	zs_close_now(dealer);
	close(fd);
	return seen;
}

/*
 * Answers leave together while more is asked for, though those who get them
 * are woken, and ask again.  A single one leaves at once.
 */
TEST(answers)
{
	cpu_set_t all, one;
	int many, single;

	ASSERT_OK(sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_OK(sched_setaffinity(0, sizeof(one), &one));
	many = questions(1000, 100);
	single = questions(100, 1);
	ASSERT_OK(sched_setaffinity(0, sizeof(all), &all));
	TH_LOG("packets for 1000 questions, 100 under way: %d, for 100: %d",
	       many, single);
	EXPECT_GT(1000, many);
	EXPECT_LE(2, many);
	EXPECT_LE(202, single);
}

TEST_HARNESS_MAIN
