// SPDX-License-Identifier: MPL-2.0
/*
 * quick_sender [ENDPOINT [COUNT]]: sends and exits at once.  It closes
 * nothing and waits for nothing: with an I/O thread in the process the
 * messages would go with it.
 */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://localhost:5559");
	int count = atoi(argument(argc, argv, 2, "10"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_PUSH);
	char text[64];
	int i;

	begin();
	must(zmq_connect(socket, endpoint), endpoint);
	for (i = 1; i <= count; i++) {
		snprintf(text, sizeof(text), "message %d of %d", i, count);
		if (send_text(socket, text))
			return EXIT_FAILURE;
	}
	printf("%d messages sent, good-bye\n", count);
	return 0;
}
