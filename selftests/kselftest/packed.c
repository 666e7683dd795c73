// SPDX-License-Identifier: GPL-2.0-only
/* Packed messages: many whole ones in one call (MSG_ZMQ_PACKED). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "frames.h"
#include "harness.h"
#include "raw.h"

FIXTURE(packed) {
	struct frames_pair p;
};

FIXTURE_VARIANT(packed) {
	enum zs_transport transport;
};

FIXTURE_VARIANT_ADD(packed, tcp) { .transport = ZS_TCP };
FIXTURE_VARIANT_ADD(packed, ipc) { .transport = ZS_ABSTRACT };

FIXTURE_SETUP(packed)
{
	ASSERT_TRUE(frames_pair_open(&self->p, variant->transport));
}

FIXTURE_TEARDOWN(packed)
{
	frames_pair_close(&self->p);
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
		frames_put(&self->p.out, 0, 'a' + i, sizes[i]);
		frames_put(&self->p.out, RAW_MORE, 'A' + i, sizes[i]);
		frames_put(&self->p.out, RAW_MORE, 'B', 0);
		frames_put(&self->p.out, 0, 'C', 7);
	}
	for (i = 0; i < 300; i++)
		frames_put(&self->p.out, 0, i, i);
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(frames_recv_all(self->p.pull, &self->p.in, self->p.out.len));
	EXPECT_TRUE(frames_same(&self->p.in, &self->p.out));
}

/* Any number of bytes of a frame can lie before the end of a chunk. */
TEST_F(packed, chunk_ends)
{
	int i, n;

	for (i = 0; i < 40; i++) {
		self->p.out.len = 0;
		frames_put(&self->p.out, 0, 'p', 32768 - 9 - 20 - i);
		for (n = 0; n < 5; n++) {
			frames_put(&self->p.out, RAW_MORE, n, 300 + i);
			frames_put(&self->p.out, 0, n, i);
		}
		ASSERT_EQ((ssize_t)self->p.out.len,
			  frames_send(self->p.push, &self->p.out, 0));
		ASSERT_TRUE(frames_recv_all(self->p.pull, &self->p.in, self->p.out.len));
		ASSERT_TRUE(frames_same(&self->p.in, &self->p.out));
	}
}

/* Packed and plain calls see the same messages. */
TEST_F(packed, mixes_with_plain)
{
	frames_put_str(&self->p.out, RAW_MORE, "a");
	frames_put_str(&self->p.out, 0, "b");
	frames_put_str(&self->p.out, 0, "");
	frames_put_str(&self->p.out, 0, "c");
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	EXPECT_STREQ("a|b", zs_recv_msg(self->p.pull, 0));
	EXPECT_STREQ("", zs_recv_msg(self->p.pull, 0));
	EXPECT_STREQ("c", zs_recv_msg(self->p.pull, 0));
	ASSERT_OK(zs_send_msg(self->p.push, "x|y"));
	ASSERT_OK(zs_send_msg(self->p.push, "z"));
	self->p.out.len = 0;
	frames_put_str(&self->p.out, RAW_MORE, "x");
	frames_put_str(&self->p.out, 0, "y");
	frames_put_str(&self->p.out, 0, "z");
	ASSERT_TRUE(frames_recv_all(self->p.pull, &self->p.in, self->p.out.len));
	EXPECT_TRUE(frames_same(&self->p.in, &self->p.out));
}

