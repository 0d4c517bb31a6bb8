/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c - from a profile to a loaded filter: the cache first, else the compiler. */
#include "runc/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runc/seccomp_cache.h"
#include "runc/seccomp_compile.h"
#include "runc/seccomp_profile.h"

void rc_filter_done(struct rc_filter *f)
{
	if (!f)
		return;
	free(f->code);
	*f = (struct rc_filter){ 0 };
}

static int compile(const struct oci_seccomp *seccomp, struct rc_filter *ret, struct sv_err *err)
{
	struct rc_filter filter = { 0 };
	struct rc_seccomp_profile profile;
	int r;

	r = rc_seccomp_profile_read(seccomp, &profile, err);
	if (r < 0)
		return r;
	r = rc_seccomp_compile(&profile, true, &filter.code, &filter.count, err);
	/* The linear form is a little shorter. */
	if (r == -E2BIG)
		r = rc_seccomp_compile(&profile, false, &filter.code, &filter.count, err);
	if (r == 0) {
		filter.flags = profile.flags;
		filter.notify = profile.notify;
		*ret = filter;
	}
	rc_seccomp_profile_done(&profile);
	return r;
}

int rc_filter_get(const struct oci_seccomp *profile, int cache_dir, struct rc_filter *ret,
		  struct sv_err *err)
{
	const char *text;
	size_t len;
	int r;

	if (!profile->profile) {
		*ret = (struct rc_filter){ 0 };
		return 0;
	}
	/* json-c keeps the text beside the value until the value ends. */
	text = json_object_to_json_string_length(
		profile->profile, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (!text)
		return sv_err_oom(err);
	if (cache_dir >= 0 && rc_seccomp_cache_get(cache_dir, text, len, ret))
		return 0;
	r = compile(profile, ret, err);
	if (r == 0 && cache_dir >= 0)
		rc_seccomp_cache_put(cache_dir, text, len, ret);
	return r;
}

int rc_filter_load(const struct rc_filter *f, int *ret_notify, struct sv_err *err)
{
	struct sock_fprog program = { .len = (unsigned short)f->count, .filter = f->code };
	unsigned flags = f->flags | (f->notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	long r = -1;

	if (f->code) {
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
		if (r < 0)
			return sv_err_set(
				err, errno,
				"cannot load the seccomp filter (%zu instructions, flags %#x)",
				f->count, flags);
	}
	*ret_notify = f->notify ? (int)r : -1;
	return 0;
}

int rc_filter_check(const struct oci_seccomp *profile, struct sv_err *err)
{
	struct rc_seccomp_profile read;
	int r;

	if (!profile->profile)
		return 0;
	r = rc_seccomp_profile_read(profile, &read, err);
	if (r < 0)
		return r;
	rc_seccomp_profile_done(&read);
	return 0;
}

int rc_filter_features(struct sv_str *s)
{
	sv_str_add(s, "{\"enabled\":true,");
	rc_seccomp_profile_words(s);
	sv_str_add(s, ",");
	rc_seccomp_profile_supported(s);
	sv_str_add(s, "}");
	return s->failed ? -ENOMEM : 0;
}
