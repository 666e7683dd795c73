/* SPDX-License-Identifier: GPL-2.0 */
/* Load balancing: which peer gets the next message. */
#ifndef _NET_ZMQ_LB_H
#define _NET_ZMQ_LB_H

#include "zmq.h"

bool zmq_lb_writable(struct zmq_pipe *pipe);
bool zmq_lb_ready(struct zmq_sock *zsk);
int zmq_lb_begin(struct zmq_sock *zsk, struct iov_iter *from, size_t len,
		 bool more);
struct zmq_pipe *zmq_lb_next(struct zmq_sock *zsk);
int zmq_lb_send(struct zmq_sock *zsk, struct zmq_asm *msg);
int zmq_lb_run(struct zmq_sock *zsk, struct zmq_segq *q, u32 *msgs,
	       u64 *body);
void zmq_lb_push(struct zmq_sock *zsk, struct zmq_pipe *pipe,
		 struct zmq_asm *msg);

#endif /* _NET_ZMQ_LB_H */
