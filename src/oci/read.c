/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - typed reading of members, on top of base/jsonx. */
#include "oci/read.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

int oci_blame(const struct sv_json *at, const struct sv_err *why, struct sv_err *err)
{
	if (why->code == ENOMEM) {
		*err = *why;
		return -ENOMEM;
	}
	return sv_json_bad(at, err, "%s", why->msg);
}

int oci_read_object(const struct sv_json *up, const char *key, struct sv_json *ret,
		    struct sv_err *err)
{
	*ret = sv_json_get(up, key);
	return sv_json_object(ret, err);
}

int oci_read_array(const struct sv_json *up, const char *key, size_t size, struct sv_json *ret,
		   void *ret_items, size_t *ret_count, struct sv_err *err)
{
	size_t count;
	void *items;
	int r;

	*ret = sv_json_get(up, key);
	*(void **)ret_items = NULL;
	*ret_count = 0;
	r = sv_json_array(ret, &count, err);
	if (r < 0 || count == 0)
		return r;

	/* Before anything is allocated: a document of 10 MB has room for five million numbers,
	 * but for few objects. */
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(ret, i);

		if (!json_object_is_type(item.value, json_type_object))
			return sv_json_expected(&item, err, "an object");
	}
	items = calloc(count, size);
	if (!items)
		return sv_err_oom(err);
	*(void **)ret_items = items;
	*ret_count = count;
	return 0;
}

int oci_read_members(const struct sv_json *up, const char *key, size_t size,
		     int (*each)(const struct sv_json *member, void *item, struct sv_err *err),
		     void *ret_items, size_t *ret_count, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	size_t count, i = 0;
	char *items;
	int r;

	*(void **)ret_items = NULL;
	*ret_count = 0;
	r = sv_json_object(&at, err);
	if (r < 0 || !at.value)
		return r;
	count = (size_t)json_object_object_length(at.value);
	if (count == 0)
		return 0;
	items = calloc(count, size);
	if (!items)
		return sv_err_oom(err);
	*(void **)ret_items = items;
	*ret_count = count;

	json_object_object_foreach(at.value, name, value) {
		struct sv_json member = { .up = &at, .key = name, .value = value };

		r = each(&member, items + size * i++, err);
		if (r < 0)
			return r;
	}
	return 0;
}

bool oci_is_field(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len > max || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == '/' || *text == 0x7f)
			return false;
	return true;
}

int oci_read_text(const struct sv_json *up, const char *key, char **ret, struct sv_err *err)
{
	int r = sv_json_get_string(up, key, ret, err);

	if (r == 0 && *ret && **ret == '\0') {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

int oci_read_path(const struct sv_json *up, const char *key, char **ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	int r = sv_json_string(&at, ret, err);

	if (r < 0)
		return r;
	if (!at.value || **ret != '/')
		return sv_json_expected(&at, err, "an absolute path");
	if (strlen(*ret) >= PATH_MAX)
		return sv_json_bad(&at, err, "the path is longer than %d bytes", PATH_MAX - 1);
	return 0;
}

int oci_read_word(const struct sv_json *up, const char *key, const struct oci_word *table,
		  bool *ret_found, uint64_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	autofree char *word = NULL;
	autostr struct sv_str want = { 0 };
	int r;

	r = oci_read_text(up, key, &word, err);
	if (r < 0)
		return r;
	*ret_found = word;
	if (!word || oci_word_find(table, word, ret))
		return 0;

	sv_str_add(&want, "one of");
	for (const struct oci_word *w = table; w->word; w++)
		sv_str_addf(&want, "%s%s", w == table ? " " : ", ", w->word);
	return sv_json_expected(&at, err, sv_str_text(&want));
}

int oci_read_opt(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		 struct oci_opt *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	int r = sv_json_int(&at, min, max, &ret->value, err);

	if (r == 0 && at.value)
		ret->set = true;
	return r;
}

int oci_read_number(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		    int64_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);

	if (!at.value)
		return sv_json_expected(&at, err, "a whole number");
	return sv_json_int(&at, min, max, ret, err);
}

int oci_read_cpus(const struct sv_json *up, const char *key, char **ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	struct sv_err why = { 0 };
	int r = oci_read_text(up, key, ret, err);

	if (r == 0 && *ret && sv_parse_cpus(*ret, NULL, SV_PARSE_CPUS_MAX, &why) < 0)
		return oci_blame(&at, &why, err);
	return r;
}

int oci_path_clean(const char *text, char **ret, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };

	while (*text) {
		size_t n;

		text += strspn(text, "/");
		n = strcspn(text, "/");
		if (n == 2 && memcmp(text, "..", 2) == 0)
			return sv_err_say(err, EINVAL, "the path contains \"..\"");
		if (n > 0 && !(n == 1 && *text == '.')) {
			sv_str_add(&s, "/");
			sv_str_add_bytes(&s, text, n);
		}
		text += n;
	}
	if (s.len == 0)
		sv_str_add(&s, "/");
	if (s.len >= PATH_MAX)
		return sv_err_say(err, EINVAL, "the path is longer than %d bytes", PATH_MAX - 1);
	return sv_str_take(&s, ret, err);
}
