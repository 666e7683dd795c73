/* SPDX-License-Identifier: GPL-2.0 */
/* Pipes: the queues between a socket and one peer. */
#ifndef _NET_ZMQ_PIPE_H
#define _NET_ZMQ_PIPE_H

#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include "hwm.h"
#include "seg.h"
#include "trie.h"

struct zmq_conn;
struct zmq_meta;
struct zmq_options;
struct zmq_sock;
struct zmq_udp;

/* Bits of zmq_pipe.flags */
enum {
	ZMQ_PIPE_DIRTY,		/* on a sender's list of pipes to flush */
	ZMQ_PIPE_SETTLE,	/* on its list of those for process context */
	ZMQ_PIPE_KICKED,	/* inproc: on the list of senders to go on */
};

/**
 * struct zmq_pipe - one peer of a socket
 * @zsk: the socket; one zmq_af_get() reference
 * @refs: see Lifetime
 * @rcu: flushers look at @txq before they own it
 * @flags: ZMQ_PIPE_*, atomic
 * @node: in zsk->pipes while attached; lock_sock
 * @dirty_node: in zsk->co.dirty or a flusher's own list while DIRTY
 * @settle_node: in zsk->co.settle or a flusher's own list while SETTLE
 * @fq_node: in zsk->fq while @rxq has a message; rx_lock
 * @lb_node: in zsk->lb while it may be written to; rx_lock
 * @conn: its connection, or NULL; written under lock_sock and @tx_lock
 * @peer: inproc: the other side's pipe, or NULL; one reference; written under
 *	lock_sock and rx_lock, or rx_lock once detached; read under either
 * @udp: its UDP endpoint, or NULL; cleared under @tx_lock
 * @all_node: publishing: in zsk->pub.all if it gets everything; lock_sock
 * @events: inproc: what to tell @peer, in order; @tx_lock, lock_sock to add
 * @kick_node: inproc: while KICKED
 * @held: inproc: being joined, @rxq is not to be read yet; rx_lock
 * @rcvhwm: inproc: our share of the peer's credit; WRITE_ONCE under lock_sock
 * @attached: in zsk->pipes; lock_sock
 * @dead: no peer any more, only @rxq to be read; rx_lock
 * @noted: SO_RCVBUF was full when a message was injected last; lock_sock
 * @ready: its connection's handshake is over; lock_sock
 * @connects: connect(2) made it; constant
 * @conflate: each direction keeps the newest message only; constant
 * @tx_lock: protects @txq; leaf
 * @txq: messages to be sent
 * @tx: their credit; @tx_lock to write
 * @tx_taken: messages that the flusher took out of @txq; @tx_lock to write
 * @tx_in: bytes ever appended; @tx_lock
 * @tx_out: bytes ever sent or dropped; @tx_lock
 * @tx_blocked: found full, waits for the flusher; set under rx_lock
 * @rxq: complete messages; rx_lock
 * @rx: their credit; rx_lock to write
 * @rx_mem: memory charged for @rxq; rx_lock
 * @rx_over: part of @rx_mem that could not be charged; rx_lock
 * @rx_tight: memory was refused, stop until @rxq is read empty; rx_lock
 * @rx_paused: the parser found it full and stopped; rx_lock
 * @recheck: messages at the front that an unsubscription may concern; rx_lock
 * @left: zmq_sub_state.left before what is to be published was judged; whoever
 *	publishes
 * @match: publishing: last message this pipe was matched for; lock_sock
 * @subs: publishing: subscriptions this peer holds; lock_sock
 * @asked: XPUB_MANUAL: subscriptions it asked for; lock_sock
 * @quiet: XPUB: the user has the subscription being applied; lock_sock
 * @meta: metadata of its connection, or NULL; lock_sock and rx_lock to write
 * @id_node: in zsk->router.table; lock_sock
 * @id_hashed: @id_node is; lock_sock
 * @id_len: length of @id, 0 = none
 * @routing_id: number that ZMQ_AF_CMSG_ROUTING_ID tells, 0 = none; set before
 *	the first message
 * @id: routing id; lock_sock to write while not attached or under rx_lock
 *
 * Lifetime: references are held by zsk->pipes together with zsk->fq (one for
 * both: taken at attach, dropped when detached and read empty), by @conn's
 * zmq_conn.pipe, by @peer's @peer, by each flush list it is on, by
 * zmq_inproc_ep.pipe, by zmq_udp.pipe, by zmq_sock.rx_cur, and by an
 * open assembly that is addressed to it.
 */
