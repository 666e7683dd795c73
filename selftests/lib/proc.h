/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/net/zmq, /proc/net/zmq_stat, and numbers in other files. */
#ifndef _SELFTESTS_PROC_H
#define _SELFTESTS_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct proc_sock - a line of /proc/net/zmq
 * @type: "PUSH" ...
 * @inode: of its descriptor; 0 if it has none any more
 * @uid: owner
 * @state: "open", "lingering", "shutdown"
 * @pipes: peers
 * @tx_msgs: waiting to be sent
 * @tx_bytes: bytes of them
 * @rx_msgs: waiting to be received
 * @rx_bytes: bytes of them
 * @drops: messages dropped
 * @endpoints: "b:ENDPOINT" and "c:ENDPOINT", separated by spaces
 */
struct proc_sock {
	char			type[16];
	unsigned long		inode;
	uid_t			uid;
	char			state[16];
	unsigned long long	pipes;
	unsigned long long	tx_msgs;
	unsigned long long	tx_bytes;
	unsigned long long	rx_msgs;
	unsigned long long	rx_bytes;
	unsigned long long	drops;
	char			endpoints[2048];
};

int proc_socks(bool (*found)(const struct proc_sock *sock, void *arg),
	       void *arg, struct proc_sock *sock);
bool proc_find_inode(unsigned long inode, struct proc_sock *sock);
bool proc_find_endpoint(const char *word, struct proc_sock *sock);
bool proc_lingering(void);
int proc_bound_pipes(const char *endpoint);
int proc_count(void);
bool proc_gone(void);
long long proc_stat(const char *name);
int proc_put(const char *path, int val);
long proc_number(const char *path, const char *format);

#endif /* _SELFTESTS_PROC_H */
