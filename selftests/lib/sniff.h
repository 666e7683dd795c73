/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching the packets of the loopback interface. */
#ifndef _SELFTESTS_SNIFF_H
#define _SELFTESTS_SNIFF_H

#include <stdbool.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

/**
 * struct sniff - a TCP packet
 * @ip: its header
 * @tcp: its header
 * @len: bytes of data
 * @stamp: when it was sent, us
 */
struct sniff {
	struct iphdr	ip;
	struct tcphdr	tcp;
	int		len;
	long long	stamp;
};

int sniff_open(void);
bool sniff_next(int fd, const char *endpoint, int ms, struct sniff *packet);
long long sniff_syn(int fd, const char *endpoint, int ms);

#endif /* _SELFTESTS_SNIFF_H */
