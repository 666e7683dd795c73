// SPDX-License-Identifier: MPL-2.0
/*
 * Many short messages are queued, some of them are received: what else sees of
 * that.  What holds for every libzmq, and must hold where receives get their
 * messages ahead (AF_ZMQ_PREFETCH=1).
 */
#include "sockets.h"

#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define TCP	"tcp://127.0.0.1:*"
#define INPROC	new_name()

static void *a, *b;
static char name[32];

/* Another one for each pair: libzmq gives names back some time after a close. */
static const char *new_name(void)
{
	static int serial;

	snprintf(name, sizeof(name), "inproc://prefetch-%d", ++serial);
	return name;
}

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

static bool send_numbers(void *s, char letter, int from, int to)
{
	char text[16];

	for (; from < to; from++) {
		snprintf(text, sizeof(text), "%c%d", letter, from);
		if (send_text(s, text, 0))
			return false;
	}
	return true;
}

static bool recv_numbers(void *s, char letter, int from, int to)
{
	char text[16];

	for (; from < to; from++) {
		snprintf(text, sizeof(text), "%c%d", letter, from);
		if (!recv_is(s, text))
			return false;
	}
	return true;
}

/* zmq_poll without waiting. */
static int polled(void *s)
{
	zmq_pollitem_t item = { .socket = s, .events = ZMQ_POLLIN };

	return zmq_poll(&item, 1, 0) < 0 ? -1 : item.revents;
}

static bool nothing_left(void *s)
{
	char c;

	return zmq_recv(s, &c, 1, ZMQ_DONTWAIT) == -1 && zmq_errno() == EAGAIN;
}

/* Readable to the last message, and not longer. */
static void polls(void)
{
	int i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	CHECK(send_numbers(b, 'm', 0, 250));
	for (i = 0; i < 250; i++) {
		if (i % 7 == 0 || i > 240)
			CHECK(polled(a) == ZMQ_POLLIN);
		if (i % 11 == 0 || i > 240)
			CHECK(get_int(a, ZMQ_EVENTS) == ZMQ_POLLIN);
		CHECK(recv_numbers(a, 'm', i, i + 1));
	}
	CHECK(polled(a) == 0);
	CHECK(get_int(a, ZMQ_EVENTS) == 0);
	CHECK(nothing_left(a));
	CHECK(send_numbers(b, 'm', 0, 3));
	CHECK(recv_numbers(a, 'm', 0, 3));
	CHECK(get_int(a, ZMQ_EVENTS) == 0);
	CHECK(polled(a) == 0);
	close_both();
}

static void poller(void)
{
	enum { N = 20 };
	zmq_pollitem_t items[2];
	int i;

	CHECK(!new_pair(ZMQ_PAIR, &a, ZMQ_PAIR, &b, INPROC));
	CHECK(send_numbers(b, 'm', 0, N));
	CHECK(send_numbers(a, 'n', 0, N));
	items[0] = (zmq_pollitem_t) { .socket = a, .events = ZMQ_POLLIN };
	items[1] = (zmq_pollitem_t) { .socket = b, .events = ZMQ_POLLIN };
	CHECK(recv_numbers(a, 'm', 0, 1));
	for (i = 1; i < N; i++) {
		CHECK(zmq_poll(items, 2, deadline_ms()) == 2);
		CHECK(recv_numbers(a, 'm', i, i + 1));
	}
	CHECK(zmq_poll(items, 2, deadline_ms()) == 1);
	CHECK(!items[0].revents);
	CHECK(recv_numbers(b, 'n', 0, N));
	CHECK(zmq_poll(items, 2, 0) == 0);
	close_both();
}

/* Room to send is told beside what can be received. */
static void poll_both_ways(void)
{
	zmq_pollitem_t item = { .events = ZMQ_POLLIN | ZMQ_POLLOUT };
	int i;

	CHECK(!new_pair(ZMQ_PAIR, &a, ZMQ_PAIR, &b, INPROC));
	item.socket = a;
	CHECK(send_numbers(b, 'm', 0, 30));
	for (i = 0; i < 30; i++) {
		CHECK(zmq_poll(&item, 1, deadline_ms()) == 1);
		CHECK(item.revents == (ZMQ_POLLIN | ZMQ_POLLOUT));
		CHECK(recv_numbers(a, 'm', i, i + 1));
	}
	CHECK(zmq_poll(&item, 1, deadline_ms()) == 1);
	CHECK(item.revents == ZMQ_POLLOUT);
	CHECK(send_numbers(b, 'm', 0, 10));
	CHECK(recv_numbers(a, 'm', 0, 6));
	item.events = ZMQ_POLLOUT;
	CHECK(zmq_poll(&item, 1, deadline_ms()) == 1);
	CHECK(item.revents == ZMQ_POLLOUT);
	CHECK(recv_numbers(a, 'm', 6, 10));
	close_both();
}

