/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit_spec.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/cleanup.h"

static void a_process_may_be_missing(void **state)
{
	struct oci_spec spec = unit_spec(IN_DOC, "'hostname':'h'");

	(void)state;
	assert_false(spec.process.set);
	assert_null(spec.process.args.items);
	oci_spec_done(&spec);
}

static void the_least_process_is_root_without_anything(void **state)
{
	struct oci_spec spec = unit_spec(IN_DOC, "'process':{'args':['sh'],'cwd':'/'}");
	const struct oci_process *p = &spec.process;

	(void)state;
	assert_true(p->set);
	assert_int_equal(p->user.uid, 0);
	assert_false(p->user.has_umask);
	assert_false(p->caps.set);
	assert_false(p->oom_score_adj.set);
	assert_int_equal(p->n_rlimits, 0);
	assert_int_equal(p->env.count, 0);
	oci_spec_done(&spec);
}

static void broken_programs_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_DOC, "'process':7", "process: expected an object, found 7" },
		{ IN_DOC, "'process':{'cwd':'/'}", "process.args: the program to run is missing" },
		{ IN_DOC, "'process':{'args':[],'cwd':'/'}",
		  "process.args: the program to run is missing" },
		{ IN_DOC, "'process':{'args':[''],'cwd':'/'}",
		  "process.args[0]: the name of the program is empty" },
		{ IN_DOC, "'process':{'args':'sh','cwd':'/'}",
		  "process.args: expected an array, found \"sh\"" },
		{ IN_DOC, "'process':{'args':['a',1],'cwd':'/'}",
		  "process.args[1]: expected a string, found 1" },
		{ IN_DOC, "'process':{'args':['a',null],'cwd':'/'}",
		  "process.args[1]: expected a string, found null" },
		{ IN_DOC, "'process':{'args':['a']}",
		  "process.cwd: missing, expected an absolute path" },
		{ IN_DOC, "'process':{'args':['a'],'cwd':''}",
		  "process.cwd: expected an absolute path, found \"\"" },
		{ IN_DOC, "'process':{'args':['a'],'cwd':'tmp'}",
		  "process.cwd: expected an absolute path, found \"tmp\"" },
		{ IN_PROCESS, "'env':['A=b','B']",
		  "process.env[1]: expected NAME=value, found \"B\"" },
		{ IN_PROCESS, "'env':['=b']", "process.env[0]: expected NAME=value, found \"=b\"" },
		{ IN_PROCESS, "'env':['']", "process.env[0]: expected NAME=value, found \"\"" },
		{ IN_PROCESS, "'env':{}", "process.env: expected an array, found an object" },
		{ IN_PROCESS, "'terminal':'yes'",
		  "process.terminal: expected true or false, found \"yes\"" },
		{ IN_PROCESS, "'noNewPrivileges':1",
		  "process.noNewPrivileges: expected true or false, found 1" },
		{ IN_PROCESS, "'consoleSize':{'height':65536}",
		  "process.consoleSize.height: expected a whole number from 0 to 65535, found "
		  "65536" },
		{ IN_PROCESS, "'consoleSize':{'width':-1}",
		  "process.consoleSize.width: expected a whole number from 0 to 65535, found -1" },
		{ IN_PROCESS, "'oomScoreAdj':1001",
		  "process.oomScoreAdj: expected a whole number from -1000 to 1000, found 1001" },
		{ IN_PROCESS, "'apparmorProfile':[]",
		  "process.apparmorProfile: expected a string, found an array" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void impossible_users_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_PROCESS, "'user':{'uid':-1}",
		  "process.user.uid: expected a whole number from 0 to 4294967294, found -1" },
		{ IN_PROCESS, "'user':{'uid':4294967295}",
		  "process.user.uid: expected a whole number from 0 to 4294967294, found "
		  "4294967295" },
		{ IN_PROCESS, "'user':{'gid':99999999999999999999}",
		  "process.user.gid: expected a whole number, found 99999999999999999999.0" },
		{ IN_PROCESS, "'user':{'gid':'0'}",
		  "process.user.gid: expected a whole number, found \"0\"" },
		{ IN_PROCESS, "'user':{'umask':512}",
		  "process.user.umask: expected a whole number from 0 to 511, found 512" },
		{ IN_PROCESS, "'user':{'additionalGids':[1,-2]}",
		  "process.user.additionalGids[1]: expected a whole number from 0 to 4294967294, "
		  "found -2" },
		{ IN_PROCESS, "'user':{'additionalGids':[null]}",
		  "process.user.additionalGids[0]: expected a whole number, found null" },
		{ IN_PROCESS, "'user':'root'", "process.user: expected an object, found \"root\"" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void more_groups_than_the_kernel_takes_are_refused(void **state)
{
	const size_t count = 65537;
	char *part = malloc(2 * count + 64), *end;
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_non_null(part);
	end = part + sprintf(part, "'user':{'additionalGids':[");
	for (size_t i = 0; i < count; i++)
		end += sprintf(end, i ? ",1" : "1");
	strcpy(end, "]}");
	assert_int_equal(unit_parse(IN_PROCESS, part, &spec, &err), -EINVAL);
	assert_string_equal(
		err.msg,
		"process.user.additionalGids: the kernel takes at most 65536 groups, found 65537");
	free(part);
}

static void capabilities_have_names_and_numbers(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= OCI_CAP_LAST; i++)
		assert_int_equal(oci_cap_by_name(oci_cap_name(i)), i);
	assert_null(oci_cap_name(OCI_CAP_LAST + 1));
	assert_int_equal(oci_cap_by_name("cap_sys_admin"), 21);
	assert_int_equal(oci_cap_by_name("CAP_SYS_ADMIN"), 21);
	assert_int_equal(oci_cap_by_name("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(oci_cap_by_name("SYS_ADMIN"), -1);
	assert_int_equal(oci_cap_by_name(""), -1);
}

static void empty_capabilities_differ_from_none_given(void **state)
{
	struct oci_spec spec =
		unit_spec(IN_PROCESS, "'capabilities':{'bounding':['CAP_NEW_IN_2099']}");
	static const struct unit_refusal rows[] = {
		{ IN_PROCESS, "'capabilities':['CAP_CHOWN']",
		  "process.capabilities: expected an object, found an array" },
		{ IN_PROCESS, "'capabilities':{'ambient':[7]}",
		  "process.capabilities.ambient[0]: expected a string, found 7" },
	};

	(void)state;
	assert_true(spec.process.caps.set);
	assert_true(spec.process.caps.bounding == 0);
	oci_spec_done(&spec);
	UNIT_REFUSES(rows);
}

static void every_limit_has_its_number(void **state)
{
	static const struct {
		const char *name;
		int resource;
	} rows[] = {
		{ "AS", RLIMIT_AS },
		{ "CORE", RLIMIT_CORE },
		{ "CPU", RLIMIT_CPU },
		{ "DATA", RLIMIT_DATA },
		{ "FSIZE", RLIMIT_FSIZE },
		{ "LOCKS", RLIMIT_LOCKS },
		{ "MEMLOCK", RLIMIT_MEMLOCK },
		{ "MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "NICE", RLIMIT_NICE },
		{ "NOFILE", RLIMIT_NOFILE },
		{ "NPROC", RLIMIT_NPROC },
		{ "RSS", RLIMIT_RSS },
		{ "RTPRIO", RLIMIT_RTPRIO },
		{ "RTTIME", RLIMIT_RTTIME },
		{ "SIGPENDING", RLIMIT_SIGPENDING },
		{ "STACK", RLIMIT_STACK },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct oci_spec spec;
		char part[120];

		snprintf(part, sizeof(part), "'rlimits':[{'type':'RLIMIT_%s','soft':1,'hard':2}]",
			 rows[i].name);
		spec = unit_spec(IN_PROCESS, part);
		assert_int_equal(spec.process.n_rlimits, 1);
		assert_int_equal(spec.process.rlimits[0].resource, rows[i].resource);
		oci_spec_done(&spec);
	}
}

static void broken_limits_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_PROCESS, "'rlimits':{}",
		  "process.rlimits: expected an array, found an object" },
		{ IN_PROCESS, "'rlimits':[7]", "process.rlimits[0]: expected an object, found 7" },
		{ IN_PROCESS, "'rlimits':[{'soft':1,'hard':1}]",
		  "process.rlimits[0].type: missing, expected the name of a limit" },
		{ IN_PROCESS, "'rlimits':[{'type':'RLIMIT_FUN','soft':1,'hard':1}]",
		  "process.rlimits[0].type: expected one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, "
		  "RLIMIT_DATA, RLIMIT_FSIZE, "
		  "RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, "
		  "RLIMIT_NPROC, RLIMIT_RSS, "
		  "RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK, found "
		  "\"RLIMIT_FUN\"" },
		{ IN_PROCESS,
		  "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},{'type':'RLIMIT_CPU','soft':"
		  "1,'hard':1}]",
		  "process.rlimits[1].type: RLIMIT_CPU is given twice" },
		{ IN_PROCESS, "'rlimits':[{'type':'RLIMIT_CPU','soft':2,'hard':1}]",
		  "process.rlimits[0].soft: the soft limit 2 is above the hard limit 1" },
		{ IN_PROCESS, "'rlimits':[{'type':'RLIMIT_CPU','soft':-1,'hard':1}]",
		  "process.rlimits[0].soft: expected a whole number of at least 0, found -1" },
		{ IN_PROCESS,
		  "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':18446744073709551616}]",
		  "process.rlimits[0].hard: expected a whole number of at least 0, found "
		  "18446744073709551616.0" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void broken_schedules_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_PROCESS, "'scheduler':{}",
		  "process.scheduler.policy: missing, expected the name of a policy" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_FAIR'}",
		  "process.scheduler.policy: expected one of SCHED_OTHER, SCHED_FIFO, SCHED_RR, "
		  "SCHED_BATCH, SCHED_ISO, "
		  "SCHED_IDLE, SCHED_DEADLINE, found \"SCHED_FAIR\"" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_OTHER','nice':20}",
		  "process.scheduler.nice: expected a whole number from -20 to 19, found 20" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_FIFO'}",
		  "process.scheduler.priority: expected 1 to 99 for SCHED_FIFO and SCHED_RR" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_RR','priority':100}",
		  "process.scheduler.priority: expected 1 to 99 for SCHED_FIFO and SCHED_RR" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_BATCH','priority':1}",
		  "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have a priority" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_OTHER','runtime':1}",
		  "process.scheduler: only SCHED_DEADLINE has runtime, deadline and period" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_DEADLINE','runtime':3,'deadline':2}",
		  "process.scheduler.runtime: expected 0 < runtime <= deadline <= period" },
		{ IN_PROCESS, "'scheduler':{'policy':'SCHED_OTHER','flags':['SCHED_FLAG_FUN']}",
		  "process.scheduler.flags[0]: expected a SCHED_FLAG_ word of sched_setattr(2), "
		  "found \"SCHED_FLAG_FUN\"" },
		{ IN_PROCESS, "'ioPriority':{'priority':1}",
		  "process.ioPriority.class: missing, expected the name of a class" },
		{ IN_PROCESS, "'ioPriority':{'class':'IOPRIO_CLASS_NONE'}",
		  "process.ioPriority.class: expected one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
		  "IOPRIO_CLASS_IDLE, "
		  "found \"IOPRIO_CLASS_NONE\"" },
		{ IN_PROCESS, "'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':8}",
		  "process.ioPriority.priority: expected a whole number from 0 to 7, found 8" },
		{ IN_PROCESS, "'execCPUAffinity':{'initial':'0-'}",
		  "process.execCPUAffinity.initial: '0-' is not a list like 0-3,7" },
		{ IN_PROCESS, "'execCPUAffinity':{'final':3}",
		  "process.execCPUAffinity.final: expected a string, found 3" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

/* exec --process has the process as the whole document. */
static void a_process_stands_alone_too(void **state)
{
	autofree char *json = unit_json("{'args':['ls'],'cwd':'/tmp','user':{'uid':7}}");
	struct json_object *doc = json_tokener_parse(json);
	struct sv_json at = { .value = doc }, none = { 0 };
	struct oci_process p = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(oci_process_parse(&none, &p, &err), 0);
	assert_false(p.set);
	assert_int_equal(oci_process_parse(&at, &p, &err), 0);
	assert_true(p.set);
	assert_int_equal(p.user.uid, 7);
	assert_string_equal(p.cwd, "/tmp");
	oci_process_done(&p);
	assert_null(p.cwd);
	json_object_put(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_may_be_missing),
		cmocka_unit_test(the_least_process_is_root_without_anything),
		cmocka_unit_test(broken_programs_are_refused),
		cmocka_unit_test(impossible_users_are_refused),
		cmocka_unit_test(more_groups_than_the_kernel_takes_are_refused),
		cmocka_unit_test(capabilities_have_names_and_numbers),
		cmocka_unit_test(empty_capabilities_differ_from_none_given),
		cmocka_unit_test(every_limit_has_its_number),
		cmocka_unit_test(broken_limits_are_refused),
		cmocka_unit_test(broken_schedules_are_refused),
		cmocka_unit_test(a_process_stands_alone_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
