/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's user-space headers include this, too. */
#include_next <linux/types.h>

#ifndef _FUZZ_LINUX_TYPES_H
#define _FUZZ_LINUX_TYPES_H

#include <stdbool.h>
#include <sys/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#endif
