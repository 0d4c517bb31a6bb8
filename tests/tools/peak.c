/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peak - runs a command and writes to stderr, last of all, the largest resident set (kB) of it and all it waited for.
 *
 *	peak COMMAND ARG...
 *
 * The exit status is the command's.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: peak COMMAND ARG...\n");
		return 2;
	}
	/* Not fork(2): until its exec a child is as large as we are. */
	pid = vfork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("peak");
		return 126;
	}
	fprintf(stderr, "%ld\n", usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
