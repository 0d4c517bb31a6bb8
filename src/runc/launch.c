/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - see launch.h and the picture in stages.h. */
#include "runc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/idmap.h"
#include "os/proc.h"
#include "os/sync.h"
#include "runc/bundle.h"
#include "runc/console.h"
#include "runc/destroy.h"
#include "runc/facts.h"
#include "runc/filter_file.h"
#include "runc/hooks.h"
#include "runc/keyring.h"
#include "runc/limits.h"
#include "runc/lsm.h"
#include "runc/pidfile.h"
#include "runc/rdt.h"
#include "runc/ready.h"
#include "runc/spawn.h"
#include "runc/terminal.h"

/* All that one launch holds; ended by end_story(), whatever happened. */
struct story {
	const struct rc_launch_request *q;
	struct rc_launched *out;
	struct rc_launch l;
	int console;			/* --console-socket, connected */
	int init_cgroup, assembler_cgroup;	/* v2 directories to clone into */
	bool made;			/* ROOT/<id> is ours to remove on failure */
	bool hooks_ran;
};

/* ---- reading ---- */

static int open_bundle(struct story *s, struct sv_err *err)
{
	struct rc_bundle b = RC_BUNDLE_INIT;
	int r = rc_bundle_open(s->q->bundle, &b, &s->out->spec, err);

	s->l.bundle = b.dir;
	s->l.rootfs = b.rootfs;
	s->out->container.bundle = b.path;
	s->out->container.rootfs = b.rootfs_path;
	return r;
}

/* The pure transformation between what was read and what the host says. */
static int make_system_container(struct story *s, struct sv_err *err)
{
	struct oci_spec *spec = &s->out->spec;
	struct rc_syscont_facts facts = { 0 };
	bool brought = spec->linux.maps.n_uids > 0;
	int r = rc_facts_find(&s->l, &facts, err);

	if (r == 0)
		r = rc_syscont_apply(spec, &facts, err);
	rc_facts_done(&facts);
	if (r < 0)
		return r;
	s->l.remapped = brought;
	if (!sv_idmap_out(spec->linux.maps.uids, spec->linux.maps.n_uids, 0, &s->l.root_uid) ||
	    !sv_idmap_out(spec->linux.maps.gids, spec->linux.maps.n_gids, 0, &s->l.root_gid))
		return sv_err_say(err, EINVAL, "linux.uidMappings: id 0 of the container is not mapped");
	s->l.forks_later = s->q->globals->systemd_cgroup;
	for (size_t i = 0; i < OCI_HOOK_MAX; i++)
		s->l.forks_later |= spec->hooks[i].count > 0;
	s->l.hooks_in_build = spec->hooks[OCI_HOOK_PRESTART].count || spec->hooks[OCI_HOOK_CREATE_RUNTIME].count ||
			      spec->hooks[OCI_HOOK_CREATE_CONTAINER].count;
	return 0;
}

/* Everything that can be refused is refused here, before anything is made. */
static int read_and_check(struct story *s, struct sv_err *err)
{
	struct oci_spec *spec = &s->out->spec;
	int r = rc_container_check_id(s->q->id, err);

	if (r == 0)
		r = open_bundle(s, err);
	if (r == 0)
		r = rc_console_check(spec->process.terminal, s->q->attached, s->q->console_socket, err);
	if (r == 0 && !s->q->globals->no_cgroup)
		r = rc_cgroup_plan(&s->out->container.cgroup, s->q->id, spec->linux.cgroups_path,
				   s->q->globals->systemd_cgroup, err);
	/* Before the rules are changed, so that a mistake is told with its place in the document. */
	if (r == 0)
		r = rc_filter_check(&spec->linux.seccomp, err);
	if (r == 0)
		r = make_system_container(s, err);
	if (r == 0)
		r = rc_lsm_check(&spec->process, err);
	if (r == 0 && s->q->console_socket)
		r = rc_terminal_connect(s->q->console_socket, &s->console, err);
	return r;
}

