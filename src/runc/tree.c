/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - see tree.h. Kinds of mounts are a table: who makes them, and where their options go. */
#include "runc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/mount.h"
#include "os/path.h"
#include "runc/copyup.h"
#include "runc/lsm.h"

#define RESTRICTIONS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

void rc_tree_done(struct rc_tree *t)
{
	for (size_t i = 0; t->sources && i < t->spec->n_mounts; i++)
		sv_fd_close(&t->sources[i]);
	free(t->sources);
	free(t->late);
	sv_fd_close(&t->root);
	sv_fd_close(&t->proc);
	sv_fd_close(&t->null);
	*t = (struct rc_tree)RC_TREE_INIT;
}

/* ---- what is made when ---- */

enum maker {
	ON_HOST,	/* a bind, or a file system whose source lies on the host */
	IN_BUILD,	/* made in the lean namespace, by host power, of the container's namespaces */
	AS_ROOT		/* made by the container's root, so that it owns the instance */
};

static enum maker maker_of(const struct oci_mount *m, bool late)
{
	static const char *const in_build[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2", "tmpfs", "devpts" };

	if (m->bind)
		return ON_HOST;
	if (late)
		return AS_ROOT;
	for (size_t i = 0; i < SV_COUNT(in_build); i++)
		if (strcmp(m->type, in_build[i]) == 0)
			return IN_BUILD;
	return ON_HOST;
}

/* What its owner may take away: nothing on the host is protected by it, and nothing of ours lies in it. */
static bool may_be_late(const struct oci_mount *m)
{
	uint64_t attrs = m->attr_set | m->rec_attr_set;

	if (strcmp(m->dest, "/dev") == 0 || strcmp(m->dest, "/proc") == 0 || strcmp(m->dest, "/sys") == 0 ||
	    strcmp(m->dest, "/") == 0)
		return false;
	if (m->bind)
		return !(attrs & RESTRICTIONS);
	/* Instances that the container's root is to own; cgroup2 shows the cgroup namespace, which is made last. */
	if (strcmp(m->type, "devpts") == 0 || strcmp(m->type, "cgroup2") == 0)
		return true;
	return strcmp(m->type, "tmpfs") == 0 && !(attrs & MOUNT_ATTR_RDONLY) && !m->tmpcopyup;
}

static bool lies_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

void rc_tree_plan(const struct oci_mount *mounts, size_t count, bool *late)
{
	bool changed = true;

	for (size_t i = 0; i < count; i++)
		late[i] = may_be_late(&mounts[i]);
	/* An early mount cannot stand on a late one, whichever comes first in the document. */
	while (changed) {
		changed = false;
		for (size_t j = 0; j < count; j++) {
			for (size_t i = 0; !late[j] && i < count; i++) {
				if (!late[i] || i == j || !lies_below(mounts[j].dest, mounts[i].dest))
					continue;
				late[i] = false;
				changed = true;
			}
		}
	}
}

/* ---- making ---- */

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

/* A new file system; read-only is the mount's matter, so that a shared superblock (sysfs) never changes, except where there is a disk. */
static int make_new(const struct rc_tree *t, const struct oci_mount *m, enum maker maker, int *ret, struct sv_err *err)
{
	static const char *const labelled[] = { "tmpfs", "mqueue", "devpts" };
	autofree char *data = NULL, *shifted = NULL;
	uint64_t attrs = m->attr_set;
	const char *context = NULL;
	int r;

	for (size_t i = 0; i < SV_COUNT(labelled); i++)
		if (strcmp(m->type, labelled[i]) == 0)
			context = rc_lsm_mount_context(t->spec->linux.mount_label);
	if (maker == IN_BUILD && m->data && strcmp(m->type, "tmpfs") == 0) {
		r = shift_data(&t->spec->linux.maps, m->data, &shifted, err);
		if (r < 0)
			return r;
	}
	r = join_data(shifted ? shifted : m->data, context, &data, err);
	if (r < 0)
		return r;
	if (m->tmpcopyup)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return sv_mount_new(m->type, m->source ? m->source : m->type, data, maker == ON_HOST && (m->sb_flags & MS_RDONLY),
			    attrs, ret, err);
}

int rc_tree_open_sources(struct rc_tree *t, int bundle, const struct rc_shift *shift, struct sv_err *err)
{
	size_t count = t->spec->n_mounts;

	t->sources = malloc((count + 1) * sizeof(*t->sources));
	t->late = calloc(count + 1, sizeof(*t->late));
	if (!t->sources || !t->late)
		return sv_err_oom(err);
	for (size_t i = 0; i < count; i++)
		t->sources[i] = -1;
	rc_tree_plan(t->spec->mounts, count, t->late);

	for (size_t i = 0; i < count; i++) {
		const struct oci_mount *m = &t->spec->mounts[i];
		int r;

		if (maker_of(m, t->late[i]) != ON_HOST)
			continue;
		if (m->bind)
			r = rc_shift_bind(bundle, m, shift, &t->sources[i], err);
		else
			r = make_new(t, m, ON_HOST, &t->sources[i], err);
		if (r < 0)
			return sv_err_ctx(err, "mount %zu of %zu on '%s'", i + 1, count, m->dest);
	}
	return 0;
}

/* ---- attaching ---- */

/* A mount point as the source needs it: a directory or a file. */
static int open_target(const struct rc_tree *t, const struct oci_mount *m, int source, int *ret, struct sv_err *err)
{
	mode_t mode = m->mkdir_x ? m->mkdir_mode : 0755;
	struct stat st;

	if (m->bind) {
		if (fstat(source, &st) < 0)
			return sv_err_set(err, errno, "cannot look at the source");
		if (!S_ISDIR(st.st_mode))
			return sv_path_make_file(t->root, m->dest, ret, err);
	}
	return sv_path_make_dir(t->root, m->dest, mode, ret, err);
}

static int set_attributes(const struct oci_mount *m, int tree, struct sv_err *err)
{
	uint64_t propagation = m->propagation ? m->propagation : m->bind ? MS_PRIVATE : 0;
	int r;

	if (m->rec_attr_set || m->rec_attr_clr) {
		r = sv_mount_attr(tree, m->rec_attr_set, m->rec_attr_clr, 0, true, err);
		if (r < 0)
			return r;
	}
	/* The attributes of a new file system were given to fsmount(2). */
	if (m->bind && (m->attr_set || m->attr_clr || propagation))
		return sv_mount_attr(tree, m->attr_set, m->attr_clr, m->propagation_rec || m->rec ? 0 : propagation,
				     false, err);
	if (!m->bind && propagation)
		return sv_mount_attr(tree, 0, 0, propagation, m->propagation_rec, err);
	return 0;
}

/* Private is what a bind gets if the document says nothing: the whole tree at once when the tree came along. */
static int set_propagation(const struct oci_mount *m, int tree, struct sv_err *err)
{
	if (!m->bind || !(m->propagation_rec || m->rec))
		return 0;
	return sv_mount_attr(tree, 0, 0, m->propagation ? m->propagation : MS_PRIVATE, true, err);
}

static int attach(const struct rc_tree *t, const struct oci_mount *m, int tree, struct sv_err *err)
{
	autoclose int target = -1;
	int r = set_propagation(m, tree, err);

	if (r == 0)
		r = set_attributes(m, tree, err);
	if (r == 0)
		r = open_target(t, m, tree, &target, err);
	if (r < 0)
		return r;
	if (m->tmpcopyup) {
		r = rc_copyup(target, tree, err);
		if (r == 0 && (m->attr_set & MOUNT_ATTR_RDONLY))
			r = sv_mount_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, err);
		if (r < 0)
			return r;
	}
	return sv_mount_attach(tree, target, err);
}

