// SPDX-License-Identifier: GPL-2.0
/*
 * inproc: pipes between two sockets, without a lower socket.
 *
 * A connect makes a pipe at each of the two sockets, each the other's @peer.
 * Who sends appends to the receive queue of the peer, under its rx_lock, what
 * would have gone to its own send queue: no framing for a wire, no copy.  The
 * peer's pipe keeps the credit, so the receiver has nothing to report but that
 * a sender who waits may go on.
 *
 * A pipe belongs to its socket's lock, and two of these never nest.  What one
 * side has to tell the other (subscriptions, that it is gone) is noted in its
 * own pipe and carried over by zmq_inproc_settle() once its lock is released,
 * before the system call that caused it returns: the effect is seen at once.
 */
#include <linux/llist.h>
#include "conn.h"
#include "ep.h"
#include "inproc.h"
#include "lookahead.h"
#include "net.h"
#include "ring.h"
#include "type.h"

/* Credit. */

static u64 zmq_inproc_mem(const struct zmq_pipe *to)
{
	return READ_ONCE(to->rx_mem) +
	       (u64)READ_ONCE(to->rxq.nsegs) * PAGE_SIZE;
}

/* Both ends' buffers count, as both marks do. */
static u64 zmq_inproc_mem_max(const struct zmq_pipe *from,
			      const struct zmq_pipe *to)
{
	return (u64)READ_ONCE(from->zsk->sk.sk_sndbuf) +
	       READ_ONCE(to->zsk->sk.sk_rcvbuf);
}

/* May @from begin no other message to @to? */
bool zmq_inproc_full(const struct zmq_pipe *from, const struct zmq_pipe *to)
{
	/* What a closing socket drops makes no room. */
	return zmq_hwm_full(&to->rx) || READ_ONCE(to->rx_tight) ||
	       READ_ONCE(to->zsk->closing) ||
	       zmq_inproc_mem(to) >= zmq_inproc_mem_max(from, to);
}

/* As zmq_pipe_tx_credit(). */
u32 zmq_inproc_credit(const struct zmq_pipe *from, const struct zmq_pipe *to,
		      u64 *bytes)
{
	u64 max = zmq_inproc_mem_max(from, to);
	u64 mem = zmq_inproc_mem(to);

	*bytes = max > mem && !READ_ONCE(to->rx_tight) &&
		 !READ_ONCE(to->zsk->closing) ? max - mem : 0;
	return *bytes ? zmq_hwm_credit(&to->rx) : 0;
}

/* Received messages were taken: does a sender wait that may go on? */
bool zmq_inproc_waits(const struct zmq_pipe *pipe)
{
	/* Pairs with the one in zmq_lb_writable(). */
	smp_mb();
	return READ_ONCE(pipe->peer->tx_blocked) &&
	       !zmq_inproc_full(pipe->peer, pipe);
}

static u32 zmq_inproc_sum(u32 snd, u32 rcv)
{
	return snd && rcv ? snd + rcv : 0;
}

/* What @to may hold of @from's: the sum of both marks, if there are both. */
static void zmq_inproc_share(struct zmq_pipe *from, struct zmq_pipe *to)
{
	if (to->conflate || to->zsk->type->rcv_unlimited)
		return;
	spin_lock_bh(&to->zsk->rx_lock);
	zmq_hwm_set(&to->rx, zmq_inproc_sum(READ_ONCE(from->tx.hwm),
					    READ_ONCE(to->rcvhwm)));
	spin_unlock_bh(&to->zsk->rx_lock);
}

/* New marks of one side; lock_sock held. */
void zmq_inproc_set_hwm(struct zmq_pipe *pipe, u32 snd, u32 rcv)
{
	struct zmq_pipe *peer = pipe->peer;

	sock_owned_by_me(&pipe->zsk->sk);
	spin_lock_bh(&pipe->tx_lock);
	zmq_hwm_set(&pipe->tx, snd);
	spin_unlock_bh(&pipe->tx_lock);
	WRITE_ONCE(pipe->rcvhwm, rcv);
	if (!peer)
		return;
	zmq_inproc_share(pipe, peer);
	zmq_inproc_share(peer, pipe);
	zmq_pipe_writable(pipe);
	zmq_pipe_writable(peer);
}

