// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every option number of libzmq: its default, what it takes and what it
 * refuses, and the lengths of values both ways.
 *
 * The real library on Debian is 4.3.4 without drafts, built with CURVE and
 * GSSAPI; where a row says so it is tested on AF_ZMQ only, or only there.
 */
#include <limits.h>
#include <stdio.h>
#include "harness.h"

#define LAST		124

/* What a value is. */
enum kind {
	INT,		/* int */
	WIDE,		/* 8 bytes, a number */
	TEXT,		/* string; a NUL is added to what is read */
	BYTES,		/* any bytes */
	SPECIAL,	/* has a test of its own below or elsewhere */
};

/* Where an option is. */
enum where {
	BOTH,
	OURS,		/* not in 4.3.4 */
	REAL,		/* AF_ZMQ refuses it: no such transport or mechanism */
	NOWHERE,	/* refused by both */
};

#define G	1	/* can be read */
#define S	2	/* can be set */
#define GS	(G | S)

/**
 * struct row - an option
 * @opt: its number
 * @name: for messages
 * @type: a socket type that has it
 * @where: who has it
 * @kind: of its values
 * @flags: G, S
 * @initial: number: of a new socket
 * @good: number: what it takes, END behind the last
 * @bad: number: what it refuses with EINVAL
 * @boolean: number: kept as 0 or 1
 * @step: number: rounded down to multiples of this
 * @min: text, bytes: shortest value
 * @max: text, bytes: longest value
 * @over: text, bytes: a length that is too long, if not @max + 1
 * @clears: text, bytes: NULL takes the value back
 */
struct row {
	int opt;
	const char name[36];
	int type;
	enum where where;
	enum kind kind;
	int flags;
	long long initial;
	long long good[5];
	long long bad[4];
	bool boolean;
	int step;
	int min;
	int max;
	int over;
	bool clears;
};

#define END		0x7e57e57e57
#define LIST(...)	{ __VA_ARGS__, END }
#define NONE		{ END }
#define FROM_0		.good = LIST(0, 1, INT_MAX), .bad = LIST(-1, INT_MIN)
#define FROM_1		.good = LIST(1, 2, INT_MAX), .bad = LIST(0, -1, INT_MIN)
#define FROM_MINUS_1	.good = LIST(-1, 0, INT_MAX), .bad = LIST(-2, INT_MIN)
#define BOOL		.good = LIST(0, 1), .bad = LIST(2, -1)
#define ANY		.good = LIST(0, 1, INT_MAX, INT_MIN), .bad = NONE
#define RELAXED		ANY, .boolean = true
#define READ_ONLY	.good = NONE, .bad = LIST(0, 1)
#define ROW(n, called, of, at, values, how, ...)			\
	{								\
		.opt = n, .name = #called, .type = ZMQ_##of,		\
		.where = at, .kind = values, .flags = how, __VA_ARGS__	\
	}
#define NO(n, called)	ROW(n, called, DEALER, NOWHERE, INT, 0)

