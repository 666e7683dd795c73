// SPDX-License-Identifier: MPL-2.0
/*
 * Sockets: messages of all sizes by all calls, errors of sending and
 * receiving, options.  What holds for every libzmq.
 */
#include "sockets.h"

#include <sys/uio.h>

#define TCP	"tcp://127.0.0.1:*"
#define IPC	"ipc://*"

static void *a, *b;

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

static void hello(void)
{
	static const char * const addrs[] = { TCP, IPC };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		CHECK(!new_pair(ZMQ_REP, &a, ZMQ_REQ, &b, addrs[i]));
		CHECK(!send_text(b, "Hello", 0));
		CHECK(recv_is(a, "Hello"));
		CHECK(!send_text(a, "World", 0));
		CHECK(recv_is(b, "World"));
		close_both();
	}
}

static unsigned char pattern(size_t size, size_t i)
{
	return size * 31 + i * 7 + (i >> 8);
}

static void fill(unsigned char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		data[i] = pattern(size, i);
}

static bool intact(const unsigned char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (data[i] != pattern(size, i))
			return false;
	return true;
}

/* Around every limit there is: inline, copied, block, large block, huge. */
static const size_t sizes[] = {
	0, 1, 32, 33, 34, 254, 255, 256, 2047, 2048, 2049, 8191, 8192, 8193,
	50000, 65536, 8193, 9, 1 << 20, (1 << 20) + 1, 3000000, 12, 60000, 0,
};

static void sizes_msg(void)
{
	zmq_msg_t in, out;
	size_t i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(zmq_msg_init(&in) == 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK(zmq_msg_init_size(&out, sizes[i]) == 0);
		fill(zmq_msg_data(&out), sizes[i]);
		CHECK(zmq_msg_send(&out, b, 0) == (int)sizes[i]);
		CHECK(zmq_msg_size(&out) == 0);
		CHECK(zmq_msg_close(&out) == 0);
		CHECK(zmq_msg_recv(&in, a, 0) == (int)sizes[i]);
		CHECK(zmq_msg_size(&in) == sizes[i]);
		CHECK(intact(zmq_msg_data(&in), sizes[i]));
		CHECK(zmq_msg_more(&in) == 0);
	}
	CHECK(zmq_msg_close(&in) == 0);
	close_both();
}

static void sizes_buffer(void)
{
	unsigned char *out = malloc(4000000);
	unsigned char *in = malloc(4000000);
	size_t i;

	CHECK(out && in);
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, IPC));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(out, sizes[i]);
		CHECK(zmq_send(b, out, sizes[i], 0) == (int)sizes[i]);
		CHECK(zmq_recv(a, in, 4000000, 0) == (int)sizes[i]);
		CHECK(intact(in, sizes[i]));
	}
	close_both();
	free(out);
	free(in);
}

/* A small part before a large one, many times: the envelope pattern. */
static void sizes_multipart(void)
{
	static const size_t parts[] = { 5, 0, 70000, 3000 };
	zmq_msg_t msg;
	size_t i;
	int n;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(zmq_msg_init(&msg) == 0);
	for (n = 0; n < 300; n++) {
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			bool last = i + 1 == ARRAY_SIZE(parts);

			CHECK(zmq_msg_close(&msg) == 0);
			CHECK(zmq_msg_init_size(&msg, parts[i]) == 0);
			fill(zmq_msg_data(&msg), parts[i]);
			CHECK(zmq_msg_send(&msg, b, last ? 0 : ZMQ_SNDMORE) ==
			      (int)parts[i]);
		}
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			int more = i + 1 < ARRAY_SIZE(parts);

			CHECK(zmq_msg_recv(&msg, a, 0) == (int)parts[i]);
			CHECK(intact(zmq_msg_data(&msg), parts[i]));
			CHECK(zmq_msg_more(&msg) == more);
			CHECK(zmq_msg_get(&msg, ZMQ_MORE) == more);
			CHECK(get_int(a, ZMQ_RCVMORE) == more);
		}
	}
	CHECK(zmq_msg_close(&msg) == 0);
	close_both();
}

