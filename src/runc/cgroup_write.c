/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_write.c - writes limits into control groups. */
#include "runc/cgroup_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/cgroup.h"

bool rc_cgroup_is_v2(const struct rc_cgroup_tree *tree)
{
	return *tree->controllers == '\0';
}

const struct rc_cgroup_tree *rc_cgroup_tree(const struct rc_cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n_trees; i++)
		if (sv_cgroup_has(cg->trees[i].controllers, controller))
			return &cg->trees[i];
	return NULL;
}

const struct rc_cgroup_tree *rc_cgroup_tree_v2(const struct rc_cgroup *cg)
{
	for (size_t i = 0; i < cg->n_trees; i++)
		if (rc_cgroup_is_v2(&cg->trees[i]))
			return &cg->trees[i];
	return NULL;
}

int rc_cgroup_file(const struct rc_cgroup_tree *tree, const char *file,
		   char ret[RC_CGROUP_PATH_MAX], struct sv_err *err)
{
	int n = snprintf(ret, RC_CGROUP_PATH_MAX, "%s%s%s%s", tree->mount, tree->path,
			 *file ? "/" : "", file);

	if (n < 0 || n >= RC_CGROUP_PATH_MAX)
		return sv_err_say(err, ENAMETOOLONG, "the cgroup path '%.60s...' is too long",
				  tree->path);
	return 0;
}

int rc_cgroup_open(const struct rc_cgroup_tree *tree, const char *file, int flags, int *ret,
		   struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, file, path, err), fd;

	if (r < 0)
		return r;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	*ret = fd;
	return 0;
}

/* A file that is kept open while neighbours in the list go to the same. */
struct target {
	const struct rc_cgroup_tree *tree;
	const char *file;
	int fd;
};

static void target_done(struct target *t)
{
	sv_fd_close(&t->fd);
}

static int target_open(struct target *t, const char *file, struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r;

	if (t->fd >= 0 && strcmp(t->file, file) == 0)
		return 0;
	sv_fd_close(&t->fd);
	r = rc_cgroup_file(t->tree, file, path, err);
	if (r < 0)
		return r;
	t->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (t->fd < 0)
		return sv_err_set(err, errno, "cannot set %s", file);
	t->file = file;
	return 0;
}

