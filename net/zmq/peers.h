/* SPDX-License-Identifier: GPL-2.0 */
/* The list of a socket's peers: ZMQ_AF_PEERS. */
#ifndef _NET_ZMQ_PEERS_H
#define _NET_ZMQ_PEERS_H

struct zmq_sock;

int zmq_peers_get(struct zmq_sock *zsk, char __user *val, int __user *optlen);

#endif /* _NET_ZMQ_PEERS_H */
