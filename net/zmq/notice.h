/* SPDX-License-Identifier: GPL-2.0 */
/* Messages that mark the beginning and the end of connections. */
#ifndef _NET_ZMQ_NOTICE_H
#define _NET_ZMQ_NOTICE_H

#include <linux/types.h>

struct zmq_conn;
struct zmq_pipe;
struct zmq_sock;

/* Index in zsk->notices; bits of zmq_type.notices are BIT() of them. */
enum {
	ZMQ_NOTICE_HELLO,	/* to the peer, first on each connection */
	ZMQ_NOTICE_DISCONNECT,	/* to the user: one that came to us is gone */
	ZMQ_NOTICE_HICCUP,	/* to the user: one we connect to is gone */
	ZMQ_NOTICES,
};

/**
 * struct zmq_notice - one such message
 * @len: bytes in @data
 * @data: its only part
 */
struct zmq_notice {
	u32	len;
	u8	data[];
};

int zmq_notice_set(struct zmq_sock *zsk, int opt, const u8 *val, size_t len);
void zmq_notice_hello(struct zmq_conn *conn);
void zmq_notice_greet(struct zmq_pipe *pipe);
void zmq_notice_lost(struct zmq_conn *conn);
void zmq_notice_left(struct zmq_pipe *pipe);
void zmq_notice_inject(struct zmq_pipe *pipe, const u8 *data, u32 len);
void zmq_notice_free(struct zmq_sock *zsk);

#endif /* _NET_ZMQ_NOTICE_H */
