// SPDX-License-Identifier: GPL-2.0
/* Coalescing: when what was appended to the pipes goes out. */
#include "conn.h"
#include "inproc.h"
#include "net.h"
#include "ring.h"
#include "udp.h"

static bool zmq_coalesce_any(const struct zmq_coalesce *co)
{
	return !list_empty_careful(&co->dirty) ||
	       !list_empty_careful(&co->settle);
}

/* Is there something for process context: to tell a peer, or a datagram? */
static bool zmq_coalesce_settles(const struct zmq_pipe *pipe)
{
	sock_owned_by_me(&pipe->zsk->sk);
	if (READ_ONCE(pipe->conn))
		return false;
	return !pipe->peer || !pipe->attached || !list_empty(&pipe->events);
}

/* Put a pipe on a list, with a reference, unless it is there; lock_sock held. */
static void zmq_coalesce_list(struct zmq_coalesce *co, struct zmq_pipe *pipe)
{
	bool settle = zmq_coalesce_settles(pipe);

	if (test_and_set_bit(settle ? ZMQ_PIPE_SETTLE : ZMQ_PIPE_DIRTY,
			     &pipe->flags))
		return;
	zmq_pipe_get(pipe);
	spin_lock_bh(&co->lock);
	if (settle)
		list_add_tail(&pipe->settle_node, &co->settle);
	else
		list_add_tail(&pipe->dirty_node, &co->dirty);
	spin_unlock_bh(&co->lock);
}

/* Have a pipe flushed at the end of this call or soon; lock_sock held. */
void zmq_coalesce_dirty(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	bool settle = zmq_coalesce_settles(pipe);
	struct zmq_coalesce *co = &zsk->co;

	/* A message is there already. */
	if (pipe->peer && !settle)
		return;
	/*
	 * A full pipe must not wait: its sender would, too, or lose messages.
	 * Nor must a subscriber's: subscriptions would overtake what waits.
	 */
	if (settle || zsk->type->subscribes || zmq_pipe_tx_pressing(pipe))
		co->urgent = true;
	if (co->one == pipe)
		return;
	if (!co->one && !READ_ONCE(co->armed)) {
		zmq_pipe_get(pipe);
		co->one = pipe;
		return;
	}
	zmq_coalesce_list(co, pipe);
}

/**
 * zmq_coalesce_one - the pipe that was appended to, if it is not on a list
 * @zsk: the socket
 *
 * Context: lock_sock(zsk) held.
 * Return: it, with the reference, for zmq_coalesce_flush(); or NULL.
 */
struct zmq_pipe *zmq_coalesce_one(struct zmq_sock *zsk)
{
	struct zmq_pipe *one = zsk->co.one;

	sock_owned_by_me(&zsk->sk);
	zsk->co.one = NULL;
	return one;
}

/* Flush a pipe in process context; what others append meanwhile goes along. */
static void zmq_coalesce_send(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(pipe);

	/* What waits in its pipe goes when it is connected again. */
	if (!conn)
		return;
	zmq_tx_flush(conn);
	zmq_conn_put(conn);
}

/* The same in softirq; @work: leave it to work. */
static void zmq_coalesce_send_bh(struct zmq_pipe *pipe, bool work)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(pipe);

	/* What waits in its pipe goes when it is connected again. */
	if (!conn)
		return;
	if (work)
		zmq_conn_flush_kick(conn, 0);
	else
		zmq_tx_flush_bh(conn);
	zmq_conn_put(conn);
}

/*
 * Flush the pipes of a list.  In softirq, @end is when (ktime_get_ns()) work
 * shall do the rest; else 0.
 */
static void zmq_coalesce_run(struct list_head *dirty, u64 end)
{
	struct zmq_pipe *pipe, *next;

	list_for_each_entry_safe(pipe, next, dirty, dirty_node) {
		list_del_init(&pipe->dirty_node);
		clear_bit(ZMQ_PIPE_DIRTY, &pipe->flags);
		/* Who appends from now on sees to the flush itself. */
		smp_mb__after_atomic();
		if (end)
			zmq_coalesce_send_bh(pipe, ktime_get_ns() >= end);
		else
			zmq_coalesce_send(pipe);
		zmq_pipe_put(pipe);
	}
}

