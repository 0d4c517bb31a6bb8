/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - plans, makes and hands over the control group of a container. */
#include "runc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "os/bpf_device.h"
#include "os/cgroup.h"
#include "os/fd.h"
#include "runc/cgroup_devices.h"
#include "runc/cgroup_paths.h"
#include "runc/cgroup_systemd.h"
#include "runc/cgroup_write.h"

void rc_cgroup_done(struct rc_cgroup *cg)
{
	for (size_t i = 0; i < cg->n_trees; i++) {
		free(cg->trees[i].controllers);
		free(cg->trees[i].mount);
		free(cg->trees[i].path);
	}
	free(cg->unit);
	free(cg->slice);
	*cg = (struct rc_cgroup){ 0 };
}

/* ---- plan ---- */

static int plan_tree(struct rc_cgroup *cg, struct sv_cgroup_mount *mount, const char *path,
		     struct sv_err *err)
{
	struct rc_cgroup_tree *tree;

	if (cg->n_trees == RC_CGROUP_MAX)
		return sv_err_say(err, E2BIG, "more than %d cgroup hierarchies are mounted",
				  RC_CGROUP_MAX);
	tree = &cg->trees[cg->n_trees++];
	tree->controllers = sv_steal(mount->controllers);
	tree->mount = sv_steal(mount->dir);
	return rc_cgroup_clean_path(mount->own, path, &tree->path, err);
}

static int plan_systemd(struct rc_cgroup *cg, const char *id, const char *cgroups_path,
			char **ret_path, struct sv_err *err)
{
	autofree char *slice = NULL;
	int r;

	cg->systemd = true;
	r = rc_cgroup_systemd_names(cgroups_path, id, &cg->slice, &cg->unit, err);
	if (r < 0)
		return r;
	r = rc_cgroup_slice_path(cg->slice, &slice, err);
	return r < 0 ? r : sv_str_format(ret_path, err, "%s/%s", slice, cg->unit);
}

int rc_cgroup_plan(struct rc_cgroup *ret, const char *id, const char *cgroups_path, bool systemd,
		   struct sv_err *err)
{
	struct sv_cgroup_mounts mounts = { 0 };
	struct rc_cgroup cg = { 0 };
	autofree char *path = NULL;
	bool v1 = false, v2 = false;
	int r;

	if (systemd)
		r = plan_systemd(&cg, id, cgroups_path, &path, err);
	else if (cgroups_path && *cgroups_path)
		r = sv_str_format(&path, err, "%s", cgroups_path);
	else
		r = sv_str_format(&path, err, "/%s", id);
	if (r == 0)
		r = sv_cgroup_find(&mounts, err);
	for (size_t i = 0; r == 0 && i < mounts.count; i++) {
		r = plan_tree(&cg, &mounts.items[i], path, err);
		if (r == 0 && rc_cgroup_is_v2(&cg.trees[i]))
			v2 = true;
		else
			v1 = true;
	}
	sv_cgroup_mounts_done(&mounts);
	if (r < 0) {
		rc_cgroup_done(&cg);
		return r;
	}
	cg.layout = v1 && v2 ? RC_CGROUP_HYBRID
		    : v2     ? RC_CGROUP_V2
		    : v1     ? RC_CGROUP_V1
			     : RC_CGROUP_NONE;
	*ret = cg;
	return 0;
}

/* ---- make ---- */

struct making {
	const struct rc_cgroup_tree *tree;
	const struct oci_resources *res;
};

struct copying {
	int fds[4]; /* closed together at the end: that is one call instead of four */
	size_t count;
};

static void copying_done(struct copying *c)
{
	sv_fd_close_all(c->fds, c->count);
}

static int open_copying(struct copying *c, const char *path, int flags, struct sv_err *err)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	c->fds[c->count++] = fd;
	return fd;
}

/* Copies FILE of the group above PATH into PATH. */
static int inherit(struct copying *c, const char *path, const char *file, struct sv_err *err)
{
	char name[RC_CGROUP_PATH_MAX + 32], value[4096];
	int from, to;
	ssize_t n;

	snprintf(name, sizeof(name), "%.*s/%s", (int)(strrchr(path, '/') - path), path, file);
	from = open_copying(c, name, O_RDONLY, err);
	if (from < 0)
		return from;
	snprintf(name, sizeof(name), "%s/%s", path, file);
	to = open_copying(c, name, O_WRONLY, err);
	if (to < 0)
		return to;
	n = read(from, value, sizeof(value));
	if (n < 0 || write(to, value, (size_t)n) < 0)
		return sv_err_set(err, errno, "cannot set %s as the cgroup above has it", file);
	return 0;
}

/* A new v1 cpuset group has no cpus and no memory nodes, and nobody can enter it until it has
 * both (cpusets(7)). What the spec gives is written later. */
