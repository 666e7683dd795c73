// SPDX-License-Identifier: GPL-2.0
/*
 * Bursts: whether a message is one of many, and how long it waits for the rest.
 * All of it is estimates; coalesce.c does what they say.
 */
#include "net.h"
#include "type.h"

/**
 * struct zmq_burst_cpu - who has sent on a processor
 * @task: whoever has sent last, not to be looked into
 * @last: ns: when it has last flushed, or left a message to wait; 0: never
 * @sends: calls that sent
 * @since: @sends when @task had not sent yet
 *
 * Hints, written without a lock: a sender can be preempted or go elsewhere.
 */
struct zmq_burst_cpu {
	const void	*task;
	u64		last;
	u32		sends;
	u32		since;
};

static DEFINE_PER_CPU(struct zmq_burst_cpu, zmq_burst_cpus);

/**
 * zmq_burst_sample - a flush was made
 * @burst: of its socket
 * @ns: how long it took
 *
 * One that was interrupted for long says little, so no sample counts for more
 * than four times the average, nor the first for much; but where the next is
 * as long, there are that many peers now.
 *
 * Context: any.
 */
void zmq_burst_sample(struct zmq_burst *burst, u64 ns)
{
	u32 cost = READ_ONCE(burst->cost);
	u32 max = cost ? cost * 4 : ZMQ_BURST_MAX;
	bool large = ns >= max;
	u32 sample = min3(ns, (u64)max, (u64)ZMQ_BURST_COST_MAX);

	if (cost && !(large && READ_ONCE(burst->large)))
		sample = cost - cost / 8 + sample / 8;
	WRITE_ONCE(burst->large, large);
	WRITE_ONCE(burst->cost, sample);
}

/*
 * Did others run instead of the sender since its last message, though it did
 * not wait for anything, nor was answered?  Often that is whoever has received
 * that message.
 */
static bool zmq_burst_preempted(struct zmq_sock *zsk)
{
	struct zmq_burst *burst = &zsk->co.burst;
	u64 heard = atomic64_read(&zsk->stats.rx_msgs);
	/* May change here and now. */
	unsigned long nvcsw = READ_ONCE(current->nvcsw);
	unsigned long nivcsw = READ_ONCE(current->nivcsw);
	bool same = burst->sender == current && burst->nvcsw == nvcsw &&
		    burst->heard == heard;
	bool preempted = same && burst->nivcsw != nivcsw;

	sock_owned_by_me(&zsk->sk);
	burst->sender = current;
	burst->nvcsw = nvcsw;
	burst->nivcsw = nivcsw;
	burst->heard = heard;
	return preempted;
}

/* Is there more to be answered, so that this answer may wait for the next? */
static bool zmq_burst_asked(struct zmq_sock *zsk)
{
	sock_owned_by_me(&zsk->sk);
	return zsk->type->receives && !list_empty_careful(&zsk->fq);
}

/**
 * zmq_burst_answered - was that the answer to the last question?
 * @zsk: the socket
 *
 * Context: lock_sock(zsk) held.
 * Return: what waits because there was more to answer need not any more.
 */
bool zmq_burst_answered(struct zmq_sock *zsk)
{
	struct zmq_burst *burst = &zsk->co.burst;

	if (!burst->asked || zmq_burst_asked(zsk))
		return false;
	burst->asked = false;
	return true;
}

/* Has the sender just flushed, or waited with, this socket or another one? */
static bool zmq_burst_busy(const struct zmq_burst *burst)
{
	u64 last = raw_cpu_read(zmq_burst_cpus.last);

	return (s64)(burst->now - last) < READ_ONCE(burst->cost);
}

/*
 * May a message wait because of others than those of its own socket?  Not, for
 * a while, if none has come in time: see zmq_burst_lone().
 */
