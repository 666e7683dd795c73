/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * AF_ZMQ: ZeroMQ message sockets as a Linux socket family.
 *
 *	fd = socket(AF_ZMQ, SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_AF_SUB);
 *
 * The protocol argument is libzmq's socket type number.  Every socket option
 * whose meaning libzmq defines has libzmq's number, value format and range at
 * level SOL_ZMQ; options of our own start at ZMQ_AF_BASE.  This header
 * deliberately does not define libzmq's names (ZMQ_SUB, ZMQ_LINGER, ...) so
 * that it can be included beside <zmq.h>.
 *
 * Messages and parts
 *	One send call carries one part.  MSG_MORE says that more parts of the
 *	same message follow; nothing of a message is sent before its last part.
 *	One receive call returns one part; msg_flags (recvmsg) has MSG_MORE on
 *	every part but the last, MSG_EOR on the last, and MSG_TRUNC if the part
 *	was longer than the buffer (the rest is discarded).
 */
#ifndef _UAPI_LINUX_ZMQ_H
#define _UAPI_LINUX_ZMQ_H

#include <linux/socket.h>
#include <linux/types.h>

/*
 * The family number: AF_SNA's, never used by Linux.  The module's "family"
 * parameter can choose another dead one; what is in force can be read from
 * /sys/module/af_zmq/parameters/family.
 */
#define AF_ZMQ			22
#define PF_ZMQ			AF_ZMQ

/* Level of setsockopt(2) and getsockopt(2). */
#define SOL_ZMQ			23117

/* Socket types: the protocol argument of socket(2). */
enum {
	ZMQ_AF_PAIR	= 0,
	ZMQ_AF_PUB	= 1,
	ZMQ_AF_SUB	= 2,
	ZMQ_AF_REQ	= 3,
	ZMQ_AF_REP	= 4,
	ZMQ_AF_DEALER	= 5,
	ZMQ_AF_ROUTER	= 6,
	ZMQ_AF_PULL	= 7,
	ZMQ_AF_PUSH	= 8,
	ZMQ_AF_XPUB	= 9,
	ZMQ_AF_XSUB	= 10,
	ZMQ_AF_STREAM	= 11,
	ZMQ_AF_SERVER	= 12,
	ZMQ_AF_CLIENT	= 13,
	ZMQ_AF_RADIO	= 14,
	ZMQ_AF_DISH	= 15,
	ZMQ_AF_GATHER	= 16,
	ZMQ_AF_SCATTER	= 17,
	ZMQ_AF_DGRAM	= 18,
	ZMQ_AF_PEER	= 19,
	ZMQ_AF_CHANNEL	= 20,

	/*
	 * Not a message socket but a context: a group of sockets that are
	 * shut down together and waited for together.  shutdown(2) makes
	 * every call on every member fail with ESHUTDOWN; the context's
	 * descriptor polls readable (EPOLLIN) once it is shut down and its
	 * last member is closed and has finished lingering.
	 */
	ZMQ_AF_CONTEXT	= 0x100,
};

/**
 * struct sockaddr_zmq - an endpoint for bind(2), connect(2), getsockname(2)
 * @szmq_family: AF_ZMQ
 * @szmq_endpoint: "tcp://127.0.0.1:5555", "ipc:///run/feed", ...; the string
 *	ends at a NUL or at the end given by the address length.
 *
 * Endpoints too long for it go through ZMQ_AF_BIND and ZMQ_AF_CONNECT.
 * getsockname() returns the last endpoint bound or connected, as libzmq's
 * ZMQ_LAST_ENDPOINT does: wildcards and port 0 are resolved.
 */
struct sockaddr_zmq {
	__kernel_sa_family_t	szmq_family;
	char			szmq_endpoint[126];
};

/*
 * recvmsg(2) flag: if the part does not fit in the buffer leave it queued and
 * fail with EMSGSIZE (ioctl FIONREAD tells its size) instead of truncating.
 */
#define MSG_ZMQ_WHOLE		0x200

