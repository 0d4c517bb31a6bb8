/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_tree.c - trees of control groups that a container may have made: any names, any width,
 * any depth.
 *
 * Depth costs no descriptors and no stack: one descriptor moves down by name and up by `..`;
 * what is still to be visited on each level is a list on the heap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "os/cgroup.h"

#define MAX_GROUPS (1000 * 1000)

struct level {
	struct sv_list names; /* groups on this level */
	size_t next;          /* the one to enter next; the one we are in is next - 1 */
};

struct walker {
	/* Asked before a group is entered: 1 means leave it out. May be NULL. */
	int (*before)(int parent, const char *name, struct walker *w, struct sv_err *err);
	sv_cgroup_visit_fn *visit; /* may be NULL */
	/* Called when everything below a group has been visited. May be NULL. */
	int (*after)(int parent, const char *name, struct walker *w, struct sv_err *err);
	void *arg;
	struct level *levels;
	size_t depth, room, groups;
	int at; /* the group whose names are levels[depth - 1] */
};

static int open_group(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int list_groups(int dir, struct sv_list *names, struct sv_err *err)
{
	autoclosedir DIR *d = NULL;
	int fd = open_group(dir, ".");

	if (fd < 0)
		return errno == ENOENT ? 0 : sv_err_set(err, errno, "cannot open a cgroup");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return sv_err_oom(err);
	}
	for (;;) {
		const struct dirent *e;
		int r;

		errno = 0;
		e = readdir(d);
		if (!e)
			/* A group that was removed meanwhile has no entries any more. */
			return errno && errno != ENOENT
				       ? sv_err_set(err, errno, "cannot list a cgroup")
				       : 0;
		if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		r = sv_list_add(names, e->d_name, err);
		if (r < 0)
			return r;
	}
}

/* W->at has just become a group: visit it and list what is below. */
static int arrive(struct walker *w, struct sv_err *err)
{
	struct level *top;
	int r = w->visit ? w->visit(w->at, w->arg, err) : 0;

	if (r < 0)
		return r;
	if (w->depth == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		struct level *levels = reallocarray(w->levels, room, sizeof(*levels));

		if (!levels)
			return sv_err_oom(err);
		w->levels = levels;
		w->room = room;
	}
	top = &w->levels[w->depth++];
	*top = (struct level){ 0 };
	r = list_groups(w->at, &top->names, err);
	if (r < 0)
		return r;
	w->groups += top->names.count;
	if (w->groups > MAX_GROUPS)
		return sv_err_say(err, E2BIG, "there are more than %d sub-cgroups", MAX_GROUPS);
	return 0;
}

static int descend(struct walker *w, const char *name, struct sv_err *err)
{
	int r = w->before ? w->before(w->at, name, w, err) : 0;
	int child;

	if (r != 0)
		return r < 0 ? r : 0;
	child = open_group(w->at, name);
	if (child < 0)
		return errno == ENOENT
			       ? 0
			       : sv_err_set(err, errno, "cannot open the cgroup '%s'", name);
	close(w->at);
	w->at = child;
	return arrive(w, err);
}

static int ascend(struct walker *w, struct sv_err *err)
{
	int parent;
	struct level *top = &w->levels[--w->depth];

	sv_list_done(&top->names);
	if (w->depth == 0)
		return 0;
	parent = open_group(w->at, "..");
	if (parent < 0)
		return sv_err_set(err, errno, "cannot go back to the parent cgroup");
	close(w->at);
	w->at = parent;
	top = &w->levels[w->depth - 1];
	return w->after ? w->after(parent, top->names.items[top->next - 1], w, err) : 0;
}

static int walk(struct walker *w, int dir, struct sv_err *err)
{
	int r;

	w->at = open_group(dir, ".");
	if (w->at < 0)
		return sv_err_set(err, errno, "cannot open a cgroup");
	r = arrive(w, err);
	while (r == 0 && w->depth > 0) {
		struct level *top = &w->levels[w->depth - 1];

		if (top->next < top->names.count)
			r = descend(w, top->names.items[top->next++], err);
		else
			r = ascend(w, err);
	}
	while (w->depth > 0)
		sv_list_done(&w->levels[--w->depth].names);
	free(w->levels);
	close(w->at);
	return r;
}

int sv_cgroup_walk(int dir, sv_cgroup_visit_fn *fn, void *arg, struct sv_err *err)
{
	struct walker w = { .visit = fn, .arg = arg };

	return walk(&w, dir, err);
}

/* ---- processes ---- */

struct pids {
	pid_t *items;
	size_t count, room;
};

static int collect(int dir, void *arg, struct sv_err *err)
{
	struct sv_err gone = { 0 };
	struct pids *p = arg;
	autofree char *text = NULL;
	int r = sv_cgroup_read(dir, "cgroup.procs", &text, &gone);

	/* Removed meanwhile (ENODEV: between open and read), or a threaded v2 group, whose
	 * processes its domain shows (EOPNOTSUPP). */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	if (r < 0) {
		*err = gone;
		return r;
	}
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		long pid = strtol(line, NULL, 10);

		if (pid <= 0) /* lives in a pid namespace that we cannot see */
			continue;
		if (p->count == p->room) {
			size_t room = p->room ? p->room * 2 : 64;
			pid_t *items = reallocarray(p->items, room, sizeof(*items));

			if (!items)
				return sv_err_oom(err);
			p->items = items;
			p->room = room;
		}
		p->items[p->count++] = (pid_t)pid;
	}
	return 0;
}

int sv_cgroup_pids(int dir, pid_t **ret, size_t *ret_count, struct sv_err *err)
{
	struct pids p = { 0 };
	int r;

	/* -ENOENT: the group we were in was removed, and a dead group has no `..` to go back to.
	 * Who lives in the tree could do that again and again, so not for ever. */
	for (int attempt = 0; attempt < 16; attempt++) {
		struct sv_err why = { 0 };

		p.count = 0;
		r = sv_cgroup_walk(dir, collect, &p, &why);
		*err = r < 0 ? why : *err;
		if (r != -ENOENT)
			break;
	}
	if (r < 0) {
		free(p.items);
		return r;
	}
	*ret = p.items;
	*ret_count = p.count;
	return 0;
}

/* ---- removal ---- */

/* Has groups below, or processes. Ordinary file systems, on which the unit tests walk, say it
 * otherwise. */
static bool is_busy(int code)
{
	return code == EBUSY || code == ENOTEMPTY;
}

static int remove_before(int parent, const char *name, struct walker *w, struct sv_err *err)
{
	(void)w;
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 1;
	return is_busy(errno) ? 0 : sv_err_set(err, errno, "cannot remove the cgroup '%s'", name);
}

static int remove_after(int parent, const char *name, struct walker *w, struct sv_err *err)
{
	bool *busy = w->arg;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (!is_busy(errno))
		return sv_err_set(err, errno, "cannot remove the cgroup '%s'", name);
	*busy = true;
	return 0;
}

int sv_cgroup_prune(int dir, struct sv_err *err)
{
	bool busy = false;
	struct walker w = { .before = remove_before, .after = remove_after, .arg = &busy };
	int r = walk(&w, dir, err);

	if (r < 0)
		return r;
	return busy ? sv_err_say(err, EBUSY, "there are processes in a sub-cgroup") : 0;
}
