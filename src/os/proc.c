/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - /proc/<pid>/stat, whose second field may contain anything, blanks and parentheses as well. */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"

/* Numbers of fields as proc(5) counts them; the command name is field 2. */
enum { FIELD_STATE = 3, FIELD_PARENT = 4, FIELD_START = 22 };

int sv_proc_parse(const char *text, struct sv_proc *ret)
{
	struct sv_proc p = { 0 };
	const char *at = strrchr(text, ')');

	if (!at)
		return -EINVAL;
	at++;
	for (int field = FIELD_STATE; field <= FIELD_START; field++) {
		if (*at++ != ' ' || *at == '\0')
			return -EINVAL;
		if (field == FIELD_STATE)
			p.state = *at;
		else if (field == FIELD_PARENT)
			p.parent = (pid_t)strtol(at, NULL, 10);
		else if (field == FIELD_START)
			p.start = strtoull(at, NULL, 10);
		at += strcspn(at, " \n");
	}
	*ret = p;
	return 0;
}

int sv_proc_read(pid_t pid, struct sv_proc *ret)
{
	char path[32], text[1024]; /* 52 numbers and a name of at most 64 bytes */
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = sv_file_peek(AT_FDCWD, path, text, sizeof(text));
	if (n == -ENOENT || n == -ESRCH)
		return -ESRCH;
	if (n < 0)
		return (int)n;
	return sv_proc_parse(text, ret);
}

bool sv_proc_dead(const struct sv_proc *p)
{
	return p->state == 'Z' || p->state == 'X' || p->state == 'x';
}
