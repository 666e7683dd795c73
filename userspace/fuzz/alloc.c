// SPDX-License-Identifier: GPL-2.0-only
/* See linux/slab.h among the stand-ins. */
#include <linux/slab.h>

long fuzz_alloc_budget = -1;
