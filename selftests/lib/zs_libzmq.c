// SPDX-License-Identifier: GPL-2.0-only
/*
 * libzmq sockets: the real library, or ours.  It is opened at run time, so that
 * tests of system calls need no library.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include "proc.h"
#include "zs.h"

#define ZS_MONITORED	(ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED)

/* Functions of the library. */
static struct {
	__typeof__(zmq_ctx_new)	*ctx_new;
	__typeof__(zmq_ctx_term)	*ctx_term;
	__typeof__(zmq_socket)	*socket;
	__typeof__(zmq_close)	*close;
	__typeof__(zmq_setsockopt)	*setsockopt;
	__typeof__(zmq_getsockopt)	*getsockopt;
	__typeof__(zmq_bind)	*bind;
	__typeof__(zmq_connect)	*connect;
	__typeof__(zmq_unbind)	*unbind;
	__typeof__(zmq_disconnect)	*disconnect;
	__typeof__(zmq_send)	*send;
	__typeof__(zmq_recv)	*recv;
	__typeof__(zmq_poll)	*poll;
	__typeof__(zmq_errno)	*get_errno;
	__typeof__(zmq_socket_monitor)	*monitor;
	__typeof__(zmq_msg_init)	*msg_init;
	__typeof__(zmq_msg_recv)	*msg_recv;
	__typeof__(zmq_msg_more)	*msg_more;
	__typeof__(zmq_msg_gets)	*msg_gets;
	__typeof__(zmq_msg_get)		*msg_get;
	__typeof__(zmq_msg_close)	*msg_close;
} lib;

static void *zs_ctx;

static void *zs_symbol(void *from, const char *name)
{
	void *symbol = dlsym(from, name);

	if (!symbol) {
		fprintf(stderr, "libzmq has no %s\n", name);
		exit(1);
	}
	return symbol;
}

static void zs_load(void)
{
	const char *name = zs_is_ours() ? getenv("AF_ZMQ_SHIM") : "libzmq.so.5";
	void *from = dlopen(name ?: "AF_ZMQ_SHIM is not set", RTLD_NOW);

	if (!from) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	lib.ctx_new = zs_symbol(from, "zmq_ctx_new");
	lib.ctx_term = zs_symbol(from, "zmq_ctx_term");
	lib.socket = zs_symbol(from, "zmq_socket");
	lib.close = zs_symbol(from, "zmq_close");
	lib.setsockopt = zs_symbol(from, "zmq_setsockopt");
	lib.getsockopt = zs_symbol(from, "zmq_getsockopt");
	lib.bind = zs_symbol(from, "zmq_bind");
	lib.connect = zs_symbol(from, "zmq_connect");
	lib.unbind = zs_symbol(from, "zmq_unbind");
	lib.disconnect = zs_symbol(from, "zmq_disconnect");
	lib.send = zs_symbol(from, "zmq_send");
	lib.recv = zs_symbol(from, "zmq_recv");
	lib.poll = zs_symbol(from, "zmq_poll");
	lib.get_errno = zs_symbol(from, "zmq_errno");
	lib.msg_init = zs_symbol(from, "zmq_msg_init");
	lib.msg_recv = zs_symbol(from, "zmq_msg_recv");
	lib.msg_more = zs_symbol(from, "zmq_msg_more");
	lib.msg_gets = zs_symbol(from, "zmq_msg_gets");
	lib.msg_get = zs_symbol(from, "zmq_msg_get");
	lib.msg_close = zs_symbol(from, "zmq_msg_close");
	lib.monitor = zs_symbol(from, "zmq_socket_monitor");
}

/* Pass a result on; libzmq's errnos become the kernel's. */
static int zs_result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = lib.get_errno();
	if (errno == EFSM)
		errno = EBADFD;
	else if (errno == ETERM)
		errno = ESHUTDOWN;
	else if (errno == ENOCOMPATPROTO)
		errno = EPROTONOSUPPORT;
	return ret;
}

static int zs_libzmq_monitor(struct zs *s)
{
	char name[40];

	sprintf(name, "inproc://monitor-%p", s->handle);
	if (lib.monitor(s->handle, name, ZS_MONITORED))
		return -1;
	s->monitor = lib.socket(zs_ctx, ZMQ_PAIR);
	return s->monitor ? lib.connect(s->monitor, name) : -1;
}

static int zs_libzmq_open(struct zs *s)
{
	if (!lib.socket)
		zs_load();
	if (!zs_ctx)
		zs_ctx = lib.ctx_new();
	lib.msg_init(&s->kept);
	s->handle = lib.socket(zs_ctx, s->type);
	if (!s->handle)
		return zs_result(-1);
	return zs_is_ours() ? 0 : zs_result(zs_libzmq_monitor(s));
}

static int zs_libzmq_watch(struct zs *s, struct zs *reader, int events)
{
	static unsigned int serial;
	char name[40];

	sprintf(name, "inproc://watch-%u", ++serial);
	if (lib.monitor(s->handle, name, events))
		return zs_result(-1);
	if (s->monitor)
		lib.close(s->monitor);
	s->monitor = NULL;
	return zs_result(lib.connect(reader->handle, name));
}