/* ---- the container on disk ---- */

/* What later commands need is lent by the spec, which lives as long; rc_launched_done() takes it back. */
static void lend(const struct oci_spec *spec, struct rc_container *c)
{
	c->maps = spec->linux.maps;
	c->annotations = spec->annotations;
	c->n_annotations = spec->n_annotations;
	c->process = spec->process;
	c->poststart = spec->hooks[OCI_HOOK_POSTSTART];
	c->poststop = spec->hooks[OCI_HOOK_POSTSTOP];
	c->listener = spec->linux.seccomp.listener_path;
	c->listener_metadata = spec->linux.seccomp.listener_metadata;
}

static void take_back(struct rc_container *c)
{
	c->maps = (struct oci_maps){ 0 };
	c->annotations = NULL;
	c->n_annotations = 0;
	c->process = (struct oci_process){ 0 };
	c->poststart = (struct oci_hooks){ 0 };
	c->poststop = (struct oci_hooks){ 0 };
	c->listener = NULL;
	c->listener_metadata = NULL;
}

/* The directory, and in it what delete needs if we are killed from here on. */
static int make_container(struct story *s, struct sv_err *err)
{
	struct rc_container made = RC_CONTAINER_INIT, *c = &s->out->container;
	int r = rc_container_make(s->q->globals->root, s->q->id, &made, &s->l.state_root, err);

	if (r < 0)
		return r;
	s->made = true;
	made.bundle = c->bundle;
	made.rootfs = c->rootfs;
	made.cgroup = c->cgroup;
	made.no_new_keyring = s->q->no_new_keyring;
	*c = made;
	lend(&s->out->spec, c);
	c->cgroup.made = true;	/* soon; a killed create must be cleaned up after */
	r = rc_container_save(c, err);
	c->cgroup.made = false;
	if (r < 0)
		return r;
	return s->q->wait_for_start ? rc_container_fifo_make(c, &s->l.fifo, err) : 0;
}