static void truncation(void)
{
	char buf[4] = "....";

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(!send_text(b, "0123456789", ZMQ_SNDMORE));
	CHECK(!send_text(b, "next", 0));
	CHECK(zmq_recv(a, buf, 3, 0) == 10);
	CHECK(!memcmp(buf, "012.", 4));
	CHECK(get_int(a, ZMQ_RCVMORE) == 1);
	CHECK(recv_is(a, "next"));
	CHECK(get_int(a, ZMQ_RCVMORE) == 0);
	CHECK(!send_text(b, "abc", 0));
	CHECK(zmq_recv(a, NULL, 0, 0) == 3);
	close_both();
}

static int freed;

static void count_free(void *data, void *hint)
{
	(void)data;
	(void)hint;
	__atomic_add_fetch(&freed, 1, __ATOMIC_SEQ_CST);
}

static void user_data(void)
{
	static char data[1000];
	zmq_msg_t msg, copy;

	freed = 0;
	memset(data, 'u', sizeof(data));
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(zmq_msg_init_data(&msg, data, sizeof(data), count_free,
				NULL) == 0);
	CHECK(zmq_msg_init(&copy) == 0);
	CHECK(zmq_msg_copy(&copy, &msg) == 0);
	CHECK(zmq_msg_send(&msg, b, 0) == sizeof(data));
	CHECK(zmq_msg_send(&copy, b, 0) == sizeof(data));
	CHECK(zmq_msg_recv(&msg, a, 0) == sizeof(data));
	CHECK(!memcmp(zmq_msg_data(&msg), data, sizeof(data)));
	CHECK(zmq_msg_data(&msg) != data);
	CHECK(zmq_msg_recv(&msg, a, 0) == sizeof(data));
	CHECK(zmq_send_const(b, data, sizeof(data), 0) == sizeof(data));
	CHECK(zmq_recvmsg(a, &msg, 0) == sizeof(data));
	CHECK(zmq_sendmsg(b, &msg, 0) == sizeof(data));
	CHECK(zmq_recvmsg(a, &msg, 0) == sizeof(data));
	CHECK(zmq_msg_close(&msg) == 0);
	close_both();
	CHECK(zmq_ctx_term(ctx) == 0);
	CHECK(__atomic_load_n(&freed, __ATOMIC_SEQ_CST) == 1);
	ctx = zmq_ctx_new();
}

static void iovecs(void)
{
	struct iovec out[3] = {
		{ .iov_base = "one", .iov_len = 3 },
		{ .iov_base = "", .iov_len = 0 },
		{ .iov_base = "three", .iov_len = 5 },
	};
	struct iovec in[5];
	size_t count = 5;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK(zmq_sendiov(b, out, 3, ZMQ_SNDMORE) == 5);
	CHECK(zmq_recviov(a, in, &count, 0) == 3);
	CHECK(count == 3);
	CHECK(in[0].iov_len == 3 && !memcmp(in[0].iov_base, "one", 3));
	CHECK(in[1].iov_len == 0);
	CHECK(in[2].iov_len == 5 && !memcmp(in[2].iov_base, "three", 5));
	free(in[0].iov_base);
	free(in[1].iov_base);
	free(in[2].iov_base);

	count = 0;
	CHECK_FAILS(zmq_sendiov(b, out, 0, 0), EINVAL);
	CHECK_FAILS(zmq_sendiov(b, NULL, 1, 0), EINVAL);
	CHECK_FAILS(zmq_recviov(a, in, &count, 0), EINVAL);
	count = 1;
	CHECK_FAILS(zmq_recviov(a, NULL, &count, 0), EINVAL);
	close_both();
}

