/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_stats.c - `events --stats`: what the kernel counted, in the words of runc's
 * types/events.go.
 *
 * Times are nanoseconds. A file that is missing (no such controller, older kernel) leaves its
 * keys out, or at 0 where runc always writes them. v2 has swap apart from memory; readers of
 * this format expect the sum, as v1 counts it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "runc/cgroup.h"
#include "runc/cgroup_write.h"

/* ---- JSON: members end in a comma, the end of the object eats the last one ---- */

static void number(struct sv_str *s, const char *key, uint64_t value)
{
	sv_str_addf(s, "\"%s\":%" PRIu64 ",", key, value);
}

/* Go's omitempty. */
static void number_if(struct sv_str *s, const char *key, uint64_t value)
{
	if (value)
		number(s, key, value);
}

static void begin(struct sv_str *s, const char *key, char bracket)
{
	sv_str_addf(s, "\"%s\":%c", key, bracket);
}

static void end(struct sv_str *s, const char *bracket)
{
	if (s->len && s->text[s->len - 1] == ',')
		s->text[--s->len] = '\0';
	sv_str_add(s, bracket);
}

/* ---- files of one controller ---- */

/* A controller's tree, or NULL; V2 says in whose words its files are. */
struct place {
	const struct rc_cgroup_tree *tree;
	bool v2;
};

static struct place place_of(const struct rc_cgroup *cg, const char *controller)
{
	const struct rc_cgroup_tree *tree = rc_cgroup_tree(cg, controller);

	return tree ? (struct place){ tree, false } : (struct place){ rc_cgroup_tree_v2(cg), true };
}

/* The text of FILE, or NULL: nobody can do better about a missing statistic than leave it out. */
static char *text_of(struct place p, const char *file)
{
	struct sv_err ignored = { 0 };
	char path[RC_CGROUP_PATH_MAX], *text;

	if (!p.tree || rc_cgroup_file(p.tree, file, path, &ignored) < 0 ||
	    sv_cgroup_read(AT_FDCWD, path, &text, &ignored) < 0)
		return NULL;
	return text;
}

