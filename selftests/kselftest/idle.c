// SPDX-License-Identifier: GPL-2.0-only
/* What connections and sockets that are idle keep of the machine's memory. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#define CONNS		1000
#define PER_END		4096	/* bytes beyond a TCP socket's */
#define BURSTS		256
#define BURST		200

/* The sum of the numbers behind a name in a file, -1 without it. */
static long long sum_of(const char *path, const char *format)
{
	FILE *file = fopen(path, "r");
	long long sum = 0, value;
	char line[256];

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &value) == 1)
			sum += value;
	fclose(file);
	return sum;
}

/* Bytes that nothing uses, once that stays the same; -1 without root. */
static long long free_memory(void)
{
	long long last, now = -1;
	int fd, i, same = 0;
	bool done;

	for (i = 0; i < 100 && same < 5; i++) {
		fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		done = write(fd, "3", 1) == 1;
		close(fd);
		if (!done)
			return -1;
		last = now;
		/* Each processor has pages at hand, which are free, too. */
		now = sum_of("/proc/meminfo", "MemFree: %lld") * 1024 +
		      sum_of("/proc/zoneinfo", " count: %lld") * getpagesize();
		same = llabs(now - last) < 128 * 1024 ? same + 1 : 0;
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
		SKIP_IN_SETUP("libzmq's memory is its own");
	if (wait_slow() > 1)
		SKIP_IN_SETUP("a debugging kernel keeps what was freed");
	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP_IN_SETUP("needs root");
	self->before = free_memory();
	if (self->before < 0)
		SKIP_IN_SETUP("needs root");
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

/* What a burst took, both sockets have given back a while after it. */
TEST_F(idle, burst)
{
	static struct zs *pull[BURSTS], *push[BURSTS];
	long long quiet, full, left;
	static char body[1000];
	int i, n;

	for (i = 0; i < BURSTS; i++) {
		pull[i] = zs_open(ZMQ_PULL);
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_pair(pull[i], push[i], ZS_TCP, NULL));
	}
	quiet = free_memory();
	for (i = 0; i < BURSTS; i++)
		for (n = 0; n < BURST; n++)
			ASSERT_EQ(sizeof(body),
				  zs_send(push[i], body, sizeof(body), 0));
	full = quiet - free_memory();
	for (i = 0; i < BURSTS; i++)
		for (n = 0; n < BURST; n++)
			ASSERT_EQ(sizeof(body),
				  zs_recv(pull[i], body, sizeof(body), 0));
	EXPECT_TRUE(wait_until((left = quiet - free_memory()) <= full / 8));
	TH_LOG("%lld bytes a pair in a burst, %lld after it", full / BURSTS,
	       left / BURSTS);
	for (i = 0; i < BURSTS; i++) {
		zs_close_now(push[i]);
		zs_close_now(pull[i]);
	}
}

TEST_HARNESS_MAIN
