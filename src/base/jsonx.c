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
#define MAX_CONTAINERS (256 * 1024)

/* How many bytes of a wrong value an error quotes. */
#define MAX_QUOTE 60

/* What a look at the raw text has to tell. */
struct scan {
	size_t containers; /* objects and arrays */
	bool clips;        /* a number is beyond 64 bits */
};

/* Whether json-c would clip the integer of LEN digits at TEXT to the end of its range. */
static bool is_clipped(const char *text, size_t len, bool negative)
{
	const char *limit = negative ? "9223372036854775808" : "18446744073709551615";
	size_t most = strlen(limit);

	return len > most || (len == most && memcmp(text, limit, len) > 0);
}

/* Length of the number at TEXT; *RET_DIGITS: how many digits an integer has after its sign, 0 if
 * it is none. */
static size_t number_length(const char *text, size_t len, size_t *ret_digits)
{
	size_t sign = *text == '-', n = sign;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	*ret_digits = n - sign;
	while (n < len && text[n] && strchr(".eE+-0123456789", text[n])) {
		*ret_digits = 0;
		n++;
	}
	return n;
}

/* Bytes at which a look at the text has to stop, in a string (1) and outside (2): nearly all of
 * a document are none. */
static const unsigned char stops[256] = {
	['\0'] = 3, ['"'] = 3, ['\\'] = 1,        ['{'] = 2,
	['['] = 2,  ['-'] = 2, ['0' ... '9'] = 2, [0x80 ... 0xff] = 3,
};

/*
 * Finds what json-c forgives and we do not: raw and escaped NUL (it would cut a key short and make
 * it another one), and UTF-8 that is only half valid. Objects and arrays are counted since an empty
 * one of two bytes costs json-c up to 900 bytes of memory. With COPY, the text is copied, and
 * numbers that json-c would clip silently get a fraction: as doubles they are refused where a whole
 * number belongs, with the way to them, and ignored with unknown keys.
 */
static int scan_text(const char *text, size_t len, struct scan *ret, struct sv_str *copy,
		     struct sv_err *err)
{
	const char *p = text, *end = text + len, *done = text;
	unsigned char mask = 2;
	size_t digits, n;

	while (p < end) {
		if (!(stops[(unsigned char)*p] & mask)) {
			p++;
			continue;
		}
		n = sv_str_utf8(p, (size_t)(end - p));
		if (n == 0)
			return sv_err_say(err, EINVAL, "not JSON: invalid UTF-8 at byte %td",
					  p - text);
		if (*p == '\0')
			return sv_err_say(err, EINVAL, "not JSON: a NUL at byte %td", p - text);
		if (*p == '"') {
			mask = mask == 1 ? 2 : 1;
		} else if (*p == '\\') {
			if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
				return sv_err_say(err, EINVAL,
						  "a string contains a NUL at byte %td", p - text);
			/* The escaped character is ASCII, or json-c refuses it. */
			n = end - p > 1 && (unsigned char)p[1] < 0x80 && p[1] ? 2 : 1;
		} else if (*p == '{' || *p == '[') {
			if (++ret->containers > MAX_CONTAINERS)
				return sv_err_say(
					err, EFBIG,
					"the document has more than %d objects and arrays",
					MAX_CONTAINERS);
		} else if ((unsigned char)*p < 0x80) {
			n = number_length(p, (size_t)(end - p), &digits);
			if (is_clipped(p + n - digits, digits, *p == '-')) {
				ret->clips = true;
				if (copy) {
					sv_str_add_bytes(copy, done, (size_t)(p + n - done));
					sv_str_add(copy, ".0");
					done = p + n;
				}
			}
		}
		p += n;
	}
	if (copy)
		sv_str_add_bytes(copy, done, (size_t)(end - done));
	return copy && copy->failed ? sv_err_oom(err) : 0;
}

/* Has json-c read what scan_text() let pass. */
static int tokenize(struct json_tokener *tok, const char *text, size_t len,
		    struct json_object **ret, struct sv_err *err)
{
	enum json_tokener_error why;
	struct json_object *doc;
	size_t end;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
					    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	doc = json_tokener_parse_ex(tok, text, (int)len);
	why = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (why == json_tokener_continue) {
		/* A number or word at the very end might go on; a blank says that it does not. */
		doc = json_tokener_parse_ex(tok, "\n", 1);
		end = len;
		if (json_tokener_get_error(tok) != json_tokener_success)
			return sv_err_say(err, EINVAL, "not JSON: the text ends too early");
	} else if (why != json_tokener_success) {
		return sv_err_say(err, EINVAL, "not JSON: %s at byte %zu",
				  json_tokener_error_desc(why), end);
	}

