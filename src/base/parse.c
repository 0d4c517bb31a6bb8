/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - digit by digit, so that nothing strtol(3) would forgive gets in. */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Longest list of cpus: every second one of 8192 is 20 KiB. Keeps the work for repeated ranges
 * within bounds. */
#define MAX_LIST (64 * 1024)

static int parse_base(const char *text, unsigned base, uint64_t max, uint64_t *ret,
		      struct sv_err *err)
{
	uint64_t value = 0;

	if (*text == '\0')
		return sv_err_say(err, EINVAL, "a number is missing");
	for (const char *p = text; *p; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (*p < '0' || digit >= base)
			return sv_err_say(err, EINVAL, "'%.40s' is not a number", text);
		if (value > (max - digit) / base || digit > max)
			return sv_err_say(err, ERANGE, "'%.40s' is larger than %llu", text,
					  (unsigned long long)max);
		value = value * base + digit;
	}
	*ret = value;
	return 0;
}

int sv_parse_u64(const char *text, uint64_t max, uint64_t *ret, struct sv_err *err)
{
	return parse_base(text, 10, max, ret, err);
}

int sv_parse_u32(const char *text, uint32_t *ret, struct sv_err *err)
{
	uint64_t value;
	int r = parse_base(text, 10, UINT32_MAX, &value, err);

	if (r < 0)
		return r;
	*ret = (uint32_t)value;
	return 0;
}

int sv_parse_i64(const char *text, int64_t *ret, struct sv_err *err)
{
	uint64_t value;
	int r;

	if (*text != '-') {
		r = parse_base(text, 10, INT64_MAX, &value, err);
		if (r < 0)
			return r;
		*ret = (int64_t)value;
		return 0;
	}
	r = parse_base(text + 1, 10, (uint64_t)INT64_MAX + 1, &value, err);
	if (r < 0)
		return sv_err_ctx(err, "'%.40s'", text);
	*ret = value > INT64_MAX ? INT64_MIN : -(int64_t)value;
	return 0;
}

int sv_parse_octal(const char *text, uint32_t max, uint32_t *ret, struct sv_err *err)
{
	uint64_t value;
	int r = parse_base(text, 8, max, &value, err);

	if (r < 0)
		return r;
	*ret = (uint32_t)value;
	return 0;
}

/* What may follow the letter of a unit: "k", "kb" and "kib" are the same; a lone "b" is
 * complete. */
static bool is_unit_end(char unit, const char *rest)
{
	return *rest == '\0' ||
	       (unit != 'b' && (strcasecmp(rest, "b") == 0 || strcasecmp(rest, "ib") == 0));
}

int sv_parse_size(const char *text, int64_t *ret, struct sv_err *err)
{
	static const char units[] = "bkmgtp";
	char digits[24];
	const char *unit = NULL;
	size_t n = strspn(text, "0123456789");
	unsigned shift = 0;
	uint64_t value;
	int r;

	if (strcmp(text, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	if (n == 0 || n >= sizeof(digits))
		return sv_err_say(err, EINVAL, "'%.40s' is not a size", text);
	memcpy(digits, text, n);
	digits[n] = '\0';
	r = sv_parse_u64(digits, INT64_MAX, &value, err);
	if (r < 0)
		return r;

	if (text[n]) {
		unit = strchr(units, tolower((unsigned char)text[n]));
		if (!unit || !is_unit_end(*unit, text + n + 1))
			return sv_err_say(err, EINVAL, "'%.40s' is not a size", text);
		shift = 10 * (unsigned)(unit - units);
	}
	if (value > (uint64_t)INT64_MAX >> shift)
		return sv_err_say(err, ERANGE, "'%.40s' is too large", text);
	*ret = (int64_t)(value << shift);
	return 0;
}

/* Reads the digits at *AT and moves it behind them. */
static int parse_cpu(const char **at, const char *text, size_t max, size_t *ret, struct sv_err *err)
{
	size_t value = 0;

	if (**at < '0' || **at > '9')
		return sv_err_say(err, EINVAL, "'%.40s' is not a list like 0-3,7", text);
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		value = value * 10 + (size_t)(**at - '0');
		if (value >= max)
			return sv_err_say(err, ERANGE, "'%.40s' has a number above %zu", text,
					  max - 1);
	}
	*ret = value;
	return 0;
}

int sv_parse_cpus(const char *text, unsigned long *bits, size_t max, struct sv_err *err)
{
	const size_t word = sizeof(*bits) * CHAR_BIT;
	const char *p = text;
	int r;

	if (strlen(text) > MAX_LIST)
		return sv_err_say(err, ERANGE, "'%.40s...' is too long a list", text);
	if (bits)
		memset(bits, 0, max / CHAR_BIT);
	for (;;) {
		size_t first, last;

		r = parse_cpu(&p, text, max, &first, err);
		if (r < 0)
			return r;
		last = first;
		if (*p == '-') {
			p++;
			r = parse_cpu(&p, text, max, &last, err);
			if (r < 0)
				return r;
		}
		if (last < first)
			return sv_err_say(err, EINVAL,
					  "'%.40s' has a range that ends before it begins", text);
		for (size_t i = first; bits && i <= last; i++)
			bits[i / word] |= 1UL << i % word;

		if (*p == '\0')
			return 0;
		if (*p != ',')
			return sv_err_say(err, EINVAL, "'%.40s' is not a list like 0-3,7", text);
		p++;
	}
}
