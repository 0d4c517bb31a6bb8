/* SPDX-License-Identifier: Apache-2.0 */
/* listener.c - see listener.h. */
#include "runc/listener.h"

#include <errno.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "runc/terminal.h"

static int write_state(const struct oci_seccomp *seccomp, const struct rc_container *c, pid_t pid, struct sv_str *s, struct sv_err *err)
{
	sv_str_addf(s, "{\"ociVersion\":\"" RC_OCI_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":\"", pid);
	sv_str_add_json(s, seccomp->listener_metadata ? seccomp->listener_metadata : "");
	sv_str_add(s, "\",\"state\":");
	if (rc_container_state_json(c, RC_CREATING, false, s) < 0)
		return sv_err_oom(err);
	sv_str_add(s, "}");
	return s->failed ? sv_err_oom(err) : 0;
}

int rc_listener_send(const struct oci_seccomp *seccomp, const struct rc_container *c, pid_t pid, int notify, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	autoclose int sock = -1;
	int r;

	if (!seccomp->listener_path)
		return sv_err_say(err, EINVAL, "linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs an agent");
	r = write_state(seccomp, c, pid, &s, err);
	if (r == 0)
		r = rc_terminal_connect(seccomp->listener_path, &sock, err);
	if (r == 0)
		r = sv_fd_send(sock, sv_str_text(&s), s.len, &notify, 1, err);
	return r < 0 ? sv_err_ctx(err, "linux.seccomp.listenerPath '%s'", seccomp->listener_path) : 0;
}
