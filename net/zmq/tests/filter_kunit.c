// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of networks of filter.c.
 */
#include <kunit/test.h>
#include "../filter.h"

static const struct filter_good_param {
	const char	*str;
	bool		ipv6;
	u8		bits;
	u8		first;
	u8		last;
} filter_good_params[] = {
	{ "1.2.3.4", false, 128, 0, 4 },
	{ "1.2.3.4", true, 128, 0, 4 },
	{ "10.0.0.0/8", false, 104, 0, 0 },
	{ "0.0.0.0/0", false, 96, 0, 0 },
	{ "255.255.255.255/32", false, 128, 0, 255 },
	{ "1.2.3.4/01", false, 97, 0, 4 },
	{ "::1", true, 128, 0, 1 },
	{ "[::1]", true, 128, 0, 1 },
	{ "[fe80::]/10", true, 10, 0xfe, 0 },
	{ "::/0", true, 0, 0, 0 },
	{ "::ffff:1.2.3.4/104", true, 104, 0, 4 },
};

static void filter_good_desc(const struct filter_good_param *p, char *desc)
{
	strscpy(desc, p->str, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(filter_good, filter_good_params, filter_good_desc);

/* Parse @str from memory that ends with it. */
static int filter_parse(struct kunit *test, struct zmq_filter_net *net,
			const char *str, bool ipv6)
{
	size_t len = strlen(str);
	char *copy = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, str, len);
	memset(net, 0xa5, sizeof(*net));
	return zmq_filter_parse(net, copy, len, ipv6);
}

static void filter_good(struct kunit *test)
{
	const struct filter_good_param *p = test->param_value;
	struct zmq_filter_net net;

	KUNIT_ASSERT_EQ(test, filter_parse(test, &net, p->str, p->ipv6), 0);
	KUNIT_EXPECT_EQ(test, net.bits, p->bits);
	KUNIT_EXPECT_EQ(test, net.addr[0], p->first);
	KUNIT_EXPECT_EQ(test, net.addr[ZMQ_FILTER_ADDR - 1], p->last);
}

static const struct filter_bad_param {
	const char	*str;
	bool		ipv6;
} filter_bad_params[] = {
	{ "", true }, { "/", true }, { "/8", true }, { "1.2.3.4/", false },
	{ "1.2.3.4/33", false }, { "1.2.3.4/-1", false },
	{ "1.2.3.4/8/8", false }, { "1.2.3.4/4294967296", false },
	{ "1.2.3", false }, { "1.2.3.256", false }, { "1.2.3.4 ", false },
	{ "host", true }, { "[1.2.3.4]", false }, { "::1", false },
	{ "::1/129", true }, { "[::1", true }, { "[]", true },
	{ "::1]", true }, { "::1%lo", true }, { "1.2.3.4/8a", false },
};

static void filter_bad_desc(const struct filter_bad_param *p, char *desc)
{
	strscpy(desc, p->str, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(filter_bad, filter_bad_params, filter_bad_desc);

static void filter_bad(struct kunit *test)
{
	const struct filter_bad_param *p = test->param_value;
	struct zmq_filter_net net;

	KUNIT_EXPECT_EQ(test, filter_parse(test, &net, p->str, p->ipv6),
			-EINVAL);
}

/* Is @addr in @net? */
static bool filter_in(struct kunit *test, const char *net, const char *addr)
{
	struct zmq_filter_net n, a;

	KUNIT_ASSERT_EQ(test, filter_parse(test, &n, net, true), 0);
	KUNIT_ASSERT_EQ(test, filter_parse(test, &a, addr, true), 0);
	return zmq_filter_match(&n, 1, a.addr);
}

static void filter_match(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, filter_in(test, "10.1.2.3", "10.1.2.3"));
	KUNIT_EXPECT_FALSE(test, filter_in(test, "10.1.2.3", "10.1.2.2"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "10.9.9.9/8", "10.1.2.2"));
	KUNIT_EXPECT_FALSE(test, filter_in(test, "10.0.0.0/8", "11.0.0.0"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "127.16.0.0/13",
					  "127.23.255.255"));
	KUNIT_EXPECT_FALSE(test, filter_in(test, "127.16.0.0/13",
					   "127.24.0.0"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "0.0.0.0/0", "9.9.9.9"));
	KUNIT_EXPECT_FALSE(test, filter_in(test, "0.0.0.0/0", "::1"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "::/0", "::1"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "::/0", "1.2.3.4"));
	KUNIT_EXPECT_TRUE(test, filter_in(test, "fe80::/10", "febf::1"));
	KUNIT_EXPECT_FALSE(test, filter_in(test, "fe80::/10", "fec0::1"));
}

static void filter_lists(struct kunit *test)
{
	struct zmq_filter_net nets[2], addr;

	filter_parse(test, &nets[0], "10.0.0.0/8", false);
	filter_parse(test, &nets[1], "127.0.0.1", false);
	filter_parse(test, &addr, "127.0.0.1", false);
	KUNIT_EXPECT_FALSE(test, zmq_filter_match(nets, 0, addr.addr));
	KUNIT_EXPECT_FALSE(test, zmq_filter_match(nets, 1, addr.addr));
	KUNIT_EXPECT_TRUE(test, zmq_filter_match(nets, 2, addr.addr));
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE_PARAM(filter_good, filter_good_gen_params),
	KUNIT_CASE_PARAM(filter_bad, filter_bad_gen_params),
	KUNIT_CASE(filter_match),
	KUNIT_CASE(filter_lists),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "zmq_filter",
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);
