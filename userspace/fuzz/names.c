// SPDX-License-Identifier: GPL-2.0-only
/*
 * A resolver's answer.  Input: IPv6 or not, then the list of addresses.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/names.h"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\0" "127.0.0.1"),
	FUZZ_SEED("\1" "::1,127.0.0.1,fe80::1%eth0"),
	FUZZ_SEED("\1" "1.1.1.1,1.1.1.1,,2.2.2.2,::ffff:1.1.1.1"),
	FUZZ_SEED("\0" "1.0.0.0,2.0.0.0,3.0.0.0,4.0.0.0,5.0.0.0,6.0.0.0,7.0.0.0,"
		  "8.0.0.0,9.0.0.0,1.1.0.0,1.2.0.0,1.3.0.0,1.4.0.0,1.5.0.0,"
		  "1.6.0.0,1.7.0.0,1.8.0.0"),
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zmq_names names, before;
	bool ipv6;
	char *list;
	int i, j, n;

	if (!size)
		return 0;
	ipv6 = data[0] & 1;
	list = malloc(size);
	FUZZ_CHECK(list);
	memcpy(list, data + 1, size - 1);
	memset(&names, 0, sizeof(names));
	names.n = 2;
	names.next = 1;
	before = names;
	n = zmq_names_parse(&names, list, size - 1, ipv6);
	free(list);
	FUZZ_CHECK(n >= 0 && n <= ZMQ_NAMES_MAX);
	if (!n) {
		FUZZ_CHECK(!memcmp(&names, &before, sizeof(names)));
		return 0;
	}
	FUZZ_CHECK(names.n == n && !names.next);
	for (i = 0; i < n; i++) {
		FUZZ_CHECK(ipv6 || zmq_names_v4(names.addr[i]));
		FUZZ_CHECK(zmq_names_next(&names) == names.addr[i]);
		for (j = 0; j < i; j++)
			FUZZ_CHECK(memcmp(names.addr[i], names.addr[j],
					  ZMQ_NAMES_ADDR));
	}
	FUZZ_CHECK(!names.next);
	return 0;
}
