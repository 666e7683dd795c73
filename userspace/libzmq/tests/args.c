// SPDX-License-Identifier: MPL-2.0
/*
 * Contexts and bad arguments, as far as no socket is needed: what holds for
 * every libzmq.
 */
#include "tap.h"

#include <limits.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void ctx_life(void)
{
	void *ctx = zmq_ctx_new();

	CHECK(ctx);
	CHECK(zmq_ctx_shutdown(ctx) == 0);
	errno = 0;
	CHECK(!zmq_socket(ctx, ZMQ_PAIR));
	CHECK(zmq_errno() == ETERM);
	CHECK(zmq_ctx_term(ctx) == 0);

	ctx = zmq_init(2);
	CHECK(ctx);
	CHECK(zmq_ctx_get(ctx, ZMQ_IO_THREADS) == 2);
	CHECK(zmq_term(ctx) == 0);

	errno = 0;
	CHECK(!zmq_init(-1));
	CHECK(zmq_errno() == EINVAL);
	ctx = zmq_ctx_new();
	CHECK(zmq_ctx_destroy(ctx) == 0);
}

static void ctx_none(void)
{
	CHECK_FAILS(zmq_ctx_term(NULL), EFAULT);
	CHECK_FAILS(zmq_ctx_destroy(NULL), EFAULT);
	CHECK_FAILS(zmq_term(NULL), EFAULT);
	CHECK_FAILS(zmq_ctx_shutdown(NULL), EFAULT);
	CHECK_FAILS(zmq_ctx_set(NULL, ZMQ_IO_THREADS, 1), EFAULT);
	CHECK_FAILS(zmq_ctx_get(NULL, ZMQ_IO_THREADS), EFAULT);
	errno = 0;
	CHECK(!zmq_socket(NULL, ZMQ_PAIR));
	CHECK(zmq_errno() == EFAULT);
}

static void ctx_defaults(void)
{
	void *ctx = zmq_ctx_new();

	CHECK(zmq_ctx_get(ctx, ZMQ_IO_THREADS) == 1);
	CHECK(zmq_ctx_get(ctx, ZMQ_MAX_SOCKETS) == 1023);
	CHECK(zmq_ctx_get(ctx, ZMQ_SOCKET_LIMIT) == 65535);
	CHECK(zmq_ctx_get(ctx, ZMQ_THREAD_SCHED_POLICY) == -1);
	CHECK(zmq_ctx_get(ctx, ZMQ_MAX_MSGSZ) == INT_MAX);
	CHECK(zmq_ctx_get(ctx, ZMQ_MSG_T_SIZE) == 64);
	CHECK(zmq_ctx_get(ctx, ZMQ_IPV6) == 0);
	CHECK(zmq_ctx_get(ctx, ZMQ_BLOCKY) == 1);
	CHECK(zmq_ctx_get(ctx, ZMQ_ZERO_COPY_RECV) == 1);
	CHECK_FAILS(zmq_ctx_get(ctx, 0), EINVAL);
	CHECK_FAILS(zmq_ctx_get(ctx, ZMQ_THREAD_AFFINITY_CPU_ADD), EINVAL);
	CHECK_FAILS(zmq_ctx_get(ctx, 1000), EINVAL);
	CHECK(zmq_ctx_term(ctx) == 0);
}

static void ctx_options(void)
{
	/* option, value, accepted, value read (INT_MIN: not readable) */
	static const int cases[][4] = {
		{ ZMQ_IO_THREADS, -1, 0, 1 }, { ZMQ_IO_THREADS, 0, 1, 0 },
		{ ZMQ_MAX_SOCKETS, 0, 0, 1023 },
		{ ZMQ_MAX_SOCKETS, 1, 1, 1 },
		{ ZMQ_MAX_SOCKETS, 100000, 1, 100000 },
		{ ZMQ_THREAD_PRIORITY, 5, 1, 65535 },
		{ ZMQ_THREAD_PRIORITY, -1, 0, 65535 },
		{ ZMQ_THREAD_SCHED_POLICY, 0, 1, 0 },
		{ ZMQ_THREAD_SCHED_POLICY, -1, 0, 0 },
		{ ZMQ_MAX_MSGSZ, -1, 0, INT_MAX }, { ZMQ_MAX_MSGSZ, 5, 1, 5 },
		{ ZMQ_MSG_T_SIZE, 1, 0, 64 },
		{ ZMQ_THREAD_AFFINITY_CPU_ADD, -1, 0, INT_MIN },
		{ ZMQ_THREAD_AFFINITY_CPU_REMOVE, 3, 0, INT_MIN },
		{ ZMQ_THREAD_AFFINITY_CPU_ADD, 3, 1, INT_MIN },
		{ ZMQ_THREAD_AFFINITY_CPU_REMOVE, 3, 1, INT_MIN },
		{ ZMQ_THREAD_AFFINITY_CPU_REMOVE, 3, 0, INT_MIN },
		{ ZMQ_THREAD_NAME_PREFIX, 42, 1, 42 },
		{ ZMQ_IPV6, 1, 1, 1 }, { ZMQ_IPV6, 2, 1, 1 },
		{ ZMQ_IPV6, -1, 0, 1 },
		{ ZMQ_BLOCKY, 0, 1, 0 }, { ZMQ_BLOCKY, 2, 1, 1 },
		{ 11, 1, 0, INT_MIN },
	};
	void *ctx = zmq_ctx_new();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const int *c = cases[i];

		if (c[2])
			CHECK(zmq_ctx_set(ctx, c[0], c[1]) == 0);
		else
			CHECK_FAILS(zmq_ctx_set(ctx, c[0], c[1]), EINVAL);
		if (c[3] != INT_MIN)
			CHECK(zmq_ctx_get(ctx, c[0]) == c[3]);
	}
	CHECK(zmq_ctx_term(ctx) == 0);
}