/* The other side. */

/* Return: the peer with a reference for the caller, or NULL. */
static struct zmq_pipe *zmq_inproc_peer_get(struct zmq_pipe *pipe)
{
	struct zmq_pipe *peer;

	spin_lock_bh(&pipe->zsk->rx_lock);
	peer = pipe->peer;
	if (peer)
		zmq_pipe_get(peer);
	spin_unlock_bh(&pipe->zsk->rx_lock);
	return peer;
}

/* Receiver: let the sender go on that waits for room. */
void zmq_inproc_resume(struct zmq_pipe *pipe)
{
	struct zmq_pipe *peer = zmq_inproc_peer_get(pipe);

	if (!peer)
		return;
	zmq_pipe_writable(peer);
	zmq_pipe_put(peer);
}

/*
 * A socket at the other side that may have more for us in its ring, with a
 * reference for the caller, while there is nothing to be received; or NULL.
 */
static struct zmq_sock *zmq_inproc_ringing(struct zmq_sock *zsk)
{
	struct zmq_sock *from = NULL;
	struct zmq_pipe *pipe;

	spin_lock_bh(&zsk->rx_lock);
	if (zmq_recv_ready(zsk))
		goto out;
	list_for_each_entry(pipe, &zsk->pipes, node) {
		if (!pipe->peer || !zmq_ring_holds(pipe->peer->zsk))
			continue;
		from = pipe->peer->zsk;
		zmq_af_get(from);
		break;
	}
out:
	spin_unlock_bh(&zsk->rx_lock);
	return from;
}

/**
 * zmq_inproc_pull - what was sent through inproc is there
 * @zsk: the socket, which has found nothing to receive
 *
 * A send through inproc has arrived when it returns (libzmq), but what was
 * written into a ring is handed over by others a moment later.
 *
 * Context: process, no lock of ours held.
 * Return: whether that brought something to receive.
 */
bool zmq_inproc_pull(struct zmq_sock *zsk)
{
	struct zmq_sock *from;
	bool taken = false, ready;
	u32 n;

	if (!READ_ONCE(zsk->inproc_peers))
		return false;
	/* No more often than there are peers: what they have may be for others. */
	for (n = READ_ONCE(zsk->npipes); n; n--) {
		from = zmq_inproc_ringing(zsk);
		if (!from)
			break;
		zmq_ring_take(from);
		zmq_af_put(from);
		taken = true;
	}
	if (!taken)
		return false;
	spin_lock_bh(&zsk->rx_lock);
	ready = zmq_recv_ready(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	return ready;
}

static LLIST_HEAD(zmq_inproc_kicked);

static void zmq_inproc_kick_work(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&zmq_inproc_kicked);
	struct zmq_pipe *pipe, *next;

	llist_for_each_entry_safe(pipe, next, list, kick_node) {
		clear_bit(ZMQ_PIPE_KICKED, &pipe->flags);
		/* Who makes room from now on queues it again. */
		smp_mb__after_atomic();
		zmq_pipe_writable(pipe);
		zmq_pipe_put(pipe);
	}
}

static DECLARE_WORK(zmq_inproc_kick_job, zmq_inproc_kick_work);

/* The same where our rx_lock is held, which the sender's must not nest in. */
void zmq_inproc_kick(struct zmq_pipe *pipe)
{
	struct zmq_pipe *peer = pipe->peer;

	if (test_and_set_bit(ZMQ_PIPE_KICKED, &peer->flags))
		return;
	zmq_pipe_get(peer);
	llist_add(&peer->kick_node, &zmq_inproc_kicked);
	queue_work(zmq_main_wq, &zmq_inproc_kick_job);
}

