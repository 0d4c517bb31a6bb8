/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.c - directories and locks.
 *
 * Two commands may race for the same id. Whoever opens a directory and then gets its lock looks whether the directory is still
 * linked: a delete that held the lock before us has removed it, and the name may mean another container by now.
 */
#include "runc/container.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/utc.h"
#include "os/file.h"
#include "runc/filter_file.h"

#define STATE "state.json"
#define STATE_MAX (32u << 20)	/* an env of 10 MB must still load */
#define HEAD_ROOM 2048		/* three paths; a longer head costs a second reading */

/* ---- the struct ---- */

static void hooks_done(struct oci_hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++) {
		free(hooks->items[i].path);
		sv_list_done(&hooks->items[i].args);
		sv_list_done(&hooks->items[i].env);
	}
	free(hooks->items);
}

void rc_container_done(struct rc_container *c)
{
	if (!c)
		return;
	free(c->id);
	free(c->bundle);
	free(c->rootfs);
	free(c->created);
	rc_cgroup_done(&c->cgroup);
	free(c->maps.uids);
	free(c->maps.gids);
	for (size_t i = 0; i < c->n_annotations; i++) {
		free(c->annotations[i].key);
		free(c->annotations[i].value);
	}
	free(c->annotations);
	oci_process_done(&c->process);
	hooks_done(&c->poststart);
	hooks_done(&c->poststop);
	free(c->rdt_group);
	free(c->listener);
	free(c->listener_metadata);
	/* Unlocked by word, not only by close: a child may still have its copy of the open file. */
	if (c->locked)
		sv_file_unlock(c->dir);
	sv_fd_close(&c->dir);
	*c = (struct rc_container)RC_CONTAINER_INIT;
}

static bool id_byte(char b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || (b && strchr("_+-.", b));
}

int rc_container_check_id(const char *id, struct sv_err *err)
{
	size_t len = strlen(id);

	if (len == 0)
		return sv_err_say(err, EINVAL, "container id cannot be empty");
	if (len > NAME_MAX)
		return sv_err_say(err, EINVAL, "invalid container ID format: longer than %d bytes", NAME_MAX);
	if (id[0] == '.')
		return sv_err_say(err, EINVAL, "invalid container ID format: \"%s\" begins with a dot", id);
	for (size_t i = 0; i < len; i++) {
		if (!id_byte(id[i]))
			return sv_err_say(err, EINVAL,
					  "invalid container ID format: only letters, digits and _ + - . may be in an id");
	}
	return 0;
}

/* ---- directories ---- */

static int no_such(const char *id, struct sv_err *err)
{
	return sv_err_say(err, ENOENT, "container \"%s\" does not exist", id);
}

