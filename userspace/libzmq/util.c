// SPDX-License-Identifier: MPL-2.0
/* Atomic counters, stopwatches, threads, sleep; and CURVE keys. */
#include "shim.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int64_t zs_now_ms(void)
{
	return now_ns() / 1000000;
}

/* The time when a timeout in ms will be over; a century is for ever. */
int64_t zs_deadline(long timeout)
{
	const int64_t century = 100 * 365 * 86400000ll;

	if (timeout <= 0)
		return 0;
	return zs_now_ms() + (timeout < century ? timeout : century);
}

/* atomic counters */

void *zs_atomic_counter_new(void)
{
	_Atomic int *counter = malloc(sizeof(*counter));

	if (counter)
		atomic_init(counter, 0);
	return counter;
}

void zs_atomic_counter_set(void *counter, int value)
{
	atomic_store((_Atomic int *)counter, value);
}

/* The value before. */
int zs_atomic_counter_inc(void *counter)
{
	return atomic_fetch_add((_Atomic int *)counter, 1);
}

/* 1 if it is not zero now, 0 if it is. */
int zs_atomic_counter_dec(void *counter)
{
	return atomic_fetch_sub((_Atomic int *)counter, 1) != 1;
}

int zs_atomic_counter_value(void *counter)
{
	return atomic_load((_Atomic int *)counter);
}

void zs_atomic_counter_destroy(void **counter)
{
	free(*counter);
	*counter = NULL;
}

/* stopwatches: microseconds */

void *zs_stopwatch_start(void)
{
	uint64_t *watch = malloc(sizeof(*watch));

	if (watch)
		*watch = now_ns();
	return watch;
}

unsigned long zs_stopwatch_intermediate(void *watch)
{
	return (now_ns() - *(uint64_t *)watch) / 1000;
}

unsigned long zs_stopwatch_stop(void *watch)
{
	unsigned long elapsed = zs_stopwatch_intermediate(watch);

	free(watch);
	return elapsed;
}

/* Not restarted after a signal, like sleep(3). */
void zs_sleep(int seconds)
{
	struct timespec ts = { .tv_sec = seconds };

	nanosleep(&ts, NULL);
}

/* threads */

/**
 * struct zs_thread - what the handle of a thread points to
 * @thread: its id
 * @fn: the user's function
 * @arg: and its argument
 */
struct zs_thread {
	pthread_t	thread;
	zmq_thread_fn	*fn;
	void		*arg;
};

static void *thread_main(void *arg)
{
	struct zs_thread *t = arg;

	t->fn(t->arg);
	return NULL;
}

/* As in libzmq the thread gets no signals: all are blocked. */
void *zs_threadstart(zmq_thread_fn *fn, void *arg)
{
	struct zs_thread *t = malloc(sizeof(*t));
	sigset_t all, old;
	int err;

	if (!t)
		return NULL;
	t->fn = fn;
	t->arg = arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&t->thread, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		return t;
	free(t);
	errno = err;
	return NULL;
}

/* Wait for the thread to end. */
void zs_threadclose(void *thread)
{
	struct zs_thread *t = thread;

	pthread_join(t->thread, NULL);
	free(t);
}

/* CURVE: not there, as in a libzmq built without it. */

int zs_curve_keypair(char *public_key, char *secret_key)
{
	(void)public_key;
	(void)secret_key;
	return zs_fail(ENOTSUP);
}

int zs_curve_public(char *public_key, const char *secret_key)
{
	(void)public_key;
	(void)secret_key;
	return zs_fail(ENOTSUP);
}
