// SPDX-License-Identifier: MPL-2.0
/* This library on a kernel without AF_ZMQ. */
#include "tap.h"

#include <linux/zmq.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *family_there(void)
{
	int fd;

	if (getenv("ZMQ_SHIM_FALLBACK"))
		return "fallback asked for";
	if (!access("/sys/module/af_zmq", F_OK))
		return "the module is loaded";
	fd = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_AF_PAIR);
	if (fd < 0)
		return NULL;
	close(fd);
	return "there is a family of this number";
}

/* Run zmq_socket() with stderr in a pipe; bytes read from it, or -1. */
static int socket_stderr(void *ctx, char *text, size_t size)
{
	int saved = dup(STDERR_FILENO);
	int fds[2];
	ssize_t n;
	int i;

	if (saved < 0 || pipe(fds) || dup2(fds[1], STDERR_FILENO) < 0)
		return -1;
	close(fds[1]);
	for (i = 0; i < 3; i++)
		if (zmq_socket(ctx, ZMQ_PAIR) || zmq_errno() != EAFNOSUPPORT)
			return -1;
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(fds[0], text, size - 1);
	close(fds[0]);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static void says_so(void)
{
	void *ctx = zmq_ctx_new();
	char text[1024];
	char *hint;

	CHECK(ctx);
	CHECK(socket_stderr(ctx, text, sizeof(text)) > 0);
	hint = strstr(text, "modprobe af_zmq");
	CHECK(hint);
	CHECK(!strstr(hint + 1, "modprobe af_zmq"));
	CHECK(zmq_ctx_term(ctx) == 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "no family: EAFNOSUPPORT, and told once how to help it",
		  says_so, family_there },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
