/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - one child at a time, watched through its pidfd and the pipes it writes to. */
#include "runc/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define TAIL 2048      /* bytes kept of what a hook writes */
#define TAIL_SHOWN 220 /* bytes of them in the error */
#define LAST_ROUNDS 64 /* readings after its end: what two full pipes hold */
#define TIMEOUT_MAX (100LL * 365 * 86400)

/* The last bytes of a stream. */
struct tail {
	int fd;
	size_t len;
	char bytes[TAIL + 1];
};

/* What the child tells if it cannot become the hook. */
struct failure {
	int code;
	bool cwd;
};

/* What is the same for all hooks of a list. */
struct list {
	const struct sv_str *state;
	const char *cwd; /* NULL: stays */
	bool as_other;   /* run as these host ids, with our capabilities */
	uid_t uid;
	gid_t gid;
};

struct run {
	int pidfd;
	pid_t pid;
	int failure; /* reading end, ends with the exec */
	struct tail out, err;
};

static void run_done(struct run *run)
{
	sv_fd_close(&run->pidfd);
	sv_fd_close(&run->failure);
	sv_fd_close(&run->out.fd);
	sv_fd_close(&run->err.fd);
}

/* A file in memory: the hook reads it at its leisure, or not at all. */
static int open_state(const struct sv_str *state, struct sv_err *err)
{
	autoclose int fd = -1;

	fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot make a file for the state");
	for (size_t done = 0; done < state->len;) {
		ssize_t n = write(fd, state->text + done, state->len - done);

		if (n < 0)
			return sv_err_set(err, errno, "cannot write the state");
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return sv_err_set(err, errno, "cannot rewind the state");
	return sv_fd_steal(&fd);
}

/* Becomes another user who keeps all capabilities over the exec. */
static bool take_ids(uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
	    syscall(SYS_capget, &head, data) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].inheritable = data[i].permitted;
	if (syscall(SYS_capset, &head, data) < 0)
		return false;
	for (unsigned cap = 0; cap < 64; cap++) {
		if ((data[cap / 32].permitted & (1u << cap % 32)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return false;
	}
	return true;
}

/* A directory that is gone is no reason not to clean up. */
static bool enter(const char *cwd)
{
	return !cwd || chdir(cwd) == 0 || (errno == ENOENT && chdir("/") == 0);
}

/*
 * PROCESS  the hook, until it executes.
 * HOLDS    0-2 after close_range; the failure pipe closes by the exec.
 * ENDS     by exec, or by telling why not.
 */
static void become_hook(const struct oci_hook *hook, const struct list *list, int in, int out,
			int err_fd, int failure)
{
	char *const just_path[] = { hook->path, NULL };
	char *const no_env[] = { NULL };
	struct failure why = { 0 };
	sigset_t none;

	/* The parent may itself have been started without some of 0-2. */
	in = fcntl(in, F_DUPFD_CLOEXEC, 3);
	out = fcntl(out, F_DUPFD_CLOEXEC, 3);
	err_fd = fcntl(err_fd, F_DUPFD_CLOEXEC, 3);
	failure = fcntl(failure, F_DUPFD_CLOEXEC, 3);
	setpgid(0, 0);
	/* Handlers are gone with CLONE_CLEAR_SIGHAND; what is ignored stays so, and is whatever
	 * our caller left us (nohup, an engine without SIGPIPE). */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err_fd, 2) == 2 &&
	    syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0) {
		why.cwd = !enter(list->cwd);
		/* A hook that hangs must not outlive a runtime that was killed. After the ids: their change
		 * forgets it. */
		if (!why.cwd && (!list->as_other || take_ids(list->uid, list->gid)) &&
		    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
			execve(hook->path, hook->args.count ? hook->args.items : just_path,
			       hook->env.count ? hook->env.items : no_env);
	}
	why.code = errno;
	if (write(failure, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
}

static int spawn(const struct oci_hook *hook, const struct list *list, struct run *run,
		 struct sv_err *err)
{
	autoclose int in = -1, out_end = -1, err_end = -1, failure_end = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)&run->pidfd,
		.exit_signal = SIGCHLD,
	};
	int out[2], err_pipe[2], failure[2];
	long pid;

	in = open_state(list->state, err);
	if (in < 0)
		return in;
	if (pipe2(out, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot make a pipe");
	run->out.fd = out[0];
	out_end = out[1];
	if (pipe2(err_pipe, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot make a pipe");
	run->err.fd = err_pipe[0];
	err_end = err_pipe[1];
	if (pipe2(failure, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot make a pipe");
	run->failure = failure[0];
	failure_end = failure[1];

	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return sv_err_set(err, errno, "cannot make a process");
	if (pid == 0)
		become_hook(hook, list, in, out_end, err_end, failure_end);
	run->pid = (pid_t)pid;
	return 0;
}

/* Takes what is there; at the end of the stream closes it. */
static void take(struct tail *t)
{
	char chunk[TAIL];
	ssize_t n = read(t->fd, chunk, sizeof(chunk));
	size_t keep;

	if (n <= 0) {
		if (n == 0 || (errno != EINTR && errno != EAGAIN))
			sv_fd_close(&t->fd);
		return;
	}
	keep = (size_t)n + t->len > TAIL ? TAIL - (size_t)n : t->len;
	memmove(t->bytes, t->bytes + t->len - keep, keep);
	memcpy(t->bytes + keep, chunk, (size_t)n);
	t->len = keep + (size_t)n;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Reads until the hook itself has ended and what it wrote is taken; whoever else still holds the
 * pipes (a daemon it left behind) is not waited for. Returns 1 if END (of now_ms, -1: none) came
 * first.
 */
static int follow(struct run *run, int64_t end, struct sv_err *err)
{
	bool ended = false;

	for (size_t rounds = 0; rounds < LAST_ROUNDS; rounds += ended) {
		struct pollfd p[] = {
			{ .fd = run->out.fd, .events = POLLIN },
			{ .fd = run->err.fd, .events = POLLIN },
			{ .fd = ended ? -1 : run->pidfd, .events = POLLIN },
		};
		int64_t left = end < 0 ? -1 : end - now_ms();
		int r, timeout = end < 0 ? -1 : left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;

		r = poll(p, SV_COUNT(p), ended ? 0 : timeout);
		if (r < 0 && errno != EINTR)
			return sv_err_set(err, errno, "cannot wait");
		if (r < 0)
			continue;
		if (r == 0 && ended)
			return 0;
		if (!ended && end >= 0 && now_ms() >= end)
			return 1;
		if (p[0].revents)
			take(&run->out);
		if (p[1].revents)
			take(&run->err);
		if (p[2].revents)
			ended = true;
	}
	return 0;
}

/* The shown part of a tail, on one line. */
static const char *shown(struct tail *t)
{
	char *from;

	while (t->len > 0 && (t->bytes[t->len - 1] == '\n' || t->bytes[t->len - 1] == ' '))
		t->len--;
	t->bytes[t->len] = '\0';
	from = t->bytes + (t->len > TAIL_SHOWN ? t->len - TAIL_SHOWN : 0);
	for (char *p = from; p < t->bytes + t->len; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	return from;
}

static int judge(const struct oci_hook *hook, const char *cwd, struct run *run,
		 const siginfo_t *info, struct sv_err *err)
{
	struct failure why;

	if (read(run->failure, &why, sizeof(why)) == sizeof(why)) {
		if (why.cwd)
			return sv_err_set(err, why.code, "cannot change to '%.200s'", cwd);
		return sv_err_set(err, why.code, "cannot execute '%.200s'", hook->path);
	}
	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (info->si_code == CLD_EXITED)
		return sv_err_say(err, ECHILD, "exit status %d, stdout: %s, stderr: %s",
				  info->si_status, shown(&run->out), shown(&run->err));
	return sv_err_say(err, ECHILD, "signal: %s, stdout: %s, stderr: %s",
			  strsignal(info->si_status), shown(&run->out), shown(&run->err));
}

static int run_hook(const struct oci_hook *hook, const struct list *list, struct sv_err *err)
{
	__attribute__((cleanup(run_done))) struct run run = {
		.pidfd = -1,
		.failure = -1,
		.out.fd = -1,
		.err.fd = -1,
	};
	bool limited = hook->timeout > 0 && hook->timeout < TIMEOUT_MAX;
	int64_t end = limited ? now_ms() + hook->timeout * 1000 : -1;
	siginfo_t info = { 0 };
	int r;

	r = spawn(hook, list, &run, err);
	if (r < 0)
		return r;
	r = follow(&run, end, err);
	if (r != 0) {
		/* The group too, if the child got as far as making it; what it started must not
		 * outlive it. */
		kill(-run.pid, SIGKILL);
		syscall(SYS_pidfd_send_signal, run.pidfd, SIGKILL, NULL, 0);
	}
	while (waitid(P_PIDFD, (id_t)run.pidfd, &info, WEXITED) < 0) {
		if (errno != EINTR)
			return sv_err_set(err, errno, "cannot wait for the hook");
	}
	if (r < 0)
		return r;
	if (r > 0)
		return sv_err_say(err, ETIMEDOUT, "'%.200s' timed out after %lld s", hook->path,
				  (long long)hook->timeout);
	return judge(hook, list->cwd, &run, &info, err);
}

static int run_all(const struct oci_hooks *hooks, enum oci_hook_kind kind, const struct list *list,
		   struct sv_err *err)
{
	for (size_t i = 0; i < hooks->count; i++) {
		if (run_hook(&hooks->items[i], list, err) < 0)
			return sv_err_ctx(err, "error running %s hook #%zu", oci_hook_name(kind), i);
	}
	return 0;
}

int rc_hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind, const struct sv_str *state,
		 const char *cwd, struct sv_err *err)
{
	const struct list list = { .state = state, .cwd = cwd };

	return run_all(hooks, kind, &list, err);
}

int rc_hooks_run_as(const struct oci_hooks *hooks, enum oci_hook_kind kind,
		    const struct sv_str *state, const char *cwd, uid_t uid, gid_t gid,
		    struct sv_err *err)
{
	const struct list list = {
		.state = state, .cwd = cwd, .as_other = true, .uid = uid, .gid = gid
	};

	return run_all(hooks, kind, &list, err);
}

void rc_hooks_try(const struct oci_hooks *hooks, enum oci_hook_kind kind,
		  const struct sv_str *state, const char *cwd)
{
	const struct list list = { .state = state, .cwd = cwd };

	for (size_t i = 0; i < hooks->count; i++) {
		struct sv_err err = { 0 };

		if (run_hook(&hooks->items[i], &list, &err) < 0)
			sv_warning("error running %s hook #%zu: %s", oci_hook_name(kind), i, err.msg);
	}
}
