/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity, taken for real: each case runs in a child that is root of a user namespace of its own
 * (ids 0-65535), as init is. Making one with many ids needs root; without, the cases are skipped.
 */
#include "runc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runc/seccomp.h"

#define ALL ((1ULL << (OCI_CAP_LAST + 1)) - 1)
#define BIT(cap) (1ULL << (cap))

/* In a child cmocka's own assertions would return into the parent's test list. */
#define need(what)                                                                     \
	do {                                                                           \
		if (!(what)) {                                                         \
			fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #what, \
				strerror(errno));                                      \
			_exit(1);                                                      \
		}                                                                      \
	} while (0)

static void write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Runs BODY as root of a new user namespace. */
static void in_userns(void (*body)(void))
{
	int ready[2], go[2], status;
	char byte = 0;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(ready, O_CLOEXEC) + pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		need(unshare(CLONE_NEWUSER) == 0);
		need(write(ready[1], "", 1) == 1 && read(go[0], &byte, 1) == 1);
		need(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
		body();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	write_file(pid, "uid_map", "0 1000000 65536");
	write_file(pid, "gid_map", "0 1000000 65536");
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
	assert_int_equal(status, 0);
}

/* The number after KEY in /proc/self/status. */
static uint64_t own(const char *key, int base)
{
	char line[512];
	uint64_t value = 0;
	FILE *f = fopen("/proc/self/status", "r");
	bool found = false;

	need(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtoull(line + strlen(key), NULL, base);
			found = true;
		}
	}
	fclose(f);
	need(found);
	return value;
}

