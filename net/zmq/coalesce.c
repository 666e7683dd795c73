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
	/* A full pipe must not wait: its sender would, too, or lose messages. */
	if (settle || zmq_pipe_tx_pressing(pipe))
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

	if (!one && !any) {
		if (start)
			zmq_burst_sample(&co->burst, ktime_get_ns() - start);
		return;
	}
	WRITE_ONCE(co->burst.waiting, 0);
	if (one) {
		zmq_coalesce_settle_one(one);
		zmq_pipe_put(one);
	}
	if (any)
		zmq_coalesce_flush_list(co);
	zmq_burst_flushed(&co->burst, start);
}

static enum hrtimer_restart zmq_coalesce_timer(struct hrtimer *timer)
{
	struct zmq_coalesce *co = container_of(timer, struct zmq_coalesce,
					       timer);
	struct zmq_sock *zsk = container_of(co, struct zmq_sock, co);
	u32 waiting = READ_ONCE(co->burst.waiting);
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
	WRITE_ONCE(co->burst.waiting, 0);
	if (!list_empty(&dirty)) {
		start = ktime_get_ns();
		/* It counts from when this was due: other sockets come first. */
		zmq_coalesce_run(&dirty, ktime_to_ns(hrtimer_get_expires(timer)) +
					 ZMQ_COALESCE_SOFTIRQ);
		zmq_burst_waited(&co->burst, waiting, start);
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
				  zmq_burst_wait(&co->burst);
	bool arm;

	spin_lock_bh(&co->lock);
	arm = !co->armed;
	co->armed = true;
	spin_unlock_bh(&co->lock);
	if (!arm)
		return;
	zmq_af_get(zsk);
	zmq_burst_arm(&co->burst);
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
	if (zmq_burst_goes_on(zsk) && !READ_ONCE(zsk->co.armed))
		zmq_coalesce_arm(zsk);
}

/**
 * zmq_coalesce_later - may what was appended wait?
 * @zsk: the socket
 * @now: its sender asks for it to go at once
 *
 * A sender that does something between two messages that takes longer than a
 * flush is not held up: there is little to win.  So one that waits for answers
 * never is, whatever sockets they come by: the answer alone takes as long.  One
 * that answers is, while there are more questions to be received.
 *
 * Context: lock_sock(zsk) held.
 * Return: true: it goes without the caller; false: the caller flushes after
 * release_sock().
 */
bool zmq_coalesce_later(struct zmq_sock *zsk, bool now)
{
	struct zmq_coalesce *co = &zsk->co;
	u32 waiting;

	sock_owned_by_me(&zsk->sk);
	if (!co->one && !zmq_coalesce_any(co)) {
		if (zsk->ring && !now && co->usec && !zsk->closing)
			zmq_coalesce_look(zsk);
		return true;
	}
	co->burst.now = 0;
	if (now || co->urgent || !co->usec || zsk->type->prompt ||
	    zsk->closing)
		return false;
	waiting = zmq_burst_count(&co->burst);
	/* What so many messages do in zmq_coalesce_dirty(). */
	if (zsk->type->subscribes && waiting >= ZMQ_COALESCE_MSGS)
		return false;
	/* If nothing waits, the timer is of a burst that has ended. */
	if (READ_ONCE(co->armed) && waiting) {
		if (zmq_burst_answered(zsk))
			return false;
	} else if (zmq_burst_quiet(zsk)) {
		return false;
	}
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
	zmq_burst_adapt(&zsk->co.burst, msgs);
	if (again)
		zmq_coalesce_arm(zsk);
	zsk->co.burst.now = start;
}

void zmq_coalesce_init(struct zmq_sock *zsk)
{
	struct zmq_coalesce *co = &zsk->co;

	spin_lock_init(&co->lock);
	INIT_LIST_HEAD(&co->dirty);
	INIT_LIST_HEAD(&co->settle);
	co->usec = READ_ONCE(zmq_net(sock_net(&zsk->sk))->coalesce_default);
	co->burst.wait = ZMQ_BURST_MIN;
	co->burst.turn = 1;
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
