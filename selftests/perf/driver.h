/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a messaging library must be able to do to be measured.  core.c has the
 * scenarios; each library is one file with one struct driver, linked with it
 * to a program of its own.
 */
#ifndef PERF_DRIVER_H
#define PERF_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* Socket types by libzmq's numbers. */
enum {
	PERF_PAIR	= 0,
	PERF_PUB	= 1,
	PERF_SUB	= 2,
	PERF_REQ	= 3,
	PERF_REP	= 4,
	PERF_DEALER	= 5,
	PERF_ROUTER	= 6,
	PERF_PULL	= 7,
	PERF_PUSH	= 8,
	PERF_XPUB	= 9,
};

#define PERF_HWM		1000	/* libzmq's default */
#define PERF_EXIT_UNSUPPORTED	4
#define PERF_LIMIT		50	/* seconds, for a cell */
#define PERF_BUFFER		65536	/* bytes, of drivers that batch */
#define PERF_BATCHED		4096	/* bytes, longest message worth batching */

/**
 * struct perf_job - the command line
 * @scenario: name of the scenario
 * @transport: "tcp", "ipc" or "inproc"
 * @endpoint: where the ends meet, in libzmq's notation
 * @size: bytes of a part
 * @parts: parts of a message
 * @count: messages to measure
 * @warmup: messages before
 * @peers: connections
 * @subs: subscriptions of a subscriber
 * @match: percent of the subscribers that want a message
 * @window: requests under way
 * @polled: poll before each message
 */
struct perf_job {
	const char *scenario;
	const char *transport;
	char endpoint[108];
	size_t size;
	int parts;
	long count;
	long warmup;
	int peers;
	int subs;
	int match;
	int window;
	int polled;
};

extern struct perf_job perf_job;

/* A driver's socket. */
struct perf_sock;

/**
 * struct perf_driver - a library to measure
 * @start: once in a process before the first socket; may be NULL
 * @stop: once in a process after the last socket is closed; may be NULL
 * @open: a socket of a type whose queues hold @hwm messages (0: no limit)
 * @bind: accept connections at perf_job.endpoint
 * @connect: connect to perf_job.endpoint, once more if it has been called
 *	before
 * @subscribe: to a prefix
 * @send: a part; may be kept until @flush
 * @flush: send what @send has kept, as the next @recv does; may be NULL
 * @recv: wait for a part; the driver's until the next call. @more may be NULL
 *	if messages are known to have one part
 * @poll: wait for a message, by polling the socket and another one to which
 *	nothing comes; NULL: cannot
 * @close: of a socket whose messages have arrived
 *
 * Functions do not fail: they end the program, by perf_die() or, if this is
 * nothing the library can do, by perf_unsupported().
 */
struct perf_driver {
	void (*start)(void);
	void (*stop)(void);
	struct perf_sock *(*open)(int type, int hwm);
	void (*bind)(struct perf_sock *s);
	void (*connect)(struct perf_sock *s);
	void (*subscribe)(struct perf_sock *s, const void *prefix, size_t len);
	void (*send)(struct perf_sock *s, const void *part, size_t len, bool more);
	void (*flush)(struct perf_sock *s);
	const void *(*recv)(struct perf_sock *s, size_t *len, bool *more);
	void (*poll)(struct perf_sock *s);
	void (*close)(struct perf_sock *s);
};

extern const struct perf_driver perf_driver;

void perf_die(const char *what) __attribute__((noreturn));
void perf_unsupported(const char *what) __attribute__((noreturn));
void *perf_alloc(size_t size);

static inline void perf_flush(struct perf_sock *s)
{
	if (perf_driver.flush)
		perf_driver.flush(s);
}

static inline bool perf_is_inproc(void)
{
	return perf_job.transport[1] == 'n';
}

#endif /* PERF_DRIVER_H */
