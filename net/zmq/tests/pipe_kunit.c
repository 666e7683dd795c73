// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes of pipe.c and the fair queue over them: the parser's part of a pipe on
 * one side, recvmsg(2) on the other.
 */
#include "fixture.h"

static bool pipe_can_receive(struct zmq_fixture *f)
{
	return zmq_af_events(f->zsk) & ZMQ_EVENT_IN;
}

/* Everything was received, and what it cost given back. */
static void pipe_check_idle(struct kunit *test)
{
	struct zmq_fixture *f = test->priv;
	int i;

	KUNIT_EXPECT_FALSE(test, pipe_can_receive(f));
	KUNIT_EXPECT_TRUE(test, list_empty(&f->zsk->fq));
	for (i = 0; i < f->npipes; i++) {
		KUNIT_EXPECT_EQ(test, f->pipe[i]->rx_mem, 0);
		KUNIT_EXPECT_TRUE(test, zmq_segq_empty(&f->pipe[i]->rxq));
		KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&f->pipe[i]->rx), 0);
	}
	KUNIT_EXPECT_EQ(test, f->zsk->sk.sk_forward_alloc, 0);
}

/* A PULL with @n pipes. */
static struct zmq_fixture *pipe_open(struct kunit *test, int n)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PULL);

	while (n--)
		zmq_fixture_pipe(test, 0, 1000);
	return f;
}

static void recv__fair_queue(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 3);

	zmq_fixture_publish(test, f->pipe[0], "a1 a2 a3");
	zmq_fixture_publish(test, f->pipe[1], "b1");
	zmq_fixture_publish(test, f->pipe[2], "c1 c2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100),
			   "a1 b1 c1 a2 c2 a3");
	pipe_check_idle(test);
}

/* Who has something first is first; who runs empty starts again at the end. */
static void recv__order_of_arrival(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 3);

	zmq_fixture_publish(test, f->pipe[2], "c1 c2 c3");
	zmq_fixture_publish(test, f->pipe[0], "a1");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 2), "c1 a1");
	zmq_fixture_publish(test, f->pipe[1], "b1");
	zmq_fixture_publish(test, f->pipe[0], "a2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "c2 b1 a2 c3");
	pipe_check_idle(test);
}

static void recv__parts_are_not_interleaved(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 3);

	zmq_fixture_publish(test, f->pipe[0], "a1+a2+a3 d");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a1+");
	zmq_fixture_publish(test, f->pipe[1], "b1+b2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a2+");
	zmq_fixture_publish(test, f->pipe[2], "c");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 2), "a3 b1+");
	zmq_fixture_publish(test, f->pipe[1], "e");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "b2 c d e");
	pipe_check_idle(test);
}

/**
 * struct pipe_model - who is received from next
 * @f: the socket
 * @ring: numbers of the pipes that have a message
 * @n: how many
 * @written: messages published
 * @read: messages received
 * @part: parts received of the message being read
 * @seed: of the random numbers
 */
struct pipe_model {
	struct zmq_fixture	*f;
	int			ring[ZMQ_FIXTURE_PIPES];
	int			n;
	u32			written[ZMQ_FIXTURE_PIPES];
	u32			read[ZMQ_FIXTURE_PIPES];
	u32			part;
	u32			seed;
};

