// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP: RADIO and DISH, DGRAM against a plain socket.  Debian's libzmq has
 * no drafts; what is on the wire is libzmq's udp_engine.cpp.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "group.h"
#include "harness.h"

#define DGRAM	18
#define UDP_MAX	8192

#ifndef ZMQ_MULTICAST_LOOP
#define ZMQ_MULTICAST_LOOP	96
#endif

#define NEEDS_OURS()							\
	do {								\
		if (!zs_is_ours())					\
			SKIP(return, "libzmq without drafts");		\
	} while (0)

/* A counter, which a library has not. */
#define EXPECT_STAT(count, s, counter)					\
	do {								\
		if (zs_is_kernel())					\
			EXPECT_EQ(count, stats(s).counter);	\
	} while (0)

/* The endpoint that was bound last, with its port. */
static int bound(struct zs *s, char *endpoint)
{
	size_t len = ZS_ENDPOINT_MAX;

	return zs_get(s, ZMQ_LAST_ENDPOINT, endpoint, &len);
}

static int bind_to(struct zs *s, const char *endpoint, char *name)
{
	return zs_bind(s, endpoint) ?: bound(s, name);
}

static struct zmq_af_stats stats(struct zs *s)
{
	struct zmq_af_stats st = {};
	size_t len = sizeof(st);

	zs_get(s, ZMQ_AF_STATS, &st, &len);
	return st;
}

/* A plain UDP socket on a free port. */
static int plain_socket_at(struct sockaddr_in *addr, in_addr_t host)
{
	struct timeval limit = { .tv_sec = WAIT_LIMIT / 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host),
	};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (struct sockaddr *)addr, len) ||
	    getsockname(fd, (struct sockaddr *)addr, &len)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Send from a plain socket to a bound endpoint. */
static ssize_t plain_send(int fd, const char *endpoint, const void *buf,
			  size_t len)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(atoi(strrchr(endpoint, ':') + 1)),
	};

	return sendto(fd, buf, len, 0, (struct sockaddr *)&to, sizeof(to));
}

static int plain_socket(struct sockaddr_in *addr)
{
	return plain_socket_at(addr, INADDR_LOOPBACK);
}

static void name_plain(char *name, const struct sockaddr_in *addr)
{
	sprintf(name, "udp://127.0.0.1:%d", ntohs(addr->sin_port));
}

