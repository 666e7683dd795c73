/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NET_ZMQ_RX_BODY_H
#define _NET_ZMQ_RX_BODY_H

#include <linux/types.h>

struct sk_buff;
struct zmq_conn;

int zmq_rx_body_input(struct zmq_conn *conn, struct sk_buff *skb, u32 off,
		      u32 len);

#endif /* _NET_ZMQ_RX_BODY_H */
