/* SPDX-License-Identifier: Apache-2.0 */
/* jsonx.c - json-c behind places that know their way from the document's top. */
#include "base/jsonx.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

int sv_json_parse(const char *text, size_t len, struct json_object **ret, struct sv_err *err)
{
	struct json_tokener *tok;
	struct json_object *doc;
	enum json_tokener_error why;
	size_t end;

	if (len > INT_MAX)
		return sv_err_say(err, EFBIG, "the document is too large");
	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return sv_err_oom(err);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
					    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	doc = json_tokener_parse_ex(tok, text, (int)len);
	why = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);

	if (why == json_tokener_continue)
		return sv_err_say(err, EINVAL, "not JSON: the text ends too early");
	if (why != json_tokener_success)
		return sv_err_say(err, EINVAL, "not JSON: %s at byte %zu", json_tokener_error_desc(why), end);
	while (end < len && strchr(" \t\r\n", text[end]) && text[end])
		end++;
	if (end != len) {
		json_object_put(doc);
		return sv_err_say(err, EINVAL, "not JSON: something follows the document at byte %zu", end);
	}
	*ret = doc;
	return 0;
}

/* Spells the way to AT, outermost first. */
static void spell(const struct sv_json *at, struct sv_str *s)
{
	if (!at->up)
		return;
	spell(at->up, s);
	if (at->key) {
		if (s->len)
			sv_str_add(s, ".");
		sv_str_add(s, at->key);
	} else {
		sv_str_addf(s, "[%zu]", at->index);
	}
}

int sv_json_bad(const struct sv_json *at, struct sv_err *err, const char *fmt, ...)
{
	autostr struct sv_str s = { 0 };
	va_list ap;

	spell(at, &s);
	if (s.len)
		sv_str_add(&s, ": ");
	va_start(ap, fmt);
	sv_str_vaddf(&s, fmt, ap);
	va_end(ap);
	return sv_err_say(err, EINVAL, "%s", sv_str_text(&s));
}

static int wrong_type(const struct sv_json *at, struct sv_err *err, const char *want)
{
	return sv_json_bad(at, err, "expected %s, found %.60s", want,
			   json_object_to_json_string_ext(at->value, JSON_C_TO_STRING_PLAIN));
}

struct sv_json sv_json_get(const struct sv_json *up, const char *key)
{
	struct sv_json at = { .up = up, .key = key };

	if (up->value)
		json_object_object_get_ex(up->value, key, &at.value);
	return at;
}

struct sv_json sv_json_at(const struct sv_json *up, size_t index)
{
	return (struct sv_json){ .up = up,
				 .index = index,
				 .value = json_object_array_get_idx(up->value, index) };
}

int sv_json_object(const struct sv_json *at, struct sv_err *err)
{
	if (at->value && !json_object_is_type(at->value, json_type_object))
		return wrong_type(at, err, "an object");
	return 0;
}

int sv_json_array(const struct sv_json *at, size_t *ret_count, struct sv_err *err)
{
	if (!at->value) {
		*ret_count = 0;
		return 0;
	}
	if (!json_object_is_type(at->value, json_type_array))
		return wrong_type(at, err, "an array");
	*ret_count = json_object_array_length(at->value);
	return 0;
}

int sv_json_bool(const struct sv_json *at, bool *ret, struct sv_err *err)
{
	if (!at->value)
		return 0;
	if (!json_object_is_type(at->value, json_type_boolean))
		return wrong_type(at, err, "true or false");
	*ret = json_object_get_boolean(at->value);
	return 0;
}

/* json-c keeps what does not fit into int64 as uint64, and clips what does not fit there. */
static bool is_whole(const struct sv_json *at)
{
	return json_object_is_type(at->value, json_type_int);
}

int sv_json_int(const struct sv_json *at, int64_t min, int64_t max, int64_t *ret, struct sv_err *err)
{
	int64_t value;

	if (!at->value)
		return 0;
	if (!is_whole(at))
		return wrong_type(at, err, "a whole number");
	value = json_object_get_int64(at->value);
	if (value < min || value > max || json_object_get_uint64(at->value) > INT64_MAX) {
		char want[80];

		snprintf(want, sizeof(want), "a whole number from %lld to %lld", (long long)min,
			 (long long)max);
		return wrong_type(at, err, want);
	}
	*ret = value;
	return 0;
}

int sv_json_u32(const struct sv_json *at, uint32_t *ret, struct sv_err *err)
{
	int64_t value = *ret;
	int r = sv_json_int(at, 0, UINT32_MAX, &value, err);

	if (r < 0)
		return r;
	*ret = (uint32_t)value;
	return 0;
}

int sv_json_u64(const struct sv_json *at, uint64_t *ret, struct sv_err *err)
{
	if (!at->value)
		return 0;
	if (!is_whole(at) || json_object_get_int64(at->value) < 0)
		return wrong_type(at, err, "a whole number of at least 0");
	*ret = json_object_get_uint64(at->value);
	return 0;
}

/* A NUL inside would make the C string another one than the document's. */
static int check_string(const struct sv_json *at, struct sv_err *err)
{
	if (!json_object_is_type(at->value, json_type_string))
		return wrong_type(at, err, "a string");
	if (strlen(json_object_get_string(at->value)) != (size_t)json_object_get_string_len(at->value))
		return sv_json_bad(at, err, "the string contains a NUL");
	return 0;
}

int sv_json_string(const struct sv_json *at, char **ret, struct sv_err *err)
{
	char *copy;
	int r;

	if (!at->value)
		return 0;
	r = check_string(at, err);
	if (r < 0)
		return r;
	copy = strdup(json_object_get_string(at->value));
	if (!copy)
		return sv_err_oom(err);
	free(*ret);
	*ret = copy;
	return 0;
}

int sv_json_list(const struct sv_json *at, struct sv_list *ret, struct sv_err *err)
{
	autolist struct sv_list list = { 0 };
	size_t count;
	int r = sv_json_array(at, &count, err);

	if (r < 0 || !at->value)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(at, i);

		if (!item.value)
			return sv_json_bad(&item, err, "expected a string, found null");
		r = check_string(&item, err);
		if (r == 0)
			r = sv_list_add(&list, json_object_get_string(item.value), err);
		if (r < 0)
			return r;
	}
	sv_list_done(ret);
	*ret = list;
	list = (struct sv_list){ 0 };
	return 0;
}

int sv_json_get_bool(const struct sv_json *up, const char *key, bool *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_bool(&at, ret, err);
}

int sv_json_get_int(const struct sv_json *up, const char *key, int64_t min, int64_t max, int64_t *ret,
		    struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_int(&at, min, max, ret, err);
}

int sv_json_get_u32(const struct sv_json *up, const char *key, uint32_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_u32(&at, ret, err);
}

int sv_json_get_u64(const struct sv_json *up, const char *key, uint64_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_u64(&at, ret, err);
}

int sv_json_get_string(const struct sv_json *up, const char *key, char **ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_string(&at, ret, err);
}

int sv_json_get_list(const struct sv_json *up, const char *key, struct sv_list *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_list(&at, ret, err);
}
