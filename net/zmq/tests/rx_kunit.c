// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of rx.c: a connection whose lower socket is a list of skbs.  What
 * comes out at the pipe is compared with the frames that went in.
 */
#include "../audit.h"
#include "fixture.h"
#include "../audit.h"
#include "../ep.h"
#include "../net.h"
#include "../rx.h"

#define RX_BYTES	(256 << 10)	/* of a stream at most */

/**
 * struct rx_ep - an endpoint that the test can be found by
 * @ep: the endpoint; first, as it is freed alone
 * @m: the test's
 */
struct rx_ep {
	struct zmq_ep	ep;
	struct rx_model	*m;
};

/**
 * struct rx_model - a connection, what comes in and what should come out
 * @f: the socket
 * @ep: the endpoint, one reference
 * @conn: the connection, one reference
 * @pipe: its pipe
 * @in: the lower socket: skbs not yet parsed
 * @in_off: bytes of the first one that were
 * @out: the lower socket: bytes sent
 * @out_len: how many
 * @wire: a stream to come in
 * @wire_len: bytes of it
 * @want: what should be in the pipe
 * @want_len: bytes of it
 * @msgs: messages in it
 * @got: for bytes read back
 * @msg_max: net.zmq.msg_max as it was
 * @parts_max: net.zmq.parts_max as it was
 * @seed: of the random numbers
 */
struct rx_model {
	struct zmq_fixture	*f;
	struct rx_ep		*ep;
	struct zmq_conn		*conn;
	struct zmq_pipe		*pipe;
	struct sk_buff_head	in;
	u32			in_off;
	u8			out[256];
	u32			out_len;
	u8			*wire;
	u32			wire_len;
	u8			*want;
	u32			want_len;
	u32			msgs;
	u8			*got;
	unsigned long		msg_max;
	unsigned int		parts_max;
	u32			seed;
};

