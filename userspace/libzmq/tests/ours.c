// SPDX-License-Identifier: MPL-2.0
/*
 * Sockets: what a libzmq may crash on and this library must not, and what
 * threads may do here.
 */
#include "sockets.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define TCP	"tcp://127.0.0.1:*"

static void *a, *b;

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

static void bad_message(void)
{
	zmq_msg_t msg;

	memset(&msg, 0, sizeof(msg));
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK_FAILS(zmq_msg_send(&msg, b, 0), EFAULT);
	CHECK_FAILS(zmq_msg_recv(&msg, a, 0), EFAULT);
	close_both();
}

static void no_address(void)
{
	a = new_socket(ctx, ZMQ_PULL);
	CHECK_FAILS(zmq_bind(a, NULL), EINVAL);
	CHECK_FAILS(zmq_connect(a, NULL), EINVAL);
	CHECK_FAILS(zmq_unbind(a, NULL), EINVAL);
	CHECK_FAILS(zmq_disconnect(a, NULL), EINVAL);
	CHECK_FAILS(zmq_getsockopt(a, ZMQ_TYPE, NULL, NULL), EINVAL);
	CHECK(zmq_close(a) == 0);
}

static void unknown_host(void)
{
	a = new_socket(ctx, ZMQ_PUSH);
	CHECK_FAILS(zmq_connect(a, "tcp://no-such-host.invalid:5555"),
		    EHOSTUNREACH);
	CHECK(zmq_close(a) == 0);
}

