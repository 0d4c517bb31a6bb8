/* SPDX-License-Identifier: Apache-2.0 */
/* ready.c - see ready.h. */
#include "runc/ready.h"

#include <errno.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/sync.h"
#include "runc/identity.h"
#include "runc/listener.h"
#include "runc/program.h"
#include "runc/terminal.h"

int rc_ready_tell(int channel, int step, const struct rc_filter *filter, int master, struct sv_err *err)
{
	autoclose int notify = -1;
	int fds[2], r = filter->notify ? rc_filter_load(filter, &notify, err) : 0;
	size_t count = 0;

	if (master >= 0)
		fds[count++] = master;
	if (notify >= 0)
		fds[count++] = notify;
	return r < 0 ? r : sv_sync_send(channel, step, fds, count, err);
}

int rc_ready_exec(const struct oci_process *process, const struct rc_filter *filter, int preserve_fds, const char *path,
		  struct sv_err *err)
{
	int none, r = sv_fd_cloexec_from(3 + (unsigned)preserve_fds, err);

	if (r == 0 && filter->code && !filter->notify)
		r = rc_filter_load(filter, &none, err);
	if (r == 0)
		r = rc_identity_seal(process, filter->code, err);
	return r < 0 ? r : rc_program_exec(path, process, err);
}

int rc_ready_take(int channel, int step, const struct rc_ready *ready, int *ret_master, struct sv_err *err)
{
	bool terminal = ready->process->terminal, listens = ready->filter->notify;
	int fds[2] = { -1, -1 }, r;
	size_t count = 0;

	*ret_master = -1;
	r = sv_sync_wait(channel, ready->peer, step, fds, 2, &count, err);
	if (r == 0 && count != (size_t)terminal + listens)
		r = sv_err_set(err, EPROTO, "%s sent %zu descriptors", ready->peer, count);
	if (r == 0 && listens)
		r = rc_listener_send(ready->seccomp, ready->container, ready->pid, fds[terminal], err);
	if (r == 0 && terminal && ready->console >= 0)
		r = rc_terminal_send(ready->console, fds[0], err);
	else if (r == 0 && terminal)
		*ret_master = sv_fd_steal(&fds[0]);
	for (size_t i = 0; i < count; i++)
		sv_fd_close(&fds[i]);
	return r;
}
