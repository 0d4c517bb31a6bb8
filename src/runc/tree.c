/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - see tree.h. Kinds of mounts are a table: who makes them, and where their options go. */
#include "runc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/mount.h"
#include "os/path.h"
#include "runc/copyup.h"
#include "runc/newfs.h"

#define RESTRICTIONS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* ---- what is made when ---- */

/* A bind, or a file system whose source lies on the host, is opened while the host's mounts are in sight. */
static bool is_on_host(const struct oci_mount *m)
{
	static const char *const made_here[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2", "tmpfs", "devpts" };

	for (size_t i = 0; !m->bind && i < SV_COUNT(made_here); i++)
		if (strcmp(m->type, made_here[i]) == 0)
			return false;
	return true;
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

/* ---- sources ---- */

static int context_of(const struct rc_tree *t, size_t i, struct sv_err *err)
{
	return sv_err_ctx(err, "mount %zu of %zu on '%s'", i + 1, t->spec->n_mounts, t->spec->mounts[i].dest);
}

/* Engines bind a tmpfs of theirs on /dev/shm. Before Linux 6.3 none can be shifted; one of our own, as large, does as well unless other
 * containers were to share it. */
static int replace_shm(const struct oci_mount *m, int *ret, struct sv_err *err)
{
	autofree char *data = NULL;
	struct statfs fs;
	int r;

	if (statfs(m->source, &fs) < 0)
		return sv_err_set(err, errno, "cannot look at '%s'", m->source);
	r = sv_str_format(&data, err, "mode=1777,size=%llu", (unsigned long long)fs.f_blocks * (unsigned long long)fs.f_bsize);
	if (r == 0)
		r = sv_mount_new("tmpfs", "shm", data, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, ret, err);
	if (r == 0)
		sv_warning("mount on '/dev/shm': '%s' cannot be shifted on this kernel, the container gets a tmpfs of its own", m->source);
	return r;
}

static int open_bind(const struct oci_mount *m, int bundle, const struct rc_shift *shift, int *ret, struct sv_err *err)
{
	struct sv_err why = { 0 };
	int r = rc_shift_bind(bundle, m, shift, ret, &why);

	if (r == -EOPNOTSUPP && strcmp(m->dest, "/dev/shm") == 0 && m->source && *m->source == '/')
		return replace_shm(m, ret, err);
	if (r < 0)
		*err = why;
	return r;
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

		if (!is_on_host(m))
			continue;
		if (m->bind)
			r = open_bind(m, bundle, shift, &t->sources[i], err);
		else
			r = rc_newfs_make(t->spec, m, RC_NEWFS_HOST, &t->sources[i], err);
		if (r < 0)
			return context_of(t, i, err);
	}
	return 0;
}

/* ---- places ---- */

/* "/dev/NAME" where /dev is our own fresh tmpfs, in which nobody else can change anything: NAME, else NULL. */
static const char *name_in_dev(const struct rc_tree *t, const struct oci_mount *m)
{
	const char *name = m->dest + strlen("/dev/");

	return t->dev >= 0 && sv_str_starts(m->dest, "/dev/") && *name && !strchr(name, '/') ? name : NULL;
}

static mode_t dir_mode(const struct oci_mount *m)
{
	return m->mkdir_x ? m->mkdir_mode : 0755;
}

/* What the kernel's word and the container's devices are looked for under. An image that has a link there would have them
 * mounted elsewhere, over its root for one, and what is masked below would not be found. */
static bool is_pillar(const struct oci_mount *m)
{
	return strcmp(m->dest, "/proc") == 0 || strcmp(m->dest, "/sys") == 0 || strcmp(m->dest, "/dev") == 0;
}

static int open_pillar(int root, const char *dest, int *ret, struct sv_err *err)
{
	int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, fd = openat(root, dest + 1, flags);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(root, dest + 1, 0755) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make the directory");
		fd = openat(root, dest + 1, flags);
	}
	if (fd < 0 && errno == ENOTDIR)
		return sv_err_say(err, ENOTDIR, "the root file system must have an ordinary directory there, not a link or a file");
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open the mount point");
	*ret = fd;
	return 0;
}

/* A mount point as the source needs it: a directory or a file. */
static int open_target(const struct rc_tree *t, const struct oci_mount *m, int source, int *ret, struct sv_err *err)
{
	struct stat st;

	if (is_pillar(m))
		return open_pillar(t->root, m->dest, ret, err);
	if (m->bind) {
		if (fstat(source, &st) < 0)
			return sv_err_set(err, errno, "cannot look at the source");
		if (!S_ISDIR(st.st_mode))
			return sv_path_make_file(t->root, m->dest, ret, err);
	}
	return sv_path_make_dir(t->root, m->dest, dir_mode(m), ret, err);
}