FIXTURE(udp) {
	struct zs *radio;
	struct zs *dish;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(udp) {
	const char *bind;
	bool ipv6;
};

FIXTURE_VARIANT_ADD(udp, unicast) { "udp://127.0.0.1:*" };
FIXTURE_VARIANT_ADD(udp, unicast6) { "udp://[::1]:*", true };
FIXTURE_VARIANT_ADD(udp, multicast) { "udp://127.0.0.1;239.0.0.7:*" };
FIXTURE_VARIANT_ADD(udp, multicast_lo) { "udp://lo;239.0.0.7:*" };

FIXTURE_SETUP(udp)
{
	NEEDS_OURS();
	self->radio = zs_open(RADIO);
	self->dish = zs_open(DISH);
	ASSERT_OK(zs_set_int(self->radio, ZMQ_IPV6, variant->ipv6));
	ASSERT_OK(zs_set_int(self->dish, ZMQ_IPV6, variant->ipv6));
	ASSERT_OK(bind_to(self->dish, variant->bind, self->endpoint));
	ASSERT_OK(zs_connect(self->radio, self->endpoint));
}

FIXTURE_TEARDOWN(udp)
{
	if (!self->radio)
		return;
	zs_close_now(self->radio);
	zs_close_now(self->dish);
}

/* All is sent, the dish takes what it joined. */
TEST_F(udp, groups)
{
	ASSERT_OK(group_join(self->dish, "ab"));
	ASSERT_OK(group_join(self->dish, ""));
	ASSERT_OK(group_send_str(self->radio, "a", "1"));
	ASSERT_OK(group_send_str(self->radio, "ab", "2"));
	ASSERT_OK(group_send_str(self->radio, "abc", "3"));
	ASSERT_OK(group_send_str(self->radio, NULL, ""));
	ASSERT_OK(group_send_str(self->radio, "ab", "4"));
	EXPECT_TRUE(group_recv_is(self->dish, "ab", "2"));
	EXPECT_TRUE(group_recv_is(self->dish, "", ""));
	EXPECT_TRUE(group_recv_is(self->dish, "ab", "4"));
	ASSERT_OK(group_leave(self->dish, "ab"));
	ASSERT_OK(group_send_str(self->radio, "ab", "5"));
	ASSERT_OK(group_send_str(self->radio, "", "6"));
	EXPECT_TRUE(group_recv_is(self->dish, "", "6"));
	EXPECT_STAT(4, self->dish, rx_msgs);
	EXPECT_STAT(3, self->dish, rx_drops);
	EXPECT_STAT(7, self->radio, tx_msgs);
}

/* Up to 8192 bytes with group and length; what is longer is dropped. */
TEST_F(udp, sizes)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 1472, 4096, 8188 };
	static char body[UDP_MAX], buf[UDP_MAX];
	char group[300], name[256];
	size_t i;

	memset(name, 'g', 255);
	name[255] = 0;
	ASSERT_OK(group_join(self->dish, "abc"));
	ASSERT_OK(group_join(self->dish, name));
	for (i = 0; i < sizeof(body); i++)
		body[i] = i * 7;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ((ssize_t)sizes[i],
			  group_send(self->radio, "abc", body, sizes[i], 0));
		ASSERT_EQ((ssize_t)sizes[i],
			  group_recv(self->dish, group, buf, sizeof(buf), 0));
		EXPECT_STREQ("abc", group);
		EXPECT_EQ(0, memcmp(body, buf, sizes[i]));
	}
	ASSERT_EQ(8189, group_send(self->radio, "abc", body, 8189, 0));
	EXPECT_STAT(1, self->radio, tx_drops);
	ASSERT_EQ(7936, group_send(self->radio, name, body, 7936, 0));
	EXPECT_EQ(7936, group_recv(self->dish, group, buf, sizeof(buf), 0));
	EXPECT_STREQ(name, group);
	EXPECT_EQ(0, memcmp(body, buf, 7936));
}

/* A full dish misses messages and the radio never waits. */
TEST_F(udp, full)
{
	int i;

	if (!zs_is_kernel())
		SKIP(return, "a library does not count what is dropped");
	ASSERT_OK(zs_set_int(self->dish, ZMQ_RCVHWM, 2));
	ASSERT_OK(group_join(self->dish, "g"));
	for (i = 0; i < 10; i++)
		ASSERT_OK(group_send_str(self->radio, "g", "x"));
	ASSERT_TRUE(wait_until(stats(self->dish).rx_drops == 8));
	EXPECT_TRUE(group_recv_is(self->dish, "g", "x"));
	EXPECT_TRUE(group_recv_is(self->dish, "g", "x"));
	ASSERT_OK(group_send_str(self->radio, "g", "again"));
	EXPECT_TRUE(group_recv_is(self->dish, "g", "again"));
}

/* What was received can be read after unbind; the port is free at once. */
TEST_F(udp, unbind)
{
	struct zs *other = zs_open(DISH);

	ASSERT_OK(zs_set_int(other, ZMQ_IPV6, variant->ipv6));
	ASSERT_OK(group_join(self->dish, "g"));
	ASSERT_OK(group_join(other, "g"));
	ASSERT_OK(group_send_str(self->radio, "g", "1"));
	ASSERT_TRUE(zs_poll(self->dish, ZMQ_POLLIN, WAIT_LIMIT));
	ASSERT_OK(zs_unbind(self->dish, self->endpoint));
	EXPECT_STAT(0, self->dish, peers);
	ASSERT_OK(zs_bind(other, self->endpoint));
	ASSERT_OK(group_send_str(self->radio, "g", "2"));
	EXPECT_TRUE(group_recv_is(self->dish, "g", "1"));
	EXPECT_TRUE(group_recv_is(other, "g", "2"));
	ASSERT_OK(zs_disconnect(self->radio, self->endpoint));
	ASSERT_OK(group_send_str(self->radio, "g", "3"));
	ASSERT_OK(zs_connect(self->radio, self->endpoint));
	ASSERT_OK(group_send_str(self->radio, "g", "4"));
	EXPECT_TRUE(group_recv_is(other, "g", "4"));
	EXPECT_ERRNO(ENOENT, zs_unbind(self->dish, self->endpoint));
	zs_close_now(other);
}

