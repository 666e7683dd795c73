// SPDX-License-Identifier: GPL-2.0-only
/* Memory: what is limited, and what must be gone after a close. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define PARTS_MAX	"/proc/sys/net/zmq/parts_max"
#define ROUNDS		400	/* far more than what packets() is wrong by */

/* Packets that the kernel holds; -1 if it does not say. */
static long packets(void)
{
	return proc_number("/proc/slabinfo", "skbuff_head_cache %ld");
}

/* Listen at an abstract name; @endpoint is where to connect to. */
static int unix_listen(char *endpoint)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *name = endpoint + strlen("ipc://@");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(endpoint, zs_any(ZS_ABSTRACT));
	memcpy(addr.sun_path + 1, name, strlen(name));
	if (!bind(fd, (struct sockaddr *)&addr,
		  offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)) &&
	    !listen(fd, 8))
		return fd;
	close(fd);
	return -1;
}

/*
 * A socket that is closed while it has taken a part of a packet only keeps none
 * of it.
 */
FIXTURE(paused) {
	char frames[3 * 1000];
	long before;
};

FIXTURE_VARIANT(paused) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(paused, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(paused, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(paused)
{
	size_t at;

	for (at = 0; at < sizeof(self->frames); at += 3)
		memcpy(self->frames + at, "\0\1x", 3);
	self->before = packets();
}

FIXTURE_TEARDOWN(paused)
{
}

TEST_F(paused, closed)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int i, fd, listener;
	struct zs *pull;

	if (self->before < 0)
		SKIP(return, "no /proc/slabinfo");
	if (wait_slow() > 1)
		SKIP(return, "a debugging kernel keeps what was freed");
	if (variant->transport == ZS_TCP)
		listener = raw_listen(endpoint);
	else
		listener = unix_listen(endpoint);
	ASSERT_LE(0, listener);
	for (i = 0; i < ROUNDS; i++) {
		pull = zs_open(ZMQ_PULL);
		ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 1));
		ASSERT_OK(zs_connect(pull, endpoint));
		fd = raw_accept(listener);
		ASSERT_LE(0, fd);
		ASSERT_OK(raw_greet(fd, "PUSH", NULL));
		ASSERT_OK(raw_write(fd, self->frames, sizeof(self->frames)));
		ASSERT_TRUE(zs_poll(pull, ZMQ_POLLIN, WAIT_LIMIT));
		zs_close_now(pull);
		ASSERT_OK(raw_gone(fd));
		close(fd);
	}
	close(listener);
	ASSERT_OK(zs_finish());
	EXPECT_TRUE(wait_until(packets() < self->before + ROUNDS * 2 / 3))
		TH_LOG("%ld packets were %ld", packets(), self->before);
}

/* Nobody sends a message of more parts than anybody would take. */
TEST(parts_sent)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	int i;

	if (!zs_is_ours())
		SKIP(return, "libzmq has no such limit");
	ASSERT_OK(zs_pair(push, pull, ZS_TCP, NULL));
	ASSERT_OK(proc_put(PARTS_MAX, 10));
	for (i = 0; i < 10 && zs_send(push, "", 0, ZS_MORE) == 0; i++)
		;
	EXPECT_LE(9, i);
	EXPECT_ERRNO(EMSGSIZE, zs_send(push, "", 0, ZS_MORE));
	EXPECT_EQ(0, proc_put(PARTS_MAX, 65536));
	/* The message is as it was. */
	ASSERT_EQ(0, zs_send(push, "", 0, 0));
	for (; i >= 0; i--) {
		ASSERT_EQ(0, zs_recv(pull, NULL, 0, 0));
		EXPECT_EQ(i > 0, pull->more);
	}
	zs_close_now(push);
	zs_close_now(pull);
}

/* Who does send one is sent away; what came before can be read. */
TEST(parts_received)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, fd;

	if (!zs_is_ours())
		SKIP(return, "libzmq has no such limit");
	ASSERT_OK(proc_put(PARTS_MAX, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < 10; i++)
		ASSERT_OK(raw_send(fd, i < 9 ? RAW_MORE : 0, "x", 1));
	ASSERT_TRUE(zs_poll(pull, ZMQ_POLLIN, WAIT_LIMIT));
	for (i = 0; i < 11; i++)
		if (raw_send(fd, RAW_MORE, "y", 1))
			break;
	EXPECT_EQ(0, raw_gone(fd));
	EXPECT_EQ(0, proc_put(PARTS_MAX, 65536));
	EXPECT_TRUE(zs_recv_is(pull, "x|x|x|x|x|x|x|x|x|x"));
	EXPECT_ERRNO(EAGAIN, zs_recv(pull, &i, 1, ZS_DONTWAIT));
	close(fd);
	zs_close_now(pull);
}

/* Sockets opened and closed in the middle of everything leave no connection. */
static void *hurry(void *arg)
{
	const char *endpoint = arg;
	struct sockaddr_zmq addr = { .szmq_family = zs_family() };
	int i, fd, linger = 0;
	char buf[64];

	snprintf(addr.szmq_endpoint, sizeof(addr.szmq_endpoint), "%s",
		 endpoint);
	for (i = 0; i < 100; i++) {
		fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC,
			    i & 1 ? ZMQ_AF_DEALER : ZMQ_AF_REQ);
		if (setsockopt(fd, SOL_ZMQ, ZMQ_LINGER, &linger,
			       sizeof(linger)) ||
		    connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
		    send(fd, buf, i % sizeof(buf), 0) < 0) {
			close(fd);
			return arg;
		}
		if (i % 3)
			setsockopt(fd, SOL_ZMQ, ZMQ_AF_DISCONNECT, endpoint,
				   strlen(endpoint));
		close(fd);
	}
	return NULL;
}

