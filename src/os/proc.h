/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc.h - what /proc/<pid>/stat tells about a process.
 *
 * A pid is a name that the kernel gives again; a pid with its start time is one process.
 */
#ifndef SV_OS_PROC_H
#define SV_OS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sv_proc {
	char state;		/* 'R', 'S', 'D', 'T', 'Z' ... as in proc(5) */
	pid_t parent;
	uint64_t start;		/* clock ticks from boot to the start of the process */
};

/* -ESRCH: there is no such process. Other errors are from reading /proc. No story: the caller knows what it asked for. */
int sv_proc_read(pid_t pid, struct sv_proc *ret);

/* The pure part: TEXT is the content of a stat file. -EINVAL if it is none. */
int sv_proc_parse(const char *text, struct sv_proc *ret);

/* It has ended, whether or not its parent has been told. */
bool sv_proc_dead(const struct sv_proc *p);

#endif
