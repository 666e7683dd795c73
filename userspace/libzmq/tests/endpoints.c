// SPDX-License-Identifier: MPL-2.0
/* Sockets: bind, connect and back.  What holds for every libzmq. */
#include "sockets.h"

#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void *a, *b;
static char dir[64];

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

/* An ipc endpoint in the test's own directory. */
static const char *ipc(const char *name)
{
	static char addr[128];

	snprintf(addr, sizeof(addr), "ipc://%s/%s", dir, name);
	return addr;
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* A message gets from b to a. */
static bool joined(void)
{
	return !send_text(b, "ping", 0) && recv_is(a, "ping");
}

static void refused(void)
{
	static const struct { const char *addr; int bind, connect; } cases[] = {
		{ "", EINVAL, EINVAL }, { "tcp", EINVAL, EINVAL },
		{ "://x", EINVAL, EINVAL }, { "tcp://", EINVAL, EINVAL },
		{ "tcp://127.0.0.1", EINVAL, EINVAL },
		{ "tcp://127.0.0.1:x", EINVAL, EINVAL },
		{ "foo://bar", EPROTONOSUPPORT, EPROTONOSUPPORT },
		{ "vmci://1:1", EPROTONOSUPPORT, EPROTONOSUPPORT },
		{ "udp://127.0.0.1:1", ENOCOMPATPROTO, ENOCOMPATPROTO },
		{ "ipc://@", EINVAL, 0 },
		{ "tcp://localhost:*", ENODEV, EINVAL },
		{ "tcp://no-such-host:5555", ENODEV, 0 },
		{ "tcp://192.0.2.1:5555", EADDRNOTAVAIL, 0 },
		{ "ipc:///nonexistent/x", ENOENT, 0 },
	};
	char deep[200] = "ipc://";
	size_t i;

	a = new_socket(ctx, ZMQ_PULL);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		printf("# '%s'\n", cases[i].addr);
		CHECK_FAILS(zmq_bind(a, cases[i].addr), cases[i].bind);
		if (cases[i].connect)
			CHECK_FAILS(zmq_connect(a, cases[i].addr),
				    cases[i].connect);
	}
	memset(deep + strlen(deep), 'd', 120);
	CHECK_FAILS(zmq_bind(a, deep), ENAMETOOLONG);
	CHECK_FAILS(zmq_connect(a, deep), ENAMETOOLONG);
	CHECK(zmq_close(a) == 0);
}

static void tcp(void)
{
	char first[64];

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, "tcp://127.0.0.1:*"));
	strcpy(first, last_endpoint(a));
	CHECK(!strncmp(first, "tcp://127.0.0.1:", 16) && first[16] != '*');
	CHECK(!strcmp(last_endpoint(b), first));
	CHECK(joined());

	CHECK_FAILS(zmq_bind(b, first), EADDRINUSE);
	CHECK_FAILS(zmq_unbind(a, "tcp://127.0.0.1:*"), ENOENT);
	CHECK_FAILS(zmq_unbind(a, "tcp://127.0.0.1:1"), ENOENT);
	CHECK_FAILS(zmq_disconnect(b, "tcp://127.0.0.1:1"), ENOENT);
	CHECK(zmq_unbind(a, first) == 0);
	CHECK_FAILS(zmq_unbind(a, first), ENOENT);
	CHECK(zmq_disconnect(b, first) == 0);
	CHECK_FAILS(zmq_disconnect(b, first), ENOENT);
	close_both();
}

/* "*" and an interface: any address, or its. */
static void tcp_any(void)
{
	char addr[64];
	int port;

	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(zmq_bind(a, "tcp://*:*") == 0);
	CHECK(sscanf(last_endpoint(a), "tcp://0.0.0.0:%d", &port) == 1);
	snprintf(addr, sizeof(addr), "tcp://127.0.0.1:%d", port);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(joined());
	CHECK(zmq_bind(a, "tcp://lo:*") == 0);
	CHECK(sscanf(last_endpoint(a), "tcp://127.0.0.1:%d", &port) == 1);
	close_both();
}

static void tcp_name(void)
{
	char addr[64];
	int port;

	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(zmq_bind(a, "tcp://127.0.0.1:*") == 0);
	CHECK(sscanf(last_endpoint(a), "tcp://127.0.0.1:%d", &port) == 1);
	snprintf(addr, sizeof(addr), "tcp://localhost:%d", port);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(!strcmp(last_endpoint(b), addr));
	CHECK(joined());
	CHECK(zmq_disconnect(b, addr) == 0);
	CHECK_FAILS(zmq_disconnect(b, addr), ENOENT);

	snprintf(addr, sizeof(addr), "tcp://127.0.0.1:0;localhost:%d", port);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(!strcmp(last_endpoint(b), addr));
	CHECK(joined());
	CHECK(zmq_disconnect(b, addr) == 0);
	close_both();
}

