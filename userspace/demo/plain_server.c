// SPDX-License-Identifier: MPL-2.0
/*
 * plain_server ENDPOINT: the Hello World server with socket calls alone.
 */
#include "plain.h"

/* The alarm clock is for a recv() that began just after Ctrl-C. */
static void on_interrupt(int number)
{
	(void)number;
	alarm(1);
}

int main(int argc, char **argv)
{
	const char *endpoint = argc > 1 ? argv[1] : "tcp://*:5555";
	struct sigaction action = { .sa_handler = on_interrupt };
	struct sockaddr_zmq address;
	int fd, answered = 0;
	char text[64];
	ssize_t size;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	fd = must(socket(AF_ZMQ, SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_AF_REP), "socket");
	must(bind(fd, (struct sockaddr *)&address, endpoint_address(&address, endpoint)),
	     endpoint);
	printf("waiting on %s, descriptor %d\n", endpoint, fd);
	while ((size = recv(fd, text, sizeof(text), 0)) >= 0) {
		printf("received %.*s\n", (int)size, text);
		must(send(fd, "World", 5, 0), "send");
		answered++;
	}
	if (errno != EINTR)
		must(-1, "recv");
	printf("interrupted after %d answers\n", answered);
	return 0;
}
