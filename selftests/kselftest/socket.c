// SPDX-License-Identifier: GPL-2.0-only
/* What the system calls do that every socket has. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "harness.h"
#include "proc.h"

#define BAD_ADDRESS	((void *)8)

static int family(void)
{
	return zs_family();
}

static int plain(int protocol)
{
	return socket(family(), SOCK_SEQPACKET | SOCK_CLOEXEC, protocol);
}

TEST(types)
{
	int type, fd, len;
	socklen_t size = sizeof(int);

	for (type = ZMQ_AF_PAIR; type <= ZMQ_AF_PUSH; type++) {
		fd = socket(family(), SOCK_SEQPACKET, type);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &len, &size));
		EXPECT_EQ(SOCK_SEQPACKET, len);
		EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &len,
					&size));
		EXPECT_EQ(family(), len);
		EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &len,
					&size));
		EXPECT_EQ(type, len);
		EXPECT_EQ(0, fcntl(fd, F_GETFD));
		EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
		EXPECT_EQ(0, close(fd));
	}
	fd = socket(family(), SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    ZMQ_AF_PULL);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, recv(fd, &len, sizeof(len), 0));
	close(fd);
}

TEST(no_such_type)
{
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(family(), SOCK_STREAM, 0));
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(family(), SOCK_DGRAM, 0));
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(family(), SOCK_RAW, 0));
	EXPECT_ERRNO(EPROTONOSUPPORT, plain(21));
	EXPECT_ERRNO(EPROTONOSUPPORT, plain(99));
	EXPECT_ERRNO(EPROTONOSUPPORT, plain(-1));
}

/* What makes no sense for these sockets. */
TEST(unsupported)
{
	struct sockaddr_zmq addr = { .szmq_family = family() };
	socklen_t len = sizeof(addr);
	int fd = plain(ZMQ_AF_PAIR), pair[2];
	char c = 0;

	EXPECT_ERRNO(EOPNOTSUPP, listen(fd, 1));
	EXPECT_ERRNO(EOPNOTSUPP, accept(fd, NULL, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, getpeername(fd, (void *)&addr, &len));
	EXPECT_ERRNO(EOPNOTSUPP, socketpair(family(), SOCK_SEQPACKET,
					    ZMQ_AF_PAIR, pair));
	EXPECT_ERRNO(EOPNOTSUPP, send(fd, &c, 1, MSG_OOB | MSG_DONTWAIT));
	EXPECT_ERRNO(EOPNOTSUPP, recv(fd, &c, 1, MSG_OOB | MSG_DONTWAIT));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_ERRNO(EISCONN, sendto(fd, &c, 1, MSG_DONTWAIT, (void *)&addr,
				     sizeof(addr)));
	EXPECT_ERRNO(ENOPROTOOPT, setsockopt(fd, 12345, 1, &c, 1));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, 0x12345678, &c));
	close(fd);
}

/* Which types send and which receive. */
TEST(directions)
{
	static const struct {
		int type;
		int recv;
		int send;
	} rules[] = {
		{ ZMQ_AF_PAIR, EAGAIN, EAGAIN },
		{ ZMQ_AF_PUB, EOPNOTSUPP, 0 },
		{ ZMQ_AF_SUB, EAGAIN, EOPNOTSUPP },
		{ ZMQ_AF_REQ, EBADFD, EAGAIN },
		{ ZMQ_AF_REP, EAGAIN, EBADFD },
		{ ZMQ_AF_DEALER, EAGAIN, EAGAIN },
		{ ZMQ_AF_ROUTER, EAGAIN, 0 },
		{ ZMQ_AF_PULL, EAGAIN, EOPNOTSUPP },
		{ ZMQ_AF_PUSH, EOPNOTSUPP, EAGAIN },
	};
	char c = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		int fd = plain(rules[i].type);

		errno = 0;
		EXPECT_EQ(-1, recv(fd, &c, 1, MSG_DONTWAIT));
		EXPECT_EQ(rules[i].recv, errno)
			TH_LOG("recv on type %d", rules[i].type);
		errno = 0;
		EXPECT_EQ(rules[i].send ? -1 : 1, send(fd, &c, 1, MSG_DONTWAIT))
			TH_LOG("send on type %d", rules[i].type);
		EXPECT_EQ(rules[i].send, errno)
			TH_LOG("send on type %d", rules[i].type);
		close(fd);
	}
}