/* The rest of a message that was partly received, then the next. */
TEST_F(packed, rest_of_a_message)
{
	char a;

	ASSERT_OK(zs_send_msg(self->p.push, "a|b|c"));
	ASSERT_OK(zs_send_msg(self->p.push, "d"));
	ASSERT_EQ(1, recv(self->p.pull->fd, &a, 1, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 2));
	frames_put_str(&self->p.out, RAW_MORE, "b");
	frames_put_str(&self->p.out, 0, "c");
	frames_put_str(&self->p.out, 0, "d");
	ASSERT_EQ((ssize_t)self->p.out.len, frames_recv(self->p.pull, &self->p.in, 0));
	EXPECT_TRUE(frames_same(&self->p.in, &self->p.out));
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

	frames_put(&self->p.out, 0, 'a', 30);
	frames_put(&self->p.out, RAW_MORE, 'b', 30);
	frames_put(&self->p.out, 0, 'c', 40);
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 2));
	msg.msg_iov = &iov;
	EXPECT_EQ(32, recvmsg(self->p.pull->fd, &msg, MSG_ZMQ_PACKED));
	EXPECT_EQ(MSG_EOR, msg.msg_flags & (MSG_EOR | MSG_TRUNC | MSG_MORE));
	EXPECT_ERRNO(EMSGSIZE, recv(self->p.pull->fd, room, 64, MSG_ZMQ_PACKED));
	EXPECT_ERRNO(EMSGSIZE, recv(self->p.pull->fd, room, 73, MSG_ZMQ_PACKED));
	ASSERT_OK(zs_get(self->p.pull, ZMQ_AF_PACKED_LEN, &need, &len));
	EXPECT_EQ(74, need);
	ASSERT_OK(ioctl(self->p.pull->fd, FIONREAD, &pending));
	EXPECT_EQ(30, pending);
	ASSERT_OK(zs_set_int(self->p.pull, ZMQ_AF_PACKED, 1));
	ASSERT_OK(ioctl(self->p.pull->fd, FIONREAD, &pending));
	EXPECT_EQ(74, pending);
	EXPECT_EQ(74, read(self->p.pull->fd, self->p.in.p, 74));
	EXPECT_EQ(0, memcmp(self->p.in.p, self->p.out.p + 32, 74));
	EXPECT_ERRNO(EAGAIN, recv(self->p.pull->fd, room, 64, MSG_DONTWAIT));
	ASSERT_OK(zs_get(self->p.pull, ZMQ_AF_PACKED_LEN, &need, &len));
	EXPECT_EQ(0, need);
}

/* The option makes read(2) and write(2) packed. */
TEST_F(packed, read_and_write)
{
	EXPECT_EQ(0, zs_get_int(self->p.push, ZMQ_AF_PACKED));
	EXPECT_ERRNO(EINVAL, zs_set_int(self->p.push, ZMQ_AF_PACKED, 2));
	ASSERT_OK(zs_set_int(self->p.push, ZMQ_AF_PACKED, 1));
	ASSERT_OK(zs_set_int(self->p.pull, ZMQ_AF_PACKED, 1));
	EXPECT_EQ(1, zs_get_int(self->p.push, ZMQ_AF_PACKED));
	frames_put(&self->p.out, 0, 'a', 1000);
	frames_put(&self->p.out, 0, 'b', 10);
	ASSERT_EQ((ssize_t)self->p.out.len,
		  write(self->p.push->fd, self->p.out.p, self->p.out.len));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 2));
	ASSERT_EQ((ssize_t)self->p.out.len,
		  read(self->p.pull->fd, self->p.in.p, FRAMES_ROOM));
	EXPECT_EQ(0, memcmp(self->p.in.p, self->p.out.p, self->p.out.len));
}

