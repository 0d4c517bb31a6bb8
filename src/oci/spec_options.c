/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_options.c - the option words of a mount and what they ask of the kernel.
 *
 * One table. A word of an attribute, a propagation, `bind` or `idmap` with an "r" in front is the
 * same for the whole tree: rro, rnosuid, rslave, rbind, ridmap. Words are applied in their order,
 * so the later of two that disagree wins. What is not in the table goes to the file system as it is
 * (mode=755, size=64m), except the comments of fstab(5), x-* and X-*.
 */
#include "oci/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/parse.h"

enum kind {
	NOTHING,  /* accepted, asks for nothing */
	ATTR_SET, /* an attribute of the mount, MOUNT_ATTR_* */
	ATTR_CLEAR,
	ATIME, /* one of the three ways to keep access times: they exclude each other */
	ATIME_NOT,
	SB_SET, /* a flag of the file system, MS_* */
	SB_CLEAR,
	PROPAGATION,
	BIND,
	IDMAP,
	COPYUP,
};

static const struct option {
	const char *word;
	enum kind kind;
	uint64_t value;
} options[] = {
	{ "defaults", NOTHING, 0 },
	{ "auto", NOTHING, 0 }, /* fstab(5): for mount -a */
	{ "noauto", NOTHING, 0 },
	{ "nouser", NOTHING, 0 },
	{ "_netdev", NOTHING, 0 },

	{ "ro", ATTR_SET, MOUNT_ATTR_RDONLY },
	{ "rw", ATTR_CLEAR, MOUNT_ATTR_RDONLY },
	{ "nosuid", ATTR_SET, MOUNT_ATTR_NOSUID },
	{ "suid", ATTR_CLEAR, MOUNT_ATTR_NOSUID },
	{ "nodev", ATTR_SET, MOUNT_ATTR_NODEV },
	{ "dev", ATTR_CLEAR, MOUNT_ATTR_NODEV },
	{ "noexec", ATTR_SET, MOUNT_ATTR_NOEXEC },
	{ "exec", ATTR_CLEAR, MOUNT_ATTR_NOEXEC },
	{ "nodiratime", ATTR_SET, MOUNT_ATTR_NODIRATIME },
	{ "diratime", ATTR_CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", ATTR_SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow", ATTR_CLEAR, MOUNT_ATTR_NOSYMFOLLOW },

	{ "relatime", ATIME, MOUNT_ATTR_RELATIME },
	{ "norelatime", ATIME_NOT, MOUNT_ATTR_RELATIME },
	{ "noatime", ATIME, MOUNT_ATTR_NOATIME },
	{ "atime", ATIME_NOT, MOUNT_ATTR_NOATIME },
	{ "strictatime", ATIME, MOUNT_ATTR_STRICTATIME },
	{ "nostrictatime", ATIME_NOT, MOUNT_ATTR_STRICTATIME },

	{ "sync", SB_SET, MS_SYNCHRONOUS },
	{ "async", SB_CLEAR, MS_SYNCHRONOUS },
	{ "dirsync", SB_SET, MS_DIRSYNC },
	{ "mand", SB_SET, MS_MANDLOCK },
	{ "nomand", SB_CLEAR, MS_MANDLOCK },
	{ "iversion", SB_SET, MS_I_VERSION },
	{ "noiversion", SB_CLEAR, MS_I_VERSION },
	{ "lazytime", SB_SET, MS_LAZYTIME },
	{ "nolazytime", SB_CLEAR, MS_LAZYTIME },
	{ "acl", SB_SET, MS_POSIXACL },
	{ "noacl", SB_CLEAR, MS_POSIXACL },
	{ "silent", SB_SET, MS_SILENT },
	{ "loud", SB_CLEAR, MS_SILENT },
	{ "remount", SB_SET, MS_REMOUNT },

	{ "bind", BIND, 0 },
	{ "private", PROPAGATION, MS_PRIVATE },
	{ "slave", PROPAGATION, MS_SLAVE },
	{ "shared", PROPAGATION, MS_SHARED },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE },

	{ "idmap", IDMAP, 0 },
	{ "tmpcopyup", COPYUP, 0 }, /* runc and crun: a tmpfs begins with what it covers */
};

static const struct option *find(const char *word)
{
	for (size_t i = 0; i < SV_COUNT(options); i++)
		if (strcmp(options[i].word, word) == 0)
			return &options[i];
	return NULL;
}

