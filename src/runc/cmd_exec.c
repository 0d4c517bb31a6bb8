/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec.c - `exec`: the command line and the process it asks for; joining is in join.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/fd.h"
#include "os/file.h"
#include "runc/join.h"
#include "runc/options.h"
#include "runc/syscont.h"

#define PROCESS_MAX (64 << 20)

struct words {
	const char *process, *user, *cwd, *apparmor, *label, *preserve_fds, *cgroup;
	struct sv_list env, caps, groups;
	bool tty, no_new_privs, ignore_paused, detach;
};

static void words_done(struct words *w)
{
	sv_list_done(&w->env);
	sv_list_done(&w->caps);
	sv_list_done(&w->groups);
}

static int replace(char **to, const char *by, struct sv_err *err)
{
	char *copy = strdup(by);

	if (!copy)
		return sv_err_oom(err);
	free(*to);
	*to = copy;
	return 0;
}

/* "UID[:GID]", numbers as in runc: names would have to be looked up in files of the container. */
static int set_user(struct oci_user *user, const char *word, struct sv_err *err)
{
	autofree char *uid = strndup(word, strcspn(word, ":"));
	const char *gid = strchr(word, ':');
	int r;

	if (!uid)
		return sv_err_oom(err);
	r = sv_parse_u32(uid, &user->uid, err);
	if (r == 0 && gid)
		r = sv_parse_u32(gid + 1, &user->gid, err);
	return r < 0 ? sv_err_ctx(err, "--user '%s'", word) : 0;
}

static int add_groups(struct oci_user *user, const struct sv_list *words, struct sv_err *err)
{
	for (size_t i = 0; i < words->count; i++) {
		uint32_t *groups = reallocarray(user->groups, user->n_groups + 1, sizeof(*groups));
		int r;

		if (!groups)
			return sv_err_oom(err);
		user->groups = groups;
		r = sv_parse_u32(words->items[i], &groups[user->n_groups], err);
		if (r < 0)
			return sv_err_ctx(err, "--additional-gids '%s'", words->items[i]);
		user->n_groups++;
	}
	return 0;
}

static int add_caps(struct oci_caps *caps, const struct sv_list *words, struct sv_err *err)
{
	for (size_t i = 0; i < words->count; i++) {
		int cap = oci_cap_by_name(words->items[i]);
		uint64_t bit;

		if (cap < 0)
			return sv_err_say(err, EINVAL, "--cap '%s': unknown capability", words->items[i]);
		bit = 1ULL << cap;
		caps->set = true;
		caps->bounding |= bit;
		caps->permitted |= bit;
		caps->effective |= bit;
		/* Without these two a user other than root would lose it when the program is executed. */
		caps->inheritable |= bit;
		caps->ambient |= bit;
	}
	return 0;
}

/* The process of the container's own program with another command line and what the options say. */
static int change_default(const struct words *w, char **args, int n_args, struct oci_process *p, struct sv_err *err)
{
	int r = 0;

	sv_list_done(&p->args);
	for (int i = 0; r == 0 && i < n_args; i++)
		r = sv_list_add(&p->args, args[i], err);
	for (size_t i = 0; r == 0 && i < w->env.count; i++)
		r = sv_list_add(&p->env, w->env.items[i], err);
	if (r == 0 && w->cwd && *w->cwd != '/')
		r = sv_err_say(err, EINVAL, "--cwd '%s': Cwd must be an absolute path", w->cwd);
	if (r == 0 && w->cwd)
		r = replace(&p->cwd, w->cwd, err);
	if (r == 0 && w->apparmor)
		r = replace(&p->apparmor, w->apparmor, err);
	if (r == 0 && w->label)
		r = replace(&p->selinux, w->label, err);
	if (r == 0 && w->user)
		r = set_user(&p->user, w->user, err);
	if (r == 0)
		r = add_groups(&p->user, &w->groups, err);
	if (r == 0)
		r = add_caps(&p->caps, &w->caps, err);
	p->terminal = w->tty;
	p->rows = p->cols = 0;
	p->no_new_privs |= w->no_new_privs;
	return r;
}

static int read_process(const char *path, struct oci_process *ret, struct sv_err *err)
{
	struct json_object *doc = NULL;
	autofree char *text = NULL;
	struct sv_json top = { 0 };
	size_t len;
	int r = sv_file_read(AT_FDCWD, path, PROCESS_MAX, &text, &len, err);

	if (r == 0)
		r = sv_json_parse(text, len, &doc, err);
	if (r == 0) {
		top.value = doc;
		oci_process_done(ret);
		*ret = (struct oci_process){ 0 };
		r = oci_process_parse(&top, ret, err);
	}
	json_object_put(doc);
	if (r == 0 && !ret->set)
		r = sv_err_say(err, EINVAL, "no process in it");
	return r < 0 ? sv_err_ctx(err, "--process '%s'", path) : 0;
}

