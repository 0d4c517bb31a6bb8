/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - growable text and lists of strings; growth doubles, failures are sticky. */
#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sv_str_done(struct sv_str *s)
{
	free(s->text);
	*s = (struct sv_str){ 0 };
}

static bool reserve(struct sv_str *s, size_t more)
{
	size_t room = s->room ? s->room : 64;
	char *text;

	if (s->failed || more >= SIZE_MAX / 4 - s->len) {
		s->failed = true;
		return false;
	}
	if (s->room > s->len + more)
		return true;
	while (room <= s->len + more)
		room *= 2;
	text = realloc(s->text, room);
	if (!text) {
		s->failed = true;
		return false;
	}
	s->text = text;
	s->room = room;
	return true;
}

void sv_str_add_bytes(struct sv_str *s, const void *bytes, size_t len)
{
	if (!reserve(s, len))
		return;
	if (len)
		memcpy(s->text + s->len, bytes, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void sv_str_add(struct sv_str *s, const char *text)
{
	sv_str_add_bytes(s, text, strlen(text));
}

void sv_str_vaddf(struct sv_str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		s->failed = true;
		return;
	}
	if (!reserve(s, (size_t)n))
		return;
	vsnprintf(s->text + s->len, (size_t)n + 1, fmt, ap);
	s->len += (size_t)n;
}

void sv_str_addf(struct sv_str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sv_str_vaddf(s, fmt, ap);
	va_end(ap);
}

size_t sv_str_utf8(const char *text, size_t room)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (room == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > room)
		return 0;

	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

void sv_str_add_json(struct sv_str *s, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t len = sv_str_utf8(text, left);

		if (len == 0) {
			sv_str_add(s, "\\ufffd");
			len = 1;
		} else if (*text == '"' || *text == '\\') {
			sv_str_addf(s, "\\%c", *text);
		} else if (*text == '\n') {
			sv_str_add(s, "\\n");
		} else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			sv_str_addf(s, "\\u%04x", (unsigned char)*text);
		} else {
			sv_str_add_bytes(s, text, len);
		}
		text += len;
		left -= len;
	}
}

void sv_str_add_quoted(struct sv_str *s, const char *text)
{
	if (!text) {
		sv_str_add(s, "null");
		return;
	}
	sv_str_add(s, "\"");
	sv_str_add_json(s, text);
	sv_str_add(s, "\"");
}

const char *sv_str_text(const struct sv_str *s)
{
	return s->text ? s->text : "";
}

int sv_str_take(struct sv_str *s, char **ret, struct sv_err *err)
{
	if (!reserve(s, 0))
		return sv_err_oom(err);
	s->text[s->len] = '\0';
	*ret = s->text;
	*s = (struct sv_str){ 0 };
	return 0;
}

int sv_str_format(char **ret, struct sv_err *err, const char *fmt, ...)
{
	autostr struct sv_str s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sv_str_vaddf(&s, fmt, ap);
	va_end(ap);
	return sv_str_take(&s, ret, err);
}

bool sv_str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sv_str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), want = strlen(suffix);

	return len >= want && strcmp(text + len - want, suffix) == 0;
}

bool sv_str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void sv_list_done(struct sv_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct sv_list){ 0 };
}

int sv_list_add(struct sv_list *l, const char *text, struct sv_err *err)
{
	char *copy;

	if (l->count + 1 >= l->room) {
		size_t room = l->room ? l->room * 2 : 8;
		char **items = reallocarray(l->items, room, sizeof(*items));

		if (!items)
			return sv_err_oom(err);
		l->items = items;
		l->room = room;
	}
	copy = strdup(text);
	if (!copy)
		return sv_err_oom(err);
	l->items[l->count++] = copy;
	l->items[l->count] = NULL;
	return 0;
}

int sv_list_copy(struct sv_list *ret, const struct sv_list *from, struct sv_err *err)
{
	autolist struct sv_list copy = { 0 };

	for (size_t i = 0; i < from->count; i++) {
		int r = sv_list_add(&copy, from->items[i], err);

		if (r < 0)
			return r;
	}
	*ret = copy;
	copy = (struct sv_list){ 0 };
	return 0;
}

bool sv_list_has(const struct sv_list *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i], text) == 0)
			return true;
	return false;
}

void sv_list_remove(struct sv_list *l, size_t index)
{
	free(l->items[index]);
	for (size_t i = index; i < l->count; i++)
		l->items[i] = l->items[i + 1];
	l->count--;
}
