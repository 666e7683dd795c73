/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of KUnit's interface (Linux 6.1) that the suites of the pure code
 * use, so that they also run as a program, with the compiler's sanitizers.
 * kunit.c runs them.
 */
#ifndef _FUZZ_KUNIT_TEST_H
#define _FUZZ_KUNIT_TEST_H

#include <setjmp.h>
#include <stdint.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#define KUNIT_PARAM_DESC_SIZE	128

/**
 * struct kunit - a case that runs
 * @priv: the suite's
 * @param_value: parameter of this run
 * @failed: an expectation or assertion did not hold
 * @abort: where a failed assertion goes
 * @memory: what kunit_kmalloc() gave
 */
struct kunit {
	void			*priv;
	const void		*param_value;
	bool			failed;
	jmp_buf			abort;
	struct kunit_memory	*memory;
};

typedef const void *(kunit_param_fn)(const void *prev, char *desc);

struct kunit_case {
	void		(*run_case)(struct kunit *test);
	const char	*name;
	kunit_param_fn	*generate_params;
};

struct kunit_suite {
	const char		name[256];
	int			(*init)(struct kunit *test);
	void			(*exit)(struct kunit *test);
	struct kunit_case	*test_cases;
};

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen)	{ .run_case = fn, .name = #fn,	\
					  .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
static const void *name##_gen_params(const void *prev, char *desc)	\
{									\
	size_t i = prev ? (typeof(&(array)[0]))prev - (array) + 1 : 0;	\
									\
	if (i == ARRAY_SIZE(array))					\
		return NULL;						\
	get_desc(&(array)[i], desc);					\
	return &(array)[i];						\
}

/* The linker makes __start_ and __stop_ symbols of this section's name. */
#define kunit_test_suite(suite)						\
	static struct kunit_suite *suite##_entry			\
	__attribute__((used, section("fuzz_kunit_suites"))) = &(suite)

void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);

/* Say what did not hold; does not return if @fatal. */
void kunit_fail(struct kunit *test, bool fatal, const char *file, int line,
		const char *what, intmax_t left, intmax_t right);
void kunit_explain(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

#define KUNIT_COMPARE(test, fatal, left, op, right, ...) do {		\
	__typeof__(left) _left = (left);				\
	__typeof__(right) _right = (right);				\
									\
	if (!(_left op _right)) {					\
		kunit_explain(" " __VA_ARGS__);				\
		kunit_fail(test, fatal, __FILE__, __LINE__,		\
			   #left " " #op " " #right,			\
			   (intmax_t)_left, (intmax_t)_right);		\
	}								\
} while (0)

#define KUNIT_EXPECT_EQ(test, a, b)	KUNIT_COMPARE(test, false, a, ==, b)
#define KUNIT_EXPECT_NE(test, a, b)	KUNIT_COMPARE(test, false, a, !=, b)
#define KUNIT_EXPECT_LE(test, a, b)	KUNIT_COMPARE(test, false, a, <=, b)
#define KUNIT_EXPECT_LT(test, a, b)	KUNIT_COMPARE(test, false, a, <, b)
#define KUNIT_EXPECT_GT(test, a, b)	KUNIT_COMPARE(test, false, a, >, b)
#define KUNIT_EXPECT_PTR_EQ(test, a, b)	KUNIT_COMPARE(test, false, a, ==, b)
#define KUNIT_EXPECT_TRUE(test, a)	KUNIT_COMPARE(test, false, !!(a), ==, 1)
#define KUNIT_EXPECT_FALSE(test, a)	KUNIT_COMPARE(test, false, !!(a), ==, 0)
#define KUNIT_EXPECT_NULL(test, p)	KUNIT_COMPARE(test, false, !(p), ==, 1)
#define KUNIT_EXPECT_STREQ(test, a, b)					\
	KUNIT_COMPARE(test, false, strcmp(a, b), ==, 0, "%s", a)
#define KUNIT_ASSERT_EQ(test, a, b)	KUNIT_COMPARE(test, true, a, ==, b)
#define KUNIT_ASSERT_LE(test, a, b)	KUNIT_COMPARE(test, true, a, <=, b)
#define KUNIT_ASSERT_TRUE(test, a)	KUNIT_COMPARE(test, true, !!(a), ==, 1)
#define KUNIT_ASSERT_NOT_NULL(test, p)	KUNIT_COMPARE(test, true, !(p), ==, 0)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...)				\
	KUNIT_COMPARE(test, false, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...)				\
	KUNIT_COMPARE(test, false, a, <=, b, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE_MSG(test, a, ...)				\
	KUNIT_COMPARE(test, false, !!(a), ==, 1, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(test, a, b, ...)				\
	KUNIT_COMPARE(test, true, a, ==, b, __VA_ARGS__)

#endif
