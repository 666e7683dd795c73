// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "syn.h"
#include "wait.h"

/* A descriptor for syn_next(); needs CAP_NET_RAW. */
int syn_open(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo"),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Is it the first packet of a connection to that port? */
static int syn_is(const unsigned char *packet, ssize_t len, int port)
{
	const struct iphdr *ip = (const void *)packet;
	const struct tcphdr *tcp = (const void *)packet + ip->ihl * 4;

	return len >= (ssize_t)(ip->ihl * 4 + sizeof(*tcp)) &&
	       ip->protocol == IPPROTO_TCP && ntohs(tcp->dest) == port &&
	       tcp->syn && !tcp->ack;
}

static long long syn_stamp(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct timeval tv = {};

	if (cmsg && cmsg->cmsg_type == SCM_TIMESTAMP)
		memcpy(&tv, CMSG_DATA(cmsg), sizeof(tv));
	return tv.tv_sec * 1000000LL + tv.tv_usec;
}

/* When the next attempt was made, in us; -1 if there is none for @ms. */
long long syn_next(int fd, const char *endpoint, int ms)
{
	long long end = wait_now() + ms;
	unsigned char packet[256];
	char control[64];
	int port;

	if (sscanf(endpoint, "tcp://127.0.0.1:%d", &port) != 1)
		return -1;
	while (wait_now() < end) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from = {};
		struct iovec iov = { packet, sizeof(packet) };
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t len;

		if (poll(&pfd, 1, end - wait_now()) < 1)
			break;
		len = recvmsg(fd, &msg, 0);
		/* Each packet is seen twice: sent and received. */
		if (len > 0 && from.sll_pkttype != PACKET_OUTGOING &&
		    syn_is(packet, len, port))
			return syn_stamp(&msg);
	}
	return -1;
}
