/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.c - keyctl(2) without a library. */
#include "runc/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

/*
 * linux/key.h, which programs do not get: what the possessor (the container) and the owner (host
 * root) may do. The kernel's default for a session keyring is 0x3f130000; the search bit added to
 * the owner's part lets `exec` find the keyring by its name.
 */
#define KEYRING_PERM 0x3f1b0000u

int rc_keyring_join(const char *id, const char *tag, struct sv_err *err)
{
	autofree char *name = NULL;
	long ring;
	int r;

	/* The tag also hides the name from other users of the host, who could else make a keyring
	 * of that name for us to join. */
	r = sv_str_format(&name, err, "_ses.%s.%s", id, tag);
	if (r < 0)
		return r;
	ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (ring < 0) {
		/* EPERM: a filter around us forbids keyctl(2), to the container as well. */
		if (errno == ENOSYS || errno == EPERM)
			return 0;
		if (errno == EDQUOT)
			return sv_err_set(err, errno,
					  "cannot make a session keyring (kernel.keys.root_maxkeys "
					  "is reached; see --no-new-keyring)");
		return sv_err_set(err, errno, "cannot join the session keyring '%.100s'", name);
	}
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, ring, KEYRING_PERM) < 0)
		return sv_err_set(err, errno, "cannot set the permissions of the session keyring");
	return 0;
}