static u32 rx_random(struct rx_model *m, u32 n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

static struct rx_model *rx_of(const struct zmq_conn *conn)
{
	return container_of(conn->ep, struct rx_ep, ep)->m;
}

static bool rx_transport_read(struct zmq_conn *conn)
{
	struct rx_model *m = rx_of(conn);
	struct sk_buff *skb;
	bool got = false;

	while ((skb = skb_peek(&m->in))) {
		m->in_off += zmq_rx_feed(conn, skb, m->in_off,
					 skb->len - m->in_off);
		if (m->in_off < skb->len)
			break;
		skb_unlink(skb, &m->in);
		consume_skb(skb);
		m->in_off = 0;
		got = true;
	}
	return got;
}

static int rx_transport_send(struct zmq_conn *conn, struct kvec *vec, int n,
			     size_t len, bool more)
{
	struct rx_model *m = rx_of(conn);
	int i;

	if (len > sizeof(m->out) - m->out_len)
		return -EPIPE;
	for (i = 0; i < n; i++) {
		memcpy(m->out + m->out_len, vec[i].iov_base, vec[i].iov_len);
		m->out_len += vec[i].iov_len;
	}
	return len;
}

static bool rx_transport_has_input(struct zmq_conn *conn)
{
	return !skb_queue_empty(&rx_of(conn)->in);
}

static const struct zmq_transport rx_transport = {
	.proto		= ZMQ_ENDPOINT_IPC,
	.read		= rx_transport_read,
	.send		= rx_transport_send,
	.has_input	= rx_transport_has_input,
};

static u8 *rx_buffer(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, RX_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void rx_make_ep(struct kunit *test, struct rx_model *m)
{
	struct zmq_ep *ep;

	m->ep = kzalloc(sizeof(*m->ep), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->ep);
	m->ep->m = m;
	ep = &m->ep->ep;
	zmq_af_get(m->f->zsk);
	ep->zsk = m->f->zsk;
	refcount_set(&ep->refs, 1);
	ep->bind = true;
	ep->tp = &rx_transport;
	ep->cred = get_current_cred();
	spin_lock_init(&ep->lock);
	INIT_LIST_HEAD(&ep->conns);
	ep->opt = m->f->zsk->opt;
	zmq_audit_made(ZMQ_AUDIT_EP, ep);
}

/* As when the handshake is over. */
static void rx_make_conn(struct kunit *test, struct rx_model *m,
			 enum zmq_zmtp_version version)
{
	struct zmq_conn *conn = zmq_conn_alloc(&m->ep->ep, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(conn));
	m->conn = conn;
	conn->version = version;
	lock_sock(&m->f->zsk->sk);
	zmq_pipe_get(m->pipe);
	conn->pipe = m->pipe;
	WRITE_ONCE(m->pipe->conn, conn);
	m->pipe->ready = true;
	release_sock(&m->f->zsk->sk);
	/* Pairs with the acquire in zmq_tx_run(): @version, @pipe are set. */
	smp_store_release(&conn->state, ZMQ_CONN_READY);
}

static struct rx_model *rx_open(struct kunit *test, int type,
				enum zmq_zmtp_version version, u32 rcvhwm)
{
	struct zmq_fixture *f = zmq_fixture_open(test, type);
	struct rx_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct zmq_net *znet = zmq_net(&init_net);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->f = f;
	m->seed = 1 + version;
	m->msg_max = znet->msg_max;
	m->parts_max = znet->parts_max;
	skb_queue_head_init(&m->in);
	f->priv = m;
	m->wire = rx_buffer(test);
	m->want = rx_buffer(test);
	m->got = rx_buffer(test);
	m->pipe = zmq_fixture_pipe(test, 0, rcvhwm);
	rx_make_ep(test, m);
	rx_make_conn(test, m, version);
	return m;
}

static void rx_exit(struct kunit *test)
{
	struct zmq_fixture *f = test->priv;
	struct rx_model *m = f ? f->priv : NULL;
	struct zmq_net *znet = zmq_net(&init_net);

	if (m && m->conn) {
		zmq_conn_close(m->conn, 0);
		zmq_conn_put(m->conn);
	}
	if (m && m->ep)
		zmq_ep_put(&m->ep->ep);
	zmq_fixture_close(test);
	if (!m)
		return;
	KUNIT_EXPECT_EQ(test, atomic_read(&znet->conns), 0);
	znet->msg_max = m->msg_max;
	znet->parts_max = m->parts_max;
	skb_queue_purge(&m->in);
}

/* One pass of the parser; ctl work does not come between. */
static void rx_run(struct rx_model *m)
{
	mutex_lock(&m->conn->mutex);
	zmq_stream_read(m->conn);
	mutex_unlock(&m->conn->mutex);
}

/* Have bytes arrive, some of them not in the skb's linear part. */
static void rx_arrive(struct kunit *test, struct rx_model *m, const void *data,
		      u32 len)
{
	u32 linear = rx_random(m, len + 1);
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(linear, len - linear, 0, &err, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put(skb, linear);
	skb->data_len = len - linear;
	skb->len += skb->data_len;
	skb_store_bits(skb, 0, data, len);
	skb_queue_tail(&m->in, skb);
}

/* The same, and be parsed. */
static void rx_feed(struct kunit *test, struct rx_model *m, const void *data,
		    u32 len)
{
	rx_arrive(test, m, data, len);
	rx_run(m);
}

static void rx_feed_text(struct kunit *test, struct rx_model *m,
			 const char *text)
{
	struct zmq_segq q;
	u32 len;

	zmq_segq_init(&q);
	zmq_fixture_frames(test, &q, text);
	len = q.bytes;
	zmq_segq_peek(&q, 0, len, m->got);
	zmq_segq_free(&q);
	rx_feed(test, m, m->got, len);
}

/* One more frame in the stream, and in the pipe unless it is a command. */
static void rx_add(struct rx_model *m, u8 flags, u32 len)
{
	u8 *p = m->wire + m->wire_len, *want = m->want + m->want_len;
	u32 i;

	if (m->conn->version == ZMQ_ZMTP_1_0)
		p += zmq_zmtp_hdr_encode_v1(p, flags, len);
	else
		p += zmq_zmtp_hdr_encode(p, flags, len);
	for (i = 0; i < len; i++)
		p[i] = rx_random(m, 256);
	m->wire_len = p + len - m->wire;
	if (flags & ZMQ_ZMTP_COMMAND) {
		memcpy(p, "\3FOO", 4);
		return;
	}
	want += zmq_zmtp_hdr_encode(want, flags, len);
	memcpy(want, p, len);
	m->want_len = want + len - m->want;
	m->msgs += !(flags & ZMQ_ZMTP_MORE);
}

static void rx_forget(struct rx_model *m)
{
	m->wire_len = 0;
	m->want_len = 0;
	m->msgs = 0;
}

/* What is charged is what is there. */
static void rx_check_charge(struct kunit *test, struct rx_model *m)
{
	const struct zmq_segq *q = &m->pipe->rxq;
	const struct zmq_rx *rx = &m->conn->rx;

	KUNIT_ASSERT_EQ(test, rx->mem, rx->charged);
	KUNIT_ASSERT_EQ(test, m->pipe->rx_mem,
			q->bytes + zmq_segq_overhead(q) + rx->charged);
}

/* The pipe has the whole stream's messages, and nothing else is left. */
static void rx_check(struct kunit *test, struct rx_model *m)
{
	const struct zmq_segq *q = &m->pipe->rxq;

	KUNIT_ASSERT_TRUE(test, skb_queue_empty(&m->in));
	KUNIT_ASSERT_EQ(test, q->bytes, m->want_len);
	zmq_segq_peek(q, 0, m->want_len, m->got);
	KUNIT_ASSERT_EQ(test, memcmp(m->got, m->want, m->want_len), 0);
	KUNIT_ASSERT_EQ(test, zmq_hwm_queued(&m->pipe->rx), m->msgs);
	KUNIT_ASSERT_EQ(test, m->conn->rx.charged, 0);
	KUNIT_ASSERT_NULL(test, m->conn->rx.pool);
	rx_check_charge(test, m);
}

static void rx_drop(struct kunit *test, struct rx_model *m)
{
	spin_lock_bh(&m->f->zsk->rx_lock);
	zmq_pipe_purge_rx(m->pipe);
	spin_unlock_bh(&m->f->zsk->rx_lock);
	KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
	KUNIT_EXPECT_EQ(test, m->f->zsk->sk.sk_forward_alloc, 0);
}

/* The connection came to its end, and nothing is read any more. */
static void rx_check_failed(struct kunit *test, struct rx_model *m)
{
	KUNIT_EXPECT_TRUE(test, test_bit(ZMQ_CONN_FAILED, &m->conn->flags));
	flush_workqueue(zmq_main_wq);
	KUNIT_EXPECT_EQ(test, m->conn->state, ZMQ_CONN_DEAD);
	KUNIT_EXPECT_EQ(test, m->conn->rx.charged, 0);
	KUNIT_EXPECT_TRUE(test, m->pipe->dead);
	KUNIT_EXPECT_EQ(test,
			atomic64_read(&m->f->zsk->stats.protocol_errors), 1);
	rx_feed_text(test, m, "late");
	KUNIT_EXPECT_FALSE(test, skb_queue_empty(&m->in));
}

static const enum zmq_zmtp_version rx_versions[] = {
	ZMQ_ZMTP_1_0, ZMQ_ZMTP_2_0, ZMQ_ZMTP_3_0, ZMQ_ZMTP_3_1,
};

static void rx_version_desc(const enum zmq_zmtp_version *version, char *desc)
{
	static const char *const names[] = {
		[ZMQ_ZMTP_1_0]	= "1.0",
		[ZMQ_ZMTP_2_0]	= "2.0",
		[ZMQ_ZMTP_3_0]	= "3.0",
		[ZMQ_ZMTP_3_1]	= "3.1",
	};

	strscpy(desc, names[*version], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rx_version, rx_versions, rx_version_desc);

/* Frames of all kinds and of the lengths between which something changes. */
static void rx_add_all_kinds(struct rx_model *m)
{
	bool v1 = m->conn->version == ZMQ_ZMTP_1_0;

	rx_add(m, 0, 0);
	rx_add(m, ZMQ_ZMTP_MORE, 1);
	rx_add(m, 0, 255);
	rx_add(m, ZMQ_ZMTP_MORE, 0);
	rx_add(m, ZMQ_ZMTP_MORE, 253);
	rx_add(m, 0, 256);
	if (!v1)
		rx_add(m, ZMQ_ZMTP_COMMAND, 20);
	rx_add(m, 0, ZMQ_RX_COPY_MAX);
	rx_add(m, ZMQ_ZMTP_MORE, ZMQ_RX_COPY_MAX + 1);
	if (!v1)
		rx_add(m, ZMQ_ZMTP_COMMAND, ZMQ_RX_COPY_MAX + 1);
	rx_add(m, 0, 5);
	rx_add(m, ZMQ_ZMTP_MORE, 254);
	rx_add(m, 0, 3000);
}

static void rx_feed__every_cut(struct kunit *test)
{
	const enum zmq_zmtp_version *version = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, *version, 0);
	u32 cut;

	rx_add_all_kinds(m);
	for (cut = 1; cut < m->wire_len; cut++) {
		rx_feed(test, m, m->wire, cut);
		rx_check_charge(test, m);
		rx_feed(test, m, m->wire + cut, m->wire_len - cut);
		rx_check(test, m);
		rx_drop(test, m);
	}
}

/* Each byte in an skb of its own; each in a pass of its own or not. */
static void rx_feed__single_bytes(struct kunit *test)
{
	const enum zmq_zmtp_version *version = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, *version, 0);
	u32 i;

	rx_add_all_kinds(m);
	for (i = 0; i < m->wire_len; i++) {
		rx_feed(test, m, m->wire + i, 1);
		rx_check_charge(test, m);
	}
	rx_check(test, m);
	rx_drop(test, m);
	for (i = 0; i < m->wire_len; i++)
		rx_arrive(test, m, m->wire + i, 1);
	rx_run(m);
	rx_check(test, m);
	rx_drop(test, m);
}

static void rx_add_random(struct rx_model *m)
{
	static const u32 lens[] = { 2, 20, 300, 2100, 6000, 40000 };
	u32 len = rx_random(m, lens[rx_random(m, ARRAY_SIZE(lens))]);

	if (m->conn->version > ZMQ_ZMTP_1_0 && !rx_random(m, 8))
		rx_add(m, ZMQ_ZMTP_COMMAND, 4 + min(len, 3000U));
	else
		rx_add(m, rx_random(m, 3) ? 0 : ZMQ_ZMTP_MORE, len);
}

static void rx_feed_random_pieces(struct kunit *test, struct rx_model *m)
{
	static const u32 lens[] = { 3, 30, 1500, 9000, 65536 };
	u32 max = lens[rx_random(m, ARRAY_SIZE(lens))];
	u32 off, len;

	if (max < m->wire_len / 1000)
		max = 1500;
	for (off = 0; off < m->wire_len; off += len) {
		len = min(1 + rx_random(m, max), m->wire_len - off);
		rx_arrive(test, m, m->wire + off, len);
		if (!rx_random(m, 3)) {
			rx_run(m);
			rx_check_charge(test, m);
		}
	}
	rx_run(m);
}

static void rx_feed__random_streams(struct kunit *test)
{
	const enum zmq_zmtp_version *version = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, *version, 0);
	int i;

	for (i = 0; i < 100; i++) {
		rx_forget(m);
		while (rx_random(m, 30) && m->wire_len < RX_BYTES / 2)
			rx_add_random(m);
		rx_add(m, 0, rx_random(m, 10));
		rx_feed_random_pieces(test, m);
		rx_check(test, m);
		rx_drop(test, m);
	}
}

/* Is a part of the pipe's messages still in an skb? */
static bool rx_has_skb(const struct rx_model *m)
{
	const struct zmq_segblk *blk;
	int i;

	for (blk = m->pipe->rxq.head; blk; blk = blk->next)
		for (i = blk->first; i < blk->end; i++)
			if (zmq_seg_is_skb(&blk->seg[i]))
				return true;
	return false;
}

static void rx_feed__long_bodies_by_reference(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);
	int i;

	for (i = 0; i < 30; i++)
		rx_add(m, 0, ZMQ_RX_COPY_MAX);
	rx_feed(test, m, m->wire, m->wire_len);
	rx_check(test, m);
	KUNIT_EXPECT_FALSE(test, rx_has_skb(m));
	rx_drop(test, m);
	rx_forget(m);
	rx_add(m, 0, 60000);
	rx_feed(test, m, m->wire, m->wire_len);
	rx_check(test, m);
	KUNIT_EXPECT_TRUE(test, rx_has_skb(m));
	rx_drop(test, m);
	/* A small piece of one would keep too much. */
	rx_feed(test, m, m->wire, 1000);
	rx_feed(test, m, m->wire + 1000, m->wire_len - 2000);
	rx_feed(test, m, m->wire + m->wire_len - 1000, 1000);
	rx_check(test, m);
	KUNIT_EXPECT_EQ(test, m->pipe->rxq.nsegs, 3);
}

