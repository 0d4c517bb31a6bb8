/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit_spec.h - documents for the tests of the config.json reader, made of a frame and the part
 * that a test is about.
 */
#ifndef SV_TESTS_LIB_UNIT_SPEC_H
#define SV_TESTS_LIB_UNIT_SPEC_H

#include "unit.h"

#include "oci/spec.h"

/* Where a part belongs. */
#define IN_DOC "{'ociVersion':'1.0.2','root':{'path':'r'},%s}"
#define IN_PROCESS \
	"{'ociVersion':'1.0.2','root':{'path':'r'},'process':{'args':['a'],'cwd':'/',%s}}"
#define IN_LINUX "{'ociVersion':'1.0.2','root':{'path':'r'},'linux':{%s}}"
#define IN_RESOURCES "{'ociVersion':'1.0.2','root':{'path':'r'},'linux':{'resources':{%s}}}"
#define IN_MOUNT "{'ociVersion':'1.0.2','root':{'path':'r'},'mounts':[{'destination':'/d',%s}]}"

static inline int unit_parse(const char *frame, const char *part, struct oci_spec *ret,
			     struct sv_err *err)
{
	size_t room = strlen(frame) + strlen(part) + 1;
	char *text = malloc(room), *json;
	int r;

	assert_non_null(text);
	/* A frame has its "%s" once. */
	snprintf(text, room, "%.*s%s%s", (int)(strstr(frame, "%s") - frame), frame, part,
		 strstr(frame, "%s") + 2);
	json = unit_json(text);
	r = oci_spec_parse(json, strlen(json), ret, err);
	free(json);
	free(text);
	return r;
}

/* The spec of a part that has to be good; the caller ends it. */
static inline struct oci_spec unit_spec(const char *frame, const char *part)
{
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };

	if (unit_parse(frame, part, &spec, &err) < 0)
		fail_msg("%s: %s", part, err.msg);
	return spec;
}

/* One bad part and what is said about it, to the letter. */
struct unit_refusal {
	const char *frame, *part, *message;
};

static inline void unit_refusals(const struct unit_refusal *rows, size_t count)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		struct oci_spec spec = { 0 }, untouched = { 0 };
		struct sv_err err = { 0 };
		int r = unit_parse(rows[i].frame, rows[i].part, &spec, &err);

		if (r >= 0 || strcmp(err.msg, rows[i].message) != 0) {
			print_error("%s\n  said     %s\n  expected %s\n", rows[i].part,
				    r < 0 ? err.msg : "(nothing)", rows[i].message);
			wrong++;
		}
		if (r < 0)
			assert_memory_equal(&spec, &untouched, sizeof(spec));
		oci_spec_done(&spec);
	}
	assert_int_equal(wrong, 0);
}

#define UNIT_REFUSES(rows) unit_refusals(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
