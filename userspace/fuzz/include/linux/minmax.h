/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_LINUX_MINMAX_H
#define _FUZZ_LINUX_MINMAX_H

#define min_t(type, a, b)	({ type _a = (a); type _b = (b);	\
				   _a < _b ? _a : _b; })
#define max_t(type, a, b)	({ type _a = (a); type _b = (b);	\
				   _a > _b ? _a : _b; })
#define min(a, b)		min_t(__typeof__(a), a, b)
#define max(a, b)		max_t(__typeof__(a), a, b)

#define swap(a, b) do {							\
	__typeof__(a) _a = (a);						\
									\
	(a) = (b);							\
	(b) = _a;							\
} while (0)

#endif
