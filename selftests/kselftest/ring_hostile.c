// SPDX-License-Identifier: GPL-2.0-only
/* What a process may do to the ring that it shares with the kernel. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "harness.h"
#include "proc.h"
#include "ring.h"

static atomic_bool over;

FIXTURE(ring_hostile) {
	struct zs *push;
	struct zs *pull;
	struct ring r;
	char endpoint[ZS_ENDPOINT_MAX];
};

FIXTURE_VARIANT(ring_hostile) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(ring_hostile, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(ring_hostile, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(ring_hostile)
{
	self->push = zs_open(ZMQ_PUSH);
	self->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_pair(self->pull, self->push, variant->transport,
			  self->endpoint));
	ASSERT_OK(ring_open(&self->r, self->push, RING_SIZE));
}

FIXTURE_TEARDOWN(ring_hostile)
{
	ring_unmap(&self->r);
	zs_close_now(self->push);
	zs_close_now(self->pull);
	EXPECT_TRUE(proc_gone());
}

/* It ends for good, and calls go on. */
#define EXPECT_STOPPED()						\
	do {								\
		EXPECT_ERRNO(EINVAL, ring_kick(&self->r));		\
		EXPECT_EQ(ZMQ_AF_RING_STOPPED | ZMQ_AF_RING_WAKE,	\
			  ring_flags(&self->r));			\
		ring_put(&self->r, "ignored");				\
		EXPECT_ERRNO(EINVAL, ring_kick(&self->r));		\
		EXPECT_EQ(4, zs_send(self->push, "call", 4, 0));	\
		EXPECT_TRUE(zs_recv_is(self->pull, "call"));		\
	} while (0)

TEST_F(ring_hostile, tail_too_far)
{
	ring_put(&self->r, "good");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->pull, "good"));
	self->r.ctl->tail = self->r.tail + RING_SIZE + 1;
	EXPECT_STOPPED();
}

TEST_F(ring_hostile, tail_backwards)
{
	ring_put(&self->r, "good");
	EXPECT_EQ(0, ring_kick(&self->r));
	EXPECT_TRUE(zs_recv_is(self->pull, "good"));
	self->r.ctl->tail = self->r.tail - 1;
	EXPECT_STOPPED();
}

/* Bytes that are no messages; what came before them was sent. */
TEST_F(ring_hostile, bad_frames)
{
	static const struct {
		const char *p;
		size_t len;
	} bad[] = {
		{ "\4\1x", 3 },				/* a command */
		{ "\x80\1x", 3 },
		{ "\0\2x", 3 },				/* cut */
		{ "\0", 1 },
		{ "\1\1x", 3 },				/* its end is missing */
		{ "\2\0\0\0\0\0\0\0\1x", 10 },		/* the long way */
		{ "\2\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ "\2\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ "\2\0\0\0\0\0\0\4\1", 9 },		/* above max */
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct zs *push = zs_open(ZMQ_PUSH);
		struct ring r;

		ASSERT_OK(zs_connect(push, self->endpoint));
		ASSERT_OK(ring_open(&r, push, RING_SIZE));
		ring_put(&r, "good");
		ASSERT_OK(ring_kick(&r));
		EXPECT_TRUE(zs_recv_is(self->pull, "good"));
		ring_bytes(&r, bad[i].p, bad[i].len);
		ring_commit(&r);
		EXPECT_ERRNO(EINVAL, ring_kick(&r));
		EXPECT_EQ(ZMQ_AF_RING_STOPPED | ZMQ_AF_RING_WAKE, ring_flags(&r))
			TH_LOG("case %zu", i);
		ASSERT_EQ(4, zs_send(push, "call", 4, 0));
		EXPECT_TRUE(zs_recv_is(self->pull, "call"));
		ring_unmap(&r);
		ASSERT_OK(zs_close_now(push));
	}
}

static void *scribbles(void *arg)
{
	struct ring *r = arg;
	unsigned int seed = 7;
	size_t i;

	while (!atomic_load(&over)) {
		for (i = 0; i < 64; i++)
			((unsigned char *)r->ctl)[rand_r(&seed) % r->len] =
				rand_r(&seed) % 8 ? 0 : rand_r(&seed);
		r->ctl->tail += rand_r(&seed) % (rand_r(&seed) % 16 ? 64 :
								      RAND_MAX);
	}
	return NULL;
}

static void *swallows(void *arg)
{
	struct zs *pull = arg;
	char buf[64];

	while (!atomic_load(&over))
		recv(pull->fd, buf, sizeof(buf), 0);
	return NULL;
}

/* All of the memory changes while the kernel looks at it. */
TEST_F(ring_hostile, scribbled)
{
	pthread_t scribbler, swallower;
	int i, j;

	ASSERT_OK(zs_set_int(self->pull, ZMQ_RCVTIMEO, 10));
	ASSERT_OK(pthread_create(&swallower, NULL, swallows, self->pull));
	for (i = 0; i < 30; i++) {
		struct zs *push = zs_open(ZMQ_PUSH);
		struct ring r;

		ASSERT_OK(zs_connect(push, self->endpoint));
		ASSERT_OK(zs_set_int(push, ZMQ_AF_COALESCE, 50));
		ASSERT_OK(ring_open(&r, push, i % 2 ? RING_SIZE : 65536));
		atomic_store(&over, false);
		ASSERT_OK(pthread_create(&scribbler, NULL, scribbles, &r));
		for (j = 0; j < 100; j++) {
			ASSERT_EQ(2, send(push->fd, "ok", 2, 0));
			ring_kick(&r);
		}
		atomic_store(&over, true);
		ASSERT_OK(pthread_join(scribbler, NULL));
		atomic_store(&over, false);
		ring_unmap(&r);
		ASSERT_OK(zs_close_now(push));
	}
	atomic_store(&over, true);
	ASSERT_OK(pthread_join(swallower, NULL));
}

TEST_HARNESS_MAIN
