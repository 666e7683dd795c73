// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do everything at once to a few sockets.  Nothing is compared:
 * each call must come to an end, the kernel must not complain, and nothing may
 * stay behind.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "harness.h"
#include "proc.h"

#define THREADS		6
#define SOCKETS		12
#define NAMES		6
#define BODY		150000
#define SECONDS		8

/**
 * struct worker - a thread
 * @seed: of its random numbers
 * @end: when to stop, ms
 */
struct worker {
	unsigned int	seed;
	long long	end;
};

static int fds[SOCKETS];
static int names;	/* of the parent, so that children share them */
static long *progress;	/* calls of all children together */
static int first_seed = 1;	/* AF_ZMQ_SEED */
static int seconds = SECONDS;	/* AF_ZMQ_SECONDS */
static __thread char room[BODY];

static unsigned int pick(struct worker *w, unsigned int below)
{
	return rand_r(&w->seed) % below;
}

static void name(struct worker *w, char *endpoint)
{
	unsigned int i = pick(w, NAMES);

	if (i < NAMES / 2)
		sprintf(endpoint, "tcp://127.0.0.1:%d", 20000 + i);
	else
		sprintf(endpoint, "ipc://@af_zmq.stress.%d.%u", names, i);
}

static void reopen(struct worker *w, int i)
{
	int type = pick(w, ZMQ_AF_PUSH + 1), linger = pick(w, 3) * 100, ms = 2;
	int fd, old;

	fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, type);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_ZMQ, ZMQ_LINGER, &linger, sizeof(linger));
	/* Before others see it: one that blocks for ever is not woken. */
	setsockopt(fd, SOL_ZMQ, ZMQ_RCVTIMEO, &ms, sizeof(ms));
	if (type == ZMQ_AF_SUB)
		setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
	old = __atomic_exchange_n(&fds[i], fd, __ATOMIC_SEQ_CST);
	if (old >= 0)
		close(old);
}

static void endpoint_call(struct worker *w, int fd)
{
	static const int calls[] = {
		ZMQ_AF_BIND, ZMQ_AF_BIND, ZMQ_AF_CONNECT, ZMQ_AF_CONNECT,
		ZMQ_AF_CONNECT, ZMQ_AF_UNBIND, ZMQ_AF_DISCONNECT,
	};
	char endpoint[64];

	name(w, endpoint);
	setsockopt(fd, SOL_ZMQ, calls[pick(w, ARRAY_SIZE(calls))], endpoint,
		   strlen(endpoint));
}

static void option_call(struct worker *w, int fd)
{
	static const int options[] = {
		ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_LINGER, ZMQ_IMMEDIATE,
		ZMQ_CONFLATE, ZMQ_ROUTER_MANDATORY, ZMQ_ROUTER_HANDOVER,
		ZMQ_REQ_RELAXED, ZMQ_REQ_CORRELATE, ZMQ_HEARTBEAT_IVL,
		ZMQ_RECONNECT_IVL, ZMQ_PROBE_ROUTER,
	};
	struct zmq_af_stats stats;
	socklen_t len = sizeof(stats);
	char topic[4];
	int val = pick(w, 50), topics = pick(w, sizeof(topic));

	switch (pick(w, 4)) {
	case 0:
		setsockopt(fd, SOL_ZMQ, options[pick(w, ARRAY_SIZE(options))],
			   &val, sizeof(val));
		break;
	case 1:
		memset(topic, 'a' + pick(w, 3), sizeof(topic));
		setsockopt(fd, SOL_ZMQ, pick(w, 2) ? ZMQ_SUBSCRIBE :
			   ZMQ_UNSUBSCRIBE, topic, topics);
		break;
	case 2:
		getsockopt(fd, SOL_ZMQ, ZMQ_AF_STATS, &stats, &len);
		break;
	default:
		len = sizeof(val);
		getsockopt(fd, SOL_ZMQ, ZMQ_EVENTS, &val, &len);
		ioctl(fd, pick(w, 2) ? FIONREAD : SIOCOUTQ, &val);
	}
}

static void send_some(struct worker *w, int fd)
{
	static char body[BODY];
	int i, parts = pick(w, 8) ? 1 : 1 + pick(w, 20);
	size_t len;

	for (i = 0; i < parts; i++) {
		len = pick(w, 10) ? pick(w, 300) : pick(w, BODY);
		if (send(fd, body, len, MSG_DONTWAIT | MSG_NOSIGNAL |
			 (i + 1 < parts ? MSG_MORE : 0)) < 0)
			break;
	}
}

