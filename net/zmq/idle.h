/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that have been idle give their buffers back. */
#ifndef _NET_ZMQ_IDLE_H
#define _NET_ZMQ_IDLE_H

struct zmq_net;

void zmq_idle_init(struct zmq_net *znet);
void zmq_idle_exit(struct zmq_net *znet);
/* There is a socket; znet->mutex held. */
void zmq_idle_start(struct zmq_net *znet);

#endif /* _NET_ZMQ_IDLE_H */
