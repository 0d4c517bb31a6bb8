/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - see overlay.h; the layers come from overlay_layers.c. The working directory is the
 * scratch directory meanwhile.
 */
#include "runc/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runc/overlay_layers.h"
#include "runc/overlay_options.h"

#define NAME_ROOM 24 /* of names in the scratch directory */

static void base_name(char ret[NAME_ROOM], size_t i)
{
	snprintf(ret, NAME_ROOM, "b%zu", i);
}

/* Overlayfs takes layers by path, and detached ones only since Linux 6.15. */
static int attach_bases(const struct rc_overlay *ov, struct sv_err *err)
{
	for (size_t i = 0; i < ov->n_bases; i++) {
		char name[NAME_ROOM];

		if (ov->bases[i].tree < 0)
			continue;
		base_name(name, i);
		if (mkdir(name, 0700) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make a directory for overlay layers");
		if (move_mount(ov->bases[i].tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return sv_err_set(err, errno, "cannot attach the overlay layers of '%s'",
					  ov->bases[i].path);
	}
	return 0;
}

static void detach_bases(const struct rc_overlay *ov)
{
	for (size_t i = 0; i < ov->n_bases; i++) {
		char name[NAME_ROOM];

		if (ov->bases[i].tree < 0)
			continue;
		base_name(name, i);
		/* EINVAL: it was never attached. Whatever stays goes with the mount namespace. */
		umount2(name, MNT_DETACH);
	}
}

static int place_path(const struct rc_overlay_place *p, char **ret, struct sv_err *err)
{
	if (strcmp(p->name, ".") == 0)
		return sv_str_format(ret, err, "b%zu", p->base);
	return sv_str_format(ret, err, "b%zu/%s", p->base, p->name);
}

static int add_name(struct sv_list *list, const struct rc_overlay_place *p, struct sv_err *err)
{
	autofree char *path = NULL;
	int r = place_path(p, &path, err);

	return r < 0 ? r : sv_list_add(list, path, err);
}

/*
 * Replaces the names by links in the scratch directory, "0" to "499": short, and with nothing to
 * escape.
 */
static int shorten(struct sv_list *names, struct sv_err *err)
{
	autolist struct sv_list links = { 0 };

	for (size_t i = 0; i < names->count; i++) {
		char link[NAME_ROOM];
		int r;

		snprintf(link, sizeof(link), "%zu", i);
		if (symlink(names->items[i], link) < 0)
			return sv_err_set(err, errno, "cannot make a link to an overlay layer");
		r = sv_list_add(&links, link, err);
		if (r < 0)
			return r;
	}
	sv_list_done(names);
	*names = links;
	links = (struct sv_list){ 0 };
	return 0;
}

static int format_names(const struct rc_overlay *ov, const struct sv_list *names, char **ret,
			struct sv_err *err)
{
	struct sv_list lowers = { .items = names->items, .count = ov->n_lowers };

	return rc_overlay_options_format(
		&lowers, ov->n_data, ov->has_upper ? names->items[ov->n_lowers] : NULL,
		ov->has_upper ? names->items[ov->n_lowers + 1] : NULL, &ov->carry, ret, err);
}

/* The option string. mount(2) takes one page of it with the NUL. */
static int compose(const struct rc_overlay *ov, char **ret, struct sv_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	autolist struct sv_list names = { 0 };
	autofree char *text = NULL;
	bool plain = true;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ov->n_lowers; i++)
		r = add_name(&names, &ov->lowers[i], err);
	if (r == 0 && ov->has_upper)
		r = add_name(&names, &ov->upper, err);
	if (r == 0 && ov->has_upper)
		r = add_name(&names, &ov->work, err);
	for (size_t i = 0; i < names.count; i++)
		plain = plain && rc_overlay_plain_name(names.items[i]);
	if (r == 0 && plain)
		r = format_names(ov, &names, &text, err);
	if (r == 0 && (!plain || strlen(text) >= page)) {
		free(text);
		text = NULL;
		r = shorten(&names, err);
		if (r == 0)
			r = format_names(ov, &names, &text, err);
	}
	if (r < 0)
		return r;
	*ret = sv_steal(text);
	return 0;
}

static int mount_here(const struct rc_overlay *ov, int *ret, struct sv_err *err)
{
	autofree char *data = NULL;
	autoclose int tree = -1;
	struct statvfs vfs;
	int r;

	r = attach_bases(ov, err);
	if (r == 0)
		r = compose(ov, &data, err);
	if (r < 0)
		return r;
	if (mkdir("m", 0700) < 0 && errno != EEXIST)
		return sv_err_set(err, errno, "cannot make a directory for an overlay");
	if (mount("overlay", "m", "overlay", ov->flags, data) < 0)
		return sv_err_set(
			err, errno,
			"cannot mount an overlay of %zu shifted layers (Linux 5.19 or later can)",
			ov->n_lowers);
	tree = open_tree(AT_FDCWD, "m", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	r = tree < 0 ? sv_err_set(err, errno, "cannot clone an overlay") : 0;
	umount2("m", MNT_DETACH);
	if (r < 0)
		return r;

	/* Overlayfs mounts read-only and succeeds when it cannot use the work directory. */
	if (fstatvfs(tree, &vfs) < 0)
		return sv_err_set(err, errno, "cannot look at an overlay");
	if (ov->has_upper && vfs.f_flag & ST_RDONLY && !(ov->flags & MS_RDONLY))
		return sv_err_say(err, EROFS,
				  "the overlay came up read-only: its work directory cannot be "
				  "written (see the kernel log)");
	*ret = sv_fd_steal(&tree);
	return 0;
}

int rc_overlay_mount(struct rc_overlay *ov, int scratch, int *ret, struct sv_err *err)
{
	autoclose int before = -1;
	int r;

	before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (before < 0 || fchdir(scratch) < 0)
		return sv_err_set(err, errno, "cannot enter the scratch directory");
	r = mount_here(ov, ret, err);
	detach_bases(ov);
	if (fchdir(before) < 0 && r == 0) {
		sv_fd_close(ret);
		return sv_err_set(err, errno, "cannot leave the scratch directory");
	}
	return r;
}
