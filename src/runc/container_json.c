/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container_json.c - state.json as text, and the state document of the specification.
 *
 * state.json is one JSON object, written so that its beginning is useful alone:
 *	{"head":{...},		line 1: who, and which process
 *	"body":{...},		line 2: cgroup, annotations, hooks
 *	"exec":{...}}		line 3: mappings, the seccomp listener and the process defaults
 * JSON strings never contain a raw line end, so a line is a whole value. Reading only what a command needs matters: `list` reads the
 * first line of every container.
 */
#include "runc/container.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/dump.h"

#define HEAD "{\"head\":"
#define BODY "\"body\":"
#define EXEC "\"exec\":"

/* ---- writing ---- */

static bool tells_frozen(const struct rc_cgroup_tree *tree)
{
	return !*tree->controllers || strstr(tree->controllers, "freezer");
}

/* The hierarchies that rc_cgroup_is_frozen() looks at. The result borrows everything from CG. */
static struct rc_cgroup frozen_part(const struct rc_cgroup *cg)
{
	struct rc_cgroup part = *cg;

	part.n_trees = 0;
	for (size_t i = 0; i < cg->n_trees; i++) {
		if (tells_frozen(&cg->trees[i]))
			part.trees[part.n_trees++] = cg->trees[i];
	}
	return part;
}

static void add_text(struct sv_str *s, const char *key, const char *text)
{
	sv_str_add(s, key);
	sv_str_add_quoted(s, text);
}

int rc_container_write(const struct rc_container *c, struct sv_str *s, struct sv_err *err)
{
	struct rc_cgroup frozen = frozen_part(&c->cgroup);

	add_text(s, HEAD "{\"ociVersion\":\"" RC_OCI_VERSION "\",\"id\":", c->id);
	sv_str_addf(s, ",\"pid\":%d,\"start\":%" PRIu64, (int)c->init_pid, c->init_start);
	add_text(s, ",\"bundle\":", c->bundle);
	add_text(s, ",\"rootfs\":", c->rootfs);
	add_text(s, ",\"created\":", c->created);
	sv_str_add(s, ",\"cgroup\":");
	rc_cgroup_save(&frozen, s);

	sv_str_add(s, "},\n" BODY "{\"cgroup\":");
	rc_cgroup_save(&c->cgroup, s);
	if (c->rdt_group)
		add_text(s, ",\"rdtGroup\":", c->rdt_group);
	sv_str_add(s, ",\"annotations\":");
	oci_annotations_dump(c->annotations, c->n_annotations, s);
	sv_str_add(s, ",\"hooks\":{\"poststart\":");
	oci_hooks_dump(&c->poststart, s);
	sv_str_add(s, ",\"poststop\":");
	oci_hooks_dump(&c->poststop, s);

	sv_str_add(s, "}},\n" EXEC "{\"uidMappings\":");
	oci_maps_dump(c->maps.uids, c->maps.n_uids, s);
	sv_str_add(s, ",\"gidMappings\":");
	oci_maps_dump(c->maps.gids, c->maps.n_gids, s);
	sv_str_addf(s, ",\"noNewKeyring\":%s", c->no_new_keyring ? "true" : "false");
	add_text(s, ",\"listener\":", c->listener);
	add_text(s, ",\"listenerMetadata\":", c->listener_metadata);
	sv_str_add(s, ",\"process\":");
	if (c->process.set)
		oci_process_dump(&c->process, s);
	else
		sv_str_add(s, "null");

	sv_str_add(s, "}}\n");
	return s->failed ? sv_err_oom(err) : 0;
}

/* ---- reading ---- */

/* Takes the next line off *REST; it must begin with KEY and end with "," (the last one with "}"). Reports the value between. */
static int take_line(const char **rest, const char *end, const char *key, char last, const char **ret, size_t *ret_len,
		     struct sv_err *err)
{
	const char *eol = memchr(*rest, '\n', (size_t)(end - *rest));
	size_t skip = strlen(key);

	if (!eol || (size_t)(eol - *rest) < skip + 1 || memcmp(*rest, key, skip) != 0 || eol[-1] != last)
		return sv_err_say(err, EINVAL, "state.json is damaged: no line %s", key);
	*ret = *rest + skip;
	*ret_len = (size_t)(eol - 1 - *ret);
	*rest = eol + 1;
	return 0;
}

