/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masks.c - linux.maskedPaths and linux.readonlyPaths: what is hidden or frozen in the built tree.
 *
 * The covers are taken from the runtime's own hands, never by a name inside the container: /dev/null is the node that the assembler
 * opened on the host, and paths below /proc start at the mount that it made itself (CVE-2025-31133).
 */
#include "runc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/mount.h"
#include "os/path.h"

/* Where a path is: a name in a directory of ours, or a descriptor of the place itself with the name "". */
struct place {
	int at;
	const char *name;
	int opened;	/* what ->at is, if it was opened for this, else -1 */
};

/* An entry of /proc itself is a name in a mount that nobody else can change; all else is walked beneath the root. */
static int find_place(const struct rc_tree *t, const char *path, struct place *ret, struct sv_err *err)
{
	const char *name = path + strlen("/proc/");
	int r;

	*ret = (struct place){ .opened = -1 };
	if (t->proc >= 0 && sv_str_starts(path, "/proc/") && *name && !strchr(name, '/') && *name != '.') {
		ret->at = t->proc;
		ret->name = name;
		return 0;
	}
	if (t->proc >= 0 && sv_str_starts(path, "/proc/"))
		r = sv_path_open(t->proc, name, O_PATH, &ret->opened, err);
	else
		r = sv_path_open(t->root, path, O_PATH, &ret->opened, err);
	ret->at = ret->opened;
	ret->name = "";
	return r;
}

static int attach_at(int tree, const struct place *p, struct sv_err *err)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*p->name ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	if (move_mount(tree, "", p->at, p->name, flags) < 0)
		return sv_err_set(err, errno, "cannot cover it");
	return 0;
}

/* An empty read-only directory. */
static int cover_directory(const struct rc_tree *t, const struct place *p, struct sv_err *err)
{
	int r = 0;

	if (p->opened >= 0 && fchdir(p->opened) < 0)
		return sv_err_set(err, errno, "cannot enter it");
	if (mount("tmpfs", p->opened >= 0 ? "." : p->name, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=0k,mode=755") < 0)
		r = sv_err_set(err, errno, "cannot cover it");
	if (p->opened >= 0 && t->proc >= 0 && fchdir(t->proc) < 0 && r == 0)
		r = sv_err_set(err, errno, "cannot return to /proc");
	return r;
}

static int cover_file(int null, const struct place *p, struct sv_err *err)
{
	autoclose int tree = -1;
	int r = sv_mount_clone(null, false, &tree, err);

	return r < 0 ? r : attach_at(tree, p, err);
}

/* The same for an entry of /proc that is no link, by one call instead of three: we are in that directory. */
static int cover_entry(int null, const char *name, struct sv_err *err)
{
	char source[32];

	snprintf(source, sizeof(source), "self/fd/%d", null);
	if (mount(source, name, NULL, MS_BIND, NULL) < 0)
		return sv_err_set(err, errno, "cannot cover it");
	return 0;
}

static int mask(const struct rc_tree *t, const char *path, struct sv_err *err)
{
	struct place p;
	struct stat st;
	int r = find_place(t, path, &p, err);

	if (r == 0 && fstatat(p.at, p.name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		r = sv_err_set(err, errno, "cannot look at it");
	if (r == 0)
		r = S_ISDIR(st.st_mode)			    ? cover_directory(t, &p, err) :
		    p.opened < 0 && S_ISREG(st.st_mode) ? cover_entry(t->null, p.name, err) :
							  cover_file(t->null, &p, err);
	sv_fd_close(&p.opened);
	return r;
}

/* The path again on itself, frozen; what is mounted below it comes along. */
static int freeze_place(const struct place *p, struct sv_err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
	autoclose int tree = open_tree(p->at, p->name, flags);
	int r;

	if (tree < 0)
		return sv_err_set(err, errno, "cannot clone it");
	r = sv_mount_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, err);
	return r < 0 ? r : attach_at(tree, p, err);
}

/* The same for an entry of /proc that is no link: we are in that directory, and nobody is there yet to use it in between. */
static int freeze_entry(const struct place *p, struct sv_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (mount(p->name, p->name, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount_setattr(p->at, p->name, AT_SYMLINK_NOFOLLOW, &attr, sizeof(attr)) < 0)
		return sv_err_set(err, errno, "cannot cover it");
	return 0;
}

static int freeze(const struct rc_tree *t, const char *path, struct sv_err *err)
{
	struct place p;
	struct stat st;
	int r = find_place(t, path, &p, err);

	if (r == 0 && p.opened < 0 && fstatat(p.at, p.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = sv_err_set(err, errno, "cannot look at it");
	if (r == 0)
		r = p.opened < 0 && !S_ISLNK(st.st_mode) ? freeze_entry(&p, err) : freeze_place(&p, err);
	sv_fd_close(&p.opened);
	return r;
}

typedef int cover_fn(const struct rc_tree *t, const char *path, struct sv_err *err);

/* A path that is not there on this kernel or in this image needs no cover. */
static int cover_all(const struct rc_tree *t, const struct sv_list *paths, const char *key, cover_fn *cover,
		     struct sv_err *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct sv_err why = { 0 };

		if (cover(t, paths->items[i], &why) == 0 || why.code == ENOENT || why.code == ENOTDIR)
			continue;
		*err = why;
		return sv_err_ctx(err, "linux.%s[%zu] '%s'", key, i, paths->items[i]);
	}
	return 0;
}

int rc_tree_mask(struct rc_tree *t, struct sv_err *err)
{
	const struct oci_linux *linux = &t->spec->linux;
	int r;

	if (t->proc >= 0 && fchdir(t->proc) < 0)
		return sv_err_set(err, errno, "cannot enter /proc");
	r = cover_all(t, &linux->readonly_paths, "readonlyPaths", freeze, err);
	return r < 0 ? r : cover_all(t, &linux->masked_paths, "maskedPaths", mask, err);
}