/* Several dishes hear one group; another group of the same port does not. */
TEST(multicast)
{
	char endpoint[ZS_ENDPOINT_MAX], other[ZS_ENDPOINT_MAX];
	struct zs *radio, *dish[3];
	int i;

	NEEDS_OURS();
	radio = zs_open(RADIO);
	for (i = 0; i < 3; i++) {
		dish[i] = zs_open(DISH);
		ASSERT_OK(group_join(dish[i], "g"));
	}
	ASSERT_OK(bind_to(dish[0], "udp://lo;239.0.0.1:*", endpoint));
	ASSERT_OK(zs_bind(dish[1], endpoint));
	sprintf(other, "udp://lo;239.0.0.2%s", strrchr(endpoint, ':'));
	ASSERT_OK(zs_bind(dish[2], other));
	ASSERT_OK(zs_connect(radio, endpoint));
	ASSERT_OK(group_send_str(radio, "g", "first"));
	EXPECT_TRUE(group_recv_is(dish[0], "g", "first"));
	EXPECT_TRUE(group_recv_is(dish[1], "g", "first"));
	ASSERT_OK(zs_connect(radio, other));
	ASSERT_OK(group_send_str(radio, "g", "both"));
	EXPECT_TRUE(group_recv_is(dish[0], "g", "both"));
	EXPECT_TRUE(group_recv_is(dish[1], "g", "both"));
	EXPECT_TRUE(group_recv_is(dish[2], "g", "both"));
	zs_close_now(radio);
	for (i = 0; i < 3; i++)
		zs_close_now(dish[i]);
}

/* A network of its own with a link that is not the loopback. */
static int new_link(void)
{
	static const char * const commands[] = {
		"modprobe veth 2>&- || modprobe -d $ROOT veth 2>&- || true",
		"ip link set lo up",
		"ip link add zlink type veth peer name zfar",
		"ip addr add 192.0.2.1/24 dev zlink",
		"ip addr add fd00::9:1/64 dev zlink nodad",
		"ip link set zfar up",
		"ip link set zlink up",
	};
	struct utsname uts;
	char root[256];
	size_t i;

	/* Where the virtual machine's modules are. */
	uname(&uts);
	snprintf(root, sizeof(root), "%s/.cache/af_zmq/kernels/%s/root",
		 getenv("HOME") ?: "", uts.release);
	setenv("ROOT", root, 1);
	if (unshare(CLONE_NEWNET))
		return -1;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (system(commands[i]))
			return -1;
	return 0;
}

/* Without MULTICAST_LOOP nobody on this machine hears it. */
TEST(multicast_loop)
{
	struct zs *quiet, *loud, *dish;
	char endpoint[ZS_ENDPOINT_MAX];

	NEEDS_OURS();
	if (new_link())
		SKIP(return, "needs CAP_NET_ADMIN and ip(8)");
	quiet = zs_open(RADIO);
	loud = zs_open(RADIO);
	dish = zs_open(DISH);
	ASSERT_OK(group_join(dish, "g"));
	ASSERT_OK(bind_to(dish, "udp://zlink;239.0.0.4:*", endpoint));
	ASSERT_OK(zs_set_int(quiet, ZMQ_MULTICAST_LOOP, 0));
	ASSERT_OK(zs_connect(quiet, endpoint));
	ASSERT_OK(zs_connect(loud, endpoint));
	ASSERT_OK(group_send_str(quiet, "g", "not looped"));
	ASSERT_OK(group_send_str(loud, "g", "looped"));
	EXPECT_TRUE(group_recv_is(dish, "g", "looped"));
	EXPECT_EQ(0, zs_poll(dish, ZMQ_POLLIN, 0));
	zs_close_now(quiet);
	zs_close_now(loud);
	zs_close_now(dish);
}

