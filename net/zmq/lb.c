// SPDX-License-Identifier: GPL-2.0
/*
 * Load balancing: which peer gets the next message.
 *
 * zsk->lb is a ring of the pipes that may take one; the first is next, and
 * goes to the end when it has got it (libzmq's lb_t).  A pipe found full
 * leaves the ring; the flusher puts it back below the low-water mark.
 */
#include "lb.h"

/**
 * zmq_lb_writable - may this pipe take a message?
 * @pipe: the pipe
 *
 * If not, whoever waits is told when it may: the pipe is marked first and
 * looked at again, the flusher does it the other way round.
 *
 * Context: rx_lock held.
 */
bool zmq_lb_writable(struct zmq_pipe *pipe)
{
	lockdep_assert_held(&pipe->zsk->rx_lock);
	if (!zmq_pipe_tx_full(pipe))
		return true;
	WRITE_ONCE(pipe->tx_blocked, true);
	/* Pairs with the one in zmq_pipe_sent(). */
	smp_mb();
	if (zmq_pipe_tx_full(pipe)) {
		list_del_init(&pipe->lb_node);
		return false;
	}
	WRITE_ONCE(pipe->tx_blocked, false);
	return true;
}

/* Is there a pipe that may take a message?  rx_lock held. */
bool zmq_lb_ready(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe, *next;

	lockdep_assert_held(&zsk->rx_lock);
	list_for_each_entry_safe(pipe, next, &zsk->lb, lb_node)
		if (zmq_lb_writable(pipe))
			return true;
	return false;
}

/* The pipe whose turn it is, or NULL; lock_sock held, so it stays. */
struct zmq_pipe *zmq_lb_next(struct zmq_sock *zsk)
{
	struct list_head *first = READ_ONCE(zsk->lb.next);
	struct zmq_pipe *pipe = NULL;

	sock_owned_by_me(&zsk->sk);
	/*
	 * Under lock_sock only others' finding it full takes a pipe out of the
	 * ring, and none out of the socket.
	 */
	if (first != &zsk->lb) {
		pipe = list_entry(first, struct zmq_pipe, lb_node);
		if (!zmq_pipe_tx_full(pipe))
			return pipe;
		pipe = NULL;
	}
	spin_lock_bh(&zsk->rx_lock);
	if (zmq_lb_ready(zsk))
		pipe = list_first_entry(&zsk->lb, struct zmq_pipe, lb_node);
	spin_unlock_bh(&zsk->rx_lock);
	return pipe;
}

/* zmq_type.send_begin: a peer must be ready when a message begins. */
int zmq_lb_begin(struct zmq_sock *zsk, struct iov_iter *from, size_t len,
		 bool more)
{
	return zmq_lb_next(zsk) ? 0 : -EAGAIN;
}

/* @pipe has got something: the next one has the next; lock_sock held. */
static void zmq_lb_rotate(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	/* Alone in the ring: one that joins this moment comes next anyway. */
	if (READ_ONCE(zsk->lb.next) == READ_ONCE(zsk->lb.prev))
		return;
	spin_lock_bh(&zsk->rx_lock);
	if (!list_empty(&pipe->lb_node))
		list_move_tail(&pipe->lb_node, &zsk->lb);
	spin_unlock_bh(&zsk->rx_lock);
}

/* Queue @msg for @pipe, and let the next one have the next; lock_sock held. */
void zmq_lb_push(struct zmq_sock *zsk, struct zmq_pipe *pipe,
		 struct zmq_asm *msg)
{
	zmq_pipe_push(pipe, &msg->q, false);
	zmq_coalesce_dirty(zsk, pipe);
	zmq_lb_rotate(zsk, pipe);
}

/* zmq_type.send for PUSH, DEALER and PAIR. */
int zmq_lb_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe = zmq_lb_next(zsk);

	if (!pipe)
		return -EAGAIN;
	zmq_lb_push(zsk, pipe, msg);
	return 1;
}

/*
 * zmq_type.send_run for PUSH, DEALER and PAIR: one peer alone gets all it may
 * take, else each message goes to the next one.
 */
int zmq_lb_run(struct zmq_sock *zsk, struct zmq_segq *q, u32 *msgs, u64 *body)
{
	struct zmq_pipe *pipe = zmq_lb_next(zsk);
	struct zmq_segcur cur;
	struct zmq_segq run;
	u64 bytes, room;
	u32 max, n;

	if (!pipe)
		return -EAGAIN;
	max = zmq_pipe_tx_credit(pipe, &room);
	if (!list_is_singular(&zsk->lb))
		max = 1;
	zmq_segcur_init(&cur, q);
	bytes = zmq_segcur_run(&cur, max_t(u32, max, 1), room, &n, body);
	zmq_segq_init(&run);
	if (zmq_segq_take(&run, q, bytes, GFP_KERNEL_ACCOUNT))
		return -ENOBUFS;
	zmq_pipe_push_run(pipe, &run, n);
	zmq_segq_free(&run);
	zmq_coalesce_dirty(zsk, pipe);
	zmq_lb_rotate(zsk, pipe);
	*msgs = n;
	return 0;
}
