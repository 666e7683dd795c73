/* SPDX-License-Identifier: GPL-2.0 */
/* What DEALER, ROUTER and REQ share. */
#ifndef _NET_ZMQ_ROUTER_H
#define _NET_ZMQ_ROUTER_H

#include "zmq.h"

/* ZMQ_PROBE_ROUTER: an empty message to each new peer; zmq_type.attach. */
void zmq_router_probe(struct zmq_sock *zsk, struct zmq_pipe *pipe);
int zmq_router_probe_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
				size_t len);

#endif /* _NET_ZMQ_ROUTER_H */
