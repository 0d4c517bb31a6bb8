/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - lets one step of a program fail, or kills the program at it.
 *
 *   fault REPORT PROCESS STEP ACTION command [argument...]
 *
 * The command and all that it forks are traced. PROCESS is a number in the order of their creation, 0 the command itself;
 * STEP counts from 1 the system calls of that process that can fail (see the table below). ACTION is what happens there:
 *
 *   EIO, ENOSPC, ENOMEM, EMFILE, EINTR   the call is not made and fails so
 *   kill                         that process gets SIGKILL before the call
 *   kill-first                   the command itself (process 0) does
 *   none                         nothing: the report tells how many steps there are
 *
 * The report is sourced by a shell: hit= the name of the call (empty if the process ended before it), steps= how many steps
 * each process made ("211 90 134"), alive= the processes that outlive the command. A process that executes another program
 * than the command itself is let go. The exit status is that of the command, 128 + signal if it was killed.
 *
 * ptrace(2) and not LD_PRELOAD, because the program makes many calls by number, and forks without libc knowing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#define MAX_PROCS 256
#define CALL(name) { SYS_##name, #name }

/* Those of which the runtime looks at the result. Not close, exit, wait, signal masks and the like,
 * which can fail only by a mistake in the program. */
static const struct {
	long number;
	const char *name;
} fallible[] = {
	CALL(open), CALL(openat), CALL(openat2), CALL(read), CALL(pread64), CALL(write), CALL(writev), CALL(pwrite64),
	CALL(stat), CALL(fstat), CALL(lstat), CALL(newfstatat), CALL(statx), CALL(statfs), CALL(fstatfs), CALL(access),
	CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(getcwd), CALL(lseek),
	CALL(mkdir), CALL(mkdirat), CALL(mknod), CALL(mknodat), CALL(symlink), CALL(symlinkat), CALL(rename),
	CALL(renameat), CALL(renameat2), CALL(unlink), CALL(unlinkat), CALL(rmdir), CALL(link), CALL(linkat),
	CALL(chown), CALL(fchown), CALL(fchownat), CALL(chmod), CALL(fchmod), CALL(fchmodat), CALL(ftruncate),
	CALL(fsync), CALL(utimensat), CALL(sendfile), CALL(copy_file_range), CALL(flock), CALL(fcntl), CALL(ioctl),
	CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe2), CALL(socket), CALL(socketpair), CALL(connect), CALL(sendmsg),
	CALL(recvmsg), CALL(sendto), CALL(recvfrom), CALL(poll), CALL(ppoll), CALL(epoll_create1), CALL(epoll_ctl),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(signalfd4), CALL(timerfd_create), CALL(memfd_create), CALL(mmap),
	CALL(mremap), CALL(fork), CALL(vfork), CALL(clone), CALL(clone3), CALL(execve),
	CALL(kill), CALL(pidfd_open), CALL(pidfd_send_signal), CALL(unshare), CALL(setns), CALL(mount),
	CALL(umount2), CALL(pivot_root), CALL(open_tree), CALL(move_mount), CALL(mount_setattr), CALL(fsopen),
	CALL(fsconfig), CALL(fsmount), CALL(chdir), CALL(fchdir), CALL(chroot), CALL(sethostname), CALL(setdomainname),
	CALL(setsid), CALL(setgroups), CALL(setresuid), CALL(setresgid), CALL(capget), CALL(capset), CALL(prctl),
	CALL(seccomp), CALL(keyctl), CALL(prlimit64), CALL(bpf), CALL(personality), CALL(close_range),
	CALL(sched_setattr), CALL(sched_setaffinity), CALL(ioprio_set),
};

static const struct {
	const char *name;
	int code;
} codes[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "ENOMEM", ENOMEM }, { "EMFILE", EMFILE }, { "EINTR", EINTR } };

struct proc {
	pid_t pid;
	long steps;
	bool alive, let_go, failing;	/* failing: the result of the call under way is to be replaced */
};

