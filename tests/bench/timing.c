/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timing - runs jobs many times in shuffled order and says how long they took.
 *
 *	timing PASSES REPS RESULTS < JOBS
 *
 * JOBS has one job a line, fields parted by tabs: name, what to do before (a shell command, not measured), the command that
 * is measured (words parted by blanks, no quoting, first word a path), what to do after. A command that begins with
 * "mntns=FILE " is executed in that mount namespace. Every job runs once in each of REPS rounds of each of PASSES passes,
 * each round in another order, so that what disturbs the machine disturbs all of them alike.
 *
 * Measured are wall time from before the fork to after the wait, CPU time (user + system) of the process and all that it
 * waited for, and their largest resident set. Printed are medians over everything and, pass by pass, the ratio of the job's
 * median wall time to that of the first job. RESULTS gets lines "name wall_us cpu_us rss_kb" for other programs.
 *
 * A command that fails ends the measurement with status 1: what fails fast must not look good.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS  64
#define MAX_WORDS 40

struct sample {
	double wall, cpu; /* microseconds */
	long rss;         /* kB */
};

struct job {
	char *name, *before, *after, *mntns;
	char *words[MAX_WORDS];
	int mntns_fd;
	struct sample *samples; /* passes * reps of them */
};

static struct job jobs[MAX_JOBS];
static int n_jobs, passes, reps, null;

static void die(const char *what, const char *name)
{
	fprintf(stderr, "timing: %s: %s%s%s\n", name, what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

static void read_jobs(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		struct job *j = &jobs[n_jobs];
		char *rest = strdup(line), *command, *word;
		int n = 0;

		rest[strcspn(rest, "\n")] = '\0';
		if (n_jobs++ == MAX_JOBS)
			die("too many jobs", "input");
		j->name = strsep(&rest, "\t");
		j->before = strsep(&rest, "\t");
		command = strsep(&rest, "\t");
		j->after = rest ? rest : "";
		j->mntns_fd = -1;
		if (!command)
			die("not a job", j->name);
		while ((word = strsep(&command, " ")))
			if (strncmp(word, "mntns=", 6) == 0)
				j->mntns = word + 6;
			else if (*word && n < MAX_WORDS - 1)
				j->words[n++] = word;
		if (j->mntns && (j->mntns_fd = open(j->mntns, O_RDONLY | O_CLOEXEC)) < 0)
			die(j->mntns, j->name);
		j->samples = calloc((size_t)(passes * reps), sizeof(*j->samples));
	}
	free(line);
}

static void shell(const char *command, const char *name)
{
	int status;

	if (!*command)
		return;
	status = system(command);
	errno = 0;
	if (WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) > 128))
		exit(130); /* interrupted */
	if (status != 0)
		die(command, name);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_us(const struct timeval *t)
{
	return (double)t->tv_sec * 1e6 + (double)t->tv_usec;
}

/* vfork(2): what the measuring program is must not count. */
static void measure(struct job *j, struct sample *ret)
{
	struct rusage usage;
	int status;
	pid_t pid;

	shell(j->before, j->name);
	/* The kernel takes namespaces down in the background; the next command shall not be charged for that. */
	nanosleep(&(struct timespec){ .tv_nsec = 30 * 1000 * 1000 }, NULL);
	ret->wall = now_us();
	pid = vfork();
	if (pid == 0) {
		dup2(null, 0);
		dup2(null, 1);
		if (j->mntns_fd >= 0 && setns(j->mntns_fd, CLONE_NEWNS) < 0)
			_exit(126);
		execv(j->words[0], j->words);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		die("cannot start it", j->name);
	ret->wall = now_us() - ret->wall;
	ret->cpu = time_us(&usage.ru_utime) + time_us(&usage.ru_stime);
	ret->rss = usage.ru_maxrss;
	errno = 0;
	if (status != 0)
		die(j->words[0], j->name);
	shell(j->after, j->name);
}

static void shuffle(int *order)
{
	for (int i = n_jobs - 1; i > 0; i--) {
		int k = rand() % (i + 1), other = order[k];

		order[k] = order[i];
		order[i] = other;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of one field of COUNT samples from FIRST on. */
static double median(const struct job *j, int first, int count, char field)
{
	double values[count];

	for (int i = 0; i < count; i++) {
		const struct sample *s = &j->samples[first + i];

		values[i] = field == 'w' ? s->wall : field == 'c' ? s->cpu : (double)s->rss;
	}
	qsort(values, (size_t)count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void print(FILE *results)
{
	int all = passes * reps;

	printf("  %-34s %8s %8s %7s   %s\n", "", "wall ms", "cpu ms", "rss MB", "wall, as multiple of the first");
	for (int i = 0; i < n_jobs; i++) {
		double wall = median(&jobs[i], 0, all, 'w'), cpu = median(&jobs[i], 0, all, 'c');
		double rss = median(&jobs[i], 0, all, 'r');

		printf("  %-34s %8.2f %8.2f %7.1f  ", jobs[i].name, wall / 1e3, cpu / 1e3, rss / 1024);
		for (int p = 0; i > 0 && p < passes; p++)
			printf(" %.2f", median(&jobs[i], p * reps, reps, 'w') / median(&jobs[0], p * reps, reps, 'w'));
		printf("\n");
		fprintf(results, "%s\t%.0f\t%.0f\t%.0f\n", jobs[i].name, wall, cpu, rss);
	}
}

int main(int argc, char **argv)
{
	int order[MAX_JOBS];
	FILE *results;

	if (argc != 4 || (passes = atoi(argv[1])) < 1 || (reps = atoi(argv[2])) < 1) {
		fprintf(stderr, "usage: timing PASSES REPS RESULTS < JOBS\n");
		return 2;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	results = fopen(argv[3], "ae");
	if (null < 0 || !results)
		die("cannot open it", argv[3]);
	read_jobs();
	srand((unsigned)getpid());
	for (int i = 0; i < n_jobs; i++)
		order[i] = i;

	/* Once unmeasured: caches are warm, and what cannot work fails at once. */
	for (int i = 0; i < n_jobs; i++) {
		struct sample ignored;

		measure(&jobs[i], &ignored);
	}
	for (int round = 0; round < passes * reps; round++) {
		shuffle(order);
		for (int i = 0; i < n_jobs; i++)
			measure(&jobs[order[i]], &jobs[order[i]].samples[round]);
	}
	print(results);
	return fclose(results) != 0;
}