static void zmq_coalesce_settle_one(struct zmq_pipe *pipe)
{
	/* It may have got a connection meanwhile. */
	if (READ_ONCE(pipe->conn))
		zmq_coalesce_send(pipe);
	else if (READ_ONCE(pipe->udp))
		zmq_udp_flush(pipe);
	else
		zmq_inproc_settle(pipe);
}

static void zmq_coalesce_settle(struct list_head *settle)
{
	struct zmq_pipe *pipe, *next;

	list_for_each_entry_safe(pipe, next, settle, settle_node) {
		list_del_init(&pipe->settle_node);
		clear_bit(ZMQ_PIPE_SETTLE, &pipe->flags);
		/* As in zmq_coalesce_run(). */
		smp_mb__after_atomic();
		zmq_coalesce_settle_one(pipe);
		zmq_pipe_put(pipe);
	}
}

/*
 * A flush took @ns.  One that was interrupted for long says little, so no
 * sample counts for more than four times the average, nor the first for much.
 */
static void zmq_coalesce_sample(struct zmq_coalesce *co, u64 ns)
{
	u32 cost = READ_ONCE(co->cost);
	u32 sample = min_t(u64, ns, cost ? cost * 4ULL : ZMQ_COALESCE_MAX);

	sample = min_t(u32, sample, ZMQ_COALESCE_COST_MAX);
	WRITE_ONCE(co->cost, cost ? cost - cost / 8 + sample / 8 : sample);
}

/*
 * Did others run instead of the sender since its last message, though it did
 * not wait for anything, nor was answered?  Often that is whoever has received
 * that message.
 */
static bool zmq_coalesce_preempted(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;
	u64 heard = atomic64_read(&zsk->stats.rx_msgs);
	bool same = co->sender == current && co->nvcsw == current->nvcsw &&
		    co->heard == heard;
	bool preempted = same && co->nivcsw != current->nivcsw;

	sock_owned_by_me(&zsk->sk);
	co->sender = current;
	co->nvcsw = current->nvcsw;
	co->nivcsw = current->nivcsw;
	co->heard = heard;
	return preempted;
}

/* Was the sender busy with something else since the last flush? */
static bool zmq_coalesce_quiet(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;
	bool preempted = zmq_coalesce_preempted(zsk);

	co->now = ktime_get_ns();
	if (co->usec > 0)
		return co->now - READ_ONCE(co->last) >=
		       co->usec * NSEC_PER_USEC;
	return !preempted &&
	       co->now - READ_ONCE(co->last) >= READ_ONCE(co->cost);
}

static void zmq_coalesce_flush_list(struct zmq_coalesce *co)
{
	LIST_HEAD(settle);
	LIST_HEAD(dirty);

	spin_lock_bh(&co->lock);
	list_splice_init(&co->settle, &settle);
	list_splice_init(&co->dirty, &dirty);
	spin_unlock_bh(&co->lock);
	zmq_coalesce_settle(&settle);
	zmq_coalesce_run(&dirty, 0);
}

/**
 * zmq_coalesce_flush - flush all pipes that were appended to
 * @zsk: the socket
 * @one: what zmq_coalesce_one() gave, or NULL
 * @start: when it, and what led to it, began, if it is one like most; else 0
 *
 * Context: process, no lock of ours held but ep_mutex.
 */
void zmq_coalesce_flush(struct zmq_sock *zsk, struct zmq_pipe *one, u64 start)
{
	struct zmq_coalesce *co = &zsk->co;
	bool any = zmq_coalesce_any(co);
	u64 end;

	if (!one && !any) {
		if (start)
			zmq_coalesce_sample(co, ktime_get_ns() - start);
		return;
	}
	WRITE_ONCE(co->waiting, 0);
	if (one) {
		zmq_coalesce_settle_one(one);
		zmq_pipe_put(one);
	}
	if (any)
		zmq_coalesce_flush_list(co);
	/* Whoever was woken may have run meanwhile: no estimate will do. */
	end = ktime_get_ns();
	WRITE_ONCE(co->last, end);
	if (start)
		zmq_coalesce_sample(co, end - start);
}

