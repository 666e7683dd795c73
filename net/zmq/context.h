/* SPDX-License-Identifier: GPL-2.0 */
/* Contexts: groups of sockets that end together. */
#ifndef _NET_ZMQ_CONTEXT_H
#define _NET_ZMQ_CONTEXT_H

#include "inproc.h"
#include "zmq.h"

/**
 * struct zmq_context - a context
 * @refs: its descriptor, and each member
 * @mutex: protects @members, @down, @alive
 * @members: sockets that joined and are not freed
 * @down: shut down: members' calls fail
 * @alive: its descriptor is open
 * @inproc: its inproc names; one reference; constant
 * @sk: the descriptor's socket while @alive, to be woken
 */
struct zmq_context {
	refcount_t		refs;
	struct mutex		mutex;	/* members, down, alive */
	struct list_head	members;
	bool			down;
	bool			alive;
	struct zmq_inproc_scope	*inproc;
	struct sock		*sk;
};

int zmq_context_init(void);
void zmq_context_exit(void);
int zmq_context_create(struct net *net, struct socket *sock, int kern);
int zmq_context_join(struct zmq_sock *zsk, int fd);
void zmq_context_leave(struct zmq_sock *zsk);

/* Does a program hold the context, which may be NULL? */
static inline bool zmq_context_alive(const struct zmq_context *ctx)
{
	return ctx && READ_ONCE(ctx->alive);
}

#endif /* _NET_ZMQ_CONTEXT_H */
