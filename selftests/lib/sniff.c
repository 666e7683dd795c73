// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "sniff.h"
#include "wait.h"

/* A descriptor; needs CAP_NET_RAW.  It sees what is sent from now on. */
int sniff_open(void)
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

/* Is it TCP, to or from that port? */
static bool sniff_parse(const unsigned char *data, ssize_t len, int port,
			struct sniff *packet)
{
	int head;

	if (len < (ssize_t)sizeof(packet->ip))
		return false;
	memcpy(&packet->ip, data, sizeof(packet->ip));
	head = packet->ip.ihl * 4;
	if (packet->ip.protocol != IPPROTO_TCP ||
	    len < head + (ssize_t)sizeof(packet->tcp))
		return false;
	memcpy(&packet->tcp, data + head, sizeof(packet->tcp));
	packet->len = ntohs(packet->ip.tot_len) - head - packet->tcp.doff * 4;
	return ntohs(packet->tcp.dest) == port ||
	       ntohs(packet->tcp.source) == port;
}

static long long sniff_stamp(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct timeval tv = {};

	if (cmsg && cmsg->cmsg_type == SCM_TIMESTAMP)
		memcpy(&tv, CMSG_DATA(cmsg), sizeof(tv));
	return tv.tv_sec * 1000000LL + tv.tv_usec;
}

/* The next packet to or from tcp://127.0.0.1:PORT; false: none for @ms. */
bool sniff_next(int fd, const char *endpoint, int ms, struct sniff *packet)
{
	long long end = wait_now() + ms;
	unsigned char data[256];
	char control[64];
	int port;

	if (sscanf(endpoint, "tcp://127.0.0.1:%d", &port) != 1)
		return false;
	while (wait_now() < end) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from = {};
		struct iovec iov = { data, sizeof(data) };
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
		    sniff_parse(data, len, port, packet)) {
			packet->stamp = sniff_stamp(&msg);
			return true;
		}
	}
	return false;
}

/* When the next attempt to connect was made, in us; -1: none for @ms. */
long long sniff_syn(int fd, const char *endpoint, int ms)
{
	long long end = wait_now() + ms;
	struct sniff packet;

	while (sniff_next(fd, endpoint, end - wait_now(), &packet))
		if (packet.tcp.syn && !packet.tcp.ack)
			return packet.stamp;
	return -1;
}
