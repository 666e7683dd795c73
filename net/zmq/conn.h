/* SPDX-License-Identifier: GPL-2.0 */
/* Connections: one lower socket each, from connect or accept to the end. */
#ifndef _NET_ZMQ_CONN_H
#define _NET_ZMQ_CONN_H

#include "handshake.h"
#include "rx.h"
#include "zmq.h"

struct zmq_ep;
struct zmq_proxy;
struct zmq_transport;

/*
 * States, changed by zmq_conn_set_state() only, under conn->mutex.
 *
 *   IDLE -> CONNECTING -> HANDSHAKE -> READY	a connector's life; back to
 *     ^_________|____________|__________|	IDLE when the peer is lost,
 *						then again after a pause
 *		accepted: starts in HANDSHAKE
 *		CONNECTING -> PROXY -> HANDSHAKE with a SOCKS proxy
 *   any -> DEAD	closed; nothing leads out
 */
enum zmq_conn_state {
	ZMQ_CONN_IDLE,
	ZMQ_CONN_CONNECTING,
	ZMQ_CONN_PROXY,
	ZMQ_CONN_HANDSHAKE,
	ZMQ_CONN_READY,
	ZMQ_CONN_DEAD,
};

/* zmq_conn.error when it is memory that was short; no fault of the peer's. */
#define ZMQ_CONN_NOMEM		1U

/* Bits of zmq_conn.flags, atomic. */
enum {
	ZMQ_CONN_TX_BUSY,	/* somebody owns the sending end */
	ZMQ_CONN_TX_BLOCKED,	/* lower socket is full, write_space clears */
	ZMQ_CONN_RX_BUSY,	/* unix: somebody runs the parser */
	ZMQ_CONN_RX_AGAIN,	/* unix: and should look again */
	ZMQ_CONN_RX_STOP,	/* parser waits for ctl work */
	ZMQ_CONN_CLOSE,		/* close asked for */
	ZMQ_CONN_CLOSE_NOW,	/* and without lingering */
	ZMQ_CONN_EOF,		/* lower socket ended or failed */
	ZMQ_CONN_FAILED,	/* peer broke the protocol, see @error */
	ZMQ_CONN_SUBS,		/* subscriptions to apply */
	ZMQ_CONN_CTL_DUE,	/* @ctl_work is to run at once */
	ZMQ_CONN_TX_DUE,	/* and @tx_work */
};

/**
 * struct zmq_ctl_buf - control bytes to be sent ahead of messages
 * @node: in conn->ctl
 * @len: bytes in @data
 * @off: bytes sent
 * @data: whole frames, or handshake bytes
 */
struct zmq_ctl_buf {
	struct list_head	node;
	u32			len;
	u32			off;
	u8			data[];
};

/**
 * struct zmq_sub_event - a subscription a peer sent
 * @node: in conn->subs
 * @on: subscribe, else cancel
 * @quiet: it is in a message that an XPUB's user gets
 * @len: bytes in @topic
 * @topic: the topic
 */
struct zmq_sub_event {
	struct list_head	node;
	bool			on;
	bool			quiet;
	u32			len;
	u8			topic[];
};

/**
 * struct zmq_tx - a connection's sending end
 * @q: segments taken from the pipe, partly sent
 * @frame_left: bytes of the frame at the front of @q that are not sent yet; 0
 *	at a frame boundary
 * @more: that frame, or the one before it, is not its message's last
 * @sent: bytes sent ever, and more for calls: see ZMQ_TX_CALL
 * @begun: other framing than ours (raw, ZMTP 1.0): the header of the frame at
 *	the front is off @q, and that frame is not finished
 * @hdr: header to be sent instead
 * @hdr_len: bytes in @hdr
 * @hdr_off: bytes of @hdr sent
 *
 * Serialised by ZMQ_CONN_TX_BUSY.
 */
struct zmq_tx {
	struct zmq_segq		q;
	u64			frame_left;
	bool			more;
	u64			sent;
	bool			begun;
	u8			hdr[ZMQ_ZMTP_HDR_MAX];
	u8			hdr_len;
	u8			hdr_off;
};

