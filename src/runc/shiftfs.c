/* SPDX-License-Identifier: Apache-2.0 */
/* shiftfs.c - see shiftfs.h. */
#include "runc/shiftfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "os/mount.h"

#define PLACE "s" /* in a directory of the child's own */

/* The registered name, NULL if there is none. */
static const char *find_type(void)
{
	static const char *const names[] = { "nbox_shiftfs", "shiftfs" };
	autofclose FILE *file = fopen("/proc/filesystems", "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < SV_COUNT(names); i++)
			if (sv_str_ends(line, names[i]) &&
			    line[strlen(line) - strlen(names[i]) - 1] == '\t')
				return names[i];
	}
	return NULL;
}

/*
 * PROCESS  a child of the assembler that shares its descriptors.
 * IN       the assembler's namespaces first; then a mount namespace of its own; at the end the
 *          container's user namespace and one more mount namespace, since only a namespace's
 *          owner may mount.
 * ENDS     by _exit; 0: the mount has been put onto the descriptor SLOT.
 */
static int mount_in_child(const char *type, int tree, int userns, int slot, struct sv_err *err)
{
	autoclose int top = -1, root = -1, shifted = -1;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return sv_err_set(err, errno, "cannot make a mount namespace");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return sv_err_set(err, errno, "cannot open '/'");
	r = sv_mount_new("tmpfs", "tmpfs", "mode=700", false, 0, &top, err);
	if (r == 0)
		r = sv_mount_attach(top, root, err);
	/* A clone is a peer of the host's mount: the mark would come up there as well. */
	if (r == 0)
		r = sv_mount_attr(tree, 0, 0, MS_PRIVATE, true, err);
	if (r < 0)
		return r;
	if (fchdir(top) < 0 || mkdir(PLACE, 0700) < 0 ||
	    move_mount(tree, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return sv_err_set(err, errno, "cannot attach a directory for %s", type);
	if (mount(PLACE, PLACE, type, 0, "mark") < 0)
		return sv_err_set(err, errno, "cannot mark a directory for %s", type);
	if (setns(userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		return sv_err_set(err, errno, "cannot enter the user namespace");
	r = sv_mount_new(type, PLACE, NULL, false, 0, &shifted, err);
	if (r < 0)
		return r;
	if (dup3(shifted, slot, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot hand over a mount");
	return 0;
}

int rc_shiftfs_mount(int tree, int userns, int *ret, struct sv_err *err)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	autoclose int slot = -1, story = -1;
	const char *type = find_type();
	struct stat st;
	pid_t pid;
	int status;

	if (!type)
		return sv_err_say(err, EOPNOTSUPP,
				  "container requires uid shifting but error was found: "
				  "nbox_shiftfs module is not loaded in the kernel");
	if (fstat(tree, &st) < 0)
		return sv_err_set(err, errno, "cannot look at a mount");
	if (!S_ISDIR(st.st_mode))
		return sv_err_set(err, ENOTDIR, "%s shifts directories only", type);
	slot = open("/", O_PATH | O_CLOEXEC);
	story = memfd_create("story", MFD_CLOEXEC);
	if (slot < 0 || story < 0)
		return sv_err_set(err, errno, "cannot prepare %s", type);

	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return sv_err_set(err, errno, "cannot make a process for %s", type);
	if (pid == 0) {
		struct sv_err failed = { 0 };

		if (mount_in_child(type, tree, userns, slot, &failed) == 0)
			_exit(0);
		_exit(pwrite(story, &failed, sizeof(failed), 0) == sizeof(failed) ? 1 : 2);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sv_err_set(err, errno, "cannot wait for the process that mounts %s",
					  type);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		*ret = sv_fd_steal(&slot);
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    pread(story, err, sizeof(*err), 0) == sizeof(*err))
		return sv_err_ctx(err, "%s", type);
	return sv_err_say(err, EIO, "the process that mounts %s died", type);
}
