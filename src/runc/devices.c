/* SPDX-License-Identifier: Apache-2.0 */
/* devices.c - see devices.h. */
#include "runc/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/idmap.h"
#include "os/path.h"

static mode_t type_bits(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

/* The node NAME in the directory AT belongs to the container's root unless the document names another owner. */
static int make_node(int at, const char *name, const struct oci_device *d, const struct oci_maps *maps, struct sv_err *err)
{
	uint32_t uid = (uint32_t)-1, gid = (uint32_t)-1;
	mode_t mode = d->has_mode ? d->mode & 07777 : 0666;

	if (mknodat(at, name, type_bits(d->type) | mode, makedev((unsigned)d->major, (unsigned)d->minor)) < 0) {
		if (errno == EEXIST)
			return 0;
		return sv_err_set(err, errno, "cannot make the device");
	}
	if (d->has_uid && d->uid && !sv_idmap_out(maps->uids, maps->n_uids, d->uid, &uid))
		return sv_err_say(err, EINVAL, "its owner %u is not mapped", d->uid);
	if (d->has_gid && d->gid && !sv_idmap_out(maps->gids, maps->n_gids, d->gid, &gid))
		return sv_err_say(err, EINVAL, "its group %u is not mapped", d->gid);
	if ((uid != (uint32_t)-1 || gid != (uint32_t)-1) && fchownat(at, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return sv_err_set(err, errno, "cannot give the device its owner");
	return 0;
}

/* /dev/NAME goes directly into the fresh tmpfs, where nothing needs resolving; any other path is walked beneath the root. */
static int make_device(int root, int dev, const struct oci_device *d, const struct oci_maps *maps, struct sv_err *err)
{
	static const char prefix[] = "/dev/";
	autoclose int parent = -1;
	const char *name;
	int r;

	if (sv_str_starts(d->path, prefix) && !strchr(d->path + strlen(prefix), '/'))
		return make_node(dev, d->path + strlen(prefix), d, maps, err);
	r = sv_path_make_parent(root, d->path, &parent, &name, err);
	return r < 0 ? r : make_node(parent, name, d, maps, err);
}

static int make_links(int dev, struct sv_err *err)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
		{ "ptmx", "pts/ptmx" },
	};

	for (size_t i = 0; i < SV_COUNT(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make the link '/dev/%s'", links[i].name);
	return 0;
}

int rc_devices_make(int root, int dev, const struct oci_spec *spec, bool console, struct sv_err *err)
{
	for (size_t i = 0; i < spec->linux.n_devices; i++) {
		const struct oci_device *d = &spec->linux.devices[i];

		if (make_device(root, dev, d, &spec->linux.maps, err) < 0)
			return sv_err_ctx(err, "linux.devices[%zu] '%s'", i, d->path);
	}
	if (console) {
		autoclose int fd = openat(dev, "console", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0620);

		if (fd < 0)
			return sv_err_set(err, errno, "cannot make '/dev/console'");
	}
	return make_links(dev, err);
}
