// SPDX-License-Identifier: MPL-2.0
/*
 * ventilator [ENDPOINT [SINK]]: deals out 100 tasks of 1, 2, 3 ... 100
 * milliseconds to the workers, and tells the sink when it begins.
 */
#include "demo.h"

#define TASKS	100

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://*:5557");
	const char *sink_endpoint = argument(argc, argv, 2, "tcp://localhost:5558");
	void *context = zmq_ctx_new();
	void *workers = must_open(context, ZMQ_PUSH);
	void *sink = must_open(context, ZMQ_PUSH);
	int i, total = 0;
	char text[64];

	begin();
	must(zmq_bind(workers, endpoint), endpoint);
	must(zmq_connect(sink, sink_endpoint), sink_endpoint);
	printf("press Enter when the workers are ready\n");
	if (!fgets(text, sizeof(text), stdin))
		return EXIT_FAILURE;
	if (send_text(sink, "begin"))
		return EXIT_FAILURE;
	for (i = 1; i <= TASKS; i++) {
		snprintf(text, sizeof(text), "%d", i);
		if (send_text(workers, text))
			return EXIT_FAILURE;
		total += i;
	}
	printf("%d tasks dealt out, %d ms of work\n", TASKS, total);
	must(zmq_close(sink), "zmq_close");
	finish(context, workers);
	return 0;
}
