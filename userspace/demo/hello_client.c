// SPDX-License-Identifier: MPL-2.0
/* hello_client [ENDPOINT [COUNT]]: asks COUNT times. */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://localhost:5555");
	int count = atoi(argument(argc, argv, 2, "10"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_REQ);
	char text[64];
	int i;

	begin();
	must(zmq_connect(socket, endpoint), endpoint);
	for (i = 1; i <= count; i++) {
		if (send_text(socket, "Hello") || receive_text(socket, text, sizeof(text)))
			break;
		printf("request %d: Hello - %s\n", i, text);
	}
	finish(context, socket);
	return i > count ? 0 : EXIT_FAILURE;
}
