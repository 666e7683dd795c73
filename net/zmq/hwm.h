/* SPDX-License-Identifier: GPL-2.0 */
/* High-water-mark arithmetic of one direction of a pipe. Pure. */
#ifndef _NET_ZMQ_HWM_H
#define _NET_ZMQ_HWM_H

#include "pure.h"

/**
 * struct zmq_hwm - message credit between the two ends of a queue
 * @hwm: high-water mark in whole messages; 0 = unlimited
 * @lwm: consumer reports after each multiple of this many, (hwm + 1) / 2
 * @written: messages the producer has put in; written by the producer only
 * @read: messages the consumer has taken out; written by the consumer only
 * @acked: value of @read that the producer knows; written by the consumer
 *
 * libzmq's rule (pipe.cpp): the writer is full while written - acked >= hwm,
 * and acked moves only when the reader's count reaches a multiple of lwm.  So
 * a queue that was full opens again only after lwm messages were read.
 */
struct zmq_hwm {
	u32	hwm;
	u32	lwm;
	u64	written;
	u64	read;
	u64	acked;
};

/* The last count the consumer reports: a multiple of the low-water mark. */
static inline u64 zmq_hwm_report(u64 read, u32 lwm)
{
	return lwm ? read - zmq_pure_mod(read, lwm) : read;
}

/*
 * Set or change the mark, at any time; the caller keeps the consumer out.  What
 * was read counts by the new mark at once: an empty queue is never full.
 */
static inline void zmq_hwm_set(struct zmq_hwm *h, u32 hwm)
{
	u32 lwm = hwm / 2 + (hwm & 1);

	WRITE_ONCE(h->hwm, hwm);
	WRITE_ONCE(h->lwm, lwm);
	WRITE_ONCE(h->acked, max(h->acked, zmq_hwm_report(h->read, lwm)));
}

static inline void zmq_hwm_init(struct zmq_hwm *h, u32 hwm)
{
	h->written = 0;
	h->read = 0;
	h->acked = 0;
	zmq_hwm_set(h, hwm);
}

/* May the producer not begin another message? */
static inline bool zmq_hwm_full(const struct zmq_hwm *h)
{
	u32 hwm = READ_ONCE(h->hwm);

	return hwm && READ_ONCE(h->written) - READ_ONCE(h->acked) >= hwm;
}

/* Messages the producer may put in before it is full; U32_MAX: any number. */
static inline u32 zmq_hwm_credit(const struct zmq_hwm *h)
{
	u32 hwm = READ_ONCE(h->hwm);
	u64 held = READ_ONCE(h->written) - READ_ONCE(h->acked);

	if (!hwm)
		return U32_MAX;
	return held < hwm ? hwm - held : 0;
}

/* Producer: @n more whole messages are in. */
static inline void zmq_hwm_write_run(struct zmq_hwm *h, u32 n)
{
	WRITE_ONCE(h->written, h->written + n);
}

/* Producer: one more whole message is in. */
static inline void zmq_hwm_write(struct zmq_hwm *h)
{
	zmq_hwm_write_run(h, 1);
}

/**
 * zmq_hwm_read - consumer: @n more whole messages are out
 * @h: the credit
 * @n: messages taken
 *
 * Return: true if @acked moved, that is if a full producer may go on.
 */
static inline bool zmq_hwm_read(struct zmq_hwm *h, u32 n)
{
	u32 lwm = READ_ONCE(h->lwm);
	u64 read = h->read + n;
	u64 acked = zmq_hwm_report(read, lwm);

	WRITE_ONCE(h->read, read);
	if (acked <= h->acked)
		return false;
	WRITE_ONCE(h->acked, acked);
	return true;
}

/* Messages that can be read until @acked moves next; U32_MAX: any number. */
static inline u32 zmq_hwm_unreported(const struct zmq_hwm *h)
{
	u32 lwm = READ_ONCE(h->lwm);

	return lwm ? lwm - zmq_pure_mod(h->read, lwm) : U32_MAX;
}

/* Messages inside. */
static inline u64 zmq_hwm_queued(const struct zmq_hwm *h)
{
	return READ_ONCE(h->written) - READ_ONCE(h->read);
}

#endif /* _NET_ZMQ_HWM_H */
