// SPDX-License-Identifier: GPL-2.0-only
/* Metadata of messages: what is known of the peer that sent them. */
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#ifndef ZMQ_METADATA
#define ZMQ_METADATA	95
#endif

#define GREETING	"\xff\0\0\0\0\0\0\0\0\x7f\3\1NULL\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0"

/* A property at @p; its length. */
static size_t property(char *p, const char *name, const void *val, size_t len)
{
	size_t n = strlen(name);

	p[0] = n;
	memcpy(p + 1, name, n);
	p[1 + n] = len >> 24;
	p[2 + n] = len >> 16;
	p[3 + n] = len >> 8;
	p[4 + n] = len;
	memcpy(p + 5 + n, val, len);
	return 5 + n + len;
}

TEST(tcp)
{
	struct zs *dealer = zs_open(ZMQ_DEALER), *router = zs_open(ZMQ_ROUTER);

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "name", 4));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(dealer, "a|b"));
	/* The routing id, too, has what the message has. */
	do {
		ASSERT_OK(zs_keep(router));
		EXPECT_STREQ("DEALER", zs_gets(router, "Socket-Type"));
		EXPECT_STREQ("name", zs_gets(router, "Identity"));
		EXPECT_STREQ("127.0.0.1", zs_gets(router, "Peer-Address"));
		EXPECT_EQ(NULL, zs_gets(router, "X-none"));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(NULL, zs_gets(router, "User-Id"));
	} while (router->more);
	ASSERT_OK(zs_send_msg(router, "name|reply"));
	ASSERT_OK(zs_keep(dealer));
	EXPECT_STREQ("ROUTER", zs_gets(dealer, "Socket-Type"));
	EXPECT_STREQ("127.0.0.1", zs_gets(dealer, "Peer-Address"));
	zs_close_now(dealer);
	zs_close_now(router);
}

TEST(ipc)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char expected[80];

	ASSERT_OK(zs_pair(pull, push, ZS_ABSTRACT, NULL));
	ASSERT_OK(zs_send_msg(push, "a"));
	ASSERT_OK(zs_keep(pull));
	sprintf(expected, "localhost:%u:%u:%d", geteuid(), getegid(), getpid());
	EXPECT_STREQ(expected, zs_gets(pull, "Peer-Address"));
	EXPECT_STREQ("PUSH", zs_gets(pull, "Socket-Type"));
	EXPECT_EQ(NULL, zs_gets(pull, "Identity"));
	zs_close_now(push);
	zs_close_now(pull);
}

/* A pid namespace learns no numbers of the one outside. */
TEST(ipc_in_pid_namespace)
{
	struct zs *push, *pull;
	int status;

	if (getuid())
		SKIP(return, "needs root");
	if (!zs_is_kernel())
		SKIP(return, "a library's threads are of the old namespace");
	if (unshare(CLONE_NEWPID))
		SKIP(return, "no pid namespaces");
	if (!fork()) {
		push = zs_open(ZMQ_PUSH);
		pull = zs_open(ZMQ_PULL);
		_exit(zs_pair(pull, push, ZS_ABSTRACT, NULL) ||
		      zs_send_msg(push, "a") || zs_keep(pull) ||
		      strcmp("localhost:0:0:1",
			     zs_gets(pull, "Peer-Address") ?: ""));
	}
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
}

/* Each message has the metadata of its own sender. */
TEST(many_peers)
{
	struct zs *dealer[5], *router = zs_open(ZMQ_ROUTER);
	char endpoint[ZS_ENDPOINT_MAX], name[2] = "a";
	int i, seen = 0;

	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	for (i = 0; i < 5; i++) {
		dealer[i] = zs_open(ZMQ_DEALER);
		name[0] = 'a' + i;
		ASSERT_OK(zs_set(dealer[i], ZMQ_ROUTING_ID, name, 1));
		ASSERT_OK(zs_connect(dealer[i], endpoint));
		ASSERT_OK(zs_send_msg(dealer[i], name));
		ASSERT_OK(zs_send_msg(dealer[i], name));
	}
	for (i = 0; i < 10; i++) {
		const char *id;

		ASSERT_OK(zs_keep(router));
		id = zs_gets(router, "Identity");
		ASSERT_NE(NULL, id);
		name[0] = id[0];
		seen += id[0];
		EXPECT_TRUE(zs_recv_is(router, name));
	}
	EXPECT_EQ(2 * ('a' + 'b' + 'c' + 'd' + 'e'), seen);
	for (i = 0; i < 5; i++)
		zs_close_now(dealer[i]);
	zs_close_now(router);
}

/* A message may outlive its connection. */
TEST(peer_is_gone)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);

	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(push, "a"));
	ASSERT_TRUE(wait_until(zs_poll(pull, ZMQ_POLLIN, 0)));
	zs_close(push);
	if (zs_is_kernel())
		ASSERT_TRUE(wait_until(zs_ops()->peers(pull) == 0));
	ASSERT_OK(zs_keep(pull));
	EXPECT_STREQ("PUSH", zs_gets(pull, "Socket-Type"));
	EXPECT_STREQ("127.0.0.1", zs_gets(pull, "Peer-Address"));
	zs_close_now(pull);
}

