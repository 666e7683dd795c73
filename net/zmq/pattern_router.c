// SPDX-License-Identifier: GPL-2.0
/* DEALER and ROUTER: messages to and from addressed peers (28/REQREP). */
#include "conn.h"
#include "lb.h"
#include "router.h"
#include "type.h"

const struct zmq_type zmq_pattern_dealer = {
	.id		= ZMQ_AF_DEALER,
	.name		= "DEALER",
	.rings		= true,
	.notices	= BIT(ZMQ_NOTICE_HELLO) | BIT(ZMQ_NOTICE_HICCUP),
	.dedupes	= true,
	.conflates	= true,
	.sends		= true,
	.receives	= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.send_run	= zmq_lb_run,
	.can_send	= zmq_lb_ready,
	.attach		= zmq_router_probe,
	.setsockopt	= zmq_router_probe_setsockopt,
};

/* ZMQ_ROUTER_HANDOVER: the newcomer takes the name, the old peer has to go. */
static int zmq_router_evict(struct zmq_sock *zsk, struct zmq_pipe *old)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(old);
	int err;

	zmq_router_unhash(zsk, old);
	err = zmq_router_number(zsk, old);
	zmq_pipe_get(old);
	zmq_pipe_detach(old);
	zmq_recv_purge_pipe(zsk, old);
	zmq_pipe_put(old);
	/*
	 * One that came to us keeps its connection, to no effect: sent away it
	 * would come back and take the name again (libzmq).
	 */
	if (conn) {
		if (!conn->accepted)
			zmq_conn_close(conn, 0);
		zmq_conn_put(conn);
	}
	return err;
}

/* ZMQ_ROUTER_RAW: peers do not say who they are, and are known at once. */
static int zmq_router_identify_peer(struct zmq_sock *zsk,
				    struct zmq_pipe *pipe)
{
	return zsk->opt.raw ? zmq_router_identify(zsk, pipe) :
			      zmq_router_connect_id(zsk, pipe);
}

/* Make the peer known by its id, or by a number if it has told none. */
static int zmq_router_admit(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_pipe *old;
	int err = 0;

	if (!pipe->id_len)
		err = zmq_router_number(zsk, pipe);
	if (err)
		return err;
	old = zmq_router_find(zsk, pipe->id, pipe->id_len);
	if (old && old != pipe && zsk->router.handover)
		err = zmq_router_evict(zsk, old);
	if (err)
		return err;
	err = zmq_router_hash(zsk, pipe);
	if (!err)
		zmq_af_writable(zsk);
	return err;
}

static int zmq_router_ready(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	int err = pipe->id_hashed ? 0 : zmq_router_admit(zsk, pipe);

	if (!err)
		zmq_router_notify(zsk, pipe, ZMQ_ROUTER_NOTIFY_CONNECT);
	return err;
}

/* The first part says who is meant; alone it is no message. */
static int zmq_router_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
				 size_t len, bool more)
{
	if (!more)
		return 1;
	return zmq_router_begin_part(zsk, from, len, zsk->router.mandatory);
}

/* Mandatory: is there a peer with a name that could be sent to? */
static bool zmq_router_can_send(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe, *next;

	if (!zsk->router.mandatory)
		return true;
	list_for_each_entry_safe(pipe, next, &zsk->lb, lb_node)
		if (READ_ONCE(pipe->id_hashed) && zmq_lb_writable(pipe))
			return true;
	return false;
}

static int zmq_router_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
				 size_t len)
{
	bool *flag;
	int on;

	switch (opt) {
	case ZMQ_OPT_CONNECT_ROUTING_ID:
		return zmq_router_set_connect_id(zsk, val, len);
	case ZMQ_OPT_ROUTER_RAW:
		on = zmq_type_switch(val, len);
		if (on >= 0)
			zsk->opt.raw = on;
		return min(on, 0);
	case ZMQ_OPT_ROUTER_MANDATORY:
		flag = &zsk->router.mandatory;
		break;
	case ZMQ_OPT_ROUTER_HANDOVER:
		flag = &zsk->router.handover;
		break;
	default:
		return zmq_router_probe_setsockopt(zsk, opt, val, len);
	}
	on = zmq_type_switch(val, len);
	if (on < 0)
		return on;
	*flag = on;
	return 0;
}

const struct zmq_type zmq_pattern_router = {
	.id		= ZMQ_AF_ROUTER,
	.name		= "ROUTER",
	.rings		= true,
	.notices	= BIT(ZMQ_NOTICE_HELLO) | BIT(ZMQ_NOTICE_DISCONNECT),
	.sends		= true,
	.receives	= true,
	.addresses	= true,
	.prefixes	= true,
	.init		= zmq_router_init,
	.fini		= zmq_router_fini,
	.send_begin	= zmq_router_send_begin,
	.send		= zmq_router_send,
	.can_send	= zmq_router_can_send,
	.identify	= zmq_router_identify_peer,
	.attach		= zmq_router_probe,
	.ready		= zmq_router_ready,
	.lost		= zmq_router_lost,
	.detach		= zmq_router_unhash,
	.setsockopt	= zmq_router_setsockopt,
};
