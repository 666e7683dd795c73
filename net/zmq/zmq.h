/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_ZMQ: the socket object, and the rules that hold for all files.
 *
 * Objects
 *	file -> zmq_sock <- zmq_pipe <- zmq_conn <- lower socket's callbacks
 *	zmq_endpoint_table entries (zmq_ep) -> zmq_sock
 *	armed timers and queued work -> zmq_conn
 * An arrow is a counted reference.  What points the other way is cut by the
 * teardown of the object that is pointed at.
 *
 * Lock order
 *   0	zsk->ep_mutex		endpoints of a socket; syscalls
 *	conn->mutex		state of a connection; ctl work, connect(2)
 *   1	lock_sock(zsk)		options, assembly, choice of pipe, appending
 *				to pipes, attaching and detaching pipes
 *   2	conn ZMQ_CONN_TX_BUSY	ownership of the sending end; test_and_set by
 *				senders, waited for by ctl work only, which
 *				may take 1 while it has it
 *	udp->mutex		the sending end of a UDP endpoint; likewise
 *   3	lock_sock(lower) or its slock (TCP), ZMQ_CONN_RX_BUSY (unix):
 *				the lower socket and the parser
 *   4	zsk->rx_lock		spin_bh: received messages, fair queue, list
 *				of writable pipes, wait conditions
 *	pipe->tx_lock		spin_bh: a pipe's send queue; leaf, and never
 *				together with rx_lock
 *	zsk->co.lock		spin_bh: pipes to be flushed; leaf
 *   5	the socket's wait queue	wake-ups, under 4 or none
 * Rules: 1 is never held while 2 or 3 is taken (a sender appends, releases,
 * and flushes then).  Softirq takes 3 (held by TCP already), then 4, then 5.
 * The locks of two AF_ZMQ sockets never nest.  User memory is touched under 1
 * (send) or under no lock (receive).  Receiving never sends: what it has to
 * answer is queued and flushed by work.
 */
#ifndef _NET_ZMQ_ZMQ_H
#define _NET_ZMQ_ZMQ_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <linux/zmq.h>
#include <net/sock.h>
#include "chunk.h"
#include "coalesce.h"
#include "notice.h"
#include "options.h"
#include "pipe.h"
#include "trie.h"

struct zmq_cmsg;
struct zmq_context;
struct zmq_lookahead;
struct zmq_meta;
struct zmq_monitor;
struct zmq_ring;
struct zmq_type;

/**
 * struct zmq_lookahead_run - messages that were looked at
 * @pipe: in its queue; used while it is in zsk->fq only; NULL: they are gone
 * @msgs: how many
 * @bytes: bytes they take
 */
struct zmq_lookahead_run {
	struct zmq_pipe	*pipe;
	u32		msgs;
	u32		bytes;
};

/**
 * struct zmq_asm - the message that is being sent
 * @q: frames so far
 * @open: some parts are in and more were announced
 * @drop: the rest of the message is swallowed
 * @last: the next part is the last one, whatever the user says
 * @parts: parts so far
 * @bytes: bytes of their bodies
 * @first: body length of the first part
 * @pipe: whom a ROUTER's message is for; one reference
 * @peers: PUB: how many got it
 * @cmsg: ancillary data of the part that begins it; in type->send_begin only
 */
struct zmq_asm {
	struct zmq_segq	q;
	bool		open;
	bool		drop;
	bool		last;
	u32		parts;
	u64		bytes;
	u64		first;
	struct zmq_pipe	*pipe;
	int		peers;
	const struct zmq_cmsg *cmsg;
};

/**
 * struct zmq_req_state - REQ's part of a socket
 * @waiting: a request is out; rx_lock
 * @pipe: where it went, NULL if that peer is gone; rx_lock
 * @id: its number; rx_lock
 * @correlate: ZMQ_REQ_CORRELATE; lock_sock and rx_lock to write
 * @relaxed: ZMQ_REQ_RELAXED; lock_sock and rx_lock to write
 */
struct zmq_req_state {
	bool		waiting;
	struct zmq_pipe	*pipe;
	u32		id;
	bool		correlate;
	bool		relaxed;
};

/**
 * struct zmq_rep_state - REP's part of a socket
 * @replying: a request was read whole, the reply is due; rx_lock
 * @pipe: where the request came from, one reference; rx_lock
 * @envelope: its frames up to the empty one, to be sent back; rx_lock
 * @len: bytes in @envelope
 * @large: or here if they are many; rx_lock
 */
