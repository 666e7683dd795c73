// SPDX-License-Identifier: GPL-2.0-only
/* Looking at messages ahead of receiving them (ZMQ_AF_LOOKAHEAD). */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "frames.h"
#include "harness.h"
#include "raw.h"

struct look {
	struct zmq_af_lookahead	head;
	unsigned char		data[16384];
};

static int look_with(struct zs *s, struct look *look, int taken, int parts,
		     int max, int flags)
{
	socklen_t len = sizeof(*look);

	memset(look, 0, sizeof(*look));
	look->head.taken = taken;
	look->head.parts = parts;
	look->head.max = max;
	look->head.size_max = 1000;
	look->head.flags = flags;
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, look, &len))
		return -1;
	return len == sizeof(look->head) + look->head.bytes ?
	       (int)look->head.count : -2;
}

/* Tell what was taken of the last look, and look again. */
static int look_at(struct zs *s, struct look *look, int taken, int parts,
		   int max)
{
	return look_with(s, look, taken, parts, max, 0);
}

/* The same at several peers' messages. */
static int look_all(struct zs *s, struct look *look, int taken, int parts,
		    int max)
{
	return look_with(s, look, taken, parts, max, ZMQ_AF_LOOKAHEAD_PEERS);
}

static bool looked(const struct look *look, const struct frames *b, size_t off,
		   size_t len)
{
	return look->head.bytes == len && !memcmp(look->data, b->p + off, len);
}

FIXTURE(lookahead) {
	struct frames_pair p;
};

FIXTURE_VARIANT(lookahead) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(lookahead, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(lookahead, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(lookahead)
{
	ASSERT_TRUE(frames_pair_open(&self->p, variant->transport));
}

FIXTURE_TEARDOWN(lookahead)
{
	frames_pair_close(&self->p);
}

/* What was looked at is there until it is told to have been taken. */
TEST_F(lookahead, stays_until_taken)
{
	struct look look;
	int i;

	EXPECT_EQ(0, look_at(self->p.pull, &look, 0, 0, 100));
	for (i = 0; i < 10; i++) {
		frames_put(&self->p.out, RAW_MORE, 'a' + i, i);
		frames_put(&self->p.out, 0, 'A' + i, 5 - i % 5);
	}
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	ASSERT_EQ(10, look_at(self->p.pull, &look, 0, 0, 100));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, self->p.out.len));
	EXPECT_EQ(0, look.head.flags);
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
	ASSERT_EQ(1, look_at(self->p.pull, &look, 0, 0, 1));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, 9));
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
	/* One by one, some at once, and a part. */
	ASSERT_EQ(2, look_at(self->p.pull, &look, 1, 0, 2));
	EXPECT_TRUE(looked(&look, &self->p.out, 9, 18));
	EXPECT_EQ(9, zs_rx_queued(self->p.pull));
	ASSERT_EQ(7, look_at(self->p.pull, &look, 2, 0, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 27, self->p.out.len - 27));
	EXPECT_EQ(7, zs_rx_queued(self->p.pull));
	EXPECT_TRUE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	ASSERT_EQ(6, look_at(self->p.pull, &look, 1, 1, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 42, self->p.out.len - 42));
	EXPECT_STREQ("E", zs_recv_msg(self->p.pull, 0));
	ASSERT_EQ(5, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_EQ(0, look_at(self->p.pull, &look, 4, 1, 0));
	EXPECT_EQ(1, zs_rx_queued(self->p.pull));
	EXPECT_TRUE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	EXPECT_STREQ("J", zs_recv_msg(self->p.pull, 0));
	EXPECT_EQ(0, look_at(self->p.pull, &look, 0, 0, 100));
	EXPECT_FALSE(zs_poll(self->p.pull, ZMQ_POLLIN, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv(self->p.pull, look.data, 1, ZS_DONTWAIT));
}

/* A look is out of date when something else takes messages. */
TEST_F(lookahead, out_of_date)
{
	struct look look;
	int i;

	for (i = 0; i < 20; i++)
		frames_put(&self->p.out, i % 2 ? 0 : RAW_MORE, 'a', 1);
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_EQ(1, zs_recv(self->p.pull, look.data, 1, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	ASSERT_LT(0, frames_recv(self->p.pull, &self->p.in, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->p.pull, &look, 9, 0, 9));
	EXPECT_EQ(0, zs_rx_queued(self->p.pull));

	/* More than there was, or more than the parts before the last. */
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 10));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 10, 0, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 9, 1, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, 8, 2, 9));
	ASSERT_EQ(9, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->p.pull, &look, -1, -1, 9));
	EXPECT_EQ(10, zs_rx_queued(self->p.pull));
}

