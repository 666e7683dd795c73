// SPDX-License-Identifier: MPL-2.0
/*
 * Contexts.  The kernel has them too (ZMQ_AF_CONTEXT): a descriptor that
 * sockets join, that shutdown(2) ends for all of them, and that becomes
 * readable when the last of them is closed and has finished lingering.  It is
 * made with the first socket.
 */
#include "shim.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ZS_MAX_SOCKETS_DFLT	1023
#define ZS_SOCKET_LIMIT		65535

/* Closed: the descriptor can go. */
static void ctx_release(struct zs_handle *h)
{
	struct zs_ctx *ctx = (struct zs_ctx *)h;

	if (ctx->fd >= 0)
		close(ctx->fd);
	pthread_mutex_destroy(&ctx->lock);
}

/*
 * In the child of a fork the context is as if it never had a socket: it can
 * be terminated at once, or be used for sockets of the child's own.
 */
static void ctx_orphan(struct zs_handle *h)
{
	struct zs_ctx *ctx = (struct zs_ctx *)h;

	if (ctx->fd >= 0)
		close(ctx->fd);
	ctx->fd = -1;
	ctx->sockets = 0;
	pthread_mutex_init(&ctx->lock, NULL);
}

struct zs_pool zs_ctx_pool = {
	.size		= sizeof(struct zs_ctx),
	.release	= ctx_release,
	.orphan		= ctx_orphan,
	.keeps		= true,
	.lock		= PTHREAD_MUTEX_INITIALIZER,
	.free_tail	= &zs_ctx_pool.free_head,
};

void *zs_ctx_new(void)
{
	struct zs_ctx *ctx = (struct zs_ctx *)zs_handle_new(&zs_ctx_pool);

	if (!ctx)
		return NULL;
	pthread_mutex_init(&ctx->lock, NULL);
	ctx->fd = -1;
	atomic_store(&ctx->shut, false);
	ctx->max_sockets = ZS_MAX_SOCKETS_DFLT;
	ctx->io_threads = ZMQ_IO_THREADS_DFLT;
	ctx->max_msgsz = INT_MAX;
	ctx->thread_policy = ZMQ_THREAD_SCHED_POLICY_DFLT;
	ctx->zero_copy = 1;
	ctx->blocky = 1;
	zs_handle_open(&ctx->h);
	return ctx;
}

/* Caller holds @ctx->lock. */
static int ctx_start(struct zs_ctx *ctx)
{
	ctx->fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC,
			 ZMQ_AF_CONTEXT);
	if (ctx->fd < 0)
		return -1;
	ctx->started = ctx->io_threads;
	return 0;
}

/**
 * zs_ctx_enter - a socket is about to be made in a context
 * @ctx: the context
 *
 * To be undone by zs_ctx_leave().
 *
 * Return: the descriptor to join, or -1 and ETERM, EMFILE or what socket(2)
 * failed with.
 */
int zs_ctx_enter(struct zs_ctx *ctx)
{
	int fd = -1;

	pthread_mutex_lock(&ctx->lock);
	if (atomic_load(&ctx->shut))
		errno = ETERM;
	else if (ctx->sockets >= ctx->max_sockets)
		errno = EMFILE;
	else if (ctx->fd >= 0 || !ctx_start(ctx))
		fd = ctx->fd;
	if (fd >= 0)
		ctx->sockets++;
	pthread_mutex_unlock(&ctx->lock);
	return fd;
}

void zs_ctx_leave(struct zs_ctx *ctx)
{
	pthread_mutex_lock(&ctx->lock);
	ctx->sockets--;
	pthread_mutex_unlock(&ctx->lock);
}

/* From here on every call on the context's sockets fails with ETERM. */
static int ctx_shut(struct zs_ctx *ctx)
{
	int fd;

	pthread_mutex_lock(&ctx->lock);
	atomic_store(&ctx->shut, true);
	fd = ctx->fd;
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&ctx->lock);
	return fd;
}

int zs_ctx_shutdown(void *handle)
{
	ZS_USING_CTX *ctx = zs_ctx_get_handle(handle);

	if (!ctx)
		return -1;
	ctx_shut(ctx);
	return 0;
}

/*
 * Blocks until all sockets are closed and done lingering.  Fails with EINTR
 * if a signal comes, and can then be called again.
 */
int zs_ctx_term(void *handle)
{
	ZS_USING_CTX *ctx = zs_ctx_get_handle(handle);
	struct pollfd pfd = { .events = POLLIN };

	if (!ctx)
		return -1;
	pfd.fd = ctx_shut(ctx);
	while (pfd.fd >= 0 && !(pfd.revents & (POLLIN | POLLNVAL)))
		if (poll(&pfd, 1, -1) < 0)
			return -1;
	zs_handle_close(&ctx->h);
	return 0;
}

int zs_ctx_destroy(void *handle)
{
	return zs_ctx_term(handle);
}

int zs_term(void *handle)
{
	return zs_ctx_term(handle);
}

void *zs_init(int io_threads)
{
	struct zs_ctx *ctx;

	if (io_threads < 0) {
		errno = EINVAL;
		return NULL;
	}
	ctx = zs_ctx_new();
	if (ctx)
		ctx->io_threads = io_threads;
	return ctx;
}

/**
 * struct ctx_option - an option that is just a number
 * @option: ZMQ_IO_THREADS etc.
 * @offset: where it is in struct zs_ctx
 * @min: smallest value
 * @boolean: kept as 0 or 1
 *
 * There are no I/O threads here and no limit to enforce: apart from
 * MAX_SOCKETS, IPV6, BLOCKY and "no I/O threads at all" values are only kept.
 */