/* A receive waits for the first message and no longer. */
TEST_F(packed, waits_for_the_first)
{
	pid_t pid;

	EXPECT_ERRNO(EAGAIN, frames_recv(self->p.pull, &self->p.in, MSG_DONTWAIT));
	ASSERT_OK(zs_set_int(self->p.pull, ZMQ_RCVTIMEO, 10));
	EXPECT_ERRNO(EAGAIN, frames_recv(self->p.pull, &self->p.in, 0));
	ASSERT_OK(zs_set_int(self->p.pull, ZMQ_RCVTIMEO, -1));
	frames_put(&self->p.out, 0, 'a', 10);
	pid = harness_fork();
	if (!pid)
		_exit(frames_recv(self->p.pull, &self->p.in, 0) != 12);
	ASSERT_EQ(12, frames_send(self->p.push, &self->p.out, 0));
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
		frames_put(&self->p.out, RAW_MORE, 'a' + i, 10);
		frames_put(&self->p.out, 0, 'A' + i, 3000);
	}
	EXPECT_ERRNO(EFAULT, send(self->p.push->fd, p + page - 100, self->p.out.len,
				  MSG_ZMQ_PACKED));
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 3));
	EXPECT_ERRNO(EFAULT, recv(self->p.pull->fd, p + page - 100, FRAMES_ROOM,
				  MSG_ZMQ_PACKED));
	ASSERT_EQ(10, recv(self->p.pull->fd, self->p.in.p, FRAMES_ROOM, 0));
	EXPECT_EQ('a', self->p.in.p[0]);
	EXPECT_ERRNO(EMSGSIZE, recv(self->p.pull->fd, p, 3008, MSG_ZMQ_PACKED));
	ASSERT_TRUE(frames_recv_all(self->p.pull, &self->p.in, self->p.out.len - 12));
	EXPECT_EQ(0, memcmp(self->p.in.p, self->p.out.p + 12, self->p.in.len));
	munmap(p, page);
}

/* What was put back is received before what has come since. */
TEST_F(packed, order_after_bad_memory)
{
	int i;

	for (i = 0; i < 3; i++)
		frames_put(&self->p.out, 0, 'a' + i, 10);
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 3));
	EXPECT_ERRNO(EFAULT, recv(self->p.pull->fd, NULL, FRAMES_ROOM, MSG_ZMQ_PACKED));
	frames_put(&self->p.out, 0, 'd', 10);
	ASSERT_OK(zs_send_str(self->p.push, "dddddddddd", 0) != 10);
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 1));
	/* A buffer for some of them, then for all. */
	ASSERT_EQ(24, recv(self->p.pull->fd, self->p.in.p, 30, MSG_ZMQ_PACKED));
	EXPECT_EQ(0, memcmp(self->p.in.p, self->p.out.p, 24));
	ASSERT_TRUE(frames_recv_all(self->p.pull, &self->p.in, 24));
	EXPECT_EQ(0, memcmp(self->p.in.p, self->p.out.p + 24, 24));
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
static bool well_formed(const struct frames *b)
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
	struct scribble s = { .p = self->p.out.p, .len = 3000 };
	pthread_t thread;
	size_t sent = 0, got = 0;
	int i, bad = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
	for (i = 0; i < 400; i++) {
		ssize_t n;

		memset(self->p.out.p, 0, s.len);
		n = send(self->p.push->fd, self->p.out.p, s.len,
			 MSG_ZMQ_PACKED | MSG_DONTWAIT);
		if (n > 0)
			sent += n;
		else if (errno == EINVAL || errno == EMSGSIZE)
			bad++;
		else
			ASSERT_EQ(EAGAIN, errno);
		while (frames_recv(self->p.pull, &self->p.in, MSG_DONTWAIT) > 0) {
			ASSERT_TRUE(well_formed(&self->p.in));
			got += self->p.in.len;
		}
	}
	s.stop = true;
	pthread_join(thread, NULL);
	TH_LOG("%zu bytes sent, %d refused", sent, bad);
	while (got < sent && frames_recv(self->p.pull, &self->p.in, 0) > 0) {
		ASSERT_TRUE(well_formed(&self->p.in));
		got += self->p.in.len;
	}
	EXPECT_EQ(sent, got);
	ASSERT_OK(zs_stats(self->p.pull, &stats));
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
		self->p.out.len = 0;
		frames_put_str(&self->p.out, 0, "before");
		memcpy(self->p.out.p + self->p.out.len, bad[i].bytes, bad[i].len);
		self->p.out.len += bad[i].len;
		errno = 0;
		EXPECT_EQ(-1, frames_send(self->p.push, &self->p.out, 0));
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("case %zu: %s", i, strerror(errno));
	}
	self->p.out.len = 0;
	memcpy(self->p.out.p, "\2\177\0\0\0\0\0\0\0a", 10);
	self->p.out.len = 10;
	EXPECT_ERRNO(EMSGSIZE, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_OK(zs_stats(self->p.push, &stats));
	EXPECT_EQ(0, stats.tx_msgs);
	EXPECT_EQ(0, send(self->p.push->fd, "", 0, MSG_ZMQ_PACKED));
	ASSERT_OK(zs_send_msg(self->p.push, "still fine"));
	EXPECT_STREQ("still fine", zs_recv_msg(self->p.pull, 0));
}