/**
 * struct zmq_conn - a connection
 * @zsk: the socket; one zmq_af_get() reference
 * @refs: see Lifetime
 * @rcu: freed after a grace period: callbacks find it by sk_user_data
 * @node: in ep->conns (accepted) or unused; ep->lock
 * @ep: its endpoint; one reference; constant
 * @tp: transport; constant
 * @accepted: by a listener; constant
 * @id: number of this connection, or attempt; @mutex to write
 * @local: endpoint of its own end, NULL if not connected; @mutex
 * @remote: endpoint of the other end, or NULL; @mutex
 * @views: descriptors that tell of it; view.c; added under @mutex
 * @mutex: serialises state changes
 * @state: enum zmq_conn_state; @mutex to write, READ_ONCE elsewhere
 * @flags: ZMQ_CONN_*
 * @lower: lower socket; TCP: one for life, or two in turn; unix: one an attempt, replaced
 *	under @mutex, TX_BUSY and RX_BUSY
 * @spare: TCP: the one for the other address family, or NULL; @mutex
 * @proxy: being talked to, in state PROXY; @mutex
 * @pipe: its pipe, one reference; @mutex to write; the parser and the flusher
 *	read it while they own their ends, which the writer stops first
 * @ctl_work: state machine: every event but a full buffer ends here
 * @tx_work: flush when the lower socket has room again, or for the parser
 * @free_work: releases the lower socket after the last reference
 * @version: ZMTP version spoken; constant while READY
 * @hs: handshake in progress; level 3
 * @error: what the peer did wrong, ZMQ_HANDSHAKE_ERR_*; set before FAILED
 * @rx: parser; level 3
 * @rx_skb: unix: skb being parsed; RX_BUSY
 * @rx_skb_off: bytes of it taken
 * @tx: sending end; TX_BUSY
 * @ctl_lock: protects @ctl, @ctl_count, @ctl_mem, @subs, @subs_count,
 *	@subs_pending; leaf
 * @ctl: control bytes to be sent
 * @ctl_count: entries
 * @ctl_mem: bytes of memory they take
 * @behind_mem: bytes of subscriptions put behind messages since @behind_end was
 *	set; lock_sock
 * @behind_end: messages written to @pipe until then; lock_sock
 * @subs: subscriptions received, not yet applied
 * @subs_count: entries
 * @subs_pending: entries, and those that are being applied
 * @last_rx: jiffies of the last bytes received
 * @ping_due: jiffies of the next PING; ctl work
 * @ping_sent: jiffies of the oldest unanswered PING; ctl work
 * @pinged: @ping_sent is valid
 * @peer_ttl: jiffies of silence the peer asked us to bear, 0 = any
 * @deadline: jiffies: end of connecting or of the handshake, or next attempt
 * @timed: @deadline is valid
 * @linger_start: jiffies: when it was closed
 * @linger_end: jiffies: end of lingering
 * @linger_forever: no end of lingering
 * @linger_told: the peer was told that nothing more comes
 * @linger_left: bytes that it had not got then
 * @linger_moved: jiffies: when it last got some of them
 * @backoff: ms of the last reconnect pause
 * @installed: our callbacks are; @mutex
 * @save_data_ready: callbacks of the lower socket before ours
 * @save_write_space: likewise
 * @save_state_change: likewise
 * @save_error_report: likewise
 *
 * Lifetime: references are held by the endpoint's list (dropped when DEAD is
 * reached), by queued @ctl_work and @tx_work, by zmq_pipe.conn users while
 * they flush or resume, and by a unix callback while it runs.  TCP callbacks
 * run with the lower socket's lock held, under which sk_user_data is cleared.
 */
struct zmq_conn {
	struct zmq_sock			*zsk;
	refcount_t			refs;
	struct rcu_head			rcu;
	struct list_head		node;
	struct zmq_ep			*ep;
	const struct zmq_transport	*tp;
	bool				accepted;
	u32				id;
	char				*local;
	char				*remote;
	struct hlist_head		views;

	struct mutex			mutex;	/* state changes */
	enum zmq_conn_state		state;
	unsigned long			flags;
	struct socket			*lower;
	struct socket			*spare;
	struct zmq_proxy		*proxy;
	struct zmq_pipe			*pipe;
	struct delayed_work		ctl_work;
	struct delayed_work		tx_work;
	struct work_struct		free_work;

	enum zmq_zmtp_version		version;
	struct zmq_handshake		*hs;
	u32				error;
	struct zmq_rx			rx;
	struct sk_buff			*rx_skb;
	u32				rx_skb_off;
	struct zmq_tx			tx;

	spinlock_t			ctl_lock;	/* @ctl, @subs */
	struct list_head		ctl;
	u32				ctl_count;
	size_t				ctl_mem;
	u64				behind_mem;
	u64				behind_end;
	struct list_head		subs;
	u32				subs_count;
	u32				subs_pending;

	unsigned long			last_rx;
	unsigned long			ping_due;
	unsigned long			ping_sent;
	bool				pinged;
	unsigned long			peer_ttl;
	unsigned long			deadline;
	bool				timed;
	unsigned long			linger_start;
	unsigned long			linger_end;
	bool				linger_forever;
	bool				linger_told;
	u32				linger_left;
	unsigned long			linger_moved;
	u32				backoff;

