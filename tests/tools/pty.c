/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pty - runs a command on a terminal of its own and plays the person in front of it.
 *
 *   pty SECONDS STEP... -- command [argument...]
 *
 * Steps, done in order:
 *   expect=TEXT     wait until TEXT appears in what was printed since the last match
 *   send=TEXT       type TEXT; \r \n \t \\ and \xHH are understood, so ^C is \x03
 *   size=ROWSxCOLS  resize the window (the command's terminal gets SIGWINCH)
 *   pause=SECONDS   only where there is nothing to expect; times $SV_SLOW
 *   hangup          close the terminal
 * After the last step it waits for the end. Everything printed goes to stdout as it comes. The exit status is the
 * command's (128 + signal), or 124 with the step on stderr when SECONDS have passed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char seen[1 << 16]; /* printed and not yet matched */
static size_t n_seen;
static int master;
static bool open_end = true;
static double limit, slow = 1;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Passes on what the terminal printed, waiting for it at most SECONDS. */
static void pump(double seconds)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	if (!open_end) {
		usleep((useconds_t)(seconds * 1e6));
		return;
	}
	if (poll(&p, 1, (int)(seconds * 1000)) <= 0)
		return;
	n = read(master, buf, sizeof(buf));
	if (n <= 0) { /* EIO: nobody has the other end open any more */
		open_end = n < 0 && errno == EINTR;
		return;
	}
	if (write(STDOUT_FILENO, buf, (size_t)n) != n)
		exit(2);
	if (n_seen + (size_t)n > sizeof(seen))
		n_seen = 0;
	memcpy(seen + n_seen, buf, (size_t)n);
	n_seen += (size_t)n;
}

static bool expect(const char *text)
{
	size_t len = strlen(text);

	for (;;) {
		char *hit = memmem(seen, n_seen, text, len);

		if (hit) {
			n_seen -= (size_t)(hit + len - seen);
			memmove(seen, hit + len, n_seen);
			return true;
		}
		if (now() > limit || !open_end)
			return false;
		pump(0.1);
	}
}

static void type(const char *text)
{
	for (const char *c = text; *c; c++) {
		char byte = *c;
		unsigned hex;

		if (byte == '\\' && *++c) {
			byte = *c == 'r' ? '\r' : *c == 'n' ? '\n' : *c == 't' ? '\t' : *c;
			if (*c == 'x' && sscanf(c + 1, "%2x", &hex) == 1) {
				byte = (char)hex;
				c += 2;
			}
		}
		if (write(master, &byte, 1) != 1)
			return;
	}
}

static bool step(const char *s)
{
	struct winsize size = { 0 };
	double end;

	if (!strncmp(s, "expect=", 7))
		return expect(s + 7);
	if (!strncmp(s, "send=", 5)) {
		type(s + 5);
	} else if (sscanf(s, "size=%hux%hu", &size.ws_row, &size.ws_col) == 2) {
		ioctl(master, TIOCSWINSZ, &size);
	} else if (!strncmp(s, "pause=", 6)) {
		for (end = now() + slow * atof(s + 6); now() < end;)
			pump(0.05);
	} else if (!strcmp(s, "hangup")) {
		close(master);
		open_end = false;
	} else {
		fprintf(stderr, "pty: unknown step '%s'\n", s);
		exit(2);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int i, command = 2, status;
	pid_t pid;

	while (command < argc && strcmp(argv[command], "--"))
		command++;
	if (command + 1 >= argc) {
		fprintf(stderr, "usage: pty SECONDS STEP... -- command [argument...]\n");
		return 2;
	}
	limit = now() + atof(argv[1]);
	if (getenv("SV_SLOW"))
		slow = atof(getenv("SV_SLOW"));
	pid = forkpty(&master, NULL, NULL, &size);
	if (pid < 0) {
		perror("pty: forkpty");
		return 2;
	}
	if (pid == 0) {
		execvp(argv[command + 1], &argv[command + 1]);
		perror(argv[command + 1]);
		_exit(127);
	}
	for (i = 2; i < command && step(argv[i]); i++)
		;
	while (i == command && now() < limit && waitpid(pid, &status, WNOHANG) == 0)
		pump(0.05);
	if (i == command && now() < limit) {
		while (open_end && n_seen < sizeof(seen)) { /* what it printed last */
			struct pollfd p = { .fd = master, .events = POLLIN };

			if (poll(&p, 1, 50) <= 0)
				break;
			pump(0);
		}
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	fprintf(stderr, "\npty: %s: '%s'\n", open_end ? "not in time" : "the terminal was closed before",
		i < command ? argv[i] : "end of the command");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 124;
}
