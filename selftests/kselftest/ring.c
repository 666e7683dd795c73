// SPDX-License-Identifier: GPL-2.0-only
/* Sending through memory shared with the kernel (ZMQ_AF_RING). */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"
#include "ring.h"

/* A wait that nobody can mistake for a slow machine, and a short one. */
#define LONG_US		1000000
#define SHORT_US	20000

static bool woken(struct zs *pull, int n)
{
	while (n-- > 0)
		if (!zs_recv_is(pull, "w"))
			return false;
	return true;
}

static bool has(struct zs *s, __u64 n)
{
	struct zmq_af_stats stats = {};

	return !zs_stats(s, &stats) && stats.rx_queued_msgs == n;
}

FIXTURE(ring) {
	struct zs *push;
	struct zs *pull;
	struct ring r;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(ring) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(ring, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(ring, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(ring)
{
	self->push = zs_open(ZMQ_PUSH);
	self->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_pair(self->pull, self->push, variant->transport,
			  self->endpoint));
	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_COALESCE, SHORT_US));
	ASSERT_OK(ring_open(&self->r, self->push, RING_SIZE));
}

FIXTURE_TEARDOWN(ring)
{
	ring_unmap(&self->r);
	zs_close_now(self->push);
	zs_close_now(self->pull);
	EXPECT_TRUE(proc_gone());
}

TEST_F(ring, asleep_until_told)
{
	EXPECT_EQ(ZMQ_AF_RING_WAKE, ring_flags(&self->r));
	ring_put(&self->r, "one");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->pull, "one"));
	EXPECT_EQ(self->r.tail, self->r.ctl->head);
}

/* One message, and the sender does nothing any more. */
TEST_F(ring, one_and_sleep)
{
	int i, n;

	for (i = 0; i < 20; i++) {
		n = ring_wake(&self->r);
		ASSERT_LE(0, n);
		ring_put(&self->r, "one");
		ASSERT_TRUE(woken(self->pull, n));
		ASSERT_TRUE(zs_recv_is(self->pull, "one"));
		/* Few come, so the kernel gives up. */
		ASSERT_TRUE(wait_until(!ring_awake(&self->r)));
	}
}

/* At any moment of the kernel's falling asleep. */
TEST_F(ring, none_is_stranded)
{
	char text[16];
	int i;

	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_COALESCE, 10));
	for (i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_OK(ring_send(&self->r, text, strlen(text)));
		if (i % 7)
			continue;
		ASSERT_TRUE(zs_recv_is(self->pull, text));
		/* Nothing else is left. */
		for (; ++i % 7; ) {
			snprintf(text, sizeof(text), "%d", i);
			ASSERT_OK(ring_send(&self->r, text, strlen(text)));
			ASSERT_TRUE(zs_recv_is(self->pull, text));
		}
		i--;
	}
}

/* As many as fit and more, of all sizes, around the ring's end. */
TEST_F(ring, wraps)
{
	static char out[1024], in[1024];
	unsigned int seed = 1;
	int i, len;
	pid_t pid;

	pid = harness_fork();
	if (!pid) {
		for (i = 0; i < 20000; i++) {
			len = rand_r(&seed) % (i % 2 ? 20 : sizeof(in));
			if (recv(self->pull->fd, in, sizeof(in), 0) != len)
				_exit(1);
			memset(out, i, len);
			if (memcmp(in, out, len))
				_exit(2);
		}
		_exit(0);
	}
	for (i = 0; i < 20000; i++) {
		len = rand_r(&seed) % (i % 2 ? 20 : sizeof(in));
		memset(out, i, len);
		ASSERT_OK(ring_send(&self->r, out, len));
	}
	EXPECT_EQ(0, harness_wait(pid));
	/* Not all by calls. */
	EXPECT_LT(1000, self->r.sent);
}

