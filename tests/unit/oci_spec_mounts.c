/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit_spec.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/cleanup.h"

#define ATIME MOUNT_ATTR__ATIME

/* Every word alone, and what comes of it. Zero is what an empty list gives. */
struct row {
	const char *words; /* comma separated */
	uint64_t set, clr, rec_set, rec_clr, propagation;
	unsigned sb;
	bool propagation_rec, copyup, idmap, ridmap;
	const char *data;
};

static const struct row rows[] = {
	{ "" },
	{ "defaults" },
	{ "auto" },
	{ "noauto" },
	{ "nouser" },
	{ "_netdev" },
	{ "x-systemd.automount" },
	{ "X-anything=1" },

	{ "ro", .set = MOUNT_ATTR_RDONLY, .sb = MS_RDONLY },
	{ "rw", .clr = MOUNT_ATTR_RDONLY },
	{ "nosuid", .set = MOUNT_ATTR_NOSUID },
	{ "suid", .clr = MOUNT_ATTR_NOSUID },
	{ "nodev", .set = MOUNT_ATTR_NODEV },
	{ "dev", .clr = MOUNT_ATTR_NODEV },
	{ "noexec", .set = MOUNT_ATTR_NOEXEC },
	{ "exec", .clr = MOUNT_ATTR_NOEXEC },
	{ "nodiratime", .set = MOUNT_ATTR_NODIRATIME },
	{ "diratime", .clr = MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow", .clr = MOUNT_ATTR_NOSYMFOLLOW },
	{ "relatime", .clr = ATIME },
	{ "norelatime", .clr = ATIME },
	{ "noatime", .set = MOUNT_ATTR_NOATIME, .clr = ATIME },
	{ "atime", .clr = ATIME },
	{ "strictatime", .set = MOUNT_ATTR_STRICTATIME, .clr = ATIME },
	{ "nostrictatime", .clr = ATIME },

	{ "rro", .rec_set = MOUNT_ATTR_RDONLY },
	{ "rrw", .rec_clr = MOUNT_ATTR_RDONLY },
	{ "rnosuid", .rec_set = MOUNT_ATTR_NOSUID },
	{ "rsuid", .rec_clr = MOUNT_ATTR_NOSUID },
	{ "rnodev", .rec_set = MOUNT_ATTR_NODEV },
	{ "rdev", .rec_clr = MOUNT_ATTR_NODEV },
	{ "rnoexec", .rec_set = MOUNT_ATTR_NOEXEC },
	{ "rexec", .rec_clr = MOUNT_ATTR_NOEXEC },
	{ "rnodiratime", .rec_set = MOUNT_ATTR_NODIRATIME },
	{ "rdiratime", .rec_clr = MOUNT_ATTR_NODIRATIME },
	{ "rnosymfollow", .rec_set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "rsymfollow", .rec_clr = MOUNT_ATTR_NOSYMFOLLOW },
	{ "rrelatime", .rec_clr = ATIME },
	{ "rnorelatime", .rec_clr = ATIME },
	{ "rnoatime", .rec_set = MOUNT_ATTR_NOATIME, .rec_clr = ATIME },
	{ "ratime", .rec_clr = ATIME },
	{ "rstrictatime", .rec_set = MOUNT_ATTR_STRICTATIME, .rec_clr = ATIME },
	{ "rnostrictatime", .rec_clr = ATIME },

	{ "sync", .sb = MS_SYNCHRONOUS },
	{ "async" },
	{ "dirsync", .sb = MS_DIRSYNC },
	{ "mand", .sb = MS_MANDLOCK },
	{ "nomand" },
	{ "iversion", .sb = MS_I_VERSION },
	{ "noiversion" },
	{ "lazytime", .sb = MS_LAZYTIME },
	{ "nolazytime" },
	{ "acl", .sb = MS_POSIXACL },
	{ "noacl" },
	{ "silent", .sb = MS_SILENT },
	{ "loud" },
	{ "remount", .sb = MS_REMOUNT },

	{ "private", .propagation = MS_PRIVATE },
	{ "rprivate", .propagation = MS_PRIVATE, .propagation_rec = true },
	{ "slave", .propagation = MS_SLAVE },
	{ "rslave", .propagation = MS_SLAVE, .propagation_rec = true },
	{ "shared", .propagation = MS_SHARED },
	{ "rshared", .propagation = MS_SHARED, .propagation_rec = true },
	{ "unbindable", .propagation = MS_UNBINDABLE },
	{ "runbindable", .propagation = MS_UNBINDABLE, .propagation_rec = true },

	{ "tmpcopyup", .copyup = true },
	{ "idmap", .idmap = true },
	{ "ridmap", .idmap = true, .ridmap = true },

	/* What is not ours goes to the file system, also what only looks like ours. */
	{ "mode=755", .data = "mode=755" },
	{ "size=64m,mode=1777", .data = "size=64m,mode=1777" },
	{ "RO", .data = "RO" },
	{ "rdefaults", .data = "rdefaults" },
	{ "rsync", .data = "rsync" },
	{ "rtmpcopyup", .data = "rtmpcopyup" },
	{ "r", .data = "r" },
	{ "user", .data = "user" },
	{ "newinstance,ptmxmode=0666", .data = "newinstance,ptmxmode=0666" },

	/* The later of two that disagree wins. */
	{ "ro,rw", .clr = MOUNT_ATTR_RDONLY },
	{ "rw,ro", .set = MOUNT_ATTR_RDONLY, .sb = MS_RDONLY },
	{ "nosuid,suid,nosuid", .set = MOUNT_ATTR_NOSUID },
	{ "noatime,strictatime", .set = MOUNT_ATTR_STRICTATIME, .clr = ATIME },
	{ "strictatime,noatime", .set = MOUNT_ATTR_NOATIME, .clr = ATIME },
	{ "strictatime,relatime", .clr = ATIME },
	{ "noatime,atime", .clr = ATIME },
	{ "noatime,nostrictatime", .set = MOUNT_ATTR_NOATIME, .clr = ATIME },
	{ "noatime,norelatime", .set = MOUNT_ATTR_NOATIME, .clr = ATIME },
	{ "strictatime,nostrictatime", .clr = ATIME },
	{ "rprivate,slave", .propagation = MS_SLAVE },
	{ "shared,rprivate", .propagation = MS_PRIVATE, .propagation_rec = true },
	{ "sync,async" },
	{ "silent,loud" },
	{ "rro,rrw", .rec_clr = MOUNT_ATTR_RDONLY },
	{ "ro,rnosuid", .set = MOUNT_ATTR_RDONLY, .rec_set = MOUNT_ATTR_NOSUID, .sb = MS_RDONLY },
	{ "nosuid,mode=7,nodev,uid=0", .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	  .data = "mode=7,uid=0" },
};

static void check_row(const struct row *row, const struct oci_mount *m)
{
	if (m->attr_set != row->set || m->attr_clr != row->clr || m->rec_attr_set != row->rec_set ||
	    m->rec_attr_clr != row->rec_clr || m->sb_flags != row->sb ||
	    m->propagation != row->propagation || m->propagation_rec != row->propagation_rec ||
	    m->tmpcopyup != row->copyup || m->idmap != row->idmap || m->ridmap != row->ridmap ||
	    !sv_str_equal(m->data, row->data) || m->bind || m->rec || m->mkdir_x)
		fail_msg("'%s' gave set %#llx clr %#llx rec %#llx %#llx sb %#x propagation %#llx "
			 "data %s",
			 row->words, (unsigned long long)m->attr_set,
			 (unsigned long long)m->attr_clr, (unsigned long long)m->rec_attr_set,
			 (unsigned long long)m->rec_attr_clr, m->sb_flags,
			 (unsigned long long)m->propagation, m->data ? m->data : "(none)");
}

static void every_option_word_means_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct oci_mount m = { 0 };
		struct sv_err err = { 0 };

		assert_int_equal(oci_mount_make(&m, "/d", "tmpfs", "tmpfs", rows[i].words, &err),
				 0);
		check_row(&rows[i], &m);
		oci_mount_done(&m);
	}
}