static const struct row rows[] = {
	NO(0, 0), NO(1, HWM of 2.x), NO(2, 2),
	NO(3, SWAP of 2.x),
	ROW(4, AFFINITY, DEALER, BOTH, WIDE, GS,
	    .good = LIST(0, 1, LLONG_MAX, -1), .bad = NONE),
	ROW(5, ROUTING_ID, DEALER, BOTH, BYTES, GS, .min = 1, .max = 255),
	ROW(6, SUBSCRIBE, SUB, BOTH, SPECIAL, S),
	ROW(7, UNSUBSCRIBE, SUB, BOTH, SPECIAL, S),
	ROW(8, RATE, PUB, BOTH, INT, GS, .initial = 100, FROM_1),
	ROW(9, RECOVERY_IVL, PUB, BOTH, INT, GS, .initial = 10000, FROM_0),
	NO(10, MCAST_LOOP of 2.x),
	ROW(11, SNDBUF, PUSH, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	ROW(12, RCVBUF, PUSH, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	ROW(13, RCVMORE, PULL, BOTH, INT, G, READ_ONLY),
	ROW(14, FD, PULL, BOTH, SPECIAL, G),
	ROW(15, EVENTS, PULL, BOTH, INT, G, READ_ONLY),
	ROW(16, TYPE, PULL, BOTH, INT, G,
	    .initial = ZMQ_PULL, READ_ONLY),
	ROW(17, LINGER, PUSH, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	ROW(18, RECONNECT_IVL, PUSH, BOTH, INT, GS,
	    .initial = 100, FROM_MINUS_1),
	ROW(19, BACKLOG, PUSH, BOTH, INT, GS, .initial = 100, FROM_0),
	NO(20, RECOVERY_IVL_MSEC of 2.x),
	ROW(21, RECONNECT_IVL_MAX, PUSH, BOTH, INT, GS, FROM_0),
	ROW(22, MAXMSGSIZE, PULL, BOTH, WIDE, GS,
	    .initial = -1, .good = LIST(-1, 0, 1, LLONG_MAX), .bad = NONE),
	ROW(23, SNDHWM, PUSH, BOTH, INT, GS, .initial = 1000, FROM_0),
	ROW(24, RCVHWM, PUSH, BOTH, INT, GS, .initial = 1000, FROM_0),
	ROW(25, MULTICAST_HOPS, PUB, BOTH, INT, GS, .initial = 1, FROM_1),
	NO(26, 26),
	ROW(27, RCVTIMEO, PULL, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	ROW(28, SNDTIMEO, PULL, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	NO(29, 29), NO(30, 30),
	ROW(31, IPV4ONLY, PULL, BOTH, INT, GS, .initial = 1, BOOL),
	ROW(32, LAST_ENDPOINT, PULL, BOTH, TEXT, G),
	ROW(33, ROUTER_MANDATORY, ROUTER, BOTH, INT, S, FROM_0),
	ROW(34, TCP_KEEPALIVE, PULL, BOTH, INT, GS,
	    .initial = -1, .good = LIST(-1, 0, 1), .bad = LIST(-2, 2)),
	ROW(35, TCP_KEEPALIVE_CNT, PULL, BOTH, INT, GS,
	    .initial = -1, FROM_MINUS_1),
	ROW(36, TCP_KEEPALIVE_IDLE, PULL, BOTH, INT, GS,
	    .initial = -1, FROM_MINUS_1),
	ROW(37, TCP_KEEPALIVE_INTVL, PULL, BOTH, INT, GS,
	    .initial = -1, FROM_MINUS_1),
	ROW(38, TCP_ACCEPT_FILTER, PULL, BOTH, SPECIAL, S),
	ROW(39, IMMEDIATE, PUSH, BOTH, INT, GS, BOOL),
	ROW(40, XPUB_VERBOSE, XPUB, BOTH, INT, S, FROM_0),
	ROW(41, ROUTER_RAW, ROUTER, BOTH, INT, S, FROM_0),
	ROW(42, IPV6, PULL, BOTH, INT, GS, BOOL),
	ROW(43, MECHANISM, PULL, BOTH, INT, G,
	    .initial = ZMQ_NULL, READ_ONLY),
	ROW(44, PLAIN_SERVER, PULL, REAL, INT, GS, BOOL),
	ROW(45, PLAIN_USERNAME, PULL, REAL, TEXT, GS,
	    .min = 1, .max = 255),
	ROW(46, PLAIN_PASSWORD, PULL, REAL, TEXT, GS,
	    .min = 1, .max = 255),
	ROW(47, CURVE_SERVER, PULL, REAL, INT, GS, BOOL),
	ROW(48, CURVE_PUBLICKEY, PULL, REAL, SPECIAL, GS),
	ROW(49, CURVE_SECRETKEY, PULL, REAL, SPECIAL, GS),
	ROW(50, CURVE_SERVERKEY, PULL, REAL, SPECIAL, GS),
	ROW(51, PROBE_ROUTER, DEALER, BOTH, INT, S, FROM_0),
	ROW(52, REQ_CORRELATE, REQ, BOTH, INT, S, FROM_0),
	ROW(53, REQ_RELAXED, REQ, BOTH, INT, S, FROM_0),
	ROW(54, CONFLATE, PULL, BOTH, INT, GS, BOOL),
	ROW(55, ZAP_DOMAIN, PULL, REAL, TEXT, GS, .min = 1, .max = 255),
	ROW(56, ROUTER_HANDOVER, ROUTER, BOTH, INT, S, FROM_0),
	ROW(57, TOS, PULL, BOTH, INT, GS, FROM_0),
	ROW(58, IPC_FILTER_PID, PULL, BOTH, INT, S, ANY, .clears = true),
	ROW(59, IPC_FILTER_UID, PULL, BOTH, INT, S, ANY, .clears = true),
	ROW(60, IPC_FILTER_GID, PULL, BOTH, INT, S, ANY, .clears = true),
	ROW(61, CONNECT_ROUTING_ID, ROUTER, BOTH, SPECIAL, S),
	ROW(62, GSSAPI_SERVER, PULL, REAL, INT, GS, BOOL),
	ROW(63, GSSAPI_PRINCIPAL, PULL, REAL, TEXT, GS, .min = 1, .max = 255),
	ROW(64, GSSAPI_SERVICE_PRINCIPAL, PULL, REAL, TEXT, GS,
	    .min = 1, .max = 255),
	ROW(65, GSSAPI_PLAINTEXT, PULL, REAL, INT, GS, BOOL),
	ROW(66, HANDSHAKE_IVL, PULL, BOTH, INT, GS, .initial = 30000, FROM_0),
	NO(67, 67),
	ROW(68, SOCKS_PROXY, PULL, BOTH, TEXT, GS,
	    .min = 1, .max = 1023, .clears = true),
	ROW(69, XPUB_NODROP, XPUB, BOTH, INT, S, FROM_0),
	NO(70, BLOCKY of contexts),
	ROW(71, XPUB_MANUAL, XPUB, BOTH, INT, S, FROM_0),
	ROW(72, XPUB_WELCOME_MSG, XPUB, BOTH, BYTES, S,
	    .min = 0, .max = 1000, .clears = true),
	ROW(73, STREAM_NOTIFY, STREAM, BOTH, INT, S, .initial = 1, BOOL),
	ROW(74, INVERT_MATCHING, SUB, BOTH, INT, GS, RELAXED),
	ROW(75, HEARTBEAT_IVL, PULL, BOTH, INT, GS, FROM_0),
	ROW(76, HEARTBEAT_TTL, PULL, BOTH, INT, GS,
	    .good = LIST(0, 100, 199, 6553599), .bad = LIST(6553600, -100, INT_MAX), .step = 100),
	ROW(77, HEARTBEAT_TIMEOUT, PULL, BOTH, INT, GS, .initial = -1, FROM_0),
	ROW(78, XPUB_VERBOSER, XPUB, BOTH, INT, S, FROM_0),
	ROW(79, CONNECT_TIMEOUT, PULL, BOTH, INT, GS, FROM_0),
	ROW(80, TCP_MAXRT, PULL, BOTH, INT, GS, FROM_0),
	ROW(81, THREAD_SAFE, PULL, BOTH, INT, G,
	    READ_ONLY),
	NO(82, 82), NO(83, 83),
	ROW(84, MULTICAST_MAXTPDU, PUB, BOTH, INT, GS, .initial = 1500, FROM_1),
	NO(85, VMCI_BUFFER_SIZE), NO(86, VMCI_BUFFER_MIN_SIZE),
	NO(87, VMCI_BUFFER_MAX_SIZE), NO(88, VMCI_CONNECT_TIMEOUT),
	ROW(89, USE_FD, PULL, BOTH, INT, GS, .initial = -1, FROM_MINUS_1),
	ROW(90, GSSAPI_PRINCIPAL_NAMETYPE, PULL, REAL, INT, GS,
	    .good = LIST(0, 1, 2), .bad = LIST(-1, 3)),
	ROW(91, GSSAPI_SERVICE_PRINCIPAL_NAMETYPE, PULL, REAL, INT, GS,
	    .good = LIST(0, 1, 2), .bad = LIST(-1, 3)),
	ROW(92, BINDTODEVICE, PULL, BOTH, TEXT, GS,
	    .min = 1, .max = 15, .over = 17, .clears = true),
	ROW(93, ZAP_ENFORCE_DOMAIN, PULL, REAL, INT, GS, RELAXED),
	ROW(94, LOOPBACK_FASTPATH, PULL, BOTH, INT, GS, RELAXED),
	ROW(95, METADATA, PULL, BOTH, SPECIAL, S),
	ROW(96, MULTICAST_LOOP, PUB, BOTH, INT, GS, .initial = 1, RELAXED),
	ROW(97, ROUTER_NOTIFY, ROUTER, OURS, INT, GS,
	    .good = LIST(0, 1, 2, 3), .bad = LIST(4, -1)),
	ROW(98, XPUB_MANUAL_LAST_VALUE, XPUB, BOTH, INT, S, FROM_0),
	ROW(99, SOCKS_USERNAME, PULL, BOTH, TEXT, GS,
	    .min = 0, .max = 255, .clears = true),
	ROW(100, SOCKS_PASSWORD, PULL, BOTH, TEXT, GS,
	    .min = 0, .max = 255, .clears = true),
	ROW(101, IN_BATCH_SIZE, PULL, OURS, INT, GS, .initial = 8192, FROM_1),
	ROW(102, OUT_BATCH_SIZE, PULL, OURS, INT, GS, .initial = 8192, FROM_1),
	NO(103, WSS_KEY_PEM), NO(104, WSS_CERT_PEM),
	NO(105, WSS_TRUST_PEM), NO(106, WSS_HOSTNAME),
	NO(107, WSS_TRUST_SYSTEM),
	ROW(108, ONLY_FIRST_SUBSCRIBE, XPUB, BOTH, INT, S, FROM_0),
	ROW(109, RECONNECT_STOP, PULL, BOTH, INT, GS, ANY),
	ROW(110, HELLO_MSG, DEALER, OURS, BYTES, S,
	    .min = 0, .max = 1000, .clears = true),
	ROW(111, DISCONNECT_MSG, ROUTER, OURS, BYTES, S,
	    .min = 0, .max = 1000, .clears = true),
	ROW(112, PRIORITY, PULL, OURS, INT, GS, FROM_0),
	ROW(113, BUSY_POLL, PULL, OURS, INT, GS, FROM_0),
	ROW(114, HICCUP_MSG, DEALER, OURS, BYTES, S,
	    .min = 0, .max = 1000, .clears = true),
	ROW(115, XSUB_VERBOSE_UNSUBSCRIBE, XSUB, OURS, INT, S, FROM_0),
	ROW(116, TOPICS_COUNT, SUB, OURS, INT, G,
	    READ_ONLY),
	NO(117, NORM_MODE), NO(118, NORM_UNICAST_NACK),
	NO(119, NORM_BUFFER_SIZE), NO(120, NORM_SEGMENT_SIZE),
	NO(121, NORM_BLOCK_SIZE), NO(122, NORM_NUM_PARITY),
	NO(123, NORM_NUM_AUTOPARITY), NO(124, NORM_PUSH),
};

/* A call fails with EINVAL; what follows is a message as for printf(). */
#define REFUSED(call, ...)						\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-1, (call))					\
			TH_LOG(__VA_ARGS__);				\
		EXPECT_EQ(EINVAL, errno)				\
			TH_LOG(__VA_ARGS__);				\
	} while (0)

static bool row_here(const struct row *row)
{
	return row->where == BOTH || row->where == (zs_is_ours() ? OURS : REAL);
}

#define FOR_ROWS(row, s, what)						\
	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)		\
		for (s = row_here(row) && (what) ? zs_fresh(row->type) : NULL; s;	\
		     zs_close(s), s = NULL)

#define IS_NUMBER(row)	((row)->kind == INT || (row)->kind == WIDE)
#define IS_STRING(row)	((row)->kind == TEXT || (row)->kind == BYTES)

static size_t number_size(const struct row *row)
{
	return row->kind == INT ? sizeof(int) : sizeof(long long);
}

static int set_number(struct zs *s, const struct row *row, long long val)
{
	int narrow = val;

	if (row->kind == INT)
		return zs_set(s, row->opt, &narrow, sizeof(narrow));
	return zs_set(s, row->opt, &val, sizeof(val));
}

/* END if it cannot be read. */
static long long get_number(struct zs *s, const struct row *row)
{
	long long val = 0;
	int narrow = 0;
	size_t len = number_size(row);

	if (zs_get(s, row->opt, row->kind == INT ? (void *)&narrow : &val,
		   &len) || len != number_size(row))
		return END;
	return row->kind == INT ? narrow : val;
}

static long long kept(const struct row *row, long long val)
{
	if (row->boolean)
		return !!val;
	return row->step ? val - val % row->step : val;
}

/* Each number has one row. */
TEST(all)
{
	size_t i;

	ASSERT_EQ(LAST + 1, ARRAY_SIZE(rows));
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(i, rows[i].opt);
}

TEST(number_initial)
{
	const struct row *row;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row) && row->flags & G)
		EXPECT_EQ(row->initial, get_number(s, row))
			TH_LOG("%s", row->name);
}

TEST(number_good)
{
	const struct row *row;
	const long long *val;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row) && row->flags & S)
		for (val = row->good; *val != END; val++) {
			EXPECT_EQ(0, set_number(s, row, *val))
				TH_LOG("%s = %lld: %s", row->name, *val,
				       strerror(errno));
			if (row->flags & G)
				EXPECT_EQ(kept(row, *val), get_number(s, row))
					TH_LOG("%s = %lld", row->name, *val);
		}
}

