// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "frames.h"
#include "raw.h"

struct frames frames_new(void)
{
	return (struct frames){ .p = malloc(FRAMES_ROOM) };
}

void frames_put(struct frames *b, int flags, int byte, size_t len)
{
	b->p[b->len++] = flags | (len > 255 ? RAW_LONG : 0);
	if (len > 255) {
		__be64 be = __builtin_bswap64(len);

		memcpy(b->p + b->len, &be, sizeof(be));
		b->len += sizeof(be);
	} else {
		b->p[b->len++] = len;
	}
	memset(b->p + b->len, byte, len);
	b->len += len;
}

void frames_put_str(struct frames *b, int flags, const char *str)
{
	frames_put(b, flags, 0, strlen(str));
	memcpy(b->p + b->len - strlen(str), str, strlen(str));
}

ssize_t frames_send(struct zs *s, const struct frames *b, int flags)
{
	return send(s->fd, b->p, b->len, MSG_ZMQ_PACKED | flags);
}

ssize_t frames_recv(struct zs *s, struct frames *b, int flags)
{
	ssize_t n = recv(s->fd, b->p, FRAMES_ROOM, MSG_ZMQ_PACKED | flags);

	b->len = n < 0 ? 0 : n;
	return n;
}

bool frames_recv_all(struct zs *s, struct frames *b, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(s->fd, b->p + got, FRAMES_ROOM - got,
				 MSG_ZMQ_PACKED);

		if (n <= 0)
			return false;
		got += n;
	}
	b->len = got;
	return got == len;
}

bool frames_same(const struct frames *a, const struct frames *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

bool frames_pair_open(struct frames_pair *pair, enum zs_transport transport)
{
	char endpoint[ZS_ENDPOINT_MAX];

	pair->push = zs_open(ZMQ_PUSH);
	pair->pull = zs_open(ZMQ_PULL);
	pair->in = frames_new();
	pair->out = frames_new();
	return !zs_pair(pair->pull, pair->push, transport, endpoint);
}

void frames_pair_close(struct frames_pair *pair)
{
	zs_close_now(pair->push);
	zs_close_now(pair->pull);
	free(pair->in.p);
	free(pair->out.p);
}
