/* SPDX-License-Identifier: GPL-2.0 */
/* Per-namespace state: sockets, limits, counters. */
#ifndef _NET_ZMQ_NET_H
#define _NET_ZMQ_NET_H

#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

struct ctl_table;
struct ctl_table_header;

/* Counters of a namespace, shown in /proc/net/zmq_stat in this order. */
enum zmq_net_counter {
	ZMQ_NET_ACCEPTED,		/* connections accepted */
	ZMQ_NET_CONNECTED,		/* connections made */
	ZMQ_NET_HANDSHAKES,		/* handshakes completed */
	ZMQ_NET_HANDSHAKE_TIMEOUTS,	/* handshakes that took too long */
	ZMQ_NET_HANDSHAKE_FAILURES,	/* handshakes the peer broke off */
	ZMQ_NET_PROTOCOL_ERRORS,	/* connections closed: bad bytes */
	ZMQ_NET_HEARTBEAT_TIMEOUTS,	/* connections closed: silence */
	ZMQ_NET_DISCONNECTS,		/* connections the peer ended */
	ZMQ_NET_REFUSED,		/* peers the socket had no place for */
	ZMQ_NET_NOMEM,			/* connections lost for want of memory */
	ZMQ_NET_CONN_LIMIT,		/* connections over net.zmq.conns_max */
	ZMQ_NET_FILTERED,		/* peers that a filter turned away */
	ZMQ_NET_PROXY_FAILURES,		/* SOCKS proxies that did not connect */
	ZMQ_NET_BAD_DATAGRAMS,		/* datagrams that are no message */
	ZMQ_NET_COUNTERS
};

struct zmq_net_stats {
	u64	counter[ZMQ_NET_COUNTERS];
};

/**
 * struct zmq_net - AF_ZMQ in one network namespace
 * @mutex: protects @socks, @inproc_users
 * @socks: all sockets, lingering ones too
 * @inproc_users: inproc scopes of users
 * @idle_work: idle.c; pending while there are sockets
 * @conns: connections there are
 * @stats: counters
 * @sysctl: registered table
 * @table: its rows
 * @msg_max: bytes of a message, all parts together
 * @parts_max: parts of a message
 * @topic_max: bytes of a subscription
 * @topics_max: subscriptions of one peer, and of one SUB
 * @topic_mem: bytes the subscriptions of a socket may take
 * @conns_max: connections
 * @wmem_default: bytes a pipe may queue to be sent
 * @rmem_default: bytes a pipe may queue to be received
 * @linger_max: ms a closed socket that nobody waits for may linger
 * @coalesce_default: ZMQ_AF_COALESCE of new sockets
 */
struct zmq_net {
	struct mutex			mutex;	/* socks, inproc_users */
	struct list_head		socks;
	struct list_head		inproc_users;
	struct delayed_work		idle_work;
	atomic_t			conns;
	struct zmq_net_stats __percpu	*stats;
	struct ctl_table_header		*sysctl;
	struct ctl_table		*table;

	unsigned long			msg_max;
	unsigned int			parts_max;
	unsigned int			topic_max;
	unsigned int			topics_max;
	unsigned int			topic_mem;
	unsigned int			conns_max;
	unsigned int			wmem_default;
	unsigned int			rmem_default;
	unsigned int			linger_max;
	int				coalesce_default;
};

extern unsigned int zmq_net_id;

static inline struct zmq_net *zmq_net(const struct net *net)
{
	return net_generic(net, zmq_net_id);
}

static inline void zmq_net_count(const struct net *net,
				 enum zmq_net_counter counter)
{
	this_cpu_inc(zmq_net(net)->stats->counter[counter]);
}

int zmq_net_init(void);
void zmq_net_exit(void);

/* sysctl.c */
int zmq_sysctl_register(struct net *net);
void zmq_sysctl_unregister(struct net *net);

/* proc.c */
int zmq_proc_register(struct net *net);
void zmq_proc_unregister(struct net *net);

#endif /* _NET_ZMQ_NET_H */