struct zmq_rep_state {
	bool		replying;
	struct zmq_pipe	*pipe;
	u8		*envelope;
	u32		len;
	struct zmq_segq	large;
};

/**
 * struct zmq_router_state - the part of a socket that addresses its peers
 * @table: attached pipes by routing id; lock_sock
 * @next: next number for a peer without an id
 * @mandatory: ZMQ_ROUTER_MANDATORY
 * @handover: ZMQ_ROUTER_HANDOVER
 * @quiet: ZMQ_STREAM_NOTIFY is off
 * @connect_id: ZMQ_CONNECT_ROUTING_ID, or NULL
 * @connect_id_len: its length
 */
struct zmq_router_state {
	struct rhashtable	table;
	u32			next;
	bool			mandatory;
	bool			handover;
	bool			quiet;
	u8			connect_id_len;
	u8			*connect_id;
};

/**
 * struct zmq_pub_state - the part of PUB, XPUB and RADIO of a socket
 * @trie: who gets what; lock_sock
 * @asked: XPUB_MANUAL: what peers asked for; lock_sock
 * @all: RADIO: pipes that get every message (UDP); lock_sock
 * @seq: number of the message being matched; lock_sock
 * @welcome: XPUB_WELCOME_MSG as frames; lock_sock
 * @last: XPUB: pipe of the message received last, one reference; rx_lock
 * @verbose_subs: tell of every subscription, not the first of a topic only
 * @verbose_unsubs: tell of every cancellation, not the last of a topic only
 * @manual: XPUB_MANUAL
 * @last_value: XPUB_MANUAL_LAST_VALUE: the next message is for @last
 * @nodrop: XPUB_NODROP
 * @only_first: ONLY_FIRST_SUBSCRIBE
 */
struct zmq_pub_state {
	struct zmq_trie	trie;
	struct zmq_trie	asked;
	struct list_head all;
	u64		seq;
	struct zmq_segq	welcome;
	struct zmq_pipe	*last;
	bool		verbose_subs;
	bool		verbose_unsubs;
	bool		manual;
	bool		last_value;
	bool		nodrop;
	bool		only_first;
};

/**
 * struct zmq_sub_state - the part of SUB, XSUB and DISH of a socket
 * @trie: what we want; changed under lock_sock and rx_lock, read under either
 * @owner: whose it is: ours
 * @left: how often something ceased to be wanted; rx_lock to write
 * @only_first: ONLY_FIRST_SUBSCRIBE
 * @verbose_unsubs: XSUB_VERBOSE_UNSUBSCRIBE
 */
struct zmq_sub_state {
	struct zmq_trie		trie;
	struct zmq_trie_owner	owner;
	u32			left;
	bool			only_first;
	bool			verbose_unsubs;
};

/**
 * struct zmq_sock - an AF_ZMQ socket
 * @sk: the socket; must be first
 * @users: its descriptor, endpoints, connections and pipes; when all are gone
 *	@free_work takes it apart where sleeping is allowed, and drops the one
 *	sock reference that they share
 * @free_work: see @users
 * @type: its type's operations
 * @opt: options; lock_sock
 * @eintr: ZMQ_AF_EINTR
 * @inproc_user: ZMQ_AF_INPROC_SCOPE; WRITE_ONCE
 * @inproc_peers: it has or had such; WRITE_ONCE under @rx_lock
 * @packed: ZMQ_AF_PACKED; WRITE_ONCE
 * @closing: closed, lingering; lock_sock and rx_lock to write
 * @closed_at: jiffies when it was closed
 * @shutdown: context terminated or shutdown(2): calls fail; WRITE_ONCE
 * @ctx: its context or NULL; one reference; lock_sock
 * @ctx_node: in ctx->members
 * @net_node: in the namespace's list of sockets
 * @ep_mutex: serialises bind, connect, unbind, disconnect, close
 * @eps: endpoints; @ep_mutex
 * @last_endpoint: for getsockname(); @ep_mutex
 * @asm_msg: message in assembly; lock_sock
 * @tx_pool: where it is written; lock_sock
 * @pipes: attached pipes; changed under lock_sock and rx_lock
 * @npipes: how many
 * @co: pipes appended to, to be flushed after release_sock()
 * @ring: ZMQ_AF_RING, or NULL; set once under lock_sock, see ring.h
 * @rx_lock: lock level 4
 * @fq: pipes with messages, in reading order; rx_lock
 * @lb: pipes that may take a message, next one first; rx_lock
 * @rx_cur: pipe whose message is being read, one reference; rx_lock
 * @rx_started: a part of that message was read; rx_lock
 * @rx_prefix: its routing id is to be delivered first; rx_lock
 * @rcvtimeo: ZMQ_RCVTIMEO as it was set, ms
 * @sndtimeo: ZMQ_SNDTIMEO as it was set, ms
 * @rx_more: last part received was not the last; rx_lock
 * @rx_waiters: receivers asleep, or about to be, or not yet at work; rx_lock
 * @wr_seq: counts what a blocked sender waits for; rx_lock to write
 * @look: what ZMQ_AF_LOOKAHEAD told last; rx_lock
 * @look.runs: how many runs of messages; 0: none, or out of date
 * @look.newcomer: another peer has got messages since; WRITE_ONCE
 * @look.peers: they are in @look.many, else one in @look.one
 * @look.one: messages of the only pipe that had any
 * @look.many: one of each of several in turn; NULL until needed
 * @rx_held: frames taken out and put back; rx_lock
 * @rx_ids: where frames that are not in a pipe are packed; rx_lock
 * @rx_pool: chunk pool for the parsers to borrow; xchg
 * @idle_msgs: messages when idle.c last came by; idle work
 * @recvmeta: ZMQ_AF_RECVMETA
 * @rx_meta: metadata that was told last; rx_lock
 * @rx_meta_gone: it was of a peer that is gone: tell again; rx_lock
 * @monitor: who is told what happens to its connections; RCU, changed under
 *	@ep_mutex
 * @feeds: monitors of other sockets that send here; monitor.c
 * @notices: ZMQ_HELLO_MSG etc., or NULL; lock_sock
 * @stats: counters for ZMQ_AF_STATS
 * @req: REQ
 * @rep: REP
 * @router: ROUTER, STREAM, SERVER, PEER
 * @pub: PUB, XPUB, RADIO
 * @sub: SUB, XSUB, DISH
 */
