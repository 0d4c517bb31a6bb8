/* SPDX-License-Identifier: Apache-2.0 */
/* lsm.c - labels are written as text into /proc/<pid>/attr; what is enabled is asked of /sys. */
#include "runc/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "os/proc.h"

#define UNCONFINED "unconfined"

static bool given(const char *label)
{
	return label && *label;
}

static bool apparmor_enabled(void)
{
	autoclose int fd = -1;
	char answer;

	fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

static bool selinux_enabled(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned)fs.f_type == SELINUX_MAGIC;
}

int rc_lsm_check(const struct oci_process *process, struct sv_err *err)
{
	if (given(process->apparmor) && strcmp(process->apparmor, UNCONFINED) != 0 &&
	    !apparmor_enabled())
		return sv_err_say(err, EOPNOTSUPP,
				  "process.apparmorProfile: '%.200s' is asked for, but AppArmor is "
				  "not enabled on this host",
				  process->apparmor);
	if (given(process->selinux) && !selinux_enabled())
		return sv_err_say(err, EOPNOTSUPP,
				  "process.selinuxLabel: '%.200s' is asked for, but SELinux is not "
				  "enabled on this host",
				  process->selinux);
	return 0;
}

static int apply_apparmor(const char *profile, struct sv_err *err)
{
	autofree char *text = NULL;
	int r;

	r = sv_str_format(&text, err, "exec %s", profile);
	if (r < 0)
		return r;
	r = sv_proc_write(0, "attr/apparmor/exec", text, err);
	/* Before Linux 5.8 only the file shared by all modules. */
	if (r == -ENOENT)
		r = sv_proc_write(0, "attr/exec", text, err);
	if (r < 0)
		return sv_err_ctx(err, "cannot apply the AppArmor profile '%.200s'", profile);
	return 0;
}

int rc_lsm_exec_label(const struct oci_process *process, struct sv_err *err)
{
	int r;

	if (given(process->apparmor)) {
		r = apply_apparmor(process->apparmor, err);
		/* Without AppArmor everything is unconfined; where it is enabled and says no, what
		 * stays is stricter. */
		if (r < 0 && strcmp(process->apparmor, UNCONFINED) == 0)
			sv_debug("%s", err->msg), *err = (struct sv_err){ 0 };
		else if (r < 0)
			return r;
	}
	if (given(process->selinux)) {
		r = sv_proc_write(0, "attr/exec", process->selinux, err);
		if (r < 0)
			return sv_err_ctx(err, "cannot apply the SELinux label");
	}
	return 0;
}

const char *rc_lsm_mount_context(const char *label)
{
	return given(label) && selinux_enabled() ? label : NULL;
}
