// SPDX-License-Identifier: GPL-2.0
/* DEALER and ROUTER: messages to and from addressed peers (28/REQREP). */
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include "conn.h"
#include "lb.h"
#include "router.h"
#include "type.h"

/* An empty message that makes a ROUTER know us before we have to say. */
void zmq_router_probe(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_asm msg = {};

	if (!zsk->opt.probe_router)
		return;
	if (!zmq_send_append(zsk, &msg, NULL, 0, false)) {
		zmq_pipe_push(pipe, &msg.q, false);
		zmq_send_dirty(zsk, pipe);
	}
	zmq_send_reset(&msg);
}

int zmq_router_probe_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
				size_t len)
{
	int on;

	if (opt != ZMQ_OPT_PROBE_ROUTER)
		return -ENOPROTOOPT;
	on = zmq_type_switch(val, len);
	if (on < 0)
		return on;
	zsk->opt.probe_router = on;
	return 0;
}

const struct zmq_type zmq_pattern_dealer = {
	.id		= ZMQ_AF_DEALER,
	.name		= "DEALER",
	.conflates	= true,
	.sends		= true,
	.receives	= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.can_send	= zmq_lb_ready,
	.attach		= zmq_router_probe,
	.setsockopt	= zmq_router_probe_setsockopt,
};

/**
 * struct zmq_router_key - a routing id to look up
 * @id: the id
 * @len: its length
 */
struct zmq_router_key {
	const u8	*id;
	u8		len;
};

static u32 zmq_router_hash_key(const void *data, u32 len, u32 seed)
{
	const struct zmq_router_key *key = data;

	return jhash(key->id, key->len, seed);
}

static u32 zmq_router_hash_pipe(const void *data, u32 len, u32 seed)
{
	const struct zmq_pipe *pipe = data;

	return jhash(pipe->id, pipe->id_len, seed);
}

static int zmq_router_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct zmq_router_key *key = arg->key;
	const struct zmq_pipe *pipe = obj;

	return pipe->id_len != key->len || memcmp(pipe->id, key->id, key->len);
}

static const struct rhashtable_params zmq_router_params = {
	.head_offset		= offsetof(struct zmq_pipe, id_node),
	.hashfn			= zmq_router_hash_key,
	.obj_hashfn		= zmq_router_hash_pipe,
	.obj_cmpfn		= zmq_router_cmp,
	.automatic_shrinking	= true,
};

static int zmq_router_init(struct zmq_sock *zsk)
{
	zsk->router.next = get_random_u32();
	return rhashtable_init(&zsk->router.table, &zmq_router_params);
}

static void zmq_router_fini(struct zmq_sock *zsk)
{
	rhashtable_destroy(&zsk->router.table);
}

static struct zmq_pipe *zmq_router_find(struct zmq_sock *zsk, const u8 *id,
					u8 len)
{
	struct zmq_router_key key = { .id = id, .len = len };

	sock_owned_by_me(&zsk->sk);
	return rhashtable_lookup_fast(&zsk->router.table, &key,
				      zmq_router_params);
}

static int zmq_router_hash(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_router_key key = { .id = pipe->id, .len = pipe->id_len };
	int err;

	err = rhashtable_lookup_insert_key(&zsk->router.table, &key,
					   &pipe->id_node, zmq_router_params);
	pipe->id_hashed = !err;
	return err;
}

static void zmq_router_unhash(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (!pipe->id_hashed)
		return;
	rhashtable_remove_fast(&zsk->router.table, &pipe->id_node,
			       zmq_router_params);
	pipe->id_hashed = false;
}

/* A peer that has no name gets one: 0 and a number (28/REQREP). */
static int zmq_router_number(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	u8 id[5] = {};

	do {
		put_unaligned_be32(zsk->router.next++, id + 1);
	} while (zmq_router_find(zsk, id, sizeof(id)));
	return zmq_pipe_set_id(pipe, id, sizeof(id));
}

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

static int zmq_router_ready(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_pipe *old;
	int err = 0;

	if (pipe->id_hashed)
		return 0;
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

/*
 * The first part says who is meant.  Nobody, or one whose queue is full: with
 * ZMQ_ROUTER_MANDATORY an error or a wait, else the message is dropped.
 */
static int zmq_router_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
				 size_t len, bool more)
{
	struct zmq_asm *msg = &zsk->asm_msg;
	struct zmq_pipe *pipe = NULL;
	u8 id[ZMQ_ZMTP_ID_MAX];
	bool writable;

	if (!more)
		return 1;
	if (len <= sizeof(id)) {
		if (copy_from_iter(id, len, from) != len)
			return -EFAULT;
		pipe = zmq_router_find(zsk, id, len);
	}
	if (!pipe && zsk->router.mandatory)
		return -EHOSTUNREACH;
	spin_lock_bh(&zsk->rx_lock);
	writable = pipe && zmq_lb_writable(pipe);
	spin_unlock_bh(&zsk->rx_lock);
	if (writable) {
		zmq_pipe_get(pipe);
		msg->pipe = pipe;
		return 1;
	}
	if (zsk->router.mandatory) {
		iov_iter_revert(from, len);
		return -EAGAIN;
	}
	atomic64_inc(&zsk->stats.tx_drops);
	msg->drop = true;
	return 1;
}

static int zmq_router_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe = msg->pipe;

	if (!pipe->attached) {
		atomic64_inc(&zsk->stats.tx_drops);
		return 0;
	}
	zmq_pipe_push(pipe, &msg->q, false);
	zmq_send_dirty(zsk, pipe);
	return 1;
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
	.sends		= true,
	.receives	= true,
	.init		= zmq_router_init,
	.fini		= zmq_router_fini,
	.send_begin	= zmq_router_send_begin,
	.send		= zmq_router_send,
	.can_send	= zmq_router_can_send,
	.attach		= zmq_router_probe,
	.ready		= zmq_router_ready,
	.detach		= zmq_router_unhash,
	.setsockopt	= zmq_router_setsockopt,
};