/* Nothing overtakes what is in the ring. */
TEST_F(ring, order)
{
	int n;

	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_COALESCE, LONG_US));
	n = ring_wake(&self->r);
	ASSERT_LE(0, n);
	ring_put(&self->r, "1");
	ASSERT_EQ(1, zs_send(self->push, "2", 1, 0));
	ring_put(&self->r, "3");
	ASSERT_EQ(3, send(self->push->fd, "\0\1" "4", 3, MSG_ZMQ_PACKED));
	ring_put(&self->r, "5");
	ASSERT_EQ(1, zs_send(self->push, "6", 1, ZS_MORE));
	/* This one has to wait for the end of the other. */
	ring_put(&self->r, "8");
	EXPECT_EQ(0, ring_kick(&self->r));
	ASSERT_EQ(1, zs_send(self->push, "7", 1, 0));
	ASSERT_TRUE(woken(self->pull, n));
	EXPECT_TRUE(zs_recv_is(self->pull, "1"));
	EXPECT_TRUE(zs_recv_is(self->pull, "2"));
	EXPECT_TRUE(zs_recv_is(self->pull, "3"));
	EXPECT_TRUE(zs_recv_is(self->pull, "4"));
	EXPECT_TRUE(zs_recv_is(self->pull, "5"));
	EXPECT_STREQ("6|7", zs_recv_msg(self->pull, 0));
	EXPECT_TRUE(zs_recv_is(self->pull, "8"));
}

TEST_F(ring, parts)
{
	char part[300] = "part";

	ring_frame(&self->r, RAW_MORE, "topic", 5);
	ring_frame(&self->r, RAW_MORE, part, sizeof(part));
	ring_frame(&self->r, 0, "end", 3);
	ring_commit(&self->r);
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_STREQ("topic", zs_recv_str(self->pull, 0));
	EXPECT_EQ((ssize_t)sizeof(part), zs_recv(self->pull, part, sizeof(part), 0));
	EXPECT_STREQ("end", zs_recv_str(self->pull, 0));
	EXPECT_EQ(0, zs_get_int(self->pull, ZMQ_RCVMORE));
}

/* Every call sees what was put in before it, long before the timer. */
TEST_F(ring, calls_look)
{
	struct zmq_af_stats stats = {};
	long long start = wait_now();
	int n;

	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_COALESCE, LONG_US));
	n = ring_wake(&self->r);
	ASSERT_LE(0, n);
	ring_put(&self->r, "1");
	ASSERT_OK(zs_stats(self->push, &stats));
	EXPECT_EQ(n + 1, stats.tx_msgs);
	ring_put(&self->r, "2");
	EXPECT_EQ(ZMQ_POLLOUT, zs_poll(self->push, ZMQ_POLLOUT, 0));
	EXPECT_EQ(self->r.tail, self->r.ctl->head);
	ring_put(&self->r, "3");
	EXPECT_EQ(ZMQ_POLLOUT, zs_get_int(self->push, ZMQ_EVENTS));
	EXPECT_EQ(self->r.tail, self->r.ctl->head);
	ring_put(&self->r, "4");
	ASSERT_OK(zs_set_int(self->push, ZMQ_SNDHWM, 500));
	EXPECT_EQ(self->r.tail, self->r.ctl->head);
	/* It counts anew. */
	EXPECT_EQ(0, ring_credit(&self->r));
	ring_put(&self->r, "5");
	ASSERT_OK(zs_disconnect(self->push, self->endpoint));
	EXPECT_TRUE(wait_until(has(self->pull, n + 5)));
	EXPECT_GT(LONG_US / 1000 * wait_slow(), wait_now() - start);
	EXPECT_EQ(0, ring_credit(&self->r));
}

TEST_F(ring, closed)
{
	long long start = wait_now();
	int n;

	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_COALESCE, LONG_US));
	n = ring_wake(&self->r);
	ASSERT_LE(0, n);
	ring_put(&self->r, "last");
	/* The mapping keeps the socket. */
	ASSERT_OK(zs_close(self->push));
	ring_put(&self->r, "very last");
	ring_unmap(&self->r);
	EXPECT_TRUE(wait_until(has(self->pull, n + 2)));
	EXPECT_GT(LONG_US / 1000 * wait_slow(), wait_now() - start);
	self->push = zs_open(ZMQ_PUSH);
	ASSERT_OK(ring_open(&self->r, self->push, RING_SIZE));
}

