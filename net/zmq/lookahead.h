/* SPDX-License-Identifier: GPL-2.0 */
/* Looking at messages ahead of receiving them (ZMQ_AF_LOOKAHEAD). */
#ifndef _NET_ZMQ_LOOKAHEAD_H
#define _NET_ZMQ_LOOKAHEAD_H

#include "zmq.h"

int zmq_lookahead_get(struct zmq_sock *zsk, char __user *val,
		      int __user *optlen);
void zmq_lookahead_free(struct zmq_sock *zsk);
void zmq_lookahead_forget(struct zmq_pipe *pipe);

/* Something else takes messages: what was looked at is out of date. */
static inline void zmq_lookahead_end(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->rx_lock);
	zsk->look.runs = 0;
	WRITE_ONCE(zsk->look.newcomer, false);
}

/* A pipe joins the fair queue, whose turn would come among those looked at. */
static inline void zmq_lookahead_join(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->rx_lock);
	if (zsk->look.runs)
		WRITE_ONCE(zsk->look.newcomer, true);
}

#endif /* _NET_ZMQ_LOOKAHEAD_H */
