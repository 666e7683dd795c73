// SPDX-License-Identifier: GPL-2.0-only
/* Who may connect: filters by address and by user; sockets made by others. */
#include <arpa/inet.h>
#include <grp.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

/* Not in libzmq's header without drafts. */
#define PRIORITY	112
#define BUSY_POLL	113
#ifndef SO_BUSY_POLL
#define SO_BUSY_POLL	46
#endif

#define NOBODY	65534
#define OTHER	65533
#define GROUP	4321
#define PATH	"/tmp/af_zmq.admission"

/* Does the socket greet, or hang up?  -1: neither. */
static int greeted(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char c;

	if (fd < 0 || poll(&pfd, 1, WAIT_LIMIT) != 1)
		return -1;
	return read(fd, &c, 1) == 1;
}

/* Connects from a local address. */
static int greeted_from(const char *from, const char *endpoint)
{
	int port = atoi(strrchr(endpoint, ':') + 1);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool v6 = strchr(from, ':');
	struct sockaddr *addr = v6 ? (void *)&six : (void *)&four;
	socklen_t len = v6 ? sizeof(six) : sizeof(four);
	int fd, ret = -1;

	fd = socket(addr->sa_family, SOCK_STREAM, 0);
	inet_pton(addr->sa_family, from, v6 ? (void *)&six.sin6_addr :
					      (void *)&four.sin_addr);
	if (bind(fd, addr, len))
		goto out;
	six.sin6_port = htons(port);
	six.sin6_addr = in6addr_loopback;
	four.sin_port = htons(port);
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!connect(fd, addr, len))
		ret = greeted(fd);
out:
	close(fd);
	return ret;
}

static int filter(struct zs *s, const char *net)
{
	return zs_set(s, ZMQ_TCP_ACCEPT_FILTER, net, net ? strlen(net) : 0);
}

TEST(tcp)
{
	struct zs *s = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(filter(s, "127.1.0.0/16"));
	ASSERT_OK(filter(s, "127.2.3.4"));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	/* Of endpoints bound later. */
	ASSERT_OK(filter(s, "127.0.0.1"));
	EXPECT_EQ(1, greeted_from("127.1.0.1", endpoint));
	EXPECT_EQ(1, greeted_from("127.1.255.255", endpoint));
	EXPECT_EQ(0, greeted_from("127.2.0.1", endpoint));
	EXPECT_EQ(1, greeted_from("127.2.3.4", endpoint));
	EXPECT_EQ(0, greeted_from("127.2.3.5", endpoint));
	EXPECT_EQ(0, greeted_from("127.0.0.1", endpoint));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	EXPECT_EQ(1, greeted_from("127.0.0.1", endpoint));
	ASSERT_OK(filter(s, NULL));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	EXPECT_EQ(1, greeted_from("127.3.0.1", endpoint));
	zs_close_now(s);
}

TEST(tcp_odd_bits)
{
	struct zs *s = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(filter(s, "127.16.0.0/13"));
	ASSERT_OK(zs_bind_any(s, ZS_TCP, endpoint));
	EXPECT_EQ(0, greeted_from("127.15.255.255", endpoint));
	EXPECT_EQ(1, greeted_from("127.16.0.0", endpoint));
	EXPECT_EQ(1, greeted_from("127.23.255.255", endpoint));
	EXPECT_EQ(0, greeted_from("127.24.0.0", endpoint));
	zs_close_now(s);
}

TEST(tcp6)
{
	struct zs *s = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	size_t len = sizeof(endpoint);

	ASSERT_OK(zs_set_int(s, ZMQ_IPV6, 1));
	ASSERT_OK(filter(s, "fe80::/10"));
	ASSERT_OK(zs_bind(s, "tcp://[::1]:*"));
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, endpoint, &len));
	EXPECT_EQ(0, greeted_from("::1", endpoint));
	ASSERT_OK(filter(s, "::1"));
	ASSERT_OK(zs_bind(s, "tcp://[::1]:*"));
	len = sizeof(endpoint);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, endpoint, &len));
	EXPECT_EQ(1, greeted_from("::1", endpoint));
	zs_close_now(s);
}

