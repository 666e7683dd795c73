// SPDX-License-Identifier: MPL-2.0
/*
 * Socket options.  The kernel has libzmq's numbers, formats and checks, so
 * nearly all just pass; "len" of a value is a size_t here, as in libzmq.
 */
#include "shim.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * struct kept_option - an option that libzmq has and that means nothing here
 * @option: ZMQ_AFFINITY etc.
 * @size: bytes of a value: an int or a uint64_t
 * @min: smallest value that can be set
 * @boolean: kept as 0 or 1
 * @dflt: value of a new socket
 *
 * There are no I/O threads to have an affinity to, and no multicast
 * transports: such a value is only kept to be read again.
 */
struct kept_option {
	int		option;
	size_t		size;
	int64_t		min;
	bool		boolean;
	uint64_t	dflt;
};

static const struct kept_option kept_options[] = {
	{ ZMQ_AFFINITY,		8, INT64_MIN, false, 0 },
	{ ZMQ_RATE,		4, 1, false, 100 },
	{ ZMQ_RECOVERY_IVL,	4, 0, false, 10000 },
	{ ZMQ_MULTICAST_HOPS,	4, 1, false, 1 },
	{ ZMQ_MULTICAST_MAXTPDU, 4, 1, false, 1500 },
	{ ZMQ_LOOPBACK_FASTPATH, 4, INT_MIN, true, 0 },
	{ ZMQ_MULTICAST_LOOP,	4, INT_MIN, true, 1 },
};

_Static_assert(ARRAY_SIZE(kept_options) == ZS_KEPT_MAX,
	       "one value in struct zs_sock for each kept option");

void zs_kept_init(struct zs_sock *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept_options); i++)
		s->kept[i] = kept_options[i].dflt;
}

/* Index of a kept option, or -1 if it is none. */
static int kept_find(int option)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept_options); i++)
		if (kept_options[i].option == option)
			return i;
	return -1;
}

static int kept_set(struct zs_sock *s, int i, const void *value, size_t len)
{
	const struct kept_option *opt = &kept_options[i];
	int64_t wide;
	int number;

	if (!value || len != opt->size)
		return zs_fail(EINVAL);
	if (len == sizeof(wide)) {
		memcpy(&wide, value, sizeof(wide));
	} else {
		memcpy(&number, value, sizeof(number));
		wide = number;
	}
	if (wide < opt->min)
		return zs_fail(EINVAL);

	pthread_mutex_lock(&s->lock);
	s->kept[i] = opt->boolean ? !!wide : (uint64_t)wide;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int kept_get(struct zs_sock *s, int i, void *value, size_t len)
{
	uint64_t wide;
	int number;

	if (len != kept_options[i].size)
		return zs_fail(EINVAL);

	pthread_mutex_lock(&s->lock);
	wide = s->kept[i];
	pthread_mutex_unlock(&s->lock);
	number = wide;
	memcpy(value, len == sizeof(wide) ? (void *)&wide : (void *)&number,
	       len);
	return 0;
}

int zs_setsockopt(void *handle, int option, const void *value, size_t len)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	int kept = kept_find(option);

	if (!s)
		return -1;
	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	if (len > INT_MAX || option >= ZMQ_AF_BASE)
		return zs_fail(EINVAL);
	if (kept >= 0)
		return kept_set(s, kept, value, len);
	if (!setsockopt(s->fd, SOL_ZMQ, option, value, len))
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

/* ZMQ_EVENTS, or -1. */
int zs_sock_events(struct zs_sock *s)
{
	socklen_t len = sizeof(int);
	int events;

	zs_sock_drain(s);
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
	const char *last = endpoint;
	int rc = -1;

	pthread_mutex_lock(&s->lock);
	if (s->last_endpoint)
		last = s->last_endpoint;
	else if (getsockopt(s->fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint,
			    &klen))
		goto out;
	if (*len < strlen(last) + 1) {
		errno = EINVAL;
		goto out;
	}
	memset(value, 0, *len);
	*len = strlen(last) + 1;
	memcpy(value, last, *len);
	rc = 0;
out:
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int kernel_getsockopt(struct zs_sock *s, int option, void *value,
			     size_t *len)
{
	socklen_t klen = *len > INT_MAX ? INT_MAX : *len;

	if (!getsockopt(s->fd, SOL_ZMQ, option, value, &klen)) {
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
	int number, kept;

	switch (option) {
	case ZMQ_RCVMORE:
		number = sock_rcvmore(s);
		return number < 0 ? -1 : answer_int(value, len, number);
	case ZMQ_THREAD_SAFE:
		/* What clients mean by it: no ZMQ_FD, no multipart. */
		return answer_int(value, len, 0);
	case ZMQ_FD:
		if (*len < sizeof(int))
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
		kept = kept_find(option);
		if (kept >= 0)
			return kept_get(s, kept, value, *len);
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