static void enter(const struct oci_process *p, bool filter)
{
	struct sv_err err = { 0 };

	if (rc_identity_enter(p, filter, false, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(1);
	}
}

static void root_with_all(void)
{
	struct oci_process p = { .caps = { true, ALL, ALL, ALL, 0, 0 } };

	enter(&p, true);
	need(own("CapBnd:", 16) == ALL && own("CapPrm:", 16) == ALL && own("CapEff:", 16) == ALL);
	need(own("CapInh:", 16) == 0 && own("CapAmb:", 16) == 0);
	need(own("Umask:", 8) == 022 && own("NoNewPrivs:", 10) == 0);
	need(getgroups(0, NULL) == 0);
	need(rc_identity_seal(&p, true, &(struct sv_err){ 0 }) == 0);
	need(own("CapEff:", 16) == ALL);
}

static void root_of_a_system_container_keeps_everything(void **state)
{
	(void)state;
	in_userns(root_with_all);
}

static void user_with_ambient(void)
{
	uint64_t two = BIT(CAP_NET_RAW) | BIT(CAP_CHOWN);
	uint32_t groups[] = { 7, 2000 };
	gid_t got[3];
	uid_t r, e, s;
	struct oci_process p = {
		.user = { .uid = 1000,
			  .gid = 1001,
			  .groups = groups,
			  .n_groups = 2,
			  .has_umask = true,
			  .umask = 027 },
		.caps = { true, two, two, two, two, BIT(CAP_NET_RAW) },
	};

	enter(&p, false);
	need(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1000 && s == 1000);
	need(getresgid(&r, &e, &s) == 0 && r == 1001 && e == 1001 && s == 1001);
	need(getgroups(3, got) == 2 && got[0] == 7 && got[1] == 2000);
	need(own("CapBnd:", 16) == two && own("CapPrm:", 16) == two && own("CapEff:", 16) == two);
	need(own("CapInh:", 16) == two && own("CapAmb:", 16) == BIT(CAP_NET_RAW));
	need(own("Umask:", 8) == 027);
}

static void user_gets_ids_groups_umask_and_exact_sets(void **state)
{
	(void)state;
	in_userns(user_with_ambient);
}

static void user_without(void)
{
	struct oci_process p = { .user = { .uid = 33, .gid = 33 } };

	enter(&p, false);
	need(own("CapBnd:", 16) == 0 && own("CapPrm:", 16) == 0 && own("CapEff:", 16) == 0);
}

static void absent_capabilities_mean_none(void **state)
{
	(void)state;
	in_userns(user_without);
}

static void load(void)
{
	/* mount(2) gives errno 99. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x00050000 | 99),
		BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),
	};
	struct rc_filter f = { .code = code, .count = SV_COUNT(code) };
	int notify;

	need(rc_filter_load(&f, &notify, &(struct sv_err){ 0 }) == 0);
	need(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) < 0 && errno == 99);
}

static void filter_without_nnp(void)
{
	uint64_t few = BIT(CAP_CHOWN);
	struct oci_process p = { .user = { .uid = 1000, .gid = 1000 },
				 .caps = { true, few, few, few, few, few } };

	enter(&p, true);
	need(own("CapEff:", 16) == (few | BIT(CAP_SYS_ADMIN)));
	need(own("CapBnd:", 16) == few && own("CapInh:", 16) == few);
	load();
	need(rc_identity_seal(&p, true, &(struct sv_err){ 0 }) == 0);
	need(own("CapEff:", 16) == few && own("CapPrm:", 16) == few && own("CapAmb:", 16) == few);
	need(own("NoNewPrivs:", 10) == 0);
}

static void filter_is_loaded_with_a_capability_that_is_then_given_up(void **state)
{
	(void)state;
	in_userns(filter_without_nnp);
}

static void filter_with_nnp(void)
{
	struct oci_process p = { .user = { .uid = 1000, .gid = 1000 }, .no_new_privs = true };

	enter(&p, true);
	need(own("CapEff:", 16) == 0 && own("CapPrm:", 16) == 0 && own("NoNewPrivs:", 10) == 1);
	load();
	need(rc_identity_seal(&p, true, &(struct sv_err){ 0 }) == 0);
}

static void filter_with_no_new_privs_needs_no_capability(void **state)
{
	(void)state;
	in_userns(filter_with_nnp);
}

static void fail_to_enter(const struct oci_process *p, int code, const char *text)
{
	struct sv_err err = { 0 };

	need(rc_identity_enter(p, false, false, &err) == -code);
	if (!strstr(err.msg, text)) {
		fprintf(stderr, "'%s' is not in: %s\n", text, err.msg);
		_exit(1);
	}
}

static void unmapped_uid(void)
{
	fail_to_enter(&(struct oci_process){ .user = { .uid = 70000 } }, EINVAL,
		      "process.user.uid: cannot become user 70000");
}

static void unmapped_gid(void)
{
	uint32_t group = 80000;

	fail_to_enter(&(struct oci_process){ .user = { .groups = &group, .n_groups = 1 } }, EINVAL,
		      "process.user.additionalGids: cannot set 1 groups");
	fail_to_enter(&(struct oci_process){ .user = { .gid = 70000 } }, EINVAL,
		      "process.user.gid: cannot become group 70000");
}

static void impossible_caps(void)
{
	struct oci_process p = { .caps = { true, ALL, ALL, BIT(CAP_CHOWN), 0, 0 } };

	fail_to_enter(&p, EPERM, "process.capabilities: cannot set them");
}

static void impossible_ambient(void)
{
	struct oci_process p = { .caps = { true, ALL, ALL, ALL, 0, BIT(CAP_KILL) } };

	fail_to_enter(&p, EPERM, "process.capabilities.ambient: cannot raise CAP_KILL");
}

static void impossible_wishes_name_their_key(void **state)
{
	(void)state;
	in_userns(unmapped_uid);
	in_userns(unmapped_gid);
	in_userns(impossible_caps);
	in_userns(impossible_ambient);
}

static char base[] = "/tmp/sv-cwd-XXXXXX";

static void enter_made_cwd(void)
{
	struct oci_process p = { .user = { .uid = 1000, .gid = 1000 } };
	struct sv_err err = { 0 };
	char cwd[100], got[200];
	struct stat st;

	snprintf(cwd, sizeof(cwd), "%s/a//b/c", base);
	p.cwd = cwd;
	need(rc_identity_enter(&p, false, true, &err) == 0);
	need(getcwd(got, sizeof(got)) && strlen(got) > 6 &&
	     strcmp(got + strlen(got) - 6, "/a/b/c") == 0);
	need(stat(".", &st) == 0 && st.st_uid == 0 && (st.st_mode & 0777) == (0755 & ~022));
}

static void enter_private_cwd(void)
{
	struct oci_process p = { .user = { .uid = 1000, .gid = 1000 } };
	char cwd[100];

	snprintf(cwd, sizeof(cwd), "%s/private", base);
	p.cwd = cwd;
	need(mkdir(cwd, 0700) == 0);
	enter(&p, false);
}

static void missing_cwd(void)
{
	struct oci_process p = { .cwd = (char *)"/no/such/dir" };

	fail_to_enter(&p, ENOENT, "process.cwd: cannot change to '/no/such/dir'");
}

/* The working directory is a descriptor of the old root, which the container's root does not reach.
 */
static void escaping_cwd(void)
{
	struct oci_process p = { 0 };
	struct sv_err err = { 0 };
	char link[64];
	int fd;

	need(unshare(CLONE_NEWNS) == 0);
	fd = open("/usr", O_RDONLY | O_DIRECTORY);
	need(fd >= 0);
	need(mkdir(strcat(strcpy(link, base), "/jail"), 0755) == 0 && chroot(link) == 0);
	need(fchdir(fd) == 0);
	/* chdir("/proc/self/fd/N") cannot be had without a procfs in the jail; "." is the same
	 * directory. */
	p.cwd = (char *)".";
	need(rc_identity_enter(&p, false, false, &err) == -EXDEV);
	need(strstr(err.msg, "outside of the container's root"));
}

static void working_directory_is_made_entered_and_guarded(void **state)
{
	char command[64];

	(void)state;
	if (geteuid() != 0)
		skip();
	strcpy(base, "/tmp/sv-cwd-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(chown(base, 1000000, 1000000) + chmod(base, 0755), 0);
	in_userns(enter_made_cwd);
	in_userns(enter_private_cwd);
	in_userns(missing_cwd);
	in_userns(escaping_cwd);
	snprintf(command, sizeof(command), "rm -r %s", base);
	assert_int_equal(system(command), 0);
}

static void persona(void)
{
	need(rc_identity_personality(PER_LINUX32, &(struct sv_err){ 0 }) == 0);
	need(personality(0xffffffff) == PER_LINUX32);
}

static void personality_is_set(void **state)
{
	(void)state;
	in_userns(persona);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_of_a_system_container_keeps_everything),
		cmocka_unit_test(user_gets_ids_groups_umask_and_exact_sets),
		cmocka_unit_test(absent_capabilities_mean_none),
		cmocka_unit_test(filter_is_loaded_with_a_capability_that_is_then_given_up),
		cmocka_unit_test(filter_with_no_new_privs_needs_no_capability),
		cmocka_unit_test(impossible_wishes_name_their_key),
		cmocka_unit_test(working_directory_is_made_entered_and_guarded),
		cmocka_unit_test(personality_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
