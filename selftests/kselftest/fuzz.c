// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random system calls on random descriptors with random arguments, from several
 * threads without rights.  Nothing is compared: each call comes to an end, the
 * kernel does not complain, others' sockets go on, and nothing stays behind.
 *
 * AF_ZMQ_SEED and AF_ZMQ_SECONDS choose others and more of them.
 */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "fuzz_calls.h"
#include "harness.h"
#include "proc.h"

#define THREADS		6
#define SECONDS		8
#define ROUND		2	/* seconds a process lives */
#define NOBODY		65534
#define LINGER_MAX	"/proc/sys/net/zmq/linger_max"
#define OBJECTS		"/sys/kernel/debug/zmq/objects"

/**
 * struct fuzz_shared - what processes count together
 * @calls: made
 * @done: of these, did not fail
 * @data: of these, returned more than 0
 */
struct fuzz_shared {
	long	calls[FUZZ_OPS];
	long	done[FUZZ_OPS];
	long	data[FUZZ_OPS];
};

static struct fuzz_shared *shared;
static bool stop;

static void *run(void *arg)
{
	struct fuzzer *f = arg;
	enum fuzz_op op;
	long ret;

	f->room = mmap(NULL, FUZZ_ROOM + 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->room == MAP_FAILED || mprotect(f->room + FUZZ_ROOM, 4096, PROT_NONE))
		return arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		op = fuzz_any_op(f);
		ret = fuzz_call(f, op);
		__atomic_fetch_add(&shared->calls[op], 1, __ATOMIC_RELAXED);
		if (ret >= 0)
			__atomic_fetch_add(&shared->done[op], 1,
					   __ATOMIC_RELAXED);
		if (ret > 0)
			__atomic_fetch_add(&shared->data[op], 1,
					   __ATOMIC_RELAXED);
	}
	return NULL;
}

static void on_tick(int sig)
{
}

/* Whoever hears of input by SIGIO has asked for it. */
static int tame_signals(void)
{
	struct sigaction tick = { .sa_handler = on_tick };
	int sig;

	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return sigaction(SIGUSR1, &tick, NULL);
}

/* Only what anybody may. */
static int drop_rights(void)
{
	struct rlimit files = { 512, 512 };

	return setrlimit(RLIMIT_NOFILE, &files) ||
	       (!getuid() && (setgroups(0, NULL) || setgid(NOBODY) ||
			      setuid(NOBODY)));
}

/* A process: 0 if all its threads came to an end. */
static int fuzz(unsigned long seed, int ms)
{
	struct fuzzer fuzzers[THREADS] = {};
	long long end = wait_now() + ms;
	pthread_t threads[THREADS];
	void *failed;
	int i;

	memset(fuzz_slots, -1, sizeof(fuzz_slots));
	if (tame_signals() || drop_rights())
		return 2;
	for (i = 0; i < THREADS; i++) {
		fuzzers[i].state = (seed * THREADS + i + 1) *
				   0x9e3779b97f4a7c15ULL;
		if (pthread_create(&threads[i], NULL, run, &fuzzers[i]))
			return 3;
	}
	/* What blocks is interrupted, again and again. */
	while (wait_now() < end) {
		poll(NULL, 0, FUZZ_TICK);
		for (i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		while (pthread_tryjoin_np(threads[i], &failed)) {
			pthread_kill(threads[i], SIGUSR1);
			poll(NULL, 0, FUZZ_TICK);
		}
	return 0;
}

static long sum(const long *counts)
{
	long all = 0;
	int op;

	for (op = 0; op < FUZZ_OPS; op++)
		all += __atomic_load_n(&counts[op], __ATOMIC_RELAXED);
	return all;
}

static int get_number(const char *path)
{
	FILE *file = fopen(path, "r");
	int val = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &val) != 1)
		val = -1;
	fclose(file);
	return val;
}

static int put_number(const char *path, int val)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	fprintf(file, "%d\n", val);
	return fclose(file);
}