/* No more than the room, the longest that is wanted, and what is single. */
TEST_F(lookahead, bounds)
{
	struct look look = {};
	socklen_t len;

	frames_put(&self->p.out, 0, 'a', 98);
	frames_put(&self->p.out, 0, 'b', 98);
	frames_put(&self->p.out, 0, 'c', 1000);
	frames_put(&self->p.out, 0, 'd', 1);
	ASSERT_EQ((ssize_t)self->p.out.len,
		  frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 4));
	EXPECT_EQ(2, look_at(self->p.pull, &look, 0, 0, 9));
	EXPECT_TRUE(looked(&look, &self->p.out, 0, 200));
	len = sizeof(look.head) - 1;
	EXPECT_ERRNO(EINVAL, getsockopt(self->p.pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, &look, &len));
	memset(&look, 0, sizeof(look));
	look.head.max = 9;
	look.head.size_max = 1000;
	len = sizeof(look.head) + 199;
	ASSERT_OK(getsockopt(self->p.pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(1, look.head.count);
	EXPECT_EQ(100, look.head.bytes);
	EXPECT_EQ(0, look.data[100]);
	len = sizeof(look.head);
	ASSERT_OK(getsockopt(self->p.pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(0, look.head.count);
	EXPECT_ERRNO(EFAULT, getsockopt(self->p.pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, NULL, &len));
	EXPECT_EQ(4, zs_rx_queued(self->p.pull));
	EXPECT_ERRNO(EOPNOTSUPP, look_at(self->p.push, &look, 0, 0, 9));
}

/* Credit is given when messages are taken, and one is told when it is due. */
TEST(credit)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd, i;

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < 100; i++)
		ASSERT_OK(raw_send(fd, 0, "abc", 3));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 10));
	EXPECT_EQ(5, look_at(pull, &look, 0, 0, 100));
	EXPECT_EQ(ZMQ_AF_LOOKAHEAD_PROMPT, look.head.flags);
	EXPECT_EQ(1, look_at(pull, &look, 4, 0, 100));
	EXPECT_EQ(6, zs_rx_queued(pull));
	EXPECT_EQ(5, look_at(pull, &look, 1, 0, 100));
	EXPECT_EQ(10, zs_rx_queued(pull));
	ASSERT_OK(zs_close_now(pull));
	close(fd);
}

/* With several peers whose turn it is, is for plain receives, by default. */
TEST(peers)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd[2], i;

	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "PUSH", NULL));
		ASSERT_TRUE(zs_wait_peers(pull, i + 1));
	}
	for (i = 0; i < 3; i++)
		ASSERT_OK(raw_send(fd[0], 0, "a", 1));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 3));
	EXPECT_EQ(2, look_at(pull, &look, 0, 0, 2));
	/* What is taken is what was looked at, whoever comes meanwhile. */
	ASSERT_OK(raw_send(fd[1], 0, "b", 1));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 4));
	EXPECT_EQ(0, look_at(pull, &look, 2, 0, 2));
	EXPECT_EQ(2, zs_rx_queued(pull));
	EXPECT_STREQ("b", zs_recv_msg(pull, 0));
	/* A peer that is gone has left what it sent. */
	EXPECT_EQ(1, look_at(pull, &look, 0, 0, 2));
	close(fd[0]);
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_EQ(0, look_at(pull, &look, 1, 0, 2));
	EXPECT_EQ(0, zs_rx_queued(pull));
	close(fd[1]);
	ASSERT_OK(zs_close_now(pull));
}