/* IPv4 peers of an IPv6 socket are known by their IPv4 addresses. */
TEST(tcp_mapped)
{
	struct zs *s = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	size_t len = sizeof(endpoint);

	if (!zs_is_ours())
		SKIP(return, "libzmq counts the bits of ::ffff:127.1.0.0");
	ASSERT_OK(zs_set_int(s, ZMQ_IPV6, 1));
	ASSERT_OK(filter(s, "127.1.0.0/16"));
	ASSERT_OK(zs_bind(s, "tcp://*:*"));
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, endpoint, &len));
	EXPECT_EQ(1, greeted_from("127.1.0.1", endpoint));
	EXPECT_EQ(0, greeted_from("127.2.0.1", endpoint));
	EXPECT_EQ(0, greeted_from("::1", endpoint));
	zs_close_now(s);
}

/* Others are not disturbed by who is turned away. */
TEST(tcp_others)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(filter(pull, "127.0.0.1"));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, endpoint));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, greeted_from("127.0.0.2", endpoint));
	ASSERT_OK(zs_send_msg(push, "x"));
	EXPECT_TRUE(zs_recv_is(pull, "x"));
	zs_close_now(push);
	zs_close_now(pull);
}

/* A user that connects to PATH. */
struct user {
	uid_t uid;
	gid_t gid;
	gid_t group;		/* one more, if not 0 */
};

static int greeted_as(const struct user *user)
{
	struct sockaddr_un addr = { AF_UNIX, PATH };
	pid_t pid = harness_fork();
	int fd;

	if (pid)
		return harness_wait(pid);
	if (setgroups(user->group != 0, &user->group) || setgid(user->gid) ||
	    setuid(user->uid))
		_exit(100);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		_exit(101);
	_exit(greeted(fd));
}

FIXTURE(ipc) {
	struct zs *s;
};

FIXTURE_SETUP(ipc)
{
	self->s = zs_open(ZMQ_PULL);
}

FIXTURE_TEARDOWN(ipc)
{
	zs_close_now(self->s);
	unlink(PATH);
}

static int ipc_bind(struct zs *s)
{
	unlink(PATH);
	return zs_bind(s, "ipc://" PATH) ?: chmod(PATH, 0777);
}

TEST_F(ipc, uid)
{
	static const struct user nobody = { NOBODY, GROUP, 0 };
	static const struct user other = { OTHER, GROUP, 0 };
	uid_t uid = NOBODY;

	if (getuid())
		SKIP(return, "needs root");
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_UID, &uid, sizeof(uid)));
	ASSERT_OK(ipc_bind(self->s));
	EXPECT_EQ(1, greeted_as(&nobody));
	EXPECT_EQ(0, greeted_as(&other));
	ASSERT_OK(zs_unbind(self->s, "ipc://" PATH));
	uid = OTHER;
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_UID, &uid, sizeof(uid)));
	ASSERT_OK(ipc_bind(self->s));
	EXPECT_EQ(1, greeted_as(&nobody));
	EXPECT_EQ(1, greeted_as(&other));
	ASSERT_OK(zs_unbind(self->s, "ipc://" PATH));
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_UID, NULL, 0));
	ASSERT_OK(ipc_bind(self->s));
	EXPECT_EQ(1, greeted_as(&(struct user){ 1000, 1000, 0 }));
}

TEST_F(ipc, gid)
{
	static const struct user member = { NOBODY, OTHER, GROUP };
	gid_t gid = GROUP;

	if (getuid())
		SKIP(return, "needs root");
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_GID, &gid, sizeof(gid)));
	ASSERT_OK(ipc_bind(self->s));
	EXPECT_EQ(1, greeted_as(&(struct user){ NOBODY, GROUP, 0 }));
	EXPECT_EQ(0, greeted_as(&(struct user){ NOBODY, OTHER, 0 }));
	/* libzmq asks the user database, the kernel knows the process. */
	if (zs_is_ours())
		EXPECT_EQ(1, greeted_as(&member));
}

