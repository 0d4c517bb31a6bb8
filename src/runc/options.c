/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.c - options as Go's flag package and runc's command line read them, which getopt_long does not: one dash or two
 * mean the same, a flag may carry `=true` or `=false`, short names are not bundled.
 */
#include "runc/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const struct rc_option *find(const struct rc_option *table, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
			return &table[i];
		if (len == 1 && table[i].letter && table[i].letter == *name)
			return &table[i];
	}
	return NULL;
}

static int set_flag(const struct rc_option *o, const char *value, struct sv_err *err)
{
	static const char *const yes[] = { "true", "1", "t", "T", "TRUE", "True" };
	static const char *const no[] = { "false", "0", "f", "F", "FALSE", "False" };
	bool *to = o->to;

	for (size_t i = 0; i < SV_COUNT(yes); i++) {
		if (!value || strcmp(value, yes[i]) == 0) {
			*to = true;
			return 0;
		}
		if (strcmp(value, no[i]) == 0) {
			*to = false;
			return 0;
		}
	}
	return sv_err_say(err, EINVAL, "invalid value \"%s\" for flag -%s: expected true or false", value, o->name);
}

static int set_value(const struct rc_option *o, const char *value, struct sv_err *err)
{
	if (o->kind == RC_OPT_LIST)
		return sv_list_add(o->to, value, err);
	*(const char **)o->to = value;
	return 0;
}

static void print_help(const struct rc_option *table, size_t count, const char *usage)
{
	size_t width = strlen("--help, -h");

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i <= count; i++) {
			const struct rc_option *o = &table[i];
			char left[80];
			int n;

			if (i == count)
				n = snprintf(left, sizeof(left), "--help, -h");
			else
				n = snprintf(left, sizeof(left), "--%s%s%s%s%.1s", o->name, o->arg ? " " : "", o->arg ? o->arg : "",
					     o->letter ? ", -" : "", o->letter ? &o->letter : "");
			if (pass == 0 && (size_t)n > width)
				width = (size_t)n;
			if (pass == 1)
				printf("   %-*s  %s\n", (int)width, left, i == count ? "show this help" : o->help);
		}
		if (pass == 0)
			printf("%s\n\nOPTIONS:\n", usage);
	}
}

int rc_options_parse(const struct rc_option *table, size_t count, const char *usage, bool stop_early, int argc, char **argv,
		     int *ret_first, struct sv_err *err)
{
	int kept = 1; /* arguments found so far are gathered at argv[1..kept) */
	int i = 1;

	while (i < argc) {
		const char *word = argv[i++], *name = word + 1, *value;
		const struct rc_option *o;
		int r;

		if (word[0] != '-' || word[1] == '\0') {
			argv[kept++] = argv[i - 1];
			if (stop_early)
				break;
			continue;
		}
		if (strcmp(word, "--") == 0)
			break;
		if (*name == '-')
			name++;
		value = strchr(name, '=');
		o = find(table, count, name, value ? (size_t)(value - name) : strlen(name));
		if (!o && (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)) {
			print_help(table, count, usage);
			return 1;
		}
		if (!o)
			return sv_err_say(err, EINVAL, "flag provided but not defined: %s", word);
		if (value)
			value++;
		if (o->kind == RC_OPT_FLAG) {
			r = set_flag(o, value, err);
		} else {
			if (!value && i == argc)
				return sv_err_say(err, EINVAL, "flag needs an argument: %s", word);
			r = set_value(o, value ? value : argv[i++], err);
		}
		if (r < 0)
			return r;
	}

	/* What was not looked at follows the arguments directly; the words between were options. */
	*ret_first = i - (kept - 1);
	memmove(&argv[*ret_first], &argv[1], (size_t)(kept - 1) * sizeof(*argv));
	return 0;
}

int rc_options_arguments(const char *command, int count, int min, int max, struct sv_err *err)
{
	if (min == max && count != min)
		return sv_err_say(err, EINVAL, "\"%s\" requires exactly %d argument%s", command, min, min == 1 ? "" : "s");
	if (count < min)
		return sv_err_say(err, EINVAL, "\"%s\" requires at least %d argument%s", command, min, min == 1 ? "" : "s");
	if (max >= 0 && count > max)
		return sv_err_say(err, EINVAL, "\"%s\" takes at most %d argument%s", command, max, max == 1 ? "" : "s");
	return 0;
}

int rc_options_id(const struct rc_option *table, size_t count, const char *usage, int argc, char **argv, const char **ret_id,
		  struct sv_err *err)
{
	int first, r = rc_options_parse(table, count, usage, false, argc, argv, &first, err);

	if (r != 0)
		return r;
	r = rc_options_arguments(argv[0], argc - first, 1, 1, err);
	if (r == 0)
		*ret_id = argv[first];
	return r;
}
