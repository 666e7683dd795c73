/* SPDX-License-Identifier: GPL-2.0-only */
/* Included before every source, as compat.h is in the kernel. */
#ifndef _FUZZ_LINUX_UNALIGNED_H
#define _FUZZ_LINUX_UNALIGNED_H

#include <endian.h>
#include <string.h>
#include <linux/types.h>

#define FUZZ_UNALIGNED(bits)						\
static inline u##bits get_unaligned_be##bits(const void *p)		\
{									\
	u##bits val;							\
									\
	memcpy(&val, p, sizeof(val));					\
	return be##bits##toh(val);					\
}									\
									\
static inline void put_unaligned_be##bits(u##bits val, void *p)		\
{									\
	val = htobe##bits(val);						\
	memcpy(p, &val, sizeof(val));					\
}

FUZZ_UNALIGNED(16)
FUZZ_UNALIGNED(32)
FUZZ_UNALIGNED(64)

#endif