/* ZMQ_FD: who has seen that there is nothing is told of what comes. */
static void fd(void)
{
	struct pollfd pfd = { .events = POLLIN };
	int round;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	pfd.fd = get_int(a, ZMQ_FD);
	CHECK(pfd.fd >= 0);
	for (round = 0; round < 20; round++) {
		while (!(get_int(a, ZMQ_EVENTS) & ZMQ_POLLIN) && round % 2)
			if (send_numbers(b, 'm', 0, 5))
				CHECK(poll(&pfd, 1, deadline_ms()) == 1);
		if (round % 2 == 0)
			CHECK(send_numbers(b, 'm', 0, 5));
		CHECK(recv_numbers(a, 'm', 0, 5));
		if (round % 3)
			CHECK(nothing_left(a));
		else
			CHECK(!(get_int(a, ZMQ_EVENTS) & ZMQ_POLLIN));
	}
	close_both();
}

/* How many more can be sent without waiting; libzmq must be asked. */
static int send_until_full(void *s)
{
	int n = 0;

	while (get_int(s, ZMQ_EVENTS) & ZMQ_POLLOUT && send_text(s, "message", ZMQ_DONTWAIT) == 0)
		n++;
	return n;
}

/*
 * The marks: a full sender goes on when half of them have been received, to
 * the message, without another call of the receiver.
 */
static void marks(void)
{
	static const int snd[] = { 1, 2, 3, 10, 100, 300 };
	static const int rcv[] = { 1, 3, 4, 7, 100, 300 };
	int hwm, lwm, round, i;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(snd); k++) {
		a = new_socket(ctx, ZMQ_PULL);
		b = new_socket(ctx, ZMQ_PUSH);
		CHECK(!set_int(a, ZMQ_RCVHWM, rcv[k]));
		CHECK(!set_int(b, ZMQ_SNDHWM, snd[k]));
		CHECK(!join_pair(a, b, INPROC));
		hwm = snd[k] + rcv[k];
		lwm = (hwm + 1) / 2;
		CHECK(send_until_full(b) == hwm);
		for (round = 0; round < 5; round++) {
			for (i = 1; i < lwm; i++)
				CHECK(recv_is(a, "message"));
			CHECK(send_until_full(b) == 0);
			CHECK(recv_is(a, "message"));
			CHECK(send_until_full(b) == lwm);
		}
		for (i = 0; i < hwm; i++)
			CHECK(recv_is(a, "message"));
		CHECK(nothing_left(a));
		CHECK(send_until_full(b) >= hwm - lwm + 1);
		close_both();
	}
}

/* What is queued is judged by what is subscribed to when it is received. */
static void unsubscribe(void)
{
	int i;

	CHECK(!new_pair(ZMQ_PUB, &a, ZMQ_SUB, &b, INPROC));
	CHECK(!zmq_setsockopt(b, ZMQ_SUBSCRIBE, "a", 1));
	CHECK(!zmq_setsockopt(b, ZMQ_SUBSCRIBE, "b", 1));
	/* A publisher learns of subscriptions when it sends. */
	for (i = 0; i < 20; i++)
		CHECK(send_numbers(a, "ab"[i % 2], i, i + 1));
	CHECK(recv_is(b, "a0"));
	CHECK(recv_is(b, "b1"));
	CHECK(!zmq_setsockopt(b, ZMQ_UNSUBSCRIBE, "b", 1));
	for (i = 2; i < 20; i += 2)
		CHECK(recv_numbers(b, 'a', i, i + 1));
	CHECK(polled(b) == 0);
	CHECK(nothing_left(b));
	CHECK(send_numbers(a, 'b', 0, 5));
	CHECK(send_numbers(a, 'a', 0, 5));
	CHECK(recv_numbers(b, 'a', 0, 5));
	close_both();
}

