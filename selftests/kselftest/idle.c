// SPDX-License-Identifier: GPL-2.0-only
/* What connections and sockets that are idle keep of the machine's memory. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define CONNS		1000
#define PER_END		4096	/* bytes beyond a TCP socket's */

/* Bytes that nothing uses, once this stays the same; -1 without root. */
static long long free_memory(void)
{
	long long last, now = -1;
	long kb = -1;
	int fd, i;

	for (i = 0; i < 50; i++) {
		fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (write(fd, "3", 1) != 1)
			kb = -1;
		close(fd);
		kb = proc_number("/proc/meminfo", "MemFree: %ld");
		if (kb < 0)
			return -1;
		last = now;
		now = kb * 1024LL;
		if (last >= 0 && llabs(now - last) < 128 * 1024)
			break;
		poll(NULL, 0, 50);
	}
	return now;
}

FIXTURE(idle) {
	long long before;
};

FIXTURE_SETUP(idle)
{
	struct rlimit limit = { 4 * CONNS, 4 * CONNS };

	if (!zs_is_kernel())
		SKIP(return, "libzmq's memory is its own");
	if (wait_slow() > 1)
		SKIP(return, "a debugging kernel keeps what was freed");
	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP(return, "needs root");
	self->before = free_memory();
	if (self->before < 0)
		SKIP(return, "needs root");
}

FIXTURE_TEARDOWN(idle)
{
}

/* A message went over each connection. */
TEST_F(idle, connection)
{
	char endpoint[ZS_ENDPOINT_MAX];
	static int fds[2 * CONNS];
	struct zs *pull, *push;
	long long raw, ours;
	int listener, i;
	char byte = 0;

	listener = raw_listen(endpoint);
	ASSERT_LE(0, listener);
	for (i = 0; i < CONNS; i++) {
		fds[2 * i] = raw_connect(endpoint, 0);
		fds[2 * i + 1] = raw_accept(listener);
		ASSERT_LE(0, fds[2 * i]);
		ASSERT_LE(0, fds[2 * i + 1]);
		ASSERT_OK(raw_write(fds[2 * i], &byte, 1));
		ASSERT_EQ(1, read(fds[2 * i + 1], &byte, 1));
	}
	raw = self->before;
	self->before = free_memory();
	raw -= self->before;

	pull = zs_open(ZMQ_PULL);
	push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < CONNS; i++)
		ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < CONNS; i++)
		ASSERT_EQ(1, zs_send(push, &byte, 1, 0));
	for (i = 0; i < CONNS; i++)
		ASSERT_EQ(1, zs_recv(pull, &byte, 1, 0));
	EXPECT_TRUE(wait_until((ours = self->before - free_memory()) <=
			       raw + 2 * CONNS * PER_END));
	TH_LOG("%lld bytes for a raw connection, %lld for ours", raw / CONNS,
	       ours / CONNS);
	zs_close_now(push);
	zs_close_now(pull);
	for (i = 0; i < 2 * CONNS; i++)
		close(fds[i]);
	close(listener);
}

TEST_HARNESS_MAIN
