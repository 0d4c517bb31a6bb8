/* SPDX-License-Identifier: Apache-2.0 */
/* copyup.c - see copyup.h. */
#include "runc/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAX_DEPTH 64

static int copy_file(int from, int to, const char *name, const struct stat *st, struct sv_err *err)
{
	autoclose int in = -1, out = -1;
	ssize_t n;

	in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0)
		return sv_err_set(err, errno, "cannot read '%s'", name);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return sv_err_set(err, errno, "cannot make '%s'", name);
	do {
		n = sendfile(out, in, NULL, 1 << 30);
	} while (n > 0);
	if (n < 0)
		return sv_err_set(err, errno, "cannot copy '%s'", name);
	if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return sv_err_set(err, errno, "cannot give '%s' its owner", name);
	return 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *st, struct sv_err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return sv_err_set(err, errno, "cannot read the link '%s'", name);
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return sv_err_set(err, errno, "cannot make the link '%s'", name);
	return 0;
}

static int copy_dir(int from, int to, int depth, struct sv_err *err);

static int copy_subdir(int from, int to, const char *name, const struct stat *st, int depth, struct sv_err *err)
{
	autoclose int below = -1, made = -1;

	if (mkdirat(to, name, 0700) < 0)
		return sv_err_set(err, errno, "cannot make '%s'", name);
	below = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	made = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0 || made < 0)
		return sv_err_set(err, errno, "cannot open '%s'", name);
	if (fchown(made, st->st_uid, st->st_gid) < 0 || fchmod(made, st->st_mode & 07777) < 0)
		return sv_err_set(err, errno, "cannot give '%s' its owner", name);
	return copy_dir(below, made, depth + 1, err);
}

static int copy_entry(int from, int to, const char *name, int depth, struct sv_err *err)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return sv_err_set(err, errno, "cannot look at '%s'", name);
	if (S_ISDIR(st.st_mode))
		r = copy_subdir(from, to, name, &st, depth, err);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name, &st, err);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st, err);
	else
		return 0;
	if (r < 0)
		return r;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return sv_err_set(err, errno, "cannot set the times of '%s'", name);
	return 0;
}

static int copy_dir(int from, int to, int depth, struct sv_err *err)
{
	autoclosedir DIR *dir = NULL;
	autoclose int readable = -1;
	struct dirent *entry;

	if (depth > MAX_DEPTH)
		return sv_err_say(err, ELOOP, "tmpcopyup: more than %d directories deep", MAX_DEPTH);
	readable = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = readable < 0 ? NULL : fdopendir(readable);
	if (!dir)
		return sv_err_set(err, errno, "cannot list a directory");
	sv_fd_steal(&readable);
	while ((errno = 0, entry = readdir(dir))) {
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_entry(dirfd(dir), to, entry->d_name, depth, err);
		if (r < 0)
			return r;
	}
	if (errno)
		return sv_err_set(err, errno, "cannot list a directory");
	return 0;
}

int rc_copyup(int from, int to, struct sv_err *err)
{
	struct stat st;
	int r = copy_dir(from, to, 0, err);

	if (r < 0)
		return sv_err_ctx(err, "tmpcopyup");
	if (fstat(from, &st) < 0)
		return sv_err_set(err, errno, "tmpcopyup: cannot look at the directory");
	/* The tmpfs looks like the directory that it covers, as users of tmpcopyup expect of /var or /etc. */
	if (fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 || fchmodat(to, ".", st.st_mode & 07777, 0) < 0)
		return sv_err_set(err, errno, "tmpcopyup: cannot give the tmpfs its owner");
	return 0;
}
