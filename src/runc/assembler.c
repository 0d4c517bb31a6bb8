/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assembler.c - builds the mount tree with the host's power and hands it over locked.
 *
 * PROCESS  A; see stages.h. Child of the runtime, inside the container's pid namespace.
 * IN       first the host's mount namespace; then a lean private one (M1) and, once init has made them, the container's net, ipc,
 *          uts and cgroup namespaces; at last the container's user namespace and a mount namespace of that one (M2).
 * POWER    host root. File system ids are those of the container's root from the start, so all that is created belongs to it.
 * HOLDS    channels to P and I, the sources as detached trees. Everything is close-on-exec.
 * ENDS     by exit: 0 when I has the tree, else after telling P why.
 */
#include "runc/stages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/mount.h"
#include "os/ns.h"
#include "os/overlayfs.h"
#include "os/path.h"
#include "os/sync.h"
#include "runc/devices.h"
#include "runc/hooks.h"
#include "runc/shift.h"
#include "runc/tree.h"

struct assembly {
	struct rc_launch *l;
	int timens_offsets;	/* of I, opened while the host's /proc is in sight; -1: none wanted */
	struct rc_shift shift;
	struct rc_rootfs rootfs;
	bool overlay;		/* the root is one mounted anew from the engine's layers */
	struct rc_tree tree;
};

/* Files get the container's ids, the capabilities stay (capabilities(7): SECBIT_NO_SETUID_FIXUP). */
static int become_builder(const struct rc_launch *l, struct sv_err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return sv_err_set(err, errno, "cannot ask for a parent-death signal");
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return sv_err_set(err, errno, "cannot set the secure bits");
	setfsgid(l->root_gid);
	setfsuid(l->root_uid);
	/* The change of ids may have made us dumpable again (fs.suid_dumpable), and a joined pid namespace has others in it. */
	prctl(PR_SET_DUMPABLE, 0);
	umask(0);
	return 0;
}

static int open_userns(const struct rc_launch *l, int *ret, struct sv_err *err)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", l->init);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? sv_err_set(err, errno, "cannot open '%s'", path) : 0;
}

static int open_time_offsets(struct assembly *a, struct sv_err *err)
{
	char path[48];

	if (!a->l->spec->linux.has_time_offsets)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/timens_offsets", a->l->init);
	a->timens_offsets = open(path, O_WRONLY | O_CLOEXEC);
	if (a->timens_offsets < 0)
		return sv_err_set(err, errno, "linux.timeOffsets: cannot open '%s'", path);
	return 0;
}

/* Everything that lies on the host is opened while the host's mounts are in sight. */
static int open_sources(struct assembly *a, struct sv_err *err)
{
	struct rc_launch *l = a->l;
	int r = open_userns(l, &a->shift.userns, err);

	if (r < 0)
		return r;
	r = open_time_offsets(a, err);
	if (r < 0)
		return r;
	r = rc_shift_rootfs(l->container->rootfs, &a->shift, &a->rootfs, err);
	if (r < 0)
		return sv_err_ctx(err, "root file system '%s'", l->container->rootfs);
	return rc_tree_open_sources(&a->tree, l->bundle, &a->shift, err);
}

/* A place of our own for the layers of an overlay, gone with the lean namespace. */
static int make_scratch(int *ret, struct sv_err *err)
{
	autoclose int tree = -1, top = -1;
	int r = sv_mount_new("tmpfs", "tmpfs", "mode=700", false, 0, &tree, err);

	if (r < 0)
		return r;
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return sv_err_set(err, errno, "cannot open '/'");
	r = sv_mount_attach(tree, top, err);
	if (r < 0)
		return r;
	*ret = sv_fd_steal(&tree);
	return 0;
}

