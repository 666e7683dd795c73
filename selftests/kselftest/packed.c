// SPDX-License-Identifier: GPL-2.0-only
/* Packed messages: many whole ones in one call (MSG_ZMQ_PACKED). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

#define ROOM		(1 << 20)

/* A buffer of frames. */
struct buf {
	unsigned char	*p;
	size_t		len;
};

static struct buf buf_new(void)
{
	return (struct buf){ .p = malloc(ROOM) };
}

/* Append a frame; the body repeats a byte. */
static void put(struct buf *b, int flags, int byte, size_t len)
{
	b->p[b->len++] = flags | (len > 255 ? RAW_LONG : 0);
	if (len > 255) {
		__be64 be = __builtin_bswap64(len);

		memcpy(b->p + b->len, &be, sizeof(be));
		b->len += sizeof(be);
	} else {
		b->p[b->len++] = len;
	}
	memset(b->p + b->len, byte, len);
	b->len += len;
}

static void put_str(struct buf *b, int flags, const char *str)
{
	put(b, flags, 0, strlen(str));
	memcpy(b->p + b->len - strlen(str), str, strlen(str));
}

static ssize_t send_packed(struct zs *s, const struct buf *b, int flags)
{
	return send(s->fd, b->p, b->len, MSG_ZMQ_PACKED | flags);
}

static ssize_t recv_packed(struct zs *s, struct buf *b, int flags)
{
	ssize_t n = recv(s->fd, b->p, ROOM, MSG_ZMQ_PACKED | flags);

	b->len = n < 0 ? 0 : n;
	return n;
}

/* Receive until there are @len bytes. */
static bool recv_all(struct zs *s, struct buf *b, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(s->fd, b->p + got, ROOM - got, MSG_ZMQ_PACKED);

		if (n <= 0)
			return false;
		got += n;
	}
	b->len = got;
	return got == len;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

static __u64 queued(struct zs *s)
{
	struct zmq_af_stats stats = {};

	zs_stats(s, &stats);
	return stats.rx_queued_msgs;
}

FIXTURE(packed) {
	struct zs *push;
	struct zs *pull;
	struct buf in;
	struct buf out;
};

FIXTURE_VARIANT(packed) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(packed, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(packed, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(packed)
{
	char endpoint[ZS_ENDPOINT_MAX];

	self->push = zs_open(ZMQ_PUSH);
	self->pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_pair(self->pull, self->push, variant->transport,
			  endpoint));
	self->in = buf_new();
	self->out = buf_new();
}

FIXTURE_TEARDOWN(packed)
{
	zs_close_now(self->push);
	zs_close_now(self->pull);
	free(self->in.p);
	free(self->out.p);
}

/* Sizes at which headers and the ways of bodies change, and many small ones. */
TEST_F(packed, all_sizes)
{
	static const size_t sizes[] = {
		0, 1, 254, 255, 256, 257, 2046, 2047, 2048, 2049, 4096, 32757,
		32758, 32767, 32768, 40000, 65536, 100000, 3,
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		put(&self->out, 0, 'a' + i, sizes[i]);
		put(&self->out, RAW_MORE, 'A' + i, sizes[i]);
		put(&self->out, RAW_MORE, 'B', 0);
		put(&self->out, 0, 'C', 7);
	}
	for (i = 0; i < 300; i++)
		put(&self->out, 0, i, i);
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(recv_all(self->pull, &self->in, self->out.len));
	EXPECT_TRUE(same(&self->in, &self->out));
}

/* Any number of bytes of a frame can lie before the end of a chunk. */
TEST_F(packed, chunk_ends)
{
	int i, n;

	for (i = 0; i < 40; i++) {
		self->out.len = 0;
		put(&self->out, 0, 'p', 32768 - 9 - 20 - i);
		for (n = 0; n < 5; n++) {
			put(&self->out, RAW_MORE, n, 300 + i);
			put(&self->out, 0, n, i);
		}
		ASSERT_EQ((ssize_t)self->out.len,
			  send_packed(self->push, &self->out, 0));
		ASSERT_TRUE(recv_all(self->pull, &self->in, self->out.len));
		ASSERT_TRUE(same(&self->in, &self->out));
	}
}

/* Packed and plain calls see the same messages. */
TEST_F(packed, mixes_with_plain)
{
	put_str(&self->out, RAW_MORE, "a");
	put_str(&self->out, 0, "b");
	put_str(&self->out, 0, "");
	put_str(&self->out, 0, "c");
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	EXPECT_STREQ("a|b", zs_recv_msg(self->pull, 0));
	EXPECT_STREQ("", zs_recv_msg(self->pull, 0));
	EXPECT_STREQ("c", zs_recv_msg(self->pull, 0));
	ASSERT_OK(zs_send_msg(self->push, "x|y"));
	ASSERT_OK(zs_send_msg(self->push, "z"));
	self->out.len = 0;
	put_str(&self->out, RAW_MORE, "x");
	put_str(&self->out, 0, "y");
	put_str(&self->out, 0, "z");
	ASSERT_TRUE(recv_all(self->pull, &self->in, self->out.len));
	EXPECT_TRUE(same(&self->in, &self->out));
}

/* The rest of a message that was partly received, then the next. */
TEST_F(packed, rest_of_a_message)
{
	char a;

	ASSERT_OK(zs_send_msg(self->push, "a|b|c"));
	ASSERT_OK(zs_send_msg(self->push, "d"));
	ASSERT_EQ(1, recv(self->pull->fd, &a, 1, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 2));
	put_str(&self->out, RAW_MORE, "b");
	put_str(&self->out, 0, "c");
	put_str(&self->out, 0, "d");
	ASSERT_EQ((ssize_t)self->out.len, recv_packed(self->pull, &self->in, 0));
	EXPECT_TRUE(same(&self->in, &self->out));
}

/* Only whole messages; one that does not fit stays and tells its size. */
TEST_F(packed, only_what_fits)
{
	struct msghdr msg = { .msg_iovlen = 1 };
	char room[64];
	struct iovec iov = { room, sizeof(room) };
	long long need = 0;
	size_t len = sizeof(need);
	int pending;

	put(&self->out, 0, 'a', 30);
	put(&self->out, RAW_MORE, 'b', 30);
	put(&self->out, 0, 'c', 40);
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 2));
	msg.msg_iov = &iov;
	EXPECT_EQ(32, recvmsg(self->pull->fd, &msg, MSG_ZMQ_PACKED));
	EXPECT_EQ(MSG_EOR, msg.msg_flags & (MSG_EOR | MSG_TRUNC | MSG_MORE));
	EXPECT_ERRNO(EMSGSIZE, recv(self->pull->fd, room, 64, MSG_ZMQ_PACKED));
	EXPECT_ERRNO(EMSGSIZE, recv(self->pull->fd, room, 73, MSG_ZMQ_PACKED));
	ASSERT_OK(zs_get(self->pull, ZMQ_AF_PACKED_LEN, &need, &len));
	EXPECT_EQ(74, need);
	ASSERT_OK(ioctl(self->pull->fd, FIONREAD, &pending));
	EXPECT_EQ(30, pending);
	ASSERT_OK(zs_set_int(self->pull, ZMQ_AF_PACKED, 1));
	ASSERT_OK(ioctl(self->pull->fd, FIONREAD, &pending));
	EXPECT_EQ(74, pending);
	EXPECT_EQ(74, read(self->pull->fd, self->in.p, 74));
	EXPECT_EQ(0, memcmp(self->in.p, self->out.p + 32, 74));
	EXPECT_ERRNO(EAGAIN, recv(self->pull->fd, room, 64, MSG_DONTWAIT));
	ASSERT_OK(zs_get(self->pull, ZMQ_AF_PACKED_LEN, &need, &len));
	EXPECT_EQ(0, need);
}

