/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont.c - the rules by which a plain OCI spec becomes the spec of a system container.
 *
 * The engine thinks of a process with a view of its own; we run a small machine. What makes it
 * one, and who decides:
 *
 *	namespaces	user and cgroup are added; pid, network, ipc, uts, mount must be asked for,
 *			since engines ask for the host's by leaving one out; a path is joined unless
 *			it is the host's; mount by path is refused
 *	ids		the spec's mapping, else facts->subids; 0 inside is mapped, 0 of the host never
 *	capabilities	syscont_caps.c: all for root, the bounding set for others, minus what was
 *			dropped on request
 *	mounts		syscont_mounts.c: /proc, /sys, /sys/fs/cgroup, /dev and below are ours, the
 *			rest is the spec's
 *	devices		syscont_devices.c: the default nodes and what --device named; never "all"
 *	paths		here: what only hides or freezes the container's own namespaces is lifted,
 *			what protects the host is added even if the spec (--privileged) brings none
 *	sysctls		syscont_sysctl.c: namespaced ones only, clamped to the mapping
 *	AppArmor	here: the engines' default profiles deny mount(2) and are taken out, any
 *			other is the user's and stays
 *	seccomp		syscont_seccomp.c: a deny-by-default profile gets the system calls a small
 *			machine needs
 *	environment	here: container= tells systemd as pid 1 where it is
 *	all else	as the spec says: user, args, rlimits, oom_score_adj, hooks, limits, labels,
 *			scheduler, time offsets ...
 *
 * What --privileged asks for (all capabilities, all devices, no seccomp, no masks) comes out as an
 * ordinary system container: its capabilities count in its user namespace only.
 */
#include "runc/syscont.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runc/syscont_parts.h"

/* ---- annotations ---- */

static int wants_spec(const struct oci_annotation *annotations, size_t count, const char *key,
		      bool *ret, struct sv_err *err)
{
	*ret = false;
	for (size_t i = 0; i < count; i++) {
		const char *value = annotations[i].value;

		if (!sv_str_equal(annotations[i].key, key))
			continue;
		if (sv_str_equal(value, "spec"))
			*ret = true;
		else if (!sv_str_equal(value, "syscont"))
			return sv_err_say(
				err, EINVAL,
				"annotations[\"%s\"]: expected \"spec\" or \"syscont\", found \"%.60s\"",
				key, value ? value : "");
	}
	return 0;
}

/* ---- namespaces ---- */

static int check_namespaces(struct oci_linux *lx, const struct rc_syscont_facts *facts,
			    struct sv_err *err)
{
	static const struct {
		enum oci_ns ns;
		const char *remedy;	/* what the user typed to an engine */
	} required[] = {
		{ OCI_NS_PID, " (remove \"--pid host\")" },
		{ OCI_NS_NET, " (remove \"--net host\")" },
		{ OCI_NS_IPC, " (remove \"--ipc host\")" },
		{ OCI_NS_UTS, " (remove \"--uts host\")" },
		{ OCI_NS_MNT, "" },
	};

	for (size_t i = 0; i < SV_COUNT(required); i++) {
		enum oci_ns ns = required[i].ns;

		if (!lx->ns[ns].set || (lx->ns[ns].path && facts->ns_is_host[ns]))
			return sv_err_say(
				err, EINVAL,
				"linux.namespaces: a system container cannot share the host's %s namespace%s",
				oci_ns_name(ns), required[i].remedy);
	}
	for (enum oci_ns ns = 0; ns < OCI_NS_MAX; ns++)
		if (lx->ns[ns].path && facts->ns_is_host[ns])
			return sv_err_say(
				err, EINVAL,
				"linux.namespaces: '%s' is the host's %s namespace, which a system container cannot share",
				lx->ns[ns].path, oci_ns_name(ns));

	/* A mount namespace that exists has its mounts already, and none of them is locked. */
	if (lx->ns[OCI_NS_MNT].path)
		return sv_err_say(
			err, EINVAL,
			"linux.namespaces: a system container cannot join the mount namespace '%s', it always makes its own",
			lx->ns[OCI_NS_MNT].path);

	lx->ns[OCI_NS_USER].set = true;
	lx->ns[OCI_NS_CGROUP].set = true;
	return 0;
}

/* ---- ids ---- */

