// SPDX-License-Identifier: GPL-2.0-only
/* inproc of AF_ZMQ: contexts, and what has none. */
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "inproc.h"

static int plain(int protocol)
{
	return socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, protocol);
}

static int set(int fd, int opt, int val)
{
	return setsockopt(fd, SOL_ZMQ, opt, &val, sizeof(val));
}

static int endpoint(int fd, int opt, const char *name)
{
	return setsockopt(fd, SOL_ZMQ, opt, name, strlen(name));
}

TEST(contexts_do_not_meet)
{
	int i, ctx[2], pull[2], push[2];
	char c;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	for (i = 0; i < 2; i++) {
		ctx[i] = plain(ZMQ_AF_CONTEXT);
		pull[i] = plain(ZMQ_AF_PULL);
		push[i] = plain(ZMQ_AF_PUSH);
		ASSERT_OK(set(pull[i], ZMQ_AF_CTX, ctx[i]));
		ASSERT_OK(set(push[i], ZMQ_AF_CTX, ctx[i]));
		ASSERT_OK(endpoint(pull[i], ZMQ_AF_BIND, NAME));
		ASSERT_OK(endpoint(push[i], ZMQ_AF_CONNECT, NAME));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, send(push[i], i ? "b" : "a", 1, MSG_DONTWAIT));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, recv(pull[i], &c, 1, MSG_DONTWAIT));
		EXPECT_EQ(i ? 'b' : 'a', c);
		EXPECT_ERRNO(EAGAIN, recv(pull[i], &c, 1, MSG_DONTWAIT));
		close(push[i]);
		close(pull[i]);
		close(ctx[i]);
	}
}

TEST(no_scope)
{
	int fd;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	fd = plain(ZMQ_AF_PAIR);
	EXPECT_ERRNO(ENXIO, endpoint(fd, ZMQ_AF_BIND, NAME));
	EXPECT_ERRNO(ENXIO, endpoint(fd, ZMQ_AF_CONNECT, NAME));
	EXPECT_ERRNO(EINVAL, set(fd, ZMQ_AF_INPROC_SCOPE, 2));
	close(fd);
}

static int in_user_scope(int protocol)
{
	int fd = plain(protocol);

	return set(fd, ZMQ_AF_INPROC_SCOPE, ZMQ_AF_INPROC_USER) ? -1 : fd;
}

/* Processes of one user meet; those of another do not. */
TEST(user_scope)
{
	int pull, fd, status;
	char c;

	if (!zs_is_kernel())
		SKIP(return, "system calls");
	pull = in_user_scope(ZMQ_AF_PULL);
	ASSERT_LE(0, pull);
	ASSERT_OK(endpoint(pull, ZMQ_AF_BIND, NAME));
	if (!fork()) {
		fd = in_user_scope(ZMQ_AF_PUSH);
		if (endpoint(fd, ZMQ_AF_CONNECT, NAME) ||
		    send(fd, "x", 1, MSG_DONTWAIT) != 1)
			_exit(1);
		if (seteuid(12345))
			_exit(2);
		fd = in_user_scope(ZMQ_AF_PULL);
		_exit(endpoint(fd, ZMQ_AF_BIND, NAME) ? 3 : 0);
	}
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, recv(pull, &c, 1, 0));
	EXPECT_EQ('x', c);
	fd = in_user_scope(ZMQ_AF_PULL);
	EXPECT_ERRNO(EADDRINUSE, endpoint(fd, ZMQ_AF_BIND, NAME));
	close(fd);
	close(pull);
}

TEST_HARNESS_MAIN