static int make_in_dev(const struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	if (mkdirat(t->dev, name_in_dev(t, m), dir_mode(m)) < 0 && errno != EEXIST)
		return sv_err_set(err, errno, "cannot make the directory");
	return 0;
}

/* ---- attaching ---- */

static int set_attributes(const struct oci_mount *m, int tree, struct sv_err *err)
{
	/* Private is what a bind gets if the document says nothing. */
	uint64_t propagation = m->propagation ? m->propagation : m->bind ? MS_PRIVATE : 0;
	bool whole = m->propagation_rec || m->rec;
	int r = 0;

	if (propagation && whole)
		r = sv_mount_attr(tree, 0, 0, propagation, true, err);
	if (r == 0 && (m->rec_attr_set || m->rec_attr_clr))
		r = sv_mount_attr(tree, m->rec_attr_set, m->rec_attr_clr, 0, true, err);
	if (whole)
		propagation = 0;
	/* The attributes of a new file system were given to fsmount(2). */
	if (r == 0 && (propagation || (m->bind && (m->attr_set || m->attr_clr))))
		r = sv_mount_attr(tree, m->bind ? m->attr_set : 0, m->bind ? m->attr_clr : 0, propagation, false, err);
	return r;
}

static int fill_from_below(const struct oci_mount *m, int target, int tree, struct sv_err *err)
{
	int r = rc_copyup(target, tree, err);

	if (r == 0 && (m->attr_set & MOUNT_ATTR_RDONLY))
		r = sv_mount_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, err);
	return r;
}

static int attach(const struct rc_tree *t, const struct oci_mount *m, int tree, struct sv_err *err)
{
	autoclose int target = -1;
	int r = set_attributes(m, tree, err);

	if (r == 0)
		r = open_target(t, m, tree, &target, err);
	if (r == 0 && m->tmpcopyup)
		r = fill_from_below(m, target, tree, err);
	return r < 0 ? r : sv_mount_attach(tree, target, err);
}

static int enter(int dir, struct sv_err *err)
{
	if (fchdir(dir) < 0)
		return sv_err_set(err, errno, "cannot enter the mount point");
	return 0;
}

/* A new file system right onto its place: the place is the working directory, or a name in a directory that is ours. */
static int mount_early(const struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	const char *name = name_in_dev(t, m);
	autoclose int target = -1;
	int r;

	if (name) {
		r = make_in_dev(t, m, err);
		if (r == 0)
			r = enter(t->dev, err);
	} else {
		r = open_target(t, m, -1, &target, err);
		if (r == 0)
			r = enter(target, err);
	}
	return r < 0 ? r : rc_newfs_mount(t->spec, m, RC_NEWFS_BUILD, name ? name : ".", err);
}

static int attach_new(const struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	autoclose int tree = -1;
	int r;

	if (rc_newfs_is_simple(m))
		return mount_early(t, m, err);
	r = rc_newfs_make(t->spec, m, RC_NEWFS_BUILD, &tree, err);
	return r < 0 ? r : attach(t, m, tree, err);
}

/* A tmpfs, writable until the hierarchies are in it. */
static int attach_cgroup_v1(const struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	bool readonly = m->attr_set & MOUNT_ATTR_RDONLY;
	char type[] = "tmpfs", mode[] = "mode=755";
	struct oci_mount shell = { .dest = m->dest, .type = type, .source = type, .data = mode,
				   .attr_set = m->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY };
	autoclose int dir = -1;
	int r = attach_new(t, &shell, err);

	if (r == 0)
		r = sv_path_open(t->root, m->dest, O_PATH | O_DIRECTORY, &dir, err);
	if (r == 0)
		r = enter(dir, err);
	if (r == 0)
		r = rc_newfs_cgroups(t->cgroup, readonly, err);
	if (r == 0 && readonly)
		r = sv_mount_attr(dir, MOUNT_ATTR_RDONLY, 0, 0, false, err);
	return r;
}

static bool is_new_at(const struct oci_mount *m, const char *path, const char *type)
{
	return !m->bind && strcmp(m->dest, path) == 0 && strcmp(m->type, type) == 0;
}

/* The two mounts that later steps work in. Who shares the files of the root may have moved the mount point meanwhile: what we
 * find must be a mount, and so far there are no others than ours. */