/* A child connects, wakes the kernel and puts a message in; then it ends. */
static void child(const char *endpoint, int how)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	struct ring r;

	/* Nobody receives before it ends. */
	if (zs_set_int(push, ZMQ_SNDHWM, 0) || zs_connect(push, endpoint) ||
	    zs_set_int(push, ZMQ_AF_COALESCE, LONG_US) ||
	    ring_open(&r, push, RING_SIZE) || ring_wake(&r) < 0)
		_exit(1);
	ring_put(&r, "end");
	if (how == SIGKILL)
		raise(SIGKILL);
	if (how)
		_exit(0);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

static bool ends(struct zs *pull)
{
	char text[8] = "w";

	while (!strcmp(text, "w"))
		if (zs_recv(pull, memset(text, 0, sizeof(text)),
			    sizeof(text) - 1, 0) < 0)
			return false;
	return !strcmp(text, "end");
}

TEST_F(ring, killed)
{
	pid_t pid = harness_fork();

	if (!pid)
		child(self->endpoint, SIGKILL);
	EXPECT_EQ(-1, harness_wait(pid));
	EXPECT_TRUE(ends(self->pull));
	pid = harness_fork();
	if (!pid)
		child(self->endpoint, 1);
	EXPECT_EQ(0, harness_wait(pid));
	EXPECT_TRUE(ends(self->pull));
}

TEST_F(ring, exec)
{
	pid_t pid = harness_fork();

	if (!pid)
		child(self->endpoint, 0);
	EXPECT_TRUE(ends(self->pull));
	kill(pid, SIGKILL);
	EXPECT_EQ(-1, harness_wait(pid));
}

/* A child has the socket but not the ring. */
TEST_F(ring, forked)
{
	unsigned char there;
	pid_t pid;
	int n;

	n = ring_wake(&self->r);
	ASSERT_LE(0, n);
	ring_put(&self->r, "parent's");
	pid = harness_fork();
	if (!pid) {
		if (!mincore(self->r.ctl, getpagesize(), &there) ||
		    errno != ENOMEM)
			_exit(1);
		_exit(send(self->push->fd, "child's", 7, 0) != 7);
	}
	EXPECT_EQ(0, harness_wait(pid));
	ASSERT_TRUE(woken(self->pull, n));
	EXPECT_TRUE(zs_recv_is(self->pull, "parent's"));
	EXPECT_TRUE(zs_recv_is(self->pull, "child's"));
	ring_put(&self->r, "again");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->pull, "again"));
}

static void *sends(void *arg)
{
	struct zs *push = arg;
	int i;

	for (i = 0; i < 5000; i++)
		if (zs_send_int(push, 10000 + i, 0))
			return push;
	return NULL;
}

/* One by the ring, another by calls: all comes, in the order of each. */
TEST_F(ring, two_threads)
{
	int i, val, calls = 0, rings = 0;
	pthread_t thread;
	void *failed;
	pid_t pid;

	pid = harness_fork();
	if (!pid) {
		for (i = 0; i < 10000; i++) {
			val = zs_recv_int(self->pull, 0);
			if (val != (val < 10000 ? rings++ : 10000 + calls++))
				_exit(1);
		}
		_exit(0);
	}
	ASSERT_OK(pthread_create(&thread, NULL, sends, self->push));
	for (i = 0; i < 5000; i++)
		ASSERT_OK(ring_send(&self->r, &i, sizeof(i)));
	ASSERT_OK(pthread_join(thread, &failed));
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(0, harness_wait(pid));
}

