// SPDX-License-Identifier: GPL-2.0-only
/* AF_ZMQ by plain system calls: one for each part. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "driver.h"
#include "kernel.h"

struct perf_sock {
	int fd;
	size_t size;
	void *buf;
};

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));

	s->fd = perf_kernel_socket(type, hwm);
	s->size = perf_job.size < 256 ? 256 : perf_job.size;
	s->buf = perf_alloc(s->size);
	return s;
}

static void bind_socket(struct perf_sock *s)
{
	perf_kernel_bind(s->fd);
}

static void connect_socket(struct perf_sock *s)
{
	perf_kernel_connect(s->fd);
}

static void subscribe(struct perf_sock *s, const void *prefix, size_t len)
{
	perf_kernel_subscribe(s->fd, prefix, len);
}

static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	if (send(s->fd, part, len, more ? MSG_MORE : 0) < 0)
		perf_die("send");
}

static ssize_t recv_more(struct perf_sock *s, bool *more)
{
	struct iovec iov = { .iov_base = s->buf, .iov_len = s->size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret = recvmsg(s->fd, &msg, 0);

	*more = msg.msg_flags & MSG_MORE;
	return ret;
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	ssize_t ret = more ? recv_more(s, more) : recv(s->fd, s->buf, s->size, 0);

	if (ret < 0)
		perf_die("recv");
	*len = ret;
	return s->buf;
}

static void poll_socket(struct perf_sock *s)
{
	perf_kernel_poll(s->fd);
}

static void close_socket(struct perf_sock *s)
{
	close(s->fd);
	free(s->buf);
	free(s);
}

const struct perf_driver perf_driver = {
	.start = perf_kernel_start,
	.stop = perf_kernel_stop,
	.open = open_socket,
	.bind = bind_socket,
	.connect = connect_socket,
	.subscribe = subscribe,
	.send = send_part,
	.recv = recv_part,
	.poll = poll_socket,
	.close = close_socket,
};
