/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's user-space headers include this, too. */
#include_next <linux/stddef.h>
#include <stddef.h>
