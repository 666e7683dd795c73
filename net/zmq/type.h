/* SPDX-License-Identifier: GPL-2.0 */
/* Socket types: one const table of operations each, in pattern_*.c. */
#ifndef _NET_ZMQ_TYPE_H
#define _NET_ZMQ_TYPE_H

#include <linux/sockptr.h>
#include "cmsg.h"
#include "zmq.h"

struct zmq_rx;

/**
 * struct zmq_type - what makes a socket type
 * @id: libzmq's number, the protocol argument of socket(2)
 * @name: for /proc and messages
 * @sends: users may send
 * @receives: users may receive
 * @publishes: takes subscriptions from its peers
 * @subscribes: announces subscriptions to its peers
 * @no_linger: nothing it queues is worth waiting for at close (SUB)
 * @conflates: ZMQ_CONFLATE has an effect
 * @single: takes one peer only, later ones are refused
 * @single_part: a message has one part: MSG_MORE is refused, longer messages
 *	from the network are dropped (libzmq's thread-safe types)
 * @grouped: on streams its message has another part in front, the group, that
 *	the user sees as ancillary data (48/RADIO-DISH)
 * @two_part: a message has two parts: MSG_MORE is required of the first and
 *	refused of the second (DGRAM)
 * @udp_bind: may bind by udp
 * @udp_connect: may connect by udp
 * @udp_only: and by nothing else
 * @rcv_unlimited: ZMQ_RCVHWM has no effect, bytes alone count: subscriptions
 *	come in although their notifications are not read (XPUB)
 * @cmsg: ZMQ_CMSG_* that sendmsg(2) takes, or that recvmsg(2) tells
 * @addresses: keeps its peers by routing id (zsk->router)
 * @prefixes: each message received begins with the routing id of its peer
 * @notices: which of ZMQ_HELLO_MSG etc. it uses, BIT(ZMQ_NOTICE_*)
 * @dedupes: connects to one address once only
 * @prompt: what is sent never waits for more
 * @rings: may be sent to through a ring (ring.h)
 * @rechecks: @recv_begin does nothing unless zmq_pipe.recheck is set
 *
 * Under lock_sock(zsk), process context:
 * @init: set up @zsk's part for the type.  May be NULL.
 * @fini: free it; no pipe is left.  May be NULL.
 * @release: the socket is closed: drop references to pipes.  May be NULL.
 * @send_begin: the first part of a message comes, @len bytes at @from, with
 *	the ancillary data zsk->asm_msg.cmsg.
 *	0: append it; 1: it was consumed (a routing id); -EAGAIN: no peer can
 *	take a message now, wait; -EBADFD: not this socket's turn to send;
 *	-EHOSTUNREACH.
 * @send: @msg is a whole message: hand it over to pipes, or drop it.  Number
 *	of peers that got it; -EAGAIN as above and the message stays.
 * @identify: @pipe is about to join: give it a routing id.  -EADDRINUSE.
 * @send_run: take messages off the front of @q, one at least, and hand them
 *	over as @send would one by one.  0: *@msgs of them, of *@body bytes
 *	without headers, went to a peer; -EAGAIN, -ENOBUFS: none is taken;
 *	-EOPNOTSUPP: none is, @send_begin and @send have to do it.  NULL:
 *	always.
 * @attach: @pipe has joined zsk->pipes.
 * @ready: @pipe's connection finished its handshake, the first or another
 *	after a break.  -EEXIST, -EBUSY: refuse the peer.
 * @lost: the connection that @ready was called for is gone.
 * @detach: @pipe is leaving.
 * @subscribe: the peer of @pipe subscribed (@on) or cancelled; @publishes only.
 *	-ENOSPC: more than net.zmq.topics_max or topic_mem allow; -ENOMEM.
 * @setsockopt: -ENOPROTOOPT: not an option of this type.
 *
 * Under no lock:
 * @getsockopt: an int that is not negative; -ENOPROTOOPT.
 *
 * Under rx_lock, any context:
 * @can_send: would a send not block?
 * @recv_check: -EBADFD: not this socket's turn to receive.
 * @recv_begin: the next message of @pipe is about to be read.  0: go on;
 *	-EAGAIN: it was dropped, try the next one; -ENOBUFS: no memory, it stays.
 * @recv_end: its last part was read.
 *
 * In the parser, softirq or process context, lower lock held, rx_lock not:
 * @rx_accept: a whole message arrived, described by @rx.  1: queue it; 0: drop
 *	it; -EPROTO: the peer may not send this.
 *
 * There, with rx_lock held:
 * @rx_match: would @rx_accept take a message of this one part, @len bytes at
 *	@body?  NULL: @rx_accept has to be asked.
 */
