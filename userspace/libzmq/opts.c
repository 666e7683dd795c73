// SPDX-License-Identifier: MPL-2.0
/*
 * Socket options.  The kernel has libzmq's numbers, formats and checks, so
 * nearly all just pass; "len" of a value is a size_t here, as in libzmq.
 */
#include "shim.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int zs_setsockopt(void *handle, int option, const void *value, size_t len)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	int rc;

	if (!s)
		return -1;
	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	if (len > INT_MAX || option >= ZMQ_AF_BASE)
		return zs_fail(EINVAL);
	/* It may be a mark, or what is wanted of what is queued. */
	zs_prefetch_stop(s);
	rc = setsockopt(s->fd, SOL_ZMQ, option, value, len);
	zs_prefetch_go(s);
	if (!rc)
		return 0;
	if (errno == EINVAL)
		return zs_absent_set(option, value, len);
	return zs_fail_kernel();
}

/* ZMQ_FD */

/**
 * zs_sock_fd - the descriptor that tells when something happened
 * @s: the socket
 *
 * libzmq's ZMQ_FD says neither "readable" nor "writable" but "something
 * changed, look at ZMQ_EVENTS", and falls silent once that was done, although
 * there may be more to read.  Clients rely on it: many would spin on a
 * descriptor that stays readable as long as there is a message.  So it cannot
 * be the socket itself; it is an epoll descriptor watching the socket for
 * edges in both directions.
 *
 * No edge is lost: zs_sock_drain() takes the pending one *before* the state
 * is looked at (zs_sock_events(), or the second attempt of a send or receive
 * that would block).  What happens between the two is seen and signalled
 * once too often, which is allowed; what happens after them is signalled.
 *
 * Return: the descriptor, the same one for the life of the socket; or -1.
 */
static int zs_sock_fd(struct zs_sock *s)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epfd, err;

	pthread_mutex_lock(&s->lock);
	epfd = atomic_load(&s->epfd);
	if (epfd < 0) {
		epfd = epoll_create1(EPOLL_CLOEXEC);
		if (epfd >= 0 && epoll_ctl(epfd, EPOLL_CTL_ADD, s->fd, &ev)) {
			err = errno;
			close(epfd);
			errno = err;
			epfd = -1;
		}
		atomic_store(&s->epfd, epfd);
	}
	pthread_mutex_unlock(&s->lock);
	return epfd;
}

/* Take the pending edge of ZMQ_FD, if there is one. */
void zs_sock_drain(struct zs_sock *s)
{
	int epfd = atomic_load(&s->epfd);
	int err = errno;
	struct epoll_event ev;

	if (epfd >= 0)
		epoll_wait(epfd, &ev, 1, 0);
	errno = err;
}

/* The same where a message was received ahead; 0: it is not for certain. */
static int events_ahead(struct zs_sock *s)
{
	struct pollfd pfd = {
		.fd = s->fd,
		.events = POLLIN | POLLOUT | POLLPRI,
	};

	/* Another peer may come first (poll.c). */
	if (poll(&pfd, 1, 0) < 0 || pfd.revents & ~(POLLIN | POLLOUT))
		return 0;
	return ZMQ_POLLIN | (pfd.revents & POLLOUT ? ZMQ_POLLOUT : 0);
}

/* ZMQ_EVENTS, or -1. */
int zs_sock_events(struct zs_sock *s)
{
	socklen_t len = sizeof(int);
	bool here = zs_prefetch_here(s);
	int events;

	zs_sock_drain(s);
	if (unlikely(here)) {
		events = events_ahead(s);
		if (events)
			return events;
		zs_prefetch_settle(s);
	}
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_EVENTS, &events, &len))
		return zs_fail_kernel();
	return events;
}

/*
 * The options that libzmq answers itself: in a buffer of any size that holds
 * an int, the rest of it zeroed.
 */
static int answer_int(void *value, size_t *len, int number)
{
	if (*len < sizeof(number))
		return zs_fail(EINVAL);
	memset(value, 0, *len);
	memcpy(value, &number, sizeof(number));
	*len = sizeof(number);
	return 0;
}

static int answer_last_endpoint(struct zs_sock *s, char *value, size_t *len)
{
	char endpoint[ZMQ_AF_ENDPOINT_MAX + 1] = "";
	socklen_t klen = sizeof(endpoint);

	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint, &klen))
		return -1;
	if (*len < klen)
		return zs_fail(EINVAL);
	memset(value, 0, *len);
	*len = klen;
	memcpy(value, endpoint, klen);
	return 0;
}

static int kernel_getsockopt(struct zs_sock *s, int option, void *value,
			     size_t *len)
{
	socklen_t klen = *len > INT_MAX ? INT_MAX : *len;

	if (!getsockopt(s->fd, SOL_ZMQ, option, value, &klen)) {
		memset((char *)value + klen, 0, *len - klen);
		*len = klen;
		return 0;
	}
	if (errno == EINVAL)
		return zs_absent_get(option, value, len);
	return -1;
}

/* ZMQ_RCVMORE, or -1. */
static int sock_rcvmore(struct zs_sock *s)
{
	int more = atomic_load(&s->rcvmore);
	size_t len = sizeof(more);

	if (more != ZS_RCVMORE_UNKNOWN)
		return more;
	return kernel_getsockopt(s, ZMQ_RCVMORE, &more, &len) ? -1 : more;
}

static int sock_getsockopt(struct zs_sock *s, int option, void *value,
			   size_t *len)
{
	int number;

	switch (option) {
	case ZMQ_RCVMORE:
		number = sock_rcvmore(s);
		return number < 0 ? -1 : answer_int(value, len, number);
	case ZMQ_THREAD_SAFE:
		/* What clients mean by it: no ZMQ_FD, no multipart. */
		return answer_int(value, len, s->thread_safe);
	case ZMQ_FD:
		if (*len < sizeof(int) || s->thread_safe)
			return zs_fail(EINVAL);
		number = zs_sock_fd(s);
		return number < 0 ? -1 : answer_int(value, len, number);
	case ZMQ_EVENTS:
		if (*len < sizeof(int))
			return zs_fail(EINVAL);
		number = zs_sock_events(s);
		return number < 0 ? -1 : answer_int(value, len, number);
	case ZMQ_LAST_ENDPOINT:
		return answer_last_endpoint(s, value, len);
	default:
		return kernel_getsockopt(s, option, value, len);
	}
}

int zs_getsockopt(void *handle, int option, void *value, size_t *len)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	if (!s)
		return -1;
	if (!value || !len || option >= ZMQ_AF_BASE)
		return zs_fail(EINVAL);
	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	return sock_getsockopt(s, option, value, len) ? zs_fail_kernel() : 0;
}
