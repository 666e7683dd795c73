// SPDX-License-Identifier: GPL-2.0
/* Addresses of a host name, see names.h. */
#include <linux/inet.h>
#include "names.h"

static const u8 zmq_names_mapped[12] = { [10] = 0xff, [11] = 0xff };

bool zmq_names_v4(const u8 *addr)
{
	return !memcmp(addr, zmq_names_mapped, sizeof(zmq_names_mapped));
}

static bool zmq_names_addr(u8 *addr, const char *str, size_t len, bool ipv6)
{
	size_t mapped = sizeof(zmq_names_mapped);
	const char *end;

	memcpy(addr, zmq_names_mapped, mapped);
	if (in4_pton(str, len, addr + mapped, -1, &end) && end == str + len)
		return true;
	return ipv6 && in6_pton(str, len, addr, -1, &end) && end == str + len;
}

static void zmq_names_add(struct zmq_names *names, const u8 *addr)
{
	int i;

	if (names->n == ZMQ_NAMES_MAX)
		return;
	for (i = 0; i < names->n; i++)
		if (!memcmp(names->addr[i], addr, ZMQ_NAMES_ADDR))
			return;
	memcpy(names->addr[names->n++], addr, ZMQ_NAMES_ADDR);
}

int zmq_names_parse(struct zmq_names *names, const char *str, size_t len,
		    bool ipv6)
{
	struct zmq_names found = {};
	u8 addr[ZMQ_NAMES_ADDR];
	size_t at = 0, end;

	while (at < len) {
		end = at;
		while (end < len && str[end] != ',')
			end++;
		if (end > at && zmq_names_addr(addr, str + at, end - at, ipv6))
			zmq_names_add(&found, addr);
		at = end + 1;
	}
	if (found.n)
		*names = found;
	return found.n;
}

const u8 *zmq_names_next(struct zmq_names *names)
{
	const u8 *addr;

	if (!names->n)
		return NULL;
	addr = names->addr[names->next++];
	if (names->next == names->n)
		names->next = 0;
	return addr;
}