/* What is refused changes nothing. */
TEST(number_bad)
{
	const struct row *row;
	const long long *val;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row))
		for (val = row->bad; *val != END; val++) {
			REFUSED(set_number(s, row, *val), "%s = %lld", row->name, *val);
			if (row->flags & G)
				EXPECT_EQ(row->initial, get_number(s, row))
					TH_LOG("%s = %lld", row->name, *val);
		}
}

TEST(number_set_lengths)
{
	long long val[2] = { 1, 0 };
	const struct row *row;
	size_t len;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row))
		for (len = row->clears; len <= sizeof(val); len++) {
			if (len == number_size(row) && row->flags & S)
				continue;
			REFUSED(zs_set(s, row->opt, val, len),
				"%s, length %zu", row->name, len);
		}
}

TEST(number_get_lengths)
{
	const struct row *row;
	long long val;
	size_t len, i;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row) && row->flags & G)
		for (i = 0; i < number_size(row); i++) {
			len = i;
			REFUSED(zs_get(s, row->opt, &val, &len),
				"%s, length %zu", row->name, i);
		}
}

/* A set of numbers is emptied by no value. */
TEST(number_clears)
{
	const struct row *row;
	struct zs *s;

	FOR_ROWS(row, s, IS_NUMBER(row) && row->clears)
		EXPECT_EQ(0, zs_set(s, row->opt, NULL, 0))
			TH_LOG("%s", row->name);
}