/* Looks WORD up, as it is and without the "r" of a recursive one. */
static const struct option *find_recursive(const char *word, bool *ret_rec)
{
	const struct option *o = find(word);

	*ret_rec = false;
	if (o || *word != 'r')
		return o;
	o = find(word + 1);
	if (!o || o->kind == NOTHING || o->kind == SB_SET || o->kind == SB_CLEAR ||
	    o->kind == COPYUP)
		return NULL;
	*ret_rec = true;
	return o;
}

/* As mount_setattr(2) has it: what is cleared is cleared first, so a bit that is set needs no
 * place in CLR, but access times do. */
static void apply_attr(const struct option *o, uint64_t *set, uint64_t *clr)
{
	switch (o->kind) {
	case ATTR_SET:
		*set |= o->value;
		*clr &= ~o->value;
		break;
	case ATTR_CLEAR:
		*set &= ~o->value;
		*clr |= o->value;
		break;
	case ATIME:
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | o->value;
		*clr |= MOUNT_ATTR__ATIME;
		break;
	case ATIME_NOT:
		/* What is left when one way is declined is the kernel's default, relatime, which
		 * is 0. */
		if ((*set & MOUNT_ATTR__ATIME) == o->value)
			*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clr |= MOUNT_ATTR__ATIME;
		break;
	default:
		break;
	}
}

static void apply(struct oci_mount *m, const struct option *o, bool rec)
{
	switch (o->kind) {
	case ATTR_SET:
	case ATTR_CLEAR:
	case ATIME:
	case ATIME_NOT:
		apply_attr(o, rec ? &m->rec_attr_set : &m->attr_set,
			   rec ? &m->rec_attr_clr : &m->attr_clr);
		if (o->value == MOUNT_ATTR_RDONLY && o->kind == ATTR_SET && !rec)
			m->sb_flags |= MS_RDONLY;
		else if (o->value == MOUNT_ATTR_RDONLY && o->kind == ATTR_CLEAR)
			m->sb_flags &= ~(unsigned)MS_RDONLY;
		break;
	case SB_SET:
		m->sb_flags |= (unsigned)o->value;
		break;
	case SB_CLEAR:
		m->sb_flags &= ~(unsigned)o->value;
		break;
	case PROPAGATION:
		m->propagation = o->value;
		m->propagation_rec = rec;
		break;
	case BIND:
		m->bind = true;
		m->rec = rec;
		break;
	case IDMAP:
		m->idmap = true;
		m->ridmap = rec;
		break;
	case COPYUP:
		m->tmpcopyup = true;
		break;
	case NOTHING:
		break;
	}
}

/* One of the three numbers of "0-100000-65536"; *AT moves behind it. */
static int read_id(const char **at, uint32_t *ret, struct sv_err *err)
{
	char digits[11];
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n >= sizeof(digits))
		return sv_err_say(err, EINVAL, "expected an id at '%.40s'", *at);
	memcpy(digits, *at, n);
	digits[n] = '\0';
	*at += n;
	return sv_parse_u32(digits, ret, err);
}

/* "0-100000-65536#65536-5-1", up to the end or ';'. */
static int read_ids(const char **at, struct sv_idmap **ret, size_t *ret_count, struct sv_err *err)
{
	size_t bad;

	for (;;) {
		struct sv_idmap map, *more;
		int r;

		r = read_id(at, &map.inside, err);
		if (r == 0 && *(*at)++ != '-')
			r = sv_err_say(err, EINVAL, "expected INSIDE-OUTSIDE-SIZE");
		if (r == 0)
			r = read_id(at, &map.outside, err);
		if (r == 0 && *(*at)++ != '-')
			r = sv_err_say(err, EINVAL, "expected INSIDE-OUTSIDE-SIZE");
		if (r == 0)
			r = read_id(at, &map.size, err);
		if (r < 0)
			return r;
		if (*ret_count == OCI_MAPS_MAX)
			return sv_err_say(err, EINVAL, "the kernel takes at most %d mappings",
					  OCI_MAPS_MAX);
		more = reallocarray(*ret, *ret_count + 1, sizeof(map));
		if (!more)
			return sv_err_oom(err);
		more[(*ret_count)++] = map;
		*ret = more;
		if (**at != '#')
			return oci_maps_check(*ret, *ret_count, &bad, err);
		(*at)++;
	}
}

