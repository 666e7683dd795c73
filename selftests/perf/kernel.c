// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>
#include <linux/zmq.h>
#include "driver.h"
#include "kernel.h"

int perf_kernel_family = AF_ZMQ;
static int ctx = -1;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	if (errno == EPROTONOSUPPORT || errno == EOPNOTSUPP)
		perf_unsupported(what);
	perf_die(what);
}

static void find_family(void)
{
	FILE *file = fopen("/sys/module/af_zmq/parameters/family", "r");

	if (!file)
		perf_unsupported("no module");
	if (fscanf(file, "%d", &perf_kernel_family) != 1)
		perf_die("family");
	fclose(file);
}

void perf_kernel_start(void)
{
	find_family();
	ctx = socket(perf_kernel_family, SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_AF_CONTEXT);
	check(ctx >= 0, "context");
}

void perf_kernel_stop(void)
{
	close(ctx);
}

static void set(int fd, int opt, const void *val, size_t len, const char *what)
{
	check(!setsockopt(fd, SOL_ZMQ, opt, val, len), what);
}

int perf_kernel_socket(int type, int hwm)
{
	int fd = socket(perf_kernel_family, SOCK_SEQPACKET | SOCK_CLOEXEC, type);
	int backlog = 10000, linger = 0;

	check(fd >= 0, "socket");
	set(fd, ZMQ_AF_CTX, &ctx, sizeof(ctx), "ZMQ_AF_CTX");
	set(fd, ZMQ_SNDHWM, &hwm, sizeof(hwm), "ZMQ_SNDHWM");
	set(fd, ZMQ_RCVHWM, &hwm, sizeof(hwm), "ZMQ_RCVHWM");
	set(fd, ZMQ_BACKLOG, &backlog, sizeof(backlog), "ZMQ_BACKLOG");
	set(fd, ZMQ_LINGER, &linger, sizeof(linger), "ZMQ_LINGER");
	return fd;
}

void perf_kernel_bind(int fd)
{
	set(fd, ZMQ_AF_BIND, perf_job.endpoint, strlen(perf_job.endpoint), "bind");
}

void perf_kernel_connect(int fd)
{
	set(fd, ZMQ_AF_CONNECT, perf_job.endpoint, strlen(perf_job.endpoint), "connect");
}

void perf_kernel_subscribe(int fd, const void *prefix, size_t len)
{
	set(fd, ZMQ_SUBSCRIBE, prefix, len, "ZMQ_SUBSCRIBE");
}

void perf_kernel_poll(int fd)
{
	static int idle = -1;
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .events = POLLIN },
	};

	if (idle < 0)
		idle = perf_kernel_socket(PERF_PULL, PERF_HWM);
	fds[1].fd = idle;
	check(poll(fds, 2, -1) == 1, "poll");
}
