// SPDX-License-Identifier: GPL-2.0-only
/* Contexts: groups of sockets that end together. */
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

static int plain(int protocol)
{
	return socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, protocol);
}

static int join(int fd, int ctx)
{
	return setsockopt(fd, SOL_ZMQ, ZMQ_AF_CTX, &ctx, sizeof(ctx));
}

static int bind_to(int fd, const char *endpoint)
{
	return setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND, endpoint, strlen(endpoint));
}

static int events_of(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, ms) < 0 ? -1 : pfd.revents;
}

FIXTURE(ctx) {
	int ctx;
	int fd;
};

FIXTURE_SETUP(ctx)
{
	self->ctx = plain(ZMQ_AF_CONTEXT);
	ASSERT_LE(0, self->ctx);
	self->fd = plain(ZMQ_AF_DEALER);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(ctx)
{
	close(self->ctx);
	close(self->fd);
}

TEST_F(ctx, joining)
{
	int other = plain(ZMQ_AF_CONTEXT), pipes[2], val = 0;

	ASSERT_OK(pipe(pipes));
	EXPECT_ERRNO(EBADF, join(self->fd, -1));
	EXPECT_ERRNO(ENOTSOCK, join(self->fd, pipes[0]));
	EXPECT_ERRNO(EINVAL, join(self->fd, self->fd));
	EXPECT_ERRNO(EINVAL, setsockopt(self->fd, SOL_ZMQ, ZMQ_AF_CTX, &val,
					1));
	EXPECT_EQ(0, join(self->fd, self->ctx));
	EXPECT_ERRNO(EBUSY, join(self->fd, self->ctx));
	EXPECT_ERRNO(EBUSY, join(self->fd, other));
	close(other);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(ctx, not_after_bind)
{
	ASSERT_OK(bind_to(self->fd, "tcp://127.0.0.1:*"));
	EXPECT_ERRNO(EBUSY, join(self->fd, self->ctx));
}

/* It carries no messages. */
TEST_F(ctx, is_no_message_socket)
{
	char c = 0;

	EXPECT_ERRNO(EOPNOTSUPP, send(self->ctx, &c, 1, MSG_DONTWAIT));
	EXPECT_ERRNO(EOPNOTSUPP, recv(self->ctx, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(-1, bind_to(self->ctx, "tcp://127.0.0.1:*"));
	EXPECT_EQ(0, events_of(self->ctx, 0));
}

TEST_F(ctx, shutdown)
{
	size_t len = sizeof(int);
	int val, late;
	char c = 0;

	ASSERT_OK(join(self->fd, self->ctx));
	EXPECT_EQ(0, events_of(self->ctx, 0) & POLLIN);
	ASSERT_OK(shutdown(self->ctx, SHUT_RDWR));
	EXPECT_ERRNO(ESHUTDOWN, send(self->fd, &c, 1, 0));
	EXPECT_ERRNO(ESHUTDOWN, recv(self->fd, &c, 1, 0));
	EXPECT_ERRNO(ESHUTDOWN, bind_to(self->fd, "tcp://127.0.0.1:*"));
	EXPECT_ERRNO(ESHUTDOWN, setsockopt(self->fd, SOL_ZMQ, ZMQ_LINGER, &val,
					   sizeof(val)));
	EXPECT_ERRNO(ESHUTDOWN, getsockopt(self->fd, SOL_ZMQ, ZMQ_EVENTS, &val,
					   (socklen_t *)&len));
	/* Whoever polls is told at once. */
	EXPECT_NE(0, events_of(self->fd, 0) & (POLLIN | POLLHUP | POLLERR));
	late = plain(ZMQ_AF_PULL);
	EXPECT_ERRNO(ESHUTDOWN, join(late, self->ctx));
	close(late);
	/* Not over before the last one is closed. */
	EXPECT_EQ(0, events_of(self->ctx, 0) & POLLIN);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(POLLIN, events_of(self->ctx, WAIT_LIMIT) & POLLIN);
}

/* Nor before it has lingered. */
TEST_F(ctx, waits_for_lingering)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs from = { .fd = self->fd };
	int port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(join(self->fd, self->ctx));
	ASSERT_OK(zs_connect(&from, endpoint));
	zs_close(pull);
	ASSERT_OK(zs_send_int(&from, 5, 0));
	ASSERT_OK(shutdown(self->ctx, SHUT_RDWR));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, events_of(self->ctx, 100) & POLLIN);
	pull = zs_open(ZMQ_DEALER);
	ASSERT_OK(zs_bind(pull, endpoint));
	EXPECT_EQ(5, zs_recv_int(pull, 0));
	EXPECT_EQ(POLLIN, events_of(self->ctx, WAIT_LIMIT) & POLLIN);
	zs_close_now(pull);
	close(port);
}

/* Without members shutting down is the end. */
TEST_F(ctx, empty)
{
	ASSERT_OK(shutdown(self->ctx, SHUT_RDWR));
	EXPECT_EQ(POLLIN, events_of(self->ctx, 0) & POLLIN);
}

/* Closing the context's descriptor leaves its members alone. */
TEST_F(ctx, closed_first)
{
	char c = 0;

	ASSERT_OK(join(self->fd, self->ctx));
	close(self->ctx);
	self->ctx = -1;
	EXPECT_ERRNO(EAGAIN, recv(self->fd, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(0, bind_to(self->fd, "tcp://127.0.0.1:*"));
}

/**
 * struct sleeper - a thread that blocks
 * @fd: what it receives from or polls
 * @poll: which of the two
 * @started: it is about to
 * @err: what came of it
 */
struct sleeper {
	int		fd;
	bool		poll;
	bool		started;
	int		err;
};

static void *sleep_in(void *arg)
{
	struct sleeper *s = arg;
	char c;

	__atomic_store_n(&s->started, true, __ATOMIC_SEQ_CST);
	if (s->poll)
		s->err = events_of(s->fd, WAIT_LIMIT) & POLLIN ? 0 : ETIMEDOUT;
	else
		s->err = recv(s->fd, &c, 1, 0) < 0 ? errno : 0;
	return NULL;
}

/* Those that sleep in a member wake up. */
TEST_F(ctx, wakes_sleepers)
{
	struct sleeper sleepers[6] = {};
	pthread_t threads[6];
	int i, ms = WAIT_LIMIT;

	ASSERT_OK(join(self->fd, self->ctx));
	/* A DEALER nobody is connected to blocks in both. */
	ASSERT_OK(setsockopt(self->fd, SOL_ZMQ, ZMQ_RCVTIMEO, &ms, sizeof(ms)));
	for (i = 0; i < 6; i++) {
		sleepers[i].fd = self->fd;
		sleepers[i].poll = i % 2;
		ASSERT_OK(pthread_create(&threads[i], NULL, sleep_in,
					 &sleepers[i]));
	}
	for (i = 0; i < 6; i++)
		ASSERT_TRUE(wait_until(__atomic_load_n(&sleepers[i].started,
						       __ATOMIC_SEQ_CST)));
	ASSERT_OK(shutdown(self->ctx, SHUT_RDWR));
	for (i = 0; i < 6; i++) {
		ASSERT_OK(pthread_join(threads[i], NULL));
		EXPECT_EQ(i % 2 ? 0 : ESHUTDOWN, sleepers[i].err);
	}
}

/* A single socket can be shut down, too, for both directions only. */
TEST_F(ctx, of_one_socket)
{
	char c = 0;

	EXPECT_ERRNO(EINVAL, shutdown(self->fd, SHUT_RD));
	EXPECT_ERRNO(EINVAL, shutdown(self->fd, SHUT_WR));
	EXPECT_ERRNO(EINVAL, shutdown(self->fd, 17));
	EXPECT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	EXPECT_ERRNO(ESHUTDOWN, recv(self->fd, &c, 1, 0));
	EXPECT_ERRNO(ESHUTDOWN, send(self->fd, &c, 1, 0));
}

TEST_HARNESS_MAIN
