/* SPDX-License-Identifier: GPL-2.0 */
/* Transports: what differs between TCP, unix sockets, inproc and UDP below us. */
#ifndef _NET_ZMQ_TRANSPORT_H
#define _NET_ZMQ_TRANSPORT_H

#include <linux/uio.h>
#include "endpoint.h"

struct sock;
struct socket;
struct zmq_conn;
struct zmq_ep;

/**
 * struct zmq_transport - operations on lower sockets
 * @proto: which transport this is
 * @unbinds_first: a name both bound and connected to is only unbound at first
 * @locked: the lower socket's callbacks run with its lock held, and the same
 *	lock is taken to send (TCP); otherwise neither (unix)
 * @attach: without lower sockets: all that is to be done for a connect, under
 *	ep_mutex.  0; -EBUSY and the like: no.  *@routing_id: as
 *	zmq_ep_connect_peer().  NULL: connections do it.
 * @ended: with @attach: is a connect over for good?
 * @close: with @attach: the endpoint ends; ep_mutex held.
 * @free: with @attach: it has no user any more.
 * @listen: create, bind and listen in the caller's context; set ep->listener
 *	and ep->bound.  Errors of bind(2); -ENODEV: no such interface.
 * @check: what of a connect address endpoint.c cannot judge; gets the addresses
 *	of a host name that the user gave, separated by commas.
 * @prepare: make what belongs to the caller, before the first @connect.
 *	-EINPROGRESS: work shall do that.  May be NULL.
 * @connect: begin connecting conn->lower, made if need be, callbacks
 *	installed.  0: connected; -EINPROGRESS: callbacks will tell; else the
 *	attempt failed.  Process context, the first time the caller's.
 * @disconnect: make ready for another @connect after any outcome.
 * @connected: did @connect succeed?  0, -EINPROGRESS or the error.
 * @adopt: an accepted socket: set its options.  -EACCES: its peer is not one
 *	of those the endpoint takes.
 * @fits: could @sk be a lower socket?  ZMQ_USE_FD.
 * @address: who is at the other end, for "Peer-Address": a new string or NULL.
 * @read: feed the parser with what is there, until it stops.  Level 3.
 * @send: copy bytes into the lower socket.  Bytes taken, -EAGAIN, or an error.
 * @send_page: pass a range of a page, by reference if it can.  The same.
 * @name: endpoint of a socket's own end or of its @peer, as a new string; NULL
 *	if there is none.
 * @writable: would @send take something?
 * @tainted: is there something in the input that no ZMTP peer sends and that
 *	must not stay there?  Level 3.  May be NULL.
 * @has_input: is there input not yet read?  Level 3.
 * @unacked: bytes that the peer has not got yet, the end of all, which was told,
 *	included; 0: none, or it will never get them.  May be NULL: what was sent
 *	is there.
 */
struct zmq_transport {
	enum zmq_endpoint_proto	proto;
	bool			locked;
	bool			unbinds_first;

	int (*attach)(struct zmq_ep *ep, u32 *routing_id);
	bool (*ended)(struct zmq_ep *ep);
	void (*close)(struct zmq_ep *ep, int linger);
	void (*free)(struct zmq_ep *ep);
	int (*listen)(struct zmq_ep *ep);
	int (*check)(struct zmq_ep *ep, const char *addrs, size_t len);
	int (*prepare)(struct zmq_conn *conn);
	int (*connect)(struct zmq_conn *conn);
	void (*disconnect)(struct zmq_conn *conn);
	int (*connected)(struct zmq_conn *conn);
	int (*adopt)(struct zmq_conn *conn);
	bool (*fits)(const struct sock *sk);
	char *(*address)(struct zmq_conn *conn);
	bool (*read)(struct zmq_conn *conn);
	int (*send)(struct zmq_conn *conn, struct kvec *vec, int n, size_t len,
		    bool more);
	int (*send_page)(struct zmq_conn *conn, struct page *page, u32 off,
			 u32 len, bool more);
	char *(*name)(struct socket *sock, bool peer);
	bool (*writable)(const struct sock *sk);
	bool (*tainted)(struct zmq_conn *conn);
	bool (*has_input)(struct zmq_conn *conn);
	u32 (*unacked)(struct zmq_conn *conn);
};

extern const struct zmq_transport zmq_inproc_transport;
extern const struct zmq_transport zmq_tcp_transport;
extern const struct zmq_transport zmq_udp_transport;
extern const struct zmq_transport zmq_unix_transport;

#endif /* _NET_ZMQ_TRANSPORT_H */
