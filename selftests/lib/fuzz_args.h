/* SPDX-License-Identifier: GPL-2.0-only */
/* Random arguments of system calls. */
#ifndef _SELFTESTS_FUZZ_ARGS_H
#define _SELFTESTS_FUZZ_ARGS_H

#include <stddef.h>

#define FUZZ_PAIRED	16	/* slots of connected pairs */
#define FUZZ_SLOTS	32
#define FUZZ_ROOM	(1 << 16)
#define FUZZ_TICK	5	/* ms a call may block */
#define FUZZ_PLACE	"/tmp/af_zmq.fuzz"

/**
 * struct fuzzer - a thread
 * @state: of its random numbers
 * @room: memory for arguments; the page behind it cannot be touched
 */
struct fuzzer {
	unsigned long long	state;
	unsigned char		*room;
};

/* Descriptors that all threads use; the address family. */
extern int fuzz_slots[FUZZ_SLOTS];
extern int fuzz_family;

/* A number below @below. */
unsigned int fuzz_pick(struct fuzzer *f, unsigned int below);

int fuzz_any_fd(struct fuzzer *f);
/* Put a descriptor into a slot or any of no pair; the one there is closed. */
void fuzz_keep_at(unsigned int slot, int fd);
void fuzz_keep(struct fuzzer *f, int fd);

/* A length: mostly short, sometimes what it must not be. */
size_t fuzz_any_len(struct fuzzer *f);
/* Memory for so much, with something in it; or not quite. */
void *fuzz_any_room(struct fuzzer *f, size_t len);
int fuzz_any_flags(struct fuzzer *f);
int fuzz_any_option(struct fuzzer *f);
/* An endpoint, often one that others use, sometimes no endpoint; its length. */
int fuzz_any_endpoint(struct fuzzer *f, char *endpoint, size_t size);
int fuzz_any_type(struct fuzzer *f);

#endif /* _SELFTESTS_FUZZ_ARGS_H */