/* Flags that have no meaning do not reach the reader of the queue. */
static void rx_feed__reserved_flags(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);
	static const u8 wire[] = "\371\1a\370\1b\372\0\0\0\0\0\0\0\1c";
	static const u8 want[] = "\1\1a\0\1b\2\0\0\0\0\0\0\0\1c";
	u32 len = sizeof(want) - 1;

	rx_feed(test, m, wire, sizeof(wire) - 1);
	KUNIT_ASSERT_EQ(test, m->pipe->rxq.bytes, len);
	zmq_segq_peek(&m->pipe->rxq, 0, len, m->got);
	KUNIT_EXPECT_EQ(test, memcmp(m->got, want, len), 0);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "a+b c");
}

/* The rest of an skb waits until enough was received. */
static void rx_feed__stops_at_the_mark(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 4);

	rx_feed_text(test, m, "a b1+b2 c d e f g h i");
	KUNIT_EXPECT_TRUE(test, m->pipe->rx_paused);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(m->f, &m->pipe->rxq),
			   "a b1+b2 c d");
	rx_run(m);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 2), "a b1+");
	rx_run(m);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(m->f, &m->pipe->rxq),
			   "b2 c d");
	/* The receiver runs the parser. */
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 1), "b2");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_text(m->f, &m->pipe->rxq),
			   "c d e f");
	KUNIT_EXPECT_TRUE(test, m->pipe->rx_paused);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "c d e f g h i");
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&m->in));
	KUNIT_EXPECT_FALSE(test, m->pipe->rx_paused);
	rx_feed_text(test, m, "j");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "j");
	rx_check_charge(test, m);
}