/* What a peer sent goes with it if we leave it, and stays if it leaves us. */
static void disconnect(void)
{
	CHECK(!new_pair(ZMQ_PUSH, &a, ZMQ_PULL, &b, INPROC));
	CHECK(send_numbers(a, 'm', 0, 10));
	CHECK(recv_numbers(b, 'm', 0, 3));
	CHECK(!zmq_disconnect(b, name));
	CHECK(nothing_left(b));
	CHECK(polled(b) == 0);
	close_both();
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	CHECK(send_numbers(b, 'm', 0, 10));
	CHECK(recv_numbers(a, 'm', 0, 3));
	CHECK(!zmq_close(b));
	CHECK(recv_numbers(a, 'm', 3, 10));
	CHECK(nothing_left(a));
	CHECK(!zmq_close(a));
}

/* What may be done between the parts of a message changes nothing. */
static void between_parts(int i)
{
	switch (i % 6) {
	case 0:
		polled(a);
		break;
	case 1:
		get_int(a, ZMQ_EVENTS);
		break;
	case 2:
		set_int(a, ZMQ_RCVHWM, 1000);
		break;
	case 3:
		zmq_disconnect(a, "inproc://nobody");
		break;
	}
}

static void parts(void)
{
	char text[16], body[16];
	zmq_msg_t msg;
	int i, k;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	for (i = 0; i < 60; i++) {
		for (k = 0; k < i % 5; k++) {
			snprintf(text, sizeof(text), "%d.%d", i, k);
			CHECK(!send_text(b, text, ZMQ_SNDMORE));
		}
		snprintf(text, sizeof(text), "%d.%d", i, k);
		CHECK(!send_text(b, text, 0));
	}
	zmq_msg_init(&msg);
	for (i = 0; i < 60; i++) {
		for (k = 0; k <= i % 5; k++) {
			snprintf(text, sizeof(text), "%d.%d", i, k);
			between_parts(i / 5 + k);
			if (i % 2) {
				CHECK(recv_is(a, text));
			} else {
				CHECK(zmq_msg_recv(&msg, a, 0) ==
				      (int)strlen(text));
				snprintf(body, sizeof(body), "%.*s",
					 (int)zmq_msg_size(&msg),
					 (char *)zmq_msg_data(&msg));
				CHECK(!strcmp(text, body));
				CHECK(zmq_msg_more(&msg) == (k < i % 5));
			}
			CHECK(get_int(a, ZMQ_RCVMORE) == (k < i % 5));
		}
	}
	zmq_msg_close(&msg);
	CHECK(nothing_left(a));
	close_both();
}

/* Short and long ones keep their order, and what is in them. */
static void sizes(void)
{
	static const int size[] = { 0, 1, 33, 34, 255, 256, 1014, 1015, 1022,
				    1023, 1024, 2048, 8192, 8193, 100000 };
	static char out[100000], in[100000];
	zmq_msg_t msg;
	int i, n;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	zmq_msg_init(&msg);
	for (i = 0; i < 150; i++) {
		memset(out, i, sizeof(out));
		CHECK(zmq_send(b, out, size[i * i % 15], 0) == size[i * i % 15]);
	}
	for (i = 0; i < 150; i++) {
		n = size[i * i % 15];
		memset(out, i, sizeof(out));
		if (i % 3) {
			CHECK(zmq_msg_recv(&msg, a, 0) == n);
			CHECK(!memcmp(zmq_msg_data(&msg), out, n));
		} else {
			memset(in, ~i, sizeof(in));
			CHECK(zmq_recv(a, in, n / 2, 0) == n);
			CHECK(!memcmp(in, out, n / 2));
			CHECK(in[n / 2] == (char)~i);
		}
	}
	zmq_msg_close(&msg);
	close_both();
}

