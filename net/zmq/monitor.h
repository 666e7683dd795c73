/* SPDX-License-Identifier: GPL-2.0 */
/* Monitors: what happens to a socket's connections, told as messages. */
#ifndef _NET_ZMQ_MONITOR_H
#define _NET_ZMQ_MONITOR_H

#include "zmq.h"

struct zmq_conn;
struct zmq_ep;

/* Events: numbers of libzmq's ZMQ_EVENT_*. */
#define ZMQ_MONITOR_CONNECTED		0x0001
#define ZMQ_MONITOR_CONNECT_DELAYED	0x0002
#define ZMQ_MONITOR_CONNECT_RETRIED	0x0004
#define ZMQ_MONITOR_LISTENING		0x0008
#define ZMQ_MONITOR_BIND_FAILED		0x0010
#define ZMQ_MONITOR_ACCEPTED		0x0020
#define ZMQ_MONITOR_ACCEPT_FAILED	0x0040
#define ZMQ_MONITOR_CLOSED		0x0080
#define ZMQ_MONITOR_DISCONNECTED	0x0200
#define ZMQ_MONITOR_STOPPED		0x0400
#define ZMQ_MONITOR_HANDSHAKE_FAILED	0x0800
#define ZMQ_MONITOR_HANDSHAKE_SUCCEEDED	0x1000
#define ZMQ_MONITOR_HANDSHAKE_PROTOCOL	0x2000
#define ZMQ_MONITOR_HANDSHAKE_AUTH	0x4000
#define ZMQ_MONITOR_PIPES_STATS		0x10000

/* Those that version 1 can tell. */
#define ZMQ_MONITOR_ALL_V1		0xffff

/*
 * Telling an event.  Context: process; locks of level 0 and the socket's lock
 * may be held: events are sent by work.
 */
void zmq_monitor_ep(struct zmq_ep *ep, u32 event, u32 value);
void zmq_monitor_conn(struct zmq_conn *conn, u32 event, u32 value);
void zmq_monitor_bind_failed(struct zmq_sock *zsk, const char *name,
			     size_t len, int err);

/* Context: the rest: process, no lock of ours held. */
int zmq_monitor_set(struct zmq_sock *zsk, const u8 *val, size_t len);
void zmq_monitor_get(struct zmq_sock *zsk, struct zmq_af_monitor *info);
int zmq_monitor_pipes_stats(struct zmq_sock *zsk);
void zmq_monitor_flush(struct zmq_sock *zsk);
void zmq_monitor_stop(struct zmq_sock *zsk);
void zmq_monitor_cut_all(struct zmq_sock *target);

/* The socket that events are sent to may take messages again; any context. */
void zmq_monitor_resume(struct zmq_sock *target);

#endif /* _NET_ZMQ_MONITOR_H */
