// SPDX-License-Identifier: MPL-2.0
/* Sockets: made and closed. */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_once_t family_once = PTHREAD_ONCE_INIT;
static int family = AF_ZMQ;

/* The module may have been loaded with another number than AF_ZMQ. */
static void family_read(void)
{
	int fd = open("/sys/module/af_zmq/parameters/family",
		      O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	if (atoi(text) > 0)
		family = atoi(text);
}

int zs_family(void)
{
	pthread_once(&family_once, family_read);
	return family;
}

/* Does this errno of socket(2) mean that there is no AF_ZMQ here? */
bool zs_family_missing(int err)
{
	return err == EAFNOSUPPORT || err == ESOCKTNOSUPPORT ||
	       err == EPROTOTYPE;
}

static void sock_complain(void)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;

	if (atomic_flag_test_and_set(&told))
		return;
	fprintf(stderr, ZS_NAME ": socket family %d is not there: load the "
		"kernel module (modprobe af_zmq), or set ZMQ_SHIM_FALLBACK=1 "
		"to use the installed libzmq instead\n", zs_family());
}

static void sock_release(struct zs_handle *h)
{
	struct zs_sock *s = (struct zs_sock *)h;
	int epfd = atomic_load(&s->epfd);

	zs_ring_free(s);
	if (s->fd >= 0) {
		/* Once the last socket is closed the context may be gone. */
		zs_ctx_leave(s->ctx);
		close(s->fd);
		zs_endpoints_clean(s);
	}
	zs_meta_close(s);
	/* It has been sent what happened until the end. */
	if (s->monitor)
		zs_close(s->monitor);
	if (epfd >= 0)
		close(epfd);
	zs_endpoints_free(s);
	pthread_mutex_destroy(&s->metas.lock);
	zs_prefetch_fini(&s->prefetch);
	pthread_mutex_destroy(&s->lock);
}

static void sock_orphan(struct zs_handle *h)
{
	struct zs_sock *s = (struct zs_sock *)h;
	int epfd = atomic_load(&s->epfd);

	if (s->fd >= 0)
		close(s->fd);
	if (epfd >= 0)
		close(epfd);
	s->fd = -1;
	zs_ring_orphan(s);
	atomic_store(&s->epfd, -1);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->metas.lock, NULL);
	zs_meta_orphan(s);
	zs_prefetch_orphan(&s->prefetch);
}

struct zs_pool zs_sock_pool = {
	.size		= sizeof(struct zs_sock),
	.release	= sock_release,
	.orphan		= sock_orphan,
	.lock		= PTHREAD_MUTEX_INITIALIZER,
	.free_tail	= &zs_sock_pool.free_head,
};

static int sock_set_int(int fd, int option, int value)
{
	return setsockopt(fd, SOL_ZMQ, option, &value, sizeof(value));
}

/*
 * What every socket of a context starts with.  Blocking calls must fail with
 * EINTR on any signal, as libzmq's do, even under SA_RESTART.
 */
static int sock_set_up(int fd, struct zs_ctx *ctx, int ctx_fd)
{
	if (sock_set_int(fd, ZMQ_AF_CTX, ctx_fd) ||
	    sock_set_int(fd, ZMQ_AF_EINTR, 1) ||
	    sock_set_int(fd, ZMQ_AF_RECVMETA, ZMQ_AF_RECVMETA_NEW))
		return -1;
	if (!ctx->blocky && sock_set_int(fd, ZMQ_LINGER, 0))
		return -1;
	if (ctx->ipv6 && sock_set_int(fd, ZMQ_IPV6, 1))
		return -1;
	return 0;
}

/* A kernel socket in the context, or -1. */
static int sock_open(struct zs_ctx *ctx, int ctx_fd, int type)
{
	int fd, err;

	fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, type);
	if (fd < 0) {
		if (errno == EPROTONOSUPPORT)
			errno = EINVAL;
		else if (errno == ENFILE)
			errno = EMFILE;
		return -1;
	}
	if (sock_set_up(fd, ctx, ctx_fd)) {
		zs_fail_kernel();
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* The context's part of the socket is undone by the caller. */
static struct zs_sock *sock_new(struct zs_ctx *ctx, int ctx_fd, int type)
{
	struct zs_sock *s;
	int fd;

	fd = sock_open(ctx, ctx_fd, type);
	if (fd < 0)
		return NULL;
	s = (struct zs_sock *)zs_handle_new(&zs_sock_pool);
	if (!s) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	s->fd = fd;
	s->type = type;
	s->thread_safe = type >= ZMQ_SERVER && type != ZMQ_DGRAM;
	s->numbered = type == ZMQ_SERVER || type == ZMQ_PEER;
	s->grouped = type == ZMQ_RADIO || type == ZMQ_DISH;
	s->ctx = ctx;
	atomic_store(&s->epfd, -1);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->metas.lock, NULL);
	zs_ring_init(s);
	zs_prefetch_init(&s->prefetch, type);
	zs_handle_open(&s->h);
	return s;
}

void *zs_socket(void *handle, int type)
{
	ZS_USING_CTX *ctx = zs_ctx_get_handle(handle);
	struct zs_sock *s;
	int ctx_fd;

	if (!ctx)
		return NULL;
	ctx_fd = zs_ctx_enter(ctx);
	if (ctx_fd < 0) {
		if (zs_family_missing(errno)) {
			sock_complain();
			errno = EAFNOSUPPORT;
		}
		return NULL;
	}
	if (type < ZMQ_PAIR || type > ZMQ_CHANNEL) {
		zs_ctx_leave(ctx);
		errno = EINVAL;
		return NULL;
	}

	s = sock_new(ctx, ctx_fd, type);
	if (!s)
		zs_ctx_leave(ctx);
	return s;
}

/*
 * The kernel goes on sending what is queued, for as long as ZMQ_LINGER says.
 * A call in another thread that is using the socket keeps it open until it
 * returns; zmq_ctx_term() makes it return.
 */
int zs_close(void *handle)
{
	struct zs_sock *s = handle;

	if (!s || s->h.pool != &zs_sock_pool || !zs_handle_close(&s->h))
		return zs_fail(ENOTSOCK);
	return 0;
}
