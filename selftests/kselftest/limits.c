// SPDX-License-Identifier: GPL-2.0-only
/*
 * At the limits of the system: memory cgroup, ports, sysctls.  Whoever reaches
 * one is told so or ends, nobody else notices, and afterwards all is as before.
 */
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define CGROUPS		"/sys/fs/cgroup"
#define GROUP		CGROUPS "/af_zmq.limits"
#define GROUP_MAX	(24 << 20)
/* What a group of no process may still have: the caches of processors. */
#define GROUP_REST	(2 << 20)
#define SYSCTL		"/proc/sys/net/zmq/"
#define BODY		(64 << 10)

static char body[BODY], room[BODY];

static int put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	int err;

	if (!file)
		return -1;
	fputs(text, file);
	err = fflush(file);
	fclose(file);
	return err;
}

static int put_number(const char *path, long long val)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", val);
	return put(path, text);
}

static long long get_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long long val = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%lld", &val) != 1)
		val = -1;
	fclose(file);
	return val;
}

static long long group_now(void)
{
	return get_number(GROUP "/memory.current");
}

static int group_enter(void)
{
	return put_number(GROUP "/cgroup.procs", getpid());
}

static int send_numbered(struct zs *s, int number)
{
	memcpy(body, &number, sizeof(number));
	return zs_send(s, body, BODY, ZS_DONTWAIT) == BODY ? 0 : -1;
}

/* Sends until that fails; the errno, after @sent messages. */
static int flood(struct zs *s, int *sent)
{
	for (*sent = 0; !send_numbered(s, *sent); ++*sent)
		;
	return errno;
}

/* Messages with all numbers from @first on and below @end. */
static bool take_numbered(struct zs *s, int first, int end)
{
	int i, number;

	for (i = first; i < end; i++) {
		if (zs_recv(s, room, BODY, 0) != BODY)
			return false;
		memcpy(&number, room, sizeof(number));
		if (number != i)
			return false;
	}
	return true;
}

FIXTURE(memory) {
	struct zs *pull;
	struct zs *push;
	char endpoint[ZS_ENDPOINT_MAX];
	bool possible;
};

FIXTURE_VARIANT(memory) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(memory, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(memory, abstract) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(memory)
{
	if (!zs_is_kernel())
		return;
	put(CGROUPS "/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	self->possible = !put_number(GROUP "/memory.max", GROUP_MAX) &&
			 group_now() >= 0;
	put(GROUP "/memory.swap.max", "0");
	/* Of others. */
	self->pull = zs_open(ZMQ_PULL);
	self->push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_pair(self->pull, self->push, ZS_TCP, NULL));
}

FIXTURE_TEARDOWN(memory)
{
	if (!zs_is_kernel())
		return;
	zs_close_now(self->push);
	zs_close_now(self->pull);
	rmdir(GROUP);
}

#define SKIP_IMPOSSIBLE()						\
	do {								\
		if (!self->possible)					\
			SKIP(return, "needs memory cgroups");		\
	} while (0)

/* A child's end: an exit code, or the kernel's out of memory killer. */
static bool ended_well(int status)
{
	return WIFEXITED(status) ? !WEXITSTATUS(status) :
				   WTERMSIG(status) == SIGKILL;
}

/* One who sends more than its group may have. */
TEST_F(memory, sender)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int status, sent, go[2], got = 0;
	struct zs *pull, *push;
	pid_t pid;
	char byte;

	SKIP_IMPOSSIBLE();
	ASSERT_OK(pipe(go));
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 0));
	ASSERT_OK(zs_bind_any(pull, variant->transport, endpoint));
	pid = harness_fork();
	if (!pid) {
		push = zs_open(ZMQ_PUSH);
		if (group_enter() || zs_set_int(push, ZMQ_SNDHWM, 0) ||
		    zs_set_int(push, ZMQ_LINGER, 0) ||
		    zs_connect(push, endpoint) || read(go[0], &byte, 1) != 1)
			_exit(2);
		switch (flood(push, &sent)) {
		case ENOMEM:
		case ENOBUFS:
		case EAGAIN:
			_exit(0);
		default:
			_exit(3);
		}
	}
	/* Else all its memory may be full before there is a connection. */
	EXPECT_TRUE(zs_wait_peers(pull, 1));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	close(go[0]);
	close(go[1]);
	EXPECT_TRUE(ended_well(status))
		TH_LOG("status 0x%x", status);
	/* Others send and receive. */
	ASSERT_OK(zs_send_msg(self->push, "x"));
	EXPECT_TRUE(zs_recv_is(self->pull, "x"));
	/* What has arrived is whole, and its memory was that of the group. */
	while (zs_poll(pull, ZMQ_POLLIN, 0)) {
		ASSERT_TRUE(take_numbered(pull, got, got + 1));
		got++;
	}
	TH_LOG("%s, %d messages had arrived", WIFEXITED(status) ?
	       "an error" : "killed", got);
	EXPECT_LT(10, got);
	/* Unix sockets copy into memory that is nobody's. */
	if (variant->transport == ZS_TCP)
		EXPECT_GT(2 * GROUP_MAX, got * BODY);
	zs_close_now(pull);
	EXPECT_TRUE(wait_until(group_now() < GROUP_REST))
		TH_LOG("%lld bytes", group_now());
	EXPECT_TRUE(wait_until(proc_count() == 2));
}

