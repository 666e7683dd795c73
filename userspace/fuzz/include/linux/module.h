/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_LINUX_MODULE_H
#define _FUZZ_LINUX_MODULE_H

#include <linux/kernel.h>

#endif
