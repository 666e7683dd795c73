// SPDX-License-Identifier: MPL-2.0
/* sink [ENDPOINT [COUNT]]: collects results and says how long they took. */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://*:5558");
	int count = atoi(argument(argc, argv, 2, "100"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_PULL);
	int results = 0;
	char text[64];
	long start;

	begin();
	must(zmq_bind(socket, endpoint), endpoint);
	printf("waiting for %d results\n", count);
	/* The ventilator's message, unless a worker's comes first. */
	if (receive_text(socket, text, sizeof(text)))
		return EXIT_FAILURE;
	start = milliseconds();
	results += !*text;
	while (results < count) {
		if (receive_text(socket, text, sizeof(text)))
			break;
		results += !*text;
	}
	printf("%d results in %ld ms\n", results, milliseconds() - start);
	finish(context, socket);
	return results == count ? 0 : EXIT_FAILURE;
}