/* The option makes read(2) and write(2) packed. */
TEST_F(packed, read_and_write)
{
	EXPECT_EQ(0, zs_get_int(self->push, ZMQ_AF_PACKED));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->push, ZMQ_AF_PACKED, 2));
	ASSERT_OK(zs_set_int(self->push, ZMQ_AF_PACKED, 1));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_AF_PACKED, 1));
	EXPECT_EQ(1, zs_get_int(self->push, ZMQ_AF_PACKED));
	put(&self->out, 0, 'a', 1000);
	put(&self->out, 0, 'b', 10);
	ASSERT_EQ((ssize_t)self->out.len,
		  write(self->push->fd, self->out.p, self->out.len));
	ASSERT_TRUE(wait_until(queued(self->pull) == 2));
	ASSERT_EQ((ssize_t)self->out.len,
		  read(self->pull->fd, self->in.p, ROOM));
	EXPECT_EQ(0, memcmp(self->in.p, self->out.p, self->out.len));
}

/* A receive waits for the first message and no longer. */
TEST_F(packed, waits_for_the_first)
{
	pid_t pid;

	EXPECT_ERRNO(EAGAIN, recv_packed(self->pull, &self->in, MSG_DONTWAIT));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_RCVTIMEO, 10));
	EXPECT_ERRNO(EAGAIN, recv_packed(self->pull, &self->in, 0));
	ASSERT_OK(zs_set_int(self->pull, ZMQ_RCVTIMEO, -1));
	put(&self->out, 0, 'a', 10);
	pid = harness_fork();
	if (!pid)
		_exit(recv_packed(self->pull, &self->in, 0) != 12);
	ASSERT_EQ(12, send_packed(self->push, &self->out, 0));
	EXPECT_EQ(0, harness_wait(pid));
}

/* Memory that is not there: an error, and no message lost. */
TEST_F(packed, bad_memory)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_OK(munmap(p + page, page));
	for (i = 0; i < 3; i++) {
		put(&self->out, RAW_MORE, 'a' + i, 10);
		put(&self->out, 0, 'A' + i, 3000);
	}
	EXPECT_ERRNO(EFAULT, send(self->push->fd, p + page - 100, self->out.len,
				  MSG_ZMQ_PACKED));
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 3));
	EXPECT_ERRNO(EFAULT, recv(self->pull->fd, p + page - 100, ROOM,
				  MSG_ZMQ_PACKED));
	ASSERT_EQ(10, recv(self->pull->fd, self->in.p, ROOM, 0));
	EXPECT_EQ('a', self->in.p[0]);
	EXPECT_ERRNO(EMSGSIZE, recv(self->pull->fd, p, 3008, MSG_ZMQ_PACKED));
	ASSERT_TRUE(recv_all(self->pull, &self->in, self->out.len - 12));
	EXPECT_EQ(0, memcmp(self->in.p, self->out.p + 12, self->in.len));
	munmap(p, page);
}

