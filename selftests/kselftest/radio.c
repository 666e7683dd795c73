// SPDX-License-Identifier: GPL-2.0-only
/*
 * RADIO and DISH; by system calls groups are ancillary data.  Debian's libzmq
 * has no drafts: what is on the wire is 48/RADIO-DISH and libzmq's source.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "harness.h"
#include "raw.h"

FIXTURE(radio) {
	struct zs *radio;
	struct zs *dish[2];
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(radio) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(radio, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(radio, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(radio)
{
	int i;

	self->radio = zs_open(RADIO);
	ASSERT_OK(zs_bind_any(self->radio, variant->transport,
			      self->endpoint));
	for (i = 0; i < 2; i++) {
		self->dish[i] = zs_open(DISH);
		ASSERT_OK(zs_connect(self->dish[i], self->endpoint));
		ASSERT_TRUE(zs_wait_peers(self->radio, i + 1));
	}
}

FIXTURE_TEARDOWN(radio)
{
	if (!self->radio)
		return;
	zs_close_now(self->radio);
	zs_close_now(self->dish[0]);
	zs_close_now(self->dish[1]);
}

/* Until all that was joined is known, send to a group made for that. */
static bool settle(struct zs *radio, struct zs *dish)
{
	char group[300], buf[16];

	if (group_join(dish, "settle"))
		return false;
	if (!wait_until(!group_send_str(radio, "settle", "") &&
			zs_poll(dish, ZMQ_POLLIN, 10)))
		return false;
	if (group_leave(dish, "settle"))
		return false;
	/* One that was seen readable is received; what else came is not. */
	return group_recv_is(dish, "settle", "") &&
	       group_recv(dish, group, buf, sizeof(buf), MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

/* A group is matched as a whole. */
TEST_F(radio, exact)
{
	ASSERT_OK(group_join(self->dish[0], "ab"));
	ASSERT_OK(group_join(self->dish[0], "abcd"));
	ASSERT_OK(group_join(self->dish[1], "abc"));
	ASSERT_OK(group_join(self->dish[1], ""));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	ASSERT_TRUE(settle(self->radio, self->dish[1]));
	ASSERT_OK(group_send_str(self->radio, "a", "1"));
	ASSERT_OK(group_send_str(self->radio, "ab", "2"));
	ASSERT_OK(group_send_str(self->radio, "abc", "3"));
	ASSERT_OK(group_send_str(self->radio, "abcd", "4"));
	ASSERT_OK(group_send_str(self->radio, "abcde", "5"));
	ASSERT_OK(group_send_str(self->radio, "", "6"));
	ASSERT_OK(group_send_str(self->radio, NULL, "7"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "ab", "2"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "abcd", "4"));
	EXPECT_TRUE(group_recv_is(self->dish[1], "abc", "3"));
	EXPECT_TRUE(group_recv_is(self->dish[1], "", "6"));
	EXPECT_TRUE(group_recv_is(self->dish[1], "", "7"));
}

/* Each is joined and left once. */
TEST_F(radio, join_and_leave)
{
	char name[257];

	memset(name, 'g', sizeof(name));
	name[256] = 0;
	EXPECT_ERRNO(EINVAL, group_join(self->dish[0], name));
	EXPECT_ERRNO(EINVAL, group_leave(self->dish[0], "a"));
	ASSERT_OK(group_join(self->dish[0], "a"));
	EXPECT_ERRNO(EINVAL, group_join(self->dish[0], "a"));
	ASSERT_OK(group_leave(self->dish[0], "a"));
	EXPECT_ERRNO(EINVAL, group_leave(self->dish[0], "a"));
	EXPECT_ERRNO(zs_is_kernel() ? EINVAL : EOPNOTSUPP,
		     group_join(self->radio, "a"));
	EXPECT_ERRNO(EINVAL, zs_subscribe(self->dish[0], "a"));
	name[255] = 0;
	ASSERT_OK(group_join(self->dish[0], name));
	ASSERT_OK(group_join(self->dish[0], "END"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	ASSERT_OK(group_send_str(self->radio, "a", "left"));
	ASSERT_OK(group_send_str(self->radio, name, "long"));
	EXPECT_TRUE(group_recv_is(self->dish[0], name, "long"));
}

/* What came before a group was left is not received after. */
TEST_F(radio, leave_filters)
{
	char group[300], buf[16];

	ASSERT_OK(group_join(self->dish[0], "a"));
	ASSERT_OK(group_join(self->dish[0], "b"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	ASSERT_OK(group_send_str(self->radio, "a", "1"));
	ASSERT_OK(group_send_str(self->radio, "b", "2"));
	ASSERT_OK(group_send_str(self->radio, "a", "3"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "a", "1"));
	ASSERT_OK(group_leave(self->dish[0], "a"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "b", "2"));
	EXPECT_ERRNO(EAGAIN, group_recv(self->dish[0], group, buf, sizeof(buf),
					MSG_DONTWAIT));
}

/* Bodies of all sizes, and buffers that are too short for them. */
TEST_F(radio, sizes)
{
	static const size_t sizes[] = {
		0, 1, 200, 240, 255, 256, 300, 2048, 2049, 100000, 3000000 };
	static char body[3000000], buf[3000000];
	char group[300];
	size_t i;

	ASSERT_OK(group_join(self->dish[0], "group"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	for (i = 0; i < sizeof(body); i++)
		body[i] = i * 7;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ((ssize_t)sizes[i],
			  group_send(self->radio, "group", body, sizes[i], 0));
		memset(buf, 0, sizes[i]);
		ASSERT_TRUE(zs_poll(self->dish[0], ZMQ_POLLIN, WAIT_LIMIT));
		/* One that only looks sees the same. */
		if (zs_is_kernel()) {
			ASSERT_EQ((ssize_t)sizes[i],
				  group_recv(self->dish[0], group, buf,
					     sizeof(buf), MSG_PEEK));
			EXPECT_STREQ("group", group);
		}
		ASSERT_EQ((ssize_t)sizes[i],
			  group_recv(self->dish[0], group, buf, sizeof(buf),
				     0));
		EXPECT_STREQ("group", group);
		EXPECT_EQ(0, memcmp(body, buf, sizes[i]));
	}
	if (!zs_is_kernel())
		return;
	ASSERT_EQ(1000, group_send(self->radio, "group", body, 1000, 0));
	ASSERT_EQ(2, group_send(self->radio, "group", "ok", 2, 0));
	EXPECT_ERRNO(EMSGSIZE, group_recv(self->dish[0], group, buf, 10,
					  MSG_ZMQ_WHOLE));
	EXPECT_EQ(1000, group_recv(self->dish[0], group, buf, 10, MSG_TRUNC));
	EXPECT_TRUE(group_recv_is(self->dish[0], "group", "ok"));
}

/* A buffer that cannot be written to loses neither body nor group. */
TEST_F(radio, fault)
{
	static char body[5000], buf[5000];
	char group[300];

	if (!zs_is_kernel())
		SKIP(return, "a library's buffers are good");
	ASSERT_OK(group_join(self->dish[0], "group"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	ASSERT_OK(group_send_str(self->radio, "group", "short"));
	memset(body, 'b', sizeof(body));
	ASSERT_EQ(5000, group_send(self->radio, "group", body, 5000, 0));
	EXPECT_ERRNO(EFAULT, group_recv(self->dish[0], group, (void *)1, 100,
					0));
	EXPECT_TRUE(group_recv_is(self->dish[0], "group", "short"));
	EXPECT_ERRNO(EFAULT, group_recv(self->dish[0], group, (void *)1, 5000,
					0));
	EXPECT_EQ(5000, group_recv(self->dish[0], group, buf, 5000, 0));
	EXPECT_STREQ("group", group);
	EXPECT_EQ(0, memcmp(body, buf, 5000));
}

/* Messages have one part; calls that say otherwise change nothing. */
TEST_F(radio, refused)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(300)];
	} control = {};
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr mh = {
		.msg_iov	= &iov,
		.msg_iovlen	= 1,
		.msg_control	= &control,
		.msg_controllen	= sizeof(control),
	};
	struct zs *pub;
	char buf[4];

	EXPECT_ERRNO(EINVAL, group_send(self->radio, "g", "x", 1, MSG_MORE));
	if (!zs_is_kernel())
		SKIP(return, "system calls");
	ASSERT_OK(group_join(self->dish[0], "g"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	control.head.cmsg_level = SOL_ZMQ;
	control.head.cmsg_type = ZMQ_AF_CMSG_GROUP;
	control.head.cmsg_len = CMSG_LEN(256);
	EXPECT_ERRNO(EINVAL, sendmsg(self->radio->fd, &mh, 0));
	control.head.cmsg_len = 3;
	EXPECT_ERRNO(EINVAL, sendmsg(self->radio->fd, &mh, 0));
	control.head.cmsg_len = sizeof(control) + 1;
	EXPECT_ERRNO(EINVAL, sendmsg(self->radio->fd, &mh, 0));
	control.head.cmsg_type = ZMQ_AF_CMSG_ROUTING_ID;
	control.head.cmsg_len = CMSG_LEN(4);
	EXPECT_ERRNO(EINVAL, sendmsg(self->radio->fd, &mh, 0));
	control.head.cmsg_type = ZMQ_AF_BASE;
	EXPECT_ERRNO(EINVAL, sendmsg(self->radio->fd, &mh, 0));
	pub = zs_open(ZMQ_PUB);
	EXPECT_ERRNO(EINVAL, group_send(pub, "g", "x", 1, 0));
	zs_close_now(pub);
	EXPECT_ERRNO(EOPNOTSUPP, recv(self->radio->fd, buf, 4, MSG_DONTWAIT));
	EXPECT_ERRNO(EOPNOTSUPP, group_send(self->dish[0], "g", "x", 1, 0));
	ASSERT_OK(group_send_str(self->radio, "g", "fine"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "g", "fine"));
	EXPECT_EQ(1, zs_get_int(self->dish[0], ZMQ_THREAD_SAFE));
	EXPECT_EQ(1, zs_get_int(self->radio, ZMQ_THREAD_SAFE));
}

/* A full dish misses messages, or with ZMQ_XPUB_NODROP is waited for. */
TEST_F(radio, nodrop)
{
	static char big[100000];
	char group[300];
	int i, sent;

	ASSERT_OK(zs_set_int(self->radio, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(self->dish[0], ZMQ_RCVHWM, 2));
	ASSERT_OK(group_join(self->dish[0], "g"));
	ASSERT_TRUE(settle(self->radio, self->dish[0]));
	ASSERT_OK(zs_set_int(self->radio, ZMQ_XPUB_NODROP, 1));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->radio, ZMQ_XPUB_NODROP, -1));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->radio, ZMQ_XPUB_VERBOSE, 1));
	for (sent = 0; sent < 100000; sent++)
		if (group_send(self->radio, "g", big, sizeof(big),
			       MSG_DONTWAIT) < 0)
			break;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_LT(2, sent);
	ASSERT_LT(sent, 100000);
	for (i = 0; i < sent; i++)
		ASSERT_EQ((ssize_t)sizeof(big),
			  group_recv(self->dish[0], group, big, sizeof(big),
				     0));
	ASSERT_OK(group_send_str(self->radio, "g", "next"));
	EXPECT_TRUE(group_recv_is(self->dish[0], "g", "next"));
	ASSERT_OK(zs_set_int(self->radio, ZMQ_XPUB_NODROP, 0));
	for (i = 0; i < sent + 10; i++)
		ASSERT_EQ((ssize_t)sizeof(big),
			  group_send(self->radio, "g", big, sizeof(big),
				     MSG_DONTWAIT));
}

/* A radio that comes later is told of all groups. */
TEST(late_radio)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *radio, *dish;
	int port;

	radio = zs_open(RADIO);
	dish = zs_open(DISH);
	port = zs_free_endpoint(endpoint);
	ASSERT_OK(group_join(dish, "a"));
	ASSERT_OK(group_join(dish, "b"));
	ASSERT_OK(zs_connect(dish, endpoint));
	ASSERT_OK(group_leave(dish, "a"));
	ASSERT_OK(zs_bind(radio, endpoint));
	ASSERT_TRUE(settle(radio, dish));
	ASSERT_OK(group_send_str(radio, "a", "1"));
	ASSERT_OK(group_send_str(radio, "b", "2"));
	EXPECT_TRUE(group_recv_is(dish, "b", "2"));
	zs_close_now(radio);
	zs_close_now(dish);
	close(port);
}

/* A dish's bytes: 48/RADIO-DISH, libzmq's dish.cpp. */
TEST(dish_wire)
{
	char endpoint[ZS_ENDPOINT_MAX], buf[64];
	int fd, listener, flags;
	struct zs *dish;

	dish = zs_open(DISH);
	listener = raw_listen(endpoint);
	ASSERT_OK(group_join(dish, "A"));
	ASSERT_OK(zs_connect(dish, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "RADIO", NULL));
	ASSERT_EQ(6, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_COMMAND, flags);
	EXPECT_EQ(0, memcmp(buf, "\004JOINA", 6));
	ASSERT_OK(group_join(dish, ""));
	ASSERT_EQ(5, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "\004JOIN", 5));
	ASSERT_OK(group_leave(dish, ""));
	ASSERT_EQ(6, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_COMMAND, flags);
	EXPECT_EQ(0, memcmp(buf, "\005LEAVE", 6));
	/* The group is the first of two parts; all else is dropped. */
	ASSERT_OK(raw_send(fd, 0, "A", 1));
	ASSERT_OK(raw_send(fd, RAW_MORE, "A", 1));
	ASSERT_OK(raw_send(fd, RAW_MORE, "two", 3));
	ASSERT_OK(raw_send(fd, 0, "parts", 5));
	ASSERT_OK(raw_send(fd, RAW_MORE, "B", 1));
	ASSERT_OK(raw_send(fd, 0, "other", 5));
	memset(buf, 'A', sizeof(buf));
	ASSERT_OK(raw_write(fd, "\3\0\0\0\0\0\0\1\0", 9));
	for (flags = 0; flags < 4; flags++)
		ASSERT_OK(raw_write(fd, buf, 64));
	ASSERT_OK(raw_send(fd, 0, "group of 256", 12));
	/* A long header says a short length: allowed. */
	ASSERT_OK(raw_write(fd, "\3\0\0\0\0\0\0\0\1A", 10));
	ASSERT_OK(raw_send(fd, 0, "right", 5));
	EXPECT_TRUE(group_recv_is(dish, "A", "right"));
	close(fd);
	close(listener);
	zs_close_now(dish);
}

/* A radio's bytes, and what a dish may send. */
TEST(radio_wire)
{
	char endpoint[ZS_ENDPOINT_MAX], buf[64];
	struct zs *radio;
	int fd, flags;

	radio = zs_open(RADIO);
	ASSERT_OK(zs_bind_any(radio, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "DISH", NULL));
	/* Neither subscriptions nor messages mean anything here. */
	ASSERT_OK(raw_send(fd, 0, "\1B", 2));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\011SUBSCRIBEC", 11));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\005LEAVEunknown", 13));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\004JOINA", 6));
	ASSERT_OK(raw_send(fd, RAW_COMMAND, "\004JOINA", 6));
	ASSERT_TRUE(wait_until(({
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		group_send_str(radio, "B", "b");
		group_send_str(radio, "C", "c");
		group_send_str(radio, "A", "body");
		poll(&pfd, 1, 20) > 0;
	})));
	ASSERT_EQ(1, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(RAW_MORE, flags);
	EXPECT_EQ('A', buf[0]);
	ASSERT_EQ(4, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, flags);
	EXPECT_EQ(0, memcmp(buf, "body", 4));
	/* A group that cannot be: the peer breaks the protocol. */
	ASSERT_OK(raw_write(fd, "\6\0\0\0\0\0\0\1\5\4JOIN", 14));
	memset(buf, 'A', sizeof(buf));
	for (flags = 0; flags < 4; flags++)
		ASSERT_OK(raw_write(fd, buf, 64));
	EXPECT_EQ(0, raw_gone(fd));
	close(fd);
	zs_close_now(radio);
}

TEST_HARNESS_MAIN
