// SPDX-License-Identifier: GPL-2.0
/* A socket for the unit tests whose peers are not there. */
#include <linux/module.h>
#include "fixture.h"

/**
 * struct fixture_part - a part of a message written as text
 * @p: its first byte
 * @len: bytes
 * @more: another one follows
 */
struct fixture_part {
	const char	*p;
	size_t		len;
	bool		more;
};

/* Take the next part off the front of a text. */
static bool fixture_next(const char **text, struct fixture_part *part)
{
	if (!**text)
		return false;
	part->p = *text;
	part->len = strcspn(*text, "+ ");
	*text += part->len;
	part->more = **text == '+';
	if (**text)
		(*text)++;
	return true;
}

/* Append a part to f->text. */
static void fixture_print(struct zmq_fixture *f, const void *p, size_t len,
			  bool more)
{
	size_t at = strlen(f->text);

	scnprintf(f->text + at, sizeof(f->text) - at, "%.*s%s", (int)len,
		  (const char *)p, more ? "+" : " ");
}

/* Messages are separated, not ended. */
static const char *fixture_printed(struct zmq_fixture *f)
{
	return strim(f->text);
}

static bool fixture_too_early(void)
{
	return THIS_MODULE->state == MODULE_STATE_COMING;
}

/* The module's init is there until it is LIVE, and not called after. */
int __ref zmq_fixture_start(struct kunit_suite *suite)
{
	return fixture_too_early() ? init_module() : 0;
}

void __ref zmq_fixture_stop(struct kunit_suite *suite)
{
	if (fixture_too_early())
		cleanup_module();
}

struct zmq_fixture *zmq_fixture_open(struct kunit *test, int protocol)
{
	struct zmq_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, zmq_main_family(),
					       SOCK_SEQPACKET, protocol,
					       &f->sock), 0);
	f->zsk = zmq_sk(f->sock->sk);
	test->priv = f;
	return f;
}

void zmq_fixture_release(struct zmq_fixture *f)
{
	if (!f->sock)
		return;
	f->tx_page = f->zsk->tx_pool.page;
	if (f->tx_page)
		get_page(f->tx_page);
	/* Who closes it for good can see what it left behind. */
	sock_hold(&f->zsk->sk);
	sock_release(f->sock);
	f->sock = NULL;
}

/* Wait for the works that hold the socket, and those that they queue. */
static void fixture_wait(struct sock *sk)
{
	int i;

	for (i = 0; i < 10 && refcount_read(&sk->sk_refcnt) > 1; i++)
		flush_workqueue(zmq_main_wq);
}

/* Nobody reads what was written there any more. */
static void fixture_check_page(struct kunit *test, struct page *page)
{
	if (page)
		KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
}

void zmq_fixture_close(struct kunit *test)
{
	struct zmq_fixture *f = test->priv;
	struct sock *sk;
	int i;

	if (!f)
		return;
	sk = &f->zsk->sk;
	zmq_fixture_release(f);
	for (i = 0; i < f->npipes; i++) {
		zmq_fixture_detach(f, f->pipe[i]);
		zmq_pipe_put(f->pipe[i]);
	}
	fixture_wait(sk);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->zsk->users), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&sk->sk_refcnt), 1);
	KUNIT_EXPECT_EQ(test, sk->sk_forward_alloc, 0);
	fixture_check_page(test, f->tx_page);
	if (f->tx_page)
		put_page(f->tx_page);
	fixture_check_page(test, f->pool.page);
	zmq_chunk_free(&f->pool);
	sock_put(sk);
}

struct zmq_pipe *zmq_fixture_pipe(struct kunit *test, u32 snd, u32 rcv)
{
	struct zmq_fixture *f = test->priv;
	struct zmq_options *opt = &f->zsk->opt;
	struct zmq_pipe *pipe;
	int err;

	KUNIT_ASSERT_LT(test, f->npipes, ZMQ_FIXTURE_PIPES);
	opt->sndhwm = snd;
	opt->rcvhwm = rcv;
	pipe = zmq_pipe_alloc(f->zsk, opt, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pipe);
	f->pipe[f->npipes++] = pipe;
	lock_sock(&f->zsk->sk);
	err = zmq_pipe_attach(pipe);
	release_sock(&f->zsk->sk);
	KUNIT_ASSERT_EQ(test, err, 0);
	return pipe;
}

void zmq_fixture_detach(struct zmq_fixture *f, struct zmq_pipe *pipe)
{
	lock_sock(&f->zsk->sk);
	zmq_pipe_detach(pipe);
	release_sock(&f->zsk->sk);
}

