/* SPDX-License-Identifier: GPL-2.0-only */
/* What the drivers of AF_ZMQ have in common. */
#ifndef PERF_KERNEL_H
#define PERF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

extern int perf_kernel_family;

void perf_kernel_start(void);
void perf_kernel_stop(void);
int perf_kernel_socket(int type, int hwm);
void perf_kernel_bind(int fd);
void perf_kernel_connect(int fd);
void perf_kernel_subscribe(int fd, const void *prefix, size_t len);
void perf_kernel_poll(int fd);

#endif /* PERF_KERNEL_H */
