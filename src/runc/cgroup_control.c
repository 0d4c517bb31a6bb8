/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_control.c - what is done to a control group while the container runs and when it ends:
 * update, freeze, signal, remove. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "runc/cgroup.h"
#include "runc/cgroup_paths.h"
#include "runc/cgroup_systemd.h"
#include "runc/cgroup_write.h"

#define FREEZE_LIMIT_MS 10000
#define REMOVE_LIMIT_MS 5000
/* For a group that may be somebody else's, or hold a process of ours that is just ending. */
#define FOREIGN_LIMIT_MS 300
#define KILL_ROUNDS 64

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For what the kernel cannot notify: 100 us at first, doubling, 20 ms at most. */
static void back_off(unsigned *round)
{
	unsigned shift = *round < 8 ? (*round)++ : 8;
	long us = 100L << shift;
	struct timespec t = { .tv_nsec = (us < 20000 ? us : 20000) * 1000 };

	nanosleep(&t, NULL);
}

int rc_cgroup_update(struct rc_cgroup *cg, const struct oci_resources *res, struct sv_err *err)
{
	int r = rc_resources_write(cg, res, RC_CPUSET, RC_PIDS, false, err);

	return r == 0 && cg->systemd ? rc_systemd_update(cg, res, err) : r;
}

/* ---- freezing ---- */

/* Waits until the events file of a v2 group says KEY VALUE; the kernel notifies its readers
 * (cgroup-v2.rst). -ETIMEDOUT. */
static int wait_event(int events, const char *key, uint64_t value, int limit_ms, struct sv_err *err)
{
	int64_t end = now_ms() + limit_ms;

	for (;;) {
		struct pollfd p = { .fd = events, .events = POLLPRI };
		char text[256];
		uint64_t is;
		int64_t left;
		ssize_t n = pread(events, text, sizeof(text) - 1, 0);

		if (n < 0)
			return sv_err_set(err, errno, "cannot read cgroup.events");
		text[n] = '\0';
		if (sv_cgroup_value(text, key, &is) && is == value)
			return 0;
		left = end - now_ms();
		if (left <= 0)
			return sv_err_say(err, ETIMEDOUT, "the cgroup is not '%s %d' after %d ms",
					  key, (int)value, limit_ms);
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return sv_err_set(err, errno, "cannot wait for cgroup.events");
	}
}

static int write_file(const struct rc_cgroup_tree *tree, const char *file, const char *value,
		      struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, file, path, err);

	return r < 0 ? r : sv_cgroup_write(AT_FDCWD, path, value, err);
}

static int freeze_v2(const struct rc_cgroup_tree *tree, bool frozen, struct sv_err *err)
{
	autoclose int events = -1;
	int r = rc_cgroup_open(tree, "cgroup.events", O_RDONLY, &events, err);

	if (r == 0)
		r = write_file(tree, "cgroup.freeze", frozen ? "1" : "0", err);
	return r < 0 ? r : wait_event(events, "frozen", frozen, FREEZE_LIMIT_MS, err);
}

static int read_freezer(const struct rc_cgroup_tree *tree, char **ret, struct sv_err *err)
{
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, "freezer.state", path, err);

	return r < 0 ? r : sv_cgroup_read(AT_FDCWD, path, ret, err);
}

static int freeze_v1(const struct rc_cgroup_tree *tree, bool frozen, struct sv_err *err)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	int64_t end = now_ms() + FREEZE_LIMIT_MS;
	unsigned round = 0;
	int r = write_file(tree, "freezer.state", want, err);

	for (unsigned looks = 1; r == 0; looks++) {
		autofree char *state = NULL;

		r = read_freezer(tree, &state, err);
		if (r < 0 || strcmp(state, want) == 0)
			return r;
		if (now_ms() > end) {
			struct sv_err ignored = { 0 };

			/* Half frozen is worse than not: a task in the refrigerator cannot even
			 * be killed. */
			write_file(tree, "freezer.state", "THAWED", &ignored);
			return sv_err_say(err, ETIMEDOUT, "the cgroup is %s after %d s", state,
					  FREEZE_LIMIT_MS / 1000);
		}
		back_off(&round);
		/* A task that waits for a frozen one (vfork) never arrives; let them all go for
		 * a moment and try again. */
		if (frozen && looks % 32 == 0) {
			r = write_file(tree, "freezer.state", "THAWED", err);
			if (r == 0)
				r = write_file(tree, "freezer.state", "FROZEN", err);
			round = 0;
		}
	}
	return r;
}

int rc_cgroup_freeze(const struct rc_cgroup *cg, bool frozen, struct sv_err *err)
{
	const struct rc_cgroup_tree *v1 = rc_cgroup_tree(cg, "freezer"),
				    *v2 = rc_cgroup_tree_v2(cg);

	if (v1)
		return freeze_v1(v1, frozen, err);
	if (v2)
		return freeze_v2(v2, frozen, err);
	return sv_err_say(err, ENODEV, "the container has no cgroup that can be frozen");
}

