// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/socket.h>
#include "zs_peer.h"
#include "zs_shim.h"

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(uint32_t))];
};

static int kernel_flags(int flags)
{
	return (flags & ZS_MORE ? MSG_MORE : 0) |
	       (flags & ZS_DONTWAIT ? MSG_DONTWAIT : 0);
}

static ssize_t kernel_send(struct zs *s, const void *buf, size_t len,
			   int flags, uint32_t to)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	union control control = {};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_ZMQ;
	control.head.cmsg_type = ZMQ_AF_CMSG_ROUTING_ID;
	control.head.cmsg_len = CMSG_LEN(sizeof(to));
	memcpy(CMSG_DATA(&control.head), &to, sizeof(to));
	return sendmsg(s->fd, &msg, kernel_flags(flags));
}

static ssize_t kernel_recv(struct zs *s, void *buf, size_t len, int flags,
			   uint32_t *from)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	union control control = {};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t ret = recvmsg(s->fd, &msg, kernel_flags(flags) | MSG_TRUNC);

	*from = 0;
	if (ret >= 0 && CMSG_FIRSTHDR(&msg) &&
	    control.head.cmsg_type == ZMQ_AF_CMSG_ROUTING_ID)
		memcpy(from, CMSG_DATA(&control.head), sizeof(*from));
	s->more = msg.msg_flags & MSG_MORE;
	return ret;
}

/* Send one part to a peer of a SERVER or PEER. */
ssize_t zs_send_to(struct zs *s, const void *buf, size_t len, int flags,
		   uint32_t to)
{
	zmq_msg_t msg;
	int ret;

	if (zs_is_kernel())
		return kernel_send(s, buf, len, flags, to);
	ZS_SHIM(int, msg_init_size, (zmq_msg_t *, size_t))(&msg, len);
	memcpy(ZS_SHIM(void *, msg_data, (zmq_msg_t *))(&msg), buf, len);
	if (to)
		ZS_SHIM(int, msg_set_routing_id, (zmq_msg_t *, uint32_t))(&msg, to);
	ret = ZS_SHIM(int, msg_send, (zmq_msg_t *, void *, int))
		(&msg, s->handle, (flags & ZS_MORE ? ZMQ_SNDMORE : 0) |
		 (flags & ZS_DONTWAIT ? ZMQ_DONTWAIT : 0));
	if (ret < 0)
		ZS_SHIM(int, msg_close, (zmq_msg_t *))(&msg);
	return ret;
}

/* Receive one part; @from is the peer's number, 0 if it has none. */
ssize_t zs_recv_from(struct zs *s, void *buf, size_t len, int flags,
		     uint32_t *from)
{
	zmq_msg_t msg;
	int ret;

	if (zs_is_kernel())
		return kernel_recv(s, buf, len, flags, from);
	ZS_SHIM(int, msg_init, (zmq_msg_t *))(&msg);
	ret = ZS_SHIM(int, msg_recv, (zmq_msg_t *, void *, int))
		(&msg, s->handle, flags & ZS_DONTWAIT ? ZMQ_DONTWAIT : 0);
	if (ret >= 0) {
		*from = ZS_SHIM(uint32_t, msg_routing_id, (zmq_msg_t *))(&msg);
		s->more = ZS_SHIM(int, msg_more, (zmq_msg_t *))(&msg);
		memcpy(buf, ZS_SHIM(void *, msg_data, (zmq_msg_t *))(&msg),
		       (size_t)ret < len ? (size_t)ret : len);
	}
	ZS_SHIM(int, msg_close, (zmq_msg_t *))(&msg);
	return ret;
}

/* The number of the peer connected to; 0 and errno. */
uint32_t zs_connect_peer(struct zs *s, const char *endpoint)
{
	struct zmq_af_connect_peer arg = {};
	socklen_t len = offsetof(struct zmq_af_connect_peer, endpoint) +
			strlen(endpoint);

	if (!zs_is_kernel())
		return ZS_SHIM(uint32_t, connect_peer, (void *, const char *))
			(s->handle, endpoint);
	if (!strncmp(endpoint, "inproc://", 9) && zs_kernel_join(s))
		return 0;
	strcpy(arg.endpoint, endpoint);
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_CONNECT_PEER, &arg, &len))
		return 0;
	return arg.routing_id;
}

int zs_disconnect_peer(struct zs *s, uint32_t peer)
{
	if (!zs_is_kernel())
		return ZS_SHIM(int, disconnect_peer, (void *, uint32_t))
			(s->handle, peer);
	return setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_DISCONNECT_PEER, &peer,
			  sizeof(peer));
}

/* ZMQ_POLLOUT if it can be sent to, or 0; -1 and errno. */
int zs_peer_state(struct zs *s, const void *id, size_t id_len)
{
	struct zmq_af_peer_state arg = {};
	socklen_t len = offsetof(struct zmq_af_peer_state, id) + id_len;

	if (!zs_is_kernel())
		return ZS_SHIM(int, socket_get_peer_state,
			    (void *, const void *, size_t))
			(s->handle, id, id_len);
	memcpy(arg.id, id, id_len < sizeof(arg.id) ? id_len : sizeof(arg.id));
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_PEER_STATE, &arg, &len))
		return -1;
	return arg.events;
}
