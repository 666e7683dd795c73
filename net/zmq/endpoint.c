// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoint syntax, see endpoint.h and zmq_tcp(7), zmq_ipc(7), zmq_inproc(7),
 * zmq_udp(7).
 */
#include "endpoint.h"

/* A piece of the endpoint string; not NUL-terminated. */
struct zmq_endpoint_str {
	const char	*p;
	size_t		len;
};

static const struct {
	const char			*name;
	enum zmq_endpoint_proto		proto;
} zmq_endpoint_protos[] = {
	{ "tcp",	ZMQ_ENDPOINT_TCP },
	{ "ipc",	ZMQ_ENDPOINT_IPC },
	{ "inproc",	ZMQ_ENDPOINT_INPROC },
	{ "udp",	ZMQ_ENDPOINT_UDP },
};

/*
 * Cut @s at its last @sep: @head gets what is before it and @s keeps what is
 * after it.  Return: false, and nothing changed, without a @sep.
 */
static bool zmq_endpoint_cut(struct zmq_endpoint_str *s, char sep,
			     struct zmq_endpoint_str *head)
{
	size_t i = s->len;

	while (i-- > 0) {
		if (s->p[i] != sep)
			continue;
		head->p = s->p;
		head->len = i;
		s->p += i + 1;
		s->len -= i + 1;
		return true;
	}
	return false;
}

static bool zmq_endpoint_is(const struct zmq_endpoint_str *s, const char *word)
{
	return s->len == strlen(word) && !memcmp(s->p, word, s->len);
}

static bool zmq_endpoint_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/*
 * What libzmq lets into a connect address (socket_base.cpp), and for @local
 * addresses any other graphic character that may be in an interface name.
 */
static bool zmq_endpoint_host_char(char c, bool local)
{
	if (zmq_endpoint_alnum(c))
		return true;
	if (local)
		return c > ' ' && c < 0x7f && !strchr("/[];*", c);
	return c && strchr(".-:%_", c);
}

/* Digits up to 65535; "*" is 0 if @wild says that it may be written. */
static int zmq_endpoint_port(u16 *port, const struct zmq_endpoint_str *s,
			     bool wild)
{
	u32 val = 0;
	size_t i;

	if (wild && zmq_endpoint_is(s, "*")) {
		*port = 0;
		return 0;
	}
	if (!s->len)
		return -EINVAL;
	for (i = 0; i < s->len; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return -EINVAL;
		val = val * 10 + (s->p[i] - '0');
		if (val > U16_MAX)
			return -EINVAL;
	}
	*port = val;
	return 0;
}

/* A '%' needs an address before it and a zone after it. */
static int zmq_endpoint_zone(const struct zmq_endpoint_str *s)
{
	struct zmq_endpoint_str addr, zone = *s;

	if (!zmq_endpoint_cut(&zone, '%', &addr))
		return 0;
	return addr.len && zone.len ? 0 : -EINVAL;
}

static int zmq_endpoint_name(struct zmq_endpoint_host *host,
			     struct zmq_endpoint_str s, bool local)
{
	size_t i;

	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']') {
		host->bracketed = true;
		s.p++;
		s.len -= 2;
	}
	if (!s.len || s.len > ZMQ_ENDPOINT_HOST_MAX)
		return -EINVAL;
	if (!local && !zmq_endpoint_alnum(s.p[0]) && s.p[0] != ':')
		return -EINVAL;
	for (i = 0; i < s.len; i++)
		if (!zmq_endpoint_host_char(s.p[i], local))
			return -EINVAL;

	memcpy(host->host, s.p, s.len);
	host->host[s.len] = '\0';
	return zmq_endpoint_zone(&s);
}

/*
 * "host:port", the last colon separates them (ip_resolver.cpp), so that an
 * IPv6 address may stand without brackets.  @local: an address of this
 * machine, where the port may be open; @any: the host may be open, too.
 */
static int zmq_endpoint_host(struct zmq_endpoint_host *host,
			     struct zmq_endpoint_str s, bool local, bool any)
{
	struct zmq_endpoint_str name;
	int rc;

