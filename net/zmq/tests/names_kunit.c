// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of a host name of names.c.
 */
#include <kunit/test.h>
#include "../names.h"

static int names_parse(struct kunit *test, struct zmq_names *names,
		       const char *str, bool ipv6)
{
	size_t len = strlen(str);
	char *copy = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, str, len);
	return zmq_names_parse(names, copy, len, ipv6);
}

static void names_lists(struct kunit *test)
{
	struct zmq_names names = {};

	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "1.2.3.4", false), 1);
	KUNIT_EXPECT_EQ(test, names.addr[0][12], 1);
	KUNIT_EXPECT_EQ(test, names.addr[0][15], 4);
	KUNIT_EXPECT_TRUE(test, zmq_names_v4(names.addr[0]));
	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "1.2.3.4,::1,1.2.3.4,9.9.9.9",
					  true), 3);
	KUNIT_EXPECT_FALSE(test, zmq_names_v4(names.addr[1]));
	KUNIT_EXPECT_EQ(test, names.addr[2][12], 9);
	/* IPv6 is not wanted; what is no address is passed over. */
	KUNIT_EXPECT_EQ(test, names_parse(test, &names,
					  ",x,::1,5.6.7.8,,host,fe80::1%lo,",
					  false), 1);
	KUNIT_EXPECT_EQ(test, names.addr[0][12], 5);
}

/* Without a usable address all stays as it is. */
static void names_none(struct kunit *test)
{
	struct zmq_names names = {};

	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "1.1.1.1,2.2.2.2",
					  false), 2);
	zmq_names_next(&names);
	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "", false), 0);
	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "::1", false), 0);
	KUNIT_EXPECT_EQ(test, names_parse(test, &names, "1.1.1", false), 0);
	KUNIT_EXPECT_EQ(test, names.n, 2);
	KUNIT_EXPECT_EQ(test, names.next, 1);
}

static void names_rounds(struct kunit *test)
{
	struct zmq_names names = {};
	const u8 *addr;
	int i;

	KUNIT_EXPECT_NULL(test, zmq_names_next(&names));
	names_parse(test, &names, "1.0.0.0,2.0.0.0,3.0.0.0", false);
	for (i = 0; i < 7; i++) {
		KUNIT_EXPECT_EQ(test, names.next, i % 3);
		addr = zmq_names_next(&names);
		KUNIT_ASSERT_NOT_NULL(test, addr);
		KUNIT_EXPECT_EQ(test, addr[12], i % 3 + 1);
	}
}

static void names_most(struct kunit *test)
{
	struct zmq_names names = {};
	char text[20 * 12] = "";
	int i, len = 0;

	for (i = 0; i < 20; i++)
		len += snprintf(text + len, sizeof(text) - len, "%d.0.0.1,", i);
	KUNIT_EXPECT_EQ(test, names_parse(test, &names, text, false),
			ZMQ_NAMES_MAX);
	KUNIT_EXPECT_EQ(test, names.addr[ZMQ_NAMES_MAX - 1][12],
			ZMQ_NAMES_MAX - 1);
}

static struct kunit_case names_cases[] = {
	KUNIT_CASE(names_lists),
	KUNIT_CASE(names_none),
	KUNIT_CASE(names_rounds),
	KUNIT_CASE(names_most),
	{}
};

static struct kunit_suite names_suite = {
	.name = "zmq_names",
	.test_cases = names_cases,
};

kunit_test_suite(names_suite);