static bool zmq_burst_joins(struct zmq_sock *zsk)
{
	struct zmq_burst *burst = &zsk->co.burst;
	u32 spare = READ_ONCE(burst->spare);

	burst->asked = zmq_burst_asked(zsk);
	if (!burst->asked && !zmq_burst_busy(burst))
		return false;
	if (!spare)
		return true;
	WRITE_ONCE(burst->spare, spare - 1);
	burst->asked = false;
	return false;
}

/**
 * zmq_burst_quiet - was the sender busy with something else?
 * @zsk: the socket, of which nothing waits
 *
 * Something that takes longer than a flush: then there is little to win.
 *
 * Context: lock_sock(zsk) held.
 * Return: what was appended is to be flushed at once; @now says since when.
 */
bool zmq_burst_quiet(struct zmq_sock *zsk)
{
	struct zmq_burst *burst = &zsk->co.burst;
	bool preempted = zmq_burst_preempted(zsk);
	u64 gap;

	burst->now = ktime_get_ns();
	gap = burst->now - READ_ONCE(burst->last);
	if (zsk->co.usec > 0)
		return gap >= zsk->co.usec * NSEC_PER_USEC;
	if (!zmq_burst_joins(zsk) && !preempted &&
	    gap >= READ_ONCE(burst->cost))
		return true;
	raw_cpu_write(zmq_burst_cpus.last, burst->now);
	return false;
}

/**
 * zmq_burst_goes_on - is a message that nobody has to flush one of many?
 * @zsk: the socket
 *
 * What it costs then is what a receiver costs that is woken for it alone.
 *
 * Context: lock_sock(zsk) held.
 */
bool zmq_burst_goes_on(struct zmq_sock *zsk)
{
	struct zmq_burst *burst = &zsk->co.burst;
	u64 quiet = max_t(u64, READ_ONCE(burst->cost), ZMQ_BURST_MIN);
	bool preempted = zmq_burst_preempted(zsk);
	u64 now = ktime_get_ns();
	u64 gap = now - READ_ONCE(burst->last);

	/* Of ten times this nobody waits longer than ever. */
	if (preempted)
		zmq_burst_sample(burst, min(gap, ZMQ_BURST_MAX / 10ULL));
	WRITE_ONCE(burst->last, now);
	return preempted || gap < quiet;
}

/*
 * How many sockets does this thread send by in turn?  So many sends of its own
 * were there since the last one by this socket.
 */
static void zmq_burst_turn(struct zmq_burst *burst)
{
	u32 sends = raw_cpu_inc_return(zmq_burst_cpus.sends);
	u32 turn;

	if (raw_cpu_read(zmq_burst_cpus.task) != current) {
		raw_cpu_write(zmq_burst_cpus.task, current);
		raw_cpu_write(zmq_burst_cpus.since, sends - 1);
		raw_cpu_write(zmq_burst_cpus.last, 0);
	}
	/* After it was elsewhere it begins anew. */
	turn = min(sends - burst->mark,
		   sends - raw_cpu_read(zmq_burst_cpus.since));
	WRITE_ONCE(burst->turn, max(turn, 1U));
	burst->mark = sends;
}

/* A call has sent something; lock_sock held.  Return: how many wait already. */
u32 zmq_burst_count(struct zmq_burst *burst)
{
	u32 waiting = READ_ONCE(burst->waiting);

	/* It may be lost that the timer has just set it to 0. */
	WRITE_ONCE(burst->waiting, waiting + 1);
	zmq_burst_turn(burst);
	return waiting;
}

/*
 * How long does the timer run?  Where there is more to be answered it is not
 * what ends the wait, unless answering takes as long as anybody may wait.
 * lock_sock held.
 */
u64 zmq_burst_wait(const struct zmq_burst *burst)
{
	u64 wait = READ_ONCE(burst->wait);
	u64 most = min_t(u64, 10ULL * READ_ONCE(burst->cost), ZMQ_BURST_MAX);

	return burst->asked ? max(wait, most) : wait;
}

