// SPDX-License-Identifier: GPL-2.0
/* Limits and defaults: /proc/sys/net/zmq. */
#include <linux/sysctl.h>
#include <linux/zmq.h>
#include "net.h"

static unsigned long zmq_sysctl_msg_min = 1;
static unsigned long zmq_sysctl_msg_max = INT_MAX;
static int zmq_sysctl_one = 1;
static int zmq_sysctl_topic_max = 1 << 19;
static int zmq_sysctl_int_max = INT_MAX;
static int zmq_sysctl_coalesce_max = ZMQ_AF_COALESCE_MAX;

#define ZMQ_SYSCTL_UINT(name, lo, hi)				\
	{							\
		.procname	= #name,			\
		.data		= (void *)offsetof(struct zmq_net, name), \
		.maxlen		= sizeof(unsigned int),		\
		.mode		= 0644,				\
		.proc_handler	= proc_douintvec_minmax,	\
		.extra1		= lo,				\
		.extra2		= hi,				\
	}

/* .data is an offset until zmq_sysctl_register() makes it an address. */
static const struct ctl_table zmq_sysctl_table[] = {
	{
		.procname	= "msg_max",
		.data		= (void *)offsetof(struct zmq_net, msg_max),
		.maxlen		= sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
		.extra1		= &zmq_sysctl_msg_min,
		.extra2		= &zmq_sysctl_msg_max,
	},
	ZMQ_SYSCTL_UINT(parts_max, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(topic_max, &zmq_sysctl_one, &zmq_sysctl_topic_max),
	ZMQ_SYSCTL_UINT(topics_max, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(topic_mem, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(conns_max, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(wmem_default, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(rmem_default, &zmq_sysctl_one, &zmq_sysctl_int_max),
	ZMQ_SYSCTL_UINT(linger_max, SYSCTL_ZERO, &zmq_sysctl_int_max),
	{
		.procname	= "coalesce_default",
		.data		= (void *)offsetof(struct zmq_net,
						   coalesce_default),
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_NEG_ONE,
		.extra2		= &zmq_sysctl_coalesce_max,
	},
	ZMQ_COMPAT_SYSCTL_END
};

#define ZMQ_SYSCTL_ROWS		10
/* The first ones are limits. */
#define ZMQ_SYSCTL_LIMITS	9

int zmq_sysctl_register(struct net *net)
{
	struct zmq_net *znet = zmq_net(net);
	struct zmq_net *init = zmq_net(&init_net);
	bool capped = net->user_ns != &init_user_ns;
	int i;

	znet->table = kmemdup(zmq_sysctl_table, sizeof(zmq_sysctl_table),
			      GFP_KERNEL);
	if (!znet->table)
		return -ENOMEM;
	for (i = 0; i < ZMQ_SYSCTL_ROWS; i++) {
		unsigned long off = (unsigned long)znet->table[i].data;

		znet->table[i].data = (u8 *)znet + off;
		/* What anybody can make must not raise the machine's limits. */
		if (capped && i < ZMQ_SYSCTL_LIMITS)
			znet->table[i].extra2 = (u8 *)init + off;
	}
	znet->sysctl = zmq_compat_register_sysctl(net, "net/zmq", znet->table,
						  ZMQ_SYSCTL_ROWS);
	if (znet->sysctl)
		return 0;
	kfree(znet->table);
	return -ENOMEM;
}

void zmq_sysctl_unregister(struct net *net)
{
	struct zmq_net *znet = zmq_net(net);

	unregister_net_sysctl_table(znet->sysctl);
	kfree(znet->table);
}