/* A document and a call come to the same. */
static void words_of_a_document_are_the_same_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		char part[200], *end = part + sprintf(part, "'type':'tmpfs','options':['");
		struct oci_spec spec;

		for (const char *p = rows[i].words; *p; p++)
			end += *p == ',' ? sprintf(end, "','") : sprintf(end, "%c", *p);
		strcpy(end, "']");
		spec = unit_spec(IN_MOUNT, part);
		check_row(&rows[i], &spec.mounts[0]);
		oci_spec_done(&spec);
	}
}

static void words_added_later_continue_the_list(void **state)
{
	struct oci_mount m = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(oci_mount_make(&m, "d/", "tmpfs", NULL, "ro,mode=755", &err), 0);
	assert_int_equal(oci_mount_option(&m, "rw", &err), 0);
	assert_int_equal(oci_mount_option(&m, "size=1m", &err), 0);
	assert_int_equal(oci_mount_option(&m, "X-mount.owner=0", &err), -EINVAL);
	assert_string_equal(m.dest, "/d");
	assert_null(m.source);
	assert_true(m.attr_set == 0 && m.attr_clr == MOUNT_ATTR_RDONLY && m.sb_flags == 0);
	assert_string_equal(m.data, "mode=755,size=1m");
	assert_string_equal(m.options.items[3], "size=1m");

	assert_int_equal(oci_mount_option(&m, "bind", &err), -EINVAL);
	oci_mount_done(&m);
	assert_null(m.dest);
}

