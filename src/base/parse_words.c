/* SPDX-License-Identifier: Apache-2.0 */
/* parse_words.c - signals by name and lengths of time. */
#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* "RTMIN", "RTMIN+3", "RTMAX-1": what is real-time is decided by libc when the program runs. */
static int parse_realtime(const char *name, int *ret)
{
	struct sv_err ignored = { 0 }; /* the caller tells that it is no signal */
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t offset = 0;
	int sig;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -EINVAL;
	if (name[5] && (name[5] != (from_min ? '+' : '-') || sv_parse_u64(name + 6, 64, &offset, &ignored) < 0))
		return -EINVAL;
	sig = from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
	if (sig < SIGRTMIN || sig > SIGRTMAX)
		return -EINVAL;
	*ret = sig;
	return 0;
}

static int parse_name(const char *name, int *ret)
{
	static const struct {
		const char *name;
		int sig;
	} also[] = { { "IOT", SIGABRT }, { "CLD", SIGCHLD }, { "IO", SIGIO } };

	for (int sig = 1; sig < 32; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcasecmp(name, known) == 0) {
			*ret = sig;
			return 0;
		}
	}
	for (size_t i = 0; i < SV_COUNT(also); i++) {
		if (strcasecmp(name, also[i].name) == 0) {
			*ret = also[i].sig;
			return 0;
		}
	}
	return parse_realtime(name, ret);
}

int sv_parse_signal(const char *text, int *ret, struct sv_err *err)
{
	struct sv_err ignored = { 0 };
	uint64_t number;
	int r;

	if (*text >= '0' && *text <= '9') {
		r = sv_parse_u64(text, (uint64_t)SIGRTMAX, &number, &ignored);
		if (r == 0)
			*ret = (int)number;
	} else {
		r = parse_name(strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text, ret);
	}
	return r < 0 ? sv_err_say(err, EINVAL, "unknown signal \"%.40s\"", text) : 0;
}

/* Longest first where one unit begins like another. */
static const struct {
	const char *name;
	int64_t ns;
} time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * INT64_C(1000000000) },
	{ "h", 3600 * INT64_C(1000000000) },
};

static int64_t take_unit(const char **at)
{
	for (size_t i = 0; i < SV_COUNT(time_units); i++) {
		size_t len = strlen(time_units[i].name);

		if (strncmp(*at, time_units[i].name, len) == 0) {
			*at += len;
			return time_units[i].ns;
		}
	}
	return 0;
}

/* Digits, perhaps a point and more digits, then a unit. */
static int take_part(const char **at, int64_t *ret)
{
	int64_t whole = 0, fraction = 0, scale = 1, unit;
	const char *p = *at;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (whole > INT64_MAX / 100)
			return -ERANGE;
		whole = whole * 10 + (*p - '0');
	}
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++) {
			if (scale >= 1000000) /* a millionth of an hour is fine enough */
				continue;
			fraction = fraction * 10 + (*p - '0');
			scale *= 10;
		}
	}
	unit = take_unit(&p);
	if (unit == 0)
		return -EINVAL;
	if (whole > (INT64_MAX - unit) / unit)
		return -ERANGE;
	*at = p;
	*ret = whole * unit + fraction * unit / scale;
	return 0;
}

int sv_parse_duration(const char *text, int64_t *ret, struct sv_err *err)
{
	int64_t sum = 0, part;
	const char *p = text;
	int r = 0;

	if (strcmp(text, "0") == 0) {
		*ret = 0;
		return 0;
	}
	do {
		r = take_part(&p, &part);
		if (r == 0 && __builtin_add_overflow(sum, part, &sum))
			r = -ERANGE;
	} while (r == 0 && *p);
	if (r < 0)
		return sv_err_say(err, -r, "'%.40s' is not a length of time like 5s or 100ms", text);
	*ret = sum;
	return 0;
}
