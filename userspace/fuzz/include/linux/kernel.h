/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_LINUX_KERNEL_H
#define _FUZZ_LINUX_KERNEL_H

#include <stdlib.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define round_up(x, to)		((((x) - 1) | ((__typeof__(x))(to) - 1)) + 1)

/* What the kernel would warn about is a failure here. */
static inline bool fuzz_warn_on(bool cond)
{
	if (cond)
		abort();
	return cond;
}

#define WARN_ON_ONCE(cond)	fuzz_warn_on(cond)

#endif
