// SPDX-License-Identifier: GPL-2.0
/*
 * Looking host names up.  The kernel asks user space by way of its DNS
 * resolver, a module; so that this one does not depend on it, af_zmq_dns.ko
 * stands between them and registers here.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <net/net_namespace.h>
#include "lookup.h"

static const struct zmq_lookup_ops *zmq_lookup_ops;
static DEFINE_SPINLOCK(zmq_lookup_lock);	/* zmq_lookup_ops; leaf */

/* One at a time: -EBUSY. */
int zmq_lookup_register(const struct zmq_lookup_ops *ops)
{
	int err = -EBUSY;

	spin_lock(&zmq_lookup_lock);
	if (!zmq_lookup_ops) {
		zmq_lookup_ops = ops;
		err = 0;
	}
	spin_unlock(&zmq_lookup_lock);
	return err;
}
EXPORT_SYMBOL_GPL(zmq_lookup_register);

/* For a module's exit: nobody is in ops->query(), which holds the module. */
void zmq_lookup_unregister(const struct zmq_lookup_ops *ops)
{
	spin_lock(&zmq_lookup_lock);
	if (zmq_lookup_ops == ops)
		zmq_lookup_ops = NULL;
	spin_unlock(&zmq_lookup_lock);
}
EXPORT_SYMBOL_GPL(zmq_lookup_unregister);

static const struct zmq_lookup_ops *zmq_lookup_get(void)
{
	const struct zmq_lookup_ops *ops;

	spin_lock(&zmq_lookup_lock);
	ops = zmq_lookup_ops;
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	spin_unlock(&zmq_lookup_lock);
	return ops;
}

/**
 * zmq_lookup_available - can names be looked up?
 * @net: where
 *
 * User space that is asked lives in the first namespace, and what it finds is
 * true there only.
 *
 * Context: process; may load the resolver's module, and tries that once.
 */
bool zmq_lookup_available(const struct net *net)
{
	static atomic_t tried;

	if (!net_eq(net, &init_net))
		return false;
	if (!READ_ONCE(zmq_lookup_ops) && !atomic_xchg(&tried, 1))
		request_module("af_zmq_dns");
	return READ_ONCE(zmq_lookup_ops);
}

/**
 * zmq_lookup - look a name up
 * @net: where
 * @host: the name
 * @ipv6: IPv6 addresses, too
 * @names: gets the addresses; unchanged if there are none
 *
 * Context: process, for as long as the answer takes.
 * Return: how many addresses, 0 if there are none, or a negative errno.
 */
int zmq_lookup(struct net *net, const char *host, bool ipv6,
	       struct zmq_names *names)
{
	const struct zmq_lookup_ops *ops;
	char *list = NULL;
	int len;

	ops = zmq_lookup_available(net) ? zmq_lookup_get() : NULL;
	if (!ops)
		return -EOPNOTSUPP;
	len = ops->query(net, host, ipv6, &list);
	module_put(ops->owner);
	if (len > 0)
		len = zmq_names_parse(names, list, strnlen(list, len), ipv6);
	kfree(list);
	return len;
}
