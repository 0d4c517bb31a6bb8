/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonx.h - json-c reading that names the bad key.
 *
 * A `struct sv_json` is a place in a document: the value and the way to it. The way is only spelled
 * out when an error is told: `linux.uidMappings[0].size: expected a whole number of at least 1,
 * found -3`. Places live on the stack of the reader, each points at the one above; nothing here
 * allocates except results that say so. JSON null counts as absent everywhere (Go programs write it
 * for empty pointers).
 */
#ifndef SV_BASE_JSONX_H
#define SV_BASE_JSONX_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct sv_json {
	const struct sv_json *up;	/* NULL for the document itself */
	const char *key;		/* name in the object above, NULL for an array element */
	size_t index;			/* position in the array above */
	struct json_object *value;	/* borrowed; NULL when absent */
};

/* Parses TEXT (LEN bytes, need not end in NUL) strictly: one value, valid UTF-8, no trailing
 * garbage, no NUL in strings or keys, nesting of at most 64, at most 256 Ki objects and arrays.
 * The caller ends the result (NULL for a document `null`) with json_object_put(). */
int sv_json_parse(const char *text, size_t len, struct json_object **ret, struct sv_err *err);

/* Says `way.to.key: text`. Returns -EINVAL. */
int sv_json_bad(const struct sv_json *at, struct sv_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Says `way.to.key: expected WANT, found <the value>`, or that it is missing. Returns -EINVAL. */
int sv_json_expected(const struct sv_json *at, struct sv_err *err, const char *want);

/* The member KEY of the object at UP (absent: ->value is NULL, which is no error). UP must be an
 * object or absent. */
struct sv_json sv_json_get(const struct sv_json *up, const char *key);

/* Element INDEX of the array at UP; absent beyond its end, and when UP is no array. */
struct sv_json sv_json_at(const struct sv_json *up, size_t index);

/* Checks of type; absent is fine and leaves *RET alone. The count of an absent array is 0. */
int sv_json_object(const struct sv_json *at, struct sv_err *err);
int sv_json_array(const struct sv_json *at, size_t *ret_count, struct sv_err *err);
int sv_json_bool(const struct sv_json *at, bool *ret, struct sv_err *err);
int sv_json_int(const struct sv_json *at, int64_t min, int64_t max, int64_t *ret,
		struct sv_err *err);
int sv_json_u32(const struct sv_json *at, uint32_t *ret, struct sv_err *err);
int sv_json_u64(const struct sv_json *at, uint64_t *ret, struct sv_err *err);
/* Replaces *RET by a copy. */
int sv_json_string(const struct sv_json *at, char **ret, struct sv_err *err);
/* An array of strings; replaces the content of *RET. */
int sv_json_list(const struct sv_json *at, struct sv_list *ret, struct sv_err *err);

/* The same as one line: member KEY of the object UP. */
int sv_json_get_bool(const struct sv_json *up, const char *key, bool *ret, struct sv_err *err);
int sv_json_get_int(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		    int64_t *ret, struct sv_err *err);
int sv_json_get_u32(const struct sv_json *up, const char *key, uint32_t *ret, struct sv_err *err);
int sv_json_get_u64(const struct sv_json *up, const char *key, uint64_t *ret, struct sv_err *err);
int sv_json_get_string(const struct sv_json *up, const char *key, char **ret, struct sv_err *err);
int sv_json_get_list(const struct sv_json *up, const char *key, struct sv_list *ret,
		     struct sv_err *err);

#endif
