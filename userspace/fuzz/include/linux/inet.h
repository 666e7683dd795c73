/* SPDX-License-Identifier: GPL-2.0-only */
/* Numeric addresses; the C library has them for strings with a NUL only. */
#ifndef _FUZZ_LINUX_INET_H
#define _FUZZ_LINUX_INET_H

#include <arpa/inet.h>
#include <linux/types.h>
#include <string.h>

static inline int fuzz_pton(int family, const char *src, int len, u8 *dst,
			    const char **end)
{
	char text[64];

	if (len < 0 || (size_t)len >= sizeof(text))
		return 0;
	memcpy(text, src, len);
	text[len] = 0;
	*end = src + len;
	return inet_pton(family, text, dst) == 1;
}

static inline int in4_pton(const char *src, int len, u8 *dst, int delim,
			   const char **end)
{
	return fuzz_pton(AF_INET, src, len, dst, end);
}

static inline int in6_pton(const char *src, int len, u8 *dst, int delim,
			   const char **end)
{
	return fuzz_pton(AF_INET6, src, len, dst, end);
}

#endif /* _FUZZ_LINUX_INET_H */
