// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_ZMQ by packed I/O: a system call carries many whole messages as ZMTP
 * frames, which are made and taken apart here.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/zmq.h>
#include "driver.h"
#include "kernel.h"

#ifndef MSG_ZMQ_PACKED
#define MSG_ZMQ_PACKED	0x10
#endif

#define FRAME_MORE	1
#define FRAME_LONG	2
#define HEADER_MAX	9

struct perf_sock {
	int fd;
	size_t out_len;
	size_t out_size;
	uint8_t *out;
	uint8_t *in;
	size_t in_size;
	size_t in_pos;
	size_t in_len;
};

/*
 * A kernel without packed I/O takes two packed messages for one: ask with
 * connected sockets, not with an error code.
 */
static void probe(void)
{
	static const char packed[] = { 0, 1, 'a', 0, 1, 'b' };
	struct sockaddr_zmq addr = { .szmq_endpoint = "tcp://127.0.0.1:*" };
	socklen_t len = sizeof(addr);
	int pull = perf_kernel_socket(PERF_PULL, 10);
	int push = perf_kernel_socket(PERF_PUSH, 10);
	struct sockaddr *any = (struct sockaddr *)&addr;
	char buf[sizeof(packed)];

	addr.szmq_family = perf_kernel_family;
	if (bind(pull, any, len) || getsockname(pull, any, &len) ||
	    connect(push, any, len))
		perf_die("probe");
	if (send(push, packed, sizeof(packed), MSG_ZMQ_PACKED) < 0 ||
	    recv(pull, buf, sizeof(buf), 0) != 1 ||
	    recv(pull, buf, sizeof(buf), 0) != 1)
		perf_unsupported("packed I/O");
	close(push);
	close(pull);
}

static void start(void)
{
	perf_kernel_start();
	probe();
}

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));
	size_t most = perf_job.parts * (perf_job.size + HEADER_MAX) + 256;

	s->fd = perf_kernel_socket(type, hwm);
	s->out_size = most < PERF_BUFFER ? PERF_BUFFER : most;
	s->in_size = s->out_size;
	s->out = perf_alloc(s->out_size);
	s->in = perf_alloc(s->in_size);
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

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	if (errno == EINVAL || errno == EOPNOTSUPP)
		perf_unsupported("packed I/O");
	perf_die(what);
}

/* May take more than one call, each taking whole messages. */
static void send_all(struct perf_sock *s, struct iovec *iov, int n, size_t len)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	while (len) {
		sent = sendmsg(s->fd, &msg, MSG_ZMQ_PACKED);
		check(sent > 0, "packed send");
		len -= sent;
		while (msg.msg_iovlen && (size_t)sent >= msg.msg_iov->iov_len) {
			sent -= msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (!msg.msg_iovlen)
			break;
		msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + sent;
		msg.msg_iov->iov_len -= sent;
	}
}

static void flush(struct perf_sock *s)
{
	struct iovec iov = { .iov_base = s->out, .iov_len = s->out_len };

	if (s->out_len)
		send_all(s, &iov, 1, s->out_len);
	s->out_len = 0;
}

static size_t put_header(uint8_t *p, size_t len, bool more)
{
	uint64_t be = htobe64(len);

	p[0] = more ? FRAME_MORE : 0;
	if (len < 256) {
		p[1] = len;
		return 2;
	}
	p[0] |= FRAME_LONG;
	memcpy(p + 1, &be, sizeof(be));
	return HEADER_MAX;
}

static void send_long(struct perf_sock *s, const void *part, size_t len)
{
	uint8_t header[HEADER_MAX];
	struct iovec iov[] = {
		{ .iov_base = header, .iov_len = put_header(header, len, false) },
		{ .iov_base = (void *)part, .iov_len = len },
	};

	flush(s);
	send_all(s, iov, 2, iov[0].iov_len + len);
}

static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	if (len > PERF_BATCHED && perf_job.parts == 1 && !more)
		return send_long(s, part, len);
	s->out_len += put_header(s->out + s->out_len, len, more);
	memcpy(s->out + s->out_len, part, len);
	s->out_len += len;
	/* Room for one more message. */
	if (!more && s->out_size - s->out_len <
	    perf_job.parts * (perf_job.size + HEADER_MAX) + 256)
		flush(s);
}

static void fill(struct perf_sock *s)
{
	ssize_t ret;

	flush(s);
	ret = recv(s->fd, s->in, s->in_size, MSG_ZMQ_PACKED);
	check(ret > 0, "packed recv");
	s->in_len = ret;
	s->in_pos = 0;
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	const uint8_t *p;
	uint64_t be;

	if (s->in_pos == s->in_len)
		fill(s);
	p = s->in + s->in_pos;
	if (more)
		*more = p[0] & FRAME_MORE;
	if (p[0] & FRAME_LONG) {
		memcpy(&be, p + 1, sizeof(be));
		*len = be64toh(be);
		p += HEADER_MAX;
	} else {
		*len = p[1];
		p += 2;
	}
	s->in_pos = p - s->in + *len;
	return p;
}

static void poll_socket(struct perf_sock *s)
{
	if (s->in_pos < s->in_len)
		return;
	flush(s);
	perf_kernel_poll(s->fd);
}

static void close_socket(struct perf_sock *s)
{
	close(s->fd);
	free(s->out);
	free(s->in);
	free(s);
}

const struct perf_driver perf_driver = {
	.start = start,
	.stop = perf_kernel_stop,
	.open = open_socket,
	.bind = bind_socket,
	.connect = connect_socket,
	.subscribe = subscribe,
	.send = send_part,
	.flush = flush,
	.recv = recv_part,
	.poll = poll_socket,
	.close = close_socket,
};