/* At the mark wherever the skbs are cut, a long message being the last. */
static void rx_feed__mark_at_every_cut(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 2);
	u32 cut, first;

	rx_add(m, 0, 3);
	rx_add(m, ZMQ_ZMTP_MORE, 2);
	rx_add(m, 0, 2100);
	first = m->want_len;
	rx_add(m, 0, 4);
	for (cut = 1; cut < m->wire_len; cut++) {
		rx_arrive(test, m, m->wire, cut);
		rx_feed(test, m, m->wire + cut, m->wire_len - cut);
		KUNIT_ASSERT_EQ(test, m->pipe->rxq.bytes, first);
		KUNIT_ASSERT_TRUE(test, m->pipe->rx_paused);
		rx_check_charge(test, m);
		spin_lock_bh(&m->f->zsk->rx_lock);
		zmq_recv_skip(m->f->zsk, m->pipe);
		spin_unlock_bh(&m->f->zsk->rx_lock);
		rx_run(m);
		KUNIT_ASSERT_EQ(test, m->pipe->rxq.bytes, m->want_len - 5);
		rx_drop(test, m);
	}
}

/**
 * struct rx_limit - a limit, and messages of which the second is beyond it
 * @desc: which one
 * @maxmsgsize: ZMQ_MAXMSGSIZE
 * @msg_max: net.zmq.msg_max
 * @parts_max: net.zmq.parts_max
 * @text: messages
 */
