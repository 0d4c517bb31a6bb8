/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_options.c - see overlay_options.h. */
#include "runc/overlay_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "os/mountinfo.h"

void rc_overlay_options_done(struct rc_overlay_options *o)
{
	sv_list_done(&o->lowers);
	sv_list_done(&o->carry);
	free(o->upper);
	free(o->work);
	*o = (struct rc_overlay_options){ 0 };
}

/* A backslash takes the meaning from what follows it. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	*to = '\0';
}

/* "lowerdir=a:b\:c::data": what stands behind "::" is data-only (Linux 6.5). */
static int split_lowers(char *text, struct rc_overlay_options *o, struct sv_err *err)
{
	bool data = false;
	char *start = text;

	for (char *p = text;; p++) {
		char c = *p;
		int r;

		if (c == '\\' && p[1]) {
			p++;
			continue;
		}
		if (c && c != ':')
			continue;
		*p = '\0';
		if (*start) {
			unescape(start);
			r = sv_list_add(&o->lowers, start, err);
			if (r < 0)
				return r;
			o->n_data += data;
		} else {
			data = true;
		}
		if (!c)
			return 0;
		start = p + 1;
	}
}

static int set_path(char **ret, const char *value, struct sv_err *err)
{
	free(*ret);
	*ret = strdup(value);
	if (!*ret)
		return sv_err_oom(err);
	unescape(*ret);
	return 0;
}

/*
 * Words that change how layers are read or written have to be the same for our mount. index and
 * nfs_export are not carried: they tie an upper layer to one mount. "seclabel" and the like are
 * only shown.
 */
static bool is_carried(const char *word)
{
	static const char *const words[] = {
		"metacopy=", "redirect_dir=", "xino=",      "userxattr",   "volatile",
		"verity=",   "context=",      "fscontext=", "defcontext=", "rootcontext="
	};

	for (size_t i = 0; i < SV_COUNT(words); i++)
		if (sv_str_starts(word, words[i]))
			return true;
	return false;
}

static int read_word(char *word, struct rc_overlay_options *o, struct sv_err *err)
{
	char *value = strchr(word, '=');

	value = value ? value + 1 : word + strlen(word);
	if (sv_str_starts(word, "lowerdir="))
		return split_lowers(value, o, err);
	if (sv_str_starts(word, "lowerdir+="))
		return sv_list_add(&o->lowers, value, err);
	if (sv_str_starts(word, "datadir+=")) {
		o->n_data++;
		return sv_list_add(&o->lowers, value, err);
	}
	if (sv_str_starts(word, "upperdir="))
		return set_path(&o->upper, value, err);
	if (sv_str_starts(word, "workdir="))
		return set_path(&o->work, value, err);
	return is_carried(word) ? sv_list_add(&o->carry, word, err) : 0;
}

int rc_overlay_options_parse(const char *text, struct rc_overlay_options *ret, struct sv_err *err)
{
	struct rc_overlay_options o = { 0 };
	autolist struct sv_list words = { 0 };
	int r = sv_mountinfo_options(text, &words, err);

	for (size_t i = 0; r == 0 && i < words.count; i++)
		r = read_word(words.items[i], &o, err);
	if (r == 0 && o.lowers.count <= o.n_data)
		r = sv_err_say(err, EINVAL, "an overlay without lower layers");
	if (r == 0 && !o.upper != !o.work)
		r = sv_err_say(err, EINVAL, "an overlay with only one of upperdir and workdir");
	if (r < 0) {
		rc_overlay_options_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = path; *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += len;
	}
	return false;
}

/* Bytes of COMMON that hold PATH as well, up to a slash or the end. */
static size_t shared_length(const char *common, const char *path)
{
	size_t n = 0, slash = 0;

	while (common[n] && common[n] == path[n]) {
		if (common[n] == '/')
			slash = n;
		n++;
	}
	if ((common[n] == '\0' || common[n] == '/') && (path[n] == '\0' || path[n] == '/'))
		return n;
	return slash;
}

int rc_overlay_common_dir(const struct sv_list *dirs, char **ret, struct sv_err *err)
{
	autofree char *common = NULL;

	for (size_t i = 0; i < dirs->count; i++) {
		const char *dir = dirs->items[i];

		if (dir[0] != '/' || has_dotdot(dir))
			continue;
		if (common) {
			common[shared_length(common, dir)] = '\0';
			continue;
		}
		common = strdup(dir);
		if (!common)
			return sv_err_oom(err);
	}
	if (!common || !*common) {
		free(common);
		common = strdup("/");
		if (!common)
			return sv_err_oom(err);
	}
	*ret = sv_steal(common);
	return 0;
}

const char *rc_overlay_below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	if (strncmp(dir, path, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	path += len;
	path += strspn(path, "/");
	return *path ? path : ".";
}

bool rc_overlay_plain_name(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@/";

	return name[strspn(name, letters)] == '\0';
}

int rc_overlay_options_format(const struct sv_list *lowers, size_t n_data, const char *upper,
			      const char *work, const struct sv_list *carry, char **ret,
			      struct sv_err *err)
{
	autostr struct sv_str s = { 0 };

	/*
	 * index=off: else the kernel refuses an upper layer that another mount uses, and the
	 * engine's mount stays.
	 */
	sv_str_add(&s, "index=off");
	for (size_t i = 0; i < carry->count; i++)
		sv_str_addf(&s, ",%s", carry->items[i]);
	sv_str_add(&s, ",lowerdir=");
	for (size_t i = 0; i < lowers->count; i++) {
		if (i)
			sv_str_add(&s, lowers->count - i <= n_data ? "::" : ":");
		sv_str_add(&s, lowers->items[i]);
	}
	if (upper)
		sv_str_addf(&s, ",upperdir=%s,workdir=%s", upper, work);
	return sv_str_take(&s, ret, err);
}
