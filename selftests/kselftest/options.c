// SPDX-License-Identifier: GPL-2.0-only
/* Socket options: defaults, ranges, formats and errnos, as libzmq has them. */
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

/* Options that can be set only. */
#define UNREADABLE	INT_MIN

/**
 * struct option - an int option
 * @name: for messages
 * @opt: its number
 * @type: of the socket that has it
 * @initial: its value on a new socket, or UNREADABLE
 * @good: values it takes
 * @bad: values it refuses with EINVAL; lists end with END
 * @round: what it takes is rounded down to multiples of this
 */
struct option {
	const char	*name;
	int		opt;
	int		type;
	int		initial;
	int		good[6];
	int		bad[6];
	int		round;
};

#define END		0x7e57e57

#define LIST(...)	{ __VA_ARGS__, END }
#define NONE		{ END }
#define FROM_0		.good = LIST(1, 0, 123, INT_MAX), .bad = LIST(-1, INT_MIN)
#define FROM_MINUS_1	.good = LIST(1, 0, -1, 123), .bad = LIST(-2, INT_MIN)
#define BOOL		.good = LIST(1, 0, 1), .bad = LIST(2, -1, INT_MAX)
#define SWITCH		.good = LIST(1, 0, 2, INT_MAX), .bad = LIST(-1, INT_MIN)

static const struct option options[] = {
	{ "SNDHWM", ZMQ_SNDHWM, ZMQ_PUSH, 1000, FROM_0 },
	{ "RCVHWM", ZMQ_RCVHWM, ZMQ_PUSH, 1000, FROM_0 },
	{ "SNDBUF", ZMQ_SNDBUF, ZMQ_PUSH, -1, FROM_MINUS_1 },
	{ "RCVBUF", ZMQ_RCVBUF, ZMQ_PUSH, -1, FROM_MINUS_1 },
	{ "LINGER", ZMQ_LINGER, ZMQ_PUSH, -1, FROM_MINUS_1 },
	{ "RECONNECT_IVL", ZMQ_RECONNECT_IVL, ZMQ_PUSH, 100, FROM_MINUS_1 },
	{ "RECONNECT_IVL_MAX", ZMQ_RECONNECT_IVL_MAX, ZMQ_PUSH, 0, FROM_0 },
	{ "BACKLOG", ZMQ_BACKLOG, ZMQ_PUSH, 100, FROM_0 },
	{ "RCVTIMEO", ZMQ_RCVTIMEO, ZMQ_PUSH, -1, FROM_MINUS_1 },
	{ "SNDTIMEO", ZMQ_SNDTIMEO, ZMQ_PUSH, -1, FROM_MINUS_1 },
	{ "IMMEDIATE", ZMQ_IMMEDIATE, ZMQ_PUSH, 0, BOOL },
	{ "IPV6", ZMQ_IPV6, ZMQ_PUSH, 0, BOOL },
	{ "IPV4ONLY", ZMQ_IPV4ONLY, ZMQ_PUSH, 1, BOOL },
	{ "CONFLATE", ZMQ_CONFLATE, ZMQ_PUSH, 0, BOOL },
	{ "TOS", ZMQ_TOS, ZMQ_PUSH, 0, FROM_0 },
	{ "HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, ZMQ_PUSH, 30000, FROM_0 },
	{ "HEARTBEAT_IVL", ZMQ_HEARTBEAT_IVL, ZMQ_PUSH, 0, FROM_0 },
	{ "HEARTBEAT_TIMEOUT", ZMQ_HEARTBEAT_TIMEOUT, ZMQ_PUSH, -1, FROM_0 },
	{ "HEARTBEAT_TTL", ZMQ_HEARTBEAT_TTL, ZMQ_PUSH, 0,
	  .good = LIST(0, 100, 250, 6553599), .bad = LIST(6553600),
	  .round = 100 },
	{ "CONNECT_TIMEOUT", ZMQ_CONNECT_TIMEOUT, ZMQ_PUSH, 0, FROM_0 },
	{ "TCP_MAXRT", ZMQ_TCP_MAXRT, ZMQ_PUSH, 0, FROM_0 },
	{ "TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, ZMQ_PUSH, -1,
	  .good = LIST(0, 1, -1), .bad = LIST(2, -2) },
	{ "TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, ZMQ_PUSH, -1,
	  FROM_MINUS_1 },
	{ "TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, ZMQ_PUSH, -1,
	  FROM_MINUS_1 },
	{ "TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, ZMQ_PUSH, -1,
	  FROM_MINUS_1 },
	{ "INVERT_MATCHING", ZMQ_INVERT_MATCHING, ZMQ_SUB, 0,
	  .good = LIST(1, 0, 1), .bad = NONE },
	{ "ROUTER_MANDATORY", ZMQ_ROUTER_MANDATORY, ZMQ_ROUTER, UNREADABLE,
	  SWITCH },
	{ "ROUTER_HANDOVER", ZMQ_ROUTER_HANDOVER, ZMQ_ROUTER, UNREADABLE,
	  SWITCH },
	{ "PROBE_ROUTER", ZMQ_PROBE_ROUTER, ZMQ_ROUTER, UNREADABLE,
	  SWITCH },
	{ "PROBE_ROUTER", ZMQ_PROBE_ROUTER, ZMQ_DEALER, UNREADABLE,
	  SWITCH },
	{ "PROBE_ROUTER", ZMQ_PROBE_ROUTER, ZMQ_REQ, UNREADABLE,
	  SWITCH },
	{ "REQ_CORRELATE", ZMQ_REQ_CORRELATE, ZMQ_REQ, UNREADABLE,
	  SWITCH },
	{ "REQ_RELAXED", ZMQ_REQ_RELAXED, ZMQ_REQ, UNREADABLE,
	  SWITCH },
};

FIXTURE(option) {
	struct zs *s;
};

FIXTURE_SETUP(option)
{
}

FIXTURE_TEARDOWN(option)
{
}

TEST_F(option, initial)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		struct zs *s = zs_fresh(o->type);

		if (o->initial == UNREADABLE) {
			EXPECT_ERRNO(EINVAL, zs_get_int(s, o->opt) == INT_MIN ?
					     -1 : 0);
		} else {
			EXPECT_EQ(o->initial, zs_get_int(s, o->opt))
				TH_LOG("%s", o->name);
		}
		zs_close(s);
	}
}