/* A peer that does not exist yet: HWM to the message. */
FIXTURE(full) {
	struct zs *push;
	struct ring r;
	int port;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_SETUP(full)
{
	self->push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_set_int(self->push, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_set_int(self->push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(ring_open(&self->r, self->push, RING_SIZE));
	self->port = zs_free_endpoint(self->endpoint);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(full)
{
	ring_unmap(&self->r);
	zs_close_now(self->push);
	close(self->port);
	EXPECT_TRUE(proc_gone());
}

static bool numbers(struct zs *pull, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (zs_recv_int(pull, 0) != i)
			return false;
	return true;
}

TEST_F(full, hwm)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int i = 1;

	EXPECT_EQ(0, ring_credit(&self->r));
	EXPECT_ERRNO(EAGAIN, zs_send(self->push, "x", 1, ZS_DONTWAIT));
	EXPECT_EQ(0, ring_credit(&self->r));
	ASSERT_OK(zs_connect(self->push, self->endpoint));
	ASSERT_OK(zs_send_int(self->push, 0, ZS_DONTWAIT));
	EXPECT_EQ(9, ring_credit(&self->r));
	for (; ring_credit(&self->r) > 0; i++) {
		ring_frame(&self->r, 0, &i, sizeof(i));
		ring_commit(&self->r);
	}
	EXPECT_EQ(10, i);
	EXPECT_ERRNO(EAGAIN, zs_send(self->push, "x", 1, ZS_DONTWAIT));
	EXPECT_EQ(0, zs_poll(self->push, ZMQ_POLLOUT, 0));
	EXPECT_EQ(0, ring_credit(&self->r));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_TRUE(numbers(pull, 10));
	EXPECT_TRUE(zs_can_send(self->push, true));
	ASSERT_OK(zs_close(pull));
}

/* Who does not care about the limit waits for room; nobody else has to. */
TEST_F(full, beyond)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int i;

	for (i = 0; i < 40; i++) {
		ring_frame(&self->r, 0, &i, sizeof(i));
		ring_commit(&self->r);
	}
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_ERRNO(EAGAIN, zs_send(self->push, "x", 1, ZS_DONTWAIT));
	ASSERT_OK(zs_connect(self->push, self->endpoint));
	EXPECT_ERRNO(EAGAIN, zs_send(self->push, "x", 1, ZS_DONTWAIT));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_TRUE(numbers(pull, 40));
	ASSERT_OK(zs_close(pull));
}

TEST_F(full, beyond_and_closed)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int i;

	ASSERT_OK(zs_connect(self->push, self->endpoint));
	for (i = 0; i < 40; i++) {
		ring_frame(&self->r, 0, &i, sizeof(i));
		ring_commit(&self->r);
	}
	ring_unmap(&self->r);
	ASSERT_OK(zs_close(self->push));
	ASSERT_OK(zs_bind(pull, self->endpoint));
	ASSERT_TRUE(numbers(pull, 40));
	ASSERT_OK(zs_close(pull));
	self->push = zs_open(ZMQ_PUSH);
	ASSERT_OK(ring_open(&self->r, self->push, RING_SIZE));
}

/* The share of two peers is what both take. */
TEST_F(full, two_peers)
{
	char other[ZS_ENDPOINT_MAX];
	int i, port;

	port = zs_free_endpoint(other);
	ASSERT_LE(0, port);
	ASSERT_OK(zs_connect(self->push, self->endpoint));
	ASSERT_OK(zs_connect(self->push, other));
	ASSERT_OK(zs_send_int(self->push, 0, ZS_DONTWAIT));
	EXPECT_EQ(19, ring_credit(&self->r));
	for (i = 0; i < 19; i++)
		ring_put(&self->r, "x");
	EXPECT_ERRNO(EAGAIN, zs_send(self->push, "x", 1, ZS_DONTWAIT));
	/* Nobody will ever take what is for that peer. */
	ASSERT_OK(zs_set_int(self->push, ZMQ_LINGER, 0));
	ASSERT_OK(zs_disconnect(self->push, other));
	EXPECT_EQ(0, ring_credit(&self->r));
	close(port);
}

TEST(publishes)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	struct zs *subs[3];
	char endpoint[ZS_ENDPOINT_MAX], text[16];
	struct ring r;
	int i, n;

	ASSERT_OK(zs_set_int(pub, ZMQ_AF_COALESCE, -1));
	/* Room for all that it may take to wake it: what is dropped does not. */
	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, RING_WAKE_MAX));
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		subs[i] = zs_open(ZMQ_SUB);
		ASSERT_OK(zs_set_int(subs[i], ZMQ_RCVHWM, RING_WAKE_MAX));
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_OK(zs_subscribe(subs[i], text));
		ASSERT_OK(zs_subscribe(subs[i], "all"));
		ASSERT_OK(zs_subscribe(subs[i], "w"));
		ASSERT_OK(zs_connect(subs[i], endpoint));
		ASSERT_TRUE(zs_join(pub, subs[i]));
	}
	ASSERT_OK(ring_open(&r, pub, RING_SIZE));
	n = ring_wake(&r);
	ASSERT_LE(0, n);
	for (i = 0; i < 600; i++) {
		snprintf(text, sizeof(text), "%d %d", i % 3, i);
		ASSERT_OK(ring_send(&r, text, strlen(text)));
	}
	ASSERT_OK(ring_send(&r, "all", 3));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(woken(subs[i], n));
	for (i = 0; i < 600; i++) {
		snprintf(text, sizeof(text), "%d %d", i % 3, i);
		ASSERT_TRUE(zs_recv_is(subs[i % 3], text));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(zs_recv_is(subs[i], "all"));
		ASSERT_OK(zs_close(subs[i]));
	}
	/* Nobody is there: it goes nowhere, as always, but counts. */
	ASSERT_TRUE(zs_wait_peers(pub, 0));
	/* Who leaves takes what it would have taken along, until told. */
	EXPECT_EQ(0, ring_kick(&r));
	i = ring_credit(&r);
	EXPECT_LT(1000, i);
	for (n = 0; n < 100; n++) {
		ring_put(&r, "none");
		EXPECT_EQ(0, ring_kick(&r));
		EXPECT_EQ(r.tail, r.ctl->head);
	}
	EXPECT_EQ(i, ring_credit(&r));
	/* Who waits instead of losing messages has to ask. */
	ASSERT_OK(zs_set_int(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_EQ(1, zs_send(pub, "x", 1, 0));
	EXPECT_EQ(0, ring_credit(&r));
	ring_unmap(&r);
	ASSERT_OK(zs_close(pub));
}

/* By inproc, what was sent has arrived: whoever looks then sees it. */
TEST(inproc_at_once)
{
	struct zs *pub = zs_open(ZMQ_PUB), *near = zs_open(ZMQ_SUB);
	struct zs *far = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX], text[16];
	struct ring r;
	int i;

	ASSERT_OK(zs_subscribe(near, "n"));
	ASSERT_OK(zs_pair(pub, near, ZS_INPROC, endpoint));
	/* What wakes the kernel goes to another. */
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_subscribe(far, "w"));
	ASSERT_OK(zs_connect(far, endpoint));
	ASSERT_TRUE(zs_join(pub, far));
	ASSERT_OK(zs_set_int(pub, ZMQ_AF_COALESCE, SHORT_US));
	ASSERT_OK(ring_open(&r, pub, RING_SIZE));
	for (i = 0; i < 60; i++) {
		ASSERT_LE(0, ring_wake(&r));
		snprintf(text, sizeof(text), "n%d", i);
		ring_put(&r, text);
		switch (i % 3) {
		case 0:
			ASSERT_EQ(ZMQ_POLLIN, zs_poll(near, ZMQ_POLLIN, 0));
			break;
		case 1:
			ASSERT_EQ(ZMQ_POLLIN, zs_get_int(near, ZMQ_EVENTS));
			break;
		}
		ASSERT_EQ((int)strlen(text), recv(near->fd, text, sizeof(text),
						  MSG_DONTWAIT));
	}
	ring_unmap(&r);
	ASSERT_OK(zs_close(pub));
	ASSERT_OK(zs_close_now(near));
	ASSERT_OK(zs_close_now(far));
}