static int parse_line(const char **rest, const char *end, const char *key, char last, struct json_object **ret,
		      struct sv_err *err)
{
	const char *text = NULL;
	size_t len = 0;
	int r = take_line(rest, end, key, last, &text, &len, err);

	if (r == 0)
		r = sv_json_parse(text, len, ret, err);
	if (r < 0)
		return r;
	if (!json_object_is_type(*ret, json_type_object)) {
		json_object_put(*ret);
		return sv_err_say(err, EINVAL, "state.json is damaged: %s is not an object", key);
	}
	return 0;
}

static int read_head(const struct sv_json *at, struct rc_container *c, struct sv_err *err)
{
	struct sv_json cgroup = sv_json_get(at, "cgroup");
	int64_t pid = 0;
	int r;

	if ((r = sv_json_get_string(at, "id", &c->id, err)) < 0 ||
	    (r = sv_json_get_string(at, "bundle", &c->bundle, err)) < 0 ||
	    (r = sv_json_get_string(at, "rootfs", &c->rootfs, err)) < 0 ||
	    (r = sv_json_get_string(at, "created", &c->created, err)) < 0 ||
	    (r = sv_json_get_int(at, "pid", 0, INT32_MAX, &pid, err)) < 0 ||
	    (r = sv_json_get_u64(at, "start", &c->init_start, err)) < 0 ||
	    (r = rc_cgroup_load(&cgroup, &c->cgroup, err)) < 0)
		return r;
	c->init_pid = (pid_t)pid;
	if (!c->id || !c->bundle || !c->rootfs || !c->created)
		return sv_err_say(err, EINVAL, "state.json is damaged: the head is not complete");
	return 0;
}

static int read_annotations(const struct sv_json *at, struct rc_container *c, struct sv_err *err)
{
	int r = sv_json_object(at, err);

	if (r < 0 || !at->value)
		return r;
	c->annotations = calloc((size_t)json_object_object_length(at->value) + 1, sizeof(*c->annotations));
	if (!c->annotations)
		return sv_err_oom(err);
	json_object_object_foreach(at->value, key, value) {
		struct oci_annotation *a = &c->annotations[c->n_annotations++];
		struct sv_json item = { .up = at, .key = key, .value = value };

		r = sv_json_string(&item, &a->value, err);
		if (r < 0)
			return r;
		a->key = strdup(key);
		if (!a->key)
			return sv_err_oom(err);
	}
	return 0;
}

static int read_body(const struct sv_json *at, struct rc_container *c, struct sv_err *err)
{
	struct sv_json cgroup = sv_json_get(at, "cgroup"), annotations = sv_json_get(at, "annotations");
	struct sv_json place = sv_json_get(at, "hooks");
	struct oci_hooks hooks[OCI_HOOK_MAX] = { 0 };
	int r;

	/* The head brought a part of the same. */
	rc_cgroup_done(&c->cgroup);
	c->cgroup = (struct rc_cgroup){ 0 };
	if ((r = rc_cgroup_load(&cgroup, &c->cgroup, err)) < 0 ||
	    (r = sv_json_get_string(at, "rdtGroup", &c->rdt_group, err)) < 0 || (r = read_annotations(&annotations, c, err)) < 0 ||
	    (r = oci_hooks_parse(&place, hooks, err)) < 0)
		return r;
	c->poststart = hooks[OCI_HOOK_POSTSTART];
	c->poststop = hooks[OCI_HOOK_POSTSTOP];
	return 0;
}

static int read_maps(const struct sv_json *at, struct sv_idmap **ret, size_t *ret_count, struct sv_err *err)
{
	autofree struct sv_idmap *maps = NULL;
	size_t count;
	int r = sv_json_array(at, &count, err);

	if (r < 0)
		return r;
	maps = calloc(count + 1, sizeof(*maps));
	if (!maps)
		return sv_err_oom(err);
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(at, i);

		if ((r = sv_json_object(&item, err)) < 0 ||
		    (r = sv_json_get_u32(&item, "containerID", &maps[i].inside, err)) < 0 ||
		    (r = sv_json_get_u32(&item, "hostID", &maps[i].outside, err)) < 0 ||
		    (r = sv_json_get_u32(&item, "size", &maps[i].size, err)) < 0)
			return r;
	}
	*ret = sv_steal(maps);
	*ret_count = count;
	return 0;
}