/*
 * sendmsg(2) and recvmsg(2) flag: the buffer holds packed messages: any number
 * of whole ones, each as ZMTP 2.0 frames one behind the other.  A frame is
 *	flags octet	1: more parts of this message follow; 2: the length
 *			has 8 bytes, which it has if and only if it is above
 *			255 (received frames may use 8 bytes for less)
 *	length		1 byte, or 8 bytes big-endian
 *	body
 * A routing id that a plain call would return or expect as the first part is
 * the first frame.  MSG_MORE and MSG_ZMQ_WHOLE mean nothing here.  Types whose
 * messages have ancillary data (below) fail with EOPNOTSUPP.
 *
 * Sending returns the bytes of the messages that were taken, whole ones always;
 * fewer than given if there is no room for more now.  A call waits for room
 * for its first message only, and with MSG_DONTWAIT fails with EAGAIN if there
 * is none.  Bytes that are not as above fail with EINVAL and nothing is sent;
 * of a longer buffer that is so for 64 KiB at a time, and what came before is
 * taken.  EMSGSIZE is a message above net.zmq.msg_max or with more parts than
 * net.zmq.parts_max.  Every other error of a plain send means the first
 * message that was not taken; it is reported if that is the buffer's first,
 * else by the next call.
 *
 * Receiving returns as many whole messages as are there and fit, in the order
 * of plain calls, and waits for the first one only.  If that does not fit it
 * stays, and the call fails with EMSGSIZE: see ZMQ_AF_PACKED_LEN.  A message
 * partly received by plain calls comes first, what is left of it.
 */
#define MSG_ZMQ_PACKED		0x10

/*
 * Options of our own at SOL_ZMQ.  "S" can be set, "G" can be read.
 */
#define ZMQ_AF_BASE		0x5a00

/*
 * S, string up to ZMQ_AF_ENDPOINT_MAX bytes with or without the final NUL:
 * what bind(2) and connect(2) do, for endpoints of any length, and the way
 * back.  UNBIND and DISCONNECT fail with ENOENT for an unknown endpoint.
 */
#define ZMQ_AF_BIND		(ZMQ_AF_BASE + 1)
#define ZMQ_AF_CONNECT		(ZMQ_AF_BASE + 2)
#define ZMQ_AF_UNBIND		(ZMQ_AF_BASE + 3)
#define ZMQ_AF_DISCONNECT	(ZMQ_AF_BASE + 4)
#define ZMQ_AF_ENDPOINT_MAX	1023

/*
 * S, int: join the context whose descriptor is given.  Only before the first
 * bind or connect and only once (EBUSY); ESHUTDOWN if it is shut down.
 */
#define ZMQ_AF_CTX		(ZMQ_AF_BASE + 5)

/*
 * SG, int 0/1 (default 0): 1 makes a blocking call that a signal interrupts
 * always fail with EINTR, as libzmq does; 0 gives the usual socket rule
 * (restarted under SA_RESTART unless a timeout is set).
 */
#define ZMQ_AF_EINTR		(ZMQ_AF_BASE + 6)

/*
 * SG, int 0/1 (default 0), connects made later: 1 connects again also to a peer
 * that broke the protocol or whose type does not fit, after the usual interval,
 * unless ZMQ_RECONNECT_STOP says not to; libzmq never does.
 */
#define ZMQ_AF_RETRY		(ZMQ_AF_BASE + 8)

/*
 * S, bytes: what ZMQ_AF_CONNECT does, for an endpoint whose host is a name (or
 * whose SOCKS proxy's host is) that the caller has looked up: the endpoint, a
 * NUL, then numeric addresses separated by commas.  They are tried in turn, at
 * once and, where the kernel cannot look the name up again, ever after.
 * EHOSTUNREACH: there are none, and the kernel cannot look names up.
 */
#define ZMQ_AF_CONNECT_AT	(ZMQ_AF_BASE + 0x50)

/* G, struct zmq_af_stats; a shorter buffer gets a prefix. */
#define ZMQ_AF_STATS		(ZMQ_AF_BASE + 7)

/*
 * SG, int: where the socket's inproc:// names live, from the next bind or
 * connect on.  ZMQ_AF_INPROC_CTX (the default): in its context, see ZMQ_AF_CTX;
 * bind and connect fail with ENXIO if it has none.  ZMQ_AF_INPROC_USER: sockets
 * of the same effective user id and network namespace meet, whatever their
 * processes and contexts.
 */
#define ZMQ_AF_INPROC_SCOPE	(ZMQ_AF_BASE + 0x10)
#define ZMQ_AF_INPROC_CTX	0
#define ZMQ_AF_INPROC_USER	1

