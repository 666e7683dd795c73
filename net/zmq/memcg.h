/* SPDX-License-Identifier: GPL-2.0 */
/* Memory cgroups of sockets. */
#ifndef _NET_ZMQ_MEMCG_H
#define _NET_ZMQ_MEMCG_H

#include <linux/memcontrol.h>
#include <net/sock.h>

#ifdef CONFIG_MEMCG
/*
 * Is the cgroup of a socket, or one around it, nearly at its limit?  A charge
 * with softirqs off is never refused, in cgroup 2; what is left is for the
 * process, which is killed if it gets none.
 */
static inline bool zmq_memcg_short(const struct sock *sk)
{
	const struct page_counter *c;
	unsigned long max;

	if (!mem_cgroup_sockets_enabled || !sk->sk_memcg)
		return false;
	for (c = &sk->sk_memcg->memory; c; c = c->parent) {
		max = READ_ONCE(c->max);
		if (atomic_long_read(&c->usage) > max - max / 16)
			return true;
	}
	return false;
}
#else
static inline bool zmq_memcg_short(const struct sock *sk)
{
	return false;
}
#endif

#endif /* _NET_ZMQ_MEMCG_H */