static void wrong_state(void)
{
	char buf[8];

	CHECK(!new_pair(ZMQ_REP, &a, ZMQ_REQ, &b, TCP));
	CHECK_FAILS(zmq_recv(b, buf, sizeof(buf), 0), EFSM);
	CHECK_FAILS(zmq_send(a, "x", 1, 0), EFSM);
	CHECK(!send_text(b, "q", 0));
	CHECK_FAILS(zmq_send(b, "x", 1, 0), EFSM);
	CHECK(recv_is(a, "q"));
	CHECK_FAILS(zmq_recv(a, buf, sizeof(buf), 0), EFSM);
	close_both();
}

static void wrong_way(void)
{
	char buf[8];

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK_FAILS(zmq_send(a, "x", 1, 0), ENOTSUP);
	CHECK_FAILS(zmq_recv(b, buf, sizeof(buf), 0), ENOTSUP);
	close_both();
	CHECK(!new_pair(ZMQ_PUB, &a, ZMQ_SUB, &b, TCP));
	CHECK_FAILS(zmq_send(b, "x", 1, 0), ENOTSUP);
	CHECK_FAILS(zmq_recv(a, buf, sizeof(buf), 0), ENOTSUP);
	close_both();
}

static void would_block(void)
{
	zmq_msg_t msg;
	char buf[8];

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	CHECK_FAILS(zmq_recv(a, buf, sizeof(buf), ZMQ_DONTWAIT), EAGAIN);
	CHECK(!set_int(a, ZMQ_RCVTIMEO, 20));
	CHECK_FAILS(zmq_recv(a, buf, sizeof(buf), 0), EAGAIN);
	CHECK(zmq_msg_init(&msg) == 0);
	CHECK_FAILS(zmq_msg_recv(&msg, a, 0), EAGAIN);
	CHECK(zmq_msg_close(&msg) == 0);
	close_both();

	b = new_socket(ctx, ZMQ_PUSH);
	CHECK_FAILS(zmq_send(b, "x", 1, ZMQ_DONTWAIT), EAGAIN);
	CHECK(!set_int(b, ZMQ_SNDTIMEO, 20));
	CHECK_FAILS(zmq_send(b, "x", 1, 0), EAGAIN);
	CHECK(zmq_close(b) == 0);
}