/* In the middle of a message by plain calls there is no place for others. */
TEST_F(packed, not_between_parts)
{
	frames_put_str(&self->p.out, 0, "x");
	ASSERT_EQ(1, zs_send(self->p.push, "a", 1, ZS_MORE));
	EXPECT_ERRNO(EBADFD, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_EQ(1, zs_send(self->p.push, "b", 1, 0));
	ASSERT_EQ(3, frames_send(self->p.push, &self->p.out, 0));
	EXPECT_STREQ("a|b", zs_recv_msg(self->p.pull, 0));
	EXPECT_STREQ("x", zs_recv_msg(self->p.pull, 0));
}

/* Looking without taking is for plain calls. */
TEST_F(packed, no_peek)
{
	EXPECT_ERRNO(EOPNOTSUPP, frames_recv(self->p.pull, &self->p.in, MSG_PEEK));
	EXPECT_ERRNO(EOPNOTSUPP, frames_recv(self->p.push, &self->p.in, 0));
	EXPECT_ERRNO(EOPNOTSUPP, frames_send(self->p.pull, &self->p.out, 0));
}

/* Counters count messages and their bodies as plain calls do. */
TEST_F(packed, counted)
{
	struct zmq_af_stats tx = {}, rx = {};

	frames_put(&self->p.out, RAW_MORE, 'a', 300);
	frames_put(&self->p.out, 0, 'b', 20);
	frames_put(&self->p.out, 0, 'c', 1);
	ASSERT_EQ((ssize_t)self->p.out.len, frames_send(self->p.push, &self->p.out, 0));
	ASSERT_TRUE(wait_until(zs_rx_queued(self->p.pull) == 2));
	ASSERT_OK(zs_stats(self->p.push, &tx));
	ASSERT_OK(zs_stats(self->p.pull, &rx));
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
	struct frames b = frames_new(), in = frames_new();
	int i, n, port;

	port = zs_free_endpoint(endpoint);
	ASSERT_LE(0, port);
	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 10));
	ASSERT_OK(zs_connect(push, endpoint));
	for (i = 0; i < 25; i++)
		frames_put(&b, 0, i, 5);
	ASSERT_EQ(70, frames_send(push, &b, MSG_DONTWAIT));
	EXPECT_ERRNO(EAGAIN, frames_send(push, &b, MSG_DONTWAIT));
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, 10));
	EXPECT_ERRNO(EAGAIN, frames_send(push, &b, 0));
	close(port);
	ASSERT_OK(zs_bind(pull, endpoint));
	ASSERT_TRUE(frames_recv_all(pull, &in, 70));
	EXPECT_EQ(0, memcmp(in.p, b.p, 70));
	/* A blocking call waits for room for one, and takes those that fit. */
	ASSERT_OK(zs_set_int(push, ZMQ_SNDTIMEO, -1));
	for (i = 0; i < (int)b.len; i += n) {
		n = send(push->fd, b.p + i, b.len - i, MSG_ZMQ_PACKED);
		ASSERT_LT(0, n);
		ASSERT_EQ(0, n % 7);
	}
	ASSERT_TRUE(frames_recv_all(pull, &in, b.len));
	EXPECT_TRUE(frames_same(&b, &in));
	ASSERT_OK(zs_close_now(push));
	ASSERT_OK(zs_close_now(pull));
	free(b.p);
	free(in.p);
}