/* The pipe of a closed or refused end lets go of the other. */
static void zmq_inproc_unlink(struct zmq_pipe *pipe)
{
	struct zmq_pipe *peer;

	spin_lock_bh(&pipe->zsk->rx_lock);
	peer = pipe->peer;
	pipe->peer = NULL;
	spin_unlock_bh(&pipe->zsk->rx_lock);
	if (peer)
		zmq_pipe_put(peer);
}

/* Messages. */

/*
 * What the parser finds out about a message that comes by a stream, for
 * zmq_type.rx_accept.
 */
static void zmq_inproc_describe(struct zmq_rx *rx, const struct zmq_segq *msg)
{
	struct zmq_zmtp_hdr hdr;
	struct zmq_segcur cur;

	rx->q = *msg;
	rx->delim = -1;
	zmq_segcur_init(&cur, msg);
	do {
		zmq_segcur_header(&cur, &hdr);
		if (!rx->parts)
			rx->first_len = hdr.len;
		if (!hdr.len && hdr.flags & ZMQ_ZMTP_MORE && rx->delim < 0)
			rx->delim = rx->parts;
		rx->parts++;
		rx->msg_bytes += hdr.len;
		zmq_segcur_skip(&cur, hdr.size + hdr.len);
	} while (hdr.flags & ZMQ_ZMTP_MORE);
}

/*
 * Sockets of any two types can meet here (libzmq): what this one has no use
 * for is dropped.
 */
static bool zmq_inproc_accepts(struct zmq_sock *zsk,
			       const struct zmq_segq *msg)
{
	const struct zmq_type *type = zsk->type;
	struct zmq_rx rx = {};

	if (!type->receives)
		return false;
	if (!type->rx_accept && !type->single_part)
		return true;
	zmq_inproc_describe(&rx, msg);
	if (type->single_part && rx.parts != 1 + type->grouped)
		return false;
	return !type->rx_accept || type->rx_accept(zsk, &rx) > 0;
}

/**
 * zmq_inproc_publish - messages can be received
 * @to: the pipe they come by
 * @q: their frames; empty after
 * @msgs: how many
 *
 * Context: lock_sock of either end held.
 */
void zmq_inproc_publish(struct zmq_pipe *to, struct zmq_segq *q, u32 msgs)
{
	struct zmq_sock *zsk = to->zsk;
	struct zmq_segcur cur;
	u64 body;
	u32 n;

	zmq_segcur_init(&cur, q);
	zmq_segcur_run(&cur, msgs, q->bytes, &n, &body);
	atomic64_add(msgs, &zsk->stats.rx_msgs);
	atomic64_add(body, &zsk->stats.rx_bytes);
	zmq_pipe_publish(to, q, msgs, q->bytes);
}

/**
 * zmq_inproc_push - give the peer a whole message
 * @pipe: the pipe, which has one
 * @msg: its frames
 * @keep: as zmq_pipe_push()
 *
 * Context: lock_sock(zsk) held.
 * Return: 0, or -ENOMEM (with @keep only).
 */
int zmq_inproc_push(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep)
{
	struct zmq_pipe *peer = pipe->peer;
	struct zmq_segq copy;

	sock_owned_by_me(&pipe->zsk->sk);
	if (zmq_inproc_mixed(peer))
		return zmq_inproc_defer(pipe, msg, keep);
	zmq_pipe_judge(peer);
	if (!zmq_inproc_accepts(peer->zsk, msg)) {
		atomic64_inc(&peer->zsk->stats.rx_drops);
		if (!keep)
			zmq_segq_trim(msg, msg->bytes);
		return 0;
	}
	if (!keep) {
		zmq_inproc_publish(peer, msg, 1);
		return 0;
	}
	zmq_segq_init(&copy);
	if (zmq_segq_copy(&copy, msg, GFP_KERNEL_ACCOUNT | __GFP_NOWARN))
		return -ENOMEM;
	zmq_inproc_publish(peer, &copy, 1);
	zmq_segq_free(&copy);
	return 0;
}