/* What is set is read back. */
TEST_F(option, values)
{
	const int *val;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		struct zs *s = zs_fresh(o->type);

		for (val = o->good; *val != END; val++) {
			int expected = *val - *val % (o->round ?: 1);

			EXPECT_EQ(0, zs_set_int(s, o->opt, *val))
				TH_LOG("%s = %d", o->name, *val);
			if (o->initial != UNREADABLE)
				EXPECT_EQ(expected, zs_get_int(s, o->opt))
					TH_LOG("%s = %d", o->name, *val);
		}
		zs_close(s);
	}
}

/* What is refused changes nothing. */
TEST_F(option, bad_values)
{
	const int *val;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		struct zs *s = zs_fresh(o->type);

		for (val = o->bad; *val != END; val++) {
			errno = 0;
			EXPECT_EQ(-1, zs_set_int(s, o->opt, *val))
				TH_LOG("%s = %d", o->name, *val);
			EXPECT_EQ(EINVAL, errno)
				TH_LOG("%s = %d", o->name, *val);
			if (o->initial != UNREADABLE)
				EXPECT_EQ(o->initial, zs_get_int(s, o->opt))
					TH_LOG("%s = %d", o->name, *val);
		}
		zs_close(s);
	}
}

/* An int has four bytes. */
TEST_F(option, lengths)
{
	long long val = 0;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		struct zs *s = zs_fresh(o->type);

		for (len = 0; len <= 8; len++) {
			if (len == 4)
				continue;
			EXPECT_EQ(-1, zs_set(s, o->opt, &val, len))
				TH_LOG("%s, length %zu", o->name, len);
			EXPECT_EQ(EINVAL, errno);
		}
		len = 3;
		EXPECT_ERRNO(EINVAL, zs_get(s, o->opt, &val, &len));
		zs_close(s);
	}
}

/* Any int that is not 0 is 1. */
TEST(invert_matching)
{
	struct zs *s = zs_open(ZMQ_SUB);

	ASSERT_OK(zs_set_int(s, ZMQ_INVERT_MATCHING, 2));
	EXPECT_EQ(1, zs_get_int(s, ZMQ_INVERT_MATCHING));
	ASSERT_OK(zs_set_int(s, ZMQ_INVERT_MATCHING, 0));
	EXPECT_EQ(0, zs_get_int(s, ZMQ_INVERT_MATCHING));
	zs_close(s);
}

TEST(unknown)
{
	static const int numbers[] = {
		-1, 0, 1, 2, 3, 10, 20, 26, 29, 30, 67, 82, 83, 1000, INT_MAX,
	};
	struct zs *s = zs_open(ZMQ_PUSH);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_ERRNO(EINVAL, zs_set_int(s, numbers[i], 1));
		EXPECT_ERRNO(EINVAL, zs_get_int(s, numbers[i]) == INT_MIN ?
				     -1 : 0);
	}
	zs_close(s);
}

