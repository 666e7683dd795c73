/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sending without a system call: messages are written into memory that the
 * kernel looks at (<linux/zmq.h>, ZMQ_AF_RING).
 */
#ifndef ZS_RING_H
#define ZS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zmq_af_ring;
struct zs_sock;

/**
 * struct zs_ring - a socket's ring
 * @wanted: its type can have one, and nothing has spoken against it
 * @parts: a message of several parts has begun, by system calls
 * @busy: a thread writes; others send by system calls
 * @more: bytes behind @tail, parts of a message whose last one is to come; @busy
 * @body: bytes of their bodies; @busy
 * @ctl: what is shared with the kernel, NULL before it pays
 * @data: the ring
 * @size: bytes there
 * @max: most bytes of a message's bodies
 * @tail: bytes put in; @busy
 * @sent: messages put in; @busy
 * @burst: the burst of a thread that it was last used in
 * @last: what number of the thread's sends was its last
 * @seen: its sends in that since the last receive; no more than a hint
 */
struct zs_ring {
	_Atomic bool		wanted;
	_Atomic bool		parts;
	_Atomic bool		busy;
	struct zmq_af_ring *_Atomic ctl;
	unsigned char		*data;
	uint32_t		size;
	uint32_t		max;
	uint32_t		tail;
	uint32_t		sent;
	uint32_t		more;
	uint32_t		body;
	_Atomic uint32_t	burst;
	_Atomic uint32_t	last;
	_Atomic uint32_t	seen;
};

/*
 * A call received: sends between which there are many are no burst, but answers.
 * Messages that were received ahead come in a burst, and so do their answers.
 */
static inline void zs_ring_pause(struct zs_ring *ring)
{
	if (atomic_load_explicit(&ring->wanted, memory_order_relaxed))
		atomic_store_explicit(&ring->seen, 0, memory_order_relaxed);
}

void zs_ring_init(struct zs_sock *s);
void zs_ring_free(struct zs_sock *s);
void zs_ring_orphan(struct zs_sock *s);
void zs_ring_forked(void);
bool zs_ring_send(struct zs_sock *s, const void *buf, size_t len, int flags);
void zs_ring_count(struct zs_sock *s, size_t len, int flags);

#endif /* ZS_RING_H */
