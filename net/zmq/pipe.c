// SPDX-License-Identifier: GPL-2.0
/* Pipes: the queues between a socket and one peer. */
#include <linux/sizes.h>
#include "audit.h"
#include "conn.h"
#include "inproc.h"
#include "lookahead.h"
#include "memcg.h"
#include "meta.h"
#include "ring.h"
#include "type.h"

/**
 * zmq_pipe_alloc - make a pipe
 * @zsk: its socket
 * @opt: its endpoint's options
 * @gfp: how to allocate
 *
 * Return: a pipe with one reference, not attached, or NULL.
 */
struct zmq_pipe *zmq_pipe_alloc(struct zmq_sock *zsk,
				const struct zmq_options *opt, gfp_t gfp)
{
	struct zmq_pipe *pipe = kzalloc(sizeof(*pipe), gfp | __GFP_ACCOUNT);

	if (!pipe)
		return NULL;
	zmq_audit_made(ZMQ_AUDIT_PIPE, pipe);
	zmq_af_get(zsk);
	pipe->zsk = zsk;
	refcount_set(&pipe->refs, 1);
	INIT_LIST_HEAD(&pipe->node);
	INIT_LIST_HEAD(&pipe->dirty_node);
	INIT_LIST_HEAD(&pipe->settle_node);
	INIT_LIST_HEAD(&pipe->fq_node);
	INIT_LIST_HEAD(&pipe->lb_node);
	INIT_LIST_HEAD(&pipe->all_node);
	INIT_LIST_HEAD(&pipe->events);
	spin_lock_init(&pipe->tx_lock);
	zmq_segq_init(&pipe->txq);
	zmq_segq_init(&pipe->rxq);
	pipe->conflate = opt->conflate && zsk->type->conflates;
	zmq_hwm_init(&pipe->tx, pipe->conflate ? 0 : zsk->opt.sndhwm);
	zmq_hwm_init(&pipe->rx, pipe->conflate || zsk->type->rcv_unlimited ?
		     0 : zsk->opt.rcvhwm);
	pipe->rcvhwm = zsk->opt.rcvhwm;
	return pipe;
}

void zmq_pipe_put(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;

	if (!refcount_dec_and_test(&pipe->refs))
		return;
	WARN_ON_ONCE(pipe->attached || !list_empty(&pipe->fq_node));
	zmq_segq_free(&pipe->txq);
	zmq_segq_free(&pipe->rxq);
	kfree(pipe->id);
	zmq_meta_put(pipe->meta);
	zmq_audit_gone(ZMQ_AUDIT_PIPE, pipe);
	kfree_rcu(pipe, rcu);
	zmq_af_put(zsk);
}

/* Give a routing id.  Return: 0 or -ENOMEM. */
int zmq_pipe_set_id(struct zmq_pipe *pipe, const u8 *id, u8 len)
{
	struct zmq_sock *zsk = pipe->zsk;
	u8 *copy = kmemdup(id, len, GFP_KERNEL_ACCOUNT);

	sock_owned_by_me(&zsk->sk);
	if (!copy)
		return -ENOMEM;
	spin_lock_bh(&zsk->rx_lock);
	swap(pipe->id, copy);
	pipe->id_len = len;
	spin_unlock_bh(&zsk->rx_lock);
	kfree(copy);
	return 0;
}

/**
 * zmq_pipe_attach - make a pipe one of its socket's
 * @pipe: the pipe; the socket takes a reference of its own
 *
 * Context: lock_sock(zsk) held.
 * Return: 0, -ESHUTDOWN if the socket is closing, -EBUSY if it takes one peer
 * only and has it, or as zmq_type.identify.
 */
int zmq_pipe_attach(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;
	int err;

	sock_owned_by_me(&zsk->sk);
	if (zsk->closing || zsk->shutdown)
		return -ESHUTDOWN;
	if (zsk->type->single && zsk->npipes)
		return -EBUSY;
	err = zsk->type->identify ? zsk->type->identify(zsk, pipe) : 0;
	if (err)
		return err;
	zmq_pipe_get(pipe);
	spin_lock_bh(&zsk->rx_lock);
	list_add_tail(&pipe->node, &zsk->pipes);
	list_add_tail(&pipe->lb_node, &zsk->lb);
	zsk->npipes++;
	zsk->wr_seq++;
	pipe->attached = true;
	spin_unlock_bh(&zsk->rx_lock);
	if (zsk->type->attach)
		zsk->type->attach(zsk, pipe);
	if (zsk->type->sends)
		zsk->sk.sk_write_space(&zsk->sk);
	zmq_ring_room(zsk);
	return 0;
}

