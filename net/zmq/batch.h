/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Batches: many whole messages in one call (MSG_ZMQ_PACKED).
 *
 * To the user a batch is a buffer of ZMTP 2.0+ frames, which is what pipes hold
 * too: ranges of a batch move to and from the pipes by reference.
 */
#ifndef _NET_ZMQ_BATCH_H
#define _NET_ZMQ_BATCH_H

#include "type.h"

/*
 * Bytes of a buffer that are copied and checked before any of them is sent, and
 * after which a receive has taken out enough under one hold of rx_lock.
 */
#define ZMQ_BATCH_ROUND		65536
/* Messages taken out of a pipe at once. */
#define ZMQ_BATCH_RUN		1024

/**
 * struct zmq_batch - messages on their way from the user to the pipes
 * @q: frames in chunks of ours: what is checked there is what is sent
 * @one: the message that is being handed over
 * @sent: bytes handed over
 * @msgs: messages handed over
 * @copied: bytes taken from the user
 * @whole: bytes up to the end of the last whole message
 * @body_left: bytes of a long frame's body still to come
 * @msg_max: most bytes that a message's bodies may have
 * @need: bytes that a frame must have in one piece to be looked at
 * @more: the frame that is @body_left short is not its message's last
 * @parts: parts of the unfinished message
 * @bytes: bytes of their bodies
 */
struct zmq_batch {
	struct zmq_segq	q;
	struct zmq_segq	one;
	u64		sent;
	u32		msgs;
	u64		copied;
	u64		whole;
	u64		body_left;
	u64		msg_max;
	u32		need;
	bool		more;
	u32		parts;
	u64		bytes;
};

int zmq_batch_fill(struct zmq_sock *zsk, struct zmq_batch *b,
		   struct iov_iter *from, size_t len);
int zmq_batch_pass(struct zmq_sock *zsk, struct zmq_batch *b);
int zmq_batch_send(struct zmq_sock *zsk, struct msghdr *m, size_t len);
int zmq_batch_recv(struct zmq_sock *zsk, struct msghdr *m, size_t len,
		   int flags);
/* Bytes that the next message takes, 0 if there is none. */
u64 zmq_batch_next_len(struct zmq_sock *zsk);

/* A message with ancillary data is more than its frames. */
static inline bool zmq_batch_possible(const struct zmq_sock *zsk)
{
	return !zsk->type->cmsg && !zsk->type->grouped;
}

/* Does this call mean packed messages? */
static inline bool zmq_batch_wanted(const struct zmq_sock *zsk, int flags)
{
	return flags & MSG_ZMQ_PACKED || READ_ONCE(zsk->packed);
}

#endif /* _NET_ZMQ_BATCH_H */
