/* SPDX-License-Identifier: Apache-2.0 */
/* bindrules.c - see bindrules.h. */
#include "runc/bindrules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAX_LINKS 40  /* as the kernel's MAXSYMLINKS */
#define MAX_DEPTH 256 /* components; PATH_MAX would allow 2048 of one letter */

#define RULES_FAILED "shiftfs mountpoint security check failed: path %s "

bool rc_bindrules_exclusive(const struct rc_bind_step *step)
{
	if (step->uid != 0 || step->mode & S_IRWXO)
		return false;
	if (!(step->mode & S_IRWXG))
		return true;
	return step->gid == 0 && !step->acl;
}

/* ".../volumes/NAME/_data", where docker and podman keep named volumes, or something below it. */
static bool is_volume(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/volumes/")); p++) {
		const char *name = p + strlen("/volumes/");
		const char *data = name + strcspn(name, "/");

		if (data > name && strncmp(data, "/_data", 6) == 0 &&
		    (data[6] == '/' || data[6] == '\0'))
			return true;
	}
	return false;
}

int rc_bindrules_check(const char *named, const struct rc_bind_step *steps, size_t count,
		       struct sv_err *err)
{
	const struct rc_bind_step *source = &steps[count - 1];
	bool exclusive = false;

	for (size_t i = 0; i < count && !exclusive; i++)
		exclusive = rc_bindrules_exclusive(&steps[i]);
	if (!exclusive)
		return sv_err_say(err, EACCES,
				  RULES_FAILED
				  "is not exclusively accessible to the root user or group",
				  named);
	if ((source->uid != 0 || source->gid != 0) && !is_volume(named))
		return sv_err_say(err, EACCES,
				  RULES_FAILED "is owned by %u:%u and not by root:root", named,
				  source->uid, source->gid);
	return 0;
}

/* The way from the root to where the walk stands. */
struct walk {
	int at; /* O_PATH */
	size_t depth;
	struct rc_bind_step steps[MAX_DEPTH]; /* steps[0] is "/" */
	dev_t dev[MAX_DEPTH];
	ino_t ino[MAX_DEPTH];
	struct stat here;    /* of the last step */
	char rest[PATH_MAX]; /* what is still to be walked */
	unsigned links;
	const char *named;
};

static int walk_failed(const struct walk *w, int code, struct sv_err *err)
{
	return sv_err_set(err, code, "cannot open the bind source '%s'", w->named);
}

/* A component that is closed but for its group bits may have an ACL behind them. */
static bool has_acl(int fd)
{
	char self[40];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	/*
	 * ENODATA and EOPNOTSUPP are the answers for none; if it cannot be told, better believe
	 * there is one.
	 */
	return getxattr(self, "system.posix_acl_access", NULL, 0) >= 0 ||
	       (errno != ENODATA && errno != EOPNOTSUPP);
}

/* Stands on FD (taken over), which is one deeper. */
static int step_down(struct walk *w, int fd, const struct stat *st, struct sv_err *err)
{
	struct rc_bind_step *step = &w->steps[w->depth];

	if (w->depth == MAX_DEPTH) {
		close(fd);
		return walk_failed(w, ENAMETOOLONG, err);
	}
	*step = (struct rc_bind_step){ .uid = st->st_uid, .gid = st->st_gid, .mode = st->st_mode };
	if (step->uid == 0 && step->gid == 0 && step->mode & S_IRWXG && !(step->mode & S_IRWXO))
		step->acl = has_acl(fd);
	w->dev[w->depth] = st->st_dev;
	w->ino[w->depth] = st->st_ino;
	w->depth++;
	w->here = *st;
	sv_fd_close(&w->at);
	w->at = fd;
	return 0;
}

static int start_at_root(struct walk *w, struct sv_err *err)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		int code = errno;

		if (fd >= 0)
			close(fd);
		return walk_failed(w, code, err);
	}
	w->depth = 0;
	return step_down(w, fd, &st, err);
}

