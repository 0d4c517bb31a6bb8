/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_find.c - which cgroup hierarchies there are and where they are mounted. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "os/mountinfo.h"

#define BASE "/sys/fs/cgroup"
#define MANY_NAMES 150 /* so many may be more than one getdents64(2) takes */

void sv_cgroup_mounts_done(struct sv_cgroup_mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].controllers);
		free(m->items[i].dir);
		free(m->items[i].own);
	}
	free(m->items);
	*m = (struct sv_cgroup_mounts){ 0 };
}

static int add(struct sv_cgroup_mounts *m, const char *controllers, size_t controllers_len,
	       const char *own, size_t own_len, struct sv_err *err)
{
	struct sv_cgroup_mount *items = reallocarray(m->items, m->count + 1, sizeof(*items));
	struct sv_cgroup_mount *item;

	if (!items)
		return sv_err_oom(err);
	m->items = items;
	item = &items[m->count];
	*item = (struct sv_cgroup_mount){
		.controllers = strndup(controllers, controllers_len),
		.own = strndup(own, own_len),
	};
	m->count++;
	return item->controllers && item->own ? 0 : sv_err_oom(err);
}

/* Lines of "hierarchy-id:controllers:path"; the id of v2 is 0 and it comes last (cgroups(7)). */
int sv_cgroup_own(const char *proc, struct sv_cgroup_mounts *ret, struct sv_err *err)
{
	struct sv_cgroup_mounts m = { 0 };
	int r = 0;

	for (const char *line = proc; r == 0 && *line;) {
		size_t len = strcspn(line, "\n");
		const char *controllers = memchr(line, ':', len);
		const char *own = controllers ? memchr(controllers + 1, ':',
						       len - (size_t)(controllers + 1 - line))
					      : NULL;

		if (!own || own[1] != '/')
			r = sv_err_say(err, EINVAL, "cannot understand '%.*s' in /proc/self/cgroup",
				       (int)len, line);
		else
			r = add(&m, controllers + 1, (size_t)(own - controllers - 1), own + 1,
				len - (size_t)(own + 1 - line), err);
		line += len + (line[len] == '\n');
	}
	if (r < 0)
		sv_cgroup_mounts_done(&m);
	else
		*ret = m;
	return r;
}

/* systemd's names, which everybody follows: the controllers, the name of a named hierarchy,
 * `unified` for v2 on a hybrid host. */
