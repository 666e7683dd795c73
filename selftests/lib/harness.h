/* SPDX-License-Identifier: GPL-2.0-only */
/* kselftest_harness.h with our time limits and ways to skip. */
#ifndef _SELFTESTS_HARNESS_H
#define _SELFTESTS_HARNESS_H

#include <kselftest_harness.h>
#include <sys/prctl.h>
#include "zs.h"

/* Everything that waits has a limit of its own: this one is the last resort. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	600

/* A call fails with this errno. */
#define EXPECT_ERRNO(err, call)						\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-1, (long)(call))				\
			TH_LOG("%s", #call);				\
		EXPECT_EQ(err, errno)					\
			TH_LOG("%s: %s", #call, strerror(errno));	\
	} while (0)

/* A call returns 0. */
#define ASSERT_OK(call) ({						\
	ASSERT_EQ(0, (call))						\
		TH_LOG("%s: %s", #call, strerror(errno));		\
})

/* In FIXTURE_SETUP(): after its return, SKIP() would let the test begin. */
#define SKIP_IN_SETUP(...)	SKIP(_exit(255), __VA_ARGS__)

/* fork() whose child ends with its parent. */
static inline pid_t harness_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* The exit code of a child; -1 if a signal ended it. */
static inline int harness_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#endif /* _SELFTESTS_HARNESS_H */
