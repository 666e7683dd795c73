/* SPDX-License-Identifier: GPL-2.0-only */
/* Buffers of whole messages as frames, as packed calls have them (MSG_ZMQ_PACKED). */
#ifndef _SELFTESTS_FRAMES_H
#define _SELFTESTS_FRAMES_H

#include "zs.h"

#define FRAMES_ROOM	(1 << 20)

/* @p is for free(3). */
struct frames {
	unsigned char	*p;
	size_t		len;
};

struct frames frames_new(void);
/* Append a frame; the body repeats a byte, or is a text. */
void frames_put(struct frames *b, int flags, int byte, size_t len);
void frames_put_str(struct frames *b, int flags, const char *str);
bool frames_same(const struct frames *a, const struct frames *b);

/* One call; what came replaces what was there. */
ssize_t frames_send(struct zs *s, const struct frames *b, int flags);
ssize_t frames_recv(struct zs *s, struct frames *b, int flags);
/* Receive until there are @len bytes. */
bool frames_recv_all(struct zs *s, struct frames *b, size_t len);

/* A PUSH and a PULL that are connected, and a buffer for each. */
struct frames_pair {
	struct zs	*push;
	struct zs	*pull;
	struct frames	in;
	struct frames	out;
};

bool frames_pair_open(struct frames_pair *pair, enum zs_transport transport);
void frames_pair_close(struct frames_pair *pair);

#endif /* _SELFTESTS_FRAMES_H */
