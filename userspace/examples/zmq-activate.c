// SPDX-License-Identifier: MPL-2.0
/*
 * zmq-activate: binds sockets and starts a program when the first message is
 * there, as systemd(1) does with its .socket units: the program finds them as
 * descriptors 3, 4, ... (sd_listen_fds(3)).  When it ends, its sockets stay
 * bound, and the next message starts it again.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include "example.h"

#define SOCKETS_MAX	16

/**
 * struct sockets - those that are bound
 * @fd: descriptors
 * @names: what they are called, separated by colons
 * @n: how many
 */
struct sockets {
	int	fd[SOCKETS_MAX];
	char	names[256];
	int	n;
};

static void usage(void)
{
	fputs("usage: zmq-activate [-1] TYPE=ENDPOINT... -- PROGRAM [ARG...]\n",
	      stderr);
	exit(2);
}

/* TYPE=ENDPOINT, as in rep=tcp://127.0.0.1:5555 */
static void sockets_add(struct sockets *s, char *what)
{
	char *endpoint = strchr(what, '=');
	size_t used = strlen(s->names);

	if (!endpoint || s->n == SOCKETS_MAX)
		usage();
	*endpoint++ = 0;
	s->fd[s->n] = socket_new(what);
	socket_attach(s->fd[s->n], true, endpoint);
	snprintf(s->names + used, sizeof(s->names) - used, "%s%s",
		 s->n ? ":" : "", what);
	s->n++;
}

/* Waits until a socket has something to be received. */
static void sockets_wait(const struct sockets *s)
{
	struct pollfd pfd[SOCKETS_MAX];
	int i;

	for (i = 0; i < s->n; i++)
		pfd[i] = (struct pollfd){ .fd = s->fd[i], .events = POLLIN };
	while (poll(pfd, s->n, -1) < 0)
		if (errno != EINTR)
			err(1, "poll");
}

/* In the child: descriptors and variables as sd_listen_fds(3) has them. */
static void run(const struct sockets *s, char **argv)
{
	int moved[SOCKETS_MAX];
	char text[16];
	int i;

	/* First out of the way of the numbers that are wanted. */
	for (i = 0; i < s->n; i++)
		moved[i] = fcntl(s->fd[i], F_DUPFD_CLOEXEC,
				 LISTEN_FDS_START + SOCKETS_MAX);
	for (i = 0; i < s->n; i++)
		if (dup2(moved[i], LISTEN_FDS_START + i) < 0)
			err(127, "dup2");
	snprintf(text, sizeof(text), "%d", s->n);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", s->names, 1);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	struct sockets sockets = {};
	bool once = false;
	int i = 1, status;

	if (i < argc && !strcmp(argv[i], "-1")) {
		once = true;
		i++;
	}
	for (; i < argc && strcmp(argv[i], "--"); i++)
		sockets_add(&sockets, argv[i]);
	if (!sockets.n || i + 1 >= argc)
		usage();
	do {
		pid_t pid;

		sockets_wait(&sockets);
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid)
			run(&sockets, argv + i + 1);
		if (waitpid(pid, &status, 0) < 0)
			err(1, "waitpid");
		/* A program that cannot do it would be started for ever. */
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			errx(1, "%s failed", argv[i + 1]);
	} while (!once);
	return 0;
}