struct rx_limit {
	const char	*desc;
	s64		maxmsgsize;
	unsigned long	msg_max;
	unsigned int	parts_max;
	const char	*text;
};

static const struct rx_limit rx_limits[] = {
	{ "maxmsgsize", 5, 100, 100, "abcde+abcde abcdef" },
	{ "maxmsgsize 1", 1, 100, 100, "a+b ab" },
	{ "msg_max", -1, 7, 100, "abc+defg abc+defgh" },
	{ "msg_max in one", -1, 7, 100, "abcdefg abcdefgh" },
	{ "parts_max", -1, 100, 3, "a+b+c a+b+c+d" },
};

static void rx_limit_desc(const struct rx_limit *limit, char *desc)
{
	strscpy(desc, limit->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rx_limit, rx_limits, rx_limit_desc);

static void rx_feed__limits(struct kunit *test)
{
	const struct rx_limit *limit = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);
	struct zmq_net *znet = zmq_net(&init_net);
	char first[32], both[64];

	m->ep->ep.opt.maxmsgsize = limit->maxmsgsize;
	znet->msg_max = limit->msg_max;
	znet->parts_max = limit->parts_max;
	strscpy(first, limit->text, strchr(limit->text, ' ') - limit->text + 1);
	rx_feed_text(test, m, first);
	KUNIT_EXPECT_FALSE(test, test_bit(ZMQ_CONN_FAILED, &m->conn->flags));
	rx_feed_text(test, m, limit->text);
	rx_check_failed(test, m);
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&m->pipe->rx), 2);
	scnprintf(both, sizeof(both), "%s %s", first, first);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100),
			   (const char *)both);
}