/* Whom any of the filters knows is let in. */
TEST_F(ipc, any_of_them)
{
	pid_t pid = getpid();
	uid_t uid = OTHER;
	int fd;

	if (getuid())
		SKIP(return, "needs root");
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_PID, &pid, sizeof(pid)));
	ASSERT_OK(zs_set(self->s, ZMQ_IPC_FILTER_UID, &uid, sizeof(uid)));
	ASSERT_OK(ipc_bind(self->s));
	EXPECT_EQ(1, greeted_as(&(struct user){ OTHER, GROUP, 0 }));
	EXPECT_EQ(0, greeted_as(&(struct user){ NOBODY, GROUP, 0 }));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_OK(connect(fd, (struct sockaddr *)&(struct sockaddr_un) {
			AF_UNIX, PATH }, sizeof(struct sockaddr_un)));
	EXPECT_EQ(1, greeted(fd));
	close(fd);
}

/* ZMQ_USE_FD: a listening socket, as systemd passes it. */
FIXTURE(use_fd) {
	int fd;
	struct zs *pull;
	struct zs *push;
};

FIXTURE_SETUP(use_fd)
{
	self->fd = -1;
	self->pull = zs_open(ZMQ_PULL);
	self->push = zs_open(ZMQ_PUSH);
}

FIXTURE_TEARDOWN(use_fd)
{
	zs_close_now(self->push);
	zs_close_now(self->pull);
	close(self->fd);
	unlink(PATH);
}

static int listen_unix(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 10))
		return -1;
	return fd;
}

TEST_F(use_fd, tcp)
{
	char endpoint[ZS_ENDPOINT_MAX], got[ZS_ENDPOINT_MAX];
	size_t len = sizeof(got);
	int i;

	self->fd = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, endpoint));
	ASSERT_OK(zs_get(self->pull, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_STREQ(endpoint, got);
	ASSERT_OK(zs_connect(self->push, endpoint));
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(self->push, i, 0));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i, zs_recv_int(self->pull, 0));
}

TEST_F(use_fd, ipc)
{
	struct stat st;

	self->fd = listen_unix(PATH);
	ASSERT_LE(0, self->fd);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, "ipc://" PATH));
	ASSERT_OK(zs_connect(self->push, "ipc://" PATH));
	ASSERT_OK(zs_send_msg(self->push, "x"));
	EXPECT_TRUE(zs_recv_is(self->pull, "x"));
	/* Its path is not ours to remove. */
	ASSERT_OK(zs_unbind(self->pull, "ipc://" PATH));
	EXPECT_EQ(0, stat(PATH, &st));
}

/* A peer that connected before there was a socket: what activation is for. */
TEST_F(use_fd, early_peer)
{
	struct pollfd pfd = { .events = POLLIN };
	char endpoint[ZS_ENDPOINT_MAX];

	self->fd = raw_listen(endpoint);
	pfd.fd = self->fd;
	ASSERT_OK(zs_connect(self->push, endpoint));
	ASSERT_OK(zs_send_msg(self->push, "early"));
	ASSERT_EQ(1, poll(&pfd, 1, WAIT_LIMIT));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, endpoint));
	EXPECT_TRUE(zs_recv_is(self->pull, "early"));
}

/* Other users of the descriptor keep it; so does the next socket. */
TEST_F(use_fd, kept_by_others)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *next;
	int fd;

	if (!zs_is_ours())
		SKIP(return, "libzmq closes the descriptor");
	self->fd = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, endpoint));
	ASSERT_OK(zs_connect(self->push, endpoint));
	ASSERT_OK(zs_send_msg(self->push, "1"));
	ASSERT_TRUE(zs_recv_is(self->pull, "1"));
	ASSERT_OK(zs_unbind(self->pull, endpoint));
	/* The peer is back, and nobody takes it but who accepts. */
	fd = raw_accept(self->fd);
	EXPECT_LE(0, fd);
	close(fd);
	next = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(next, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(next, endpoint));
	ASSERT_OK(zs_send_msg(self->push, "2"));
	EXPECT_TRUE(zs_recv_is(next, "2"));
	zs_close_now(next);
}

