/* SPDX-License-Identifier: Apache-2.0 */
/* rdt.c - see rdt.h. */
#include "runc/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821	/* linux/magic.h since 5.1; not in every libc's copy */
#endif

int rc_rdt_open(int *ret, struct sv_err *err)
{
	autoclose int root = open(RC_RDT_ROOT, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (root < 0 || fstatfs(root, &fs) < 0 || fs.f_type != RDTGROUP_SUPER_MAGIC)
		return sv_err_say(err, ENODEV, "linux.intelRdt: no resctrl file system is mounted on '" RC_RDT_ROOT "'");
	*ret = sv_fd_steal(&root);
	return 0;
}

/* One write(2) a line: the kernel checks each and keeps its reason in info/last_cmd_status. */
static int write_to(int group, const char *name, const char *text, struct sv_err *err)
{
	autoclose int fd = openat(group, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return sv_err_set(err, errno, "linux.intelRdt: cannot open '%s'", name);
	if (write(fd, text, strlen(text)) < 0)
		return sv_err_set(err, errno, "linux.intelRdt: cannot write '%.80s' to '%s'", text, name);
	return 0;
}

static int write_schema(int group, const char *schema, struct sv_err *err)
{
	autofree char *line = NULL;
	int r;

	if (!schema || !*schema)
		return 0;
	r = sv_str_format(&line, err, "%s\n", schema);
	return r < 0 ? r : write_to(group, "schemata", line, err);
}

static int write_schemata(int group, const struct oci_rdt *rdt, struct sv_err *err)
{
	int r = write_schema(group, rdt->l3_schema, err);

	if (r == 0)
		r = write_schema(group, rdt->mb_schema, err);
	for (size_t i = 0; r == 0 && i < rdt->schemata.count; i++)
		r = write_schema(group, rdt->schemata.items[i], err);
	return r;
}

static bool has_schemata(const struct oci_rdt *rdt)
{
	return (rdt->l3_schema && *rdt->l3_schema) || (rdt->mb_schema && *rdt->mb_schema) || rdt->schemata.count;
}

static int open_group(int root, const struct oci_rdt *rdt, const char *name, bool *ret_made, int *ret, struct sv_err *err)
{
	int fd;

	*ret_made = mkdirat(root, name, 0755) == 0;
	if (!*ret_made && errno != EEXIST)
		return sv_err_set(err, errno, "linux.intelRdt: cannot make the group '%s'", name);
	if (*ret_made && rdt->closid && !has_schemata(rdt)) {
		unlinkat(root, name, AT_REMOVEDIR);
		*ret_made = false;
		return sv_err_say(err, ENOENT, "linux.intelRdt.closID: there is no group '%s', and no schemata to make it with", name);
	}
	fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "linux.intelRdt: cannot open the group '%s'", name);
	*ret = fd;
	return 0;
}

static int monitor(int group, const char *id, const char *pid, struct sv_err *err)
{
	autoclose int dir = -1;
	char path[300];

	snprintf(path, sizeof(path), "mon_groups/%s", id);
	if (mkdirat(group, path, 0755) < 0 && errno != EEXIST)
		return sv_err_set(err, errno, "linux.intelRdt.enableMonitoring: cannot make a monitoring group");
	dir = openat(group, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return sv_err_set(err, errno, "linux.intelRdt.enableMonitoring: cannot open the monitoring group");
	return write_to(dir, "tasks", pid, err);
}

int rc_rdt_apply(int root, const struct oci_rdt *rdt, const char *id, pid_t pid, bool *ret_made, struct sv_err *err)
{
	const char *name = rdt->closid ? rdt->closid : id;
	autoclose int group = -1;
	char text[16];
	int r = open_group(root, rdt, name, ret_made, &group, err);

	snprintf(text, sizeof(text), "%d", pid);
	if (r == 0)
		r = write_schemata(group, rdt, err);
	if (r == 0)
		r = write_to(group, "tasks", text, err);
	if (r == 0 && rdt->enable_monitoring)
		r = monitor(group, id, text, err);
	return r;
}

int rc_rdt_remove(int root, const char *group, struct sv_err *err)
{
	if (unlinkat(root, group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return sv_err_set(err, errno, "cannot remove the resctrl group '%s'", group);
	return 0;
}
