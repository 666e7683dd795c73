// SPDX-License-Identifier: GPL-2.0-only
/* nanomsg: one part in a message, queues limited by bytes. */
#include <nanomsg/nn.h>
#include <nanomsg/pair.h>
#include <nanomsg/pipeline.h>
#include <nanomsg/pubsub.h>
#include <nanomsg/reqrep.h>
#include <nanomsg/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include "driver.h"

struct perf_sock {
	int s;
	void *msg;
};

static int check(int ret, const char *what)
{
	if (ret >= 0)
		return ret;
	fprintf(stderr, "%s: %s\n", what, nn_strerror(nn_errno()));
	exit(1);
}

static int protocol(int type)
{
	switch (type) {
	case PERF_PAIR:
		return NN_PAIR;
	case PERF_PUB:
		return NN_PUB;
	case PERF_SUB:
		return NN_SUB;
	case PERF_REQ:
		return NN_REQ;
	case PERF_REP:
		return NN_REP;
	case PERF_PULL:
		return NN_PULL;
	case PERF_PUSH:
		return NN_PUSH;
	default:
		perf_unsupported("socket type");
	}
}

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));
	int any = -1, one = 1;

	if (perf_job.parts > 1)
		perf_unsupported("parts");
	s->s = check(nn_socket(AF_SP, protocol(type)), "nn_socket");
	check(nn_setsockopt(s->s, NN_SOL_SOCKET, NN_RCVMAXSIZE, &any, sizeof(any)),
	      "NN_RCVMAXSIZE");
	check(nn_setsockopt(s->s, NN_TCP, NN_TCP_NODELAY, &one, sizeof(one)),
	      "NN_TCP_NODELAY");
	return s;
}

static void bind_socket(struct perf_sock *s)
{
	check(nn_bind(s->s, perf_job.endpoint), "nn_bind");
}

static void connect_socket(struct perf_sock *s)
{
	check(nn_connect(s->s, perf_job.endpoint), "nn_connect");
}

static void subscribe(struct perf_sock *s, const void *prefix, size_t len)
{
	check(nn_setsockopt(s->s, NN_SUB, NN_SUB_SUBSCRIBE, prefix, len), "subscribe");
}

static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	check(nn_send(s->s, part, len, 0), "nn_send");
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	if (s->msg)
		nn_freemsg(s->msg);
	s->msg = NULL;
	*len = check(nn_recv(s->s, &s->msg, NN_MSG, 0), "nn_recv");
	if (more)
		*more = false;
	return s->msg;
}

static void close_socket(struct perf_sock *s)
{
	if (s->msg)
		nn_freemsg(s->msg);
	nn_close(s->s);
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
