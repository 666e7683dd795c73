// SPDX-License-Identifier: GPL-2.0-only
/* The end of contexts: who sleeps is woken, what lingers is waited for. */
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"

#define LINGER_MAX	"/proc/sys/net/zmq/linger_max"

static int context(void)
{
	return socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC,
		      ZMQ_AF_CONTEXT);
}

static struct zs *member(int ctx, int type)
{
	struct zs *s = zs_open(type);

	if (s && !zs_set_int(s, ZMQ_AF_CTX, ctx))
		return s;
	return NULL;
}

/* Is the context over?  Waits for up to @ms. */
static bool over(int ctx, int ms)
{
	struct pollfd pfd = { .fd = ctx, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1 && pfd.revents & POLLIN;
}

enum waiting { IN_SEND, IN_RECV, IN_POLL, IN_EPOLL, IN_EDGE, WAYS };

/**
 * struct sleeper - a thread that blocks
 * @s: in a call on this socket
 * @how: in which
 * @tid: the thread, 0 until it has begun
 * @woken: what it was told is as it should be
 */
struct sleeper {
	struct zs *s;
	enum waiting how;
	pid_t tid;
	bool woken;
};

static bool sleep_in_epoll(struct zs *s, uint32_t flags)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLHUP | flags };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int n = -1;

	if (!epoll_ctl(fd, EPOLL_CTL_ADD, s->fd, &ev))
		n = epoll_wait(fd, &ev, 1, WAIT_LIMIT);
	close(fd);
	return n == 1 && ev.events & EPOLLHUP;
}

static void *sleep_in(void *arg)
{
	struct sleeper *p = arg;
	struct pollfd pfd = { .fd = p->s->fd, .events = POLLIN };
	char c = 0;

	__atomic_store_n(&p->tid, gettid(), __ATOMIC_SEQ_CST);
	switch (p->how) {
	case IN_SEND:
		p->woken = zs_send(p->s, &c, 1, 0) < 0 && errno == ESHUTDOWN;
		break;
	case IN_RECV:
		p->woken = zs_recv(p->s, &c, 1, 0) < 0 && errno == ESHUTDOWN;
		break;
	case IN_POLL:
		p->woken = poll(&pfd, 1, WAIT_LIMIT) == 1 &&
			   pfd.revents & POLLHUP;
		break;
	case IN_EPOLL:
		p->woken = sleep_in_epoll(p->s, 0);
		break;
	default:
		p->woken = sleep_in_epoll(p->s, EPOLLET);
	}
	return NULL;
}

