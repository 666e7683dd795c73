/* SPDX-License-Identifier: GPL-2.0 */
/* Parts on their way to the user, and those that had to turn back. */
#ifndef _NET_ZMQ_HELD_H
#define _NET_ZMQ_HELD_H

#include "cmsg.h"
#include "zmq.h"

/* Frames up to this long are copied under the lock, without a reference. */
#define ZMQ_HELD_SMALL	264

/**
 * struct zmq_frame - a part on its way to the user
 * @node: in zsk->rx_held if it was put back
 * @q: its body, unless it is in @small
 * @len: bytes
 * @more: more parts follow
 * @off: in @small, where the body begins
 * @is_small: the body is in @small
 * @routing_id: of the peer, if its type tells
 * @want_meta: the user asks for its metadata
 * @tell_meta: and is to be told
 * @meta: this number
 * @group_len: bytes of the group, if its type has groups
 * @group_off: in @small, where the group is
 * @small: headers, group and body, or the group alone; holds a routing id of
 *	any length
 */
struct zmq_frame {
	struct list_head	node;
	struct zmq_segq		q;
	u64			len;
	bool			more;
	bool			is_small;
	u16			off;
	u32			routing_id;
	u32			meta;
	bool			want_meta;
	bool			tell_meta;
	u8			group_len;
	u8			group_off;
	u8			small[ZMQ_HELD_SMALL];
};

static_assert(ZMQ_HELD_SMALL >= ZMQ_ZMTP_ID_MAX);
static_assert(ZMQ_HELD_SMALL >= ZMQ_CMSG_GROUP_MAX);

/* The part to be received first; rx_lock held. */
static inline struct zmq_frame *zmq_held_first(struct zmq_sock *zsk)
{
	return list_first_entry_or_null(&zsk->rx_held, struct zmq_frame, node);
}

int zmq_held_take(struct zmq_sock *zsk, struct zmq_frame *frame, size_t len,
		  int flags);
int zmq_held_take_run(struct zmq_sock *zsk, struct zmq_segq *q);
void zmq_held_put(struct zmq_sock *zsk, struct zmq_frame *frame);
void zmq_held_put_run(struct zmq_sock *zsk, struct zmq_segq *q);
u64 zmq_held_len(struct zmq_sock *zsk, bool *more);
void zmq_held_free(struct list_head *frames);

#endif /* _NET_ZMQ_HELD_H */
