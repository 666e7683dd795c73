// SPDX-License-Identifier: GPL-2.0-only
/* What does not depend on the way the sockets are made. */
#include <pthread.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "zs.h"

const struct zs_ops *zs_ops(void)
{
	static const struct zs_ops *const all[] = {
		&zs_kernel_ops, &zs_libzmq_ops, &zs_shim_ops,
	};
	static const struct zs_ops *ops;
	const char *name;
	size_t i;

	if (ops)
		return ops;
	name = getenv("AF_ZMQ_BACKEND");
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!name || !strcmp(name, all[i]->name)) {
			ops = all[i];
			return ops;
		}
	fprintf(stderr, "AF_ZMQ_BACKEND=%s: kernel, libzmq or shim\n", name);
	exit(1);
}

/* All that are open; threads may open and close. */
static pthread_mutex_t zs_all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zs *zs_all;

static void zs_all_add(struct zs *s)
{
	pthread_mutex_lock(&zs_all_lock);
	s->next = zs_all;
	zs_all = s;
	pthread_mutex_unlock(&zs_all_lock);
}

static void zs_all_remove(struct zs *s)
{
	struct zs **at = &zs_all;

	pthread_mutex_lock(&zs_all_lock);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	pthread_mutex_unlock(&zs_all_lock);
}

/**
 * zs_open - make a socket
 * @type: ZMQ_PUSH ...
 *
 * Return: NULL and errno if that failed.
 */
struct zs *zs_open(int type)
{
	struct zs *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->type = type;
	s->fd = -1;
	s->feed = -1;
	if (zs_ops()->open(s)) {
		free(s);
		return NULL;
	}
	zs_all_add(s);
	if (zs_set_int(s, ZMQ_RCVTIMEO, WAIT_LIMIT) ||
	    zs_set_int(s, ZMQ_SNDTIMEO, WAIT_LIMIT)) {
		zs_close(s);
		return NULL;
	}
	return s;
}

/* Without the time limits that zs_open() sets. */
struct zs *zs_fresh(int type)
{
	struct zs *s = zs_open(type);

	if (s) {
		zs_set_int(s, ZMQ_RCVTIMEO, -1);
		zs_set_int(s, ZMQ_SNDTIMEO, -1);
	}
	return s;
}

int zs_close(struct zs *s)
{
	int ret = zs_ops()->close(s);

	zs_all_remove(s);
	free(s);
	return ret;
}

/* Close without lingering. */
int zs_close_now(struct zs *s)
{
	zs_set_int(s, ZMQ_LINGER, 0);
	return zs_close(s);
}

int zs_finish(void)
{
	return zs_ops()->finish();
}

/* The value of an int option, or INT_MIN and errno. */
int zs_get_int(struct zs *s, int opt)
{
	size_t len = sizeof(int);
	int val;

	return zs_get(s, opt, &val, &len) ? -0x7fffffff - 1 : val;
}

int zs_subscribe(struct zs *s, const char *topic)
{
	return zs_set(s, ZMQ_SUBSCRIBE, topic, strlen(topic));
}

int zs_unsubscribe(struct zs *s, const char *topic)
{
	return zs_set(s, ZMQ_UNSUBSCRIBE, topic, strlen(topic));
}

ssize_t zs_send_str(struct zs *s, const char *str, int flags)
{
	return zs_send(s, str, strlen(str), flags);
}

char *zs_recv_str(struct zs *s, int flags)
{
	static char buf[1024];
	ssize_t len = zs_recv(s, buf, sizeof(buf) - 1, flags);

	if (len < 0 || len > (ssize_t)sizeof(buf) - 1)
		return NULL;
	buf[len] = 0;
	return buf;
}

/* Receive a message of one part: is it this one? */
bool zs_recv_is(struct zs *s, const char *str)
{
	char *got = zs_recv_msg(s, 0);

	if (got && !strcmp(got, str))
		return true;
	fprintf(stderr, "# received \"%s\" instead of \"%s\"\n",
		got ?: strerror(errno), str);
	return false;
}

int zs_send_msg(struct zs *s, const char *parts)
{
	const char *end;

	while ((end = strchr(parts, '|'))) {
		if (zs_send(s, parts, end - parts, ZS_MORE) < 0)
			return -1;
		parts = end + 1;
	}
	return zs_send_str(s, parts, 0) < 0 ? -1 : 0;
}

