/* SPDX-License-Identifier: MPL-2.0 */
/* What zmq_poll (poll.c) and zmq_poller (poller.c) share. */
#ifndef ZS_POLLFD_H
#define ZS_POLLFD_H

#include <poll.h>
#include <signal.h>

int zs_poll_fd(struct pollfd *pfd, void *handle, int fd, short events);
int zs_poll_result(const struct pollfd *pfd, void *handle, short events);
int zs_poll_wait(struct pollfd *pfds, int count, long timeout,
		 const sigset_t *sigmask);

#endif /* ZS_POLLFD_H */