	if (!zmq_endpoint_cut(&s, ':', &name))
		return -EINVAL;
	rc = zmq_endpoint_port(&host->port, &s, local);
	if (rc)
		return rc;
	if (!local && !host->port)
		return -EINVAL;
	if (any && zmq_endpoint_is(&name, "*")) {
		host->wild = true;
		host->host[0] = '*';
		return 0;
	}
	return zmq_endpoint_name(host, name, local);
}

int zmq_endpoint_parse_host(struct zmq_endpoint_host *host, const char *str,
			    size_t len)
{
	struct zmq_endpoint_str s = { .p = str, .len = len };

	memset(host, 0, sizeof(*host));
	return zmq_endpoint_host(host, s, false, false);
}

static int zmq_endpoint_tcp(struct zmq_endpoint *ep, struct zmq_endpoint_str s,
			    bool bind)
{
	struct zmq_endpoint_str src;
	int rc;

	if (zmq_endpoint_cut(&s, ';', &src)) {
		if (bind)
			return -EINVAL;
		rc = zmq_endpoint_host(&ep->src, src, true, false);
		if (rc)
			return rc;
		ep->has_src = true;
	}
	return zmq_endpoint_host(&ep->tcp, s, bind, bind);
}

/* "[interface;]host:port"; the interface has no port. */
static int zmq_endpoint_udp(struct zmq_endpoint *ep, struct zmq_endpoint_str s,
			    bool bind)
{
	struct zmq_endpoint_str iface;
	int rc = 0;

	if (zmq_endpoint_cut(&s, ';', &iface)) {
		ep->has_src = true;
		ep->src.wild = zmq_endpoint_is(&iface, "*");
		if (ep->src.wild)
			ep->src.host[0] = '*';
		else
			rc = zmq_endpoint_name(&ep->src, iface, true);
		if (rc)
			return rc;
	}
	return zmq_endpoint_host(&ep->tcp, s, bind, bind);
}

static int zmq_endpoint_ipc(struct zmq_endpoint *ep, struct zmq_endpoint_str s,
			    bool bind)
{
	if (zmq_endpoint_is(&s, "*")) {
		ep->wild = true;
		return bind ? 0 : -EINVAL;
	}
	/* the '@' stands for a NUL in sun_path and counts */
	if (s.len > ZMQ_ENDPOINT_PATH_MAX)
		return -ENAMETOOLONG;
	if (s.p[0] == '@') {
		ep->abstract = true;
		s.p++;
		s.len--;
		if (!s.len)
			return -EINVAL;
	}
	memcpy(ep->path, s.p, s.len);
	ep->path[s.len] = '\0';
	ep->path_len = s.len;
	return 0;
}

/* Cut "scheme://" off @s. */
static int zmq_endpoint_scheme(enum zmq_endpoint_proto *proto,
			       struct zmq_endpoint_str *s)
{
	struct zmq_endpoint_str scheme = { .p = s->p };
	size_t i;

	while (scheme.len + 3 < s->len && memcmp(s->p + scheme.len, "://", 3))
		scheme.len++;
	/* one byte at least must be left for the address */
	if (!scheme.len || scheme.len + 3 >= s->len)
		return -EINVAL;
	s->p += scheme.len + 3;
	s->len -= scheme.len + 3;

	for (i = 0; i < ARRAY_SIZE(zmq_endpoint_protos); i++) {
		if (zmq_endpoint_is(&scheme, zmq_endpoint_protos[i].name)) {
			*proto = zmq_endpoint_protos[i].proto;
			return 0;
		}
	}
	return -EPROTONOSUPPORT;
}

int zmq_endpoint_parse(struct zmq_endpoint *ep, const char *str, size_t len,
		       bool bind)
{
	struct zmq_endpoint_str s = { .p = str, .len = len };
	int rc;

	memset(ep, 0, sizeof(*ep));
	if (memchr(str, '\0', len))
		return -EINVAL;
	rc = zmq_endpoint_scheme(&ep->proto, &s);
	if (rc)
		return rc;
	if (ep->proto == ZMQ_ENDPOINT_IPC)
		return zmq_endpoint_ipc(ep, s, bind);
	if (len > ZMQ_ENDPOINT_MAX)
		return -EINVAL;
	if (ep->proto == ZMQ_ENDPOINT_TCP)
		return zmq_endpoint_tcp(ep, s, bind);
	if (ep->proto == ZMQ_ENDPOINT_UDP)
		return zmq_endpoint_udp(ep, s, bind);
	return 0;
}
