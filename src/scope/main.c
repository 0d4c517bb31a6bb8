/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - sysvisor-scope: transient scopes of systemd for sysvisor-runc, by D-Bus (org.freedesktop.systemd1(5)).
 *
 *	sysvisor-scope start UNIT PROPERTY...	StartTransientUnit; waits for the job
 *	sysvisor-scope set UNIT PROPERTY...	SetUnitProperties
 *	sysvisor-scope stop UNIT		StopUnit; waits for the job; then forgets a failed unit
 *
 * PROPERTY is NAME=TYPE:VALUE with the D-Bus type t (number), b (0 or 1), s (text), au (numbers, comma separated) or ay (bytes, hexadecimal).
 * Exit status: 0 done, 1 failed, 3 there is no such unit, 4 systemd took the order but the job failed. The one line on stderr says why.
 *
 * It is a program of its own so that the runtime, which starts often and lives briefly, needs no shared libraries; only
 * --systemd-cgroup runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/parse.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define JOB_LIMIT_S 30
#define ARRAY_MAX 1024

enum { DONE = 0, FAILED = 1, NO_UNIT = 3, JOB_FAILED = 4 };

/* ---- the connection ---- */

struct job {
	sd_bus *bus;
	const char *path;	/* object path of the job waited for; NULL: not known yet */
	char done[64];		/* its result, "" while it runs */
};

static void bus_done(sd_bus **bus)
{
	sd_bus_flush_close_unref(*bus);
}

static void message_done(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

#define autobus __attribute__((cleanup(bus_done)))
#define automessage __attribute__((cleanup(message_done)))
#define autoerror __attribute__((cleanup(sd_bus_error_free)))

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct sv_err *err)
{
	int r = sd_bus_message_new_method_call(bus, ret, SYSTEMD, OBJECT, MANAGER, method);

	return r < 0 ? sv_err_set(err, -r, "cannot compose a D-Bus message") : 0;
}

/* -ENOENT for a unit that does not exist, -EEXIST for one that does; other failures say what systemd said. */
static int send_call(sd_bus *bus, sd_bus_message *call, const char *what, sd_bus_message **ret, struct sv_err *err)
{
	autoerror sd_bus_error e = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(bus, call, JOB_LIMIT_S * 1000000ULL, &e, ret), code = r < 0 ? -r : 0;

	if (r >= 0)
		return 0;
	if (sd_bus_error_has_name(&e, SYSTEMD ".NoSuchUnit"))
		code = ENOENT;
	else if (sd_bus_error_has_name(&e, SYSTEMD ".UnitExists"))
		code = EEXIST;
	return sv_err_say(err, code, "systemd: %s: %s", what, e.message ? e.message : strerror(-r));
}

/* ---- jobs ---- */

static int job_removed(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	struct job *job = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)e;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path && strcmp(path, job->path) == 0)
		snprintf(job->done, sizeof(job->done), "%s", result);
	return 0;
}

/* Must come before the call that starts the job, or its end may be missed. */
static int watch_jobs(struct job *job, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = sd_bus_match_signal(job->bus, NULL, SYSTEMD, OBJECT, MANAGER, "JobRemoved", job_removed, job);

	if (r < 0)
		return sv_err_set(err, -r, "cannot watch the jobs of systemd");
	/* It sends signals only while somebody has asked for them. */
	r = new_call(job->bus, "Subscribe", &call, err);
	return r < 0 ? r : send_call(job->bus, call, "Subscribe", NULL, err);
}