/* The marks of both ends bound what is queued, to the message. */
TEST(receiver_gives_credit)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct frames in = frames_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int fd, i;

	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 10));
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "PUSH", NULL));
	for (i = 0; i < 100; i++)
		ASSERT_OK(raw_send(fd, 0, "abc", 3));
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 10));
	/* Below the low-water mark of 5 nothing moves, at it all does. */
	ASSERT_EQ(20, recv(pull->fd, in.p, 24, MSG_ZMQ_PACKED));
	EXPECT_EQ(6, zs_rx_queued(pull));
	ASSERT_EQ(5, recv(pull->fd, in.p, 9, MSG_ZMQ_PACKED));
	EXPECT_EQ(10, zs_rx_queued(pull));
	ASSERT_TRUE(frames_recv_all(pull, &in, 95 * 5));
	ASSERT_OK(zs_close_now(pull));
	close(fd);
	free(in.p);
}

/* Peers that all have messages take turns in a batch, too. */
TEST(fair)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	struct frames in = frames_new();
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
	ASSERT_TRUE(wait_until(zs_rx_queued(pull) == 60));
	ASSERT_EQ(180, frames_recv(pull, &in, 0));
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
	struct frames b = frames_new(), in = frames_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		pull[i] = zs_open(ZMQ_PULL);
		ASSERT_OK(zs_connect(pull[i], endpoint));
		ASSERT_TRUE(zs_wait_peers(push, i + 1));
	}
	for (i = 0; i < 30; i++)
		frames_put(&b, 0, i, 1);
	ASSERT_EQ(90, frames_send(push, &b, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(frames_recv_all(pull[i], &in, 30));
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
	struct frames b = frames_new(), in = frames_new(), expected = frames_new();
	char endpoint[ZS_ENDPOINT_MAX];
	ssize_t len;
	int i;

	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "me", 2));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, endpoint));
	for (i = 0; i < 3; i++) {
		frames_put(&b, RAW_MORE, 'a', i);
		frames_put(&b, 0, 'b', 5000);
		frames_put_str(&expected, RAW_MORE, "me");
		frames_put(&expected, RAW_MORE, 'a', i);
		frames_put(&expected, 0, 'b', 5000);
	}
	ASSERT_EQ((ssize_t)b.len, frames_send(dealer, &b, 0));
	ASSERT_TRUE(frames_recv_all(router, &in, expected.len));
	EXPECT_TRUE(frames_same(&expected, &in));
	ASSERT_EQ((ssize_t)in.len, frames_send(router, &in, 0));
	ASSERT_TRUE(frames_recv_all(dealer, &in, b.len));
	EXPECT_TRUE(frames_same(&b, &in));

	/* Nobody of that name: dropped, or with MANDATORY an error. */
	b.len = 0;
	frames_put_str(&b, RAW_MORE, "you");
	frames_put_str(&b, 0, "lost");
	i = b.len;
	frames_put_str(&b, RAW_MORE, "me");
	frames_put_str(&b, 0, "found");
	ASSERT_EQ((ssize_t)b.len, frames_send(router, &b, 0));
	EXPECT_STREQ("found", zs_recv_msg(dealer, 0));
	ASSERT_OK(zs_set_int(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_ERRNO(EHOSTUNREACH, frames_send(router, &b, 0));
	ASSERT_EQ((ssize_t)b.len - i,
		  send(router->fd, b.p + i, b.len - i, MSG_ZMQ_PACKED));
	EXPECT_STREQ("found", zs_recv_msg(dealer, 0));
	/* Behind a message that was taken it is for the next call to tell. */
	len = b.len - i;
	frames_put_str(&b, RAW_MORE, "you");
	frames_put_str(&b, 0, "lost");
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
	struct frames b = frames_new(), in = frames_new();
	char endpoint[ZS_ENDPOINT_MAX];

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, endpoint));
	EXPECT_ERRNO(EBADFD, frames_recv(req, &in, 0));
	frames_put_str(&b, 0, "question");
	frames_put_str(&b, 0, "another");
	ASSERT_EQ(10, frames_send(req, &b, 0));
	EXPECT_ERRNO(EBADFD, frames_send(req, &b, 0));
	EXPECT_ERRNO(EBADFD, frames_send(rep, &b, 0));
	ASSERT_EQ(10, frames_recv(rep, &in, 0));
	EXPECT_EQ(0, memcmp(b.p, in.p, 10));
	EXPECT_ERRNO(EBADFD, frames_recv(rep, &in, 0));
	b.len = 0;
	frames_put_str(&b, RAW_MORE, "long");
	frames_put_str(&b, 0, "answer");
	frames_put_str(&b, 0, "and more");
	ASSERT_EQ(14, frames_send(rep, &b, 0));
	ASSERT_EQ(14, frames_recv(req, &in, 0));
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
	struct frames b = frames_new(), in = frames_new();
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
		frames_put_str(&b, 0, i % 3 ? "bcd" : "abc");
	ASSERT_EQ((ssize_t)b.len, frames_send(pub, &b, 0));
	ASSERT_TRUE(frames_recv_all(all, &in, b.len));
	EXPECT_TRUE(frames_same(&b, &in));
	ASSERT_TRUE(frames_recv_all(a, &in, b.len / 3));
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
	struct frames b = frames_new(), in = frames_new();
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
		frames_put(&b, RAW_MORE, 'a', 10000 + 37 * i);
		frames_put(&b, 0, 'b', 10);
	}
	ASSERT_EQ((ssize_t)b.len, frames_send(pub, &b, 0));
	ASSERT_TRUE(frames_recv_all(sub, &in, b.len));
	EXPECT_TRUE(frames_same(&b, &in));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
	free(b.p);
	free(in.p);
}

