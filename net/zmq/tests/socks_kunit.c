// SPDX-License-Identifier: GPL-2.0
/*
 * The client's side of SOCKS 5 of socks.c.
 */
#include <kunit/test.h>
#include "../socks.h"

#define TEN	"0123456789"
#define FIFTY	"" TEN TEN TEN TEN TEN
#define MOST	"" FIFTY FIFTY FIFTY FIFTY FIFTY "01234"

/* What it says next is exactly this. */
static void socks_says(struct kunit *test, struct zmq_socks *socks,
		       const char *bytes, size_t len)
{
	KUNIT_ASSERT_EQ(test, socks->out_len, (u32)len);
	KUNIT_EXPECT_EQ(test, memcmp(socks->out, bytes, len), 0);
	socks->out_len = 0;
}

#define SAYS(bytes)	socks_says(test, &socks, bytes, sizeof(bytes) - 1)

/* The proxy answers this much, which is what was waited for. */
static int socks_hears(struct kunit *test, struct zmq_socks *socks,
		       const char *bytes, size_t len)
{
	u8 *copy = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_ASSERT_EQ(test, socks->want, (u32)len);
	memcpy(copy, bytes, len);
	return zmq_socks_input(socks, copy);
}

#define HEARS(bytes)	socks_hears(test, &socks, bytes, sizeof(bytes) - 1)

static void socks_ipv4(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, "127.0.0.1", 5555, NULL, NULL);
	SAYS("\5\1\0");
	KUNIT_EXPECT_EQ(test, HEARS("\5\0"), 0);
	SAYS("\5\1\0\1\177\0\0\1\25\263");
	KUNIT_EXPECT_EQ(test, HEARS("\5\0\0\1\12"), 0);
	KUNIT_EXPECT_EQ(test, HEARS("\0\0\1\0\1"), 0);
	KUNIT_EXPECT_EQ(test, (int)socks.state, ZMQ_SOCKS_DONE);
	KUNIT_EXPECT_EQ(test, socks.want, 0U);
	KUNIT_EXPECT_EQ(test, socks.out_len, 0U);
}

static void socks_ipv6(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, "fe80::1", 80, NULL, NULL);
	socks.out_len = 0;
	KUNIT_EXPECT_EQ(test, HEARS("\5\0"), 0);
	SAYS("\5\1\0\4\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120");
	KUNIT_EXPECT_EQ(test, HEARS("\5\0\0\4\0"), 0);
	KUNIT_EXPECT_EQ(test, HEARS("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1"), 0);
	KUNIT_EXPECT_EQ(test, (int)socks.state, ZMQ_SOCKS_DONE);
}

static void socks_name(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, "a.b", 1, NULL, NULL);
	socks.out_len = 0;
	KUNIT_EXPECT_EQ(test, HEARS("\5\0"), 0);
	SAYS("\5\1\0\3\3a.b\0\1");
	KUNIT_EXPECT_EQ(test, HEARS("\5\0\0\3\2"), 0);
	KUNIT_EXPECT_EQ(test, HEARS("xy\0\1"), 0);
	KUNIT_EXPECT_EQ(test, (int)socks.state, ZMQ_SOCKS_DONE);
}

static void socks_password(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, "1.2.3.4", 1, "me", NULL);
	SAYS("\5\1\2");
	KUNIT_EXPECT_EQ(test, HEARS("\5\2"), 0);
	SAYS("\1\2me\0");
	KUNIT_EXPECT_EQ(test, HEARS("\1\0"), 0);
	SAYS("\5\1\0\1\1\2\3\4\0\1");
}

static void socks_longest(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, MOST, 1, MOST, MOST);
	socks.out_len = 0;
	KUNIT_EXPECT_EQ(test, HEARS("\5\2"), 0);
	SAYS("\1\377" MOST "\377" MOST);
	KUNIT_EXPECT_EQ(test, HEARS("\1\0"), 0);
	SAYS("\5\1\0\3\377" MOST "\0\1");
	KUNIT_EXPECT_EQ(test, HEARS("\5\0\0\3\377"), 0);
	KUNIT_EXPECT_EQ(test, socks.want, 257U);
	KUNIT_EXPECT_LE(test, socks.want, (u32)ZMQ_SOCKS_IN_MAX);
}

static const struct socks_bad_param {
	const char	*desc;
	const char	*user;
	const char	*method;
	const char	*reply;
	int		error;
} socks_bad_params[] = {
	{ "other version", NULL, "\4\0", NULL, -EPROTO },
	{ "no method", NULL, "\5\377", NULL, -EACCES },
	{ "wants a password", NULL, "\5\2", NULL, -EACCES },
	{ "wants none", "me", "\5\0", NULL, -EACCES },
	{ "reply of another version", NULL, "\5\0", "\4\0\0\1\0", -EPROTO },
	{ "failure", NULL, "\5\0", "\5\1\0\1\0", -EHOSTUNREACH },
	{ "not allowed", NULL, "\5\0", "\5\2\0\1\0", -EACCES },
	{ "refused", NULL, "\5\0", "\5\5\0\1\0", -ECONNREFUSED },
	{ "unknown failure", NULL, "\5\0", "\5\377\0\1\0", -EHOSTUNREACH },
	{ "unknown address", NULL, "\5\0", "\5\0\0\2\0", -EPROTO },
};

static void socks_bad_desc(const struct socks_bad_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(socks_bad, socks_bad_params, socks_bad_desc);

static void socks_refused(struct kunit *test)
{
	const struct socks_bad_param *p = test->param_value;
	struct zmq_socks socks;
	int err;

	zmq_socks_init(&socks, "1.2.3.4", 1, p->user, "");
	socks.out_len = 0;
	err = socks_hears(test, &socks, p->method, 2);
	if (p->reply) {
		KUNIT_EXPECT_EQ(test, err, 0);
		err = socks_hears(test, &socks, p->reply, 5);
	}
	KUNIT_EXPECT_EQ(test, err, p->error);
	KUNIT_EXPECT_EQ(test, (int)socks.state, ZMQ_SOCKS_FAILED);
	KUNIT_EXPECT_EQ(test, zmq_socks_input(&socks, (const u8 *)"\5\0"),
			-EPROTO);
}

static void socks_bad_password(struct kunit *test)
{
	struct zmq_socks socks;

	zmq_socks_init(&socks, "1.2.3.4", 1, "me", "x");
	socks.out_len = 0;
	KUNIT_EXPECT_EQ(test, HEARS("\5\2"), 0);
	KUNIT_EXPECT_EQ(test, HEARS("\1\1"), -EACCES);
	zmq_socks_init(&socks, "1.2.3.4", 1, "me", "x");
	socks.out_len = 0;
	KUNIT_EXPECT_EQ(test, HEARS("\5\2"), 0);
	KUNIT_EXPECT_EQ(test, HEARS("\5\0"), -EPROTO);
}

static struct kunit_case socks_cases[] = {
	KUNIT_CASE(socks_ipv4),
	KUNIT_CASE(socks_ipv6),
	KUNIT_CASE(socks_name),
	KUNIT_CASE(socks_password),
	KUNIT_CASE(socks_longest),
	KUNIT_CASE_PARAM(socks_refused, socks_bad_gen_params),
	KUNIT_CASE(socks_bad_password),
	{}
};

static struct kunit_suite socks_suite = {
	.name = "zmq_socks",
	.test_cases = socks_cases,
};

kunit_test_suite(socks_suite);
