/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate.c - changes a document value by value.
 *
 * Bytes changed at random are rarely JSON any more, so libFuzzer alone keeps testing json-c. Seven
 * times of eight this replaces, removes or doubles one value of the document, which then reaches
 * the checks behind the syntax.
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* A place where a value stands: a member of an object or an element of an array. */
struct place {
	struct json_object *up;
	const char *key; /* NULL in an array */
	size_t index;
	struct json_object *value;
};

static const int64_t numbers[] = { 0,
				   1,
				   -1,
				   2,
				   7,
				   10,
				   100,
				   340,
				   1000,
				   4095,
				   4096,
				   65535,
				   1048576,
				   INT32_MAX,
				   UINT32_MAX - 1,
				   UINT32_MAX,
				   INT64_C(1) << 32,
				   INT64_MAX,
				   INT64_MIN };

static const char *const strings[] = { "",
				       "/",
				       "a",
				       "/a/../b",
				       "..",
				       "c",
				       "b",
				       "p",
				       "rwm",
				       "A=b",
				       "=",
				       "0-3,7",
				       "3-1",
				       "2MB",
				       "bind",
				       "rbind",
				       "ro",
				       "rro",
				       "mode=755",
				       "X-mount.mkdir=700",
				       "X-mount.subdir=a/b",
				       "idmap=uids=0-1-1;gids=0-1-1",
				       "ridmap=uids=0-1-1#1-5-1;gids=0-9-1",
				       "none",
				       "tmpfs",
				       "pid",
				       "time",
				       "user",
				       "/proc/1/ns/net",
				       "CAP_KILL",
				       "RLIMIT_CPU",
				       "SCHED_DEADLINE",
				       "LINUX",
				       "rslave",
				       "memory.max",
				       "a b" };

/* Walks to the place number *LEFT, in the order of the text; false if there are fewer. */
static int find(struct json_object *up, size_t *left, struct place *ret)
{
	if (json_object_is_type(up, json_type_object)) {
		json_object_object_foreach (up, key, value) {
			*ret = (struct place){ up, key, 0, value };
			if ((*left)-- == 0 || find(value, left, ret))
				return 1;
		}
	} else if (json_object_is_type(up, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(up); i++) {
			struct json_object *value = json_object_array_get_idx(up, i);

			*ret = (struct place){ up, NULL, i, value };
			if ((*left)-- == 0 || find(value, left, ret))
				return 1;
		}
	}
	return 0;
}

static int pick(struct json_object *doc, struct place *ret)
{
	size_t all = SIZE_MAX / 2, left;

	find(doc, &all, ret);
	all = SIZE_MAX / 2 - all;
	if (all == 0)
		return 0;
	left = (size_t)rand() % all;
	return find(doc, &left, ret);
}

static struct json_object *changed_string(struct json_object *old)
{
	uint8_t text[128];
	size_t len = (size_t)json_object_get_string_len(old);

	if (len > sizeof(text) / 2)
		len = sizeof(text) / 2;
	memcpy(text, json_object_get_string(old), len);
	len = LLVMFuzzerMutate(text, len, sizeof(text));
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] & 0x7f ? text[i] & 0x7f : 'x';
	return json_object_new_string_len((const char *)text, (int)len);
}

static struct json_object *new_value(struct json_object *doc, struct json_object *old)
{
	struct json_object *copy = NULL;
	struct place other;

	switch (rand() % 10) {
	case 0:
		return NULL;
	case 1:
		return json_object_new_boolean(rand() & 1);
	case 2:
	case 3:
		return json_object_new_int64(
			numbers[(size_t)rand() % (sizeof(numbers) / sizeof(numbers[0]))]);
	case 4:
	case 5:
		return json_object_new_string(
			strings[(size_t)rand() % (sizeof(strings) / sizeof(strings[0]))]);
	case 6:
		return rand() & 1 ? json_object_new_object() : json_object_new_array();
	case 7:
		if (pick(doc, &other) && other.value)
			json_object_deep_copy(other.value, &copy, NULL);
		return copy;
	default:
		if (json_object_is_type(old, json_type_string))
			return changed_string(old);
		if (json_object_is_type(old, json_type_int))
			return json_object_new_int64(
				(int64_t)((uint64_t)json_object_get_int64(old) +
					  (rand() & 1 ? 1u : -1u)));
		return json_object_new_uint64(UINT64_MAX);
	}
}

static void change(struct json_object *doc)
{
	struct json_object *copy = NULL;
	struct place at;

	if (!pick(doc, &at))
		return;
	switch (rand() % 8) {
	case 0: /* remove it */
		if (at.key)
			json_object_object_del(at.up, at.key);
		else
			json_object_array_del_idx(at.up, at.index, 1);
		break;
	case 1: /* say it twice */
		if (!at.key && at.value && json_object_deep_copy(at.value, &copy, NULL) == 0)
			json_object_array_add(at.up, copy);
		break;
	default:
		copy = new_value(doc, at.value);
		if (at.key)
			json_object_object_add(at.up, at.key, copy);
		else
			json_object_array_put_idx(at.up, at.index, copy);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct json_tokener *tok;
	struct json_object *doc;
	const char *text;
	size_t len;

	srand(seed);
	if (rand() % 8 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	tok = json_tokener_new();
	doc = tok ? json_tokener_parse_ex(tok, (const char *)data, (int)size) : NULL;
	json_tokener_free(tok);
	if (!doc)
		return LLVMFuzzerMutate(data, size, max_size);

	for (int i = 1 + rand() % 3; i > 0; i--)
		change(doc);
	text = json_object_to_json_string_length(
		doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text && len <= max_size) {
		memcpy(data, text, len);
		size = len;
	}
	json_object_put(doc);
	return size;
}
