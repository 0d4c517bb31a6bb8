/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.h - parts of a spec as JSON again, in the form of config.json, so that oci_*_parse() reads
 * them back.
 *
 * Keys come in a fixed order; what is absent or zero in the struct is left out where the parser
 * gives the same for absent. Return 0, or -ENOMEM when S could not grow.
 */
#ifndef SV_OCI_DUMP_H
#define SV_OCI_DUMP_H

#include "base/str.h"
#include "oci/spec.h"

/* The object at `process`. */
int oci_process_dump(const struct oci_process *p, struct sv_str *s);

/* The array at `hooks.KIND`. */
int oci_hooks_dump(const struct oci_hooks *hooks, struct sv_str *s);

/* The array at `linux.uidMappings`. */
int oci_maps_dump(const struct sv_idmap *maps, size_t count, struct sv_str *s);

/* The object at `annotations`. */
int oci_annotations_dump(const struct oci_annotation *a, size_t count, struct sv_str *s);

/* An array of strings. */
int oci_list_dump(const struct sv_list *l, struct sv_str *s);

#endif