int zmq_fixture_send(struct zmq_fixture *f, const char *text)
{
	struct fixture_part part;
	int err;

	while (fixture_next(&text, &part)) {
		struct msghdr msg = {
			.msg_flags = MSG_DONTWAIT |
				     (part.more ? MSG_MORE : 0),
		};
		struct kvec vec = {
			.iov_base = (void *)part.p,
			.iov_len = part.len,
		};

		err = kernel_sendmsg(f->sock, &msg, &vec, 1, part.len);
		if (err != part.len)
			return err < 0 ? err : -EIO;
	}
	return 0;
}

int zmq_fixture_fill(struct zmq_fixture *f, int max)
{
	int n = 0;

	while (n < max && !zmq_fixture_send(f, "m"))
		n++;
	return n;
}

const char *zmq_fixture_text(struct zmq_fixture *f, const struct zmq_segq *q)
{
	u8 raw[ZMQ_ZMTP_HDR_LONG], body[32];
	struct zmq_zmtp_hdr hdr;
	u64 off = 0;
	u32 n;

	f->text[0] = '\0';
	while (off < q->bytes) {
		n = min_t(u64, sizeof(raw), q->bytes - off);
		zmq_segq_peek(q, off, n, raw);
		if (zmq_zmtp_hdr_decode(&hdr, raw, n, ZMQ_ZMTP_3_1) <= 0 ||
		    hdr.size + hdr.len > q->bytes - off)
			return "not frames";
		n = min_t(u64, sizeof(body), hdr.len);
		zmq_segq_peek(q, off + hdr.size, n, body);
		fixture_print(f, body, n, hdr.flags & ZMQ_ZMTP_MORE);
		off += hdr.size + hdr.len;
	}
	return fixture_printed(f);
}

const char *zmq_fixture_flush(struct kunit *test, struct zmq_pipe *pipe,
			      u32 msgs)
{
	struct zmq_fixture *f = test->priv;
	struct zmq_segq q, sent;
	u32 i;

	zmq_segq_init(&q);
	zmq_segq_init(&sent);
	KUNIT_EXPECT_TRUE(test, zmq_pipe_take(pipe, &q));
	KUNIT_EXPECT_FALSE(test, zmq_pipe_take(pipe, &q));
	for (i = 0; i < msgs; i++)
		zmq_segq_take(&sent, &q, zmq_segq_msg_bytes(&q), GFP_KERNEL);
	zmq_fixture_text(f, &sent);
	zmq_pipe_sent(pipe, sent.bytes, msgs);
	/* What is left goes back, as if it had not been taken. */
	spin_lock_bh(&pipe->tx_lock);
	zmq_segq_move(&q, &pipe->txq);
	zmq_segq_move(&pipe->txq, &q);
	spin_unlock_bh(&pipe->tx_lock);
	zmq_segq_free(&q);
	zmq_segq_free(&sent);
	return f->text;
}

u32 zmq_fixture_frames(struct kunit *test, struct zmq_segq *q,
		       const char *text)
{
	struct zmq_fixture *f = test->priv;
	struct fixture_part part;
	u32 msgs = 0, n;
	u8 *p;

	while (fixture_next(&text, &part)) {
		n = zmq_zmtp_hdr_size(part.len) + part.len;
		KUNIT_ASSERT_NE(test, zmq_chunk_reserve(&f->pool, n, false,
							GFP_KERNEL), 0);
		p = zmq_chunk_ptr(&f->pool);
		p += zmq_zmtp_hdr_encode(p, part.more ? ZMQ_ZMTP_MORE : 0,
					 part.len);
		memcpy(p, part.p, part.len);
		KUNIT_ASSERT_EQ(test, zmq_chunk_commit(&f->pool, n, q,
						       GFP_KERNEL), 0);
		msgs += !part.more;
	}
	return msgs;
}

void zmq_fixture_publish(struct kunit *test, struct zmq_pipe *pipe,
			 const char *text)
{
	struct zmq_segq q;
	u32 msgs;

	zmq_segq_init(&q);
	msgs = zmq_fixture_frames(test, &q, text);
	zmq_pipe_publish(pipe, &q, msgs, q.bytes);
	KUNIT_EXPECT_TRUE(test, zmq_segq_empty(&q));
	zmq_segq_free(&q);
}

int zmq_fixture_recv_part(struct zmq_fixture *f, void *buf, size_t len,
			  int *flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};
	int n;

	n = kernel_recvmsg(f->sock, &msg, &vec, 1, len,
			   MSG_DONTWAIT | *flags);
	*flags = msg.msg_flags;
	return n;
}

const char *zmq_fixture_recv(struct zmq_fixture *f, int max)
{
	char buf[32];
	int flags, n;

	f->text[0] = '\0';
	while (max--) {
		flags = 0;
		n = zmq_fixture_recv_part(f, buf, sizeof(buf), &flags);
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return "error";
		fixture_print(f, buf, n, flags & MSG_MORE);
	}
	return fixture_printed(f);
}