/* A receiver, and peers that have sent it messages "0.0" "0.1" ... "1.0" ... */
struct several {
	struct zs *pull;
	char endpoint[ZS_ENDPOINT_MAX];
	int fd[70];
	int n;
};

FIXTURE(several) {
	struct several s;
};

FIXTURE_SETUP(several)
{
	struct several *s = &self->s;

	s->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_set_int(s->pull, ZMQ_AF_RECVMETA, ZMQ_AF_RECVMETA_NEW));
	ASSERT_OK(zs_bind_any(s->pull, ZS_TCP, s->endpoint));
}

FIXTURE_TEARDOWN(several)
{
	struct several *s = &self->s;

	while (s->n)
		close(s->fd[--s->n]);
	zs_close_now(s->pull);
}

/* A message of one part, or of three: "text" "text" "text". */
static int several_put(int fd, const char *text, bool parts)
{
	size_t len = strlen(text);

	return (parts && (raw_send(fd, RAW_MORE, text, len) ||
			  raw_send(fd, RAW_MORE, text, len))) ||
	       raw_send(fd, 0, text, len) ? -1 : 0;
}

/* One more peer sends @count messages, of which @take are let in. */
static bool several_send(struct several *s, int count, int take, bool parts)
{
	long long want = zs_rx_queued(s->pull) + take;
	int fd = raw_connect(s->endpoint, 0), i;
	char text[32];

	if (fd < 0 || raw_greet(fd, "PUSH", NULL))
		return false;
	for (i = 0; i < count; i++) {
		sprintf(text, "%d.%d", s->n, i);
		if (several_put(fd, text, parts))
			return false;
	}
	s->fd[s->n++] = fd;
	return wait_until(zs_rx_queued(s->pull) == want);
}

/* The next message, "+" before its further parts, and its connection. */
static size_t looked_next(const struct look *look, size_t at, char *text,
			  __u32 *id)
{
	const unsigned char *p = look->data + at;
	bool more;

	memcpy(id, p, sizeof(*id));
	p += sizeof(*id);
	do {
		more = p[0] & RAW_MORE;
		text += sprintf(text, "%.*s%s", p[1], p + 2, more ? "+" : "");
		p += 2 + p[1];
	} while (more);
	return p - look->data;
}

/* All of them, with a space between. */
static const char *looked_all(const struct look *look)
{
	static char text[8192];
	size_t at = 0, len = 0;
	__u32 id;

	*text = '\0';
	while (at < look->head.bytes) {
		if (at)
			text[len++] = ' ';
		at = looked_next(look, at, text + len, &id);
		len += strlen(text + len);
	}
	return text;
}