/* Peers that have messages take turns; one that comes later is noticed. */
static void fair(void)
{
	char body[8];
	void *c;
	int i, seen = 0;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	c = new_socket(ctx, ZMQ_PUSH);
	CHECK(!zmq_connect(c, name));
	CHECK(send_numbers(b, 'b', 0, 150));
	CHECK(recv_numbers(a, 'b', 0, 5));
	CHECK(send_numbers(c, 'c', 0, 150));
	/* What is in a ring is handed over. */
	CHECK(get_int(b, ZMQ_EVENTS) == ZMQ_POLLOUT);
	CHECK(get_int(c, ZMQ_EVENTS) == ZMQ_POLLOUT);
	CHECK(polled(a) == ZMQ_POLLIN);
	for (i = 0; i < 40; i++) {
		CHECK(zmq_recv(a, body, sizeof(body), 0) > 0);
		seen += body[0] == 'c';
	}
	CHECK(seen == 20);
	for (i = 45; i < 300; i++)
		CHECK(zmq_recv(a, body, sizeof(body), 0) > 0);
	CHECK(nothing_left(a));
	/* Without a poll after a hundred at the latest. */
	CHECK(send_numbers(b, 'b', 0, 300));
	CHECK(recv_numbers(a, 'b', 0, 5));
	CHECK(send_numbers(c, 'c', 0, 1));
	CHECK(get_int(b, ZMQ_EVENTS) == ZMQ_POLLOUT);
	CHECK(get_int(c, ZMQ_EVENTS) == ZMQ_POLLOUT);
	for (i = 0; i <= 100; i++) {
		CHECK(zmq_recv(a, body, sizeof(body), 0) > 0);
		if (body[0] == 'c')
			break;
	}
	CHECK(i <= 100);
	close_both();
	CHECK(!zmq_close(c));
}

/* A socket @a and two peers, @b and @c, whose routing ids are "b" and "c". */
static void new_three(int type, void **c)
{
	a = new_socket(ctx, type);
	b = new_socket(ctx, ZMQ_DEALER);
	*c = new_socket(ctx, ZMQ_DEALER);
	CHECK(!zmq_setsockopt(b, ZMQ_ROUTING_ID, "b", 1));
	CHECK(!zmq_setsockopt(*c, ZMQ_ROUTING_ID, "c", 1));
	CHECK(!join_pair(a, b, TCP));
	CHECK(!zmq_connect(*c, last_endpoint(a)));
}

/* A message tells whom it is from, whoever else has sent. */
static void metadata(void)
{
	char body[8];
	zmq_msg_t msg;
	void *c = NULL;
	int i;

	new_three(ZMQ_DEALER, &c);
	zmq_msg_init(&msg);
	CHECK(send_numbers(b, 'b', 0, 30));
	for (i = 0; i < 60; i++) {
		if (i == 10)
			CHECK(send_numbers(c, 'c', 0, 30));
		if (i % 5 == 4) {
			CHECK(zmq_recv(a, body, sizeof(body), 0) > 0);
			continue;
		}
		CHECK(zmq_msg_recv(&msg, a, 0) > 0);
		CHECK(zmq_msg_gets(&msg, "Identity"));
		CHECK(zmq_msg_gets(&msg, "Identity")[0] ==
		      *(char *)zmq_msg_data(&msg));
	}
	zmq_msg_close(&msg);
	close_both();
	CHECK(!zmq_close(c));
}

/* A ROUTER's messages tell whom to answer, part by part. */
static void routers(void)
{
	char id[8], body[8];
	void *c = NULL, *from;
	int i, n;

	new_three(ZMQ_ROUTER, &c);
	CHECK(send_numbers(b, 'b', 0, 40));
	CHECK(send_numbers(c, 'c', 0, 40));
	for (i = 0; i < 80; i++) {
		CHECK(zmq_recv(a, id, sizeof(id), 0) == 1);
		CHECK(get_int(a, ZMQ_RCVMORE) == 1);
		/* Between two parts. */
		if (i % 7 == 3)
			CHECK(polled(a) == ZMQ_POLLIN);
		n = zmq_recv(a, body, sizeof(body), 0);
		CHECK(n > 1 && body[0] == id[0]);
		CHECK(get_int(a, ZMQ_RCVMORE) == 0);
		CHECK(zmq_send(a, id, 1, ZMQ_SNDMORE) == 1);
		CHECK(zmq_send(a, body, n, 0) == n);
	}
	CHECK(nothing_left(a));
	for (from = b, i = 0; i < 2; i++, from = c)
		CHECK(recv_numbers(from, i ? 'c' : 'b', 0, 40));
	close_both();
	CHECK(!zmq_close(c));
}

