// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: the same calls, submitted. */
#include <liburing.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "harness.h"

#define DEPTH		64
#define GROUP		7
#define BUFFERS		16
#define BUFFER_SIZE	256

FIXTURE(uring) {
	struct io_uring ring;
	bool open;
	struct zs *to;
	struct zs *from;
	char *memory;
	struct io_uring_buf_ring *buffers;
};

FIXTURE_SETUP(uring)
{
	int err = io_uring_queue_init(DEPTH, &self->ring, 0);

	if (err == -ENOSYS || err == -EPERM)
		SKIP_IN_SETUP("no io_uring here");
	ASSERT_EQ(0, err);
	self->open = true;
	self->to = zs_open(ZMQ_PULL);
	self->from = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_pair(self->to, self->from, ZS_TCP, NULL));
}

FIXTURE_TEARDOWN(uring)
{
	if (self->open)
		io_uring_queue_exit(&self->ring);
	zs_close_now(self->to);
	zs_close_now(self->from);
	free(self->buffers);
	free(self->memory);
}

/* The next completion; its result is -ETIME if there is none in time. */
static struct io_uring_cqe next_cqe(struct io_uring *ring)
{
	struct __kernel_timespec ts = { .tv_sec = WAIT_LIMIT / 1000 };
	struct io_uring_cqe *cqe, copy = { .res = -ETIME };
	int err;

	do {
		err = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
	} while (err == -EINTR);
	if (err)
		return copy;
	copy = *cqe;
	io_uring_cqe_seen(ring, cqe);
	return copy;
}

static struct io_uring_sqe *sqe_of(struct io_uring *ring, int data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

/* Preparing clears the user data: it is set after. */
#define PREP(ring, data, op, ...) do {					\
	struct io_uring_sqe *prep_sqe = io_uring_get_sqe(ring);		\
									\
	io_uring_prep_##op(prep_sqe, ##__VA_ARGS__);			\
	io_uring_sqe_set_data64(prep_sqe, data);			\
} while (0)