/* "..": the parent must be the one we came through, else somebody moves directories about. */
static int step_up(struct walk *w, struct sv_err *err)
{
	autoclose int fd = -1;
	struct stat st;

	if (w->depth == 1)
		return 0;
	fd = openat(w->at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return walk_failed(w, errno, err);
	w->depth--;
	if (st.st_dev != w->dev[w->depth - 1] || st.st_ino != w->ino[w->depth - 1])
		return walk_failed(w, EAGAIN, err);
	w->here = st;
	sv_fd_close(&w->at);
	w->at = sv_fd_steal(&fd);
	return 0;
}

/* Puts the text of the symbolic link FD before REST. */
static int follow(struct walk *w, int fd, const char *rest, struct sv_err *err)
{
	char text[PATH_MAX], old[PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);
	int len;

	if (n < 0)
		return walk_failed(w, errno, err);
	text[n] = '\0';
	if (++w->links > MAX_LINKS)
		return walk_failed(w, ELOOP, err);
	strcpy(old, rest);
	len = snprintf(w->rest, sizeof(w->rest), "%s/%s", text, old);
	if (len < 0 || (size_t)len >= sizeof(w->rest))
		return walk_failed(w, ENAMETOOLONG, err);
	return text[0] == '/' ? start_at_root(w, err) : 0;
}

/* Opens NAME, REST comes after it. */
static int step(struct walk *w, const char *name, const char *rest, struct sv_err *err)
{
	autoclose int fd = -1;
	struct stat st;

	/* As a directory first: only then the kernel mounts what autofs has to mount. */
	fd = openat(w->at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return walk_failed(w, errno, err);
	if (S_ISLNK(st.st_mode))
		return follow(w, fd, rest, err);
	memmove(w->rest, rest, strlen(rest) + 1);
	return step_down(w, sv_fd_steal(&fd), &st, err);
}

/*
 * Below a component that nobody else gets past, rule 2 is kept whatever comes, so the rest is
 * opened at once, as long as it stays beneath. Returns whether it did; if not, the walk goes on
 * and finds the reason.
 */
static bool leap(struct walk *w, const char *rest, struct sv_err *err)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	autoclose int fd = -1;
	struct stat st;

	fd = (int)syscall(SYS_openat2, w->at, rest, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	return step_down(w, sv_fd_steal(&fd), &st, err) == 0;
}

static int walk_all(struct walk *w, struct sv_err *err)
{
	for (;;) {
		char name[NAME_MAX + 1];
		const char *p = w->rest + strspn(w->rest, "/");
		size_t len = strcspn(p, "/");
		int r;

		if (len == 0)
			return 0;
		if (rc_bindrules_exclusive(&w->steps[w->depth - 1]) && leap(w, p, err))
			return 0;
		if (len > NAME_MAX)
			return walk_failed(w, ENAMETOOLONG, err);
		memcpy(name, p, len);
		name[len] = '\0';
		p += len;

		if (strcmp(name, ".") == 0) {
			memmove(w->rest, p, strlen(p) + 1);
			r = 0;
		} else if (strcmp(name, "..") == 0) {
			memmove(w->rest, p, strlen(p) + 1);
			r = step_up(w, err);
		} else {
			r = step(w, name, p, err);
		}
		if (r < 0)
			return r;
	}
}

/* The text to walk: PATH, behind the name of BASE if it is relative. */
static int start_text(struct walk *w, int base, const char *path, struct sv_err *err)
{
	char self[40], dir[PATH_MAX] = "";
	int len;

	if (path[0] != '/') {
		ssize_t n;

		snprintf(self, sizeof(self), "/proc/self/fd/%d", base);
		n = readlink(self, dir, sizeof(dir) - 1);
		if (n < 0)
			return walk_failed(w, errno, err);
		dir[n] = '\0';
	}
	len = snprintf(w->rest, sizeof(w->rest), "%s/%s", dir, path);
	if (len < 0 || (size_t)len >= sizeof(w->rest))
		return walk_failed(w, ENAMETOOLONG, err);
	return 0;
}

int rc_bindrules_open(int base, const char *path, rc_bindrules_apply_fn *apply, void *arg, int *ret,
		      struct stat *ret_stat, struct sv_err *err)
{
	autofree struct walk *w = malloc(sizeof(*w));
	autoclose int at = -1;
	int r;

	if (!w)
		return sv_err_oom(err);
	w->at = -1;
	w->links = 0;
	w->named = path;
	r = start_text(w, base, path, err);
	if (r == 0)
		r = start_at_root(w, err);
	if (r == 0)
		r = walk_all(w, err);
	at = w->at;
	if (r < 0)
		return r;
	if (apply(&w->here, arg)) {
		r = rc_bindrules_check(path, w->steps, w->depth, err);
		if (r < 0)
			return r;
	}
	*ret_stat = w->here;
	*ret = sv_fd_steal(&at);
	return 0;
}
