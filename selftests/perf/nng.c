// SPDX-License-Identifier: GPL-2.0-only
/* nng: one part in a message, no limit of a queue's length to choose. */
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include "driver.h"

struct perf_sock {
	nng_socket s;
	nng_msg *msg;
};

static void check(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "%s: %s\n", what, nng_strerror(error));
	exit(1);
}

static int open_type(nng_socket *s, int type)
{
	switch (type) {
	case PERF_PAIR:
		return nng_pair0_open(s);
	case PERF_PUB:
		return nng_pub0_open(s);
	case PERF_SUB:
		return nng_sub0_open(s);
	case PERF_REQ:
		return nng_req0_open(s);
	case PERF_REP:
		return nng_rep0_open(s);
	case PERF_PULL:
		return nng_pull0_open(s);
	case PERF_PUSH:
		return nng_push0_open(s);
	default:
		perf_unsupported("socket type");
	}
}

static struct perf_sock *open_socket(int type, int hwm)
{
	struct perf_sock *s = perf_alloc(sizeof(*s));

	if (perf_job.parts > 1)
		perf_unsupported("parts");
	check(open_type(&s->s, type), "open");
	check(nng_socket_set_size(s->s, NNG_OPT_RECVMAXSZ, 0), "NNG_OPT_RECVMAXSZ");
	/* Not every type has these queues; 8192 is the longest there is. */
	nng_socket_set_int(s->s, NNG_OPT_SENDBUF, hwm ? hwm : 8192);
	nng_socket_set_int(s->s, NNG_OPT_RECVBUF, hwm ? hwm : 8192);
	return s;
}

static void bind_socket(struct perf_sock *s)
{
	check(nng_listen(s->s, perf_job.endpoint, NULL, 0), "nng_listen");
}

static void connect_socket(struct perf_sock *s)
{
	check(nng_dial(s->s, perf_job.endpoint, NULL, 0), "nng_dial");
}

static void subscribe(struct perf_sock *s, const void *prefix, size_t len)
{
	check(nng_socket_set(s->s, NNG_OPT_SUB_SUBSCRIBE, prefix, len), "subscribe");
}

static void send_part(struct perf_sock *s, const void *part, size_t len, bool more)
{
	check(nng_send(s->s, (void *)part, len, 0), "nng_send");
}

static const void *recv_part(struct perf_sock *s, size_t *len, bool *more)
{
	nng_msg_free(s->msg);
	s->msg = NULL;
	check(nng_recvmsg(s->s, &s->msg, 0), "nng_recvmsg");
	if (more)
		*more = false;
	*len = nng_msg_len(s->msg);
	return nng_msg_body(s->msg);
}

static void close_socket(struct perf_sock *s)
{
	nng_msg_free(s->msg);
	nng_close(s->s);
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
