// SPDX-License-Identifier: GPL-2.0
/*
 * High-water marks of hwm.h: the numbers are libzmq's, message for message.
 */
#include <kunit/test.h>
#include "../hwm.h"

/* Write until full or @max.  Return: messages written. */
static u32 hwm_fill(struct zmq_hwm *h, u32 max)
{
	u32 n = 0;

	while (n < max && !zmq_hwm_full(h)) {
		zmq_hwm_write(h);
		n++;
	}
	return n;
}

/* Read one by one until the writer is told.  Return: messages read. */
static u32 hwm_read_until_told(struct zmq_hwm *h, u32 max)
{
	u32 n = 0;

	while (n < max) {
		n++;
		if (zmq_hwm_read(h, 1))
			break;
	}
	return n;
}

/*
 * @hwm: the mark
 * @told: reads after which a writer that was full hears of it
 * @room: messages it can write then
 */
static const struct hwm_param {
	const char	*desc;
	u32		hwm;
	u32		told;
	u32		room;
} hwm_params[] = {
	{ "1: every message", 1, 1, 1 },
	{ "2: every message", 2, 1, 1 },
	{ "3: every second", 3, 2, 2 },
	{ "4: every second", 4, 2, 2 },
	{ "5: every third", 5, 3, 3 },
	{ "1000: every 500th", 1000, 500, 500 },
	{ "1001: every 501st", 1001, 501, 501 },
};

static void hwm_desc(const struct hwm_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hwm, hwm_params, hwm_desc);

static void hwm_full__at_the_mark(struct kunit *test)
{
	const struct hwm_param *p = test->param_value;
	struct zmq_hwm h;

	zmq_hwm_init(&h, p->hwm);
	KUNIT_EXPECT_FALSE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 10 * p->hwm), p->hwm);
	KUNIT_EXPECT_TRUE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&h), p->hwm);
}

static void hwm_read__reopens_at_lwm(struct kunit *test)
{
	const struct hwm_param *p = test->param_value;
	struct zmq_hwm h;
	int round;

	zmq_hwm_init(&h, p->hwm);
	hwm_fill(&h, p->hwm);
	for (round = 0; round < 5; round++) {
		KUNIT_EXPECT_EQ(test, hwm_read_until_told(&h, p->hwm), p->told);
		KUNIT_EXPECT_EQ(test, hwm_fill(&h, 10 * p->hwm), p->room);
	}
}

/* One short of it the writer stays full. */
static void hwm_read__not_before_lwm(struct kunit *test)
{
	const struct hwm_param *p = test->param_value;
	struct zmq_hwm h;
	u32 i;

	zmq_hwm_init(&h, p->hwm);
	hwm_fill(&h, p->hwm);
	for (i = 1; i < p->told; i++) {
		KUNIT_EXPECT_FALSE(test, zmq_hwm_read(&h, 1));
		KUNIT_EXPECT_TRUE(test, zmq_hwm_full(&h));
	}
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&h), p->hwm - p->told + 1);
}

/* Reading many at once tells as much as reading them one by one. */
static void hwm_read__in_batches(struct kunit *test)
{
	const struct hwm_param *p = test->param_value;
	struct zmq_hwm one, many;
	u32 i, n;

	for (n = 0; n <= p->hwm; n++) {
		zmq_hwm_init(&one, p->hwm);
		zmq_hwm_init(&many, p->hwm);
		hwm_fill(&one, p->hwm);
		hwm_fill(&many, p->hwm);
		for (i = 0; i < n; i++)
			zmq_hwm_read(&one, 1);
		KUNIT_EXPECT_EQ_MSG(test, zmq_hwm_read(&many, n),
				    n >= p->told, "%u messages", n);
		KUNIT_EXPECT_EQ(test, many.acked, one.acked);
		KUNIT_EXPECT_EQ(test, many.read, one.read);
	}
}

static void hwm_full__never_if_unlimited(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, 0);
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 10000), 10000);
	KUNIT_EXPECT_FALSE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 1));
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&h), 9999);
}