const struct sv_idmap *rc_syscont_extent(const struct sv_idmap *maps, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= maps[i].inside && id - maps[i].inside < maps[i].size)
			return &maps[i];
	return NULL;
}

static int check_map(const struct sv_idmap *maps, size_t count, const char *key, struct sv_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (maps[i].outside == 0)
			return sv_err_say(
				err, EINVAL,
				"linux.%s[%zu].hostID: a system container cannot be given the host's root, id 0",
				key, i);
	if (!rc_syscont_extent(maps, count, 0))
		return sv_err_say(
			err, EINVAL,
			"linux.%s: a system container needs a root user, but containerID 0 is not mapped",
			key);
	return 0;
}

static int copy_map(struct sv_idmap **ret, size_t *ret_count, const struct sv_idmap *from,
		    size_t count, struct sv_err *err)
{
	if (count) {
		*ret = calloc(count, sizeof(**ret));
		if (!*ret)
			return sv_err_oom(err);
		memcpy(*ret, from, count * sizeof(*from));
	}
	*ret_count = count;
	return 0;
}

static int choose_ids(struct oci_linux *lx, const struct oci_maps *subids, struct sv_err *err)
{
	struct oci_maps *maps = &lx->maps;
	int r;

	if (!maps->n_uids && !maps->n_gids) {
		r = copy_map(&maps->uids, &maps->n_uids, subids->uids, subids->n_uids, err);
		if (r == 0)
			r = copy_map(&maps->gids, &maps->n_gids, subids->gids, subids->n_gids, err);
		if (r < 0)
			return r;
	}
	r = check_map(maps->uids, maps->n_uids, "uidMappings", err);
	if (r == 0)
		r = check_map(maps->gids, maps->n_gids, "gidMappings", err);
	return r;
}

/* setuid(2) to an id without a mapping is a bare EINVAL long after; here the key can be named. */
static int check_user(const struct oci_user *user, const struct oci_maps *maps, struct sv_err *err)
{
	if (!rc_syscont_extent(maps->uids, maps->n_uids, user->uid))
		return sv_err_say(err, EINVAL,
				  "process.user.uid: %u is not mapped into the container",
				  user->uid);
	if (!rc_syscont_extent(maps->gids, maps->n_gids, user->gid))
		return sv_err_say(err, EINVAL,
				  "process.user.gid: %u is not mapped into the container",
				  user->gid);
	for (size_t i = 0; i < user->n_groups; i++)
		if (!rc_syscont_extent(maps->gids, maps->n_gids, user->groups[i]))
			return sv_err_say(
				err, EINVAL,
				"process.user.additionalGids[%zu]: %u is not mapped into the container",
				i, user->groups[i]);
	return 0;
}

/* ---- paths ---- */

/*
 * Lifted: a mask or freeze of a whole tree that systemd and an inner Docker write to. The kernel
 * itself refuses what is not namespaced: those files belong to the host's root, who is nobody
 * inside.
 */
static const char *const lifted[] = { "/proc", "/proc/sys", "/sys", "/sys/fs/cgroup", "/dev" };
static const char *const lifted_systemd[] = { "/run", "/run/lock", "/tmp", "/sys/kernel" };

/*
 * Kept and added: what tells about or acts on the host whatever the user namespace says. Some of
 * them are world-readable (keys, sched_debug, timer_list on old kernels), kcore and the rest would
 * be one kernel bug away. Nothing in a small machine needs them.
 */
static const char *const hidden[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
};
/* What systemd would mount there is refused, and a failed unit makes the whole machine "degraded"; it
 * takes a place that is a mount point for the mount it wants. */
static const char *const hidden_systemd[] = { "/sys/kernel/config", "/sys/kernel/debug",
					      "/sys/kernel/tracing" };
static const char *const frozen[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger" };

static void list_drop(struct sv_list *l, const char *const *paths, size_t count)
{
	for (size_t i = l->count; i-- > 0;)
		for (size_t k = 0; k < count; k++)
			if (strcmp(l->items[i], paths[k]) == 0) {
				sv_list_remove(l, i);
				break;
			}
}

static int list_join(struct sv_list *l, const char *const *paths, size_t count, struct sv_err *err)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		if (!sv_list_has(l, paths[i]))
			r = sv_list_add(l, paths[i], err);
	return r;
}

