/* SPDX-License-Identifier: GPL-2.0 */
/* Talking to a SOCKS proxy; ctl work. */
#ifndef _NET_ZMQ_PROXY_H
#define _NET_ZMQ_PROXY_H

#include "conn.h"

int zmq_proxy_begin(struct zmq_conn *conn);
int zmq_proxy_step(struct zmq_conn *conn);
void zmq_proxy_end(struct zmq_conn *conn);

#endif /* _NET_ZMQ_PROXY_H */
