// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls a fuzz target with its seeds and with mutations of them, for
 * compilers without libFuzzer.
 *
 *	driver ITERATIONS [SEED]	mutate
 *	driver FILE			one input, as libFuzzer's programs do
 *
 * The same ITERATIONS and SEED give the same inputs; if one fails it is left
 * beside the program, in its name with .crash at the end.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX	16384

static uint8_t input[INPUT_MAX];
static size_t input_len;
static char crash[256];
static uint64_t state;

/* splitmix64 */
static uint64_t random_below(uint64_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

static void insert(size_t at, const void *data, size_t len)
{
	if (len > INPUT_MAX - input_len)
		return;
	memmove(input + at + len, input + at, input_len - at);
	memmove(input + at, data, len);
	input_len += len;
}

static void delete(size_t at, size_t len)
{
	memmove(input + at, input + at + len, input_len - at - len);
	input_len -= len;
}

static uint8_t random_byte(void)
{
	static const uint8_t special[] = {
		0, 1, 2, 3, 4, 5, 9, 0x7f, 0x80, 0xfe, 0xff, ':', '*', '@',
	};

	if (random_below(2))
		return special[random_below(sizeof(special))];
	return random_below(256);
}

static size_t count_seeds(void)
{
	size_t n = 0;

	while (fuzz_seeds[n].data)
		n++;
	return n;
}

static void mutate(void)
{
	const struct fuzz_seed *seed = &fuzz_seeds[random_below(count_seeds())];
	size_t at = random_below(input_len + 1);
	size_t rest = input_len - at;
	uint8_t block[64];
	size_t len;

	switch (random_below(8)) {
	case 0:
	case 1:
		if (rest)
			input[at] ^= 1 << random_below(8);
		break;
	case 2:
	case 3:
		if (rest)
			input[at] = random_byte();
		break;
	case 4:
		for (len = 0; len < sizeof(block); len++)
			block[len] = random_byte();
		insert(at, block, random_below(sizeof(block)));
		break;
	case 5:
		delete(at, random_below(rest + 1));
		break;
	case 6:
		len = random_below(rest + 1);
		if (len <= sizeof(block)) {
			memcpy(block, input + at, len);
			insert(at, block, len);
		}
		break;
	default:
		len = random_below(seed->len + 1);
		insert(at, seed->data + len, random_below(seed->len - len + 1));
	}
}

/* The sanitizers are to end the program in the same way as FUZZ_CHECK(). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

/* On SIGABRT, which is raised by the code at hand: any call will do. */
static void save_crash(int sig)
{
	FILE *file = input_len ? fopen(crash, "wb") : NULL;

	if (file) {
		fwrite(input, 1, input_len, file);
		fclose(file);
		fprintf(stderr, "input saved in %s\n", crash);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

/* The input in memory of its own, so that reads beyond its end are seen. */
static void call(void)
{
	uint8_t *copy = malloc(input_len ?: 1);

	if (!copy)
		abort();
	memcpy(copy, input, input_len);
	LLVMFuzzerTestOneInput(copy, input_len);
	free(copy);
}

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	input_len = fread(input, 1, sizeof(input), file);
	fclose(file);
	call();
	return 0;
}

int main(int argc, char **argv)
{
	size_t seeds = count_seeds();
	unsigned long n, i, times;
	char *end;

	if (argc < 2)
		return 2;
	n = strtoul(argv[1], &end, 10);
	if (*end)
		return replay(argv[1]);
	state = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	snprintf(crash, sizeof(crash), "%s.crash", argv[0]);
	signal(SIGABRT, save_crash);

	for (i = 0; i < n; i++) {
		const struct fuzz_seed *seed = &fuzz_seeds[i % seeds];

		memcpy(input, seed->data, seed->len);
		input_len = seed->len;
		if (i >= seeds)
			for (times = 1 + random_below(8); times; times--)
				mutate();
		call();
	}
	input_len = 0;
	printf("# %lu inputs\n", n);
	return 0;
}
