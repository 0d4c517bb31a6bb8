/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masks.c - linux.maskedPaths, linux.readonlyPaths and linux.sysctl: what is hidden, frozen or set in the built tree.
 *
 * The covers are taken from the runtime's own hands, never by a name inside the container: /dev/null is the node that the assembler
 * opened on the host, and paths below /proc start at the mount that it made itself (CVE-2025-31133, CVE-2025-52881).
 */
#include "runc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/idmap.h"
#include "os/mount.h"
#include "os/path.h"

/* Opens PATH of the container as O_PATH; -ENOENT (no story) where it does not exist, which is fine for covers. */
static int open_place(const struct rc_tree *t, const char *path, int *ret, struct sv_err *err)
{
	int r;

	if (t->proc >= 0 && sv_str_starts(path, "/proc/"))
		r = sv_path_open(t->proc, path + strlen("/proc/"), O_PATH, ret, err);
	else
		r = sv_path_open(t->root, path, O_PATH, ret, err);
	return r;
}

/* An empty read-only directory, made for the first path and cloned from there for the others: before Linux 6.15 only an attached mount
 * can be cloned. */
static int cover_directory(int *empty, int place, struct sv_err *err)
{
	autoclose int tree = -1;
	int r;

	if (*empty >= 0) {
		r = sv_mount_clone(*empty, false, &tree, err);
		return r < 0 ? r : sv_mount_attach(tree, place, err);
	}
	r = sv_mount_new("tmpfs", "tmpfs", "size=0k,mode=755", false,
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, empty, err);
	return r < 0 ? r : sv_mount_attach(*empty, place, err);
}

static int cover_file(int null, int place, struct sv_err *err)
{
	autoclose int tree = -1;
	int r = sv_mount_clone(null, false, &tree, err);

	return r < 0 ? r : sv_mount_attach(tree, place, err);
}

static int mask_one(const struct rc_tree *t, const char *path, int *empty, struct sv_err *err)
{
	autoclose int place = -1;
	struct stat st;
	int r = open_place(t, path, &place, err);

	if (r < 0)
		return r;
	if (fstat(place, &st) < 0)
		return sv_err_set(err, errno, "cannot look at it");
	return S_ISDIR(st.st_mode) ? cover_directory(empty, place, err) : cover_file(t->null, place, err);
}

/* The path again on itself, frozen; what is mounted below it comes along. */
static int freeze_one(const struct rc_tree *t, const char *path, struct sv_err *err)
{
	autoclose int place = -1, tree = -1;
	int r = open_place(t, path, &place, err);

	if (r == 0)
		r = sv_mount_clone(place, true, &tree, err);
	if (r == 0)
		r = sv_mount_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, false, err);
	return r < 0 ? r : sv_mount_attach(tree, place, err);
}

int rc_tree_mask(struct rc_tree *t, struct sv_err *err)
{
	const struct oci_linux *linux = &t->spec->linux;
	autoclose int empty = -1;

	for (size_t i = 0; i < linux->readonly_paths.count; i++) {
		struct sv_err why = { 0 };

		/* Not there on this kernel: nothing to protect. */
		if (freeze_one(t, linux->readonly_paths.items[i], &why) < 0 && why.code != ENOENT) {
			*err = why;
			return sv_err_ctx(err, "linux.readonlyPaths[%zu] '%s'", i, linux->readonly_paths.items[i]);
		}
	}
	for (size_t i = 0; i < linux->masked_paths.count; i++) {
		struct sv_err why = { 0 };

		if (mask_one(t, linux->masked_paths.items[i], &empty, &why) < 0 && why.code != ENOENT &&
		    why.code != ENOTDIR) {
			*err = why;
			return sv_err_ctx(err, "linux.maskedPaths[%zu] '%s'", i, linux->masked_paths.items[i]);
		}
	}
	return 0;
}

/* "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.1/forwarding": whichever separator comes first is the separator (sysctl.d(5)). */
static int sysctl_path(const char *key, char **ret, struct sv_err *err)
{
	char first = key[strcspn(key, "./")];
	int r = sv_str_format(ret, err, "sys/%s", key);

	if (r < 0)
		return r;
	for (char *p = *ret + strlen("sys/"); first == '.' && *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return 0;
}

static int write_sysctl(const struct rc_tree *t, const char *path, const char *value, struct sv_err *err)
{
	autoclose int fd = -1;
	int r = sv_path_open(t->proc, path, O_WRONLY | O_NOFOLLOW, &fd, err);

	if (r < 0)
		return r;
	if (write(fd, value, strlen(value)) < 0)
		return sv_err_set(err, errno, "cannot write '%s'", value);
	return 0;
}

/*
 * Older kernels let the host's root write the values of an ipc namespace, newer ones (ipc_permissions() in ipc/ipc_sysctl.c) only
 * the root of its user namespace, told by the effective uid; no capability helps. SECBIT_NO_SETUID_FIXUP keeps ours meanwhile.
 */
static int write_sysctl_as_owner(const struct rc_tree *t, const char *path, const char *value, struct sv_err *err)
{
	const struct oci_maps *maps = &t->spec->linux.maps;
	uint32_t uid;
	int r;

	if (!sv_idmap_out(maps->uids, maps->n_uids, 0, &uid))
		return sv_err_say(err, EINVAL, "the container has no root");
	if (setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		return sv_err_set(err, errno, "cannot become the container's root");
	r = write_sysctl(t, path, value, err);
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 && r == 0)
		r = sv_err_set(err, errno, "cannot become the host's root again");
	/* It follows the effective id; the builder's is that of the container's root. */
	setfsuid(uid);
	return r;
}

static int set_sysctl(const struct rc_tree *t, const struct oci_sysctl *s, bool net, struct sv_err *err)
{
	autofree char *path = NULL;
	struct sv_err why = { 0 };
	int r = sysctl_path(s->key, &path, err);

	if (r < 0)
		return r;
	if (t->proc < 0)
		return sv_err_say(err, EINVAL, "the container has no /proc");
	r = write_sysctl(t, path, s->value, &why);
	if (r == -EACCES && !net)
		return write_sysctl_as_owner(t, path, s->value, err);
	if (r < 0)
		*err = why;
	return r;
}

int rc_tree_sysctl(const struct rc_tree *t, bool net, struct sv_err *err)
{
	const struct oci_linux *linux = &t->spec->linux;

	for (size_t i = 0; i < linux->n_sysctls; i++) {
		const struct oci_sysctl *s = &linux->sysctls[i];

		if (sv_str_starts(s->key, "net") != net)
			continue;
		if (set_sysctl(t, s, net, err) < 0)
			return sv_err_ctx(err, "linux.sysctl '%s'", s->key);
	}
	return 0;
}
