/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.h - what the readers of all parts of config.json share.
 *
 * The rules of jsonx.h hold: absent keys are no error and leave the result alone unless a function
 * says otherwise; every refusal names the JSON path. Private to src/oci.
 */
#ifndef SV_OCI_READ_H
#define SV_OCI_READ_H

#include "base/jsonx.h"
#include "oci/spec.h"

/* The last id is (uid_t)-1, which system calls take for "leave as it is". */
#define OCI_ID_MAX (UINT32_MAX - 1)

#define OCI_MAJOR_MAX 4095 /* MINORBITS of linux/kdev_t.h is 20 of 32 */
#define OCI_MINOR_MAX 1048575

/* A word of the specification and what it stands for. Tables end with a NULL word. */
struct oci_word {
	const char *word;
	uint64_t value;
};

bool oci_word_find(const struct oci_word *table, const char *word, uint64_t *ret);

/* NULL: no word stands for it. */
const char *oci_word_name(const struct oci_word *table, uint64_t value);

/* linux/sched.h; glibc 2.36 lacks SCHED_DEADLINE and the flags, the kernel never had more of
 * SCHED_ISO than its number. */
enum { OCI_POLICY_ISO = 4, OCI_POLICY_DEADLINE = 6 };

#define OCI_IOPRIO_SHIFT 13 /* linux/ioprio.h: class << 13 | priority */

extern const struct oci_word oci_rlimit_words[];   /* RLIMIT_* */
extern const struct oci_word oci_policy_words[];   /* SCHED_* */
extern const struct oci_word oci_policy_flags[];   /* SCHED_FLAG_* */
extern const struct oci_word oci_ioprio_classes[]; /* IOPRIO_CLASS_* */

/* Tells WHY, which a function without a place said, as the fault of AT. Running out of memory is
 * nobody's fault. */
int oci_blame(const struct sv_json *at, const struct sv_err *why, struct sv_err *err);

/* The member KEY of UP, which must be an object if it is there. */
int oci_read_object(const struct sv_json *up, const char *key, struct sv_json *ret,
		    struct sv_err *err);

/* The member KEY of UP, which must be an array of objects if it is there. *RET_ITEMS becomes
 * COUNT zeroed items of SIZE bytes, which the caller owns; NULL if there are none. */
int oci_read_array(const struct sv_json *up, const char *key, size_t size, struct sv_json *ret,
		   void *ret_items, size_t *ret_count, struct sv_err *err);

/* The members of the object KEY of UP, each read by EACH into an item of SIZE bytes. RET_ITEMS
 * as with oci_read_array(). */
int oci_read_members(const struct sv_json *up, const char *key, size_t size,
		     int (*each)(const struct sv_json *member, void *item, struct sv_err *err),
		     void *ret_items, size_t *ret_count, struct sv_err *err);

/* TEXT can be one word in a file of the kernel, or one name in a directory: 1 to MAX bytes, no
 * blanks, no '/', not "." or "..". */
bool oci_is_field(const char *text, size_t max);

/* A string; an empty one counts as absent (engines in Go write it for "unset"). */
int oci_read_text(const struct sv_json *up, const char *key, char **ret, struct sv_err *err);

/* The same, but it has to be there and be an absolute path of less than PATH_MAX bytes. */
int oci_read_path(const struct sv_json *up, const char *key, char **ret, struct sv_err *err);

/* A string that has to be one of TABLE. *RET_FOUND says whether it is there at all. */
int oci_read_word(const struct sv_json *up, const char *key, const struct oci_word *table,
		  bool *ret_found, uint64_t *ret, struct sv_err *err);

/* A whole number within MIN and MAX. */
int oci_read_opt(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		 struct oci_opt *ret, struct sv_err *err);

/* A whole number that has to be there. */
int oci_read_number(const struct sv_json *up, const char *key, int64_t min, int64_t max,
		    int64_t *ret, struct sv_err *err);

/* uidMappings and gidMappings of UP: sizes, overlaps, at most 340 entries as in
 * user_namespaces(7). */
int oci_read_maps(const struct sv_json *up, struct oci_maps *ret, struct sv_err *err);
#define OCI_MAPS_MAX 340
void oci_maps_done(struct oci_maps *maps);

/* The same rules for a list that is there; *RET_BAD is the index of the culprit on failure. */
int oci_maps_check(const struct sv_idmap *maps, size_t count, size_t *ret_bad, struct sv_err *err);

/* A list of cpus or memory nodes, "0-3,7"; an empty one counts as absent. */
int oci_read_cpus(const struct sv_json *up, const char *key, char **ret, struct sv_err *err);

/* Makes an absolute path of TEXT without "//", "/./" and "/" at the end. -EINVAL: a ".." or
 * longer than the kernel takes. */
int oci_path_clean(const char *text, char **ret, struct sv_err *err);

/* Sorts option words into M, which has them in ->options already; *RET_BAD is the index of the
 * culprit on failure. */
int oci_mount_words(struct oci_mount *m, const struct sv_list *words, size_t *ret_bad,
		    struct sv_err *err);

/* The parts that have files of their own. UP is the object that has the keys; RET is filled in
 * place, and on failure is left for the owner of the whole to end. */
int oci_caps_parse(const struct sv_json *process, struct oci_caps *ret, struct sv_err *err);
int oci_schedule_parse(const struct sv_json *process, struct oci_process *ret, struct sv_err *err);
int oci_mounts_parse(const struct sv_json *up, struct oci_spec *ret, struct sv_err *err);
int oci_linux_parse(const struct sv_json *up, struct oci_linux *ret, struct sv_err *err);
int oci_devices_parse(const struct sv_json *up, struct oci_linux *ret, struct sv_err *err);
int oci_device_rules_parse(const struct sv_json *up, struct oci_resources *ret, struct sv_err *err);
int oci_blkio_parse(const struct sv_json *up, struct oci_resources *ret, struct sv_err *err);
int oci_rdt_parse(const struct sv_json *up, struct oci_rdt *ret, struct sv_err *err);
void oci_rdt_done(struct oci_rdt *rdt);
void oci_linux_done(struct oci_linux *l);

#endif
