/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching attempts to connect to a port of the loopback interface. */
#ifndef _SELFTESTS_SYN_H
#define _SELFTESTS_SYN_H

int syn_open(void);
long long syn_next(int fd, const char *endpoint, int ms);

#endif /* _SELFTESTS_SYN_H */