/* What was put back is received before what has come since. */
TEST_F(packed, order_after_bad_memory)
{
	int i;

	for (i = 0; i < 3; i++)
		put(&self->out, 0, 'a' + i, 10);
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 3));
	EXPECT_ERRNO(EFAULT, recv(self->pull->fd, NULL, ROOM, MSG_ZMQ_PACKED));
	put(&self->out, 0, 'd', 10);
	ASSERT_OK(zs_send_str(self->push, "dddddddddd", 0) != 10);
	ASSERT_TRUE(wait_until(queued(self->pull) == 1));
	/* A buffer for some of them, then for all. */
	ASSERT_EQ(24, recv(self->pull->fd, self->in.p, 30, MSG_ZMQ_PACKED));
	EXPECT_EQ(0, memcmp(self->in.p, self->out.p, 24));
	ASSERT_TRUE(recv_all(self->pull, &self->in, 24));
	EXPECT_EQ(0, memcmp(self->in.p, self->out.p + 24, 24));
}

/* One thread sends what another one changes all the time. */
struct scribble {
	unsigned char	*p;
	size_t		len;
	atomic_bool	stop;
};

static void *scribble(void *arg)
{
	struct scribble *s = arg;
	unsigned int seed = 1, at = 0;

	while (!s->stop) {
		seed = seed * 1103515245 + 12345;
		at = (at + 7) % s->len;
		s->p[at] = seed >> 16 & 3;
	}
	return NULL;
}

/* Are the bytes whole messages? */
static bool well_formed(const struct buf *b)
{
	size_t at = 0;
	__be64 be;
	int more = 0;

	while (at < b->len) {
		if (b->p[at] & ~(RAW_MORE | RAW_LONG))
			return false;
		more = b->p[at] & RAW_MORE;
		if (b->p[at] & RAW_LONG) {
			memcpy(&be, b->p + at + 1, sizeof(be));
			at += 9 + __builtin_bswap64(be);
		} else {
			at += 2 + b->p[at + 1];
		}
	}
	return at == b->len && !more;
}

TEST_F(packed, scribbled_buffer)
{
	struct zmq_af_stats stats = {};
	struct scribble s = { .p = self->out.p, .len = 3000 };
	pthread_t thread;
	size_t sent = 0, got = 0;
	int i, bad = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
	for (i = 0; i < 400; i++) {
		ssize_t n;

		memset(self->out.p, 0, s.len);
		n = send(self->push->fd, self->out.p, s.len,
			 MSG_ZMQ_PACKED | MSG_DONTWAIT);
		if (n > 0)
			sent += n;
		else if (errno == EINVAL || errno == EMSGSIZE)
			bad++;
		else
			ASSERT_EQ(EAGAIN, errno);
		while (recv_packed(self->pull, &self->in, MSG_DONTWAIT) > 0) {
			ASSERT_TRUE(well_formed(&self->in));
			got += self->in.len;
		}
	}
	s.stop = true;
	pthread_join(thread, NULL);
	TH_LOG("%zu bytes sent, %d refused", sent, bad);
	while (got < sent && recv_packed(self->pull, &self->in, 0) > 0) {
		ASSERT_TRUE(well_formed(&self->in));
		got += self->in.len;
	}
	EXPECT_EQ(sent, got);
	ASSERT_OK(zs_stats(self->pull, &stats));
	EXPECT_EQ(0, stats.protocol_errors);
	EXPECT_EQ(1, stats.peers);
}

/* Bytes that are no frames: refused, and what is before them not sent. */
struct bad {
	const char	*bytes;
	size_t		len;
};

#define BAD(str)	{ str, sizeof(str) - 1 }

static const struct bad bad[] = {
	BAD("\0"),			/* no length */
	BAD("\0\1"),			/* no body */
	BAD("\0\3ab"),			/* not all of it */
	BAD("\1\1a"),			/* no last part */
	BAD("\0\1a\1\1b"),
	BAD("\4\0"),			/* a command */
	BAD("\5\0\0\0"),
	BAD("\10\0"),			/* reserved bits */
	BAD("\200\0"),
	BAD("\2\0\0\0\0\0\0\1"),	/* half a long header */
	BAD("\2\0\0\0\0\0\0\0\1a"),	/* long for a short body */
	BAD("\2\0\0\0\0\0\0\1\0"),	/* no body */
	BAD("\2\200\0\0\0\0\0\0\1a"),	/* 2^63 */
	BAD("\2\377\377\377\377\377\377\377\377"),
};

