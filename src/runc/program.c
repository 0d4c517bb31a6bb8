/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - looks for the program as execvp would, but beforehand, and as other runtimes word it.
 */
#include "runc/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PASSWD_MAX (1 << 20)

/* The value of NAME (with its '=') in ENV; of several the last, NULL if there is none. */
static const char *env_value(const struct sv_list *env, const char *name)
{
	for (size_t i = env->count; i > 0; i--) {
		if (sv_str_starts(env->items[i - 1], name))
			return env->items[i - 1] + strlen(name);
	}
	return NULL;
}

/* 0 or the errno that execve would give, as far as it can be known beforehand. */
static int try_file(const char *path, struct stat *st)
{
	if (stat(path, st) < 0)
		return errno;
	if (S_ISDIR(st->st_mode))
		return EISDIR;
	/* Real and effective ids are the same by now. */
	if (access(path, X_OK) < 0)
		return errno;
	return S_ISREG(st->st_mode) ? 0 : EACCES;
}

static int find_direct(const char *name, char **ret, struct sv_err *err)
{
	struct stat st;
	int code = try_file(name, &st);

	switch (code) {
	case 0:
		break;
	case EISDIR:
		return sv_err_say(err, code, "exec: \"%.200s\": is a directory", name);
	case EACCES:
		return sv_err_say(err, code, "exec: \"%.200s\": permission denied", name);
	case ENOENT:
		return sv_err_say(err, code,
				  "exec: \"%.150s\": stat %.150s: no such file or directory", name,
				  name);
	default:
		return sv_err_set(err, code, "exec: \"%.150s\": stat %.150s", name, name);
	}
	*ret = strdup(name);
	return *ret ? 0 : sv_err_oom(err);
}

int rc_program_find(const struct oci_process *process, char **ret, struct sv_err *err)
{
	const char *name = process->args.count ? process->args.items[0] : "";
	const char *p = env_value(&process->env, "PATH=");

	if (strchr(name, '/'))
		return find_direct(name, ret, err);

	if (p && !*p)
		p = NULL;
	while (p && *name) {
		int len = (int)strcspn(p, ":");
		autofree char *path = NULL;
		struct stat st;
		int code, r;

		r = sv_str_format(&path, err, "%.*s%s%s", len ? len : 1, len ? p : ".",
				  len && p[len - 1] == '/' ? "" : "/", name);
		if (r < 0)
			return r;
		code = try_file(path, &st);
		if (code == 0) {
			*ret = sv_steal(path);
			return 0;
		}
		/* A disk that fails must not pass for a name that is missing. */
		if (code != ENOENT && code != ENOTDIR && code != EACCES && code != EISDIR)
			return sv_err_set(err, code, "exec: \"%.150s\": stat %.150s", name, path);
		p = p[len] ? p + len + 1 : NULL;
	}
	return sv_err_say(err, ENOENT, "exec: \"%.200s\": executable file not found in $PATH",
			  name);
}

/* Cuts LINE at its colons; NULL unless it has the seven fields of passwd(5) and its third is UID.
 * Returns the sixth. */
static char *home_in_line(char *line, uint32_t uid)
{
	char *field[7];
	char *end;
	unsigned long number;

	for (int i = 0; i < 7; i++) {
		field[i] = strsep(&line, ":");
		if (!field[i])
			return NULL;
	}
	if (*field[2] < '0' || *field[2] > '9')
		return NULL;
	errno = 0;
	number = strtoul(field[2], &end, 10);
	if (errno || *end || number != uid)
		return NULL;
	return field[5];
}

/* The home directory of UID by FD, an open passwd file; "" if unknown. Longer lines than BUF are
 * not entries. */
static void find_home(int fd, uint32_t uid, char *buf, size_t size, const char **ret)
{
	size_t have = 0, total = 0;
	bool skip = false;

	*ret = "";
	for (;;) {
		ssize_t n = total < PASSWD_MAX ? read(fd, buf + have, size - 1 - have) : 0;
		char *line = buf, *end;

		if (n < 0)
			return;
		total += (size_t)n;
		have += (size_t)n;
		/* The last line may lack its newline. */
		if (n == 0 && have > 0)
			buf[have++] = '\n';
		while ((end = memchr(line, '\n', have - (size_t)(line - buf)))) {
			char *home;

			*end = '\0';
			home = skip ? NULL : home_in_line(line, uid);
			if (home) {
				*ret = home;
				return;
			}
			skip = false;
			line = end + 1;
		}
		if (n == 0)
			return;
		have -= (size_t)(line - buf);
		memmove(buf, line, have);
		if (have == size - 1) {
			have = 0;
			skip = true;
		}
	}
}

int rc_program_home(struct oci_process *process, struct sv_err *err)
{
	const char *now = env_value(&process->env, "HOME="), *home = "";
	autofree char *text = NULL;
	autoclose int fd = -1;
	char buf[4096];
	struct stat st;
	int r;

	if (now && *now)
		return 0;
	/* The file is the container's: it may be a pipe, a terminal, or endless. */
	fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		find_home(fd, process->user.uid, buf, sizeof(buf), &home);
	r = sv_str_format(&text, err, "HOME=%s", *home ? home : "/");
	if (r < 0)
		return r;
	for (size_t i = process->env.count; i > 0; i--) {
		if (sv_str_starts(process->env.items[i - 1], "HOME="))
			sv_list_remove(&process->env, i - 1);
	}
	return sv_list_add(&process->env, text, err);
}

int rc_program_exec(const char *path, const struct oci_process *process, struct sv_err *err)
{
	static char *const no_env[] = { NULL };

	execve(path, process->args.items, process->env.items ? process->env.items : no_env);
	return sv_err_set(err, errno, "exec: \"%.200s\"", path);
}
