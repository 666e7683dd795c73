// SPDX-License-Identifier: MPL-2.0
/*
 * zmq_poll.  A socket's descriptor is level-triggered in the kernel, so this
 * is poll(2) and a translation of the events.  Messages that have been received
 * ahead (prefetch.c) are good for another poll unless another peer has got some,
 * which takes its turn among them.
 */
#include "shim.h"
#include "pollfd.h"

#include <stdlib.h>
#include <time.h>

#define ZS_POLL_STACK	16

/**
 * zs_poll_fd - what to poll for an item
 * @pfd: result
 * @handle: socket, or NULL
 * @fd: descriptor if @handle is NULL
 * @events: ZMQ_POLL*
 *
 * Return: 0; 1: a message is here, so that nothing is to be waited for; -1 and
 * ENOTSOCK for a handle that is no socket.
 */
int zs_poll_fd(struct pollfd *pfd, void *handle, int fd, short events)
{
	pfd->fd = fd;
	pfd->events = (events & ZMQ_POLLIN ? POLLIN : 0) |
		      (events & ZMQ_POLLOUT ? POLLOUT : 0);
	pfd->revents = 0;
	if (handle) {
		ZS_USING_SOCK *s = zs_sock_get(handle);

		if (!s)
			return -1;
		pfd->fd = s->fd;
		if (likely(!zs_prefetch_here(s)) || !(events & ZMQ_POLLIN))
			return 0;
		pfd->events |= POLLPRI;
		return 1;
	}
	if (events & ZMQ_POLLPRI)
		pfd->events |= POLLPRI;
	return 0;
}

/* What was received ahead: a message, or no longer so. */
static short poll_sock_ahead(void *handle, short polled)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!(polled & POLLPRI))
		return polled | POLLIN;
	if (s)
		zs_prefetch_settle(s);
	return polled;
}

/* The socket was closed meanwhile, or its context shut down. */
static int poll_sock_error(void *handle)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	return s ? zs_sock_events(s) : -1;
}

/**
 * zs_poll_result - what poll(2) said about an item
 * @pfd: set up by zs_poll_fd() and polled
 * @handle: socket, or NULL
 * @events: ZMQ_POLL* asked for
 *
 * Return: ZMQ_POLL*, or -1 and ETERM or ENOTSOCK.
 */
int zs_poll_result(const struct pollfd *pfd, void *handle, short events)
{
	short polled = pfd->revents;
	int result;

	if (handle && unlikely(pfd->events & POLLPRI))
		polled = poll_sock_ahead(handle, polled);
	if (!polled)
		return 0;
	if (handle && polled & (POLLERR | POLLHUP | POLLNVAL)) {
		result = poll_sock_error(handle);
		return result < 0 ? -1 : result & events;
	}
	result = (polled & POLLIN ? ZMQ_POLLIN : 0) |
		 (polled & POLLOUT ? ZMQ_POLLOUT : 0);
	if (handle)
		return result & events;
	if (polled & POLLPRI)
		result |= ZMQ_POLLPRI;
	if (polled & ~(POLLIN | POLLOUT | POLLPRI))
		result |= ZMQ_POLLERR;
	return result;
}

/* Poll with a timeout in ms, negative for none, that may exceed an int. */
int zs_poll_wait(struct pollfd *pfds, int count, long timeout,
		 const sigset_t *sigmask)
{
	struct timespec ts = {
		.tv_sec = timeout / 1000,
		.tv_nsec = timeout % 1000 * 1000000,
	};

	return ppoll(pfds, count, timeout < 0 ? NULL : &ts, sigmask);
}

/* Set up @pfds.  How many have a message, or -1. */
static int poll_prepare(zmq_pollitem_t *items, struct pollfd *pfds, int count)
{
	int here = 0;
	int i, rc;

	for (i = 0; i < count; i++) {
		rc = zs_poll_fd(&pfds[i], items[i].socket, items[i].fd,
				items[i].events);
		if (rc < 0)
			return -1;
		here += rc;
	}
	return here;
}

/* The number of items with events, set in their revents; or -1. */
static int poll_results(zmq_pollitem_t *items, const struct pollfd *pfds,
			int count)
{
	int ready = 0;
	int result;
	int i;

	for (i = 0; i < count; i++) {
		result = zs_poll_result(&pfds[i], items[i].socket,
					items[i].events);
		if (result < 0)
			return -1;
		items[i].revents = result;
		ready += result != 0;
	}
	return ready;
}

static int poll_items(zmq_pollitem_t *items, struct pollfd *pfds, int count,
		      long timeout, const sigset_t *sigmask)
{
	int64_t end = zs_deadline(timeout);
	int here, rc;

	do {
		here = poll_prepare(items, pfds, count);
		if (here < 0 || zs_poll_wait(pfds, count, here ? 0 : timeout,
					     sigmask) < 0)
			return -1;
		rc = poll_results(items, pfds, count);
		if (timeout > 0)
			timeout = zs_ms_left(end);
	} while (!rc && timeout);
	return rc;
}

/* Also if the thread is cancelled while polling. */
static void pfds_free(struct pollfd **pfds)
{
	free(*pfds);
}

static int poll_many(zmq_pollitem_t *items, int count, long timeout,
		     const sigset_t *sigmask)
{
	__attribute__((cleanup(pfds_free))) struct pollfd *pfds = NULL;

	pfds = calloc(count, sizeof(*pfds));
	if (!pfds)
		return -1;
	return poll_items(items, pfds, count, timeout, sigmask);
}

int zs_ppoll(zmq_pollitem_t *items, int count, long timeout,
	     const void *sigmask)
{
	struct pollfd pfds[ZS_POLL_STACK];

	if (count < 0)
		return zs_fail(EINVAL);
	if (count && !items)
		return zs_fail(EFAULT);
	if (count > ZS_POLL_STACK)
		return poll_many(items, count, timeout, sigmask);
	return poll_items(items, pfds, count, timeout, sigmask);
}

int zs_poll(zmq_pollitem_t *items, int count, long timeout)
{
	return zs_ppoll(items, count, timeout, NULL);
}
