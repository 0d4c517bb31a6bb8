/* SPDX-License-Identifier: Apache-2.0 */
/* shift.c - see shift.h. */
#include "runc/shift.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/idmap.h"
#include "os/mount.h"
#include "os/mountinfo.h"
#include "os/path.h"
#include "os/userns.h"
#include "runc/bindrules.h"
#include "runc/overlay.h"
#include "runc/shiftfs.h"

void rc_rootfs_done(struct rc_rootfs *rootfs)
{
	sv_fd_close(&rootfs->tree);
	sv_fd_close(&rootfs->plain);
	rc_overlay_free(rootfs->overlay);
	rootfs->overlay = NULL;
}

static bool is_mapped(const struct sv_idmap *maps, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= maps[i].outside && id - maps[i].outside < maps[i].size)
			return true;
	return false;
}

/* ID is what the container calls 0. */
static bool is_root(const struct sv_idmap *maps, size_t count, uint32_t id)
{
	uint32_t root;

	return sv_idmap_out(maps, count, 0, &root) && root == id;
}

/* Belongs to one of the container's users already. */
static bool is_ours(const struct oci_maps *maps, const struct stat *st)
{
	return is_mapped(maps->uids, maps->n_uids, st->st_uid) &&
	       is_mapped(maps->gids, maps->n_gids, st->st_gid);
}

/*
 * Shifts TREE in place. 0: done; 1: the kernel or the file system cannot (EINVAL; EPERM for a
 * mount that is idmapped already; ENOSYS before Linux 5.12). If something mounted below the top
 * hinders a recursive shift, which is all or nothing, the top alone is shifted: a bind of a whole
 * file tree would else be refused for a /proc somewhere in it.
 */
static int try_idmap(int tree, int userns, bool recursive, const char *path, struct sv_err *err)
{
	struct sv_err failed = { 0 };
	int r = sv_mount_idmap(tree, userns, recursive, &failed);

	if (r < 0 && recursive && (r == -EINVAL || r == -EPERM)) {
		failed = (struct sv_err){ 0 };
		r = sv_mount_idmap(tree, userns, false, &failed);
		if (r == 0)
			sv_warning("what is mounted below '%s' cannot be shifted and belongs to "
				   "nobody in the container",
				   path);
	}
	if (r == 0)
		return 0;
	if (r == -EINVAL || r == -EPERM || r == -ENOSYS || r == -EOPNOTSUPP)
		return 1;
	*err = failed;
	return sv_err_ctx(err, "'%s'", path);
}

/*
 * Puts WHAT and its file system before the documented text. FD stands on it in this mount
 * namespace.
 */
static int cannot_shift(int fd, const char *what, struct sv_err *err)
{
	struct sv_err ignored = { 0 }; /* the type is for the message only */
	struct sv_mountinfo info = { 0 };

	sv_mountinfo_of(fd, &info, &ignored);
	sv_err_ctx(err, "cannot shift the ids of '%s' on %s", what,
		   info.type ? info.type : "its file system");
	sv_mountinfo_done(&info);
	return -err->code;
}

/* The clone TREE of PATH refuses an idmap: an overlay is taken apart, else shiftfs has to help. */
static int rootfs_otherwise(int *tree, const struct stat *st, const char *path,
			    const struct rc_shift *shift, struct rc_rootfs *ret, struct sv_err *err)
{
	autoclose int fd = -1, shifted = -1;
	struct stat now;
	int r;

	/*
	 * The clone belongs to no mount namespace and has no options to be asked for, so PATH is
	 * opened once more.
	 */
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &now) < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
		return sv_err_say(err, EAGAIN, "'%s' was replaced while it was opened", path);

	r = rc_overlay_open(fd, shift->userns, &ret->overlay, err);
	if (r == 0)
		ret->plain = sv_fd_steal(tree);
	if (r != -EOPNOTSUPP)
		return r;
	sv_warning("%s", err->msg);
	*err = (struct sv_err){ 0 };

	r = rc_shiftfs_mount(*tree, shift->userns, &shifted, err);
	if (r < 0)
		return cannot_shift(fd, path, err);
	ret->tree = sv_fd_steal(&shifted);
	return 0;
}

int rc_shift_rootfs(const char *path, const struct rc_shift *shift, struct rc_rootfs *ret,
		    struct sv_err *err)
{
	autoclose int tree = -1;
	struct stat st;
	int r;

	tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0 || fstat(tree, &st) < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return sv_err_set(err, ENOTDIR, "cannot use '%s' as a root file system", path);

	*ret = (struct rc_rootfs)RC_ROOTFS_INIT;
	if (!is_root(shift->maps->uids, shift->maps->n_uids, st.st_uid) ||
	    !is_root(shift->maps->gids, shift->maps->n_gids, st.st_gid)) {
		r = try_idmap(tree, shift->userns, true, path, err);
		if (r < 0)
			return r;
		if (r > 0)
			return rootfs_otherwise(&tree, &st, path, shift, ret, err);
	}
	ret->tree = sv_fd_steal(&tree);
	return 0;
}

int rc_shift_rootfs_finish(struct rc_rootfs *rootfs, int scratch, const struct rc_shift *shift,
			   int *ret_tree, struct sv_err *err)
{
	int r;

	if (!rootfs->overlay) {
		*ret_tree = sv_fd_steal(&rootfs->tree);
		return 0;
	}
	r = rc_overlay_mount(rootfs->overlay, scratch, ret_tree, err);
	if (r != -EINVAL)
		return r;
	/* That is how overlayfs before Linux 5.19 answers to shifted layers. */
	sv_warning("%s", err->msg);
	*err = (struct sv_err){ 0 };
	r = rc_shiftfs_mount(rootfs->plain, shift->userns, ret_tree, err);
	return r < 0 ? sv_err_ctx(err, "cannot shift the layers of an overlay") : 0;
}

/* ---- bind mounts ---- */

/* What a bind source is shifted for. */
struct bind {
	const struct oci_mount *mount;
	const struct rc_shift *shift;
};

static bool is_asked_for(const struct oci_mount *m)
{
	return m->idmap || m->ridmap;
}

/*
 * Is this source to be shifted? Device nodes never: a shifted /dev/null would be the container's
 * to chmod for the whole host. For the same reason a socket or FIFO that is open to everybody
 * stays as it is; one that is not (docker.sock) could not be used without.
 */
static bool wants_shift(const struct bind *b, const struct stat *st)
{
	if (is_asked_for(b->mount))
		return true;
	if (b->shift->remapped || is_ours(b->shift->maps, st))
		return false;
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return true;
	return (S_ISSOCK(st->st_mode) || S_ISFIFO(st->st_mode)) && (st->st_mode & 06) != 06;
}