/* Groups of IPv6; these, too, are heard unless MULTICAST_LOOP is 0. */
TEST(multicast_ipv6)
{
	struct zs *quiet, *loud, *dish[2];
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	NEEDS_OURS();
	if (new_link())
		SKIP(return, "needs CAP_NET_ADMIN and ip(8)");
	quiet = zs_open(RADIO);
	loud = zs_open(RADIO);
	ASSERT_OK(zs_set_int(quiet, ZMQ_MULTICAST_LOOP, 0));
	ASSERT_OK(zs_set_int(quiet, ZMQ_IPV6, 1));
	ASSERT_OK(zs_set_int(loud, ZMQ_IPV6, 1));
	for (i = 0; i < 2; i++) {
		dish[i] = zs_open(DISH);
		ASSERT_OK(zs_set_int(dish[i], ZMQ_IPV6, 1));
		ASSERT_OK(group_join(dish[i], "g"));
	}
	ASSERT_OK(bind_to(dish[0], "udp://zlink;[ff02::9]:*", endpoint));
	ASSERT_OK(zs_bind(dish[1], endpoint));
	ASSERT_OK(zs_connect(quiet, endpoint));
	ASSERT_OK(zs_connect(loud, endpoint));
	ASSERT_OK(group_send_str(quiet, "g", "not looped"));
	ASSERT_OK(group_send_str(loud, "g", "looped"));
	EXPECT_TRUE(group_recv_is(dish[0], "g", "looped"));
	EXPECT_TRUE(group_recv_is(dish[1], "g", "looped"));
	zs_close_now(quiet);
	zs_close_now(loud);
	zs_close_now(dish[0]);
	zs_close_now(dish[1]);
}

/* MULTICAST_HOPS is what the datagram has left when it arrives here. */
TEST(multicast_hops)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = inet_addr("239.0.0.3"),
		.imr_address.s_addr = htonl(INADDR_LOOPBACK),
	};
	char endpoint[ZS_ENDPOINT_MAX], buf[16];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct sockaddr_in addr;
	int fd, hops, on = 1;
	struct zs *radio;
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;

	NEEDS_OURS();
	fd = plain_socket_at(&addr, INADDR_ANY);
	ASSERT_LE(0, fd);
	ASSERT_OK(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
			     sizeof(mreq)));
	ASSERT_OK(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)));
	sprintf(endpoint, "udp://lo;239.0.0.3:%d", ntohs(addr.sin_port));
	for (hops = 1; hops < 300; hops += 254 / 2) {
		struct msghdr mh = {
			.msg_iov	= &iov,
			.msg_iovlen	= 1,
			.msg_control	= &control,
			.msg_controllen	= sizeof(control),
		};
		int ttl;

		radio = zs_open(RADIO);
		ASSERT_OK(zs_set_int(radio, ZMQ_MULTICAST_HOPS, hops));
		ASSERT_OK(zs_connect(radio, endpoint));
		ASSERT_OK(group_send_str(radio, "g", "hi"));
		ASSERT_EQ(4, recvmsg(fd, &mh, 0));
		ASSERT_EQ(IP_TTL, control.head.cmsg_type);
		memcpy(&ttl, CMSG_DATA(&control.head), sizeof(ttl));
		EXPECT_EQ(hops, ttl);
		zs_close_now(radio);
	}
	close(fd);
}

