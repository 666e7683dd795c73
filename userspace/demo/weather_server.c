// SPDX-License-Identifier: MPL-2.0
/*
 * weather_server [ENDPOINT [PLACES [RATE]]]: reports the weather at random
 * ones of PLACES zip codes from 10000 on: "zip temperature humidity", RATE
 * times a second or as fast as it can (0).
 *
 * The climate at zip code z is z % 50 - 10 degrees on average, give or take 5.
 */
#include "demo.h"

int main(int argc, char **argv)
{
	const char *endpoint = argument(argc, argv, 1, "tcp://*:5556");
	int places = atoi(argument(argc, argv, 2, "1000"));
	long rate = atol(argument(argc, argv, 3, "0"));
	void *context = zmq_ctx_new();
	void *socket = must_open(context, ZMQ_PUB);
	long reports = 0;
	char text[64];

	begin();
	srandom(milliseconds());
	must(zmq_bind(socket, endpoint), endpoint);
	printf("reporting from %d places\n", places);
	while (!interrupted) {
		int zip = 10000 + random() % places;
		int temperature = zip % 50 - 10 + random() % 11 - 5;
		int humidity = 10 + random() % 50;

		snprintf(text, sizeof(text), "%d %d %d", zip, temperature, humidity);
		if (send_text(socket, text))
			break;
		reports++;
		if (rate)
			work(1000 / rate);
	}
	printf("interrupted after %ld reports\n", reports);
	finish(context, socket);
	return 0;
}
