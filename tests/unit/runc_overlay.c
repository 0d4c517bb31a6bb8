/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option strings of overlays: what engines' mounts say, the directory that holds all layers, what
 * our mount will say.
 */
#include "runc/overlay_options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void parse(const char *text, struct rc_overlay_options *o)
{
	struct sv_err err = { 0 };

	*o = (struct rc_overlay_options){ 0 };
	assert_int_equal(rc_overlay_options_parse(text, o, &err), 0);
}

static void docker_mount_is_read(void **state)
{
	struct rc_overlay_options o;

	(void)state;
	parse("rw,lowerdir=/var/lib/docker/overlay2/l/AAA:/var/lib/docker/overlay2/l/BBB,upperdir=/"
	      "var/lib/docker/overlay2/x/diff,"
	      "workdir=/var/lib/docker/overlay2/x/work,index=off",
	      &o);
	assert_int_equal(o.lowers.count, 2);
	assert_string_equal(o.lowers.items[0], "/var/lib/docker/overlay2/l/AAA");
	assert_string_equal(o.lowers.items[1], "/var/lib/docker/overlay2/l/BBB");
	assert_string_equal(o.upper, "/var/lib/docker/overlay2/x/diff");
	assert_string_equal(o.work, "/var/lib/docker/overlay2/x/work");
	assert_int_equal(o.carry.count, 0);
	rc_overlay_options_done(&o);
}

static void what_layers_depend_on_is_carried(void **state)
{
	struct rc_overlay_options o;

	(void)state;
	parse("ro,seclabel,context=\"system_u:object_r:container_file_t:s0:c1,c2\",lowerdir=a:b,"
	      "redirect_dir=on,index=on,nfs_export=on,"
	      "metacopy=on,xino=auto,userxattr,volatile,uuid=null",
	      &o);
	assert_null(o.upper);
	assert_int_equal(o.carry.count, 6);
	assert_string_equal(o.carry.items[0],
			    "context=\"system_u:object_r:container_file_t:s0:c1,c2\"");
	assert_false(sv_list_has(&o.carry, "index=on"));
	assert_false(sv_list_has(&o.carry, "uuid=null"));
	rc_overlay_options_done(&o);
}

static void escapes_of_both_layers_are_taken_off(void **state)
{
	struct rc_overlay_options o;

	(void)state;
	/*
	 * overlayfs: "\:" and "\\"; around it seq_file: \134 for the backslash, \040 for the
	 * blank, \054 for the comma
	 */
	parse("rw,lowerdir=/with\\040blank:/with\\134:colon:/with\\054comma:/back\\134\\134slash",
	      &o);
	assert_int_equal(o.lowers.count, 4);
	assert_string_equal(o.lowers.items[0], "/with blank");
	assert_string_equal(o.lowers.items[1], "/with:colon");
	assert_string_equal(o.lowers.items[2], "/with,comma");
	assert_string_equal(o.lowers.items[3], "/back\\slash");
	rc_overlay_options_done(&o);
}

static void layers_one_by_one_and_data_layers_are_read(void **state)
{
	struct rc_overlay_options o;

	(void)state;
	parse("rw,lowerdir+=/a:b,lowerdir+=/c,datadir+=/d", &o);
	assert_int_equal(o.lowers.count, 3);
	assert_string_equal(o.lowers.items[0], "/a:b");
	assert_int_equal(o.n_data, 1);
	rc_overlay_options_done(&o);

	parse("rw,lowerdir=/a:/b::/c::/d", &o);
	assert_int_equal(o.lowers.count, 4);
	assert_int_equal(o.n_data, 2);
	rc_overlay_options_done(&o);
}

static void nonsense_is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "rw",
					     "rw,lowerdir=",
					     "rw,lowerdir=::/data",
					     "lowerdir=/a,upperdir=/u",
					     "lowerdir=/a,workdir=/w" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct rc_overlay_options o = { 0 };
		struct sv_err err = { 0 };

		assert_int_equal(rc_overlay_options_parse(texts[i], &o, &err), -EINVAL);
		assert_int_equal(err.code, EINVAL);
	}
}