/* The bytes of a datagram, both ways. */
TEST(wire)
{
	char endpoint[ZS_ENDPOINT_MAX], to[ZS_ENDPOINT_MAX], buf[64];
	struct zs *radio, *dish;
	struct sockaddr_in addr;
	int fd;

	NEEDS_OURS();
	radio = zs_open(RADIO);
	dish = zs_open(DISH);
	fd = plain_socket(&addr);
	ASSERT_LE(0, fd);
	name_plain(to, &addr);
	ASSERT_OK(zs_connect(radio, to));
	ASSERT_OK(group_send_str(radio, "g", "hi"));
	ASSERT_EQ(4, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "\1ghi", 4));
	ASSERT_OK(group_send_str(radio, NULL, ""));
	ASSERT_EQ(1, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, buf[0]);

	ASSERT_OK(bind_to(dish, "udp://127.0.0.1:*", endpoint));
	ASSERT_OK(group_join(dish, "g"));
	ASSERT_OK(group_join(dish, ""));
	ASSERT_EQ(4, plain_send(fd, endpoint, "\1ghi", 4));
	EXPECT_TRUE(group_recv_is(dish, "g", "hi"));
	ASSERT_EQ(2, plain_send(fd, endpoint, "\1g", 2));
	EXPECT_TRUE(group_recv_is(dish, "g", ""));
	ASSERT_EQ(3, plain_send(fd, endpoint, "\0hi", 3));
	EXPECT_TRUE(group_recv_is(dish, "", "hi"));
	close(fd);
	zs_close_now(radio);
	zs_close_now(dish);
}

/* Bad datagrams are counted and disturb nothing. */
TEST(malformed)
{
	static char big[UDP_MAX + 1] = "\1g";
	char endpoint[ZS_ENDPOINT_MAX];
	struct sockaddr_in addr;
	struct zs *dish;
	int fd;

	NEEDS_OURS();
	dish = zs_open(DISH);
	fd = plain_socket(&addr);
	ASSERT_LE(0, fd);
	ASSERT_OK(bind_to(dish, "udp://127.0.0.1:*", endpoint));
	ASSERT_OK(group_join(dish, "g"));
	ASSERT_OK(group_join(dish, ""));
	ASSERT_EQ(0, plain_send(fd, endpoint, "", 0));
	ASSERT_EQ(1, plain_send(fd, endpoint, "\1", 1));
	ASSERT_EQ(3, plain_send(fd, endpoint, "\3gg", 3));
	ASSERT_EQ(3, plain_send(fd, endpoint, "\377gg", 3));
	ASSERT_EQ((ssize_t)sizeof(big),
		  plain_send(fd, endpoint, big, sizeof(big)));
	ASSERT_EQ(3, plain_send(fd, endpoint, "\1g!", 3));
	EXPECT_TRUE(group_recv_is(dish, "g", "!"));
	EXPECT_STAT(5, dish, protocol_errors);
	EXPECT_STAT(1, dish, rx_msgs);
	close(fd);
	zs_close_now(dish);
}

/* Datagrams with addresses, both ways. */
TEST(dgram)
{
	static char big[UDP_MAX + 1], buf[UDP_MAX + 1];
	char endpoint[ZS_ENDPOINT_MAX], who[64], text[64];
	struct sockaddr_in addr;
	struct zs *s;
	int fd;

	NEEDS_OURS();
	s = zs_open(DGRAM);
	EXPECT_ERRNO(EAGAIN, zs_send(s, "127.0.0.1:1", 11,
				     ZS_MORE | ZS_DONTWAIT));
	fd = plain_socket(&addr);
	ASSERT_LE(0, fd);
	ASSERT_OK(bind_to(s, "udp://127.0.0.1:*", endpoint));
	EXPECT_ERRNO(EBUSY, zs_bind(s, "udp://127.0.0.1:*"));
	sprintf(who, "127.0.0.1:%d", ntohs(addr.sin_port));
	ASSERT_EQ(5, plain_send(fd, endpoint, "hello", 5));
	/* The address ends with a NUL, as libzmq has it. */
	ASSERT_EQ((ssize_t)strlen(who) + 1, zs_recv(s, text, sizeof(text), 0));
	EXPECT_STREQ(who, text);
	EXPECT_TRUE(s->more);
	ASSERT_EQ(5, zs_recv(s, buf, sizeof(buf), 0));
	EXPECT_FALSE(s->more);
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	/* And may do so or not on the way back. */
	ASSERT_EQ((ssize_t)strlen(who) + 1,
		  zs_send(s, who, strlen(who) + 1, ZS_MORE));
	ASSERT_EQ(3, zs_send(s, "one", 3, 0));
	ASSERT_EQ(3, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "one", 3));
	ASSERT_EQ((ssize_t)strlen(who), zs_send(s, who, strlen(who), ZS_MORE));
	EXPECT_ERRNO(EMSGSIZE, zs_send(s, big, sizeof(big), 0));
	EXPECT_ERRNO(EINVAL, zs_send(s, "two", 3, ZS_MORE));
	ASSERT_EQ(UDP_MAX, zs_send(s, big, UDP_MAX, 0));
	ASSERT_EQ(UDP_MAX, recv(fd, buf, sizeof(buf), 0));
	/* Empty datagrams are datagrams. */
	ASSERT_EQ((ssize_t)strlen(who), zs_send(s, who, strlen(who), ZS_MORE));
	ASSERT_EQ(0, zs_send(s, "", 0, 0));
	ASSERT_EQ(0, recv(fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, plain_send(fd, endpoint, "", 0));
	ASSERT_EQ((ssize_t)strlen(who) + 1, zs_recv(s, text, sizeof(text), 0));
	ASSERT_EQ(0, zs_recv(s, buf, sizeof(buf), 0));
	close(fd);
	zs_close_now(s);
}

