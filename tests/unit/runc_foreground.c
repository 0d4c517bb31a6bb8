/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting in the foreground, with real processes and terminals. Each case forks a "runtime" with
 * stdin and stdout of its own, which forks the "container"; alarm(2) ends what hangs.
 */
#include "runc/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define LIMIT 20 /* seconds */

/*
 * What the container does: SLAVE is its terminal, -1 if it has none. The result is its exit
 * status.
 */
typedef int container_fn(int slave);

struct side {
	int in, out; /* for the runtime's stdin and stdout */
	bool terminal;
	container_fn *container;
};

/* The runtime: its exit status is what rc_foreground_wait() says, 250 if it failed. */
static int run_side(const struct side *side)
{
	struct rc_foreground fg = RC_FOREGROUND_INIT;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	struct sv_err err = { 0 };
	int status = 0, slave = -1;

	dup2(side->in, STDIN_FILENO);
	dup2(side->out, STDOUT_FILENO);
	close_range(3, ~0U, 0);
	alarm(LIMIT);
	fg.subreaper = true;
	if (rc_foreground_prepare(&fg, &err) < 0)
		return 250;
	if (side->terminal && openpty(&fg.master, &slave, NULL, NULL, NULL) < 0)
		return 250;
	args.pidfd = (uint64_t)(uintptr_t)&fg.pidfd;
	fg.pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (fg.pid == 0) {
		if (slave >= 0) {
			close(fg.master);
			login_tty(slave);
		}
		sigprocmask(SIG_SETMASK, &fg.old_mask, NULL);
		_exit(side->container(slave >= 0 ? STDIN_FILENO : -1));
	}
	if (slave >= 0)
		close(slave);
	if (rc_foreground_wait(&fg, &status, &err) < 0)
		return 250;
	rc_foreground_done(&fg);
	return status;
}

static pid_t start(const struct side *side)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(run_side(side));
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads until TEXT has come. */
static void expect(int fd, const char *text)
{
	char seen[4096] = "";
	size_t len = 0;

	while (!strstr(seen, text)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		assert_int_equal(poll(&p, 1, LIMIT * 1000), 1);
		n = read(fd, seen + len, sizeof(seen) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		seen[len] = '\0';
	}
}

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(251);
}

/* Containers. */
static int returns_7(int slave)
{
	(void)slave;
	return 7;
}

static int kills_itself(int slave)
{
	(void)slave;
	raise(SIGKILL);
	return 0;
}

static int waits_for_usr1(int slave)
{
	sigset_t set;
	int sig;

	(void)slave;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready");
	sigwait(&set, &sig);
	return sig;
}

static int writes_much(int slave)
{
	char block[1000];

	(void)slave;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 300; i++)
		for (size_t done = 0; done < sizeof(block);) {
			ssize_t n = write(STDOUT_FILENO, block + done, sizeof(block) - done);

			if (n < 0)
				return 1;
			done += (size_t)n;
		}
	say("END");
	return 3;
}

static int reads_a_line(int slave)
{
	char line[64];
	ssize_t n = read(slave, line, sizeof(line));

	return n == 6 && memcmp(line, "hello\n", 6) == 0 ? 4 : 5;
}

static int reports_its_size(int slave)
{
	struct winsize size;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ioctl(slave, TIOCGWINSZ, &size);
	if (size.ws_col != 77)
		return 1;
	say("ready");
	sigwait(&set, &sig);
	ioctl(slave, TIOCGWINSZ, &size);
	return size.ws_col;
}

/* As systemd does with /dev/console. */
static int closes_and_opens_again(int slave)
{
	char name[64];

	if (ttyname_r(slave, name, sizeof(name)) != 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		signal(SIGHUP, SIG_IGN);
		vhangup();
		close_range(0, ~0U, 0);
		if (open(name, O_RDWR) != 0 || dup(0) != 1)
			return 2;
		say("again");
	}
	say("END");
	return 6;
}

static int leaves_a_child_on_the_terminal(int slave)
{
	(void)slave;
	if (fork() == 0) {
		setsid(); /* survives the hang-up that ends the session */
		alarm(LIMIT);
		pause();
		_exit(0);
	}
	say("END");
	return 8;
}

static int leaves_an_orphan(int slave)
{
	int ends[2];
	char c;

	(void)slave;
	if (pipe(ends) < 0)
		return 1;
	if (fork() == 0) {
		if (fork() == 0) {
			close(ends[0]);
			_exit(99); /* becomes the runtime's child, whose status is not the answer */
		}
		_exit(0);
	}
	close(ends[1]);
	while (read(ends[0], &c, 1) > 0)
		;
	wait(NULL);
	return 9;
}

static void exit_status_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(finish(start(&(struct side){ .in = 0, .out = 1, .container = returns_7 })),
			 7);
}

static void death_by_signal_is_128_and_more(void **state)
{
	(void)state;
	assert_int_equal(
		finish(start(&(struct side){ .in = 0, .out = 1, .container = kills_itself })),
		128 + SIGKILL);
}