/* Bytes read are those set, and for text a NUL. */
static bool string_is(struct zs *s, const struct row *row, const char *val,
		      size_t len)
{
	size_t nul = row->kind == TEXT;
	size_t got = len + nul;
	char buf[2048];

	memset(buf, 0x5a, sizeof(buf));
	if (zs_get(s, row->opt, buf, &got) || got != len + nul)
		return false;
	if (nul && buf[len])
		return false;
	return !memcmp(buf, val, len) && buf[got] == 0x5a;
}

TEST(string_initial)
{
	const struct row *row;
	struct zs *s;

	FOR_ROWS(row, s, IS_STRING(row) && row->flags & G)
		EXPECT_TRUE(string_is(s, row, "", 0))
			TH_LOG("%s", row->name);
}

TEST(string_good)
{
	const struct row *row;
	char val[2048];
	struct zs *s;
	int len;

	memset(val, 'a', sizeof(val));
	FOR_ROWS(row, s, IS_STRING(row) && row->flags & S)
		for (len = row->min; len <= row->max; len += row->max - row->min) {
			EXPECT_EQ(0, zs_set(s, row->opt, val, len))
				TH_LOG("%s, %d bytes: %s", row->name, len,
				       strerror(errno));
			if (row->flags & G)
				EXPECT_TRUE(string_is(s, row, val, len))
					TH_LOG("%s, %d bytes", row->name, len);
		}
}

