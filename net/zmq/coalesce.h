/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coalescing: when what was appended to the pipes goes out.
 *
 * A message of a socket that has been quiet goes out at once, by its sender.
 * Those of a burst wait for each other, until a timer, a full queue, or a
 * caller about to block sends them together: a segment of TCP costs as much as
 * a hundred messages.
 */
#ifndef _NET_ZMQ_COALESCE_H
#define _NET_ZMQ_COALESCE_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/spinlock.h>

struct zmq_pipe;
struct zmq_sock;

/* ns that a message of a burst waits; see zmq_coalesce_adapt(). */
#define ZMQ_COALESCE_MIN	(5 * NSEC_PER_USEC)
#define ZMQ_COALESCE_MAX	(300 * NSEC_PER_USEC)
/* A flush that takes longer counts as if it took this long. */
#define ZMQ_COALESCE_COST_MAX	(10 * NSEC_PER_MSEC)
/* More messages, or bytes, in a pipe do not wait. */
#define ZMQ_COALESCE_MSGS	512
#define ZMQ_COALESCE_BYTES	32768
/* ns that the timer itself flushes, in softirq; the rest is for work. */
#define ZMQ_COALESCE_SOFTIRQ	(2 * NSEC_PER_MSEC)

/**
 * struct zmq_coalesce - a socket's pipes to be flushed
 * @one: the first pipe appended to since lock_sock was taken, one reference, or
 *	NULL: most calls append to one, and flush it, and need no list; lock_sock
 * @lock: protects @dirty, @settle, @armed; leaf
 * @dirty: pipes appended to since they were flushed
 * @settle: pipes with something for process context, not for @timer: inproc ones
 *	that have to tell their peers, UDP, new ones
 * @armed: @timer runs, and has a zmq_af_get() reference
 * @timer: flushes @dirty, in softirq
 * @usec: ZMQ_AF_COALESCE; lock_sock
 * @urgent: flush at the end of this call; lock_sock
 * @waiting: calls since the last flush; no more than a hint
 * @now: ns: when zmq_coalesce_later() decided to flush at once, else 0;
 *	lock_sock
 * @sender: whoever sent last, not to be looked into; lock_sock
 * @nvcsw: how often it had waited for something; lock_sock
 * @nivcsw: how often others were let run instead of it; lock_sock
 * @heard: messages that had come; lock_sock
 * @last: ns: end of the last flush
 * @cost: ns that a flush takes, averaged
 * @worked: ns that work has flushed for since @timer did
 * @wait: ns that @timer runs when armed
 *
 * Who adds a pipe has lock_sock, and before it is released either flushes, @one
 * too, or has it on @dirty and leaves @timer armed: nothing is ever stranded.
 */
struct zmq_coalesce {
	struct zmq_pipe		*one;
	spinlock_t		lock;	/* lists, armed */
	struct list_head	dirty;
	struct list_head	settle;
	bool			armed;
	struct hrtimer		timer;
	int			usec;
	bool			urgent;
	u32			waiting;
	u64			now;
	const void		*sender;
	unsigned long		nvcsw;
	unsigned long		nivcsw;
	u64			heard;
	u64			last;
	u32			cost;
	atomic64_t		worked;
	u32			wait;
};

void zmq_coalesce_init(struct zmq_sock *zsk);
void zmq_coalesce_stop(struct zmq_sock *zsk);
void zmq_coalesce_fini(struct zmq_sock *zsk);
void zmq_coalesce_dirty(struct zmq_sock *zsk, struct zmq_pipe *pipe);
bool zmq_coalesce_later(struct zmq_sock *zsk, bool now);
struct zmq_pipe *zmq_coalesce_one(struct zmq_sock *zsk);
void zmq_coalesce_flush(struct zmq_sock *zsk, struct zmq_pipe *one, u64 start);
void zmq_coalesce_block(struct zmq_sock *zsk);
void zmq_coalesce_worked(struct zmq_sock *zsk, u64 ns);
void zmq_coalesce_round(struct zmq_sock *zsk, u32 msgs, bool again, u64 start);

#endif /* _NET_ZMQ_COALESCE_H */
