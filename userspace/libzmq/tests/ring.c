// SPDX-License-Identifier: MPL-2.0
/* Sending by rings; run with AF_ZMQ_RING=1. */
#include "maps.h"
#include "sockets.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TCP		"tcp://127.0.0.1:*"
#define BURST		5000
#define THREADS		4

static void *a, *b;

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

static void *recv_numbers(void *arg)
{
	int next[THREADS] = {}, n = *(int *)arg, val;

	while (n--) {
		if (zmq_recv(a, &val, sizeof(val), 0) != sizeof(val) ||
		    val % BURST != next[val / BURST])
			return NULL;
		next[val / BURST]++;
	}
	return arg;
}

static void *send_numbers(void *arg)
{
	int first = *(int *)arg * BURST, val;

	for (val = first; val < first + BURST; val++)
		if (zmq_send(b, &val, sizeof(val), 0) != sizeof(val))
			return NULL;
	return arg;
}

/* All of a burst comes, and not all by calls. */
static void burst(void)
{
	int n = BURST, zero = 0;
	struct zmq_af_ring *ring;
	pthread_t receiver;
	void *result;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(!pthread_create(&receiver, NULL, recv_numbers, &n));
	CHECK(send_numbers(&zero));
	CHECK(!pthread_join(receiver, &result));
	CHECK(result);
	ring = find_ring(NULL);
	CHECK(ring);
	CHECK(ring->tail > BURST);
	close_both();
	CHECK(!find_ring(NULL));
}

static void shared(void)
{
	int n = THREADS * BURST, number[THREADS], i;
	pthread_t receiver, senders[THREADS];
	void *result;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(!pthread_create(&receiver, NULL, recv_numbers, &n));
	for (i = 0; i < THREADS; i++) {
		number[i] = i;
		CHECK(!pthread_create(&senders[i], NULL, send_numbers,
				      &number[i]));
	}
	for (i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(senders[i], &result));
		CHECK(result);
	}
	CHECK(!pthread_join(receiver, &result));
	CHECK(result);
	close_both();
}

/* Messages of several parts, short and long ones: one order. */
static void mixed(void)
{
	static char big[3000];
	char buf[sizeof(big)];
	int i;

	CHECK(!new_pair(ZMQ_DEALER, &a, ZMQ_DEALER, &b, TCP));
	for (i = 0; i < 300; i++) {
		CHECK(!send_text(b, "one", 0));
		CHECK(!send_text(b, "two", ZMQ_SNDMORE));
		CHECK(!send_text(b, "three", 0));
		CHECK(zmq_send(b, big, sizeof(big), 0) == sizeof(big));
		CHECK(zmq_send(b, big, i, 0) == i);
		if (i % 50)
			continue;
		/* What was sent is there, and the sender does nothing. */
		CHECK(i || wait_for(a, ZMQ_POLLIN));
	}
	for (i = 0; i < 300; i++) {
		CHECK(recv_is(a, "one"));
		CHECK(recv_is(a, "two"));
		CHECK(get_int(a, ZMQ_RCVMORE) == 1);
		CHECK(recv_is(a, "three"));
		CHECK(get_int(a, ZMQ_RCVMORE) == 0);
		CHECK(zmq_recv(a, buf, sizeof(buf), 0) == sizeof(big));
		CHECK(zmq_recv(a, buf, sizeof(buf), 0) == i);
	}
	close_both();
}

static void *answer(void *arg)
{
	static char body[3000];
	char id[16];
	int i, n = *(int *)arg, id_len, len;

	for (i = 0; i < n; i++) {
		id_len = zmq_recv(a, id, sizeof(id), 0);
		len = zmq_recv(a, body, sizeof(body), 0);
		if (id_len <= 0 || len != i % 3000 ||
		    zmq_send(a, id, id_len, ZMQ_SNDMORE) != id_len ||
		    zmq_send(a, "", 0, ZMQ_SNDMORE) ||
		    zmq_send(a, body, len, 0) != len)
			return NULL;
		/* It goes nowhere, and in nobody's way. */
		if (zmq_send(a, "nobody", 6, ZMQ_SNDMORE) != 6 ||
		    zmq_send(a, "lost", 4, 0) != 4)
			return NULL;
	}
	return arg;
}

/* A ROUTER's answers to many questions that are under way. */
static void answers(void)
{
	static char body[3000];
	int n = BURST, sent = 0, i;
	pthread_t thread;
	void *result;

	CHECK(!new_pair(ZMQ_ROUTER, &a, ZMQ_DEALER, &b, TCP));
	CHECK(!pthread_create(&thread, NULL, answer, &n));
	for (i = 0; i < n; i++) {
		for (; sent < n && sent < i + 100; sent++)
			CHECK(zmq_send(b, body, sent % 3000, 0) == sent % 3000);
		CHECK(recv_is(b, ""));
		CHECK(get_int(b, ZMQ_RCVMORE) == 1);
		CHECK(zmq_recv(b, body, sizeof(body), 0) == i % 3000);
		CHECK(get_int(b, ZMQ_RCVMORE) == 0);
	}
	CHECK(!pthread_join(thread, &result));
	CHECK(result);
	close_both();
}

