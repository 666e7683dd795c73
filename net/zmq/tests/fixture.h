/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket for the unit tests whose peers are not there: its pipes have no
 * connection, the test does what the flusher and the parser would.
 *
 * Messages are written as text: "a1+a2 b" is one of two parts and one of one;
 * "a+" is one that is not complete.
 */
#ifndef _NET_ZMQ_TESTS_FIXTURE_H
#define _NET_ZMQ_TESTS_FIXTURE_H

#include <kunit/test.h>
#include "../type.h"

#define ZMQ_FIXTURE_PIPES	4
#define ZMQ_FIXTURE_TEXT	512

/**
 * struct zmq_fixture - the socket and what belongs to it
 * @sock: the socket, NULL when closed
 * @zsk: the same
 * @pipe: its pipes, one reference each
 * @npipes: how many
 * @pool: where received frames are written
 * @tx_page: where the last message sent is, one reference
 * @text: messages as text
 * @priv: the suite's own
 */
struct zmq_fixture {
	struct socket		*sock;
	struct zmq_sock		*zsk;
	struct zmq_pipe		*pipe[ZMQ_FIXTURE_PIPES];
	int			npipes;
	struct zmq_chunk_pool	pool;
	struct page		*tx_page;
	char			text[ZMQ_FIXTURE_TEXT];
	void			*priv;
};

/*
 * A suite's suite_init and suite_exit.  Linux 6.1 runs the suites of a module
 * before its init: have it come up for the suite, and go down again.
 */
int zmq_fixture_start(struct kunit_suite *suite);
void zmq_fixture_stop(struct kunit_suite *suite);

/* A socket of a type (ZMQ_AF_PUSH ...).  It becomes test->priv. */
struct zmq_fixture *zmq_fixture_open(struct kunit *test, int protocol);
/*
 * The suite's exit: close the socket if there is one, wait until nobody uses
 * it any more and see that nothing is left.
 */
void zmq_fixture_close(struct kunit *test);
/* Close the socket, and no more: its pipes are still there. */
void zmq_fixture_release(struct zmq_fixture *f);
/* A pipe with these marks, attached. */
struct zmq_pipe *zmq_fixture_pipe(struct kunit *test, u32 snd, u32 rcv);
/* Have the peer go, as a connection that ends does. */
void zmq_fixture_detach(struct zmq_fixture *f, struct zmq_pipe *pipe);

/* Send without waiting.  Return: 0 or the first error. */
int zmq_fixture_send(struct zmq_fixture *f, const char *text);
/* Send "m" until that would block, @max times at most.  Return: messages. */
int zmq_fixture_fill(struct zmq_fixture *f, int max);
/* What is in a queue, in f->text. */
const char *zmq_fixture_text(struct zmq_fixture *f, const struct zmq_segq *q);
/* The flusher: send @msgs messages of a pipe.  What they are, in f->text. */
const char *zmq_fixture_flush(struct kunit *test, struct zmq_pipe *pipe,
			      u32 msgs);
/* The parser: frames of messages, appended to @q.  Return: messages. */
u32 zmq_fixture_frames(struct kunit *test, struct zmq_segq *q,
		       const char *text);
/* The parser: messages arrive by a pipe. */
void zmq_fixture_publish(struct kunit *test, struct zmq_pipe *pipe,
			 const char *text);
/* Receive @max parts at most, what there is.  What it was, in f->text. */
const char *zmq_fixture_recv(struct zmq_fixture *f, int max);
/* One recvmsg(2) of @len bytes.  @flags: in and out.  Return: as it. */
int zmq_fixture_recv_part(struct zmq_fixture *f, void *buf, size_t len,
			  int *flags);

#endif /* _NET_ZMQ_TESTS_FIXTURE_H */