/* One who is sent more than its group may have, and then reads it. */
TEST_F(memory, receiver)
{
	int ends[2], status, sent, more, err;
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *pull, *push;
	pid_t pid;

	SKIP_IMPOSSIBLE();
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = harness_fork();
	if (!pid) {
		close(ends[0]);
		if (group_enter())
			_exit(2);
		pull = zs_open(ZMQ_PULL);
		if (zs_set_int(pull, ZMQ_RCVHWM, 0) ||
		    zs_bind_any(pull, variant->transport, endpoint) ||
		    write(ends[1], endpoint, sizeof(endpoint)) < 0 ||
		    read(ends[1], &sent, sizeof(sent)) != sizeof(sent))
			_exit(3);
		if (!take_numbered(pull, 0, sent))
			_exit(4);
		_exit(0);
	}
	close(ends[1]);
	ASSERT_LT(0, read(ends[0], endpoint, sizeof(endpoint)));
	push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_connect(push, endpoint));
	/* Until nothing goes any more: the queue is full at both ends. */
	sent = 0;
	do {
		while (zs_poll(push, ZMQ_POLLOUT, 0) &&
		       !send_numbered(push, sent))
			sent++;
	} while (zs_poll(push, ZMQ_POLLOUT, 300 * wait_slow()));
	err = send_numbered(push, sent) ? errno : 0;
	EXPECT_EQ(EAGAIN, err);
	TH_LOG("%d messages, %lld bytes in the group", sent, group_now());
	EXPECT_LT(4 << 20, sent * BODY);
	/* It is the group's limit that was met, not the socket's own. */
	EXPECT_GT(2 * GROUP_MAX, sent * BODY);
	EXPECT_GT(GROUP_MAX, group_now());
	/* Others send and receive. */
	ASSERT_OK(zs_send_msg(self->push, "x"));
	EXPECT_TRUE(zs_recv_is(self->pull, "x"));
	/* Nothing of it is lost, and there is room for more. */
	more = sent + 100;
	ASSERT_EQ(sizeof(more), write(ends[0], &more, sizeof(more)));
	for (; sent < more; sent++) {
		memcpy(body, &sent, sizeof(sent));
		ASSERT_EQ(BODY, zs_send(push, body, BODY, 0));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	zs_close_now(push);
	close(ends[0]);
	EXPECT_TRUE(wait_until(group_now() < GROUP_REST))
		TH_LOG("%lld bytes", group_now());
	EXPECT_TRUE(wait_until(proc_count() == 2));
}

#define PORTS	10

