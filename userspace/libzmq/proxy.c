// SPDX-License-Identifier: MPL-2.0
/*
 * Proxies: messages from each of two sockets to the other.  A message is only
 * taken from one side when the other can send, so that a slow receiver slows
 * the sender down instead of filling the proxy's memory.
 */
#include "shim.h"

#include <string.h>

/* Messages moved one way before the other way and the control get a turn. */
#define ZS_PROXY_BURST	1000

/**
 * struct proxy_count - what went one way through one socket
 * @messages: whole ones
 * @bytes: in the bodies of all their parts
 */
struct proxy_count {
	uint64_t	messages;
	uint64_t	bytes;
};

/**
 * struct proxy_side - one of the two sockets
 * @socket: its handle
 * @received: from it
 * @sent: to it
 * @pending: has something to read, but the other could not send yet
 */
struct proxy_side {
	void			*socket;
	struct proxy_count	received;
	struct proxy_count	sent;
	bool			pending;
};

enum proxy_state { PROXY_ACTIVE, PROXY_PAUSED, PROXY_TERMINATED };

/**
 * struct proxy - one running proxy
 * @front: frontend
 * @back: backend
 * @same: both sides are one socket
 * @capture: gets a copy of each message, or NULL
 * @control: commands are received here, or NULL
 * @state: what the last command made it
 */
struct proxy {
	struct proxy_side	front;
	struct proxy_side	back;
	bool			same;
	void			*capture;
	void			*control;
	enum proxy_state	state;
};

static void count(struct proxy_count *c, uint64_t bytes)
{
	c->messages++;
	c->bytes += bytes;
}

static int capture_part(struct proxy *proxy, zmq_msg_t *msg, int flags)
{
	zmq_msg_t copy;

	if (!proxy->capture)
		return 0;
	zs_msg_init(&copy);
	if (zs_msg_copy(&copy, msg))
		return -1;
	if (zs_msg_send(&copy, proxy->capture, flags) < 0) {
		zs_msg_close(&copy);
		return -1;
	}
	return 0;
}

/* Pass a part on that was received; its SNDMORE flag, or -1. */
static int pass_part(struct proxy *proxy, struct proxy_side *to,
		     zmq_msg_t *msg)
{
	int flags = zs_msg_more(msg) ? ZMQ_SNDMORE : 0;

	if (capture_part(proxy, msg, flags) ||
	    zs_msg_send(msg, to->socket, flags) < 0)
		return -1;
	return flags;
}

/* Forward a message: 1, or 0 if there is none, or -1. */
static int forward_one(struct proxy *proxy, struct proxy_side *from,
		       struct proxy_side *to, zmq_msg_t *msg)
{
	uint64_t bytes = 0;
	int more;

	if (zs_msg_recv(msg, from->socket, ZMQ_DONTWAIT) < 0)
		return errno == EAGAIN ? 0 : -1;
	do {
		bytes += zs_msg_size(msg);
		more = pass_part(proxy, to, msg);
		if (more < 0)
			return -1;
	} while (more && zs_msg_recv(msg, from->socket, ZMQ_DONTWAIT) >= 0);
	if (more)
		return -1;
	count(&from->received, bytes);
	count(&to->sent, bytes);
	return 1;
}

/* Forward what is there, but no more than a burst. */
static int forward(struct proxy *proxy, struct proxy_side *from,
		   struct proxy_side *to)
{
	zmq_msg_t msg;
	int i, rc, err;

	from->pending = false;
	zs_msg_init(&msg);
	for (rc = 1, i = 0; rc > 0 && i < ZS_PROXY_BURST; i++)
		rc = forward_one(proxy, from, to, &msg);
	err = errno;
	zs_msg_close(&msg);
	errno = err;
	return rc < 0 ? -1 : 0;
}

/* STATISTICS: eight numbers, a part each, in the machine's byte order. */
static int control_statistics(struct proxy *proxy)
{
	const struct proxy_count *const counts[] = {
		&proxy->front.received, &proxy->front.sent,
		&proxy->back.received, &proxy->back.sent,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		bool last = i + 1 == ARRAY_SIZE(counts);

		if (zs_send(proxy->control, &counts[i]->messages,
			    sizeof(counts[i]->messages), ZMQ_SNDMORE) < 0 ||
		    zs_send(proxy->control, &counts[i]->bytes,
			    sizeof(counts[i]->bytes),
			    last ? 0 : ZMQ_SNDMORE) < 0)
			return -1;
	}
	return 0;
}

