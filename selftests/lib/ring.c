// SPDX-License-Identifier: GPL-2.0-only
/* Sending through memory shared with the kernel (ZMQ_AF_RING). */
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "raw.h"
#include "ring.h"

int ring_open(struct ring *r, struct zs *s, int size)
{
	*r = (struct ring){ .s = s, .len = getpagesize() + size };
	if (zs_set_int(s, ZMQ_AF_RING, size))
		return -1;
	r->ctl = mmap(NULL, r->len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
		      0);
	if (r->ctl == MAP_FAILED)
		return -1;
	r->data = (unsigned char *)r->ctl + r->ctl->offset;
	return 0;
}

void ring_unmap(struct ring *r)
{
	munmap(r->ctl, r->len);
}

__u32 ring_flags(const struct ring *r)
{
	return __atomic_load_n(&r->ctl->flags, __ATOMIC_SEQ_CST);
}

bool ring_awake(const struct ring *r)
{
	return !ring_flags(r);
}

int ring_credit(const struct ring *r)
{
	return __atomic_load_n(&r->ctl->limit, __ATOMIC_SEQ_CST) - r->sent;
}

static __u32 ring_room(const struct ring *r)
{
	return r->ctl->size -
	       (r->tail - __atomic_load_n(&r->ctl->head, __ATOMIC_ACQUIRE));
}

void ring_bytes(struct ring *r, const void *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		r->data[r->tail++ % r->ctl->size] = ((const char *)from)[i];
}

/* Write a frame, which is not in the ring before ring_commit(). */
void ring_frame(struct ring *r, int flags, const void *body, size_t len)
{
	__be64 be = __builtin_bswap64(len);
	unsigned char short_len = len;
	unsigned char first = flags | (len > 255 ? RAW_LONG : 0);

	ring_bytes(r, &first, 1);
	if (len > 255)
		ring_bytes(r, &be, sizeof(be));
	else
		ring_bytes(r, &short_len, 1);
	ring_bytes(r, body, len);
}

void ring_commit(struct ring *r)
{
	r->sent++;
	__atomic_store_n(&r->ctl->tail, r->tail, __ATOMIC_SEQ_CST);
}

void ring_put(struct ring *r, const char *str)
{
	ring_frame(r, 0, str, strlen(str));
	ring_commit(r);
}

int ring_kick(struct ring *r)
{
	return send(r->s->fd, NULL, 0, MSG_ZMQ_PACKED);
}

/* A send as a library does it. */
int ring_send(struct ring *r, const void *buf, size_t len)
{
	if (!ring_awake(r) || ring_credit(r) <= 0 || ring_room(r) < len + 9)
		return send(r->s->fd, buf, len, 0) < 0 ? -1 : 0;
	ring_frame(r, 0, buf, len);
	ring_commit(r);
	return ring_flags(r) & ZMQ_AF_RING_WAKE ? ring_kick(r) : 0;
}

/* Send until the kernel looks by itself.  Return: how many. */
int ring_wake(struct ring *r)
{
	int n = 0;

	while (!ring_awake(r) && n < RING_WAKE_MAX &&
	       send(r->s->fd, "w", 1, 0) == 1)
		n++;
	return ring_awake(r) ? n : -1;
}
