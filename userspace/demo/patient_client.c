// SPDX-License-Identifier: MPL-2.0
/*
 * patient_client [ENDPOINT [COUNT]]: asks again when no answer comes within
 * half a second, because the server is not there or has died meanwhile.
 */
#include "demo.h"

static void set(void *socket, int option, int value)
{
	must(zmq_setsockopt(socket, option, &value, sizeof(value)), "zmq_setsockopt");
}

/* 0, or -1 after Ctrl-C. */
static int ask(void *socket, int number)
{
	char text[64];

	for (;;) {
		if (!send_text(socket, "Hello") && !receive_text(socket, text, sizeof(text)))
			break;
		if (errno == EINTR)
			return -1;
		printf("request %d: no answer, once more\n", number);
	}
	printf("request %d: Hello - %s\n", number, text);
	return 0;
}

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://localhost:5555");
	int count = atoi(argument(argc, argv, 2, "10"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_REQ);
	int i = 1;

	begin();
	/* It may ask again before the answer, and ignores late answers. */
	set(socket, ZMQ_REQ_RELAXED, 1);
	set(socket, ZMQ_REQ_CORRELATE, 1);
	set(socket, ZMQ_RCVTIMEO, 500);
	set(socket, ZMQ_LINGER, 0);
	must(zmq_connect(socket, endpoint), endpoint);
	while (i <= count && !ask(socket, i))
		i++;
	finish(context, socket);
	return i > count ? 0 : EXIT_FAILURE;
}