char *zs_recv_msg(struct zs *s, int flags)
{
	static char msg[4096];
	size_t used = 0;
	char *part;

	do {
		part = zs_recv_str(s, flags);
		if (!part)
			return NULL;
		if (used + strlen(part) + 2 > sizeof(msg)) {
			errno = EMSGSIZE;
			return NULL;
		}
		used += sprintf(msg + used, "%s%s", part, s->more ? "|" : "");
	} while (s->more);
	return msg;
}

int zs_send_int(struct zs *s, int val, int flags)
{
	return zs_send(s, &val, sizeof(val), flags) < 0 ? -1 : 0;
}

/* An int that is not negative, or -1 and errno. */
int zs_recv_int(struct zs *s, int flags)
{
	ssize_t len;
	int val;

	len = zs_recv(s, &val, sizeof(val), flags);
	if (len >= 0 && len != sizeof(val))
		errno = EPROTO;
	return len == sizeof(val) ? val : -1;
}

/* A libzmq socket gets nothing done but in calls: make one of each. */
static int zs_peers(struct zs *s)
{
	struct zs *other;

	for (other = zs_all; !zs_is_kernel() && other; other = other->next)
		zs_poll(other, ZMQ_POLLIN, 0);
	return zs_ops()->peers(s);
}

/* Wait until a socket that has bound has this many peers. */
bool zs_wait_peers(struct zs *s, int peers)
{
	return wait_until(zs_peers(s) == peers);
}

/* Wait until a socket can, or cannot, be sent to without blocking. */
bool zs_can_send(struct zs *s, bool can)
{
	return wait_until(!!zs_poll(s, ZMQ_POLLOUT, 0) == can);
}

/* Send until that would block, or @max: how many messages. */
int zs_send_until_full(struct zs *s, const void *buf, size_t len, int max)
{
	int i;

	for (i = 0; i < max; i++)
		if (zs_send(s, buf, len, ZS_DONTWAIT) < 0)
			return errno == EAGAIN ? i : -1;
	return max;
}

/**
 * zs_join - wait until a publisher knows all subscriptions of a subscriber
 * @pub: PUB
 * @sub: SUB, which must be subscribed to nothing that begins with "\x7f"
 *
 * Subscriptions arrive in order: when the last one is in force, all are.
 */
bool zs_join(struct zs *pub, struct zs *sub)
{
	static unsigned int serial;
	char topic[32], end[40];
	bool seen = false;
	char *got;

	sprintf(topic, "\x7fjoin%d.%u.", getpid(), ++serial);
	sprintf(end, "%send", topic);
	if (zs_subscribe(sub, topic))
		return false;
	if (!wait_until(zs_send_str(pub, topic, 0) >= 0 &&
			zs_poll(sub, ZMQ_POLLIN, 20)))
		return false;
	zs_send_str(pub, end, 0);
	while (!seen) {
		got = zs_recv_msg(sub, 0);
		if (!got)
			return false;
		seen = !strcmp(got, end);
	}
	return !zs_unsubscribe(sub, topic);
}

/* An endpoint to bind to; a new one each time. */
const char *zs_any(enum zs_transport transport)
{
	static unsigned int serial;
	static char endpoint[ZS_ENDPOINT_MAX];

	switch (transport) {
	case ZS_TCP:
		return "tcp://127.0.0.1:*";
	case ZS_TCP6:
		return "tcp://[::1]:*";
	case ZS_IPC:
		sprintf(endpoint, "ipc:///tmp/af_zmq.%d.%u", getpid(), ++serial);
		return endpoint;
	case ZS_INPROC:
		sprintf(endpoint, "inproc://any.%u", ++serial);
		return endpoint;
	case ZS_ABSTRACT:
		sprintf(endpoint, "ipc://@af_zmq.%d.%u", getpid(), ++serial);
		return endpoint;
	}
	return NULL;
}

/* Bind; @endpoint (ZS_ENDPOINT_MAX bytes) is where to connect to. */
int zs_bind_any(struct zs *s, enum zs_transport transport, char *endpoint)
{
	size_t len = ZS_ENDPOINT_MAX;

	if (transport == ZS_TCP6 && zs_set_int(s, ZMQ_IPV6, 1))
		return -1;
	if (zs_bind(s, zs_any(transport)))
		return -1;
	return zs_get(s, ZMQ_LAST_ENDPOINT, endpoint, &len);
}

