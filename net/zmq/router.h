/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers by their routing ids (struct zmq_router_state), and what else the types
 * that address share.  All under lock_sock(zsk).
 */
#ifndef _NET_ZMQ_ROUTER_H
#define _NET_ZMQ_ROUTER_H

#include "zmq.h"

/* ZMQ_PROBE_ROUTER: an empty message to each new peer; zmq_type.attach. */
void zmq_router_probe(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_probe_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
				size_t len);

/* zmq_type.init and fini. */
int zmq_router_init(struct zmq_sock *zsk);
void zmq_router_fini(struct zmq_sock *zsk);

struct zmq_pipe *zmq_router_find(struct zmq_sock *zsk, const u8 *id, u8 len);
int zmq_router_hash(struct zmq_sock *zsk, struct zmq_pipe *pipe);
void zmq_router_unhash(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_number(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_identify(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_connect_id(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_set_connect_id(struct zmq_sock *zsk, const u8 *val, size_t len);

/* zmq_type.send_begin and send once the id is known. */
int zmq_router_begin(struct zmq_sock *zsk, const u8 *id, size_t len,
		     bool mandatory);
int zmq_router_begin_part(struct zmq_sock *zsk, struct iov_iter *from,
			  size_t len, bool mandatory);
int zmq_router_send(struct zmq_sock *zsk, struct zmq_asm *msg);
void zmq_router_hang_up(struct zmq_sock *zsk, struct zmq_pipe *pipe);

/* Tell the user that a peer came (zmq_type.ready) or is gone (zmq_type.lost). */
void zmq_router_notify(struct zmq_sock *zsk, struct zmq_pipe *pipe, int what);
void zmq_router_lost(struct zmq_sock *zsk, struct zmq_pipe *pipe);

#endif /* _NET_ZMQ_ROUTER_H */
