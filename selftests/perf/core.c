// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures one scenario with the library this is linked with:
 *
 *	PROGRAM SCENARIO TRANSPORT [NAME=NUMBER...]
 *
 * prints "total=TOTAL count=OPERATIONS", exits with 4 if the library cannot do it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "driver.h"
#include "ends.h"
#include "scenario.h"

struct perf_job perf_job = {
	.size = 1,
	.parts = 1,
	.count = 1000,
	.warmup = 100,
	.peers = 1,
	.subs = 1,
	.match = 100,
	.window = 100,
};

void perf_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void perf_unsupported(const char *what)
{
	printf("unsupported: %s\n", what);
	exit(PERF_EXIT_UNSUPPORTED);
}

void *perf_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		perf_die("calloc");
	return p;
}

/* A port that nobody uses now. */
static int free_port(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(addr);

	if (bind(fd, (struct sockaddr *)&addr, len) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		perf_die("port");
	close(fd);
	return ntohs(addr.sin_port);
}

static void choose_endpoint(void)
{
	size_t size = sizeof(perf_job.endpoint);

	if (!strcmp(perf_job.transport, "tcp"))
		snprintf(perf_job.endpoint, size, "tcp://127.0.0.1:%d", free_port());
	else if (!strcmp(perf_job.transport, "ipc"))
		snprintf(perf_job.endpoint, size, "ipc:///tmp/perf-%d", getpid());
	else
		snprintf(perf_job.endpoint, size, "inproc://perf");
}

static void parse_setting(const char *setting)
{
	const char *value = strchr(setting, '=');
	long number = value ? atol(value + 1) : 0;

#define SETTING(name) \
	do { \
		if (!strncmp(setting, #name "=", sizeof(#name))) { \
			perf_job.name = number; \
			return; \
		} \
	} while (0)
	SETTING(size);
	SETTING(parts);
	SETTING(count);
	SETTING(warmup);
	SETTING(peers);
	SETTING(subs);
	SETTING(match);
	SETTING(window);
	SETTING(polled);
#undef SETTING
	fprintf(stderr, "what is %s?\n", setting);
	exit(2);
}

static void raise_limits(void)
{
	struct rlimit limit = { .rlim_cur = 100000, .rlim_max = 100000 };

	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	const struct perf_scenario *scenario;
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: %s SCENARIO TRANSPORT [NAME=NUMBER...]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	perf_job.scenario = argv[1];
	perf_job.transport = argv[2];
	for (i = 3; i < argc; i++)
		parse_setting(argv[i]);
	scenario = perf_scenario_find(perf_job.scenario);
	if (!scenario) {
		fprintf(stderr, "no scenario %s\n", perf_job.scenario);
		return 2;
	}
	raise_limits();
	choose_endpoint();
	perf_ends_run(scenario->near, scenario->far);
	if (!strcmp(perf_job.transport, "ipc"))
		unlink(perf_job.endpoint + strlen("ipc://"));
	printf("total=%lld count=%ld\n", perf_shared->end - perf_shared->begin,
	       scenario->operations ? scenario->operations() : perf_job.count);
	return 0;
}