TEST(options)
{
	static const int with[] = {
		ZMQ_PAIR, ZMQ_PUB, ZMQ_PUSH, ZMQ_DEALER, ZMQ_ROUTER,
	};
	static const int without[] = {
		ZMQ_REQ, ZMQ_REP, ZMQ_PULL, ZMQ_SUB, ZMQ_XPUB, ZMQ_STREAM,
	};
	static const int bad[] = { 0, -1, -4096, 1, 2048, 4097, 12288, 2097152 };
	struct zs *s;
	size_t i;

	for (i = 0; i < sizeof(without) / sizeof(*without); i++) {
		s = zs_open(without[i]);
		EXPECT_ERRNO(EOPNOTSUPP, zs_set_int(s, ZMQ_AF_RING, RING_SIZE));
		ASSERT_OK(zs_close(s));
	}
	for (i = 0; i < sizeof(with) / sizeof(*with); i++) {
		s = zs_open(with[i]);
		EXPECT_EQ(0, zs_get_int(s, ZMQ_AF_RING));
		ASSERT_OK(zs_set_int(s, ZMQ_AF_RING, ZMQ_AF_RING_MAX));
		EXPECT_EQ(ZMQ_AF_RING_MAX, zs_get_int(s, ZMQ_AF_RING));
		EXPECT_ERRNO(EBUSY, zs_set_int(s, ZMQ_AF_RING, RING_SIZE));
		ASSERT_OK(zs_close(s));
	}
	s = zs_open(ZMQ_PUSH);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_AF_RING, bad[i]));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_AF_RING, "x", 1));
	ASSERT_OK(zs_close(s));
}

