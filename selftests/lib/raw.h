/* SPDX-License-Identifier: GPL-2.0-only */
/* A ZMTP peer of plain bytes over a TCP socket, for tests that need to see or
 * to withhold each of them.
 */
#ifndef _SELFTESTS_RAW_H
#define _SELFTESTS_RAW_H

#include <stddef.h>
#include <sys/types.h>

/* Flags of a frame. */
#define RAW_MORE	1
#define RAW_LONG	2
#define RAW_COMMAND	4

int raw_listen(char *endpoint);
int raw_accept(int listener);
int raw_accept_in(int listener, int ms);
int raw_connect(const char *endpoint, int rcvbuf);
int raw_greet(int fd, const char *type, const char *id);
int raw_write(int fd, const void *buf, size_t len);
int raw_read(int fd, void *buf, size_t len);
int raw_send(int fd, int flags, const void *buf, size_t len);
ssize_t raw_recv(int fd, int *flags, void *buf, size_t len);
int raw_unsent(int fd);
int raw_gone(int fd);

#endif /* _SELFTESTS_RAW_H */