/* A network namespace with few ports to choose from. */
static int few_ports(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	char range[] = "40000 40009";
	int fd, err;

	if (unshare(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return err ?: put("/proc/sys/net/ipv4/ip_local_port_range", range);
}

FIXTURE(ports) {
	bool possible;
};

FIXTURE_SETUP(ports)
{
	self->possible = zs_is_kernel() && !few_ports();
}

FIXTURE_TEARDOWN(ports)
{
}

TEST_F(ports, bind)
{
	struct zs *pull, *push;
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	pull = zs_open(ZMQ_PULL);
	for (i = 0; i < PORTS; i++)
		ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++)
		EXPECT_ERRNO(EADDRINUSE, zs_bind(pull, "tcp://127.0.0.1:*"));
	/* What is bound works. */
	push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_bind(push, "tcp://127.0.0.1:30000"));
	ASSERT_OK(zs_unbind(pull, endpoint));
	ASSERT_TRUE(wait_until(!zs_bind_any(pull, ZS_TCP, endpoint)));
	EXPECT_ERRNO(EADDRINUSE, zs_bind(pull, "tcp://127.0.0.1:*"));
	zs_close_now(push);
	zs_close_now(pull);
}

/* Who finds no port tries again; who has one is not disturbed. */
TEST_F(ports, connect)
{
	static const char endpoint[] = "tcp://127.0.0.1:30000";
	struct zs *pull, *push[PORTS + 4];
	int i, seen = 0;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_bind(pull, endpoint));
	for (i = 0; i < (int)ARRAY_SIZE(push); i++) {
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_set_int(push[i], ZMQ_RECONNECT_IVL, 20));
		ASSERT_OK(zs_connect(push[i], endpoint));
		/* Waits in the queue, if need be. */
		ASSERT_OK(zs_send_int(push[i], i, 0));
		if (i < PORTS)
			ASSERT_TRUE(zs_wait_peers(pull, i + 1));
	}
	for (i = 0; i < PORTS; i++)
		seen |= 1 << zs_recv_int(pull, 0);
	EXPECT_EQ((1 << PORTS) - 1, seen);
	EXPECT_FALSE(zs_poll(pull, ZMQ_POLLIN, 100));
	for (i = 0; i < 4; i++)
		ASSERT_OK(zs_close_now(push[i]));
	/* As soon as TCP lets go of the ports. */
	for (i = 0; i < 4; i++)
		seen |= 1 << zs_recv_int(pull, 0);
	EXPECT_EQ((1 << ARRAY_SIZE(push)) - 1, seen);
	for (i = 4; i < (int)ARRAY_SIZE(push); i++)
		zs_close_now(push[i]);
	zs_close_now(pull);
}

/* The sysctls of a namespace that is gone afterwards. */
FIXTURE(sysctls) {
	bool possible;
};

FIXTURE_SETUP(sysctls)
{
	self->possible = zs_is_kernel() && !few_ports();
}

FIXTURE_TEARDOWN(sysctls)
{
}

static const struct {
	const char *name;
	long long min;
	long long max;
} sysctls[] = {
	{ "msg_max", 1, INT_MAX }, { "parts_max", 1, INT_MAX },
	{ "topic_max", 1, 1 << 19 }, { "topics_max", 1, INT_MAX },
	{ "topic_mem", 1, INT_MAX }, { "conns_max", 1, INT_MAX },
	{ "wmem_default", 1, INT_MAX }, { "rmem_default", 1, INT_MAX },
	{ "linger_max", 0, INT_MAX }, { "coalesce_default", -1, 1000000 },
};

TEST_F(sysctls, ranges)
{
	char path[64];
	unsigned int i;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		sprintf(path, SYSCTL "%s", sysctls[i].name);
		ASSERT_OK(put_number(path, sysctls[i].min));
		EXPECT_EQ(sysctls[i].min, get_number(path));
		ASSERT_OK(put_number(path, sysctls[i].max));
		EXPECT_EQ(sysctls[i].max, get_number(path));
		EXPECT_ERRNO(EINVAL, put_number(path, sysctls[i].max + 1));
		EXPECT_ERRNO(EINVAL, put_number(path, sysctls[i].min - 1));
		EXPECT_EQ(sysctls[i].max, get_number(path));
	}
}

