// SPDX-License-Identifier: GPL-2.0-only
/* Names and namespaces: what a socket holds, and what it lets go. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

/* Hears of the end of namespaces that have a number. */
static int nsid_listen(void)
{
	struct timeval limit = { .tv_sec = WAIT_LIMIT / 1000 };
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (RTNLGRP_NSID - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

/* Ask for a number for the namespace of a process. */
static int nsid_give(pid_t pid)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg gen;
		struct nlattr nsid_head __attribute__((aligned(4)));
		__s32 nsid;
		struct nlattr pid_head;
		__u32 pid;
	} req = {
		.head = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_NEWNSID,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.nsid_head = { sizeof(struct nlattr) + 4, NETNSA_NSID },
		.nsid = -1,
		.pid_head = { sizeof(struct nlattr) + 4, NETNSA_PID },
		.pid = pid,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[256];
	} ack;
	int ret = -1;

	if (send(fd, &req, sizeof(req), 0) == sizeof(req) &&
	    recv(fd, &ack, sizeof(ack), 0) > 0 &&
	    ack.head.nlmsg_type == NLMSG_ERROR)
		ret = ack.err.error;
	close(fd);
	return ret;
}

/* The number in the next message of this type, or -1. */
static int nsid_wait(int fd, int type)
{
	char buf[4096] __attribute__((aligned(8)));
	struct nlmsghdr *head = (void *)buf;
	struct nlattr *attr;
	ssize_t len;

	do {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < (ssize_t)sizeof(*head))
			return -1;
	} while (head->nlmsg_type != type);
	attr = NLMSG_DATA(head) + NLMSG_ALIGN(sizeof(struct rtgenmsg));
	if ((char *)attr + attr->nla_len > buf + len ||
	    attr->nla_type != NETNSA_NSID)
		return -1;
	return *(int *)(attr + 1);
}

static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = ioctl(fd, SIOCSIFFLAGS, &ifr);

	close(fd);
	return ret;
}

/*
 * A namespace ends with its last process, whatever AF_ZMQ sockets did in it.
 */
FIXTURE(netns) {
	int fd;
};

FIXTURE_VARIANT(netns) {
	enum zs_transport transport;
	bool listens;		/* that is all */
	bool full;		/* the receiver's queue is */
	bool breaks;		/* connections do, several times */
};

FIXTURE_VARIANT_ADD(netns, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(netns, tcp6) { .transport = ZS_TCP6 };
FIXTURE_VARIANT_ADD(netns, ipc) { .transport = ZS_IPC };
FIXTURE_VARIANT_ADD(netns, abstract) { .transport = ZS_ABSTRACT };
FIXTURE_VARIANT_ADD(netns, tcp_listens) {
	.transport = ZS_TCP, .listens = true
};

FIXTURE_VARIANT_ADD(netns, ipc_listens) {
	.transport = ZS_IPC, .listens = true
};

FIXTURE_VARIANT_ADD(netns, tcp_full) { .transport = ZS_TCP, .full = true };
FIXTURE_VARIANT_ADD(netns, ipc_full) { .transport = ZS_IPC, .full = true };
FIXTURE_VARIANT_ADD(netns, tcp_breaks) { .transport = ZS_TCP, .breaks = true };
FIXTURE_VARIANT_ADD(netns, ipc_breaks) { .transport = ZS_IPC, .breaks = true };

FIXTURE_SETUP(netns)
{
	self->fd = nsid_listen();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(netns)
{
	close(self->fd);
}

/* 0 if sockets work in a new namespace. */
static int netns_use(enum zs_transport transport, bool listens, bool full,
		     bool breaks)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, sent;

	zs_set_int(push, ZMQ_LINGER, 0);
	zs_set_int(push, ZMQ_RECONNECT_IVL, 5);
	zs_set_int(pull, ZMQ_LINGER, 0);
	zs_set_int(pull, ZMQ_RCVHWM, full ? 1 : 1000);
	if (zs_bind_any(pull, transport, endpoint))
		return 2;
	if (listens)
		return 0;
	if (transport == ZS_TCP6)
		zs_set_int(push, ZMQ_IPV6, 1);
	if (zs_connect(push, endpoint))
		return 3;
	for (i = 0; i < 3; i++) {
		if (zs_send_int(push, i, 0) || zs_recv_int(pull, 0) != i)
			return 4;
		if (!breaks)
			break;
		if (zs_unbind(pull, endpoint) ||
		    !wait_until(!zs_bind(pull, endpoint)) ||
		    !zs_wait_peers(pull, 1))
			return 5;
	}
	if (!full)
		return 0;
	sent = zs_send_until_full(push, endpoint, sizeof(endpoint), 1000000);
	return sent < 2 ? 6 : 0;
}

TEST_F(netns, ends)
{
	int ready[2], go[2], id, code;
	pid_t pid;
	char c;

	if (!zs_is_kernel())
		SKIP(return, "needs the module");
	ASSERT_OK(pipe(ready));
	ASSERT_OK(pipe(go));
	pid = harness_fork();
	if (!pid) {
		close(self->fd);
		if (unshare(CLONE_NEWNET) || loopback_up() ||
		    write(ready[1], "", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(netns_use(variant->transport, variant->listens,
				variant->full, variant->breaks));
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_OK(nsid_give(pid));
	id = nsid_wait(self->fd, RTM_NEWNSID);
	ASSERT_LE(0, id);
	ASSERT_EQ(1, write(go[1], "", 1));
	code = harness_wait(pid);
	ASSERT_EQ(0, code);
	EXPECT_EQ(id, nsid_wait(self->fd, RTM_DELNSID))
		TH_LOG("the namespace is still there");
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
}

/* Where a connection comes from. */
static int port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	if (getpeername(fd, (struct sockaddr *)&addr, &len))
		return -1;
	return ntohs(addr.sin_port);
}

/* End a connection without a trace. */
static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* One that connects from a port of its choice does so each time. */
TEST(source_port)
{
	char source[ZS_ENDPOINT_MAX], server[ZS_ENDPOINT_MAX];
	char endpoint[2 * ZS_ENDPOINT_MAX];
	struct zs *push = zs_open(ZMQ_PUSH);
	int i, port, fd, listener;

	fd = zs_free_endpoint(source);
	ASSERT_LE(0, fd);
	close(fd);
	port = atoi(strrchr(source, ':') + 1);
	listener = raw_listen(server);
	snprintf(endpoint, sizeof(endpoint), "%s;%s", source,
		 server + strlen("tcp://"));
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 4; i++) {
		fd = raw_accept(listener);
		ASSERT_LE(0, fd)
			TH_LOG("connection %d", i);
		EXPECT_EQ(port, port_of(fd));
		if (i)
			ASSERT_OK(raw_greet(fd, "PULL", NULL));
		reset(fd);
	}
	close(listener);
	zs_close_now(push);
}

static int unix_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !listen(fd, 1))
		return fd;
	close(fd);
	return -1;
}

