/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_device.c - two calls of bpf(2), for which libbpf would be a lot of library. */
#include "os/bpf_device.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int sv_bpf_device_attach(int cgroup, const struct bpf_insn *code, size_t count, struct sv_err *err)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)code,
		.insn_cnt = (uint32_t)count,
		.license = (uintptr_t) "Apache-2.0",
	};
	union bpf_attr attach = {
		.target_fd = (uint32_t)cgroup,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	autoclose int program = bpf(BPF_PROG_LOAD, &load);

	if (program < 0)
		return sv_err_set(err, errno, "cannot load the device program (%zu instructions)",
				  count);
	attach.attach_bpf_fd = (uint32_t)program;
	if (bpf(BPF_PROG_ATTACH, &attach) < 0)
		return sv_err_set(err, errno, "cannot attach the device program");
	return 0;
}
