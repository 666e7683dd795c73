/* SPDX-License-Identifier: MPL-2.0 */
/* What the programs of the guide's first chapter share. */
#ifndef DEMO_H
#define DEMO_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/*
 * Set by Ctrl-C.  A call that waits fails with EINTR then; the alarm clock is
 * for one that began just after the signal.
 */
static volatile sig_atomic_t interrupted;

static inline void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
	alarm(1);
}

/* First thing in main(): lines come out as they are printed, Ctrl-C asks. */
static inline void begin(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

/* Ends the program unless a call has succeeded. */
static inline void must(int result, const char *what)
{
	if (result != -1)
		return;
	fprintf(stderr, "%s: %s\n", what, zmq_strerror(errno));
	exit(EXIT_FAILURE);
}

static inline void *must_open(void *context, int type)
{
	void *socket = zmq_socket(context, type);

	must(socket ? 0 : -1, "zmq_socket");
	return socket;
}

/* The argument at an index, or what it is by default. */
static inline const char *argument(int argc, char **argv, int index,
				   const char *otherwise)
{
	return argc > index ? argv[index] : otherwise;
}

/* 0, or -1 with EINTR after Ctrl-C. */
static inline int send_text(void *socket, const char *text)
{
	int result = zmq_send(socket, text, strlen(text), 0);

	if (result == -1 && errno == EINTR)
		return -1;
	must(result, "zmq_send");
	return 0;
}

/*
 * Receives a message as a string, cut off where the buffer ends.  0, or -1
 * with EINTR after Ctrl-C or EAGAIN after the socket's time limit.
 */
static inline int receive_text(void *socket, char *text, size_t size)
{
	int length = zmq_recv(socket, text, size - 1, 0);

	if (length == -1 && (errno == EINTR || errno == EAGAIN))
		return -1;
	must(length, "zmq_recv");
	text[(size_t)length < size ? (size_t)length : size - 1] = '\0';
	return 0;
}

static inline long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* Simulated work.  Ctrl-C cuts it short. */
static inline void work(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

/* Closes, and waits until what has been sent is on its way. */
static inline void finish(void *context, void *socket)
{
	alarm(0);
	must(zmq_close(socket), "zmq_close");
	while (zmq_ctx_term(context) == -1)
		must(errno == EINTR ? 0 : -1, "zmq_ctx_term");
}

#endif /* DEMO_H */