#define EXPECT_NO_MAP(err, len, prot, flags, off)			\
	do {								\
		errno = 0;						\
		EXPECT_EQ(MAP_FAILED, mmap(NULL, len, prot, flags,	\
					   s->fd, off));		\
		EXPECT_EQ(err, errno);					\
	} while (0)

TEST(mapping)
{
	struct zs *s = zs_open(ZMQ_PUSH);
	size_t page = getpagesize(), len = page + RING_SIZE;
	int rw = PROT_READ | PROT_WRITE;
	struct zmq_af_ring *ctl;

	EXPECT_NO_MAP(ENODEV, len, rw, MAP_SHARED, 0);
	ASSERT_OK(zs_set_int(s, ZMQ_AF_RING, RING_SIZE));
	EXPECT_NO_MAP(EINVAL, page, rw, MAP_SHARED, 0);
	EXPECT_NO_MAP(EINVAL, len + page, rw, MAP_SHARED, 0);
	EXPECT_NO_MAP(EINVAL, len, rw, MAP_SHARED, page);
	EXPECT_NO_MAP(EINVAL, len, rw, MAP_PRIVATE, 0);
	EXPECT_NO_MAP(EPERM, len, rw | PROT_EXEC, MAP_SHARED, 0);
	ctl = mmap(NULL, len, rw, MAP_SHARED, s->fd, 0);
	ASSERT_NE(MAP_FAILED, ctl);
	EXPECT_EQ(RING_SIZE, ctl->size);
	EXPECT_EQ(page, ctl->offset);
	EXPECT_EQ(RING_SIZE / 4, ctl->max);
	EXPECT_ERRNO(EACCES, mprotect(ctl, len, rw | PROT_EXEC));
	errno = 0;
	EXPECT_EQ(MAP_FAILED, mremap(ctl, len, len + page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* A piece of it, or none, is no business of the kernel's. */
	ASSERT_OK(munmap((char *)ctl + page, RING_SIZE));
	EXPECT_EQ(0, send(s->fd, NULL, 0, MSG_ZMQ_PACKED));
	ctl->tail = 5;
	EXPECT_ERRNO(EINVAL, send(s->fd, NULL, 0, MSG_ZMQ_PACKED));
	ASSERT_OK(munmap(ctl, page));
	ASSERT_OK(zs_close(s));
}

/* A context that ends is told of by the next call. */
TEST(shut_down)
{
	struct zs *s = zs_open(ZMQ_PUSH);
	struct ring r;

	ASSERT_OK(ring_open(&r, s, RING_SIZE));
	ASSERT_OK(shutdown(s->fd, SHUT_RDWR));
	EXPECT_TRUE(ring_flags(&r) & ZMQ_AF_RING_STOPPED);
	EXPECT_ERRNO(ESHUTDOWN, zs_send(s, "x", 1, 0));
	ring_unmap(&r);
	ASSERT_OK(zs_close(s));
}

TEST_HARNESS_MAIN
