// SPDX-License-Identifier: MPL-2.0
/*
 * zmq_poller: a set of sockets and descriptors to poll again and again.  As
 * in libzmq a poller belongs to one thread at a time.
 */
#include "shim.h"
#include "pollfd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ZS_POLLER_TAG	0xcafebabeu

/**
 * struct poller_item - one of the set
 * @socket: socket, or NULL
 * @fd: descriptor if @socket is NULL, else 0
 * @user_data: returned with the events
 * @events: ZMQ_POLL* waited for
 */
struct poller_item {
	void	*socket;
	int	fd;
	void	*user_data;
	short	events;
};

/**
 * struct zs_poller - what the handle of a poller points to
 * @tag: ZS_POLLER_TAG until destroyed
 * @count: items
 * @room: that @items and @pfds have room for
 * @epfd: zmq_poller_fd(): watches thread-safe sockets, -1: there was none yet
 * @items: the set, in the order of adding
 * @pfds: for poll(2), one for each item
 */
struct zs_poller {
	uint32_t		tag;
	int			count;
	int			room;
	int			epfd;
	struct poller_item	*items;
	struct pollfd		*pfds;
};

/* The poller of a handle, or NULL and EFAULT. */
static struct zs_poller *poller_get(void *handle)
{
	struct zs_poller *p = handle;

	if (p && p->tag == ZS_POLLER_TAG)
		return p;
	errno = EFAULT;
	return NULL;
}

void *zs_poller_new(void)
{
	struct zs_poller *p = calloc(1, sizeof(*p));

	if (p) {
		p->tag = ZS_POLLER_TAG;
		p->epfd = -1;
	}
	return p;
}

int zs_poller_destroy(void **handle)
{
	struct zs_poller *p = poller_get(handle ? *handle : NULL);

	if (!p)
		return -1;
	p->tag = 0;
	if (p->epfd >= 0)
		close(p->epfd);
	free(p->items);
	free(p->pfds);
	free(p);
	*handle = NULL;
	return 0;
}

int zs_poller_size(void *handle)
{
	struct zs_poller *p = poller_get(handle);

	return p ? p->count : -1;
}

static bool events_valid(short events)
{
	return !(events & ~(ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR |
			    ZMQ_POLLPRI));
}

/* Is it an open socket?  0, or -1 and ENOTSOCK. */
static int socket_check(void *socket)
{
	ZS_USING_SOCK *s = zs_sock_get(socket);

	return s ? 0 : -1;
}

static int fd_check(int fd)
{
	return fd >= 0 ? 0 : zs_fail(EBADF);
}

static struct poller_item *item_find(struct zs_poller *p, void *socket, int fd)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->items[i].socket == socket && p->items[i].fd == fd)
			return &p->items[i];
	return NULL;
}

static int poller_grow(struct zs_poller *p)
{
	int room = p->room ? 2 * p->room : 8;
	struct poller_item *items;
	struct pollfd *pfds;

	if (p->count < p->room)
		return 0;
	items = reallocarray(p->items, room, sizeof(*items));
	if (!items)
		return zs_fail(ENOMEM);
	p->items = items;
	pfds = reallocarray(p->pfds, room, sizeof(*pfds));
	if (!pfds)
		return zs_fail(ENOMEM);
	p->pfds = pfds;
	p->room = room;
	return 0;
}

static int item_add(struct zs_poller *p, void *socket, int fd,
		    void *user_data, short events)
{
	if (!events_valid(events) || item_find(p, socket, fd))
		return zs_fail(EINVAL);
	if (poller_grow(p))
		return -1;
	p->items[p->count++] = (struct poller_item) {
		.socket = socket,
		.fd = fd,
		.user_data = user_data,
		.events = events,
	};
	return 0;
}

static int item_modify(struct zs_poller *p, void *socket, int fd, short events)
{
	struct poller_item *item = item_find(p, socket, fd);

	if (!events_valid(events) || !item)
		return zs_fail(EINVAL);
	item->events = events;
	return 0;
}

static int item_remove(struct zs_poller *p, void *socket, int fd)
{
	struct poller_item *item = item_find(p, socket, fd);
	int after;

	if (!item)
		return zs_fail(EINVAL);
	after = p->items + p->count - (item + 1);
	memmove(item, item + 1, after * sizeof(*item));
	p->count--;
	return 0;
}

/*
 * The descriptor of the whole poller watches thread-safe sockets, as libzmq's
 * does.  There it tells that something happened, until zmq_poller_wait() has
 * looked: here, too, but that what can be received is told until it is.
 */
static int poller_watch(struct zs_poller *p, void *socket, int op,
			short events)
{
	ZS_USING_SOCK *s = zs_sock_get(socket);
	struct epoll_event ev = {
		.events = (events & ZMQ_POLLIN ? EPOLLIN : 0) |
			  (events & ZMQ_POLLOUT ? EPOLLOUT | EPOLLET : 0),
	};

	if (!s || !s->thread_safe)
		return 0;
	if (p->epfd < 0)
		p->epfd = epoll_create1(EPOLL_CLOEXEC);
	return p->epfd < 0 ? -1 : epoll_ctl(p->epfd, op, s->fd, &ev);
}

