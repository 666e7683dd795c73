// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoint syntax.  Input: bind or connect, then the string.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/endpoint.h"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\1tcp://*:5555"),
	FUZZ_SEED("\1tcp://eth0:*"),
	FUZZ_SEED("\1tcp://[::]:0"),
	FUZZ_SEED("\0tcp://127.0.0.1:65535"),
	FUZZ_SEED("\0tcp://[fe80::1%eth0]:5555"),
	FUZZ_SEED("\0tcp://192.168.1.17:0;192.168.1.1:5555"),
	FUZZ_SEED("\0tcp://eth0:*;[::1]:1"),
	FUZZ_SEED("\0tcp://broker.example.org:5555"),
	FUZZ_SEED("\0ipc:///tmp/feed"),
	FUZZ_SEED("\1ipc://@abstract"),
	FUZZ_SEED("\1ipc://*"),
	FUZZ_SEED("\1inproc://name"),
	FUZZ_SEED("\1udp://239.0.0.1:5555"),
	FUZZ_SEED("\0udp://eth0;[ff02::1]:5555"),
	FUZZ_SEED("\1udp://*;239.0.0.1:*"),
	FUZZ_SEED("\1sctp://*:1"),
	{ 0 },
};

/* "host:port;" or "host:port" of a part, as the parser takes it. */
static size_t print_host(char *p, size_t room,
			 const struct zmq_endpoint_host *host, const char *end)
{
	FUZZ_CHECK(strlen(host->host) <= ZMQ_ENDPOINT_HOST_MAX);
	FUZZ_CHECK(host->host[0] && !strpbrk(host->host, "/[]; "));
	FUZZ_CHECK(host->wild == !strcmp(host->host, "*"));
	return snprintf(p, room, host->bracketed ? "[%s]:%u%s" : "%s:%u%s",
			host->host, host->port, end);
}

static size_t print_tcp(char *p, size_t room, const struct zmq_endpoint *ep)
{
	size_t n = snprintf(p, room, "tcp://");

	if (ep->has_src)
		n += print_host(p + n, room - n, &ep->src, ";");
	return n + print_host(p + n, room - n, &ep->tcp, "");
}

static size_t print_udp(char *p, size_t room, const struct zmq_endpoint *ep)
{
	size_t n = snprintf(p, room, "udp://");

	FUZZ_CHECK(!ep->src.port);
	if (ep->has_src)
		n += snprintf(p + n, room - n,
			      ep->src.bracketed ? "[%s];" : "%s;",
			      ep->src.host);
	return n + print_host(p + n, room - n, &ep->tcp, "");
}

static size_t print_ipc(char *p, size_t room, const struct zmq_endpoint *ep)
{
	FUZZ_CHECK(strlen(ep->path) == ep->path_len);
	FUZZ_CHECK(ep->path_len + ep->abstract <= ZMQ_ENDPOINT_PATH_MAX);
	FUZZ_CHECK(ep->wild == !ep->path_len);
	return snprintf(p, room, "ipc://%s%s", ep->abstract ? "@" : "",
			ep->wild ? "*" : ep->path);
}

/* What was understood can be written down and is understood the same way. */
static void check_again(const struct zmq_endpoint *ep, bool bind)
{
	struct zmq_endpoint again;
	char text[1024];
	size_t n;

	if (ep->proto == ZMQ_ENDPOINT_INPROC)
		return;
	if (ep->proto == ZMQ_ENDPOINT_TCP)
		n = print_tcp(text, sizeof(text), ep);
	else if (ep->proto == ZMQ_ENDPOINT_UDP)
		n = print_udp(text, sizeof(text), ep);
	else
		n = print_ipc(text, sizeof(text), ep);
	FUZZ_CHECK(n < sizeof(text));
	FUZZ_CHECK(!zmq_endpoint_parse(&again, text, n, bind));
	FUZZ_CHECK(!memcmp(&again, ep, sizeof(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zmq_endpoint ep;
	bool bind;
	int rc;

	if (!size)
		return 0;
	bind = data[0] & 1;
	rc = zmq_endpoint_parse(&ep, (const char *)data + 1, size - 1, bind);
	if (rc) {
		FUZZ_CHECK(rc == -EINVAL || rc == -EPROTONOSUPPORT ||
			   rc == -ENAMETOOLONG);
		return 0;
	}
	FUZZ_CHECK(ep.proto == ZMQ_ENDPOINT_IPC ||
		   size - 1 <= ZMQ_ENDPOINT_MAX);
	FUZZ_CHECK(bind || ep.tcp.port || ep.proto == ZMQ_ENDPOINT_IPC ||
		   ep.proto == ZMQ_ENDPOINT_INPROC);
	FUZZ_CHECK(bind || !(ep.wild || ep.tcp.wild));
	FUZZ_CHECK(!bind || !ep.has_src || ep.proto == ZMQ_ENDPOINT_UDP);
	check_again(&ep, bind);
	return 0;
}
