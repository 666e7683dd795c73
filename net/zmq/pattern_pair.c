// SPDX-License-Identifier: GPL-2.0
/* PAIR: one peer, both ways (31/EXPAIR). */
#include "lb.h"
#include "type.h"

const struct zmq_type zmq_pattern_pair = {
	.id		= ZMQ_AF_PAIR,
	.name		= "PAIR",
	.sends		= true,
	.receives	= true,
	.single		= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.send_run	= zmq_lb_run,
	.can_send	= zmq_lb_ready,
};
