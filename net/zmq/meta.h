/* SPDX-License-Identifier: GPL-2.0 */
/* Metadata of messages: what is known of the peer that sent them. */
#ifndef _NET_ZMQ_META_H
#define _NET_ZMQ_META_H

#include "handshake.h"
#include "zmq.h"

struct zmq_conn;
struct zmq_handshake;

/* Bytes of the properties that ZMQ_METADATA adds, as they are sent. */
#define ZMQ_META_OWN_MAX	ZMQ_HANDSHAKE_OWN_MAX

/**
 * struct zmq_meta - properties of a connection; does not change
 * @refs: its pipe, and the socket that told of it last
 * @id: number of the connection
 * @len: bytes in @data
 * @data: properties, as in 37/ZMTP "metadata"
 */
struct zmq_meta {
	refcount_t	refs;
	u32		id;
	u32		len;
	u8		data[];
};

struct zmq_meta *zmq_meta_alloc(struct zmq_conn *conn,
				const struct zmq_handshake *hs);
void zmq_meta_put(struct zmq_meta *meta);
void zmq_meta_give(struct zmq_pipe *pipe, struct zmq_meta *meta);
u32 zmq_meta_id(const struct zmq_pipe *pipe);
bool zmq_meta_told(struct zmq_sock *zsk, struct zmq_pipe *pipe, u32 *id);
int zmq_meta_get(struct zmq_sock *zsk, char __user *val, int __user *optlen);
int zmq_meta_set_own(struct zmq_options *opt, const u8 *val, size_t len);

#endif /* _NET_ZMQ_META_H */
