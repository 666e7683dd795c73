// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors that tell of a connection: ZMQ_SRCFD, ZMQ_AF_PEER_FD. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"

#ifndef ZMQ_SRCFD
#define ZMQ_SRCFD	2
#endif

static struct zs *push, *pull;

/* A message from @push to @pull; the descriptor that comes with it. */
static int srcfd_of(enum zs_transport transport, char *endpoint)
{
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	if (zs_pair(pull, push, transport, endpoint) ||
	    zs_send_msg(push, "m") || zs_keep(pull))
		return -2;
	return zs_srcfd(pull);
}

/* What a library gave is the library's. */
static void drop(int fd)
{
	if (zs_is_kernel())
		close(fd);
}

static void end(void)
{
	zs_close_now(push);
	zs_close_now(pull);
}

static int sol_socket(int fd, int opt)
{
	socklen_t len = sizeof(int);
	int val = -1;

	return getsockopt(fd, SOL_SOCKET, opt, &val, &len) ? -1 : val;
}

/* The port of one of a descriptor's two addresses. */
static int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in in = {};
	socklen_t len = sizeof(in);

	if (name(fd, (struct sockaddr *)&in, &len) || len != sizeof(in) ||
	    in.sin_family != AF_INET ||
	    in.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
		return -1;
	return ntohs(in.sin_port);
}

static int getpeer(int fd, struct sockaddr *sa, socklen_t *len)
{
	return getpeername(fd, sa, len);
}

static int getsock(int fd, struct sockaddr *sa, socklen_t *len)
{
	return getsockname(fd, sa, len);
}

TEST(tcp)
{
	char endpoint[ZS_ENDPOINT_MAX], expected[64];
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	int fd = srcfd_of(ZS_TCP, endpoint);

	ASSERT_LE(0, fd);
	sprintf(expected, "tcp://127.0.0.1:%d", port_of(fd, getsock));
	EXPECT_STREQ(endpoint, expected);
	EXPECT_LT(0, port_of(fd, getpeer));
	EXPECT_NE(port_of(fd, getsock), port_of(fd, getpeer));
	EXPECT_EQ(SOCK_STREAM, sol_socket(fd, SO_TYPE));
	ASSERT_OK(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(1, info.tcpi_state);	/* TCP_ESTABLISHED */
	EXPECT_LT(0, info.tcpi_rcv_mss);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	drop(fd);
	end();
}

/* Each side sees the other. */
TEST(both_ends)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	int a, b;

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, NULL));
	ASSERT_OK(zs_send_msg(req, "m"));
	ASSERT_OK(zs_keep(rep));
	a = zs_srcfd(rep);
	ASSERT_OK(zs_send_msg(rep, "m"));
	ASSERT_OK(zs_keep(req));
	b = zs_srcfd(req);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(port_of(a, getpeer), port_of(b, getsock));
	EXPECT_EQ(port_of(b, getpeer), port_of(a, getsock));
	drop(a);
	drop(b);
	zs_close_now(req);
	zs_close_now(rep);
}

TEST(ipc)
{
	struct ucred cred = {};
	struct sockaddr_un sun;
	socklen_t len = sizeof(cred);
	int fd = srcfd_of(ZS_IPC, NULL);

	ASSERT_LE(0, fd);
	ASSERT_OK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EXPECT_EQ(getpid(), cred.pid);
	EXPECT_EQ(geteuid(), cred.uid);
	EXPECT_EQ(getegid(), cred.gid);
	EXPECT_EQ(SOCK_STREAM, sol_socket(fd, SO_TYPE));
	len = sizeof(sun);
	ASSERT_OK(getsockname(fd, (struct sockaddr *)&sun, &len));
	EXPECT_EQ(AF_UNIX, sun.sun_family);
	EXPECT_EQ('/', sun.sun_path[0]);
	len = sizeof(cred);
	EXPECT_ERRNO(EOPNOTSUPP, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &cred,
					    &len));
	drop(fd);
	end();
}

/* There is no connection. */
TEST(inproc)
{
	EXPECT_EQ(-1, srcfd_of(ZS_INPROC, NULL));
	if (!zs_is_kernel())
		EXPECT_EQ(EINVAL, errno);
	end();
}

