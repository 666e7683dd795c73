/* SPDX-License-Identifier: GPL-2.0-only */
/* Sending through memory shared with the kernel, as a library does it. */
#ifndef _SELFTESTS_RING_H
#define _SELFTESTS_RING_H

#include "zs.h"

#define RING_SIZE	4096

/**
 * struct ring - the writing end of a socket's ring
 * @s: the socket
 * @ctl: its page of control
 * @data: the ring
 * @len: bytes of both
 * @tail: bytes written
 * @sent: messages written
 */
struct ring {
	struct zs		*s;
	struct zmq_af_ring	*ctl;
	unsigned char		*data;
	size_t			len;
	__u32			tail;
	__u32			sent;
};

/* Make and map a ring of @size bytes; 0 or -1. */
int ring_open(struct ring *r, struct zs *s, int size);
void ring_unmap(struct ring *r);

__u32 ring_flags(const struct ring *r);
bool ring_awake(const struct ring *r);
/* Messages that may be written before the kernel is asked. */
int ring_credit(const struct ring *r);

void ring_bytes(struct ring *r, const void *from, size_t len);
/* Write a frame, which is not in the ring before ring_commit(). */
void ring_frame(struct ring *r, int flags, const void *body, size_t len);
void ring_commit(struct ring *r);
/* A message of one part; nobody is told. */
void ring_put(struct ring *r, const char *str);
int ring_kick(struct ring *r);

/* A send as a library does it, by the ring or by a call; 0 or -1. */
int ring_send(struct ring *r, const void *buf, size_t len);
/* Send "w" by calls until the kernel looks by itself; how many, or -1. */
#define RING_WAKE_MAX	100000
int ring_wake(struct ring *r);

#endif /* _SELFTESTS_RING_H */