/* Every call, with the handle of a socket closed long ago. */
static void stale_socket(void)
{
	zmq_pollitem_t item = { .events = ZMQ_POLLIN };
	size_t len = sizeof(int);
	char buf[8];
	int value = 0;

	a = new_socket(ctx, ZMQ_DEALER);
	CHECK(zmq_close(a) == 0);
	CHECK_FAILS(zmq_send(a, "x", 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_recv(a, buf, sizeof(buf), 0), ENOTSOCK);
	CHECK_FAILS(zmq_bind(a, TCP), ENOTSOCK);
	CHECK_FAILS(zmq_setsockopt(a, ZMQ_LINGER, &value, len), ENOTSOCK);
	CHECK_FAILS(zmq_getsockopt(a, ZMQ_FD, &value, &len), ENOTSOCK);
	CHECK_FAILS(zmq_close(a), ENOTSOCK);
	item.socket = a;
	CHECK_FAILS(zmq_poll(&item, 1, 0), ENOTSOCK);
	CHECK_FAILS(zmq_proxy(a, a, NULL), ENOTSOCK);
}

static void stale_context(void)
{
	void *other = zmq_ctx_new();

	CHECK(zmq_ctx_term(other) == 0);
	CHECK_FAILS(zmq_ctx_term(other), EFAULT);
	CHECK_FAILS(zmq_ctx_shutdown(other), EFAULT);
	errno = 0;
	CHECK(!zmq_socket(other, ZMQ_PAIR));
	CHECK(zmq_errno() == EFAULT);
}

static void poller(void)
{
	zmq_poller_event_t event;
	void *p = zmq_poller_new();
	int user;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(zmq_poller_add(p, a, &user, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_add(p, b, NULL, 0) == 0);
	CHECK_FAILS(zmq_poller_add(p, a, NULL, 0), EINVAL);
	CHECK_FAILS(zmq_poller_wait(p, &event, 0), EAGAIN);
	CHECK(!send_text(b, "x", 0));
	CHECK(zmq_poller_wait(p, &event, deadline_ms()) == 0);
	CHECK(event.socket == a && event.user_data == &user);
	CHECK(event.events == ZMQ_POLLIN && event.fd == 0);
	CHECK(recv_is(a, "x"));
	CHECK(zmq_poller_modify(p, b, ZMQ_POLLOUT) == 0);
	CHECK(zmq_poller_wait(p, &event, deadline_ms()) == 0);
	CHECK(event.socket == b && event.events == ZMQ_POLLOUT);
	CHECK(zmq_poller_remove(p, b) == 0);
	CHECK_FAILS(zmq_poller_remove(p, b), EINVAL);
	CHECK(zmq_close(a) == 0);
	CHECK_FAILS(zmq_poller_wait(p, &event, 0), ENOTSOCK);
	CHECK(zmq_poller_destroy(&p) == 0);
	CHECK(zmq_close(b) == 0);
}

/* Polled by poller together with another: both get told, to the last message. */
static void poller_of_many(void)
{
	zmq_poller_event_t events[2];
	void *p = zmq_poller_new();
	int i;

	CHECK(!new_pair(ZMQ_PAIR, &a, ZMQ_PAIR, &b, TCP));
	CHECK(!zmq_poller_add(p, a, NULL, ZMQ_POLLIN));
	CHECK(!zmq_poller_add(p, b, NULL, ZMQ_POLLIN));
	CHECK(!send_text(a, "other", 0));
	CHECK(wait_for(b, ZMQ_POLLIN));
	for (i = 0; i < 30; i++)
		CHECK(!send_text(b, "x", 0));
	for (i = 0; i < 30; i++) {
		CHECK(wait_for(a, ZMQ_POLLIN));
		CHECK(zmq_poller_wait_all(p, events, 2, deadline_ms()) == 2);
		CHECK(events[0].socket == a && events[0].events == ZMQ_POLLIN);
		CHECK(events[1].socket == b && events[1].events == ZMQ_POLLIN);
		CHECK(recv_is(a, "x"));
	}
	CHECK(zmq_poller_wait_all(p, events, 2, 0) == 1);
	CHECK(events[0].socket == b);
	CHECK(!zmq_poller_destroy(&p));
	close_both();
}

static bool fd_ready(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1 && pfd.revents == POLLIN;
}

/* The descriptor of a poller with a thread-safe socket in it. */
static void poller_descriptor(void)
{
	void *p = zmq_poller_new(), *q = zmq_poller_new();
	zmq_poller_event_t event;
	zmq_msg_t msg;
	zmq_fd_t fd;
	int i;

	CHECK(!new_pair(ZMQ_SERVER, &a, ZMQ_CLIENT, &b, TCP));
	CHECK(zmq_poller_add(q, p, NULL, ZMQ_POLLIN) == -1);
	CHECK_FAILS(zmq_poller_fd(p, &fd), EINVAL);
	CHECK(zmq_poller_add(p, a, NULL, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_fd(p, &fd) == 0);
	CHECK_FAILS(zmq_poller_wait(p, &event, 0), EAGAIN);
	CHECK(!fd_ready(fd, 0));
	for (i = 0; i < 3; i++) {
		CHECK(!send_text(b, "x", 0));
		CHECK(fd_ready(fd, deadline_ms()));
		CHECK(zmq_poller_wait(p, &event, 0) == 0);
		CHECK(event.socket == a && event.events == ZMQ_POLLIN);
		zmq_msg_init(&msg);
		CHECK(zmq_msg_recv(&msg, a, 0) == 1);
		zmq_msg_close(&msg);
		CHECK(!fd_ready(fd, 0));
	}
	/* Room to send is told once. */
	CHECK(zmq_poller_add(p, b, NULL, ZMQ_POLLOUT) == 0);
	CHECK(fd_ready(fd, deadline_ms()));
	CHECK(zmq_poller_wait(p, &event, 0) == 0);
	CHECK(event.socket == b && event.events == ZMQ_POLLOUT);
	CHECK(!fd_ready(fd, 0));
	/* What nobody waits for is not told. */
	CHECK(zmq_poller_modify(p, b, 0) == 0);
	CHECK(zmq_poller_remove(p, a) == 0);
	CHECK(!send_text(b, "x", 0));
	CHECK(wait_for(a, ZMQ_POLLIN));
	CHECK(!fd_ready(fd, 0));
	CHECK(zmq_poller_add(p, a, NULL, ZMQ_POLLIN) == 0);
	CHECK(fd_ready(fd, 0));
	CHECK(zmq_poller_destroy(&p) == 0);
	CHECK(zmq_poller_destroy(&q) == 0);
	CHECK(!fd_ready(fd, 0));
	close_both();
}

/* zmq_connect_peer() to a host by its name. */
static void peer_by_name(void)
{
	char addr[64];
	uint32_t peer;
	zmq_msg_t msg;

	a = new_socket(ctx, ZMQ_PEER);
	b = new_socket(ctx, ZMQ_PEER);
	CHECK(zmq_bind(a, TCP) == 0);
	snprintf(addr, sizeof(addr), "tcp://localhost%s",
		 strrchr(last_endpoint(a), ':'));
	peer = zmq_connect_peer(b, addr);
	CHECK(peer != 0);
	zmq_msg_init(&msg);
	CHECK(zmq_msg_set_routing_id(&msg, peer) == 0);
	CHECK(zmq_msg_send(&msg, b, 0) == 0);
	CHECK(zmq_msg_init(&msg) == 0);
	CHECK(zmq_msg_recv(&msg, a, 0) == 0);
	zmq_msg_close(&msg);
	errno = 0;
	CHECK(zmq_connect_peer(b, "tcp://no-such-host.invalid:5555") == 0);
	CHECK(zmq_errno() == EHOSTUNREACH);
	close_both();
}

/* Send an empty-handed poke until it arrives: the group is known then. */
static bool group_known(void *radio, void *dish, const char *group)
{
	zmq_pollitem_t item = { .socket = dish, .events = ZMQ_POLLIN };
	zmq_msg_t msg;
	int tries;

	for (tries = deadline_ms() / 10; tries; tries--) {
		zmq_msg_init(&msg);
		if (zmq_msg_set_group(&msg, group) ||
		    zmq_msg_send(&msg, radio, 0) < 0)
			return false;
		if (zmq_poll(&item, 1, 10) == 1)
			return true;
	}
	return false;
}

/* Messages to a group, short and long, with the group at the other end. */
static void groups(void)
{
	static const size_t sizes[] = { 1, 33, 34, 5000, 3000000 };
	char *body = malloc(3000000);
	zmq_msg_t msg;
	size_t i;

	CHECK(body);
	memset(body, 'b', 3000000);
	CHECK(!new_pair(ZMQ_RADIO, &a, ZMQ_DISH, &b, TCP));
	CHECK(zmq_join(b, "group") == 0);
	CHECK_FAILS(zmq_join(b, "group"), EINVAL);
	CHECK_FAILS(zmq_leave(b, "other"), EINVAL);
	CHECK_FAILS(zmq_join(a, "group"), ENOTSUP);
	CHECK(group_known(a, b, "group"));
	CHECK_FAILS(zmq_send(a, "x", 1, ZMQ_SNDMORE), EINVAL);
	zmq_msg_init(&msg);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK(zmq_msg_close(&msg) == 0);
		CHECK(zmq_msg_init_buffer(&msg, body, sizes[i]) == 0);
		CHECK(zmq_msg_set_group(&msg, "unheard") == 0);
		CHECK(zmq_msg_send(&msg, a, 0) >= 0);
		CHECK(zmq_msg_init_buffer(&msg, body, sizes[i]) == 0);
		CHECK(zmq_msg_set_group(&msg, "group") == 0);
		CHECK(zmq_msg_send(&msg, a, 0) == (int)sizes[i]);
		CHECK(!strcmp(zmq_msg_group(&msg), ""));
		do {
			CHECK(zmq_msg_recv(&msg, b, 0) >= 0);
			CHECK(!strcmp(zmq_msg_group(&msg), "group"));
		} while (!zmq_msg_size(&msg));
		CHECK(zmq_msg_size(&msg) == sizes[i]);
		CHECK(!memcmp(zmq_msg_data(&msg), body, sizes[i]));
		CHECK(!zmq_msg_more(&msg));
	}
	CHECK(zmq_leave(b, "group") == 0);
	zmq_msg_close(&msg);
	close_both();
	free(body);
}

/* UDP through the library: groups, and libzmq's errnos. */
static void udp(void)
{
	char endpoint[256], address[64], body[16];
	size_t len = sizeof(endpoint);
	zmq_msg_t msg;

	CHECK(zmq_has("draft") == 0);
	a = new_socket(ctx, ZMQ_DISH);
	b = new_socket(ctx, ZMQ_RADIO);
	CHECK(zmq_bind(a, "udp://127.0.0.1:*") == 0);
	CHECK(zmq_getsockopt(a, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0);
	CHECK(zmq_connect(b, endpoint) == 0);
	CHECK_FAILS(zmq_bind(b, "udp://127.0.0.1:*"), ENOCOMPATPROTO);
	CHECK_FAILS(zmq_connect(a, endpoint), ENOCOMPATPROTO);
	CHECK(zmq_join(a, "group") == 0);
	CHECK(zmq_msg_init_size(&msg, 2) == 0);
	memcpy(zmq_msg_data(&msg), "hi", 2);
	CHECK(zmq_msg_set_group(&msg, "group") == 0);
	CHECK(zmq_msg_send(&msg, b, 0) == 2);
	CHECK(zmq_msg_init(&msg) == 0);
	CHECK(zmq_msg_recv(&msg, a, 0) == 2);
	CHECK(!strcmp(zmq_msg_group(&msg), "group"));
	CHECK(!memcmp(zmq_msg_data(&msg), "hi", 2));
	zmq_msg_close(&msg);
	close_both();
	a = new_socket(ctx, ZMQ_DGRAM);
	b = new_socket(ctx, ZMQ_DGRAM);
	CHECK_FAILS(zmq_connect(a, "udp://127.0.0.1:1"), ENOCOMPATPROTO);
	CHECK_FAILS(zmq_bind(a, "inproc://x"), ENOCOMPATPROTO);
	CHECK(zmq_bind(a, "udp://127.0.0.1:*") == 0);
	CHECK(zmq_bind(b, "udp://127.0.0.1:*") == 0);
	len = sizeof(endpoint);
	CHECK(zmq_getsockopt(a, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0);
	CHECK_FAILS(zmq_send(b, endpoint + 6, strlen(endpoint + 6), 0),
		    EINVAL);
	CHECK(zmq_send(b, endpoint + 6, strlen(endpoint + 6),
		       ZMQ_SNDMORE) > 0);
	CHECK(zmq_send(b, "ping", 4, 0) == 4);
	CHECK(zmq_recv(a, address, sizeof(address), 0) > 0);
	CHECK(!strncmp(address, "127.0.0.1:", 10));
	CHECK(zmq_recv(a, body, sizeof(body), 0) == 4);
	CHECK(!memcmp(body, "ping", 4));
	close_both();
	a = new_socket(ctx, ZMQ_PUB);
	CHECK_FAILS(zmq_bind(a, "udp://127.0.0.1:*"), ENOCOMPATPROTO);
	CHECK_FAILS(zmq_connect(a, "udp://127.0.0.1:1"), ENOCOMPATPROTO);
	CHECK(zmq_close(a) == 0);
}

static void drafts(void)
{
	a = new_socket(ctx, ZMQ_ROUTER);
	CHECK_FAILS(zmq_join(a, "group"), ENOTSUP);
	CHECK_FAILS(zmq_leave(a, "group"), ENOTSUP);
	errno = 0;
	CHECK(zmq_connect_peer(a, "tcp://127.0.0.1:1") == 0);
	CHECK(zmq_errno() == ENOTSUP);
	CHECK_FAILS(zmq_socket_monitor(a, "tcp://127.0.0.1:1", 1),
		    EPROTONOSUPPORT);
	CHECK_FAILS(zmq_socket_monitor(a, "x", 1), EINVAL);
	CHECK_FAILS(zmq_socket_monitor(a, "inproc://x", 0x10000), EINVAL);
	CHECK(zmq_socket_monitor(a, NULL, 0) == 0);
	CHECK_FAILS(zmq_socket_monitor_pipes_stats(a), EINVAL);
	CHECK(zmq_close(a) == 0);
}

static void *proxy_sides[3];

static void run_proxy(void *rc)
{
	*(int *)rc = zmq_proxy_steerable(proxy_sides[0], proxy_sides[1], NULL,
					 proxy_sides[2]);
}

/* A REP gets a reply to each command, even to one it does not know. */
static void proxy_replies(void)
{
	static const char * const commands[] = { "PAUSE", "RESUME", "RESUM",
						 "nonsense", "TERMINATE" };
	int rc = -2;
	void *t;
	size_t i;

	proxy_sides[0] = new_socket(ctx, ZMQ_PULL);
	proxy_sides[1] = new_socket(ctx, ZMQ_PUSH);
	CHECK(!new_pair(ZMQ_REP, &proxy_sides[2], ZMQ_REQ, &a, TCP));
	t = zmq_threadstart(run_proxy, &rc);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		CHECK(!send_text(a, commands[i], 0));
		CHECK(recv_is(a, ""));
	}
	zmq_threadclose(t);
	CHECK(rc == 0);
	for (i = 0; i < 3; i++)
		CHECK(zmq_close(proxy_sides[i]) == 0);
	CHECK(zmq_close(a) == 0);
}

/* fork */

/* What is inherited can be dropped, and not be used; the context can. */
static int child(void)
{
	if (zmq_send(a, "x", 1, 0) != -1 || zmq_errno() != ENOTSOCK)
		return 1;
	if (zmq_close(a) || !zmq_close(a) || zmq_errno() != ENOTSOCK)
		return 2;
	if (new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP))
		return 3;
	if (send_text(b, "child", 0) || !recv_is(a, "child"))
		return 4;
	close_both();
	return zmq_ctx_term(ctx) ? 5 : 0;
}

static void forked(void)
{
	int status;
	pid_t pid;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	pid = fork();
	if (!pid)
		_exit(child());
	CHECK(waitpid(pid, &status, 0) == pid);
	printf("# status %d\n", status);
	CHECK(status == 0);
	CHECK(!send_text(b, "parent", 0));
	CHECK(recv_is(a, "parent"));
	close_both();
}

/* threads */

static void *recv_forever(void *s)
{
	int forever = -1;
	char buf[8];

	zmq_setsockopt(s, ZMQ_RCVTIMEO, &forever, sizeof(forever));
	zmq_recv(s, buf, sizeof(buf), 0);
	return NULL;
}

/* A thread cancelled while it receives does not keep the socket open. */
static void cancelled(void)
{
	void *other = zmq_ctx_new();
	void *result;
	pthread_t t;
	void *s;

	s = new_socket(other, ZMQ_PULL);
	CHECK(zmq_bind(s, TCP) == 0);
	CHECK(!pthread_create(&t, NULL, recv_forever, s));
	CHECK(!pthread_cancel(t));
	CHECK(!pthread_join(t, &result));
	CHECK(result == PTHREAD_CANCELED);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

static _Atomic int closed_errno;

static void *recv_errno(void *s)
{
	char buf[8];

	while (zmq_recv(s, buf, sizeof(buf), 0) >= 0 ||
	       zmq_errno() == EAGAIN)
		continue;
	closed_errno = zmq_errno();
	return NULL;
}

/* Closed under a thread that uses it: the thread finds out. */
static void closed_in_use(void)
{
	pthread_t t;
	int i;

	for (i = 0; i < 50; i++) {
		a = new_socket(ctx, ZMQ_PULL);
		CHECK(!set_int(a, ZMQ_RCVTIMEO, 1));
		CHECK(zmq_bind(a, TCP) == 0);
		CHECK(!pthread_create(&t, NULL, recv_errno, a));
		CHECK(zmq_close(a) == 0);
		CHECK(!pthread_join(t, NULL));
		CHECK(closed_errno == ENOTSOCK);
	}
}

static void *close_thread(void *s)
{
	return zmq_close(s) ? NULL : s;
}

/* Of many threads that close a socket one does. */
static void closed_by_many(void)
{
	enum { N = 8 };
	pthread_t t[N];
	void *result;
	int i, round, closed;

	for (round = 0; round < 50; round++) {
		a = new_socket(ctx, ZMQ_PAIR);
		closed = 0;
		for (i = 0; i < N; i++)
			CHECK(!pthread_create(&t[i], NULL, close_thread, a));
		for (i = 0; i < N; i++) {
			CHECK(!pthread_join(t[i], &result));
			closed += result == a;
		}
		CHECK(closed == 1);
	}
}

enum { SENDERS = 4, EACH = 500 };

static void *send_numbers(void *arg)
{
	long i;

	for (i = 0; i < EACH; i++)
		if (zmq_send(b, &i, sizeof(i), 0) != sizeof(i))
			return NULL;
	return arg;
}

static void *recv_numbers(void *arg)
{
	long *sum = arg;
	zmq_msg_t msg;
	int i;

	zmq_msg_init(&msg);
	for (i = 0; i < SENDERS * EACH / 2; i++) {
		if (zmq_msg_recv(&msg, a, 0) != sizeof(long))
			return NULL;
		*sum += *(long *)zmq_msg_data(&msg);
	}
	zmq_msg_close(&msg);
	return arg;
}

/* Threads share sockets: nothing is lost, nothing twice. */
static void shared(void)
{
	pthread_t senders[SENDERS], receivers[2];
	long sums[2] = { 0 };
	void *result;
	int i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	for (i = 0; i < 2; i++)
		CHECK(!pthread_create(&receivers[i], NULL, recv_numbers,
				      &sums[i]));
	for (i = 0; i < SENDERS; i++)
		CHECK(!pthread_create(&senders[i], NULL, send_numbers, &i));
	for (i = 0; i < SENDERS; i++) {
		CHECK(!pthread_join(senders[i], &result));
		CHECK(result);
	}
	for (i = 0; i < 2; i++) {
		CHECK(!pthread_join(receivers[i], &result));
		CHECK(result);
	}
	CHECK(sums[0] + sums[1] == (long)SENDERS * EACH * (EACH - 1) / 2);
	close_both();
}

enum { PARTS = 400 };

static size_t part_size(int i)
{
	return i % 4 ? i : 20000 + 1000 * (i % 70);
}

static void *send_sizes(void *arg)
{
	static char data[100000];
	int i;

	for (i = 0; i < PARTS; i++)
		if (zmq_send(b, data, part_size(i), 0) != (int)part_size(i))
			return NULL;
	return arg;
}

static _Atomic int parts_received;
static _Atomic size_t bytes_received;

/* Parts of changing size, taken by threads from each other. */
static void *recv_sizes(void *arg)
{
	int tries = deadline_ms() / 20;
	zmq_msg_t msg;

	zmq_msg_init(&msg);
	while (parts_received < PARTS && tries > 0) {
		if (zmq_msg_recv(&msg, a, 0) < 0) {
			tries -= zmq_errno() == EAGAIN ? 1 : tries;
			continue;
		}
		bytes_received += zmq_msg_size(&msg);
		parts_received++;
	}
	zmq_msg_close(&msg);
	return tries > 0 ? arg : NULL;
}

static void shared_sizes(void)
{
	pthread_t sender, receivers[3];
	size_t want = 0;
	void *result;
	int i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(!set_int(a, ZMQ_RCVTIMEO, 20));
	for (i = 0; i < PARTS; i++)
		want += part_size(i);
	for (i = 0; i < 3; i++)
		CHECK(!pthread_create(&receivers[i], NULL, recv_sizes, &i));
	CHECK(!pthread_create(&sender, NULL, send_sizes, &i));
	CHECK(!pthread_join(sender, &result));
	CHECK(result);
	for (i = 0; i < 3; i++) {
		CHECK(!pthread_join(receivers[i], &result));
		CHECK(result);
	}
	CHECK(parts_received == PARTS);
	CHECK(bytes_received == want);
	close_both();
}

/* Messages that the kernel has for the only PULL there is, or -1. */
static int queued_in_kernel(void)
{
	FILE *file = fopen("/proc/net/zmq", "r");
	int queued = -1, n;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "PULL %*s %*s %*s %*s %*s %*s %d", &n) == 1)
			queued = n;
	if (file)
		fclose(file);
	return queued;
}

static const char *not_ahead(void)
{
	const char *value = getenv("AF_ZMQ_PREFETCH");

	if (!value || strcmp(value, "1"))
		return "AF_ZMQ_PREFETCH is not 1";
	return no_sockets();
}

/* Received ahead, and the kernel hears of it when something depends on it. */
static void ahead(void)
{
	int i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, "inproc://ahead"));
	for (i = 0; i < 110; i++)
		CHECK(!send_text(b, "x", 0));
	/* What is in a ring is handed over. */
	CHECK(get_int(b, ZMQ_EVENTS) == ZMQ_POLLOUT);
	for (i = 0; i < 100; i++)
		CHECK(recv_is(a, "x"));
	CHECK(queued_in_kernel() == 110);
	CHECK(recv_is(a, "x"));
	CHECK(queued_in_kernel() == 10);
	CHECK(get_int(a, ZMQ_EVENTS) == ZMQ_POLLIN);
	CHECK(wait_for(a, ZMQ_POLLIN));
	CHECK(queued_in_kernel() == 10);
	CHECK(!set_int(a, ZMQ_RCVHWM, 1000));
	CHECK(queued_in_kernel() == 9);
	for (i = 0; i < 9; i++)
		CHECK(recv_is(a, "x"));
	CHECK(queued_in_kernel() == 9);
	CHECK_FAILS(zmq_recv(a, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
	CHECK(queued_in_kernel() == 0);
	close_both();
}

/* A context that is shut down ends receives at once. */
static void ahead_of_the_end(void)
{
	void *keep = ctx;
	char c;
	int i;

	ctx = zmq_ctx_new();
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, "inproc://ahead"));
	for (i = 0; i < 50; i++)
		CHECK(!send_text(b, "x", 0));
	for (i = 0; i < 10; i++)
		CHECK(recv_is(a, "x"));
	CHECK(!zmq_ctx_shutdown(ctx));
	CHECK_FAILS(zmq_recv(a, &c, 1, 0), ETERM);
	close_both();
	CHECK(!zmq_ctx_term(ctx));
	ctx = keep;
}

