/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - see path.h. The fast way is one openat2(2) of the whole path; only what is missing is walked. */
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAX_AGAIN 32	/* openat2(2): a rename elsewhere during the walk is -EAGAIN */

/* Plain openat2 without a story; the descriptor or -errno. */
static int open_beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < MAX_AGAIN; i++) {
		int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd >= 0 ? fd : -errno;
	}
	return -EAGAIN;
}

int sv_path_open(int root, const char *path, int flags, int *ret, struct sv_err *err)
{
	int fd = open_beneath(root, path, flags);

	if (fd < 0)
		return sv_err_set(err, -fd, "cannot open '%s' inside the container root", path);
	*ret = fd;
	return 0;
}

/* One more level below DIR: open it, or make it and open what was made. */
static int step_into(int root, const char *sofar, int dir, const char *name, mode_t mode)
{
	int fd = open_beneath(root, sofar, O_PATH | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return -errno;
	/* A link that appeared meanwhile is resolved beneath ROOT, a dangling one is refused here. */
	return open_beneath(root, sofar, O_PATH | O_DIRECTORY);
}

/* The frequent case: only the last component of PATH (which is put back as it was) is missing. The descriptor or -errno; any failure is
 * left to the walk to tell. */
static int make_last(int root, char *path, mode_t mode)
{
	char *slash = strrchr(path, '/');
	autoclose int dir = -1;

	if (!slash || slash == path || !slash[1] || strstr(path, ".."))
		return -EINVAL;
	*slash = '\0';
	dir = open_beneath(root, path, O_PATH | O_DIRECTORY);
	*slash = '/';
	if (dir < 0)
		return dir;
	if (mkdirat(dir, slash + 1, mode) < 0 && errno != EEXIST)
		return -errno;
	return open_beneath(root, path, O_PATH | O_DIRECTORY);
}

/* Walks PATH component by component; ".." is refused because the parent of a link's target is not what the text says. */
static int walk(int root, char *path, mode_t mode, int *ret, struct sv_err *err)
{
	autoclose int dir = -1;
	char *p = path;

	dir = open_beneath(root, "/", O_PATH | O_DIRECTORY);
	if (dir < 0)
		return sv_err_set(err, -dir, "cannot open the container root");
	while (*(p += strspn(p, "/"))) {
		char *end = p + strcspn(p, "/"), kept = *end;
		int next;

		*end = '\0';
		if (strcmp(p, "..") == 0)
			return sv_err_set(err, EINVAL, "'%s' must not contain '..'", path);
		next = step_into(root, path, dir, p, mode);
		if (next < 0)
			return sv_err_set(err, -next, "cannot make the directory '%s' inside the container root", path);
		close(dir);
		dir = next;
		*end = kept;
		p = end;
	}
	*ret = sv_fd_steal(&dir);
	return 0;
}

static int copy_path(const char *path, char ret[PATH_MAX], struct sv_err *err)
{
	if (strlen(path) >= PATH_MAX)
		return sv_err_set(err, ENAMETOOLONG, "the path '%.60s...'", path);
	strcpy(ret, path);
	return 0;
}

int sv_path_make_dir(int root, const char *path, mode_t mode, int *ret, struct sv_err *err)
{
	char copy[PATH_MAX];
	int r, fd = open_beneath(root, path, O_PATH | O_DIRECTORY);

	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	if (fd != -ENOENT)
		return sv_err_set(err, -fd, "cannot open '%s' inside the container root", path);
	r = copy_path(path, copy, err);
	if (r < 0)
		return r;
	fd = make_last(root, copy, mode);
	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	return walk(root, copy, mode, ret, err);
}

int sv_path_make_parent(int root, const char *path, int *ret, const char **ret_name, struct sv_err *err)
{
	char copy[PATH_MAX];
	char *slash;
	int r = copy_path(path, copy, err);

	if (r < 0)
		return r;
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	r = sv_path_make_dir(root, slash && *copy ? copy : "/", 0755, ret, err);
	if (r < 0)
		return r;
	*ret_name = slash ? path + (slash - copy) + 1 : path;
	return 0;
}

int sv_path_make_file(int root, const char *path, int *ret, struct sv_err *err)
{
	autoclose int dir = -1, made = -1;
	const char *name;
	int r, fd = open_beneath(root, path, O_PATH);

	if (fd == -ENOENT) {
		r = sv_path_make_parent(root, path, &dir, &name, err);
		if (r < 0)
			return r;
		made = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (made < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make the file '%s' inside the container root", path);
		fd = open_beneath(root, path, O_PATH);
	}
	if (fd < 0)
		return sv_err_set(err, -fd, "cannot open '%s' inside the container root", path);
	*ret = fd;
	return 0;
}