/**
 * zmq_inproc_push_run - give the peer several whole messages
 * @pipe: the pipe, which has one
 * @run: their frames; empty after
 * @msgs: how many
 *
 * Context: lock_sock(zsk) held.
 */
void zmq_inproc_push_run(struct zmq_pipe *pipe, struct zmq_segq *run,
			 u32 msgs)
{
	const struct zmq_type *type = pipe->peer->zsk->type;
	struct zmq_segq one;

	sock_owned_by_me(&pipe->zsk->sk);
	if (type->receives && !type->rx_accept && !type->single_part &&
	    !pipe->conflate && !zmq_inproc_mixed(pipe->peer)) {
		zmq_inproc_publish(pipe->peer, run, msgs);
		return;
	}
	zmq_segq_init(&one);
	while (msgs--) {
		/* With __GFP_NOFAIL it does not. */
		if (zmq_segq_take(&one, run, zmq_segq_msg_bytes(run),
				  GFP_KERNEL_ACCOUNT | __GFP_NOFAIL))
			break;
		zmq_inproc_push(pipe, &one, false);
	}
	zmq_segq_free(&one);
}

/* The other side is gone; lock_sock held. */
static void zmq_inproc_hang_up(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;

	if (pipe->attached && pipe->ready) {
		if (zsk->type->lost)
			zsk->type->lost(zsk, pipe);
		zmq_notice_left(pipe);
	}
	zmq_pipe_detach(pipe);
}

/**
 * zmq_inproc_settle - tell the other side what happened at this one
 * @pipe: the pipe
 *
 * Subscriptions, and that it is detached.
 *
 * Context: process, no lock of ours held but ep_mutex.
 */
void zmq_inproc_settle(struct zmq_pipe *pipe)
{
	struct zmq_pipe *peer = zmq_inproc_peer_get(pipe);
	struct zmq_sock *other;
	bool gone;

	if (!peer)
		return;
	other = peer->zsk;
	lock_sock(&other->sk);
	gone = !READ_ONCE(pipe->attached);
	/* Who asks for more than is allowed is sent away, as on a stream. */
	if (zmq_inproc_apply(pipe, peer))
		zmq_pipe_detach(peer);
	if (gone)
		zmq_inproc_hang_up(peer);
	zmq_send_release(other);
	if (gone)
		zmq_inproc_unlink(pipe);
	zmq_pipe_put(peer);
}

/* Joining. */

/*
 * Make @peer the other end of @pipe, which is attached, or closed with messages
 * to be delivered; lock_sock held.  What was sent so far goes there.
 */
static void zmq_inproc_link(struct zmq_pipe *pipe, struct zmq_pipe *peer)
{
	struct zmq_sock *zsk = pipe->zsk;
	struct zmq_segq q;
	u32 msgs;

	sock_owned_by_me(&zsk->sk);
	zmq_pipe_get(peer);
	spin_lock_bh(&zsk->rx_lock);
	pipe->peer = peer;
	WRITE_ONCE(zsk->inproc_peers, true);
	spin_unlock_bh(&zsk->rx_lock);
	zmq_segq_init(&q);
	spin_lock_bh(&pipe->tx_lock);
	msgs = zmq_hwm_queued(&pipe->tx);
	pipe->tx_out += pipe->txq.bytes;
	zmq_segq_move(&q, &pipe->txq);
	zmq_hwm_read(&pipe->tx, msgs);
	spin_unlock_bh(&pipe->tx_lock);
	if (msgs)
		zmq_inproc_push_run(pipe, &q, msgs);
	zmq_segq_free(&q);
	zmq_pipe_writable(pipe);
}

