/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - makes system calls and says what became of them: calls NAME|NUMBER[:ARG...]...
 *
 * Each line is "NAME[:ARG...] OUTCOME", the outcome being "ok" or the name of the errno. Arguments
 * are numbers as strtoull(3) takes them; those that are missing are 0. The names are those that
 * tests use. After a word "result", only the results of the calls are printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} names[] = {
	{ "acct", SYS_acct },
	{ "bpf", SYS_bpf },
	{ "capset", SYS_capset },
	{ "clone3", SYS_clone3 },
	{ "getpid", SYS_getpid },
	{ "getppid", SYS_getppid },
	{ "getpgid", SYS_getpgid },
	{ "kexec_load", SYS_kexec_load },
	{ "keyctl", SYS_keyctl },
	{ "mount", SYS_mount },
	{ "personality", SYS_personality },
	{ "socket", SYS_socket },
	{ "swapon", SYS_swapon },
	{ "unshare", SYS_unshare },
	{ "userfaultfd", SYS_userfaultfd },
};

int main(int argc, char **argv)
{
	int results = 0;

	for (int i = 1; i < argc; i++) {
		unsigned long args[6] = { 0 };
		char *copy = strdup(argv[i]), *rest = copy, *name = strsep(&rest, ":"), *word;
		long number = strtol(name, NULL, 0), r;

		if (strcmp(name, "result") == 0) {
			results = 1;
			free(copy);
			continue;
		}
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			if (strcmp(names[k].name, name) == 0)
				number = names[k].number;
		}
		for (int k = 0; k < 6 && (word = strsep(&rest, ":")); k++)
			args[k] = strtoull(word, NULL, 0);
		r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
		if (results)
			printf("%ld\n", r);
		else
			printf("%s %s\n", argv[i], r == -1 ? strerrorname_np(errno) : "ok");
		fflush(stdout);
		free(copy);
	}
	return 0;
}