TEST_F(packed, bad_framing)
{
	struct zmq_af_stats stats = {};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		self->out.len = 0;
		put_str(&self->out, 0, "before");
		memcpy(self->out.p + self->out.len, bad[i].bytes, bad[i].len);
		self->out.len += bad[i].len;
		errno = 0;
		EXPECT_EQ(-1, send_packed(self->push, &self->out, 0));
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("case %zu: %s", i, strerror(errno));
	}
	self->out.len = 0;
	memcpy(self->out.p, "\2\177\0\0\0\0\0\0\0a", 10);
	self->out.len = 10;
	EXPECT_ERRNO(EMSGSIZE, send_packed(self->push, &self->out, 0));
	ASSERT_OK(zs_stats(self->push, &stats));
	EXPECT_EQ(0, stats.tx_msgs);
	EXPECT_EQ(0, send(self->push->fd, "", 0, MSG_ZMQ_PACKED));
	ASSERT_OK(zs_send_msg(self->push, "still fine"));
	EXPECT_STREQ("still fine", zs_recv_msg(self->pull, 0));
}

/* In the middle of a message by plain calls there is no place for others. */
TEST_F(packed, not_between_parts)
{
	put_str(&self->out, 0, "x");
	ASSERT_EQ(1, zs_send(self->push, "a", 1, ZS_MORE));
	EXPECT_ERRNO(EBADFD, send_packed(self->push, &self->out, 0));
	ASSERT_EQ(1, zs_send(self->push, "b", 1, 0));
	ASSERT_EQ(3, send_packed(self->push, &self->out, 0));
	EXPECT_STREQ("a|b", zs_recv_msg(self->pull, 0));
	EXPECT_STREQ("x", zs_recv_msg(self->pull, 0));
}

/* Looking without taking is for plain calls. */
TEST_F(packed, no_peek)
{
	EXPECT_ERRNO(EOPNOTSUPP, recv_packed(self->pull, &self->in, MSG_PEEK));
	EXPECT_ERRNO(EOPNOTSUPP, recv_packed(self->push, &self->in, 0));
	EXPECT_ERRNO(EOPNOTSUPP, send_packed(self->pull, &self->out, 0));
}

/* Counters count messages and their bodies as plain calls do. */
TEST_F(packed, counted)
{
	struct zmq_af_stats tx = {}, rx = {};

	put(&self->out, RAW_MORE, 'a', 300);
	put(&self->out, 0, 'b', 20);
	put(&self->out, 0, 'c', 1);
	ASSERT_EQ((ssize_t)self->out.len, send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 2));
	ASSERT_OK(zs_stats(self->push, &tx));
	ASSERT_OK(zs_stats(self->pull, &rx));
	EXPECT_EQ(2, tx.tx_msgs);
	EXPECT_EQ(321, tx.tx_bytes);
	EXPECT_EQ(2, rx.rx_msgs);
	EXPECT_EQ(321, rx.rx_bytes);
}

/* As many as the mark allows, and the rest is the caller's. */
TEST(stops_at_the_mark)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct buf b = buf_new(), in = buf_new();
	int i, port;

	port = zs_free_endpoint(endpoint);
	ASSERT_LE(0, port);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 25; i++)
		put(&b, 0, i, 5);
	ASSERT_EQ(70, send_packed(push, &b, MSG_DONTWAIT));
	EXPECT_ERRNO(EAGAIN, send_packed(push, &b, MSG_DONTWAIT));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, 10));
	EXPECT_ERRNO(EAGAIN, send_packed(push, &b, 0));
	close(port);
	ASSERT_OK(zs_bind(pull, endpoint));
	ASSERT_TRUE(recv_all(pull, &in, 70));
	EXPECT_EQ(0, memcmp(in.p, b.p, 70));
	/* A blocking call goes on where there is room again. */
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, -1));
	ASSERT_EQ((ssize_t)b.len, send_packed(push, &b, 0));
	ASSERT_TRUE(recv_all(pull, &in, b.len));
	EXPECT_TRUE(same(&b, &in));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
	free(b.p);
	free(in.p);
}

/* The marks of both ends bound what is queued, to the message. */
TEST(receiver_gives_credit)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct buf in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, i;

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < 100; i++)
		ASSERT_OK(raw_send(fd, 0, "abc", 3));
	ASSERT_TRUE(wait_until(queued(pull) == 10));
	/* Below the low-water mark of 5 nothing moves, at it all does. */
	ASSERT_EQ(20, recv(pull->fd, in.p, 24, MSG_ZMQ_PACKED));
	EXPECT_EQ(6, queued(pull));
	ASSERT_EQ(5, recv(pull->fd, in.p, 9, MSG_ZMQ_PACKED));
	EXPECT_EQ(10, queued(pull));
	ASSERT_TRUE(recv_all(pull, &in, 95 * 5));
	ASSERT_OK(zs_close_now(pull));
	close(fd);
	free(in.p);
}

