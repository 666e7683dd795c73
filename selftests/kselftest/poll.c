// SPDX-License-Identifier: GPL-2.0-only
/* Waiting: poll, select, epoll, signals, time limits, threads. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "harness.h"

FIXTURE(poll) {
	struct zs *to;
	struct zs *from;
};

FIXTURE_SETUP(poll)
{
	self->to = zs_open(ZMQ_PULL);
	self->from = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_pair(self->to, self->from, ZS_TCP, NULL));
}

FIXTURE_TEARDOWN(poll)
{
	zs_close_now(self->to);
	zs_close_now(self->from);
}

static int poll_one(int fd, int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, ms) < 0 ? -1 : pfd.revents;
}

TEST_F(poll, levels)
{
	EXPECT_EQ(0, poll_one(self->to->fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(POLLOUT, poll_one(self->from->fd, POLLIN | POLLOUT, 0));
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	ASSERT_OK(zs_send_int(self->from, 2, 0));
	/* True for as long as there is something. */
	ASSERT_EQ(POLLIN, poll_one(self->to->fd, POLLIN, WAIT_LIMIT));
	EXPECT_EQ(POLLIN, poll_one(self->to->fd, POLLIN, 0));
	EXPECT_EQ(1, zs_recv_int(self->to, 0));
	ASSERT_EQ(POLLIN, poll_one(self->to->fd, POLLIN, WAIT_LIMIT));
	EXPECT_EQ(2, zs_recv_int(self->to, 0));
	EXPECT_EQ(0, poll_one(self->to->fd, POLLIN, 0));
}

/* Parts still to be read keep a socket readable. */
TEST_F(poll, parts)
{
	ASSERT_OK(zs_send_msg(self->from, "1|2"));
	ASSERT_EQ(POLLIN, poll_one(self->to->fd, POLLIN, WAIT_LIMIT));
	ASSERT_STREQ("1", zs_recv_str(self->to, 0));
	EXPECT_EQ(POLLIN, poll_one(self->to->fd, POLLIN, 0));
	ASSERT_STREQ("2", zs_recv_str(self->to, 0));
	EXPECT_EQ(0, poll_one(self->to->fd, POLLIN, 0));
}

TEST_F(poll, time_limit)
{
	long long begin = wait_now(), took;

	EXPECT_EQ(0, poll_one(self->to->fd, POLLIN, 150));
	took = wait_now() - begin;
	EXPECT_LE(149, took);
	EXPECT_GT(1500 * wait_slow(), took);
}

TEST_F(poll, select)
{
	struct timeval none = {}, some = { .tv_sec = WAIT_LIMIT / 1000 };
	fd_set in, out;
	int max = self->to->fd > self->from->fd ? self->to->fd : self->from->fd;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(self->to->fd, &in);
	FD_SET(self->from->fd, &out);
	FD_SET(self->to->fd, &out);
	ASSERT_EQ(1, select(max + 1, &in, &out, NULL, &none));
	EXPECT_FALSE(FD_ISSET(self->to->fd, &in));
	EXPECT_TRUE(FD_ISSET(self->from->fd, &out));
	EXPECT_FALSE(FD_ISSET(self->to->fd, &out));
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	FD_ZERO(&in);
	FD_SET(self->to->fd, &in);
	ASSERT_EQ(1, select(max + 1, &in, NULL, NULL, &some));
	EXPECT_TRUE(FD_ISSET(self->to->fd, &in));
}

static int epoll_for(int fd, int events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

/* How many events there are, 0 or 1, and which. */
static int epoll_take(int ep, int ms, unsigned int *events)
{
	struct epoll_event event = {};
	int n = epoll_wait(ep, &event, 1, ms);

	*events = event.events;
	return n;
}

TEST_F(poll, epoll_level)
{
	int i, ep = epoll_for(self->to->fd, EPOLLIN);
	unsigned int events;

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_take(ep, 0, &events));
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
		EXPECT_EQ(EPOLLIN, events);
	}
	EXPECT_EQ(1, zs_recv_int(self->to, 0));
	EXPECT_EQ(0, epoll_take(ep, 0, &events));
	close(ep);
}

