// SPDX-License-Identifier: MPL-2.0
/* version: which libzmq this program has got. */
#include "demo.h"

int main(void)
{
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	printf("built for libzmq %d.%d.%d, runs with %d.%d.%d%s\n", ZMQ_VERSION_MAJOR,
	       ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH, major, minor, patch,
	       zmq_has("af_zmq") ? " over AF_ZMQ" : "");
	return 0;
}