struct zmq_sock {
	struct sock		sk;
	refcount_t		users;
	struct work_struct	free_work;
	const struct zmq_type	*type;
	struct zmq_options	opt;
	int			rcvtimeo;
	int			sndtimeo;
	bool			eintr;
	bool			inproc_user;
	bool			inproc_peers;
	bool			packed;
	bool			closing;
	unsigned long		closed_at;
	bool			shutdown;

	struct zmq_context	*ctx;
	struct list_head	ctx_node;
	struct list_head	net_node;

	struct mutex		ep_mutex;	/* lock level 0 */
	struct list_head	eps;
	char			*last_endpoint;

	struct zmq_asm		asm_msg;
	struct zmq_chunk_pool	tx_pool;
	struct zmq_notice	*notices[ZMQ_NOTICES];
	struct list_head	pipes;
	u32			npipes;
	struct zmq_coalesce	co;
	struct zmq_ring		*ring;

	spinlock_t		rx_lock;	/* lock level 4 */
	struct list_head	fq;
	struct list_head	lb;
	struct zmq_pipe		*rx_cur;
	bool			rx_started;
	bool			rx_prefix;
	bool			rx_more;
	u32			rx_waiters;
	u32			wr_seq;
	struct {
		u32				runs;
		bool				newcomer;
		bool				peers;
		struct zmq_lookahead_run	one;
		struct zmq_lookahead		*many;
	} look;
	struct list_head	rx_held;
	struct zmq_chunk_pool	*rx_pool;
	struct zmq_chunk_pool	rx_ids;
	u64			idle_msgs;
	u8			recvmeta;
	struct zmq_meta		*rx_meta;
	bool			rx_meta_gone;
	struct zmq_monitor __rcu	*monitor;
	struct list_head	feeds;

	struct {
		atomic64_t	tx_msgs;
		atomic64_t	tx_bytes;
		atomic64_t	rx_msgs;
		atomic64_t	rx_bytes;
		atomic64_t	tx_drops;
		atomic64_t	rx_drops;
		atomic64_t	protocol_errors;
	} stats;

	union {
		struct zmq_req_state	req;
		struct zmq_rep_state	rep;
		struct zmq_router_state	router;
		struct zmq_pub_state	pub;
		struct zmq_sub_state	sub;
	};
};

static inline struct zmq_sock *zmq_sk(const struct sock *sk)
{
	return container_of(sk, struct zmq_sock, sk);
}