static void features_lists_the_words_once_and_sorted(void **state)
{
	autolist struct sv_list words = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(oci_mount_option_words(&words, &err), 0);
	assert_true(sv_list_has(&words, "rro"));
	assert_true(sv_list_has(&words, "rbind"));
	assert_true(sv_list_has(&words, "ridmap"));
	assert_true(sv_list_has(&words, "rrelatime"));
	assert_false(sv_list_has(&words, "rsync"));
	assert_false(sv_list_has(&words, "rdefaults"));
	for (size_t i = 1; i < words.count; i++)
		assert_true(strcmp(words.items[i - 1], words.items[i]) < 0);
	/* Every word of the list is known, so none of them becomes data. */
	for (size_t i = 0; i < words.count; i++) {
		struct oci_mount m = { 0 };

		if (sv_str_starts(words.items[i], "X-mount."))
			continue;
		assert_int_equal(oci_mount_make(&m, "/d", "tmpfs", "/s", words.items[i], &err), 0);
		assert_null(m.data);
		oci_mount_done(&m);
	}
}

static void a_bind_is_recognised_in_all_its_forms(void **state)
{
	static const struct {
		const char *part;
		bool rec;
	} binds[] = {
		{ "'type':'bind','source':'/s'", false },
		{ "'type':'bind','source':'/s','options':['rbind','ro']", true },
		{ "'type':'none','source':'/s','options':['bind']", false },
		{ "'source':'s','options':['ro','rbind']", true },
		{ "'type':'','source':'/s','options':['rbind','bind']", false },
		{ "'type':'sysfs','source':'/sys','options':['rbind']", true },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(binds); i++) {
		struct oci_spec spec = unit_spec(IN_MOUNT, binds[i].part);

		assert_true(spec.mounts[0].bind);
		assert_int_equal(spec.mounts[0].rec, binds[i].rec);
		assert_string_equal(spec.mounts[0].type, "bind");
		assert_null(spec.mounts[0].data);
		oci_spec_done(&spec);
	}
}

