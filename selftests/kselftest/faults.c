// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations and copies that fail: the Nth one of each system call, for all N
 * (/proc/thread-self/fail-nth), and a part of all that work does (failslab).
 *
 * A call that fails says why, has no effect, and can be made again; one that
 * succeeds in spite of the fault has done what it says.  Needs the debug kernel.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"

#define FAULTS_MAX	2000	/* of one call, far more than any has */
#define LONG_BODY	100000
#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGE	"/sys/kernel/debug/fail_page_alloc/"

static char body[LONG_BODY], room[LONG_BODY];
static int nth_fd;	/* /proc/thread-self/fail-nth */

static void set_nth(int n)
{
	char text[16];
	int len = sprintf(text, "%d", n);

	/* This write may be what fails. */
	if (pwrite(nth_fd, text, len, 0) != len &&
	    pwrite(nth_fd, text, len, 0) != len)
		abort();
}

/* No more faults; was there one since the last set_nth()?  Keeps errno. */
static bool disarm(void)
{
	int err = errno;
	char text[16];
	bool hit;

	/* A read that fails has met the fault itself. */
	hit = pread(nth_fd, text, sizeof(text), 0) > 0 && text[0] == '0';
	set_nth(0);
	errno = err;
	return hit;
}

static int new_socket(int type)
{
	int ms = 4000 * wait_slow(), linger = 0;
	int fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, type);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_ZMQ, ZMQ_RCVTIMEO, &ms, sizeof(ms));
	setsockopt(fd, SOL_ZMQ, ZMQ_SNDTIMEO, &ms, sizeof(ms));
	setsockopt(fd, SOL_ZMQ, ZMQ_LINGER, &linger, sizeof(linger));
	return fd;
}

static int last_endpoint(int fd, char *endpoint)
{
	socklen_t len = ZS_ENDPOINT_MAX;

	return getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint, &len);
}

static int endpoint_call(int fd, int call, const char *endpoint)
{
	return setsockopt(fd, SOL_ZMQ, call, endpoint, strlen(endpoint));
}

/**
 * struct pair - two sockets that talk
 * @fd: the one that binds, the one that connects
 * @endpoint: where
 */
struct pair {
	int	fd[2];
	char	endpoint[ZS_ENDPOINT_MAX];
};

static int pair_open(struct pair *p, int server, int client, const char *where)
{
	p->fd[0] = new_socket(server);
	p->fd[1] = new_socket(client);
	if (p->fd[0] < 0 || p->fd[1] < 0 ||
	    endpoint_call(p->fd[0], ZMQ_AF_BIND, where) ||
	    last_endpoint(p->fd[0], p->endpoint))
		return -1;
	return endpoint_call(p->fd[1], ZMQ_AF_CONNECT, p->endpoint);
}

static void pair_close(struct pair *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
}

/* A message gets from one to the other. */
static bool passes(int from, int to, size_t len)
{
	return send(from, body, len, 0) == (ssize_t)len &&
	       recv(to, room, sizeof(room), 0) == (ssize_t)len &&
	       !memcmp(body, room, len);
}

/**
 * struct call - a system call that faults are put into
 * @name: for messages
 * @type: of the socket that binds
 * @peer: of the one that connects
 * @where: what it binds to
 * @setup: before the faults; may be NULL
 * @run: the call; -1 and errno
 * @check: what must hold after it succeeded; may be NULL
 */
struct call {
	const char	*name;
	int		type;
	int		peer;
	const char	*where;
	bool		(*setup)(struct pair *p);
	long		(*run)(struct pair *p);
	bool		(*check)(struct pair *p);
};