/* The descriptor can be closed: the endpoint has the socket. */
TEST_F(use_fd, closed)
{
	char endpoint[ZS_ENDPOINT_MAX];

	if (!zs_is_ours())
		SKIP(return, "libzmq has the descriptor only");
	self->fd = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, endpoint));
	close(self->fd);
	ASSERT_OK(zs_connect(self->push, endpoint));
	ASSERT_OK(zs_send_msg(self->push, "x"));
	EXPECT_TRUE(zs_recv_is(self->pull, "x"));
	ASSERT_OK(zs_unbind(self->pull, endpoint));
	EXPECT_EQ(-1, raw_connect(endpoint, 0));
	self->fd = -1;
}

/* Filters apply. */
TEST_F(use_fd, filtered)
{
	char endpoint[ZS_ENDPOINT_MAX];

	self->fd = raw_listen(endpoint);
	ASSERT_OK(filter(self->pull, "127.1.0.0/16"));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, self->fd));
	ASSERT_OK(zs_bind(self->pull, endpoint));
	EXPECT_EQ(1, greeted_from("127.1.0.1", endpoint));
	EXPECT_EQ(0, greeted_from("127.2.0.1", endpoint));
}

TEST_F(use_fd, wrong)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int pipes[2], fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq aborts, and ours has errnos of its own");
	ASSERT_OK(pipe(pipes));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, pipes[0]));
	EXPECT_ERRNO(ENOTSOCK, zs_bind(self->pull, "tcp://127.0.0.1:*"));
	close(pipes[0]);
	close(pipes[1]);
	EXPECT_ERRNO(EBADF, zs_bind(self->pull, "tcp://127.0.0.1:*"));
	fd = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, fd));
	EXPECT_ERRNO(EINVAL, zs_bind(self->pull, "ipc://" PATH));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, fd));
	EXPECT_ERRNO(EINVAL, zs_bind(self->pull, "tcp://127.0.0.1:*"));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, fd));
	EXPECT_ERRNO(EINVAL, zs_bind(self->pull, "tcp://127.0.0.1:*"));
	close(fd);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_USE_FD, -1));
	EXPECT_EQ(0, zs_bind(self->pull, "tcp://127.0.0.1:*"));
}

/* What needs privileges, as it does for other sockets. */
TEST(privileges)
{
	pid_t pid;

	if (!zs_is_kernel() || getuid())
		SKIP(return, "for system calls, as root");
	pid = harness_fork();
	if (!pid) {
		struct zs *s = zs_open(ZMQ_PULL);

		if (!s || zs_set_int(s, BUSY_POLL, 50) ||
		    zs_set_int(s, PRIORITY, 7) || setuid(NOBODY))
			_exit(1);
		if (!zs_set_int(s, BUSY_POLL, 100) || errno != EPERM)
			_exit(2);
		if (!zs_set_int(s, PRIORITY, 7) || errno != EPERM)
			_exit(3);
		if (zs_set_int(s, BUSY_POLL, 10) ||
		    zs_set_int(s, PRIORITY, 6))
			_exit(4);
		/* As SO_BINDTODEVICE of a socket bound to none. */
		if (zs_set(s, ZMQ_BINDTODEVICE, "lo", 2) ||
		    zs_bind(s, "tcp://127.0.0.1:*"))
			_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, harness_wait(pid));
}

/*
 * Connects as @uid from a port that needs CAP_NET_BIND_SERVICE; the exit code:
 * 0: several attempts have failed, 1: connected.
 */
static int connects_from(int port, const char *server, uid_t uid)
{
	char endpoint[2 * ZS_ENDPOINT_MAX];
	struct zs_event event;
	struct zs *s, *reader;
	int retried = 0;
	pid_t pid;

	snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d;%s", port,
		 server + strlen("tcp://"));
	pid = harness_fork();
	if (pid)
		return harness_wait(pid);
	s = zs_open(ZMQ_PUSH);
	reader = zs_monitor(s, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED);
	if (!reader || zs_set_int(s, ZMQ_RECONNECT_IVL, 10) || setuid(uid) ||
	    zs_connect(s, endpoint))
		_exit(2);
	while (retried < 3) {
		if (zs_next_event(reader, &event))
			_exit(3);
		if (event.event == ZMQ_EVENT_CONNECTED)
			_exit(1);
		retried++;
	}
	_exit(0);
}

