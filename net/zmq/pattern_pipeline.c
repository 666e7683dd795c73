// SPDX-License-Identifier: GPL-2.0
/*
 * PUSH and PULL: work shared out, results collected (30/PIPELINE); SCATTER and
 * GATHER: the same with messages of one part (49/SCATTER-GATHER).
 */
#include "lb.h"
#include "type.h"

const struct zmq_type zmq_pattern_push = {
	.id		= ZMQ_AF_PUSH,
	.name		= "PUSH",
	.rings		= true,
	.conflates	= true,
	.sends		= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.send_run	= zmq_lb_run,
	.can_send	= zmq_lb_ready,
};

const struct zmq_type zmq_pattern_pull = {
	.id		= ZMQ_AF_PULL,
	.name		= "PULL",
	.conflates	= true,
	.receives	= true,
};

const struct zmq_type zmq_pattern_scatter = {
	.id		= ZMQ_AF_SCATTER,
	.name		= "SCATTER",
	.sends		= true,
	.single_part	= true,
	.send_begin	= zmq_lb_begin,
	.send		= zmq_lb_send,
	.can_send	= zmq_lb_ready,
};

const struct zmq_type zmq_pattern_gather = {
	.id		= ZMQ_AF_GATHER,
	.name		= "GATHER",
	.receives	= true,
	.single_part	= true,
};