/**
 * zmq_pipe_detach - the peer is gone for good
 * @pipe: the pipe
 *
 * What was to be sent stays for the connection to drop or deliver.  Received
 * messages can still be read; the last of them takes the pipe with it.
 *
 * Context: lock_sock(zsk) held.  The caller has a reference.
 */
void zmq_pipe_detach(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;
	bool put;

	sock_owned_by_me(&zsk->sk);
	if (!pipe->attached)
		return;
	if (zsk->type->detach)
		zsk->type->detach(zsk, pipe);
	spin_lock_bh(&zsk->rx_lock);
	list_del_init(&pipe->node);
	list_del_init(&pipe->lb_node);
	zsk->npipes--;
	zsk->wr_seq++;
	pipe->attached = false;
	pipe->dead = true;
	if (pipe->held)
		zmq_pipe_purge_rx(pipe);
	put = list_empty(&pipe->fq_node);
	spin_unlock_bh(&zsk->rx_lock);
	if (put)
		zmq_pipe_put(pipe);
	/* The other side has to know. */
	if (pipe->peer)
		zmq_coalesce_dirty(zsk, pipe);
	/* Who waits for this peer has to look again. */
	zsk->sk.sk_write_space(&zsk->sk);
	zmq_ring_revoke(zsk);
	zmq_ring_room(zsk);
}

/* Bytes the send queue keeps alive: each segment may pin a page's worth. */
static u64 zmq_pipe_tx_mem(const struct zmq_pipe *pipe)
{
	return READ_ONCE(pipe->tx_in) - READ_ONCE(pipe->tx_out) +
	       (u64)READ_ONCE(pipe->txq.nsegs) * PAGE_SIZE;
}

/* May no other message be begun?  Messages and bytes count alike. */
bool zmq_pipe_tx_full(const struct zmq_pipe *pipe)
{
	if (pipe->conflate)
		return false;
	if (pipe->peer)
		return zmq_inproc_full(pipe, pipe->peer);
	return zmq_hwm_full(&pipe->tx) ||
	       zmq_pipe_tx_mem(pipe) >= READ_ONCE(pipe->zsk->sk.sk_sndbuf);
}

/* Is it full now, or is so much queued that it should not wait for more? */
bool zmq_pipe_tx_pressing(const struct zmq_pipe *pipe)
{
	return pipe->tx.written - READ_ONCE(pipe->tx_taken) >=
		ZMQ_COALESCE_MSGS ||
	       READ_ONCE(pipe->txq.bytes) >= ZMQ_COALESCE_BYTES ||
	       zmq_pipe_tx_full(pipe);
}

/*
 * How many messages may be begun.  @bytes: in how many bytes; the message that
 * reaches that many is the last one.
 */
u32 zmq_pipe_tx_credit(const struct zmq_pipe *pipe, u64 *bytes)
{
	u64 max = READ_ONCE(pipe->zsk->sk.sk_sndbuf);
	u64 mem = zmq_pipe_tx_mem(pipe);

	*bytes = max > mem ? max - mem : 0;
	if (pipe->conflate)
		return 1;
	if (pipe->peer)
		return zmq_inproc_credit(pipe, pipe->peer, bytes);
	return *bytes ? zmq_hwm_credit(&pipe->tx) : 0;
}

/* Conflating: what is queued and not yet with the flusher is outdated. */
static void zmq_pipe_conflate_tx(struct zmq_pipe *pipe)
{
	lockdep_assert_held(&pipe->tx_lock);
	if (zmq_segq_empty(&pipe->txq))
		return;
	pipe->tx_out += pipe->txq.bytes;
	zmq_hwm_read(&pipe->tx, 1);
	zmq_segq_trim(&pipe->txq, pipe->txq.bytes);
}

