/* SPDX-License-Identifier: GPL-2.0 */
/* What SUB, XSUB and DISH share (pattern_sub.c). */
#ifndef _NET_ZMQ_SUB_H
#define _NET_ZMQ_SUB_H

#include "zmq.h"

int zmq_sub_announce(struct zmq_sock *zsk, const u8 *topic, size_t len,
		     bool on);
void zmq_sub_recheck(struct zmq_sock *zsk);

#endif /* _NET_ZMQ_SUB_H */