/* They come in the order of plain receives, each with its connection. */
TEST_F(several, in_turn)
{
	struct several *s = &self->s;
	struct look look;
	__u32 id[4] = {};
	size_t at = 0;
	char text[32];
	int i;

	ASSERT_TRUE(several_send(s, 1, 1, false));
	ASSERT_TRUE(several_send(s, 4, 4, false));
	ASSERT_TRUE(several_send(s, 2, 2, false));
	ASSERT_EQ(7, look_all(s->pull, &look, 0, 0, 100));
	EXPECT_EQ(ZMQ_AF_LOOKAHEAD_PEERS, look.head.flags);
	EXPECT_STREQ("0.0 1.0 2.0 1.1 2.1 1.2 1.3", looked_all(&look));
	for (i = 0; i < 4; i++)
		at = looked_next(&look, at, text, &id[i]);
	EXPECT_NE(0, id[0]);
	EXPECT_NE(id[0], id[1]);
	EXPECT_NE(id[1], id[2]);
	EXPECT_NE(id[2], id[0]);
	EXPECT_EQ(id[1], id[3]);
	EXPECT_EQ(7, zs_rx_queued(s->pull));
	EXPECT_STREQ("0.0", zs_recv_msg(s->pull, 0));
	EXPECT_ERRNO(ESTALE, look_all(s->pull, &look, 1, 0, 9));
	ASSERT_EQ(3, look_all(s->pull, &look, 0, 0, 3));
	EXPECT_STREQ("1.0 2.0 1.1", looked_all(&look));
	/* After two were taken a plain receive gives the third. */
	ASSERT_EQ(0, look_all(s->pull, &look, 2, 0, 0));
	EXPECT_EQ(0, look.head.flags);
	EXPECT_ERRNO(ESTALE, look_all(s->pull, &look, 1, 0, 0));
	EXPECT_EQ(4, zs_rx_queued(s->pull));
	EXPECT_STREQ("1.1", zs_recv_msg(s->pull, 0));
	ASSERT_EQ(3, look_all(s->pull, &look, 0, 0, 9));
	EXPECT_STREQ("2.1 1.2 1.3", looked_all(&look));
	EXPECT_EQ(0, look_all(s->pull, &look, 3, 0, 9));
	EXPECT_EQ(0, zs_rx_queued(s->pull));
	EXPECT_FALSE(zs_poll(s->pull, ZMQ_POLLIN, 0));
}

/* What was looked at is what is taken, whoever comes, or polls, meanwhile. */
TEST_F(several, newcomer)
{
	struct several *s = &self->s;
	struct look look;

	ASSERT_TRUE(several_send(s, 2, 2, false));
	ASSERT_TRUE(several_send(s, 2, 2, false));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 0, 9));
	ASSERT_TRUE(several_send(s, 1, 1, false));
	EXPECT_TRUE(zs_poll(s->pull, ZMQ_POLLIN, 0));
	/* When two of four are taken it is the newcomer's turn. */
	ASSERT_EQ(3, look_all(s->pull, &look, 2, 0, 9));
	EXPECT_STREQ("2.0 0.1 1.1", looked_all(&look));
	ASSERT_TRUE(several_send(s, 1, 1, false));
	EXPECT_TRUE(zs_poll(s->pull, ZMQ_POLLIN, 0));
	ASSERT_EQ(0, look_all(s->pull, &look, 3, 0, 0));
	EXPECT_EQ(1, zs_rx_queued(s->pull));
	EXPECT_STREQ("3.0", zs_recv_msg(s->pull, 0));
}

static int polled_pri(struct zs *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN | POLLPRI };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

/* Poll tells of a peer that has not been looked at, and of nothing else. */
TEST_F(several, newcomer_is_told)
{
	struct several *s = &self->s;
	struct look look;

	ASSERT_TRUE(several_send(s, 3, 3, false));
	/* Nothing has been looked at. */
	ASSERT_TRUE(several_send(s, 1, 1, false));
	EXPECT_EQ(POLLIN, polled_pri(s->pull));
	EXPECT_STREQ("0.0", zs_recv_msg(s->pull, 0));
	EXPECT_STREQ("1.0", zs_recv_msg(s->pull, 0));
	ASSERT_EQ(2, look_all(s->pull, &look, 0, 0, 9));
	EXPECT_EQ(POLLIN, polled_pri(s->pull));
	/* More of the same peer. */
	ASSERT_OK(several_put(s->fd[0], "0.3", false));
	ASSERT_TRUE(wait_until(zs_rx_queued(s->pull) == 3));
	EXPECT_EQ(POLLIN, polled_pri(s->pull));
	ASSERT_OK(several_put(s->fd[1], "1.1", false));
	ASSERT_TRUE(wait_until(zs_rx_queued(s->pull) == 4));
	EXPECT_EQ(POLLIN | POLLPRI, polled_pri(s->pull));
	EXPECT_EQ(POLLIN | POLLPRI, polled_pri(s->pull));
	/* Now it has, and what is received otherwise is out of date. */
	ASSERT_EQ(3, look_all(s->pull, &look, 1, 0, 9));
	EXPECT_EQ(POLLIN, polled_pri(s->pull));
	ASSERT_TRUE(several_send(s, 1, 1, false));
	EXPECT_EQ(POLLIN | POLLPRI, polled_pri(s->pull));
	EXPECT_STREQ("1.1", zs_recv_msg(s->pull, 0));
	EXPECT_EQ(POLLIN, polled_pri(s->pull));
}