TEST(string_bad)
{
	const struct row *row;
	char val[2048];
	struct zs *s;

	memset(val, 'a', sizeof(val));
	FOR_ROWS(row, s, IS_STRING(row)) {
		if (row->min)
			REFUSED(zs_set(s, row->opt, val, row->min - 1),
				"%s too short", row->name);
		if (row->max < 1000)
			REFUSED(zs_set(s, row->opt, val, row->over ?: row->max + 1),
				"%s too long", row->name);
		if (row->flags & G)
			EXPECT_TRUE(string_is(s, row, "", 0))
				TH_LOG("%s", row->name);
	}
}

TEST(string_clears)
{
	const struct row *row;
	struct zs *s;

	FOR_ROWS(row, s, IS_STRING(row) && row->clears) {
		EXPECT_EQ(0, zs_set(s, row->opt, "abc", 3))
			TH_LOG("%s", row->name);
		EXPECT_EQ(0, zs_set(s, row->opt, NULL, 0))
			TH_LOG("%s: %s", row->name, strerror(errno));
		if (row->flags & G)
			EXPECT_TRUE(string_is(s, row, "", 0))
				TH_LOG("%s", row->name);
	}
}

TEST(string_get_short)
{
	const struct row *row;
	struct zs *s;
	char buf[16];
	size_t len;

	FOR_ROWS(row, s, IS_STRING(row) && row->flags == GS) {
		ASSERT_OK(zs_set(s, row->opt, "abcd", 4));
		len = 4 - (row->kind == BYTES);
		REFUSED(zs_get(s, row->opt, buf, &len),
			"%s", row->name);
	}
}