/* The part is kept until the next one is, or the socket is closed. */
static int zs_libzmq_keep(struct zs *s)
{
	lib.msg_close(&s->kept);
	lib.msg_init(&s->kept);
	if (lib.msg_recv(&s->kept, s->handle, 0) < 0)
		return zs_result(-1);
	s->more = lib.msg_more(&s->kept);
	return 0;
}

static const char *zs_libzmq_gets(struct zs *s, const char *property)
{
	return lib.msg_gets(&s->kept, property);
}

static int zs_libzmq_srcfd(struct zs *s)
{
	return lib.msg_get(&s->kept, ZMQ_SRCFD);
}

static int zs_libzmq_close(struct zs *s)
{
	int linger = 0;

	lib.msg_close(&s->kept);

	if (s->monitor) {
		lib.monitor(s->handle, NULL, 0);
		lib.setsockopt(s->monitor, ZMQ_LINGER, &linger, sizeof(linger));
		lib.close(s->monitor);
	}
	return zs_result(lib.close(s->handle));
}

static int zs_libzmq_set(struct zs *s, int opt, const void *val, size_t len)
{
	return zs_result(lib.setsockopt(s->handle, opt, val, len));
}

static int zs_libzmq_get(struct zs *s, int opt, void *val, size_t *len)
{
	return zs_result(lib.getsockopt(s->handle, opt, val, len));
}

static int zs_libzmq_bind(struct zs *s, const char *endpoint)
{
	return zs_result(lib.bind(s->handle, endpoint));
}

static int zs_libzmq_connect(struct zs *s, const char *endpoint)
{
	return zs_result(lib.connect(s->handle, endpoint));
}

static int zs_libzmq_unbind(struct zs *s, const char *endpoint)
{
	return zs_result(lib.unbind(s->handle, endpoint));
}

static int zs_libzmq_disconnect(struct zs *s, const char *endpoint)
{
	return zs_result(lib.disconnect(s->handle, endpoint));
}

static int zs_libzmq_flags(int flags)
{
	return (flags & ZS_MORE ? ZMQ_SNDMORE : 0) |
	       (flags & ZS_DONTWAIT ? ZMQ_DONTWAIT : 0);
}

static ssize_t zs_libzmq_send(struct zs *s, const void *buf, size_t len,
			      int flags)
{
	return zs_result(lib.send(s->handle, buf, len, zs_libzmq_flags(flags)));
}

static ssize_t zs_libzmq_recv(struct zs *s, void *buf, size_t len, int flags)
{
	size_t size = sizeof(int);
	int ret, more = 0;

	ret = zs_result(lib.recv(s->handle, buf, len, zs_libzmq_flags(flags)));
	if (ret < 0)
		return ret;
	if (lib.getsockopt(s->handle, ZMQ_RCVMORE, &more, &size))
		return zs_result(-1);
	s->more = more;
	return ret;
}

static int zs_libzmq_poll(struct zs *s, int events, int ms)
{
	zmq_pollitem_t item = { .socket = s->handle, .events = events };

	return lib.poll(&item, 1, ms) < 1 ? 0 : item.revents;
}

/* The monitor has a frame with the event's number, and one with its address. */
static int zs_libzmq_peers(struct zs *s)
{
	unsigned char event[6];
	char address[256];

	if (zs_is_ours()) {
		size_t len = sizeof(address);

		return lib.getsockopt(s->handle, ZMQ_LAST_ENDPOINT, address,
				      &len) ? -1 : proc_bound_pipes(address);
	}
	while (lib.recv(s->monitor, event, sizeof(event), ZMQ_DONTWAIT) > 0) {
		lib.recv(s->monitor, address, sizeof(address), 0);
		if ((event[0] | event[1] << 8) == ZMQ_EVENT_DISCONNECTED)
			s->ready--;
		else
			s->ready++;
	}
	return s->ready;
}

/* The library waits for lingering sockets at the end of the context. */
static int zs_libzmq_finish(void)
{
	void *ctx = zs_ctx;

	zs_ctx = NULL;
	return ctx ? zs_result(lib.ctx_term(ctx)) : 0;
}

#define ZS_LIBZMQ_OPS					\
	.open		= zs_libzmq_open,		\
	.close		= zs_libzmq_close,		\
	.set		= zs_libzmq_set,		\
	.get		= zs_libzmq_get,		\
	.bind		= zs_libzmq_bind,		\
	.connect	= zs_libzmq_connect,		\
	.unbind		= zs_libzmq_unbind,		\
	.disconnect	= zs_libzmq_disconnect,		\
	.send		= zs_libzmq_send,		\
	.recv		= zs_libzmq_recv,		\
	.poll		= zs_libzmq_poll,		\
	.watch		= zs_libzmq_watch,		\
	.keep		= zs_libzmq_keep,		\
	.gets		= zs_libzmq_gets,		\
	.srcfd		= zs_libzmq_srcfd,		\
	.peers		= zs_libzmq_peers,		\
	.finish		= zs_libzmq_finish

const struct zs_ops zs_libzmq_ops = {
	.name		= "libzmq",
	ZS_LIBZMQ_OPS,
};

const struct zs_ops zs_shim_ops = {
	.name		= "shim",
	ZS_LIBZMQ_OPS,
};
