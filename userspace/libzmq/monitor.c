// SPDX-License-Identifier: MPL-2.0
/*
 * Socket monitors.  The kernel does not report connection events yet, so
 * after libzmq's checks of the arguments a monitor is refused with ENOTSUP;
 * stopping one that never ran succeeds.
 */
#include "shim.h"

#include <string.h>

/* Events of ZMQ_CURRENT_EVENT_VERSION: 16 bits. */
#define ZS_EVENTS_V1	0xffffu

static int monitor_check(const char *addr, uint64_t events, int version,
			 int type)
{
	if (version != ZMQ_CURRENT_EVENT_VERSION &&
	    version != ZMQ_CURRENT_EVENT_VERSION_DRAFT)
		return zs_fail(EINVAL);
	if (version == ZMQ_CURRENT_EVENT_VERSION && events & ~ZS_EVENTS_V1)
		return zs_fail(EINVAL);
	if (!addr)
		return 0;
	if (!strstr(addr, "://"))
		return zs_fail(EINVAL);
	if (strncmp(addr, "inproc://", strlen("inproc://")))
		return zs_fail(EPROTONOSUPPORT);
	if (type != ZMQ_PAIR && type != ZMQ_PUB && type != ZMQ_PUSH)
		return zs_fail(EINVAL);
	return zs_fail(ENOTSUP);
}

int zs_socket_monitor_versioned(void *handle, const char *addr,
				uint64_t events, int version, int type)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	return monitor_check(addr, events, version, type);
}

int zs_socket_monitor(void *handle, const char *addr, int events)
{
	return zs_socket_monitor_versioned(handle, addr, (unsigned int)events,
					   ZMQ_CURRENT_EVENT_VERSION,
					   ZMQ_PAIR);
}

/* The socket is not monitored: what libzmq says then. */
int zs_socket_monitor_pipes_stats(void *handle)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	return s ? zs_fail(EINVAL) : -1;
}
