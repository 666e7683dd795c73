// SPDX-License-Identifier: GPL-2.0
/* PAIR and CHANNEL: one peer, both ways (31/EXPAIR, 52/CHANNEL). */
#include "lb.h"
#include "type.h"

const struct zmq_type zmq_pattern_pair = {
	.id		= ZMQ_AF_PAIR,
	.name		= "PAIR",
	.rings		= true,
	.sends		= true,
	.receives	= true,
	.single		= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.send_run	= zmq_lb_run,
	.can_send	= zmq_lb_ready,
};

const struct zmq_type zmq_pattern_channel = {
	.id		= ZMQ_AF_CHANNEL,
	.name		= "CHANNEL",
	.sends		= true,
	.receives	= true,
	.single		= true,
	.single_part	= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.can_send	= zmq_lb_ready,
};