struct ctx_option {
	int	option;
	size_t	offset;
	int	min;
	bool	boolean;
};

static const struct ctx_option ctx_options[] = {
	{ ZMQ_IO_THREADS,	offsetof(struct zs_ctx, io_threads),	0, false },
	{ ZMQ_MAX_SOCKETS,	offsetof(struct zs_ctx, max_sockets),	1, false },
	{ ZMQ_THREAD_SCHED_POLICY,
				offsetof(struct zs_ctx, thread_policy),	0, false },
	{ ZMQ_MAX_MSGSZ,	offsetof(struct zs_ctx, max_msgsz),	0, false },
	{ ZMQ_ZERO_COPY_RECV,	offsetof(struct zs_ctx, zero_copy),	0, true },
	{ ZMQ_IPV6,		offsetof(struct zs_ctx, ipv6),		0, true },
	{ ZMQ_BLOCKY,		offsetof(struct zs_ctx, blocky),	0, true },
};

static const struct ctx_option *ctx_option_find(int option)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ctx_options); i++)
		if (ctx_options[i].option == option)
			return &ctx_options[i];
	return NULL;
}

static int *ctx_option_value(struct zs_ctx *ctx, const struct ctx_option *opt)
{
	return (int *)((char *)ctx + opt->offset);
}

/* The set of CPUs for threads that we do not have: only kept. */
static int ctx_cpu(struct zs_ctx *ctx, int cpu, bool add)
{
	uint64_t *word, bit;

	if (cpu < 0 || (size_t)cpu >= sizeof(ctx->cpus) * CHAR_BIT)
		return zs_fail(EINVAL);
	word = &ctx->cpus[cpu / 64];
	bit = 1ull << (cpu % 64);
	if (!add && !(*word & bit))
		return zs_fail(EINVAL);
	*word = add ? *word | bit : *word & ~bit;
	return 0;
}

/* Caller holds @ctx->lock. */
static int ctx_set_int(struct zs_ctx *ctx, int option, int value)
{
	const struct ctx_option *opt = ctx_option_find(option);

	if (opt) {
		if (value < opt->min)
			return zs_fail(EINVAL);
		*ctx_option_value(ctx, opt) = opt->boolean ? !!value : value;
		return 0;
	}

	switch (option) {
	case ZMQ_THREAD_PRIORITY:
		return value >= 0 ? 0 : zs_fail(EINVAL);
	case ZMQ_THREAD_AFFINITY_CPU_ADD:
		return ctx_cpu(ctx, value, true);
	case ZMQ_THREAD_AFFINITY_CPU_REMOVE:
		return ctx_cpu(ctx, value, false);
	case ZMQ_THREAD_NAME_PREFIX:
		snprintf(ctx->thread_name, sizeof(ctx->thread_name), "%d",
			 value);
		return 0;
	default:
		return zs_fail(EINVAL);
	}
}

/* Caller holds @ctx->lock. */
static int ctx_get_int(struct zs_ctx *ctx, int option, int *value)
{
	const struct ctx_option *opt = ctx_option_find(option);

	if (opt) {
		*value = *ctx_option_value(ctx, opt);
		return 0;
	}

	switch (option) {
	case ZMQ_SOCKET_LIMIT:
		*value = ZS_SOCKET_LIMIT;
		return 0;
	case ZMQ_MSG_T_SIZE:
		*value = sizeof(zmq_msg_t);
		return 0;
	case ZMQ_THREAD_NAME_PREFIX:
		*value = atoi(ctx->thread_name);
		return 0;
	default:
		return zs_fail(EINVAL);
	}
}

int zs_ctx_set(void *handle, int option, int value)
{
	return zs_ctx_set_ext(handle, option, &value, sizeof(value));
}

int zs_ctx_get(void *handle, int option)
{
	size_t len = sizeof(int);
	int value;

	if (zs_ctx_get_ext(handle, option, &value, &len))
		return -1;
	return value;
}

int zs_ctx_set_ext(void *handle, int option, const void *value, size_t len)
{
	ZS_USING_CTX *ctx = zs_ctx_get_handle(handle);
	int number = 0;
	int rc;

	if (!ctx)
		return -1;
	if (!value)
		return zs_fail(EINVAL);

	pthread_mutex_lock(&ctx->lock);
	if (len == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		rc = ctx_set_int(ctx, option, number);
	} else if (option == ZMQ_THREAD_NAME_PREFIX && len &&
		   len <= ZS_THREAD_NAME_MAX) {
		memset(ctx->thread_name, 0, sizeof(ctx->thread_name));
		memcpy(ctx->thread_name, value, len);
		rc = 0;
	} else {
		rc = zs_fail(EINVAL);
	}
	pthread_mutex_unlock(&ctx->lock);
	return rc;
}

int zs_ctx_get_ext(void *handle, int option, void *value, size_t *len)
{
	ZS_USING_CTX *ctx = zs_ctx_get_handle(handle);
	int number = 0;
	int rc;

	if (!ctx)
		return -1;
	if (!value || !len)
		return zs_fail(EINVAL);

	pthread_mutex_lock(&ctx->lock);
	if (*len == sizeof(number)) {
		rc = ctx_get_int(ctx, option, &number);
		if (!rc)
			memcpy(value, &number, sizeof(number));
	} else if (option == ZMQ_THREAD_NAME_PREFIX &&
		   *len >= strlen(ctx->thread_name)) {
		memcpy(value, ctx->thread_name, strlen(ctx->thread_name));
		rc = 0;
	} else {
		rc = zs_fail(EINVAL);
	}
	pthread_mutex_unlock(&ctx->lock);
	return rc;
}
