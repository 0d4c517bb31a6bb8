/* SPDX-License-Identifier: Apache-2.0 */
/* pidfile.c - see pidfile.h. */
#include "runc/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "os/file.h"

int rc_pidfile_write(const char *path, pid_t pid, struct sv_err *err)
{
	const char *slash;
	autofree char *dir_name = NULL;
	autoclose int dir = -1;
	char text[16];

	if (!path)
		return 0;
	slash = strrchr(path, '/');
	dir_name = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!dir_name)
		return sv_err_oom(err);
	dir = open(dir_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return sv_err_set(err, errno, "cannot write the pid file '%s'", path);
	snprintf(text, sizeof(text), "%d", pid);
	return sv_file_replace(dir, slash ? slash + 1 : path, text, strlen(text), 0644, err);
}
