// SPDX-License-Identifier: GPL-2.0
/* /proc/net/zmq: a line per socket.  /proc/net/zmq_stat: counters. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include "ep.h"
#include "net.h"
#include "type.h"

/*
 * The list is not locked while a line is made, which can sleep for long: the
 * socket shown is held instead, and so stays on the list.
 */
static struct zmq_sock *zmq_proc_hold(struct zmq_net *znet,
				      struct list_head *from, loff_t skip)
{
	struct list_head *node;
	struct zmq_sock *zsk;

	lockdep_assert_held(&znet->mutex);
	for (node = from->next; node != &znet->socks; node = node->next) {
		zsk = list_entry(node, struct zmq_sock, net_node);
		if (!skip-- && refcount_inc_not_zero(&zsk->users))
			return zsk;
		skip = max_t(loff_t, skip, 0);
	}
	return NULL;
}

static void *zmq_proc_start(struct seq_file *m, loff_t *pos)
{
	struct zmq_net *znet = zmq_net(seq_file_net(m));
	struct zmq_sock *zsk;

	if (!*pos)
		return SEQ_START_TOKEN;
	mutex_lock(&znet->mutex);
	zsk = zmq_proc_hold(znet, &znet->socks, *pos - 1);
	mutex_unlock(&znet->mutex);
	return zsk;
}

static void *zmq_proc_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct zmq_net *znet = zmq_net(seq_file_net(m));
	struct zmq_sock *zsk = v, *next;

	++*pos;
	mutex_lock(&znet->mutex);
	next = zmq_proc_hold(znet, v == SEQ_START_TOKEN ? &znet->socks :
			     &zsk->net_node, 0);
	mutex_unlock(&znet->mutex);
	if (v != SEQ_START_TOKEN)
		zmq_af_put(zsk);
	return next;
}

static void zmq_proc_stop(struct seq_file *m, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		zmq_af_put(v);
}

/* Lingering sockets have no descriptor any more. */
static const char *zmq_proc_state(const struct zmq_sock *zsk)
{
	if (READ_ONCE(zsk->closing))
		return "lingering";
	return READ_ONCE(zsk->shutdown) ? "shutdown" : "open";
}

static int zmq_proc_show(struct seq_file *m, void *v)
{
	struct zmq_sock *zsk = v;
	struct zmq_af_stats st;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%-6s %8s %5s %-9s %5s %7s %9s %7s %9s %7s endpoints\n",
			   "type", "inode", "uid", "state", "pipes", "txmsgs",
			   "txbytes", "rxmsgs", "rxbytes", "drops");
		return 0;
	}
	zmq_af_stats(zsk, &st);
	seq_printf(m, "%-6s %8llu %5u %-9s %5llu %7llu %9llu %7llu %9llu %7llu",
		   zsk->type->name, (u64)sock_i_ino(&zsk->sk),
		   from_kuid_munged(seq_user_ns(m), zsk->sk.sk_uid),
		   zmq_proc_state(zsk), st.peers, st.tx_queued_msgs,
		   st.tx_queued_bytes, st.rx_queued_msgs, st.rx_queued_bytes,
		   st.tx_drops + st.rx_drops);
	zmq_ep_show(zsk, m);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations zmq_proc_ops = {
	.start	= zmq_proc_start,
	.next	= zmq_proc_next,
	.stop	= zmq_proc_stop,
	.show	= zmq_proc_show,
};

static const char *const zmq_proc_names[ZMQ_NET_COUNTERS] = {
	[ZMQ_NET_ACCEPTED]		= "accepted",
	[ZMQ_NET_CONNECTED]		= "connected",
	[ZMQ_NET_HANDSHAKES]		= "handshakes",
	[ZMQ_NET_HANDSHAKE_TIMEOUTS]	= "handshake_timeouts",
	[ZMQ_NET_HANDSHAKE_FAILURES]	= "handshake_failures",
	[ZMQ_NET_PROTOCOL_ERRORS]	= "protocol_errors",
	[ZMQ_NET_HEARTBEAT_TIMEOUTS]	= "heartbeat_timeouts",
	[ZMQ_NET_DISCONNECTS]		= "disconnects",
	[ZMQ_NET_REFUSED]		= "refused",
	[ZMQ_NET_NOMEM]			= "nomem",
	[ZMQ_NET_CONN_LIMIT]		= "conn_limit",
	[ZMQ_NET_FILTERED]		= "filtered",
	[ZMQ_NET_PROXY_FAILURES]	= "proxy_failures",
	[ZMQ_NET_BAD_DATAGRAMS]		= "bad_datagrams",
};

static int zmq_proc_stat_show(struct seq_file *m, void *v)
{
	struct zmq_net *znet = zmq_net(seq_file_single_net(m));
	int i, cpu;

	for (i = 0; i < ZMQ_NET_COUNTERS; i++) {
		u64 sum = 0;

		for_each_possible_cpu(cpu)
			sum += per_cpu_ptr(znet->stats, cpu)->counter[i];
		seq_printf(m, "%s %llu\n", zmq_proc_names[i], sum);
	}
	seq_printf(m, "connections %d\n", atomic_read(&znet->conns));
	return 0;
}

int zmq_proc_register(struct net *net)
{
	if (!proc_create_net("zmq", 0444, net->proc_net, &zmq_proc_ops,
			     sizeof(struct seq_net_private)))
		return -ENOMEM;
	if (proc_create_net_single("zmq_stat", 0444, net->proc_net,
				   zmq_proc_stat_show, NULL))
		return 0;
	remove_proc_entry("zmq", net->proc_net);
	return -ENOMEM;
}

void zmq_proc_unregister(struct net *net)
{
	remove_proc_entry("zmq_stat", net->proc_net);
	remove_proc_entry("zmq", net->proc_net);
}
