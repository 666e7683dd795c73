/* SPDX-License-Identifier: GPL-2.0-only */
/* What a fuzz target has: one function and its seeds. */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/**
 * struct fuzz_seed - an input to start from
 * @data: bytes; what the first of them mean is the target's affair
 * @len: how many
 */
struct fuzz_seed {
	const char	*data;
	size_t		len;
};

#define FUZZ_SEED(str)	{ str, sizeof(str) - 1 }

/* The target's; the last has no data.  The driver mutates them. */
extern const struct fuzz_seed fuzz_seeds[];

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the code under test; ends the program if it does not hold. */
#define FUZZ_CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
} while (0)

#endif /* _FUZZ_H */