/**
 * struct zmq_af_stats - what a socket has done since it was created
 * @tx_msgs: whole messages accepted from the user for at least one peer
 * @tx_bytes: bytes of their bodies
 * @rx_msgs: whole messages queued for the user
 * @rx_bytes: bytes of their bodies
 * @tx_drops: messages not sent to a peer: no such peer, or its queue full
 * @rx_drops: messages received and thrown away: filtered out, or malformed
 *	for the socket type
 * @peers: pipes now attached
 * @tx_queued_msgs: messages now waiting to be sent, all pipes together
 * @tx_queued_bytes: bytes they occupy, framing included
 * @rx_queued_msgs: messages now waiting to be received
 * @rx_queued_bytes: bytes they occupy, framing included
 * @protocol_errors: connections closed because the peer broke the protocol
 */
struct zmq_af_stats {
	__u64	tx_msgs;
	__u64	tx_bytes;
	__u64	rx_msgs;
	__u64	rx_bytes;
	__u64	tx_drops;
	__u64	rx_drops;
	__u64	peers;
	__u64	tx_queued_msgs;
	__u64	tx_queued_bytes;
	__u64	rx_queued_msgs;
	__u64	rx_queued_bytes;
	__u64	protocol_errors;
};

/*
 * S, up to 255 bytes: a DISH joins or leaves a group.  EINVAL: it has joined
 * the group already, or has not.
 */
#define ZMQ_AF_JOIN		(ZMQ_AF_BASE + 0x22)
#define ZMQ_AF_LEAVE		(ZMQ_AF_BASE + 0x23)

/*
 * Ancillary data (cmsg(3)) at level SOL_ZMQ.  sendmsg(2) fails with EINVAL for
 * data that the socket's type does not have, or of the wrong size.
 *
 * ZMQ_AF_CMSG_GROUP: up to 255 bytes: the group of a RADIO's message (none: the
 * empty one); a DISH is told it with each message.
 */
#define ZMQ_AF_CMSG_GROUP	(ZMQ_AF_BASE + 0x20)

/*
 * ZMQ_AF_CMSG_ROUTING_ID: __u32: the peer that a message is for, or is from,
 * of types that number their peers.
 */
#define ZMQ_AF_CMSG_ROUTING_ID	(ZMQ_AF_BASE + 0x21)

/*
 * One peer of a socket that addresses its peers, by the routing id that it has
 * there: the bytes in front of a ROUTER's or STREAM's messages, or the __u32
 * of ZMQ_AF_CMSG_ROUTING_ID.  EOPNOTSUPP: the type has none; EHOSTUNREACH: no
 * such peer.
 *
 * ZMQ_AF_CONNECT_PEER: G, struct zmq_af_connect_peer; SERVER and PEER: connect
 * and tell the routing id, which can be sent to at once.  The length given may
 * be shorter than the struct.  Errors of connect(2), and EINVAL with
 * ZMQ_IMMEDIATE, under which there is no peer yet.
 */
#define ZMQ_AF_CONNECT_PEER	(ZMQ_AF_BASE + 0x30)

/**
 * struct zmq_af_connect_peer - argument of ZMQ_AF_CONNECT_PEER
 * @routing_id: result
 * @endpoint: where to; ends at a NUL or at the length given; behind the NUL may
 *	be addresses of its host, as with ZMQ_AF_CONNECT_AT
 */
struct zmq_af_connect_peer {
	__u32	routing_id;
	char	endpoint[ZMQ_AF_ENDPOINT_MAX + 1];
};

/*
 * S, the routing id: disconnect this peer.  What is queued for it lingers as
 * ZMQ_LINGER says, what it sent and was not read is dropped.  A peer that had
 * connected to us may do so again.
 */
#define ZMQ_AF_DISCONNECT_PEER	(ZMQ_AF_BASE + 0x31)

/* G, struct zmq_af_peer_state; the length given includes the routing id. */
#define ZMQ_AF_PEER_STATE	(ZMQ_AF_BASE + 0x32)

/**
 * struct zmq_af_peer_state - argument of ZMQ_AF_PEER_STATE
 * @events: result: ZMQ_EVENTS of this peer: 2: its queue has room, else 0
 * @id: its routing id, up to the length given
 */
struct zmq_af_peer_state {
	__u32	events;
	__u8	id[255];
};

/*
 * SG, int 0/1 (default 0): every send and receive is packed, as with
 * MSG_ZMQ_PACKED: for read(2), write(2) and whatever takes no flags.  FIONREAD
 * then tells the bytes of the next message, all of its frames.
 */