static void receive_some(struct worker *w, int fd)
{
	static const int flags[] = { 0, 0, 0, 0, MSG_PEEK, MSG_ZMQ_WHOLE };
	int i, ms = pick(w, 3);

	/* Blocking, but not for long. */
	setsockopt(fd, SOL_ZMQ, ZMQ_RCVTIMEO, &ms, sizeof(ms));
	for (i = pick(w, 30); i >= 0; i--)
		if (recv(fd, room, pick(w, BODY),
			 flags[pick(w, ARRAY_SIZE(flags))]) < 0)
			break;
}

static void one_call(struct worker *w)
{
	int i = pick(w, SOCKETS), fd;
	struct pollfd pfd = { .events = POLLIN | POLLOUT };

	fd = __atomic_load_n(&fds[i], __ATOMIC_SEQ_CST);
	switch (pick(w, 40)) {
	case 0:
		reopen(w, i);
		break;
	case 1:
		if (!pick(w, 20))
			shutdown(fd, SHUT_RDWR);
		break;
	case 2 ... 7:
		endpoint_call(w, fd);
		break;
	case 8 ... 12:
		option_call(w, fd);
		break;
	case 13 ... 15:
		pfd.fd = fd;
		poll(&pfd, 1, pick(w, 3));
		break;
	case 16 ... 28:
		send_some(w, fd);
		break;
	default:
		receive_some(w, fd);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (wait_now() < w->end) {
		one_call(w);
		__atomic_fetch_add(progress, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* All threads until their time is up. */
static int storm(unsigned int seed, int ms)
{
	struct worker workers[THREADS] = {};
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < SOCKETS; i++) {
		fds[i] = -1;
		workers[0].seed = seed + i;
		reopen(&workers[0], i);
	}
	for (i = 0; i < THREADS; i++) {
		workers[i].seed = seed * THREADS + i;
		workers[i].end = wait_now() + ms;
		if (pthread_create(&threads[i], NULL, work, &workers[i]))
			return -1;
	}
	for (i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], NULL))
			return -1;
	return 0;
}

static void close_all(void)
{
	int i, linger = 0;

	for (i = 0; i < SOCKETS; i++) {
		setsockopt(fds[i], SOL_ZMQ, ZMQ_LINGER, &linger,
			   sizeof(linger));
		close(fds[i]);
	}
}

FIXTURE(stress) {
};

FIXTURE_SETUP(stress)
{
	names = getpid();
	if (getenv("AF_ZMQ_SEED"))
		first_seed = atoi(getenv("AF_ZMQ_SEED"));
	if (getenv("AF_ZMQ_SECONDS"))
		seconds = atoi(getenv("AF_ZMQ_SECONDS"));
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, progress);
}

FIXTURE_TEARDOWN(stress)
{
}

TEST_F(stress, threads)
{
	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	ASSERT_OK(storm(first_seed, seconds * 1000));
	close_all();
	TH_LOG("%ld calls", *progress);
	EXPECT_LT(1000 / wait_slow(), *progress);
	EXPECT_TRUE(proc_gone());
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

/* Calls made by now. */
static long made(void)
{
	return __atomic_load_n(progress, __ATOMIC_SEQ_CST);
}

/* Processes that talk to each other and are killed one after the other. */
TEST_F(stress, killed_processes)
{
	pid_t children[3] = {};
	int i, j, status;
	long before;

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	for (i = 0; i < 15; i++) {
		j = i % 3;
		if (children[j]) {
			kill(children[j], SIGKILL);
			waitpid(children[j], &status, 0);
			ASSERT_TRUE(WIFSIGNALED(status));
		}
		children[j] = harness_fork();
		if (!children[j]) {
			storm(first_seed + 100 + i, 1 << 30);
			_exit(1);
		}
		before = made();
		ASSERT_TRUE(wait_until(made() > before + 1000));
	}
	for (j = 0; j < 3; j++) {
		kill(children[j], SIGKILL);
		waitpid(children[j], &status, 0);
	}
	EXPECT_TRUE(proc_gone());
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
}

TEST_HARNESS_MAIN
