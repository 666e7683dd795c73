// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoint syntax of endpoint.c.
 */
#include <kunit/test.h>
#include "../endpoint.h"

#define TEN	"0123456789"
#define FIFTY	"" TEN TEN TEN TEN TEN
#define HUNDRED	"" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

enum { CONNECT, BIND };

/* @host: "*" stands for a wildcard, a leading '[' for brackets */
static const struct endpoint_tcp_param {
	const char	*desc;
	const char	*str;
	bool		bind;
	const char	*host;
	u16		port;
	const char	*src;
	u16		src_port;
} endpoint_tcp_params[] = {
	{ "IPv4", "tcp://127.0.0.1:5555", CONNECT, "127.0.0.1", 5555 },
	{ "bind IPv4", "tcp://127.0.0.1:5555", BIND, "127.0.0.1", 5555 },
	{ "bind all", "tcp://*:5555", BIND, "*", 5555 },
	{ "bind any port", "tcp://127.0.0.1:*", BIND, "127.0.0.1", 0 },
	{ "bind port 0", "tcp://127.0.0.1:0", BIND, "127.0.0.1", 0 },
	{ "bind all, any port", "tcp://*:*", BIND, "*", 0 },
	{ "bind interface", "tcp://eth0:5555", BIND, "eth0", 5555 },
	{ "bind odd interface", "tcp://a+b@c~1.2:1", BIND, "a+b@c~1.2", 1 },
	{ "bind alias interface", "tcp://eth0:1:5555", BIND, "eth0:1", 5555 },
	{ "largest port", "tcp://1.2.3.4:65535", CONNECT, "1.2.3.4", 65535 },
	{ "leading zeroes", "tcp://1.2.3.4:00080", CONNECT, "1.2.3.4", 80 },
	{ "IPv6", "tcp://[::1]:5555", CONNECT, "[::1", 5555 },
	{ "bind all IPv6", "tcp://[::]:*", BIND, "[::", 0 },
	{ "IPv6 zone", "tcp://[fe80::1%eth0]:1", CONNECT, "[fe80::1%eth0", 1 },
	{ "IPv6 without brackets", "tcp://::1:5555", CONNECT, "::1", 5555 },
	{ "IPv4 in brackets", "tcp://[1.2.3.4]:1", CONNECT, "[1.2.3.4", 1 },
	{ "name", "tcp://host-1.example_x:1", CONNECT, "host-1.example_x", 1 },
	{ "ends of the ranges", "tcp://0Az:1", CONNECT, "0Az", 1 },
	{ "their other ends", "tcp://9Za:9", CONNECT, "9Za", 9 },
	{ "longest host", "tcp://" HUNDRED HUNDRED FIFTY "123:1", CONNECT,
	  HUNDRED HUNDRED FIFTY "123", 1 },
	{ "source", "tcp://192.168.1.17:5555;192.168.1.1:80", CONNECT,
	  "192.168.1.1", 80, "192.168.1.17", 5555 },
	{ "source port 0", "tcp://10.0.0.1:0;10.0.0.2:80", CONNECT,
	  "10.0.0.2", 80, "10.0.0.1", 0 },
	{ "source any port", "tcp://eth0:*;10.0.0.2:80", CONNECT,
	  "10.0.0.2", 80, "eth0", 0 },
	{ "IPv6 source", "tcp://[::1]:0;[::1]:80", CONNECT,
	  "[::1", 80, "[::1", 0 },
};

