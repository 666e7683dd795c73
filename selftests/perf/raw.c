// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP and unix stream sockets by themselves, the limit: a write for each
 * message, reads as large as they come, no framing since all messages have the
 * same size.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "driver.h"

struct perf_sock {
	int type;
	int listener;		/* -1: connected */
	int n;			/* connections */
	int next;		/* of a PUSH, to write to */
	int *fds;
	int epoll;		/* more than one connection to read */
	size_t size;
	size_t have;
	char *buf;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));

	if (type == PERF_DEALER || type == PERF_ROUTER || type == PERF_XPUB || perf_is_inproc())
		perf_unsupported(perf_job.scenario);
	s->type = type;
	s->listener = -1;
	s->size = perf_job.size * perf_job.parts;
	if (s->size < PERF_BUFFER)
		s->size = PERF_BUFFER;
	s->buf = perf_alloc(s->size);
	return s;
}

static socklen_t parse(union address *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (perf_job.transport[0] == 't') {
		addr->in.sin_family = AF_INET;
		addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		addr->in.sin_port = htons(atoi(strrchr(perf_job.endpoint, ':') + 1));
		return sizeof(addr->in);
	}
	addr->un.sun_family = AF_UNIX;
	strcpy(addr->un.sun_path, perf_job.endpoint + strlen("ipc://"));
	return sizeof(addr->un);
}

static void add(struct perf_sock *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int one = 1;

	if (fd < 0)
		perf_die("connection");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s->fds = realloc(s->fds, (s->n + 1) * sizeof(*s->fds));
	s->fds[s->n++] = fd;
	if (s->epoll && epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		perf_die("epoll_ctl");
}

static void bind_socket(struct perf_sock *s)
{
	union address addr;
	socklen_t len = parse(&addr);
	int one = 1;

	s->listener = socket(addr.any.sa_family, SOCK_STREAM, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (s->listener < 0 || bind(s->listener, &addr.any, len) ||
	    listen(s->listener, 10000))
		perf_die("listen");
	if (perf_job.peers > 1)
		s->epoll = epoll_create1(0);
}

static void connect_socket(struct perf_sock *s)
{
	union address addr;
	socklen_t len = parse(&addr);
	int fd = socket(addr.any.sa_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, &addr.any, len))
		perf_die("connect");
	add(s, fd);
}

static void subscribe(struct perf_sock *s, const void *prefix, size_t len)
{
	if (perf_job.match != 100 || perf_job.subs > 1)
		perf_unsupported("subscriptions");
}

static void accept_all(struct perf_sock *s)
{
	while (s->listener >= 0 && s->n < perf_job.peers)
		add(s, accept(s->listener, NULL, NULL));
}

static void write_all(int fd, const char *p, size_t len)
{
	ssize_t ret;

	while (len) {
		ret = send(fd, p, len, 0);
		if (ret < 0)
			perf_die("send");
		p += ret;
		len -= ret;
	}
}

/* Whole messages only: their parts are one after another in @part. */
static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	int i;

	if (s->n < perf_job.peers)
		accept_all(s);
	if (more)
		return;
	if (s->type == PERF_PUSH) {
		write_all(s->fds[s->next], part, len * perf_job.parts);
		s->next = (s->next + 1) % s->n;
		return;
	}
	for (i = 0; i < s->n; i++)
		write_all(s->fds[i], part, len * perf_job.parts);
}

static void wait_and_read(struct perf_sock *s)
{
	struct epoll_event events[64];
	ssize_t ret;
	int i, n;

	n = epoll_wait(s->epoll, events, 64, -1);
	for (i = 0; i < n; i++) {
		ret = recv(events[i].data.fd, s->buf, s->size, 0);
		if (ret <= 0)
			perf_die("recv");
		s->have += ret;
	}
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	size_t size = perf_job.size * perf_job.parts;
	ssize_t ret;

	if (s->n < perf_job.peers)
		accept_all(s);
	while (s->have < size) {
		if (s->epoll) {
			wait_and_read(s);
			continue;
		}
		ret = recv(s->fds[0], s->buf, s->size, 0);
		if (ret <= 0)
			perf_die("recv");
		s->have += ret;
	}
	s->have -= size;
	*len = size;
	if (more)
		*more = false;
	return s->buf;
}

static void close_socket(struct perf_sock *s)
{
	int i;

	for (i = 0; i < s->n; i++)
		close(s->fds[i]);
	if (s->listener >= 0)
		close(s->listener);
	free(s->fds);
	free(s->buf);
	free(s);
}

const struct perf_driver perf_driver = {
	.open = open_socket,
	.bind = bind_socket,
	.connect = connect_socket,
	.subscribe = subscribe,
	.send = send_part,
	.recv = recv_part,
	.close = close_socket,
};
