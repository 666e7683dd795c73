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
#include "burst.h"

struct zmq_pipe;
struct zmq_sock;

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
 * @burst: whether a message waits, and how long
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
	struct zmq_burst	burst;
};

void zmq_coalesce_init(struct zmq_sock *zsk);
void zmq_coalesce_stop(struct zmq_sock *zsk);
void zmq_coalesce_fini(struct zmq_sock *zsk);
void zmq_coalesce_dirty(struct zmq_sock *zsk, struct zmq_pipe *pipe);
bool zmq_coalesce_later(struct zmq_sock *zsk, bool now);
struct zmq_pipe *zmq_coalesce_one(struct zmq_sock *zsk);
void zmq_coalesce_flush(struct zmq_sock *zsk, struct zmq_pipe *one, u64 start);
void zmq_coalesce_block(struct zmq_sock *zsk);
void zmq_coalesce_round(struct zmq_sock *zsk, u32 msgs, bool again, u64 start);

#endif /* _NET_ZMQ_COALESCE_H */
