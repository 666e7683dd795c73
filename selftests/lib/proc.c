// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wait.h"
#include "proc.h"

static bool proc_parse(char *line, struct proc_sock *sock)
{
	int end = 0;

	line[strcspn(line, "\n")] = 0;
	memset(sock, 0, sizeof(*sock));
	if (sscanf(line, "%15s %lu %u %15s %llu %llu %llu %llu %llu %llu%n",
		   sock->type, &sock->inode, &sock->uid, sock->state,
		   &sock->pipes, &sock->tx_msgs, &sock->tx_bytes,
		   &sock->rx_msgs, &sock->rx_bytes, &sock->drops, &end) != 10)
		return false;
	snprintf(sock->endpoints, sizeof(sock->endpoints), "%s", line + end);
	return true;
}

/**
 * proc_socks - look at all sockets of /proc/net/zmq
 * @found: called for each until it says true; NULL: no socket is the one
 * @arg: its argument
 * @sock: the one it said true for
 *
 * Return: how many were looked at; -1 if there is no such file or if a line is
 * not as it should be.
 */
int proc_socks(bool (*found)(const struct proc_sock *sock, void *arg),
	       void *arg, struct proc_sock *sock)
{
	FILE *file = fopen("/proc/net/zmq", "r");
	char line[4096];
	int count = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (count++ < 0)
			continue;	/* the heading */
		if (!proc_parse(line, sock)) {
			count = -1;
			break;
		}
		if (found && found(sock, arg))
			break;
	}
	fclose(file);
	return count;
}

static bool proc_is_inode(const struct proc_sock *sock, void *arg)
{
	return sock->inode == *(unsigned long *)arg;
}

static bool proc_is_endpoint(const struct proc_sock *sock, void *arg)
{
	size_t len = strlen(arg);
	const char *at = sock->endpoints;

	while ((at = strstr(at, arg))) {
		if (at > sock->endpoints && at[-1] == ' ' &&
		    (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

/* Is there a socket with this inode? */
bool proc_find_inode(unsigned long inode, struct proc_sock *sock)
{
	return proc_socks(proc_is_inode, &inode, sock) > 0 &&
	       sock->inode == inode;
}

/* Is there a socket with this endpoint, "b:..." or "c:..."? */
bool proc_find_endpoint(const char *word, struct proc_sock *sock)
{
	return proc_socks(proc_is_endpoint, (void *)word, sock) > 0 &&
	       proc_is_endpoint(sock, (void *)word);
}

static bool proc_is_lingering(const struct proc_sock *sock, void *arg)
{
	return !strcmp(sock->state, "lingering");
}

/* Is there a socket that is closed, but not yet gone? */
bool proc_lingering(void)
{
	struct proc_sock sock = {};

	return proc_socks(proc_is_lingering, NULL, &sock) > 0 &&
	       proc_is_lingering(&sock, NULL);
}

static bool proc_is_open_endpoint(const struct proc_sock *sock, void *arg)
{
	return !strcmp(sock->state, "open") && proc_is_endpoint(sock, arg);
}

/* Pipes of the socket that is bound to an endpoint and not closed, or -1. */
int proc_bound_pipes(const char *endpoint)
{
	struct proc_sock sock;
	char word[300];

	snprintf(word, sizeof(word), "b:%s", endpoint);
	if (proc_socks(proc_is_open_endpoint, word, &sock) < 1 ||
	    !proc_is_open_endpoint(&sock, word))
		return -1;
	return sock.pipes;
}

/* Sockets there are, lingering ones too. */
int proc_count(void)
{
	struct proc_sock sock;

	return proc_socks(NULL, NULL, &sock);
}

static bool proc_show(const struct proc_sock *sock, void *arg)
{
	fprintf(stderr,
		"# left: %s %lu %s pipes %llu tx %llu rx %llu %s\n", sock->type,
	       sock->inode, sock->state, sock->pipes, sock->tx_msgs,
	       sock->rx_msgs, sock->endpoints);
	return false;
}

/* Wait for the last socket to go; those that do not are told. */
bool proc_gone(void)
{
	struct proc_sock sock;

	if (wait_until(!proc_count()))
		return true;
	proc_socks(proc_show, NULL, &sock);
	return false;
}

/* A counter of /proc/net/zmq_stat, or -1. */
long long proc_stat(const char *name)
{
	FILE *file = fopen("/proc/net/zmq_stat", "r");
	long long val, result = -1;
	char word[64];

	if (!file)
		return -1;
	while (fscanf(file, "%63s %lld", word, &val) == 2)
		if (!strcmp(word, name))
			result = val;
	fclose(file);
	return result;
}

/* Write a number to a file. */
int proc_put(const char *path, int val)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	fprintf(file, "%d\n", val);
	return fclose(file);
}

/* The number in the first line of a file that is like this; -1 without one. */
long proc_number(const char *path, const char *format)
{
	FILE *file = fopen(path, "r");
	char line[512];
	long val = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &val) == 1)
			break;
	fclose(file);
	return val;
}
