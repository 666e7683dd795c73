// SPDX-License-Identifier: GPL-2.0
/* Peers by their routing ids, and what else the types that address share. */
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include "conn.h"
#include "lb.h"
#include "notice.h"
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
		zmq_coalesce_dirty(zsk, pipe);
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

int zmq_router_init(struct zmq_sock *zsk)
{
	zsk->router.next = get_random_u32();
	return rhashtable_init(&zsk->router.table, &zmq_router_params);
}

void zmq_router_fini(struct zmq_sock *zsk)
{
	rhashtable_destroy(&zsk->router.table);
	kfree(zsk->router.connect_id);
}

/* The peer that has this id, or NULL. */
struct zmq_pipe *zmq_router_find(struct zmq_sock *zsk, const u8 *id, u8 len)
{
	struct zmq_router_key key = { .id = id, .len = len };

	sock_owned_by_me(&zsk->sk);
	return rhashtable_lookup_fast(&zsk->router.table, &key,
				      zmq_router_params);
}

/* Have a pipe found by its id.  -EEXIST, -ENOMEM. */
int zmq_router_hash(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_router_key key = { .id = pipe->id, .len = pipe->id_len };
	int err;

	err = rhashtable_lookup_insert_key(&zsk->router.table, &key,
					   &pipe->id_node, zmq_router_params);
	pipe->id_hashed = !err;
	return err;
}

/* zmq_type.detach: its id is free again. */
void zmq_router_unhash(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (!pipe->id_hashed)
		return;
	rhashtable_remove_fast(&zsk->router.table, &pipe->id_node,
			       zmq_router_params);
	pipe->id_hashed = false;
}

/* A peer that has no name gets one: 0 and a number (28/REQREP). */
int zmq_router_number(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	u8 id[5] = {};

	do {
		put_unaligned_be32(zsk->router.next++, id + 1);
	} while (zmq_router_find(zsk, id, sizeof(id)));
	return zmq_pipe_set_id(pipe, id, sizeof(id));
}

/*
 * zmq_type.identify: ZMQ_CONNECT_ROUTING_ID names the next peer that we connect
 * to.  -EADDRINUSE: another has got that id meanwhile (libzmq aborts).
 */
int zmq_router_connect_id(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_router_state *router = &zsk->router;
	int err;

	if (!pipe->connects || !router->connect_id)
		return 0;
	err = zmq_pipe_set_id(pipe, router->connect_id, router->connect_id_len);
	if (!err)
		err = zmq_router_hash(zsk, pipe);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	kfree(router->connect_id);
	router->connect_id = NULL;
	return 0;
}

/*
 * zmq_type.identify for peers that do not say who they are: a number, or what
 * ZMQ_CONNECT_ROUTING_ID says.
 */
int zmq_router_identify(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	int err;

	err = zmq_router_connect_id(zsk, pipe);
	if (err || pipe->id_hashed)
		return err;
	err = zmq_router_number(zsk, pipe);
	return err ?: zmq_router_hash(zsk, pipe);
}

int zmq_router_set_connect_id(struct zmq_sock *zsk, const u8 *val, size_t len)
{
	u8 *id;

	if (!len || len > ZMQ_ZMTP_ID_MAX)
		return -EINVAL;
	if (zmq_router_find(zsk, val, len))
		return -EADDRINUSE;
	id = kmemdup(val, len, GFP_KERNEL_ACCOUNT);
	if (!id)
		return -ENOMEM;
	kfree(zsk->router.connect_id);
	zsk->router.connect_id = id;
	zsk->router.connect_id_len = len;
	return 0;
}

/**
 * zmq_router_begin - a message begins: whom is it for?
 * @zsk: the socket
 * @id: a routing id
 * @len: its length; longer than any there can be is fine
 * @mandatory: nobody, or one whose queue is full, is an error or a wait; else
 *	the message is dropped
 *
 * Return: 0: zsk->asm_msg.pipe or .drop is set; -EHOSTUNREACH; -EAGAIN.
 */
int zmq_router_begin(struct zmq_sock *zsk, const u8 *id, size_t len,
		     bool mandatory)
{
	struct zmq_asm *msg = &zsk->asm_msg;
	struct zmq_pipe *pipe = NULL;
	bool writable;

	if (len <= ZMQ_ZMTP_ID_MAX)
		pipe = zmq_router_find(zsk, id, len);
	if (!pipe && mandatory)
		return -EHOSTUNREACH;
	spin_lock_bh(&zsk->rx_lock);
	writable = pipe && zmq_lb_writable(pipe);
	spin_unlock_bh(&zsk->rx_lock);
	if (writable) {
		zmq_pipe_get(pipe);
		msg->pipe = pipe;
		/* Without framing there are no parts. */
		msg->last = zsk->opt.raw;
		return 0;
	}
	if (mandatory)
		return -EAGAIN;
	atomic64_inc(&zsk->stats.tx_drops);
	msg->drop = true;
	return 0;
}

/* The same with the id in the first part, which is consumed: 1 for 0. */
int zmq_router_begin_part(struct zmq_sock *zsk, struct iov_iter *from,
			  size_t len, bool mandatory)
{
	u8 id[ZMQ_ZMTP_ID_MAX];
	int err;

	if (len <= sizeof(id) && copy_from_iter(id, len, from) != len)
		return -EFAULT;
	err = zmq_router_begin(zsk, id, len, mandatory);
	if (err == -EAGAIN)
		iov_iter_revert(from, len);
	return err ?: 1;
}

/* Be done with a peer; the caller has a reference. */
void zmq_router_hang_up(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(pipe);

	zmq_pipe_detach(pipe);
	zmq_recv_purge_pipe(zsk, pipe);
	if (!conn)
		return;
	/* What was queued before still goes out. */
	zmq_conn_close(conn, zsk->opt.linger);
	zmq_conn_put(conn);
}

int zmq_router_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe = msg->pipe;

	if (!pipe->attached) {
		atomic64_inc(&zsk->stats.tx_drops);
		return 0;
	}
	/* To a peer without framing nothing says: hang up (libzmq). */
	if (zsk->opt.raw && !msg->bytes) {
		zmq_router_hang_up(zsk, pipe);
		return 0;
	}
	zmq_pipe_push(pipe, &msg->q, false);
	zmq_coalesce_dirty(zsk, pipe);
	return 1;
}

/* An empty message from the peer, as far as the user can see. */
void zmq_router_notify(struct zmq_sock *zsk, struct zmq_pipe *pipe, int what)
{
	bool wanted = zsk->opt.raw ? !zsk->router.quiet :
		      zsk->opt.router_notify & what;

	if (wanted)
		zmq_notice_inject(pipe, NULL, 0);
}

void zmq_router_lost(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	zmq_router_notify(zsk, pipe, ZMQ_ROUTER_NOTIFY_DISCONNECT);
}
