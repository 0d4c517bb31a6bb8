/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_layers.c - finds the layers of an engine's overlay and shifts them; rc_overlay_open()
 * of overlay.h.
 */
#include "runc/overlay_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/mount.h"
#include "os/mountinfo.h"
#include "runc/overlay.h"
#include "runc/overlay_options.h"

#define WORK_NAME "sysvisor-work"
#define LOWER_MAX 500 /* OVL_MAX_STACK */

void rc_overlay_free(struct rc_overlay *ov)
{
	if (!ov)
		return;
	for (size_t i = 0; i < ov->n_bases; i++) {
		free(ov->bases[i].path);
		sv_fd_close(&ov->bases[i].dir);
		sv_fd_close(&ov->bases[i].tree);
	}
	for (size_t i = 0; i < ov->n_lowers; i++)
		free(ov->lowers[i].name);
	free(ov->bases);
	free(ov->lowers);
	free(ov->upper.name);
	free(ov->work.name);
	sv_list_done(&ov->carry);
	free(ov);
}

static void free_overlay(struct rc_overlay **ov)
{
	rc_overlay_free(*ov);
}

static void done_options(struct rc_overlay_options *o)
{
	rc_overlay_options_done(o);
}

#define autooverlay __attribute__((cleanup(free_overlay)))
#define autooptions __attribute__((cleanup(done_options)))

static int add_base(struct rc_overlay *ov, const char *path, struct sv_err *err)
{
	struct rc_overlay_base *bases = reallocarray(ov->bases, ov->n_bases + 1, sizeof(*bases));
	autofree char *copy = NULL;
	int dir;

	if (!bases)
		return sv_err_oom(err);
	ov->bases = bases;
	copy = strdup(path);
	if (!copy)
		return sv_err_oom(err);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return sv_err_set(err, errno, "cannot open the overlay layer '%s'", path);
	ov->bases[ov->n_bases++] =
		(struct rc_overlay_base){ .path = sv_steal(copy), .dir = dir, .tree = -1 };
	return 0;
}

static int shift_base(struct rc_overlay_base *b, int userns, struct sv_err *err)
{
	autoclose int tree = -1;
	int r;

	if (b->tree >= 0)
		return 0;
	r = sv_mount_clone(b->dir, false, &tree, err);
	if (r < 0)
		return sv_err_ctx(err, "overlay layers in '%s'", b->path);
	r = sv_mount_idmap(tree, userns, false, err);
	if (r == -EINVAL || r == -EPERM || r == -ENOSYS) {
		*err = (struct sv_err){ 0 };
		return sv_err_say(err, EOPNOTSUPP, "the overlay layers in '%s' cannot be shifted",
				  b->path);
	}
	if (r < 0)
		return sv_err_ctx(err, "overlay layers in '%s'", b->path);
	b->tree = sv_fd_steal(&tree);
	return 0;
}

/*
 * Is NAME a directory of B's own mount beneath B? The clone shows just these: it has no other
 * mounts, and nothing outside. Docker's short names (l/ABC, a link to ../ID/diff) pass, an
 * absolute link does not.
 */
static bool holds(const struct rc_overlay_base *b, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, b->dir, name, &how, sizeof(how));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Finds the base that shows the directory PATH, or makes one of PATH itself. */
static int find_place(struct rc_overlay *ov, const char *path, int userns,
		      struct rc_overlay_place *ret, struct sv_err *err)
{
	const char *name = NULL;
	size_t i;
	int r;

	for (i = 0; i < ov->n_bases; i++) {
		name = rc_overlay_below(ov->bases[i].path, path);
		if (name && holds(&ov->bases[i], name))
			break;
	}
	if (i == ov->n_bases) {
		r = add_base(ov, path, err);
		if (r < 0)
			return r;
		name = ".";
	}
	r = shift_base(&ov->bases[i], userns, err);
	if (r < 0)
		return r;
	ret->name = strdup(name);
	if (!ret->name)
		return sv_err_oom(err);
	ret->base = i;
	return 0;
}

/* PATH without its last UP components, in place. */
static void cut(char *path, int up)
{
	while (up-- > 0) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return;
		slash[slash == path] = '\0';
	}
}