/* One connection, one number; another one for another. */
TEST(same_for_a_connection)
{
	struct zs *other = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int fd = srcfd_of(ZS_TCP, endpoint), next, i;

	if (zs_is_kernel())
		SKIP(return, "a new one for each call");
	ASSERT_LE(0, fd);
	ASSERT_OK(zs_connect(other, endpoint));
	for (i = 0; i < 3; i++) {
		ASSERT_OK(zs_send_msg(other, "m"));
		ASSERT_OK(zs_keep(pull));
		next = zs_srcfd(pull);
		EXPECT_LE(0, next);
		EXPECT_NE(fd, next);
		ASSERT_OK(zs_send_msg(push, "m"));
		ASSERT_OK(zs_keep(pull));
		EXPECT_EQ(fd, zs_srcfd(pull));
		EXPECT_EQ(fd, atoi(zs_gets(pull, "__fd") ?: "-1"));
	}
	zs_close_now(other);
	end();
}

/* libzmq's test_srcfd: closed with the sockets. */
TEST(closed_with_the_socket)
{
	int fd = srcfd_of(ZS_TCP, NULL);

	if (zs_is_kernel())
		SKIP(return, "the descriptor is the user's");
	ASSERT_LE(0, fd);
	end();
	ASSERT_TRUE(wait_until(port_of(fd, getpeer) < 0));
	EXPECT_ERRNO(EBADF, fcntl(fd, F_GETFD));
}

/* Connections come and go: their descriptors do not pile up. */
TEST(closed_when_over)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int fd = srcfd_of(ZS_TCP, endpoint), most = fd, i;

	if (zs_is_kernel())
		SKIP(return, "the descriptor is the user's");
	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++) {
		zs_close(push);
		push = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_connect(push, endpoint));
		ASSERT_OK(zs_send_msg(push, "m"));
		ASSERT_OK(zs_keep(pull));
		fd = zs_srcfd(pull);
		ASSERT_LE(0, fd);
		most = fd > most ? fd : most;
	}
	EXPECT_GT(80, most);
	end();
}

/* Nothing is done by it. */
TEST(only_tells)
{
	char buf[64] = "x", endpoint[ZS_ENDPOINT_MAX];
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(buf);
	int fd, one = 1, pipes[2];

	if (!zs_is_ours())
		SKIP(return, "it is the socket itself there");
	fd = srcfd_of(ZS_TCP, endpoint);
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EOPNOTSUPP, write(fd, buf, 1));
	EXPECT_ERRNO(EOPNOTSUPP, send(fd, buf, 1, 0));
	EXPECT_ERRNO(EOPNOTSUPP, read(fd, buf, 1));
	EXPECT_ERRNO(EOPNOTSUPP, recv(fd, buf, 1, MSG_PEEK));
	EXPECT_ERRNO(EOPNOTSUPP, shutdown(fd, SHUT_RDWR));
	EXPECT_ERRNO(EOPNOTSUPP, listen(fd, 1));
	EXPECT_ERRNO(EOPNOTSUPP, accept(fd, NULL, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, bind(fd, (void *)&in, sizeof(in)));
	in.sin_family = AF_UNSPEC;
	EXPECT_ERRNO(EOPNOTSUPP, connect(fd, (void *)&in, sizeof(in)));
	EXPECT_ERRNO(EOPNOTSUPP, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
					    sizeof(one)));
	EXPECT_ERRNO(EOPNOTSUPP, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls",
					    3));
	EXPECT_ERRNO(EOPNOTSUPP, setsockopt(fd, SOL_ZMQ, ZMQ_LINGER, &one,
					    sizeof(one)));
	EXPECT_ERRNO(EOPNOTSUPP, getsockopt(fd, IPPROTO_TCP,
					    TCP_ZEROCOPY_RECEIVE, buf, &len));
	EXPECT_ERRNO(EOPNOTSUPP, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, buf,
					    &len));
	EXPECT_ERRNO(EOPNOTSUPP, getsockopt(fd, IPPROTO_IP, 1, buf, &len));
	EXPECT_ERRNO(EOPNOTSUPP, getsockopt(fd, SOL_ZMQ, ZMQ_LINGER, buf,
					    &len));
	EXPECT_EQ(-1, ioctl(fd, FIONREAD, &one));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	ASSERT_OK(pipe(pipes));
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	EXPECT_EQ(-1, splice(pipes[0], NULL, fd, NULL, 1, 0));
	EXPECT_EQ(-1, splice(fd, NULL, pipes[1], NULL, 1, SPLICE_F_NONBLOCK));
	/* It is no socket to be had as an endpoint or a context either. */
	EXPECT_EQ(-1, zs_set_int(pull, ZMQ_AF_CTX, fd));
	ASSERT_OK(zs_set_int(pull, ZMQ_USE_FD, fd));
	EXPECT_EQ(-1, zs_bind(pull, "tcp://127.0.0.1:*"));
	EXPECT_EQ(-1, zs_bind(pull, "ipc://@"));
	EXPECT_EQ(SOCK_STREAM, sol_socket(fd, SO_TYPE));
	EXPECT_EQ(zs_family(), sol_socket(fd, SO_DOMAIN));
	/* The connection has taken no notice. */
	ASSERT_OK(zs_send_msg(push, "n"));
	EXPECT_TRUE(zs_recv_is(pull, "n"));
	close(pipes[0]);
	close(pipes[1]);
	drop(fd);
	end();
}

