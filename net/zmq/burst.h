/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bursts: whether a message is one of many, and how long it waits for the rest.
 */
#ifndef _NET_ZMQ_BURST_H
#define _NET_ZMQ_BURST_H

#include <linux/atomic.h>
#include <linux/time64.h>
#include <linux/types.h>

struct zmq_sock;

/* ns that a message of a burst waits; see zmq_burst_adapt(). */
#define ZMQ_BURST_MIN		(5 * NSEC_PER_USEC)
#define ZMQ_BURST_MAX		(300 * NSEC_PER_USEC)
/* A flush that takes longer counts as if it took this long. */
#define ZMQ_BURST_COST_MAX	(10 * NSEC_PER_MSEC)
/* Messages at most that do not wait because others did so for nothing. */
#define ZMQ_BURST_SPARE_MAX	255

/**
 * struct zmq_burst - what is known of a socket's sending
 * @waiting: calls since the last flush; no more than a hint
 * @now: ns: when zmq_burst_quiet() decided to flush at once, else 0; lock_sock
 * @sender: whoever sent last, not to be looked into; lock_sock
 * @nvcsw: how often it had waited for something; lock_sock
 * @nivcsw: how often others were let run instead of it; lock_sock
 * @heard: messages that had come; lock_sock
 * @asked: what waits does so because there is more to answer; lock_sock
 * @lone: grows as the timer sends single messages, see zmq_burst_lone()
 * @spare: messages that shall not wait for others than their socket's; a hint
 * @last: ns: end of the last flush
 * @cost: ns that a flush takes, averaged
 * @large: the last one took far longer
 * @worked: ns that work has flushed for since the timer did
 * @wait: ns that the timer runs when armed
 * @sends: how many calls had sent on this processor when it was; a hint
 * @mark: how many had when this socket sent last; lock_sock
 * @turn: sockets that its sender sends by in turn
 */
struct zmq_burst {
	u32		waiting;
	u64		now;
	const void	*sender;
	unsigned long	nvcsw;
	unsigned long	nivcsw;
	u64		heard;
	bool		asked;
	u32		lone;
	u32		spare;
	u64		last;
	u32		cost;
	bool		large;
	atomic64_t	worked;
	u32		wait;
	u32		sends;
	u32		mark;
	u32		turn;
};

/* Sending; lock_sock held. */
u32 zmq_burst_count(struct zmq_burst *burst);
bool zmq_burst_quiet(struct zmq_sock *zsk);
bool zmq_burst_answered(struct zmq_sock *zsk);
bool zmq_burst_goes_on(struct zmq_sock *zsk);
u64 zmq_burst_wait(const struct zmq_burst *burst);
void zmq_burst_arm(struct zmq_burst *burst);

/* What was flushed. */
void zmq_burst_sample(struct zmq_burst *burst, u64 ns);
bool zmq_burst_adapt(struct zmq_burst *burst, u32 msgs);
void zmq_burst_flushed(struct zmq_burst *burst, u64 start);
void zmq_burst_waited(struct zmq_burst *burst, u32 msgs, u64 start);
void zmq_burst_worked(struct zmq_sock *zsk, u64 ns);

#endif /* _NET_ZMQ_BURST_H */
