/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - see bundle.h. */
#include "runc/bundle.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/file.h"

static int read_config(const char *path, int dir, struct oci_spec *ret, struct sv_err *err)
{
	autofree char *text = NULL;
	size_t len;
	int r = sv_file_read(dir, "config.json", OCI_SPEC_MAX, &text, &len, err);

	if (r == 0)
		r = oci_spec_parse(text, len, ret, err);
	if (r < 0)
		return sv_err_ctx(err, "config.json of '%s'", path);
	if (!ret->process.set)
		return sv_err_say(err, EINVAL, "process: a container needs one");
	if (!ret->root_path)
		return sv_err_say(err, EINVAL, "root.path: a container needs one");
	return 0;
}

int rc_bundle_open(const char *path, struct rc_bundle *b, struct oci_spec *ret_spec, struct sv_err *err)
{
	int r;

	b->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0)
		return sv_err_set(err, errno, "cannot open the bundle '%s'", path);
	r = read_config(path, b->dir, ret_spec, err);
	if (r < 0)
		return r;
	if (sv_fd_path(b->dir, &b->path, err) < 0)
		return sv_err_ctx(err, "cannot find the bundle '%s'", path);
	b->rootfs = openat(b->dir, ret_spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->rootfs < 0)
		return sv_err_set(err, errno, "root.path: cannot find '%s'", ret_spec->root_path);
	r = sv_fd_path(b->rootfs, &b->rootfs_path, err);
	return r < 0 ? sv_err_ctx(err, "root.path: cannot find '%s'", ret_spec->root_path) : 0;
}