/**
 * zmq_coalesce_worked - work has flushed a connection
 * @zsk: its socket
 * @ns: how long that took
 *
 * It is part of what flushing costs: the timer leaves to work all of unix
 * sockets, and what is too much for softirq.  That a lower socket had no room
 * before counts as well.
 *
 * Context: any.
 */
void zmq_coalesce_worked(struct zmq_sock *zsk, u64 ns)
{
	atomic64_add(ns, &zsk->co.worked);
}

/*
 * How long the next burst may wait, now that @msgs waited together: at least
 * two flushes, so that few messages wait little; up to ten while many come, so
 * that flushing takes a tenth of the time.
 */
static void zmq_coalesce_adapt(struct zmq_coalesce *co, u32 msgs)
{
	u32 cost = READ_ONCE(co->cost);
	u64 wait = READ_ONCE(co->wait);
	u64 max;

	if (msgs >= 8)
		wait *= 2;
	else if (msgs <= 2)
		wait /= 2;
	wait = clamp(wait, 2ULL * cost, 10ULL * cost);
	/* One flush of many peers takes longer than anything else may wait. */
	max = max_t(u64, cost, ZMQ_COALESCE_MAX);
	WRITE_ONCE(co->wait, clamp_t(u64, wait, ZMQ_COALESCE_MIN, max));
}

static enum hrtimer_restart zmq_coalesce_timer(struct hrtimer *timer)
{
	struct zmq_coalesce *co = container_of(timer, struct zmq_coalesce,
					       timer);
	struct zmq_sock *zsk = container_of(co, struct zmq_sock, co);
	u32 waiting = READ_ONCE(co->waiting);
	LIST_HEAD(dirty);
	bool ring;
	u64 start;

	spin_lock(&co->lock);
	co->armed = false;
	ring = zmq_ring_timer(zsk);
	if (!ring)
		list_splice_init(&co->dirty, &dirty);
	spin_unlock(&co->lock);
	if (ring)
		return HRTIMER_NORESTART;
	WRITE_ONCE(co->waiting, 0);
	if (!list_empty(&dirty)) {
		start = ktime_get_ns();
		zmq_coalesce_run(&dirty, start + ZMQ_COALESCE_SOFTIRQ);
		WRITE_ONCE(co->last, ktime_get_ns());
		zmq_coalesce_sample(co, co->last - start +
				    atomic64_xchg(&co->worked, 0));
		zmq_coalesce_adapt(co, waiting);
	}
	/* zmq_coalesce_fini() waits for the end of this function. */
	zmq_af_put(zsk);
	return HRTIMER_NORESTART;
}

/* Let the timer flush. */
static void zmq_coalesce_arm(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;
	u64 wait = co->usec > 0 ? co->usec * NSEC_PER_USEC :
				  READ_ONCE(co->wait);
	bool arm;

	spin_lock_bh(&co->lock);
	arm = !co->armed;
	co->armed = true;
	spin_unlock_bh(&co->lock);
	if (!arm)
		return;
	zmq_af_get(zsk);
	hrtimer_start(&co->timer, ns_to_ktime(wait),
		      HRTIMER_MODE_REL_PINNED_SOFT);
}

/* What was appended to waits, too. */
static void zmq_coalesce_list_one(struct zmq_sock *zsk)
{
	struct zmq_pipe *one = zmq_coalesce_one(zsk);

	if (!one)
		return;
	zmq_coalesce_list(&zsk->co, one);
	zmq_pipe_put(one);
}

/*
 * Nothing is to be flushed: all went by inproc.  In a burst the timer looks at
 * the ring, so that sending needs no call.
 */