/* A message that was partly taken comes first, whosever turn it would be. */
TEST_F(several, parts)
{
	struct several *s = &self->s;
	struct look look;

	ASSERT_TRUE(several_send(s, 2, 2, true));
	ASSERT_TRUE(several_send(s, 2, 2, true));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 0, 9));
	EXPECT_STREQ("0.0+0.0+0.0 1.0+1.0+1.0 0.1+0.1+0.1 1.1+1.1+1.1",
		     looked_all(&look));
	EXPECT_ERRNO(EINVAL, look_all(s->pull, &look, 1, 3, 9));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_all(s->pull, &look, 4, 1, 9));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 0, 9));
	ASSERT_TRUE(several_send(s, 1, 1, false));
	ASSERT_EQ(4, look_all(s->pull, &look, 1, 1, 9));
	EXPECT_STREQ("1.0+1.0 2.0 0.1+0.1+0.1 1.1+1.1+1.1",
		     looked_all(&look));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 1, 9));
	EXPECT_STREQ("1.0 2.0 0.1+0.1+0.1 1.1+1.1+1.1", looked_all(&look));
	EXPECT_STREQ("1.0", zs_recv_msg(s->pull, 0));
	/* In the third message of two pipes. */
	ASSERT_EQ(3, look_all(s->pull, &look, 0, 0, 9));
	ASSERT_EQ(1, look_all(s->pull, &look, 2, 2, 9));
	EXPECT_EQ(0, look.head.flags);
	EXPECT_STREQ("1.1", zs_recv_msg(s->pull, 0));
	EXPECT_EQ(0, zs_rx_queued(s->pull));
}

/* Behind another message of the same peer. */
TEST_F(several, parts_behind)
{
	struct several *s = &self->s;
	struct look look;
	int i;

	ASSERT_TRUE(several_send(s, 1, 1, false));
	ASSERT_TRUE(several_send(s, 1, 1, false));
	for (i = 0; i < 2; i++)
		ASSERT_OK(several_put(s->fd[i], i ? "b" : "a", true));
	ASSERT_TRUE(wait_until(zs_rx_queued(s->pull) == 4));
	ASSERT_EQ(4, look_all(s->pull, &look, 0, 0, 9));
	EXPECT_STREQ("0.0 1.0 a+a+a b+b+b", looked_all(&look));
	ASSERT_EQ(2, look_all(s->pull, &look, 2, 2, 9));
	EXPECT_STREQ("a b+b+b", looked_all(&look));
}

/* One of more peers than one look has room for. */
TEST_F(several, many)
{
	struct several *s = &self->s;
	struct look look;
	char want[32];
	size_t at;
	__u32 id;
	int i, n, taken = 0;

	for (i = 0; i < 70; i++)
		ASSERT_TRUE(several_send(s, 2, 2, false));
	for (i = 0; i < 140; i += n) {
		n = look_all(s->pull, &look, taken, 0, 100);
		ASSERT_LT(0, n);
		for (at = 0, taken = 0; taken < n; taken++) {
			char text[32];

			at = looked_next(&look, at, text, &id);
			sprintf(want, "%d.%d", (i + taken) % 70,
				(i + taken) / 70);
			ASSERT_STREQ(want, text);
		}
		EXPECT_EQ(at, look.head.bytes);
	}
	EXPECT_EQ(0, look_all(s->pull, &look, taken, 0, 100));
	EXPECT_EQ(0, zs_rx_queued(s->pull));
}