FIXTURE(hurry) {
	struct zs *router;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(hurry) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(hurry, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(hurry, ipc) { .transport = ZS_IPC };

FIXTURE_SETUP(hurry)
{
	self->router = zs_open(ZMQ_ROUTER);
	ASSERT_OK(zs_bind_any(self->router, variant->transport,
			      self->endpoint));
}

FIXTURE_TEARDOWN(hurry)
{
	zs_close_now(self->router);
	if (variant->transport == ZS_IPC)
		unlink(self->endpoint + strlen("ipc://"));
}

TEST_F(hurry, leaves_nothing)
{
	pthread_t threads[4];
	void *failed;
	int i;

	if (!zs_is_kernel())
		SKIP(return, "uses system calls");
	ASSERT_TRUE(wait_until(!proc_stat("connections")));
	for (i = 0; i < 4; i++)
		ASSERT_OK(pthread_create(&threads[i], NULL, hurry,
					 self->endpoint));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		EXPECT_EQ(NULL, failed);
	}
	while (zs_recv_msg(self->router, ZS_DONTWAIT))
		;
	EXPECT_EQ(0, zs_finish());
	EXPECT_TRUE(zs_wait_peers(self->router, 0));
	EXPECT_TRUE(wait_until(!proc_stat("connections")))
		TH_LOG("%lld connections", proc_stat("connections"));
}

/* One byte and a descriptor. */
static int send_fd(int to, int fd)
{
	union {
		char		buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} u = {};
	struct iovec iov = { "", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = u.buf,
		.msg_controllen = sizeof(u.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/*
 * A peer sends a socket the descriptor of that very socket, at a time when it
 * reads nothing: the two must not keep each other for ever.
 */
TEST(own_descriptor_in_input)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *pull = zs_open(ZMQ_PULL);
	int listener = unix_listen(endpoint), peer, i;
	struct proc_sock sock;
	unsigned long inode;

	if (!zs_is_kernel())
		SKIP(return, "about descriptors of the kernel's");
	ASSERT_LE(0, listener);
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 1));
	ASSERT_OK(zs_connect(pull, endpoint));
	peer = raw_accept(listener);
	ASSERT_LE(0, peer);
	ASSERT_OK(raw_greet(peer, "PUSH", NULL));
	for (i = 0; i < 3; i++)
		ASSERT_OK(raw_send(peer, 0, "full", 4));
	ASSERT_TRUE(wait_until(proc_find_inode(pull->inode, &sock) &&
			       sock.rx_msgs == 1));
	ASSERT_OK(send_fd(peer, pull->fd));
	inode = pull->inode;
	/* No limits on lingering: that is not what ends it. */
	zs_close(pull);
	EXPECT_TRUE(wait_until(!proc_find_inode(inode, &sock)));
	EXPECT_TRUE(wait_until(!proc_find_endpoint(endpoint, &sock)));
	close(peer);
	close(listener);
}

/* Byte @i of what a stream carries. */
static char stream_byte(unsigned int i)
{
	return i * 7 % 251;
}

/*
 * A process that has nothing to do with us: it sends itself bytes by TCP, and
 * what comes is what it sent.  Ends when @stop can be read.
 */
static int stream_check(const char *endpoint, int listener, int stop)
{
	static char out[1000], in[sizeof(out)];
	int to = raw_connect(endpoint, 0), from = raw_accept(listener), i;
	struct pollfd pfd = { .fd = stop, .events = POLLIN };
	unsigned int sent = 0, got = 0;
	size_t n;

	while (!poll(&pfd, 1, 0)) {
		for (i = 0; i < 8; i++) {
			for (n = 0; n < sizeof(out); n++)
				out[n] = stream_byte(sent++);
			if (send(to, out, sizeof(out), 0) != sizeof(out))
				return 1;
		}
		while (got != sent) {
			if (recv(from, in, sizeof(in), MSG_WAITALL) !=
			    sizeof(in))
				return 2;
			for (n = 0; n < sizeof(in); n++)
				if (in[n] != stream_byte(got++))
					return 3;
		}
	}
	return 0;
}

/*
 * What is sent from softirq leaves alone the memory that the interrupted process
 * is just copying its own bytes to.
 */
TEST(interrupted_sender)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX], body[200];
	int i, listener, stop[2];
	cpu_set_t all, one;
	pid_t pid;

	ASSERT_OK(pipe(stop));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	ASSERT_OK(zs_set_int(push, ZMQ_AF_COALESCE, 100));
	listener = raw_listen(endpoint);
	ASSERT_LE(0, listener);
	ASSERT_OK(sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_OK(sched_setaffinity(0, sizeof(one), &one));
	pid = harness_fork();
	if (!pid) {
		close(stop[1]);
		_exit(stream_check(endpoint, listener, stop[0]));
	}
	memset(body, 'x', sizeof(body));
	/* The first leaves at once, the other when the timer fires. */
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(sizeof(body), zs_send(push, body, sizeof(body), 0));
		ASSERT_EQ(sizeof(body), zs_send(push, body, sizeof(body), 0));
		ASSERT_EQ(sizeof(body), zs_recv(pull, body, sizeof(body), 0));
		ASSERT_EQ(sizeof(body), zs_recv(pull, body, sizeof(body), 0));
	}
	close(stop[1]);
	EXPECT_EQ(0, harness_wait(pid));
	ASSERT_OK(sched_setaffinity(0, sizeof(all), &all));
	close(stop[0]);
	close(listener);
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

TEST_HARNESS_MAIN
