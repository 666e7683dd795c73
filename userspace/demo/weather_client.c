// SPDX-License-Identifier: MPL-2.0
/* weather_client [ENDPOINT [ZIP [UPDATES]]]: the average temperature there. */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://localhost:5556");
	int zip = atoi(argument(argc, argv, 2, "10001"));
	int updates = atoi(argument(argc, argv, 3, "100"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_SUB);
	int there, temperature, humidity, i;
	char text[64];
	long sum = 0;

	begin();
	snprintf(text, sizeof(text), "%d ", zip);
	must(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, text, strlen(text)), "ZMQ_SUBSCRIBE");
	must(zmq_connect(socket, endpoint), endpoint);
	for (i = 0; i < updates; i++) {
		if (receive_text(socket, text, sizeof(text)))
			break;
		if (sscanf(text, "%d %d %d", &there, &temperature, &humidity) != 3 ||
		    there != zip) {
			fprintf(stderr, "%d: not subscribed to \"%s\"\n", zip, text);
			return EXIT_FAILURE;
		}
		if (!i)
			printf("zip code %d: first update, %d degrees\n", zip, temperature);
		sum += temperature;
	}
	if (i)
		printf("zip code %d: %.1f degrees on average of %d updates\n", zip,
		       (double)sum / i, i);
	finish(context, socket);
	return i == updates ? 0 : EXIT_FAILURE;
}
