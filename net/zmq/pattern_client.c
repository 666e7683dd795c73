// SPDX-License-Identifier: GPL-2.0
/*
 * CLIENT, SERVER and PEER: messages of one part, and peers that are numbered
 * (41/CLISRV).  A number is ancillary data, ZMQ_AF_CMSG_ROUTING_ID.
 */
#include "lb.h"
#include "router.h"
#include "type.h"

const struct zmq_type zmq_pattern_client = {
	.id		= ZMQ_AF_CLIENT,
	.name		= "CLIENT",
	.notices	= BIT(ZMQ_NOTICE_HELLO) | BIT(ZMQ_NOTICE_HICCUP),
	.sends		= true,
	.receives	= true,
	.single_part	= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.can_send	= zmq_lb_ready,
};

/* The next number that nobody has; never 0. */
static int zmq_client_identify(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	u32 id;
	int err;

	do {
		id = zsk->router.next++;
	} while (!id || zmq_router_find(zsk, (u8 *)&id, sizeof(id)));
	err = zmq_pipe_set_id(pipe, (u8 *)&id, sizeof(id));
	if (!err)
		err = zmq_router_hash(zsk, pipe);
	if (!err)
		pipe->routing_id = id;
	return err;
}

static int zmq_client_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
				 size_t len, bool more)
{
	u32 id = zsk->asm_msg.cmsg->routing_id;

	return zmq_router_begin(zsk, (u8 *)&id, sizeof(id), true);
}

/* Whether one can be sent to is found out by sending to it. */
static bool zmq_client_can_send(struct zmq_sock *zsk)
{
	return true;
}

const struct zmq_type zmq_pattern_server = {
	.id		= ZMQ_AF_SERVER,
	.name		= "SERVER",
	.notices	= BIT(ZMQ_NOTICE_HELLO) | BIT(ZMQ_NOTICE_DISCONNECT),
	.sends		= true,
	.receives	= true,
	.addresses	= true,
	.single_part	= true,
	.cmsg		= ZMQ_CMSG_ROUTING_ID,
	.init		= zmq_router_init,
	.fini		= zmq_router_fini,
	.send_begin	= zmq_client_send_begin,
	.send		= zmq_router_send,
	.can_send	= zmq_client_can_send,
	.identify	= zmq_client_identify,
	.detach		= zmq_router_unhash,
};

const struct zmq_type zmq_pattern_peer = {
	.id		= ZMQ_AF_PEER,
	.name		= "PEER",
	.notices	= BIT(ZMQ_NOTICE_HELLO) | BIT(ZMQ_NOTICE_DISCONNECT) |
			  BIT(ZMQ_NOTICE_HICCUP),
	.sends		= true,
	.receives	= true,
	.addresses	= true,
	.single_part	= true,
	.cmsg		= ZMQ_CMSG_ROUTING_ID,
	.init		= zmq_router_init,
	.fini		= zmq_router_fini,
	.send_begin	= zmq_client_send_begin,
	.send		= zmq_router_send,
	.can_send	= zmq_client_can_send,
	.identify	= zmq_client_identify,
	.detach		= zmq_router_unhash,
};
