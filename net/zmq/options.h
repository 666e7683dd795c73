/* SPDX-License-Identifier: GPL-2.0 */
/* Socket options with libzmq's numbers, and their values. */
#ifndef _NET_ZMQ_OPTIONS_H
#define _NET_ZMQ_OPTIONS_H

#include <linux/if.h>
#include <linux/refcount.h>
#include "zmtp.h"

/* Option numbers at SOL_ZMQ: libzmq's, which <zmq.h> publishes. */
enum {
	ZMQ_OPT_AFFINITY		= 4,
	ZMQ_OPT_ROUTING_ID		= 5,
	ZMQ_OPT_SUBSCRIBE		= 6,
	ZMQ_OPT_UNSUBSCRIBE		= 7,
	ZMQ_OPT_RATE			= 8,
	ZMQ_OPT_RECOVERY_IVL		= 9,
	ZMQ_OPT_SNDBUF			= 11,
	ZMQ_OPT_RCVBUF			= 12,
	ZMQ_OPT_RCVMORE			= 13,
	ZMQ_OPT_EVENTS			= 15,
	ZMQ_OPT_TYPE			= 16,
	ZMQ_OPT_LINGER			= 17,
	ZMQ_OPT_RECONNECT_IVL		= 18,
	ZMQ_OPT_BACKLOG			= 19,
	ZMQ_OPT_RECONNECT_IVL_MAX	= 21,
	ZMQ_OPT_MAXMSGSIZE		= 22,
	ZMQ_OPT_SNDHWM			= 23,
	ZMQ_OPT_RCVHWM			= 24,
	ZMQ_OPT_MULTICAST_HOPS		= 25,
	ZMQ_OPT_RCVTIMEO		= 27,
	ZMQ_OPT_SNDTIMEO		= 28,
	ZMQ_OPT_IPV4ONLY		= 31,
	ZMQ_OPT_LAST_ENDPOINT		= 32,
	ZMQ_OPT_ROUTER_MANDATORY	= 33,
	ZMQ_OPT_TCP_KEEPALIVE		= 34,
	ZMQ_OPT_TCP_KEEPALIVE_CNT	= 35,
	ZMQ_OPT_TCP_KEEPALIVE_IDLE	= 36,
	ZMQ_OPT_TCP_KEEPALIVE_INTVL	= 37,
	ZMQ_OPT_TCP_ACCEPT_FILTER	= 38,
	ZMQ_OPT_IMMEDIATE		= 39,
	ZMQ_OPT_XPUB_VERBOSE		= 40,
	ZMQ_OPT_ROUTER_RAW		= 41,
	ZMQ_OPT_IPV6			= 42,
	ZMQ_OPT_MECHANISM		= 43,
	ZMQ_OPT_PROBE_ROUTER		= 51,
	ZMQ_OPT_REQ_CORRELATE		= 52,
	ZMQ_OPT_REQ_RELAXED		= 53,
	ZMQ_OPT_CONFLATE		= 54,
	ZMQ_OPT_ROUTER_HANDOVER		= 56,
	ZMQ_OPT_TOS			= 57,
	ZMQ_OPT_IPC_FILTER_PID		= 58,
	ZMQ_OPT_IPC_FILTER_UID		= 59,
	ZMQ_OPT_IPC_FILTER_GID		= 60,
	ZMQ_OPT_CONNECT_ROUTING_ID	= 61,
	ZMQ_OPT_HANDSHAKE_IVL		= 66,
	ZMQ_OPT_SOCKS_PROXY		= 68,
	ZMQ_OPT_XPUB_NODROP		= 69,
	ZMQ_OPT_XPUB_MANUAL		= 71,
	ZMQ_OPT_XPUB_WELCOME_MSG	= 72,
	ZMQ_OPT_STREAM_NOTIFY		= 73,
	ZMQ_OPT_INVERT_MATCHING		= 74,
	ZMQ_OPT_HEARTBEAT_IVL		= 75,
	ZMQ_OPT_HEARTBEAT_TTL		= 76,
	ZMQ_OPT_HEARTBEAT_TIMEOUT	= 77,
	ZMQ_OPT_XPUB_VERBOSER		= 78,
	ZMQ_OPT_CONNECT_TIMEOUT		= 79,
	ZMQ_OPT_TCP_MAXRT		= 80,
	ZMQ_OPT_THREAD_SAFE		= 81,
	ZMQ_OPT_MULTICAST_MAXTPDU	= 84,
	ZMQ_OPT_USE_FD			= 89,
	ZMQ_OPT_BINDTODEVICE		= 92,
	ZMQ_OPT_LOOPBACK_FASTPATH	= 94,
	ZMQ_OPT_METADATA		= 95,
	ZMQ_OPT_MULTICAST_LOOP		= 96,
	ZMQ_OPT_ROUTER_NOTIFY		= 97,
	ZMQ_OPT_XPUB_MANUAL_LAST_VALUE	= 98,
	ZMQ_OPT_SOCKS_USERNAME		= 99,
	ZMQ_OPT_SOCKS_PASSWORD		= 100,
	ZMQ_OPT_IN_BATCH_SIZE		= 101,
	ZMQ_OPT_OUT_BATCH_SIZE		= 102,
	ZMQ_OPT_ONLY_FIRST_SUBSCRIBE	= 108,
	ZMQ_OPT_RECONNECT_STOP		= 109,
	ZMQ_OPT_HELLO_MSG		= 110,
	ZMQ_OPT_DISCONNECT_MSG		= 111,
	ZMQ_OPT_PRIORITY		= 112,
	ZMQ_OPT_BUSY_POLL		= 113,
	ZMQ_OPT_HICCUP_MSG		= 114,
	ZMQ_OPT_XSUB_VERBOSE_UNSUBSCRIBE = 115,
	ZMQ_OPT_TOPICS_COUNT		= 116,
};

