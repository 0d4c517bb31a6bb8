/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - the files of one control group, and making one. */
#include "os/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/parse.h"

int sv_cgroup_write(int dir, const char *file, const char *text, struct sv_err *err)
{
	autoclose int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = strlen(text);

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", file);
	if (write(fd, text, len) < 0)
		return sv_err_set(err, errno, "cannot write '%s' to '%s'", text, file);
	return 0;
}

int sv_cgroup_read(int dir, const char *file, char **ret, struct sv_err *err)
{
	autoclose int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autostr struct sv_str s = { 0 };
	char part[4096];
	ssize_t n;

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", file);
	/* These files are sequences of short records: a read ends early where the next record
	 * does not fit, but never in the first half of the buffer. So most files take one read. */
	while ((n = read(fd, part, sizeof(part))) > 0) {
		sv_str_add_bytes(&s, part, (size_t)n);
		if ((size_t)n < sizeof(part) / 2)
			break;
	}
	if (n < 0)
		return sv_err_set(err, errno, "cannot read '%s'", file);
	if (s.len && s.text[s.len - 1] == '\n')
		s.text[--s.len] = '\0';
	return sv_str_take(&s, ret, err);
}

int sv_cgroup_read_u64(int dir, const char *file, uint64_t *ret, struct sv_err *err)
{
	autofree char *text = NULL;
	int r = sv_cgroup_read(dir, file, &text, err);

	if (r < 0)
		return r;
	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	r = sv_parse_u64(text, UINT64_MAX, ret, err);
	return r < 0 ? sv_err_ctx(err, "'%s'", file) : 0;
}

bool sv_cgroup_value(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			*ret = strtoull(line + len + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

bool sv_cgroup_has(const char *controllers, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = controllers; *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (strncmp(p, name, len) == 0 && (p[len] == '\0' || p[len] == ','))
			return true;
	}
	return false;
}

static int make_one(const char *path, sv_cgroup_made_fn *made, void *arg, bool *ret_fresh,
		    struct sv_err *err)
{
	if (mkdir(path, 0755) == 0) {
		*ret_fresh = true;
		return made ? made(path, arg, err) : 0;
	}
	if (errno == EEXIST) {
		*ret_fresh = false;
		return 0;
	}
	return sv_err_set(err, errno, "cannot make the cgroup '%s'", path);
}

int sv_cgroup_make(const char *path, size_t mount, sv_cgroup_made_fn *made, void *arg,
		   bool *ret_fresh, struct sv_err *err)
{
	char above[PATH_MAX];
	size_t len = strlen(path);
	int r = make_one(path, made, arg, ret_fresh, err);

	/* Nearly always the parent is there: ask only when it is not. */
	if (r != -ENOENT)
		return r;
	if (len >= sizeof(above))
		return sv_err_say(err, ENAMETOOLONG, "the cgroup path '%.60s...' is too long",
				  path);
	memcpy(above, path, len + 1);
	for (char *slash = strchr(above + mount + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool fresh;

		*slash = '\0';
		r = make_one(above, made, arg, &fresh, err);
		*slash = '/';
		if (r < 0)
			return r;
	}
	return make_one(path, made, arg, ret_fresh, err);
}
