/* SPDX-License-Identifier: Apache-2.0 */
/* mount.c - see mount.h. */
#include "os/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"

/* fsconfig(2) leaves the file system's own words about a failure in the descriptor ("e Value too large"). */
static int config_failed(int fs, const char *type, const char *what, struct sv_err *err)
{
	int code = errno;
	char text[200];
	ssize_t n = read(fs, text, sizeof(text) - 1);

	if (n <= 2)
		return sv_err_set(err, code, "%s: option '%s'", type, what);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return sv_err_set(err, code, "%s: option '%s': %s", type, what, text + 2);
}

static int set_option(int fs, const char *type, char *word, struct sv_err *err)
{
	char *value = strchr(word, '=');
	int r;

	if (value) {
		*value++ = '\0';
		r = fsconfig(fs, FSCONFIG_SET_STRING, word, value, 0);
	} else {
		r = fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL, 0);
	}
	return r < 0 ? config_failed(fs, type, word, err) : 0;
}

int sv_mount_new(const char *type, const char *source, const char *data, bool sb_rdonly, uint64_t attrs, int *ret, struct sv_err *err)
{
	autofree char *words = NULL;
	autoclose int fs = -1;
	char *next, *word;
	int tree;

	fs = fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return sv_err_set(err, errno, "cannot open the file system type '%s'", type);
	if (source && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return config_failed(fs, type, "source", err);
	if (data) {
		words = strdup(data);
		if (!words)
			return sv_err_oom(err);
		for (next = words; (word = strsep(&next, ","));) {
			int r = *word ? set_option(fs, type, word, err) : 0;

			if (r < 0)
				return r;
		}
	}
	if (sb_rdonly && fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return config_failed(fs, type, "ro", err);
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return config_failed(fs, type, "create", err);
	tree = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
	if (tree < 0)
		return sv_err_set(err, errno, "cannot mount a new '%s'", type);
	*ret = tree;
	return 0;
}

int sv_mount_clone(int fd, bool recursive, int *ret, struct sv_err *err)
{
	unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
	int tree = open_tree(fd, "", flags);

	if (tree < 0)
		return sv_err_set(err, errno, "cannot clone a mount");
	*ret = tree;
	return 0;
}

int sv_mount_attr(int tree, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive, struct sv_err *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	if (mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0)
		return sv_err_set(err, errno, "cannot set the attributes of a mount");
	return 0;
}

int sv_mount_idmap(int tree, int userns, bool recursive, struct sv_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)userns };

	if (mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0)
		return sv_err_set(err, errno, "cannot shift the ids of a mount");
	return 0;
}

int sv_mount_attach(int tree, int target, struct sv_err *err)
{
	if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return sv_err_set(err, errno, "cannot attach a mount");
	return 0;
}