static socklen_t address(struct sockaddr_zmq *addr, const char *endpoint)
{
	memset(addr, 0, sizeof(*addr));
	addr->szmq_family = family();
	strcpy(addr->szmq_endpoint, endpoint);
	return offsetof(struct sockaddr_zmq, szmq_endpoint) + strlen(endpoint);
}

static int bind_to(int fd, const char *endpoint)
{
	struct sockaddr_zmq addr;

	return bind(fd, (void *)&addr, address(&addr, endpoint));
}

static int connect_to(int fd, const char *endpoint)
{
	struct sockaddr_zmq addr;

	return connect(fd, (void *)&addr, address(&addr, endpoint));
}

static int name_of(int fd, char *endpoint)
{
	struct sockaddr_zmq addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (void *)&addr, &len))
		return -1;
	strcpy(endpoint, addr.szmq_endpoint);
	return addr.szmq_family == family() ? 0 : -1;
}

/* Two connected sockets. */
static int connected(int *a, int type_a, int *b, int type_b)
{
	struct zs peer = {};
	char name[128];

	*a = plain(type_a);
	*b = plain(type_b);
	if (bind_to(*a, "tcp://127.0.0.1:*") || name_of(*a, name) ||
	    connect_to(*b, name))
		return -1;
	peer.fd = *a;
	return zs_wait_peers(&peer, 1) ? 0 : -1;
}

TEST(addresses)
{
	int a = plain(ZMQ_AF_PULL), b = plain(ZMQ_AF_PUSH), i;
	struct sockaddr_zmq addr;
	char name[128], c;
	socklen_t len;

	/* The string ends at the end of the address or at a NUL. */
	len = address(&addr, "ipc://@af_zmq.address");
	ASSERT_EQ(0, bind(a, (void *)&addr, len));
	ASSERT_EQ(0, name_of(a, name));
	EXPECT_STREQ("ipc://@af_zmq.address", name);
	ASSERT_EQ(0, connect(b, (void *)&addr, len + 1));
	ASSERT_EQ(0, connect(b, (void *)&addr, sizeof(addr)));
	ASSERT_EQ(0, name_of(b, name));
	EXPECT_STREQ("ipc://@af_zmq.address", name);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, send(b, &c, 1, 0));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, recv(a, &c, 1, 0));

	/* Too short, too long, another family. */
	for (len = 0; len <= 2; len++)
		EXPECT_ERRNO(EINVAL, bind(a, (void *)&addr, len));
	EXPECT_ERRNO(EINVAL, connect(a, (void *)&addr, 1));
	EXPECT_EQ(-1, bind(a, (void *)&addr, 129));
	addr.szmq_family = AF_INET;
	EXPECT_ERRNO(EAFNOSUPPORT, bind(a, (void *)&addr, sizeof(addr)));
	EXPECT_ERRNO(EAFNOSUPPORT, connect(a, (void *)&addr, sizeof(addr)));
	EXPECT_ERRNO(EFAULT, bind(a, BAD_ADDRESS, 20));
	close(a);
	close(b);
}

/* Longer endpoints than a socket address has room for. */
TEST(long_endpoint)
{
	char endpoint[ZMQ_AF_ENDPOINT_MAX + 10];
	int fd = plain(ZMQ_AF_PULL);

	memset(endpoint, 'x', sizeof(endpoint));
	memcpy(endpoint, "ipc://", 6);
	EXPECT_ERRNO(ENAMETOOLONG, setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND,
					      endpoint, 120));
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND, endpoint,
				 sizeof(endpoint)));
	/* With and without the final NUL. */
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND,
				"ipc://@af_zmq.long", 18));
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_AF_UNBIND,
				"ipc://@af_zmq.long", 19));
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND,
				"ipc://@af_zmq.long", 19));
	EXPECT_ERRNO(EFAULT, setsockopt(fd, SOL_ZMQ, ZMQ_AF_BIND, BAD_ADDRESS,
					18));
	close(fd);
}

/* Flags of recvmsg(). */
static ssize_t receive(int fd, void *buf, size_t len, int flags, int *out)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret = recvmsg(fd, &msg, flags);

	*out = msg.msg_flags;
	return ret;
}

FIXTURE(flow) {
	int to;
	int from;
};

FIXTURE_SETUP(flow)
{
	ASSERT_OK(connected(&self->to, ZMQ_AF_PULL, &self->from, ZMQ_AF_PUSH));
}

FIXTURE_TEARDOWN(flow)
{
	close(self->to);
	close(self->from);
}