static int load_filter(struct story *s, struct sv_err *err)
{
	autoclose int cache = -1;
	int r;

	if (!s->out->spec.linux.seccomp.profile)
		return 0;
	cache = openat(s->l.state_root, ".seccomp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cache < 0 && errno == ENOENT) {
		if (mkdirat(s->l.state_root, ".seccomp", 0700) < 0 && errno != EEXIST)
			return sv_err_set(err, errno, "cannot make the cache of seccomp filters");
		cache = openat(s->l.state_root, ".seccomp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	r = rc_filter_get(&s->out->spec.linux.seccomp, cache, &s->l.filter, err);
	if (r < 0)
		return r;
	return rc_filter_store(s->out->container.dir, &s->l.filter, err);
}

/* ---- the processes ---- */

/* Pipes and sockets that we were given as stdio are opened again by the container under /dev/stdout: they must belong to its user. Files
 * and devices of the host keep their owner. */
static int own_stdio(const struct story *s, struct sv_err *err)
{
	const struct oci_linux *linux = &s->out->spec.linux;
	uint32_t uid;

	if (s->out->spec.process.terminal ||
	    !sv_idmap_out(linux->maps.uids, linux->maps.n_uids, s->out->spec.process.user.uid, &uid))
		return 0;
	for (int fd = 0; fd <= 2; fd++) {
		struct statfs fs;
		struct stat st;

		if (fstat(fd, &st) < 0)
			return sv_err_set(err, errno, "cannot look at descriptor %d", fd);
		if (S_ISFIFO(st.st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type != PIPEFS_MAGIC)
			continue;
		if ((S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) && fchown(fd, uid, (gid_t)-1) < 0)
			return sv_err_set(err, errno, "cannot give descriptor %d to the container", fd);
	}
	return 0;
}

static int make_channel(int *ours, int *theirs, struct sv_err *err)
{
	int pair[2], r = sv_sync_pair(pair, err);

	if (r < 0)
		return r;
	*ours = pair[0];
	*theirs = pair[1];
	return 0;
}

static int start_init(struct story *s, struct sv_err *err)
{
	const struct oci_maps *maps = &s->out->spec.linux.maps;
	struct rc_launch *l = &s->l;
	int r = make_channel(&l->p_i, &l->i_p, err);

	if (r == 0)
		r = make_channel(&l->a_i, &l->i_a, err);
	if (r == 0)
		r = rc_spawn_init(l, s->init_cgroup, err);
	if (r < 0)
		return r;
	sv_fd_close(&l->i_p);
	sv_fd_close(&l->i_a);
	if (l->ns[OCI_NS_USER] < 0) {
		r = sv_idmap_write(l->init, "uid_map", maps->uids, maps->n_uids, err);
		if (r == 0)
			r = sv_idmap_write(l->init, "gid_map", maps->gids, maps->n_gids, err);
	}
	return r < 0 ? r : sv_sync_send(l->p_i, STEP_MAPPED, NULL, 0, err);
}

static int start_assembler(struct story *s, struct sv_err *err)
{
	struct rc_launch *l = &s->l;
	int r = make_channel(&l->p_a, &l->a_p, err);

	if (r == 0)
		r = rc_spawn_assembler(l, s->assembler_cgroup, err);
	sv_fd_close_all((int[]){ l->a_i, l->a_p }, l->a_p >= 0 ? 2 : 1);
	l->a_i = l->a_p = -1;
	return r;
}

static int make_cgroup(struct story *s, struct sv_err *err)
{
	struct rc_cgroup *cg = &s->out->container.cgroup;
	int tasks[RC_CGROUP_MAX], r = 0;
	size_t count = 0;

	if (cg->layout != RC_CGROUP_NONE) {
		r = rc_cgroup_make(cg, &s->out->spec.linux.resources, s->l.root_uid, s->l.root_gid, s->l.init,
				   s->l.cgroup_ns_by_assembler ? s->l.assembler : 0, err);
		if (r == 0)
			r = rc_cgroup_open_tasks(cg, tasks, &count, err);
	}
	if (r == 0)
		r = sv_sync_send(s->l.p_i, STEP_CGROUP, tasks, count, err);
	sv_fd_close_all(tasks, count);
	return r;
}

/* prestart and createRuntime: the namespaces exist, the tree is built, nothing of it is entered. */
static int run_hooks(struct story *s, struct sv_err *err)
{
	const struct oci_hooks *hooks = s->out->spec.hooks;
	struct rc_container *c = &s->out->container;
	autostr struct sv_str state = { 0 };
	int r;

	if (!s->l.hooks_in_build)
		return 0;
	r = sv_sync_wait(s->l.p_a, "the assembler", STEP_TREE, NULL, 0, NULL, err);
	if (r < 0)
		return r;
	s->hooks_ran = true;
	c->init_pid = s->l.init;
	if (rc_container_state_json(c, RC_CREATING, false, &state) < 0)
		return sv_err_oom(err);
	r = rc_hooks_run(&hooks[OCI_HOOK_PRESTART], OCI_HOOK_PRESTART, &state, c->bundle, err);
	if (r == 0)
		r = rc_hooks_run(&hooks[OCI_HOOK_CREATE_RUNTIME], OCI_HOOK_CREATE_RUNTIME, &state, c->bundle, err);
	return r < 0 ? r : sv_sync_send(s->l.p_a, STEP_BUILD, NULL, 0, err);
}

static int wait_ready(struct story *s, struct sv_err *err)
{
	const struct rc_ready ready = {
		.peer = "the container's init", .process = &s->out->spec.process, .filter = &s->l.filter,
		.seccomp = &s->out->spec.linux.seccomp, .container = &s->out->container, .pid = s->l.init,
		.console = s->console,
	};

	return rc_ready_take(s->l.p_i, STEP_READY, &ready, &s->out->foreground.master, err);
}

static int join_rdt(struct story *s, struct sv_err *err)
{
	const struct oci_rdt *rdt = &s->out->spec.linux.rdt;
	struct rc_container *c = &s->out->container;
	autoclose int root = -1;
	bool made = false;
	int r;

	if (!rdt->set)
		return 0;
	r = rc_rdt_open(&root, err);
	if (r == 0)
		r = rc_rdt_apply(root, rdt, c->id, s->l.init, &made, err);
	if (made) {
		struct sv_err oom = { 0 };

		if (sv_str_format(&c->rdt_group, &oom, "%s", rdt->closid ? rdt->closid : c->id) < 0 && r == 0) {
			*err = oom;
			r = -ENOMEM;
		}
	}
	return r;
}

/* The last limits and the state, now that nothing of the container can fail any more. */
static int seal(struct story *s, struct sv_err *err)
{
	struct rc_container *c = &s->out->container;
	int r = rc_limits_set(s->l.init, &s->out->spec.process, err);

	if (r == 0)
		r = join_rdt(s, err);
	if (r == 0 && c->cgroup.layout != RC_CGROUP_NONE)
		r = rc_cgroup_seal(&c->cgroup, &s->out->spec.linux.resources, s->l.init, err);
	c->init_pid = s->l.init;
	if (r == 0)
		r = sv_proc_start_time(s->l.init, &c->init_start, err);
	if (r == 0)
		r = rc_container_save(c, err);
	return r < 0 ? r : rc_pidfile_write(s->q->pid_file, s->l.init, err);
}

/* GO. The end of the channel says that the program was executed, or for `create` that init waits for `start`. */
static int go(struct story *s, struct sv_err *err)
{
	int r = sv_sync_send(s->l.p_i, STEP_GO, NULL, 0, err);

	return r < 0 ? r : sv_sync_wait_end(s->l.p_i, "the container's init", err);
}

/* ---- the story ---- */

static int reap_assembler(struct story *s, struct sv_err *err)
{
	int status;

	if (waitpid(s->l.assembler, &status, __WALL) < 0)
		return sv_err_set(err, errno, "cannot wait for the assembler");
	s->l.assembler = 0;
	return 0;
}

static int launch_processes(struct story *s, struct sv_err *err)
{
	struct rc_container *c = &s->out->container;
	int r = own_stdio(s, err);

	if (r == 0 && !s->q->no_new_keyring)
		r = rc_keyring_join(c->id, c->created, err);
	if (r == 0 && s->q->attached)
		r = rc_foreground_prepare(&s->out->foreground, err);
	s->l.mask = s->q->attached ? &s->out->foreground.old_mask : NULL;
	if (r == 0 && c->cgroup.layout != RC_CGROUP_NONE)
		r = rc_cgroup_open_v2(&c->cgroup, &s->init_cgroup, &s->assembler_cgroup, err);
	s->l.cgroup_ns_by_assembler = s->assembler_cgroup >= 0;
	if (r == 0)
		r = start_init(s, err);
	if (r == 0)
		r = start_assembler(s, err);
	if (r == 0)
		r = make_cgroup(s, err);
	if (r == 0)
		r = run_hooks(s, err);
	if (r == 0)
		r = wait_ready(s, err);
	if (r == 0)
		r = reap_assembler(s, err);
	if (r == 0)
		r = seal(s, err);
	return r < 0 ? r : go(s, err);
}

/* What is told by who saw another process end, could not find it any more, or sent it what it did not read. */
static bool is_an_end(int code)
{
	return code == EPIPE || code == ESRCH || code == ECONNRESET;
}

/* If a child has told its own story, that is the cause: what we met may only follow from it (to fork into the pid namespace of a
 * dead init is ENOMEM). Those that were killed by us have told nothing. */
static void find_cause(struct story *s, struct sv_err *err)
{
	int channels[] = { s->l.p_i, s->l.p_a };

	for (size_t i = 0; i < SV_COUNT(channels); i++) {
		struct sv_err told = { 0 };

		if (channels[i] < 0 || sv_sync_wait_end(channels[i], "a child", &told) >= 0 ||
		    is_an_end(told.code) || told.code == EPROTO)
			continue;
		*err = told;
		return;
	}
}

/* Both children are ours and not waited for, so their pids are theirs. */
static void end_child(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	*pid = 0;
}

static void undo(struct story *s, struct sv_err *err)
{
	struct rc_container *c = &s->out->container;
	struct sv_err why = { 0 };

	end_child(&s->l.assembler);
	end_child(&s->l.init);
	/* The end of a channel whose process was never made is still ours, and we would wait for ourselves. */
	sv_fd_close(&s->l.i_p);
	sv_fd_close(&s->l.a_p);
	find_cause(s, err);
	if (!s->made)
		return;
	if (!s->hooks_ran)
		c->poststop = (struct oci_hooks){ 0 };
	if (rc_destroy(c, s->q->globals->root, false, &why) < 0)
		sv_warning("container '%s': cannot clean up after a failed create: %s", s->q->id, why.msg);
}

static void end_story(struct story *s)
{
	/* In the order in which they were opened, so that few calls close them all. */
	int fds[] = { s->l.bundle, s->l.rootfs, s->l.state_root, s->l.fifo, s->console, s->init_cgroup, s->assembler_cgroup,
		      s->l.p_i, s->l.i_p, s->l.p_a, s->l.a_p, s->l.a_i, s->l.i_a, s->l.init_pidfd };
	size_t count = 0;

	for (size_t i = 0; i < SV_COUNT(fds); i++)
		if (fds[i] >= 0)
			fds[count++] = fds[i];
	sv_fd_close_all(fds, count);
	for (size_t i = 0; i < OCI_NS_MAX; i++)
		sv_fd_close(&s->l.ns[i]);
	rc_filter_done(&s->l.filter);
}

void rc_launched_done(struct rc_launched *launched)
{
	take_back(&launched->container);
	rc_container_done(&launched->container);
	oci_spec_done(&launched->spec);
	if (launched->foreground.master >= 0)
		sv_fd_close(&launched->foreground.master);
	if (launched->foreground.pidfd >= 0)
		sv_fd_close(&launched->foreground.pidfd);
}

int rc_launch(const struct rc_launch_request *request, struct rc_launched *ret, struct sv_err *err)
{
	struct story s = {
		.q = request,
		.out = ret,
		.l = { .spec = &ret->spec, .container = &ret->container, .no_pivot = request->no_pivot,
		       .preserve_fds = request->preserve_fds, .state_root = -1, .bundle = -1, .rootfs = -1, .p_i = -1, .i_p = -1,
		       .p_a = -1, .a_p = -1, .a_i = -1, .i_a = -1, .init_pidfd = -1, .fifo = -1 },
		.console = -1, .init_cgroup = -1, .assembler_cgroup = -1,
	};
	int r;

	for (size_t i = 0; i < OCI_NS_MAX; i++)
		s.l.ns[i] = -1;
	ret->foreground.subreaper = request->subreaper;
	/* Host root's memory is mapped by processes that enter the container's namespaces. */
	prctl(PR_SET_DUMPABLE, 0);

	r = read_and_check(&s, err);
	if (r == 0)
		r = make_container(&s, err);
	if (r == 0)
		r = load_filter(&s, err);
	if (r == 0)
		r = launch_processes(&s, err);
	if (r < 0) {
		undo(&s, err);
		r = -err->code;
	} else if (request->attached) {
		ret->foreground.pid = s.l.init;
		ret->foreground.pidfd = sv_fd_steal(&s.l.init_pidfd);
	}
	end_story(&s);
	return r;
}