int rc_cgroup_is_frozen(const struct rc_cgroup *cg, bool *ret, struct sv_err *err)
{
	const struct rc_cgroup_tree *v1 = rc_cgroup_tree(cg, "freezer"),
				    *v2 = rc_cgroup_tree_v2(cg);
	autofree char *text = NULL;
	char path[RC_CGROUP_PATH_MAX];
	uint64_t frozen = 0;
	int r = 0;

	if (v1) {
		r = read_freezer(v1, &text, err);
	} else if (v2) {
		r = rc_cgroup_file(v2, "cgroup.events", path, err);
		if (r == 0)
			r = sv_cgroup_read(AT_FDCWD, path, &text, err);
	}
	if (r == -ENOENT) { /* a group that is gone holds nothing frozen */
		*err = (struct sv_err){ 0 };
		r = 0;
	} else if (r == 0 && text) {
		sv_cgroup_value(text, "frozen", &frozen);
	}
	if (r < 0)
		return r;
	*ret = text && v1 ? strcmp(text, "THAWED") != 0 : frozen == 1;
	return 0;
}

/* ---- processes ---- */

/* The tree to find processes in: any would do, a container cannot leave its directory in one of
 * them. systemd inside makes few or no groups in these, but many in its own. */
static const struct rc_cgroup_tree *tree_of_processes(const struct rc_cgroup *cg)
{
	static const char *const names[] = { "freezer", "devices", "pids", "memory", "cpu" };

	for (size_t i = 0; i < SV_COUNT(names); i++) {
		const struct rc_cgroup_tree *tree = rc_cgroup_tree(cg, names[i]);

		if (tree && tree->made)
			return tree;
	}
	for (size_t i = 0; i < cg->n_trees; i++)
		if (cg->trees[i].made)
			return &cg->trees[i];
	return NULL;
}

