/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_features.c - `features`: what this runtime can do, in the form of the runtime-spec's
 * features.md.
 *
 * It speaks of the program, not of the host it runs on. containerd and podman read mountOptions,
 * seccomp and mountExtensions.
 */
#include <json-c/json.h>
#include <seccomp.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "oci/dump.h"
#include "oci/spec.h"
#include "runc/container.h"
#include "runc/options.h"
#include "runc/seccomp.h"
#include "runc/syscont.h"

static const char usage[] = "shows what this runtime can do, as JSON\n\n"
			    "USAGE:\n"
			    "   sysvisor-runc features";

static int add_mount_options(struct sv_str *s, struct sv_err *err)
{
	autolist struct sv_list words = { 0 };
	int r = oci_mount_option_words(&words, err);

	if (r < 0)
		return r;
	sv_str_add(s, ",\"mountOptions\":");
	oci_list_dump(&words, s);
	return 0;
}

static void add_namespaces(struct sv_str *s)
{
	sv_str_add(s, "\"namespaces\":[");
	for (enum oci_ns ns = 0; ns < OCI_NS_MAX; ns++)
		sv_str_addf(s, "%s\"%s\"", ns ? "," : "", oci_ns_name(ns));
	sv_str_add(s, "]");
}

static void add_capabilities(struct sv_str *s)
{
	sv_str_add(s, ",\"capabilities\":[");
	for (unsigned cap = 0; cap <= OCI_CAP_LAST; cap++)
		sv_str_addf(s, "%s\"%s\"", cap ? "," : "", oci_cap_name(cap));
	sv_str_add(s, "]");
}

static void add_annotations(struct sv_str *s)
{
	const struct scmp_version *v = seccomp_version();

	sv_str_add(s, ",\"annotations\":{\"io.sysvisor.runc.version\":\"" SV_VERSION "\"");
	if (v)
		sv_str_addf(s, ",\"io.github.seccomp.libseccomp.version\":\"%u.%u.%u\"", v->major,
			    v->minor, v->micro);
	/* podman and containerd ask for checkpoints by the name that runc gave it. */
	sv_str_add(s, ",\"org.opencontainers.runc.checkpoint.enabled\":\"false\"}");
	/* An engine should not pass it on from untrusted users: it uncovers paths of /proc. */
	sv_str_add(s, ",\"potentiallyUnsafeConfigAnnotations\":[\"" RC_SYSCONT_PATHS "\"]");
}

static int print_indented(const struct sv_str *s, struct sv_err *err)
{
	struct json_object *doc;
	const char *pretty;
	int r;

	if (s->failed)
		return sv_err_oom(err);
	r = sv_json_parse(s->text, s->len, &doc, err);
	if (r < 0)
		return r;
	pretty = json_object_to_json_string_ext(
		doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
			     JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (pretty)
		puts(pretty);
	json_object_put(doc);
	return pretty ? 0 : sv_err_oom(err);
}

int rc_cmd_features(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	int first, r;

	(void)g;
	r = rc_options_parse(NULL, 0, usage, false, argc, argv, &first, err);
	if (r != 0)
		return r == 1 ? 0 : r;
	r = rc_options_arguments("features", argc - first, 0, 0, err);
	if (r < 0)
		return r;

	sv_str_add(
		&s,
		"{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" RC_OCI_VERSION "\","
		"\"hooks\":[\"prestart\",\"createRuntime\",\"createContainer\",\"startContainer\",\"poststart\",\"poststop\"]");
	r = add_mount_options(&s, err);
	if (r < 0)
		return r;
	sv_str_add(&s, ",\"linux\":{");
	add_namespaces(&s);
	add_capabilities(&s);
	sv_str_add(
		&s,
		",\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":true,\"systemdUser\":false,\"rdma\":true},\"seccomp\":");
	rc_filter_features(&s);
	sv_str_add(
		&s,
		",\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},\"intelRdt\":{\"enabled\":true},"
		"\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}");
	add_annotations(&s);
	sv_str_add(&s, "}");
	return print_indented(&s, err);
}
