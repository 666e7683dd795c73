// SPDX-License-Identifier: MPL-2.0
/*
 * Draft functions for socket types that AF_ZMQ does not have.  For the types
 * it has libzmq, too, refuses them with ENOTSUP.
 */
#include "shim.h"

/* ENOTSUP, once the handle is found to be a socket at work. */
static int sock_refuse(void *handle)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	return zs_fail(atomic_load(&s->ctx->shut) ? ETERM : ENOTSUP);
}

/* DISH */
int zs_join(void *handle, const char *group)
{
	(void)group;
	return sock_refuse(handle);
}

int zs_leave(void *handle, const char *group)
{
	(void)group;
	return sock_refuse(handle);
}

/* PEER; 0 is the failure */
uint32_t zs_connect_peer(void *handle, const char *addr)
{
	(void)addr;
	sock_refuse(handle);
	return 0;
}

int zs_disconnect_peer(void *handle, uint32_t routing_id)
{
	(void)routing_id;
	return sock_refuse(handle);
}

/* ROUTER, but the kernel does not tell about single peers. */
int zs_socket_get_peer_state(void *handle, const void *routing_id, size_t size)
{
	(void)routing_id;
	(void)size;
	return sock_refuse(handle);
}
