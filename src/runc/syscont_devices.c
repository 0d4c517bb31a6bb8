/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_devices.c - device nodes in /dev and who may open them.
 *
 * Nodes: the ones each Linux has, then what the spec names. A spec that allows all devices
 * (--privileged) lists every node of the host; that list says nothing about what the program
 * needs, so only /dev/fuse and /dev/net/tun are taken from it: both check capabilities in the
 * opener's namespaces and so cannot reach the host. ptmx, console and the links (fd, stdin ...)
 * are made by the runtime.
 *
 * /dev/kmsg is a node with the numbers of null: reading finds the end, writing succeeds, so syslog
 * daemons, systemd and kubelet are content. The real one is the host's log. (A bind of the host's
 * /dev/null would do too, but shows nobody as its owner and costs a mount.)
 *
 * Rules: nothing, then the spec's, then the nodes above, as runc orders them. Creating nodes is
 * allowed as Docker does; the kernel lets only the host's root do it, but an inner engine on
 * cgroup v1 needs the rule to hand it on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runc/syscont_parts.h"

static const struct {
	const char *path;
	int64_t major, minor;
	uint32_t mode;
} nodes[] = {
	{ "/dev/null", 1, 3, 0666 },
	{ "/dev/zero", 1, 5, 0666 },
	{ "/dev/full", 1, 7, 0666 },
	{ "/dev/random", 1, 8, 0666 },
	{ "/dev/urandom", 1, 9, 0666 },
	{ "/dev/tty", 5, 0, 0666 },
	{ "/dev/kmsg", 1, 3, 0644 },
};

#define MAKE(type_) { .allow = true, .type = type_, .major = -1, .minor = -1, .mknod = true }
#define USE(major_, minor_)                                                                        \
	{                                                                                          \
		.allow = true, .type = 'c', .major = major_, .minor = minor_, .read = true,        \
		.write = true, .mknod = true                                                       \
	}

static const struct oci_device_rule default_rules[] = {
	MAKE('c'),
	MAKE('b'),
	USE(1, 3),	/* null, kmsg */
	USE(1, 5),	/* zero */
	USE(1, 7),	/* full */
	USE(1, 8),	/* random */
	USE(1, 9),	/* urandom */
	USE(5, 0),	/* tty */
	USE(5, 1),	/* console */
	USE(5, 2),	/* ptmx */
	USE(136, -1),	/* pts */
};

/* What a spec that allows all devices gets beyond that. */
static const struct oci_device_rule confined_extra[] = {
	USE(10, 200),	/* tun */
	USE(10, 229),	/* fuse */
};

static bool is_everything(const struct oci_device_rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0;
}

static bool same_rule(const struct oci_device_rule *a, const struct oci_device_rule *b)
{
	return a->allow == b->allow && a->type == b->type && a->major == b->major &&
	       a->minor == b->minor && a->read == b->read && a->write == b->write &&
	       a->mknod == b->mknod;
}

static bool in_rules(const struct oci_device_rule *rule, const struct oci_device_rule *list,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same_rule(rule, &list[i]))
			return true;
	return false;
}

static bool is_confined_node(const struct oci_device *d)
{
	for (size_t i = 0; i < SV_COUNT(confined_extra); i++)
		if (d->type == 'c' && d->major == confined_extra[i].major &&
		    d->minor == confined_extra[i].minor)
			return true;
	return false;
}

/* Nodes that are ours or made by the runtime. */
static bool is_reserved(const char *path)
{
	for (size_t i = 0; i < SV_COUNT(nodes); i++)
		if (strcmp(path, nodes[i].path) == 0)
			return true;
	return strcmp(path, "/dev/ptmx") == 0 || strcmp(path, "/dev/console") == 0 ||
	       sv_str_starts(path, "/dev/pts/");
}

static int choose_nodes(struct oci_linux *lx, bool privileged, struct sv_err *err)
{
	struct oci_device *list = calloc(lx->n_devices + SV_COUNT(nodes), sizeof(*list));
	size_t n = 0;

	if (!list)
		return sv_err_oom(err);
	for (size_t i = 0; i < SV_COUNT(nodes); i++) {
		char *path = strdup(nodes[i].path);

		if (!path) {
			while (n)
				free(list[--n].path);
			free(list);
			return sv_err_oom(err);
		}
		list[n++] = (struct oci_device){
			.type = 'c',
			.path = path,
			.major = nodes[i].major,
			.minor = nodes[i].minor,
			.has_mode = true,
			.mode = nodes[i].mode,
		};
	}
	for (size_t i = 0; i < lx->n_devices; i++) {
		struct oci_device *d = &lx->devices[i];

		if (is_reserved(d->path) || (privileged && !is_confined_node(d)))
			free(d->path);
		else
			list[n++] = *d;
	}
	free(lx->devices);
	lx->devices = list;
	lx->n_devices = n;
	return 0;
}

static int choose_rules(struct oci_linux *lx, bool privileged, struct sv_err *err)
{
	struct oci_resources *res = &lx->resources;
	size_t first = 0, n = 0;
	struct oci_device_rule *list;

	list = calloc(1 + res->n_devices + SV_COUNT(confined_extra) + SV_COUNT(default_rules),
		      sizeof(*list));
	if (!list)
		return sv_err_oom(err);
	list[n++] = (struct oci_device_rule){
		.allow = false,
		.type = 'a',
		.major = -1,
		.minor = -1,
		.read = true,
		.write = true,
		.mknod = true,
	};

	/* A rule for everything makes those before it void; ours stands for it, whichever way it
	 * went. */
	for (size_t i = 0; i < res->n_devices; i++)
		if (is_everything(&res->devices[i]))
			first = i + 1;
	for (size_t i = first; i < res->n_devices; i++)
		if (!in_rules(&res->devices[i], default_rules, SV_COUNT(default_rules)))
			list[n++] = res->devices[i];
	for (size_t i = 0; i < SV_COUNT(confined_extra) && privileged; i++)
		list[n++] = confined_extra[i];
	for (size_t i = 0; i < SV_COUNT(default_rules); i++)
		list[n++] = default_rules[i];

	free(res->devices);
	res->devices = list;
	res->n_devices = n;
	return 0;
}

int rc_syscont_devices(struct oci_linux *lx, struct sv_err *err)
{
	bool privileged = false;
	int r;

	for (size_t i = 0; i < lx->resources.n_devices; i++)
		if (is_everything(&lx->resources.devices[i]))
			privileged = lx->resources.devices[i].allow;
	r = choose_nodes(lx, privileged, err);
	if (r == 0)
		r = choose_rules(lx, privileged, err);
	return r;
}
