// SPDX-License-Identifier: GPL-2.0
/*
 * Listening sockets that the user made and bound (ZMQ_USE_FD), as systemd's
 * socket activation passes them.
 *
 * The descriptor stays the user's, and so do the socket's callbacks: sockets
 * that are accepted inherit them, and not all may be accepted by us.  We wait
 * for connections as poll(2) does.  Whoever has the descriptor may do this; it
 * could accept as well.  The endpoint holds a reference to the file and cannot be in
 * a cycle: a file that refers to us can only lie in the queue of a connection
 * that is accepted at once, and whose end drops it.
 */
#include <linux/file.h>
#include <linux/poll.h>
#include "adopt.h"

/**
 * zmq_adopt_listener - let the descriptor of ZMQ_USE_FD be an endpoint's
 * @ep: the endpoint: a bind
 *
 * Context: the syscall of its user, whose descriptor it is.
 * Return: 0; -EBADF, -ENOTSOCK; -EINVAL: not a socket of this transport, or it
 * does not listen; -ENOMEM.
 */
int zmq_adopt_listener(struct zmq_ep *ep)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(ep->opt.use_fd, &err);
	if (!sock)
		return err;
	err = -EINVAL;
	if (!ep->tp->fits(sock->sk) ||
	    READ_ONCE(sock->sk->sk_state) != TCP_LISTEN)
		goto err_put;
	err = -ENOMEM;
	ep->bound = ep->tp->name(sock, false);
	if (!ep->bound)
		goto err_put;
	ep->listener = sock;
	ep->adopted = true;
	return 0;

err_put:
	sockfd_put(sock);
	return err;
}

static int zmq_adopt_wake(struct wait_queue_entry *wait, unsigned int mode,
			  int sync, void *key)
{
	struct zmq_ep *ep = container_of(wait, struct zmq_ep, adopt_wait);

	if (!key || key_to_poll(key) & EPOLLIN)
		queue_delayed_work(zmq_main_wq, &ep->accept_work, 0);
	return 0;
}

/* Be told of connections. */
void zmq_adopt_listen(struct zmq_ep *ep)
{
	struct sock *sk = ep->listener->sk;

	/* What accepted sockets inherit. */
	ep->save_data_ready = READ_ONCE(sk->sk_data_ready);
	init_waitqueue_func_entry(&ep->adopt_wait, zmq_adopt_wake);
	add_wait_queue(sk_sleep(sk), &ep->adopt_wait);
}

/* Leave the socket to its other users; accept work is over when this returns. */
void zmq_adopt_unlisten(struct zmq_ep *ep)
{
	remove_wait_queue(sk_sleep(ep->listener->sk), &ep->adopt_wait);
	cancel_delayed_work_sync(&ep->accept_work);
	sockfd_put(ep->listener);
	ep->listener = NULL;
}