/* Each message goes to one of several threads that receive. */

#define SHARED_MSGS	4000

static atomic_int shared_seen[SHARED_MSGS];

static void *recv_some(void *s)
{
	int number;

	while (zmq_recv(s, &number, sizeof(number), 0) == sizeof(number)) {
		if (number < 0)
			return s;
		atomic_fetch_add(&shared_seen[number], 1);
		if (number % 64 == 0)
			get_int(s, ZMQ_EVENTS);
	}
	return NULL;
}

static void shared_receives(void)
{
	enum { THREADS = 3 };
	pthread_t t[THREADS];
	void *result;
	int i, end = -1;

	memset(shared_seen, 0, sizeof(shared_seen));
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&t[i], NULL, recv_some, a));
	for (i = 0; i < SHARED_MSGS; i++)
		CHECK(zmq_send(b, &i, sizeof(i), 0) == sizeof(i));
	for (i = 0; i < THREADS; i++)
		CHECK(zmq_send(b, &end, sizeof(end), 0) == sizeof(end));
	for (i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(t[i], &result));
		CHECK(result == a);
	}
	for (i = 0; i < SHARED_MSGS; i++)
		CHECK(shared_seen[i] == 1);
	close_both();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "no message: EFAULT", bad_message, no_sockets },
		{ "no address: EINVAL", no_address, no_sockets },
		{ "unknown host: EHOSTUNREACH", unknown_host, no_sockets },
		{ "closed socket: ENOTSOCK", stale_socket, no_sockets },
		{ "terminated context: EFAULT", stale_context, no_sockets },
		{ "poller: sockets", poller, no_sockets },
		{ "poller: descriptor", poller_descriptor, no_sockets },
		{ "a peer by name", peer_by_name, no_sockets },
		{ "udp", udp, no_sockets },
		{ "drafts and monitors refused", drafts, no_sockets },
		{ "RADIO and DISH: groups", groups, no_sockets },
		{ "proxy: replies to commands", proxy_replies, no_sockets },
		{ "fork: inherited handles", forked, no_sockets },
		{ "thread cancelled in a call", cancelled, no_sockets },
		{ "closed under a thread", closed_in_use, no_sockets },
		{ "closed by many threads", closed_by_many, no_sockets },
		{ "sockets shared by threads", shared, no_sockets },
		{ "shared, parts of changing size", shared_sizes, no_sockets },
		{ "a poller of many messages", poller_of_many, no_sockets },
		{ "received ahead", ahead, not_ahead },
		{ "received ahead of the end", ahead_of_the_end, no_sockets },
		{ "received by several threads", shared_receives,
		  no_sockets },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