struct zmq_type {
	u8		id;
	const char	*name;
	bool		sends;
	bool		receives;
	bool		publishes;
	bool		subscribes;
	bool		no_linger;
	bool		conflates;
	bool		single;
	bool		single_part;
	bool		grouped;
	bool		two_part;
	bool		udp_bind;
	bool		udp_connect;
	bool		udp_only;
	bool		rcv_unlimited;
	u8		cmsg;
	bool		addresses;
	bool		prefixes;
	u8		notices;
	bool		dedupes;
	bool		rechecks;
	bool		prompt;
	bool		rings;

	int (*init)(struct zmq_sock *zsk);
	void (*fini)(struct zmq_sock *zsk);
	void (*release)(struct zmq_sock *zsk);
	int (*send_begin)(struct zmq_sock *zsk, struct iov_iter *from,
			  size_t len, bool more);
	int (*send)(struct zmq_sock *zsk, struct zmq_asm *msg);
	int (*identify)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	int (*send_run)(struct zmq_sock *zsk, struct zmq_segq *q, u32 *msgs,
			u64 *body);
	void (*attach)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	int (*ready)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	void (*lost)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	void (*detach)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	int (*subscribe)(struct zmq_sock *zsk, struct zmq_pipe *pipe,
			 const u8 *topic, size_t len, bool on);
	int (*setsockopt)(struct zmq_sock *zsk, int opt, const u8 *val,
			  size_t len);

	int (*getsockopt)(struct zmq_sock *zsk, int opt);

	bool (*can_send)(struct zmq_sock *zsk);
	int (*recv_check)(struct zmq_sock *zsk);
	int (*recv_begin)(struct zmq_sock *zsk, struct zmq_pipe *pipe);
	void (*recv_end)(struct zmq_sock *zsk, struct zmq_pipe *pipe);

	int (*rx_accept)(struct zmq_sock *zsk, struct zmq_rx *rx);
	bool (*rx_match)(struct zmq_sock *zsk, const u8 *body, size_t len);
};

extern const struct zmq_type zmq_pattern_pair;
extern const struct zmq_type zmq_pattern_pub;
extern const struct zmq_type zmq_pattern_sub;
extern const struct zmq_type zmq_pattern_req;
extern const struct zmq_type zmq_pattern_rep;
extern const struct zmq_type zmq_pattern_dealer;
extern const struct zmq_type zmq_pattern_router;
extern const struct zmq_type zmq_pattern_pull;
extern const struct zmq_type zmq_pattern_push;
extern const struct zmq_type zmq_pattern_stream;
extern const struct zmq_type zmq_pattern_xpub;
extern const struct zmq_type zmq_pattern_xsub;
extern const struct zmq_type zmq_pattern_radio;
extern const struct zmq_type zmq_pattern_dish;
extern const struct zmq_type zmq_pattern_dgram;
extern const struct zmq_type zmq_pattern_channel;
extern const struct zmq_type zmq_pattern_peer;
extern const struct zmq_type zmq_pattern_scatter;
extern const struct zmq_type zmq_pattern_gather;
extern const struct zmq_type zmq_pattern_client;
extern const struct zmq_type zmq_pattern_server;

/* Are there both messages and subscriptions for the user (XPUB)? */
static inline bool zmq_type_mixed(const struct zmq_type *type)
{
	return type->publishes && type->receives;
}

/* The table of a protocol number, or NULL. */
const struct zmq_type *zmq_type_find(int protocol);

/* An int option that must be 0 or 1.  Return: it, or -EINVAL. */
int zmq_type_bool(const u8 *val, size_t len);
/* One that is on unless 0, as most types' own are; -EINVAL if negative. */
int zmq_type_switch(const u8 *val, size_t len);

#endif /* _NET_ZMQ_TYPE_H */
