// SPDX-License-Identifier: GPL-2.0
/* Ancillary data of sendmsg(2) and recvmsg(2), at level SOL_ZMQ. */
#include <linux/zmq.h>
#include <net/sock.h>
#include "cmsg.h"

static int zmq_cmsg_parse_one(struct cmsghdr *c, u8 allowed,
			      struct zmq_cmsg *cmsg)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);

	switch (c->cmsg_type) {
	case ZMQ_AF_CMSG_GROUP:
		if (!(allowed & ZMQ_CMSG_GROUP) || len > ZMQ_CMSG_GROUP_MAX)
			return -EINVAL;
		cmsg->group = CMSG_DATA(c);
		cmsg->group_len = len;
		cmsg->given |= ZMQ_CMSG_GROUP;
		return 0;
	case ZMQ_AF_CMSG_ROUTING_ID:
		if (!(allowed & ZMQ_CMSG_ROUTING_ID) ||
		    len != sizeof(cmsg->routing_id))
			return -EINVAL;
		memcpy(&cmsg->routing_id, CMSG_DATA(c), len);
		cmsg->given |= ZMQ_CMSG_ROUTING_ID;
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * zmq_cmsg_parse - sendmsg(2): what the user says beside the part
 * @m: the call
 * @allowed: ZMQ_CMSG_* of the socket's type; others are -EINVAL
 * @cmsg: the result
 *
 * Data of other levels is ignored, as other families do.
 *
 * Return: 0 or -EINVAL.
 */
int zmq_cmsg_parse(struct msghdr *m, u8 allowed, struct zmq_cmsg *cmsg)
{
	struct cmsghdr *c;
	int err;

	memset(cmsg, 0, sizeof(*cmsg));
	if (likely(!m->msg_controllen))
		return 0;
	for_each_cmsghdr(c, m) {
		if (!CMSG_OK(m, c))
			return -EINVAL;
		if (c->cmsg_level != SOL_ZMQ)
			continue;
		err = zmq_cmsg_parse_one(c, allowed, cmsg);
		if (err)
			return err;
	}
	return 0;
}

/* recvmsg(2): tell what belongs to the part; MSG_CTRUNC if there is no room. */
void zmq_cmsg_put(struct msghdr *m, const struct zmq_cmsg *cmsg)
{
	if (cmsg->given & ZMQ_CMSG_GROUP)
		put_cmsg(m, SOL_ZMQ, ZMQ_AF_CMSG_GROUP, cmsg->group_len,
			 (void *)cmsg->group);
	if (cmsg->given & ZMQ_CMSG_ROUTING_ID)
		put_cmsg(m, SOL_ZMQ, ZMQ_AF_CMSG_ROUTING_ID,
			 sizeof(cmsg->routing_id), (void *)&cmsg->routing_id);
	if (cmsg->given & ZMQ_CMSG_META)
		put_cmsg(m, SOL_ZMQ, ZMQ_AF_CMSG_META, sizeof(cmsg->meta),
			 (void *)&cmsg->meta);
}