/* The rest of a longer buffer of libzmq's is zeroed. */
TEST(string_get_long)
{
	char buf[64], rest[64] = "";
	const struct row *row;
	struct zs *s;
	size_t len;

	if (zs_is_kernel())
		SKIP(return, "system calls write what they say");
	FOR_ROWS(row, s, IS_STRING(row) && row->flags == GS) {
		ASSERT_OK(zs_set(s, row->opt, "abc", 3));
		memset(buf, 0x5a, sizeof(buf));
		len = sizeof(buf);
		EXPECT_EQ(0, zs_get(s, row->opt, buf, &len));
		EXPECT_EQ(0, memcmp(buf + 3, rest, sizeof(buf) - 3))
			TH_LOG("%s", row->name);
	}
}

TEST(unreadable)
{
	const struct row *row;
	char buf[2048];
	struct zs *s;
	size_t len;

	FOR_ROWS(row, s, !(row->flags & G)) {
		len = IS_NUMBER(row) ? number_size(row) : sizeof(buf);
		REFUSED(zs_get(s, row->opt, buf, &len),
			"%s", row->name);
	}
}

/* Options that are not there, whatever the value. */
TEST(absent)
{
	static const size_t lens[] = { 0, 1, 4, 8, 32, 40 };
	const struct row *row;
	char buf[64];
	size_t i, len;
	struct zs *s;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		/* 4.3.4 has drafts that are no drafts; see absent.c for ours. */
		if (row_here(row) || (!zs_is_ours() && row->where == OURS) ||
		    (zs_is_ours() && !zs_is_kernel() && row->where == REAL))
			continue;
		s = zs_fresh(row->type) ?: zs_fresh(ZMQ_DEALER);
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			memset(buf, 1, sizeof(buf));
			len = lens[i];
			REFUSED(zs_set(s, row->opt, buf, len),
				"%s", row->name);
			REFUSED(zs_get(s, row->opt, buf, &len),
				"%s", row->name);
		}
		zs_close(s);
	}
}

TEST(tcp_accept_filter)
{
	static const char *const good[] = {
		"127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32",
	};
	static const char *const bad[] = {
		"", "/8", "127.0.0.1/", "127.0.0.1/33", "127.0.0.1/-1",
		"localhost", "::1", "::/0",
	};
	static const char *const six[] = { "::1", "fe80::/10", "::/0",
					   "::1/128" };
	struct zs *s = zs_fresh(ZMQ_PULL);
	char longest[300];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(0, zs_set(s, ZMQ_TCP_ACCEPT_FILTER, good[i],
				    strlen(good[i])))
			TH_LOG("%s", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		REFUSED(zs_set(s, ZMQ_TCP_ACCEPT_FILTER, bad[i], strlen(bad[i])),
			"%s", bad[i]);
	memset(longest, '0', sizeof(longest));
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_TCP_ACCEPT_FILTER, longest, 256));
	ASSERT_OK(zs_set_int(s, ZMQ_IPV6, 1));
	for (i = 0; i < ARRAY_SIZE(six); i++)
		EXPECT_EQ(0, zs_set(s, ZMQ_TCP_ACCEPT_FILTER, six[i],
				    strlen(six[i])))
			TH_LOG("%s", six[i]);
	EXPECT_ERRNO(EINVAL, zs_set(s, ZMQ_TCP_ACCEPT_FILTER, "::1/129", 7));
	EXPECT_EQ(0, zs_set(s, ZMQ_TCP_ACCEPT_FILTER, NULL, 0));
	zs_close(s);
}

TEST_HARNESS_MAIN