TEST_F(uring, send_and_receive)
{
	struct io_uring_cqe cqe;
	char buf[16] = "";

	/* The receive waits, the send completes it. */
	PREP(&self->ring, 1, recv, self->to->fd, buf, sizeof(buf), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	PREP(&self->ring, 2, send, self->from->fd, "hello", 5, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	cqe = next_cqe(&self->ring);
	if (cqe.user_data == 2) {
		EXPECT_EQ(5, cqe.res);
		cqe = next_cqe(&self->ring);
		EXPECT_EQ(1, cqe.user_data);
		EXPECT_EQ(5, cqe.res);
	} else {
		EXPECT_EQ(5, cqe.res);
		cqe = next_cqe(&self->ring);
		EXPECT_EQ(2, cqe.user_data);
		EXPECT_EQ(5, cqe.res);
	}
	EXPECT_STREQ("hello", buf);
}

/* msg_flags tells parts apart. */
TEST_F(uring, parts)
{
	char first[16], second[16];
	struct iovec iov[] = {
		{ first, sizeof(first) },
		{ second, sizeof(second) },
	};
	struct msghdr in[2] = {
		{ .msg_iov = &iov[0], .msg_iovlen = 1 },
		{ .msg_iov = &iov[1], .msg_iovlen = 1 },
	};
	struct iovec parts[] = { { "a", 1 }, { "bc", 2 } };
	struct msghdr out[2] = {
		{ .msg_iov = &parts[0], .msg_iovlen = 1 },
		{ .msg_iov = &parts[1], .msg_iovlen = 1 },
	};
	int i;

	for (i = 0; i < 2; i++) {
		PREP(&self->ring, i, sendmsg, self->from->fd, &out[i],
		     i ? 0 : MSG_MORE);
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		ASSERT_EQ(i + 1, next_cqe(&self->ring).res);
	}
	for (i = 0; i < 2; i++) {
		PREP(&self->ring, i, recvmsg, self->to->fd, &in[i], 0);
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		ASSERT_EQ(i + 1, next_cqe(&self->ring).res);
	}
	EXPECT_EQ(MSG_MORE, in[0].msg_flags & (MSG_MORE | MSG_EOR));
	EXPECT_EQ(MSG_EOR, in[1].msg_flags & (MSG_MORE | MSG_EOR));
	EXPECT_EQ('a', first[0]);
	EXPECT_EQ('b', second[0]);
}

/* MSG_DONTWAIT does not wait here either. */
TEST_F(uring, dontwait)
{
	char buf[16];

	PREP(&self->ring, 1, recv, self->to->fd, buf, sizeof(buf),
	     MSG_DONTWAIT);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EAGAIN, next_cqe(&self->ring).res);
}

TEST_F(uring, poll)
{
	PREP(&self->ring, 1, poll_add, self->to->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_OK(zs_send_int(self->from, 1, 0));
	EXPECT_EQ(POLLIN, next_cqe(&self->ring).res & POLLIN);
	EXPECT_EQ(1, zs_recv_int(self->to, 0));
	PREP(&self->ring, 2, poll_add, self->from->fd, POLLOUT);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(POLLOUT, next_cqe(&self->ring).res & POLLOUT);
}

/* A multishot poll tells of each arrival. */
TEST_F(uring, poll_multishot)
{
	struct io_uring_cqe cqe;
	int i;

	PREP(&self->ring, 1, poll_multishot, self->to->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (i = 0; i < 5; i++) {
		ASSERT_OK(zs_send_int(self->from, i, 0));
		cqe = next_cqe(&self->ring);
		ASSERT_EQ(POLLIN, cqe.res & POLLIN);
		ASSERT_TRUE(cqe.flags & IORING_CQE_F_MORE);
		ASSERT_EQ(i, zs_recv_int(self->to, 0));
	}
}

/* A request and the receipt of its reply, one submission. */
TEST_F(uring, linked)
{
	struct zs *req = zs_open(ZMQ_REQ), *rep = zs_open(ZMQ_REP);
	char question[16], answer[16];
	struct io_uring_sqe *sqe;
	int i;

	ASSERT_OK(zs_pair(rep, req, ZS_TCP, NULL));
	for (i = 0; i < 3; i++) {
		sqe = sqe_of(&self->ring, 0);
		io_uring_prep_send(sqe, req->fd, "question", 8, 0);
		io_uring_sqe_set_data64(sqe, 1);
		sqe->flags |= IOSQE_IO_LINK;
		PREP(&self->ring, 2, recv, req->fd, answer, sizeof(answer), 0);
		sqe = sqe_of(&self->ring, 0);
		io_uring_prep_recv(sqe, rep->fd, question, sizeof(question), 0);
		io_uring_sqe_set_data64(sqe, 3);
		sqe->flags |= IOSQE_IO_LINK;
		PREP(&self->ring, 4, send, rep->fd, "reply", 5, 0);
		ASSERT_EQ(4, io_uring_submit(&self->ring));
		for (int left = 4; left; left--) {
			struct io_uring_cqe cqe = next_cqe(&self->ring);

			ASSERT_EQ(cqe.user_data % 2 ? 8 : 5, cqe.res)
				TH_LOG("operation %d", (int)cqe.user_data);
		}
		EXPECT_EQ(0, memcmp(answer, "reply", 5));
		EXPECT_EQ(0, memcmp(question, "question", 8));
	}
	zs_close_now(req);
	zs_close_now(rep);
}

/* A time limit of the ring's. */
TEST_F(uring, linked_timeout)
{
	struct __kernel_timespec ts = { .tv_nsec = 20000000 };
	struct io_uring_sqe *sqe;
	char buf[16];
	int i;

	sqe = sqe_of(&self->ring, 0);
	io_uring_prep_recv(sqe, self->to->fd, buf, sizeof(buf), 0);
	io_uring_sqe_set_data64(sqe, 1);
	sqe->flags |= IOSQE_IO_LINK;
	PREP(&self->ring, 2, link_timeout, &ts, 0);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	for (i = 0; i < 2; i++) {
		struct io_uring_cqe cqe = next_cqe(&self->ring);

		if (cqe.user_data == 1)
			EXPECT_TRUE(cqe.res == -ECANCELED || cqe.res == -EINTR);
	}
	ASSERT_OK(zs_send_int(self->from, 7, 0));
	EXPECT_EQ(7, zs_recv_int(self->to, 0));
}

/* What is cancelled has taken nothing. */
TEST_F(uring, cancel)
{
	char buf[16];
	int i;

	PREP(&self->ring, 1, recv, self->to->fd, buf, sizeof(buf), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	PREP(&self->ring, 2, cancel64, 1, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	for (i = 0; i < 2; i++) {
		struct io_uring_cqe cqe = next_cqe(&self->ring);

		EXPECT_EQ(cqe.user_data == 1 ? -ECANCELED : 0, cqe.res);
	}
	ASSERT_OK(zs_send_int(self->from, 7, 0));
	EXPECT_EQ(7, zs_recv_int(self->to, 0));
}

/* A send that waits for room goes on when there is some. */
TEST_F(uring, blocked_send)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX];
	struct io_uring_cqe cqe;

	/* Nobody there: no pipe. */
	ASSERT_OK(zs_bind_any(push, ZS_TCP, endpoint));
	PREP(&self->ring, 1, send, push->fd, "late", 4, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	ASSERT_OK(zs_connect(self->to, endpoint));
	cqe = next_cqe(&self->ring);
	EXPECT_EQ(4, cqe.res);
	EXPECT_TRUE(zs_recv_is(self->to, "late"));
	zs_close_now(push);
}

static char *buffer(char *memory, int i)
{
	return memory + i * BUFFER_SIZE;
}

/* A ring of buffers for the kernel to choose from; 0 or -errno. */
static int provide(struct io_uring *ring, char **memory,
		   struct io_uring_buf_ring **buffers)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = BUFFERS,
		.bgid = GROUP,
	};
	int i, err;

	*memory = malloc(BUFFERS * BUFFER_SIZE);
	if (posix_memalign((void **)buffers, 4096,
			   BUFFERS * sizeof(struct io_uring_buf)))
		return -ENOMEM;
	reg.ring_addr = (unsigned long)*buffers;
	err = io_uring_register_buf_ring(ring, &reg, 0);
	if (err)
		return err;
	io_uring_buf_ring_init(*buffers);
	for (i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(*buffers, buffer(*memory, i), BUFFER_SIZE,
				      i, BUFFERS - 1, i);
	io_uring_buf_ring_advance(*buffers, BUFFERS);
	return 0;
}

static void submit_multishot(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	io_uring_submit(ring);
}

static void give_back(struct io_uring_buf_ring *buffers, char *memory, int id)
{
	io_uring_buf_ring_add(buffers, buffer(memory, id), BUFFER_SIZE, id,
			      BUFFERS - 1, 0);
	io_uring_buf_ring_advance(buffers, 1);
}

/* One submission, many messages; another when the buffers had run out. */
TEST_F(uring, recv_multishot)
{
	struct io_uring_cqe cqe;
	int i, id, ended = 0;

	ASSERT_EQ(0, provide(&self->ring, &self->memory, &self->buffers));
	submit_multishot(&self->ring, self->to->fd);
	for (i = 0; i < 100; i++)
		ASSERT_OK(zs_send_int(self->from, i, 0));
	for (i = 0; i < 100;) {
		cqe = next_cqe(&self->ring);
		if (cqe.res != -ENOBUFS) {
			ASSERT_EQ(sizeof(i), cqe.res)
				TH_LOG("message %d", i);
			ASSERT_TRUE(cqe.flags & IORING_CQE_F_BUFFER);
			id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
			ASSERT_EQ(0, memcmp(buffer(self->memory, id), &i,
					    sizeof(i)));
			give_back(self->buffers, self->memory, id);
			i++;
		}
		if (cqe.flags & IORING_CQE_F_MORE)
			continue;
		ended++;
		submit_multishot(&self->ring, self->to->fd);
	}
	/* Each took a ring of buffers at least. */
	EXPECT_GE(100 / BUFFERS + 1, ended);
}

/* Without buffers left it ends, and no message is lost. */
TEST_F(uring, recv_multishot_no_buffers)
{
	struct io_uring_cqe cqe;
	int i, got = 0;

	ASSERT_EQ(0, provide(&self->ring, &self->memory, &self->buffers));
	submit_multishot(&self->ring, self->to->fd);
	for (i = 0; i < BUFFERS + 5; i++)
		ASSERT_OK(zs_send_int(self->from, i, 0));
	do {
		cqe = next_cqe(&self->ring);
		if (cqe.res == sizeof(i))
			got++;
	} while (cqe.flags & IORING_CQE_F_MORE);
	EXPECT_EQ(-ENOBUFS, cqe.res);
	EXPECT_EQ(BUFFERS, got);
	for (i = BUFFERS; i < BUFFERS + 5; i++)
		ASSERT_EQ(i, zs_recv_int(self->to, 0));
}

/* A ring that is closed lets go of the socket. */
TEST_F(uring, exit_while_waiting)
{
	char buf[16];
	int got;

	PREP(&self->ring, 1, recv, self->to->fd, buf, sizeof(buf), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	io_uring_queue_exit(&self->ring);
	self->open = false;
	ASSERT_OK(zs_send_int(self->from, 7, 0));
	/* What the ring leaves to be done by this thread ends a wait as a signal. */
	do {
		got = zs_recv_int(self->to, 0);
	} while (got < 0 && errno == EINTR);
	EXPECT_EQ(7, got);
}

TEST_HARNESS_MAIN