static void destinations_are_made_absolute_and_clean(void **state)
{
	static const struct {
		const char *given, *clean;
	} dests[] = {
		{ "/a/b", "/a/b" },
		{ "a", "/a" },
		{ "//a///b//", "/a/b" },
		{ "/./a/./b/.", "/a/b" },
		{ "/", "/" },
		{ ".", "/" },
		{ "/..a/b..", "/..a/b.." },
		{ "/a/...", "/a/..." },
		{ "/a b", "/a b" },
		{ "./a", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(dests); i++) {
		struct oci_mount m = { 0 };
		struct sv_err err = { 0 };

		assert_int_equal(oci_mount_make(&m, dests[i].given, "tmpfs", NULL, NULL, &err), 0);
		assert_string_equal(m.dest, dests[i].clean);
		oci_mount_done(&m);
	}
}

static void x_mount_words_are_carried_out_or_refused(void **state)
{
	struct oci_mount m = { 0 };
	struct sv_err err = { 0 };
	static const struct unit_refusal refusals[] = {
		{ IN_MOUNT, "'type':'t','options':['X-mount.owner=0']",
		  "mounts[0].options[0]: the option 'X-mount.owner=0' is not supported" },
		{ IN_MOUNT, "'type':'t','options':['ro','X-mount.idmap=u:0:1:1']",
		  "mounts[0].options[1]: the option 'X-mount.idmap=u:0:1:1' is not supported" },
		{ IN_MOUNT, "'type':'t','options':['X-mount.mkdir=8']",
		  "mounts[0].options[0]: X-mount.mkdir=8: '8' is not a number" },
		{ IN_MOUNT, "'type':'t','options':['X-mount.mkdir=']",
		  "mounts[0].options[0]: X-mount.mkdir=: a number is missing" },
		{ IN_MOUNT, "'type':'t','options':['X-mount.subdir=']",
		  "mounts[0].options[0]: the option 'X-mount.subdir=' is not supported" },
		{ IN_MOUNT, "'type':'t','options':['X-mount.subdir=a/../b']",
		  "mounts[0].options[0]: X-mount.subdir=a/../b: the path contains \"..\"" },
	};

	(void)state;
	assert_int_equal(oci_mount_make(&m, "/d", "ext4", "/dev/x",
					"X-mount.mkdir,X-mount.subdir=a//b/", &err),
			 0);
	assert_true(m.mkdir_x);
	assert_int_equal(m.mkdir_mode, 0755);
	assert_string_equal(m.subdir, "/a/b");
	assert_null(m.data);
	assert_int_equal(oci_mount_option(&m, "x-mount.mkdir=0700", &err), 0);
	assert_int_equal(m.mkdir_mode, 0700);
	oci_mount_done(&m);
	UNIT_REFUSES(refusals);
}

static void crun_style_mappings_are_read(void **state)
{
	struct oci_mount m = { 0 };
	struct sv_err err = { 0 };
	static const char *const broken[] = {
		"idmap=",
		"idmap=uids=0-1-1",
		"idmap=gids=0-1-1",
		"idmap=uids=0-1;gids=0-1-1",
		"idmap=uids=0-1-1;gids=0-1-0",
		"idmap=uids=@0-1-1;gids=0-1-1",
		"idmap=uids=0-1-1#;gids=0-1-1",
		"idmap=uids=0-1-1;uids=0-1-1",
		"idmap=uids=0-1-1;gids=0-4294967295-1",
		"idmap=uids=0-1-99999999999;gids=0-1-1",
		"idmap=uids=0-1-1 gids=0-1-1",
		"idmap=uids=0-1-5#4-9-1;gids=0-1-1",
	};

	(void)state;
	assert_int_equal(oci_mount_make(&m, "/d", NULL, "/s",
					"rbind,ridmap=uids=0-1000-10#10-5-1;gids=0-2000-10", &err),
			 0);
	assert_true(m.idmap && m.ridmap);
	assert_int_equal(m.maps.n_uids, 2);
	assert_int_equal(m.maps.uids[1].inside, 10);
	assert_int_equal(m.maps.uids[1].outside, 5);
	assert_int_equal(m.maps.uids[1].size, 1);
	assert_int_equal(m.maps.n_gids, 1);
	assert_int_equal(m.maps.gids[0].outside, 2000);
	oci_mount_done(&m);

	for (size_t i = 0; i < SV_COUNT(broken); i++)
		if (oci_mount_make(&m, "/d", NULL, "/s", broken[i], &err) != -EINVAL)
			fail_msg("accepted %s", broken[i]);
}

static void broken_mounts_are_refused(void **state)
{
	static const struct unit_refusal refusals[] = {
		{ IN_DOC, "'mounts':{}", "mounts: expected an array, found an object" },
		{ IN_DOC, "'mounts':[null]", "mounts[0]: expected an object, found null" },
		{ IN_DOC, "'mounts':[{'type':'tmpfs'}]",
		  "mounts[0].destination: missing, expected a path" },
		{ IN_DOC, "'mounts':[{'destination':'','type':'tmpfs'}]",
		  "mounts[0].destination: expected a path, found \"\"" },
		{ IN_DOC, "'mounts':[{'destination':'/a/../b','type':'tmpfs'}]",
		  "mounts[0].destination: the path contains \"..\"" },
		{ IN_DOC, "'mounts':[{'destination':'..','type':'tmpfs'}]",
		  "mounts[0].destination: the path contains \"..\"" },
		{ IN_MOUNT, "'source':'/s'",
		  "mounts[0].type: expected a type of file system, or \"bind\" among the options" },
		{ IN_MOUNT, "'type':'none','options':['rshared']",
		  "mounts[0].type: expected a type of file system, or \"bind\" among the options" },
		{ IN_MOUNT, "'type':'bind'", "mounts[0].source: missing, a bind needs one" },
		{ IN_MOUNT, "'options':['rbind'],'source':''",
		  "mounts[0].source: missing, a bind needs one" },
		{ IN_MOUNT, "'type':'tmpfs','options':'ro'",
		  "mounts[0].options: expected an array, found \"ro\"" },
		{ IN_MOUNT, "'type':'tmpfs','options':['ro',true]",
		  "mounts[0].options[1]: expected a string, found true" },
		{ IN_MOUNT, "'type':'tmpfs','options':['idmap=x']",
		  "mounts[0].options[0]: idmap=x: expected uids= or gids= once each, found 'x'" },
		{ IN_MOUNT, "'type':'tmpfs','uidMappings':[{'containerID':0,'hostID':1,'size':1}]",
		  "mounts[0].gidMappings: missing, while uidMappings is there" },
	};
	struct oci_mount m = { 0 };
	struct sv_err err = { 0 };
	char dest[5000];

	(void)state;
	UNIT_REFUSES(refusals);

	memset(dest, 'x', sizeof(dest));
	dest[4096] = '\0';
	assert_int_equal(oci_mount_make(&m, dest, "tmpfs", NULL, NULL, &err), -EINVAL);
	dest[4094] = '\0';
	assert_int_equal(oci_mount_make(&m, dest, "tmpfs", NULL, NULL, &err), 0);
	oci_mount_done(&m);
	assert_int_equal(oci_mount_make(&m, "/x", "bind", NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "mount on '/x': source: missing, a bind needs one");
}

static void mappings_of_the_document_win_over_those_of_a_word(void **state)
{
	struct oci_spec spec = unit_spec(
		IN_MOUNT, "'source':'/s','options':['bind','idmap=uids=0-1-1;gids=0-1-1'],"
			  "'uidMappings':[{'containerID':0,'hostID':7,'size':1}],"
			  "'gidMappings':[{'containerID':0,'hostID':8,'size':1}]");

	(void)state;
	assert_true(spec.mounts[0].idmap);
	assert_int_equal(spec.mounts[0].maps.uids[0].outside, 7);
	assert_int_equal(spec.mounts[0].maps.gids[0].outside, 8);
	oci_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_word_means_what_the_table_says),
		cmocka_unit_test(words_of_a_document_are_the_same_words),
		cmocka_unit_test(words_added_later_continue_the_list),
		cmocka_unit_test(features_lists_the_words_once_and_sorted),
		cmocka_unit_test(a_bind_is_recognised_in_all_its_forms),
		cmocka_unit_test(destinations_are_made_absolute_and_clean),
		cmocka_unit_test(x_mount_words_are_carried_out_or_refused),
		cmocka_unit_test(crun_style_mappings_are_read),
		cmocka_unit_test(broken_mounts_are_refused),
		cmocka_unit_test(mappings_of_the_document_win_over_those_of_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
