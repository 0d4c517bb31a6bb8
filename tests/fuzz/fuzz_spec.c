/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_spec.c - libFuzzer target: any bytes as config.json.
 *
 * Besides what the sanitizers see, it checks the promises of spec.h: a refusal has a message and
 * leaves the result alone, an accepted document keeps the rules that other files rely on, and what
 * is written to state.json reads back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/dump.h"
#include "oci/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                                                     \
	do {                                                            \
		if (!(what)) {                                          \
			fprintf(stderr, "broken promise: %s\n", #what); \
			abort();                                        \
		}                                                       \
	} while (0)

static void check_refusal(int r, const struct sv_err *err)
{
	CHECK(r < 0 && r == -err->code);
	CHECK(err->msg[0] != '\0' && memchr(err->msg, '\0', sizeof(err->msg)));
}

static void check_mount(const struct oci_mount *m)
{
	CHECK(m->dest && m->dest[0] == '/' && !strstr(m->dest, "//") && !strstr(m->dest, "/../"));
	CHECK(m->type && *m->type && strcmp(m->type, "none") != 0);
	CHECK(m->bind == (strcmp(m->type, "bind") == 0));
	CHECK(!m->bind || m->source);
	CHECK(!m->data || *m->data);
	CHECK(!m->maps.n_uids == !m->maps.n_gids);
}

static void check_process(const struct oci_process *p)
{
	if (!p->set)
		return;
	CHECK(p->args.count > 0 && p->args.items[p->args.count] == NULL);
	CHECK(p->cwd && p->cwd[0] == '/');
	for (size_t i = 0; i < p->env.count; i++)
		CHECK(strchr(p->env.items[i], '='));
}

/* Written out and read again, a process is the same text. */
static void check_round_trip(const struct oci_process *p)
{
	autostr struct sv_str first = { 0 }, second = { 0 };
	struct json_object *doc = NULL;
	struct oci_process again = { 0 };
	struct sv_err err = { 0 };
	struct sv_json at = { 0 };

	if (!p->set || oci_process_dump(p, &first) < 0)
		return;
	if (sv_json_parse(sv_str_text(&first), first.len, &doc, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", sv_str_text(&first), err.msg);
		abort();
	}
	at.value = doc;
	if (oci_process_parse(&at, &again, &err) < 0 || oci_process_dump(&again, &second) < 0 ||
	    strcmp(sv_str_text(&first), sv_str_text(&second)) != 0) {
		fprintf(stderr, "%s\n%s\n%s\n", sv_str_text(&first), sv_str_text(&second), err.msg);
		abort();
	}
	oci_process_done(&again);
	json_object_put(doc);
}

static void try_document(const char *text, size_t size)
{
	struct oci_spec spec = { 0 }, untouched = { 0 };
	struct sv_err err = { 0 };
	int r = oci_spec_parse(text, size, &spec, &err);

	if (r < 0) {
		check_refusal(r, &err);
		CHECK(memcmp(&spec, &untouched, sizeof(spec)) == 0);
		return;
	}
	CHECK(err.code == 0);
	CHECK(spec.version && spec.root_path && *spec.root_path);
	check_process(&spec.process);
	check_round_trip(&spec.process);
	for (size_t i = 0; i < spec.n_mounts; i++)
		check_mount(&spec.mounts[i]);
	for (size_t i = 0; i < spec.linux.n_devices; i++)
		CHECK(strchr("cbp", spec.linux.devices[i].type) &&
		      spec.linux.devices[i].path[0] == '/');
	for (size_t i = 0; i < spec.linux.resources.n_unified; i++)
		CHECK(!strchr(spec.linux.resources.unified[i].key, '/'));
	oci_spec_done(&spec);
	CHECK(memcmp(&spec, &untouched, sizeof(spec)) == 0);
}

/* The parts that come alone: exec --process, update --resources, hooks of state.json. */
static void try_parts(const char *text, size_t size)
{
	struct oci_process process = { 0 };
	struct oci_resources resources = { 0 };
	struct oci_hooks hooks[OCI_HOOK_MAX] = { { 0 } };
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };
	struct sv_json at = { 0 };

	if (sv_json_parse(text, size, &doc, &err) < 0)
		return;
	at.value = doc;
	if (oci_process_parse(&at, &process, &err) == 0)
		check_process(&process);
	oci_process_done(&process);
	if (oci_resources_parse(&at, &resources, &err) == 0)
		oci_resources_done(&resources);
	if (oci_hooks_parse(&at, hooks, &err) == 0)
		oci_hooks_done(hooks);
	json_object_put(doc);
}

/* Option words meet raw text as well, not only what JSON lets through. */
static void try_words(const char *text, size_t size)
{
	autofree char *words = strndup(text, size);
	struct oci_mount m = { 0 };
	struct sv_err err = { 0 };
	int r;

	CHECK(words);
	r = oci_mount_make(&m, words, "tmpfs", "/s", words, &err);
	if (r < 0) {
		check_refusal(r, &err);
		return;
	}
	check_mount(&m);
	oci_mount_done(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_document((const char *)data, size);
	try_parts((const char *)data, size);
	try_words((const char *)data, size);
	return 0;
}
