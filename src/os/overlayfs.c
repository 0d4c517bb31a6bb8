/* SPDX-License-Identifier: Apache-2.0 */
/* overlayfs.c - see overlayfs.h. */
#include "os/overlayfs.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "base/cleanup.h"

int sv_overlayfs_refresh(int fd, struct sv_err *err)
{
	autoclose int fs = -1;
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return sv_err_set(err, errno, "cannot look at a file system");
	if (st.f_type != OVERLAYFS_SUPER_MAGIC)
		return 0;
	fs = fspick(fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	if (fs < 0)
		return sv_err_set(err, errno, "cannot open the overlay's superblock");
	if (fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return sv_err_set(err, errno, "cannot refresh the overlay");
	return 1;
}