static bool is_command(const char *buf, int size, const char *command)
{
	return size == (int)strlen(command) && !memcmp(buf, command, size);
}

/*
 * A command came.  A REP must reply even if there is nothing to say.  Unknown
 * commands are ignored.
 */
static int control_command(struct proxy *proxy)
{
	size_t len = sizeof(int);
	char buf[16];
	int type, n;

	n = zs_recv(proxy->control, buf, sizeof(buf), ZMQ_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	if (is_command(buf, n, "STATISTICS"))
		return control_statistics(proxy);
	if (is_command(buf, n, "PAUSE"))
		proxy->state = PROXY_PAUSED;
	else if (is_command(buf, n, "RESUME"))
		proxy->state = PROXY_ACTIVE;
	else if (is_command(buf, n, "TERMINATE"))
		proxy->state = PROXY_TERMINATED;

	if (zs_getsockopt(proxy->control, ZMQ_TYPE, &type, &len))
		return -1;
	if (type == ZMQ_REP && zs_send(proxy->control, NULL, 0, 0) < 0)
		return -1;
	return 0;
}

/*
 * What to wait for at a side: messages, unless some are pending; and, if the
 * other has messages pending for it, that it can send.
 */
static short side_events(const struct proxy *proxy,
			 const struct proxy_side *side,
			 const struct proxy_side *other)
{
	if (proxy->state != PROXY_ACTIVE)
		return 0;
	return (side->pending ? 0 : ZMQ_POLLIN) |
	       (other->pending ? ZMQ_POLLOUT : 0);
}

/* Can a message be sent there now?  1 or 0, or -1. */
static int side_can_send(const struct proxy_side *side)
{
	size_t len = sizeof(int);
	int events;

	if (zs_getsockopt(side->socket, ZMQ_EVENTS, &events, &len))
		return -1;
	return events & ZMQ_POLLOUT ? 1 : 0;
}

/* One way, after polling; @revents are those of @from. */
static int proxy_way(struct proxy *proxy, struct proxy_side *from,
		     struct proxy_side *to, short revents)
{
	int can;

	if (revents & ZMQ_POLLIN)
		from->pending = true;
	if (!from->pending)
		return 0;
	can = proxy->same ? 1 : side_can_send(to);
	if (can <= 0)
		return can;
	return forward(proxy, from, to);
}

/* One round: wait, obey, forward. */
static int proxy_round(struct proxy *proxy)
{
	zmq_pollitem_t items[] = {
		{ .socket = proxy->front.socket },
		{ .socket = proxy->back.socket },
		{ .socket = proxy->control, .events = ZMQ_POLLIN },
	};

	items[0].events = side_events(proxy, &proxy->front, &proxy->back);
	items[1].events = side_events(proxy, &proxy->back, &proxy->front);
	if (proxy->same)
		items[1].events = 0;
	if (zs_poll(items, proxy->control ? 3 : 2, -1) < 0)
		return -1;
	if (items[2].revents && control_command(proxy))
		return -1;
	if (proxy->state != PROXY_ACTIVE)
		return 0;
	if (proxy_way(proxy, &proxy->front, &proxy->back, items[0].revents))
		return -1;
	if (proxy->same)
		return 0;
	return proxy_way(proxy, &proxy->back, &proxy->front, items[1].revents);
}

/* Ends with 0 on TERMINATE, else with -1: ETERM, EINTR ... */
int zs_proxy_steerable(void *frontend, void *backend, void *capture,
		       void *control)
{
	struct proxy proxy = {
		.front = { .socket = frontend },
		.back = { .socket = backend },
		.same = frontend == backend,
		.capture = capture,
		.control = control,
		.state = PROXY_ACTIVE,
	};

	if (!frontend || !backend)
		return zs_fail(EFAULT);
	while (proxy.state != PROXY_TERMINATED)
		if (proxy_round(&proxy))
			return -1;
	return 0;
}

int zs_proxy(void *frontend, void *backend, void *capture)
{
	return zs_proxy_steerable(frontend, backend, capture, NULL);
}

/* The type of a device has had no meaning since libzmq 3. */
int zs_device(int type, void *frontend, void *backend)
{
	(void)type;
	return zs_proxy_steerable(frontend, backend, NULL, NULL);
}
