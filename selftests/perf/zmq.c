// SPDX-License-Identifier: GPL-2.0-only
/* libzmq's API: the real library, or AF_ZMQ's if that is preloaded. */
#include <zmq.h>
#include <stdlib.h>
#include "driver.h"

struct perf_sock {
	void *s;
	zmq_msg_t msg;
};

static void *ctx;
static void *idle;		/* polled, too */

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	if (zmq_errno() == EPROTONOSUPPORT)
		perf_unsupported(what);
	perf_die(what);
}

static void start(void)
{
	ctx = zmq_ctx_new();
	check(ctx, "zmq_ctx_new");
	check(!zmq_ctx_set(ctx, ZMQ_MAX_SOCKETS, 20000), "ZMQ_MAX_SOCKETS");
}

static void stop(void)
{
	if (idle)
		zmq_close(idle);
	zmq_ctx_term(ctx);
}

static void set_int(void *s, int opt, int value, const char *what)
{
	check(!zmq_setsockopt(s, opt, &value, sizeof(value)), what);
}

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));

	s->s = zmq_socket(ctx, type);
	check(s->s, "zmq_socket");
	set_int(s->s, ZMQ_SNDHWM, hwm, "ZMQ_SNDHWM");
	set_int(s->s, ZMQ_RCVHWM, hwm, "ZMQ_RCVHWM");
	set_int(s->s, ZMQ_BACKLOG, 10000, "ZMQ_BACKLOG");
	/* What has not arrived by the end are subscriptions, of reconnections. */
	set_int(s->s, ZMQ_LINGER, 0, "ZMQ_LINGER");
	zmq_msg_init(&s->msg);
	return s;
}

static void bind_socket(struct perf_sock *s)
{
	check(!zmq_bind(s->s, perf_job.endpoint), "zmq_bind");
}

static void connect_socket(struct perf_sock *s)
{
	check(!zmq_connect(s->s, perf_job.endpoint), "zmq_connect");
}

static void subscribe(struct perf_sock *s, const void *prefix, size_t len)
{
	check(!zmq_setsockopt(s->s, ZMQ_SUBSCRIBE, prefix, len), "ZMQ_SUBSCRIBE");
}

static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	check(zmq_send(s->s, part, len, more ? ZMQ_SNDMORE : 0) >= 0, "zmq_send");
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	check(zmq_msg_recv(&s->msg, s->s, 0) >= 0, "zmq_msg_recv");
	if (more)
		*more = zmq_msg_more(&s->msg);
	*len = zmq_msg_size(&s->msg);
	return zmq_msg_data(&s->msg);
}

static void poll_socket(struct perf_sock *s)
{
	zmq_pollitem_t items[] = {
		{ .socket = s->s, .events = ZMQ_POLLIN },
		{ .events = ZMQ_POLLIN },
	};

	if (!idle)
		idle = zmq_socket(ctx, ZMQ_PULL);
	items[1].socket = idle;
	check(zmq_poll(items, 2, -1) == 1, "zmq_poll");
}

static void close_socket(struct perf_sock *s)
{
	zmq_msg_close(&s->msg);
	zmq_close(s->s);
	free(s);
}

const struct perf_driver perf_driver = {
	.start = start,
	.stop = stop,
	.open = open_socket,
	.bind = bind_socket,
	.connect = connect_socket,
	.subscribe = subscribe,
	.send = send_part,
	.recv = recv_part,
	.poll = poll_socket,
	.close = close_socket,
};
