/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - see facts.h. */
#include "runc/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/ns.h"
#include "os/path.h"
#include "os/sync.h"
#include "runc/subid.h"

static const char *const proc_names[OCI_NS_MAX] = {
	[OCI_NS_PID] = "pid",	[OCI_NS_NET] = "net",	[OCI_NS_MNT] = "mnt",	    [OCI_NS_IPC] = "ipc",
	[OCI_NS_UTS] = "uts",	[OCI_NS_USER] = "user", [OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
};

static int open_namespaces(struct rc_launch *l, struct rc_syscont_facts *facts, struct sv_err *err)
{
	for (int i = 0; i < OCI_NS_MAX; i++) {
		const struct oci_namespace *ns = &l->spec->linux.ns[i];
		int r;

		if (!ns->set || !ns->path)
			continue;
		r = sv_ns_open(ns->path, (int)oci_ns_flag(i), &l->ns[i], err);
		if (r == 0)
			r = sv_ns_is_own(l->ns[i], proc_names[i], &facts->ns_is_host[i], err);
		if (r < 0)
			return sv_err_ctx(err, "linux.namespaces: %s", oci_ns_name(i));
	}
	return 0;
}

/* The owner of a joined network namespace, if it is not our own user namespace and the spec says nothing else. */
static int follow_network(struct rc_launch *l, struct sv_err *err)
{
	struct oci_namespace *user = &l->spec->linux.ns[OCI_NS_USER];
	autoclose int owner = -1;
	bool own;
	int r;

	if (l->ns[OCI_NS_NET] < 0 || user->path || l->spec->linux.maps.n_uids)
		return 0;
	owner = ioctl(l->ns[OCI_NS_NET], NS_GET_USERNS);
	if (owner < 0) {
		if (errno == EPERM)	/* an ancestor of our own user namespace */
			return 0;
		return sv_err_set(err, errno, "linux.namespaces: cannot ask for the owner of the network namespace");
	}
	r = sv_ns_is_own(owner, "user", &own, err);
	if (r < 0 || own)
		return r;
	r = sv_str_format(&user->path, err, "owner of %s", l->spec->linux.ns[OCI_NS_NET].path);
	if (r < 0)
		return r;
	user->set = true;
	l->ns[OCI_NS_USER] = sv_fd_steal(&owner);
	return 0;
}

/* Lines "inside outside count" of a uid_map, seen from the host. */
static int read_map(pid_t pid, const char *file, struct sv_idmap **ret, size_t *ret_count, struct sv_err *err)
{
	autofree char *text = NULL;
	autofree struct sv_idmap *maps = NULL;
	size_t count = 0, len;
	char path[40], *line, *next;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	r = sv_file_read(AT_FDCWD, path, 64 << 10, &text, &len, err);
	if (r < 0)
		return r;
	for (next = text; (line = strsep(&next, "\n")) && *line;) {
		struct sv_idmap *more = reallocarray(maps, count + 1, sizeof(*maps));

		if (!more)
			return sv_err_oom(err);
		maps = more;
		if (sscanf(line, "%u %u %u", &maps[count].inside, &maps[count].outside, &maps[count].size) != 3)
			return sv_err_say(err, EPROTO, "'%s' is not understood", path);
		count++;
	}
	*ret = sv_steal(maps);
	*ret_count = count;
	return 0;
}

/* A user namespace tells its map only through a process in it. */
static int read_joined_maps(int userns, struct oci_maps *ret, struct sv_err *err)
{
	int channel[2], r;
	pid_t child;

	r = sv_sync_pair(channel, err);
	if (r < 0)
		return r;
	child = fork();
	if (child == 0) {
		struct sv_err why = { 0 };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(channel[0]);
		if (setns(userns, CLONE_NEWUSER) < 0) {
			sv_err_set(&why, errno, "cannot enter the user namespace");
			sv_sync_fail(channel[1], &why);
		} else if (sv_sync_send(channel[1], 1, NULL, 0, &why) == 0) {
			sv_sync_wait_end(channel[1], "the runtime", &why);
		}
		_exit(0);
	}
	close(channel[1]);
	if (child < 0)
		r = sv_err_set(err, errno, "cannot fork");
	else
		r = sv_sync_wait(channel[0], "a child", 1, NULL, 0, NULL, err);
	if (r == 0)
		r = read_map(child, "uid_map", &ret->uids, &ret->n_uids, err);
	if (r == 0)
		r = read_map(child, "gid_map", &ret->gids, &ret->n_gids, err);
	close(channel[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return r;
}

static int find_maps(const struct rc_launch *l, struct rc_syscont_facts *facts, struct sv_err *err)
{
	if (l->ns[OCI_NS_USER] >= 0 && !facts->ns_is_host[OCI_NS_USER]) {
		if (read_joined_maps(l->ns[OCI_NS_USER], &facts->subids, err) < 0)
			return sv_err_ctx(err, "linux.namespaces: user");
		return 0;
	}
	if (l->spec->linux.maps.n_uids || l->spec->linux.maps.n_gids)
		return 0;
	return rc_subid_lookup(&facts->subids, err);
}

/* Does PATH inside the root lead, over any number of links, to a file named systemd? */
static bool leads_to_systemd(int root, const char *path)
{
	autoclose int fd = -1;
	autofree char *target = NULL;
	struct sv_err ignored = { 0 };	/* a program that is not there is told by init, with the right message */

	if (sv_path_open(root, path, O_PATH, &fd, &ignored) < 0 || sv_fd_path(fd, &target, &ignored) < 0)
		return false;
	return sv_str_ends(target, "/systemd");
}

static bool runs_systemd(const struct rc_launch *l)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	const struct sv_list *args = &l->spec->process.args;
	bool found = false;

	if (!args->count)
		return false;
	if (strchr(args->items[0], '/'))
		return leads_to_systemd(l->rootfs, args->items[0]);
	if (strcmp(args->items[0], "init") != 0 && strcmp(args->items[0], "systemd") != 0)
		return false;
	for (size_t i = 0; !found && i < SV_COUNT(dirs); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", dirs[i], args->items[0]);
		found = leads_to_systemd(l->rootfs, path);
	}
	return found;
}

int rc_facts_find(struct rc_launch *l, struct rc_syscont_facts *ret, struct sv_err *err)
{
	int r = open_namespaces(l, ret, err);

	if (r == 0)
		r = follow_network(l, err);
	if (r == 0)
		r = find_maps(l, ret, err);
	ret->systemd = r == 0 && runs_systemd(l);
	ret->cgroup_v2 = l->container->cgroup.layout == RC_CGROUP_V2;
	return r;
}

void rc_facts_done(struct rc_syscont_facts *facts)
{
	free(facts->subids.uids);
	free(facts->subids.gids);
	facts->subids = (struct oci_maps){ 0 };
}
