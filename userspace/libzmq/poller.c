// SPDX-License-Identifier: MPL-2.0
/*
 * zmq_poller: a set of sockets and descriptors to poll again and again.  As
 * in libzmq a poller belongs to one thread at a time.
 */
#include "shim.h"
#include "pollfd.h"

#include <stdlib.h>
#include <string.h>

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
 * @items: the set, in the order of adding
 * @pfds: for poll(2), one for each item
 */
struct zs_poller {
	uint32_t		tag;
	int			count;
	int			room;
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

	if (p)
		p->tag = ZS_POLLER_TAG;
	return p;
}

int zs_poller_destroy(void **handle)
{
	struct zs_poller *p = poller_get(handle ? *handle : NULL);

	if (!p)
		return -1;
	p->tag = 0;
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

int zs_poller_add(void *handle, void *socket, void *user_data, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	return item_add(p, socket, 0, user_data, events);
}

int zs_poller_modify(void *handle, void *socket, short events)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	return item_modify(p, socket, 0, events);
}

int zs_poller_remove(void *handle, void *socket)
{
	struct zs_poller *p = poller_get(handle);

	if (!p || socket_check(socket))
		return -1;
	return item_remove(p, socket, 0);
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

/*
 * libzmq has a descriptor for the whole poller only if a thread-safe socket
 * is in it.  No socket here is of those types.
 */
int zs_poller_fd(void *handle, zmq_fd_t *fd)
{
	if (!poller_get(handle))
		return -1;
	(void)fd;
	return zs_fail(EINVAL);
}

/* Set up @p->pfds; false and errno if a socket is closed. */
static bool poller_prepare(struct zs_poller *p)
{
	int i;

	for (i = 0; i < p->count; i++) {
		struct poller_item *item = &p->items[i];

		if (zs_poll_fd(&p->pfds[i], item->socket, item->fd,
			       item->events))
			return false;
		/* Not even errors of what nobody waits for. */
		if (!item->events && !item->socket)
			p->pfds[i].fd = -1;
	}
	return true;
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
	int found;

	if (timeout < 0 && poller_waits_for_nothing(p))
		return zs_fail(EFAULT);
	if (!poller_prepare(p))
		return -1;
	do {
		if (zs_poll_wait(p->pfds, p->count, timeout, NULL) < 0)
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
