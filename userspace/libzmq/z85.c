// SPDX-License-Identifier: MPL-2.0
/* Z85 (ZeroMQ RFC 32): 4 bytes are 5 characters, base 85, big endian. */
#include "shim.h"

#include <string.h>

#define Z85_BASE	85

static const char z85_digits[Z85_BASE + 1] =
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	".-:+=^!/*?&<>()[]{}@%$#";

/* @dest has room for size * 5 / 4 characters and a NUL. */
char *zs_z85_encode(char *dest, const uint8_t *data, size_t size)
{
	char *out = dest;
	uint32_t value;
	size_t i;
	int d;

	if (size % 4) {
		errno = EINVAL;
		return NULL;
	}
	for (i = 0; i < size; i += 4) {
		value = (uint32_t)data[i] << 24 | data[i + 1] << 16 |
			data[i + 2] << 8 | data[i + 3];
		for (d = 4; d >= 0; d--) {
			out[d] = z85_digits[value % Z85_BASE];
			value /= Z85_BASE;
		}
		out += 5;
	}
	*out = '\0';
	return dest;
}

/* Five characters; false if they are no 32-bit number. */
static bool z85_group(uint32_t *value, const char *string)
{
	const char *digit;
	uint64_t sum = 0;
	int d;

	for (d = 0; d < 5; d++) {
		digit = memchr(z85_digits, string[d], Z85_BASE);
		if (!digit)
			return false;
		sum = sum * Z85_BASE + (digit - z85_digits);
	}
	*value = sum;
	return sum <= UINT32_MAX;
}

/* @dest has room for strlen(string) * 4 / 5 bytes. */
uint8_t *zs_z85_decode(uint8_t *dest, const char *string)
{
	size_t len = strlen(string);
	uint8_t *out = dest;
	uint32_t value;
	size_t i;

	if (len < 5 || len % 5)
		goto invalid;
	for (i = 0; i < len; i += 5) {
		if (!z85_group(&value, string + i))
			goto invalid;
		*out++ = value >> 24;
		*out++ = value >> 16;
		*out++ = value >> 8;
		*out++ = value;
	}
	return dest;
invalid:
	errno = EINVAL;
	return NULL;
}