static void endpoint_tcp_desc(const struct endpoint_tcp_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(endpoint_tcp, endpoint_tcp_params, endpoint_tcp_desc);

/* Parse @str from memory that ends with it. */
static int endpoint_parse(struct kunit *test, struct zmq_endpoint *ep,
			  const char *str, size_t len, bool bind)
{
	char *copy = kunit_kmalloc(test, len ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, str, len);
	memset(ep, 0xa5, sizeof(*ep));
	return zmq_endpoint_parse(ep, copy, len, bind);
}

static void endpoint_check_host(struct kunit *test,
				const struct zmq_endpoint_host *host,
				const char *name, u16 port)
{
	KUNIT_EXPECT_EQ(test, host->bracketed, name[0] == '[');
	KUNIT_EXPECT_EQ(test, host->wild, !strcmp(name, "*"));
	KUNIT_EXPECT_STREQ(test, (const char *)host->host,
			   name + (name[0] == '['));
	KUNIT_EXPECT_EQ(test, host->port, port);
}

static void parse__tcp(struct kunit *test)
{
	const struct endpoint_tcp_param *p = test->param_value;
	struct zmq_endpoint ep;

	KUNIT_ASSERT_EQ(test, endpoint_parse(test, &ep, p->str, strlen(p->str),
					     p->bind), 0);
	KUNIT_EXPECT_EQ(test, ep.proto, ZMQ_ENDPOINT_TCP);
	endpoint_check_host(test, &ep.tcp, p->host, p->port);
	KUNIT_EXPECT_EQ(test, ep.has_src, !!p->src);
	if (p->src)
		endpoint_check_host(test, &ep.src, p->src, p->src_port);
}

/* As a TCP one, but for the interface in front; NULL: none. */
static const struct endpoint_udp_param {
	const char	*desc;
	const char	*str;
	bool		bind;
	const char	*host;
	u16		port;
	const char	*iface;
} endpoint_udp_params[] = {
	{ "address", "udp://192.0.2.1:5555", CONNECT, "192.0.2.1", 5555 },
	{ "IPv6", "udp://[::1]:5555", CONNECT, "[::1", 5555 },
	{ "bind all", "udp://*:5555", BIND, "*", 5555 },
	{ "bind any port", "udp://127.0.0.1:*", BIND, "127.0.0.1", 0 },
	{ "bind device", "udp://eth0:1", BIND, "eth0", 1 },
	{ "interface", "udp://eth0;239.0.0.1:5555", BIND, "239.0.0.1", 5555,
	  "eth0" },
	{ "connect by interface", "udp://eth0;239.0.0.1:5555", CONNECT,
	  "239.0.0.1", 5555, "eth0" },
	{ "by address", "udp://192.0.2.9;239.0.0.1:5555", CONNECT,
	  "239.0.0.1", 5555, "192.0.2.9" },
	{ "by IPv6 address", "udp://[::1];[ff02::1]:5555", BIND,
	  "[ff02::1", 5555, "[::1" },
	{ "any interface", "udp://*;239.0.0.1:5555", CONNECT, "239.0.0.1",
	  5555, "*" },
};

static void endpoint_udp_desc(const struct endpoint_udp_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(endpoint_udp, endpoint_udp_params, endpoint_udp_desc);

static void parse__udp(struct kunit *test)
{
	const struct endpoint_udp_param *p = test->param_value;
	struct zmq_endpoint ep;

	KUNIT_ASSERT_EQ(test, endpoint_parse(test, &ep, p->str, strlen(p->str),
					     p->bind), 0);
	KUNIT_EXPECT_EQ(test, ep.proto, ZMQ_ENDPOINT_UDP);
	endpoint_check_host(test, &ep.tcp, p->host, p->port);
	KUNIT_EXPECT_EQ(test, ep.has_src, !!p->iface);
	if (p->iface)
		endpoint_check_host(test, &ep.src, p->iface, 0);
}

static const struct endpoint_ipc_param {
	const char	*desc;
	const char	*str;
	bool		bind;
	const char	*path;
	bool		abstract;
	bool		wild;
} endpoint_ipc_params[] = {
	{ "absolute", "ipc:///tmp/feed", CONNECT, "/tmp/feed" },
	{ "relative", "ipc://feed", BIND, "feed" },
	{ "abstract", "ipc://@feed", CONNECT, "feed", true },
	{ "abstract of one byte", "ipc://@a", BIND, "a", true },
	{ "abstract with an at sign", "ipc://@@", BIND, "@", true },
	{ "wildcard", "ipc://*", BIND, "", false, true },
	{ "star in a path", "ipc://*a", CONNECT, "*a" },
	{ "any bytes", "ipc:///a b\t:\377;[]*", BIND, "/a b\t:\377;[]*" },
	{ "separator in the path", "ipc://a://b", BIND, "a://b" },
	{ "longest path", "ipc://" HUNDRED "1234567", BIND,
	  HUNDRED "1234567" },
	{ "longest abstract", "ipc://@" HUNDRED "123456", BIND,
	  HUNDRED "123456", true },
};

static void endpoint_ipc_desc(const struct endpoint_ipc_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(endpoint_ipc, endpoint_ipc_params, endpoint_ipc_desc);

static void parse__ipc(struct kunit *test)
{
	const struct endpoint_ipc_param *p = test->param_value;
	struct zmq_endpoint ep;

	KUNIT_ASSERT_EQ(test, endpoint_parse(test, &ep, p->str, strlen(p->str),
					     p->bind), 0);
	KUNIT_EXPECT_EQ(test, ep.proto, ZMQ_ENDPOINT_IPC);
	KUNIT_EXPECT_STREQ(test, (const char *)ep.path, p->path);
	KUNIT_EXPECT_EQ(test, ep.path_len, strlen(p->path));
	KUNIT_EXPECT_EQ(test, ep.abstract, p->abstract);
	KUNIT_EXPECT_EQ(test, ep.wild, p->wild);
}

static void parse__inproc(struct kunit *test)
{
	static const char str[] = "inproc://some name://:1";
	struct zmq_endpoint ep;

	KUNIT_EXPECT_EQ(test, endpoint_parse(test, &ep, str, strlen(str), BIND),
			0);
	KUNIT_EXPECT_EQ(test, ep.proto, ZMQ_ENDPOINT_INPROC);
}

/* A string that may have NULs inside. */
struct endpoint_str {
	const char	*p;
	size_t		n;
};

#define STR(str)	{ (str), sizeof(str) - 1 }

static const struct endpoint_bad_param {
	const char		*desc;
	struct endpoint_str	str;
	bool			bind;
	int			error;
} endpoint_bad_params[] = {
	{ "empty", STR(""), BIND, -EINVAL },
	{ "no separator", STR("tcp"), BIND, -EINVAL },
	{ "cut separator", STR("tcp:/"), BIND, -EINVAL },
	{ "nothing after it", STR("tcp://"), BIND, -EINVAL },
	{ "nothing after ipc", STR("ipc://"), BIND, -EINVAL },
	{ "nothing after inproc", STR("inproc://"), BIND, -EINVAL },
	{ "nothing before it", STR("://*:1"), BIND, -EINVAL },
	{ "only a separator", STR("://"), BIND, -EINVAL },
	{ "NUL inside", STR("ipc://a\0b"), BIND, -EINVAL },
	{ "NUL at the end", STR("inproc://a\0"), BIND, -EINVAL },
	{ "NUL in the scheme", STR("t\0cp://*:1"), BIND, -EINVAL },
	{ "unknown transport", STR("sctp://*:1"), BIND, -EPROTONOSUPPORT },
	{ "other case", STR("TCP://*:1"), BIND, -EPROTONOSUPPORT },
	{ "cut transport", STR("tc://*:1"), BIND, -EPROTONOSUPPORT },
	{ "longer transport", STR("tcpx://*:1"), BIND, -EPROTONOSUPPORT },

	{ "no port", STR("tcp://127.0.0.1"), CONNECT, -EINVAL },
	{ "empty port", STR("tcp://127.0.0.1:"), CONNECT, -EINVAL },
	{ "empty host", STR("tcp://:5555"), BIND, -EINVAL },
	{ "empty brackets", STR("tcp://[]:5555"), BIND, -EINVAL },
	{ "only a colon", STR("tcp://:"), BIND, -EINVAL },
	{ "named port", STR("tcp://127.0.0.1:http"), CONNECT, -EINVAL },
	{ "digits and more", STR("tcp://127.0.0.1:80x"), CONNECT, -EINVAL },
	{ "space in the port", STR("tcp://127.0.0.1: 80"), CONNECT, -EINVAL },
	{ "signed port", STR("tcp://127.0.0.1:+80"), CONNECT, -EINVAL },
	{ "negative port", STR("tcp://127.0.0.1:-1"), CONNECT, -EINVAL },
	{ "port 65536", STR("tcp://127.0.0.1:65536"), CONNECT, -EINVAL },
	{ "port 2^32 + 1", STR("tcp://1.1.1.1:4294967297"), BIND, -EINVAL },
	{ "port star and more", STR("tcp://*:*1"), BIND, -EINVAL },
	{ "long host", STR("tcp://" HUNDRED HUNDRED FIFTY "1234:1"),
	  CONNECT, -EINVAL },
	{ "many zeroes", STR("tcp://1.1.1.1:" HUNDRED HUNDRED HUNDRED HUNDRED
			     HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
			     "1"), CONNECT, -EINVAL },
	{ "open bracket", STR("tcp://[::1:5555"), CONNECT, -EINVAL },
	{ "closed bracket", STR("tcp://::1]:5555"), CONNECT, -EINVAL },
	{ "brackets inside", STR("tcp://a[b]c:1"), CONNECT, -EINVAL },
	{ "two brackets", STR("tcp://[[::1]]:1"), CONNECT, -EINVAL },
	{ "no colon after it", STR("tcp://[::1]5555"), CONNECT, -EINVAL },
	{ "star in brackets", STR("tcp://[*]:1"), BIND, -EINVAL },
	{ "star and more", STR("tcp://*a:1"), BIND, -EINVAL },
	{ "empty zone", STR("tcp://[fe80::1%]:1"), CONNECT, -EINVAL },
	{ "zone alone", STR("tcp://[%eth0]:1"), BIND, -EINVAL },
	{ "space in the host", STR("tcp://a b:1"), BIND, -EINVAL },
	{ "slash in the host", STR("tcp://a/b:1"), BIND, -EINVAL },
	{ "path after it", STR("tcp://127.0.0.1:1/"), CONNECT, -EINVAL },
	{ "DEL", STR("tcp://a\177:1"), BIND, -EINVAL },
	{ "control character", STR("tcp://a\n:1"), BIND, -EINVAL },
	{ "not ASCII", STR("tcp://\344\366:1"), BIND, -EINVAL },
	{ "connect to not ASCII", STR("tcp://\344\366:1"), CONNECT, -EINVAL },
	{ "connect to odd name", STR("tcp://a+b:1"), CONNECT, -EINVAL },
	{ "connect to a dot", STR("tcp://.a:1"), CONNECT, -EINVAL },
	{ "connect to all", STR("tcp://*:5555"), CONNECT, -EINVAL },
	{ "connect to any port", STR("tcp://1.1.1.1:*"), CONNECT, -EINVAL },
	{ "connect to port 0", STR("tcp://1.1.1.1:0"), CONNECT, -EINVAL },
	{ "bind with source", STR("tcp://1.1.1.1:0;1.1.1.1:1"), BIND,
	  -EINVAL },
	{ "source without port", STR("tcp://eth0;1.1.1.1:1"), CONNECT,
	  -EINVAL },
	{ "empty source", STR("tcp://;1.1.1.1:1"), CONNECT, -EINVAL },
	{ "wildcard source", STR("tcp://*:1;1.1.1.1:1"), CONNECT, -EINVAL },
	{ "two sources", STR("tcp://a:1;b:1;1.1.1.1:1"), CONNECT, -EINVAL },
	{ "source alone", STR("tcp://1.1.1.1:1;"), CONNECT, -EINVAL },

	{ "UDP: no port", STR("udp://127.0.0.1"), BIND, -EINVAL },
	{ "UDP: connect to port 0", STR("udp://1.1.1.1:0"), CONNECT, -EINVAL },
	{ "UDP: connect to all", STR("udp://*:1"), CONNECT, -EINVAL },
	{ "UDP: empty interface", STR("udp://;239.0.0.1:1"), BIND, -EINVAL },
	{ "UDP: two interfaces", STR("udp://a;b;239.0.0.1:1"), BIND, -EINVAL },
	{ "UDP: interface alone", STR("udp://eth0;"), BIND, -EINVAL },
	{ "UDP: star in brackets", STR("udp://[*];239.0.0.1:1"), BIND,
	  -EINVAL },

	{ "abstract without name", STR("ipc://@"), BIND, -EINVAL },
	{ "connect to wildcard", STR("ipc://*"), CONNECT, -EINVAL },
	{ "path of 108", STR("ipc://" HUNDRED "12345678"), BIND,
	  -ENAMETOOLONG },
	{ "abstract of 107", STR("ipc://@" HUNDRED "1234567"), CONNECT,
	  -ENAMETOOLONG },
};

static void endpoint_bad_desc(const struct endpoint_bad_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(endpoint_bad, endpoint_bad_params, endpoint_bad_desc);

static void parse__refused(struct kunit *test)
{
	const struct endpoint_bad_param *p = test->param_value;
	struct zmq_endpoint ep;

	KUNIT_EXPECT_EQ(test, endpoint_parse(test, &ep, p->str.p, p->str.n,
					     p->bind), p->error);
}

/* The longest string, and one byte more. */
static void parse__length(struct kunit *test)
{
	static const struct {
		const char	*scheme;
		int		rc[2];
	} cases[] = {
		{ "inproc://", { 0, -EINVAL } },
		{ "ipc://", { -ENAMETOOLONG, -ENAMETOOLONG } },
	};
	const size_t max = ZMQ_ENDPOINT_MAX;
	struct zmq_endpoint ep;
	size_t i, more;
	char *str;

	str = kunit_kmalloc(test, max + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, str);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(str, 'a', max + 1);
		memcpy(str, cases[i].scheme, strlen(cases[i].scheme));
		for (more = 0; more < 2; more++)
			KUNIT_EXPECT_EQ_MSG(test, endpoint_parse(test, &ep, str,
								 max + more,
								 BIND),
					    cases[i].rc[more], "%s, %zu more",
					    cases[i].scheme, more);
	}
}

/* Beginnings of good strings, which may be good; not with an empty port. */
static void parse__every_cut(struct kunit *test)
{
	const struct endpoint_tcp_param *p = test->param_value;
	size_t n, port = strrchr(p->str, ':') + 1 - p->str;
	struct zmq_endpoint ep;
	int rc;

	for (n = 0; n < strlen(p->str); n++) {
		rc = endpoint_parse(test, &ep, p->str, n, p->bind);
		KUNIT_EXPECT_TRUE_MSG(test, rc == -EINVAL || (!rc && n != port),
				      "%d after %zu bytes", rc, n);
	}
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE_PARAM(parse__tcp, endpoint_tcp_gen_params),
	KUNIT_CASE_PARAM(parse__udp, endpoint_udp_gen_params),
	KUNIT_CASE_PARAM(parse__ipc, endpoint_ipc_gen_params),
	KUNIT_CASE(parse__inproc),
	KUNIT_CASE_PARAM(parse__refused, endpoint_bad_gen_params),
	KUNIT_CASE(parse__length),
	KUNIT_CASE_PARAM(parse__every_cut, endpoint_tcp_gen_params),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "zmq_endpoint",
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);