static bool is_dir_below(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Engines with long lists of layers change directory before they mount and give names relative to
 * it, and the kernel shows them like that. Docker and podman are then in the directory that has
 * ID/diff (upper) and ID/merged (mount point), containerd in the one that has ID/fs: the second
 * one above either.
 */
static int find_engine_dir(const struct rc_overlay_options *o, const char *point, char **ret,
			   struct sv_err *err)
{
	const char *known[] = { o->upper, point };
	const char *relative = NULL;

	for (size_t i = 0; i < o->lowers.count && !relative; i++)
		if (o->lowers.items[i][0] != '/')
			relative = o->lowers.items[i];
	if (!relative && o->upper && o->upper[0] != '/')
		relative = o->upper;
	if (!relative) {
		*ret = NULL;
		return 0;
	}
	for (size_t i = 0; i < SV_COUNT(known); i++) {
		autofree char *dir = NULL;

		if (!known[i] || known[i][0] != '/')
			continue;
		dir = strdup(known[i]);
		if (!dir)
			return sv_err_oom(err);
		cut(dir, 2);
		if (is_dir_below(dir, relative)) {
			*ret = sv_steal(dir);
			return 0;
		}
	}
	return sv_err_say(err, EOPNOTSUPP,
			  "the overlay layer '%s' is relative to an unknown directory", relative);
}

static int add_absolute(struct sv_list *list, const char *dir, const char *name, struct sv_err *err)
{
	autofree char *path = NULL;
	int r;

	if (name[0] == '/' || !dir)
		return sv_list_add(list, name, err);
	r = sv_str_format(&path, err, "%s/%s", dir, name);
	return r < 0 ? r : sv_list_add(list, path, err);
}

/*
 * Makes the work directory through the shifted clone, so that it is root's on disk. The mark that
 * a volatile mount leaves behind when it was not unmounted would hinder the next; it is about
 * this directory alone and we know that nobody uses it.
 */
static int make_work(struct rc_overlay *ov, struct rc_overlay_place *parent, struct sv_err *err)
{
	autofree char *name = NULL, *mark = NULL, *dirty = NULL;
	int tree = ov->bases[parent->base].tree, r;

	r = sv_str_format(&name, err, "%s/" WORK_NAME, parent->name);
	if (r == 0)
		r = sv_str_format(&mark, err, "%s/work/incompat/volatile", name);
	if (r == 0)
		r = sv_str_format(&dirty, err, "%s/dirty", mark);
	if (r < 0)
		return r;
	if (mkdirat(tree, name, 0700) < 0) {
		if (errno != EEXIST)
			return sv_err_set(err, errno, "cannot make '%s' in '%s'", name,
					  ov->bases[parent->base].path);
		if (sv_list_has(&ov->carry, "volatile") &&
		    ((unlinkat(tree, dirty, 0) < 0 && errno != ENOENT) ||
		     (unlinkat(tree, mark, AT_REMOVEDIR) < 0 && errno != ENOENT)))
			return sv_err_set(err, errno, "cannot remove '%s' in '%s'", mark,
					  ov->bases[parent->base].path);
	}
	ov->work = (struct rc_overlay_place){ .base = parent->base, .name = sv_steal(name) };
	return 0;
}

/* Upper and work must be seen through one mount (overlayfs.rst). */
static int find_upper(struct rc_overlay *ov, const char *upper, const char *beside, int userns,
		      struct sv_err *err)
{
	struct rc_overlay_place parent = { 0 };
	int r;

	r = find_place(ov, upper, userns, &ov->upper, err);
	if (r == 0)
		r = find_place(ov, beside, userns, &parent, err);
	if (r == 0 && ov->upper.base != parent.base)
		r = sv_err_say(err, EOPNOTSUPP,
			       "the overlay's upper '%s' and '%s' have no directory in common",
			       upper, beside);
	if (r == 0)
		r = make_work(ov, &parent, err);
	free(parent.name);
	ov->has_upper = r == 0;
	return r;
}

/*
 * Turns names into places: the last two of DIRS are upper and the directory of the engine's work,
 * if there is an upper.
 */
static int find_layers(struct rc_overlay *ov, const struct sv_list *dirs, bool has_upper,
		       int userns, struct sv_err *err)
{
	size_t n_lowers = dirs->count - (has_upper ? 2 : 0);
	autofree char *common = NULL, *own = NULL;
	int r;

	r = rc_overlay_common_dir(dirs, &common, err);
	if (r == 0)
		r = add_base(ov, common, err);
	if (r == 0 && has_upper) {
		struct sv_list two = { .items = dirs->items + n_lowers, .count = 2 };

		/* Tried second: for lower layers on another file system than upper. */
		r = rc_overlay_common_dir(&two, &own, err);
		if (r == 0 && strcmp(own, common) != 0)
			r = add_base(ov, own, err);
		if (r == 0)
			r = find_upper(ov, two.items[0], two.items[1], userns, err);
	}
	if (r < 0)
		return r;
	ov->lowers = calloc(n_lowers, sizeof(*ov->lowers));
	if (!ov->lowers)
		return sv_err_oom(err);
	for (; ov->n_lowers < n_lowers; ov->n_lowers++) {
		r = find_place(ov, dirs->items[ov->n_lowers], userns, &ov->lowers[ov->n_lowers],
			       err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_layers(struct rc_overlay *ov, const struct rc_overlay_options *o, const char *point,
		       int userns, struct sv_err *err)
{
	autolist struct sv_list dirs = { 0 };
	autofree char *engine = NULL, *beside = NULL;
	int r;

	if (o->lowers.count > LOWER_MAX)
		return sv_err_say(err, EOPNOTSUPP, "an overlay of %zu layers", o->lowers.count);
	r = find_engine_dir(o, point, &engine, err);
	for (size_t i = 0; r == 0 && i < o->lowers.count; i++)
		r = add_absolute(&dirs, engine, o->lowers.items[i], err);
	if (r == 0 && o->upper) {
		beside = strdup(o->work);
		if (!beside)
			return sv_err_oom(err);
		cut(beside, 1);
		r = add_absolute(&dirs, engine, o->upper, err);
		if (r == 0)
			r = add_absolute(&dirs, engine, beside, err);
	}
	if (r == 0)
		r = sv_list_copy(&ov->carry, &o->carry, err);
	if (r < 0)
		return r;
	ov->n_data = o->n_data;
	r = find_layers(ov, &dirs, o->upper != NULL, userns, err);
	for (size_t i = 0; i < ov->n_bases; i++)
		sv_fd_close(&ov->bases[i].dir);
	return r;
}

/* The engine's mount may say ro or nosuid without its superblock doing so. */
static int copy_flags(struct rc_overlay *ov, int fd, struct sv_err *err)
{
	struct statvfs vfs;

	if (fstatvfs(fd, &vfs) < 0)
		return sv_err_set(err, errno, "cannot ask for the flags of an overlay");
	/* These bits are the same for mount(2). */
	ov->flags = vfs.f_flag &
		    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
	return 0;
}

/*
 * A directory deeper in an overlay may be the host's own root: that upper is in use, and not ours
 * to share.
 */
static int check_whole(int fd, const struct sv_mountinfo *info, struct sv_err *err)
{
	struct statx stx;

	if (strcmp(info->type, "overlay") != 0)
		return sv_err_say(err, EOPNOTSUPP, "%s cannot be shifted by this kernel",
				  info->type);
	if (statx(fd, "", AT_EMPTY_PATH, 0, &stx) < 0)
		return sv_err_set(err, errno, "cannot look at an overlay");
	if (strcmp(info->root, "/") != 0 || !(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return sv_err_say(
			err, EOPNOTSUPP,
			"a directory inside the overlay on '%s' cannot be shifted by itself",
			info->point);
	return 0;
}

static int open_overlay(struct rc_overlay *ov, int fd, const struct sv_mountinfo *info, int userns,
			struct sv_err *err)
{
	autooptions struct rc_overlay_options o = { 0 };
	int r = check_whole(fd, info, err);

	if (r == 0)
		r = rc_overlay_options_parse(info->options, &o, err);
	if (r == 0)
		r = copy_flags(ov, fd, err);
	if (r == 0)
		r = open_layers(ov, &o, info->point, userns, err);
	return r;
}

int rc_overlay_open(int fd, int userns, struct rc_overlay **ret, struct sv_err *err)
{
	autooverlay struct rc_overlay *ov = calloc(1, sizeof(*ov));
	struct sv_mountinfo info = { 0 };
	int r;

	if (!ov)
		return sv_err_oom(err);
	r = sv_mountinfo_of(fd, &info, err);
	if (r == 0)
		r = open_overlay(ov, fd, &info, userns, err);
	sv_mountinfo_done(&info);
	if (r < 0)
		return r;
	*ret = sv_steal(ov);
	return 0;
}