/**
 * zmq_pipe_push - queue a whole message for the peer
 * @pipe: the pipe
 * @msg: its frames
 * @keep: queue references and leave @msg as it is; else @msg is empty after
 *
 * Context: lock_sock(zsk) held.  The caller flushes after releasing it, see
 * zmq_coalesce_dirty().
 * Return: 0, or -ENOMEM (with @keep only).
 */
int zmq_pipe_push(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep)
{
	u64 bytes = msg->bytes;
	int err = 0;

	sock_owned_by_me(&pipe->zsk->sk);
	if (pipe->peer)
		return zmq_inproc_push(pipe, msg, keep);
	spin_lock_bh(&pipe->tx_lock);
	if (pipe->conflate)
		zmq_pipe_conflate_tx(pipe);
	if (keep)
		err = zmq_segq_copy(&pipe->txq, msg, GFP_ATOMIC | __GFP_NOWARN);
	else
		zmq_segq_move(&pipe->txq, msg);
	if (!err) {
		pipe->tx_in += bytes;
		zmq_hwm_write(&pipe->tx);
	}
	spin_unlock_bh(&pipe->tx_lock);
	return err;
}

/**
 * zmq_pipe_subscribe - tell the peer of a subscription or its end
 * @pipe: a pipe that is ready
 * @topic: the topic
 * @len: its length
 * @on: subscribe, else cancel
 *
 * Context: lock_sock(zsk) held.  The caller flushes after releasing it, see
 * zmq_coalesce_dirty().
 * Return: 0; -ENOMEM, of inproc peers.  A connection without memory is given up.
 */
int zmq_pipe_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		       bool on)
{
	sock_owned_by_me(&pipe->zsk->sk);
	if (pipe->peer)
		return zmq_inproc_subscribe(pipe, topic, len, on);
	zmq_traffic_subscribe(pipe->conn, topic, len, on);
	return 0;
}

/**
 * zmq_pipe_subscribe_all - tell a new peer of all subscriptions
 * @pipe: the pipe
 *
 * Context: lock_sock(zsk) held.  The caller flushes.
 * Return: 0 or -ENOMEM.
 */
int zmq_pipe_subscribe_all(struct zmq_pipe *pipe)
{
	sock_owned_by_me(&pipe->zsk->sk);
	if (pipe->peer)
		return zmq_inproc_subscribe_all(pipe);
	return zmq_traffic_subscribe_all(pipe->conn);
}

/**
 * zmq_pipe_push_run - queue several whole messages for the peer
 * @pipe: the pipe; not a conflating one unless @msgs is 1
 * @run: their frames; empty after
 * @msgs: how many
 *
 * As zmq_pipe_push(); no more than zmq_pipe_tx_credit() says.
 *
 * Context: lock_sock(zsk) held.
 */
void zmq_pipe_push_run(struct zmq_pipe *pipe, struct zmq_segq *run, u32 msgs)
{
	sock_owned_by_me(&pipe->zsk->sk);
	if (pipe->peer) {
		zmq_inproc_push_run(pipe, run, msgs);
		return;
	}
	spin_lock_bh(&pipe->tx_lock);
	if (pipe->conflate)
		zmq_pipe_conflate_tx(pipe);
	pipe->tx_in += run->bytes;
	zmq_segq_move(&pipe->txq, run);
	zmq_hwm_write_run(&pipe->tx, msgs);
	spin_unlock_bh(&pipe->tx_lock);
}

/* Put a pipe that was found full back among the writable ones. */
void zmq_pipe_writable(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;
	bool wake = false;

	spin_lock_bh(&zsk->rx_lock);
	if (pipe->tx_blocked && !zmq_pipe_tx_full(pipe)) {
		pipe->tx_blocked = false;
		if (pipe->attached && list_empty(&pipe->lb_node))
			list_add_tail(&pipe->lb_node, &zsk->lb);
		zsk->wr_seq++;
		wake = true;
	}
	spin_unlock_bh(&zsk->rx_lock);
	if (!wake)
		return;
	zsk->sk.sk_write_space(&zsk->sk);
	zmq_ring_room(zsk);
}

