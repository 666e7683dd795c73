// SPDX-License-Identifier: MPL-2.0
/*
 * zmqcat: lines of the standard input are sent, messages received are printed,
 * one a line.  An event loop with epoll(7) over plain AF_ZMQ sockets.
 */
#include <argp.h>
#include <sys/epoll.h>
#include "example.h"

#define PART_MAX	(1 << 20)
#define LINE_MAX_BYTES	65536

#define OPT_SUBSCRIBE	6	/* ZMQ_SUBSCRIBE */

/**
 * struct cat - what was asked for
 * @bind: bind, else connect
 * @inherit: the socket is descriptor 3
 * @count: messages to receive, then end; -1 = no limit
 * @topic: to subscribe to, or NULL
 * @type: type of socket
 * @endpoint: where
 */
struct cat {
	bool		bind;
	bool		inherit;
	long		count;
	const char	*topic;
	const char	*type;
	const char	*endpoint;
};

/* How many descriptors were handed over to this process. */
static int listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (!pid || !fds || atoi(pid) != getpid())
		return 0;
	return atoi(fds);
}

static int cat_socket(const struct cat *cat)
{
	const char *topic = cat->topic;
	int fd;

	if (cat->inherit) {
		if (listen_fds() < 1)
			errx(2, "no socket was handed over");
		return LISTEN_FDS_START;
	}
	fd = socket_new(cat->type);
	if (!topic && !strcmp(cat->type, "sub"))
		topic = "";
	if (topic && setsockopt(fd, SOL_ZMQ, OPT_SUBSCRIBE, topic,
				strlen(topic)))
		err(1, "subscribe");
	socket_attach(fd, cat->bind, cat->endpoint);
	return fd;
}

/* Prints one message, parts separated by tabs; false if there is none. */
static bool cat_print(int fd)
{
	static char part[PART_MAX];
	struct iovec iov = { part, sizeof(part) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EBADFD))
			return false;
		if (n < 0)
			err(1, "recvmsg");
		fwrite(part, 1, n, stdout);
		putchar(msg.msg_flags & MSG_MORE ? '\t' : '\n');
	} while (msg.msg_flags & MSG_MORE);
	fflush(stdout);
	return true;
}

/* Sends a line as a message, tabs separate parts; false if it has to wait. */
static bool cat_send(int fd, char *line)
{
	char *tab = strchr(line, '\t');
	int flags = MSG_DONTWAIT;

	/* Only the first part can be refused for want of room. */
	while (tab) {
		if (send(fd, line, tab - line, flags | MSG_MORE) < 0)
			goto out;
		line = tab + 1;
		flags = 0;
		tab = strchr(line, '\t');
	}
	if (send(fd, line, strlen(line), flags) >= 0)
		return true;
out:
	if (errno == EAGAIN || errno == EBADFD)
		return false;
	err(1, "send");
}

/**
 * struct input - lines of the standard input
 * @buf: bytes read
 * @len: how many
 * @line: length of the line at the front, without its end; -1 = not complete
 * @end: nothing more comes
 * @file: a file, which cannot be polled: always readable
 */
struct input {
	char	buf[LINE_MAX_BYTES];
	size_t	len;
	ssize_t	line;
	bool	end;
	bool	file;
};

/* Is there a complete line at the front?  The last one may lack its end. */
static void input_look(struct input *in)
{
	char *nl = memchr(in->buf, '\n', in->len);

	in->line = -1;
	if (nl)
		in->line = nl - in->buf;
	else if (in->len && (in->end || in->len == sizeof(in->buf) - 1))
		in->line = in->len;
	if (in->line >= 0)
		in->buf[in->line] = 0;
}

static void input_read(struct input *in)
{
	ssize_t n = read(STDIN_FILENO, in->buf + in->len,
			 sizeof(in->buf) - 1 - in->len);

	if (n < 0)
		err(1, "standard input");
	in->len += n;
	in->end = !n;
	input_look(in);
}

/* The line at the front is done. */
static void input_drop(struct input *in)
{
	size_t used = in->line + 1;

	if (used > in->len)
		used = in->len;
	in->len -= used;
	memmove(in->buf, in->buf + used, in->len);
	input_look(in);
}

