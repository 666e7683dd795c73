/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A test program is a list of functions, each a test of several checks; the
 * first check that fails ends its test.  TAP on stdout, exit 1 if any failed.
 */
#ifndef ZS_TAP_H
#define ZS_TAP_H

#define ZMQ_BUILD_DRAFT_API
#include <zmq.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct tap_test - one test
 * @name: what it shows
 * @run: does it; uses CHECK()
 * @skip: if set and it gives a reason, the test is skipped
 */
struct tap_test {
	const char	*name;
	void		(*run)(void);
	const char	*(*skip)(void);
};

static bool tap_failed;

#define CHECK(cond)							\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: %s (errno %d, %s)\n",		\
			       __FILE__, __LINE__, #cond, zmq_errno(),	\
			       zmq_strerror(zmq_errno()));		\
			tap_failed = true;				\
			return;						\
		}							\
	} while (0)

/* The call fails with this errno. */
#define CHECK_FAILS(call, err)						\
	do {								\
		errno = 0;						\
		CHECK((call) == -1);					\
		CHECK(zmq_errno() == (err));				\
	} while (0)

static inline int tap_main(const struct tap_test *tests, size_t count)
{
	int failed = 0;
	size_t i;

	printf("TAP version 13\n1..%zu\n", count);
	for (i = 0; i < count; i++) {
		const char *why = tests[i].skip ? tests[i].skip() : NULL;

		tap_failed = false;
		if (!why)
			tests[i].run();
		failed += tap_failed;
		printf("%sok %zu - %s%s%s\n", tap_failed ? "not " : "", i + 1,
		       tests[i].name, why ? " # SKIP " : "", why ? why : "");
		fflush(stdout);
	}
	return failed ? 1 : 0;
}

#endif /* ZS_TAP_H */
