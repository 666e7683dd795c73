// SPDX-License-Identifier: GPL-2.0
/* Coalescing: when what was appended to the pipes goes out. */
#include "conn.h"
#include "inproc.h"
#include "type.h"
#include "udp.h"

static bool zmq_coalesce_any(const struct zmq_coalesce *co)
{
	return !list_empty_careful(&co->dirty) ||
	       !list_empty_careful(&co->settle);
}

/* Have a pipe flushed at the end of this call or soon; lock_sock held. */
void zmq_coalesce_dirty(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_coalesce *co = &zsk->co;
	/* In process context: to tell a peer, or a datagram. */
	bool settle = !READ_ONCE(pipe->conn);

	sock_owned_by_me(&zsk->sk);
	/* A message is there already. */
	if (pipe->peer && pipe->attached && list_empty(&pipe->events))
		return;
	/*
	 * A full pipe must not wait: its sender would, too, or lose messages.
	 * Nor must a subscriber's: subscriptions would overtake what waits.
	 */
	if (settle || zsk->type->subscribes || zmq_pipe_tx_pressing(pipe))
		co->urgent = true;
	if (test_and_set_bit(ZMQ_PIPE_DIRTY, &pipe->flags))
		return;
	zmq_pipe_get(pipe);
	spin_lock_bh(&co->lock);
	list_add_tail(&pipe->dirty_node, settle ? &co->settle : &co->dirty);
	spin_unlock_bh(&co->lock);
}

/* A pipe without a connection. */
static void zmq_coalesce_other(struct zmq_pipe *pipe)
{
	if (READ_ONCE(pipe->udp))
		zmq_udp_flush(pipe);
	else
		zmq_inproc_settle(pipe);
}

/*
 * Flush the pipes of a list; what others append meanwhile goes along.  In
 * softirq, @end is when (ktime_get_ns()) work shall do the rest; else 0.
 */
static void zmq_coalesce_run(struct list_head *dirty, u64 end)
{
	struct zmq_pipe *pipe, *next;
	struct zmq_conn *conn;
	bool bh = end;

	list_for_each_entry_safe(pipe, next, dirty, dirty_node) {
		list_del_init(&pipe->dirty_node);
		clear_bit(ZMQ_PIPE_DIRTY, &pipe->flags);
		/* Who appends from now on sees to the flush itself. */
		smp_mb__after_atomic();
		conn = zmq_conn_get_pipe(pipe);
		if (!conn && !bh)
			zmq_coalesce_other(pipe);
		if (conn) {
			if (!bh)
				zmq_tx_flush(conn);
			else if (ktime_get_ns() < end)
				zmq_tx_flush_bh(conn);
			else
				zmq_conn_flush_kick(conn, 0);
			zmq_conn_put(conn);
		}
		zmq_pipe_put(pipe);
	}
}

/*
 * A flush took @ns.  One that was interrupted for long says little, so no
 * sample counts for more than four times the average.
 */
static void zmq_coalesce_sample(struct zmq_coalesce *co, u64 ns)
{
	u32 cost = READ_ONCE(co->cost);
	u32 sample = min_t(u64, ns, cost ? cost * 4ULL : ZMQ_COALESCE_COST_MAX);

	sample = min_t(u32, sample, ZMQ_COALESCE_COST_MAX);
	WRITE_ONCE(co->cost, cost ? cost - cost / 8 + sample / 8 : sample);
}

/* Was the sender busy with something else since the last flush? */
static bool zmq_coalesce_quiet(struct zmq_coalesce *co)
{
	co->now = ktime_get_ns();
	return co->now - READ_ONCE(co->last) >=
	       (co->usec > 0 ? co->usec * NSEC_PER_USEC : READ_ONCE(co->cost));
}

/**
 * zmq_coalesce_flush - flush all pipes that were appended to
 * @zsk: the socket
 * @start: when it began, if it is one like most; else 0
 *
 * Context: process, no lock of ours held but ep_mutex.
 */
void zmq_coalesce_flush(struct zmq_sock *zsk, u64 start)
{
	struct zmq_coalesce *co = &zsk->co;
	LIST_HEAD(dirty);
	u64 end;

	if (!zmq_coalesce_any(co))
		return;
	spin_lock_bh(&co->lock);
	list_splice_init(&co->settle, &dirty);
	list_splice_init(&co->dirty, &dirty);
	spin_unlock_bh(&co->lock);
	WRITE_ONCE(co->waiting, 0);
	zmq_coalesce_run(&dirty, 0);
	end = ktime_get_ns();
	WRITE_ONCE(co->last, end);
	if (start)
		zmq_coalesce_sample(co, end - start);
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
	u64 start;

	spin_lock(&co->lock);
	co->armed = false;
	list_splice_init(&co->dirty, &dirty);
	spin_unlock(&co->lock);
	WRITE_ONCE(co->waiting, 0);
	if (!list_empty(&dirty)) {
		start = ktime_get_ns();
		zmq_coalesce_run(&dirty, start + ZMQ_COALESCE_SOFTIRQ);
		WRITE_ONCE(co->last, ktime_get_ns());
		zmq_coalesce_sample(co, co->last - start);
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
	if (!zmq_coalesce_any(co))
		return true;
	co->now = 0;
	if (now || co->urgent || !co->usec || zsk->type->prompt ||
	    zsk->closing)
		return false;
	WRITE_ONCE(co->waiting, co->waiting + 1);
	/* Read after the pipe was added: the timer has it or will have it. */
	if (READ_ONCE(co->armed))
		return true;
	if (zmq_coalesce_quiet(co))
		return false;
	zmq_coalesce_arm(zsk);
	return true;
}

/* The caller is about to wait for others: they wait for what it sent. */
void zmq_coalesce_block(struct zmq_sock *zsk)
{
	if (READ_ONCE(zsk->co.armed))
		zmq_coalesce_flush(zsk, 0);
}

void zmq_coalesce_init(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;

	spin_lock_init(&co->lock);
	INIT_LIST_HEAD(&co->dirty);
	INIT_LIST_HEAD(&co->settle);
	co->usec = -1;
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
	zmq_coalesce_flush(zsk, 0);
	zmq_af_put(zsk);
}

/* Nobody uses the socket any more; process context. */
void zmq_coalesce_fini(struct zmq_sock *zsk)
{
	hrtimer_cancel(&zsk->co.timer);
	WARN_ON_ONCE(zmq_coalesce_any(&zsk->co));
}
