/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - see console.h. */
#include "runc/console.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/mount.h"
#include "runc/terminal.h"

#define PTS_DIR "/dev/pts"

int rc_console_check(bool terminal, bool attached, const char *console_socket, struct sv_err *err)
{
	if (console_socket && !(terminal && !attached))
		return sv_err_say(err, EINVAL, "cannot use console socket if sysvisor-runc will not detach or allocate tty");
	if (terminal && !attached && !console_socket)
		return sv_err_say(err, EINVAL, "cannot allocate tty if sysvisor-runc will detach without setting console socket");
	return 0;
}

/* The multiplexer of this very instance: 5:2 in the root directory of a devpts. */
static int open_master(int *ret, struct sv_err *err)
{
	autoclose int dir = -1, master = -1;
	struct statfs fs;
	struct stat st;

	dir = open(PTS_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstatfs(dir, &fs) < 0)
		return sv_err_set(err, errno, "cannot open '" PTS_DIR "'");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return sv_err_say(err, ENODEV, "'" PTS_DIR "' is not a devpts");
	master = openat(dir, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (master < 0 || fstat(master, &st) < 0)
		return sv_err_set(err, errno, "cannot open '" PTS_DIR "/ptmx'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return sv_err_say(err, ENODEV, "'" PTS_DIR "/ptmx' is not a pseudo terminal multiplexer");
	*ret = sv_fd_steal(&master);
	return 0;
}

static int open_slave(int master, int *ret, struct sv_err *err)
{
	int unlock = 0, slave;

	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return sv_err_set(err, errno, "cannot unlock the terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return sv_err_set(err, errno, "cannot open the terminal");
	*ret = slave;
	return 0;
}

/* The target is the empty file that the assembler made; anything else there is left alone. */
static int bind_console(int slave, struct sv_err *err)
{
	autoclose int target = -1, tree = -1;
	struct stat st;
	int r;

	target = open("/dev/console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 && errno == ENOENT)
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return sv_err_set(err, errno, "cannot open '/dev/console'");
	if (!S_ISREG(st.st_mode))
		return 0;
	r = sv_mount_clone(slave, false, &tree, err);
	return r < 0 ? r : sv_mount_attach(tree, target, err);
}

static int take_over(int slave, struct sv_err *err)
{
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return sv_err_set(err, errno, "cannot make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(slave, fd) < 0)
			return sv_err_set(err, errno, "cannot put the terminal on descriptor %d", fd);
	return 0;
}

int rc_console_make(const struct oci_process *process, bool init, int *ret_master, struct sv_err *err)
{
	autoclose int master = -1, slave = -1;
	int r = open_master(&master, err);

	if (r == 0)
		r = open_slave(master, &slave, err);
	/* Descriptors 0-2 may be closed by the caller; they are about to be replaced. */
	if (r == 0)
		r = sv_fd_move_up(&master, err);
	if (r == 0)
		r = sv_fd_move_up(&slave, err);
	if (r == 0 && process->user.uid != 0 && fchown(slave, process->user.uid, (gid_t)-1) < 0)
		r = sv_err_set(err, errno, "cannot give the terminal its owner");
	if (r == 0)
		r = rc_terminal_resize(slave, process->rows, process->cols, err);
	if (r == 0 && init)
		r = bind_console(slave, err);
	if (r == 0)
		r = take_over(slave, err);
	if (r < 0)
		return sv_err_ctx(err, "terminal");
	*ret_master = sv_fd_steal(&master);
	return 0;
}

int rc_console_none(struct sv_err *err)
{
	if (setsid() < 0)
		return sv_err_set(err, errno, "cannot begin a session");
	return 0;
}
