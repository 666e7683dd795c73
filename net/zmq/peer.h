/* SPDX-License-Identifier: GPL-2.0 */
/* Options about one peer of a socket that addresses its peers. */
#ifndef _NET_ZMQ_PEER_H
#define _NET_ZMQ_PEER_H

#include <linux/types.h>

struct zmq_sock;

int zmq_peer_disconnect(struct zmq_sock *zsk, const u8 *id, size_t len);
int zmq_peer_getsockopt(struct zmq_sock *zsk, int opt, char __user *val,
			int __user *optlen, int len);

#endif /* _NET_ZMQ_PEER_H */
