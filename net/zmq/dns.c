// SPDX-License-Identifier: GPL-2.0
/*
 * af_zmq_dns.ko: host names of AF_ZMQ endpoints by the kernel's DNS resolver,
 * which asks /sbin/request-key and so key.dns_resolver(8) of keyutils.
 */
#include <linux/dns_resolver.h>
#include <linux/module.h>
#include "lookup.h"

/* The answer is not to be cached: a name is looked up when it has changed. */
static int zmq_dns_query(struct net *net, const char *host, bool ipv6,
			 char **result)
{
	return dns_query(net, NULL, host, strlen(host),
			 ipv6 ? "list" : "ipv4 list", result, NULL, true);
}

static const struct zmq_lookup_ops zmq_dns_ops = {
	.owner	= THIS_MODULE,
	.query	= zmq_dns_query,
};

static int __init zmq_dns_init(void)
{
	return zmq_lookup_register(&zmq_dns_ops);
}
module_init(zmq_dns_init);

static void __exit zmq_dns_exit(void)
{
	zmq_lookup_unregister(&zmq_dns_ops);
}
module_exit(zmq_dns_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Host names of AF_ZMQ endpoints");
