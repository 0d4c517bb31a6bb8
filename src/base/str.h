/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - growable text and lists of strings.
 *
 * A failed allocation is remembered instead of returned: append as long as you like, then look once
 * at ->failed or take the text with sv_str_take(), which reports it.
 */
#ifndef SV_BASE_STR_H
#define SV_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct sv_str {
	char *text;	/* NUL-terminated when not NULL */
	size_t len;	/* bytes before the NUL */
	size_t room;	/* bytes allocated */
	bool failed;	/* an allocation failed; nothing was appended since */
};

void sv_str_done(struct sv_str *s);
#define autostr __attribute__((cleanup(sv_str_done)))

void sv_str_add(struct sv_str *s, const char *text);
void sv_str_add_bytes(struct sv_str *s, const void *bytes, size_t len);
void sv_str_addf(struct sv_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sv_str_vaddf(struct sv_str *s, const char *fmt, va_list ap);

/* Length of the valid UTF-8 sequence at TEXT, of which ROOM bytes may be read (Unicode 15, table
 * 3-7: no overlong forms, no surrogates); 0 if there is none. */
size_t sv_str_utf8(const char *text, size_t room);

/* Appends TEXT as the inside of a JSON string: quotes, backslashes and control characters
 * escaped. Bytes that are not valid UTF-8 become U+FFFD. */
void sv_str_add_json(struct sv_str *s, const char *text);
/* The same in quotes; NULL becomes null. */
void sv_str_add_quoted(struct sv_str *s, const char *text);

/* The text so far, "" when empty. Valid until the next append. */
const char *sv_str_text(const struct sv_str *s);

/* Moves the text to *RET (never NULL); the caller frees it. -ENOMEM if any append failed. */
int sv_str_take(struct sv_str *s, char **ret, struct sv_err *err);

/* Formats into a fresh string. -ENOMEM. */
int sv_str_format(char **ret, struct sv_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool sv_str_starts(const char *text, const char *prefix);
bool sv_str_ends(const char *text, const char *suffix);
bool sv_str_equal(const char *a, const char *b);	/* two NULLs are equal */

/* A NULL-terminated list that owns its strings, in the shape that execve(2) wants. A zeroed
 * struct is the empty list. */
struct sv_list {
	char **items;	/* NULL-terminated; NULL while the list is empty */
	size_t count;
	size_t room;
};

void sv_list_done(struct sv_list *l);
#define autolist __attribute__((cleanup(sv_list_done)))

int sv_list_add(struct sv_list *l, const char *text, struct sv_err *err);	/* copies TEXT */
int sv_list_copy(struct sv_list *ret, const struct sv_list *from, struct sv_err *err);
bool sv_list_has(const struct sv_list *l, const char *text);
void sv_list_remove(struct sv_list *l, size_t index);

#endif
