/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What pure code may use: types, errno, string functions and kmalloc.  No
 * sockets, no locks, no sleeping, but cond_resched() where a header says so.
 * User-space builds of the same files put a directory with stand-ins for these
 * headers first in the include path.  get_unaligned_be64() and its like come
 * from compat.h, because their header moved in Linux 6.12.
 */
#ifndef _NET_ZMQ_PURE_H
#define _NET_ZMQ_PURE_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

/* @a modulo @b */
static inline u32 zmq_pure_mod(u64 a, u32 b)
{
	u32 rem;

	div_u64_rem(a, b, &rem);
	return rem;
}

#endif /* _NET_ZMQ_PURE_H */
