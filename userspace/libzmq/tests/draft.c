// SPDX-License-Identifier: MPL-2.0
/* The draft functions that need no socket: only of this library. */
#include "tap.h"

#include <signal.h>
#include <unistd.h>

extern int zmq_ppoll(zmq_pollitem_t *items, int count, long timeout,
		     const void *sigmask);

static void msg_draft(void)
{
	char group[ZMQ_GROUP_MAX_LENGTH + 2];
	zmq_msg_t a, b;

	CHECK(zmq_msg_init_buffer(&a, "hello", 5) == 0);
	CHECK(zmq_msg_size(&a) == 5);
	CHECK(!memcmp(zmq_msg_data(&a), "hello", 5));
	CHECK(zmq_msg_routing_id(&a) == 0);
	CHECK_FAILS(zmq_msg_set_routing_id(&a, 0), EINVAL);
	CHECK(zmq_msg_set_routing_id(&a, 77) == 0);
	CHECK(zmq_msg_routing_id(&a) == 77);

	CHECK(!strcmp(zmq_msg_group(&a), ""));
	memset(group, 'g', sizeof(group));
	group[sizeof(group) - 1] = '\0';
	CHECK_FAILS(zmq_msg_set_group(&a, group), EINVAL);
	group[ZMQ_GROUP_MAX_LENGTH] = '\0';
	CHECK(zmq_msg_set_group(&a, group) == 0);
	CHECK(!strcmp(zmq_msg_group(&a), group));

	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_set_group(&a, "other") == 0);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(!strcmp(zmq_msg_group(&b), group));
	CHECK(zmq_msg_routing_id(&b) == 77);
	CHECK(zmq_msg_close(&b) == 0);
}

static void ctx_ext(void)
{
	void *ctx = zmq_ctx_new();
	char name[32] = "";
	size_t len = sizeof(int);
	int value = 5;

	CHECK(zmq_ctx_set_ext(ctx, ZMQ_MAX_SOCKETS, &value, len) == 0);
	value = 0;
	CHECK(zmq_ctx_get_ext(ctx, ZMQ_MAX_SOCKETS, &value, &len) == 0);
	CHECK(value == 5);
	CHECK_FAILS(zmq_ctx_set_ext(ctx, ZMQ_MAX_SOCKETS, &value, 2), EINVAL);
	CHECK(zmq_ctx_set_ext(ctx, ZMQ_THREAD_NAME_PREFIX, "feed/", 5) == 0);
	len = sizeof(name);
	CHECK(zmq_ctx_get_ext(ctx, ZMQ_THREAD_NAME_PREFIX, name, &len) == 0);
	CHECK(!strcmp(name, "feed/"));
	CHECK_FAILS(zmq_ctx_set_ext(ctx, ZMQ_THREAD_NAME_PREFIX,
				    "seventeen letters", 17), EINVAL);
	CHECK(zmq_ctx_term(ctx) == 0);
}