/* Objects of the module that there are; 0 if it does not tell. */
static long objects(void)
{
	FILE *file = fopen(OBJECTS, "r");
	long live, all = 0;

	if (!file)
		return 0;
	while (fscanf(file, "%*s %ld %*d", &live) == 1)
		all += live;
	fclose(file);
	return all;
}

/* The last process has ended, within the limit. */
static bool ended(pid_t pid, int *status)
{
	return wait_until(waitpid(pid, status, WNOHANG) == pid);
}

FIXTURE(fuzz) {
	int linger_max;
	int seconds;
	unsigned long seed;
};

FIXTURE_SETUP(fuzz)
{
	const char *seed = getenv("AF_ZMQ_SEED");
	const char *seconds = getenv("AF_ZMQ_SECONDS");

	self->seed = seed ? strtoul(seed, NULL, 0) : 1;
	self->seconds = seconds ? atoi(seconds) : SECONDS;
	self->linger_max = get_number(LINGER_MAX);
	put_number(LINGER_MAX, 200);
	mkdir(FUZZ_PLACE, 0777);
	chmod(FUZZ_PLACE, 0777);
	fuzz_family = zs_family();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN(fuzz)
{
	char path[64];
	int i;

	if (self->linger_max >= 0)
		put_number(LINGER_MAX, self->linger_max);
	for (i = 0; i < 4; i++) {
		sprintf(path, FUZZ_PLACE "/%d", i);
		unlink(path);
	}
	rmdir(FUZZ_PLACE);
}

TEST_F(fuzz, system_calls)
{
	struct zs *pull, *push;
	int status, i, op;
	long long end;
	pid_t pid;

	if (!zs_is_kernel() || getuid())
		SKIP(return, "as root, with system calls");
	pull = zs_open(ZMQ_PULL);
	push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	end = wait_now() + self->seconds * 1000LL;
	for (i = 0; i == 0 || wait_now() < end; i++) {
		long before = sum(shared->calls);

		/* Every other one is killed in the middle of it. */
		pid = harness_fork();
		if (!pid)
			_exit(fuzz(self->seed + i, i % 2 ? INT_MAX :
				   ROUND * 1000 * wait_slow()));
		if (i % 2) {
			EXPECT_TRUE(wait_until(sum(shared->calls) >
					       before + 1000));
			kill(pid, SIGKILL);
		}
		ASSERT_TRUE(ended(pid, &status))
			TH_LOG("seed %lu: a call does not end",
			       self->seed + i);
		EXPECT_EQ(i % 2 ? SIGKILL : 0, status)
			TH_LOG("seed %lu: status 0x%x", self->seed + i,
			       status);
		/* Others' sockets do not notice. */
		ASSERT_OK(zs_send_msg(push, "x"));
		ASSERT_TRUE(zs_recv_is(pull, "x"));
	}
	zs_close_now(push);
	zs_close_now(pull);
	TH_LOG("%ld calls, %ld of them succeeded, %d processes",
	       sum(shared->calls), sum(shared->done), i);
	for (op = 0; op < FUZZ_OPS; op++) {
		TH_LOG("%s: %ld, %ld succeeded, %ld with data", fuzz_op_names[op],
		       shared->calls[op], shared->done[op], shared->data[op]);
		/* Else they would be no test of it; if there were enough. */
		if (shared->calls[op] > 300 && op != FUZZ_OP_MMAP &&
		    op != FUZZ_OP_LISTEN && op != FUZZ_OP_ACCEPT)
			EXPECT_LT(0, shared->done[op]);
		/* With one in twenty nobody would say that it receives. */
		if (shared->calls[op] > 300 && op == FUZZ_OP_TALK)
			EXPECT_LT(shared->calls[op] / 20, shared->data[op]);
	}
	EXPECT_TRUE(wait_until(!proc_count()));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
	EXPECT_TRUE(wait_until(!objects()))
		TH_LOG("%ld objects", objects());
}

TEST_HARNESS_MAIN