/* One v1 hierarchy below the tmpfs that is the working directory. The names are the host's, so nothing is to be resolved. */
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

/* v1 and hybrid: a tmpfs with one directory for each hierarchy of the host, as systemd lays it out. */
static int attach_cgroup_v1(const struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	autoclose int tree = -1, target = -1;
	int r = sv_mount_new("tmpfs", "tmpfs", "mode=755", false, m->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY, &tree, err);

	if (r == 0)
		r = open_target(t, m, -1, &target, err);
	if (r == 0)
		r = sv_mount_attach(tree, target, err);
	if (r < 0)
		return r;
	if (fchdir(tree) < 0)
		return sv_err_set(err, errno, "cannot enter the new tmpfs");
	if (m->attr_set & MOUNT_ATTR_RDONLY)
		flags |= MS_RDONLY;
	for (size_t i = 0; i < t->cgroup->n_trees; i++) {
		r = mount_hierarchy(&t->cgroup->trees[i], flags, err);
		if (r < 0)
			return r;
	}
	if (m->attr_set & MOUNT_ATTR_RDONLY)
		return sv_mount_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, err);
	return 0;
}

/* The one that lies at PATH, by the exact text of the document; NULL if none does. */
static bool is_at(const struct oci_mount *m, const char *path)
{
	return strcmp(m->dest, path) == 0;
}

static int attach_one_early(struct rc_tree *t, size_t i, struct sv_err *err)
{
	const struct oci_mount *m = &t->spec->mounts[i];
	int r;

	if (strcmp(m->type, "cgroup") == 0 && !m->bind)
		return attach_cgroup_v1(t, m, err);
	if (t->sources[i] < 0) {
		r = make_new(t, m, IN_BUILD, &t->sources[i], err);
		if (r < 0)
			return r;
	}
	r = attach(t, m, t->sources[i], err);
	if (r < 0)
		return r;
	if (is_at(m, "/proc") && strcmp(m->type, "proc") == 0)
		t->proc = sv_fd_steal(&t->sources[i]);
	return 0;
}

/* The place for a late mount on what is there already; below another late mount it is made when that one is attached. */
static int prepare_late(struct rc_tree *t, size_t i, struct sv_err *err)
{
	const struct oci_mount *m = &t->spec->mounts[i];
	autoclose int target = -1;

	for (size_t j = 0; j < t->spec->n_mounts; j++)
		if (j != i && t->late[j] && lies_below(m->dest, t->spec->mounts[j].dest))
			return 0;
	return open_target(t, m, t->sources[i], &target, err);
}

int rc_tree_attach_early(struct rc_tree *t, struct sv_err *err)
{
	size_t count = t->spec->n_mounts;

	for (size_t i = 0; i < count; i++) {
		int r = t->late[i] ? prepare_late(t, i, err) : attach_one_early(t, i, err);

		if (r < 0)
			return sv_err_ctx(err, "mount %zu of %zu on '%s'", i + 1, count, t->spec->mounts[i].dest);
	}
	return 0;
}

int rc_tree_attach_late(struct rc_tree *t, struct sv_err *err)
{
	size_t count = t->spec->n_mounts;

	for (size_t i = 0; i < count; i++) {
		const struct oci_mount *m = &t->spec->mounts[i];
		int r = 0;

		if (!t->late[i])
			continue;
		if (t->sources[i] < 0)
			r = make_new(t, m, AS_ROOT, &t->sources[i], err);
		if (r == 0)
			r = attach(t, m, t->sources[i], err);
		if (r < 0)
			return sv_err_ctx(err, "mount %zu of %zu on '%s'", i + 1, count, m->dest);
	}
	return 0;
}
