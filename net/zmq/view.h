/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors that tell of a connection and can do nothing else: views. */
#ifndef _NET_ZMQ_VIEW_H
#define _NET_ZMQ_VIEW_H

struct zmq_conn;
struct zmq_sock;

int zmq_view_get(struct zmq_sock *zsk, char __user *val, int __user *optlen);
void zmq_view_end(struct zmq_conn *conn);

int zmq_view_init(void);
void zmq_view_exit(void);

#endif /* _NET_ZMQ_VIEW_H */
