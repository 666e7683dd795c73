/* SPDX-License-Identifier: GPL-2.0 */
/* Distribution: one message to every peer that wants it. */
#ifndef _NET_ZMQ_DIST_H
#define _NET_ZMQ_DIST_H

#include "type.h"

/**
 * struct zmq_dist - how a message is distributed
 * @zsk: a publisher
 * @msg: the message; NULL to ask zmq_dist_full() only
 * @only: no other pipe than this; or NULL
 * @exact: by the whole topic (groups), not by prefixes of it
 * @inverse: who does not match gets it
 * @nodrop: a full pipe gets it as well
 * @full: pipes found full
 */
struct zmq_dist {
	struct zmq_sock		*zsk;
	struct zmq_asm		*msg;
	const struct zmq_pipe	*only;
	bool			exact;
	bool			inverse;
	bool			nodrop;
	u32			full;
};

void zmq_dist_deliver(struct zmq_pipe *pipe, struct zmq_asm *msg, bool nodrop);
bool zmq_dist_full(struct zmq_dist *d, const u8 *topic, size_t len);
void zmq_dist_send(struct zmq_dist *d, const u8 *topic, size_t len);
int zmq_dist_subscribe(struct zmq_sock *zsk, struct zmq_trie *trie,
		       struct zmq_trie_owner *sub, const u8 *topic,
		       size_t len, bool on);

#endif /* _NET_ZMQ_DIST_H */