/* The timer is about to be started; it is pinned to this processor. */
void zmq_burst_arm(struct zmq_burst *burst)
{
	WRITE_ONCE(burst->sends, raw_cpu_read(zmq_burst_cpus.sends));
}

/**
 * zmq_burst_flushed - a sender has flushed
 * @burst: of its socket
 * @start: ns: when that began, if it is one like most; else 0
 *
 * Context: process.
 */
void zmq_burst_flushed(struct zmq_burst *burst, u64 start)
{
	/* Whoever was woken may have run meanwhile: no estimate will do. */
	u64 end = ktime_get_ns();

	WRITE_ONCE(burst->last, end);
	/* Work may have flushed for it. */
	if (raw_cpu_read(zmq_burst_cpus.task) == current)
		raw_cpu_write(zmq_burst_cpus.last, end);
	if (start)
		zmq_burst_sample(burst, end - start);
}

/**
 * zmq_burst_worked - work has flushed a connection
 * @zsk: its socket
 * @ns: how long that took
 *
 * It is part of what flushing costs: the timer leaves to work all of unix
 * sockets, and what is too much for softirq.  That a lower socket had no room
 * before counts as well.
 *
 * Context: any.
 */
void zmq_burst_worked(struct zmq_sock *zsk, u64 ns)
{
	atomic64_add(ns, &zsk->co.burst.worked);
}

/**
 * zmq_burst_adapt - how long may the next ones wait?
 * @burst: of their socket
 * @msgs: how many were sent while the last ones waited, here or elsewhere
 *
 * At least two flushes, so that few messages wait little; up to ten while many
 * come, so that flushing takes a tenth of the time.
 *
 * Context: lock_sock held, or the timer.
 * Return: true if longer than the last ones.
 */
bool zmq_burst_adapt(struct zmq_burst *burst, u32 msgs)
{
	u32 before = READ_ONCE(burst->wait);
	u64 cost = min_t(u64, (u64)READ_ONCE(burst->cost) *
			      READ_ONCE(burst->turn), ZMQ_BURST_COST_MAX);
	u64 wait = before;
	u64 max;

	if (msgs >= 8)
		wait *= 2;
	else if (msgs <= 2)
		wait /= 2;
	wait = clamp(wait, 2 * cost, 10 * cost);
	/* One flush of many peers takes longer than anything else may wait. */
	max = max_t(u64, cost, ZMQ_BURST_MAX);
	wait = clamp_t(u64, wait, ZMQ_BURST_MIN, max);
	WRITE_ONCE(burst->wait, wait);
	return wait > before;
}

/*
 * The timer has sent @msgs, and will not wait for more the next time.  If it
 * was one, it has waited for nothing: the more often that happens, the longer
 * nothing waits because of what is to be answered or was sent elsewhere.
 */
static void zmq_burst_lone(struct zmq_burst *burst, u32 msgs)
{
	u32 lone = READ_ONCE(burst->lone);

	lone = msgs > 1 ? 0 : min_t(u32, lone * 2 + 1, ZMQ_BURST_SPARE_MAX);
	WRITE_ONCE(burst->lone, lone);
	WRITE_ONCE(burst->spare, lone);
}

/**
 * zmq_burst_waited - the timer has flushed
 * @burst: of its socket
 * @msgs: calls that it did so for
 * @start: ns: when it began
 *
 * Context: softirq.
 */
void zmq_burst_waited(struct zmq_burst *burst, u32 msgs, u64 start)
{
	u32 sends = raw_cpu_read(zmq_burst_cpus.sends);
	u64 end = ktime_get_ns();

	WRITE_ONCE(burst->last, end);
	zmq_burst_sample(burst, end - start + atomic64_xchg(&burst->worked, 0));
	if (!zmq_burst_adapt(burst, max(msgs, sends - READ_ONCE(burst->sends))))
		zmq_burst_lone(burst, msgs);
}