static void router(void)
{
	a = new_socket(ctx, ZMQ_ROUTER);
	b = new_socket(ctx, ZMQ_DEALER);
	CHECK(zmq_setsockopt(b, ZMQ_ROUTING_ID, "deal", 4) == 0);
	CHECK(!set_int(a, ZMQ_ROUTER_MANDATORY, 1));
	CHECK(!join_pair(a, b, IPC));
	CHECK(!send_text(b, "x", ZMQ_SNDMORE));
	CHECK(!send_text(b, "y", 0));
	CHECK(recv_is(a, "deal"));
	CHECK(recv_is(a, "x"));
	CHECK(recv_is(a, "y"));
	CHECK(!send_text(a, "deal", ZMQ_SNDMORE));
	CHECK(!send_text(a, "reply", 0));
	CHECK(recv_is(b, "reply"));
	CHECK_FAILS(zmq_send(a, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
	close_both();
}

static void pubsub(void)
{
	int i;

	CHECK(!new_pair(ZMQ_PUB, &a, ZMQ_SUB, &b, TCP));
	CHECK(zmq_setsockopt(b, ZMQ_SUBSCRIBE, "A", 1) == 0);
	/* Until the subscription has arrived. */
	for (i = 0; i < 1000; i++) {
		zmq_pollitem_t item = { .socket = b, .events = ZMQ_POLLIN };

		CHECK(!send_text(a, "B no", 0));
		CHECK(!send_text(a, "A yes", 0));
		if (zmq_poll(&item, 1, 10) == 1)
			break;
	}
	CHECK(recv_is(b, "A yes"));
	close_both();
}

/* options */

static void int_getters(void)
{
	static const struct { int option, value; } ints[] = {
		{ ZMQ_RCVMORE, 0 },
		{ ZMQ_EVENTS, 0 }, { ZMQ_THREAD_SAFE, 0 },
	};
	size_t len, i;
	int64_t wide;

	a = new_socket(ctx, ZMQ_DEALER);
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		printf("# option %d\n", ints[i].option);
		len = sizeof(wide);
		memset(&wide, 0xff, sizeof(wide));
		CHECK(zmq_getsockopt(a, ints[i].option, &wide, &len) == 0);
		CHECK(wide == ints[i].value);
		CHECK(len == sizeof(int));
		len = 2;
		CHECK_FAILS(zmq_getsockopt(a, ints[i].option, &wide, &len),
			    EINVAL);
	}
	CHECK(zmq_close(a) == 0);
}

/* Options that mean something only to other transports, or to libzmq. */
static void kept_options(void)
{
	static const struct { int option, dflt, good, bad; } ints[] = {
		{ ZMQ_RATE, 100, 40000, 0 },
		{ ZMQ_RECOVERY_IVL, 10000, 0, -1 },
		{ ZMQ_MULTICAST_HOPS, 1, 5, 0 },
		{ ZMQ_MULTICAST_MAXTPDU, 1500, 9000, 0 },
	};
	uint64_t affinity = 1;
	size_t len = sizeof(affinity);
	size_t i;

	a = new_socket(ctx, ZMQ_PUB);
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		CHECK(get_int(a, ints[i].option) == ints[i].dflt);
		CHECK_FAILS(set_int(a, ints[i].option, ints[i].bad), EINVAL);
		CHECK(!set_int(a, ints[i].option, ints[i].good));
		CHECK(get_int(a, ints[i].option) == ints[i].good);
	}
	CHECK(zmq_getsockopt(a, ZMQ_AFFINITY, &affinity, &len) == 0);
	CHECK(affinity == 0);
	affinity = 1ull << 40 | 3;
	CHECK(zmq_setsockopt(a, ZMQ_AFFINITY, &affinity, len) == 0);
	affinity = 0;
	CHECK(zmq_getsockopt(a, ZMQ_AFFINITY, &affinity, &len) == 0);
	CHECK(affinity == (1ull << 40 | 3));
	CHECK_FAILS(set_int(a, ZMQ_AFFINITY, 1), EINVAL);
	CHECK(get_int(a, ZMQ_MECHANISM) == ZMQ_NULL);
	CHECK(zmq_close(a) == 0);
}

/* Features that are off can be read, and switched off. */
static void off_options(void)
{
	static const struct { int option, off; } ints[] = {
		{ ZMQ_PLAIN_SERVER, 0 }, { ZMQ_USE_FD, -1 },
		{ 93 /* ZMQ_ZAP_ENFORCE_DOMAIN */, 0 },
	};
	static const int strings[] = {
		ZMQ_PLAIN_USERNAME, ZMQ_PLAIN_PASSWORD, ZMQ_ZAP_DOMAIN,
		ZMQ_SOCKS_PROXY,
	};
	char text[32];
	size_t len, i;

	a = new_socket(ctx, ZMQ_PUB);
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		CHECK(get_int(a, ints[i].option) == ints[i].off);
		CHECK(!set_int(a, ints[i].option, ints[i].off));
	}
	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		len = sizeof(text);
		memset(text, 'x', len);
		CHECK(zmq_getsockopt(a, strings[i], text, &len) == 0);
		CHECK(len == 1 && !text[0]);
		if (strings[i] != ZMQ_ZAP_DOMAIN)
			CHECK(zmq_setsockopt(a, strings[i], NULL, 0) == 0);
	}
	CHECK(zmq_close(a) == 0);
}

