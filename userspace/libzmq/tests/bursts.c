// SPDX-License-Identifier: MPL-2.0
/* When sockets get their rings; run without AF_ZMQ_RING and AF_ZMQ_PREFETCH. */
#include "maps.h"
#include "sockets.h"

#include <pthread.h>
#include <time.h>

#define SOCKETS		10
/* Of so many none has much of a burst. */
#define CROWD		400

static void *pull;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void *recv_until_end(void *arg)
{
	long *n = arg;
	char buf[8];

	while (zmq_recv(pull, buf, sizeof(buf), 0) == 1)
		(*n)++;
	return NULL;
}

static int rings(void)
{
	int n;

	find_ring(&n);
	return n;
}

/* A thread that sends by many in turn: each takes part, none is a burst. */
static void in_turn(void)
{
	long long end = now_ms() + deadline_ms();
	void *push[SOCKETS];
	long sent = 0, got = 0;
	pthread_t receiver;
	int i;

	pull = new_socket(ctx, ZMQ_PULL);
	CHECK(!zmq_bind(pull, "tcp://127.0.0.1:*"));
	for (i = 0; i < SOCKETS; i++) {
		push[i] = new_socket(ctx, ZMQ_PUSH);
		CHECK(!zmq_connect(push[i], last_endpoint(pull)));
	}
	CHECK(!pthread_create(&receiver, NULL, recv_until_end, &got));
	do {
		for (i = 0; i < 100 * SOCKETS; i++, sent++)
			CHECK(!send_text(push[i % SOCKETS], "x", 0));
	} while (rings() < SOCKETS && now_ms() < end);
	CHECK(rings() == SOCKETS);
	while (__atomic_load_n(&got, __ATOMIC_RELAXED) < sent && now_ms() < end)
		zmq_poll(NULL, 0, 1);
	CHECK(!send_text(push[0], "end", 0));
	CHECK(!pthread_join(receiver, NULL));
	CHECK(got == sent);
	for (i = 0; i < SOCKETS; i++)
		zmq_close(push[i]);
	CHECK(rings() == 0);
	zmq_close(pull);
}

/* Too many of them: a ring would have few messages at a time. */
static void crowd(void)
{
	static void *push[CROWD];
	pthread_t receiver;
	long got = 0;
	int i;

	pull = new_socket(ctx, ZMQ_PULL);
	CHECK(!zmq_bind(pull, "ipc://*"));
	for (i = 0; i < CROWD; i++) {
		push[i] = new_socket(ctx, ZMQ_PUSH);
		CHECK(push[i]);
		CHECK(!zmq_connect(push[i], last_endpoint(pull)));
	}
	CHECK(!pthread_create(&receiver, NULL, recv_until_end, &got));
	for (i = 0; i < 20 * CROWD; i++)
		CHECK(!send_text(push[i % CROWD], "x", 0));
	CHECK(rings() == 0);
	/* One of them, many times. */
	for (i = 0; i < 10000 && !rings(); i++)
		CHECK(!send_text(push[0], "x", 0));
	CHECK(rings() == 1);
	CHECK(!send_text(push[0], "end", 0));
	CHECK(!pthread_join(receiver, NULL));
	for (i = 0; i < CROWD; i++)
		zmq_close(push[i]);
	zmq_close(pull);
}

/* Between two sends there is an answer: no burst, whatever the speed. */
static void answered(void)
{
	void *a, *b;
	int i;

	CHECK(!new_pair(ZMQ_DEALER, &a, ZMQ_DEALER, &b, "ipc://*"));
	for (i = 0; i < 1000; i++) {
		CHECK(!send_text(a, "ask", 0));
		CHECK(recv_is(b, "ask"));
		CHECK(!send_text(b, "answer", 0));
		CHECK(recv_is(a, "answer"));
	}
	CHECK(rings() == 0);
	zmq_close(a);
	zmq_close(b);
}

/* Questions that have come in a burst are answered in one. */
static void answered_in_a_burst(void)
{
	long long end = now_ms() + deadline_ms();
	void *router, *dealer;
	char id[16];
	int i, len;

	CHECK(!new_pair(ZMQ_ROUTER, &router, ZMQ_DEALER, &dealer, "ipc://*"));
	do {
		for (i = 0; i < 100; i++)
			CHECK(!send_text(dealer, "ask", 0));
		for (i = 0; i < 100; i++) {
			len = zmq_recv(router, id, sizeof(id), 0);
			CHECK(len > 0);
			CHECK(recv_is(router, "ask"));
			CHECK(zmq_send(router, id, len, ZMQ_SNDMORE) == len);
			CHECK(!send_text(router, "answer", 0));
		}
		for (i = 0; i < 100; i++)
			CHECK(recv_is(dealer, "answer"));
	} while (rings() < 2 && now_ms() < end);
	CHECK(rings() == 2);
	zmq_close(router);
	zmq_close(dealer);
}

static const char *too_slow(void)
{
	const char *slow = getenv("AF_ZMQ_SLOW");

	if (slow && atoi(slow) > 1)
		return "too slow a kernel for bursts";
	return no_sockets();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "by many sockets in turn", in_turn, too_slow },
		{ "by too many in turn", crowd, too_slow },
		{ "answered one by one", answered, no_sockets },
		{ "answered in a burst", answered_in_a_burst, too_slow },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