static void zmq_coalesce_look(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;
	u64 quiet = max_t(u64, READ_ONCE(co->cost), ZMQ_COALESCE_MIN);
	bool preempted = zmq_coalesce_preempted(zsk);
	u64 now = ktime_get_ns();
	u64 gap = now - READ_ONCE(co->last);

	/*
	 * That is what a message costs whose receiver is woken for it alone,
	 * if it is not long: of ten times this nobody waits longer than ever.
	 */
	if (preempted)
		zmq_coalesce_sample(co, min(gap, ZMQ_COALESCE_MAX / 10ULL));
	WRITE_ONCE(co->last, now);
	if ((preempted || gap < quiet) && !READ_ONCE(co->armed))
		zmq_coalesce_arm(zsk);
}

/**
 * zmq_coalesce_later - may what was appended wait?
 * @zsk: the socket
 * @now: its sender asks for it to go at once
 *
 * A sender that does something between two messages that takes longer than a
 * flush is not held up: there is little to win.  So one that waits for answers
 * never is, whatever sockets they come by: the answer alone takes as long.
 *
 * Context: lock_sock(zsk) held.
 * Return: true: it goes without the caller; false: the caller flushes after
 * release_sock().
 */
bool zmq_coalesce_later(struct zmq_sock *zsk, bool now)
{
	struct zmq_coalesce *co = &zsk->co;

	sock_owned_by_me(&zsk->sk);
	if (!co->one && !zmq_coalesce_any(co)) {
		if (zsk->ring && !now && co->usec && !zsk->closing)
			zmq_coalesce_look(zsk);
		return true;
	}
	co->now = 0;
	if (now || co->urgent || !co->usec || zsk->type->prompt ||
	    zsk->closing)
		return false;
	/* A hint: it may be lost that the timer has just set it to 0. */
	WRITE_ONCE(co->waiting, READ_ONCE(co->waiting) + 1);
	if (!READ_ONCE(co->armed) && zmq_coalesce_quiet(zsk))
		return false;
	zmq_coalesce_list_one(zsk);
	/* Read after the pipe was added: the timer has it or will have it. */
	if (!READ_ONCE(co->armed))
		zmq_coalesce_arm(zsk);
	return true;
}

/* The caller is about to wait for others: they wait for what it sent. */
void zmq_coalesce_block(struct zmq_sock *zsk)
{
	zmq_ring_sync(zsk);
	if (READ_ONCE(zsk->co.armed) || zmq_ring_awake(zsk))
		zmq_coalesce_flush(zsk, NULL, 0);
}

/**
 * zmq_coalesce_round - the work of a ring took messages
 * @zsk: the socket
 * @msgs: how many
 * @again: they are many: it is to look again soon
 * @start: ns: when it began
 *
 * Context: lock_sock(zsk) held; zmq_send_release() is to flush them now.
 */
void zmq_coalesce_round(struct zmq_sock *zsk, u32 msgs, bool again, u64 start)
{
	zmq_coalesce_adapt(&zsk->co, msgs);
	if (again)
		zmq_coalesce_arm(zsk);
	zsk->co.now = start;
}

void zmq_coalesce_init(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;

	spin_lock_init(&co->lock);
	INIT_LIST_HEAD(&co->dirty);
	INIT_LIST_HEAD(&co->settle);
	co->usec = READ_ONCE(zmq_net(sock_net(&zsk->sk))->coalesce_default);
	co->wait = ZMQ_COALESCE_MIN;
	zmq_compat_hrtimer_setup(&co->timer, zmq_coalesce_timer,
				 CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_SOFT);
}

/* The socket is closed and all was flushed: do without the timer. */
void zmq_coalesce_stop(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;

	if (!hrtimer_cancel(&co->timer))
		return;
	spin_lock_bh(&co->lock);
	co->armed = false;
	spin_unlock_bh(&co->lock);
	zmq_coalesce_flush(zsk, NULL, 0);
	zmq_af_put(zsk);
}

/* Nobody uses the socket any more; process context. */
void zmq_coalesce_fini(struct zmq_sock *zsk)
{
	hrtimer_cancel(&zsk->co.timer);
	WARN_ON_ONCE(zsk->co.one || zmq_coalesce_any(&zsk->co));
}
