// SPDX-License-Identifier: GPL-2.0
/* Lists of networks, see filter.h. */
#include <linux/inet.h>
#include "filter.h"

#define ZMQ_FILTER_V4_BITS	96	/* before an IPv4 address */

/* Decimal digits, at most @max. */
static int zmq_filter_bits(const char *str, size_t len, u32 max)
{
	u32 val = 0;
	size_t i;

	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (str[i] < '0' || str[i] > '9')
			return -EINVAL;
		val = val * 10 + (str[i] - '0');
		if (val > max)
			return -EINVAL;
	}
	return val;
}

static bool zmq_filter_v4(struct zmq_filter_net *net, const char *str,
			  size_t len)
{
	const char *end;

	memset(net->addr, 0, 10);
	memset(net->addr + 10, 0xff, 2);
	return in4_pton(str, len, net->addr + 12, -1, &end) &&
	       end == str + len;
}

static bool zmq_filter_v6(struct zmq_filter_net *net, const char *str,
			  size_t len)
{
	const char *end;

	if (len >= 2 && str[0] == '[' && str[len - 1] == ']') {
		str++;
		len -= 2;
	}
	return len && in6_pton(str, len, net->addr, -1, &end) &&
	       end == str + len;
}

int zmq_filter_parse(struct zmq_filter_net *net, const char *str, size_t len,
		     bool ipv6)
{
	u32 before, most;
	size_t addr = 0;
	int bits;

	memset(net, 0, sizeof(*net));
	while (addr < len && str[addr] != '/')
		addr++;
	if (!addr)
		return -EINVAL;
	if (zmq_filter_v4(net, str, addr))
		before = ZMQ_FILTER_V4_BITS;
	else if (ipv6 && zmq_filter_v6(net, str, addr))
		before = 0;
	else
		return -EINVAL;
	most = ZMQ_FILTER_ADDR * 8 - before;
	bits = most;
	if (addr < len)
		bits = zmq_filter_bits(str + addr + 1, len - addr - 1, most);
	if (bits < 0)
		return bits;
	net->bits = before + bits;
	return 0;
}

static bool zmq_filter_in(const struct zmq_filter_net *net, const u8 *addr)
{
	u32 bytes = net->bits / 8;
	u32 rest = net->bits % 8;
	u8 mask = 0xff << (8 - rest);

	if (memcmp(net->addr, addr, bytes))
		return false;
	return !rest || !((net->addr[bytes] ^ addr[bytes]) & mask);
}

bool zmq_filter_match(const struct zmq_filter_net *net, size_t n,
		      const u8 *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (zmq_filter_in(&net[i], addr))
			return true;
	return false;
}