static int wait_job(struct job *job, sd_bus_message *reply, const char *what, struct sv_err *err)
{
	time_t end = time(NULL) + JOB_LIMIT_S;
	int r = sd_bus_message_read(reply, "o", &job->path);

	if (r < 0)
		return sv_err_set(err, -r, "cannot understand systemd");
	while (!*job->done) {
		r = sd_bus_process(job->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(job->bus, 1000000);
		if (r < 0 && r != -EINTR)
			return sv_err_set(err, -r, "cannot wait for systemd to %s", what);
		if (time(NULL) > end)
			return sv_err_say(err, ETIMEDOUT, "systemd did not %s within %d s", what, JOB_LIMIT_S);
	}
	if (strcmp(job->done, "done") != 0)
		return sv_err_say(err, EIO, "systemd could not %s: the job ended as '%s'", what, job->done);
	return 0;
}

/* A call that takes a unit's name and perhaps a mode. */
static int call_unit(sd_bus *bus, const char *method, const char *unit, const char *mode, sd_bus_message **ret,
		     struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = new_call(bus, method, &call, err);

	if (r < 0)
		return r;
	r = sd_bus_message_append(call, "s", unit);
	if (r >= 0 && mode)
		r = sd_bus_message_append(call, "s", mode);
	if (r < 0)
		return sv_err_set(err, -r, "cannot compose a D-Bus message");
	return send_call(bus, call, method, ret, err);
}

/* ---- properties ---- */

/* "1,22,333" */
static int read_numbers(char *text, uint32_t ret[ARRAY_MAX], size_t *ret_count, struct sv_err *err)
{
	char *word;

	*ret_count = 0;
	while ((word = strsep(&text, ","))) {
		int r = *ret_count < ARRAY_MAX ? sv_parse_u32(word, &ret[*ret_count], err) :
						 sv_err_say(err, E2BIG, "too many numbers");

		if (r < 0)
			return r;
		++*ret_count;
	}
	return 0;
}

static int read_bytes(const char *text, uint8_t ret[ARRAY_MAX], size_t *ret_count, struct sv_err *err)
{
	*ret_count = 0;
	for (; *text; text += 2, ++*ret_count)
		if (*ret_count == ARRAY_MAX || sscanf(text, "%2hhx", &ret[*ret_count]) != 1 || !text[1])
			return sv_err_say(err, EINVAL, "'%.40s' is not a list of bytes", text);
	return 0;
}

/* The variant; a negative result of the library is returned as it is. */
static int append_value(sd_bus_message *m, const char *type, char *value, struct sv_err *err)
{
	uint32_t numbers[ARRAY_MAX];
	uint8_t bytes[ARRAY_MAX];
	uint64_t number;
	size_t count;
	int r;

	if (strcmp(type, "s") == 0)
		return sd_bus_message_append(m, "s", value);
	if (strcmp(type, "t") == 0 || strcmp(type, "b") == 0) {
		r = sv_parse_u64(value, *type == 'b' ? 1 : UINT64_MAX, &number, err);
		if (r < 0)
			return r;
		return *type == 'b' ? sd_bus_message_append(m, "b", (int)number) : sd_bus_message_append(m, "t", number);
	}
	if (strcmp(type, "au") == 0) {
		r = read_numbers(value, numbers, &count, err);
		return r < 0 ? r : sd_bus_message_append_array(m, 'u', numbers, count * sizeof(*numbers));
	}
	if (strcmp(type, "ay") == 0) {
		r = read_bytes(value, bytes, &count, err);
		return r < 0 ? r : sd_bus_message_append_array(m, 'y', bytes, count);
	}
	return sv_err_say(err, EINVAL, "unknown type '%s'", type);
}

static int append_property(sd_bus_message *m, char *word, struct sv_err *err)
{
	char *type = strchr(word, '='), *value = type ? strchr(type, ':') : NULL;
	int r;

	if (!value)
		return sv_err_say(err, EINVAL, "'%s' is not NAME=TYPE:VALUE", word);
	*type++ = *value++ = '\0';
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", word);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', type);
	if (r >= 0)
		r = append_value(m, type, value, err);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0 && !err->code)
		sv_err_set(err, -r, "cannot compose a D-Bus message");
	return r < 0 ? sv_err_ctx(err, "property '%s'", word) : 0;
}