static void assert_common(const char *want, const char *first, const char *second,
			  const char *third)
{
	const char *const given[] = { first, second, third };
	autolist struct sv_list dirs = { 0 };
	autofree char *common = NULL;
	struct sv_err err = { 0 };

	for (size_t i = 0; i < SV_COUNT(given); i++)
		if (given[i])
			assert_int_equal(sv_list_add(&dirs, given[i], &err), 0);
	assert_int_equal(rc_overlay_common_dir(&dirs, &common, &err), 0);
	assert_string_equal(common, want);
}

static void common_directory_ends_at_a_slash(void **state)
{
	(void)state;
	assert_common("/lib/overlay2", "/lib/overlay2/l/A", "/lib/overlay2/l/B",
		      "/lib/overlay2/id/diff");
	assert_common("/snap", "/snap/12/fs", "/snap/123/fs", NULL);
	assert_common("/snap/1", "/snap/1/fs", "/snap/1", NULL);
	assert_common("/snap", "/snap/1", "/snap/12", NULL);
	assert_common("/", "/a/b", "/c/d", NULL);
	assert_common("/", NULL, NULL, NULL);
	assert_common("/a/b", "/a/b", NULL, NULL);
	assert_common("/a", "/a/b", "/a/../etc/c", "/a/c");
	assert_common("/a", "/a/b", "relative", "/a/c");
}

static void path_is_told_below_a_directory(void **state)
{
	(void)state;
	assert_string_equal(rc_overlay_below("/a/b", "/a/b/c/d"), "c/d");
	assert_string_equal(rc_overlay_below("/a/b", "/a/b//c"), "c");
	assert_string_equal(rc_overlay_below("/a/b", "/a/b"), ".");
	assert_string_equal(rc_overlay_below("/", "/a"), "a");
	assert_null(rc_overlay_below("/a/b", "/a/bc"));
	assert_null(rc_overlay_below("/a/b", "/a"));
}

static void own_mount_is_composed(void **state)
{
	char *names[] = { "b0/l/A", "b0/l/B", "1", NULL },
	     *words[] = { "metacopy=on", "volatile", NULL };
	const struct sv_list lowers = { .items = names, .count = 3 },
			     carry = { .items = words, .count = 2 }, none = { 0 };
	autofree char *text = NULL, *plain = NULL;
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_overlay_options_format(&lowers, 1, "b0/u", "b0/w", &carry, &text, &err),
			 0);
	assert_string_equal(text, "index=off,metacopy=on,volatile,lowerdir=b0/l/A:b0/l/"
				  "B::1,upperdir=b0/u,workdir=b0/w");
	assert_int_equal(rc_overlay_options_format(&lowers, 0, NULL, NULL, &none, &plain, &err), 0);
	assert_string_equal(plain, "index=off,lowerdir=b0/l/A:b0/l/B:1");
}

static void names_that_need_escaping_are_told(void **state)
{
	(void)state;
	assert_true(rc_overlay_plain_name("b0/l/ABC_d-1.2+3@x"));
	assert_false(rc_overlay_plain_name("a:b"));
	assert_false(rc_overlay_plain_name("a,b"));
	assert_false(rc_overlay_plain_name("a\\b"));
	assert_false(rc_overlay_plain_name("a b"));
	assert_false(rc_overlay_plain_name("\xc3\xa4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_mount_is_read),
		cmocka_unit_test(what_layers_depend_on_is_carried),
		cmocka_unit_test(escapes_of_both_layers_are_taken_off),
		cmocka_unit_test(layers_one_by_one_and_data_layers_are_read),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(common_directory_ends_at_a_slash),
		cmocka_unit_test(path_is_told_below_a_directory),
		cmocka_unit_test(own_mount_is_composed),
		cmocka_unit_test(names_that_need_escaping_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