static u32 pipe_random(struct pipe_model *m, u32 n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

/* Parts of a pipe's message of this number. */
static u32 pipe_parts(int i, u32 nr)
{
	return 1 + (nr + i) % 3;
}

static void pipe_model_publish(struct kunit *test, struct pipe_model *m)
{
	int i = pipe_random(m, ZMQ_FIXTURE_PIPES);
	u32 k, parts = pipe_parts(i, m->written[i]);
	char text[64];
	int n = 0;

	for (k = 0; k < parts; k++)
		n += scnprintf(text + n, sizeof(text) - n, "%s%d.%u.%u",
			       k ? "+" : "", i, m->written[i], k);
	if (m->written[i]++ == m->read[i])
		m->ring[m->n++] = i;
	zmq_fixture_publish(test, m->f->pipe[i], text);
}

static void pipe_model_recv(struct kunit *test, struct pipe_model *m)
{
	int i = m->ring[0];
	char want[32] = "";
	bool more;

	if (m->n) {
		more = m->part + 1 < pipe_parts(i, m->read[i]);
		scnprintf(want, sizeof(want), "%d.%u.%u%s", i, m->read[i],
			  m->part, more ? "+" : "");
		m->part = more ? m->part + 1 : 0;
		if (!more) {
			memmove(m->ring, m->ring + 1, --m->n * sizeof(int));
			if (++m->read[i] < m->written[i])
				m->ring[m->n++] = i;
		}
	}
	KUNIT_ASSERT_STREQ(test, zmq_fixture_recv(m->f, 1), want);
}

static void recv__random_steps(struct kunit *test)
{
	struct pipe_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->seed = 1;
	m->f = pipe_open(test, ZMQ_FIXTURE_PIPES);
	for (i = 0; i < 6000; i++) {
		if (pipe_random(m, 3))
			pipe_model_recv(test, m);
		else
			pipe_model_publish(test, m);
	}
	while (m->n)
		pipe_model_recv(test, m);
	pipe_check_idle(test);
}

static void recv__flags(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 1);
	char buf[8] = "";
	int flags = MSG_PEEK;

	zmq_fixture_publish(test, f->pipe[0], "abcdef+gh ijkl");
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 8, &flags), 6);
	KUNIT_EXPECT_EQ(test, flags, MSG_MORE);
	/* It stays if it must not be cut. */
	flags = MSG_ZMQ_WHOLE;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 5, &flags),
			-EMSGSIZE);
	flags = MSG_TRUNC;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 2, &flags), 6);
	KUNIT_EXPECT_EQ(test, flags, MSG_MORE | MSG_TRUNC);
	flags = MSG_ZMQ_WHOLE;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 1, &flags),
			-EMSGSIZE);
	flags = MSG_ZMQ_WHOLE;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 2, &flags), 2);
	KUNIT_EXPECT_EQ(test, flags, MSG_EOR);
	flags = 0;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 3, &flags), 3);
	KUNIT_EXPECT_EQ(test, flags, MSG_EOR | MSG_TRUNC);
	KUNIT_EXPECT_EQ(test, memcmp(buf, "ijk", 3), 0);
	pipe_check_idle(test);
}

/* What was only looked at comes first still, and its peer is no further. */
static void recv_peek__keeps_the_order(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 2);
	char buf[8];
	int flags = MSG_PEEK;

	zmq_fixture_publish(test, f->pipe[0], "a b");
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 8, &flags), 1);
	zmq_fixture_publish(test, f->pipe[1], "c");
	flags = MSG_PEEK;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 8, &flags), 1);
	KUNIT_EXPECT_EQ(test, buf[0], 'a');
	KUNIT_EXPECT_TRUE(test, pipe_can_receive(f));
	KUNIT_EXPECT_EQ(test, zmq_recv_next_len(f->zsk), 1);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "a c b");
	pipe_check_idle(test);
}

/* Append skb bytes to a queue, a reference per piece of @step. */
static void pipe_push_skb(struct kunit *test, struct zmq_segq *q,
			  struct sk_buff *skb, u32 step)
{
	struct zmq_seg seg = {
		.ref = (unsigned long)skb | ZMQ_SEG_SKB,
	};

	for (; seg.off < skb->len; seg.off += step) {
		seg.len = min(step, skb->len - seg.off);
		zmq_seg_get(&seg);
		KUNIT_EXPECT_EQ(test, zmq_segq_push(q, &seg, GFP_KERNEL), 0);
	}
	kfree_skb(skb);
}

/* A long part by reference, its overhead charged with it. */
static void recv__skb_by_reference(struct kunit *test)
{
	const u32 len = 3000;
	struct zmq_fixture *f = pipe_open(test, 1);
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
	u8 *buf = kunit_kzalloc(test, len, GFP_KERNEL);
	int flags = MSG_PEEK;
	struct zmq_segq q;
	u64 mem;
	u8 *p;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb_put(skb, len), 'x', len);
	zmq_segq_init(&q);
	zmq_fixture_frames(test, &q, "a+");
	zmq_chunk_reserve(&f->pool, ZMQ_ZMTP_HDR_LONG, false, GFP_KERNEL);
	p = zmq_chunk_ptr(&f->pool);
	zmq_chunk_commit(&f->pool, zmq_zmtp_hdr_encode(p, 0, len), &q,
			 GFP_KERNEL);
	pipe_push_skb(test, &q, skb, 700);
	mem = q.bytes + zmq_segq_overhead(&q);
	zmq_pipe_publish(f->pipe[0], &q, 1, mem);
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, mem);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a+");
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, len, &flags), len);
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, mem - 3);
	memset(buf, 0, len);
	flags = 0;
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, len, &flags), len);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 'x', len));
	pipe_check_idle(test);
}

