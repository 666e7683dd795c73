// SPDX-License-Identifier: MPL-2.0
/*
 * zmq-handover: a server that is replaced while it serves.  A second instance
 * gets the socket of the first over a unix socket (SCM_RIGHTS): endpoint,
 * connections, queues and all.  No client notices.
 */
#include <poll.h>
#include <sys/un.h>
#include "example.h"


static socklen_t control_address(struct sockaddr_un *sa, const char *name)
{
	size_t len = strlen(name);

	if (len + 1 > sizeof(sa->sun_path))
		errx(2, "%s: too long", name);
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	/* An abstract name: it is free as soon as its owner ends. */
	memcpy(sa->sun_path + 1, name, len);
	return offsetof(struct sockaddr_un, sun_path) + 1 + len;
}

/* Where a successor asks; -1 if the name is taken. */
static int control_listen(const char *name)
{
	struct sockaddr_un sa;
	socklen_t len = control_address(&sa, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!bind(fd, (struct sockaddr *)&sa, len) && !listen(fd, 1))
		return fd;
	close(fd);
	return -1;
}

/* Gives a descriptor away. */
static void control_give(int control, int fd)
{
	union {
		char		buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} u = {};
	struct iovec iov = { "z", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = u.buf,
		.msg_controllen = sizeof(u.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(control, &msg, MSG_NOSIGNAL) < 0)
		err(1, "sendmsg");
}

/* Takes a descriptor; -1 if none came. */
static int control_take(int control)
{
	union {
		char		buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} u;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = u.buf,
		.msg_controllen = sizeof(u.buf),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(control, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* The socket of the instance that runs; -1 if there is none. */
static int predecessor_socket(const char *name)
{
	struct sockaddr_un sa;
	socklen_t len = control_address(&sa, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int sock = -1;

	if (!connect(fd, (struct sockaddr *)&sa, len))
		sock = control_take(fd);
	close(fd);
	return sock;
}

/* Answers a request with the number of the process. */
static void serve(int sock)
{
	char request[256], reply[64];
	int n;

	/* A request of which nothing was read is any process's. */
	if (recv(sock, request, sizeof(request), MSG_DONTWAIT) < 0)
		return;
	n = snprintf(reply, sizeof(reply), "%d", getpid());
	if (send(sock, reply, n, 0) < 0)
		err(1, "send");
}

/* Until a successor comes; it gets the socket between two requests. */
static void serve_until_replaced(int sock, int control)
{
	struct pollfd pfd[] = {
		{ .fd = control, .events = POLLIN },
		{ .fd = sock, .events = POLLIN },
	};

	for (;;) {
		int to;

		if (poll(pfd, 2, -1) < 0)
			err(1, "poll");
		if (pfd[0].revents) {
			to = accept(control, NULL, NULL);
			/* Its name has to be free before the other goes on. */
			close(control);
			control_give(to, sock);
			close(to);
			return;
		}
		if (pfd[1].revents)
			serve(sock);
	}
}

int main(int argc, char **argv)
{
	int sock, control;

	if (argc != 3)
		errx(2, "usage: zmq-handover NAME ENDPOINT");
	sock = predecessor_socket(argv[1]);
	if (sock < 0) {
		sock = socket_new("rep");
		socket_attach(sock, true, argv[2]);
	}
	control = control_listen(argv[1]);
	if (control < 0)
		err(1, "%s", argv[1]);
	printf("%d\n", getpid());
	fflush(stdout);
	serve_until_replaced(sock, control);
	return 0;
}