TEST(read_only)
{
	struct zs *s = zs_open(ZMQ_PULL);

	EXPECT_EQ(ZMQ_PULL, zs_get_int(s, ZMQ_TYPE));
	EXPECT_EQ(0, zs_get_int(s, ZMQ_RCVMORE));
	EXPECT_EQ(0, zs_get_int(s, ZMQ_EVENTS));
	EXPECT_EQ(0, zs_get_int(s, ZMQ_MECHANISM));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_TYPE, ZMQ_PUSH));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_RCVMORE, 1));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_EVENTS, 1));
	EXPECT_ERRNO(EINVAL, zs_set_int(s, ZMQ_LAST_ENDPOINT, 1));
	zs_close(s);
}

/* Every type says which it is. */
TEST(types)
{
	struct zs *s;
	int type;

	for (type = ZMQ_PAIR; type <= ZMQ_PUSH; type++) {
		s = zs_open(type);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(type, zs_get_int(s, ZMQ_TYPE));
		zs_close(s);
	}
}

/* Options of another type are none. */
TEST(wrong_type)
{
	static const int router_only[] = {
		ZMQ_ROUTER_MANDATORY, ZMQ_ROUTER_HANDOVER, ZMQ_REQ_RELAXED,
		ZMQ_REQ_CORRELATE, ZMQ_PROBE_ROUTER,
	};
	static const int types[] = {
		ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB, ZMQ_PUSH, ZMQ_PULL,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct zs *s = zs_open(types[i]);

		for (j = 0; j < ARRAY_SIZE(router_only); j++) {
			EXPECT_EQ(-1, zs_set_int(s, router_only[j], 1))
				TH_LOG("type %d option %d", types[i],
				       router_only[j]);
			EXPECT_EQ(EINVAL, errno);
		}
		if (types[i] != ZMQ_SUB) {
			EXPECT_ERRNO(EINVAL, zs_subscribe(s, "x"));
			EXPECT_ERRNO(EINVAL, zs_unsubscribe(s, "x"));
		}
		zs_close(s);
	}
}

TEST(maxmsgsize)
{
	struct zs *s = zs_open(ZMQ_PULL);
	long long val = 0;
	size_t len = sizeof(val);

	EXPECT_EQ(0, zs_get(s, ZMQ_MAXMSGSIZE, &val, &len));
	EXPECT_EQ(-1, val);
	val = 1LL << 40;
	EXPECT_EQ(0, zs_set(s, ZMQ_MAXMSGSIZE, &val, sizeof(val)));
	val = 0;
	EXPECT_EQ(0, zs_get(s, ZMQ_MAXMSGSIZE, &val, &len));
	EXPECT_EQ(1LL << 40, val);
	val = -1;
	EXPECT_EQ(0, zs_set(s, ZMQ_MAXMSGSIZE, &val, sizeof(val)));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_MAXMSGSIZE, &val, 4));
	len = 4;
	EXPECT_ERRNO(EINVAL, zs_get(s, ZMQ_MAXMSGSIZE, &val, &len));
	zs_close(s);
}

/* A longer part ends the connection; shorter ones pass. */
TEST(maxmsgsize_applies)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	struct zs *big = zs_open(ZMQ_PUSH);
	char endpoint[ZS_ENDPOINT_MAX], body[101] = "";
	long long val = 100;

	ASSERT_OK(zs_set(pull, ZMQ_MAXMSGSIZE, &val, sizeof(val)));
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(big, endpoint));
	ASSERT_TRUE(zs_wait_peers(pull, 2));
	ASSERT_EQ(100, zs_send(push, body, 100, ZS_MORE));
	ASSERT_EQ(100, zs_send(push, body, 100, 0));
	ASSERT_EQ(100, zs_recv(pull, body, 101, 0));
	ASSERT_EQ(100, zs_recv(pull, body, 101, 0));
	ASSERT_EQ(101, zs_send(big, body, 101, 0));
	ASSERT_TRUE(zs_wait_peers(pull, 1));
	ASSERT_EQ(1, zs_send_str(push, "x", 0));
	ASSERT_TRUE(zs_recv_is(pull, "x"));
	EXPECT_ERRNO(EAGAIN, zs_recv_int(pull, ZS_DONTWAIT));
	zs_close_now(pull);
	zs_close_now(push);
	zs_close_now(big);
}

