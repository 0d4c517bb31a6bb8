/* SPDX-License-Identifier: Apache-2.0 */
/* newfs.c - see newfs.h. mount(2) does in one call what takes the newer calls five, and is used where it can say all that is wanted. */
#include "runc/newfs.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/idmap.h"
#include "os/mount.h"
#include "runc/lsm.h"

/* "a" and "b" as "a,b"; either may be NULL. */
static int join_data(const char *data, const char *context, char **ret, struct sv_err *err)
{
	if (!context)
		return sv_str_format(ret, err, "%s", data ? data : "");
	return sv_str_format(ret, err, "%s%scontext=\"%s\"", data ? data : "", data ? "," : "", context);
}

/* The options uid= and gid= of a tmpfs are ids of whoever mounts it: in the build that is the host, the document means the container. */
static int shift_data(const struct oci_maps *maps, const char *data, char **ret, struct sv_err *err)
{
	autostr struct sv_str out = { 0 };
	autofree char *words = strdup(data);
	char *next = words, *word;

	if (!words)
		return sv_err_oom(err);
	while ((word = strsep(&next, ","))) {
		bool uid = sv_str_starts(word, "uid="), gid = sv_str_starts(word, "gid=");
		uint32_t inside, outside;

		if (out.len)
			sv_str_add(&out, ",");
		if (!uid && !gid) {
			sv_str_add(&out, word);
			continue;
		}
		if (sv_parse_u32(word + 4, &inside, err) < 0)
			return sv_err_ctx(err, "option '%s'", word);
		if (!(uid ? sv_idmap_out(maps->uids, maps->n_uids, inside, &outside) :
			    sv_idmap_out(maps->gids, maps->n_gids, inside, &outside)))
			return sv_err_say(err, EINVAL, "option '%s': the id is not mapped", word);
		sv_str_addf(&out, "%.4s%u", word, outside);
	}
	return sv_str_take(&out, ret, err);
}

/* Flags of the superblock, which are options to fsconfig(2) and flags to mount(2). */
static const struct {
	unsigned flag;
	const char *word;
} sb_words[] = {
	{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" }, { MS_LAZYTIME, "lazytime" },
	{ MS_MANDLOCK, "mand" },    { MS_I_VERSION, "iversion" }, { MS_SILENT, "silent" },
};

static int add_sb_words(unsigned flags, char **data, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	char *joined = NULL;
	int r;

	sv_str_add(&s, *data ? *data : "");
	for (size_t i = 0; i < SV_COUNT(sb_words); i++)
		if (flags & sb_words[i].flag)
			sv_str_addf(&s, "%s%s", s.len ? "," : "", sb_words[i].word);
	r = sv_str_take(&s, &joined, err);
	if (r < 0)
		return r;
	free(*data);
	*data = joined;
	return 0;
}

/* The options as the kernel is to get them. *RET is NULL if there are none. */
static int make_data(const struct oci_spec *spec, const struct oci_mount *m, enum rc_newfs_maker maker, char **ret, struct sv_err *err)
{
	static const char *const labelled[] = { "tmpfs", "mqueue", "devpts" };
	autofree char *shifted = NULL;
	const char *context = NULL;
	int r;

	for (size_t i = 0; i < SV_COUNT(labelled); i++)
		if (strcmp(m->type, labelled[i]) == 0)
			context = rc_lsm_mount_context(spec->linux.mount_label);
	if (!m->data && !context) {
		*ret = NULL;
		return 0;
	}
	if (maker == RC_NEWFS_BUILD && m->data && strcmp(m->type, "tmpfs") == 0) {
		r = shift_data(&spec->linux.maps, m->data, &shifted, err);
		if (r < 0)
			return r;
	}
	return join_data(shifted ? shifted : m->data, context, ret, err);
}

int rc_newfs_make(const struct oci_spec *spec, const struct oci_mount *m, enum rc_newfs_maker maker, int *ret, struct sv_err *err)
{
	autofree char *data = NULL;
	uint64_t attrs = m->attr_set;
	int r = make_data(spec, m, maker, &data, err);

	if (r == 0 && m->sb_flags)
		r = add_sb_words(m->sb_flags, &data, err);
	if (r < 0)
		return r;
	if (m->tmpcopyup)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return sv_mount_new(m->type, m->source ? m->source : m->type, data,
			    maker == RC_NEWFS_HOST && (m->sb_flags & MS_RDONLY), attrs, ret, err);
}

/* MOUNT_ATTR_* and the older word for it; there is none for the absence of one. */
static const struct {
	uint64_t attr;
	unsigned long flag;
} flags_of[] = {
	{ MOUNT_ATTR_NOSUID, MS_NOSUID },	    { MOUNT_ATTR_NODEV, MS_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },	    { MOUNT_ATTR_NOATIME, MS_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME }, { MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
};

bool rc_newfs_is_simple(const struct oci_mount *m)
{
	uint64_t known = 0;

	for (size_t i = 0; i < SV_COUNT(flags_of); i++)
		known |= flags_of[i].attr;
	return !m->bind && !m->tmpcopyup && !m->propagation && !m->rec_attr_set && !m->rec_attr_clr &&
	       !(m->attr_set & ~known) && !(m->sb_flags & (MS_RDONLY | MS_REMOUNT));
}

int rc_newfs_mount(const struct oci_spec *spec, const struct oci_mount *m, enum rc_newfs_maker maker, const char *name, struct sv_err *err)
{
	autofree char *data = NULL;
	unsigned long flags = m->sb_flags;
	int r = make_data(spec, m, maker, &data, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < SV_COUNT(flags_of); i++)
		if (m->attr_set & flags_of[i].attr)
			flags |= flags_of[i].flag;
	if (mount(m->source ? m->source : m->type, name, m->type, flags, data) < 0)
		return sv_err_set(err, errno, "cannot mount a new '%s' (options '%s')", m->type, data ? data : "");
	return 0;
}

/* ---- cgroup v1 ---- */

static int mount_hierarchy(const struct rc_cgroup_tree *tree, unsigned long flags, struct sv_err *err)
{
	const char *name = strrchr(tree->mount, '/') + 1, *p = tree->controllers;
	const char *type = *tree->controllers ? "cgroup" : "cgroup2";

	if (mkdir(name, 0755) < 0)
		return sv_err_set(err, errno, "cannot make the directory '%s'", name);
	if (mount("cgroup", name, type, flags, *tree->controllers ? tree->controllers : NULL) < 0)
		return sv_err_set(err, errno, "cannot mount the cgroup hierarchy '%s'", name);
	/* cpu and cpuacct as links to cpu,cpuacct: programs look for either. */
	while (strchr(name, ',') && *p) {
		autofree char *word = strndup(p, strcspn(p, ","));

		if (!word)
			return sv_err_oom(err);
		if (symlink(name, word) < 0)
			return sv_err_set(err, errno, "cannot make the link '%s'", word);
		p += strlen(word);
		p += *p == ',';
	}
	return 0;
}

int rc_newfs_cgroups(const struct rc_cgroup *cg, bool readonly, struct sv_err *err)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (readonly ? MS_RDONLY : 0);

	for (size_t i = 0; i < cg->n_trees; i++) {
		int r = mount_hierarchy(&cg->trees[i], flags, err);

		if (r < 0)
			return r;
	}
	return 0;
}