/* A second connect of a DEALER to the same string does nothing. */
static void connect_twice(void)
{
	char addr[64];
	int port;

	a = new_socket(ctx, ZMQ_DEALER);
	b = new_socket(ctx, ZMQ_DEALER);
	CHECK(zmq_bind(a, "tcp://127.0.0.1:*") == 0);
	CHECK(sscanf(last_endpoint(a), "tcp://127.0.0.1:%d", &port) == 1);
	snprintf(addr, sizeof(addr), "tcp://localhost:%d", port);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(joined());
	CHECK(zmq_disconnect(b, addr) == 0);
	CHECK_FAILS(zmq_disconnect(b, addr), ENOENT);
	close_both();
}

static void tcp6(void)
{
	int port;
	char addr[64];

	a = new_socket(ctx, ZMQ_PULL);
	b = new_socket(ctx, ZMQ_PUSH);
	CHECK(!set_int(a, ZMQ_IPV6, 1));
	CHECK(!set_int(b, ZMQ_IPV6, 1));
	CHECK(zmq_bind(a, "tcp://[::1]:*") == 0);
	CHECK(sscanf(last_endpoint(a), "tcp://[::1]:%d", &port) == 1);
	snprintf(addr, sizeof(addr), "tcp://[::1]:%d", port);
	CHECK(zmq_connect(b, addr) == 0);
	CHECK(!strcmp(last_endpoint(b), addr));
	CHECK(joined());
	close_both();
}

static const char *no_ipv6(void)
{
	if (access("/proc/net/if_inet6", F_OK))
		return "no IPv6";
	return no_sockets();
}

static void ipc_path(void)
{
	char first[128];

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, ipc("path")));
	strcpy(first, last_endpoint(a));
	CHECK(!strcmp(first, ipc("path")));
	CHECK(joined());
	CHECK(zmq_unbind(a, first) == 0);
	CHECK(zmq_bind(a, first) == 0);
	close_both();
}

/* What a killed owner leaves behind is no obstacle. */
static void ipc_stale(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", ipc("stale") + 6);
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	close(fd);
	CHECK(exists(sun.sun_path));
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, ipc("stale")));
	CHECK(joined());
	close_both();
}

/* Nor is a living one: the name is taken from it. */
static void ipc_stolen(void)
{
	void *old = new_socket(ctx, ZMQ_PULL);

	CHECK(zmq_bind(old, ipc("stolen")) == 0);
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, ipc("stolen")));
	CHECK(joined());
	CHECK(zmq_close(old) == 0);
	close_both();
}

static void ipc_abstract(void)
{
	char addr[64];

	snprintf(addr, sizeof(addr), "ipc://@libzmq-test-%d", getpid());
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, addr));
	CHECK(!strcmp(last_endpoint(a), addr));
	CHECK(joined());
	CHECK_FAILS(zmq_bind(b, addr), EADDRINUSE);
	close_both();
}

/* Gone, with its directory, when unbound and when closed. */
static void ipc_wildcard(void)
{
	const char *addr;
	int unbind;

	for (unbind = 0; unbind < 2; unbind++) {
		a = new_socket(ctx, ZMQ_PULL);
		b = new_socket(ctx, ZMQ_PUSH);
		CHECK(zmq_bind(a, "ipc://*") == 0);
		addr = last_endpoint(a);
		CHECK(!strncmp(addr + 6, dir, strlen(dir)));
		CHECK(exists(addr + 6));
		CHECK(zmq_connect(b, addr) == 0);
		CHECK(joined());
		if (unbind)
			CHECK(zmq_unbind(a, addr) == 0);
		close_both();
		CHECK(zmq_ctx_term(ctx) == 0);
		CHECK(!exists(addr + 6));
		CHECK(rmdir(dir) == -1 && errno == ENOTEMPTY);
		ctx = zmq_ctx_new();
	}
}

static void no_io_threads(void)
{
	void *other = zmq_ctx_new();
	void *s;

	CHECK(zmq_ctx_set(other, ZMQ_IO_THREADS, 0) == 0);
	s = zmq_socket(other, ZMQ_PULL);
	CHECK(s);
	CHECK_FAILS(zmq_bind(s, "tcp://127.0.0.1:*"), EMTHREAD);
	CHECK_FAILS(zmq_connect(s, "tcp://127.0.0.1:5555"), EMTHREAD);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "refused", refused, no_sockets },
		{ "tcp", tcp, no_sockets },
		{ "tcp: any address, an interface", tcp_any, no_sockets },
		{ "tcp: host names", tcp_name, no_sockets },
		{ "tcp: the same twice", connect_twice, no_sockets },
		{ "tcp: IPv6", tcp6, no_ipv6 },
		{ "ipc: path", ipc_path, no_sockets },
		{ "ipc: left behind", ipc_stale, no_sockets },
		{ "ipc: another's", ipc_stolen, no_sockets },
		{ "ipc: abstract", ipc_abstract, no_sockets },
		{ "ipc: wildcard", ipc_wildcard, no_sockets },
		{ "no I/O threads", no_io_threads, no_sockets },
	};
	char command[80];
	int rc;

	strcpy(dir, "/tmp/libzmq-test-XXXXXX");
	if (!mkdtemp(dir) || setenv("TMPDIR", dir, 1))
		return 1;
	rc = sockets_main(tests, ARRAY_SIZE(tests));
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 1 : rc;
}
