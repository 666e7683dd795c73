// SPDX-License-Identifier: MPL-2.0
/*
 * Socket monitors.  The kernel sends a socket's events into any other socket
 * of the family (ZMQ_AF_MONITOR); libzmq's monitor is one of the same context
 * that is bound to an inproc endpoint.
 */
#include "shim.h"

#include <string.h>
#include <sys/socket.h>

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
	return 0;
}

/* Have the kernel send into a socket, or into none if it is NULL. */
static int monitor_set(struct zs_sock *s, const struct zs_sock *to,
		       uint64_t events, int version)
{
	struct zmq_af_monitor req = {
		.events = events,
		.fd = to ? to->fd : -1,
		.version = version,
	};

	return setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_MONITOR, &req, sizeof(req)) ?
	       zs_fail_kernel() : 0;
}

/* Make @monitor, which may be NULL, the one to be closed with the socket. */
static void monitor_replace(struct zs_sock *s, void *monitor)
{
	void *old;

	pthread_mutex_lock(&s->lock);
	old = s->monitor;
	s->monitor = monitor;
	pthread_mutex_unlock(&s->lock);
	if (old)
		zs_close(old);
}

/* A socket bound to where a client will connect to. */
static void *monitor_bind(struct zs_sock *s, const char *addr, int type)
{
	void *monitor = zs_socket(s->ctx, type);
	int linger = 0;
	int err;

	if (!monitor)
		return NULL;
	if (!zs_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof(linger)) &&
	    !zs_bind(monitor, addr))
		return monitor;
	err = errno;
	zs_close(monitor);
	errno = err;
	return NULL;
}

int zs_socket_monitor_versioned(void *handle, const char *addr,
				uint64_t events, int version, int type)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	void *monitor = NULL;

	if (!s)
		return -1;
	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	if (monitor_check(addr, events, version, type))
		return -1;
	/* The old one ends first: it may have the same address. */
	if (monitor_set(s, NULL, 0, version))
		return -1;
	monitor_replace(s, NULL);
	if (!addr)
		return 0;
	monitor = monitor_bind(s, addr, type);
	if (!monitor)
		return -1;
	monitor_replace(s, monitor);
	return monitor_set(s, monitor, events, version);
}

int zs_socket_monitor(void *handle, const char *addr, int events)
{
	return zs_socket_monitor_versioned(handle, addr, (unsigned int)events,
					   ZMQ_CURRENT_EVENT_VERSION,
					   ZMQ_PAIR);
}

int zs_socket_monitor_pipes_stats(void *handle)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	zs_prefetch_settle(s);
	return setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_MONITOR_PIPES, NULL, 0) ?
	       zs_fail_kernel() : 0;
}