/* Does it sleep in the kernel? */
static bool asleep(struct sleeper *p)
{
	pid_t tid = __atomic_load_n(&p->tid, __ATOMIC_SEQ_CST);
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = tid ? fopen(path, "r") : NULL;
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

/* All threads in all calls on all members are woken, each of them. */
TEST(wakes_all)
{
	static const int types[] = { ZMQ_DEALER, ZMQ_PAIR, ZMQ_REQ };
	struct sleeper sleepers[3 * WAYS * 2] = {};
	pthread_t threads[3 * WAYS * 2];
	struct zs *members[3];
	int i, ctx;

	if (!zs_is_kernel())
		SKIP(return, "needs descriptors");
	ctx = context();
	ASSERT_LE(0, ctx);
	for (i = 0; i < 3; i++) {
		members[i] = member(ctx, types[i]);
		ASSERT_NE(NULL, members[i]);
	}
	for (i = 0; i < 3 * WAYS * 2; i++) {
		sleepers[i].s = members[i % 3];
		sleepers[i].how = i / 6;
		/* A REQ that has not asked has nothing to receive. */
		if (sleepers[i].how == IN_RECV &&
		    sleepers[i].s->type == ZMQ_REQ)
			sleepers[i].how = IN_SEND;
		ASSERT_OK(pthread_create(&threads[i], NULL, sleep_in,
					 &sleepers[i]));
	}
	for (i = 0; i < 3 * WAYS * 2; i++)
		EXPECT_TRUE(wait_until(asleep(&sleepers[i])));
	ASSERT_OK(shutdown(ctx, SHUT_RDWR));
	for (i = 0; i < 3 * WAYS * 2; i++) {
		ASSERT_OK(pthread_join(threads[i], NULL));
		EXPECT_TRUE(sleepers[i].woken)
			TH_LOG("thread %d, way %d", i, sleepers[i].how);
	}
	EXPECT_FALSE(over(ctx, 0));
	for (i = 0; i < 3; i++)
		zs_close(members[i]);
	EXPECT_TRUE(over(ctx, WAIT_LIMIT));
	close(ctx);
}

/*
 * While a program holds the context its closed members linger for as long as
 * they are to; then for as long as root allows.
 */
TEST(lingers_for_who_waits)
{
	char endpoint[ZS_ENDPOINT_MAX], nowhere[ZS_ENDPOINT_MAX];
	int port = zs_free_endpoint(endpoint), none = zs_free_endpoint(nowhere);
	struct zs *push, *clock, *pull = zs_open(ZMQ_PULL);
	struct proc_sock sock;
	char word[2][300];
	int round, ctx;

	if (!zs_is_kernel())
		SKIP(return, "needs descriptors");
	ASSERT_OK(proc_put(LINGER_MAX, 400 * wait_slow()));
	snprintf(word[0], sizeof(word[0]), "c:%s", endpoint);
	snprintf(word[1], sizeof(word[1]), "c:%s", nowhere);
	for (round = 0; round < 2; round++) {
		ctx = context();
		ASSERT_LE(0, ctx);
		push = member(ctx, ZMQ_PUSH);
		ASSERT_NE(NULL, push);
		ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 20));
		ASSERT_OK(zs_connect(push, endpoint));
		ASSERT_OK(zs_send_int(push, round, 0));
		ASSERT_OK(zs_close(push));
		ASSERT_OK(shutdown(ctx, SHUT_RDWR));
		/* One without a context tells when the limit has passed. */
		clock = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_connect(clock, nowhere));
		ASSERT_OK(zs_send_int(clock, 0, 0));
		ASSERT_OK(zs_close(clock));
		EXPECT_TRUE(wait_until(!proc_find_endpoint(word[1], &sock)));
		EXPECT_TRUE(proc_find_endpoint(word[0], &sock));
		EXPECT_STREQ("lingering", sock.state);
		EXPECT_FALSE(over(ctx, 0));
		if (!round) {
			close(ctx);
			EXPECT_TRUE(wait_until(!proc_find_endpoint(word[0],
								   &sock)));
			continue;
		}
		EXPECT_EQ(0, zs_bind(pull, endpoint));
		EXPECT_EQ(round, zs_recv_int(pull, 0));
		EXPECT_TRUE(over(ctx, WAIT_LIMIT));
		close(ctx);
	}
	ASSERT_OK(proc_put(LINGER_MAX, 30000));
	zs_close_now(pull);
	close(port);
	close(none);
}

/* Sockets with rings are taken apart while their context is shut down. */
TEST(shut_down_while_they_go)
{
	struct zs *s[8];
	int ctx, i, round;

	if (!zs_is_kernel())
		SKIP(return, "contexts are the kernel's");
	for (round = 0; round < 100; round++) {
		ctx = context();
		ASSERT_LE(0, ctx);
		for (i = 0; i < 8; i++) {
			s[i] = member(ctx, ZMQ_PUSH);
			ASSERT_NE(NULL, s[i]);
			ASSERT_OK(zs_set_int(s[i], ZMQ_AF_RING, 65536));
		}
		for (i = 0; i < 8; i++)
			zs_close(s[i]);
		do {
			ASSERT_OK(shutdown(ctx, SHUT_RDWR));
		} while (!over(ctx, 0));
		close(ctx);
	}
}

TEST_HARNESS_MAIN
