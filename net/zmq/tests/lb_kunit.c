// SPDX-License-Identifier: GPL-2.0
/*
 * Load balancing and marks of sockets that send to one peer after the other:
 * sendmsg(2) on one side, the flusher's part of a pipe on the other.
 */
#include "fixture.h"
#include "../lb.h"

static const int lb_types[] = { ZMQ_AF_PUSH, ZMQ_AF_DEALER };

static void lb_type_desc(const int *type, char *desc)
{
	strscpy(desc, zmq_type_find(*type)->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lb_type, lb_types, lb_type_desc);

static bool lb_can_send(struct zmq_fixture *f)
{
	return zmq_af_events(f->zsk) & ZMQ_EVENT_OUT;
}

static void lb_begin__no_peer(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);

	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a"), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, lb_can_send(f));
	zmq_fixture_pipe(test, 1, 0);
	KUNIT_EXPECT_TRUE(test, lb_can_send(f));
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "b"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq), "b");
}

static void lb_send__round_robin(struct kunit *test)
{
	const int *type = test->param_value;
	struct zmq_fixture *f = zmq_fixture_open(test, *type);
	int i;

	for (i = 0; i < 3; i++)
		zmq_fixture_pipe(test, 1000, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a b c d e f g"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq),
			   "a d g");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq), "b e");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[2]->txq), "c f");
}

static void lb_send__parts_stay_together(struct kunit *test)
{
	const int *type = test->param_value;
	struct zmq_fixture *f = zmq_fixture_open(test, *type);

	zmq_fixture_pipe(test, 1000, 0);
	zmq_fixture_pipe(test, 1000, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a+b+c d e+f g+"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq),
			   "a+b+c e+f");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq), "d");
	KUNIT_EXPECT_EQ(test, f->pipe[0]->tx.written, 2);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "h"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq),
			   "d g+h");
}

static const u32 lb_marks[] = { 1, 2, 3, 10, 1000 };

static void lb_mark_desc(const u32 *hwm, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "mark %u", *hwm);
}

KUNIT_ARRAY_PARAM(lb_mark, lb_marks, lb_mark_desc);

static void lb_send__blocks_at_the_mark(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	u32 hwm = *(const u32 *)test->param_value;
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, hwm, 0);

	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, hwm - 1), hwm - 1);
	KUNIT_EXPECT_TRUE(test, lb_can_send(f));
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 10), 1);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m+"), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, lb_can_send(f));
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&pipe->tx), hwm);
	KUNIT_EXPECT_TRUE(test, pipe->tx_blocked);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->zsk->lb));
}

/* Not before the low mark: then there is room for as many as were sent. */
static void lb_send__back_at_the_low_mark(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	u32 hwm = *(const u32 *)test->param_value, low = (hwm + 1) / 2, i;
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, hwm, 0);
	u32 seq;

	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 2000), hwm);
	seq = f->zsk->wr_seq;
	for (i = 1; i < low; i++) {
		zmq_fixture_flush(test, pipe, 1);
		KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m"), -EAGAIN);
	}
	KUNIT_EXPECT_EQ(test, f->zsk->wr_seq, seq);
	zmq_fixture_flush(test, pipe, 1);
	KUNIT_EXPECT_EQ(test, f->zsk->wr_seq, seq + 1);
	KUNIT_EXPECT_FALSE(test, pipe->tx_blocked);
	KUNIT_EXPECT_TRUE(test, lb_can_send(f));
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 2000), low);
}

static void lb_send__unlimited(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, 0, 0);

	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 5000), 5000);
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&pipe->tx), 5000);
	KUNIT_EXPECT_EQ(test, pipe->txq.bytes, 5000 * 3);
	KUNIT_EXPECT_EQ(test, pipe->tx_in, 5000 * 3);
	KUNIT_EXPECT_EQ(test, pipe->tx_out, 0);
}