/* mkdir -p; the parents as the system's default, the last one for root only. */
static int make_root(const char *root, struct sv_err *err)
{
	autofree char *path = strdup(root);

	if (!path)
		return sv_err_oom(err);
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	for (char *slash = path; (slash = strchr(slash + 1, '/')); *slash = '/') {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make the directory '%s'", path);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return sv_err_set(err, errno, "cannot make the directory '%s'", path);
	return 0;
}

static int open_root(const char *root, bool make, int *ret, struct sv_err *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0 && errno == ENOENT && make) {
		r = make_root(root, err);
		if (r < 0)
			return r;
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", root);
	*ret = fd;
	return 0;
}

/* A directory that was removed while we waited for its lock has no name any more. */
static bool still_linked(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && st.st_nlink > 0;
}

static int lock_dir(struct rc_container *c, struct sv_err *err)
{
	int r = sv_file_lock(c->dir, RC_LOCK_SECONDS, err);

	c->locked = r == 0;
	return r;
}

static int now_text(char **ret, struct sv_err *err)
{
	struct timespec now;
	char seconds[SV_UTC_ROOM];

	clock_gettime(CLOCK_REALTIME, &now);
	sv_utc_format(now.tv_sec, seconds);
	return sv_str_format(ret, err, "%s.%09ldZ", seconds, now.tv_nsec);
}

int rc_container_make(const char *root, const char *id, struct rc_container *ret, int *ret_root, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	autoclose int parent = -1;
	int r = rc_container_check_id(id, err);

	if (r < 0 || (r = open_root(root, true, &parent, err)) < 0)
		return r;
	if (mkdirat(parent, id, 0700) < 0) {
		if (errno == EEXIST)
			return sv_err_say(err, EEXIST, "container with given ID already exists: \"%s\"", id);
		return sv_err_set(err, errno, "cannot make the directory '%s/%s'", root, id);
	}
	c.dir = openat(parent, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = c.dir < 0 ? sv_err_set(err, errno, "cannot open '%s/%s'", root, id) : lock_dir(&c, err);
	if (r == 0 && !still_linked(c.dir))
		r = sv_err_say(err, ENOENT, "container \"%s\" was deleted while it was made", id);
	if (r == 0)
		r = now_text(&c.created, err);
	if (r == 0 && !(c.id = strdup(id)))
		r = sv_err_oom(err);
	if (r < 0) {
		unlinkat(parent, id, AT_REMOVEDIR);
		return r;
	}
	c.part = RC_PART_ALL;
	*ret = c;
	if (ret_root)
		*ret_root = sv_fd_steal(&parent);
	c = (struct rc_container)RC_CONTAINER_INIT;
	return 0;
}

/* A create or a delete was killed here: there is a directory and nothing that tells more. */
static int load_half(const char *id, struct rc_container *c, struct sv_err *err)
{
	c->id = strdup(id);
	return c->id ? 0 : sv_err_oom(err);
}

static int load_state(const char *id, enum rc_part part, struct rc_container *c, struct sv_err *err)
{
	struct sv_err why = { 0 };
	autofree char *text = NULL;
	size_t len;
	int r = sv_file_read(c->dir, STATE, STATE_MAX, &text, &len, &why);

	if (r == -ENOENT)
		return load_half(id, c, err);
	if (r == 0)
		r = rc_container_read(text, len, part, c, &why);
	if (r == -EINVAL) {
		/* Written atomically, so nobody but a stranger did this. Deleting must still be possible. */
		int dir = c->dir;
		bool locked = c->locked;

		sv_warning("container \"%s\": %s", id, why.msg);
		c->dir = -1;
		c->locked = false;
		rc_container_done(c);
		c->dir = dir;
		c->locked = locked;
		return load_half(id, c, err);
	}
	if (r < 0) {
		*err = why;
		return sv_err_ctx(err, "container \"%s\"", id);
	}
	return 0;
}

static int open_dir(int parent, const char *root, const char *id, int *ret, struct sv_err *err)
{
	int fd = openat(parent, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return no_such(id, err);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s/%s'", root, id);
	*ret = fd;
	return 0;
}

int rc_container_load(const char *root, const char *id, bool lock, enum rc_part part, struct rc_container *ret,
		      struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	autoclose int parent = -1;
	int r = rc_container_check_id(id, err);

	if (r < 0)
		return r;
	r = open_root(root, false, &parent, err);
	if (r == -ENOENT)
		return no_such(id, err);
	if (r < 0)
		return r;
	r = open_dir(parent, root, id, &c.dir, err);
	while (r == 0 && lock) {
		r = lock_dir(&c, err);
		if (r < 0)
			return sv_err_ctx(err, "container \"%s\"", id);
		if (still_linked(c.dir))
			break;
		sv_fd_close(&c.dir);
		c.locked = false;
		r = open_dir(parent, root, id, &c.dir, err);
	}
	if (r == 0)
		r = load_state(id, part, &c, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct rc_container)RC_CONTAINER_INIT;
	return 0;
}

int rc_container_open(const char *root, const char *id, bool lock, struct rc_container *ret, struct sv_err *err)
{
	return rc_container_load(root, id, lock, RC_PART_ALL, ret, err);
}

int rc_container_peek(int root_dir, const char *id, enum rc_part part, struct rc_container *ret, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	char path[NAME_MAX + sizeof("/" STATE)], head[HEAD_ROOM];
	autofree char *text = NULL;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "%s/" STATE, id);
	if (part == RC_PART_HEAD) {
		ssize_t n = sv_file_peek(root_dir, path, head, sizeof(head));

		if (n < 0)
			return sv_err_set(err, (int)-n, "cannot read '%s'", path);
		/* A longer head is read as a whole below. */
		if (memchr(head, '\n', (size_t)n)) {
			r = rc_container_read(head, (size_t)n, part, &c, err);
			goto out;
		}
	}
	r = sv_file_read(root_dir, path, STATE_MAX, &text, &len, err);
	if (r < 0)
		return r;
	r = rc_container_read(text, len, part, &c, err);
out:
	if (r < 0)
		return sv_err_ctx(err, "container \"%s\"", id);
	*ret = c;
	c = (struct rc_container)RC_CONTAINER_INIT;
	return 0;
}

int rc_container_save(const struct rc_container *c, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	int r;

	assert(c->part == RC_PART_ALL);
	r = rc_container_write(c, &s, err);
	if (r == 0)
		r = sv_file_replace(c->dir, STATE, s.text, s.len, 0600, err);
	return r < 0 ? sv_err_ctx(err, "container \"%s\"", c->id) : 0;
}

/* The directory is ours and flat; what else is in it was left by a killed writer. */
static int remove_others(int dir, struct sv_err *err)
{
	autoclosedir DIR *d = NULL;
	struct dirent *e;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || !(d = fdopendir(fd)))
		return sv_err_set(err, errno, "cannot list the directory of the container");
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, e->d_name, 0) < 0 && errno != ENOENT)
			return sv_err_set(err, errno, "cannot remove '%s'", e->d_name);
	}
	return 0;
}

/* state.json goes last: a delete that is killed before can be repeated with all that is known. */
static int remove_known(int dir, struct sv_err *err)
{
	static const char *const names[] = { RC_FILTER_NAME, RC_FIFO, STATE };

	for (size_t i = 0; i < SV_COUNT(names); i++)
		if (unlinkat(dir, names[i], 0) < 0 && errno != ENOENT)
			return sv_err_set(err, errno, "cannot remove '%s'", names[i]);
	return 0;
}

static int remove_dir(const char *path, int dir, struct sv_err *err)
{
	int r = rmdir(path) < 0 ? -errno : 0;

	if (r == -ENOTEMPTY) {
		r = remove_others(dir, err);
		if (r < 0)
			return r;
		r = rmdir(path) < 0 ? -errno : 0;
	}
	return r < 0 && r != -ENOENT ? sv_err_set(err, -r, "cannot remove '%s'", path) : 0;
}

int rc_container_remove(struct rc_container *c, const char *root, struct sv_err *err)
{
	autofree char *path = NULL;
	int r = sv_str_format(&path, err, "%s/%s", root, c->id);

	if (r == 0)
		r = remove_known(c->dir, err);
	if (r == 0)
		r = remove_dir(path, c->dir, err);
	/* Nobody can get at it any more; who waits for the lock will see that, when the descriptor is closed. */
	if (r == 0)
		c->locked = false;
	return r < 0 ? sv_err_ctx(err, "container \"%s\"", c->id) : 0;
}