struct zmq_pipe {
	struct zmq_sock		*zsk;
	refcount_t		refs;
	struct rcu_head		rcu;
	unsigned long		flags;
	struct list_head	node;
	struct list_head	dirty_node;
	struct list_head	settle_node;
	struct list_head	fq_node;
	struct list_head	lb_node;
	struct zmq_conn		*conn;
	struct zmq_pipe		*peer;
	struct zmq_udp		*udp;
	struct list_head	all_node;
	struct list_head	events;
	struct llist_node	kick_node;
	u32			rcvhwm;
	bool			held;
	bool			attached;
	bool			dead;
	bool			ready;
	bool			noted;
	bool			connects;
	bool			conflate;

	spinlock_t		tx_lock;	/* txq */
	struct zmq_segq		txq;
	struct zmq_hwm		tx;
	u64			tx_taken;
	u64			tx_in;
	u64			tx_out;
	bool			tx_blocked;

	struct zmq_segq		rxq;
	struct zmq_hwm		rx;
	u64			rx_mem;
	u64			rx_over;
	bool			rx_tight;
	bool			rx_paused;

	u64			recheck;
	u32			left;
	u64			match;
	struct zmq_trie_owner	subs;
	struct zmq_trie_owner	asked;
	bool			quiet;
	struct zmq_meta		*meta;
	struct rhash_head	id_node;
	bool			id_hashed;
	u8			id_len;
	u8			*id;
	u32			routing_id;
};

struct zmq_pipe *zmq_pipe_alloc(struct zmq_sock *zsk,
				const struct zmq_options *opt, gfp_t gfp);
static inline void zmq_pipe_get(struct zmq_pipe *pipe)
{
	refcount_inc(&pipe->refs);
}

void zmq_pipe_put(struct zmq_pipe *pipe);

/* Socket side; lock_sock held. */
int zmq_pipe_attach(struct zmq_pipe *pipe);
void zmq_pipe_detach(struct zmq_pipe *pipe);
bool zmq_pipe_tx_full(const struct zmq_pipe *pipe);
bool zmq_pipe_tx_pressing(const struct zmq_pipe *pipe);
u32 zmq_pipe_tx_credit(const struct zmq_pipe *pipe, u64 *bytes);
int zmq_pipe_push(struct zmq_pipe *pipe, struct zmq_segq *msg, bool keep);
void zmq_pipe_push_run(struct zmq_pipe *pipe, struct zmq_segq *run, u32 msgs);
void zmq_pipe_writable(struct zmq_pipe *pipe);
void zmq_pipe_set_hwm(struct zmq_pipe *pipe, u32 snd, u32 rcv);
int zmq_pipe_set_id(struct zmq_pipe *pipe, const u8 *id, u8 len);

/* Subscriber side; lock_sock held. */
int zmq_pipe_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		       bool on);
int zmq_pipe_subscribe_all(struct zmq_pipe *pipe);

/* Flusher side. */
bool zmq_pipe_take(struct zmq_pipe *pipe, struct zmq_segq *to);
void zmq_pipe_sent(struct zmq_pipe *pipe, u64 bytes, u32 msgs);
void zmq_pipe_sent_all(struct zmq_pipe *pipe, u64 bytes);

/* Parser side. */
bool zmq_pipe_rx_full(const struct zmq_pipe *pipe, u32 pending);
u32 zmq_pipe_rx_credit(const struct zmq_pipe *pipe, u32 pending);
bool zmq_pipe_rx_pause(struct zmq_pipe *pipe);
void zmq_pipe_resume(struct zmq_pipe *pipe);
void zmq_pipe_judge(struct zmq_pipe *pipe);
void zmq_pipe_publish(struct zmq_pipe *pipe, struct zmq_segq *q, u32 msgs,
		      s64 charge);

/* Received memory; rx_lock held. */
void zmq_pipe_charge(struct zmq_pipe *pipe, u64 mem);
void zmq_pipe_uncharge(struct zmq_pipe *pipe, u64 mem);

/* Receiver side; rx_lock held. */
bool zmq_pipe_read_done(struct zmq_pipe *pipe, u32 msgs);
void zmq_pipe_purge_rx(struct zmq_pipe *pipe);

#endif /* _NET_ZMQ_PIPE_H */