static void conflate__newest_is_received(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PULL);
	struct zmq_pipe *pipe;

	f->zsk->opt.conflate = 1;
	pipe = zmq_fixture_pipe(test, 0, 1);
	KUNIT_EXPECT_TRUE(test, pipe->conflate);
	zmq_fixture_publish(test, pipe, "a b cc");
	KUNIT_EXPECT_EQ(test, pipe->rx_mem, 4);
	zmq_fixture_publish(test, pipe, "d");
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(pipe, 100));
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "d");
	pipe_check_idle(test);
	/* One that was only asked about is not being read. */
	zmq_fixture_publish(test, pipe, "e");
	KUNIT_EXPECT_EQ(test, zmq_recv_next_len(f->zsk), 1);
	zmq_fixture_publish(test, pipe, "ff");
	KUNIT_EXPECT_EQ(test, zmq_recv_next_len(f->zsk), 2);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "ff");
	pipe_check_idle(test);
}

static void conflate__message_being_read_stays(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PULL);
	struct zmq_pipe *pipe;

	f->zsk->opt.conflate = 1;
	pipe = zmq_fixture_pipe(test, 0, 0);
	zmq_fixture_publish(test, pipe, "a1+a2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a1+");
	zmq_fixture_publish(test, pipe, "b c");
	zmq_fixture_publish(test, pipe, "d");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "a2 d");
	pipe_check_idle(test);
}

/* What the flusher has taken is out of reach. */
static void conflate__newest_is_sent(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	struct zmq_segq sent;
	struct zmq_pipe *pipe;

	f->zsk->opt.conflate = 1;
	pipe = zmq_fixture_pipe(test, 1, 0);
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "a b c"), 0);
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&pipe->tx), 1);
	KUNIT_EXPECT_EQ(test, pipe->tx_in - pipe->tx_out, 3);
	zmq_segq_init(&sent);
	KUNIT_EXPECT_TRUE(test, zmq_pipe_take(pipe, &sent));
	KUNIT_EXPECT_EQ(test, zmq_fixture_send(f, "d e+f"), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &sent), "c");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(f, &pipe->txq), "e+f");
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&pipe->tx), 2);
	zmq_pipe_sent(pipe, sent.bytes, 1);
	zmq_segq_free(&sent);
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&pipe->tx), 1);
	KUNIT_EXPECT_EQ(test, pipe->tx_in - pipe->tx_out, 6);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_flush(test, pipe, 1), "e+f");
}

static const u32 pipe_marks[] = { 1, 2, 3, 10, 1000 };

static void pipe_mark_desc(const u32 *hwm, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "mark %u", *hwm);
}

KUNIT_ARRAY_PARAM(pipe_mark, pipe_marks, pipe_mark_desc);

static void pipe_rx_full__counts_what_is_coming(struct kunit *test)
{
	u32 hwm = *(const u32 *)test->param_value, n, pending;
	struct zmq_pipe *pipe;

	zmq_fixture_open(test, ZMQ_AF_PULL);
	pipe = zmq_fixture_pipe(test, 0, hwm);
	for (n = 0; n <= hwm && n < 12; n++) {
		for (pending = 0; pending < hwm + 2; pending++)
			KUNIT_ASSERT_EQ(test, zmq_pipe_rx_full(pipe, pending),
					n + pending >= hwm);
		zmq_fixture_publish(test, pipe, "m");
	}
}