/* Properties of a peer that sends what it likes. */
TEST(properties_of_others)
{
	char endpoint[ZS_ENDPOINT_MAX], ready[8192] = "\5READY";
	struct zs *pull = zs_open(ZMQ_PULL);
	char big[7001] = "";
	size_t len = 6;
	int fd;

	memset(big, 'x', sizeof(big) - 1);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_GE(fd, 0);
	len += property(ready + len, "Socket-Type", "PUSH", 4);
	len += property(ready + len, "X-hello", "world", 5);
	len += property(ready + len, "X-empty", "", 0);
	len += property(ready + len, "X-big", big, 7000);
	len += property(ready + len, "X-hello", "again", 5);
	len += property(ready + len, "Peer-Address", "a lie", 5);
	ASSERT_OK(raw_write(fd, GREETING, sizeof(GREETING) - 1));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, ready, len));
	ASSERT_OK(raw_read(fd, ready, 64));
	ASSERT_OK(raw_send(fd, 0, "m", 1));
	ASSERT_OK(zs_keep(pull));
	EXPECT_STREQ("world", zs_gets(pull, "X-hello"));
	EXPECT_STREQ("", zs_gets(pull, "X-empty"));
	EXPECT_STREQ(big, zs_gets(pull, "X-big"));
	EXPECT_STREQ("127.0.0.1", zs_gets(pull, "Peer-Address"));
	EXPECT_EQ(NULL, zs_gets(pull, "x-hello"));
	close(fd);
	zs_close_now(pull);
}

static int metadata(struct zs *s, const char *text)
{
	return zs_set(s, ZMQ_METADATA, text, strlen(text));
}

/* Our own properties; the library has this in drafts only. */
TEST(own)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char text[2100] = "X-big:";

	if (!zs_is_ours())
		SKIP(return, "the library has drafts only");
	EXPECT_ERRNO(EINVAL, metadata(push, "hello:world"));
	EXPECT_ERRNO(EINVAL, metadata(push, "X-hello"));
	EXPECT_ERRNO(EINVAL, metadata(push, "X-hello:"));
	EXPECT_ERRNO(EINVAL, metadata(push, ":X-hello"));
	EXPECT_ERRNO(EINVAL, metadata(push, "X-:a"));
	EXPECT_ERRNO(EINVAL, metadata(push, ""));
	memset(text + 6, 'y', 2043);
	EXPECT_ERRNO(ENOSPC, metadata(push, text));
	ASSERT_OK(metadata(push, "X-hello:world"));
	ASSERT_OK(metadata(push, "X-hello:again"));
	ASSERT_OK(metadata(push, "X-time:12:30"));
	memset(text + 6, 'y', 2000);
	text[2006] = 0;
	ASSERT_OK(metadata(push, text));
	EXPECT_ERRNO(ENOSPC, metadata(push, "X-more:01234567890"));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(push, "m"));
	ASSERT_OK(zs_keep(pull));
	EXPECT_STREQ("world", zs_gets(pull, "X-hello"));
	EXPECT_STREQ("12:30", zs_gets(pull, "X-time"));
	EXPECT_STREQ(text + 6, zs_gets(pull, "X-big"));
	zs_close_now(push);
	zs_close_now(pull);
}

/* The number of a connection is told if there is room, and only news are. */
TEST(only_news)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char control[CMSG_SPACE(4)], buf[8];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char props[ZMQ_AF_META_MAX] = "";
	int i, val = ZMQ_AF_RECVMETA_NEW;
	socklen_t len;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	EXPECT_ERRNO(EINVAL, zs_set_int(pull, ZMQ_AF_RECVMETA, 3));
	EXPECT_ERRNO(EINVAL, zs_set_int(pull, ZMQ_AF_RECVMETA, -1));
	ASSERT_OK(zs_set_int(pull, ZMQ_AF_RECVMETA, val));
	EXPECT_EQ(val, zs_get_int(pull, ZMQ_AF_RECVMETA));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	for (i = 0; i < 4; i++)
		ASSERT_OK(zs_send_msg(push, "m"));
	/* No room: nothing is told, and it stays news. */
	ASSERT_TRUE(zs_recv_is(pull, "m"));
	for (i = 0; i < 3; i++) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		ASSERT_EQ(1, recvmsg(pull->fd, &msg, 0));
		EXPECT_EQ(i ? 0 : sizeof(control), msg.msg_controllen);
		EXPECT_FALSE(msg.msg_flags & MSG_CTRUNC);
		if (!i)
			memcpy(&pull->meta, CMSG_DATA(CMSG_FIRSTHDR(&msg)), 4);
	}
	EXPECT_NE(0, pull->meta);
	EXPECT_STREQ("PUSH", zs_gets(pull, "Socket-Type"));
	len = 3;
	EXPECT_ERRNO(EINVAL, getsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_META, props,
					&len));
	len = 4;
	EXPECT_ERRNO(ENOENT, getsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_META, props,
					&len));
	memcpy(props, &pull->meta, 4);
	EXPECT_ERRNO(EMSGSIZE, getsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_META, props,
					  &len));
	EXPECT_GT(len, 40);
	zs_close_now(push);
	zs_close_now(pull);
}

TEST_HARNESS_MAIN
