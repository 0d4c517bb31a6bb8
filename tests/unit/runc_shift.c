/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shifting on real file systems: the kernel is what is asked here, so these cases need root, a
 * mount namespace of their own, and a disk below /var/tmp that can be idmapped. Elsewhere they
 * are skipped.
 */
#include "runc/shift.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "os/mount.h"
#include "os/userns.h"

#define ROOT 231072U /* the container's root on the host */
#define NEED_ROOT()             \
	do {                    \
		if (!top[0])    \
			skip(); \
	} while (0)

static struct sv_idmap map = { 0, ROOT, 65536 };
static const struct oci_maps maps = { .uids = &map, .gids = &map, .n_uids = 1, .n_gids = 1 };
static struct rc_shift shift = { .maps = &maps, .userns = -1 };
static char top[64];     /* working directory of every case; "" if there can be none */
static int scratch = -1; /* of the last rootfs */

/* The credentials that the assembler has, for one call at a time. */
static void become_assembler(bool yes)
{
	setfsgid(yes ? ROOT : 0);
	setfsuid(yes ? ROOT : 0);
}

static void sh(const char *command)
{
	int r = system(command);

	if (r != 0)
		print_error("%s\n", command);
	assert_int_equal(r, 0);
}

static int can_idmap(void)
{
	autoclose int dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), tree = -1;
	struct sv_err err = { 0 };

	return sv_mount_clone(dir, false, &tree, &err) == 0 &&
	       sv_mount_idmap(tree, shift.userns, false, &err) == 0;
}

static int set_up(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return 0;
	umask(0);
	strcpy(top, "/var/tmp/sv-shift.XXXXXX");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !mkdtemp(top) ||
	    chdir(top) < 0 || mkdir("scratch", 0700) < 0 ||
	    mount("tmpfs", "scratch", "tmpfs", 0, NULL) < 0)
		return -1;
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 ||
	    sv_userns_make(&map, 1, &map, 1, &shift.userns, &err) < 0 || !can_idmap()) {
		print_message("no id-mapped mounts here: %s\n", err.msg);
		umount2("scratch", MNT_DETACH);
		if (rmdir("scratch") < 0 || chdir("/") < 0 || rmdir(top) < 0)
			return -1;
		top[0] = '\0';
	}
	return 0;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	if (!top[0])
		return 0;
	sv_fd_close(&scratch);
	umount2("scratch", MNT_DETACH);
	umount2("e/id/merged", MNT_DETACH); /* of a case that failed */
	snprintf(command, sizeof(command), "rm -rf --one-file-system %s", top);
	return chdir("/") < 0 || system(command) != 0;
}

static void assert_owner(int dir, const char *name, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		fail_msg("%s: %s", name, strerror(errno));
	if (st.st_uid != uid || st.st_gid != gid)
		fail_msg("%s belongs to %u:%u, not to %u:%u", name, st.st_uid, st.st_gid, uid, gid);
}

static void assert_text(int dir, const char *name, const char *want)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[100] = "";

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, want);
}

