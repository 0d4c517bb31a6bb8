/* SPDX-License-Identifier: Apache-2.0 */
/* dump_process.c - process, hooks, mappings and annotations as JSON, for state.json and golden
 * files. */
#include "oci/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "oci/read.h"

static int done(const struct sv_str *s)
{
	return s->failed ? -ENOMEM : 0;
}

int oci_list_dump(const struct sv_list *l, struct sv_str *s)
{
	sv_str_add(s, "[");
	for (size_t i = 0; i < l->count; i++) {
		sv_str_add(s, i ? "," : "");
		sv_str_add_quoted(s, l->items[i]);
	}
	sv_str_add(s, "]");
	return done(s);
}

int oci_maps_dump(const struct sv_idmap *maps, size_t count, struct sv_str *s)
{
	sv_str_add(s, "[");
	for (size_t i = 0; i < count; i++)
		sv_str_addf(s,
			    "%s{\"containerID\":%" PRIu32 ",\"hostID\":%" PRIu32
			    ",\"size\":%" PRIu32 "}",
			    i ? "," : "", maps[i].inside, maps[i].outside, maps[i].size);
	sv_str_add(s, "]");
	return done(s);
}

int oci_annotations_dump(const struct oci_annotation *a, size_t count, struct sv_str *s)
{
	sv_str_add(s, "{");
	for (size_t i = 0; i < count; i++) {
		sv_str_add(s, i ? "," : "");
		sv_str_add_quoted(s, a[i].key);
		sv_str_add(s, ":");
		sv_str_add_quoted(s, a[i].value);
	}
	sv_str_add(s, "}");
	return done(s);
}

int oci_hooks_dump(const struct oci_hooks *hooks, struct sv_str *s)
{
	sv_str_add(s, "[");
	for (size_t i = 0; i < hooks->count; i++) {
		const struct oci_hook *h = &hooks->items[i];

		sv_str_add(s, i ? ",{\"path\":" : "{\"path\":");
		sv_str_add_quoted(s, h->path);
		sv_str_add(s, ",\"args\":");
		oci_list_dump(&h->args, s);
		sv_str_add(s, ",\"env\":");
		oci_list_dump(&h->env, s);
		if (h->timeout)
			sv_str_addf(s, ",\"timeout\":%" PRId64, h->timeout);
		sv_str_add(s, "}");
	}
	sv_str_add(s, "]");
	return done(s);
}

static void dump_text(const char *key, const char *text, struct sv_str *s)
{
	if (!text)
		return;
	sv_str_addf(s, ",\"%s\":", key);
	sv_str_add_quoted(s, text);
}

static void dump_user(const struct oci_user *u, struct sv_str *s)
{
	sv_str_addf(s, ",\"user\":{\"uid\":%" PRIu32 ",\"gid\":%" PRIu32, u->uid, u->gid);
	if (u->has_umask)
		sv_str_addf(s, ",\"umask\":%" PRIu32, u->umask);
	if (u->n_groups) {
		for (size_t i = 0; i < u->n_groups; i++)
			sv_str_addf(s, "%s%" PRIu32, i ? "," : ",\"additionalGids\":[",
				    u->groups[i]);
		sv_str_add(s, "]");
	}
	sv_str_add(s, "}");
}

static void dump_cap_set(const char *key, uint64_t set, const char *before, struct sv_str *s)
{
	const char *comma = "";

	sv_str_addf(s, "%s\"%s\":[", before, key);
	for (unsigned n = 0; n <= OCI_CAP_LAST; n++) {
		if (!(set & (UINT64_C(1) << n)))
			continue;
		sv_str_addf(s, "%s\"%s\"", comma, oci_cap_name(n));
		comma = ",";
	}
	sv_str_add(s, "]");
}

static void dump_caps(const struct oci_caps *c, struct sv_str *s)
{
	if (!c->set)
		return;
	sv_str_add(s, ",\"capabilities\":{");
	dump_cap_set("bounding", c->bounding, "", s);
	dump_cap_set("effective", c->effective, ",", s);
	dump_cap_set("permitted", c->permitted, ",", s);
	dump_cap_set("inheritable", c->inheritable, ",", s);
	dump_cap_set("ambient", c->ambient, ",", s);
	sv_str_add(s, "}");
}

