/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_LINUX_STRING_H
#define _FUZZ_LINUX_STRING_H

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define strscpy(to, from, size)	snprintf(to, size, "%s", from)

#endif
