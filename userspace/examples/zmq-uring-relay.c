// SPDX-License-Identifier: MPL-2.0
/*
 * zmq-uring-relay: moves messages from a PULL to a PUSH with io_uring(7): one
 * multishot receive fills buffers of a ring, each is sent on and given back.
 * Messages of one part of 1 to BUFFER_SIZE bytes, in the order they came; an
 * empty one ends the receive, as the end of a stream would, and is left out.
 */
#include <liburing.h>
#include "example.h"

#define BUFFERS		64
#define BUFFER_SIZE	16384
#define GROUP		1
#define DEPTH		(2 * BUFFERS)

/* User data of a receive; that of a send is the number of its buffer. */
#define RECEIVE		BUFFERS

/**
 * struct relay - what there is
 * @ring: submissions and completions
 * @buffers: those the kernel may receive into
 * @memory: their memory
 * @from: PULL
 * @to: PUSH
 * @queue: buffers received, in order, the first one is being sent
 * @len: bytes in each buffer
 * @head: place in @queue of the first, counts on
 * @tail: place behind the last
 * @receiving: the receive is at work
 */
struct relay {
	struct io_uring			ring;
	struct io_uring_buf_ring	*buffers;
	char				*memory;
	int				from;
	int				to;
	int				queue[BUFFERS];
	int				len[BUFFERS];
	unsigned int			head;
	unsigned int			tail;
	bool				receiving;
};

static char *buffer(struct relay *r, int id)
{
	return r->memory + (size_t)id * BUFFER_SIZE;
}

static void give_back(struct relay *r, int id)
{
	io_uring_buf_ring_add(r->buffers, buffer(r, id), BUFFER_SIZE, id,
			      BUFFERS - 1, 0);
	io_uring_buf_ring_advance(r->buffers, 1);
}

static void receive(struct relay *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	io_uring_prep_recv_multishot(sqe, r->from, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	io_uring_sqe_set_data64(sqe, RECEIVE);
	r->receiving = true;
}

/* Sends the first buffer of the queue; one at a time keeps the order. */
static void send_first(struct relay *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);
	int id = r->queue[r->head % BUFFERS];

	io_uring_prep_send(sqe, r->to, buffer(r, id), r->len[id], 0);
	io_uring_sqe_set_data64(sqe, id);
}

static void received(struct relay *r, const struct io_uring_cqe *cqe)
{
	int id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	/* It ends when there are no buffers, or with an empty message. */
	if (!(cqe->flags & IORING_CQE_F_MORE))
		r->receiving = false;
	if (cqe->res < 0 && cqe->res != -ENOBUFS)
		errx(1, "receive: %s", strerror(-cqe->res));
	if (!(cqe->flags & IORING_CQE_F_BUFFER))
		return;
	r->len[id] = cqe->res;
	r->queue[r->tail++ % BUFFERS] = id;
	if (r->tail - r->head == 1)
		send_first(r);
}

static void sent(struct relay *r, const struct io_uring_cqe *cqe)
{
	if (cqe->res < 0)
		errx(1, "send: %s", strerror(-cqe->res));
	give_back(r, cqe->user_data);
	r->head++;
	if (r->head != r->tail)
		send_first(r);
}

static void relay_init(struct relay *r)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = BUFFERS,
		.bgid = GROUP,
	};
	int i, ret;

	ret = io_uring_queue_init(DEPTH, &r->ring, 0);
	if (ret)
		errx(1, "io_uring: %s", strerror(-ret));
	r->memory = malloc((size_t)BUFFERS * BUFFER_SIZE);
	if (!r->memory || posix_memalign((void **)&r->buffers, 4096,
					 BUFFERS * sizeof(struct io_uring_buf)))
		errx(1, "no memory");
	reg.ring_addr = (unsigned long)r->buffers;
	ret = io_uring_register_buf_ring(&r->ring, &reg, 0);
	if (ret)
		errx(1, "buffer ring: %s", strerror(-ret));
	io_uring_buf_ring_init(r->buffers);
	for (i = 0; i < BUFFERS; i++)
		give_back(r, i);
}

int main(int argc, char **argv)
{
	static struct relay relay;
	struct io_uring_cqe *cqe;
	int ret;

	if (argc != 3)
		errx(2, "usage: zmq-uring-relay PULL-ENDPOINT PUSH-ENDPOINT");
	relay.from = socket_new("pull");
	relay.to = socket_new("push");
	socket_attach(relay.from, true, argv[1]);
	socket_attach(relay.to, false, argv[2]);
	relay_init(&relay);
	for (;;) {
		if (!relay.receiving && relay.tail - relay.head < BUFFERS)
			receive(&relay);
		ret = io_uring_submit_and_wait(&relay.ring, 1);
		if (ret < 0 && ret != -EINTR)
			errx(1, "io_uring: %s", strerror(-ret));
		while (!io_uring_peek_cqe(&relay.ring, &cqe)) {
			if (cqe->user_data == RECEIVE)
				received(&relay, cqe);
			else
				sent(&relay, cqe);
			io_uring_cqe_seen(&relay.ring, cqe);
		}
	}
}