static void epoll_set(int ep, int op, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(ep, op, fd, &ev))
		err(1, "epoll_ctl");
}

static bool receives(const char *type)
{
	return strcmp(type, "pub") && strcmp(type, "push");
}

static bool sends(const char *type)
{
	return strcmp(type, "sub") && strcmp(type, "pull");
}

/* Waits until the socket, or the input if a line is wanted, has something. */
static unsigned int cat_wait(int ep, int fd, struct input *in, bool receive)
{
	bool want = in->line < 0 && !in->end;
	unsigned int events = receive ? EPOLLIN : 0;
	struct epoll_event ev[2];
	int i, n;

	/* Writable matters while a line waits only. */
	if (in->line >= 0)
		events |= EPOLLOUT;
	epoll_set(ep, EPOLL_CTL_MOD, fd, events);
	/* Added while it is wanted: a pipe without writers is always ready. */
	if (want && !in->file)
		epoll_set(ep, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
	do {
		n = epoll_wait(ep, ev, 2, want && in->file ? 0 : -1);
	} while (n < 0 && errno == EINTR);
	if (want && !in->file)
		epoll_set(ep, EPOLL_CTL_DEL, STDIN_FILENO, 0);
	if (n < 0)
		err(1, "epoll_wait");
	events = 0;
	for (i = 0; i < n; i++)
		if (ev[i].data.fd == fd)
			events = ev[i].events;
		else if (want)
			input_read(in);
	if (want && in->file)
		input_read(in);
	return events;
}

/* Until there is nothing to send, and as many messages came as were wanted. */
static void cat_loop(struct cat *cat, int fd)
{
	static struct input input;
	bool in = receives(cat->type) && cat->count;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = {};
	unsigned int events;

	input.line = -1;
	input.end = !sends(cat->type);
	/* Files and /dev/null cannot be waited for. */
	input.file = epoll_ctl(ep, EPOLL_CTL_ADD, STDIN_FILENO, &ev) &&
		     errno == EPERM;
	if (!input.file)
		epoll_set(ep, EPOLL_CTL_DEL, STDIN_FILENO, 0);
	epoll_set(ep, EPOLL_CTL_ADD, fd, 0);
	while (in || !input.end || input.line >= 0) {
		events = cat_wait(ep, fd, &input, in);
		while (in && events & EPOLLIN && cat_print(fd)) {
			if (cat->count > 0)
				cat->count--;
			in = cat->count != 0;
		}
		while (input.line >= 0 && events & EPOLLOUT &&
		       cat_send(fd, input.buf))
			input_drop(&input);
		if (events & EPOLLHUP)
			break;
	}
	close(ep);
}

static const struct argp_option options[] = {
	{ "bind",	'b', NULL,	0, "bind to ENDPOINT, do not connect", 0 },
	{ "count",	'n', "COUNT",	0, "end after so many messages", 0 },
	{ "subscribe",	's', "TOPIC",	0, "sub: the topic, default all", 0 },
	{ "inherit",	'i', NULL,	0,
	  "use the socket handed over as descriptor 3 (LISTEN_FDS)", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cat *cat = state->input;

	switch (key) {
	case 'b':
		cat->bind = true;
		return 0;
	case 'i':
		cat->inherit = true;
		return 0;
	case 'n':
		cat->count = atol(arg);
		return 0;
	case 's':
		cat->topic = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_usage(state);
		*(state->arg_num ? &cat->endpoint : &cat->type) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!cat->type || !cat->endpoint == !cat->inherit)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "TYPE ENDPOINT\nTYPE --inherit",
	.doc = "Sends lines as ZeroMQ messages and prints messages as lines.",
};

int main(int argc, char **argv)
{
	struct cat cat = { .count = -1 };
	int fd;

	argp_parse(&argp, argc, argv, 0, NULL, &cat);
	fd = cat_socket(&cat);
	cat_loop(&cat, fd);
	/* What is not sent yet lingers in the kernel. */
	return close(fd) ? EXIT_FAILURE : EXIT_SUCCESS;
}
