/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_caps.c - which capabilities a process of a system container has.
 *
 * Root of a machine has all capabilities: systemd, Docker and package managers inside count on it,
 * and each of them counts only in the container's user namespace. Other users have none, but the
 * bounding set stays full so that sudo, ping and su work.
 *
 * Inheritable and ambient stay empty unless the spec fills them. Root does not need them:
 * execve(2) by uid 0 gives the whole bounding set. A full inheritable set would survive setuid(2),
 * and any user who runs a file that has inheritable capabilities would gain them: CVE-2022-29162.
 *
 * A request of the user is told from an engine's default like this:
 *	--cap-add X		adds nothing, everything is there
 *	--cap-drop X		the bounding set lacks a capability of the engine's default set: it
 *				is taken from ours too
 *	--cap-add ALL --cap-drop X, or a config.json edited by hand
 *				more than half of all are listed: what is missing among them is taken
 *				from ours too. Those above the highest one are not missing, the engine
 *				is older than they are
 *	--cap-drop ALL [--cap-add Y ...]
 *				less than half of the default set is left: the spec's sets are an
 *				explicit list and stay
 *	ambient set		given for a user other than root: that user gets it
 *				(podman run --user 1000 --cap-add X)
 */
#include <linux/capability.h>

#include "runc/syscont_parts.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define ALL_CAPS ((UINT64_C(1) << (OCI_CAP_LAST + 1)) - 1)

/* Default sets of the engines, each contained in the next: CRI-O, then podman, then Docker and
 * containerd. */
#define CRIO_DEFAULT                                                                              \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(SETGID) | CAP(SETUID) | \
	 CAP(SETPCAP) | CAP(NET_BIND_SERVICE) | CAP(KILL))
#define PODMAN_EXTRA (CAP(SETFCAP) | CAP(SYS_CHROOT))
#define DOCKER_EXTRA (CAP(AUDIT_WRITE) | CAP(MKNOD) | CAP(NET_RAW))

/*
 * What the user took away. The engine is recognised by the capabilities that only its default set
 * has. Who drops exactly those from a larger set is taken for a user of the engine with the
 * smaller.
 */
static uint64_t dropped(uint64_t bounding)
{
	uint64_t base = CRIO_DEFAULT;

	if (__builtin_popcountll(bounding) * 2 > OCI_CAP_LAST + 1)
		return (UINT64_MAX >> __builtin_clzll(bounding)) & ~bounding;
	if (bounding & DOCKER_EXTRA)
		base |= PODMAN_EXTRA | DOCKER_EXTRA;
	else if (bounding & PODMAN_EXTRA)
		base |= PODMAN_EXTRA;
	return base & ~bounding;
}

static bool is_explicit_list(const struct oci_caps *caps)
{
	int all = __builtin_popcountll(CRIO_DEFAULT),
	    left = __builtin_popcountll(CRIO_DEFAULT & caps->bounding);

	return caps->set && left * 2 < all;
}

void rc_syscont_caps(struct oci_process *process)
{
	struct oci_caps *caps = &process->caps;
	uint64_t bounding = ALL_CAPS;

	if (is_explicit_list(caps))
		return;
	if (caps->set)
		bounding &= ~dropped(caps->bounding);

	caps->set = true;
	caps->bounding = bounding;
	caps->ambient &= bounding;
	if (process->user.uid == 0) {
		caps->permitted = caps->effective = bounding;
		caps->inheritable = (caps->inheritable | caps->ambient) & bounding;
	} else {
		caps->permitted = caps->effective = caps->inheritable = caps->ambient;
	}
}
