// SPDX-License-Identifier: MPL-2.0
/*
 * receiver [ENDPOINT [COUNT [SECONDS]]]: receives COUNT messages, in order,
 * unless none comes for some SECONDS.
 */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://*:5559");
	int count = atoi(argument(argc, argv, 2, "10"));
	int patience = 1000 * atoi(argument(argc, argv, 3, "10"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_PULL);
	char text[64], expected[64];
	int i;

	begin();
	must(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience)),
	     "ZMQ_RCVTIMEO");
	must(zmq_bind(socket, endpoint), endpoint);
	for (i = 0; i < count; i++) {
		if (receive_text(socket, text, sizeof(text)))
			break;
		snprintf(expected, sizeof(expected), "message %d of %d", i + 1, count);
		if (strcmp(text, expected)) {
			fprintf(stderr, "\"%s\" instead of \"%s\"\n", text, expected);
			return EXIT_FAILURE;
		}
	}
	printf("%d messages received\n", i);
	finish(context, socket);
	return 0;
}
