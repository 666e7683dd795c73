// SPDX-License-Identifier: GPL-2.0
/* Per-namespace state. */
#include "idle.h"
#include "net.h"

unsigned int zmq_net_id;

static void zmq_net_defaults(struct zmq_net *znet)
{
	znet->msg_max = INT_MAX;
	znet->parts_max = 1 << 16;
	znet->topic_max = 1 << 14;
	znet->topics_max = 1 << 20;
	znet->topic_mem = 256 << 20;
	znet->conns_max = 1 << 16;
	znet->wmem_default = 64 << 20;
	znet->rmem_default = 64 << 20;
	znet->linger_max = 30000;
	znet->coalesce_default = -1;
}

/* A namespace that a user may have made begins with the machine's limits. */
static void zmq_net_inherit(struct zmq_net *znet, const struct zmq_net *init)
{
	znet->msg_max = READ_ONCE(init->msg_max);
	znet->parts_max = READ_ONCE(init->parts_max);
	znet->topic_max = READ_ONCE(init->topic_max);
	znet->topics_max = READ_ONCE(init->topics_max);
	znet->topic_mem = READ_ONCE(init->topic_mem);
	znet->conns_max = READ_ONCE(init->conns_max);
	znet->wmem_default = READ_ONCE(init->wmem_default);
	znet->rmem_default = READ_ONCE(init->rmem_default);
	znet->linger_max = READ_ONCE(init->linger_max);
	znet->coalesce_default = READ_ONCE(init->coalesce_default);
}

static int __net_init zmq_net_start(struct net *net)
{
	struct zmq_net *znet = zmq_net(net);
	int err = -ENOMEM;

	mutex_init(&znet->mutex);
	INIT_LIST_HEAD(&znet->socks);
	INIT_LIST_HEAD(&znet->inproc_users);
	zmq_idle_init(znet);
	if (net->user_ns == &init_user_ns)
		zmq_net_defaults(znet);
	else
		zmq_net_inherit(znet, zmq_net(&init_net));
	znet->stats = alloc_percpu(struct zmq_net_stats);
	if (!znet->stats)
		return err;
	err = zmq_sysctl_register(net);
	if (err)
		goto err_stats;
	err = zmq_proc_register(net);
	if (err)
		goto err_sysctl;
	return 0;

err_sysctl:
	zmq_sysctl_unregister(net);
err_stats:
	free_percpu(znet->stats);
	return err;
}

/* Every socket, lingering ones too, holds the namespace: none is left. */
static void __net_exit zmq_net_stop(struct net *net)
{
	struct zmq_net *znet = zmq_net(net);

	WARN_ON_ONCE(!list_empty(&znet->socks));
	zmq_idle_exit(znet);
	zmq_proc_unregister(net);
	zmq_sysctl_unregister(net);
	free_percpu(znet->stats);
}

static struct pernet_operations zmq_net_ops = {
	.init	= zmq_net_start,
	.exit	= zmq_net_stop,
	.id	= &zmq_net_id,
	.size	= sizeof(struct zmq_net),
};

int zmq_net_init(void)
{
	return register_pernet_subsys(&zmq_net_ops);
}

void zmq_net_exit(void)
{
	unregister_pernet_subsys(&zmq_net_ops);
}
