/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf_device.h - a cgroup v2 device program (BPF_PROG_TYPE_CGROUP_DEVICE): load and attach.
 *
 * v2 has no device files: a program attached to a group answers for every open and mknod of its
 * processes. Programs of the groups above answer as well, and all must agree
 * (BPF_F_ALLOW_MULTI), so a container can never widen what it got.
 */
#ifndef SV_OS_BPF_DEVICE_H
#define SV_OS_BPF_DEVICE_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/err.h"

/* Loads CODE and attaches it to the group CGROUP (a descriptor of the directory, not O_PATH). It
 * stays as long as the group. */
int sv_bpf_device_attach(int cgroup, const struct bpf_insn *code, size_t count, struct sv_err *err);

#endif
