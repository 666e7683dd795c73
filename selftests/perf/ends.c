// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "driver.h"
#include "ends.h"

static struct {
	struct perf_shared shared;
	pthread_barrier_t barrier;
} *ends;

struct perf_shared *perf_shared;

long long perf_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void perf_meet(void)
{
	pthread_barrier_wait(&ends->barrier);
}

static void ends_alloc(void)
{
	pthread_barrierattr_t attr;

	ends = mmap(NULL, sizeof(*ends), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ends == MAP_FAILED)
		perf_die("mmap");
	perf_shared = &ends->shared;
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&ends->barrier, &attr, 2);
}

static void start(void)
{
	if (perf_driver.start)
		perf_driver.start();
}

static void stop(void)
{
	if (perf_driver.stop)
		perf_driver.stop();
}

static void *thread_run(void *far)
{
	((void (*)(void))far)();
	return NULL;
}

static void run_threads(void (*near)(void), void (*far)(void))
{
	pthread_t thread;

	start();
	if (pthread_create(&thread, NULL, thread_run, far))
		perf_die("pthread_create");
	near();
	pthread_join(thread, NULL);
	stop();
}

/* The other end has gone: if it could not go on, nor can we. */
static void child_ended(int sig)
{
	int status;

	if (waitpid(-1, &status, WNOHANG) <= 0)
		return;
	if (WIFSIGNALED(status))
		_exit(1);
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

static void run_processes(void (*near)(void), void (*far)(void))
{
	sigset_t chld;
	pid_t child;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	signal(SIGCHLD, child_ended);
	child = fork();
	if (child < 0)
		perf_die("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(PERF_LIMIT);
		start();
		far();
		stop();
		exit(0);
	}
	start();
	near();
	stop();
	/* The handler may have been here before us. */
	while (!kill(child, 0))
		usleep(1000);
}

void perf_ends_run(void (*near)(void), void (*far)(void))
{
	ends_alloc();
	alarm(PERF_LIMIT);
	if (perf_is_inproc())
		run_threads(near, far);
	else
		run_processes(near, far);
}
