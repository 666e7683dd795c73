/* SPDX-License-Identifier: GPL-2.0 */
/* inproc: sockets of one scope that meet by name, without a lower socket. */
#ifndef _NET_ZMQ_INPROC_H
#define _NET_ZMQ_INPROC_H

#include <linux/list.h>
#include <linux/types.h>

struct zmq_ep;
struct zmq_inproc_scope;
struct zmq_pipe;
struct zmq_segq;
struct zmq_sock;

/**
 * struct zmq_inproc_ep - an endpoint's part
 * @scope: where its name is; one reference; constant
 * @node: in the scope's table of bound names, or of those that wait for one;
 *	the latter with a reference to the endpoint; scope->mutex
 * @pipe: of a connect, one reference; NULL: refused, or bound; constant
 */
struct zmq_inproc_ep {
	struct zmq_inproc_scope	*scope;
	struct list_head	node;
	struct zmq_pipe		*pipe;
};

/* inproc_ep.c: scopes */
struct zmq_inproc_scope *zmq_inproc_scope_alloc(void);
void zmq_inproc_scope_put(struct zmq_inproc_scope *scope);
void zmq_inproc_scope_abandon(struct zmq_inproc_scope *scope);

/* Sending; lock_sock held. */
int zmq_inproc_push(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep);
void zmq_inproc_push_run(struct zmq_pipe *pipe, struct zmq_segq *run,
			 u32 msgs);
bool zmq_inproc_full(const struct zmq_pipe *from, const struct zmq_pipe *to);
u32 zmq_inproc_credit(const struct zmq_pipe *from, const struct zmq_pipe *to,
		      u64 *bytes);
bool zmq_inproc_mixed(const struct zmq_pipe *peer);
int zmq_inproc_defer(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep);
int zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			 bool on);
int zmq_inproc_subscribe_all(struct zmq_pipe *pipe);
void zmq_inproc_set_hwm(struct zmq_pipe *pipe, u32 snd, u32 rcv);

/* lock_sock of the peer's side held. */
int zmq_inproc_apply(struct zmq_pipe *pipe, struct zmq_pipe *peer);

/* lock_sock of either side held. */
void zmq_inproc_publish(struct zmq_pipe *to, struct zmq_segq *q, u32 msgs);

/* Process context, no lock of ours held but an ep_mutex. */
int zmq_inproc_join(struct zmq_ep *from, struct zmq_ep *to);

/* No lock held. */
void zmq_inproc_settle(struct zmq_pipe *pipe);
void zmq_inproc_resume(struct zmq_pipe *pipe);
void zmq_inproc_close_all(struct zmq_sock *zsk);
bool zmq_inproc_pull(struct zmq_sock *zsk);

/* Any context; rx_lock or lock_sock of its socket held. */
bool zmq_inproc_waits(const struct zmq_pipe *pipe);
void zmq_inproc_kick(struct zmq_pipe *pipe);

#endif /* _NET_ZMQ_INPROC_H */