static void signals_reach_the_container(void **state)
{
	static const int sigs[] = { SIGUSR1, SIGTERM };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(sigs); i++) {
		struct side side = { .in = 0, .container = waits_for_usr1 };
		int out[2];
		pid_t pid;

		assert_int_equal(pipe2(out, O_CLOEXEC), 0);
		side.out = out[1];
		pid = start(&side);
		expect(out[0], "ready");
		kill(pid, SIGURG);
		kill(pid, sigs[i]);
		assert_int_equal(finish(pid), sigs[i]);
		close(out[0]);
		close(out[1]);
	}
}

static void all_output_comes_before_the_end(void **state)
{
	int out[2];
	struct side side = { .in = 0, .terminal = true, .container = writes_much };
	char buf[4096], last[4] = "";
	size_t total = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	side.out = out[1];
	pid = start(&side);
	close(out[1]);
	while ((n = read(out[0], buf, sizeof(buf))) > 0) {
		total += (size_t)n;
		if (n >= 3)
			memcpy(last, buf + n - 3, 3);
	}
	assert_int_equal(total, 300 * 1000 + 3);
	assert_string_equal(last, "END");
	assert_int_equal(finish(pid), 3);
	close(out[0]);
}

static void reader_that_left_does_not_stall_the_container(void **state)
{
	int out[2];
	struct side side = { .in = 0, .terminal = true, .container = writes_much };
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	side.out = out[1];
	close(out[0]);
	pid = start(&side);
	close(out[1]);
	assert_int_equal(finish(pid), 3);
}

static void input_that_ended_is_delivered(void **state)
{
	int in[2];
	struct side side = { .out = 1, .terminal = true, .container = reads_a_line };
	autoclose int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "hello\n", 6), 6);
	close(in[1]);
	side.in = in[0];
	side.out = null;
	pid = start(&side);
	close(in[0]);
	assert_int_equal(finish(pid), 4);
}

static void window_follows_and_the_terminal_is_restored(void **state)
{
	struct winsize size = { .ws_row = 20, .ws_col = 77 };
	autoclose int master = -1, slave = -1;
	struct side side = { .terminal = true, .container = reports_its_size };
	struct termios before, during, after;
	pid_t pid;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	tcgetattr(slave, &before);
	side.in = side.out = slave;
	pid = start(&side);
	expect(master, "ready");
	tcgetattr(slave, &during);
	assert_false(during.c_lflag & (ISIG | ECHO));
	size.ws_col = 99;
	ioctl(master, TIOCSWINSZ, &size);
	kill(pid, SIGWINCH); /* the pair is not the runtime's controlling terminal */
	assert_int_equal(finish(pid), 99);
	tcgetattr(slave, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
}

static void terminal_is_restored_when_a_signal_ends_it(void **state)
{
	autoclose int master = -1, slave = -1;
	struct side side = { .terminal = true, .container = waits_for_usr1 };
	struct termios before, after;
	pid_t pid;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &before);
	side.in = side.out = slave;
	pid = start(&side);
	expect(master, "ready");
	kill(pid, SIGHUP);
	assert_int_equal(finish(pid), 128 + SIGHUP);
	tcgetattr(slave, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
}

static void terminal_may_be_closed_and_opened_again(void **state)
{
	int out[2];
	struct side side = { .in = 0, .terminal = true, .container = closes_and_opens_again };
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* vhangup(2) needs CAP_SYS_TTY_CONFIG */
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	side.out = out[1];
	pid = start(&side);
	close(out[1]);
	expect(out[0], "END");
	assert_int_equal(finish(pid), 6);
	close(out[0]);
}

static void others_on_the_terminal_are_not_waited_for(void **state)
{
	int out[2];
	struct side side = { .in = 0,
			     .terminal = true,
			     .container = leaves_a_child_on_the_terminal };
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	side.out = out[1];
	pid = start(&side);
	close(out[1]);
	expect(out[0], "END");
	assert_int_equal(finish(pid), 8);
	close(out[0]);
}

static void orphans_are_reaped_without_a_word(void **state)
{
	(void)state;
	assert_int_equal(
		finish(start(&(struct side){ .in = 0, .out = 1, .container = leaves_an_orphan })),
		9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_status_is_passed_on),
		cmocka_unit_test(death_by_signal_is_128_and_more),
		cmocka_unit_test(signals_reach_the_container),
		cmocka_unit_test(all_output_comes_before_the_end),
		cmocka_unit_test(reader_that_left_does_not_stall_the_container),
		cmocka_unit_test(input_that_ended_is_delivered),
		cmocka_unit_test(window_follows_and_the_terminal_is_restored),
		cmocka_unit_test(terminal_is_restored_when_a_signal_ends_it),
		cmocka_unit_test(terminal_may_be_closed_and_opened_again),
		cmocka_unit_test(others_on_the_terminal_are_not_waited_for),
		cmocka_unit_test(orphans_are_reaped_without_a_word),
	};

	/* Not the developer's own terminal. */
	if (!freopen("/dev/null", "re", stdin))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
