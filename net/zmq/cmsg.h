/* SPDX-License-Identifier: GPL-2.0 */
/* What goes beside a message: ancillary data of sendmsg(2) and recvmsg(2). */
#ifndef _NET_ZMQ_CMSG_H
#define _NET_ZMQ_CMSG_H

#include <linux/socket.h>
#include <linux/types.h>

/* Bits of zmq_cmsg.given and zmq_type.cmsg. */
#define ZMQ_CMSG_GROUP		0x1
#define ZMQ_CMSG_ROUTING_ID	0x2

#define ZMQ_CMSG_META		0x4

#define ZMQ_CMSG_GROUP_MAX	255

/**
 * struct zmq_cmsg - the ancillary data of one message
 * @given: ZMQ_CMSG_*: what is there
 * @routing_id: ZMQ_AF_CMSG_ROUTING_ID
 * @meta: ZMQ_AF_CMSG_META; receiving only
 * @group: ZMQ_AF_CMSG_GROUP; sending: in the caller's copy of the control
 *	data, for as long as the call lasts
 * @group_len: bytes there, ZMQ_CMSG_GROUP_MAX at most
 */
struct zmq_cmsg {
	u8		given;
	u8		group_len;
	u32		routing_id;
	u32		meta;
	const u8	*group;
};

int zmq_cmsg_parse(struct msghdr *m, u8 allowed, struct zmq_cmsg *cmsg);
void zmq_cmsg_put(struct msghdr *m, const struct zmq_cmsg *cmsg);

#endif /* _NET_ZMQ_CMSG_H */
