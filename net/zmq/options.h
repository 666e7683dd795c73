/* SPDX-License-Identifier: GPL-2.0 */
/* Socket options with libzmq's numbers, and their values. */
#ifndef _NET_ZMQ_OPTIONS_H
#define _NET_ZMQ_OPTIONS_H

#include <linux/if.h>
#include "zmtp.h"

/* Option numbers at SOL_ZMQ: libzmq's, which <zmq.h> publishes. */
enum {
	ZMQ_OPT_ROUTING_ID		= 5,
	ZMQ_OPT_SUBSCRIBE		= 6,
	ZMQ_OPT_UNSUBSCRIBE		= 7,
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
	ZMQ_OPT_RCVTIMEO		= 27,
	ZMQ_OPT_SNDTIMEO		= 28,
	ZMQ_OPT_IPV4ONLY		= 31,
	ZMQ_OPT_LAST_ENDPOINT		= 32,
	ZMQ_OPT_ROUTER_MANDATORY	= 33,
	ZMQ_OPT_TCP_KEEPALIVE		= 34,
	ZMQ_OPT_TCP_KEEPALIVE_CNT	= 35,
	ZMQ_OPT_TCP_KEEPALIVE_IDLE	= 36,
	ZMQ_OPT_TCP_KEEPALIVE_INTVL	= 37,
	ZMQ_OPT_IMMEDIATE		= 39,
	ZMQ_OPT_ROUTER_RAW		= 41,
	ZMQ_OPT_IPV6			= 42,
	ZMQ_OPT_MECHANISM		= 43,
	ZMQ_OPT_PROBE_ROUTER		= 51,
	ZMQ_OPT_REQ_CORRELATE		= 52,
	ZMQ_OPT_REQ_RELAXED		= 53,
	ZMQ_OPT_CONFLATE		= 54,
	ZMQ_OPT_ROUTER_HANDOVER		= 56,
	ZMQ_OPT_TOS			= 57,
	ZMQ_OPT_CONNECT_ROUTING_ID	= 61,
	ZMQ_OPT_HANDSHAKE_IVL		= 66,
	ZMQ_OPT_STREAM_NOTIFY		= 73,
	ZMQ_OPT_INVERT_MATCHING		= 74,
	ZMQ_OPT_HEARTBEAT_IVL		= 75,
	ZMQ_OPT_HEARTBEAT_TTL		= 76,
	ZMQ_OPT_HEARTBEAT_TIMEOUT	= 77,
	ZMQ_OPT_CONNECT_TIMEOUT		= 79,
	ZMQ_OPT_TCP_MAXRT		= 80,
	ZMQ_OPT_THREAD_SAFE		= 81,
	ZMQ_OPT_BINDTODEVICE		= 92,
	ZMQ_OPT_ROUTER_NOTIFY		= 97,
	ZMQ_OPT_PRIORITY		= 112,
};

/* Bits of ZMQ_OPT_EVENTS. */
#define ZMQ_EVENT_IN		1
#define ZMQ_EVENT_OUT		2

/* Bits of ZMQ_OPT_ROUTER_NOTIFY. */
#define ZMQ_ROUTER_NOTIFY_CONNECT	1
#define ZMQ_ROUTER_NOTIFY_DISCONNECT	2

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
	s64	maxmsgsize;
	char	device[IFNAMSIZ];
	u8	id_len;
	u8	id[ZMQ_ZMTP_ID_MAX];
};

#endif /* _NET_ZMQ_OPTIONS_H */
