/* SPDX-License-Identifier: GPL-2.0 */
/* Endpoints of a socket: what it is bound to and connected to. */
#ifndef _NET_ZMQ_EP_H
#define _NET_ZMQ_EP_H

#include <linux/path.h>
#include <linux/seq_file.h>
#include "conn.h"
#include "endpoint.h"
#include "inproc.h"
#include "target.h"
#include "transport.h"

/**
 * struct zmq_ep - one bind or connect
 * @zsk: the socket; one zmq_af_get() reference
 * @refs: held by zsk->eps and by each connection
 * @node: in zsk->eps; zsk->ep_mutex
 * @bind: listens, else connects
 * @name: as the user wrote it; constant
 * @bound: bound: with wildcards and port 0 resolved; constant
 * @addr: @name taken apart; constant
 * @target: connect by TCP: where to
 * @opt: options when it was made; constant
 * @tp: transport; constant
 * @id: number of the listener, as connections have
 * @listener: listening socket, NULL when closed; zsk->ep_mutex
 * @adopted: @listener is the user's; we have a reference to its file
 * @adopt_wait: in the wait queue of an adopted @listener
 * @accept_work: accepts; ended before @listener is released
 * @save_data_ready: @listener's callback before ours
 * @inproc: inproc's part
 * @udp: UDP's part, or NULL; constant once in zsk->eps
 * @lock: protects @conns and @closed
 * @conns: its connections: accepted ones, or the connector
 * @closed: takes no more connections
 * @cred: who made it, for ipc paths and source ports
 * @pid: the same; its namespace is the one that numbers of peers are of
 * @root: root directory of who made it (ipc paths)
 * @pwd: working directory of who made it
 * @has_fs: @root and @pwd are held
 */
struct zmq_ep {
	struct zmq_sock			*zsk;
	refcount_t			refs;
	struct list_head		node;
	bool				bind;
	char				*name;
	char				*bound;
	struct zmq_endpoint		addr;
	struct zmq_target		target;
	struct zmq_options		opt;
	const struct zmq_transport	*tp;
	u32				id;
	struct socket			*listener;
	bool				adopted;
	struct wait_queue_entry		adopt_wait;
	struct delayed_work		accept_work;
	void (*save_data_ready)(struct sock *sk);
	struct zmq_inproc_ep		inproc;
	struct zmq_udp			*udp;
	spinlock_t			lock;	/* conns, closed */
	struct list_head		conns;
	bool				closed;
	const struct cred		*cred;
	struct pid			*pid;
	struct path			root;
	struct path			pwd;
	bool				has_fs;
};

/* Syscalls; the socket's lock is not held. */
int zmq_ep_bind(struct zmq_sock *zsk, const char *name, size_t len);
int zmq_ep_connect(struct zmq_sock *zsk, const char *name, size_t len);
int zmq_ep_connect_peer(struct zmq_sock *zsk, const char *name, size_t len,
			const char *addrs, size_t addrs_len, u32 *routing_id);
int zmq_ep_connect_at(struct zmq_sock *zsk, const char *name, size_t len,
		      const char *addrs, size_t addrs_len);
int zmq_ep_term(struct zmq_sock *zsk, const char *name, size_t len);
void zmq_ep_close_all(struct zmq_sock *zsk);
void zmq_ep_show(struct zmq_sock *zsk, struct seq_file *m);

/* ZMQ_BACKLOG, limited as listen(2) does. */
static inline int zmq_ep_backlog(const struct zmq_ep *ep)
{
	const struct net *net = sock_net(&ep->zsk->sk);

	return min(ep->opt.backlog, READ_ONCE(net->core.sysctl_somaxconn));
}

static inline void zmq_ep_get(struct zmq_ep *ep)
{
	refcount_inc(&ep->refs);
}

void zmq_ep_put(struct zmq_ep *ep);

#endif /* _NET_ZMQ_EP_H */
