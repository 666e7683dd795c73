/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ZeroMQ sockets for tests, three ways.
 *
 * A test of behaviour is written once and runs on
 *
 *	kernel	AF_ZMQ sockets by system calls (the default),
 *	libzmq	the real library: what is expected is what it does,
 *	shim	our libzmq.so.5, $AF_ZMQ_SHIM
 *
 * as $AF_ZMQ_BACKEND says.  Functions return -1 and set errno as system calls
 * do; libzmq's own errnos appear as those of the system calls: EFSM is EBADFD,
 * ETERM is ESHUTDOWN, ENOCOMPATPROTO is EPROTONOSUPPORT.  Every socket begins
 * with time limits of WAIT_LIMIT so that a test that would hang fails instead.
 */
#ifndef _SELFTESTS_ZS_H
#define _SELFTESTS_ZS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <linux/socket.h>
#include <linux/zmq.h>
#include <zmq.h>
#include "wait.h"

/* Flags of zs_send() and zs_recv(). */
#define ZS_MORE		1
#define ZS_DONTWAIT	2

#define ZS_ENDPOINT_MAX	256

/**
 * struct zs - a socket
 * @type: libzmq's number
 * @fd: kernel: its descriptor
 * @handle: libzmq, shim: void *socket
 * @monitor: libzmq: its monitor, until zs_monitor() gives it another
 * @kept: libzmq: the part of zs_keep()
 * @meta: kernel: number of the connection it came by
 * @feed: kernel: descriptor of the socket that zs_monitor() made
 * @ready: libzmq: handshakes completed less connections lost
 * @more: of the part received last, more follow
 * @inode: kernel: of the descriptor
 * @next: all sockets that were not closed
 */
struct zs {
	int		type;
	int		fd;
	void		*handle;
	void		*monitor;
	int		feed;
	zmq_msg_t	kept;
	__u32		meta;
	int		ready;
	bool		more;
	unsigned long	inode;
	struct zs	*next;
};

/**
 * struct zs_ops - one of the three ways
 * @name: what $AF_ZMQ_BACKEND calls it
 * @open: set up @s by its type
 * @close: also frees what @open made
 * @set: setsockopt; @get: getsockopt
 * @bind: bind to, @connect: connect to, @unbind, @disconnect: end an endpoint
 * @send: one part; @recv: one part, the part's length even if it is longer
 * @poll: ZMQ_POLLIN, ZMQ_POLLOUT; those that are true, 0 after @ms
 * @watch: have the events of @s sent to @reader, a PAIR
 * @keep: receive a part for @gets; @gets: one of its properties or NULL
 * @srcfd: descriptor of the connection of the part that @keep received
 * @peers: how many bind-side peers have completed the handshake
 * @finish: wait until all closed sockets have lingered; 0 if they have
 */
struct zs_ops {
	const char *name;
	int (*open)(struct zs *s);
	int (*close)(struct zs *s);
	int (*set)(struct zs *s, int opt, const void *val, size_t len);
	int (*get)(struct zs *s, int opt, void *val, size_t *len);
	int (*bind)(struct zs *s, const char *endpoint);
	int (*connect)(struct zs *s, const char *endpoint);
	int (*unbind)(struct zs *s, const char *endpoint);
	int (*disconnect)(struct zs *s, const char *endpoint);
	ssize_t (*send)(struct zs *s, const void *buf, size_t len, int flags);
	ssize_t (*recv)(struct zs *s, void *buf, size_t len, int flags);
	int (*poll)(struct zs *s, int events, int ms);
	int (*watch)(struct zs *s, struct zs *reader, int events);
	int (*keep)(struct zs *s);
	const char *(*gets)(struct zs *s, const char *property);
	int (*srcfd)(struct zs *s);
	int (*peers)(struct zs *s);
	int (*finish)(void);
};

extern const struct zs_ops zs_kernel_ops;
extern const struct zs_ops zs_libzmq_ops;
extern const struct zs_ops zs_shim_ops;

const struct zs_ops *zs_ops(void);

/* Is this AF_ZMQ by system calls? */
static inline bool zs_is_kernel(void)
{
	return zs_ops() == &zs_kernel_ops;
}

/* Is this AF_ZMQ at all, as opposed to the real libzmq? */
static inline bool zs_is_ours(void)
{
	return zs_ops() != &zs_libzmq_ops;
}