/* Somebody looks: what was told before is known. */
static void poller_drain(struct zs_poller *p)
{
	struct epoll_event events[16];
	int n, left = p->count;

	while (p->epfd >= 0 && left > 0) {
		n = epoll_wait(p->epfd, events, ARRAY_SIZE(events), 0);
		if (n < (int)ARRAY_SIZE(events))
			break;
		left -= n;
	}
}

int zs_poller_add(void *handle, void *socket, void *user_data, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	if (item_add(p, socket, 0, user_data, events))
		return -1;
	if (!poller_watch(p, socket, EPOLL_CTL_ADD, events))
		return 0;
	p->count--;
	return -1;
}

int zs_poller_modify(void *handle, void *socket, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	if (item_modify(p, socket, 0, events))
		return -1;
	return poller_watch(p, socket, EPOLL_CTL_MOD, events);
}

int zs_poller_remove(void *handle, void *socket)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	if (item_remove(p, socket, 0))
		return -1;
	poller_watch(p, socket, EPOLL_CTL_DEL, 0);
	return 0;
}

int zs_poller_add_fd(void *handle, int fd, void *user_data, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || fd_check(fd))
		return -1;
	return item_add(p, NULL, fd, user_data, events);
}

int zs_poller_modify_fd(void *handle, int fd, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || fd_check(fd))
		return -1;
	return item_modify(p, NULL, fd, events);
}

int zs_poller_remove_fd(void *handle, int fd)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || fd_check(fd))
		return -1;
	return item_remove(p, NULL, fd);
}

/* Only with a thread-safe socket in it, now or before. */
int zs_poller_fd(void *handle, zmq_fd_t *fd)
{
	struct zs_poller *p = poller_get(handle);

	if (!p)
		return -1;
	if (p->epfd < 0 || !fd)
		return zs_fail(EINVAL);
	*fd = p->epfd;
	return 0;
}

/* Set up @p->pfds.  How many have a message, or -1 if a socket is closed. */
static int poller_prepare(struct zs_poller *p)
{
	int here = 0;
	int i, rc;

	for (i = 0; i < p->count; i++) {
		struct poller_item *item = &p->items[i];

		rc = zs_poll_fd(&p->pfds[i], item->socket, item->fd,
				item->events);
		if (rc < 0)
			return -1;
		here += rc;
		/* Not even errors of what nobody waits for. */
		if (!item->events && !item->socket)
			p->pfds[i].fd = -1;
	}
	return here;
}

/* The first @max items with events; how many, or -1. */
static int poller_collect(struct zs_poller *p, zmq_poller_event_t *events,
			  int max)
{
	int found = 0;
	int result;
	int i;

	for (i = 0; i < p->count && found < max; i++) {
		struct poller_item *item = &p->items[i];

		result = zs_poll_result(&p->pfds[i], item->socket,
					item->events);
		if (result < 0)
			return -1;
		if (!result)
			continue;
		events[found++] = (zmq_poller_event_t) {
			.socket = item->socket,
			.fd = item->fd,
			.user_data = item->user_data,
			.events = result,
		};
	}
	return found;
}

static bool poller_waits_for_nothing(struct zs_poller *p)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->items[i].events)
			return false;
	return true;
}

static int poller_wait(struct zs_poller *p, zmq_poller_event_t *events,
		       int max, long timeout)
{
	int64_t end = zs_deadline(timeout);
	int here, found;

	if (timeout < 0 && poller_waits_for_nothing(p))
		return zs_fail(EFAULT);
	do {
		here = poller_prepare(p);
		if (here < 0)
			return -1;
		poller_drain(p);
		if (zs_poll_wait(p->pfds, p->count, here ? 0 : timeout,
				 NULL) < 0)
			return -1;
		found = poller_collect(p, events, max);
		if (timeout > 0)
			timeout = zs_ms_left(end);
	} while (!found && timeout);
	return found ? found : zs_fail(EAGAIN);
}

/* The number of events, the rest of the array is zeroed. */
int zs_poller_wait_all(void *handle, zmq_poller_event_t *events, int max,
		       long timeout)
{
	struct zs_poller *p = poller_get(handle);
	int found;

	if (!p)
		return -1;
	if (!events)
		return zs_fail(EFAULT);
	if (max < 0)
		return zs_fail(EINVAL);
	memset(events, 0, max * sizeof(*events));
	found = poller_wait(p, events, max, timeout);
	if (found < 0)
		memset(events, 0, max * sizeof(*events));
	return found;
}

int zs_poller_wait(void *handle, zmq_poller_event_t *event, long timeout)
{
	return zs_poller_wait_all(handle, event, 1, timeout) < 0 ? -1 : 0;
}