#define ZMQ_AF_PACKED		(ZMQ_AF_BASE + 0x60)

/* G, int64: bytes that the next message takes packed; 0: there is none. */
#define ZMQ_AF_PACKED_LEN	(ZMQ_AF_BASE + 0x61)

/*
 * G, struct zmq_af_lookahead: look at the next messages without taking them,
 * and tell how many of those looked at before were taken: for libraries whose
 * users receive messages one by one.  Never waits.  What is not told to have
 * been taken stays queued for everybody else: it keeps the socket readable,
 * counts for its mark, goes with its peer, and is looked at again by the next
 * call.
 *
 * Messages are told in the order of plain receives: no more than until a peer
 * is next given credit, and with several peers that have messages, or of a
 * ROUTER or STREAM, none, unless ZMQ_AF_LOOKAHEAD_PEERS is given.  What is left
 * of a message partly received comes first, as a message.  REQ, REP, XPUB and
 * types whose messages have ancillary data fail with EOPNOTSUPP.
 *
 * EINVAL: more taken than were told, or unknown flags; ESTALE: another receive
 * has taken messages since; nothing is taken then.  poll(2) tells by POLLPRI that
 * a peer that had no messages has got some since.  ZMQ_AF_RECVMETA holds here
 * as for receives; a message that is taken was told which connection it came by
 * if ZMQ_AF_LOOKAHEAD_PEERS is set.
 */
#define ZMQ_AF_LOOKAHEAD	(ZMQ_AF_BASE + 0x66)

/* zmq_af_lookahead.flags */
#define ZMQ_AF_LOOKAHEAD_PROMPT	1
#define ZMQ_AF_LOOKAHEAD_META	2
#define ZMQ_AF_LOOKAHEAD_PEERS	4

/**
 * struct zmq_af_lookahead - argument of ZMQ_AF_LOOKAHEAD
 * @taken: whole messages taken of those that the last call told
 * @parts: and parts of the message behind them, not its last one
 * @max: look at so many messages at most; 0: none
 * @size_max: look at no message of more bytes, headers included, or behind it
 * @count: result: messages in @data; 0: there is none, or a plain receive is
 *	what can take it
 * @bytes: result: bytes in @data, 8 KiB at most
 * @meta: result: with ZMQ_AF_LOOKAHEAD_META: as ZMQ_AF_CMSG_META
 * @flags: 0 or ZMQ_AF_LOOKAHEAD_PEERS: also if several peers have messages, or
 *	are told by their routing ids; result: ZMQ_AF_LOOKAHEAD_PROMPT: a sender
 *	may wait for the last of them to be taken: tell at once;
 *	ZMQ_AF_LOOKAHEAD_META; ZMQ_AF_LOOKAHEAD_PEERS: each message in @data is
 *	behind the number of its connection, a __u32 that is not aligned, as
 *	ZMQ_AF_CMSG_META
 * @data: result: packed messages, see MSG_ZMQ_PACKED
 */
struct zmq_af_lookahead {
	__u32	taken;
	__u32	parts;
	__u32	max;
	__u32	size_max;
	__u32	count;
	__u32	bytes;
	__u32	meta;
	__u32	flags;
	__u8	data[];
};

/*
 * SG, struct zmq_af_monitor: have what happens to the socket's connections and
 * listeners told as messages, which are sent into another AF_ZMQ socket, of
 * type PAIR, PUB or PUSH, bound or connected to any endpoint.  A later call
 * replaces the monitor, one with @fd -1 ends it, and so does closing either
 * socket.  Nothing ever waits for the reader: events stay queued, up to 1000,
 * while the other socket has no peer or cannot send, and further ones are
 * dropped and counted.
 *
 * Messages are libzmq's.  Version 1 has two parts: a __u16 event and, not
 * aligned, a __s32 value, in host order; then the endpoint.  Version 2: __u64
 * event, __u64 number of values, one part for each value (__u64), local and
 * remote endpoint.  Events have the numbers of ZMQ_EVENT_*.  Where libzmq's
 * value is a descriptor it is the number of a connection (or of a listener),
 * which is no valid descriptor number.
 */
#define ZMQ_AF_MONITOR		(ZMQ_AF_BASE + 0x40)

/**
 * struct zmq_af_monitor - the monitor of a socket
 * @events: mask of the events wanted; 16 bits with version 1, else EINVAL
 * @fd: descriptor of the socket that gets them; reading it: -1
 * @version: 1 or 2; 0 when read: there is no monitor
 * @sent: when read: events sent
 * @dropped: when read: events dropped
 * @queued: when read: events waiting for the reader
 */
