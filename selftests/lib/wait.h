/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for an event with a deadline. */
#ifndef _SELFTESTS_WAIT_H
#define _SELFTESTS_WAIT_H

#include <poll.h>
#include <stdlib.h>
#include <time.h>

/* ms since some time in the past. */
static inline long long wait_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* How much longer things may take here than on real hardware. */
static inline int wait_slow(void)
{
	const char *slow = getenv("AF_ZMQ_SLOW");

	return slow && atoi(slow) > 0 ? atoi(slow) : 1;
}

/* ms after which a test gives up waiting for what must happen. */
#define WAIT_LIMIT	(20000 * wait_slow())

/**
 * wait_until() - look again and again until something is true
 * @cond: expression
 *
 * For what cannot be polled.  It is no fixed sleep: a true condition is seen
 * within 2 ms.
 *
 * Return: false if that did not happen within WAIT_LIMIT.
 */
#define wait_until(cond) ({						\
	long long wait_end = wait_now() + WAIT_LIMIT;			\
	bool wait_true;							\
									\
	while (!(wait_true = (cond)) && wait_now() < wait_end)		\
		poll(NULL, 0, 2);					\
	wait_true;							\
})

#endif /* _SELFTESTS_WAIT_H */