/* The parser that stopped goes on when as many were read as the low mark. */
static void pipe_rx_pause__ends_at_the_low_mark(struct kunit *test)
{
	u32 hwm = *(const u32 *)test->param_value, low = (hwm + 1) / 2, i;
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PULL);
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, 0, hwm);

	for (i = 0; i < hwm; i++) {
		KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_pause(pipe));
		KUNIT_EXPECT_FALSE(test, pipe->rx_paused);
		zmq_fixture_publish(test, pipe, "m1+m2");
	}
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_pause(pipe));
	for (i = 1; i < low; i++) {
		zmq_fixture_recv(f, 2);
		KUNIT_EXPECT_TRUE(test, pipe->rx_paused);
		KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_full(pipe, 0));
	}
	zmq_fixture_recv(f, 1);
	KUNIT_EXPECT_TRUE(test, pipe->rx_paused);
	zmq_fixture_recv(f, 1);
	KUNIT_EXPECT_FALSE(test, pipe->rx_paused);
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(pipe, low - 1));
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_full(pipe, low));
	zmq_fixture_recv(f, 2000);
	pipe_check_idle(test);
}

static void pipe_set_hwm__resumes(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PULL);
	struct zmq_pipe *pipe = zmq_fixture_pipe(test, 0, 1);

	zmq_fixture_publish(test, pipe, "a");
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_pause(pipe));
	lock_sock(&f->zsk->sk);
	zmq_pipe_set_hwm(pipe, 0, 1);
	KUNIT_EXPECT_TRUE(test, pipe->rx_paused);
	zmq_pipe_set_hwm(pipe, 0, 2);
	KUNIT_EXPECT_FALSE(test, pipe->rx_paused);
	release_sock(&f->zsk->sk);
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(pipe, 0));
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_full(pipe, 1));
}

/* Bytes count as messages do. */
static void pipe_rx_full__by_rcvbuf(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 2);

	f->zsk->sk.sk_rcvbuf = 10;
	zmq_fixture_publish(test, f->pipe[0], "a bc");
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, 7);
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(f->pipe[0], 0));
	zmq_fixture_publish(test, f->pipe[0], "d");
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_full(f->pipe[0], 0));
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_pause(f->pipe[0]));
	/* Each peer has its own. */
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(f->pipe[1], 0));
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a");
	KUNIT_EXPECT_FALSE(test, f->pipe[0]->rx_paused);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "bc d");
	pipe_check_idle(test);
}

/* What has arrived is taken even if its memory is refused, and nothing more. */
static void pipe_charge__refused(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 2);
	long *limit = zmq_af_proto.sysctl_mem;
	long saved[3] = { limit[0], limit[1], limit[2] };

	/* Only a page that all know of counts, one of a processor does not. */
	atomic_long_inc(zmq_af_proto.memory_allocated);
	memset(limit, 0, sizeof(saved));
	zmq_fixture_publish(test, f->pipe[0], "a b");
	memcpy(limit, saved, sizeof(saved));
	atomic_long_dec(zmq_af_proto.memory_allocated);
	KUNIT_EXPECT_TRUE(test, f->pipe[0]->rx_tight);
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, 6);
	KUNIT_EXPECT_EQ(test, f->zsk->sk.sk_forward_alloc, 0);
	KUNIT_EXPECT_TRUE(test, zmq_pipe_rx_pause(f->pipe[0]));
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(f->pipe[1], 0));
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a");
	KUNIT_EXPECT_TRUE(test, f->pipe[0]->rx_paused);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "b");
	KUNIT_EXPECT_FALSE(test, f->pipe[0]->rx_tight);
	KUNIT_EXPECT_FALSE(test, f->pipe[0]->rx_paused);
	pipe_check_idle(test);
}

/* The parser charges before it has a whole message, and takes that back. */
static void pipe_publish__settles_the_charge(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 1);
	struct zmq_pipe *pipe = f->pipe[0];
	struct zmq_segq q;

	zmq_segq_init(&q);
	zmq_fixture_frames(test, &q, "abc");
	spin_lock_bh(&f->zsk->rx_lock);
	zmq_pipe_charge(pipe, 100000);
	spin_unlock_bh(&f->zsk->rx_lock);
	KUNIT_EXPECT_EQ(test, pipe->rx_mem, 100000);
	zmq_pipe_publish(pipe, &q, 1, (s64)q.bytes - 100000);
	KUNIT_EXPECT_EQ(test, pipe->rx_mem, 5);
	KUNIT_EXPECT_LT(test, f->zsk->sk.sk_forward_alloc, PAGE_SIZE);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "abc");
	pipe_check_idle(test);
	zmq_segq_free(&q);
}