static int fill_cpuset(const char *path, void *arg, struct sv_err *err)
{
	__attribute__((cleanup(copying_done))) struct copying c = { .count = 0 };
	const struct making *m = arg;
	size_t len = strlen(m->tree->mount);
	bool last = strcmp(path + len, m->tree->path) == 0;
	int r = 0;

	if (!(last && m->res && m->res->cpus && *m->res->cpus))
		r = inherit(&c, path, "cpuset.cpus", err);
	if (r == 0 && !(last && m->res && m->res->mems && *m->res->mems))
		r = inherit(&c, path, "cpuset.mems", err);
	return r;
}

/* A group that was there already may be left over from a container of this name or made by the
 * administrator; it is used as it is, unless somebody lives in it. */
static int take_over(const char *path, struct sv_err *err)
{
	autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofree pid_t *pids = NULL;
	size_t count;
	int r;

	if (dir < 0)
		return sv_err_set(err, errno, "cannot open the cgroup '%s'", path);
	r = sv_cgroup_pids(dir, &pids, &count, err);
	if (r < 0)
		return r;
	if (count > 0)
		return sv_err_say(err, EBUSY,
				  "the cgroup '%s' exists and has processes in it (%d is one)",
				  path, (int)pids[0]);
	return 0;
}

static int make_tree(struct rc_cgroup *cg, struct rc_cgroup_tree *tree,
		     const struct oci_resources *res, struct sv_err *err)
{
	struct making making = { .tree = tree, .res = res };
	char path[RC_CGROUP_PATH_MAX];
	bool fresh, cpuset = sv_cgroup_has(tree->controllers, "cpuset");
	int r = rc_cgroup_file(tree, "", path, err);

	if (r < 0)
		return r;
	cg->made = true;
	r = sv_cgroup_make(path, strlen(tree->mount), cpuset ? fill_cpuset : NULL, &making, &fresh,
			   err);
	if (r == 0 && !fresh) {
		/* A scope is there because systemd has just made it. */
		if (!cg->systemd)
			r = take_over(path, err);
		if (r == 0 && cpuset)
			r = fill_cpuset(path, &making, err);
		if (r == 0 && sv_cgroup_has(tree->controllers, "freezer"))
			r = rc_cgroup_file(tree, "freezer.state", path, err);
		if (r == 0 && sv_cgroup_has(tree->controllers, "freezer"))
			r = sv_cgroup_write(AT_FDCWD, path, "THAWED", err);
	}
	if (r == 0)
		tree->made = true;
	return r;
}

static int give(const struct rc_cgroup_tree *tree, const char *file, uid_t uid, gid_t gid,
		struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, file, path, err);

	if (r < 0)
		return r;
	/* Not every kernel has every file that may be delegated. */
	if (fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    !(errno == ENOENT && *file))
		return sv_err_set(err, errno, "cannot hand over '%s'", path);
	return 0;
}

/* What v2 says may be handed over: /sys/kernel/cgroup/delegate, one name a line (cgroup-v2.rst,
 * "Model of Delegation"). */