/* An edge for each arrival, not for what is there. */
TEST_F(poll, epoll_edge)
{
	int i, ep = epoll_for(self->to->fd, EPOLLIN | EPOLLET);
	unsigned int events;

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_take(ep, 0, &events));
	for (i = 0; i < 20; i++) {
		ASSERT_OK(zs_send_int(self->from, i, 0));
		ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
		EXPECT_EQ(EPOLLIN, events);
		/* Drained: silence until the next one. */
		ASSERT_EQ(i, zs_recv_int(self->to, 0));
		ASSERT_EQ(0, epoll_take(ep, 0, &events));
	}
	/* Not drained: the next arrival is an edge again. */
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
	EXPECT_EQ(0, epoll_take(ep, 0, &events));
	ASSERT_OK(zs_send_int(self->from, 2, 0));
	ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
	close(ep);
}

/* Room to send is an edge after the queue was full. */
TEST(epoll_edge_out)
{
	struct zs *to = zs_open(ZMQ_PULL), *from = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	unsigned int events;
	int i, port, ep;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_set_int(from, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_connect(from, endpoint));
	ep = epoll_for(from->fd, EPOLLOUT | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
	ASSERT_EQ(10, zs_send_until_full(from, "x", 1, 100));
	EXPECT_EQ(0, epoll_take(ep, 0, &events));
	ASSERT_OK(zs_bind(to, endpoint));
	ASSERT_EQ(1, epoll_take(ep, WAIT_LIMIT, &events));
	EXPECT_EQ(EPOLLOUT, events);
	for (i = 0; i < 10; i++)
		ASSERT_STREQ("x", zs_recv_str(to, 0));
	close(ep);
	zs_close_now(to);
	zs_close_now(from);
	close(port);
}

static void nothing(int sig)
{
}

/* Have a signal sent to this process again and again; it may come too early. */
static pid_t signals(int flags)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = flags };
	pid_t parent = getpid(), child;

	sigaction(SIGUSR1, &action, NULL);
	child = harness_fork();
	while (!child) {
		poll(NULL, 0, 20);
		if (kill(parent, SIGUSR1))
			_exit(0);
	}
	return child;
}

FIXTURE(eintr) {
	struct zs *s;
	pid_t child;
};

FIXTURE_VARIANT(eintr) {
	int restart;		/* SA_RESTART */
	int always;		/* ZMQ_AF_EINTR */
	int timeout;		/* ms */
	int err;
};

/* As for any socket: signal(7) on SA_RESTART, and on SO_RCVTIMEO. */
FIXTURE_VARIANT_ADD(eintr, plain) {
	.restart = 0, .always = 0, .timeout = -1, .err = EINTR };
FIXTURE_VARIANT_ADD(eintr, restart_with_timeout) {
	.restart = SA_RESTART, .always = 0, .timeout = 600000, .err = EINTR };
FIXTURE_VARIANT_ADD(eintr, always) {
	.restart = SA_RESTART, .always = 1, .timeout = -1, .err = EINTR };
FIXTURE_VARIANT_ADD(eintr, always_with_timeout) {
	.restart = 0, .always = 1, .timeout = 600000, .err = EINTR };

FIXTURE_SETUP(eintr)
{
	/* A DEALER nobody is connected to blocks in both directions. */
	self->s = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_set_int(self->s, ZMQ_RCVTIMEO, variant->timeout));
	ASSERT_OK(zs_set_int(self->s, ZMQ_SNDTIMEO, variant->timeout));
	ASSERT_OK(zs_set_int(self->s, ZMQ_AF_EINTR, variant->always));
	EXPECT_EQ(variant->always, zs_get_int(self->s, ZMQ_AF_EINTR));
	self->child = signals(variant->restart);
}

FIXTURE_TEARDOWN(eintr)
{
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
	zs_close_now(self->s);
}