/* Nobody is looked at beyond where his credit is due. */
TEST_F(several, credit)
{
	struct several *s = &self->s;
	struct look look;

	ASSERT_OK(zs_set_int(s->pull, ZMQ_RCVHWM, 4));
	ASSERT_TRUE(several_send(s, 9, 4, false));
	ASSERT_TRUE(several_send(s, 9, 4, false));
	ASSERT_EQ(3, look_all(s->pull, &look, 0, 0, 100));
	EXPECT_STREQ("0.0 1.0 0.1", looked_all(&look));
	EXPECT_TRUE(look.head.flags & ZMQ_AF_LOOKAHEAD_PROMPT);
	/* It goes on at once. */
	ASSERT_EQ(1, look_all(s->pull, &look, 3, 0, 100));
	EXPECT_STREQ("1.1", looked_all(&look));
	EXPECT_EQ(7, zs_rx_queued(s->pull));
}

/* Flags that do not exist are refused, and nothing is taken. */
TEST_F(several, flags)
{
	struct several *s = &self->s;
	struct look look;

	ASSERT_TRUE(several_send(s, 2, 2, false));
	ASSERT_EQ(2, look_at(s->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_with(s->pull, &look, 1, 0, 9, 8));
	EXPECT_ERRNO(EINVAL, look_with(s->pull, &look, 1, 0, 9,
				       ZMQ_AF_LOOKAHEAD_PROMPT));
	EXPECT_EQ(2, zs_rx_queued(s->pull));
	EXPECT_EQ(1, look_all(s->pull, &look, 1, 0, 9));
	EXPECT_EQ(0, look.head.flags);
}

/* A ROUTER's messages begin with routing ids, which can be taken alone. */
TEST(routing_ids)
{
	struct zs *router = zs_open(ZMQ_ROUTER);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd[2], i, j;
	char id = 0;

	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	for (i = 0; i < 2; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "DEALER", i ? "B" : "A"));
		for (j = 0; j < 3; j++)
			ASSERT_OK(several_put(fd[i], j & 1 ? "y" : "x", j & 1));
		ASSERT_TRUE(wait_until(zs_rx_queued(router) == 3 * (i + 1)));
	}
	/* Whoever does not know of them is told nothing. */
	EXPECT_EQ(0, look_at(router, &look, 0, 0, 9));
	ASSERT_EQ(6, look_all(router, &look, 0, 0, 9));
	EXPECT_STREQ("A+x B+x A+y+y+y B+y+y+y A+x B+x", looked_all(&look));
	EXPECT_ERRNO(EINVAL, look_all(router, &look, 0, 2, 9));
	ASSERT_EQ(6, look_all(router, &look, 0, 0, 9));
	/* The id alone, also where it has been seen; the rest comes without. */
	ASSERT_EQ(1, recv(router->fd, &id, 1, MSG_PEEK));
	ASSERT_EQ(6, look_all(router, &look, 0, 1, 9));
	EXPECT_STREQ("x B+x A+y+y+y B+y+y+y A+x B+x", looked_all(&look));
	EXPECT_TRUE(zs_poll(router, ZMQ_POLLIN, 0));
	ASSERT_EQ(5, look_all(router, &look, 1, 0, 9));
	ASSERT_EQ(4, look_all(router, &look, 1, 2, 9));
	EXPECT_STREQ("y+y B+y+y+y A+x B+x", looked_all(&look));
	EXPECT_STREQ("y|y", zs_recv_msg(router, 0));
	ASSERT_EQ(1, zs_recv(router, &id, 1, 0));
	EXPECT_EQ('B', id);
	ASSERT_EQ(3, look_all(router, &look, 0, 0, 9));
	EXPECT_STREQ("y+y+y A+x B+x", looked_all(&look));
	EXPECT_ERRNO(EINVAL, look_all(router, &look, 0, 3, 9));
	ASSERT_EQ(3, look_all(router, &look, 0, 0, 9));
	ASSERT_EQ(0, look_all(router, &look, 2, 1, 0));
	EXPECT_STREQ("x", zs_recv_msg(router, 0));
	EXPECT_EQ(0, zs_rx_queued(router));
	/* One peer's, too. */
	ASSERT_OK(raw_send(fd[0], 0, "z", 1));
	ASSERT_TRUE(wait_until(zs_rx_queued(router) == 1));
	ASSERT_EQ(1, look_all(router, &look, 0, 0, 9));
	EXPECT_STREQ("A+z", looked_all(&look));
	EXPECT_EQ(0, look_all(router, &look, 1, 0, 9));
	for (i = 0; i < 2; i++)
		close(fd[i]);
	ASSERT_OK(zs_close_now(router));
}

