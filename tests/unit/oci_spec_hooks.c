/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit_spec.h"

#include "base/cleanup.h"

static void all_six_lists_are_read_in_order(void **state)
{
	struct oci_spec spec;
	char part[200];

	(void)state;
	for (int kind = 0; kind < OCI_HOOK_MAX; kind++) {
		snprintf(part, sizeof(part),
			 "'hooks':{'%s':[{'path':'/a'},{'path':'/"
			 "b','args':['b','x'],'env':['K=v'],'timeout':3}]}",
			 oci_hook_name((enum oci_hook_kind)kind));
		spec = unit_spec(IN_DOC, part);
		for (int other = 0; other < OCI_HOOK_MAX; other++)
			assert_int_equal(spec.hooks[other].count, other == kind ? 2 : 0);
		assert_string_equal(spec.hooks[kind].items[0].path, "/a");
		assert_int_equal(spec.hooks[kind].items[0].timeout, 0);
		assert_int_equal(spec.hooks[kind].items[0].args.count, 0);
		assert_string_equal(spec.hooks[kind].items[1].args.items[1], "x");
		assert_string_equal(spec.hooks[kind].items[1].env.items[0], "K=v");
		assert_int_equal(spec.hooks[kind].items[1].timeout, 3);
		oci_spec_done(&spec);
	}
}

static void broken_hooks_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_DOC, "'hooks':[]", "hooks: expected an object, found an array" },
		{ IN_DOC, "'hooks':{'prestart':{}}",
		  "hooks.prestart: expected an array, found an object" },
		{ IN_DOC, "'hooks':{'prestart':['/bin/sh']}",
		  "hooks.prestart[0]: expected an object, found \"/bin/sh\"" },
		{ IN_DOC, "'hooks':{'poststop':[{'path':'/a'},{}]}",
		  "hooks.poststop[1].path: missing, expected an absolute path" },
		{ IN_DOC, "'hooks':{'createRuntime':[{'path':'sh'}]}",
		  "hooks.createRuntime[0].path: expected an absolute path, found \"sh\"" },
		{ IN_DOC, "'hooks':{'poststart':[{'path':'/a','args':[1]}]}",
		  "hooks.poststart[0].args[0]: expected a string, found 1" },
		{ IN_DOC, "'hooks':{'poststart':[{'path':'/a','timeout':-1}]}",
		  "hooks.poststart[0].timeout: expected a whole number from 0 to 2147483647, found "
		  "-1" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void unknown_kinds_are_ignored(void **state)
{
	struct oci_spec spec = unit_spec(IN_DOC, "'hooks':{'onFullMoon':7,'prestart':null}");

	(void)state;
	for (int kind = 0; kind < OCI_HOOK_MAX; kind++)
		assert_int_equal(spec.hooks[kind].count, 0);
	oci_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_six_lists_are_read_in_order),
		cmocka_unit_test(broken_hooks_are_refused),
		cmocka_unit_test(unknown_kinds_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
