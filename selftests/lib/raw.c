// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "raw.h"
#include "wait.h"

/* Greeting of ZMTP 3.1, mechanism NULL. */
static const uint8_t raw_greeting[64] = {
	0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'N', 'U', 'L', 'L',
};

/* No call may block for ever. */
static void raw_limit(int fd)
{
	struct timeval limit = { .tv_sec = WAIT_LIMIT / 1000 };
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Listen on a port of 127.0.0.1; @endpoint is where to connect to. */
int raw_listen(char *endpoint)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 64) || getsockname(fd, (struct sockaddr *)&addr, &len)) {
		close(fd);
		return -1;
	}
	sprintf(endpoint, "tcp://127.0.0.1:%d", ntohs(addr.sin_port));
	return fd;
}

/* The next connection, or -1 and ETIMEDOUT after @ms. */
int raw_accept_in(int listener, int ms)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	int fd;

	if (poll(&pfd, 1, ms) < 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		raw_limit(fd);
	return fd;
}

int raw_accept(int listener)
{
	return raw_accept_in(listener, WAIT_LIMIT);
}

/* Connect to tcp://127.0.0.1:PORT; @rcvbuf bytes are received ahead if set. */
int raw_connect(const char *endpoint, int rcvbuf)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char host[32];
	int port, fd;

	if (sscanf(endpoint, "tcp://%31[0-9.]:%d", host, &port) != 2 ||
	    !inet_aton(host, &addr.sin_addr)) {
		errno = EINVAL;
		return -1;
	}
	addr.sin_port = htons(port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (rcvbuf)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	raw_limit(fd);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

int raw_write(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Exactly @len bytes; -1 and EPIPE if there are not so many. */
int raw_read(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = read(fd, buf, len);

		if (!n)
			errno = EPIPE;
		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Send a frame in its shortest form. */
int raw_send(int fd, int flags, const void *buf, size_t len)
{
	uint8_t head[9] = { flags };
	uint64_t size = htobe64(len);

	if (len < 256) {
		head[1] = len;
		return raw_write(fd, head, 2) ?: raw_write(fd, buf, len);
	}
	head[0] |= RAW_LONG;
	memcpy(head + 1, &size, sizeof(size));
	return raw_write(fd, head, 9) ?: raw_write(fd, buf, len);
}

/* A frame: its length, or -1; EMSGSIZE if it is longer than @len. */
ssize_t raw_recv(int fd, int *flags, void *buf, size_t len)
{
	uint64_t size = 0;
	uint8_t head[2];

	if (raw_read(fd, head, 1))
		return -1;
	*flags = head[0];
	if (head[0] & RAW_LONG) {
		if (raw_read(fd, &size, sizeof(size)))
			return -1;
		size = be64toh(size);
	} else {
		if (raw_read(fd, head + 1, 1))
			return -1;
		size = head[1];
	}
	if (size > len) {
		errno = EMSGSIZE;
		return -1;
	}
	return raw_read(fd, buf, size) ? -1 : (ssize_t)size;
}

static size_t raw_property(uint8_t *to, const char *name, const char *value)
{
	uint32_t len = htobe32(strlen(value));
	uint8_t *at = to;

	*at++ = strlen(name);
	at = (uint8_t *)stpcpy((char *)at, name);
	memcpy(at, &len, sizeof(len));
	at += sizeof(len);
	at = (uint8_t *)stpcpy((char *)at, value);
	return at - to;
}

/**
 * raw_greet - exchange greetings and READY commands
 * @fd: connection
 * @type: our socket type, "PULL" ...
 * @id: our routing id, or NULL for none
 */
int raw_greet(int fd, const char *type, const char *id)
{
	uint8_t buf[600] = "\5READY";
	size_t len = 6;
	int flags;

	len += raw_property(buf + len, "Socket-Type", type);
	if (id)
		len += raw_property(buf + len, "Identity", id);
	if (raw_write(fd, raw_greeting, sizeof(raw_greeting)) ||
	    raw_send(fd, RAW_COMMAND, buf, len) ||
	    raw_read(fd, buf, sizeof(raw_greeting)) ||
	    raw_recv(fd, &flags, buf, sizeof(buf)) < 6)
		return -1;
	if (flags & RAW_COMMAND && !memcmp(buf, "\5READY", 6))
		return 0;
	errno = EPROTO;
	return -1;
}

/* Bytes the peer's TCP has not acknowledged. */
int raw_unsent(int fd)
{
	int bytes;

	return ioctl(fd, SIOCOUTQ, &bytes) ? -1 : bytes;
}

/* Wait for the peer to close the connection, whatever it sends before. */
int raw_gone(int fd)
{
	char buf[4096];
	ssize_t n;

	do {
		n = read(fd, buf, sizeof(buf));
	} while (n > 0);
	if (!n || errno == ECONNRESET || errno == EPIPE)
		return 0;
	return -1;
}