static void lb_send__full_peer_is_passed_over(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);

	zmq_fixture_pipe(test, 1, 0);
	zmq_fixture_pipe(test, 3, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a b c d"), 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "e"), -EAGAIN);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq), "a");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq),
			   "b c d");
}

static void lb_send__who_comes_back_is_last(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);

	zmq_fixture_pipe(test, 2, 0);
	zmq_fixture_pipe(test, 9, 0);
	zmq_fixture_pipe(test, 9, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a b c d e f g"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_flush(test, f->pipe[0], 1), "a");
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "h i j"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq), "d j");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq),
			   "b e g i");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[2]->txq),
			   "c f h");
}

static void lb_send__peer_leaves(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	int i;

	for (i = 0; i < 3; i++)
		zmq_fixture_pipe(test, 1000, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a"), 0);
	zmq_fixture_detach(f, f->pipe[1]);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "b c d"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq), "a c");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq), "");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[2]->txq), "b d");
	zmq_fixture_detach(f, f->pipe[0]);
	zmq_fixture_detach(f, f->pipe[2]);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "e"), -EAGAIN);
}

/* A full one that left does not come back when it has sent. */
static void lb_send__full_peer_leaves(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);

	zmq_fixture_pipe(test, 1, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a"), 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "b"), -EAGAIN);
	zmq_fixture_detach(f, f->pipe[0]);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_flush(test, f->pipe[0], 1), "a");
	KUNIT_EXPECT_TRUE(test, list_empty(&f->zsk->lb));
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "b"), -EAGAIN);
}

/* Its first parts stay; the last can be sent again and finds another peer. */
static void send_last__again_if_peer_left(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);

	zmq_fixture_pipe(test, 1000, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a+b+"), 0);
	zmq_fixture_detach(f, f->pipe[0]);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "c"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "d"), -EAGAIN);
	zmq_fixture_pipe(test, 1000, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "e f"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[0]->txq), "");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &f->pipe[1]->txq),
			   "a+b+e f");
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->zsk->stats.tx_msgs), 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->zsk->stats.tx_bytes), 4);
}

/* Bytes and the pages that they keep count as messages do. */
static void lb_send__blocks_at_sndbuf(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, 0, 0);

	f->zsk->sk.sk_sndbuf = PAGE_SIZE + 30;
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 100), 10);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, pipe->txq.nsegs, 1);
	zmq_fixture_flush(test, pipe, 1);
	KUNIT_EXPECT_TRUE(test, lb_can_send(f));
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 100), 1);
	/* A message that was begun is taken whole. */
	zmq_fixture_flush(test, pipe, 2);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "abcdefghijkl"), 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m"), -EAGAIN);
}

/* New marks hold at once, for a socket that waits too. */
static void pipe_set_hwm__unblocks(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, 2, 0);
	u32 seq;

	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 100), 2);
	seq = f->zsk->wr_seq;
	lock_sock(&f->zsk->sk);
	zmq_pipe_set_hwm(pipe, 5, 0);
	release_sock(&f->zsk->sk);
	KUNIT_EXPECT_EQ(test, f->zsk->wr_seq, seq + 1);
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 100), 3);
	lock_sock(&f->zsk->sk);
	zmq_pipe_set_hwm(pipe, 1, 0);
	release_sock(&f->zsk->sk);
	zmq_fixture_flush(test, pipe, 4);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "m"), -EAGAIN);
	zmq_fixture_flush(test, pipe, 1);
	KUNIT_EXPECT_EQ(test, zmq_fixture_fill(f, 100), 1);
}

/**
 * struct lb_model - who gets the next message
 * @f: the socket
 * @ring: numbers of the pipes that may take one
 * @n: how many
 * @full: which ones were found full and left the ring
 * @written: messages queued
 * @acked: messages sent that count
 * @read: messages sent
 * @hwm: marks
 * @seed: of the random numbers
 */