static void dump_rlimits(const struct oci_process *p, struct sv_str *s)
{
	if (!p->n_rlimits)
		return;
	sv_str_add(s, ",\"rlimits\":[");
	for (size_t i = 0; i < p->n_rlimits; i++)
		sv_str_addf(s, "%s{\"type\":\"%s\",\"hard\":%" PRIu64 ",\"soft\":%" PRIu64 "}",
			    i ? "," : "", oci_rlimit_name(p->rlimits[i].resource),
			    p->rlimits[i].hard, p->rlimits[i].soft);
	sv_str_add(s, "]");
}

static void dump_scheduler(const struct oci_scheduler *c, struct sv_str *s)
{
	const char *comma = "";

	if (!c->set)
		return;
	sv_str_addf(s, ",\"scheduler\":{\"policy\":\"%s\"",
		    oci_word_name(oci_policy_words, c->policy));
	if (c->nice)
		sv_str_addf(s, ",\"nice\":%" PRId32, c->nice);
	if (c->priority)
		sv_str_addf(s, ",\"priority\":%" PRIu32, c->priority);
	if (c->flags) {
		sv_str_add(s, ",\"flags\":[");
		for (const struct oci_word *flag = oci_policy_flags; flag->word; flag++) {
			if (!(c->flags & flag->value))
				continue;
			sv_str_addf(s, "%s\"%s\"", comma, flag->word);
			comma = ",";
		}
		sv_str_add(s, "]");
	}
	if (c->runtime || c->deadline || c->period)
		sv_str_addf(s,
			    ",\"runtime\":%" PRIu64 ",\"deadline\":%" PRIu64 ",\"period\":%" PRIu64,
			    c->runtime, c->deadline, c->period);
	sv_str_add(s, "}");
}

int oci_process_dump(const struct oci_process *p, struct sv_str *s)
{
	sv_str_addf(s, "{\"terminal\":%s", p->terminal ? "true" : "false");
	if (p->rows || p->cols)
		sv_str_addf(s, ",\"consoleSize\":{\"height\":%u,\"width\":%u}", p->rows, p->cols);
	dump_user(&p->user, s);
	sv_str_add(s, ",\"args\":");
	oci_list_dump(&p->args, s);
	sv_str_add(s, ",\"env\":");
	oci_list_dump(&p->env, s);
	dump_text("cwd", p->cwd, s);
	dump_caps(&p->caps, s);
	dump_rlimits(p, s);
	sv_str_addf(s, ",\"noNewPrivileges\":%s", p->no_new_privs ? "true" : "false");
	if (p->oom_score_adj.set)
		sv_str_addf(s, ",\"oomScoreAdj\":%" PRId64, p->oom_score_adj.value);
	dump_text("apparmorProfile", p->apparmor, s);
	dump_text("selinuxLabel", p->selinux, s);
	dump_scheduler(&p->scheduler, s);
	if (p->has_ioprio)
		sv_str_addf(
			s, ",\"ioPriority\":{\"class\":\"%s\",\"priority\":%d}",
			oci_word_name(oci_ioprio_classes, (uint64_t)p->ioprio >> OCI_IOPRIO_SHIFT),
			p->ioprio & ((1 << OCI_IOPRIO_SHIFT) - 1));
	if (p->cpus_initial || p->cpus_final) {
		sv_str_add(s, ",\"execCPUAffinity\":{");
		if (p->cpus_initial) {
			sv_str_add(s, "\"initial\":");
			sv_str_add_quoted(s, p->cpus_initial);
		}
		if (p->cpus_final) {
			sv_str_add(s, p->cpus_initial ? ",\"final\":" : "\"final\":");
			sv_str_add_quoted(s, p->cpus_final);
		}
		sv_str_add(s, "}");
	}
	sv_str_add(s, "}");
	return done(s);
}