static void make_scratch(void)
{
	static int count;
	char name[32];

	snprintf(name, sizeof(name), "scratch/%d", ++count);
	assert_int_equal(mkdir(name, 0700), 0);
	sv_fd_close(&scratch);
	scratch = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Both halves as the assembler does them. */
static int shift_rootfs(const char *name, int *ret, struct sv_err *err)
{
	struct rc_rootfs rootfs = RC_ROOTFS_INIT;
	char path[300];
	int r;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	make_scratch();
	become_assembler(true);
	r = rc_shift_rootfs(path, &shift, &rootfs, err);
	if (r == 0)
		r = rc_shift_rootfs_finish(&rootfs, scratch, &shift, ret, err);
	become_assembler(false);
	rc_rootfs_done(&rootfs);
	return r;
}

static void assert_shifted(const char *name, int *ret)
{
	struct sv_err err = { 0 };

	if (shift_rootfs(name, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

/* What a process of the container does in TREE; as its root, without power over the host. */
static void in_container(int tree, int (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (fchdir(tree) < 0 || setns(shift.userns, CLONE_NEWUSER) < 0 ||
		    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(100);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int change_things(void)
{
	autoclose int conf = open("etc/conf", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (conf < 0 || write(conf, "+", 1) != 1)
		return 1;
	if (mkdir("new", 0755) < 0 || chown("new", 1000, 5) < 0)
		return 2;
	if (unlink("etc/gone") < 0 || rename("new", "moved") < 0)
		return 3;
	if (chown("home", 7, 8) < 0 || symlink("x", "link") < 0)
		return 4;
	return 0;
}

static void plain_directory_is_shifted_and_not_chowned(void **state)
{
	autoclose int tree = -1;

	(void)state;
	NEED_ROOT();
	sh("mkdir -p plain/etc plain/home; echo -n one > plain/etc/conf; touch plain/etc/gone; "
	   "chown 1000:1001 plain/home");
	assert_shifted("plain", &tree);
	assert_owner(tree, "etc/conf", ROOT, ROOT);
	assert_owner(tree, "home", ROOT + 1000, ROOT + 1001);
	in_container(tree, change_things);
	assert_owner(AT_FDCWD, "plain/etc/conf", 0, 0);
	assert_owner(AT_FDCWD, "plain/moved", 1000, 5);
	assert_owner(AT_FDCWD, "plain/home", 7, 8);
	assert_owner(AT_FDCWD, "plain/link", 0, 0);
}

static void directory_of_the_containers_root_is_not_shifted_twice(void **state)
{
	autoclose int tree = -1;

	(void)state;
	NEED_ROOT();
	sh("mkdir owned; touch owned/file; chown -R 231072:231072 owned");
	assert_shifted("owned", &tree);
	assert_owner(tree, "file", ROOT, ROOT);
}

static void link_to_the_root_is_followed_and_a_file_refused(void **state)
{
	autoclose int tree = -1;
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("mkdir real; touch real/file; ln -s real linked");
	assert_shifted("linked", &tree);
	assert_owner(tree, "file", ROOT, ROOT);
	assert_int_equal(shift_rootfs("real/file", &tree, &err), -ENOTDIR);
	err = (struct sv_err){ 0 };
	assert_int_equal(shift_rootfs("missing", &tree, &err), -ENOENT);
}

/* What docker has: short links to the layers, upper and work in a directory of the container. */
static void make_engine(void)
{
	sh("mkdir -p e/l e/base/diff/etc e/base/diff/home e/mid/diff e/id/diff e/id/work "
	   "e/id/merged;"
	   "ln -sfn ../base/diff e/l/BASE; ln -sfn ../mid/diff e/l/MID;"
	   "echo -n one > e/base/diff/etc/conf; touch e/base/diff/etc/gone; chown 1000:1001 "
	   "e/base/diff/home");
}

static void overlay_is_mounted_anew_and_upper_has_true_owners(void **state)
{
	autoclose int tree = -1;
	struct stat st;

	(void)state;
	NEED_ROOT();
	make_engine();
	sh("mount -t overlay overlay -o "
	   "lowerdir=$PWD/e/l/MID:$PWD/e/l/BASE,upperdir=$PWD/e/id/diff,workdir=$PWD/e/id/work "
	   "e/id/merged");
	assert_shifted("e/id/merged", &tree);
	assert_owner(tree, "etc", ROOT, ROOT);
	assert_owner(tree, "home", ROOT + 1000, ROOT + 1001);
	in_container(tree, change_things);
	assert_text(tree, "etc/conf", "one+");
	assert_text(AT_FDCWD, "e/id/diff/etc/conf", "one+");
	assert_text(AT_FDCWD, "e/base/diff/etc/conf", "one");
	assert_owner(AT_FDCWD, "e/id/diff/etc/conf", 0, 0);
	assert_owner(AT_FDCWD, "e/id/diff/moved", 1000, 5);
	assert_owner(AT_FDCWD, "e/id/diff/home", 7, 8);
	assert_owner(AT_FDCWD, "e/id/sysvisor-work", 0, 0);
	/*
	 * A removed file is a device 0:0 in upper; that takes the power that the mount was made
	 * with.
	 */
	assert_int_equal(lstat("e/id/diff/etc/gone", &st), 0);
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
	sh("umount e/id/merged");
}

static void overlay_comes_up_again_after_a_restart(void **state)
{
	autoclose int first = -1, second = -1;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e");
	make_engine();
	sh("mount -t overlay overlay -o "
	   "volatile,lowerdir=$PWD/e/l/BASE,upperdir=$PWD/e/id/diff,workdir=$PWD/e/id/work "
	   "e/id/merged");
	assert_shifted("e/id/merged", &first);
	in_container(first, change_things);
	sv_fd_close(&first);
	assert_shifted("e/id/merged", &second);
	assert_owner(second, "moved", ROOT + 1000, ROOT + 5);
	sh("umount e/id/merged");
}

static void names_relative_to_the_engines_directory_are_found(void **state)
{
	autoclose int tree = -1;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e");
	make_engine();
	sh("cd e; mount -t overlay overlay -o "
	   "lowerdir=l/MID:l/BASE,upperdir=id/diff,workdir=id/work id/merged");
	assert_shifted("e/id/merged", &tree);
	in_container(tree, change_things);
	assert_owner(AT_FDCWD, "e/id/diff/moved", 1000, 5);
	sh("umount e/id/merged");
}

static void overlay_without_upper_is_read_only(void **state)
{
	autoclose int tree = -1;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e");
	make_engine();
	sh("mount -t overlay overlay -o lowerdir=$PWD/e/l/MID:$PWD/e/l/BASE e/id/merged");
	assert_shifted("e/id/merged", &tree);
	assert_owner(tree, "home", ROOT + 1000, ROOT + 1001);
	assert_int_equal(mkdirat(tree, "x", 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(access("e/id/sysvisor-work", F_OK), -1);
	sh("umount e/id/merged");
}

/* Names that have to be escaped, and then more of them than a page holds. */
static void strange_and_many_layers_are_mounted(void **state)
{
	autoclose int strange = -1, many = -1;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e; mkdir -p 'e/a:b,c d/diff' e/id/diff e/id/work e/id/merged; touch 'e/a:b,c "
	   "d/diff/file';"
	   "mount -t overlay overlay -o \"lowerdir=$PWD/e/a\\:b\\,c "
	   "d/diff,upperdir=$PWD/e/id/diff,workdir=$PWD/e/id/work\" e/id/merged");
	assert_shifted("e/id/merged", &strange);
	assert_owner(strange, "file", ROOT, ROOT);
	/* Just below a page as the engine writes it, above with the name of our directory in front. */
	sh("umount e/id/merged; rm -rf e; mkdir -p e/id/diff e/id/work e/id/merged; l=; i=100; "
	   "while [ $i -lt 240 ]; do d=layer-with-a-long-name-$i; mkdir e/$d; "
	   "echo -n $i > e/$d/file-$i; l=$l:$d; i=$((i+1)); done; cd e;"
	   "mount -t overlay overlay -o lowerdir=${l#:},upperdir=id/diff,workdir=id/work "
	   "id/merged");
	assert_shifted("e/id/merged", &many);
	assert_owner(many, "file-100", ROOT, ROOT);
	assert_text(many, "file-239", "239");
	assert_int_equal(faccessat(scratch, "139", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	sh("umount e/id/merged");
}

static void layers_on_several_file_systems_are_mounted(void **state)
{
	autoclose int tree = -1;
	struct sv_err err = { 0 };
	int r;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e");
	make_engine();
	sh("mkdir e/other; mount -t tmpfs tmpfs e/other; mkdir e/other/in; touch e/other/in/file; "
	   "ln -s $PWD/e/mid/diff e/l/ABSOLUTE;"
	   "mount -t overlay overlay -o "
	   "lowerdir=$PWD/e/other/in:$PWD/e/l/ABSOLUTE:$PWD/e/l/BASE,upperdir=$PWD/e/id/diff,"
	   "workdir=$PWD/e/id/work e/id/merged");
	r = shift_rootfs("e/id/merged", &tree, &err);
	if (r == 0) {
		assert_owner(tree, "file", ROOT, ROOT);
		assert_owner(tree, "home", ROOT + 1000, ROOT + 1001);
	} else {
		assert_int_equal(r, -EOPNOTSUPP); /* tmpfs before Linux 6.3 */
	}
	sh("umount e/id/merged; umount e/other");
}

static const char nbox[] = "container requires uid shifting but error was found: nbox_shiftfs "
			   "module is not loaded in the kernel";

static void what_nothing_can_shift_is_refused_with_the_documented_text(void **state)
{
	struct sv_err err = { 0 };
	int tree = -1;

	(void)state;
	NEED_ROOT();
	sh("rm -rf e");
	make_engine();
	sh("mkdir proc; mount -t proc proc proc;"
	   "mount -t overlay overlay -o "
	   "lowerdir=$PWD/e/l/BASE,upperdir=$PWD/e/id/diff,workdir=$PWD/e/id/work e/id/merged");
	assert_int_equal(shift_rootfs("proc", &tree, &err), -EOPNOTSUPP);
	assert_true(sv_str_ends(err.msg, nbox));
	assert_non_null(strstr(err.msg, "/proc' on proc: "));
	/* A part of an overlay: its upper belongs to somebody else. */
	err = (struct sv_err){ 0 };
	assert_int_equal(shift_rootfs("e/id/merged/etc", &tree, &err), -EOPNOTSUPP);
	assert_true(sv_str_ends(err.msg, nbox));
	assert_int_equal(tree, -1);
	sh("umount e/id/merged; umount proc");
}

/* ---- binds ---- */

static int bind_of(const char *source, struct oci_mount *m, int *ret, struct sv_err *err)
{
	autoclose int bundle = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	*err = (struct sv_err){ 0 };
	m->source = (char *)source;
	become_assembler(true);
	r = rc_shift_bind(bundle, m, &shift, ret, err);
	become_assembler(false);
	return r;
}

static void bind_of_a_closed_directory_is_shifted(void **state)
{
	autoclose int tree = -1;
	struct oci_mount m = { .bind = true };
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("mkdir -p b/closed/in b/open; chmod 755 b b/open; chmod 700 b/closed; touch "
	   "b/closed/in/file; chown 5:6 b/closed/in/file");
	assert_int_equal(bind_of("b/closed/in", &m, &tree, &err), 0);
	assert_owner(tree, "file", ROOT + 5, ROOT + 6);
	assert_owner(tree, "", ROOT, ROOT);
}

static void bind_of_an_open_directory_is_refused_unless_remapped(void **state)
{
	autoclose int tree = -1, plain = -1;
	struct oci_mount m = { .bind = true };
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("chmod 755 .");
	assert_int_equal(bind_of("b/open", &m, &tree, &err), -EACCES);
	assert_string_equal(err.msg, "shiftfs mountpoint security check failed: path b/open is not "
				     "exclusively accessible "
				     "to the root user or group");
	shift.remapped = true;
	assert_int_equal(bind_of("b/open", &m, &plain, &err), 0);
	shift.remapped = false;
	assert_owner(plain, "", 0, 0);
}

static void special_and_own_files_stay_as_they_are(void **state)
{
	autoclose int null = -1, own = -1, sock = -1, closed = -1, listener = -1, listener2 = -1;
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "b/open/sock" };
	struct oci_mount m = { .bind = true };
	struct sv_err err = { 0 };
	struct stat st;

	(void)state;
	NEED_ROOT();
	assert_int_equal(bind_of("/dev/null", &m, &null, &err), 0);
	assert_int_equal(fstat(null, &st), 0);
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) && st.st_uid == 0);

	sh("mkdir b/own; chown 231072:231172 b/own");
	assert_int_equal(bind_of("b/own", &m, &own, &err), 0);
	assert_owner(own, "", ROOT, ROOT + 100);

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(bind_of("b/open/sock", &m, &sock, &err), 0);
	assert_owner(sock, "", 0, 0);
	strcat(addr.sun_path, "2");
	listener2 = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener2, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(chmod(addr.sun_path, 0660), 0);
	assert_int_equal(bind_of("b/open/sock2", &m, &closed, &err), 0);
	assert_owner(closed, "", ROOT, ROOT);
}

static void mappings_of_the_mount_itself_are_used(void **state)
{
	struct sv_idmap other = { 0, 500000, 1000 };
	struct oci_mount m = { .bind = true,
			       .idmap = true,
			       .maps = {
				       .uids = &other, .gids = &other, .n_uids = 1, .n_gids = 1 } };
	autoclose int tree = -1;
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	assert_int_equal(bind_of("b/closed/in", &m, &tree, &err), 0);
	assert_owner(tree, "", 500000, 500000);
	assert_owner(tree, "file", 500005, 500006);
}

static void subdirectory_is_found_inside_the_source(void **state)
{
	struct oci_mount m = { .bind = true, .subdir = (char *)"/link" };
	autoclose int tree = -1, out = -1;
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("mkdir b/closed/deep; touch b/closed/deep/here; ln -s /deep b/closed/link; ln -s "
	   "../../../open b/closed/out");
	assert_int_equal(bind_of("b/closed", &m, &tree, &err), 0);
	assert_owner(tree, "here", ROOT, ROOT);
	m.subdir = (char *)"out";
	assert_int_equal(bind_of("b/closed", &m, &out, &err), -ENOENT);
}

static void recursive_bind_brings_what_is_mounted_below(void **state)
{
	struct oci_mount plain = { .bind = true }, rec = { .bind = true, .rec = true };
	autoclose int without = -1, with = -1;
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("mkdir b/closed/proc; mount -t proc proc b/closed/proc");
	assert_int_equal(bind_of("b/closed", &plain, &without, &err), 0);
	assert_int_equal(faccessat(without, "proc/self", F_OK, 0), -1);
	/* proc cannot be shifted, the rest is all the same. */
	assert_int_equal(bind_of("b/closed", &rec, &with, &err), 0);
	assert_int_equal(faccessat(with, "proc/self", F_OK, 0), 0);
	assert_owner(with, "in/file", ROOT + 5, ROOT + 6);
	sh("umount b/closed/proc");
}

static void bind_that_cannot_be_shifted_is_told_apart(void **state)
{
	struct oci_mount m = { .bind = true };
	autoclose int dir = -1, file = -1;
	struct sv_err err = { 0 };

	(void)state;
	NEED_ROOT();
	sh("mkdir -p b/closed/proc; mount -t proc proc b/closed/proc");
	assert_int_equal(bind_of("b/closed/proc", &m, &dir, &err), -EOPNOTSUPP);
	assert_true(sv_str_ends(err.msg, nbox));
	assert_non_null(strstr(err.msg, "'b/closed/proc' on proc: "));
	/* A file that everybody can read is of use even as nobody's. */
	assert_int_equal(bind_of("b/closed/proc/uptime", &m, &file, &err), 0);
	assert_owner(file, "", 0, 0);
	sh("umount b/closed/proc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_directory_is_shifted_and_not_chowned),
		cmocka_unit_test(directory_of_the_containers_root_is_not_shifted_twice),
		cmocka_unit_test(link_to_the_root_is_followed_and_a_file_refused),
		cmocka_unit_test(overlay_is_mounted_anew_and_upper_has_true_owners),
		cmocka_unit_test(overlay_comes_up_again_after_a_restart),
		cmocka_unit_test(names_relative_to_the_engines_directory_are_found),
		cmocka_unit_test(overlay_without_upper_is_read_only),
		cmocka_unit_test(strange_and_many_layers_are_mounted),
		cmocka_unit_test(layers_on_several_file_systems_are_mounted),
		cmocka_unit_test(what_nothing_can_shift_is_refused_with_the_documented_text),
		cmocka_unit_test(bind_of_a_closed_directory_is_shifted),
		cmocka_unit_test(bind_of_an_open_directory_is_refused_unless_remapped),
		cmocka_unit_test(special_and_own_files_stay_as_they_are),
		cmocka_unit_test(mappings_of_the_mount_itself_are_used),
		cmocka_unit_test(subdirectory_is_found_inside_the_source),
		cmocka_unit_test(recursive_bind_brings_what_is_mounted_below),
		cmocka_unit_test(bind_that_cannot_be_shifted_is_told_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