/* Peers that all have messages take turns in a batch, too. */
TEST(fair)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct buf in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	unsigned char i;
	int fd[3], j;

	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		fd[i] = raw_connect(endpoint, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_OK(raw_greet(fd[i], "PUSH", NULL));
		ASSERT_TRUE(zs_wait_peers(pull, i + 1));
	}
	for (i = 0; i < 3; i++)
		for (j = 0; j < 20; j++)
			ASSERT_OK(raw_send(fd[i], 0, &i, 1));
	ASSERT_TRUE(wait_until(queued(pull) == 60));
	ASSERT_EQ(180, recv_packed(pull, &in, 0));
	for (j = 0; j < 20; j++)
		EXPECT_EQ(7, 1 << in.p[j * 9 + 2] | 1 << in.p[j * 9 + 5] |
			     1 << in.p[j * 9 + 8]);
	for (j = 3; j < 60; j++)
		EXPECT_EQ(in.p[(j - 3) * 3 + 2], in.p[j * 3 + 2]);
	ASSERT_OK(zs_close_now(pull));
	for (i = 0; i < 3; i++)
		close(fd[i]);
	free(in.p);
}

/* And messages go round the peers. */
TEST(load_balanced)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull[3];
	struct buf b = buf_new(), in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		pull[i] = zs_open(ZMQ_PULL);
		ASSERT_OK(zs_connect(pull[i], endpoint));
		ASSERT_TRUE(zs_wait_peers(push, i + 1));
	}
	for (i = 0; i < 30; i++)
		put(&b, 0, i, 1);
	ASSERT_EQ(90, send_packed(push, &b, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(recv_all(pull[i], &in, 30));
		EXPECT_EQ(in.p[2] + 3, in.p[5]);
		EXPECT_EQ(in.p[2] + 27, in.p[29]);
		ASSERT_OK(zs_close_now(pull[i]));
	}
	ASSERT_OK(zs_close_now(push));
	free(b.p);
	free(in.p);
}

/* A ROUTER's first frame says who. */
TEST(router)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);
	struct buf b = buf_new(), in = buf_new(), expected = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	ssize_t len;
	int i;

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "me", 2));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		put(&b, RAW_MORE, 'a', i);
		put(&b, 0, 'b', 5000);
		put_str(&expected, RAW_MORE, "me");
		put(&expected, RAW_MORE, 'a', i);
		put(&expected, 0, 'b', 5000);
	}
	ASSERT_EQ((ssize_t)b.len, send_packed(dealer, &b, 0));
	ASSERT_TRUE(recv_all(router, &in, expected.len));
	EXPECT_TRUE(same(&expected, &in));
	ASSERT_EQ((ssize_t)in.len, send_packed(router, &in, 0));
	ASSERT_TRUE(recv_all(dealer, &in, b.len));
	EXPECT_TRUE(same(&b, &in));

	/* Nobody of that name: dropped, or with MANDATORY an error. */
	b.len = 0;
	put_str(&b, RAW_MORE, "you");
	put_str(&b, 0, "lost");
	i = b.len;
	put_str(&b, RAW_MORE, "me");
	put_str(&b, 0, "found");
	ASSERT_EQ((ssize_t)b.len, send_packed(router, &b, 0));
	EXPECT_STREQ("found", zs_recv_msg(dealer, 0));
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_ERRNO(EHOSTUNREACH, send_packed(router, &b, 0));
	ASSERT_EQ((ssize_t)b.len - i,
		  send(router->fd, b.p + i, b.len - i, MSG_ZMQ_PACKED));
	EXPECT_STREQ("found", zs_recv_msg(dealer, 0));
	/* Behind a message that was taken it is for the next call to tell. */
	len = b.len - i;
	put_str(&b, RAW_MORE, "you");
	put_str(&b, 0, "lost");
	ASSERT_EQ(len, send(router->fd, b.p + i, b.len - i, MSG_ZMQ_PACKED));
	EXPECT_STREQ("found", zs_recv_msg(dealer, 0));
	ASSERT_OK(zs_close_now(router));
	ASSERT_OK(zs_close_now(dealer));
	free(b.p);
	free(in.p);
	free(expected.p);
}

/* Lock-step: one at a time. */
TEST(req_rep)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	struct buf b = buf_new(), in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, endpoint));
	EXPECT_ERRNO(EBADFD, recv_packed(req, &in, 0));
	put_str(&b, 0, "question");
	put_str(&b, 0, "another");
	ASSERT_EQ(10, send_packed(req, &b, 0));
	EXPECT_ERRNO(EBADFD, send_packed(req, &b, 0));
	EXPECT_ERRNO(EBADFD, send_packed(rep, &b, 0));
	ASSERT_EQ(10, recv_packed(rep, &in, 0));
	EXPECT_EQ(0, memcmp(b.p, in.p, 10));
	EXPECT_ERRNO(EBADFD, recv_packed(rep, &in, 0));
	b.len = 0;
	put_str(&b, RAW_MORE, "long");
	put_str(&b, 0, "answer");
	put_str(&b, 0, "and more");
	ASSERT_EQ(14, send_packed(rep, &b, 0));
	ASSERT_EQ(14, recv_packed(req, &in, 0));
	EXPECT_EQ(0, memcmp(b.p, in.p, 14));
	ASSERT_OK(zs_send_msg(req, "plain"));
	EXPECT_STREQ("plain", zs_recv_msg(rep, 0));
	ASSERT_OK(zs_close_now(req));
	ASSERT_OK(zs_close_now(rep));
	free(b.p);
	free(in.p);
}

