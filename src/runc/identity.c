/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - turns a process that is root in its user namespace into the user that the spec
 * wants. */
#include "runc/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ADMIN (1ULL << CAP_SYS_ADMIN)
#define ALL_KNOWN ((1ULL << (OCI_CAP_LAST + 1)) - 1)
#define DEFAULT_UMASK 0022

/* The filter can only be loaded with a capability that the program itself is not to have. */
static bool needs_admin(const struct oci_process *p, bool filter)
{
	return filter && !p->no_new_privs && !(p->caps.effective & p->caps.permitted & ADMIN);
}

static int set_caps(const struct oci_caps *caps, uint64_t extra, struct sv_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint64_t effective = caps->effective | extra, permitted = caps->permitted | extra;
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)caps->inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(caps->inheritable >> 32) },
	};

	/* capabilities(7): refused if effective is not within permitted, or inheritable not within
	 * the bounding set. */
	if (syscall(SYS_capset, &head, data) < 0)
		return sv_err_set(err, errno, "process.capabilities: cannot set them");
	return 0;
}

/*
 * Asks for every number that is not wanted, up to the first that this kernel does not know. Who
 * wants all that we know of, wants those of newer kernels too.
 */
static int drop_bounding(const struct oci_caps *caps, struct sv_err *err)
{
	if ((caps->bounding & ALL_KNOWN) == ALL_KNOWN)
		return 0;
	for (unsigned cap = 0; cap < 64; cap++) {
		if (caps->bounding & (1ULL << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return sv_err_set(err, errno,
				  "process.capabilities.bounding: cannot drop capability %u", cap);
	}
	return 0;
}

/* The ambient set is empty so far: entering a user namespace clears it (user_namespaces(7)). */
static int raise_ambient(const struct oci_caps *caps, struct sv_err *err)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		const char *name = oci_cap_name(cap);

		if (!(caps->ambient & (1ULL << cap)))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return sv_err_set(err, errno,
					  "process.capabilities.ambient: cannot raise %s, which "
					  "must be permitted and inheritable",
					  name ? name : "a capability");
	}
	return 0;
}

static int set_ids(const struct oci_process *p, struct sv_err *err)
{
	const struct oci_user *user = &p->user;

	/* Even an empty list: the groups of whoever called the runtime must go. */
	if (setgroups(user->n_groups, user->groups) < 0)
		return sv_err_set(err, errno, "process.user.additionalGids: cannot set %zu groups",
				  user->n_groups);
	/* The caller is root in all its ids already. */
	if (user->gid != 0 && setresgid(user->gid, user->gid, user->gid) < 0)
		return sv_err_set(err, errno, "process.user.gid: cannot become group %u",
				  user->gid);
	/* Else the change to another user would clear the permitted set before it can be cut to
	 * size. */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return sv_err_set(err, errno, "cannot keep capabilities");
	if (user->uid != 0 && setresuid(user->uid, user->uid, user->uid) < 0)
		return sv_err_set(err, errno, "process.user.uid: cannot become user %u", user->uid);
	/* The change of ids may have made us dumpable again (fs.suid_dumpable), and until the exec
	 * we hold what others of this user in the container must not get at. */
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

/* mkdir -p, as root of the container, in its own root. */
static int make_directory(const char *path, struct sv_err *err)
{
	autofree char *copy = strdup(path);

	if (!copy)
		return sv_err_oom(err);
	for (char *p = copy + 1;; p++) {
		char was = *p;

		if (was != '/' && was != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "process.cwd: cannot make '%s'", copy);
		*p = was;
		if (was == '\0')
			return 0;
	}
}

/* Goes to the working directory. Returns 1 if it may not be entered, which another user may be able
 * to. */
static int enter_directory(const char *cwd, bool make, struct sv_err *err)
{
	if (chdir(cwd) == 0)
		return 0;
	if (errno == ENOENT && make) {
		int r = make_directory(cwd, err);

		if (r < 0)
			return r;
		if (chdir(cwd) == 0)
			return 0;
	}
	if (errno == EACCES || errno == EPERM)
		return 1;
	return sv_err_set(err, errno, "process.cwd: cannot change to '%s'", cwd);
}

/* A link such as /proc/self/fd/7 may have led out of the mount namespace: such a directory has no
 * path that starts with '/'. */
static int check_directory(const char *cwd, struct sv_err *err)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return sv_err_set(err, errno, "process.cwd: '%s' has no path", cwd);
	if (path[0] != '/')
		return sv_err_say(err, EXDEV,
				  "process.cwd: '%s' is outside of the container's root", cwd);
	return 0;
}

int rc_identity_root(struct sv_err *err)
{
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return sv_err_set(err, errno, "cannot become root in the user namespace");
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

int rc_identity_enter(const struct oci_process *process, bool filter, bool make_cwd,
		      struct sv_err *err)
{
	const char *cwd = process->cwd && *process->cwd ? process->cwd : "/";
	uint64_t extra = needs_admin(process, filter) ? ADMIN : 0;
	int r, again;

	again = enter_directory(cwd, make_cwd, err);
	if (again < 0)
		return again;

	/* First, while CAP_SETPCAP is there. */
	r = drop_bounding(&process->caps, err);
	if (r == 0)
		r = set_ids(process, err);
	if (r < 0)
		return r;

	if (again && chdir(cwd) < 0)
		return sv_err_set(err, errno, "process.cwd: cannot change to '%s'", cwd);
	r = check_directory(cwd, err);
	if (r == 0)
		r = set_caps(&process->caps, extra, err);
	if (r == 0)
		r = raise_ambient(&process->caps, err);
	if (r < 0)
		return r;

	if (process->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return sv_err_set(err, errno, "cannot set no_new_privs");
	umask(process->user.has_umask ? (mode_t)process->user.umask : DEFAULT_UMASK);
	return 0;
}

int rc_identity_seal(const struct oci_process *process, bool filter, struct sv_err *err)
{
	if (!needs_admin(process, filter))
		return 0;
	/* What is not permitted leaves the ambient set by itself. */
	return set_caps(&process->caps, 0, err);
}

int rc_identity_personality(unsigned long persona, struct sv_err *err)
{
	if (personality(persona) < 0)
		return sv_err_set(err, errno, "linux.personality: cannot set %#lx", persona);
	return 0;
}