int rc_cgroup_pids(const struct rc_cgroup *cg, pid_t **ret, size_t *ret_count, struct sv_err *err)
{
	const struct rc_cgroup_tree *tree = tree_of_processes(cg);
	autoclose int dir = -1;
	int r = tree ? rc_cgroup_open(tree, "", O_RDONLY | O_DIRECTORY, &dir, err) : -ENOENT;

	if (r == -ENOENT) {
		*err = (struct sv_err){ 0 };
		*ret = NULL;
		*ret_count = 0;
		return 0;
	}
	return r < 0 ? r : sv_cgroup_pids(dir, ret, ret_count, err);
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* Signals everyone once. With REPEAT again until a look finds nobody new. */
static int signal_all(const struct rc_cgroup *cg, int sig, bool repeat, struct sv_err *err)
{
	autofree pid_t *known = NULL;
	size_t n_known = 0;

	for (int round = 0; round < KILL_ROUNDS; round++) {
		pid_t *pids = NULL;
		size_t count, fresh = 0;
		int r = rc_cgroup_pids(cg, &pids, &count, err);

		for (size_t i = 0; r == 0 && i < count; i++) {
			fresh += !known ||
				 !bsearch(&pids[i], known, n_known, sizeof(*known), compare_pids);
			if (kill(pids[i], sig) < 0 && errno != ESRCH)
				r = sv_err_set(err, errno, "cannot signal process %d",
					       (int)pids[i]);
		}
		free(known);
		known = pids;
		n_known = count;
		if (r < 0 || !repeat || fresh == 0)
			return r;
		qsort(known, n_known, sizeof(*known), compare_pids);
	}
	return sv_err_say(err, EBUSY, "processes appear faster than they can be killed");
}

static int thaw_one(int dir, void *arg, struct sv_err *err)
{
	struct sv_err gone = { 0 };
	int r = sv_cgroup_write(dir, "freezer.state", "THAWED", &gone);

	(void)arg;
	if (r < 0 && r != -ENOENT && r != -ENODEV) {
		*err = gone;
		return r;
	}
	return 0;
}

/* Also what the container froze by itself in sub-groups. */
static int thaw_tree(const struct rc_cgroup_tree *tree, struct sv_err *err)
{
	autoclose int dir = -1;
	int r = rc_cgroup_open(tree, "", O_RDONLY | O_DIRECTORY, &dir, err);

	return r < 0 ? r : sv_cgroup_walk(dir, thaw_one, NULL, err);
}

static int kill_v1(const struct rc_cgroup *cg, const struct rc_cgroup_tree *freezer,
		   struct sv_err *err)
{
	int r, thawed;
	struct sv_err why = { 0 };

	/* Frozen, or on the way to it, nobody can fork; the signal is pending and acts on
	 * thawing, before anything else runs. */
	r = write_file(freezer, "freezer.state", "FROZEN", err);
	if (r == 0)
		r = signal_all(cg, SIGKILL, true, err);
	thawed = thaw_tree(freezer, r == 0 ? err : &why);
	return r == 0 ? thawed : r;
}

int rc_cgroup_signal(const struct rc_cgroup *cg, int sig, struct sv_err *err)
{
	const struct rc_cgroup_tree *freezer = rc_cgroup_tree(cg, "freezer"),
				    *v2 = rc_cgroup_tree_v2(cg);
	int r;

	if (sig != SIGKILL)
		return signal_all(cg, sig, false, err);
	if (freezer && freezer->made) {
		r = kill_v1(cg, freezer, err);
	} else if (v2 && v2->made) {
		/* Since Linux 5.14; on v2 frozen tasks die as well. */
		r = write_file(v2, "cgroup.kill", "1", err);
		if (r == -ENOENT) {
			*err = (struct sv_err){ 0 };
			r = signal_all(cg, SIGKILL, true, err);
		}
	} else {
		r = signal_all(cg, SIGKILL, true, err);
	}
	if (r == -ENOENT) { /* removed meanwhile: nobody is left */
		*err = (struct sv_err){ 0 };
		return 0;
	}
	return r;
}

/* ---- removal ---- */

/* 0: gone. -EBUSY: processes are in it. */
static int remove_tree(const struct rc_cgroup_tree *tree, struct sv_err *err)
{
	autoclose int dir = -1;
	char path[RC_CGROUP_PATH_MAX], leaf[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, "", path, err);

	if (r < 0 || rmdir(path) == 0 || errno == ENOENT)
		return r;
	if (errno != EBUSY)
		return sv_err_set(err, errno, "cannot remove the cgroup '%s'", path);
	if (!tree->made && rc_cgroup_is_v2(tree)) {
		struct sv_err ignored = { 0 };

		/* The leaf may be all that is in the way; whether it was is seen below. */
		if (rc_cgroup_file(tree, RC_CGROUP_LEAF, leaf, &ignored) == 0)
			rmdir(leaf);
		if (rmdir(path) == 0)
			return 0;
	}
	if (!tree->made)
		return sv_err_set(err, EBUSY, "cannot remove the cgroup '%s'", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return errno == ENOENT
			       ? 0
			       : sv_err_set(err, errno, "cannot open the cgroup '%s'", path);
	r = sv_cgroup_prune(dir, err);
	if (r < 0 && r != -ENOENT)
		return sv_err_ctx(err, "cannot remove the cgroup '%s'", path);
	*err = (struct sv_err){ 0 };
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return sv_err_set(err, errno, "cannot remove the cgroup '%s'", path);
}

/* Until TREE may have become empty. */
static void wait_empty(const struct rc_cgroup_tree *tree, unsigned *round)
{
	struct sv_err ignored = { 0 };
	autoclose int events = -1;

	/* The group may be empty already and only its sub-groups were in the way, or vanish now:
	 * the caller tries again either way. */
	if (rc_cgroup_is_v2(tree) &&
	    rc_cgroup_open(tree, "cgroup.events", O_RDONLY, &events, &ignored) == 0 &&
	    wait_event(events, "populated", 0, 100, &ignored) == 0 && (*round)++ < 2)
		return;
	back_off(round);
}

int rc_cgroup_remove(struct rc_cgroup *cg, struct sv_err *err)
{
	bool gone[RC_CGROUP_MAX] = { false };
	int64_t begin = 0, spent = 0;
	unsigned round = 0;
	struct sv_err first = { 0 };

	if (!cg->made)
		return 0;
	if (cg->scope && rc_systemd_stop(cg, &first) < 0)
		sv_err_ctx(&first, "cannot remove the cgroup");
	for (;;) {
		const struct rc_cgroup_tree *busy = NULL;
		struct sv_err why = { 0 };

		for (size_t i = 0; i < cg->n_trees; i++) {
			struct sv_err one = { 0 };
			int r = gone[i] ? 0 : remove_tree(&cg->trees[i], &one);

			if (r == -EBUSY && (cg->trees[i].made || spent < FOREIGN_LIMIT_MS)) {
				busy = &cg->trees[i];
				why = one;
				continue;
			}
			/* The others shall go all the same. */
			gone[i] = true;
			if (r < 0 && r != -EBUSY && first.code == 0)
				first = one;
		}
		if (!busy)
			break;
		if (begin == 0)
			begin = now_ms();
		spent = now_ms() - begin;
		if (spent > REMOVE_LIMIT_MS) {
			*err = why;
			return -why.code;
		}
		wait_empty(busy, &round);
	}
	if (first.code) {
		*err = first;
		return -first.code;
	}
	cg->made = false;
	return 0;
}