static struct proc procs[MAX_PROCS];
static size_t n_procs;

static const char *name_of(unsigned long number)
{
	for (size_t i = 0; i < sizeof(fallible) / sizeof(fallible[0]); i++)
		if ((unsigned long)fallible[i].number == number)
			return fallible[i].name;
	return NULL;
}

static struct proc *proc_of(pid_t pid)
{
	for (size_t i = n_procs; i > 0; i--)
		if (procs[i - 1].pid == pid && procs[i - 1].alive)
			return &procs[i - 1];
	if (n_procs == MAX_PROCS)
		exit(125);
	procs[n_procs] = (struct proc){ .pid = pid, .alive = true };
	return &procs[n_procs++];
}

static void set_registers(pid_t pid, long number, long result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return;
	regs.orig_rax = (unsigned long)number;
	regs.rax = (unsigned long)result;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

static pid_t start(char **argv)
{
	int gate[2];
	char byte;
	pid_t pid;

	if (pipe(gate) < 0 || (pid = fork()) < 0)
		exit(125);
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) < 0)
			_exit(125);
		close(gate[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
						    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) < 0)
		exit(125);
	close(gate[0]);
	close(gate[1]);
	/* From its first stop on, every system call is one. */
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	return pid;
}

int main(int argc, char **argv)
{
	long process, step, code = 0;
	const char *action, *hit = "";
	bool counting = false;
	int status = 0, end;
	pid_t first, pid;
	FILE *report;

	if (argc < 6)
		return 125;
	report = fopen(argv[1], "we");
	process = atol(argv[2]);
	step = atol(argv[3]);
	action = argv[4];
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i].name, action) == 0)
			code = codes[i].code;
	if (!report || (!code && strcmp(action, "kill") != 0 && strcmp(action, "kill-first") != 0 && strcmp(action, "none") != 0))
		return 125;
	first = start(argv + 5);
	proc_of(first);

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct proc *p = proc_of(pid);
		int signal = 0, event = status >> 16;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			p->alive = false;
			if (pid == first)
				break;
			continue;
		}
		if (event == PTRACE_EVENT_EXEC) {
			if (pid != first) {
				p->let_go = true;
				ptrace(PTRACE_DETACH, pid, NULL, NULL);
				continue;
			}
			counting = true;
		} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
			unsigned long child;

			if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0)
				proc_of((pid_t)child);
		} else if (event == PTRACE_EVENT_STOP) {
			if (WSTOPSIG(status) != SIGTRAP) {
				ptrace(PTRACE_LISTEN, pid, NULL, NULL);
				continue;
			}
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct __ptrace_syscall_info info;

			if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
				continue;
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY && counting && name_of(info.entry.nr)) {
				p->steps++;
				if (p == &procs[process] && p->steps == step && *action != 'n') {
					hit = name_of(info.entry.nr);
					fprintf(report, "hit='%s'\n", hit);	/* at once: it may hang */
					fflush(report);
					if (code)
						set_registers(pid, -1, -ENOSYS);
					else
						kill(*action && strcmp(action, "kill-first") == 0 ? first : pid, SIGKILL);
					p->failing = code;
				}
			} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
				set_registers(pid, -1, -code);
				p->failing = false;
			}
		} else {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal);
	}

	end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(report, "hit='%s' steps='", hit);
	for (size_t i = 0; i < n_procs; i++)
		fprintf(report, "%s%ld", i ? " " : "", procs[i].steps);
	fprintf(report, "' alive='");
	for (size_t i = 0; i < n_procs; i++)
		if (procs[i].alive)
			fprintf(report, "%d ", procs[i].pid);
	fprintf(report, "'\n");
	fclose(report);
	/* The kernel lets those go that we trace. */
	return end;
}

#else

int main(void)
{
	fprintf(stderr, "fault: knows the registers of x86-64 only\n");
	return 125;
}

#endif
