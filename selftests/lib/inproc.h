/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that meet by one inproc name. */
#ifndef _SELFTESTS_INPROC_H
#define _SELFTESTS_INPROC_H

#include <errno.h>
#include "zs.h"

#define NAME	"inproc://name"

/* A socket that is bound or connected to the name, or NULL. */
static inline struct zs *bound(int type)
{
	struct zs *s = zs_open(type);

	return s && !zs_bind(s, NAME) ? s : NULL;
}

static inline struct zs *connected(int type)
{
	struct zs *s = zs_open(type);

	return s && !zs_connect(s, NAME) ? s : NULL;
}

/* Send a part; 0 or -1. */
static inline int put(struct zs *s, const char *text, int flags)
{
	return zs_send_str(s, text, flags) < 0 ? -1 : 0;
}

/* Is there nothing to be received? */
static inline bool nothing(struct zs *s)
{
	char c;

	return zs_recv(s, &c, 1, ZS_DONTWAIT) < 0 && errno == EAGAIN;
}

#endif /* _SELFTESTS_INPROC_H */