struct zmq_af_monitor {
	__u64	events;
	__s32	fd;
	__u32	version;
	__u64	sent;
	__u64	dropped;
	__u64	queued;
};

/*
 * S, no value: raise ZMQ_EVENT_PIPES_STATS, with the numbers of messages
 * queued to be sent and to be received, for each peer.  EINVAL: the socket has
 * no monitor of version 2; EAGAIN: no peer.
 */
#define ZMQ_AF_MONITOR_PIPES	(ZMQ_AF_BASE + 0x41)

/*
 * SG, int (default 0): recvmsg(2) tells with each part, routing ids included,
 * as ZMQ_AF_CMSG_META, a __u32, which connection it came by; 0: one without
 * metadata (peers of ZMTP 2.0 and before).  With ZMQ_AF_RECVMETA_NEW only if
 * that is not the one that was told last.  A call without room for ancillary
 * data is told nothing, and the next one instead.
 */
#define ZMQ_AF_RECVMETA		(ZMQ_AF_BASE + 0x42)
#define ZMQ_AF_RECVMETA_ALL	1
#define ZMQ_AF_RECVMETA_NEW	2
#define ZMQ_AF_CMSG_META	ZMQ_AF_RECVMETA

/*
 * G: the metadata of a connection.  The buffer begins with the number of the
 * connection (__u32) and gets its properties, each a length octet and name,
 * and a length of four octets, big-endian, and value: "Peer-Address", then
 * those that the peer sent ("Socket-Type", "Identity", "X-...").  It can be
 * asked for while the connection is there or has something to be read, and
 * while it is the one told last.  ENOENT: it is gone; EMSGSIZE: the buffer is
 * too short, the length tells what is needed, ZMQ_AF_META_MAX at most.
 */
#define ZMQ_AF_META		(ZMQ_AF_BASE + 0x43)
#define ZMQ_AF_META_MAX		8448

/*
 * G: a descriptor that tells of a connection: the buffer begins with its number
 * (__u32; ZMQ_AF_CMSG_META, monitors) and gets the descriptor (__s32), which
 * answers getpeername(2), getsockname(2), SO_PEERCRED, TCP_INFO and other
 * options that only tell, and is EPOLLHUP when the connection is over: then
 * options of TCP are ENOTCONN.  Everything else is EOPNOTSUPP.  It is closed on
 * exec and keeps nothing alive.  ENOENT: no such connection, or none any more.
 */
#define ZMQ_AF_PEER_FD		(ZMQ_AF_BASE + 0x70)

/*
 * G: the peers: for each a struct zmq_af_peer with strings behind it.  EMSGSIZE:
 * the buffer is too short, the length tells what is needed now.
 */
#define ZMQ_AF_PEERS		(ZMQ_AF_BASE + 0x71)

/* zmq_af_peer.state; what is in between may be added. */
#define ZMQ_AF_PEER_WAITING	0	/* for the next attempt, or a bind */
#define ZMQ_AF_PEER_CONNECTING	10
#define ZMQ_AF_PEER_HANDSHAKE	20
#define ZMQ_AF_PEER_READY	30

/* zmq_af_peer.flags */
#define ZMQ_AF_PEER_CONNECTS	1	/* we connect to it */

/**
 * struct zmq_af_peer - a peer
 * @size: bytes until the next peer, strings included
 * @head: bytes of this struct that the kernel knows; newer ones know more
 * @number: of its connection, as ZMQ_AF_CMSG_META and monitors have it; 0: none
 * @state: ZMQ_AF_PEER_WAITING and the like
 * @flags: ZMQ_AF_PEER_CONNECTS
 * @routing_id: its number, of types that number their peers
 * @local: offset in here of the endpoint of our end, ends at a NUL; empty: not
 *	connected, or inproc
 * @remote: the same of the other end; not connected: what is connected to
 * @id: offset of its routing id
 * @id_len: length of that, 0: none
 * @tx_msgs: messages queued to be sent
 * @tx_bytes: bytes of these, framing included
 * @rx_msgs: messages queued to be received
 * @rx_bytes: bytes of these, framing included
 */