struct zs *zs_open(int type);
struct zs *zs_fresh(int type);
int zs_close(struct zs *s);
int zs_close_now(struct zs *s);
int zs_finish(void);

static inline int zs_set(struct zs *s, int opt, const void *val, size_t len)
{
	return zs_ops()->set(s, opt, val, len);
}

static inline int zs_get(struct zs *s, int opt, void *val, size_t *len)
{
	return zs_ops()->get(s, opt, val, len);
}

static inline int zs_set_int(struct zs *s, int opt, int val)
{
	return zs_set(s, opt, &val, sizeof(val));
}

int zs_get_int(struct zs *s, int opt);
int zs_subscribe(struct zs *s, const char *topic);
int zs_unsubscribe(struct zs *s, const char *topic);

static inline int zs_bind(struct zs *s, const char *endpoint)
{
	return zs_ops()->bind(s, endpoint);
}

static inline int zs_connect(struct zs *s, const char *endpoint)
{
	return zs_ops()->connect(s, endpoint);
}

static inline int zs_unbind(struct zs *s, const char *endpoint)
{
	return zs_ops()->unbind(s, endpoint);
}

static inline int zs_disconnect(struct zs *s, const char *endpoint)
{
	return zs_ops()->disconnect(s, endpoint);
}

static inline ssize_t zs_send(struct zs *s, const void *buf, size_t len,
			      int flags)
{
	return zs_ops()->send(s, buf, len, flags);
}

static inline ssize_t zs_recv(struct zs *s, void *buf, size_t len, int flags)
{
	return zs_ops()->recv(s, buf, len, flags);
}

static inline int zs_poll(struct zs *s, int events, int ms)
{
	return zs_ops()->poll(s, events, ms);
}

/* Strings: no NUL is sent.  zs_recv_str() gives a static buffer or NULL. */
ssize_t zs_send_str(struct zs *s, const char *str, int flags);
char *zs_recv_str(struct zs *s, int flags);
bool zs_recv_is(struct zs *s, const char *str);

/* Whole messages; "|" separates parts. */
int zs_send_msg(struct zs *s, const char *parts);
char *zs_recv_msg(struct zs *s, int flags);

int zs_send_int(struct zs *s, int val, int flags);
int zs_recv_int(struct zs *s, int flags);

bool zs_wait_peers(struct zs *s, int peers);
bool zs_can_send(struct zs *s, bool can);
int zs_send_until_full(struct zs *s, const void *buf, size_t len, int max);
bool zs_join(struct zs *pub, struct zs *sub);

/**
 * enum zs_transport - what tests connect by
 */
enum zs_transport {
	ZS_TCP,
	ZS_TCP6,
	ZS_IPC,
	ZS_ABSTRACT,
	ZS_INPROC,
};

const char *zs_any(enum zs_transport transport);
int zs_bind_any(struct zs *s, enum zs_transport transport, char *endpoint);
int zs_pair(struct zs *binder, struct zs *connecter,
	    enum zs_transport transport, char *endpoint);
int zs_free_endpoint(char *endpoint);

/**
 * struct zs_event - what a monitor told
 * @event: ZMQ_EVENT_*
 * @value: an errno, a time, a number of a connection ...
 * @endpoint: of what it happened to
 */
struct zs_event {
	int	event;
	int	value;
	char	endpoint[ZS_ENDPOINT_MAX];
};

struct zs *zs_monitor(struct zs *s, int events);
const char *zs_event_name(int event);
int zs_next_event(struct zs *reader, struct zs_event *event);
bool zs_expect_events(struct zs *reader, const char *names);
bool zs_no_event(struct zs *reader, int ms);

/* Receive a part; ask for its properties, in a static buffer. */
static inline int zs_keep(struct zs *s)
{
	return zs_ops()->keep(s);
}

static inline const char *zs_gets(struct zs *s, const char *property)
{
	return zs_ops()->gets(s, property);
}

int zs_kernel_join(struct zs *s);

/* With the kernel the caller closes it. */
static inline int zs_srcfd(struct zs *s)
{
	return zs_ops()->srcfd(s);
}

/* AF_ZMQ alone: counters of a socket, 0 or -1. */
int zs_stats(struct zs *s, struct zmq_af_stats *stats);
/* Messages that wait to be received; -1 if it does not tell. */
long long zs_rx_queued(struct zs *s);
int zs_family(void);

#endif /* _SELFTESTS_ZS_H */