static bool rules_apply(const struct stat *st, void *arg)
{
	const struct bind *b = arg;

	return !b->shift->remapped && wants_shift(b, st) &&
	       (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
}

static bool rules_never(const struct stat *st, void *arg)
{
	(void)st;
	(void)arg;
	return false;
}

/*
 * X-mount.subdir is resolved with SOURCE as its root; then its real place on the host has to keep
 * the rules.
 */
static int open_subdir(int bundle, struct bind *b, int *ret, struct stat *ret_stat,
		       struct sv_err *err)
{
	autoclose int source = -1, sub = -1;
	char self[40], real[PATH_MAX];
	struct stat st, seen;
	ssize_t n;
	int r;

	r = rc_bindrules_open(bundle, b->mount->source, rules_never, NULL, &source, &st, err);
	if (r < 0)
		return r;
	r = sv_path_open(source, b->mount->subdir, O_PATH, &sub, err);
	if (r < 0)
		return sv_err_ctx(err, "X-mount.subdir of '%s'", b->mount->source);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", sub);
	n = readlink(self, real, sizeof(real) - 1);
	if (n < 0 || fstat(sub, &seen) < 0)
		return sv_err_set(err, errno, "X-mount.subdir of '%s'", b->mount->source);
	real[n] = '\0';

	r = rc_bindrules_open(bundle, real, rules_apply, b, ret, ret_stat, err);
	if (r < 0)
		return r;
	if (ret_stat->st_dev != seen.st_dev || ret_stat->st_ino != seen.st_ino) {
		sv_fd_close(ret);
		return sv_err_say(err, EAGAIN, "'%s' was replaced while it was opened", real);
	}
	return 0;
}

/*
 * The user namespace that says how mount M shifts: its own mappings, or the container's. *RET is
 * the caller's.
 */
static int mapping_of(const struct oci_mount *m, const struct rc_shift *shift, int *ret,
		      struct sv_err *err)
{
	int fd;

	if (m->maps.n_uids || m->maps.n_gids)
		return sv_userns_make(m->maps.uids, m->maps.n_uids, m->maps.gids, m->maps.n_gids,
				      ret, err);
	fd = fcntl(shift->userns, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot duplicate a descriptor");
	*ret = fd;
	return 0;
}

/* `idmap` or `ridmap` or mappings: what the spec asks for is done or fails. */
static int shift_as_asked(int tree, const struct oci_mount *m, const struct rc_shift *shift,
			  struct sv_err *err)
{
	autoclose int userns = -1;
	int r = mapping_of(m, shift, &userns, err);

	if (r == 0)
		r = sv_mount_idmap(tree, userns, m->ridmap, err);
	return r < 0 ? sv_err_ctx(err, "id mappings for the bind source '%s'", m->source) : 0;
}

/* Shifts *TREE, or replaces it by one that is. FD stands on the source, ST tells of it. */
static int shift_bind(int *tree, int fd, const struct stat *st, const struct oci_mount *m,
		      const struct rc_shift *shift, struct sv_err *err)
{
	autoclose int shifted = -1;
	int r = try_idmap(*tree, shift->userns, m->rec, m->source, err);

	if (r <= 0)
		return r;
	/*
	 * A file that everybody may read (resolv.conf of an engine that keeps it on tmpfs), or a
	 * socket: useful although nobody's.
	 */
	if (!S_ISDIR(st->st_mode) && (!S_ISREG(st->st_mode) || st->st_mode & S_IROTH)) {
		sv_warning("'%s' cannot be shifted and belongs to nobody in the container",
			   m->source);
		return 0;
	}
	r = rc_shiftfs_mount(*tree, shift->userns, &shifted, err);
	if (r == -ENOTDIR)
		r = -EOPNOTSUPP;
	if (r < 0) {
		cannot_shift(fd, m->source, err);
		return r;
	}
	sv_fd_close(tree);
	*tree = sv_fd_steal(&shifted);
	return 0;
}

/* Is SOURCE written as a path below the bundle? */
static bool is_in_bundle(int bundle, const char *source)
{
	char self[40], dir[PATH_MAX];
	ssize_t n;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", bundle);
	n = readlink(self, dir, sizeof(dir) - 1);
	if (n <= 0)
		return false;
	dir[n] = '\0';
	return sv_str_starts(source, dir) && source[n] == '/' && !strstr(source, "/../");
}

/*
 * What lies in the bundle is there for the container, and an engine may keep bundles where others
 * get (buildah's /run/.containerenv, below /var/tmp). Such a file may be bound as it is, if everybody
 * may read it: not shifted it gives the container's root no power, so there is nothing to guard.
 * Whether it did; ERR has the reason for the refusal and is cleared then.
 */
static bool open_bundle_file(int bundle, const char *source, int *ret, struct stat *ret_stat,
			     struct sv_err *err)
{
	struct sv_err ignored = { 0 }; /* the refusal is what counts */
	autoclose int fd = -1;
	struct stat st;

	if (!is_in_bundle(bundle, source) ||
	    rc_bindrules_open(bundle, source, rules_never, NULL, &fd, &st, &ignored) < 0 ||
	    !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH))
		return false;
	*err = (struct sv_err){ 0 };
	*ret = sv_fd_steal(&fd);
	*ret_stat = st;
	return true;
}

int rc_shift_bind(int bundle, const struct oci_mount *m, const struct rc_shift *shift,
		  int *ret_tree, struct sv_err *err)
{
	struct bind b = { .mount = m, .shift = shift };
	autoclose int fd = -1, tree = -1;
	bool as_it_is = false;
	struct stat st;
	int r;

	if (m->subdir)
		r = open_subdir(bundle, &b, &fd, &st, err);
	else
		r = rc_bindrules_open(bundle, m->source, rules_apply, &b, &fd, &st, err);
	if (r == -EACCES && !m->subdir && !is_asked_for(m))
		as_it_is = open_bundle_file(bundle, m->source, &fd, &st, err);
	if (r < 0 && !as_it_is)
		return r;
	r = sv_mount_clone(fd, m->rec, &tree, err);
	if (r < 0)
		return sv_err_ctx(err, "bind source '%s'", m->source);

	if (is_asked_for(m))
		r = shift_as_asked(tree, m, shift, err);
	else if (!as_it_is && wants_shift(&b, &st))
		r = shift_bind(&tree, fd, &st, m, shift, err);
	if (r < 0)
		return r;
	*ret_tree = sv_fd_steal(&tree);
	return 0;
}