/*
 * Map of the data path.
 *
 * send.c		zmq_send_msg		sendmsg -> assembly
 * batch_send.c		zmq_batch_send		the same, many messages at once
 * ring.c		zmq_ring_drain		the same without a call
 *			type->send		pattern_*.c: choice of pipes
 * pipe.c		zmq_pipe_push		append
 * coalesce.c		zmq_coalesce_later	now or together with others
 * burst.c		zmq_burst_quiet		is it one of many?
 * tx.c			zmq_tx_flush		pipe -> lower socket
 *
 * stream.c		zmq_stream_run		lower socket -> parser
 * rx.c rx_frame.c	zmq_rx_feed		parser -> pipe
 * pipe.c		zmq_pipe_publish	append, wake
 * recv.c		zmq_recv_msg		pipe -> recvmsg
 * batch_recv.c		zmq_batch_recv		the same, many messages at once
 * lookahead.c		zmq_lookahead_get	a copy first, taken later
 */

/* Bodies up to this long stay in one piece. */
#define ZMQ_SEND_WHOLE	2048

/* send.c APIs */
int zmq_send_msg(struct socket *sock, struct msghdr *msg, size_t len);
int zmq_send_append(struct zmq_sock *zsk, struct zmq_asm *msg, const u8 *data,
		    u32 len, bool more);
int zmq_send_append_sub(struct zmq_sock *zsk, struct zmq_asm *msg,
			const u8 *topic, size_t len, bool on);
int zmq_send_raw(struct zmq_sock *zsk, struct zmq_asm *msg, const u8 *frames,
		 u32 len);
int zmq_send_kernel(struct zmq_sock *zsk, struct kvec *parts, int n);
int zmq_send_frames(struct zmq_sock *zsk, struct zmq_asm *msg,
		    const struct zmq_segq *q);
void zmq_send_release(struct zmq_sock *zsk);
void zmq_send_done(struct zmq_sock *zsk, int flags);
void zmq_send_reset(struct zmq_asm *msg);
void zmq_send_recycle(struct zmq_sock *zsk, struct zmq_asm *msg);
int zmq_send_wait(struct zmq_sock *zsk, u32 seq, long *timeo);
static inline void zmq_send_count(struct zmq_sock *zsk, u32 msgs, u64 bytes)
{
	atomic64_add(msgs, &zsk->stats.tx_msgs);
	atomic64_add(bytes, &zsk->stats.tx_bytes);
}

/* recv.c APIs */
int zmq_recv_msg(struct socket *sock, struct msghdr *msg, size_t len,
		 int flags);
int zmq_recv_next_len(struct zmq_sock *zsk);
bool zmq_recv_ready(struct zmq_sock *zsk);
void zmq_recv_purge(struct zmq_sock *zsk);
void zmq_recv_purge_pipe(struct zmq_sock *zsk, struct zmq_pipe *pipe);
void zmq_recv_skip_all(struct zmq_sock *zsk);
void zmq_recv_skip(struct zmq_sock *zsk, struct zmq_pipe *pipe);
void zmq_recv_strip(struct zmq_pipe *pipe, u32 bytes);
int zmq_recv_begin(struct zmq_sock *zsk);
bool zmq_recv_end(struct zmq_sock *zsk, u32 msgs);
int zmq_recv_wait(struct zmq_sock *zsk, long *timeo);
/* Count a receiver in or out of those that sleep.  Return: @waits. */
static inline bool zmq_recv_waits(struct zmq_sock *zsk, bool waited, bool waits)
{
	lockdep_assert_held(&zsk->rx_lock);
	zsk->rx_waiters = zsk->rx_waiters - waited + waits;
	return waits;
}

void zmq_recv_resume(struct zmq_pipe *pipe);

/* sockopt.c APIs */
int zmq_sockopt_set(struct socket *sock, int level, int opt, sockptr_t val,
		    unsigned int len);
int zmq_sockopt_get(struct socket *sock, int level, int opt,
		    char __user *val, int __user *len);

/* af.c APIs */
extern const struct proto_ops zmq_af_ops;
extern struct proto zmq_af_proto;
extern struct net_proto_family zmq_af_family;
static inline void zmq_af_get(struct zmq_sock *zsk)
{
	refcount_inc(&zsk->users);
}

void zmq_af_put(struct zmq_sock *zsk);
void zmq_af_writable(struct zmq_sock *zsk);
u32 zmq_af_events(struct zmq_sock *zsk);
void zmq_af_stats(struct zmq_sock *zsk, struct zmq_af_stats *st);
void zmq_af_shutdown(struct zmq_sock *zsk);

/* Number of the family in force (module parameter). */
int zmq_main_family(void);
extern struct workqueue_struct *zmq_main_wq;
/* For work that can be made to wait by a file system of the user's choice. */
extern struct workqueue_struct *zmq_main_path_wq;

#endif /* _NET_ZMQ_ZMQ_H */
