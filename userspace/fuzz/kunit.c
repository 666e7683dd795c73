// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the KUnit suites linked in, as a program; prints TAP with subtests.
 */
#include <stdarg.h>
#include <kunit/test.h>

/**
 * struct kunit_memory - a block a case allocated, freed after it
 * @next: block before it
 * @data: the block, allocated on its own so that overruns are seen
 */
struct kunit_memory {
	struct kunit_memory	*next;
	void			*data;
};

extern struct kunit_suite *__start_fuzz_kunit_suites[];
extern struct kunit_suite *__stop_fuzz_kunit_suites[];

void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	struct kunit_memory *block = malloc(sizeof(*block));

	if (!block)
		return NULL;
	block->data = kmalloc(size, gfp);
	block->next = test->memory;
	test->memory = block;
	return block->data;
}

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	void *p = kunit_kmalloc(test, size, gfp);

	return p ? memset(p, 0, size) : NULL;
}

void kunit_explain(const char *fmt, ...)
{
	va_list args;

	if (!fmt[1])
		return;
	printf("    #");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void kunit_fail(struct kunit *test, bool fatal, const char *file, int line,
		const char *what, intmax_t left, intmax_t right)
{
	printf("    # %s:%d: %s does not hold: %jd and %jd\n", file, line,
	       what, left, right);
	test->failed = true;
	if (fatal)
		longjmp(test->abort, 1);
}

/* One run of a case.  Return: did it pass? */
static bool run(struct kunit_suite *suite, struct kunit_case *c,
		const void *param)
{
	struct kunit test = { .param_value = param };
	struct kunit_memory *next;

	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			test.failed = true;
		else
			c->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);
	for (; test.memory; test.memory = next) {
		next = test.memory->next;
		free(test.memory->data);
		free(test.memory);
	}
	return !test.failed;
}

/* A case with all of its parameters. */
static bool run_case(struct kunit_suite *suite, struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	const void *param = NULL;
	bool pass = true;

	if (!c->generate_params)
		return run(suite, c, NULL);
	while ((param = c->generate_params(param, desc))) {
		if (run(suite, c, param))
			continue;
		printf("    # with: %s\n", desc);
		pass = false;
	}
	return pass;
}

static bool run_suite(struct kunit_suite *suite)
{
	struct kunit_case *c;
	bool pass = true;
	int n = 0;

	printf("    # Subtest: %s\n", suite->name);
	for (c = suite->test_cases; c->run_case; c++) {
		bool ok = run_case(suite, c);

		printf("    %sok %d %s\n", ok ? "" : "not ", ++n, c->name);
		pass = pass && ok;
	}
	printf("    1..%d\n", n);
	return pass;
}

int main(void)
{
	struct kunit_suite **suite;
	int n = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%td\n",
	       __stop_fuzz_kunit_suites - __start_fuzz_kunit_suites);
	for (suite = __start_fuzz_kunit_suites;
	     suite < __stop_fuzz_kunit_suites; suite++) {
		bool ok = run_suite(*suite);

		printf("%sok %d %s\n", ok ? "" : "not ", ++n, (*suite)->name);
		failed += !ok;
	}
	return !!failed;
}