static void hwm_set__higher_while_full(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, 2);
	hwm_fill(&h, 2);
	zmq_hwm_set(&h, 6);
	KUNIT_EXPECT_FALSE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 100), 4);
	KUNIT_EXPECT_EQ(test, hwm_read_until_told(&h, 100), 3);
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 100), 3);
}

/* What is inside beyond a lower mark stays, and has to go out first. */
static void hwm_set__lower_while_full(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, 10);
	hwm_fill(&h, 10);
	zmq_hwm_set(&h, 2);
	KUNIT_EXPECT_EQ(test, zmq_hwm_queued(&h), 10);
	zmq_hwm_read(&h, 8);
	KUNIT_EXPECT_TRUE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 1));
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 100), 1);
}

/* A multiple of the new low mark may lie before what is known already. */
static void hwm_set__never_takes_credit_back(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, 4);
	hwm_fill(&h, 4);
	KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 2));
	zmq_hwm_set(&h, 100);
	KUNIT_EXPECT_FALSE(test, zmq_hwm_read(&h, 1));
	KUNIT_EXPECT_EQ(test, h.acked, 2);
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 1000), 98);
}

static void hwm_set__to_unlimited_and_back(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, 1);
	hwm_fill(&h, 1);
	zmq_hwm_set(&h, 0);
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 500), 500);
	KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 500));
	KUNIT_EXPECT_FALSE(test, zmq_hwm_full(&h));
	zmq_hwm_set(&h, 1);
	KUNIT_EXPECT_TRUE(test, zmq_hwm_full(&h));
	KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 1));
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 10), 1);
}

static void hwm_set__largest(struct kunit *test)
{
	struct zmq_hwm h;

	zmq_hwm_init(&h, U32_MAX);
	KUNIT_EXPECT_EQ(test, h.lwm, BIT(31));
	h.written = U32_MAX - 1;
	KUNIT_EXPECT_EQ(test, hwm_fill(&h, 10), 1);
}

/* As many as it says can be read before the producer hears of it, not more. */
static void hwm_unreported__ends_at_lwm(struct kunit *test)
{
	struct zmq_hwm h;
	u32 i, left;

	for (i = 1; i < 12; i++) {
		zmq_hwm_init(&h, i);
		hwm_fill(&h, i);
		left = zmq_hwm_unreported(&h);
		KUNIT_EXPECT_EQ(test, left, h.lwm);
		while (--left) {
			KUNIT_EXPECT_FALSE(test, zmq_hwm_read(&h, 1));
			KUNIT_EXPECT_EQ(test, zmq_hwm_unreported(&h), left);
		}
		KUNIT_EXPECT_TRUE(test, zmq_hwm_read(&h, 1));
	}
	zmq_hwm_init(&h, 0);
	KUNIT_EXPECT_EQ(test, zmq_hwm_unreported(&h), U32_MAX);
}

static struct kunit_case hwm_cases[] = {
	KUNIT_CASE_PARAM(hwm_full__at_the_mark, hwm_gen_params),
	KUNIT_CASE_PARAM(hwm_read__reopens_at_lwm, hwm_gen_params),
	KUNIT_CASE_PARAM(hwm_read__not_before_lwm, hwm_gen_params),
	KUNIT_CASE_PARAM(hwm_read__in_batches, hwm_gen_params),
	KUNIT_CASE(hwm_full__never_if_unlimited),
	KUNIT_CASE(hwm_set__higher_while_full),
	KUNIT_CASE(hwm_set__lower_while_full),
	KUNIT_CASE(hwm_set__never_takes_credit_back),
	KUNIT_CASE(hwm_set__to_unlimited_and_back),
	KUNIT_CASE(hwm_set__largest),
	KUNIT_CASE(hwm_unreported__ends_at_lwm),
	{}
};

static struct kunit_suite hwm_suite = {
	.name = "zmq_hwm",
	.test_cases = hwm_cases,
};

kunit_test_suite(hwm_suite);