/* What cannot be sent is refused, and the next message is not disturbed. */
TEST(dgram_refused)
{
	static const char * const bad[] = {
		"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:x", "localhost:1", "*:1",
		"127.0.0.1:1 ", "127.0.0.1.1:1", "[::1:1",
	};
	char endpoint[ZS_ENDPOINT_MAX], who[64], buf[16];
	struct sockaddr_in addr;
	struct zs *s;
	size_t i;
	int fd;

	NEEDS_OURS();
	s = zs_open(DGRAM);
	fd = plain_socket(&addr);
	ASSERT_LE(0, fd);
	ASSERT_OK(bind_to(s, "udp://127.0.0.1:*", endpoint));
	sprintf(who, "127.0.0.1:%d", ntohs(addr.sin_port));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERRNO(EINVAL, zs_send(s, bad[i], strlen(bad[i]),
					     ZS_MORE));
	EXPECT_ERRNO(EINVAL, zs_send(s, "127.0.0.1\0:1", 12, ZS_MORE));
	EXPECT_ERRNO(EINVAL, zs_send(s, who, strlen(who), 0));
	ASSERT_EQ((ssize_t)strlen(who), zs_send(s, who, strlen(who), ZS_MORE));
	ASSERT_EQ(2, zs_send(s, "ok", 2, 0));
	ASSERT_EQ(2, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, zs_get_int(s, ZMQ_THREAD_SAFE));
	EXPECT_EQ(DGRAM, zs_get_int(s, ZMQ_TYPE));
	close(fd);
	zs_close_now(s);
}