	while (end < len && strchr(" \t\r\n", text[end]))
		end++;
	if (end != len) {
		json_object_put(doc);
		return sv_err_say(err, EINVAL,
				  "not JSON: something follows the document at byte %zu", end);
	}
	*ret = doc;
	return 0;
}

int sv_json_parse(const char *text, size_t len, struct json_object **ret, struct sv_err *err)
{
	autostr struct sv_str copy = { 0 };
	struct scan scan = { 0 };
	struct json_tokener *tok;
	int r;

	if (len > INT_MAX / 2)
		return sv_err_say(err, EFBIG, "the document is too large");
	r = scan_text(text, len, &scan, NULL, err);
	if (r == 0 && scan.clips) {
		scan = (struct scan){ 0 };
		r = scan_text(text, len, &scan, &copy, err);
		text = sv_str_text(&copy);
		len = copy.len;
	}
	if (r < 0)
		return r;

	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return sv_err_oom(err);
	r = tokenize(tok, text, len, ret, err);
	json_tokener_free(tok);
	return r;
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

/* What a document says at AT, for people: a value as it stands there, or the kind of it. */
static void describe(const struct sv_json *at, struct sv_str *s)
{
	const char *text;
	size_t len;

	if (json_object_is_type(at->value, json_type_object) ||
	    json_object_is_type(at->value, json_type_array)) {
		sv_str_add(s, json_object_is_type(at->value, json_type_object) ? "an object"
									       : "an array");
		return;
	}
	text = json_object_to_json_string_ext(at->value, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		text = "(out of memory)";
	len = strlen(text);
	if (len <= MAX_QUOTE) {
		sv_str_add(s, text);
		return;
	}
	for (len = MAX_QUOTE; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	sv_str_add_bytes(s, text, len);
	sv_str_add(s, "...");
}

int sv_json_expected(const struct sv_json *at, struct sv_err *err, const char *want)
{
	autostr struct sv_str found = { 0 };

	if (!at->value && at->key)
		return sv_json_bad(at, err, "missing, expected %s", want);
	describe(at, &found);
	return sv_json_bad(at, err, "expected %s, found %s", want, sv_str_text(&found));
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
	struct sv_json at = { .up = up, .index = index };

	if (json_object_is_type(up->value, json_type_array))
		at.value = json_object_array_get_idx(up->value, index);
	return at;
}

int sv_json_object(const struct sv_json *at, struct sv_err *err)
{
	if (at->value && !json_object_is_type(at->value, json_type_object))
		return sv_json_expected(at, err, "an object");
	return 0;
}

int sv_json_array(const struct sv_json *at, size_t *ret_count, struct sv_err *err)
{
	if (!at->value) {
		*ret_count = 0;
		return 0;
	}
	if (!json_object_is_type(at->value, json_type_array))
		return sv_json_expected(at, err, "an array");
	*ret_count = json_object_array_length(at->value);
	return 0;
}

int sv_json_bool(const struct sv_json *at, bool *ret, struct sv_err *err)
{
	if (!at->value)
		return 0;
	if (!json_object_is_type(at->value, json_type_boolean))
		return sv_json_expected(at, err, "true or false");
	*ret = json_object_get_boolean(at->value);
	return 0;
}

/* json-c keeps what does not fit into int64 as uint64; what does not fit there either, is a
 * double since scan_text(). */
static bool is_whole(const struct sv_json *at)
{
	return json_object_is_type(at->value, json_type_int);
}

int sv_json_int(const struct sv_json *at, int64_t min, int64_t max, int64_t *ret,
		struct sv_err *err)
{
	int64_t value;

	if (!at->value)
		return 0;
	if (!is_whole(at))
		return sv_json_expected(at, err, "a whole number");
	value = json_object_get_int64(at->value);
	if (value < min || value > max || json_object_get_uint64(at->value) > INT64_MAX) {
		char want[80];

		snprintf(want, sizeof(want), "a whole number from %lld to %lld", (long long)min,
			 (long long)max);
		return sv_json_expected(at, err, want);
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
		return sv_json_expected(at, err, "a whole number of at least 0");
	*ret = json_object_get_uint64(at->value);
	return 0;
}

/* No string has a NUL inside: sv_json_parse() saw to that. */
static int check_string(const struct sv_json *at, struct sv_err *err)
{
	if (!json_object_is_type(at->value, json_type_string))
		return sv_json_expected(at, err, "a string");
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
	size_t count = 0;
	int r = sv_json_array(at, &count, err);

	if (r < 0 || !at->value)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(at, i);

		if (!item.value)
			return sv_json_expected(&item, err, "a string");
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

int sv_json_get_int(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		    int64_t *ret, struct sv_err *err)
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

int sv_json_get_list(const struct sv_json *up, const char *key, struct sv_list *ret,
		     struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	return sv_json_list(&at, ret, err);
}