/* What came while the pipe was being joined can be read now. */
static void zmq_inproc_unhold(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;
	bool wake = false;

	spin_lock_bh(&zsk->rx_lock);
	pipe->held = false;
	if (zsk->type->rechecks)
		pipe->recheck = zmq_hwm_queued(&pipe->rx);
	if (!zmq_segq_empty(&pipe->rxq) && list_empty(&pipe->fq_node)) {
		list_add_tail(&pipe->fq_node, &zsk->fq);
		zmq_lookahead_join(zsk);
		wake = true;
	}
	spin_unlock_bh(&zsk->rx_lock);
	if (wake)
		zsk->sk.sk_data_ready(&zsk->sk);
}

/*
 * One side of the meeting.  @opt: the other side's options, as they were at
 * its bind or connect; there is no handshake to tell its routing id.
 */
static int zmq_inproc_enter(struct zmq_pipe *pipe, struct zmq_pipe *peer,
			    const struct zmq_options *opt)
{
	struct zmq_sock *zsk = pipe->zsk;
	int err = 0;

	lock_sock(&zsk->sk);
	if (opt->id_len && !pipe->id_hashed)
		err = zmq_pipe_set_id(pipe, opt->id, opt->id_len);
	if (!err && !pipe->connects)
		err = zmq_pipe_attach(pipe);
	/* One that connects is the other side's peer already. */
	if (err && !pipe->connects)
		goto out;
	zmq_inproc_link(pipe, peer);
	/* Closed or disconnected meanwhile: it has sent what it had. */
	if (!pipe->attached)
		goto dirty;
	pipe->ready = true;
	if (!pipe->connects)
		zmq_notice_greet(pipe);
	if (!err && zsk->type->ready)
		err = zsk->type->ready(zsk, pipe);
	pipe->ready = !err;
	if (err)
		zmq_pipe_detach(pipe);
	else
		zmq_inproc_unhold(pipe);
dirty:
	zmq_coalesce_dirty(zsk, pipe);
out:
	zmq_send_release(zsk);
	return err;
}

/* The connecting side was not let in. */
static void zmq_inproc_refuse(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;

	zmq_net_count(sock_net(&zsk->sk), ZMQ_NET_REFUSED);
	lock_sock(&zsk->sk);
	zmq_pipe_detach(pipe);
	zmq_send_release(zsk);
}

/**
 * zmq_inproc_join - a connect meets a bind
 * @from: the endpoint that connects
 * @to: the one that is bound
 *
 * The bound side first, so that the other one is known there before it can
 * send.  What either sends earlier than the other side is ready is held there.
 *
 * Context: process, no lock of ours held but an ep_mutex.
 * Return: -ESHUTDOWN: @to is being closed; else 0, also if it was refused.
 */
int zmq_inproc_join(struct zmq_ep *from, struct zmq_ep *to)
{
	struct zmq_pipe *near = from->inproc.pipe;
	struct zmq_pipe *far;
	int err = -ENOMEM;

	far = zmq_pipe_alloc(to->zsk, &to->opt, GFP_KERNEL);
	if (!far)
		goto refuse;
	/* The one that connects decides (libzmq). */
	far->conflate = near->conflate;
	far->held = true;
	zmq_hwm_init(&far->tx, far->conflate ? 0 : to->opt.sndhwm);
	far->rcvhwm = to->opt.rcvhwm;
	zmq_inproc_share(near, far);
	zmq_inproc_share(far, near);
	err = zmq_inproc_enter(far, near, &from->opt);
	if (!err)
		zmq_inproc_enter(near, far, &to->opt);
	zmq_pipe_put(far);
refuse:
	if (err && err != -ESHUTDOWN)
		zmq_inproc_refuse(near);
	return err == -ESHUTDOWN ? err : 0;
}

/* The socket is closed, its endpoints are: leave the peers that came to it. */
void zmq_inproc_close_all(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe, *next;

	lock_sock(&zsk->sk);
	list_for_each_entry_safe(pipe, next, &zsk->pipes, node)
		if (pipe->peer)
			zmq_pipe_detach(pipe);
	zmq_send_release(zsk);
}
