// SPDX-License-Identifier: MPL-2.0
/*
 * Bind and connect, and back.
 *
 * The kernel takes endpoints as libzmq writes them, but makes no temporary
 * directories.  So the shim does, passes the kernel an endpoint that needs none,
 * and remembers which is which.  Host names are the kernel's affair, too, but
 * not everywhere can it look them up: it is told their addresses.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZS_IPC		"ipc://"
#define ZS_TCP		"tcp://"
#define ZS_INPROC	"inproc://"
#define ZS_UDP		"udp://"

/**
 * struct zs_endpoint - one that is not called the same on both sides
 * @next: of the socket
 * @user: what the user bound or connected to
 * @kernel: what the kernel was told
 * @dir: of the ipc wildcard: directory to remove with it
 */
struct zs_endpoint {
	struct zs_endpoint	*next;
	char			*user;
	char			*kernel;
	char			*dir;
};

static bool starts_with(const char *str, const char *prefix)
{
	return !strncmp(str, prefix, strlen(prefix));
}

/* Free an endpoint; @clean also removes its file and directory. */
static void endpoint_free(struct zs_endpoint *ep, bool clean)
{
	if (ep->dir && clean) {
		unlink(ep->kernel + strlen(ZS_IPC));
		rmdir(ep->dir);
	}
	free(ep->user);
	free(ep->kernel);
	free(ep->dir);
	free(ep);
}

/* The socket is closed: remove what its wildcard endpoints left behind. */
void zs_endpoints_clean(struct zs_sock *s)
{
	struct zs_endpoint *ep;

	while ((ep = s->endpoints)) {
		s->endpoints = ep->next;
		endpoint_free(ep, true);
	}
}

void zs_endpoints_free(struct zs_sock *s)
{
	struct zs_endpoint *ep;

	while ((ep = s->endpoints)) {
		s->endpoints = ep->next;
		endpoint_free(ep, false);
	}
}

/* Copies the strings; @dir may be NULL.  NULL and ENOMEM on failure. */
static struct zs_endpoint *endpoint_new(const char *user, const char *kernel,
					const char *dir)
{
	struct zs_endpoint *ep = calloc(1, sizeof(*ep));

	if (!ep)
		return NULL;
	ep->user = strdup(user);
	ep->kernel = strdup(kernel);
	ep->dir = dir ? strdup(dir) : NULL;
	if (ep->user && ep->kernel && (ep->dir || !dir))
		return ep;
	endpoint_free(ep, false);
	errno = ENOMEM;
	return NULL;
}

/* Give the kernel an endpoint; @option is ZMQ_AF_BIND etc. */
static int endpoint_tell(struct zs_sock *s, int option, const char *endpoint)
{
	size_t len = strlen(endpoint);

	if (len > ZMQ_AF_ENDPOINT_MAX)
		return zs_fail(starts_with(endpoint, ZS_IPC) ? ENAMETOOLONG :
							       EINVAL);
	return setsockopt(s->fd, SOL_ZMQ, option, endpoint, len);
}

/* Tell the kernel, and remember the endpoint; else free it. */
static int endpoint_add(struct zs_sock *s, int option, struct zs_endpoint *ep)
{
	int err;

	if (endpoint_tell(s, option, ep->kernel)) {
		err = errno;
		endpoint_free(ep, true);
		return zs_fail(err);
	}
	ep->next = s->endpoints;
	s->endpoints = ep;
	return 0;
}

/*
 * Is it "transport://address" of a transport that this socket can use?  The
 * kernel would say so too, but not with libzmq's private errnos.
 */
static int endpoint_check(struct zs_sock *s, const char *addr)
{
	const char *sep;

	if (atomic_load(&s->ctx->shut))
		return zs_fail(ETERM);
	sep = addr ? strstr(addr, "://") : NULL;
	if (!sep || sep == addr || !sep[3])
		return zs_fail(EINVAL);
	if (starts_with(addr, ZS_INPROC) && s->type != ZMQ_DGRAM)
		return 0;
	if (starts_with(addr, ZS_UDP) && s->type != ZMQ_RADIO &&
	    s->type != ZMQ_DISH && s->type != ZMQ_DGRAM)
		return zs_fail(ENOCOMPATPROTO);
	if (!starts_with(addr, ZS_UDP) && s->type == ZMQ_DGRAM)
		return zs_fail(ENOCOMPATPROTO);
	if (!starts_with(addr, ZS_TCP) && !starts_with(addr, ZS_IPC) &&
	    !starts_with(addr, ZS_UDP))
		return zs_fail(EPROTONOSUPPORT);
	if (!s->ctx->started)
		return zs_fail(EMTHREAD);
	return 0;
}

/* bind */

/*
 * libzmq removes whatever is at the path before it binds, so that a file
 * left behind by an earlier run is no obstacle; a live owner loses its name.
 * Here only a socket is ever removed, never another file.
 */
