// SPDX-License-Identifier: MPL-2.0
/* worker [VENTILATOR [SINK]]: works as long as each task says. */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://localhost:5557");
	const char *sink_endpoint = argument(argc, argv, 2, "tcp://localhost:5558");
	void *context = zmq_ctx_new();
	void *tasks = must_open(context, ZMQ_PULL);
	void *sink = must_open(context, ZMQ_PUSH);
	int done = 0;
	long total = 0;
	char text[64];

	begin();
	must(zmq_connect(tasks, endpoint), endpoint);
	must(zmq_connect(sink, sink_endpoint), sink_endpoint);
	while (!interrupted && !receive_text(tasks, text, sizeof(text))) {
		work(atol(text));
		if (send_text(sink, ""))
			break;
		total += atol(text);
		done++;
	}
	printf("interrupted after %d tasks, %ld ms of work\n", done, total);
	must(zmq_close(sink), "zmq_close");
	finish(context, tasks);
	return 0;
}