static int append_properties(sd_bus_message *m, char **words, struct sv_err *err)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r < 0)
		return sv_err_set(err, -r, "cannot compose a D-Bus message");
	for (; *words; words++)
		if (append_property(m, *words, err) < 0)
			return -err->code;
	r = sd_bus_message_close_container(m);
	return r < 0 ? sv_err_set(err, -r, "cannot compose a D-Bus message") : 0;
}

/* ---- the three orders ---- */

static int send_start(struct job *job, const char *unit, char **properties, sd_bus_message **ret, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = new_call(job->bus, "StartTransientUnit", &call, err);

	if (r == 0 && (r = sd_bus_message_append(call, "ss", unit, "replace")) < 0)
		r = sv_err_set(err, -r, "cannot compose a D-Bus message");
	if (r >= 0)
		r = append_properties(call, properties, err);
	if (r >= 0 && (r = sd_bus_message_append(call, "a(sa(sv))", 0)) < 0)
		r = sv_err_set(err, -r, "cannot compose a D-Bus message");
	return r < 0 ? r : send_call(job->bus, call, "StartTransientUnit", ret, err);
}

static int start(struct job *job, const char *unit, char **properties, struct sv_err *err)
{
	automessage sd_bus_message *reply = NULL;
	struct sv_err ignored = { 0 };
	int r = watch_jobs(job, err);

	/* A unit that failed in a crash and was not forgotten; one that is not there, or runs, is not harmed. */
	if (r == 0)
		call_unit(job->bus, "ResetFailedUnit", unit, NULL, NULL, &ignored);
	if (r == 0)
		r = send_start(job, unit, properties, &reply, err);
	if (r < 0)
		return FAILED;
	return wait_job(job, reply, "start the scope", err) < 0 ? JOB_FAILED : DONE;
}

static int set(struct job *job, const char *unit, char **properties, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = new_call(job->bus, "SetUnitProperties", &call, err);

	/* Runtime: transient units have no other configuration. */
	if (r == 0 && (r = sd_bus_message_append(call, "sb", unit, 1)) < 0)
		r = sv_err_set(err, -r, "cannot compose a D-Bus message");
	if (r >= 0)
		r = append_properties(call, properties, err);
	if (r >= 0)
		r = send_call(job->bus, call, "SetUnitProperties", NULL, err);
	return r == -ENOENT ? NO_UNIT : r < 0 ? FAILED : DONE;
}

static int stop(struct job *job, const char *unit, char **none, struct sv_err *err)
{
	automessage sd_bus_message *reply = NULL;
	struct sv_err ignored = { 0 };
	int r = watch_jobs(job, err);

	(void)none;
	if (r == 0)
		r = call_unit(job->bus, "StopUnit", unit, "replace", &reply, err);
	if (r == 0)
		r = wait_job(job, reply, "stop the scope", err);
	if (r < 0)	/* systemd forgets a scope as soon as nobody lives in it */
		return r == -ENOENT ? NO_UNIT : FAILED;
	/* Only a failed unit has to be forgotten. */
	call_unit(job->bus, "ResetFailedUnit", unit, NULL, NULL, &ignored);
	return DONE;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct job *job, const char *unit, char **properties, struct sv_err *err);
	} orders[] = { { "start", start }, { "set", set }, { "stop", stop } };
	autobus sd_bus *bus = NULL;
	struct sv_err err = { 0 };
	int r, status = FAILED;

	for (size_t i = 0; argc >= 3 && i < SV_COUNT(orders); i++) {
		struct job job = { 0 };

		if (strcmp(argv[1], orders[i].name) != 0)
			continue;
		r = sd_bus_open_system(&bus);
		job.bus = bus;
		if (r < 0)
			sv_err_set(&err, -r, "cannot reach systemd by D-Bus");
		else
			status = orders[i].run(&job, argv[2], argv + 3, &err);
		if (status != DONE)
			fprintf(stderr, "%s\n", err.msg);
		return status;
	}
	fprintf(stderr, "usage: sysvisor-scope start|set|stop UNIT [NAME=TYPE:VALUE]...\n");
	return FAILED;
}