TEST_F(eintr, receive)
{
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_ERRNO(variant->err, zs_recv_int(self->s, 0));
}

TEST_F(eintr, send)
{
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_ERRNO(variant->err, zs_send_int(self->s, 1, 0));
}

/* SA_RESTART without limits: signals are not noticed, messages are. */
TEST(restarts)
{
	struct zs *a = zs_open(ZMQ_DEALER), *b = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	pid_t child, sender;
	int i;

	ASSERT_OK(zs_set_int(a, ZMQ_RCVTIMEO, -1));
	ASSERT_OK(zs_pair(a, b, ZS_TCP, endpoint));
	child = signals(SA_RESTART);
	sender = harness_fork();
	if (!sender) {
		for (i = 0; i < 5; i++) {
			poll(NULL, 0, 70);
			zs_send_int(b, i, 0);
		}
		_exit(0);
	}
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i, zs_recv_int(a, 0));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_EQ(0, harness_wait(sender));
	zs_close_now(a);
	zs_close_now(b);
}

/* A signal ends poll(), not the message. */
TEST_F(poll, interrupted)
{
	pid_t child = signals(SA_RESTART);

	EXPECT_ERRNO(EINTR, poll_one(self->to->fd, POLLIN, WAIT_LIMIT));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	EXPECT_EQ(1, zs_recv_int(self->to, 0));
}

#define SENDERS		4
#define RECEIVERS	4
#define EACH		500
#define TOTAL		(SENDERS * EACH)
#define STOP		(1 << 24)

/**
 * struct crowd - threads on two sockets
 * @to: all receive from it
 * @from: all send to it
 * @next: number of the next sender
 * @seen: how often each message was received
 * @failed: how many calls did
 */
struct crowd {
	struct zs	*to;
	struct zs	*from;
	int		next;
	int		seen[TOTAL];
	int		failed;
};

/* Returns the value before. */
static int count(int *counter)
{
	return __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static void *crowd_send(void *arg)
{
	struct crowd *c = arg;
	int i, val, first = count(&c->next) * EACH;

	for (i = 0; i < EACH; i++) {
		val = first + i;
		if (send(c->from->fd, &val, sizeof(val), 0) != sizeof(val))
			count(&c->failed);
	}
	return NULL;
}

static void *crowd_receive(void *arg)
{
	struct crowd *c = arg;
	int val;

	for (;;) {
		if (recv(c->to->fd, &val, sizeof(val), 0) != sizeof(val)) {
			count(&c->failed);
			return NULL;
		}
		if (val == STOP)
			return NULL;
		count(&c->seen[val]);
	}
}

/* Poll first, then receive what may have gone to another by then. */
static void *crowd_poll(void *arg)
{
	struct crowd *c = arg;
	int val;

	for (;;) {
		if (poll_one(c->to->fd, POLLIN, WAIT_LIMIT) != POLLIN) {
			count(&c->failed);
			return NULL;
		}
		if (recv(c->to->fd, &val, sizeof(val), MSG_DONTWAIT) < 0)
			continue;
		if (val == STOP)
			return NULL;
		count(&c->seen[val]);
	}
}

FIXTURE(threads) {
	struct crowd crowd;
	pthread_t senders[SENDERS];
	pthread_t receivers[RECEIVERS];
};

FIXTURE_VARIANT(threads) {
	int hwm;
	void *(*receive)(void *arg);
};

/* With short queues both sides sleep and wake all the time. */
FIXTURE_VARIANT_ADD(threads, long_queues) {
	.hwm = 1000, .receive = crowd_receive };
FIXTURE_VARIANT_ADD(threads, short_queues) {
	.hwm = 2, .receive = crowd_receive };
FIXTURE_VARIANT_ADD(threads, polling) {
	.hwm = 1000, .receive = crowd_poll };

FIXTURE_SETUP(threads)
{
	self->crowd.to = zs_open(ZMQ_PULL);
	self->crowd.from = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_set_int(self->crowd.to, ZMQ_RCVHWM, variant->hwm));
	ASSERT_OK(zs_set_int(self->crowd.from, ZMQ_SNDHWM, variant->hwm));
	ASSERT_OK(zs_pair(self->crowd.to, self->crowd.from, ZS_TCP, NULL));
}