/* Connect two sockets and wait until they are. */
int zs_pair(struct zs *binder, struct zs *connecter,
	    enum zs_transport transport, char *endpoint)
{
	char buf[ZS_ENDPOINT_MAX];

	endpoint = endpoint ?: buf;
	if (zs_bind_any(binder, transport, endpoint))
		return -1;
	if (transport == ZS_TCP6 && zs_set_int(connecter, ZMQ_IPV6, 1))
		return -1;
	if (zs_connect(connecter, endpoint))
		return -1;
	/* That is immediate, and libzmq tells nothing about it. */
	if (transport == ZS_INPROC || zs_wait_peers(binder, 1))
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

/**
 * zs_free_endpoint - an endpoint where nobody listens
 * @endpoint: room for it
 *
 * Return: a descriptor that keeps the port from others until it is closed, or
 * -1.  With SO_REUSEADDR on both sides somebody can bind to it meanwhile.
 */
int zs_free_endpoint(char *endpoint)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len)) {
		close(fd);
		return -1;
	}
	sprintf(endpoint, "tcp://127.0.0.1:%d", ntohs(addr.sin_port));
	return fd;
}

static const char *const zs_event_names[] = {
	"CONNECTED", "CONNECT_DELAYED", "CONNECT_RETRIED", "LISTENING",
	"BIND_FAILED", "ACCEPTED", "ACCEPT_FAILED", "CLOSED", "CLOSE_FAILED",
	"DISCONNECTED", "MONITOR_STOPPED", "HANDSHAKE_FAILED_NO_DETAIL",
	"HANDSHAKE_SUCCEEDED", "HANDSHAKE_FAILED_PROTOCOL",
	"HANDSHAKE_FAILED_AUTH",
};

/* Without ZMQ_EVENT_. */
const char *zs_event_name(int event)
{
	int bit = event ? __builtin_ctz(event) : 31;

	return bit < (int)(sizeof(zs_event_names) / sizeof(char *)) ?
	       zs_event_names[bit] : "?";
}

/**
 * zs_monitor - have the events of a socket told
 * @s: the socket
 * @events: mask of ZMQ_EVENT_*
 *
 * zs_wait_peers() cannot be used on the socket any more.
 *
 * Return: the socket they are received from, or NULL and errno.
 */
struct zs *zs_monitor(struct zs *s, int events)
{
	struct zs *reader = zs_open(ZMQ_PAIR);

	if (!reader)
		return NULL;
	if (zs_ops()->watch(s, reader, events)) {
		zs_close_now(reader);
		return NULL;
	}
	return reader;
}

/* Receive an event; 0, or -1 and errno. */
int zs_next_event(struct zs *reader, struct zs_event *event)
{
	struct {
		unsigned short	event;
		int		value;
	} __attribute__((packed)) head;
	char *endpoint;

	if (zs_recv(reader, &head, sizeof(head), 0) != sizeof(head))
		return -1;
	event->event = head.event;
	event->value = head.value;
	endpoint = reader->more ? zs_recv_str(reader, 0) : NULL;
	if (!endpoint || reader->more ||
	    strlen(endpoint) >= sizeof(event->endpoint)) {
		errno = EPROTO;
		return -1;
	}
	strcpy(event->endpoint, endpoint);
	return 0;
}

/* Are the next events these?  Names without ZMQ_EVENT_, separated by spaces. */
bool zs_expect_events(struct zs *reader, const char *names)
{
	struct zs_event event;
	size_t len;

	for (; *names; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		if (zs_next_event(reader, &event)) {
			fprintf(stderr, "# %s instead of %.*s\n", strerror(errno),
				(int)len, names);
			return false;
		}
		if (strlen(zs_event_name(event.event)) == len &&
		    !strncmp(zs_event_name(event.event), names, len))
			continue;
		fprintf(stderr, "# %s, %d, %s instead of %.*s\n",
			zs_event_name(event.event), event.value, event.endpoint,
			(int)len, names);
		return false;
	}
	return true;
}

bool zs_no_event(struct zs *reader, int ms)
{
	struct zs_event event;

	if (!zs_poll(reader, ZMQ_POLLIN, ms))
		return true;
	if (!zs_next_event(reader, &event))
		fprintf(stderr, "# %s, %d, %s instead of nothing\n",
			zs_event_name(event.event), event.value, event.endpoint);
	return false;
}
