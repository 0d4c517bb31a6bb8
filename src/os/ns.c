/* SPDX-License-Identifier: Apache-2.0 */
/* ns.c - see ns.h. */
#include "os/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/str.h"

int sv_ns_open(const char *path, int type, int *ret, struct sv_err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open the namespace '%s'", path);
	if (ioctl(fd, NS_GET_NSTYPE) != type)
		return sv_err_say(err, EINVAL, "'%s' is not a namespace of that type", path);
	*ret = sv_fd_steal(&fd);
	return 0;
}

int sv_ns_is_own(int fd, const char *name, bool *ret, struct sv_err *err)
{
	struct stat theirs, ours;
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (fstat(fd, &theirs) < 0 || stat(path, &ours) < 0)
		return sv_err_set(err, errno, "cannot compare with '%s'", path);
	*ret = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	return 0;
}

/* ---- the namespace of kdevtmpfs ---- */

#define KTHREADD 2		/* parent of all kernel threads */
#define LAST_EARLY_PID 512	/* kdevtmpfs is started before init's initcalls end, so its pid is small */
#define CACHE_NAME ".kdevtmpfs"

/* "25 (kdevtmpfs) S 2 ...": only a kernel thread has kthreadd as its parent. */
static bool is_kdevtmpfs(unsigned pid)
{
	static const char name[] = " (kdevtmpfs) ";
	autoclose int fd = -1;
	char path[32], text[64], want[40];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	snprintf(want, sizeof(want), "%u%s", pid, name);
	if (!sv_str_starts(text, want))
		return false;
	snprintf(want, sizeof(want), " %d ", KTHREADD);
	return strncmp(text + strcspn(text, ")") + 3, want, strlen(want)) == 0;
}

static unsigned find_kdevtmpfs(void)
{
	for (unsigned pid = KTHREADD + 1; pid < LAST_EARLY_PID; pid++)
		if (is_kdevtmpfs(pid))
			return pid;
	return 0;
}

/* The remembered pid, 0 for "there is none to be seen"; false if nothing is remembered. */
static bool read_cache(int cache, unsigned *ret)
{
	autoclose int fd = openat(cache, CACHE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct sv_err ignored = { 0 };	/* a damaged cache is no cache */
	char text[16];
	uint32_t pid;
	ssize_t n;

	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sv_parse_u32(text, &pid, &ignored) < 0)
		return false;
	*ret = pid;
	return true;
}

/* Best effort: without the cache the next start looks again. One short write: readers see it whole or not at all. */
static void write_cache(int cache, unsigned pid)
{
	autoclose int fd = openat(cache, CACHE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && dprintf(fd, "%u", pid) < 0)
		unlinkat(cache, CACHE_NAME, 0);
}

/* Enters the namespace; false (nothing changed) if it is not to be had, which costs speed only. */
static bool enter_kdevtmpfs(int cache)
{
	autoclose int fd = -1;
	unsigned pid = 0;
	char path[32];

	if (cache < 0 || !read_cache(cache, &pid) || (pid && !is_kdevtmpfs(pid))) {
		pid = find_kdevtmpfs();
		if (cache >= 0)
			write_cache(cache, pid);
	}
	if (!pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && setns(fd, CLONE_NEWNS) == 0;
}

int sv_ns_unshare_lean(int cache, struct sv_err *err)
{
	enter_kdevtmpfs(cache);
	if (unshare(CLONE_NEWNS) < 0)
		return sv_err_set(err, errno, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return sv_err_set(err, errno, "cannot make the mounts of a new namespace private");
	return 0;
}