static void poller_fds(void)
{
	zmq_poller_event_t events[3];
	void *poller = zmq_poller_new();
	int user, fds[2];

	CHECK(poller);
	CHECK(pipe(fds) == 0);
	CHECK(zmq_poller_add_fd(poller, fds[0], &user, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_add_fd(poller, fds[1], NULL, 0) == 0);
	CHECK(zmq_poller_size(poller) == 2);
	CHECK_FAILS(zmq_poller_wait(poller, events, 0), EAGAIN);
	CHECK(!events[0].user_data && !events[0].events);
	CHECK_FAILS(zmq_poller_wait(poller, events, 10), EAGAIN);

	CHECK(write(fds[1], "x", 1) == 1);
	CHECK(zmq_poller_wait(poller, events, -1) == 0);
	CHECK(events[0].fd == fds[0] && !events[0].socket);
	CHECK(events[0].user_data == &user);
	CHECK(events[0].events == ZMQ_POLLIN);

	CHECK(zmq_poller_modify_fd(poller, fds[1], ZMQ_POLLOUT) == 0);
	memset(events, 0x55, sizeof(events));
	CHECK(zmq_poller_wait_all(poller, events, 3, -1) == 2);
	CHECK(events[1].fd == fds[1] && events[1].events == ZMQ_POLLOUT);
	CHECK(events[2].fd == 0 && events[2].events == 0);

	CHECK(zmq_poller_remove_fd(poller, fds[0]) == 0);
	CHECK(zmq_poller_wait_all(poller, events, 3, -1) == 1);
	CHECK(events[0].fd == fds[1]);
	CHECK(zmq_poller_destroy(&poller) == 0);
	CHECK(!poller);
	close(fds[0]);
	close(fds[1]);
}

static void poller_many(void)
{
	zmq_poller_event_t event;
	void *poller = zmq_poller_new();
	int fds[2], i;

	CHECK(pipe(fds) == 0);
	for (i = 0; i < 100; i++)
		CHECK(zmq_poller_add_fd(poller, 1000 + i, NULL, 0) == 0);
	CHECK(zmq_poller_add_fd(poller, fds[1], NULL, ZMQ_POLLOUT) == 0);
	for (i = 0; i < 100; i++)
		CHECK(zmq_poller_remove_fd(poller, 1000 + i) == 0);
	CHECK(zmq_poller_size(poller) == 1);
	CHECK(zmq_poller_wait(poller, &event, 1000) == 0);
	CHECK(event.fd == fds[1]);
	CHECK(zmq_poller_destroy(&poller) == 0);
	close(fds[0]);
	close(fds[1]);
}

static void poller_refused(void)
{
	zmq_poller_event_t event;
	void *none = NULL;
	void *poller = zmq_poller_new();
	zmq_fd_t fd;

	CHECK_FAILS(zmq_poller_destroy(NULL), EFAULT);
	CHECK_FAILS(zmq_poller_destroy(&none), EFAULT);
	CHECK_FAILS(zmq_poller_size(NULL), EFAULT);
	CHECK_FAILS(zmq_poller_add_fd(NULL, 0, NULL, 0), EFAULT);
	CHECK_FAILS(zmq_poller_add(poller, NULL, NULL, 0), ENOTSOCK);
	CHECK_FAILS(zmq_poller_modify(poller, NULL, 0), ENOTSOCK);
	CHECK_FAILS(zmq_poller_remove(poller, NULL), ENOTSOCK);
	CHECK_FAILS(zmq_poller_add_fd(poller, -1, NULL, 0), EBADF);
	CHECK_FAILS(zmq_poller_modify_fd(poller, 0, 0), EINVAL);
	CHECK_FAILS(zmq_poller_remove_fd(poller, 0), EINVAL);
	CHECK_FAILS(zmq_poller_wait(poller, &event, -1), EFAULT);
	CHECK_FAILS(zmq_poller_wait_all(poller, NULL, 1, 0), EFAULT);
	CHECK_FAILS(zmq_poller_wait_all(poller, &event, -1, 0), EINVAL);
	CHECK_FAILS(zmq_poller_fd(poller, &fd), EINVAL);
	CHECK(zmq_poller_add_fd(poller, 0, NULL, ZMQ_POLLIN) == 0);
	CHECK_FAILS(zmq_poller_add_fd(poller, 0, NULL, 0), EINVAL);
	CHECK_FAILS(zmq_poller_add_fd(poller, 1, NULL, 64), EINVAL);
	CHECK(zmq_poller_destroy(&poller) == 0);
}

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	(void)sig;
	signalled++;
}

/* The signal is only let in while polling. */
static void ppoll_mask(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESTART };
	sigset_t block, inside;

	sigemptyset(&inside);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(!signalled);
	CHECK_FAILS(zmq_ppoll(NULL, 0, 60000, &inside), EINTR);
	CHECK(signalled == 1);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "messages: buffer, routing id, group", msg_draft, NULL },
		{ "context: options of any size", ctx_ext, NULL },
		{ "poller: descriptors", poller_fds, NULL },
		{ "poller: grows and shrinks", poller_many, NULL },
		{ "poller: bad arguments", poller_refused, NULL },
		{ "ppoll: signal mask", ppoll_mask, NULL },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
