// SPDX-License-Identifier: GPL-2.0
/* STREAM: peers that do not speak ZMTP; their bytes, each with who sent them. */
#include "router.h"
#include "type.h"

static int zmq_raw_init(struct zmq_sock *zsk)
{
	zsk->opt.raw = true;
	return zmq_router_init(zsk);
}

/* ZMQ_ROUTING_ID of a STREAM is that of the peer it got last (libzmq). */
static int zmq_raw_identify(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	int err = zmq_router_identify(zsk, pipe);

	if (err)
		return err;
	memcpy(zsk->opt.id, pipe->id, pipe->id_len);
	zsk->opt.id_len = pipe->id_len;
	return 0;
}

static int zmq_raw_ready(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	zmq_router_notify(zsk, pipe, ZMQ_ROUTER_NOTIFY_CONNECT);
	return 0;
}

static int zmq_raw_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
			      size_t len, bool more)
{
	if (!more)
		return 1;
	return zmq_router_begin_part(zsk, from, len, true);
}

/* Whether one can be sent to is found out by sending to it. */
static bool zmq_raw_can_send(struct zmq_sock *zsk)
{
	return true;
}

static int zmq_raw_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			      size_t len)
{
	int on;

	switch (opt) {
	case ZMQ_OPT_CONNECT_ROUTING_ID:
		return zmq_router_set_connect_id(zsk, val, len);
	case ZMQ_OPT_STREAM_NOTIFY:
		on = zmq_type_bool(val, len);
		if (on >= 0)
			zsk->router.quiet = !on;
		return min(on, 0);
	default:
		return -ENOPROTOOPT;
	}
}

const struct zmq_type zmq_pattern_stream = {
	.id		= ZMQ_AF_STREAM,
	.name		= "STREAM",
	.sends		= true,
	.receives	= true,
	.addresses	= true,
	.prefixes	= true,
	.init		= zmq_raw_init,
	.fini		= zmq_router_fini,
	.send_begin	= zmq_raw_send_begin,
	.send		= zmq_router_send,
	.can_send	= zmq_raw_can_send,
	.identify	= zmq_raw_identify,
	.ready		= zmq_raw_ready,
	.lost		= zmq_router_lost,
	.detach		= zmq_router_unhash,
	.setsockopt	= zmq_raw_setsockopt,
};
