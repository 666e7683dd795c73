/* SPDX-License-Identifier: GPL-2.0-only */
/* libc's <limits.h> includes this, too. */
#include_next <linux/limits.h>

#ifndef _FUZZ_LINUX_LIMITS_H
#define _FUZZ_LINUX_LIMITS_H

#include <stdint.h>

#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX
#define S64_MAX			INT64_MAX

#endif