/* Attempts are made by workers, which may use any port. */
TEST(privileged_source_port)
{
	char server[ZS_ENDPOINT_MAX];
	int listener;

	if (!zs_is_kernel() || getuid())
		SKIP(return, "for system calls, as root");
	listener = raw_listen(server);
	ASSERT_LE(0, listener);
	EXPECT_EQ(0, connects_from(600, server, NOBODY));
	EXPECT_EQ(1, connects_from(600, server, 0));
	close(listener);
}

/*
 * SO_PRIORITY of the established TCP connection from this port, as the kernel
 * tells it beside traffic classes; -1: there is none.
 */
static int tcp_priority(int port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 req;
	} ask = {
		.head = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.req = {
			.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_TCLASS - 1),
			.idiag_states = 1 << 1,	/* TCP_ESTABLISHED */
		},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	char buf[32768] __attribute__((aligned(8)));
	struct inet_diag_msg *told;
	struct nlmsghdr *head;
	struct nlattr *attr;
	int left, size, found = -1;

	if (send(fd, &ask, sizeof(ask), 0) < 0)
		goto out;
	left = recv(fd, buf, sizeof(buf), 0);
	for (head = (void *)buf; NLMSG_OK(head, left) &&
	     head->nlmsg_type == SOCK_DIAG_BY_FAMILY;
	     head = NLMSG_NEXT(head, left)) {
		told = NLMSG_DATA(head);
		if (ntohs(told->id.idiag_sport) != port)
			continue;
		attr = (void *)(told + 1);
		size = NLMSG_PAYLOAD(head, sizeof(*told));
		while (size >= NLA_HDRLEN) {
			if (attr->nla_type == INET_DIAG_CLASS_ID)
				found = *(int *)(attr + 1);
			size -= NLA_ALIGN(attr->nla_len);
			attr = (void *)attr + NLA_ALIGN(attr->nla_len);
		}
	}
out:
	close(fd);
	return found;
}

/* PRIORITY is that of the TCP sockets, on both sides. */
TEST(priority)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int port;

	if (!zs_is_ours() || getuid())
		SKIP(return, "not in libzmq 4.3.4, and for root");
	ASSERT_OK(zs_set_int(pull, PRIORITY, 5));
	EXPECT_EQ(5, zs_get_int(pull, PRIORITY));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, endpoint));
	ASSERT_OK(zs_send_msg(push, "m"));
	EXPECT_TRUE(zs_recv_is(pull, "m"));
	port = atoi(strrchr(endpoint, ':') + 1);
	EXPECT_EQ(5, tcp_priority(port));
	zs_close_now(pull);
	zs_close_now(push);
}

/* BUSY_POLL is SO_BUSY_POLL, and a receiver that polls sleeps in the end. */
TEST(busy_poll)
{
	struct zs *push, *pull;
	socklen_t len = sizeof(int);
	int val, i;
	pid_t pid;

	if (!zs_is_kernel() || getuid())
		SKIP(return, "for system calls, as root");
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(pull, BUSY_POLL, 200));
	EXPECT_EQ(200, zs_get_int(pull, BUSY_POLL));
	ASSERT_OK(getsockopt(pull->fd, SOL_SOCKET, SO_BUSY_POLL, &val, &len));
	EXPECT_EQ(200, val);
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	for (i = 0; i < 100; i++) {
		ASSERT_OK(zs_send_int(push, i, 0));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	}
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVTIMEO, 20));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, 0));
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVTIMEO, WAIT_LIMIT));
	pid = harness_fork();
	if (!pid)
		_exit(zs_recv_int(pull, 0) != 7);
	ASSERT_OK(zs_send_int(push, 7, 0));
	EXPECT_EQ(0, harness_wait(pid));
	zs_close_now(push);
	zs_close_now(pull);
}

TEST_HARNESS_MAIN