static void kernel_options(void)
{
	static const struct { int option, dflt, good, bad; } ints[] = {
		{ ZMQ_SNDHWM, 1000, 5, -1 }, { ZMQ_RCVHWM, 1000, 0, -1 },
		{ ZMQ_RECONNECT_IVL, 100, 50, -2 },
		{ ZMQ_RECONNECT_IVL_MAX, 0, 500, -1 },
		{ ZMQ_BACKLOG, 100, 7, -1 }, { ZMQ_IPV6, 0, 1, 2 },
		{ ZMQ_IMMEDIATE, 0, 1, 2 }, { ZMQ_TCP_KEEPALIVE, -1, 1, 2 },
		{ ZMQ_HANDSHAKE_IVL, 30000, 0, -1 },
		{ ZMQ_HEARTBEAT_IVL, 0, 1000, -1 },
		{ ZMQ_CONNECT_TIMEOUT, 0, 10, -1 },
		{ ZMQ_SNDBUF, -1, 4096, -2 }, { ZMQ_TOS, 0, 16, -1 },
	};
	void *s = zmq_socket(ctx, ZMQ_PULL);
	size_t i;

	CHECK(s);
	CHECK(get_int(s, ZMQ_LINGER) == -1);
	CHECK(get_int(s, ZMQ_RCVTIMEO) == -1);
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		CHECK(get_int(s, ints[i].option) == ints[i].dflt);
		CHECK_FAILS(set_int(s, ints[i].option, ints[i].bad), EINVAL);
		CHECK(!set_int(s, ints[i].option, ints[i].good));
		CHECK(get_int(s, ints[i].option) == ints[i].good);
	}
	CHECK_FAILS(set_int(s, 9999, 1), EINVAL);
	CHECK_FAILS(set_int(s, ZMQ_TYPE, 1), EINVAL);
	CHECK_FAILS(zmq_setsockopt(s, ZMQ_SUBSCRIBE, "", 0), EINVAL);
	CHECK(zmq_close(s) == 0);
}

static void ctx_defaults(void)
{
	void *other = zmq_ctx_new();
	void *s;

	CHECK(zmq_ctx_set(other, ZMQ_IPV6, 1) == 0);
	CHECK(zmq_ctx_set(other, ZMQ_BLOCKY, 0) == 0);
	s = zmq_socket(other, ZMQ_PUSH);
	CHECK(s);
	CHECK(get_int(s, ZMQ_IPV6) == 1);
	CHECK(get_int(s, ZMQ_LINGER) == 0);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

static void types(void)
{
	static const int bad[] = { -1, 21, 256, 1000 };
	size_t i;
	int type;

	for (type = ZMQ_PAIR; type <= ZMQ_PUSH; type++) {
		a = zmq_socket(ctx, type);
		CHECK(a);
		CHECK(get_int(a, ZMQ_TYPE) == type);
		CHECK(zmq_close(a) == 0);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		CHECK(!zmq_socket(ctx, bad[i]));
		CHECK(zmq_errno() == EINVAL);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "hello world", hello, no_sockets },
		{ "zmq_msg_send and _recv, all sizes", sizes_msg, no_sockets },
		{ "zmq_send and _recv, all sizes", sizes_buffer, no_sockets },
		{ "small and large parts in turn", sizes_multipart,
		  no_sockets },
		{ "zmq_recv truncates, tells the size", truncation,
		  no_sockets },
		{ "user's data is sent, then freed", user_data, no_sockets },
		{ "zmq_sendiov and _recviov", iovecs, no_sockets },
		{ "EFSM", wrong_state, no_sockets },
		{ "ENOTSUP", wrong_way, no_sockets },
		{ "EAGAIN", would_block, no_sockets },
		{ "ROUTER and DEALER, EHOSTUNREACH", router, no_sockets },
		{ "PUB and SUB", pubsub, no_sockets },
		{ "options read into wide buffers", int_getters, no_sockets },
		{ "options only kept", kept_options, no_sockets },
		{ "options of features that are off", off_options,
		  no_sockets },
		{ "options of the kernel", kernel_options, no_sockets },
		{ "options from the context", ctx_defaults, no_sockets },
		{ "socket types", types, no_sockets },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