/* One limit: 0 also if it is optional and its file does not exist. */
static int write_one(struct target *t, const struct rc_limit *l, struct sv_err *err)
{
	const char *file = l->file, *value = l->value;
	int r = target_open(t, file, err);

	if (r == -ENOENT && l->other_file) {
		file = l->other_file;
		value = l->other_value;
		r = target_open(t, file, err);
	}
	if (r == -ENOENT && l->optional) {
		*err = (struct sv_err){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	if (write(t->fd, value, strlen(value)) < 0)
		return sv_err_set(err, errno, "cannot set %s to '%s'", file, value);
	return 0;
}

int rc_limits_write(const struct rc_cgroup_tree *tree, const struct rc_limits *limits,
		    struct sv_err *err)
{
	__attribute__((cleanup(target_done))) struct target t = { .tree = tree, .fd = -1 };
	autofree bool *written = calloc(limits->count + 1, sizeof(*written));
	size_t left = limits->count, before;
	struct sv_err refused;

	if (!written)
		return sv_err_oom(err);
	do {
		before = left;
		refused = (struct sv_err){ 0 };
		for (size_t i = 0; i < limits->count; i++) {
			struct sv_err why = { 0 };
			int r = written[i] ? 1 : write_one(&t, &limits->items[i], &why);

			if (r == 0) {
				written[i] = true;
				left--;
			} else if (r == -EINVAL && refused.code == 0) {
				refused = why;
			} else if (r < 0 && r != -EINVAL) {
				*err = why;
				return r;
			}
		}
	} while (left > 0 && left < before);
	if (left > 0) {
		*err = refused;
		return -refused.code;
	}
	return 0;
}

/* ---- v2 controllers ---- */

/* Writes "+a +b" to cgroup.subtree_control of DIR, one by one if not all at once. */
static void enable_in(const char *dir, const char *controllers)
{
	autostr struct sv_str all = { 0 }, file = { 0 };
	struct sv_err ignored = { 0 };

	sv_str_addf(&file, "%s/cgroup.subtree_control", dir);
	for (const char *p = controllers; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		sv_str_addf(&all, "%s+%.*s", all.len ? " " : "", (int)len, p);
		p += len;
	}
	if (sv_cgroup_write(AT_FDCWD, sv_str_text(&file), sv_str_text(&all), &ignored) == 0)
		return;
	/* Some may not go (a group with processes, real-time tasks outside the root): the others
	 * shall. */
	for (char *p = all.text, *one; p && (one = strsep(&p, " "));) {
		ignored = (struct sv_err){ 0 };
		if (sv_cgroup_write(AT_FDCWD, sv_str_text(&file), one, &ignored) < 0)
			sv_debug("%s", ignored.msg);
	}
}

/* Are all of WANTED among HAVE? Both are separated by blanks. */
static bool has_all(const char *have, const char *wanted)
{
	for (const char *p = wanted; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		const char *at = have;

		while (*at && !(strcspn(at, " ") == len && strncmp(at, p, len) == 0)) {
			at += strcspn(at, " ");
			at += strspn(at, " ");
		}
		if (!*at)
			return false;
		p += len;
	}
	return true;
}

int rc_cgroup_enable(const struct rc_cgroup_tree *tree, const char *controllers, struct sv_err *err)
{
	autofree char *all = NULL, *have = NULL;
	char path[RC_CGROUP_PATH_MAX], root[RC_CGROUP_PATH_MAX];
	size_t at = strlen(tree->mount);
	int r;

	if (!controllers) {
		snprintf(root, sizeof(root), "%s/cgroup.controllers", tree->mount);
		r = sv_cgroup_read(AT_FDCWD, root, &all, err);
		if (r < 0)
			return r;
		controllers = all;
	}
	r = rc_cgroup_file(tree, "cgroup.controllers", path, err);
	if (r == 0)
		r = sv_cgroup_read(AT_FDCWD, path, &have, err);
	if (r < 0 || has_all(have, controllers))
		return r;
	/* From the root down: a group can hand on only what it got. */
	r = rc_cgroup_file(tree, "", path, err);
	for (char *slash = path + at; r == 0 && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		enable_in(path, controllers);
		*slash = '/';
	}
	return r;
}

/* ---- resources ---- */

static int read_now(const struct rc_cgroup_tree *tree, const struct oci_resources *res,
		    enum rc_controller c, struct rc_limits_now *now, struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = 0;

	if (c == RC_CPU && (res->cpu_quota.set || res->cpu_period.set)) {
		r = rc_cgroup_file(tree, "cpu.max", path, err);
		if (r == 0)
			r = sv_cgroup_read(AT_FDCWD, path, &now->cpu_max, err);
	}
	if (c == RC_MEMORY && res->mem_swap.set && !res->mem_limit.set) {
		r = rc_cgroup_file(tree, "memory.max", path, err);
		if (r == 0)
			r = sv_cgroup_read_u64(AT_FDCWD, path, &now->memory_max, err);
	}
	return r;
}

/* The specification's checkBeforeUpdate: a limit below what is used now would make the kernel
 * kill at once. */
static int check_usage(const struct rc_cgroup_tree *tree, const struct oci_resources *res,
		       struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	uint64_t usage;
	int r;

	if (!res->mem_check_before_update.value || res->mem_limit.value <= 0)
		return 0;
	r = rc_cgroup_file(tree, rc_cgroup_is_v2(tree) ? "memory.current" : "memory.usage_in_bytes",
			   path, err);
	if (r == 0)
		r = sv_cgroup_read_u64(AT_FDCWD, path, &usage, err);
	if (r == 0 && usage > (uint64_t)res->mem_limit.value)
		return sv_err_say(err, EBUSY,
				  "linux.resources.memory.limit: %lld is less than the %llu in use",
				  (long long)res->mem_limit.value, (unsigned long long)usage);
	return r;
}

static int write_controller(const struct rc_cgroup *cg, const struct oci_resources *res,
			    enum rc_controller c, bool fresh, struct sv_err *err)
{
	__attribute__((cleanup(rc_limits_done))) struct rc_limits limits = { 0 };
	const struct rc_cgroup_tree *tree = rc_cgroup_tree(cg, rc_controller_name(c, false));
	struct rc_limits_now now = { .fresh = fresh, .memory_max = UINT64_MAX };
	autofree char *cpu_max = NULL;
	int r = 0;

	if (tree || !rc_cgroup_tree_v2(cg)) {
		r = rc_limits_v1(res, c, fresh, &limits, err);
	} else {
		tree = rc_cgroup_tree_v2(cg);
		if (!fresh)
			r = read_now(tree, res, c, &now, err);
		cpu_max = now.cpu_max;
		if (r == 0)
			r = rc_limits_v2(res, c, &now, &limits, err);
		/* On pure v2 everything has been enabled; on a hybrid host the root is touched
		 * only if need be. */
		if (r == 0 && limits.count > 0 && cg->layout == RC_CGROUP_HYBRID)
			r = rc_cgroup_enable(tree, rc_controller_name(c, true), err);
	}
	if (r < 0 || limits.count == 0)
		return r;
	if (!tree)
		return sv_err_say(err, ENODEV,
				  "linux.resources: this host has no cgroup controller '%s' for %s",
				  rc_controller_name(c, false), limits.items[0].file);
	if (c == RC_MEMORY) {
		r = check_usage(tree, res, err);
		if (r < 0)
			return r;
	}
	return rc_limits_write(tree, &limits, err);
}

static int write_unified(const struct rc_cgroup *cg, const struct oci_resources *res,
			 struct sv_err *err)
{
	__attribute__((cleanup(rc_limits_done))) struct rc_limits limits = { 0 };
	const struct rc_cgroup_tree *tree = rc_cgroup_tree_v2(cg);
	int r;

	if (res->n_unified == 0)
		return 0;
	if (!tree)
		return sv_err_say(err, EINVAL,
				  "linux.resources.unified: this host has no cgroup v2");
	for (size_t i = 0; cg->layout == RC_CGROUP_HYBRID && i < res->n_unified; i++) {
		const char *key = res->unified[i].key;
		autofree char *controller = strndup(key, strcspn(key, "."));

		if (!controller)
			return sv_err_oom(err);
		r = rc_cgroup_enable(tree, controller, err);
		if (r < 0)
			return r;
	}
	r = rc_limits_unified(res, &limits, err);
	if (r == 0)
		r = rc_limits_write(tree, &limits, err);
	return r < 0 ? sv_err_ctx(err, "linux.resources.unified") : 0;
}

int rc_resources_write(const struct rc_cgroup *cg, const struct oci_resources *res,
		       enum rc_controller first, enum rc_controller last, bool fresh,
		       struct sv_err *err)
{
	int r = 0;

	for (enum rc_controller c = first; r == 0 && c <= last; c++)
		r = write_controller(cg, res, c, fresh, err);
	if (r == 0 && first == RC_CPUSET)
		r = write_unified(cg, res, err);
	return r;
}