/* Once the context is shut down receives fail; libzmq's after a while. */
static void shutdown_context(void)
{
	void *keep = ctx;
	char body[8];

	ctx = zmq_ctx_new();
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	CHECK(send_numbers(b, 'm', 0, 200));
	CHECK(recv_numbers(a, 'm', 0, 3));
	CHECK(!zmq_ctx_shutdown(ctx));
	while (polled(a) == ZMQ_POLLIN && zmq_recv(a, body, sizeof(body), 0) > 0)
		CHECK(strncmp(body, "m199", 4));
	CHECK(zmq_errno() == ETERM);
	CHECK(polled(a) == -1);
	CHECK(zmq_errno() == ETERM);
	CHECK_FAILS(zmq_recv(a, body, 0, ZMQ_DONTWAIT), ETERM);
	close_both();
	CHECK(!zmq_ctx_term(ctx));
	ctx = keep;
}

/* Nothing that a child of a fork does is seen by the parent. */
static void forked(void)
{
	int status;
	pid_t pid;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	CHECK(send_numbers(b, 'm', 0, 10));
	CHECK(recv_numbers(a, 'm', 0, 3));
	pid = fork();
	if (!pid)
		_exit(0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
	CHECK(recv_numbers(a, 'm', 3, 10));
	CHECK(nothing_left(a));
	close_both();
}

/* Time limits hold when what was there is gone. */
static void time_limit(void)
{
	char c;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, INPROC));
	CHECK(!set_int(a, ZMQ_RCVTIMEO, 20));
	CHECK(send_numbers(b, 'm', 0, 10));
	/* What is in a ring is handed over. */
	CHECK(get_int(b, ZMQ_EVENTS) == ZMQ_POLLOUT);
	CHECK(recv_numbers(a, 'm', 0, 10));
	CHECK_FAILS(zmq_recv(a, &c, 1, 0), EAGAIN);
	CHECK(send_numbers(b, 'm', 10, 12));
	CHECK(get_int(b, ZMQ_EVENTS) == ZMQ_POLLOUT);
	CHECK(recv_numbers(a, 'm', 10, 12));
	CHECK_FAILS(zmq_recv(a, &c, 1, 0), EAGAIN);
	close_both();
}

/* A proxy passes everything on, in both directions. */
static void run_proxy(void *unused)
{
	(void)unused;
	zmq_proxy(a, b, NULL);
}

static void proxied(void)
{
	void *keep = ctx;
	void *push, *pull, *t;

	ctx = zmq_ctx_new();
	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(!zmq_bind(a, "inproc://in") && !zmq_bind(b, "inproc://out"));
	push = new_socket(ctx, ZMQ_PUSH);
	pull = new_socket(ctx, ZMQ_PULL);
	CHECK(!zmq_connect(push, "inproc://in"));
	CHECK(!zmq_connect(pull, "inproc://out"));
	t = zmq_threadstart(run_proxy, NULL);
	CHECK(send_numbers(push, 'm', 0, 900));
	CHECK(recv_numbers(pull, 'm', 0, 900));
	CHECK(!zmq_close(push) && !zmq_close(pull));
	CHECK(!zmq_ctx_shutdown(ctx));
	zmq_threadclose(t);
	close_both();
	CHECK(!zmq_ctx_term(ctx));
	ctx = keep;
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "zmq_poll, ZMQ_EVENTS", polls, no_sockets },
		{ "zmq_poll, two sockets", poller, no_sockets },
		{ "zmq_poll, sending", poll_both_ways, no_sockets },
		{ "ZMQ_FD", fd, no_sockets },
		{ "high-water marks", marks, no_sockets },
		{ "unsubscribing", unsubscribe, no_sockets },
		{ "disconnecting", disconnect, no_sockets },
		{ "between parts", parts, no_sockets },
		{ "sizes", sizes, no_sockets },
		{ "fairness", fair, no_sockets },
		{ "metadata", metadata, no_sockets },
		{ "routing ids", routers, no_sockets },
		{ "ETERM", shutdown_context, no_sockets },
		{ "fork", forked, no_sockets },
		{ "time limits", time_limit, no_sockets },
		{ "a proxy", proxied, no_sockets },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
