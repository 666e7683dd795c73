/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_LINUX_SLAB_H
#define _FUZZ_LINUX_SLAB_H

#include <limits.h>
#include <stdlib.h>
#include <linux/types.h>

typedef unsigned int gfp_t;

#define GFP_KERNEL		0x1u
#define GFP_ATOMIC		0x2u
#define GFP_NOWAIT		0x4u
#define __GFP_NOWARN		0x10u
#define __GFP_ACCOUNT		0x20u

/*
 * Allocations that succeed before they all fail until this is set again;
 * negative: none fails.
 */
extern long fuzz_alloc_budget;

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (!fuzz_alloc_budget || size > INT_MAX)
		return NULL;
	if (fuzz_alloc_budget > 0)
		fuzz_alloc_budget--;
	return malloc(size);
}

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, gfp);

	return p ? __builtin_memset(p, 0, size) : NULL;
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

static inline void *kvmalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static inline void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL :
							 kmalloc(bytes, gfp);
}

static inline void kvfree(const void *p)
{
	free((void *)p);
}

#endif