/* crun's form of mappings for one mount: "uids=0-100000-65536#...;gids=0-100000-65536". */
static int read_idmap(const char *text, struct oci_maps *ret, struct sv_err *err)
{
	struct oci_maps maps = { 0 };
	int r = 0;

	while (r == 0 && *text) {
		if (sv_str_starts(text, "uids=") && !maps.uids) {
			text += strlen("uids=");
			r = read_ids(&text, &maps.uids, &maps.n_uids, err);
		} else if (sv_str_starts(text, "gids=") && !maps.gids) {
			text += strlen("gids=");
			r = read_ids(&text, &maps.gids, &maps.n_gids, err);
		} else {
			r = sv_err_say(err, EINVAL,
				       "expected uids= or gids= once each, found '%.40s'", text);
		}
		if (r == 0 && *text == ';')
			text++;
	}
	if (r == 0 && (!maps.uids || !maps.gids))
		r = sv_err_say(err, EINVAL, "expected both uids= and gids=");
	if (r < 0) {
		oci_maps_done(&maps);
		return r;
	}
	oci_maps_done(ret);
	*ret = maps;
	return 0;
}

/* Options of mount(8) that it carries out itself. The rest of them are refused: dropping
 * X-mount.owner would be no service. */
static int apply_x_mount(struct oci_mount *m, const char *word, const char *rest,
			 struct sv_err *err)
{
	autofree char *subdir = NULL;
	int r;

	if (sv_str_equal(rest, "mkdir") || sv_str_starts(rest, "mkdir=")) {
		uint32_t mode = 0755;

		r = rest[5] ? sv_parse_octal(rest + 6, 07777, &mode, err) : 0;
		if (r < 0)
			return sv_err_ctx(err, "%.40s", word);
		m->mkdir_x = true;
		m->mkdir_mode = mode;
		return 0;
	}
	if (sv_str_starts(rest, "subdir=") && rest[7]) {
		r = oci_path_clean(rest + 7, &subdir, err);
		if (r < 0)
			return sv_err_ctx(err, "%.40s", word);
		free(m->subdir);
		m->subdir = sv_steal(subdir);
		return 0;
	}
	return sv_err_say(err, EINVAL, "the option '%.60s' is not supported", word);
}

/* Sorts one word in. *RET_DATA: it is none of ours and goes to the file system. */
static int apply_word(struct oci_mount *m, const char *word, bool *ret_data, struct sv_err *err)
{
	const struct option *o;
	bool rec;
	int r;

	*ret_data = false;
	o = find_recursive(word, &rec);
	if (o) {
		apply(m, o, rec);
		return 0;
	}
	if (sv_str_starts(word, "X-mount.") || sv_str_starts(word, "x-mount."))
		return apply_x_mount(m, word, word + strlen("X-mount."), err);
	if (sv_str_starts(word, "x-") || sv_str_starts(word, "X-"))
		return 0;
	if (sv_str_starts(word, "idmap=") || sv_str_starts(word, "ridmap=")) {
		r = read_idmap(strchr(word, '=') + 1, &m->maps, err);
		if (r < 0)
			return sv_err_ctx(err, "%.40s", word);
		m->idmap = true;
		m->ridmap = *word == 'r';
		return 0;
	}
	*ret_data = *word;
	return 0;
}

int oci_mount_words(struct oci_mount *m, const struct sv_list *words, size_t *ret_bad,
		    struct sv_err *err)
{
	autostr struct sv_str data = { 0 };
	char *text;
	int r;

	if (m->data)
		sv_str_add(&data, m->data);
	for (size_t i = 0; i < words->count; i++) {
		bool is_data;

		*ret_bad = i;
		r = apply_word(m, words->items[i], &is_data, err);
		if (r < 0)
			return r;
		if (is_data)
			sv_str_addf(&data, "%s%s", data.len ? "," : "", words->items[i]);
	}
	if (data.len == 0 && !data.failed)
		return 0;
	r = sv_str_take(&data, &text, err);
	if (r < 0)
		return r;
	free(m->data);
	m->data = text;
	return 0;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int oci_mount_option_words(struct sv_list *ret, struct sv_err *err)
{
	static const char *const others[] = { "X-mount.mkdir", "X-mount.subdir" };
	char recursive[32] = "r";
	bool rec;
	int r = 0;

	for (size_t i = 0; i < SV_COUNT(options) && r == 0; i++) {
		r = sv_list_add(ret, options[i].word, err);
		strncpy(recursive + 1, options[i].word, sizeof(recursive) - 2);
		if (r == 0 && find_recursive(recursive, &rec) && rec)
			r = sv_list_add(ret, recursive, err);
	}
	for (size_t i = 0; i < SV_COUNT(others) && r == 0; i++)
		r = sv_list_add(ret, others[i], err);
	if (r == 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_words);
	return r;
}