/* As little as can be set is enough for one message after the other. */
TEST_F(sysctls, least_queues)
{
	static const int types[][2] = {
		{ ZMQ_PUSH, ZMQ_PULL }, { ZMQ_DEALER, ZMQ_DEALER },
		{ ZMQ_PAIR, ZMQ_PAIR },
	};
	static const enum zs_transport transports[] = {
		ZS_TCP, ZS_ABSTRACT, ZS_INPROC,
	};
	struct zs *from, *to;
	unsigned int i, j;
	int n;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	ASSERT_OK(put_number(SYSCTL "wmem_default", 1));
	ASSERT_OK(put_number(SYSCTL "rmem_default", 1));
	for (i = 0; i < ARRAY_SIZE(types); i++)
		for (j = 0; j < ARRAY_SIZE(transports); j++) {
			from = zs_open(types[i][0]);
			to = zs_open(types[i][1]);
			ASSERT_OK(zs_pair(to, from, transports[j], NULL));
			for (n = 0; n < 20; n++) {
				memcpy(body, &n, sizeof(n));
				ASSERT_EQ(BODY, zs_send(from, body, BODY, 0));
				ASSERT_TRUE(take_numbered(to, n, n + 1));
			}
			zs_close_now(from);
			zs_close_now(to);
		}
}

/* Those over the limit wait until it is raised, or others leave. */
TEST_F(sysctls, connections)
{
	struct zs *pull, *push, *other;
	char endpoint[ZS_ENDPOINT_MAX];
	long long before;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	before = proc_stat("conn_limit");
	ASSERT_OK(put_number(SYSCTL "conns_max", 1));
	pull = zs_open(ZMQ_PULL);
	push = zs_open(ZMQ_PUSH);
	other = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(push, endpoint));
	EXPECT_ERRNO(ENOBUFS, zs_connect(other, endpoint));
	/* Accepted, and sent away, again and again. */
	EXPECT_TRUE(wait_until(proc_stat("conn_limit") > before + 3));
	EXPECT_EQ(0, zs_ops()->peers(pull));
	ASSERT_OK(zs_send_int(push, 1, 0));
	ASSERT_OK(put_number(SYSCTL "conns_max", 2));
	EXPECT_EQ(1, zs_recv_int(pull, 0));
	EXPECT_ERRNO(ENOBUFS, zs_connect(other, endpoint));
	zs_close_now(push);
	ASSERT_TRUE(wait_until(!zs_connect(other, endpoint)));
	ASSERT_OK(zs_send_int(other, 2, 0));
	EXPECT_EQ(2, zs_recv_int(pull, 0));
	zs_close_now(other);
	zs_close_now(pull);
}

TEST_F(sysctls, topics)
{
	static char topic[(1 << 19) + 2];
	struct zs *pub, *sub;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	ASSERT_OK(put_number(SYSCTL "topic_max", 1 << 19));
	pub = zs_open(ZMQ_XPUB);
	sub = zs_open(ZMQ_SUB);
	memset(topic, 't', sizeof(topic));
	ASSERT_OK(zs_pair(pub, sub, ZS_TCP, NULL));
	EXPECT_ERRNO(EINVAL, zs_set(sub, ZMQ_SUBSCRIBE, topic, (1 << 19) + 1));
	ASSERT_OK(zs_set(sub, ZMQ_SUBSCRIBE, topic, 1 << 19));
	EXPECT_EQ((1 << 19) + 1, zs_recv(pub, topic, sizeof(topic), 0));
	EXPECT_EQ(1, topic[0]);
	EXPECT_EQ('t', topic[1 << 19]);
	zs_close_now(sub);
	ASSERT_OK(put_number(SYSCTL "topic_max", 1));
	sub = zs_open(ZMQ_SUB);
	EXPECT_ERRNO(EINVAL, zs_set(sub, ZMQ_SUBSCRIBE, "tt", 2));
	ASSERT_OK(zs_set(sub, ZMQ_SUBSCRIBE, "t", 1));
	zs_close_now(sub);
	zs_close_now(pub);
}