static int keep_open(struct rc_tree *t, const struct oci_mount *m, struct sv_err *err)
{
	int *keep = is_new_at(m, "/proc", "proc") ? &t->proc : is_new_at(m, "/dev", "tmpfs") ? &t->dev : NULL;
	struct statx st;
	int r;

	if (!keep)
		return 0;
	sv_fd_close(keep);
	r = open_pillar(t->root, m->dest, keep, err);
	if (r < 0)
		return r;
	if (statx(*keep, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return sv_err_set(err, errno, "cannot look at what was mounted");
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return sv_err_say(err, EXDEV, "somebody has moved the mount point");
	return 0;
}

static int attach_one_early(struct rc_tree *t, size_t i, struct sv_err *err)
{
	const struct oci_mount *m = &t->spec->mounts[i];
	int r;

	if (t->sources[i] >= 0)
		return attach(t, m, t->sources[i], err);
	if (!m->bind && strcmp(m->type, "cgroup") == 0)
		return attach_cgroup_v1(t, m, err);
	r = attach_new(t, m, err);
	return r < 0 ? r : keep_open(t, m, err);
}

/* Its place on what is there already is made now, by host power and before the root may be frozen; below another late mount it is made when
 * that one is attached. */
static bool lies_on_late(const struct rc_tree *t, size_t i)
{
	for (size_t j = 0; j < t->spec->n_mounts; j++)
		if (j != i && t->late[j] && lies_below(t->spec->mounts[i].dest, t->spec->mounts[j].dest))
			return true;
	return false;
}

static int prepare_late(struct rc_tree *t, size_t i, struct sv_err *err)
{
	const struct oci_mount *m = &t->spec->mounts[i];
	autoclose int target = -1;

	if (lies_on_late(t, i))
		return 0;
	if (!m->bind && name_in_dev(t, m))
		return make_in_dev(t, m, err);
	return open_target(t, m, t->sources[i], &target, err);
}

int rc_tree_attach_early(struct rc_tree *t, struct sv_err *err)
{
	for (size_t i = 0; i < t->spec->n_mounts; i++) {
		int r = t->late[i] ? prepare_late(t, i, err) : attach_one_early(t, i, err);

		if (r < 0)
			return context_of(t, i, err);
	}
	return 0;
}

/* Setting the times that it has makes overlayfs copy a directory up, and those above it. */
static int copy_up(const struct rc_tree *t, const char *dir, struct sv_err *err)
{
	autoclose int fd = -1;
	struct stat st, root;
	int r = sv_path_open(t->root, dir, O_RDONLY | O_DIRECTORY, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || fstat(t->root, &root) < 0)
		return sv_err_set(err, errno, "cannot look at '%s'", dir);
	if (st.st_dev != root.st_dev)	/* on another mount of ours */
		return 0;
	if (futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
		return sv_err_set(err, errno, "cannot copy the directory '%s' up", dir);
	return 0;
}

int rc_tree_copy_up(const struct rc_tree *t, struct sv_err *err)
{
	autofree char *done = NULL;

	for (size_t i = 0; i < t->spec->n_mounts; i++) {
		const char *dest = t->spec->mounts[i].dest, *slash = strrchr(dest, '/');
		char *dir;
		int r;

		if (slash <= dest || sv_str_starts(dest, "/dev/") || sv_str_starts(dest, "/sys/"))
			continue;
		dir = strndup(dest, (size_t)(slash - dest));
		if (!dir)
			return sv_err_oom(err);
		r = sv_str_equal(dir, done) ? 0 : copy_up(t, dir, err);
		free(done);
		done = dir;
		if (r < 0)
			return r;
	}
	return 0;
}

/* From here the container's root is ours too: a path cannot lead out of it, and we have no power that the container has not. */
static int attach_one_late(struct rc_tree *t, size_t i, struct sv_err *err)
{
	const struct oci_mount *m = &t->spec->mounts[i];
	bool direct = t->sources[i] < 0 && rc_newfs_is_simple(m) && !lies_on_late(t, i);
	int r = 0;

	if (direct)
		return rc_newfs_mount(t->spec, m, RC_NEWFS_ROOT, m->dest, err);
	if (t->root < 0) {
		t->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (t->root < 0)
			return sv_err_set(err, errno, "cannot open the new root");
	}
	if (t->sources[i] < 0)
		r = rc_newfs_make(t->spec, m, RC_NEWFS_ROOT, &t->sources[i], err);
	return r < 0 ? r : attach(t, m, t->sources[i], err);
}

int rc_tree_attach_late(struct rc_tree *t, struct sv_err *err)
{
	/* What it stands on was the root of the build; the container's mount namespace has a copy of it. */
	sv_fd_close(&t->root);
	for (size_t i = 0; i < t->spec->n_mounts; i++)
		if (t->late[i] && attach_one_late(t, i, err) < 0)
			return context_of(t, i, err);
	return 0;
}