/* What lies where an ipc endpoint is to be bound. */
TEST(ipc_over_a_dead_socket)
{
	const char *endpoint = zs_any(ZS_IPC), *path = endpoint + 6;
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	int fd = unix_listen(path);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_OK(zs_bind(pull, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	EXPECT_EQ(1, zs_recv_int(pull, 0));
	zs_close_now(pull);
	zs_close_now(push);
	unlink(path);
}

/* Several find the same one: one of them removes it, once. */
#define BURIERS	8
#define BURIALS	200

struct burier {
	pthread_barrier_t *barrier;
	const char *endpoint;
	int bound;
};

static void *bury(void *arg)
{
	struct burier *b = arg;
	struct zs *pull;
	int i;

	for (i = 0; i < BURIALS; i++) {
		pull = zs_open(ZMQ_PULL);
		pthread_barrier_wait(b->barrier);
		b->bound += !zs_bind(pull, b->endpoint);
		pthread_barrier_wait(b->barrier);
		zs_close_now(pull);
		pthread_barrier_wait(b->barrier);
	}
	return NULL;
}

/* So that they wait for each other where they have found it. */
static void *keep_busy(void *arg)
{
	char name[ZS_ENDPOINT_MAX + 8];
	volatile bool *over = arg;

	/* Of each thread's own, beside the sockets. */
	snprintf(name, sizeof(name), "/tmp/af_zmq.busy.%d", gettid());
	while (!*over) {
		close(open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
		unlink(name);
	}
	return NULL;
}

TEST(ipc_over_a_dead_socket_together)
{
	const char *endpoint = zs_any(ZS_IPC), *path = endpoint + 6;
	struct burier buriers[BURIERS] = {};
	pthread_t threads[BURIERS], busy[2];
	volatile bool over = false;
	pthread_barrier_t barrier;
	int i, fd, bound = 0;

	if (!zs_is_kernel())
		SKIP(return, "it is the kernel that removes it");
	pthread_barrier_init(&barrier, NULL, BURIERS + 1);
	for (i = 0; i < 2; i++)
		ASSERT_OK(pthread_create(&busy[i], NULL, keep_busy,
					 (void *)&over));
	for (i = 0; i < BURIERS; i++) {
		buriers[i].barrier = &barrier;
		buriers[i].endpoint = endpoint;
		ASSERT_OK(pthread_create(&threads[i], NULL, bury, &buriers[i]));
	}
	for (i = 0; i < BURIALS; i++) {
		unlink(path);
		fd = unix_listen(path);
		EXPECT_LE(0, fd);
		close(fd);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	for (i = 0; i < BURIERS; i++) {
		pthread_join(threads[i], NULL);
		bound += buriers[i].bound;
	}
	over = true;
	for (i = 0; i < 2; i++)
		pthread_join(busy[i], NULL);
	/* Each time at least one found the way free in the end. */
	EXPECT_LE(BURIALS, bound);
	pthread_barrier_destroy(&barrier);
	unlink(path);
}

TEST(ipc_over_a_live_socket)
{
	const char *endpoint = zs_any(ZS_IPC), *path = endpoint + 6;
	struct zs *a = zs_open(ZMQ_PULL), *b = zs_open(ZMQ_PULL);
	struct zs *push = zs_open(ZMQ_PUSH);
	int fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq takes the name away");
	/* Somebody else's. */
	fd = unix_listen(path);
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EADDRINUSE, zs_bind(b, endpoint));
	close(fd);
	/* One of ours, which does not even notice. */
	ASSERT_OK(zs_bind(a, endpoint));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(b, endpoint));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(a, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(zs_send_int(push, 1, 0));
	EXPECT_EQ(1, zs_recv_int(a, 0));
	EXPECT_EQ(0, access(path, F_OK));
	zs_close_now(push);
	zs_close_now(a);
	zs_close_now(b);
	unlink(path);
}

/* What is no socket, or is not one's own to remove, stays. */
TEST(ipc_over_something_else)
{
	const char *endpoint = zs_any(ZS_IPC), *path = endpoint + 6;
	struct zs *pull = zs_open(ZMQ_PULL);
	struct stat before, after;
	int kind, fd;
	pid_t pid;

	if (!zs_is_kernel())
		SKIP(return, "libzmq removes anything");
	for (kind = 0; kind < 3; kind++) {
		if (!kind)
			close(open(path, O_CREAT | O_WRONLY, 0600));
		else if (kind == 1)
			ASSERT_OK(mkdir(path, 0700));
		else
			ASSERT_OK(mkfifo(path, 0600));
		ASSERT_OK(lstat(path, &before));
		EXPECT_ERRNO(EADDRINUSE, zs_bind(pull, endpoint));
		ASSERT_OK(lstat(path, &after));
		EXPECT_EQ(before.st_ino, after.st_ino);
		EXPECT_EQ(before.st_mode, after.st_mode);
		ASSERT_OK(kind == 1 ? rmdir(path) : unlink(path));
	}
	/* A dead socket of root's in a sticky directory. */
	fd = unix_listen(path);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_OK(lstat(path, &before));
	pid = harness_fork();
	if (!pid) {
		if (setgid(1000) || setuid(1000))
			_exit(1);
		_exit(zs_bind(zs_open(ZMQ_PULL), endpoint) != -1);
	}
	EXPECT_EQ(0, harness_wait(pid));
	ASSERT_OK(lstat(path, &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	unlink(path);
	zs_close_now(pull);
}

/*
 * A sender whose memory takes its time holds up its own socket only: others can
 * be made and closed while somebody looks at /proc/net/zmq.
 */
struct helper {
	struct zs *s;
	void *memory;
	pid_t tid;
	volatile bool done;
};

static void *slow_sender(void *arg)
{
	struct helper *h = arg;

	zs_send(h->s, h->memory, 4096, 0);
	h->done = true;
	return NULL;
}

static void *reader(void *arg)
{
	struct helper *h = arg;

	h->tid = gettid();
	proc_count();
	h->done = true;
	return NULL;
}

static void *maker(void *arg)
{
	struct helper *h = arg;
	int fd;

	fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_AF_PULL);
	close(fd);
	h->done = true;
	return NULL;
}

/* Does the thread sleep in the kernel, or has it ended? */
static bool asleep(const struct helper *h)
{
	char path[64], state = 0;
	FILE *file;

	if (h->done)
		return true;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", h->tid);
	file = h->tid ? fopen(path, "r") : NULL;
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'D' || state == 'S';
}

TEST(slow_memory)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = {};
	struct helper send = {}, read = {}, make = {};
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	int uffd, port = zs_free_endpoint(endpoint);
	pthread_t threads[3];
	struct pollfd pfd;

	if (!zs_is_kernel())
		SKIP(return, "it is the kernel that reads");
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_OK(ioctl(uffd, UFFDIO_API, &api));
	send.s = push;
	send.memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, send.memory);
	reg.range.start = (unsigned long)send.memory;
	reg.range.len = 4096;
	ASSERT_OK(ioctl(uffd, UFFDIO_REGISTER, &reg));
	ASSERT_OK(zs_connect(push, endpoint));
	ASSERT_OK(pthread_create(&threads[0], NULL, slow_sender, &send));
	pfd = (struct pollfd){ .fd = uffd, .events = POLLIN };
	EXPECT_EQ(1, poll(&pfd, 1, WAIT_LIMIT));
	ASSERT_OK(pthread_create(&threads[1], NULL, reader, &read));
	EXPECT_TRUE(wait_until(asleep(&read)));
	ASSERT_OK(pthread_create(&threads[2], NULL, maker, &make));
	EXPECT_TRUE(wait_until(make.done));
	EXPECT_FALSE(send.done);
	/* The memory is there. */
	zero.range = reg.range;
	EXPECT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_join(threads[2], NULL);
	close(uffd);
	close(port);
	zs_close_now(push);
}

TEST_HARNESS_MAIN