/* A subscriber of @type that may have 1 MiB unread, and its publisher's listener. */
static struct zs *unread_begin(int type, char *endpoint, int *listener)
{
	struct zs *sub = zs_open(type);

	*listener = raw_listen(endpoint);
	if (*listener < 0 || put_number(SYSCTL "topic_mem", 1 << 20) ||
	    zs_set_int(sub, ZMQ_SNDBUF, 1 << 16) ||
	    zs_set_int(sub, ZMQ_RECONNECT_IVL, 10))
		return NULL;
	return sub;
}

/* A publisher that does not read costs no more than topic_mem, and the connection. */
TEST_F(sysctls, unread)
{
	static char topic[1001];
	char endpoint[ZS_ENDPOINT_MAX];
	long long before;
	int listener, fd, flags, i;
	struct zs *sub;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	before = proc_stat("nomem");
	sub = unread_begin(ZMQ_SUB, endpoint, &listener);
	ASSERT_NE(NULL, sub);
	ASSERT_OK(zs_set(sub, ZMQ_SUBSCRIBE, "kept", 4));
	ASSERT_OK(zs_connect(sub, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_EQ(14, raw_recv(fd, &flags, topic, sizeof(topic)));
	/* TCP's buffers take some megabytes before. */
	for (i = 0; proc_stat("nomem") == before && i < 50000; i++) {
		memset(topic, 'a' + i % 26, sizeof(topic));
		ASSERT_OK(zs_set(sub, ZMQ_SUBSCRIBE, topic, 1000));
		ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, topic, 1000));
	}
	EXPECT_EQ(before + 1, proc_stat("nomem"));
	close(fd);
	/* It comes back, and tells what it wants now. */
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_EQ(14, raw_recv(fd, &flags, topic, sizeof(topic)));
	EXPECT_EQ(0, memcmp(topic, "\11SUBSCRIBEkept", 14));
	ASSERT_OK(raw_send(fd, 0, "kept", 4));
	EXPECT_EQ(4, zs_recv(sub, topic, sizeof(topic), 0));
	close(fd);
	close(listener);
	zs_close_now(sub);
}

/* The same of an XSUB, whose subscriptions wait behind messages. */
TEST_F(sysctls, unread_behind)
{
	static char buf[1 << 16];
	char endpoint[ZS_ENDPOINT_MAX];
	int listener, fd, flags, i;
	long long before;
	struct zs *sub;

	if (!self->possible)
		SKIP(return, "needs a network namespace");
	before = proc_stat("nomem");
	sub = unread_begin(ZMQ_XSUB, endpoint, &listener);
	ASSERT_NE(NULL, sub);
	ASSERT_OK(zs_set_int(sub, ZMQ_SNDHWM, 0));
	ASSERT_OK(zs_connect(sub, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	ASSERT_EQ(5, zs_send(sub, "\1kept", 5, 0));
	ASSERT_EQ(14, raw_recv(fd, &flags, buf, sizeof(buf)));
	memset(buf, 'm', sizeof(buf));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(sizeof(buf), zs_send(sub, buf, sizeof(buf), 0));
	for (i = 0; proc_stat("nomem") == before && i < 50000; i++) {
		buf[0] = !(i % 2);
		ASSERT_EQ(1000, zs_send(sub, buf, 1000, 0));
	}
	EXPECT_EQ(before + 1, proc_stat("nomem"));
	close(fd);
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUB", NULL));
	/* The other topic, where it is wanted just now, may come first. */
	do {
		ASSERT_LT(0, raw_recv(fd, &flags, buf, sizeof(buf)));
	} while (memcmp(buf, "\11SUBSCRIBEkept", 14));
	ASSERT_OK(raw_send(fd, 0, "kept", 4));
	EXPECT_EQ(4, zs_recv(sub, buf, sizeof(buf), 0));
	close(fd);
	close(listener);
	zs_close_now(sub);
}

TEST_HARNESS_MAIN