static int make_process(const struct words *w, char **args, int n_args, struct rc_container *c, struct sv_err *err)
{
	int r;

	if (w->process) {
		r = read_process(w->process, &c->process, err);
		c->process.terminal |= w->tty;
	} else {
		if (n_args == 0)
			return sv_err_say(err, EINVAL, "process args cannot be empty");
		r = change_default(w, args, n_args, &c->process, err);
	}
	return r < 0 ? r : rc_syscont_process(&c->process, c->annotations, c->n_annotations, err);
}

/* What the kernel would let us do, and nobody would want. */
static int check_status(const struct rc_container *c, bool ignore_paused, struct sv_err *err)
{
	enum rc_status status;
	int r = rc_container_status(c, &status, err);

	if (r < 0)
		return r;
	if (status == RC_PAUSED && !ignore_paused)
		return sv_err_say(err, EBUSY, "cannot exec in a paused container (use --ignore-paused to override)");
	if (status == RC_STOPPED)
		return sv_err_say(err, ESRCH, "cannot exec in a stopped container");
	if (status == RC_CREATING)
		return sv_err_say(err, EAGAIN, "cannot exec in a container that is being created");
	return 0;
}

static int exec_in(const struct rc_globals *g, const struct words *w, struct rc_join *j, char **argv, int n_args, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	int r = rc_container_load(g->root, argv[0], false, RC_PART_ALL, &c, err);

	if (r == 0)
		r = check_status(&c, w->ignore_paused, err);
	if (r == 0)
		r = make_process(w, argv + 1, n_args, &c, err);
	if (r == 0) {
		j->container = &c;
		r = rc_join(j, err);
		j->container = NULL;
	}
	return r;
}

int rc_cmd_exec(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	static const char usage[] = "sysvisor-runc exec - run a further process in a container\n\n"
				    "USAGE:\n   sysvisor-runc exec [options] CONTAINER-ID COMMAND [ARGUMENT...]\n"
				    "   sysvisor-runc exec [options] --process FILE CONTAINER-ID";
	struct rc_join j = { 0 };
	struct words w = { 0 };
	uint32_t preserve = 0;
	const struct rc_option table[] = {
		{ "process", 'p', RC_OPT_TEXT, &w.process, "FILE", "the process as in config.json" },
		{ "console-socket", 0, RC_OPT_TEXT, &j.console_socket, "PATH", "unix socket that gets the terminal's master" },
		{ "pid-file", 0, RC_OPT_TEXT, &j.pid_file, "FILE", "write the pid of the process to FILE" },
		{ "detach", 'd', RC_OPT_FLAG, &w.detach, NULL, "do not wait for the process" },
		{ "tty", 't', RC_OPT_FLAG, &w.tty, NULL, "give it a terminal" },
		{ "user", 'u', RC_OPT_TEXT, &w.user, "UID[:GID]", "ids inside the container" },
		{ "additional-gids", 'g', RC_OPT_LIST, &w.groups, "GID", "one more group; may be repeated" },
		{ "cwd", 0, RC_OPT_TEXT, &w.cwd, "DIR", "working directory inside the container" },
		{ "env", 'e', RC_OPT_LIST, &w.env, "NAME=VALUE", "one more variable; may be repeated" },
		{ "cap", 'c', RC_OPT_LIST, &w.caps, "CAP", "one more capability; may be repeated" },
		{ "no-new-privs", 0, RC_OPT_FLAG, &w.no_new_privs, NULL, "set no_new_privs" },
		{ "apparmor", 0, RC_OPT_TEXT, &w.apparmor, "PROFILE", "AppArmor profile of the process" },
		{ "process-label", 0, RC_OPT_TEXT, &w.label, "LABEL", "SELinux label of the process" },
		{ "cgroup", 0, RC_OPT_TEXT, &w.cgroup, "PATH", "run it in this sub-group of the container's cgroup" },
		{ "ignore-paused", 0, RC_OPT_FLAG, &w.ignore_paused, NULL, "also if the container is paused; it waits then" },
		{ "preserve-fds", 0, RC_OPT_TEXT, &w.preserve_fds, "N", "pass N descriptors from 3 on to the process" },
		{ "no-subreaper", 0, RC_OPT_FLAG, &j.no_subreaper, NULL, "do not reap reparented processes" },
	};
	int first, r = rc_options_parse(table, SV_COUNT(table), usage, true, argc, argv, &first, err);

	if (r == 0)
		r = rc_options_arguments(argv[0], argc - first, 1, -1, err);
	if (r == 0 && w.preserve_fds)
		r = sv_parse_u32(w.preserve_fds, &preserve, err);
	if (r == 0 && preserve > 1000)
		r = sv_err_say(err, EINVAL, "--preserve-fds %u: at most 1000", preserve);
	if (r == 0)
		r = sv_fd_cloexec_from(3 + preserve, err);
	if (r == 1) {
		words_done(&w);
		return 0;	/* --help */
	}
	if (r == 0) {
		j.preserve_fds = (int)preserve;
		j.attached = !w.detach;
		j.subgroup = w.cgroup ? w.cgroup : "";
		r = exec_in(g, &w, &j, argv + first, argc - first - 1, err);
	}
	words_done(&w);
	return r;
}