/* Flusher: take everything queued.  Return: did anything come? */
bool zmq_pipe_take(struct zmq_pipe *pipe, struct zmq_segq *to)
{
	bool got;

	spin_lock_bh(&pipe->tx_lock);
	got = !zmq_segq_empty(&pipe->txq);
	WRITE_ONCE(pipe->tx_taken, pipe->tx.written);
	zmq_segq_move(to, &pipe->txq);
	spin_unlock_bh(&pipe->tx_lock);
	return got;
}

/* There may be room. */
static void zmq_pipe_sent_end(struct zmq_pipe *pipe)
{
	/* Pairs with the one in zmq_lb_writable(). */
	smp_mb();
	if (READ_ONCE(pipe->tx_blocked) && !zmq_pipe_tx_full(pipe))
		zmq_pipe_writable(pipe);
}

/**
 * zmq_pipe_sent - flusher: bytes left the pipe for good
 * @pipe: the pipe
 * @bytes: bytes sent or dropped
 * @msgs: messages that ended in them
 */
void zmq_pipe_sent(struct zmq_pipe *pipe, u64 bytes, u32 msgs)
{
	spin_lock_bh(&pipe->tx_lock);
	pipe->tx_out += bytes;
	zmq_hwm_read(&pipe->tx, msgs);
	spin_unlock_bh(&pipe->tx_lock);
	zmq_pipe_sent_end(pipe);
}

/* The same: the last @bytes of all that was taken left it. */
void zmq_pipe_sent_all(struct zmq_pipe *pipe, u64 bytes)
{
	spin_lock_bh(&pipe->tx_lock);
	pipe->tx_out += bytes;
	zmq_hwm_read(&pipe->tx, pipe->tx_taken - pipe->tx.read);
	spin_unlock_bh(&pipe->tx_lock);
	zmq_pipe_sent_end(pipe);
}

/* Parser: may it not begin another message, having @pending unpublished? */
bool zmq_pipe_rx_full(const struct zmq_pipe *pipe, u32 pending)
{
	struct zmq_hwm h = {
		.hwm = READ_ONCE(pipe->rx.hwm),
		.written = READ_ONCE(pipe->rx.written) + pending,
		.acked = READ_ONCE(pipe->rx.acked),
	};

	if (READ_ONCE(pipe->dead))
		return false;
	if (pipe->conflate)
		h.hwm = 0;
	return zmq_hwm_full(&h) || READ_ONCE(pipe->rx_tight) ||
	       READ_ONCE(pipe->rx_mem) >= READ_ONCE(pipe->zsk->sk.sk_rcvbuf);
}

/* Parser: how many messages may it begin, having @pending unpublished? */
u32 zmq_pipe_rx_credit(const struct zmq_pipe *pipe, u32 pending)
{
	u32 credit = zmq_hwm_credit(&pipe->rx);

	if (pipe->conflate || READ_ONCE(pipe->dead))
		credit = U32_MAX;
	if (READ_ONCE(pipe->rx_tight) ||
	    READ_ONCE(pipe->rx_mem) >= READ_ONCE(pipe->zsk->sk.sk_rcvbuf))
		return 0;
	return credit > pending ? credit - pending : 0;
}

/**
 * zmq_pipe_rx_pause - parser: stop reading for this pipe if it is still full
 * @pipe: the pipe
 *
 * Everything parsed is published.  The receiver that makes room again sees
 * the mark and runs the parser.
 *
 * Return: false if there is room after all.
 */
bool zmq_pipe_rx_pause(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;
	bool full;

	spin_lock_bh(&zsk->rx_lock);
	full = zmq_pipe_rx_full(pipe, 0);
	pipe->rx_paused = full;
	spin_unlock_bh(&zsk->rx_lock);
	return full;
}

/*
 * There is room again: have work run the parser, or wake the sender; any
 * context, rx_lock or lock_sock held.
 */
void zmq_pipe_resume(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn;

	if (pipe->peer) {
		zmq_inproc_kick(pipe);
		return;
	}
	conn = zmq_conn_get_pipe(pipe);
	if (!conn)
		return;
	zmq_conn_kick(conn, 0);
	zmq_conn_put(conn);
}

