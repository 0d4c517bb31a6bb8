/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard - runs one test file, and lets nothing that it started outlive it.
 *
 *   guard SECONDS LEFTOVERS command [argument...]
 *
 * The command runs in a session of its own. As a child subreaper the guard inherits every process that loses its
 * parent, also the init of a container and the shim of an engine, so "what is left" needs no guessing by name. Each
 * process that is still there two seconds after the command ended is written to the file LEFTOVERS (one line each)
 * and killed. After SECONDS everything is killed. The exit status is the command's, 128 + signal, or 124 for a timeout.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCS 4096

struct proc {
	pid_t pid, parent;
	bool ours;
};

static struct proc procs[MAX_PROCS];
static size_t n_procs;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads a small file of /proc/PID into BUF as text, NULs turned into blanks. The length, 0 if it is gone. */
static size_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	buf[n] = 0;
	return (size_t)n;
}

/* Fills procs with all that live; zombies that wait for another parent than us are not worth a word. */
static void list_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	n_procs = 0;
	while (dir && (entry = readdir(dir)) && n_procs < MAX_PROCS) {
		char stat[512], state, *rest;
		int parent;
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 0 || !read_proc(pid, "stat", stat, sizeof(stat)))
			continue;
		rest = strrchr(stat, ')');
		if (!rest || sscanf(rest + 1, " %c %d", &state, &parent) != 2 || state == 'Z')
			continue;
		procs[n_procs++] = (struct proc){ .pid = pid, .parent = parent };
	}
	if (dir)
		closedir(dir);
}

/* Marks everything below this process, children before their own children, until a pass finds no more. */
static size_t mark_descendants(void)
{
	size_t found = 0, before;

	list_processes();
	do {
		before = found;
		for (size_t i = 0; i < n_procs; i++) {
			struct proc *p = &procs[i];
			bool child = p->parent == getpid();

			for (size_t j = 0; !p->ours && !child && j < n_procs; j++)
				child = procs[j].ours && procs[j].pid == p->parent;
			if (child && !p->ours) {
				p->ours = true;
				found++;
			}
		}
	} while (found != before);
	return found;
}

static void reap(pid_t command, int *status, bool *ended)
{
	int st;
	pid_t pid;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
		if (pid == command) {
			*status = st;
			*ended = true;
		}
}

static void report(const char *file)
{
	FILE *out = fopen(file, "ae");

	for (size_t i = 0; out && i < n_procs; i++) {
		char cmdline[256] = "", comm[64] = "";

		if (!procs[i].ours)
			continue;
		read_proc(procs[i].pid, "cmdline", cmdline, sizeof(cmdline));
		read_proc(procs[i].pid, "comm", comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = 0;
		fprintf(out, "process %d (%s) %s\n", (int)procs[i].pid, comm, cmdline);
	}
	if (out)
		fclose(out);
}

/* A frozen task cannot die, hence the bound. */
static void kill_descendants(pid_t command, int *status, bool *ended)
{
	double end = now() + 5;

	while (now() < end) {
		reap(command, status, ended);
		if (!mark_descendants())
			return;
		for (size_t i = 0; i < n_procs; i++)
			if (procs[i].ours)
				kill(procs[i].pid, SIGKILL);
		usleep(20000);
	}
}

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

int main(int argc, char **argv)
{
	bool ended = false, timeout = false;
	double limit, grace;
	int status = 0;
	pid_t command;

	if (argc < 4) {
		fprintf(stderr, "usage: guard SECONDS LEFTOVERS command [argument...]\n");
		return 2;
	}
	limit = now() + atof(argv[1]);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("guard: prctl");
		return 2;
	}
	command = fork();
	if (command < 0) {
		perror("guard: fork");
		return 2;
	}
	if (command == 0) {
		setsid();
		execvp(argv[3], &argv[3]);
		perror(argv[3]);
		_exit(127);
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGHUP, on_signal);

	while (!ended && !timeout && !stopped) {
		usleep(20000);
		reap(command, &status, &ended);
		timeout = now() > limit;
	}
	for (grace = now() + 2; ended && now() < grace && mark_descendants(); usleep(50000))
		reap(command, &status, &ended);
	reap(command, &status, &ended);
	if (mark_descendants() && ended)
		report(argv[2]);
	kill_descendants(command, &status, &ended);

	if (stopped)
		return 128 + (int)stopped;
	if (timeout)
		return 124;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
