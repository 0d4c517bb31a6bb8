/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage_init.c - from the first moment in a new user namespace to the container's program.
 *
 * PROCESS  I; see stages.h. Child of the runtime, pid 1 of the container's pid namespace.
 * IN       its own user and pid namespace; makes net, ipc, uts, time and cgroup itself, owned by that user namespace; gets the
 *          mount namespace from A.
 * POWER    root of the user namespace, nothing on the host. After rc_identity_* it has only what the document grants.
 * HOLDS    channels to P and A, exec.fifo, descriptors to be preserved. Everything else is close-on-exec.
 * ENDS     by exec of the program, or by telling P why not. When P ends before GO, its channel ends and so does I.
 */
#include "runc/stages.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/ns.h"
#include "os/sync.h"
#include "runc/console.h"
#include "runc/hooks.h"
#include "runc/identity.h"
#include "runc/lsm.h"
#include "runc/program.h"
#include "runc/ready.h"

/* Until here we are an id that is not mapped; files and sockets that the new namespaces make shall belong to their root. */
static int become_root(const struct rc_launch *l, struct sv_err *err)
{
	int r = sv_sync_wait(l->i_p, "the runtime", STEP_MAPPED, NULL, 0, NULL, err);

	return r < 0 ? r : rc_identity_root(err);
}

static bool is_new(const struct rc_launch *l, enum oci_ns ns)
{
	return l->spec->linux.ns[ns].set && l->ns[ns] < 0;
}

/* ipc after the id map: else the root of mqueue belongs to the overflow id. Those to be joined by path were entered by P before the clone. */
static int unshare_namespaces(const struct rc_launch *l, struct sv_err *err)
{
	static const enum oci_ns kinds[] = { OCI_NS_NET, OCI_NS_IPC, OCI_NS_UTS, OCI_NS_TIME };
	unsigned flags = 0;

	for (size_t i = 0; i < SV_COUNT(kinds); i++)
		if (is_new(l, kinds[i]))
			flags |= oci_ns_flag(kinds[i]);
	if (unshare((int)flags) < 0)
		return sv_err_set(err, errno, "cannot make the container's namespaces");
	return 0;
}

static int bring_up_loopback(struct sv_err *err)
{
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return sv_err_set(err, errno, "cannot bring up the loopback interface");
	return 0;
}

static int set_names(const struct oci_spec *spec, struct sv_err *err)
{
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return sv_err_set(err, errno, "hostname: cannot set '%.70s'", spec->hostname);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return sv_err_set(err, errno, "domainname: cannot set '%.70s'", spec->domainname);
	return 0;
}

/* "0" is the writer itself: for a single-threaded process that moves itself the kernel skips a grace period. */
static int join_cgroups(const struct rc_launch *l, struct sv_err *err)
{
	int tasks[RC_CGROUP_MAX];
	size_t count = 0;
	int r = sv_sync_wait(l->i_p, "the runtime", STEP_CGROUP, tasks, RC_CGROUP_MAX, &count, err);

	if (r < 0)
		return r;
	/* They stay open until the exec, which closes them all at once. */
	for (size_t i = 0; i < count; i++)
		if (write(tasks[i], "0", 1) < 0)
			return sv_err_set(err, errno, "cannot join a cgroup");
	if (is_new(l, OCI_NS_CGROUP) && !l->cgroup_ns_by_assembler && unshare(CLONE_NEWCGROUP) < 0)
		return sv_err_set(err, errno, "cannot make a cgroup namespace");
	return 0;
}

static int enter_root(const struct rc_launch *l, struct sv_err *err)
{
	int fds[2] = { -1, -1 };
	size_t count = 0;
	int r = sv_sync_wait(l->i_a, "the assembler", STEP_ROOT, fds, 2, &count, err);

	if (r < 0)
		return r;
	if (setns(fds[0], CLONE_NEWNS) < 0)
		r = sv_err_set(err, errno, "cannot enter the container's mount namespace");
	else if (count == 2 && setns(fds[1], CLONE_NEWCGROUP) < 0)
		r = sv_err_set(err, errno, "cannot enter the container's cgroup namespace");
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	return r;
}

/* unshare(2) of a time namespace is for children; the caller itself enters it by setns(2), after which its offsets are fixed. */
static int enter_time(const struct rc_launch *l, struct sv_err *err)
{
	autoclose int fd = -1;

	if (!is_new(l, OCI_NS_TIME))
		return 0;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return sv_err_set(err, errno, "cannot enter the container's time namespace");
	return 0;
}

