// SPDX-License-Identifier: GPL-2.0
/*
 * DGRAM: plain UDP datagrams.  The first of a message's two parts is the
 * address of the other side as text, "ip:port", the second the datagram.
 */
#include <linux/uio.h>
#include "lb.h"
#include "type.h"
#include "udp.h"

/* An address that nothing can be sent to is refused when it is given. */
static int zmq_dgram_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
				size_t len, bool more)
{
	u8 text[ZMQ_UDP_TEXT_MAX];
	struct iov_iter look = *from;
	struct sockaddr_storage ss;
	int err;

	if (len > sizeof(text))
		return -EINVAL;
	if (copy_from_iter(text, len, &look) != len)
		return -EFAULT;
	err = zmq_udp_parse(sock_net(&zsk->sk), text, len, &ss);
	if (err < 0)
		return err;
	return zmq_lb_begin(zsk, from, len, more);
}

static int zmq_dgram_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	if (msg->parts != 2)
		return -EINVAL;
	if (msg->bytes - msg->first > ZMQ_UDP_MAX)
		return -EMSGSIZE;
	return zmq_lb_send(zsk, msg);
}

const struct zmq_type zmq_pattern_dgram = {
	.id		= ZMQ_AF_DGRAM,
	.name		= "DGRAM",
	.sends		= true,
	.receives	= true,
	.single		= true,
	.two_part	= true,
	.udp_bind	= true,
	.udp_only	= true,
	.send_begin	= zmq_dgram_send_begin,
	.send		= zmq_dgram_send,
	.can_send	= zmq_lb_ready,
};