/* New marks, at once. */
void zmq_pipe_set_hwm(struct zmq_pipe *pipe, u32 snd, u32 rcv)
{
	bool resume;

	if (pipe->conflate)
		return;
	pipe->rcvhwm = rcv;
	if (pipe->peer) {
		zmq_inproc_set_hwm(pipe, snd, rcv);
		return;
	}
	spin_lock_bh(&pipe->tx_lock);
	zmq_hwm_set(&pipe->tx, snd);
	spin_unlock_bh(&pipe->tx_lock);
	if (pipe->zsk->type->rcv_unlimited)
		rcv = 0;
	spin_lock_bh(&pipe->zsk->rx_lock);
	zmq_hwm_set(&pipe->rx, rcv);
	resume = pipe->rx_paused && !zmq_pipe_rx_full(pipe, 0);
	if (resume)
		pipe->rx_paused = false;
	spin_unlock_bh(&pipe->zsk->rx_lock);
	zmq_pipe_writable(pipe);
	if (resume)
		zmq_pipe_resume(pipe);
}

#define ZMQ_PIPE_CHARGE_STEP	SZ_256M
/* What a pipe may have in a cgroup that is full, if only of its files' pages. */
#define ZMQ_PIPE_SHORT_OK	SZ_256K

/**
 * zmq_pipe_charge - charge received memory to the socket and its cgroup
 * @pipe: the pipe it came by
 * @mem: bytes
 *
 * What TCP has acknowledged cannot be refused: where memory is short it goes
 * uncharged, and the pipe counts as full until it is read empty.
 *
 * Context: rx_lock held.
 */
void zmq_pipe_charge(struct zmq_pipe *pipe, u64 mem)
{
	struct sock *sk = &pipe->zsk->sk;

	lockdep_assert_held(&pipe->zsk->rx_lock);
	WRITE_ONCE(pipe->rx_mem, pipe->rx_mem + mem);
	while (mem) {
		int step = min_t(u64, mem, ZMQ_PIPE_CHARGE_STEP);
		int short_of = step - sk->sk_forward_alloc;

		mem -= step;
		if (short_of > 0 &&
		    !__sk_mem_schedule(sk, short_of, SK_MEM_RECV)) {
			WRITE_ONCE(pipe->rx_tight, true);
			pipe->rx_over += step;
			continue;
		}
		sk_mem_charge(sk, step);
		if (short_of > 0 && pipe->rx_mem > ZMQ_PIPE_SHORT_OK &&
		    zmq_memcg_short(sk))
			WRITE_ONCE(pipe->rx_tight, true);
	}
}

/* Give back what zmq_pipe_charge() took; rx_lock held. */
void zmq_pipe_uncharge(struct zmq_pipe *pipe, u64 mem)
{
	struct sock *sk = &pipe->zsk->sk;
	u64 over;

	lockdep_assert_held(&pipe->zsk->rx_lock);
	if (WARN_ON_ONCE(mem > pipe->rx_mem))
		mem = pipe->rx_mem;
	WRITE_ONCE(pipe->rx_mem, pipe->rx_mem - mem);
	if (!pipe->rx_mem)
		WRITE_ONCE(pipe->rx_tight, false);
	over = min(mem, pipe->rx_over);
	pipe->rx_over -= over;
	mem -= over;
	while (mem) {
		int step = min_t(u64, mem, ZMQ_PIPE_CHARGE_STEP);

		sk_mem_uncharge(sk, step);
		mem -= step;
	}
}

/*
 * Drop all but the newest message of a conflating pipe, but not one of which a
 * part was read already; rx_lock held.
 */
static void zmq_pipe_conflate_rx(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;

	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->rx_cur == pipe) {
		if (zsk->rx_started)
			return;
		/* It was only looked at. */
		zsk->rx_cur = NULL;
		zmq_pipe_put(pipe);
	}
	while (zmq_hwm_queued(&pipe->rx) > 1) {
		u64 bytes = zmq_segq_msg_bytes(&pipe->rxq);

		zmq_pipe_uncharge(pipe, bytes +
				  zmq_segq_trim(&pipe->rxq, bytes));
		zmq_hwm_read(&pipe->rx, 1);
	}
}

/**
 * zmq_pipe_judge - from now on messages are judged by what is wanted now
 * @pipe: the pipe they come by
 *
 * Context: whoever publishes, who has let in nothing that is not published.
 */
void zmq_pipe_judge(struct zmq_pipe *pipe)
{
	if (pipe->zsk->type->rechecks)
		pipe->left = READ_ONCE(pipe->zsk->sub.left);
}

