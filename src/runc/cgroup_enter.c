/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_enter.c - how init and exec'd processes get into the control group. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "os/fd.h"
#include "runc/cgroup.h"
#include "runc/cgroup_paths.h"
#include "runc/cgroup_write.h"

/* ---- v1 ---- */

static int open_tasks(const struct rc_cgroup *cg, const char *file, int ret[RC_CGROUP_MAX],
		      size_t *ret_count, struct sv_err *err)
{
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cg->n_trees; i++) {
		char path[RC_CGROUP_PATH_MAX];

		if (rc_cgroup_is_v2(&cg->trees[i]))
			continue;
		r = rc_cgroup_file(&cg->trees[i], file, path, err);
		if (r < 0)
			break;
		ret[count] = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (ret[count] < 0)
			r = sv_err_set(err, errno, "cannot enter the cgroup: cannot open '%s'",
				       path);
		else
			count++;
	}
	if (r < 0) {
		while (count > 0)
			sv_fd_close(&ret[--count]);
		return r;
	}
	*ret_count = count;
	return 0;
}

int rc_cgroup_open_tasks(const struct rc_cgroup *cg, int ret[RC_CGROUP_MAX], size_t *ret_count,
			 struct sv_err *err)
{
	return open_tasks(cg, "tasks", ret, ret_count, err);
}

int rc_cgroup_open_exec_tasks(const struct rc_cgroup *cg, const char *subgroup,
			      int ret[RC_CGROUP_MAX], size_t *ret_count, struct sv_err *err)
{
	autofree char *clean = NULL, *file = NULL;
	struct sv_err unclean = { 0 };
	int r;

	if (!*subgroup)
		return open_tasks(cg, "tasks", ret, ret_count, err);
	/* Lexically clean is enough: these file systems have no symbolic links. */
	r = rc_cgroup_clean_path("", subgroup, &clean, &unclean);
	if (r == -EINVAL)
		return sv_err_say(err, EINVAL, "'%.80s' is not a group below the container's",
				  subgroup);
	if (r < 0)
		return sv_err_oom(err);
	r = sv_str_format(&file, err, "%s/tasks", clean + 1);
	return r < 0 ? r : open_tasks(cg, file, ret, ret_count, err);
}

/* ---- v2 ---- */

/* The v2 group of PID below TREE's, "" for TREE's itself; -ENOENT if PID has left (or is in
 * another namespace than we). */
static int where_is(const struct rc_cgroup_tree *tree, pid_t pid, char **ret, struct sv_err *err)
{
	struct sv_cgroup_mounts own = { 0 };
	autofree char *text = NULL;
	char file[40];
	size_t len = strlen(tree->path);
	bool found = false;
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	r = sv_cgroup_read(AT_FDCWD, file, &text, err);
	if (r == 0)
		r = sv_cgroup_own(text, &own, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < own.count && !found; i++) {
		const char *group = own.items[i].own;

		if (*own.items[i].controllers || strncmp(group, tree->path, len) != 0)
			continue;
		found = group[len] == '\0' || group[len] == '/';
		if (found)
			r = sv_str_format(ret, err, "%s", group + len + (group[len] == '/'));
	}
	if (!found)
		r = sv_err_say(err, ENOENT, "process %d is not in the container's cgroup",
			       (int)pid);
	sv_cgroup_mounts_done(&own);
	return r;
}

int rc_cgroup_open_exec(const struct rc_cgroup *cg, pid_t init, const char *subgroup, int *ret,
			struct sv_err *err)
{
	const struct rc_cgroup_tree *tree = rc_cgroup_tree_v2(cg);
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	autofree char *below = NULL;
	autoclose int dir = -1;
	int r, fd;

	if (!tree) {
		*ret = -1;
		return 0;
	}
	if (*subgroup)
		r = sv_str_format(&below, err, "%s", subgroup + strspn(subgroup, "/"));
	else
		r = where_is(tree, init, &below, err);
	if (r == 0)
		r = rc_cgroup_open(tree, "", O_PATH | O_DIRECTORY, &dir, err);
	if (r < 0)
		return r;
	fd = (int)syscall(SYS_openat2, dir, *below ? below : ".", &how, sizeof(how));
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s' in the container's cgroup", below);
	*ret = fd;
	return 0;
}
