// SPDX-License-Identifier: GPL-2.0
/*
 * Frames and commands of zmtp.c.  Bytes marked "libzmq" were recorded from
 * libzmq 4.3.4.
 */
#include <kunit/test.h>
#include "../zmtp.h"

/* Bytes that may have zeroes among them. */
struct zmtp_bytes {
	const u8	*p;
	size_t		n;
};

#define BYTES(str)	{ (const u8 *)(str), sizeof(str) - 1 }

static const struct zmtp_hdr_param {
	const char		*desc;
	enum zmq_zmtp_version	version;
	struct zmtp_bytes	bytes;
	u8			flags;
	u64			len;
} zmtp_hdr_params[] = {
	{ "3.1 empty", ZMQ_ZMTP_3_1, BYTES("\0\0"), 0, 0 },
	{ "3.1 one byte", ZMQ_ZMTP_3_1, BYTES("\0\1"), 0, 1 },
	{ "3.1 more", ZMQ_ZMTP_3_1, BYTES("\1\5"), ZMQ_ZMTP_MORE, 5 },
	{ "3.1 longest short", ZMQ_ZMTP_3_1, BYTES("\0\377"), 0, 255 },
	{ "3.1 shortest long", ZMQ_ZMTP_3_1, BYTES("\2\0\0\0\0\0\0\1\0"),
	  0, 256 },
	{ "3.1 long more", ZMQ_ZMTP_3_1, BYTES("\3\0\0\0\0\0\1\2\3"),
	  ZMQ_ZMTP_MORE, 0x10203 },
	{ "3.1 longest", ZMQ_ZMTP_3_1,
	  BYTES("\2\177\377\377\377\377\377\377\377"), 0, S64_MAX },
	{ "3.0 command", ZMQ_ZMTP_3_0, BYTES("\4\31"), ZMQ_ZMTP_COMMAND, 25 },
	{ "3.0 long command", ZMQ_ZMTP_3_0, BYTES("\6\0\0\0\0\0\0\1\23"),
	  ZMQ_ZMTP_COMMAND, 275 },
	{ "2.0 more", ZMQ_ZMTP_2_0, BYTES("\1\0"), ZMQ_ZMTP_MORE, 0 },
	{ "1.0 empty", ZMQ_ZMTP_1_0, BYTES("\1\0"), 0, 0 },
	{ "1.0 more", ZMQ_ZMTP_1_0, BYTES("\6\1"), ZMQ_ZMTP_MORE, 5 },
	{ "1.0 longest short", ZMQ_ZMTP_1_0, BYTES("\376\0"), 0, 253 },
	{ "1.0 shortest long", ZMQ_ZMTP_1_0,
	  BYTES("\377\0\0\0\0\0\0\0\377\0"), 0, 254 },
	{ "1.0 long more", ZMQ_ZMTP_1_0,
	  BYTES("\377\0\0\0\0\0\1\2\4\1"), ZMQ_ZMTP_MORE, 0x10203 },
	{ "1.0 longest", ZMQ_ZMTP_1_0,
	  BYTES("\377\177\377\377\377\377\377\377\377\0"), 0, S64_MAX - 1 },
};