/*
 * Something may have ceased to be wanted since it was let in: then all the pipe
 * has is judged once more.
 */
static void zmq_pipe_recheck(struct zmq_pipe *pipe)
{
	struct zmq_sock *zsk = pipe->zsk;

	lockdep_assert_held(&zsk->rx_lock);
	if (!zsk->type->rechecks || pipe->left == zsk->sub.left)
		return;
	pipe->left = zsk->sub.left;
	pipe->recheck = zmq_hwm_queued(&pipe->rx);
}

/**
 * zmq_pipe_publish - parser: make received messages readable
 * @pipe: the pipe
 * @q: frames of whole messages; empty afterwards
 * @msgs: how many messages
 * @charge: memory to charge before, or if negative to give back
 *
 * Context: any; no lock of ours but the lower socket's.
 */
void zmq_pipe_publish(struct zmq_pipe *pipe, struct zmq_segq *q, u32 msgs,
		      s64 charge)
{
	struct zmq_sock *zsk = pipe->zsk;

	spin_lock_bh(&zsk->rx_lock);
	if (charge >= 0)
		zmq_pipe_charge(pipe, charge);
	else
		zmq_pipe_uncharge(pipe, -charge);
	if (zsk->closing || pipe->dead) {
		zmq_pipe_uncharge(pipe, q->bytes + zmq_segq_overhead(q));
		spin_unlock_bh(&zsk->rx_lock);
		zmq_segq_trim(q, q->bytes);
		return;
	}
	WRITE_ONCE(pipe->rx.written, pipe->rx.written + msgs);
	zmq_segq_move(&pipe->rxq, q);
	zmq_pipe_recheck(pipe);
	if (pipe->conflate)
		zmq_pipe_conflate_rx(pipe);
	if (list_empty(&pipe->fq_node) && !pipe->held) {
		list_add_tail(&pipe->fq_node, &zsk->fq);
		zmq_lookahead_join(zsk);
	}
	spin_unlock_bh(&zsk->rx_lock);
	zsk->sk.sk_data_ready(&zsk->sk);
}

/**
 * zmq_pipe_read_done - receiver: whole messages were taken out
 * @pipe: the pipe
 * @msgs: how many
 *
 * Moves the pipe to the end of the fair queue, or out of it.  The caller holds
 * a reference of its own.
 *
 * Context: rx_lock held.
 * Return: true if the parser had stopped and should run again, or the sender
 * waits and should go on.
 */
bool zmq_pipe_read_done(struct zmq_pipe *pipe, u32 msgs)
{
	struct zmq_sock *zsk = pipe->zsk;

	lockdep_assert_held(&zsk->rx_lock);
	zmq_hwm_read(&pipe->rx, msgs);
	if (pipe->conflate)
		zmq_pipe_conflate_rx(pipe);
	if (!zmq_segq_empty(&pipe->rxq)) {
		list_move_tail(&pipe->fq_node, &zsk->fq);
	} else if (!list_empty(&pipe->fq_node)) {
		list_del_init(&pipe->fq_node);
		if (pipe->dead)
			zmq_pipe_put(pipe);
	}
	if (pipe->peer)
		return zmq_inproc_waits(pipe);
	if (!pipe->rx_paused || zmq_pipe_rx_full(pipe, 0))
		return false;
	pipe->rx_paused = false;
	return true;
}

/* Drop everything received; rx_lock held, the caller has a reference. */
void zmq_pipe_purge_rx(struct zmq_pipe *pipe)
{
	u64 bytes = pipe->rxq.bytes;

	zmq_lookahead_forget(pipe);
	zmq_pipe_uncharge(pipe, bytes + zmq_segq_trim(&pipe->rxq, bytes));
	zmq_hwm_read(&pipe->rx, zmq_hwm_queued(&pipe->rx));
	if (pipe->peer ? zmq_inproc_waits(pipe) : pipe->rx_paused) {
		pipe->rx_paused = false;
		zmq_pipe_resume(pipe);
	}
	if (!list_empty(&pipe->fq_node)) {
		list_del_init(&pipe->fq_node);
		if (pipe->dead)
			zmq_pipe_put(pipe);
	}
}