static int ipc_bind(struct zs_sock *s, const char *addr)
{
	const char *path = addr + strlen(ZS_IPC);
	struct stat st;

	if (!endpoint_tell(s, ZMQ_AF_BIND, addr))
		return 0;
	if (errno != EADDRINUSE || *path == '@')
		return -1;
	if (lstat(path, &st) || !S_ISSOCK(st.st_mode) || unlink(path))
		return zs_fail(EADDRINUSE);
	return endpoint_tell(s, ZMQ_AF_BIND, addr);
}

/* Where the ipc wildcard's directories are made. */
static const char *ipc_tmpdir(void)
{
	static const char * const vars[] = { "TMPDIR", "TEMPDIR", "TMP" };
	const char *value;
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vars); i++) {
		value = getenv(vars[i]);
		if (value && !stat(value, &st) && S_ISDIR(st.st_mode))
			return value;
	}
	return "/tmp";
}

static int ipc_bind_wildcard(struct zs_sock *s)
{
	char kernel[ZMQ_AF_ENDPOINT_MAX + 1];
	struct zs_endpoint *ep;
	const char *tmp;
	char dir[PATH_MAX];
	int len;

	tmp = ipc_tmpdir();
	len = strlen(tmp);
	while (len > 1 && tmp[len - 1] == '/')
		len--;
	snprintf(dir, sizeof(dir), "%.*s/tmpXXXXXX", len, tmp);
	if (!mkdtemp(dir))
		return -1;
	len = snprintf(kernel, sizeof(kernel), ZS_IPC "%s/socket", dir);
	ep = len < (int)sizeof(kernel) ? endpoint_new(kernel, kernel, dir) :
					 NULL;
	if (!ep) {
		rmdir(dir);
		return zs_fail(ENAMETOOLONG);
	}
	return endpoint_add(s, ZMQ_AF_BIND, ep);
}

/* Names of hosts are not looked up for bind, as in libzmq: ENODEV. */
int zs_bind(void *handle, const char *addr)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	int rc;

	if (!s || endpoint_check(s, addr))
		return -1;
	if (starts_with(addr, ZS_UDP) && s->type == ZMQ_RADIO)
		return zs_fail(ENOCOMPATPROTO);

	pthread_mutex_lock(&s->lock);
	if (!strcmp(addr, ZS_IPC "*"))
		rc = ipc_bind_wildcard(s);
	else if (starts_with(addr, ZS_IPC))
		rc = ipc_bind(s, addr);
	else
		rc = endpoint_tell(s, ZMQ_AF_BIND, addr);
	pthread_mutex_unlock(&s->lock);
	return rc ? zs_fail_kernel() : 0;
}

/* connect */

#define ZS_ADDRESSES_MAX	16

/*
 * Copy the host that is connected to: the SOCKS proxy's, or else the endpoint's.
 * False if it is no name that could be looked up.
 */
static bool host_copy(struct zs_sock *s, const char *addr, char *host,
		      size_t size)
{
	char proxy[ZMQ_AF_ENDPOINT_MAX + 1] = "";
	socklen_t len = sizeof(proxy);
	const char *start, *end, *c;
	struct in_addr numeric;

	if (!starts_with(addr, ZS_TCP) && !starts_with(addr, ZS_UDP))
		return false;
	start = strchr(addr, ';');
	start = start ? start + 1 : addr + strlen(ZS_TCP);
	if (starts_with(addr, ZS_TCP) &&
	    !getsockopt(s->fd, SOL_ZMQ, ZMQ_SOCKS_PROXY, proxy, &len) &&
	    proxy[0])
		start = proxy;
	end = strrchr(start, ':');
	if (!end || end == start || (size_t)(end - start) >= size)
		return false;
	for (c = start; c < end; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return false;
	memcpy(host, start, end - start);
	host[end - start] = '\0';
	return inet_pton(AF_INET, host, &numeric) != 1;
}

static bool sock_ipv6(struct zs_sock *s)
{
	socklen_t len = sizeof(int);
	int on = 0;

	return !getsockopt(s->fd, SOL_ZMQ, ZMQ_IPV6, &on, &len) && on;
}

static bool sock_immediate(struct zs_sock *s)
{
	socklen_t len = sizeof(int);
	int on = 0;

	return !getsockopt(s->fd, SOL_ZMQ, ZMQ_IMMEDIATE, &on, &len) && on;
}

/*
 * Write the addresses of a host, separated by commas, with those first that
 * the C library prefers.  IPv6 ones only if the socket's IPV6 option is on.
 */
static size_t host_lookup(struct zs_sock *s, const char *host, char *list,
			  size_t size)
{
	struct addrinfo hints = {
		.ai_family = sock_ipv6(s) ? AF_UNSPEC : AF_INET,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *all, *ai;
	char text[NI_MAXHOST];
	size_t len = 0;
	int n;

	if (getaddrinfo(host, NULL, &hints, &all))
		return 0;
	for (ai = all; ai; ai = ai->ai_next) {
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text,
				sizeof(text), NULL, 0, NI_NUMERICHOST))
			continue;
		n = snprintf(list + len, size - len, "%s%s", len ? "," : "",
			     text);
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += n;
	}
	freeaddrinfo(all);
	return len;
}