static void zmtp_hdr_desc(const struct zmtp_hdr_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(zmtp_hdr, zmtp_hdr_params, zmtp_hdr_desc);

static void hdr_encode__bytes(struct kunit *test)
{
	const struct zmtp_hdr_param *p = test->param_value;
	u8 buf[ZMQ_ZMTP_HDR_MAX];
	unsigned int n;

	if (p->version == ZMQ_ZMTP_1_0) {
		n = zmq_zmtp_hdr_encode_v1(buf, p->flags, p->len);
	} else {
		n = zmq_zmtp_hdr_encode(buf, p->flags, p->len);
		KUNIT_EXPECT_EQ(test, zmq_zmtp_hdr_size(p->len), n);
	}
	KUNIT_ASSERT_EQ(test, n, p->bytes.n);
	KUNIT_EXPECT_EQ(test, memcmp(buf, p->bytes.p, n), 0);
}

/* A copy of @n bytes with nothing behind it, so that KASAN sees overruns. */
static u8 *zmtp_exact(struct kunit *test, const void *p, size_t n)
{
	u8 *copy = kunit_kmalloc(test, n ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, p, n);
	return copy;
}

static void hdr_decode__every_cut(struct kunit *test)
{
	const struct zmtp_hdr_param *p = test->param_value;
	struct zmq_zmtp_hdr hdr;
	size_t n;
	u8 *buf;

	for (n = 0; n < p->bytes.n; n++) {
		buf = zmtp_exact(test, p->bytes.p, n);
		KUNIT_EXPECT_EQ_MSG(test, zmq_zmtp_hdr_decode(&hdr, buf, n,
							      p->version),
				    0, "after %zu bytes", n);
	}
	buf = zmtp_exact(test, p->bytes.p, n);
	KUNIT_EXPECT_EQ(test, zmq_zmtp_hdr_decode(&hdr, buf, n, p->version),
			(int)n);
	KUNIT_EXPECT_EQ(test, hdr.len, p->len);
	KUNIT_EXPECT_EQ(test, hdr.flags, p->flags);
	KUNIT_EXPECT_EQ(test, hdr.size, n);
}

/* Headers that libzmq reads but does not write. */
static const struct zmtp_hdr_param zmtp_lax_params[] = {
	{ "long form of a short length", ZMQ_ZMTP_3_1,
	  BYTES("\2\0\0\0\0\0\0\0\1"), 0, 1 },
	{ "reserved flags", ZMQ_ZMTP_3_1, BYTES("\371\1"), ZMQ_ZMTP_MORE, 1 },
	{ "reserved flags of a command", ZMQ_ZMTP_3_0, BYTES("\374\1"),
	  ZMQ_ZMTP_COMMAND, 1 },
	{ "1.0 long form of a short length", ZMQ_ZMTP_1_0,
	  BYTES("\377\0\0\0\0\0\0\0\1\0"), 0, 0 },
	{ "1.0 other flags", ZMQ_ZMTP_1_0, BYTES("\2\376"), 0, 1 },
};

KUNIT_ARRAY_PARAM(zmtp_lax, zmtp_lax_params, zmtp_hdr_desc);

static void hdr_decode__lax(struct kunit *test)
{
	hdr_decode__every_cut(test);
}

static const struct zmtp_bad_param {
	const char		*desc;
	enum zmq_zmtp_version	version;
	struct zmtp_bytes	bytes;
} zmtp_bad_params[] = {
	{ "length 2^63", ZMQ_ZMTP_3_1, BYTES("\2\200\0\0\0\0\0\0\0") },
	{ "length 2^64 - 1", ZMQ_ZMTP_2_0,
	  BYTES("\2\377\377\377\377\377\377\377\377") },
	{ "command with more", ZMQ_ZMTP_3_1, BYTES("\5") },
	{ "long command with more", ZMQ_ZMTP_3_0, BYTES("\7") },
	{ "1.0 length 0", ZMQ_ZMTP_1_0, BYTES("\0") },
	{ "1.0 long length 0", ZMQ_ZMTP_1_0, BYTES("\377\0\0\0\0\0\0\0\0") },
	{ "1.0 length 2^63", ZMQ_ZMTP_1_0, BYTES("\377\200\0\0\0\0\0\0\0") },
};

static void zmtp_bad_desc(const struct zmtp_bad_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(zmtp_bad, zmtp_bad_params, zmtp_bad_desc);

/* Refused as soon as the bytes say so, and with more of them. */
static void hdr_decode__refused(struct kunit *test)
{
	const struct zmtp_bad_param *p = test->param_value;
	u8 buf[ZMQ_ZMTP_HDR_MAX] = { 0 };
	struct zmq_zmtp_hdr hdr;
	size_t n;

	memcpy(buf, p->bytes.p, p->bytes.n);
	for (n = 0; n <= sizeof(buf); n++)
		KUNIT_EXPECT_EQ_MSG(test, zmq_zmtp_hdr_decode(&hdr, buf, n,
							      p->version),
				    n < p->bytes.n ? 0 : -EPROTO,
				    "after %zu bytes", n);
}

/* Lengths around all powers of two, written and read. */
static void hdr_decode__what_encode_wrote(struct kunit *test)
{
	struct zmq_zmtp_hdr hdr;
	u8 buf[ZMQ_ZMTP_HDR_MAX];
	unsigned int n, bit;
	u64 len;
	int d;

	for (bit = 0; bit < 63; bit++) {
		for (d = -2; d <= 1; d++) {
			len = BIT_ULL(bit) + d;
			if (len >= S64_MAX)
				continue;
			n = zmq_zmtp_hdr_encode(buf, ZMQ_ZMTP_MORE, len);
			zmq_zmtp_hdr_decode(&hdr, buf, n, ZMQ_ZMTP_3_1);
			KUNIT_EXPECT_EQ(test, hdr.size, n);
			KUNIT_EXPECT_EQ(test, hdr.len, len);
			n = zmq_zmtp_hdr_encode_v1(buf, ZMQ_ZMTP_MORE, len);
			zmq_zmtp_hdr_decode(&hdr, buf, n, ZMQ_ZMTP_1_0);
			KUNIT_EXPECT_EQ(test, hdr.size, n);
			KUNIT_EXPECT_EQ(test, hdr.len, len);
		}
	}
}

static const struct zmtp_command_param {
	const char		*desc;
	struct zmtp_bytes	body;
	enum zmq_zmtp_cmd	id;
	u16			ttl;
	size_t			data;	/* offset of the data */
	size_t			len;
} zmtp_command_params[] = {
	{ "libzmq READY", BYTES("\5READY\13Socket-Type\0\0\0\3SUB"),
	  ZMQ_ZMTP_CMD_READY, 0, 6, 19 },
	{ "READY without metadata", BYTES("\5READY"),
	  ZMQ_ZMTP_CMD_READY, 0, 6, 0 },
	{ "ERROR", BYTES("\5ERROR\003400"), ZMQ_ZMTP_CMD_ERROR, 0, 7, 3 },
	{ "ERROR without text", BYTES("\5ERROR\0"),
	  ZMQ_ZMTP_CMD_ERROR, 0, 7, 0 },
	{ "ERROR and more", BYTES("\5ERROR\003400x"),
	  ZMQ_ZMTP_CMD_ERROR, 0, 7, 3 },
	{ "libzmq SUBSCRIBE", BYTES("\11SUBSCRIBEA"),
	  ZMQ_ZMTP_CMD_SUBSCRIBE, 0, 10, 1 },
	{ "SUBSCRIBE to all", BYTES("\11SUBSCRIBE"),
	  ZMQ_ZMTP_CMD_SUBSCRIBE, 0, 10, 0 },
	{ "libzmq CANCEL", BYTES("\6CANCELA"), ZMQ_ZMTP_CMD_CANCEL, 0, 7, 1 },
	{ "libzmq PING", BYTES("\4PING\0\0"), ZMQ_ZMTP_CMD_PING, 0, 7, 0 },
	{ "PING with ttl", BYTES("\4PING\1\2"),
	  ZMQ_ZMTP_CMD_PING, 0x102, 7, 0 },
	{ "PING with context", BYTES("\4PING\0\12ABCDEFGHIJKLMNOP"),
	  ZMQ_ZMTP_CMD_PING, 10, 7, 16 },
	{ "libzmq PONG", BYTES("\4PONG"), ZMQ_ZMTP_CMD_PONG, 0, 5, 0 },
	{ "PONG with context", BYTES("\4PONGABCDEFGHIJKLMNOP"),
	  ZMQ_ZMTP_CMD_PONG, 0, 5, 16 },
	{ "JOIN", BYTES("\4JOINgroup"), ZMQ_ZMTP_CMD_JOIN, 0, 5, 5 },
	{ "LEAVE", BYTES("\5LEAVEgroup"), ZMQ_ZMTP_CMD_LEAVE, 0, 6, 5 },
	{ "unknown", BYTES("\3FOObar"), ZMQ_ZMTP_CMD_UNKNOWN, 0, 4, 3 },
	{ "no name", BYTES("\0"), ZMQ_ZMTP_CMD_UNKNOWN, 0, 1, 0 },
	{ "other case", BYTES("\4ping\0\0"), ZMQ_ZMTP_CMD_UNKNOWN, 0, 5, 2 },
	{ "longer name", BYTES("\5PINGS\0\0"), ZMQ_ZMTP_CMD_UNKNOWN, 0, 6, 2 },
	{ "shorter name", BYTES("\3PIN\0\0"), ZMQ_ZMTP_CMD_UNKNOWN, 0, 4, 2 },
};

static void zmtp_command_desc(const struct zmtp_command_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(zmtp_command, zmtp_command_params, zmtp_command_desc);

static void command_parse__accepted(struct kunit *test)
{
	const struct zmtp_command_param *p = test->param_value;
	u8 *body = zmtp_exact(test, p->body.p, p->body.n);
	struct zmq_zmtp_command cmd;

	KUNIT_ASSERT_EQ(test, zmq_zmtp_command_parse(&cmd, body, p->body.n), 0);
	KUNIT_EXPECT_EQ(test, cmd.id, p->id);
	KUNIT_EXPECT_EQ(test, cmd.ttl, p->ttl);
	KUNIT_EXPECT_PTR_EQ(test, cmd.data, (const u8 *)(body + p->data));
	KUNIT_EXPECT_EQ(test, cmd.len, p->len);
}

/* Every beginning: an error if it ends within what the command must have. */
static void command_parse__every_cut(struct kunit *test)
{
	const struct zmtp_command_param *p = test->param_value;
	struct zmq_zmtp_command cmd;
	size_t n, must = p->data;
	u8 *body;

	if (p->id == ZMQ_ZMTP_CMD_ERROR)
		must += p->len;
	for (n = 0; n < p->body.n; n++) {
		body = zmtp_exact(test, p->body.p, n);
		KUNIT_EXPECT_EQ_MSG(test, zmq_zmtp_command_parse(&cmd, body, n),
				    n < must ? -EPROTO : 0,
				    "after %zu bytes", n);
	}
}

static const struct zmtp_bad_param zmtp_bad_command_params[] = {
	{ "empty", ZMQ_ZMTP_3_1, BYTES("") },
	{ "name too long", ZMQ_ZMTP_3_1, BYTES("\5PING") },
	{ "name of 255", ZMQ_ZMTP_3_1, BYTES("\377PING\0\0") },
	{ "PING without ttl", ZMQ_ZMTP_3_1, BYTES("\4PING") },
	{ "PING with half a ttl", ZMQ_ZMTP_3_1, BYTES("\4PING\0") },
	{ "PING with long context", ZMQ_ZMTP_3_1,
	  BYTES("\4PING\0\0ABCDEFGHIJKLMNOPQ") },
	{ "PONG with long context", ZMQ_ZMTP_3_1,
	  BYTES("\4PONGABCDEFGHIJKLMNOPQ") },
	{ "ERROR without reason", ZMQ_ZMTP_3_1, BYTES("\5ERROR") },
	{ "ERROR with cut reason", ZMQ_ZMTP_3_1, BYTES("\5ERROR\00340") },
};

KUNIT_ARRAY_PARAM(zmtp_bad_command, zmtp_bad_command_params, zmtp_bad_desc);

static void command_parse__refused(struct kunit *test)
{
	const struct zmtp_bad_param *p = test->param_value;
	u8 *body = zmtp_exact(test, p->bytes.p, p->bytes.n);
	struct zmq_zmtp_command cmd;

	KUNIT_EXPECT_EQ(test, zmq_zmtp_command_parse(&cmd, body, p->bytes.n),
			-EPROTO);
}

static void ping_encode__bytes(struct kunit *test)
{
	u8 *p = kunit_kmalloc(test, 9, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, zmq_zmtp_ping_encode(p, 0, NULL, 0), 9);
	KUNIT_EXPECT_EQ(test, memcmp(p, "\4\7\4PING\0\0", 9), 0);
}

static void pong_encode__bytes(struct kunit *test)
{
	u8 *p = kunit_kmalloc(test, 7, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, zmq_zmtp_pong_encode(p, NULL, 0), 7);
	KUNIT_EXPECT_EQ(test, memcmp(p, "\4\5\4PONG", 7), 0);
}

/* A PONG gives back the PING's context, of any length there is. */
static void pong_encode__echoes_ping(struct kunit *test)
{
	static const u8 ctx[ZMQ_ZMTP_PING_CTX_MAX] = "ABCDEFGHIJKLMNOP";
	u8 ping[9 + ZMQ_ZMTP_PING_CTX_MAX], pong[7 + ZMQ_ZMTP_PING_CTX_MAX];
	struct zmq_zmtp_command cmd;
	unsigned int n, len;

	for (len = 0; len <= ZMQ_ZMTP_PING_CTX_MAX; len++) {
		n = zmq_zmtp_ping_encode(ping, 0x1234, ctx, len);
		KUNIT_ASSERT_EQ(test, n, 9 + len);
		KUNIT_ASSERT_EQ(test, zmq_zmtp_command_parse(&cmd, ping + 2,
							     n - 2), 0);
		KUNIT_EXPECT_EQ(test, cmd.ttl, 0x1234);
		n = zmq_zmtp_pong_encode(pong, cmd.data, cmd.len);
		KUNIT_ASSERT_EQ(test, n, 7 + len);
		KUNIT_ASSERT_EQ(test, zmq_zmtp_command_parse(&cmd, pong + 2,
							     n - 2), 0);
		KUNIT_EXPECT_EQ(test, cmd.id, ZMQ_ZMTP_CMD_PONG);
		KUNIT_ASSERT_EQ(test, cmd.len, len);
		KUNIT_EXPECT_EQ(test, memcmp(cmd.data, ctx, len), 0);
	}
}

static const struct zmtp_subscribe_param {
	const char		*desc;
	enum zmq_zmtp_version	version;
	bool			on;
	const char		*topic;
	struct zmtp_bytes	bytes;
} zmtp_subscribe_params[] = {
	{ "libzmq 3.1 subscribe", ZMQ_ZMTP_3_1, true, "A",
	  BYTES("\4\13\11SUBSCRIBEA") },
	{ "libzmq 3.1 cancel", ZMQ_ZMTP_3_1, false, "A",
	  BYTES("\4\10\6CANCELA") },
	{ "3.1 subscribe to all", ZMQ_ZMTP_3_1, true, "",
	  BYTES("\4\12\11SUBSCRIBE") },
	{ "libzmq 3.0 subscribe", ZMQ_ZMTP_3_0, true, "A",
	  BYTES("\0\2\1A") },
	{ "3.0 cancel", ZMQ_ZMTP_3_0, false, "A", BYTES("\0\2\0A") },
	{ "2.0 subscribe to all", ZMQ_ZMTP_2_0, true, "", BYTES("\0\1\1") },
	{ "1.0 subscribe", ZMQ_ZMTP_1_0, true, "A", BYTES("\3\0\1A") },
	{ "1.0 cancel of all", ZMQ_ZMTP_1_0, false, "", BYTES("\2\0\0") },
};

static void zmtp_subscribe_desc(const struct zmtp_subscribe_param *p,
				char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(zmtp_subscribe, zmtp_subscribe_params, zmtp_subscribe_desc);

static void subscribe_encode__bytes(struct kunit *test)
{
	const struct zmtp_subscribe_param *p = test->param_value;
	size_t len = strlen(p->topic);
	u8 *buf;

	buf = kunit_kmalloc(test, zmq_zmtp_subscribe_size(len), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test,
			zmq_zmtp_subscribe_encode(buf, (const u8 *)p->topic,
						  len, p->on, p->version),
			p->bytes.n);
	KUNIT_EXPECT_EQ(test, memcmp(buf, p->bytes.p, p->bytes.n), 0);
}

/* Around the lengths where headers become long. */
static void subscribe_encode__fits(struct kunit *test)
{
	const size_t max = 300;
	struct zmq_zmtp_hdr hdr;
	int version;
	size_t n, len;
	u8 *topic, *p;

	topic = kunit_kzalloc(test, max, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, topic);
	for (len = 0; len <= max; len++) {
		p = kunit_kmalloc(test, zmq_zmtp_subscribe_size(len),
				  GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		for (version = ZMQ_ZMTP_1_0; version <= ZMQ_ZMTP_3_1;
		     version++) {
			n = zmq_zmtp_subscribe_encode(p, topic, len, true,
						      version);
			KUNIT_ASSERT_LE(test, n, zmq_zmtp_subscribe_size(len));
			zmq_zmtp_hdr_decode(&hdr, p, n, version);
			KUNIT_EXPECT_EQ(test, hdr.size + hdr.len, n);
		}
	}
}

static struct kunit_case zmtp_cases[] = {
	KUNIT_CASE_PARAM(hdr_encode__bytes, zmtp_hdr_gen_params),
	KUNIT_CASE_PARAM(hdr_decode__every_cut, zmtp_hdr_gen_params),
	KUNIT_CASE_PARAM(hdr_decode__lax, zmtp_lax_gen_params),
	KUNIT_CASE_PARAM(hdr_decode__refused, zmtp_bad_gen_params),
	KUNIT_CASE(hdr_decode__what_encode_wrote),
	KUNIT_CASE_PARAM(command_parse__accepted, zmtp_command_gen_params),
	KUNIT_CASE_PARAM(command_parse__every_cut, zmtp_command_gen_params),
	KUNIT_CASE_PARAM(command_parse__refused, zmtp_bad_command_gen_params),
	KUNIT_CASE(ping_encode__bytes),
	KUNIT_CASE(pong_encode__bytes),
	KUNIT_CASE(pong_encode__echoes_ping),
	KUNIT_CASE_PARAM(subscribe_encode__bytes, zmtp_subscribe_gen_params),
	KUNIT_CASE(subscribe_encode__fits),
	{}
};

static struct kunit_suite zmtp_suite = {
	.name = "zmq_zmtp",
	.test_cases = zmtp_cases,
};

kunit_test_suite(zmtp_suite);