static int read_exec(const struct sv_json *at, struct rc_container *c, struct sv_err *err)
{
	struct sv_json uids = sv_json_get(at, "uidMappings"), gids = sv_json_get(at, "gidMappings");
	struct sv_json process = sv_json_get(at, "process");
	int r;

	if ((r = read_maps(&uids, &c->maps.uids, &c->maps.n_uids, err)) < 0 ||
	    (r = read_maps(&gids, &c->maps.gids, &c->maps.n_gids, err)) < 0 ||
	    (r = sv_json_get_bool(at, "noNewKeyring", &c->no_new_keyring, err)) < 0 ||
	    (r = sv_json_get_string(at, "listener", &c->listener, err)) < 0 ||
	    (r = sv_json_get_string(at, "listenerMetadata", &c->listener_metadata, err)) < 0)
		return r;
	return oci_process_parse(&process, &c->process, err);
}

int rc_container_read(const char *text, size_t len, enum rc_part part, struct rc_container *ret, struct sv_err *err)
{
	static int (*const readers[])(const struct sv_json *, struct rc_container *, struct sv_err *) = {
		[RC_PART_HEAD] = read_head,
		[RC_PART_BODY] = read_body,
		[RC_PART_ALL] = read_exec,
	};
	static const char *const keys[] = {
		[RC_PART_HEAD] = HEAD,
		[RC_PART_BODY] = BODY,
		[RC_PART_ALL] = EXEC,
	};
	const char *rest = text, *end = text + len;
	struct json_object *doc;
	int r;

	for (enum rc_part p = RC_PART_HEAD; p <= part; p++) {
		struct sv_json at = { 0 };

		r = parse_line(&rest, end, keys[p], p == RC_PART_ALL ? '}' : ',', &doc, err);
		if (r < 0)
			return r;
		at.value = doc;
		r = readers[p](&at, ret, err);
		json_object_put(doc);
		if (r < 0)
			return r;
	}
	ret->part = part;
	return 0;
}

/* ---- the state document ---- */

struct layout {
	const char *open, *next, *close;	/* around and between the members */
	const char *inner, *inner_close;	/* the same for annotations */
	const char *colon;
};

static const struct layout compact = { "{", ",", "}", "", "}", ":" };
static const struct layout pretty = { "{\n  ", ",\n  ", "\n}\n", "\n    ", "\n  }", ": " };

static void add_member(struct sv_str *s, const struct layout *l, const char *before, const char *key, const char *text)
{
	sv_str_addf(s, "%s\"%s\"%s", before, key, l->colon);
	sv_str_add_quoted(s, text ? text : "");
}

static void add_annotations(const struct rc_container *c, const struct layout *l, struct sv_str *s)
{
	if (!c->n_annotations)
		return;
	sv_str_addf(s, "%s\"annotations\"%s{", l->next, l->colon);
	for (size_t i = 0; i < c->n_annotations; i++) {
		sv_str_addf(s, "%s%s", i ? "," : "", l->inner);
		sv_str_add_quoted(s, c->annotations[i].key);
		sv_str_add(s, l->colon);
		sv_str_add_quoted(s, c->annotations[i].value);
	}
	sv_str_add(s, l->inner_close);
}

/* The order of keys is runc's; a stopped container has no process, so pid is 0 there or, in the short form, absent. */
static int state_json(const struct rc_container *c, enum rc_status status, bool full, const struct layout *l, struct sv_str *s)
{
	pid_t pid = status == RC_STOPPED ? 0 : c->init_pid;

	add_member(s, l, l->open, "ociVersion", RC_OCI_VERSION);
	add_member(s, l, l->next, "id", c->id);
	if (full || pid > 0)
		sv_str_addf(s, "%s\"pid\"%s%d", l->next, l->colon, (int)pid);
	add_member(s, l, l->next, "status", rc_status_name(status));
	add_member(s, l, l->next, "bundle", c->bundle);
	if (full) {
		add_member(s, l, l->next, "rootfs", c->rootfs);
		add_member(s, l, l->next, "created", c->created);
	}
	add_annotations(c, l, s);
	if (full)
		add_member(s, l, l->next, "owner", "root");
	sv_str_add(s, l->close);
	return s->failed ? -ENOMEM : 0;
}

int rc_container_state_json(const struct rc_container *c, enum rc_status status, bool full, struct sv_str *s)
{
	return state_json(c, status, full, &compact, s);
}

int rc_container_state_pretty(const struct rc_container *c, enum rc_status status, struct sv_str *s)
{
	return state_json(c, status, true, &pretty, s);
}