FIXTURE_TEARDOWN(threads)
{
	zs_close_now(self->crowd.to);
	zs_close_now(self->crowd.from);
}

/* Nothing lost, nothing twice, nobody left asleep. */
TEST_F(threads, many)
{
	struct crowd *c = &self->crowd;
	int i, stop = STOP, bad = 0;

	for (i = 0; i < RECEIVERS; i++)
		ASSERT_OK(pthread_create(&self->receivers[i], NULL,
					 variant->receive, c));
	for (i = 0; i < SENDERS; i++)
		ASSERT_OK(pthread_create(&self->senders[i], NULL, crowd_send,
					 c));
	for (i = 0; i < SENDERS; i++)
		ASSERT_OK(pthread_join(self->senders[i], NULL));
	for (i = 0; i < RECEIVERS; i++)
		ASSERT_EQ(sizeof(stop), send(c->from->fd, &stop, sizeof(stop),
					     0));
	for (i = 0; i < RECEIVERS; i++)
		ASSERT_OK(pthread_join(self->receivers[i], NULL));
	EXPECT_EQ(0, c->failed);
	for (i = 0; i < TOTAL; i++)
		bad += c->seen[i] != 1;
	EXPECT_EQ(0, bad);
}

static void *receive_one(void *arg)
{
	struct crowd *c = arg;
	int val;

	if (recv(c->to->fd, &val, sizeof(val), 0) == sizeof(val))
		count(&c->seen[val]);
	else
		count(&c->failed);
	return NULL;
}

/* Sleeping receivers, and one message after the other: each wakes one up. */
TEST_F(threads, exclusive)
{
	struct crowd *c = &self->crowd;
	int i, round, got;

	for (round = 0; round < 10; round++) {
		memset(c->seen, 0, sizeof(c->seen));
		for (i = 0; i < RECEIVERS; i++)
			ASSERT_OK(pthread_create(&self->receivers[i], NULL,
						 receive_one, c));
		for (i = 0; i < RECEIVERS; i++)
			ASSERT_OK(zs_send_int(c->from, i, 0));
		for (i = 0; i < RECEIVERS; i++)
			ASSERT_OK(pthread_join(self->receivers[i], NULL));
		for (got = 0, i = 0; i < RECEIVERS; i++)
			got += c->seen[i];
		EXPECT_EQ(RECEIVERS, got);
		EXPECT_EQ(0, c->failed);
	}
}

static void *send_blocked(void *arg)
{
	struct crowd *c = arg;
	int val = 1;

	if (send(c->from->fd, &val, sizeof(val), 0) != sizeof(val))
		count(&c->failed);
	return NULL;
}

/* Blocked senders all go on when there is room. */
TEST_F(threads, blocked_senders)
{
	struct crowd *c = &self->crowd;
	struct zs *to = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, port, val = 1;

	zs_close_now(c->from);
	c->from = zs_open(ZMQ_PUSH);
	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_set_int(c->from, ZMQ_SNDHWM, 1));
	ASSERT_OK(zs_connect(c->from, endpoint));
	ASSERT_OK(zs_send_int(c->from, val, ZS_DONTWAIT));
	for (i = 0; i < SENDERS; i++)
		ASSERT_OK(pthread_create(&self->senders[i], NULL, send_blocked,
					 c));
	ASSERT_OK(zs_bind(to, endpoint));
	for (i = 0; i < SENDERS + 1; i++)
		ASSERT_EQ(val, zs_recv_int(to, 0));
	for (i = 0; i < SENDERS; i++)
		ASSERT_OK(pthread_join(self->senders[i], NULL));
	EXPECT_EQ(0, c->failed);
	zs_close_now(to);
	close(port);
}

TEST_HARNESS_MAIN