/* Each message of a batch is matched on its own; none is lost below the mark
 * however long the batch.
 */
TEST(published)
{
	struct zs *pub = zs_open(ZMQ_PUB), *a = zs_open(ZMQ_SUB);
	struct zs *all = zs_open(ZMQ_SUB);
	struct buf b = buf_new(), in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(a, endpoint));
	ASSERT_OK(zs_connect(all, endpoint));
	ASSERT_OK(zs_subscribe(a, "a"));
	ASSERT_OK(zs_subscribe(all, ""));
	ASSERT_TRUE(zs_join(pub, a));
	ASSERT_TRUE(zs_join(pub, all));
	for (i = 0; i < 900; i++)
		put_str(&b, 0, i % 3 ? "bcd" : "abc");
	ASSERT_EQ((ssize_t)b.len, send_packed(pub, &b, 0));
	ASSERT_TRUE(recv_all(all, &in, b.len));
	EXPECT_TRUE(same(&b, &in));
	ASSERT_TRUE(recv_all(a, &in, b.len / 3));
	for (i = 0; i < 300; i++)
		EXPECT_EQ('a', in.p[i * 5 + 2]);
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(a));
	ASSERT_OK(zs_close_now(all));
	free(b.p);
	free(in.p);
}

/*
 * A long first part lies in pieces; its topic is found there, also where the
 * sender waits for room before the first part.
 */
TEST(long_topic)
{
	struct zs *pub = zs_open(ZMQ_XPUB), *sub = zs_open(ZMQ_SUB);
	struct buf b = buf_new(), in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	char topic[3001] = {};
	int i;

	memset(topic, 'a', sizeof(topic) - 1);
	ASSERT_OK(zs_set_int(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, topic));
	ASSERT_EQ(3001, zs_recv(pub, topic, 1, 0));
	for (i = 0; i < 80; i++) {
		put(&b, RAW_MORE, 'a', 10000 + 37 * i);
		put(&b, 0, 'b', 10);
	}
	ASSERT_EQ((ssize_t)b.len, send_packed(pub, &b, 0));
	ASSERT_TRUE(recv_all(sub, &in, b.len));
	EXPECT_TRUE(same(&b, &in));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
	free(b.p);
	free(in.p);
}

/* A subscriber that keeps up misses nothing of a batch longer than its mark. */
TEST(published_beyond_the_mark)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);
	struct buf b = buf_new(), in = buf_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 100));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 0));
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_TRUE(zs_join(pub, sub));
	for (i = 0; i < 3000; i++)
		put_str(&b, 0, "abc");
	ASSERT_EQ((ssize_t)b.len, send_packed(pub, &b, 0));
	ASSERT_TRUE(recv_all(sub, &in, b.len));
	EXPECT_TRUE(same(&b, &in));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
	free(b.p);
	free(in.p);
}

/* Only the first message is waited with. */
TEST(waits_once)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	struct buf b = buf_new();
	long long begin;
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_pair(push, pull, ZS_INPROC, NULL));
	for (i = 0; i < 10; i++)
		put_str(&b, 0, "x");
	begin = wait_now();
	EXPECT_EQ(4 * 3, send_packed(push, &b, 0));
	EXPECT_GT(WAIT_LIMIT / 2, wait_now() - begin);
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
	free(b.p);
}

static bool asleep(pid_t pid)
{
	char path[32], state = 0;
	FILE *file;

	sprintf(path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

/*
 * With ZMQ_XPUB_NODROP the first message waits for a full subscriber, and is
 * what it gets next; those behind it are taken as far as there is room.
 */
TEST(published_waits)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);
	struct buf b = buf_new();
	int i, full, sent;
	pid_t pid;

	ASSERT_OK(zs_set_int(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_pair(pub, sub, ZS_INPROC, NULL));
	full = zs_send_until_full(pub, "full", 4, 100);
	EXPECT_EQ(4, full);
	put_str(&b, 0, "0");
	put_str(&b, 0, "1");
	put_str(&b, 0, "2");
	EXPECT_ERRNO(EAGAIN, send_packed(pub, &b, MSG_DONTWAIT));
	pid = harness_fork();
	if (!pid)
		_exit(send_packed(pub, &b, 0) / 3);
	EXPECT_TRUE(wait_until(asleep(pid)));
	for (i = 0; i < full; i++)
		ASSERT_TRUE(zs_recv_is(sub, "full"));
	sent = harness_wait(pid);
	EXPECT_LE(1, sent);
	EXPECT_GE(3, sent);
	for (i = 0; i < sent; i++) {
		char text[2] = { '0' + i };

		EXPECT_TRUE(zs_recv_is(sub, text));
	}
	EXPECT_ERRNO(EAGAIN, zs_recv_int(sub, ZS_DONTWAIT));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
	free(b.p);
}

/* Looking at messages ahead of receiving them (ZMQ_AF_LOOKAHEAD). */

struct look {
	struct zmq_af_lookahead	head;
	unsigned char		data[16384];
};

/* Tell what was taken of the last look, and look again. */
static int look_at(struct zs *s, struct look *look, int taken, int parts,
		   int max)
{
	socklen_t len = sizeof(*look);

	memset(look, 0, sizeof(*look));
	look->head.taken = taken;
	look->head.parts = parts;
	look->head.max = max;
	look->head.size_max = 1000;
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, look, &len))
		return -1;
	return len == sizeof(look->head) + look->head.bytes ?
	       (int)look->head.count : -2;
}