struct zmq_af_peer {
	__u32	size;
	__u32	head;
	__u32	number;
	__u32	state;
	__u32	flags;
	__u32	routing_id;
	__u16	local;
	__u16	remote;
	__u16	id;
	__u16	id_len;
	__u64	tx_msgs;
	__u64	tx_bytes;
	__u64	rx_msgs;
	__u64	rx_bytes;
};

/*
 * SG, int, us (default net.zmq.coalesce_default, -1): how long a message may
 * wait for others, to be sent together with them.  -1: as long as pays: the
 * first messages after a pause go at once; those that follow faster than they
 * could be sent singly wait for ten times the duration of a send at most, and
 * never longer than 300 us, or than sending to all its peers takes, up to 10 ms.
 * 0: never.
 * Others, up to ZMQ_AF_COALESCE_MAX: so long, unless none was sent for so long
 * before.  A SUB's subscriptions wait as messages do.  Nothing waits that is of
 * a REQ, REP or XSUB, that was sent with MSG_EOR
 * (write(2) sets it), of which there are 512 messages or 32 KiB for one peer or
 * as many as its queue takes; or when a receive, a poll or a send on the same
 * socket is about to block or to fail with EAGAIN, or the socket is closed.
 */
#define ZMQ_AF_COALESCE		(ZMQ_AF_BASE + 0x62)
#define ZMQ_AF_COALESCE_MAX	1000000

/*
 * SG, int (default 0): bytes, a power of two from ZMQ_AF_RING_MIN to
 * ZMQ_AF_RING_MAX: give a PAIR, PUB, PUSH, DEALER or ROUTER a ring in memory
 * shared with the kernel, through which it can be sent to without system calls.
 * Once only (EBUSY).  EOPNOTSUPP: other types.  Then
 *	mmap(NULL, r, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
 * of r = getpagesize() + size bytes, no fewer or more, never PROT_EXEC, gives
 * struct zmq_af_ring and, at its @offset, the ring.  A mapping keeps the socket
 * open as a descriptor does, and is not inherited by fork(2).
 */
#define ZMQ_AF_RING		(ZMQ_AF_BASE + 0x63)
#define ZMQ_AF_RING_MIN		4096
#define ZMQ_AF_RING_MAX		1048576

/**
 * struct zmq_af_ring - first page of the memory shared with a sender
 * @size: bytes in the ring; constant
 * @offset: where in the mapping it begins; constant
 * @max: most bytes that a message's bodies may have; constant
 * @flags: ZMQ_AF_RING_*; written by the kernel
 * @limit: messages that may have been put in since it was made, in all; written
 *	by the kernel
 * @head: bytes that the kernel has taken out; written by the kernel
 * @tail: bytes that were put in; written by the user
 *
 * The counters begin with 0 and wrap around; byte n is at @offset + n % @size.
 * In the ring are whole messages, packed as for MSG_ZMQ_PACKED; frames and
 * headers may wrap around its end.  One thread at a time puts messages in:
 *
 *	1. @flags is 0, else send by a system call;
 *	2. (__s32)(@limit - messages put in so far) is positive, and @head, read
 *	   with acquire semantics, leaves room in the ring, else send by a
 *	   system call, which blocks or fails as a send does;
 *	3. write the message, then @tail with release semantics;
 *	4. full memory barrier, then read @flags: if ZMQ_AF_RING_WAKE is set now,
 *	   send(fd, NULL, 0, MSG_ZMQ_PACKED).
 *
 * A message is sent when @tail has been written and step 4 is done.  While
 * @flags is 0 the kernel looks at @tail by itself, as soon and as often as
 * ZMQ_AF_COALESCE lets messages wait.  Every call on the socket first takes out
 * what is there, so nothing overtakes it: other sends, poll(2), close(2),
 * exit(2).  A multipart message that was begun by other calls ends before.
 *
 * If what it finds are not whole messages, or @tail went where it cannot be, the
 * kernel sets ZMQ_AF_RING_STOPPED, ignores the ring from then on, and fails the
 * call of step 4 with EINVAL.  Other sends go on working.
 */
struct zmq_af_ring {
	__u32	size;
	__u32	offset;
	__u32	max;
	__u32	flags;
	__u32	limit;
	__u32	head;
	__u32	pad[10];
	__u32	tail;
};

#define ZMQ_AF_RING_WAKE	1	/* the kernel is not looking */
#define ZMQ_AF_RING_STOPPED	2	/* and never will again */

#endif /* _UAPI_LINUX_ZMQ_H */
