// SPDX-License-Identifier: MPL-2.0
/*
 * plain_client [ENDPOINT [COUNT]]: the Hello World client with socket calls alone.
 */
#include "plain.h"

int main(int argc, char **argv)
{
	const char *endpoint = argc > 1 ? argv[1] : "tcp://127.0.0.1:5555";
	int count = argc > 2 ? atoi(argv[2]) : 10;
	struct sockaddr_zmq address;
	char text[64];
	ssize_t size;
	int fd, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = must(socket(AF_ZMQ, SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_AF_REQ), "socket");
	must(connect(fd, (struct sockaddr *)&address, endpoint_address(&address, endpoint)),
	     endpoint);
	for (i = 1; i <= count; i++) {
		must(send(fd, "Hello", 5, 0), "send");
		size = must(recv(fd, text, sizeof(text), 0), "recv");
		printf("request %d: Hello - %.*s\n", i, (int)size, text);
	}
	return 0;
}