static uint64_t number_of(struct place p, const char *file)
{
	autofree char *text = text_of(p, file);

	if (!text)
		return 0;
	return strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static uint64_t value_of(const char *text, const char *key)
{
	uint64_t value = 0;

	if (text)
		sv_cgroup_value(text, key, &value);
	return value;
}

/* Pressure stall information of v2: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full
 * ...". */
static void add_psi(struct sv_str *s, struct place p, const char *file)
{
	autofree char *text = p.v2 ? text_of(p, file) : NULL;
	char *rest = text, *line;

	if (!text)
		return;
	begin(s, "psi", '{');
	while ((line = strsep(&rest, "\n"))) {
		char kind[8];
		double avg10, avg60, avg300;
		unsigned long long total;

		if (sscanf(line, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &avg10,
			   &avg60, &avg300, &total) == 5)
			sv_str_addf(
				s,
				"\"%s\":{\"avg10\":%g,\"avg60\":%g,\"avg300\":%g,\"total\":%llu},",
				kind, avg10, avg60, avg300, total);
	}
	end(s, "},");
}

/* ---- cpu ---- */

static void add_list(struct sv_str *s, const char *key, char *text)
{
	char *word;

	begin(s, key, '[');
	while ((word = strsep(&text, " \n")))
		if (*word)
			sv_str_addf(s, "%" PRIu64 ",", (uint64_t)strtoull(word, NULL, 10));
	end(s, "],");
}

/* cpuacct.usage_all: a heading, then "cpu user system" lines. */
static void add_percpu(struct sv_str *s, const char *key, const char *all, int column)
{
	begin(s, key, '[');
	for (const char *line = strchr(all, '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned long long of[2];

		if (sscanf(line + 1, "%*u %llu %llu", &of[0], &of[1]) == 2)
			sv_str_addf(s, "%llu,", of[column]);
	}
	end(s, "],");
}

static void add_usage_v1(struct sv_str *s, struct place p)
{
	autofree char *percpu = text_of(p, "cpuacct.usage_percpu"),
		      *all = text_of(p, "cpuacct.usage_all");

	number_if(s, "total", number_of(p, "cpuacct.usage"));
	if (percpu)
		add_list(s, "percpu", percpu);
	if (all) {
		add_percpu(s, "percpu_kernel", all, 1);
		add_percpu(s, "percpu_user", all, 0);
	}
	number(s, "kernel", number_of(p, "cpuacct.usage_sys"));
	number(s, "user", number_of(p, "cpuacct.usage_user"));
}

static void add_cpu(const struct rc_cgroup *cg, struct sv_str *s)
{
	struct place cpu = place_of(cg, "cpu"), acct = place_of(cg, "cpuacct");
	autofree char *stat = text_of(cpu, "cpu.stat");

	begin(s, "cpu", '{');
	begin(s, "usage", '{');
	if (!acct.v2) {
		add_usage_v1(s, acct);
	} else {
		number_if(s, "total", value_of(stat, "usage_usec") * 1000);
		number(s, "kernel", value_of(stat, "system_usec") * 1000);
		number(s, "user", value_of(stat, "user_usec") * 1000);
	}
	end(s, "},");
	begin(s, "throttling", '{');
	number_if(s, "periods", value_of(stat, "nr_periods"));
	number_if(s, "throttledPeriods", value_of(stat, "nr_throttled"));
	number_if(s, "throttledTime",
		  cpu.v2 ? value_of(stat, "throttled_usec") * 1000
			 : value_of(stat, "throttled_time"));
	end(s, "},");
	add_psi(s, cpu, "cpu.pressure");
	end(s, "},");
}

/* "0-3,5" as the numbers themselves. */
static void add_set(struct sv_str *s, const char *key, const char *set)
{
	if (!set || !*set)
		return;
	begin(s, key, '[');
	for (const char *p = set; *p;) {
		char *at;
		unsigned long first = strtoul(p, &at, 10),
			      last = *at == '-' ? strtoul(at + 1, &at, 10) : first;

		for (; first <= last && last < 8192; first++)
			sv_str_addf(s, "%lu,", first);
		if (*at != ',')
			break;
		p = at + 1;
	}
	end(s, "],");
}

static void add_cpuset(const struct rc_cgroup *cg, struct sv_str *s)
{
	/* The key of the format, and the file of v1 behind "cpuset.". */
	static const char *const numbers[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	struct place p = place_of(cg, "cpuset");
	autofree char *cpus = text_of(p, "cpuset.cpus"), *mems = text_of(p, "cpuset.mems");

	begin(s, "cpuset", '{');
	add_set(s, "cpus", cpus);
	add_set(s, "mems", mems);
	for (size_t i = 0; i < SV_COUNT(numbers); i++) {
		autofree char *text = NULL;
		char file[64];

		snprintf(file, sizeof(file), "cpuset.%s", numbers[i]);
		if (!p.v2)
			text = text_of(p, file);
		/* sched_relax_domain_level is -1 by default. */
		sv_str_addf(s, "\"%s\":%lld,", numbers[i], text ? strtoll(text, NULL, 10) : 0LL);
	}
	end(s, "},");
}

/* ---- memory ---- */

static void add_entry(struct sv_str *s, const char *key, uint64_t limit, uint64_t usage,
		      uint64_t max, uint64_t failed)
{
	begin(s, key, '{');
	number(s, "limit", limit);
	number_if(s, "usage", usage);
	number_if(s, "max", max);
	number(s, "failcnt", failed);
	end(s, "},");
}

static void add_entry_v1(struct sv_str *s, struct place p, const char *key, const char *prefix)
{
	static const char *const files[] = { "limit_in_bytes", "usage_in_bytes",
					     "max_usage_in_bytes", "failcnt" };
	uint64_t values[SV_COUNT(files)];

	for (size_t i = 0; i < SV_COUNT(files); i++) {
		char file[64];

		snprintf(file, sizeof(file), "%s.%s", prefix, files[i]);
		values[i] = number_of(p, file);
	}
	add_entry(s, key, values[0], values[1], values[2], values[3]);
}

static void add_memory_v2(struct sv_str *s, struct place p)
{
	autofree char *events = text_of(p, "memory.events");
	uint64_t limit = number_of(p, "memory.max"), usage = number_of(p, "memory.current");
	uint64_t swap_limit = number_of(p, "memory.swap.max"),
		 swap = number_of(p, "memory.swap.current");
	uint64_t peak = number_of(p, "memory.peak");

	add_entry(s, "usage", limit, usage, peak, value_of(events, "max"));
	if (swap_limit != UINT64_MAX)
		swap_limit = limit == UINT64_MAX ? UINT64_MAX : swap_limit + limit;
	add_entry(s, "swap", swap_limit, swap + usage, 0, 0);
	add_entry(s, "kernel", 0, 0, 0, 0);
	add_entry(s, "kernelTCP", 0, 0, 0, 0);
}

static void add_raw(struct sv_str *s, const char *stat)
{
	begin(s, "raw", '{');
	for (const char *line = stat; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char key[64];
		unsigned long long value;

		if (sscanf(line, "%63s %llu", key, &value) == 2)
			number(s, key, value);
	}
	end(s, "},");
}

static void add_memory(const struct rc_cgroup *cg, struct sv_str *s)
{
	struct place p = place_of(cg, "memory");
	autofree char *stat = text_of(p, "memory.stat");

	begin(s, "memory", '{');
	number_if(s, "cache", value_of(stat, p.v2 ? "file" : "total_cache"));
	if (p.v2) {
		add_memory_v2(s, p);
	} else {
		add_entry_v1(s, p, "usage", "memory");
		add_entry_v1(s, p, "swap", "memory.memsw");
		add_entry_v1(s, p, "kernel", "memory.kmem");
		add_entry_v1(s, p, "kernelTCP", "memory.kmem.tcp");
	}
	if (stat)
		add_raw(s, stat);
	add_psi(s, p, "memory.pressure");
	end(s, "},");
}

static void add_pids(const struct rc_cgroup *cg, struct sv_str *s)
{
	struct place p = place_of(cg, "pids");
	uint64_t limit = number_of(p, "pids.max");

	begin(s, "pids", '{');
	number_if(s, "current", number_of(p, "pids.current"));
	number_if(s, "limit", limit == UINT64_MAX ? 0 : limit);
	end(s, "},");
}

/* ---- block devices ---- */

static void add_operation(struct sv_str *s, unsigned major, unsigned minor, const char *op,
			  unsigned long long value)
{
	sv_str_add(s, "{");
	number_if(s, "major", major);
	number_if(s, "minor", minor);
	sv_str_addf(s, "\"op\":\"%s\",", op);
	number_if(s, "value", value);
	end(s, "},");
}

/* "8:0 Read 4096" lines and a total. BFQ counts apart and leaves the other file empty, so
 * whichever has lines. */
static void add_blkio_v1(struct sv_str *s, struct place p, const char *key, const char *bfq,
			 const char *throttle)
{
	autofree char *text = text_of(p, bfq);
	char *rest, *line;

	if (!text || !strchr(text, ':')) {
		free(text);
		text = text_of(p, throttle);
	}
	if (!text || !strchr(text, ':'))
		return;
	begin(s, key, '[');
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		unsigned major, minor;
		unsigned long long value;
		char op[16];

		if (sscanf(line, "%u:%u %15[A-Za-z] %llu", &major, &minor, op, &value) == 4)
			add_operation(s, major, minor, op, value);
	}
	end(s, "],");
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void add_io_v2(struct sv_str *s, const char *stat, const char *key,
		      const char *const words[3])
{
	static const char *const operations[] = { "Read", "Write", "Discard" };

	begin(s, key, '[');
	for (const char *line = stat; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned major, minor;

		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		for (int i = 0; i < 3; i++) {
			const char *at = strstr(line, words[i]);

			if (at && at < line + strcspn(line, "\n"))
				add_operation(s, major, minor, operations[i],
					      strtoull(at + strlen(words[i]), NULL, 10));
		}
	}
	end(s, "],");
}

static void add_blkio(const struct rc_cgroup *cg, struct sv_str *s)
{
	static const char *const bytes[] = { " rbytes=", " wbytes=", " dbytes=" };
	static const char *const counts[] = { " rios=", " wios=", " dios=" };
	struct place p = place_of(cg, "blkio");
	autofree char *stat = p.v2 ? text_of(p, "io.stat") : NULL;

	begin(s, "blkio", '{');
	if (!p.v2) {
		add_blkio_v1(s, p, "ioServiceBytesRecursive",
			     "blkio.bfq.io_service_bytes_recursive",
			     "blkio.throttle.io_service_bytes_recursive");
		add_blkio_v1(s, p, "ioServicedRecursive", "blkio.bfq.io_serviced_recursive",
			     "blkio.throttle.io_serviced_recursive");
	} else if (stat && *stat) {
		add_io_v2(s, stat, "ioServiceBytesRecursive", bytes);
		add_io_v2(s, stat, "ioServicedRecursive", counts);
	}
	add_psi(s, p, "io.pressure");
	end(s, "},");
}

/* ---- huge pages ---- */

static void add_page_size(struct sv_str *s, struct place p, const char *size)
{
	char file[NAME_MAX + 32];
	autofree char *events = NULL;

	begin(s, size, '{');
	snprintf(file, sizeof(file), "hugetlb.%s.%s", size, p.v2 ? "current" : "usage_in_bytes");
	number_if(s, "usage", number_of(p, file));
	if (p.v2) {
		snprintf(file, sizeof(file), "hugetlb.%s.events", size);
		events = text_of(p, file);
		number(s, "failcnt", value_of(events, "max"));
	} else {
		snprintf(file, sizeof(file), "hugetlb.%s.max_usage_in_bytes", size);
		number_if(s, "max", number_of(p, file));
		snprintf(file, sizeof(file), "hugetlb.%s.failcnt", size);
		number(s, "failcnt", number_of(p, file));
	}
	end(s, "},");
}

/* The page sizes are those that have a file; "hugetlb.2MB.rsvd.current" is not one. */
static void add_hugetlb(const struct rc_cgroup *cg, struct sv_str *s)
{
	struct place p = place_of(cg, "hugetlb");
	const char *suffix = p.v2 ? ".current" : ".usage_in_bytes";
	struct sv_err ignored = { 0 };
	char path[RC_CGROUP_PATH_MAX];
	autoclosedir DIR *d = NULL;
	const struct dirent *e;

	begin(s, "hugetlb", '{');
	if (p.tree && rc_cgroup_file(p.tree, "", path, &ignored) == 0)
		d = opendir(path);
	while (d && (e = readdir(d))) {
		char size[NAME_MAX + 1];

		if (sscanf(e->d_name, "hugetlb.%255[0-9A-Za-z]", size) == 1 &&
		    strcmp(e->d_name + strlen("hugetlb.") + strlen(size), suffix) == 0)
			add_page_size(s, p, size);
	}
	end(s, "},");
}

int rc_cgroup_stats(const struct rc_cgroup *cg, struct sv_str *s, struct sv_err *err)
{
	sv_str_add(s, "{");
	add_cpu(cg, s);
	add_cpuset(cg, s);
	add_memory(cg, s);
	add_pids(cg, s);
	add_blkio(cg, s);
	add_hugetlb(cg, s);
	sv_str_add(s, "\"intel_rdt\":{},\"network_interfaces\":null}");
	return s->failed ? sv_err_oom(err) : 0;
}