/* What goes with a peer that is disconnected goes from a look, too. */
TEST(disconnected)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int i;

	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(pull, endpoint));
	for (i = 0; i < 5; i++)
		ASSERT_OK(zs_send_msg(push, "x"));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 5));
	ASSERT_EQ(5, look_at(pull, &look, 0, 0, 9));
	ASSERT_OK(zs_disconnect(pull, endpoint));
	EXPECT_FALSE(zs_poll(pull, ZMQ_POLLIN, 0));
	EXPECT_EQ(0, look_at(pull, &look, 2, 1, 9));
	EXPECT_ERRNO(ESTALE, look_at(pull, &look, 1, 0, 9));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* The same where it is one of several. */
TEST(one_disconnected)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push[2];
	char endpoint[2][ZS_ENDPOINT_MAX];
	struct look look;
	int i, j;

	ASSERT_OK(zs_set_int(pull, ZMQ_AF_RECVMETA, ZMQ_AF_RECVMETA_NEW));
	for (i = 0; i < 2; i++) {
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_bind_any(push[i], ZS_TCP, endpoint[i]));
		ASSERT_OK(zs_connect(pull, endpoint[i]));
		for (j = 0; j < 3; j++)
			ASSERT_OK(zs_send_msg(push[i], i ? "b" : "a"));
		ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 3 * (i + 1)));
	}
	ASSERT_EQ(6, look_all(pull, &look, 0, 0, 9));
	EXPECT_STREQ("a b a b a b", looked_all(&look));
	/*
	 * What was taken of the other's messages stays taken, and what comes
	 * after the last one of the lost peer tells whose it is.
	 */
	ASSERT_OK(zs_disconnect(pull, endpoint[0]));
	EXPECT_EQ(2, look_all(pull, &look, 3, 0, 9));
	EXPECT_EQ(ZMQ_AF_LOOKAHEAD_META, look.head.flags);
	EXPECT_EQ(2, zs_rx_queued(pull));
	EXPECT_EQ(0, look_all(pull, &look, 2, 0, 9));
	for (i = 0; i < 2; i++)
		ASSERT_OK(zs_close_now(push[i]));
	ASSERT_OK(zs_close_now(pull));
}

/* After an unsubscription each message is judged when it is received. */
TEST(subscriber)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int i;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_subscribe(sub, "b"));
	ASSERT_TRUE(zs_join(pub, sub));
	for (i = 0; i < 6; i++)
		ASSERT_OK(zs_send_msg(pub, i % 2 ? "b" : "a"));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 6));
	/* A poll looks for one that is wanted. */
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(6, look_at(sub, &look, 0, 0, 9));
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(5, look_at(sub, &look, 1, 0, 9));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "b", 1));
	EXPECT_EQ(0, look_at(sub, &look, 1, 0, 9));
	EXPECT_EQ(4, zs_rx_queued(sub));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_FALSE(zs_poll(sub, ZMQ_POLLIN, 0));
	ASSERT_OK(zs_send_msg(pub, "a"));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 1));
	EXPECT_EQ(1, look_at(sub, &look, 0, 0, 9));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
}