static bool looked(const struct look *look, const struct buf *b, size_t off,
		   size_t len)
{
	return look->head.bytes == len && !memcmp(look->data, b->p + off, len);
}

/* What was looked at is there until it is told to have been taken. */
TEST_F(packed, lookahead)
{
	struct look look;
	int i;

	EXPECT_EQ(0, look_at(self->pull, &look, 0, 0, 100));
	for (i = 0; i < 10; i++) {
		put(&self->out, RAW_MORE, 'a' + i, i);
		put(&self->out, 0, 'A' + i, 5 - i % 5);
	}
	ASSERT_EQ((ssize_t)self->out.len,
		  send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 10));
	ASSERT_EQ(10, look_at(self->pull, &look, 0, 0, 100));
	EXPECT_TRUE(looked(&look, &self->out, 0, self->out.len));
	EXPECT_EQ(0, look.head.flags);
	EXPECT_EQ(10, queued(self->pull));
	ASSERT_EQ(1, look_at(self->pull, &look, 0, 0, 1));
	EXPECT_TRUE(looked(&look, &self->out, 0, 9));
	EXPECT_EQ(10, queued(self->pull));
	/* One by one, some at once, and a part. */
	ASSERT_EQ(2, look_at(self->pull, &look, 1, 0, 2));
	EXPECT_TRUE(looked(&look, &self->out, 9, 18));
	EXPECT_EQ(9, queued(self->pull));
	ASSERT_EQ(7, look_at(self->pull, &look, 2, 0, 9));
	EXPECT_TRUE(looked(&look, &self->out, 27, self->out.len - 27));
	EXPECT_EQ(7, queued(self->pull));
	EXPECT_TRUE(zs_poll(self->pull, ZMQ_POLLIN, 0));
	ASSERT_EQ(6, look_at(self->pull, &look, 1, 1, 9));
	EXPECT_TRUE(looked(&look, &self->out, 42, self->out.len - 42));
	EXPECT_STREQ("E", zs_recv_msg(self->pull, 0));
	ASSERT_EQ(5, look_at(self->pull, &look, 0, 0, 9));
	ASSERT_EQ(0, look_at(self->pull, &look, 4, 1, 0));
	EXPECT_EQ(1, queued(self->pull));
	EXPECT_TRUE(zs_poll(self->pull, ZMQ_POLLIN, 0));
	EXPECT_STREQ("J", zs_recv_msg(self->pull, 0));
	EXPECT_EQ(0, look_at(self->pull, &look, 0, 0, 100));
	EXPECT_FALSE(zs_poll(self->pull, ZMQ_POLLIN, 0));
	EXPECT_ERRNO(EAGAIN, zs_recv(self->pull, look.data, 1, ZS_DONTWAIT));
}

/* A look is out of date when something else takes messages. */
TEST_F(packed, lookahead_out_of_date)
{
	struct look look;
	int i;

	for (i = 0; i < 20; i++)
		put(&self->out, i % 2 ? 0 : RAW_MORE, 'a', 1);
	ASSERT_EQ((ssize_t)self->out.len,
		  send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 10));
	EXPECT_ERRNO(ESTALE, look_at(self->pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	ASSERT_EQ(1, zs_recv(self->pull, look.data, 1, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->pull, &look, 1, 0, 9));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	ASSERT_LT(0, recv_packed(self->pull, &self->in, 0));
	EXPECT_ERRNO(ESTALE, look_at(self->pull, &look, 9, 0, 9));
	EXPECT_EQ(0, queued(self->pull));

	/* More than there was, or more than the parts before the last. */
	ASSERT_EQ((ssize_t)self->out.len,
		  send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 10));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->pull, &look, 10, 0, 9));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->pull, &look, 9, 1, 9));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->pull, &look, 8, 2, 9));
	ASSERT_EQ(9, look_at(self->pull, &look, 0, 0, 9));
	EXPECT_ERRNO(EINVAL, look_at(self->pull, &look, -1, -1, 9));
	EXPECT_EQ(10, queued(self->pull));
}

