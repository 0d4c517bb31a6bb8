/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl.c - linux.sysctl, written through the /proc that the assembler mounted itself (CVE-2025-52881).
 */
#include "runc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/idmap.h"
#include "os/path.h"

/* "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.1/forwarding": whichever separator comes first is the separator (sysctl.d(5)). */
static int sysctl_path(const char *key, char **ret, struct sv_err *err)
{
	char first = key[strcspn(key, "./")];
	int r = sv_str_format(ret, err, "sys/%s", key);

	if (r < 0)
		return r;
	for (char *p = *ret + strlen("sys/"); first == '.' && *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return 0;
}

static int write_sysctl(const struct rc_tree *t, const char *path, const char *value, struct sv_err *err)
{
	autoclose int fd = -1;
	int r = sv_path_open(t->proc, path, O_WRONLY | O_NOFOLLOW, &fd, err);

	if (r < 0)
		return r;
	if (write(fd, value, strlen(value)) < 0)
		return sv_err_set(err, errno, "cannot write '%s'", value);
	return 0;
}

/*
 * Older kernels let the host's root write the values of an ipc namespace, newer ones (ipc_permissions() in ipc/ipc_sysctl.c) only
 * the root of its user namespace, told by the effective uid; no capability helps. SECBIT_NO_SETUID_FIXUP keeps ours meanwhile.
 */
static int write_sysctl_as_owner(const struct rc_tree *t, const char *path, const char *value, struct sv_err *err)
{
	const struct oci_maps *maps = &t->spec->linux.maps;
	uint32_t uid;
	int r;

	if (!sv_idmap_out(maps->uids, maps->n_uids, 0, &uid))
		return sv_err_say(err, EINVAL, "the container has no root");
	if (setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		return sv_err_set(err, errno, "cannot become the container's root");
	r = write_sysctl(t, path, value, err);
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 && r == 0)
		r = sv_err_set(err, errno, "cannot become the host's root again");
	/* It follows the effective id; the builder's is that of the container's root. */
	setfsuid(uid);
	prctl(PR_SET_DUMPABLE, 0);	/* as after every change of ids */
	return r;
}

static int set_sysctl(const struct rc_tree *t, const struct oci_sysctl *s, bool net, struct sv_err *err)
{
	autofree char *path = NULL;
	struct sv_err why = { 0 };
	int r = sysctl_path(s->key, &path, err);

	if (r < 0)
		return r;
	if (t->proc < 0)
		return sv_err_say(err, EINVAL, "the container has no /proc");
	r = write_sysctl(t, path, s->value, &why);
	if (r == -EACCES && !net)
		return write_sysctl_as_owner(t, path, s->value, err);
	if (r < 0)
		*err = why;
	return r;
}

int rc_tree_sysctl(const struct rc_tree *t, bool net, struct sv_err *err)
{
	const struct oci_linux *linux = &t->spec->linux;

	for (size_t i = 0; i < linux->n_sysctls; i++) {
		const struct oci_sysctl *s = &linux->sysctls[i];

		if (sv_str_starts(s->key, "net") != net)
			continue;
		if (set_sysctl(t, s, net, err) < 0)
			return sv_err_ctx(err, "linux.sysctl '%s'", s->key);
	}
	return 0;
}