static bool hung_up(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd };

	return poll(&pfd, 1, ms) == 1 && pfd.revents == POLLHUP;
}

/* It keeps nothing alive and says when all is over, and who it was. */
TEST(outlives_the_connection)
{
	enum zs_transport transports[] = { ZS_TCP, ZS_IPC };
	struct tcp_info info;
	socklen_t len = sizeof(info);
	struct ucred cred;
	int fd, peer, i;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	for (i = 0; i < 2; i++) {
		fd = srcfd_of(transports[i], NULL);
		ASSERT_LE(0, fd);
		peer = port_of(fd, getpeer);
		EXPECT_FALSE(hung_up(fd, 0));
		zs_close(push);
		ASSERT_TRUE(hung_up(fd, WAIT_LIMIT));
		EXPECT_EQ(peer, port_of(fd, getpeer));
		len = sizeof(info);
		EXPECT_ERRNO(ENOTCONN, getsockopt(fd, IPPROTO_TCP, TCP_INFO,
						  &info, &len));
		len = sizeof(cred);
		EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len));
		EXPECT_EQ(i ? getpid() : 0, cred.pid);
		EXPECT_EQ(-1, zs_srcfd(pull));
		EXPECT_EQ(ENOENT, errno);
		zs_close(pull);
		EXPECT_EQ(0, zs_finish());
		close(fd);
	}
}

/* A connector's next connection is another one. */
TEST(reconnect)
{
	struct zs *a = zs_open(ZMQ_PUSH), *b;
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, next;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(pull, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(zs_bind_any(a, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(pull, endpoint));
	ASSERT_OK(zs_send_msg(a, "m"));
	ASSERT_OK(zs_keep(pull));
	fd = zs_srcfd(pull);
	ASSERT_LE(0, fd);
	zs_close(a);
	ASSERT_TRUE(hung_up(fd, WAIT_LIMIT));
	b = zs_open(ZMQ_PUSH);
	ASSERT_TRUE(wait_until(!zs_bind(b, endpoint)));
	ASSERT_OK(zs_send_msg(b, "m"));
	ASSERT_OK(zs_keep(pull));
	next = zs_srcfd(pull);
	ASSERT_LE(0, next);
	EXPECT_FALSE(hung_up(next, 0));
	EXPECT_TRUE(hung_up(fd, 0));
	close(fd);
	close(next);
	zs_close_now(b);
	zs_close_now(pull);
}

/* The number that a monitor tells will do, before a message has come. */
TEST(of_a_monitor)
{
	struct zs *reader;
	struct zs_event event;
	char endpoint[ZS_ENDPOINT_MAX];

	if (!zs_is_kernel())
		SKIP(return, "the kernel's numbers");
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	reader = zs_monitor(pull, ZMQ_EVENT_ACCEPTED);
	ASSERT_NE(NULL, reader);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_next_event(reader, &event));
	pull->meta = event.value;
	EXPECT_LT(0, port_of(zs_srcfd(pull), getpeer));
	zs_close_now(reader);
	end();
}

TEST(bad_arguments)
{
	socklen_t len = 3;
	char buf[64] = "";
	int fd;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	drop(srcfd_of(ZS_TCP, NULL));
	fd = pull->fd;
	memcpy(buf, &pull->meta, 4);
	EXPECT_ERRNO(EINVAL, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf,
					&len));
	len = -1;
	EXPECT_ERRNO(EINVAL, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf,
					&len));
	len = 4;
	EXPECT_ERRNO(EFAULT, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, NULL,
					&len));
	EXPECT_ERRNO(EFAULT, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf,
					NULL));
	len = sizeof(buf);
	EXPECT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf, &len));
	EXPECT_EQ(4, len);
	close(*(int *)buf);
	memset(buf, 0, 4);
	EXPECT_ERRNO(ENOENT, getsockopt(fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf,
					&len));
	/* One of another socket. */
	memcpy(buf, &pull->meta, 4);
	EXPECT_ERRNO(ENOENT, getsockopt(push->fd, SOL_ZMQ, ZMQ_AF_PEER_FD, buf,
					&len));
	end();
}

TEST_HARNESS_MAIN