/* No more than the room, the longest that is wanted, and what is single. */
TEST_F(packed, lookahead_bounds)
{
	struct look look = {};
	socklen_t len;

	put(&self->out, 0, 'a', 98);
	put(&self->out, 0, 'b', 98);
	put(&self->out, 0, 'c', 1000);
	put(&self->out, 0, 'd', 1);
	ASSERT_EQ((ssize_t)self->out.len,
		  send_packed(self->push, &self->out, 0));
	ASSERT_TRUE(wait_until(queued(self->pull) == 4));
	EXPECT_EQ(2, look_at(self->pull, &look, 0, 0, 9));
	EXPECT_TRUE(looked(&look, &self->out, 0, 200));
	len = sizeof(look.head) - 1;
	EXPECT_ERRNO(EINVAL, getsockopt(self->pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, &look, &len));
	memset(&look, 0, sizeof(look));
	look.head.max = 9;
	look.head.size_max = 1000;
	len = sizeof(look.head) + 199;
	ASSERT_OK(getsockopt(self->pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(1, look.head.count);
	EXPECT_EQ(100, look.head.bytes);
	EXPECT_EQ(0, look.data[100]);
	len = sizeof(look.head);
	ASSERT_OK(getsockopt(self->pull->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, &look,
			     &len));
	EXPECT_EQ(0, look.head.count);
	EXPECT_ERRNO(EFAULT, getsockopt(self->pull->fd, SOL_ZMQ,
					ZMQ_AF_LOOKAHEAD, NULL, &len));
	EXPECT_EQ(4, queued(self->pull));
	EXPECT_ERRNO(EOPNOTSUPP, look_at(self->push, &look, 0, 0, 9));
}

/* Credit is given when messages are taken, and one is told when it is due. */
TEST(lookahead_credit)
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
	ASSERT_TRUE(wait_until(queued(pull) == 10));
	EXPECT_EQ(5, look_at(pull, &look, 0, 0, 100));
	EXPECT_EQ(ZMQ_AF_LOOKAHEAD_PROMPT, look.head.flags);
	EXPECT_EQ(1, look_at(pull, &look, 4, 0, 100));
	EXPECT_EQ(6, queued(pull));
	EXPECT_EQ(5, look_at(pull, &look, 1, 0, 100));
	EXPECT_EQ(10, queued(pull));
	ASSERT_OK(zs_close_now(pull));
	close(fd);
}

/* With several peers whose turn it is, is for plain receives. */
TEST(lookahead_peers)
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
	ASSERT_TRUE(wait_until(queued(pull) == 3));
	EXPECT_EQ(2, look_at(pull, &look, 0, 0, 2));
	/* What is taken is what was looked at, whoever comes meanwhile. */
	ASSERT_OK(raw_send(fd[1], 0, "b", 1));
	ASSERT_TRUE(wait_until(queued(pull) == 4));
	EXPECT_EQ(0, look_at(pull, &look, 2, 0, 2));
	EXPECT_EQ(2, queued(pull));
	EXPECT_STREQ("b", zs_recv_msg(pull, 0));
	/* A peer that is gone has left what it sent. */
	EXPECT_EQ(1, look_at(pull, &look, 0, 0, 2));
	close(fd[0]);
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	EXPECT_EQ(0, look_at(pull, &look, 1, 0, 2));
	EXPECT_EQ(0, queued(pull));
	close(fd[1]);
	ASSERT_OK(zs_close_now(pull));
}

/* What goes with a peer that is disconnected goes from a look, too. */
TEST(lookahead_disconnected)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	struct look look;
	int i;

	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(pull, endpoint));
	for (i = 0; i < 5; i++)
		ASSERT_OK(zs_send_msg(push, "x"));
	ASSERT_TRUE(wait_until(queued(pull) == 5));
	ASSERT_EQ(5, look_at(pull, &look, 0, 0, 9));
	ASSERT_OK(zs_disconnect(pull, endpoint));
	EXPECT_FALSE(zs_poll(pull, ZMQ_POLLIN, 0));
	EXPECT_ERRNO(ESTALE, look_at(pull, &look, 2, 0, 9));
	EXPECT_EQ(0, look_at(pull, &look, 0, 0, 9));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
}

/* After an unsubscription each message is judged when it is received. */
TEST(lookahead_subscriber)
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
	ASSERT_TRUE(wait_until(queued(sub) == 6));
	/* A poll looks for one that is wanted. */
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(6, look_at(sub, &look, 0, 0, 9));
	EXPECT_TRUE(zs_poll(sub, ZMQ_POLLIN, 0));
	EXPECT_EQ(5, look_at(sub, &look, 1, 0, 9));
	ASSERT_OK(zs_set(sub, ZMQ_UNSUBSCRIBE, "b", 1));
	EXPECT_EQ(0, look_at(sub, &look, 1, 0, 9));
	EXPECT_EQ(4, queued(sub));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_STREQ("a", zs_recv_msg(sub, 0));
	EXPECT_FALSE(zs_poll(sub, ZMQ_POLLIN, 0));
	ASSERT_OK(zs_send_msg(pub, "a"));
	ASSERT_TRUE(wait_until(queued(sub) == 1));
	EXPECT_EQ(1, look_at(sub, &look, 0, 0, 9));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
}

/* Types that do something with each message they receive. */
TEST(lookahead_types)
{
	static const int none[] = { ZMQ_REQ, ZMQ_REP, ZMQ_ROUTER, ZMQ_PUB,
				    ZMQ_XPUB, ZMQ_PUSH, ZMQ_STREAM };
	static const int some[] = { ZMQ_PAIR, ZMQ_SUB, ZMQ_XSUB, ZMQ_DEALER,
				    ZMQ_PULL };
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
