/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings: messages sent by writing them into memory shared with the kernel
 * (ZMQ_AF_RING).
 */
#ifndef _NET_ZMQ_RING_H
#define _NET_ZMQ_RING_H

#include "batch.h"

struct mem_cgroup;

/**
 * struct zmq_ring - a socket's ring
 * @zsk: the socket
 * @ctl: the shared memory: first page; the user writes to it at any time
 * @data: the rest
 * @size: bytes of @data, a power of two
 * @head: bytes taken out; WRITE_ONCE under lock_sock
 * @batch: messages taken out and not yet in the pipes, checked; lock_sock
 * @awake: ZMQ_AF_RING_WAKE is clear: the coalescer's timer is armed or @work
 *	queued or running; co.lock
 * @stalled: what is in it waits for a pipe to have room; WRITE_ONCE under
 *	lock_sock
 * @nomem: memory was short, @work tries again; lock_sock
 * @cpu: processor that it was last asked to look by; lock_sock
 * @poor: grows as @work finds little there, see zmq_ring_judge(); lock_sock
 * @spare: calls after which the kernel does not begin to look; lock_sock
 * @stopped: the user broke the rules; lock_sock
 * @work: takes out what is there
 * @memcg: who pays for what @work allocates
 *
 * Nothing that is read from the shared memory is read twice, and all that is
 * acted on are copies.
 */
struct zmq_ring {
	struct zmq_sock		*zsk;
	struct zmq_af_ring	*ctl;
	u8			*data;
	u32			size;
	u32			head;
	struct zmq_batch	batch;
	bool			awake;
	bool			stalled;
	bool			nomem;
	int			cpu;
	u32			poor;
	u32			spare;
	bool			stopped;
	struct delayed_work	work;
	struct mem_cgroup	*memcg;
};

int zmq_ring_make(struct zmq_sock *zsk, const u8 *val, size_t len);
int zmq_ring_mmap(struct file *file, struct socket *sock,
		  struct vm_area_struct *vma);
void zmq_ring_close(struct zmq_sock *zsk);
void zmq_ring_free(struct zmq_sock *zsk);
int zmq_ring_drain(struct zmq_sock *zsk);
int zmq_ring_kick(struct zmq_sock *zsk);
void zmq_ring_take(struct zmq_sock *zsk);
void zmq_ring_publish(struct zmq_sock *zsk);
void zmq_ring_revoke(struct zmq_sock *zsk);
void zmq_ring_recall(struct zmq_sock *zsk);
void zmq_ring_shutdown(struct zmq_sock *zsk);
void zmq_ring_room(struct zmq_sock *zsk);
bool zmq_ring_timer(struct zmq_sock *zsk);

/* Is something in it, as far as one can tell without a lock? */
static inline bool zmq_ring_pending(const struct zmq_sock *zsk)
{
	const struct zmq_ring *ring = READ_ONCE(zsk->ring);

	if (!ring)
		return false;
	if (!zmq_segq_empty(&ring->batch.q))
		return true;
	return READ_ONCE(ring->ctl->tail) != READ_ONCE(ring->head) &&
	       !READ_ONCE(ring->stopped);
}

/*
 * Before anything else is sent: hand over what is in the ring; lock_sock held,
 * may be released meanwhile.  Return: 0; -EAGAIN: wait for room first; -ENOBUFS.
 */
static inline int zmq_ring_before(struct zmq_sock *zsk)
{
	return unlikely(zmq_ring_pending(zsk)) ? zmq_ring_drain(zsk) : 0;
}

/* After a send, before release_sock(): the user may go on by the ring. */
static inline void zmq_ring_after(struct zmq_sock *zsk)
{
	if (unlikely(zsk->ring))
		zmq_ring_publish(zsk);
}

/* Before a call that is no send: hand over what is in the ring; no lock. */
static inline void zmq_ring_sync(struct zmq_sock *zsk)
{
	if (unlikely(zmq_ring_pending(zsk)))
		zmq_ring_take(zsk);
}

/*
 * May something that was sent be in it still, or under way to the pipes, and be
 * handed over now?  No lock; says yes rather than no.
 */
static inline bool zmq_ring_holds(const struct zmq_sock *zsk)
{
	const struct zmq_ring *ring = READ_ONCE(zsk->ring);

	if (!ring)
		return false;
	if (zmq_ring_pending(zsk))
		return !READ_ONCE(ring->stalled) &&
		       !READ_ONCE(zsk->asm_msg.open);
	/* Who took the last of it has the lock until it is in a pipe. */
	smp_rmb();
	return sock_owned_by_user_nocheck(&zsk->sk);
}

/* Does the kernel look at it by itself? */
static inline bool zmq_ring_awake(const struct zmq_sock *zsk)
{
	const struct zmq_ring *ring = READ_ONCE(zsk->ring);

	return ring && READ_ONCE(ring->awake);
}

static inline u32 zmq_ring_size(const struct zmq_sock *zsk)
{
	const struct zmq_ring *ring = READ_ONCE(zsk->ring);

	return ring ? ring->size : 0;
}

#endif /* _NET_ZMQ_RING_H */