/* The same with two publishers. */
TEST(subscriber_of_two)
{
	struct zs *sub = zs_open(ZMQ_SUB);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int fd[2], i, j;

	ASSERT_OK(zs_bind_any(sub, ZS_TCP, endpoint));
	ASSERT_OK(zs_subscribe(sub, "a"));
	ASSERT_OK(zs_subscribe(sub, "b"));
	for (i = 0; i < 2; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "PUB", NULL));
		for (j = 0; j < 3; j++)
			ASSERT_OK(raw_send(fd[i], 0, i ? "b" : "a", 1));
		ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 3 * (i + 1)));
	}
	ASSERT_EQ(6, look_all(sub, &look, 0, 0, 9));
	EXPECT_STREQ("a b a b a b", looked_all(&look));
	ASSERT_EQ(5, look_all(sub, &look, 1, 0, 9));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "a", 1));
	EXPECT_EQ(0, look_all(sub, &look, 1, 0, 9));
	for (i = 0; i < 2; i++)
		EXPECT_STREQ("b", zs_recv_msg(sub, 0));
	EXPECT_FALSE(zs_poll(sub, ZMQ_POLLIN, 0));
	/* One that has to be judged is not passed over. */
	for (i = 0; i < 2; i++)
		ASSERT_OK(raw_send(fd[0], 0, "b1", 2));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 2));
	ASSERT_OK(zs_subscribe(sub, "c"));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "c", 1));
	for (i = 0; i < 2; i++)
		ASSERT_OK(raw_send(fd[1], 0, "b2", 2));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 4));
	EXPECT_STREQ("b1", zs_recv_msg(sub, 0));
	ASSERT_EQ(1, look_all(sub, &look, 0, 0, 9));
	EXPECT_STREQ("b2", looked_all(&look));
	for (i = 0; i < 3; i++)
		EXPECT_STREQ(i == 1 ? "b1" : "b2", zs_recv_msg(sub, 0));
	/* From now on all are wanted. */
	for (i = 0; i < 2; i++)
		ASSERT_OK(raw_send(fd[i], 0, "b2", 2));
	ASSERT_TRUE(wait_until(zs_rx_queued(sub) == 2));
	ASSERT_EQ(2, look_all(sub, &look, 0, 0, 9));
	EXPECT_STREQ("b2 b2", looked_all(&look));
	for (i = 0; i < 2; i++)
		close(fd[i]);
	ASSERT_OK(zs_close_now(sub));
}

/* Types that do something with each message they receive. */
TEST(types)
{
	static const int none[] = { ZMQ_REQ, ZMQ_REP, ZMQ_PUB, ZMQ_XPUB,
				    ZMQ_PUSH };
	static const int some[] = { ZMQ_PAIR, ZMQ_SUB, ZMQ_XSUB, ZMQ_DEALER,
				    ZMQ_ROUTER, ZMQ_STREAM, ZMQ_PULL };
	struct look look;
	struct zs *s;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		s = zs_open(none[i]);
		EXPECT_ERRNO(EOPNOTSUPP, look_at(s, &look, 0, 0, 9));
		ASSERT_OK(zs_close_now(s));
	}
	for (i = 0; i < sizeof(some) / sizeof(*some); i++) {
		s = zs_open(some[i]);
		EXPECT_EQ(0, look_at(s, &look, 0, 0, 9));
		ASSERT_OK(zs_close_now(s));
	}
}

TEST_HARNESS_MAIN
