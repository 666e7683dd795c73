/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls with random arguments. */
#ifndef _SELFTESTS_FUZZ_CALLS_H
#define _SELFTESTS_FUZZ_CALLS_H

#include "fuzz_args.h"

/* What there is to do. */
enum fuzz_op {
	FUZZ_OP_SOCKET, FUZZ_OP_CLOSE, FUZZ_OP_DUP, FUZZ_OP_BIND,
	FUZZ_OP_CONNECT, FUZZ_OP_ENDPOINT, FUZZ_OP_NAME, FUZZ_OP_SET,
	FUZZ_OP_SET_INT, FUZZ_OP_GET, FUZZ_OP_IOCTL, FUZZ_OP_MMAP, FUZZ_OP_SEND,
	FUZZ_OP_SENDMSG, FUZZ_OP_SENDMMSG, FUZZ_OP_RECV, FUZZ_OP_RECVMSG,
	FUZZ_OP_RECVMMSG, FUZZ_OP_READ, FUZZ_OP_WRITE, FUZZ_OP_SPLICE,
	FUZZ_OP_POLL, FUZZ_OP_EPOLL, FUZZ_OP_FCNTL, FUZZ_OP_SHUTDOWN,
	FUZZ_OP_LISTEN, FUZZ_OP_ACCEPT, FUZZ_OP_PASS, FUZZ_OP_FDINFO,
	FUZZ_OP_PAIR, FUZZ_OP_TALK,
	FUZZ_OPS
};

extern const char *const fuzz_op_names[FUZZ_OPS];

enum fuzz_op fuzz_any_op(struct fuzzer *f);
/* Do it; what the call returned. */
long fuzz_call(struct fuzzer *f, enum fuzz_op op);

#endif /* _SELFTESTS_FUZZ_CALLS_H */