static void socket_none(void)
{
	struct iovec iov = { 0 };
	size_t len = sizeof(int);
	size_t count = 1;
	int value = 0;

	CHECK_FAILS(zmq_close(NULL), ENOTSOCK);
	CHECK_FAILS(zmq_bind(NULL, "tcp://*:*"), ENOTSOCK);
	CHECK_FAILS(zmq_connect(NULL, "tcp://localhost:5555"), ENOTSOCK);
	CHECK_FAILS(zmq_unbind(NULL, "tcp://*:*"), ENOTSOCK);
	CHECK_FAILS(zmq_disconnect(NULL, "tcp://localhost:5555"), ENOTSOCK);
	CHECK_FAILS(zmq_send(NULL, "x", 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_send_const(NULL, "x", 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_recv(NULL, &value, sizeof(value), 0), ENOTSOCK);
	CHECK_FAILS(zmq_setsockopt(NULL, ZMQ_LINGER, &value, len), ENOTSOCK);
	CHECK_FAILS(zmq_getsockopt(NULL, ZMQ_LINGER, &value, &len), ENOTSOCK);
	CHECK_FAILS(zmq_sendiov(NULL, &iov, 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_recviov(NULL, &iov, &count, 0), ENOTSOCK);
	CHECK_FAILS(zmq_socket_monitor(NULL, "inproc://x", ZMQ_EVENT_ALL),
		    ENOTSOCK);
}

/* A handle, but of a context. */
static void socket_not(void)
{
	void *ctx = zmq_ctx_new();

	CHECK_FAILS(zmq_send(ctx, "x", 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_close(ctx), ENOTSOCK);
	CHECK(zmq_ctx_term(ctx) == 0);
}

static void poll_fds(void)
{
	zmq_pollitem_t items[20];
	int fds[2];
	size_t i;

	CHECK(pipe(fds) == 0);
	for (i = 0; i < ARRAY_SIZE(items); i++)
		items[i] = (zmq_pollitem_t) { .fd = fds[0],
					      .events = ZMQ_POLLIN,
					      .revents = 0x55 };
	items[1] = (zmq_pollitem_t) { .fd = fds[1], .events = ZMQ_POLLOUT };
	CHECK(zmq_poll(items, 1, 0) == 0);
	CHECK(items[0].revents == 0);
	CHECK(zmq_poll(items, 1, 10) == 0);
	CHECK(zmq_poll(items, 2, -1) == 1);
	CHECK(items[0].revents == 0 && items[1].revents == ZMQ_POLLOUT);
	CHECK(write(fds[1], "x", 1) == 1);
	CHECK(zmq_poll(items, ARRAY_SIZE(items), 1000) ==
	      ARRAY_SIZE(items));
	CHECK(items[19].revents == ZMQ_POLLIN);
	close(fds[0]);
	CHECK(zmq_poll(items + 1, 1, -1) == 1);
	CHECK(items[1].revents & ZMQ_POLLERR);
	close(fds[1]);
}

static void poll_refused(void)
{
	zmq_pollitem_t item = { 0 };

	CHECK_FAILS(zmq_poll(&item, -1, 0), EINVAL);
	CHECK_FAILS(zmq_poll(NULL, 1, 0), EFAULT);
	CHECK(zmq_poll(NULL, 0, 0) == 0);
	CHECK(zmq_poll(NULL, 0, 10) == 0);
}

static void proxy_refused(void)
{
	CHECK_FAILS(zmq_proxy(NULL, NULL, NULL), EFAULT);
	CHECK_FAILS(zmq_proxy_steerable(NULL, NULL, NULL, NULL), EFAULT);
}

/* A context that was never used is no burden to a child. */
static void ctx_fork(void)
{
	void *ctx = zmq_ctx_new();
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(zmq_ctx_term(ctx) ? 1 : 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
	CHECK(zmq_ctx_term(ctx) == 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "context: life", ctx_life, NULL },
		{ "context: none is EFAULT", ctx_none, NULL },
		{ "context: defaults", ctx_defaults, NULL },
		{ "context: options", ctx_options, NULL },
		{ "context: forked", ctx_fork, NULL },
		{ "socket: none is ENOTSOCK", socket_none, NULL },
		{ "socket: a context is none", socket_not, NULL },
		{ "poll: descriptors", poll_fds, NULL },
		{ "poll: bad arguments", poll_refused, NULL },
		{ "proxy: bad arguments", proxy_refused, NULL },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
