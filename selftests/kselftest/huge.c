// SPDX-License-Identifier: GPL-2.0-only
/* One part of a gigabyte. */
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"

#define GIGABYTE	(1UL << 30)
#define SLICE		(2UL << 20)
#define SLICES		(GIGABYTE / SLICE)
#define DISTINCT	8

/*
 * The sender's memory is one slice that it names again and again, the
 * receiver's a few: the message is in the kernel alone.
 */
static unsigned char out[SLICE];
static unsigned char in[DISTINCT][SLICE];
static struct iovec iov[SLICES];

static long available(void)
{
	return proc_number("/proc/meminfo", "MemAvailable: %ld");
}

static int send_all(int fd)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = SLICES };
	size_t i;

	for (i = 0; i < SLICES; i++) {
		iov[i].iov_base = out;
		iov[i].iov_len = SLICE;
	}
	return sendmsg(fd, &msg, 0) == GIGABYTE ? 0 : -1;
}

static int receive_all(int fd)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = SLICES };
	size_t i;

	for (i = 0; i < SLICES; i++) {
		iov[i].iov_base = in[i % DISTINCT];
		iov[i].iov_len = SLICE;
	}
	if (recvmsg(fd, &msg, 0) != GIGABYTE || msg.msg_flags & MSG_TRUNC)
		return -1;
	for (i = 0; i < DISTINCT; i++)
		if (memcmp(in[i], out, SLICE))
			return -1;
	return 0;
}

TEST(gigabyte)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	struct zmq_af_stats stats = {};
	int minutes = 5 * 60 * 1000;
	size_t i;
	char c;

	ASSERT_GE(IOV_MAX, SLICES);
	if (available() < 2300 << 10)
		SKIP(return, "not enough memory");
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVTIMEO, minutes));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, minutes));
	for (i = 0; i < SLICE; i++)
		out[i] = i * 2654435761U >> 13;
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	ASSERT_OK(send_all(push->fd));
	ASSERT_EQ(GIGABYTE, recv(pull->fd, &c, 1, MSG_PEEK | MSG_TRUNC));
	ASSERT_OK(receive_all(pull->fd));

	/* The queues are empty, and ordinary messages pass. */
	ASSERT_OK(zs_stats(pull, &stats));
	EXPECT_EQ(GIGABYTE, stats.rx_bytes);
	EXPECT_EQ(0, stats.rx_queued_bytes);
	ASSERT_OK(zs_send_int(push, 5, 0));
	EXPECT_EQ(5, zs_recv_int(pull, 0));
	EXPECT_TRUE(wait_until(!zs_stats(push, &stats) &&
			       !stats.tx_queued_bytes));
	ASSERT_OK(zs_close(push));
	ASSERT_OK(zs_close(pull));
	EXPECT_TRUE(wait_until(!proc_count()));
}

TEST_HARNESS_MAIN