/*
 * A subscriber that keeps up misses nothing of a batch longer than its mark:
 * the sender flushes where the queue is full, if nobody else is at it.
 */
TEST(published_beyond_the_mark)
{
	struct zs *pub = zs_open(ZMQ_PUB), *sub = zs_open(ZMQ_SUB);
	struct frames b = frames_new(), in = frames_new();
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	/* No timer is to flush what zs_join() sends. */
	ASSERT_OK(zs_set_int(pub, ZMQ_AF_COALESCE, 0));
	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 100));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 0));
	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_TRUE(zs_join(pub, sub));
	for (i = 0; i < 3000; i++)
		frames_put_str(&b, 0, "abc");
	ASSERT_EQ((ssize_t)b.len, frames_send(pub, &b, 0));
	ASSERT_TRUE(frames_recv_all(sub, &in, b.len));
	EXPECT_TRUE(frames_same(&b, &in));
	ASSERT_OK(zs_close_now(pub));
	ASSERT_OK(zs_close_now(sub));
	free(b.p);
	free(in.p);
}

/* Only the first message is waited with. */
TEST(waits_once)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	struct frames b = frames_new();
	long long begin;
	int i;

	ASSERT_OK(zs_set_int(push, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(pull, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_pair(push, pull, ZS_INPROC, NULL));
	for (i = 0; i < 10; i++)
		frames_put_str(&b, 0, "x");
	begin = wait_now();
	EXPECT_EQ(4 * 3, frames_send(push, &b, 0));
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
	struct frames b = frames_new();
	int i, full, sent;
	pid_t pid;

	ASSERT_OK(zs_set_int(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_OK(zs_set_int(pub, ZMQ_SNDHWM, 2));
	ASSERT_OK(zs_set_int(sub, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_subscribe(sub, ""));
	ASSERT_OK(zs_pair(pub, sub, ZS_INPROC, NULL));
	full = zs_send_until_full(pub, "full", 4, 100);
	EXPECT_EQ(4, full);
	frames_put_str(&b, 0, "0");
	frames_put_str(&b, 0, "1");
	frames_put_str(&b, 0, "2");
	EXPECT_ERRNO(EAGAIN, frames_send(pub, &b, MSG_DONTWAIT));
	pid = harness_fork();
	if (!pid)
		_exit(frames_send(pub, &b, 0) / 3);
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

TEST_HARNESS_MAIN