/* A socket with IPv6 has peers of both families. */
TEST(dgram_ipv6)
{
	static const char * const hosts[] = { "127.0.0.1", "[::1]" };
	char a[ZS_ENDPOINT_MAX], b[ZS_ENDPOINT_MAX], text[64], buf[16];
	struct zs *one, *two;
	int i;

	NEEDS_OURS();
	one = zs_open(DGRAM);
	two = zs_open(DGRAM);
	ASSERT_OK(zs_set_int(one, ZMQ_IPV6, 1));
	ASSERT_OK(zs_set_int(two, ZMQ_IPV6, 1));
	ASSERT_OK(bind_to(one, "udp://*:*", a));
	ASSERT_OK(bind_to(two, "udp://*:*", b));
	for (i = 0; i < 2; i++) {
		sprintf(text, "%s%s", hosts[i], strrchr(b, ':'));
		ASSERT_LT(0, zs_send(one, text, strlen(text), ZS_MORE));
		ASSERT_EQ(4, zs_send(one, "ping", 4, 0));
		ASSERT_LT(0, zs_recv(two, text, sizeof(text), 0));
		EXPECT_EQ(0, strncmp(text, hosts[i], strlen(hosts[i])));
		EXPECT_STREQ(strrchr(a, ':'), strrchr(text, ':'));
		ASSERT_EQ(4, zs_recv(two, buf, sizeof(buf), 0));
		ASSERT_LT(0, zs_send(two, text, strlen(text) + 1, ZS_MORE));
		ASSERT_EQ(4, zs_send(two, "pong", 4, 0));
		ASSERT_LT(0, zs_recv(one, text, sizeof(text), 0));
		ASSERT_EQ(4, zs_recv(one, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(buf, "pong", 4));
	}
	zs_close_now(one);
	zs_close_now(two);
}

/* Who may be where. */
TEST(refused)
{
	struct zs *radio, *dish, *dgram, *pub;

	NEEDS_OURS();
	radio = zs_open(RADIO);
	dish = zs_open(DISH);
	dgram = zs_open(DGRAM);
	pub = zs_open(ZMQ_PUB);
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_bind(radio, "udp://127.0.0.1:5555"));
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_connect(dish, "udp://127.0.0.1:5555"));
	EXPECT_ERRNO(EPROTONOSUPPORT,
		     zs_connect(dgram, "udp://127.0.0.1:5555"));
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_bind(pub, "udp://127.0.0.1:5555"));
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_connect(pub, "udp://127.0.0.1:5555"));
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_bind(dgram, "tcp://127.0.0.1:*"));
	EXPECT_ERRNO(EPROTONOSUPPORT, zs_bind(dgram, "inproc://name"));
	EXPECT_ERRNO(EINVAL, zs_connect(radio, "udp://127.0.0.1"));
	EXPECT_ERRNO(EINVAL, zs_connect(radio, "udp://127.0.0.1:0"));
	EXPECT_ERRNO(EINVAL, zs_connect(radio, "udp://[::1]:5555"));
	EXPECT_ERRNO(EINVAL, zs_connect(radio, "udp://lo;127.0.0.1:5555"));
	EXPECT_ERRNO(EINVAL, zs_bind(dish, "udp://lo;127.0.0.1:5555"));
	EXPECT_ERRNO(EINVAL, zs_bind(dish, "udp://239.0.0.1;239.0.0.1:5555"));
	EXPECT_ERRNO(ENODEV, zs_bind(dish, "udp://nolink;239.0.0.1:5555"));
	EXPECT_ERRNO(ENODEV, zs_bind(dish, "udp://nolink:5555"));
	EXPECT_ERRNO(EADDRNOTAVAIL, zs_bind(dish, "udp://192.0.2.1:5555"));
	EXPECT_STAT(0, dish, peers);
	zs_close_now(radio);
	zs_close_now(dish);
	zs_close_now(dgram);
	zs_close_now(pub);
}

/* Sent by UDP and by TCP at once. */
TEST(mixed)
{
	char udp[ZS_ENDPOINT_MAX], tcp[ZS_ENDPOINT_MAX];
	struct zs *radio, *dish[2];
	int i;

	NEEDS_OURS();
	radio = zs_open(RADIO);
	for (i = 0; i < 2; i++) {
		dish[i] = zs_open(DISH);
		ASSERT_OK(group_join(dish[i], "g"));
	}
	ASSERT_OK(bind_to(dish[0], "udp://127.0.0.1:*", udp));
	ASSERT_OK(zs_bind_any(dish[1], ZS_TCP, tcp));
	/* What the UDP part of a dish has joined later is no business of TCP. */
	ASSERT_OK(zs_connect(radio, tcp));
	ASSERT_TRUE(wait_until(group_send_str(radio, "g", "0") ||
			       zs_poll(dish[1], ZMQ_POLLIN, 10)));
	ASSERT_OK(zs_connect(radio, udp));
	ASSERT_OK(group_send_str(radio, "g", "1"));
	EXPECT_TRUE(group_recv_is(dish[0], "g", "1"));
	ASSERT_OK(group_join(dish[0], "h"));
	ASSERT_OK(group_send_str(radio, "h", "2"));
	EXPECT_TRUE(group_recv_is(dish[0], "h", "2"));
	EXPECT_TRUE(group_recv_is(dish[1], "g", "0"));
	zs_close_now(radio);
	for (i = 0; i < 2; i++)
		zs_close_now(dish[i]);
}

TEST_HARNESS_MAIN