TEST(routing_id)
{
	struct zs *s = zs_open(ZMQ_DEALER);
	char id[256], got[256];
	size_t len = sizeof(got);

	memset(id, 'i', sizeof(id));
	ASSERT_OK(zs_get(s, ZMQ_ROUTING_ID, got, &len));
	EXPECT_EQ(0, len);
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_ROUTING_ID, id, 0));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_ROUTING_ID, id, 256));
	EXPECT_EQ(0, zs_set(s, ZMQ_ROUTING_ID, id, 255));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_ROUTING_ID, got, &len));
	EXPECT_EQ(255, len);
	EXPECT_EQ(0, memcmp(id, got, 255));
	EXPECT_EQ(0, zs_set(s, ZMQ_ROUTING_ID, "\0a\0", 3));
	len = 3;
	ASSERT_OK(zs_get(s, ZMQ_ROUTING_ID, got, &len));
	EXPECT_EQ(3, len);
	EXPECT_EQ(0, memcmp("\0a\0", got, 3));
	len = 2;
	EXPECT_ERRNO(EINVAL, zs_get(s, ZMQ_ROUTING_ID, got, &len));
	zs_close(s);
}

TEST(last_endpoint)
{
	struct zs *s = zs_open(ZMQ_PULL);
	char got[ZS_ENDPOINT_MAX], port[16];
	size_t len = sizeof(got);

	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_EQ(1, len);
	EXPECT_STREQ("", got);
	ASSERT_OK(zs_bind(s, "tcp://127.0.0.1:*"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_EQ(strlen(got) + 1, len);
	EXPECT_EQ(0, strncmp(got, "tcp://127.0.0.1:", 16));
	EXPECT_LT(1023, atoi(got + 16));
	sprintf(port, "%d", atoi(got + 16));
	EXPECT_STREQ(port, got + 16);
	len = strlen(got);
	EXPECT_ERRNO(EINVAL, zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));

	ASSERT_OK(zs_bind(s, "tcp://*:*"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_EQ(0, strncmp(got, "tcp://0.0.0.0:", 14));

	ASSERT_OK(zs_bind(s, "tcp://lo:0"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_EQ(0, strncmp(got, "tcp://127.0.0.1:", 16));

	ASSERT_OK(zs_set_int(s, ZMQ_IPV6, 1));
	ASSERT_OK(zs_bind(s, "tcp://*:*"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_EQ(0, strncmp(got, "tcp://[::]:", 11));

	ASSERT_OK(zs_connect(s, "tcp://127.0.0.1:5555"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_STREQ("tcp://127.0.0.1:5555", got);

	ASSERT_OK(zs_bind(s, "ipc://@af_zmq.options"));
	len = sizeof(got);
	ASSERT_OK(zs_get(s, ZMQ_LAST_ENDPOINT, got, &len));
	EXPECT_STREQ("ipc://@af_zmq.options", got);
	zs_close_now(s);
}

TEST(rcvmore_and_events)
{
	struct zs *a = zs_open(ZMQ_PAIR), *b = zs_open(ZMQ_PAIR);
	char buf[4];

	ASSERT_OK(zs_pair(a, b, ZS_TCP, NULL));
	ASSERT_TRUE(wait_until(zs_get_int(a, ZMQ_EVENTS) == ZMQ_POLLOUT));
	ASSERT_OK(zs_send_msg(b, "1|2"));
	ASSERT_TRUE(wait_until(zs_get_int(a, ZMQ_EVENTS) ==
			       (ZMQ_POLLIN | ZMQ_POLLOUT)));
	ASSERT_EQ(1, zs_recv(a, buf, 4, 0));
	EXPECT_EQ(1, zs_get_int(a, ZMQ_RCVMORE));
	EXPECT_EQ(ZMQ_POLLIN | ZMQ_POLLOUT, zs_get_int(a, ZMQ_EVENTS));
	ASSERT_EQ(1, zs_recv(a, buf, 4, 0));
	EXPECT_EQ(0, zs_get_int(a, ZMQ_RCVMORE));
	EXPECT_EQ(ZMQ_POLLOUT, zs_get_int(a, ZMQ_EVENTS));
	zs_close_now(a);
	zs_close_now(b);
}

/* A kernel counts in ticks and the one that has begun. */
#define TICK	(zs_is_ours() ? 10 : 1)

TEST(timeouts)
{
	struct zs *s = zs_open(ZMQ_DEALER);
	static const int ms[] = { 0, 1, 60, 250 };
	long long begin, took;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ms); i++) {
		ASSERT_OK(zs_set_int(s, ZMQ_RCVTIMEO, ms[i]));
		ASSERT_OK(zs_set_int(s, ZMQ_SNDTIMEO, ms[i]));
		begin = wait_now();
		EXPECT_ERRNO(EAGAIN, zs_recv_int(s, 0));
		took = wait_now() - begin;
		EXPECT_LE(ms[i] - TICK, took);
		EXPECT_GT(ms[i] + 1000 * wait_slow(), took);
		begin = wait_now();
		EXPECT_ERRNO(EAGAIN, zs_send_int(s, 1, 0));
		took = wait_now() - begin;
		EXPECT_LE(ms[i] - TICK, took);
		EXPECT_GT(ms[i] + 1000 * wait_slow(), took);
	}
	zs_close(s);
}

/* What was wrong with an endpoint. */
FIXTURE(endpoint) {
	struct zs *s;
};

FIXTURE_SETUP(endpoint)
{
	self->s = zs_open(ZMQ_DEALER);
}

FIXTURE_TEARDOWN(endpoint)
{
	zs_close_now(self->s);
}

TEST_F(endpoint, neither)
{
	static const struct {
		const char *endpoint;
		int err;
	} wrong[] = {
		{ "", EINVAL },
		{ "tcp", EINVAL },
		{ "tcp:", EINVAL },
		{ "tcp://", EINVAL },
		{ "://127.0.0.1:5555", EINVAL },
		{ "127.0.0.1:5555", EINVAL },
		{ "nonsense://127.0.0.1:5555", EPROTONOSUPPORT },
		{ "TCP://127.0.0.1:5555", EPROTONOSUPPORT },
		{ "tcp://127.0.0.1", EINVAL },
		{ "tcp://127.0.0.1:", EINVAL },
		{ "tcp://127.0.0.1:port", EINVAL },
		{ "ipc://", EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_ERRNO(wrong[i].err, zs_bind(self->s, wrong[i].endpoint));
		EXPECT_ERRNO(wrong[i].err,
			     zs_connect(self->s, wrong[i].endpoint));
	}
}

TEST_F(endpoint, bind)
{
	char path[200] = "ipc:///tmp/";

	EXPECT_ERRNO(EINVAL, zs_bind(self->s, "tcp://127.0.0.1:65536"));
	EXPECT_ERRNO(EADDRNOTAVAIL, zs_bind(self->s, "tcp://192.0.2.1:5555"));
	EXPECT_ERRNO(ENODEV, zs_bind(self->s, "tcp://nosuchif0:5555"));
	memset(path + 11, 'x', 150);
	EXPECT_ERRNO(ENAMETOOLONG, zs_bind(self->s, path));
	EXPECT_ERRNO(ENAMETOOLONG, zs_connect(self->s, path));
	EXPECT_ERRNO(ENOENT, zs_bind(self->s, "ipc:///no/such/directory/x"));
}

TEST_F(endpoint, ended)
{
	char endpoint[ZS_ENDPOINT_MAX];

	EXPECT_ERRNO(ENOENT, zs_unbind(self->s, "tcp://127.0.0.1:5555"));
	EXPECT_ERRNO(ENOENT, zs_disconnect(self->s, "tcp://127.0.0.1:5555"));
	EXPECT_ERRNO(EINVAL, zs_unbind(self->s, "nonsense"));
	EXPECT_ERRNO(ENOENT, zs_unbind(self->s, "ipc:///tmp/af_zmq.none"));
	ASSERT_OK(zs_bind_any(self->s, ZS_TCP, endpoint));
	EXPECT_ERRNO(ENOENT, zs_unbind(self->s, "tcp://127.0.0.1:*"));
	EXPECT_EQ(0, zs_unbind(self->s, endpoint));
	EXPECT_ERRNO(ENOENT, zs_unbind(self->s, endpoint));
}

/* Where the source address of a connection is given. */
TEST_F(endpoint, source)
{
	struct zs *peer = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX], with[ZS_ENDPOINT_MAX + 32];

	ASSERT_OK(zs_bind_any(peer, ZS_TCP, endpoint));
	snprintf(with, sizeof(with), "tcp://127.0.0.2:0;%s",
		 endpoint + strlen("tcp://"));
	ASSERT_OK(zs_connect(self->s, with));
	ASSERT_OK(zs_send_msg(self->s, "x"));
	EXPECT_TRUE(zs_recv_is(peer, "x"));
	zs_close_now(peer);
}

TEST_HARNESS_MAIN