static int open_terminal(const struct rc_launch *l, int *ret_master, struct sv_err *err)
{
	if (l->spec->process.terminal)
		return rc_console_make(&l->spec->process, true, ret_master, err);
	return rc_console_none(err);
}

/* All that can fail, before `create` reports success. */
static int prepare_program(const struct rc_launch *l, char **ret_path, struct sv_err *err)
{
	struct oci_process *process = &l->spec->process;
	bool filter = l->filter.code;
	int r = rc_program_home(process, err);

	if (r == 0)
		r = rc_lsm_exec_label(process, err);
	if (r == 0 && l->spec->linux.has_personality)
		r = rc_identity_personality(l->spec->linux.personality, err);
	if (r == 0)
		r = rc_identity_enter(process, filter, true, err);
	return r < 0 ? r : rc_program_find(process, ret_path, err);
}

/* READY, then GO; for `create` also the byte that `start` writes. */
static int wait_for_start(struct rc_launch *l, int master, struct sv_err *err)
{
	int r = rc_ready_tell(l->i_p, STEP_READY, &l->filter, master, err);
	char byte;
	ssize_t n;

	if (r == 0)
		r = sv_sync_wait(l->i_p, "the runtime", STEP_GO, NULL, 0, NULL, err);
	if (r < 0 || l->fifo < 0)
		return r;
	/* That GO has arrived is told by the end of the channel; from here on there is nobody to tell anything. */
	sv_fd_close(&l->i_p);
	do {
		n = read(l->fifo, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return sv_err_set(err, errno, "cannot wait for the start");
	return 0;
}

static int run_start_hooks(const struct rc_launch *l, struct sv_err *err)
{
	const struct oci_hooks *hooks = &l->spec->hooks[OCI_HOOK_START_CONTAINER];
	autostr struct sv_str state = { 0 };

	if (!hooks->count)
		return 0;
	if (rc_container_state_json(l->container, RC_CREATED, false, &state) < 0)
		return sv_err_oom(err);
	return rc_hooks_run(hooks, OCI_HOOK_START_CONTAINER, &state, NULL, err);
}

/* Each step's place is given by what it needs or takes away: the id map before anything is owned, cgroups before the cgroup namespace, the mount
 * namespace before anything is opened by name, the terminal before the user changes, the filter after all that it might forbid. */
static int enter_container(const struct rc_launch *l, int *master, char **path, struct sv_err *err)
{
	int r = become_root(l, err);

	if (r == 0)
		r = unshare_namespaces(l, err);
	if (r == 0 && is_new(l, OCI_NS_NET))
		r = bring_up_loopback(err);
	if (r == 0)
		r = set_names(l->spec, err);
	if (r == 0)
		r = join_cgroups(l, err);
	if (r == 0)
		r = sv_sync_send(l->i_a, STEP_NAMESPACES, NULL, 0, err);
	if (r == 0)
		r = enter_root(l, err);
	if (r == 0)
		r = enter_time(l, err);
	if (r == 0)
		r = open_terminal(l, master, err);
	return r < 0 ? r : prepare_program(l, path, err);
}

static int run_program(const struct rc_launch *l, const char *path, struct sv_err *err)
{
	int r = run_start_hooks(l, err);

	return r < 0 ? r : rc_ready_exec(&l->spec->process, &l->filter, l->preserve_fds, path, err);
}

/* A program that cannot be executed after `start` has nobody to tell but the container's stderr. */
static void complain(const struct rc_launch *l, const struct sv_err *why)
{
	if (l->fifo < 0)
		sv_sync_fail(l->i_p, why);
	else
		dprintf(STDERR_FILENO, "sysvisor-runc: %s\n", why->msg);
}

int rc_stage_init(struct rc_launch *l)
{
	autofree char *path = NULL;
	autoclose int master = -1;
	struct sv_err err = { 0 };

	if (enter_container(l, &master, &path, &err) == 0 && wait_for_start(l, master, &err) == 0) {
		sv_fd_close(&master);
		run_program(l, path, &err);
		complain(l, &err);
		return 1;
	}
	if (l->i_p >= 0)
		sv_sync_fail(l->i_p, &err);
	return 1;
}