/* More than an int holds, in steps. */
static void pipe_charge__huge(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 1);
	struct sock *sk = &f->zsk->sk;
	const u64 huge = 5ULL << 30;

	spin_lock_bh(&f->zsk->rx_lock);
	zmq_pipe_charge(f->pipe[0], huge);
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, huge);
	KUNIT_EXPECT_GE(test, sk->sk_forward_alloc, 0);
	zmq_pipe_uncharge(f->pipe[0], huge - 1);
	zmq_pipe_uncharge(f->pipe[0], 1);
	spin_unlock_bh(&f->zsk->rx_lock);
	pipe_check_idle(test);
}

/* Its last message takes a pipe along whose peer is gone. */
static void pipe_detach__rest_is_received(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 2);
	struct zmq_pipe *pipe = f->pipe[0];

	zmq_fixture_publish(test, pipe, "a1 a2+a3");
	zmq_fixture_publish(test, f->pipe[1], "b");
	KUNIT_EXPECT_EQ(test, refcount_read(&pipe->refs), 2);
	zmq_fixture_detach(f, pipe);
	KUNIT_EXPECT_EQ(test, f->zsk->npipes, 1);
	KUNIT_EXPECT_TRUE(test, pipe->dead);
	KUNIT_EXPECT_EQ(test, refcount_read(&pipe->refs), 2);
	zmq_fixture_publish(test, pipe, "late");
	KUNIT_EXPECT_EQ(test, pipe->rx_mem, 3 * 4);
	KUNIT_EXPECT_FALSE(test, zmq_pipe_rx_full(pipe, 10000));
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 3), "a1 b a2+");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "a3");
	KUNIT_EXPECT_EQ(test, refcount_read(&pipe->refs), 1);
	pipe_check_idle(test);
	/* Without a message it goes at once. */
	zmq_fixture_detach(f, f->pipe[1]);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->pipe[1]->refs), 1);
}

static void recv_purge__at_close(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 3);
	int flags = MSG_PEEK;
	char buf[8];

	zmq_fixture_publish(test, f->pipe[0], "a1+a2 b");
	zmq_fixture_publish(test, f->pipe[1], "c");
	zmq_fixture_publish(test, f->pipe[2], "d");
	zmq_fixture_detach(f, f->pipe[2]);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "a1+");
	KUNIT_EXPECT_EQ(test, zmq_fixture_recv_part(f, buf, 8, &flags), 2);
	zmq_fixture_release(f);
	pipe_check_idle(test);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->pipe[0]->refs), 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->pipe[2]->refs), 1);
	/* What comes now is thrown away. */
	zmq_fixture_publish(test, f->pipe[1], "e");
	pipe_check_idle(test);
}

/* A peer that is sent away takes along what nobody has begun to read. */
static void recv_purge_pipe__spares_a_begun_message(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 2);

	zmq_fixture_publish(test, f->pipe[0], "a1+a2 b");
	zmq_fixture_publish(test, f->pipe[1], "c d");
	KUNIT_EXPECT_EQ(test, zmq_recv_next_len(f->zsk), 2);
	zmq_recv_purge_pipe(f->zsk, f->pipe[0]);
	KUNIT_EXPECT_EQ(test, f->pipe[0]->rx_mem, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->pipe[0]->refs), 2);
	KUNIT_EXPECT_EQ(test, zmq_recv_next_len(f->zsk), 1);
	zmq_fixture_publish(test, f->pipe[0], "e1+e2 f");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 2), "c e1+");
	zmq_recv_purge_pipe(f->zsk, f->pipe[0]);
	zmq_recv_purge_pipe(f->zsk, f->pipe[1]);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 1), "e2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(f, 100), "f");
	pipe_check_idle(test);
}

static void pipe_push__copies_if_kept(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PUSH);
	struct zmq_segq msg;
	int i;

	zmq_segq_init(&msg);
	zmq_fixture_frames(test, &msg, "a+b");
	for (i = 0; i < 3; i++) {
		zmq_fixture_pipe(test, 1, 0);
		lock_sock(&f->zsk->sk);
		KUNIT_EXPECT_EQ(test, zmq_pipe_push(f->pipe[i], &msg, i < 2),
				0);
		release_sock(&f->zsk->sk);
		KUNIT_EXPECT_EQ(test, msg.bytes, i < 2 ? 6 : 0);
		KUNIT_EXPECT_TRUE(test, zmq_pipe_tx_full(f->pipe[i]));
	}
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_STREQ(test,
				   zmq_fixture_text(f, &f->pipe[i]->txq),
				   "a+b");
	zmq_segq_free(&msg);
}