	bool				installed;
	void (*save_data_ready)(struct sock *sk);
	void (*save_write_space)(struct sock *sk);
	void (*save_state_change)(struct sock *sk);
	void (*save_error_report)(struct sock *sk);
};

/* conn.c: life cycle */
u32 zmq_conn_new_id(void);
/* Options of the endpoint, as they were at bind or connect. */
const struct zmq_options *zmq_conn_options(const struct zmq_conn *conn);
struct zmq_conn *zmq_conn_alloc(struct zmq_ep *ep, bool accepted);
void zmq_conn_start(struct zmq_conn *conn);
void zmq_conn_accept(struct zmq_ep *ep, struct socket *lower);
void zmq_conn_close(struct zmq_conn *conn, int linger);
void zmq_conn_put(struct zmq_conn *conn);
struct zmq_conn *zmq_conn_get_pipe(struct zmq_pipe *pipe);
void zmq_conn_kick(struct zmq_conn *conn, unsigned long delay);
void zmq_conn_fail(struct zmq_conn *conn, u32 error);
void zmq_conn_flush_kick(struct zmq_conn *conn, unsigned long delay);
void zmq_conn_set_state(struct zmq_conn *conn, enum zmq_conn_state state);
void zmq_conn_name(struct zmq_conn *conn);
bool zmq_conn_ended(struct zmq_conn *conn);
void zmq_conn_lost(struct zmq_conn *conn, bool retry);
void zmq_conn_destroy(struct zmq_conn *conn, bool lost);

static inline bool zmq_conn_get(struct zmq_conn *conn)
{
	return refcount_inc_not_zero(&conn->refs);
}

static inline struct net *zmq_conn_net(const struct zmq_conn *conn)
{
	return sock_net(&conn->zsk->sk);
}

/* Is the time of this state over? */
static inline bool zmq_conn_expired(const struct zmq_conn *conn)
{
	return conn->timed && time_after_eq(jiffies, conn->deadline);
}

/* Does ZMQ_RECONNECT_STOP say so? */
static inline bool zmq_conn_stops(const struct zmq_conn *conn, int why)
{
	return zmq_conn_options(conn)->reconnect_stop & why;
}

/* connect.c: attempts to connect; conn->mutex held */
void zmq_connect_attempt(struct zmq_conn *conn);
void zmq_connect_step(struct zmq_conn *conn);
void zmq_connect_step_proxy(struct zmq_conn *conn);
void zmq_connect_retry(struct zmq_conn *conn, bool had_peer);

/* session.c: from the greeting to the loss of a peer; conn->mutex held */
void zmq_session_begin(struct zmq_conn *conn);
void zmq_session_step_handshake(struct zmq_conn *conn);
void zmq_session_step(struct zmq_conn *conn, unsigned long *next);
void zmq_session_failed(struct zmq_conn *conn);

/* linger.c: sending the rest */
bool zmq_linger_step(struct zmq_conn *conn, unsigned long *next);

/* stream.c: callbacks of the lower socket, running the parser */
int zmq_stream_install(struct zmq_conn *conn);
bool zmq_stream_over(const struct sock *sk);
void zmq_stream_remove(struct zmq_conn *conn);
int zmq_stream_swap(struct zmq_conn *conn);
void zmq_stream_read(struct zmq_conn *conn);
void zmq_stream_lock(struct zmq_conn *conn);
void zmq_stream_unlock(struct zmq_conn *conn);

/* tx.c: the flusher */
void zmq_tx_flush(struct zmq_conn *conn);
void zmq_tx_flush_bh(struct zmq_conn *conn);
void zmq_tx_exit(void);
void zmq_tx_stop(struct zmq_conn *conn);
void zmq_tx_start(struct zmq_conn *conn);
void zmq_tx_reset(struct zmq_conn *conn, bool keep);
bool zmq_tx_idle(struct zmq_conn *conn);
int zmq_tx_control(struct zmq_conn *conn, const u8 *data, u32 len, gfp_t gfp);
void zmq_tx_drop_control(struct zmq_conn *conn);

/* traffic.c: commands while READY */
int zmq_traffic_frame(struct zmq_conn *conn, u8 flags, const u8 *body,
		      u32 len);
int zmq_traffic_quiet(struct zmq_conn *conn, const u8 *body, u32 len);
bool zmq_traffic_hold(struct zmq_conn *conn);
void zmq_traffic_apply(struct zmq_conn *conn);
int zmq_traffic_subscribe_all(struct zmq_conn *conn);
void zmq_traffic_subscribe(struct zmq_conn *conn, const u8 *topic, size_t len,
			   bool on);
bool zmq_traffic_heartbeat(struct zmq_conn *conn, unsigned long *next);
void zmq_traffic_reset(struct zmq_conn *conn);

#endif /* _NET_ZMQ_CONN_H */