/* Bits of ZMQ_OPT_EVENTS. */
#define ZMQ_EVENT_IN		1
#define ZMQ_EVENT_OUT		2

/* Bits of ZMQ_OPT_ROUTER_NOTIFY. */
#define ZMQ_ROUTER_NOTIFY_CONNECT	1
#define ZMQ_ROUTER_NOTIFY_DISCONNECT	2

/* Bits of ZMQ_OPT_RECONNECT_STOP: after what a connector gives up. */
#define ZMQ_STOP_REFUSED	1	/* nobody listens there */
#define ZMQ_STOP_HANDSHAKE	2	/* the handshake failed */
#define ZMQ_STOP_DISCONNECT	4	/* the peer was there and went */

/**
 * struct zmq_blob - a value of any length, shared by those who copied it
 * @refs: socket and endpoints
 * @len: bytes in @data
 * @data: the value; a string has a NUL behind it
 */
struct zmq_blob {
	refcount_t	refs;
	u32		len;
	u8		data[];
};

/* Values kept as blobs; NULL: none. */
enum zmq_options_blob {
	ZMQ_BLOB_SOCKS_PROXY,		/* string */
	ZMQ_BLOB_SOCKS_USERNAME,	/* string */
	ZMQ_BLOB_SOCKS_PASSWORD,	/* string */
	ZMQ_BLOB_TCP_FILTER,		/* struct zmq_filter_net[] */
	ZMQ_BLOB_IPC_PID,		/* pid_t[] */
	ZMQ_BLOB_IPC_UID,		/* uid_t[] */
	ZMQ_BLOB_IPC_GID,		/* gid_t[] */
	ZMQ_BLOB_METADATA,		/* properties, see meta.c */
	ZMQ_BLOB_COUNT
};

/**
 * struct zmq_options - option values that endpoints copy
 *
 * A bind or connect takes a copy; later changes affect later endpoints only,
 * but for the marks and linger, which are re-applied (libzmq's snapshot rule).
 * Times are in ms as libzmq has them; -1 is libzmq's -1.  @raw: peers do not
 * speak ZMTP (STREAM, ZMQ_ROUTER_RAW).
 */
struct zmq_options {
	int	sndhwm;
	int	rcvhwm;
	int	linger;
	int	reconnect_ivl;
	int	reconnect_ivl_max;
	int	connect_timeout;
	int	handshake_ivl;
	int	heartbeat_ivl;
	int	heartbeat_ttl;
	int	heartbeat_timeout;
	int	backlog;
	int	sndbuf;
	int	rcvbuf;
	int	tos;
	int	priority;
	int	tcp_maxrt;
	int	keepalive;
	int	keepalive_cnt;
	int	keepalive_idle;
	int	keepalive_intvl;
	int	immediate;
	int	ipv6;
	int	conflate;
	int	invert_matching;
	int	probe_router;
	int	router_notify;
	int	raw;
	int	reconnect_stop;
	int	retry;		/* ZMQ_AF_RETRY */
	int	busy_poll;
	int	use_fd;
	int	multicast_hops;
	int	multicast_loop;
	int	multicast_maxtpdu;
	/* libzmq's that mean nothing here: kept to be read back */
	int	rate;
	int	recovery_ivl;
	int	loopback_fastpath;
	int	in_batch_size;
	int	out_batch_size;
	u64	affinity;
	s64	maxmsgsize;
	struct zmq_blob *blob[ZMQ_BLOB_COUNT];
	char	device[IFNAMSIZ];
	u8	id_len;
	u8	id[ZMQ_ZMTP_ID_MAX];
};

/* options.c */
void zmq_options_init(struct zmq_options *opt);
void zmq_options_copy(struct zmq_options *to, const struct zmq_options *from);
void zmq_options_free(struct zmq_options *opt);
int zmq_options_set_blob(struct zmq_options *opt, enum zmq_options_blob which,
			 const void *val, size_t len);
int zmq_options_append(struct zmq_options *opt, enum zmq_options_blob which,
		       const void *item, size_t size);

/* The string of a blob, or NULL. */
static inline const char *zmq_options_str(const struct zmq_options *opt,
					  enum zmq_options_blob which)
{
	return opt->blob[which] ? (const char *)opt->blob[which]->data : NULL;
}

#endif /* _NET_ZMQ_OPTIONS_H */
