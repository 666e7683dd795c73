/* SPDX-License-Identifier: GPL-2.0-only */
/* The two ends of a measurement: two processes, for inproc two threads. */
#ifndef PERF_ENDS_H
#define PERF_ENDS_H

#include <stdbool.h>

/* Both ends see it. */
struct perf_shared {
	long long begin;	/* ns, or bytes */
	long long end;		/* ns, or bytes */
	volatile bool ready;	/* to the other end: all are there */
};

extern struct perf_shared *perf_shared;

/* Runs both ends to their end. */
void perf_ends_run(void (*near)(void), void (*far)(void));

/* Waits until the other end calls it, too. */
void perf_meet(void);

long long perf_now(void);

static inline void perf_begin(void)
{
	perf_shared->begin = perf_now();
}

static inline void perf_end(void)
{
	perf_shared->end = perf_now();
}

#endif /* PERF_ENDS_H */