struct lb_model {
	struct zmq_fixture	*f;
	int			ring[ZMQ_FIXTURE_PIPES];
	int			n;
	bool			full[ZMQ_FIXTURE_PIPES];
	u32			written[ZMQ_FIXTURE_PIPES];
	u32			acked[ZMQ_FIXTURE_PIPES];
	u32			read[ZMQ_FIXTURE_PIPES];
	u32			hwm[ZMQ_FIXTURE_PIPES];
	u32			seed;
};

static u32 lb_random(struct lb_model *m, u32 n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

/* Take the first out of the ring. */
static int lb_model_shift(struct lb_model *m)
{
	int first = m->ring[0];

	memmove(m->ring, m->ring + 1, --m->n * sizeof(m->ring[0]));
	return first;
}

static void lb_model_send(struct kunit *test, struct lb_model *m)
{
	int err = -EAGAIN;
	int i = -1;

	while (m->n && err) {
		i = lb_model_shift(m);
		if (m->written[i] - m->acked[i] >= m->hwm[i]) {
			m->full[i] = true;
			continue;
		}
		m->written[i]++;
		m->ring[m->n++] = i;
		err = 0;
	}
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(m->f, "m"), err);
	for (i = 0; i < ZMQ_FIXTURE_PIPES; i++)
		KUNIT_ASSERT_EQ(test, m->f->pipe[i]->tx.written,
				m->written[i]);
}

static void lb_model_flush(struct kunit *test, struct lb_model *m)
{
	int i = lb_random(m, ZMQ_FIXTURE_PIPES);
	u32 low = (m->hwm[i] + 1) / 2, n;

	n = m->written[i] - m->read[i];
	if (!n)
		return;
	n = 1 + lb_random(m, n);
	zmq_fixture_flush(test, m->f->pipe[i], n);
	m->read[i] += n;
	m->acked[i] = m->read[i] / low * low;
	if (m->full[i] && m->written[i] - m->acked[i] < m->hwm[i]) {
		m->full[i] = false;
		m->ring[m->n++] = i;
	}
}

static void lb_send__random_steps(struct kunit *test)
{
	static const u32 hwm[ZMQ_FIXTURE_PIPES] = { 1, 2, 5, 9 };
	struct lb_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->seed = 1;
	m->f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	for (i = 0; i < ZMQ_FIXTURE_PIPES; i++) {
		zmq_fixture_pipe(test, hwm[i], 0);
		m->hwm[i] = hwm[i];
		m->ring[m->n++] = i;
	}
	for (i = 0; i < 10000; i++) {
		if (lb_random(m, 5) < 3)
			lb_model_send(test, m);
		else
			lb_model_flush(test, m);
	}
}

static struct kunit_case lb_cases[] = {
	KUNIT_CASE(lb_begin__no_peer),
	KUNIT_CASE_PARAM(lb_send__round_robin, lb_type_gen_params),
	KUNIT_CASE_PARAM(lb_send__parts_stay_together, lb_type_gen_params),
	KUNIT_CASE_PARAM(lb_send__blocks_at_the_mark, lb_mark_gen_params),
	KUNIT_CASE_PARAM(lb_send__back_at_the_low_mark, lb_mark_gen_params),
	KUNIT_CASE(lb_send__unlimited),
	KUNIT_CASE(lb_send__full_peer_is_passed_over),
	KUNIT_CASE(lb_send__who_comes_back_is_last),
	KUNIT_CASE(lb_send__peer_leaves),
	KUNIT_CASE(lb_send__full_peer_leaves),
	KUNIT_CASE(send_last__again_if_peer_left),
	KUNIT_CASE(lb_send__blocks_at_sndbuf),
	KUNIT_CASE(pipe_set_hwm__unblocks),
	KUNIT_CASE(lb_send__random_steps),
	{}
};

static struct kunit_suite lb_suite = {
	.name = "zmq_lb",
	.suite_init = zmq_fixture_start,
	.suite_exit = zmq_fixture_stop,
	.exit = zmq_fixture_close,
	.test_cases = lb_cases,
};

kunit_test_suite(lb_suite);