static int put(int fd, const char *str, int flags)
{
	return send(fd, str, strlen(str), flags) == (ssize_t)strlen(str) ?
	       0 : -1;
}

#define SEND(str, flags)	ASSERT_OK(put(self->from, str, flags))

TEST_F(flow, more_and_eor)
{
	char buf[16];
	int flags;

	SEND("one", MSG_MORE);
	SEND("", MSG_MORE);
	SEND("three", 0);
	ASSERT_EQ(3, receive(self->to, buf, sizeof(buf), 0, &flags));
	EXPECT_EQ(MSG_MORE, flags & (MSG_MORE | MSG_EOR | MSG_TRUNC));
	ASSERT_EQ(0, receive(self->to, buf, sizeof(buf), 0, &flags));
	EXPECT_EQ(MSG_MORE, flags & (MSG_MORE | MSG_EOR | MSG_TRUNC));
	ASSERT_EQ(5, receive(self->to, buf, sizeof(buf), 0, &flags));
	EXPECT_EQ(MSG_EOR, flags & (MSG_MORE | MSG_EOR | MSG_TRUNC));
}

TEST_F(flow, truncation)
{
	char buf[16] = "................";
	int flags;

	SEND("0123456789", 0);
	SEND("0123456789", 0);
	SEND("next", 0);
	ASSERT_EQ(4, receive(self->to, buf, 4, 0, &flags));
	EXPECT_EQ(MSG_TRUNC | MSG_EOR, flags & (MSG_TRUNC | MSG_EOR));
	EXPECT_EQ(0, memcmp(buf, "0123.", 5));
	/* With MSG_TRUNC the result is the part's length. */
	ASSERT_EQ(10, receive(self->to, buf, 4, MSG_TRUNC, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	ASSERT_EQ(4, receive(self->to, buf, 4, MSG_TRUNC, &flags));
	EXPECT_EQ(0, flags & MSG_TRUNC);
	EXPECT_EQ(0, memcmp(buf, "next", 4));
}

TEST_F(flow, zero_buffer)
{
	int flags;

	SEND("gone", 0);
	SEND("", 0);
	ASSERT_EQ(0, receive(self->to, NULL, 0, 0, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	ASSERT_EQ(0, receive(self->to, NULL, 0, 0, &flags));
	EXPECT_EQ(0, flags & MSG_TRUNC);
	EXPECT_ERRNO(EAGAIN, receive(self->to, NULL, 0, MSG_DONTWAIT, &flags));
}

TEST_F(flow, peek)
{
	char buf[16] = "";
	int flags, i, len;

	SEND("first", MSG_MORE);
	SEND("second", 0);
	SEND("third", 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(5, receive(self->to, buf, sizeof(buf), MSG_PEEK,
				     &flags));
		EXPECT_EQ(0, memcmp(buf, "first", 5));
		EXPECT_EQ(MSG_MORE, flags & (MSG_MORE | MSG_EOR));
	}
	/* A short peek loses nothing. */
	ASSERT_EQ(5, receive(self->to, buf, 2, MSG_PEEK | MSG_TRUNC, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	EXPECT_EQ(5, len);
	ASSERT_EQ(5, recv(self->to, buf, sizeof(buf), 0));
	ASSERT_EQ(6, recv(self->to, buf, sizeof(buf), MSG_PEEK));
	ASSERT_EQ(6, recv(self->to, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "second", 6));
	ASSERT_EQ(5, recv(self->to, buf, sizeof(buf), MSG_PEEK));
	ASSERT_EQ(5, recv(self->to, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "third", 5));
	EXPECT_ERRNO(EAGAIN, recv(self->to, buf, sizeof(buf),
				  MSG_PEEK | MSG_DONTWAIT));
}

/* Peeking at a large message, and receiving it. */
TEST_F(flow, peek_large)
{
	static char sent[200000], got[200000];
	size_t i;

	for (i = 0; i < sizeof(sent); i++)
		sent[i] = i * 31 >> 8;
	ASSERT_EQ(sizeof(sent), send(self->from, sent, sizeof(sent), 0));
	ASSERT_EQ(sizeof(sent), recv(self->to, got, sizeof(got), MSG_PEEK));
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	memset(got, 0, sizeof(got));
	ASSERT_EQ(1000, recv(self->to, got, 1000, MSG_PEEK));
	EXPECT_EQ(0, memcmp(sent, got, 1000));
	ASSERT_EQ(sizeof(sent), recv(self->to, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
}

TEST_F(flow, whole)
{
	char buf[16];
	int flags, len;

	SEND("0123456789", 0);
	SEND("next", 0);
	EXPECT_ERRNO(EMSGSIZE, receive(self->to, buf, 9, MSG_ZMQ_WHOLE,
				       &flags));
	EXPECT_ERRNO(EMSGSIZE, receive(self->to, buf, 0,
				       MSG_ZMQ_WHOLE | MSG_DONTWAIT, &flags));
	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	ASSERT_EQ(10, len);
	ASSERT_EQ(10, receive(self->to, buf, len, MSG_ZMQ_WHOLE, &flags));
	EXPECT_EQ(0, memcmp(buf, "0123456789", 10));
	ASSERT_EQ(4, receive(self->to, buf, 4, MSG_ZMQ_WHOLE, &flags));
	EXPECT_ERRNO(EAGAIN, receive(self->to, buf, 4,
				     MSG_ZMQ_WHOLE | MSG_DONTWAIT, &flags));
}

/* Addresses that are none: an error, and nothing is lost. */
TEST_F(flow, bad_address)
{
	char buf[16] = "";
	struct iovec iov[2] = {
		{ .iov_base = buf, .iov_len = 4 },
		{ .iov_base = BAD_ADDRESS, .iov_len = 100 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	SEND("one", MSG_MORE);
	/* The part fails, the message goes on. */
	EXPECT_ERRNO(EFAULT, send(self->from, BAD_ADDRESS, 5, MSG_MORE));
	EXPECT_ERRNO(EFAULT, send(self->from, BAD_ADDRESS, 100000, 0));
	EXPECT_ERRNO(EFAULT, sendmsg(self->from, &msg, 0));
	SEND("two", 0);
	EXPECT_ERRNO(EFAULT, recv(self->to, BAD_ADDRESS, 5, 0));
	EXPECT_ERRNO(EFAULT, recv(self->to, BAD_ADDRESS, 5, MSG_PEEK));
	ASSERT_EQ(3, recv(self->to, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "one", 3));
	EXPECT_ERRNO(EFAULT, recv(self->to, BAD_ADDRESS, 5, 0));
	ASSERT_EQ(3, recv(self->to, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "two", 3));
	/* A buffer that is good at the beginning only. */
	SEND("0123456789", 0);
	EXPECT_ERRNO(EFAULT, recvmsg(self->to, &msg, 0));
	ASSERT_EQ(10, recv(self->to, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "0123456789", 10));
	EXPECT_ERRNO(EAGAIN, recv(self->to, buf, sizeof(buf), MSG_DONTWAIT));
}

TEST_F(flow, bad_address_large)
{
	static char big[300000], got[300000];

	memset(big, 'b', sizeof(big));
	ASSERT_EQ(sizeof(big), send(self->from, big, sizeof(big), 0));
	EXPECT_ERRNO(EFAULT, recv(self->to, BAD_ADDRESS, sizeof(big), 0));
	ASSERT_EQ(sizeof(big), recv(self->to, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp(big, got, sizeof(big)));
}

TEST_F(flow, read_and_write)
{
	struct iovec out[3] = {
		{ .iov_base = "ab", .iov_len = 2 },
		{ .iov_base = "", .iov_len = 0 },
		{ .iov_base = "cdef", .iov_len = 4 },
	};
	char a[4], b[8];
	struct iovec in[2] = {
		{ .iov_base = a, .iov_len = 4 },
		{ .iov_base = b, .iov_len = 8 },
	};

	ASSERT_EQ(5, write(self->from, "Hello", 5));
	ASSERT_EQ(6, writev(self->from, out, 3));
	ASSERT_EQ(3, read(self->to, b, 3));
	EXPECT_EQ(0, memcmp(b, "Hel", 3));
	ASSERT_EQ(6, readv(self->to, in, 2));
	EXPECT_EQ(0, memcmp(a, "abcd", 4));
	EXPECT_EQ(0, memcmp(b, "ef", 2));
	/* These descriptors have no other side to read or write at. */
	EXPECT_ERRNO(EOPNOTSUPP, write(self->to, "x", 1));
	EXPECT_ERRNO(EOPNOTSUPP, read(self->from, a, 1));
	EXPECT_ERRNO(ESPIPE, lseek(self->to, 0, SEEK_SET));
}

TEST_F(flow, sendmmsg)
{
	struct iovec iov[4];
	struct mmsghdr msgs[4] = {};
	char buf[4][8];
	int i;

	for (i = 0; i < 4; i++) {
		iov[i].iov_base = buf[i];
		iov[i].iov_len = sprintf(buf[i], "msg%d", i);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(4, sendmmsg(self->from, msgs, 4, 0));
	memset(buf, 0, sizeof(buf));
	for (i = 0; i < 4; i++)
		iov[i].iov_len = sizeof(buf[i]);
	ASSERT_EQ(4, recvmmsg(self->to, msgs, 4, 0, NULL));
	for (i = 0; i < 4; i++) {
		char expected[8];

		sprintf(expected, "msg%d", i);
		EXPECT_EQ(4, msgs[i].msg_len);
		EXPECT_EQ(0, memcmp(buf[i], expected, 4));
		EXPECT_EQ(MSG_EOR, msgs[i].msg_hdr.msg_flags & MSG_EOR);
	}
}

TEST_F(flow, queue_sizes)
{
	struct zs to = { .fd = self->to };
	struct zmq_af_stats stats;
	int len = -1;
	char buf[64];

	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	EXPECT_EQ(0, len);
	ASSERT_EQ(0, ioctl(self->from, SIOCOUTQ, &len));
	EXPECT_EQ(0, len);
	SEND("12345", MSG_MORE);
	SEND("1234567", 0);
	SEND("", 0);
	ASSERT_TRUE(wait_until(!zs_stats(&to, &stats) &&
			       stats.rx_queued_msgs == 2));
	EXPECT_LE(12, stats.rx_queued_bytes);
	EXPECT_EQ(2, stats.rx_msgs);
	EXPECT_EQ(12, stats.rx_bytes);
	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	EXPECT_EQ(5, len);
	ASSERT_EQ(5, recv(self->to, buf, sizeof(buf), 0));
	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	EXPECT_EQ(7, len);
	ASSERT_EQ(7, recv(self->to, buf, sizeof(buf), 0));
	ASSERT_EQ(0, ioctl(self->to, FIONREAD, &len));
	EXPECT_EQ(0, len);
	ASSERT_EQ(0, recv(self->to, buf, sizeof(buf), 0));
	ASSERT_OK(zs_stats(&to, &stats));
	EXPECT_EQ(0, stats.rx_queued_msgs);
	EXPECT_EQ(0, stats.rx_queued_bytes);
}

/* What waits for a peer, and what a short structure gets. */
TEST(unsent)
{
	struct zs from = { .fd = plain(ZMQ_AF_PUSH) };
	char endpoint[ZS_ENDPOINT_MAX], buf[100] = "";
	struct zmq_af_stats stats = {};
	__u64 shortened[2] = { 7, 7 };
	socklen_t size = 8;
	int i, len, port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(connect_to(from.fd, endpoint));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(sizeof(buf), send(from.fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, ioctl(from.fd, SIOCOUTQ, &len));
	EXPECT_LE(1000, len);
	EXPECT_GT(1200, len);
	ASSERT_OK(zs_stats(&from, &stats));
	EXPECT_EQ(10, stats.tx_queued_msgs);
	EXPECT_EQ((__u64)len, stats.tx_queued_bytes);
	EXPECT_EQ(10, stats.tx_msgs);
	EXPECT_EQ(1000, stats.tx_bytes);
	EXPECT_EQ(1, stats.peers);
	ASSERT_EQ(0, getsockopt(from.fd, SOL_ZMQ, ZMQ_AF_STATS, shortened,
				&size));
	EXPECT_EQ(8, size);
	EXPECT_EQ(10, shortened[0]);
	EXPECT_EQ(7, shortened[1]);
	zs_set_int(&from, ZMQ_LINGER, 0);
	close(from.fd);
	close(port);
}

/* /proc/net/zmq says the same. */
TEST(proc_line)
{
	struct zs from = { .fd = plain(ZMQ_AF_PUSH) };
	char endpoint[ZS_ENDPOINT_MAX], word[300];
	struct proc_sock sock;
	struct stat st;
	int i, port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(connect_to(from.fd, endpoint));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(5, send(from.fd, "12345", 5, 0));
	ASSERT_OK(bind_to(from.fd, "ipc://@af_zmq.proc"));
	ASSERT_OK(fstat(from.fd, &st));
	ASSERT_TRUE(proc_find_inode(st.st_ino, &sock));
	EXPECT_STREQ("PUSH", sock.type);
	EXPECT_STREQ("open", sock.state);
	EXPECT_EQ(getuid(), sock.uid);
	EXPECT_EQ(1, sock.pipes);
	EXPECT_EQ(3, sock.tx_msgs);
	EXPECT_LE(15, sock.tx_bytes);
	EXPECT_EQ(0, sock.rx_msgs);
	EXPECT_TRUE(proc_find_endpoint("b:ipc://@af_zmq.proc", &sock));
	sprintf(word, "c:%s", endpoint);
	EXPECT_TRUE(proc_find_endpoint(word, &sock));
	EXPECT_EQ(st.st_ino, sock.inode);
	zs_set_int(&from, ZMQ_LINGER, 0);
	close(from.fd);
	EXPECT_TRUE(wait_until(!proc_find_endpoint(word, &sock)));
	close(port);
}

/* A descriptor given to another process. */
TEST_F(flow, pass_descriptor)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	char c = 0, buf[16] = "";
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2], child, fd;

	ASSERT_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	child = harness_fork();
	if (!child) {
		close(self->to);
		close(self->from);
		if (recvmsg(pair[1], &msg, 0) != 1)
			_exit(1);
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
			_exit(2);
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
		if (recv(fd, buf, sizeof(buf), 0) != 5 || strcmp(buf, "Hello"))
			_exit(3);
		_exit(0);
	}
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->to, sizeof(int));
	ASSERT_EQ(1, sendmsg(pair[0], &msg, 0));
	/* It stays open in the child alone. */
	close(self->to);
	self->to = -1;
	SEND("Hello", 0);
	EXPECT_EQ(0, harness_wait(child));
}

/* A socket that parent and child share. */
TEST_F(flow, share_by_fork)
{
	int i, got, child, seen[40] = {};

	child = harness_fork();
	if (!child) {
		for (i = 20; i < 40; i++)
			if (send(self->from, &i, sizeof(i), 0) != sizeof(i))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 20; i++)
		ASSERT_EQ(sizeof(i), send(self->from, &i, sizeof(i), 0));
	EXPECT_EQ(0, harness_wait(child));
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(sizeof(got), recv(self->to, &got, sizeof(got), 0));
		ASSERT_LE(0, got);
		ASSERT_GT(40, got);
		seen[got]++;
	}
	for (i = 0; i < 40; i++)
		EXPECT_EQ(1, seen[i]);
}

/* A duplicate is the same socket; the last one closes it. */
TEST_F(flow, duplicate)
{
	int copy = dup(self->from);
	char buf[8];

	close(self->from);
	self->from = copy;
	SEND("still", 0);
	EXPECT_EQ(5, recv(self->to, buf, sizeof(buf), 0));
}

/* Many at once. */
TEST(many)
{
	static int fd[500];
	int i, before;

	/* What lingers from somewhere else may go meanwhile. */
	before = proc_count();
	for (i = 0; i < 500; i++) {
		fd[i] = plain(i % 9);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_LE(500, proc_count());
	for (i = 0; i < 500; i++)
		ASSERT_OK(close(fd[i]));
	EXPECT_TRUE(wait_until(proc_count() <= before));
}

/* The message limit of the administrator. */
TEST_F(flow, msg_max)
{
	struct zs from = { .fd = self->from };
	char path[] = "/proc/sys/net/zmq/msg_max", before[32] = "";
	static char big[10001];
	FILE *file = fopen(path, "r+");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(before, sizeof(before), file));
	rewind(file);
	fputs("10000", file);
	ASSERT_OK(fflush(file));
	EXPECT_ERRNO(EMSGSIZE, zs_send(&from, big, 10001, 0));
	EXPECT_EQ(10000, zs_send(&from, big, 10000, 0));
	EXPECT_EQ(10000, recv(self->to, big, sizeof(big), 0));
	/* Of the whole message. */
	EXPECT_EQ(6000, zs_send(&from, big, 6000, ZS_MORE));
	EXPECT_ERRNO(EMSGSIZE, zs_send(&from, big, 6000, 0));
	EXPECT_EQ(4000, zs_send(&from, big, 4000, 0));
	EXPECT_EQ(6000, recv(self->to, big, sizeof(big), 0));
	EXPECT_EQ(4000, recv(self->to, big, sizeof(big), 0));
	rewind(file);
	fputs(before, file);
	fclose(file);
}

TEST_HARNESS_MAIN