/* To the message, although nobody is there yet to take them. */
static void marks(void)
{
	int marks[] = { 1, 2, 10, 1000 };
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		a = new_socket(ctx, ZMQ_PUSH);
		CHECK(!set_int(a, ZMQ_SNDHWM, marks[i]));
		CHECK_FAILS(zmq_send(a, "x", 1, ZMQ_DONTWAIT), EAGAIN);
		CHECK(!zmq_connect(a, "ipc://@no-such-name-ring"));
		for (n = 0; zmq_send(a, "x", 1, ZMQ_DONTWAIT) == 1; n++)
			;
		CHECK(zmq_errno() == EAGAIN);
		CHECK(n == marks[i]);
		CHECK(!(get_int(a, ZMQ_EVENTS) & ZMQ_POLLOUT));
		CHECK(zmq_close(a) == 0);
	}
}

/* Send until the kernel looks by itself, and then what is to be found. */
static bool send_awake(void *s)
{
	struct zmq_af_ring *ring;
	int i;

	if (send_text(s, "w", 0))
		return false;
	ring = find_ring(NULL);
	for (i = 0; ring && i < 1000000; i++) {
		if (!*(volatile __u32 *)&ring->flags)
			return !send_text(s, "last", 0);
		if (send_text(s, "w", 0))
			return false;
	}
	return false;
}

static bool recv_last(void *s)
{
	char buf[8];
	int n;

	do {
		n = zmq_recv(s, buf, sizeof(buf), 0);
	} while (n == 1);
	return n == 4 && !memcmp(buf, "last", 4);
}

/* A child sends "last" by a socket of its own, and ends. */
static pid_t child(const char *addr, int sig)
{
	pid_t pid = fork();
	void *context;

	if (pid)
		return pid;
	context = zmq_ctx_new();
	b = zmq_socket(context, ZMQ_PUSH);
	/* Nobody receives before it ends. */
	if (set_int(b, ZMQ_SNDHWM, 0) || zmq_connect(b, addr) || !send_awake(b))
		_exit(1);
	if (sig)
		raise(sig);
	_exit(0);
}

static void killed(void)
{
	int status;
	pid_t pid;

	a = new_socket(ctx, ZMQ_PULL);
	CHECK(!zmq_bind(a, TCP));
	pid = child(last_endpoint(a), SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status));
	CHECK(recv_last(a));
	CHECK(zmq_close(a) == 0);
}

static void exited(void)
{
	int status;
	pid_t pid;

	a = new_socket(ctx, ZMQ_PULL);
	CHECK(!zmq_bind(a, TCP));
	pid = child(last_endpoint(a), 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(!status);
	CHECK(recv_last(a));
	CHECK(zmq_close(a) == 0);
}

/* The sender neither sends anything else nor ends. */
static void alone(void)
{
	int i;

	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(!set_int(b, ZMQ_SNDHWM, 0));
	CHECK(!join_pair(a, b, TCP));
	for (i = 0; i < 10; i++) {
		CHECK(send_awake(b));
		CHECK(recv_last(a));
	}
	close_both();
}

/* A fork that calls no handlers: the child's sends are calls. */
static void forked(void)
{
	int status;
	pid_t pid;

	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(!set_int(b, ZMQ_SNDHWM, 0));
	CHECK(!join_pair(a, b, TCP));
	CHECK(send_awake(b));
	CHECK(recv_last(a));
	CHECK(send_awake(b));
	pid = syscall(SYS_fork);
	if (!pid)
		_exit(send_text(b, "child", 0) != 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(!status);
	CHECK(recv_last(a));
	CHECK(recv_is(a, "child"));
	CHECK(send_awake(b));
	CHECK(recv_last(a));
	close_both();
}

/* Where no message waits, the kernel does not look at a ring by itself. */
static const char *never_awake(void)
{
	FILE *file = fopen("/proc/sys/net/zmq/coalesce_default", "r");
	int usec = -1;

	if (file) {
		if (fscanf(file, "%d", &usec) != 1)
			usec = -1;
		fclose(file);
	}
	return usec ? no_sockets() : "net.zmq.coalesce_default is 0";
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a burst", burst, never_awake },
		{ "shared by threads", shared, no_sockets },
		{ "messages of all kinds", mixed, no_sockets },
		{ "answers", answers, no_sockets },
		{ "marks", marks, no_sockets },
		{ "one message and nothing else", alone, never_awake },
		{ "killed", killed, never_awake },
		{ "exited", exited, never_awake },
		{ "fork without handlers", forked, never_awake },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