static int choose_paths(struct oci_linux *lx, bool systemd, struct sv_err *err)
{
	struct sv_list *const lists[] = { &lx->masked_paths, &lx->readonly_paths };
	int r;

	for (size_t i = 0; i < SV_COUNT(lists); i++) {
		list_drop(lists[i], lifted, SV_COUNT(lifted));
		if (systemd)
			list_drop(lists[i], lifted_systemd, SV_COUNT(lifted_systemd));
	}
	/* What is hidden need not be frozen: podman freezes /proc/asound. */
	list_drop(&lx->readonly_paths, hidden, SV_COUNT(hidden));
	r = list_join(&lx->masked_paths, hidden, SV_COUNT(hidden), err);
	if (r == 0 && systemd)
		r = list_join(&lx->masked_paths, hidden_systemd, SV_COUNT(hidden_systemd), err);
	if (r == 0)
		r = list_join(&lx->readonly_paths, frozen, SV_COUNT(frozen), err);
	return r;
}

/* ---- AppArmor, environment ---- */

/* The profiles that engines give when nobody asked: written for a container without a user
 * namespace, they deny every mount(2). */
static void drop_engine_profile(struct oci_process *process)
{
	static const char *const exact[] = { "docker-default", "cri-containerd.apparmor.d",
					     "nerdctl-default", "crio-default" };
	bool engine =
		process->apparmor && (sv_str_starts(process->apparmor, "containers-default-") ||
				      sv_str_starts(process->apparmor, "crio-default-"));

	for (size_t i = 0; i < SV_COUNT(exact); i++)
		engine = engine || sv_str_equal(process->apparmor, exact[i]);
	if (engine) {
		free(process->apparmor);
		process->apparmor = NULL;
	}
}

/*
 * systemd's CONTAINER_INTERFACE wants a short lower-case name in container= of pid 1. It shows in
 * /run/systemd/container; systemd-detect-virt says container-other, as for each name it does not
 * know. The generic name "oci" would let it look for the engine's marker file, but some versions
 * then take a missing file for "no container at all".
 */
static int tell_systemd(struct oci_process *process, struct sv_err *err)
{
	for (size_t i = 0; i < process->env.count; i++)
		if (sv_str_starts(process->env.items[i], "container="))
			return 0;
	return sv_list_add(&process->env, "container=sysvisor", err);
}

/* ---- the whole ---- */

int rc_syscont_apply(struct oci_spec *spec, const struct rc_syscont_facts *facts,
		     struct sv_err *err)
{
	struct oci_linux *lx = &spec->linux;
	bool spec_paths, spec_seccomp;
	int r;

	if ((r = wants_spec(spec->annotations, spec->n_annotations, RC_SYSCONT_PATHS, &spec_paths,
			    err)) < 0 ||
	    (r = wants_spec(spec->annotations, spec->n_annotations, RC_SYSCONT_SECCOMP,
			    &spec_seccomp, err)) < 0 ||
	    (r = check_namespaces(lx, facts, err)) < 0 ||
	    (r = choose_ids(lx, &facts->subids, err)) < 0)
		return r;

	if (spec->process.set) {
		if ((r = check_user(&spec->process.user, &lx->maps, err)) < 0 ||
		    (r = rc_syscont_process(&spec->process, spec->annotations, spec->n_annotations,
					    err)) < 0)
			return r;
		if (facts->systemd && (r = tell_systemd(&spec->process, err)) < 0)
			return r;
	}

	if ((r = rc_syscont_mounts(spec, facts, err)) < 0 ||
	    (r = rc_syscont_devices(lx, err)) < 0 ||
	    (r = rc_syscont_sysctls(spec, err)) < 0)
		return r;
	if (!spec_paths && (r = choose_paths(lx, facts->systemd, err)) < 0)
		return r;
	if (!spec_seccomp && (r = rc_syscont_seccomp(&lx->seccomp, err)) < 0)
		return r;
	return 0;
}

int rc_syscont_process(struct oci_process *process, const struct oci_annotation *annotations,
		       size_t n_annotations, struct sv_err *err)
{
	bool spec_caps;
	int r;

	r = wants_spec(annotations, n_annotations, RC_SYSCONT_CAPABILITIES, &spec_caps, err);
	if (r < 0)
		return r;
	/* Who gives up gaining privileges means the list of the ones he has. */
	if (!spec_caps && !process->no_new_privs)
		rc_syscont_caps(process);
	drop_engine_profile(process);
	return 0;
}