int sv_cgroup_place(struct sv_cgroup_mounts *m, const char *base, const struct sv_list *names,
		    struct sv_err *err)
{
	for (size_t i = 0; i < m->count; i++) {
		const char *name = m->items[i].controllers;
		int r;

		if (m->items[i].dir)
			continue;
		if (*name == '\0')
			name = "unified";
		else if (sv_str_starts(name, "name="))
			name += strlen("name=");
		if (!sv_list_has(names, name))
			continue;
		r = sv_str_format(&m->items[i].dir, err, "%s/%s", base, name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Do the super block options of a v1 mount name every controller of the hierarchy? */
static bool same_hierarchy(const char *controllers, const char *options)
{
	for (const char *p = controllers; *p;) {
		size_t len = strcspn(p, ",");
		char name[64];

		if (len >= sizeof(name))
			return false;
		memcpy(name, p, len);
		name[len] = '\0';
		if (!sv_cgroup_has(options, name))
			return false;
		p += len + (p[len] == ',');
	}
	return true;
}

/* The first hierarchy without a place that MOUNT shows takes it. */
static void place_at(struct sv_cgroup_mounts *m, struct sv_mountinfo *mount)
{
	for (size_t i = 0; i < m->count; i++) {
		struct sv_cgroup_mount *item = &m->items[i];
		bool v2 = *item->controllers == '\0';

		if (item->dir || strcmp(mount->type, v2 ? "cgroup2" : "cgroup") != 0)
			continue;
		if (v2 || same_hierarchy(item->controllers, mount->options)) {
			item->dir = sv_steal(mount->point);
			return;
		}
	}
}

int sv_cgroup_place_by_mountinfo(struct sv_cgroup_mounts *m, const char *mountinfo,
				 struct sv_err *err)
{
	for (const char *line = mountinfo; *line;) {
		size_t len = strcspn(line, "\n");
		autofree char *copy = strndup(line, len);
		struct sv_mountinfo mount = { 0 };
		unsigned id;
		int r = copy ? sv_mountinfo_parse(copy, &id, &mount, err) : sv_err_oom(err);

		if (r < 0)
			return r;
		place_at(m, &mount);
		sv_mountinfo_done(&mount);
		line += len + (line[len] == '\n');
	}
	return 0;
}

static void drop_unplaced(struct sv_cgroup_mounts *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct sv_cgroup_mount *item = &m->items[i];

		if (item->dir) {
			m->items[kept++] = *item;
			continue;
		}
		free(item->controllers);
		free(item->own);
	}
	m->count = kept;
}

/* Is it worth reading mountinfo? Not for v2 beside v1: the kernel names it everywhere, but few such
 * hosts mount it, and those that do have it in the usual place. */
static bool is_unplaced(const struct sv_cgroup_mounts *m)
{
	bool v1 = false, v2 = false, placed = false;

	for (size_t i = 0; i < m->count; i++) {
		placed |= m->items[i].dir != NULL;
		if (m->items[i].dir)
			continue;
		if (*m->items[i].controllers)
			v1 = true;
		else
			v2 = true;
	}
	return v1 || (v2 && !placed);
}

/* Names in BASE, by raw getdents64: opendir would fstat and read once more. */
static int list_base(struct sv_list *names, struct sv_err *err)
{
	autoclose int fd = open(BASE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent64) char entries[8192];
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : sv_err_set(err, errno, "cannot open '" BASE "'");
	n = getdents64(fd, entries, sizeof(entries));
	if (n < 0)
		return sv_err_set(err, errno, "cannot read '" BASE "'");
	/* One call holds 250 names; should there be more, mountinfo tells what is missing. */
	for (ssize_t at = 0; at < n;) {
		const struct dirent64 *e = (const struct dirent64 *)(entries + at);
		int r = sv_list_add(names, e->d_name, err);

		if (r < 0)
			return r;
		at += e->d_reclen;
	}
	return 0;
}

static bool has_v1(const struct sv_cgroup_mounts *m)
{
	return m->count > 0 && *m->items[0].controllers;
}

/* Pure v2: one hierarchy with everything. */
static int place_v2(struct sv_cgroup_mounts *m, struct sv_err *err)
{
	for (size_t i = 0; i < m->count; i++) {
		if (*m->items[i].controllers)
			continue;
		m->items[i].dir = strdup(BASE);
		return m->items[i].dir ? 0 : sv_err_oom(err);
	}
	return sv_err_say(err, ENODEV,
			  "'" BASE "' is cgroup v2, but /proc/self/cgroup has no line for it");
}

/* Records of mountinfo can be long, so only a read of nothing is the end. */
static int read_mountinfo(char **ret, struct sv_err *err)
{
	autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	autostr struct sv_str s = { 0 };
	char part[8192];
	ssize_t n;

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '/proc/self/mountinfo'");
	while ((n = read(fd, part, sizeof(part))) > 0)
		sv_str_add_bytes(&s, part, (size_t)n);
	return n < 0 ? sv_err_set(err, errno, "cannot read '/proc/self/mountinfo'")
		     : sv_str_take(&s, ret, err);
}

static int place_all(struct sv_cgroup_mounts *m, struct sv_err *err)
{
	autolist struct sv_list names = { 0 };
	autofree char *mountinfo = NULL;
	struct statfs fs = { 0 };
	bool maybe_v2 = true;
	int r = 0;

	/* Where there are v1 hierarchies, the names tell nearly always. */
	if (has_v1(m)) {
		r = list_base(&names, err);
		maybe_v2 = sv_list_has(&names, "cgroup.controllers") || names.count > MANY_NAMES;
	}
	if (r == 0 && maybe_v2 && statfs(BASE, &fs) < 0 && errno != ENOENT)
		return sv_err_set(err, errno, "cannot examine '" BASE "'");
	if (r == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return place_v2(m, err);
	if (r == 0)
		r = sv_cgroup_place(m, BASE, &names, err);
	if (r < 0 || !is_unplaced(m))
		return r;
	r = read_mountinfo(&mountinfo, err);
	return r < 0 ? r : sv_cgroup_place_by_mountinfo(m, mountinfo, err);
}

int sv_cgroup_find(struct sv_cgroup_mounts *ret, struct sv_err *err)
{
	struct sv_cgroup_mounts m = { 0 };
	autofree char *proc = NULL;
	int r = sv_cgroup_read(AT_FDCWD, "/proc/self/cgroup", &proc, err);

	if (r == -ENOENT) {
		*ret = m;
		return 0;
	}
	if (r == 0)
		r = sv_cgroup_own(proc, &m, err);
	if (r == 0)
		r = place_all(&m, err);
	if (r < 0) {
		sv_cgroup_mounts_done(&m);
		return sv_err_ctx(err, "cannot find the cgroup hierarchies");
	}
	drop_unplaced(&m);
	*ret = m;
	return 0;
}