static long run_socket(struct pair *p)
{
	int fd = socket(zs_family(), SOCK_SEQPACKET, ZMQ_AF_DEALER);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long run_context(struct pair *p)
{
	int fd = socket(zs_family(), SOCK_SEQPACKET, ZMQ_AF_CONTEXT);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long run_bind(struct pair *p)
{
	return endpoint_call(p->fd[0], ZMQ_AF_BIND, "tcp://127.0.0.1:*");
}

static long run_bind_ipc(struct pair *p)
{
	return endpoint_call(p->fd[0], ZMQ_AF_BIND, "ipc:///tmp/af_zmq.faults");
}

/* The second socket, which is not used, is connected to the first one. */
static bool setup_connect(struct pair *p)
{
	close(p->fd[1]);
	p->fd[1] = new_socket(ZMQ_AF_PUSH);
	return p->fd[1] >= 0;
}

static long run_connect(struct pair *p)
{
	return endpoint_call(p->fd[1], ZMQ_AF_CONNECT, p->endpoint);
}

static bool check_push(struct pair *p)
{
	return passes(p->fd[1], p->fd[0], 10);
}

static long run_unbind(struct pair *p)
{
	return endpoint_call(p->fd[0], ZMQ_AF_UNBIND, p->endpoint);
}

static bool check_rebind(struct pair *p)
{
	return wait_until(!endpoint_call(p->fd[0], ZMQ_AF_BIND, p->endpoint));
}

static long run_disconnect(struct pair *p)
{
	return endpoint_call(p->fd[1], ZMQ_AF_DISCONNECT, p->endpoint);
}

static bool check_reconnect(struct pair *p)
{
	return !run_connect(p) && check_push(p);
}

static long run_subscribe(struct pair *p)
{
	return setsockopt(p->fd[1], SOL_ZMQ, ZMQ_SUBSCRIBE, body, 300);
}

/* The publisher gets to know it: sends until something is received. */
static bool check_subscribed(struct pair *p)
{
	return wait_until(send(p->fd[0], body, 400, 0) == 400 &&
			  recv(p->fd[1], room, sizeof(room),
			       MSG_DONTWAIT) == 400);
}

static long run_routing_id(struct pair *p)
{
	return setsockopt(p->fd[0], SOL_ZMQ, ZMQ_ROUTING_ID, body, 200);
}

static long run_stats(struct pair *p)
{
	struct zmq_af_stats stats;
	socklen_t len = sizeof(stats);

	return getsockopt(p->fd[0], SOL_ZMQ, ZMQ_AF_STATS, &stats, &len);
}

static long run_last_endpoint(struct pair *p)
{
	return last_endpoint(p->fd[0], room);
}

static long run_send(struct pair *p)
{
	return send(p->fd[1], body, 10, 0);
}

static bool check_received(struct pair *p)
{
	return recv(p->fd[0], room, sizeof(room), 0) == 10;
}

static long run_send_long(struct pair *p)
{
	return send(p->fd[1], body, LONG_BODY, 0);
}

static bool check_received_long(struct pair *p)
{
	return recv(p->fd[0], room, sizeof(room), 0) == LONG_BODY &&
	       !memcmp(body, room, LONG_BODY);
}

static bool setup_more(struct pair *p)
{
	return send(p->fd[1], body, 3000, MSG_MORE) == 3000;
}

static bool check_more(struct pair *p)
{
	return recv(p->fd[0], room, sizeof(room), 0) == 3000 &&
	       check_received_long(p);
}

static bool setup_recv(struct pair *p)
{
	return send(p->fd[1], body, 10, 0) == 10;
}

static long run_recv(struct pair *p)
{
	return recv(p->fd[0], room, sizeof(room), 0);
}

static bool check_ten(struct pair *p)
{
	return !memcmp(body, room, 10);
}

static bool setup_recv_long(struct pair *p)
{
	return send(p->fd[1], body, LONG_BODY, 0) == LONG_BODY;
}

static long run_peek(struct pair *p)
{
	return recv(p->fd[0], room, sizeof(room), MSG_PEEK);
}

static bool check_long(struct pair *p)
{
	return !memcmp(body, room, LONG_BODY);
}

/* A reply needs its envelope. */
static bool setup_reply(struct pair *p)
{
	return passes(p->fd[1], p->fd[0], 10);
}

static long run_reply(struct pair *p)
{
	return send(p->fd[0], body, 10, 0);
}

static bool check_reply(struct pair *p)
{
	return recv(p->fd[1], room, sizeof(room), 0) == 10;
}

static bool setup_route(struct pair *p)
{
	return send(p->fd[1], body, 10, 0) == 10 &&
	       recv(p->fd[0], room, sizeof(room), 0) > 0 &&
	       recv(p->fd[0], room + 100, 100, 0) == 10;
}

static long run_route(struct pair *p)
{
	return send(p->fd[0], room, 5, MSG_MORE);
}

static bool check_route(struct pair *p)
{
	return send(p->fd[0], body, 10, 0) == 10 && check_reply(p);
}

static long run_publish(struct pair *p)
{
	return send(p->fd[0], body, LONG_BODY, 0);
}

static bool setup_subscribed(struct pair *p)
{
	return !setsockopt(p->fd[1], SOL_ZMQ, ZMQ_SUBSCRIBE, body, 3) &&
	       check_subscribed(p);
}

static long run_close(struct pair *p)
{
	int fd = p->fd[1];

	p->fd[1] = -1;
	return close(fd);
}

#define TCP	"tcp://127.0.0.1:*"
#define IPC	"ipc://*"
#define PP	ZMQ_AF_PULL, ZMQ_AF_PUSH

static const struct call calls[] = {
	{ "socket", PP, TCP, NULL, run_socket, NULL },
	{ "context", PP, TCP, NULL, run_context, NULL },
	{ "bind tcp", PP, TCP, NULL, run_bind, check_push },
	{ "bind ipc", PP, IPC, NULL, run_bind_ipc, check_push },
	{ "connect tcp", PP, TCP, setup_connect, run_connect, check_push },
	{ "connect ipc", PP, IPC, setup_connect, run_connect, check_push },
	{ "unbind tcp", PP, TCP, NULL, run_unbind, check_rebind },
	{ "unbind ipc", PP, IPC, NULL, run_unbind, check_rebind },
	{ "disconnect tcp", PP, TCP, NULL, run_disconnect, check_reconnect },
	{ "disconnect ipc", PP, IPC, NULL, run_disconnect, check_reconnect },
	{ "subscribe tcp", ZMQ_AF_PUB, ZMQ_AF_SUB, TCP, NULL, run_subscribe,
	  check_subscribed },
	{ "subscribe ipc", ZMQ_AF_PUB, ZMQ_AF_SUB, IPC, NULL, run_subscribe,
	  check_subscribed },
	{ "routing id", PP, TCP, NULL, run_routing_id, check_push },
	{ "stats", PP, TCP, NULL, run_stats, NULL },
	{ "last endpoint", PP, TCP, NULL, run_last_endpoint, NULL },
	{ "send tcp", PP, TCP, NULL, run_send, check_received },
	{ "send ipc", PP, IPC, NULL, run_send, check_received },
	{ "send long tcp", PP, TCP, NULL, run_send_long, check_received_long },
	{ "send long ipc", PP, IPC, NULL, run_send_long, check_received_long },
	{ "last part tcp", PP, TCP, setup_more, run_send_long, check_more },
	{ "last part ipc", PP, IPC, setup_more, run_send_long, check_more },
	{ "request", ZMQ_AF_REP, ZMQ_AF_REQ, TCP, NULL, run_send,
	  check_received },
	{ "reply", ZMQ_AF_REP, ZMQ_AF_REQ, TCP, setup_reply, run_reply,
	  check_reply },
	{ "route", ZMQ_AF_ROUTER, ZMQ_AF_DEALER, TCP, setup_route, run_route,
	  check_route },
	{ "publish", ZMQ_AF_PUB, ZMQ_AF_SUB, TCP, setup_subscribed,
	  run_publish, NULL },
	{ "receive", PP, TCP, setup_recv, run_recv, check_ten },
	{ "receive long tcp", PP, TCP, setup_recv_long, run_recv, check_long },
	{ "receive long ipc", PP, IPC, setup_recv_long, run_recv, check_long },
	{ "peek", PP, TCP, setup_recv_long, run_peek, check_long },
	{ "close", PP, TCP, setup_recv, run_close, NULL },
};

/* May a call fail with this for want of memory, or of the user's? */
static bool fair(int err)
{
	switch (err) {
	case ENOMEM:
	case ENOBUFS:
	case EFAULT:
	case ENFILE:		/* socket(2): no inode */
	case EADDRINUSE:	/* bind(2) of TCP: no place in its table */
	case ENOSPC:		/* tmpfs: no inode for a path */
		return true;
	default:
		return false;
	}
}

/*
 * The call with its @nth fault; @hit: there was one.  No message is lost, and no
 * connection that is made already.
 *
 * Return: what went wrong, NULL if nothing.
 */
static const char *one_fault(const struct call *call, int nth, bool *hit)
{
	const char *wrong = NULL;
	long long nomem = proc_stat("nomem");
	bool connected;
	struct pair p;
	long rc;
	int err;

	if (pair_open(&p, call->type, call->peer, call->where))
		return "setup";
	/* Sends wait for the peer: connected by then. */
	if (call->peer == ZMQ_AF_PUSH && !check_push(&p))
		return "first message";
	if (call->setup && !call->setup(&p))
		return "setup";
	connected = call->peer == ZMQ_AF_PUSH && call->setup != setup_connect;
	set_nth(nth);
	rc = call->run(&p);
	*hit = disarm();
	if (rc < 0 && (!*hit || !fair(errno)))
		wrong = "error";
	else if (rc < 0 && call->run(&p) < 0)
		wrong = "second try";
	else if (call->check && !call->check(&p))
		wrong = "effect";
	else if (connected && proc_stat("nomem") != nomem)
		wrong = "connection";
	err = errno;
	pair_close(&p);
	unlink("/tmp/af_zmq.faults");
	errno = err;
	return wrong;
}

static bool possible(void)
{
	return zs_is_kernel() && !access(FAILSLAB "probability", W_OK);
}

#define SKIP_IMPOSSIBLE()						\
	do {								\
		if (!possible())					\
			SKIP(return, "needs fault injection");		\
	} while (0)

FIXTURE(faults) {
};

FIXTURE_SETUP(faults)
{
	unsigned int i;

	if (!possible())
		return;
	ASSERT_OK(proc_put(FAILSLAB "ignore-gfp-wait", 0));
	ASSERT_OK(proc_put(FAIL_PAGE "ignore-gfp-wait", 0));
	ASSERT_OK(proc_put(FAIL_PAGE "min-order", 0));
	ASSERT_OK(proc_put(FAILSLAB "verbose", 0));
	ASSERT_OK(proc_put(FAIL_PAGE "verbose", 0));
	proc_put("/sys/kernel/debug/fail_usercopy/verbose", 0);
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	ASSERT_LE(0, nth_fd);
	for (i = 0; i < sizeof(body); i++)
		body[i] = i * 7 + i / 256;
}

FIXTURE_TEARDOWN(faults)
{
	proc_put(FAILSLAB "probability", 0);
	proc_put(FAIL_PAGE "probability", 0);
}

/* Every allocation of every call fails once. */
TEST_F(faults, each)
{
	const char *only = getenv("AF_ZMQ_CALL"), *wrong;
	unsigned int i;
	int n, all = 0;
	bool hit;

	SKIP_IMPOSSIBLE();
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (only && !strstr(calls[i].name, only))
			continue;
		for (n = 1, hit = true; hit && n < FAULTS_MAX; n++) {
			wrong = one_fault(&calls[i], n, &hit);
			EXPECT_EQ(NULL, wrong)
				TH_LOG("%s, fault %d: %s, %s", calls[i].name, n,
				       wrong, strerror(errno));
		}
		EXPECT_FALSE(hit);
		TH_LOG("%s: %d faults", calls[i].name, n - 2);
		all += n - 2;
	}
	EXPECT_LT(only ? 0 : 100, all);
	TH_LOG("%d faults in all", all);
	EXPECT_TRUE(wait_until(!proc_count()));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

/* Some traffic of all kinds; whether a call succeeds does not matter. */
static void traffic(const char *where)
{
	static const int kinds[][2] = {
		{ PP }, { ZMQ_AF_PUB, ZMQ_AF_SUB }, { ZMQ_AF_REP, ZMQ_AF_REQ },
		{ ZMQ_AF_ROUTER, ZMQ_AF_DEALER }, { ZMQ_AF_PAIR, ZMQ_AF_PAIR },
	};
	int i, j, flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct pair p;

	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		pair_open(&p, kinds[i][0], kinds[i][1], where);
		setsockopt(p.fd[1], SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
		for (j = 0; j < 40; j++) {
			send(p.fd[1], body, j * 300, flags);
			send(p.fd[0], body, j * 300, flags);
			recv(p.fd[0], room, sizeof(room), MSG_DONTWAIT);
			recv(p.fd[1], room, sizeof(room), MSG_DONTWAIT);
			poll(NULL, 0, j % 8 == 0);
		}
		pair_close(&p);
	}
}

/*
 * Traffic while allocations fail; what was connected before works again when
 * there is memory, and new sockets do.
 */
static bool survives(const char *where)
{
	long long end = wait_now() + 3000 * wait_slow();
	struct pair old, new;
	bool ok;

	ok = !pair_open(&old, PP, where) && check_push(&old);
	ok = ok && !proc_put(FAILSLAB "probability", 20) &&
	     !proc_put(FAIL_PAGE "probability", 20);
	while (ok && wait_now() < end) {
		traffic(where);
		send(old.fd[1], body, LONG_BODY, MSG_DONTWAIT);
		recv(old.fd[0], room, sizeof(room), MSG_DONTWAIT);
	}
	proc_put(FAILSLAB "probability", 0);
	proc_put(FAIL_PAGE "probability", 0);
	while (recv(old.fd[0], room, sizeof(room), MSG_DONTWAIT) >= 0)
		;
	ok = ok && wait_until(send(old.fd[1], body, 10, MSG_DONTWAIT) == 10 &&
			      recv(old.fd[0], room, sizeof(room),
				   MSG_DONTWAIT) > 0);
	ok = ok && !pair_open(&new, PP, where) && check_push(&new);
	pair_close(&old);
	if (ok)
		pair_close(&new);
	return ok;
}

/* One fault in five where nothing can wait for memory: softirq, parsers. */
TEST_F(faults, atomic)
{
	SKIP_IMPOSSIBLE();
	ASSERT_OK(proc_put(FAILSLAB "ignore-gfp-wait", 1));
	ASSERT_OK(proc_put(FAIL_PAGE "ignore-gfp-wait", 1));
	ASSERT_OK(proc_put(FAILSLAB "times", -1));
	ASSERT_OK(proc_put(FAIL_PAGE "times", -1));
	EXPECT_TRUE(survives(TCP));
	EXPECT_TRUE(survives(IPC));
	EXPECT_TRUE(wait_until(!proc_count()));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

/* The workers' own allocations are the ones to fail; how many workers. */
static int mark_workers(int on)
{
	char path[300], name[32];
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int count = 0;
	FILE *file;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) &&
		    !strncmp(name, "kworker/u", 9)) {
			sprintf(path, "/proc/%s/make-it-fail", entry->d_name);
			count += !proc_put(path, on);
		}
		fclose(file);
	}
	closedir(dir);
	return count;
}

TEST_F(faults, work)
{
	SKIP_IMPOSSIBLE();
	ASSERT_OK(proc_put(FAILSLAB "times", -1));
	ASSERT_OK(proc_put(FAIL_PAGE "times", -1));
	ASSERT_OK(proc_put(FAILSLAB "task-filter", 1));
	ASSERT_OK(proc_put(FAIL_PAGE "task-filter", 1));
	ASSERT_LT(0, mark_workers(1));
	EXPECT_TRUE(survives(TCP));
	EXPECT_TRUE(survives(IPC));
	mark_workers(0);
	proc_put(FAILSLAB "task-filter", 0);
	proc_put(FAIL_PAGE "task-filter", 0);
	EXPECT_TRUE(wait_until(!proc_count()));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

TEST_HARNESS_MAIN