/* Bytes that no peer may send. */
static const struct rx_bad {
	const char	*desc;
	const char	*bytes;
	u32		len;
} rx_bads[] = {
	{ "command with more", "\5\0", 2 },
	{ "length 2^63", "\2\200\0\0\0\0\0\0\0", 9 },
	{ "READY", "\4\6\5READY", 8 },
	{ "ERROR", "\4\7\5ERROR\0", 9 },
	{ "PING without ttl", "\4\5\4PING", 7 },
	{ "no command name", "\4\0", 2 },
	{ "long command", "\6\0\0\0\0\0\1\0\0", 9 },
};

static void rx_bad_desc(const struct rx_bad *bad, char *desc)
{
	strscpy(desc, bad->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rx_bad, rx_bads, rx_bad_desc);

/* Whole messages before them are delivered, a half one is not. */
static void rx_feed__refused(struct kunit *test)
{
	const struct rx_bad *bad = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);

	rx_feed_text(test, m, "a b+c d+");
	rx_feed(test, m, bad->bytes, bad->len);
	KUNIT_EXPECT_EQ(test, m->conn->error, ZMQ_HANDSHAKE_ERR_UNSPECIFIED);
	rx_check_failed(test, m);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "a b+c");
	KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
}

/* In the same bytes as well. */
static void rx_feed__refused_in_one_pass(struct kunit *test)
{
	const struct rx_bad *bad = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);

	memcpy(m->wire, "\0\1a\1\1b", 6);
	memcpy(m->wire + 6, bad->bytes, bad->len);
	rx_feed(test, m, m->wire, 6 + bad->len);
	rx_check_failed(test, m);
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "a");
	KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
}

/* A type that does not receive. */
static void rx_feed__dropped_by_push(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PUSH, ZMQ_ZMTP_3_1, 1);

	rx_feed_text(test, m, "a b+c d+");
	rx_add(m, 0, 5000);
	rx_add(m, ZMQ_ZMTP_MORE, 5000);
	rx_add(m, 0, 5000);
	rx_feed(test, m, m->wire, m->wire_len);
	KUNIT_EXPECT_EQ(test, atomic64_read(&m->f->zsk->stats.rx_drops), 4);
	KUNIT_EXPECT_EQ(test, m->pipe->rxq.bytes, 0);
	KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
	KUNIT_EXPECT_FALSE(test, test_bit(ZMQ_CONN_FAILED, &m->conn->flags));
}

/* Between the parts of a message, too. */
static void rx_feed__ping_is_answered(struct kunit *test)
{
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, ZMQ_ZMTP_3_1, 0);
	u32 i;

	rx_feed_text(test, m, "a+");
	for (i = 0; i < 12; i++)
		rx_feed(test, m, "\4\12\4PING\0\0xyz" + i, 1);
	flush_workqueue(zmq_main_wq);
	KUNIT_ASSERT_EQ(test, m->out_len, 10);
	KUNIT_EXPECT_EQ(test, memcmp(m->out, "\4\10\4PONGxyz", 10), 0);
	KUNIT_EXPECT_EQ(test, m->conn->peer_ttl, 0);
	rx_feed(test, m, "\4\7\4PING\0\12", 9);
	flush_workqueue(zmq_main_wq);
	KUNIT_EXPECT_EQ(test, m->out_len, 17);
	KUNIT_EXPECT_EQ(test, m->conn->peer_ttl, HZ);
	rx_feed_text(test, m, "b");
	KUNIT_EXPECT_STREQ(test, zmq_fixture_recv(m->f, 100), "a+b");
}