static void pipe_attach__refused(struct kunit *test)
{
	struct zmq_fixture *f = zmq_fixture_open(test, ZMQ_AF_PAIR);
	struct zmq_pipe *pipe;

	zmq_fixture_pipe(test, 0, 0);
	pipe = zmq_pipe_alloc(f->zsk, &f->zsk->opt, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pipe);
	lock_sock(&f->zsk->sk);
	KUNIT_EXPECT_EQ(test, zmq_pipe_attach(pipe), -EBUSY);
	zmq_pipe_detach(f->pipe[0]);
	KUNIT_EXPECT_EQ(test, zmq_pipe_attach(pipe), 0);
	zmq_pipe_detach(pipe);
	f->zsk->shutdown = true;
	KUNIT_EXPECT_EQ(test, zmq_pipe_attach(pipe), -ESHUTDOWN);
	release_sock(&f->zsk->sk);
	KUNIT_EXPECT_EQ(test, refcount_read(&pipe->refs), 1);
	zmq_pipe_put(pipe);
}

static void pipe_set_id__replaces(struct kunit *test)
{
	struct zmq_fixture *f = pipe_open(test, 1);
	struct zmq_pipe *pipe = f->pipe[0];
	u8 id[ZMQ_ZMTP_ID_MAX];

	memset(id, 'i', sizeof(id));
	lock_sock(&f->zsk->sk);
	KUNIT_EXPECT_EQ(test, zmq_pipe_set_id(pipe, "ab", 2), 0);
	KUNIT_EXPECT_EQ(test, pipe->id_len, 2);
	KUNIT_EXPECT_EQ(test, memcmp(pipe->id, "ab", 2), 0);
	KUNIT_EXPECT_EQ(test, zmq_pipe_set_id(pipe, id, sizeof(id)), 0);
	release_sock(&f->zsk->sk);
	KUNIT_EXPECT_EQ(test, pipe->id_len, sizeof(id));
	KUNIT_EXPECT_EQ(test, memcmp(pipe->id, id, sizeof(id)), 0);
}

static struct kunit_case pipe_cases[] = {
	KUNIT_CASE(recv__fair_queue),
	KUNIT_CASE(recv__order_of_arrival),
	KUNIT_CASE(recv__parts_are_not_interleaved),
	KUNIT_CASE(recv__random_steps),
	KUNIT_CASE(recv__flags),
	KUNIT_CASE(recv_peek__keeps_the_order),
	KUNIT_CASE(recv__skb_by_reference),
	KUNIT_CASE(conflate__newest_is_received),
	KUNIT_CASE(conflate__message_being_read_stays),
	KUNIT_CASE(conflate__newest_is_sent),
	KUNIT_CASE_PARAM(pipe_rx_full__counts_what_is_coming,
			 pipe_mark_gen_params),
	KUNIT_CASE_PARAM(pipe_rx_pause__ends_at_the_low_mark,
			 pipe_mark_gen_params),
	KUNIT_CASE(pipe_set_hwm__resumes),
	KUNIT_CASE(pipe_rx_full__by_rcvbuf),
	KUNIT_CASE(pipe_charge__refused),
	KUNIT_CASE(pipe_publish__settles_the_charge),
	KUNIT_CASE(pipe_charge__huge),
	KUNIT_CASE(pipe_detach__rest_is_received),
	KUNIT_CASE(recv_purge__at_close),
	KUNIT_CASE(recv_purge_pipe__spares_a_begun_message),
	KUNIT_CASE(pipe_push__copies_if_kept),
	KUNIT_CASE(pipe_attach__refused),
	KUNIT_CASE(pipe_set_id__replaces),
	{}
};

static struct kunit_suite pipe_suite = {
	.name = "zmq_pipe",
	.suite_init = zmq_fixture_start,
	.suite_exit = zmq_fixture_stop,
	.exit = zmq_fixture_close,
	.test_cases = pipe_cases,
};

kunit_test_suite(pipe_suite);
