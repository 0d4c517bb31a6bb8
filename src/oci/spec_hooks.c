/* SPDX-License-Identifier: Apache-2.0 */
/* spec_hooks.c - `hooks`: six lists of programs. */
#include "oci/read.h"

#include <stdlib.h>

static const char *const hook_keys[OCI_HOOK_MAX] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

const char *oci_hook_name(enum oci_hook_kind kind)
{
	return hook_keys[kind];
}

static int read_hook(const struct sv_json *at, struct oci_hook *hook, struct sv_err *err)
{
	int r;

	r = oci_read_path(at, "path", &hook->path, err);
	if (r == 0)
		r = sv_json_get_list(at, "args", &hook->args, err);
	if (r == 0)
		r = sv_json_get_list(at, "env", &hook->env, err);
	if (r == 0)
		r = sv_json_get_int(at, "timeout", 0, INT32_MAX, &hook->timeout, err);
	return r;
}

static int read_list(const struct sv_json *up, const char *key, struct oci_hooks *ret,
		     struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, key, sizeof(*ret->items), &at, &ret->items, &ret->count, err);
	for (size_t i = 0; r == 0 && i < ret->count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_hook(&item, &ret->items[i], err);
	}
	return r;
}

int oci_hooks_parse(const struct sv_json *at, struct oci_hooks ret[OCI_HOOK_MAX],
		    struct sv_err *err)
{
	struct oci_hooks hooks[OCI_HOOK_MAX] = { { 0 } };
	int r;

	r = sv_json_object(at, err);
	if (r < 0 || !at->value)
		return r;
	for (size_t i = 0; r == 0 && i < OCI_HOOK_MAX; i++)
		r = read_list(at, hook_keys[i], &hooks[i], err);
	if (r < 0) {
		oci_hooks_done(hooks);
		return r;
	}
	for (size_t i = 0; i < OCI_HOOK_MAX; i++)
		ret[i] = hooks[i];
	return 0;
}

void oci_hooks_done(struct oci_hooks hooks[OCI_HOOK_MAX])
{
	for (size_t i = 0; i < OCI_HOOK_MAX; i++) {
		for (size_t j = 0; j < hooks[i].count; j++) {
			free(hooks[i].items[j].path);
			sv_list_done(&hooks[i].items[j].args);
			sv_list_done(&hooks[i].items[j].env);
		}
		free(hooks[i].items);
		hooks[i] = (struct oci_hooks){ 0 };
	}
}
