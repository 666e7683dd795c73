// SPDX-License-Identifier: MPL-2.0
/* hello_server [ENDPOINT [MILLISECONDS]]: answers "World" after some work. */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://*:5555");
	long effort = atol(argument(argc, argv, 2, "0"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_REP);
	int answered = 0;
	char text[64];

	begin();
	must(zmq_bind(socket, endpoint), endpoint);
	printf("waiting on %s\n", endpoint);
	while (!interrupted && !receive_text(socket, text, sizeof(text))) {
		printf("received %s\n", text);
		work(effort);
		if (send_text(socket, "World"))
			break;
		answered++;
	}
	printf("interrupted after %d answers\n", answered);
	finish(context, socket);
	return 0;
}