static int delegate_v2(const struct rc_cgroup *cg, const struct rc_cgroup_tree *tree, uid_t uid,
		       gid_t gid, struct sv_err *err)
{
	static const char basic[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";
	struct sv_err ignored = { 0 };
	autofree char *list = NULL;
	char *p, *name;
	bool leaf = cg->layout == RC_CGROUP_V2;
	int r;

	/* On a hybrid host there is next to nothing on v2; the basic ones do. Kernels that do
	 * not tell (before 4.15) have no others. */
	if (!leaf || sv_cgroup_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", &list, &ignored) < 0) {
		list = strdup(basic);
		if (!list)
			return sv_err_oom(err);
	}
	r = give(tree, "", uid, gid, err);
	if (r == 0 && leaf)
		r = give(tree, RC_CGROUP_LEAF, uid, gid, err);
	for (p = list; r == 0 && (name = strsep(&p, "\n"));) {
		char below[256];

		if (!*name || strchr(name, '/') || strlen(name) > 200)
			continue;
		r = give(tree, name, uid, gid, err);
		if (r < 0 || !leaf)
			continue;
		snprintf(below, sizeof(below), RC_CGROUP_LEAF "/%s", name);
		r = give(tree, below, uid, gid, err);
	}
	return r;
}

/* The directory to make sub-groups, the file to move processes back up; single threads (`tasks`)
 * need not come back, and nine hierarchies make that nine calls. The limits stay root's. */
static int delegate_v1(const struct rc_cgroup_tree *tree, uid_t uid, gid_t gid, struct sv_err *err)
{
	int r = give(tree, "", uid, gid, err);

	return r < 0 ? r : give(tree, "cgroup.procs", uid, gid, err);
}

static int make_leaf(const struct rc_cgroup_tree *tree, struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, RC_CGROUP_LEAF, path, err);

	if (r == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
		return sv_err_set(err, errno, "cannot make the cgroup '%s'", path);
	return r;
}

static int make_v2(struct rc_cgroup *cg, struct rc_cgroup_tree *tree, struct sv_err *err)
{
	int r = make_tree(cg, tree, NULL, err);

	if (r == 0 && cg->layout == RC_CGROUP_V2)
		r = make_leaf(tree, err);
	return r;
}

static struct rc_cgroup_tree *tree_v2(struct rc_cgroup *cg)
{
	return (struct rc_cgroup_tree *)rc_cgroup_tree_v2(cg);
}

int rc_cgroup_open_v2(struct rc_cgroup *cg, int *ret_init, int *ret_assembler, struct sv_err *err)
{
	struct rc_cgroup_tree *tree = tree_v2(cg);
	autoclose int init = -1, assembler = -1;
	int r;

	if (tree && !cg->systemd) {
		r = make_v2(cg, tree, err);
		if (r == 0)
			r = rc_cgroup_open(tree, cg->layout == RC_CGROUP_V2 ? RC_CGROUP_LEAF : "",
					   O_PATH | O_DIRECTORY, &init, err);
		if (r == 0 && cg->layout == RC_CGROUP_V2)
			r = rc_cgroup_open(tree, "", O_PATH | O_DIRECTORY, &assembler, err);
		if (r < 0)
			return r;
	}
	*ret_init = sv_fd_steal(&init);
	*ret_assembler = sv_fd_steal(&assembler);
	return 0;
}

static int make_all(struct rc_cgroup *cg, const struct oci_resources *res, uid_t uid, gid_t gid,
		    struct sv_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cg->n_trees; i++) {
		struct rc_cgroup_tree *tree = &cg->trees[i];

		if (rc_cgroup_is_v2(tree)) {
			if (!tree->made)
				r = make_v2(cg, tree, err);
			if (r == 0)
				r = delegate_v2(cg, tree, uid, gid, err);
			if (r == 0 && cg->layout == RC_CGROUP_V2)
				r = rc_cgroup_enable(tree, NULL, err);
		} else {
			r = make_tree(cg, tree, res, err);
			if (r == 0)
				r = delegate_v1(tree, uid, gid, err);
		}
	}
	return r;
}

static int write_devices_v1(const struct rc_cgroup *cg, const struct oci_resources *res,
			    struct sv_err *err)
{
	__attribute__((cleanup(rc_limits_done))) struct rc_limits writes = { 0 };
	const struct rc_cgroup_tree *tree = rc_cgroup_tree(cg, "devices");
	int r;

	if (!tree)
		return 0;
	r = rc_devices_v1(res, &writes, err);
	return r < 0 ? r : rc_limits_write(tree, &writes, err);
}

int rc_cgroup_make(struct rc_cgroup *cg, const struct oci_resources *res, uid_t uid, gid_t gid,
		   pid_t init, pid_t assembler, struct sv_err *err)
{
	int r = 0;

	if (cg->systemd) {
		cg->made = true;
		r = rc_systemd_start(cg, init, assembler, res, err);
	}
	if (r == 0)
		r = make_all(cg, res, uid, gid, err);
	if (r == 0)
		r = write_devices_v1(cg, res, err);
	if (r == 0)
		r = rc_resources_write(cg, res, RC_CPUSET, RC_NET_PRIO, true, err);
	return r;
}

int rc_cgroup_seal(struct rc_cgroup *cg, const struct oci_resources *res, pid_t init,
		   struct sv_err *err)
{
	const struct rc_cgroup_tree *v2 = rc_cgroup_tree_v2(cg);
	autofree struct bpf_insn *code = NULL;
	autoclose int dir = -1;
	size_t count = 0;
	int r = 0;

	if (cg->systemd && cg->layout == RC_CGROUP_V2) {
		char path[RC_CGROUP_PATH_MAX], pid[24];

		snprintf(pid, sizeof(pid), "%d", (int)init);
		r = rc_cgroup_file(v2, RC_CGROUP_LEAF "/cgroup.procs", path, err);
		if (r == 0)
			r = sv_cgroup_write(AT_FDCWD, path, pid, err);
	}
	if (r == 0)
		r = rc_resources_write(cg, res, RC_PIDS, RC_PIDS, true, err);
	if (r < 0 || !v2 || rc_cgroup_tree(cg, "devices"))
		return r;
	r = rc_devices_bpf(res, &code, &count, err);
	if (r < 0 || count == 0)
		return r;
	r = rc_cgroup_open(v2, "", O_RDONLY | O_DIRECTORY, &dir, err);
	return r < 0 ? r : sv_bpf_device_attach(dir, code, count, err);
}
