// SPDX-License-Identifier: MPL-2.0
/* Draft functions about peers; other types than theirs get ENOTSUP. */
#include "shim.h"

#include <string.h>
#include <sys/socket.h>

/* ENOTSUP, once the handle is found to be a socket at work. */
static int sock_refuse(void *handle)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	return zs_fail(atomic_load(&s->ctx->shut) ? ETERM : ENOTSUP);
}

/* DISH */
static int sock_group(void *handle, int option, const char *group)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	if (s->type != ZMQ_DISH)
		return sock_refuse(handle);
	return setsockopt(s->fd, SOL_ZMQ, option, group, strlen(group)) ?
	       zs_fail_kernel() : 0;
}

int zs_join(void *handle, const char *group)
{
	return sock_group(handle, ZMQ_AF_JOIN, group);
}

int zs_leave(void *handle, const char *group)
{
	return sock_group(handle, ZMQ_AF_LEAVE, group);
}

/* PEER */
int zs_disconnect_peer(void *handle, uint32_t routing_id)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	if (s->type != ZMQ_PEER)
		return sock_refuse(handle);
	return setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_DISCONNECT_PEER, &routing_id,
			  sizeof(routing_id)) ? zs_fail_kernel() : 0;
}

/* ROUTER: ZMQ_POLLOUT or 0, or -1 */
int zs_socket_get_peer_state(void *handle, const void *routing_id, size_t size)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	struct zmq_af_peer_state arg = {};
	socklen_t len = offsetof(struct zmq_af_peer_state, id) + size;

	if (!s)
		return -1;
	if (s->type != ZMQ_ROUTER)
		return sock_refuse(handle);
	if (size > sizeof(arg.id))
		return zs_fail(EHOSTUNREACH);
	memcpy(arg.id, routing_id, size);
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_PEER_STATE, &arg, &len))
		return zs_fail_kernel();
	return arg.events & ZMQ_POLLOUT;
}
