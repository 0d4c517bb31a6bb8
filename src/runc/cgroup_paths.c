/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_paths.c - from linux.cgroupsPath to directories and units. */
#include "runc/cgroup_paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Appends the parts of PATH to S, which holds a clean path and never becomes shorter than FLOOR. */
static void add_parts(struct sv_str *s, const char *path, size_t floor)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (s->len > floor && s->text[--s->len] != '/')
				;
			if (s->text)
				s->text[s->len] = '\0';
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			sv_str_add(s, "/");
			sv_str_add_bytes(s, p, len);
		}
		p += len + (p[len] == '/');
	}
}

int rc_cgroup_clean_path(const char *own, const char *path, char **ret, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	size_t floor;

	if (*path != '/')
		add_parts(&s, own, 0);
	floor = s.len;
	add_parts(&s, path, floor);
	if (!s.failed && s.len == floor)
		return sv_err_say(err, EINVAL,
				  "linux.cgroupsPath: '%.80s' is not a group below the root", path);
	return sv_str_take(&s, ret, err);
}

int rc_cgroup_systemd_names(const char *cgroups_path, const char *id, char **ret_slice,
			    char **ret_unit, struct sv_err *err)
{
	const char *prefix, *name;
	autofree char *slice = NULL, *unit = NULL;
	size_t prefix_len;
	int r;

	if (!cgroups_path || !*cgroups_path) {
		r = sv_str_format(&slice, err, "system.slice");
		if (r == 0)
			r = sv_str_format(&unit, err, "sysvisor-%s.scope", id);
		if (r < 0)
			return r;
		*ret_slice = sv_steal(slice);
		*ret_unit = sv_steal(unit);
		return 0;
	}
	prefix = strchr(cgroups_path, ':');
	name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name || strchr(name + 1, ':') || !name[1] || strchr(cgroups_path, '/'))
		return sv_err_say(err, EINVAL,
				  "linux.cgroupsPath: expected 'slice:prefix:name' for systemd, "
				  "found '%.80s'",
				  cgroups_path);
	slice = prefix == cgroups_path ? strdup("system.slice")
				       : strndup(cgroups_path, (size_t)(prefix - cgroups_path));
	if (!slice)
		return sv_err_oom(err);
	prefix++;
	name++;
	prefix_len = (size_t)(name - 1 - prefix);
	if (sv_str_ends(name, ".slice"))
		r = sv_err_say(err, EINVAL,
			       "linux.cgroupsPath: a container cannot be a slice ('%.80s')", name);
	else if (prefix_len == 0)
		r = sv_str_format(&unit, err, "%s.scope", name);
	else
		r = sv_str_format(&unit, err, "%.*s-%s.scope", (int)prefix_len, prefix, name);
	if (r < 0)
		return r;
	*ret_slice = sv_steal(slice);
	*ret_unit = sv_steal(unit);
	return 0;
}

int rc_cgroup_slice_path(const char *slice, char **ret, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	size_t len = strlen(slice);
	size_t base = len - (sv_str_ends(slice, ".slice") ? strlen(".slice") : len);

	if (base == 0 || strchr(slice, '/'))
		return sv_err_say(err, EINVAL,
				  "linux.cgroupsPath: '%.80s' is not the name of a slice", slice);
	if (base == 1 && slice[0] == '-')
		return sv_str_take(&s, ret, err);
	if (slice[0] == '-' || slice[base - 1] == '-' || strstr(slice, "--"))
		return sv_err_say(err, EINVAL,
				  "linux.cgroupsPath: '%.80s' is not the name of a slice", slice);
	/* Every dash ends the name of a slice above. */
	for (size_t i = 1; i <= base; i++)
		if (i == base || slice[i] == '-')
			sv_str_addf(&s, "/%.*s.slice", (int)i, slice);
	return sv_str_take(&s, ret, err);
}