/* The cover of masked files, before the tree hides it: the lean namespace has a devtmpfs for its root. */
static int open_null(struct assembly *a, struct sv_err *err)
{
	static const char *const names[] = { "/dev/null", "/null" };
	struct stat st;

	for (size_t i = 0; i < SV_COUNT(names); i++) {
		a->tree.null = open(names[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (a->tree.null >= 0 && fstat(a->tree.null, &st) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == makedev(1, 3))
			return 0;
		sv_fd_close(&a->tree.null);
	}
	return sv_err_say(err, ENODEV, "the host has no '/dev/null'");
}

static uint64_t propagation_of(const char *word, bool *ret_rec)
{
	*ret_rec = word && *word == 'r';
	if (!word || !*word)
		return 0;
	word += *ret_rec;
	return strcmp(word, "shared") == 0 ? MS_SHARED :
	       strcmp(word, "slave") == 0 ? MS_SLAVE :
	       strcmp(word, "unbindable") == 0 ? MS_UNBINDABLE :
						 MS_PRIVATE;
}

/* rootfsPropagation slave or shared: what the host mounts below the root later shall be seen inside. */
static bool wants_host_mounts(const struct oci_spec *spec)
{
	bool recursive;
	uint64_t type = propagation_of(spec->linux.rootfs_propagation, &recursive);

	return type == MS_SLAVE || type == MS_SHARED;
}

/* createContainer hooks look for the tree at root.path and for themselves on the host: with them M1 is a copy of the host's mounts and the tree
 * is attached there; without, it is the lean namespace and the tree is attached on top of everything. */
static int attach_root(struct assembly *a, struct sv_err *err)
{
	bool on_host = a->l->spec->hooks[OCI_HOOK_CREATE_CONTAINER].count > 0;
	autoclose int scratch = -1;
	int r;

	if (on_host) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			return sv_err_set(err, errno, "cannot make a mount namespace");
	} else {
		r = sv_ns_unshare_lean(a->l->state_root, err);
		if (r < 0)
			return r;
	}
	r = open_null(a, err);
	if (r < 0)
		return r;
	if (a->rootfs.tree < 0) {
		r = make_scratch(&scratch, err);
		if (r < 0)
			return r;
	}
	a->overlay = a->rootfs.overlay;
	r = rc_shift_rootfs_finish(&a->rootfs, scratch, &a->shift, &a->tree.root, err);
	if (r < 0)
		return sv_err_ctx(err, "root file system '%s'", a->l->container->rootfs);
	/* A clone belongs to the peer group of its source, and hosts with systemd share everything: what is attached below
	 * would appear on the host as well. */
	r = sv_mount_attr(a->tree.root, 0, 0, wants_host_mounts(a->l->spec) ? MS_SLAVE : MS_PRIVATE, true, err);
	if (r < 0)
		return r;
	/* Left there, it would lie between the old root and the new one, and detaching the old root would detach it instead. */
	if (scratch >= 0 && umount2("/", MNT_DETACH) < 0)
		return sv_err_set(err, errno, "cannot detach the scratch directory");

	if (move_mount(a->tree.root, "", AT_FDCWD, on_host ? a->l->container->rootfs : "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return sv_err_set(err, errno, "cannot attach the root file system");
	return 0;
}

/* I has made the time namespace and not yet entered it; from then on the offsets are fixed (time_namespaces(7)). */
static int set_time_offsets(const struct assembly *a, struct sv_err *err)
{
	const struct oci_linux *linux = &a->l->spec->linux;

	if (a->timens_offsets < 0)
		return 0;
	if (dprintf(a->timens_offsets, "monotonic %lld %u\nboottime %lld %u\n", (long long)linux->monotonic_secs,
		    linux->monotonic_nanosecs, (long long)linux->boottime_secs, linux->boottime_nanosecs) < 0)
		return sv_err_set(err, errno, "linux.timeOffsets: cannot set them");
	return 0;
}

/* The namespaces of I that A needs for proc, sysfs, mqueue and cgroup. With v2 the cgroup namespace is made later, by A. */
static int enter_namespaces(const struct assembly *a, struct sv_err *err)
{
	int flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	int r = sv_sync_wait(a->l->a_i, "the container's init", STEP_NAMESPACES, NULL, 0, NULL, err);

	if (r < 0)
		return r;
	if (!a->l->cgroup_ns_by_assembler)
		flags |= CLONE_NEWCGROUP;
	if (setns(a->l->init_pidfd, flags) < 0)
		return sv_err_set(err, errno, "cannot enter the container's namespaces");
	return set_time_offsets(a, err);
}

/* The engine's overlay and ours have one upper directory: what mounts pin in ours gets its upper part now, and the engine's, which has looked at the image
 * before, forgets what it remembers of it. */
static int share_upper(const struct assembly *a, struct sv_err *err)
{
	int r = rc_tree_copy_up(&a->tree, err);

	if (r == 0)
		r = sv_overlayfs_refresh(a->l->rootfs, err);
	return r < 0 ? r : 0;
}

/* The fresh /dev, if the document mounts one; a /dev bound from elsewhere is somebody else's. */
static int fill_dev(struct assembly *a, struct sv_err *err)
{
	const struct oci_spec *spec = a->l->spec;

	if (a->tree.dev < 0)
		return 0;
	return rc_devices_make(a->tree.root, a->tree.dev, spec, spec->process.terminal, err);
}

/* A read-only root takes no working directory any more when init wants to make it. Whether it is needed and can be had is
 * for init to say, which has the message for it. */
static void make_cwd(const struct assembly *a)
{
	autoclose int dir = -1;
	struct sv_err ignored = { 0 };

	if (a->l->spec->root_readonly && a->l->spec->process.set)
		sv_path_make_dir(a->tree.root, a->l->spec->process.cwd, 0755, &dir, &ignored);
}

static int run_hooks(const struct assembly *a, struct sv_err *err)
{
	const struct rc_launch *l = a->l;
	autostr struct sv_str state = { 0 };
	int r;

	if (!l->hooks_in_build)
		return 0;
	r = sv_sync_send(l->a_p, STEP_TREE, NULL, 0, err);
	if (r == 0)
		r = sv_sync_wait(l->a_p, "the runtime", STEP_BUILD, NULL, 0, NULL, err);
	if (r < 0)
		return r;
	if (rc_container_state_json(l->container, RC_CREATING, false, &state) < 0)
		return sv_err_oom(err);
	/* As the owner of the root's files: the mapped ids are the only ones that an idmapped root takes. */
	return rc_hooks_run_as(&l->spec->hooks[OCI_HOOK_CREATE_CONTAINER], OCI_HOOK_CREATE_CONTAINER, &state,
			       l->container->bundle, l->root_uid, l->root_gid, err);
}

static int finish_root(const struct assembly *a, struct sv_err *err)
{
	uint64_t set = a->l->spec->root_readonly ? MOUNT_ATTR_RDONLY : 0;

	return set ? sv_mount_attr(a->tree.root, set, 0, 0, false, err) : 0;
}

/* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one and is taken off. On a root that cannot be pivoted (an
 * initramfs) the tree is moved over it. */
static int switch_root(const struct assembly *a, struct sv_err *err)
{
	if (fchdir(a->tree.root) < 0)
		return sv_err_set(err, errno, "cannot enter the new root");
	if (!a->l->no_pivot && syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0)
			return sv_err_set(err, errno, "cannot detach the old root");
		return 0;
	}
	if (!a->l->no_pivot && errno != EINVAL)
		return sv_err_set(err, errno, "cannot switch to the new root");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
		return sv_err_set(err, errno, "cannot move the new root into place");
	return 0;
}

/* From here on A has no more power than the container's root. The copy of the mounts that belongs to the container's user namespace has
 * all of them locked. On v2 A sits in the container's cgroup, so that the new cgroup namespace begins there. */
static int enter_userns(const struct assembly *a, struct sv_err *err)
{
	int flags = CLONE_NEWNS | (a->l->cgroup_ns_by_assembler ? CLONE_NEWCGROUP : 0);

	if (setns(a->shift.userns, CLONE_NEWUSER) < 0)
		return sv_err_set(err, errno, "cannot enter the container's user namespace");
	if (unshare(flags) < 0)
		return sv_err_set(err, errno, "cannot make the container's mount namespace");
	return 0;
}

static int set_root_propagation(const struct assembly *a, struct sv_err *err)
{
	bool recursive;
	uint64_t type = propagation_of(a->l->spec->linux.rootfs_propagation, &recursive);

	if (!type || type == MS_PRIVATE)
		return 0;
	if (mount(NULL, "/", NULL, type | (recursive ? MS_REC : 0), NULL) < 0)
		return sv_err_set(err, errno, "linux.rootfsPropagation '%s'", a->l->spec->linux.rootfs_propagation);
	return 0;
}

static int hand_over(const struct assembly *a, struct sv_err *err)
{
	int fds[2], mnt, cgroup = -1;

	/* Both are closed by our end, which is next. */
	mnt = openat(a->tree.proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (mnt < 0)
		return sv_err_set(err, errno, "cannot open the container's mount namespace");
	fds[0] = mnt;
	if (a->l->cgroup_ns_by_assembler) {
		cgroup = openat(a->tree.proc, "self/ns/cgroup", O_RDONLY | O_CLOEXEC);
		if (cgroup < 0)
			return sv_err_set(err, errno, "cannot open the container's cgroup namespace");
		fds[1] = cgroup;
	}
	return sv_sync_send(a->l->a_i, STEP_ROOT, fds, cgroup >= 0 ? 2 : 1, err);
}

/* Each step's place is given by what it needs: sources need the host's mounts, proc and its like need I's namespaces, hooks want to see
 * everything unmasked, masks and the frozen root would hinder all before them, and the user namespace takes the power away. */
static int assemble(struct assembly *a, struct sv_err *err)
{
	int r = become_builder(a->l, err);

	if (r == 0)
		r = open_sources(a, err);
	if (r == 0)
		r = attach_root(a, err);
	if (r == 0)
		r = enter_namespaces(a, err);
	if (r == 0)
		r = rc_tree_attach_early(&a->tree, err);
	if (r == 0 && a->overlay)
		r = share_upper(a, err);
	if (r == 0)
		r = fill_dev(a, err);
	if (r == 0)
		make_cwd(a);
	if (r == 0)
		r = run_hooks(a, err);
	if (r == 0)
		r = rc_tree_sysctl(&a->tree, false, err);
	if (r == 0)
		r = rc_tree_mask(&a->tree, err);
	if (r == 0)
		r = finish_root(a, err);
	if (r == 0)
		r = switch_root(a, err);
	if (r == 0)
		r = enter_userns(a, err);
	if (r == 0)
		r = rc_tree_sysctl(&a->tree, true, err);
	if (r == 0)
		r = rc_tree_attach_late(&a->tree, err);
	if (r == 0)
		r = set_root_propagation(a, err);
	return r < 0 ? r : hand_over(a, err);
}

int rc_assembler(struct rc_launch *l)
{
	struct assembly a = {
		.l = l,
		.timens_offsets = -1,
		.shift = { .userns = -1, .maps = &l->spec->linux.maps, .remapped = l->remapped },
		.rootfs = RC_ROOTFS_INIT,
		.tree = RC_TREE_INIT,
	};
	struct sv_err err = { 0 };

	a.tree.spec = l->spec;
	a.tree.cgroup = &l->container->cgroup;
	if (assemble(&a, &err) == 0)
		return 0;
	sv_sync_fail(l->a_p, &err);
	return 1;
}
