// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios of many connections that do nothing, or hardly anything. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"
#include "ends.h"
#include "scenario.h"

#define SETTLE_US	200000
#define SETTLED		65536	/* bytes */

/* A number of a file of "name: number" or "... name number ..." */
static long file_number(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[256], *found;
	long number = -1;

	if (!file)
		perf_die(path);
	while (number < 0 && fgets(line, sizeof(line), file)) {
		found = strstr(line, name);
		if (found)
			number = atol(found + strlen(name));
	}
	fclose(file);
	return number;
}

/* Bytes of memory that nothing uses, caches dropped. */
static long long free_memory(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0)
		perf_unsupported("not root");
	if (write(fd, "3", 1) != 1)
		perf_die("drop_caches");
	close(fd);
	return file_number("/proc/meminfo", "MemFree:") * 1024LL;
}

/* The same when it does not change any more. */
static long long settled_memory(void)
{
	long long last, now = free_memory();

	do {
		last = now;
		usleep(SETTLE_US);
		now = free_memory();
	} while (llabs(now - last) > SETTLED);
	return now;
}

static long tcp_sockets(void)
{
	return file_number("/proc/net/sockstat", "TCP: inuse ");
}

static void memory_near(void)
{
	struct perf_sock *s = perf_driver.open(PERF_PULL, PERF_HWM);
	long sockets;
	size_t len;

	perf_driver.bind(s);
	sockets = tcp_sockets();
	/* Free memory goes down: the beginning is the end. */
	perf_shared->end = settled_memory();
	perf_meet();
	perf_driver.recv(s, &len, NULL);
	while (tcp_sockets() < sockets + 2 * perf_job.peers)
		usleep(SETTLE_US);
	perf_shared->begin = settled_memory();
	perf_meet();
	perf_driver.close(s);
}

static void memory_far(void)
{
	struct perf_sock *s = perf_driver.open(PERF_PUSH, PERF_HWM);
	char part[1] = "";
	int i;

	perf_meet();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.connect(s);
	perf_driver.send(s, part, sizeof(part), false);
	perf_flush(s);
	perf_meet();
	perf_driver.close(s);
}

static long memory_operations(void)
{
	return perf_job.peers;
}

const struct perf_scenario perf_memory = {
	.name = "memory",
	.near = memory_near,
	.far = memory_far,
	.operations = memory_operations,
};

/*
 * The processor's time that connections take: what is missing to a thread that
 * takes all that nobody else wants.  Only with one processor that counts
 * instructions this is exact.
 */
#define TICK_US		1000
#define TICKS		500

static volatile unsigned long soaked;

static void *soak(void *arg)
{
	for (;;)
		soaked++;
	return arg;
}

static void start_soaking(void)
{
	struct sched_param param = {};
	pthread_t thread;

	if (pthread_create(&thread, NULL, soak, NULL) ||
	    pthread_setschedparam(thread, SCHED_IDLE, &param))
		perf_die("thread");
}

/* Both ends: a while, the far one ticking, with a message each tick or not. */
static double soaked_in_ns(void)
{
	unsigned long before = soaked;
	long long begin = perf_now();

	perf_meet();
	perf_meet();
	return (double)(soaked - before) / (perf_now() - begin);
}

static void idle_near(void)
{
	struct perf_sock *s = perf_driver.open(PERF_PULL, PERF_HWM);
	double alone, together, share;
	unsigned long before;
	long long begin;
	size_t len;
	long i;

	perf_driver.bind(s);
	start_soaking();
	usleep(SETTLE_US);
	perf_meet();
	alone = soaked_in_ns();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.recv(s, &len, NULL);
	usleep(SETTLE_US);
	perf_meet();
	before = soaked;
	begin = perf_now();
	for (i = 0; i < perf_job.count; i++)
		perf_driver.recv(s, &len, NULL);
	perf_meet();
	together = (double)(soaked - before) / (perf_now() - begin);
	share = 1 - together / alone;
	perf_shared->begin = 0;
	perf_shared->end = share * 1e9;
	perf_meet();
	perf_driver.close(s);
}

static void idle_far(void)
{
	struct perf_sock **pushers = perf_alloc(perf_job.peers * sizeof(*pushers));
	char part[10] = "";
	int i;

	perf_meet();
	perf_meet();
	for (i = 0; i < TICKS; i++)
		usleep(TICK_US);
	perf_meet();
	for (i = 0; i < perf_job.peers; i++) {
		pushers[i] = perf_driver.open(PERF_PUSH, PERF_HWM);
		perf_driver.connect(pushers[i]);
		perf_driver.send(pushers[i], part, sizeof(part), false);
		perf_flush(pushers[i]);
	}
	perf_meet();
	for (i = 0; i < TICKS; i++) {
		usleep(TICK_US);
		if (i >= perf_job.count)
			continue;
		perf_driver.send(pushers[i % perf_job.peers], part, sizeof(part), false);
		perf_flush(pushers[i % perf_job.peers]);
	}
	perf_meet();
	perf_meet();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.close(pushers[i]);
}

/* Nanoseconds, or instructions, for each second. */
static long idle_operations(void)
{
	return 1;
}

const struct perf_scenario perf_idle = {
	.name = "idle",
	.near = idle_near,
	.far = idle_far,
	.operations = idle_operations,
};