/* A topic of @len bytes in a frame that is a command or not. */
static void rx_feed_subscription(struct kunit *test, struct rx_model *m,
				 u32 len, bool on)
{
	memset(m->got, 't', len);
	m->wire_len = zmq_zmtp_subscribe_encode(m->wire, m->got, len, on,
						m->conn->version);
	rx_feed(test, m, m->wire, m->wire_len / 2);
	rx_feed(test, m, m->wire + m->wire_len / 2,
		m->wire_len - m->wire_len / 2);
}

/* Long ones are collected elsewhere; what else comes is ignored. */
static void rx_feed__subscriptions(struct kunit *test)
{
	const enum zmq_zmtp_version *version = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PUB, *version, 0);
	static const u32 lens[] = { 0, 3, 300, 5000 };
	int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		rx_feed_subscription(test, m, lens[i], true);
	m->wire_len = 0;
	rx_add(m, ZMQ_ZMTP_MORE, 0);
	rx_add(m, 0, 70000);
	rx_feed(test, m, m->wire, m->wire_len);
	flush_workqueue(zmq_main_wq);
	KUNIT_EXPECT_EQ(test, m->pipe->subs.n, 4);
	memset(m->got, 't', 5000);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&m->f->zsk->pub.trie, m->got,
						 5000));
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		rx_feed_subscription(test, m, lens[i], false);
	flush_workqueue(zmq_main_wq);
	KUNIT_EXPECT_EQ(test, m->pipe->subs.n, 0);
	KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
	KUNIT_EXPECT_EQ(test, m->conn->state, ZMQ_CONN_READY);
}

static void rx_reset__half_a_message(struct kunit *test)
{
	const enum zmq_zmtp_version *version = test->param_value;
	struct rx_model *m = rx_open(test, ZMQ_AF_PULL, *version, 0);
	u32 len;

	rx_add(m, ZMQ_ZMTP_MORE, 10);
	rx_add(m, 0, 5000);
	for (len = 1; len < m->wire_len; len += 7) {
		rx_feed(test, m, m->wire, len);
		KUNIT_ASSERT_EQ(test, m->pipe->rxq.bytes, 0);
		rx_check_charge(test, m);
		mutex_lock(&m->conn->mutex);
		zmq_rx_reset(m->conn);
		mutex_unlock(&m->conn->mutex);
		KUNIT_EXPECT_EQ(test, m->pipe->rx_mem, 0);
		KUNIT_EXPECT_EQ(test, m->f->zsk->sk.sk_forward_alloc, 0);
	}
	rx_feed(test, m, m->wire, m->wire_len);
	rx_check(test, m);
}

static struct kunit_case rx_cases[] = {
	KUNIT_CASE_PARAM(rx_feed__every_cut, rx_version_gen_params),
	KUNIT_CASE_PARAM(rx_feed__single_bytes, rx_version_gen_params),
	KUNIT_CASE_PARAM(rx_feed__random_streams, rx_version_gen_params),
	KUNIT_CASE(rx_feed__long_bodies_by_reference),
	KUNIT_CASE(rx_feed__reserved_flags),
	KUNIT_CASE(rx_feed__stops_at_the_mark),
	KUNIT_CASE(rx_feed__mark_at_every_cut),
	KUNIT_CASE_PARAM(rx_feed__limits, rx_limit_gen_params),
	KUNIT_CASE_PARAM(rx_feed__refused, rx_bad_gen_params),
	KUNIT_CASE_PARAM(rx_feed__refused_in_one_pass, rx_bad_gen_params),
	KUNIT_CASE(rx_feed__dropped_by_push),
	KUNIT_CASE(rx_feed__ping_is_answered),
	KUNIT_CASE_PARAM(rx_feed__subscriptions, rx_version_gen_params),
	KUNIT_CASE_PARAM(rx_reset__half_a_message, rx_version_gen_params),
	{}
};

static struct kunit_suite rx_suite = {
	.name = "zmq_rx",
	.suite_init = zmq_fixture_start,
	.suite_exit = zmq_fixture_stop,
	.exit = rx_exit,
	.test_cases = rx_cases,
};

kunit_test_suite(rx_suite);