/*
 * Copy an endpoint and, if its host is a name, behind a NUL the addresses.
 *
 * libzmq looks names up in its I/O thread, again for each attempt to connect,
 * and zmq_connect() never fails for a name.  Here the kernel looks them up
 * again if it can; if it cannot, and the name is unknown now, that is an error:
 * EHOSTUNREACH, better than a connection that silently never comes.
 *
 * Return: bytes in @at, 0: there is no name to look up; or -1.
 */
static ssize_t endpoint_look_up(struct zs_sock *s, const char *addr, char *at,
				size_t size)
{
	size_t len = strlen(addr);
	char host[256];

	if (starts_with(addr, ZS_UDP) && s->type != ZMQ_RADIO)
		return zs_fail(ENOCOMPATPROTO);
	if (len > ZMQ_AF_ENDPOINT_MAX)
		return zs_fail(starts_with(addr, ZS_IPC) ? ENAMETOOLONG :
							   EINVAL);
	memcpy(at, addr, len + 1);
	if (!host_copy(s, addr, host, sizeof(host)))
		return 0;
	return len + 1 + host_lookup(s, host, at + len + 1, size - len - 1);
}

int zs_connect(void *handle, const char *addr)
{
	char at[ZMQ_AF_ENDPOINT_MAX + 1 + 64 * ZS_ADDRESSES_MAX];
	ZS_USING_SOCK *s = zs_sock_get(handle);
	ssize_t len;
	int rc;

	if (!s || endpoint_check(s, addr))
		return -1;
	len = endpoint_look_up(s, addr, at, sizeof(at));
	if (len < 0)
		return -1;
	if (len)
		rc = setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_CONNECT_AT, at, len);
	else
		rc = endpoint_tell(s, ZMQ_AF_CONNECT, addr);
	return rc ? zs_fail_kernel() : 0;
}

/* The peer's number; 0 is the failure. */
uint32_t zs_connect_peer(void *handle, const char *addr)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	struct zmq_af_connect_peer arg = {};
	socklen_t size = sizeof(arg);
	ssize_t len;

	if (!s)
		return 0;
	if (s->type != ZMQ_PEER) {
		zs_fail(atomic_load(&s->ctx->shut) ? ETERM : ENOTSUP);
		return 0;
	}
	if (sock_immediate(s)) {
		zs_fail(EFAULT);
		return 0;
	}
	if (endpoint_check(s, addr))
		return 0;
	len = endpoint_look_up(s, addr, arg.endpoint, sizeof(arg.endpoint));
	if (len < 0)
		return 0;
	if (len)
		size = offsetof(struct zmq_af_connect_peer, endpoint) + len;
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_CONNECT_PEER, &arg, &size)) {
		zs_fail_kernel();
		return 0;
	}
	return arg.routing_id;
}

/* unbind, disconnect */

/*
 * Either undoes either in libzmq.  @option is tried first: it decides if an
 * endpoint is both bound and connected.  What one of them cannot read (only
 * bound endpoints have a "*") the other may.
 */
static int endpoint_undo(struct zs_sock *s, int option, const char *kernel)
{
	int other = option == ZMQ_AF_UNBIND ? ZMQ_AF_DISCONNECT :
					      ZMQ_AF_UNBIND;
	int err;

	if (!endpoint_tell(s, option, kernel))
		return 0;
	err = errno;
	if (err != ENOENT && err != EINVAL)
		return -1;
	if (!endpoint_tell(s, other, kernel))
		return 0;
	return err == ENOENT ? zs_fail(err) : -1;
}

/*
 * Undo every endpoint that the user calls @addr.  Returns how many there
 * were, or -1.  Caller holds @s->lock.
 */
static int endpoint_undo_named(struct zs_sock *s, int option, const char *addr)
{
	struct zs_endpoint **link = &s->endpoints;
	struct zs_endpoint *ep;
	int count = 0;
	int err = 0;

	while ((ep = *link)) {
		if (strcmp(ep->user, addr)) {
			link = &ep->next;
			continue;
		}
		*link = ep->next;
		if (endpoint_undo(s, option, ep->kernel) && errno != ENOENT)
			err = errno;
		endpoint_free(ep, true);
		count++;
	}
	return err ? zs_fail(err) : count;
}

static int endpoint_end(void *handle, const char *addr, int option)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	int rc;

	if (!s || endpoint_check(s, addr))
		return -1;

	pthread_mutex_lock(&s->lock);
	/* What the peer sent and was not received goes with it. */
	zs_prefetch_stop(s);
	rc = endpoint_undo_named(s, option, addr);
	if (!rc)
		rc = endpoint_undo(s, option, addr);
	zs_prefetch_go(s);
	pthread_mutex_unlock(&s->lock);
	return rc < 0 ? zs_fail_kernel() : 0;
}

int zs_unbind(void *handle, const char *addr)
{
	return endpoint_end(handle, addr, ZMQ_AF_UNBIND);
}

int zs_disconnect(void *handle, const char *addr)
{
	return endpoint_end(handle, addr, ZMQ_AF_DISCONNECT);
}
