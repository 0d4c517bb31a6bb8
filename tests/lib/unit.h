/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - what unit tests share: cmocka with its includes, files of tests/fixtures, JSON that
 * reads well in C.
 *
 * Unit tests run with the top of the source tree as working directory.
 */
#ifndef SV_TESTS_LIB_UNIT_H
#define SV_TESTS_LIB_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The whole of a file; ends the test if there is none. The caller frees it. */
static inline char *unit_read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len = 0, n;

	if (!f)
		fail_msg("cannot open %s: unit tests run in the top directory of the source", path);
	do {
		text = realloc(text, len + 65536 + 1);
		assert_non_null(text);
		n = fread(text + len, 1, 65536, f);
		len += n;
	} while (n > 0);
	fclose(f);
	text[len] = '\0';
	*ret_len = len;
	return text;
}

/* Turns ' into ", so that JSON can stand in a C string without backslashes. The caller frees it. */
static inline char *unit_json(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

#endif
