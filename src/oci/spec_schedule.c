/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_schedule.c - `process.scheduler`, `process.ioPriority` and `process.execCPUAffinity`.
 *
 * What sched_setattr(2) and ioprio_set(2) would refuse is refused here, before anything is created.
 */
#include "oci/read.h"

#include <sched.h>

static int read_scheduler_flags(const struct sv_json *scheduler, uint64_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(scheduler, "flags");
	autolist struct sv_list words = { 0 };
	int r = sv_json_list(&at, &words, err);

	for (size_t i = 0; r == 0 && i < words.count; i++) {
		struct sv_json item = sv_json_at(&at, i);
		uint64_t flag;

		if (!oci_word_find(oci_policy_flags, words.items[i], &flag))
			return sv_json_expected(&item, err,
						"a SCHED_FLAG_ word of sched_setattr(2)");
		*ret |= flag;
	}
	return r;
}

static int check_scheduler(const struct sv_json *at, const struct oci_scheduler *s,
			   struct sv_err *err)
{
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	struct sv_json priority = sv_json_get(at, "priority"), runtime = sv_json_get(at, "runtime");

	if (realtime && (s->priority < 1 || s->priority > 99))
		return sv_json_bad(&priority, err, "expected 1 to 99 for SCHED_FIFO and SCHED_RR");
	if (!realtime && s->priority != 0)
		return sv_json_bad(&priority, err, "only SCHED_FIFO and SCHED_RR have a priority");
	if (s->policy != OCI_POLICY_DEADLINE && (s->runtime || s->deadline || s->period))
		return sv_json_bad(at, err, "only SCHED_DEADLINE has runtime, deadline and period");
	if (s->policy == OCI_POLICY_DEADLINE &&
	    (s->runtime == 0 || s->runtime > s->deadline || (s->period && s->deadline > s->period)))
		return sv_json_bad(&runtime, err, "expected 0 < runtime <= deadline <= period");
	return 0;
}

static int read_scheduler(const struct sv_json *process, struct oci_scheduler *s,
			  struct sv_err *err)
{
	struct sv_json at, policy_at;
	int64_t nice = 0;
	uint64_t policy = 0;
	bool found;
	int r;

	r = oci_read_object(process, "scheduler", &at, err);
	if (r < 0 || !at.value)
		return r;
	policy_at = sv_json_get(&at, "policy");
	r = oci_read_word(&at, "policy", oci_policy_words, &found, &policy, err);
	if (r == 0 && !found)
		r = sv_json_expected(&policy_at, err, "the name of a policy");
	if (r == 0)
		r = sv_json_get_int(&at, "nice", -20, 19, &nice, err);
	if (r == 0)
		r = sv_json_get_u32(&at, "priority", &s->priority, err);
	if (r == 0)
		r = read_scheduler_flags(&at, &s->flags, err);
	if (r == 0)
		r = sv_json_get_u64(&at, "runtime", &s->runtime, err);
	if (r == 0)
		r = sv_json_get_u64(&at, "deadline", &s->deadline, err);
	if (r == 0)
		r = sv_json_get_u64(&at, "period", &s->period, err);
	if (r < 0)
		return r;
	s->set = true;
	s->policy = (uint32_t)policy;
	s->nice = (int32_t)nice;
	return check_scheduler(&at, s, err);
}

static int read_ioprio(const struct sv_json *process, struct oci_process *p, struct sv_err *err)
{
	struct sv_json at, class_at;
	uint64_t class = 0;
	int64_t priority = 0;
	bool found;
	int r;

	r = oci_read_object(process, "ioPriority", &at, err);
	if (r < 0 || !at.value)
		return r;
	class_at = sv_json_get(&at, "class");
	r = oci_read_word(&at, "class", oci_ioprio_classes, &found, &class, err);
	if (r == 0 && !found)
		r = sv_json_expected(&class_at, err, "the name of a class");
	if (r == 0)
		r = sv_json_get_int(&at, "priority", 0, 7, &priority, err);
	if (r < 0)
		return r;
	p->has_ioprio = true;
	p->ioprio = (int)(class << OCI_IOPRIO_SHIFT | (uint64_t)priority);
	return 0;
}

static int read_affinity(const struct sv_json *process, struct oci_process *p, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(process, "execCPUAffinity", &at, err);
	if (r == 0)
		r = oci_read_cpus(&at, "initial", &p->cpus_initial, err);
	if (r == 0)
		r = oci_read_cpus(&at, "final", &p->cpus_final, err);
	return r;
}

int oci_schedule_parse(const struct sv_json *process, struct oci_process *ret, struct sv_err *err)
{
	int r;

	r = read_scheduler(process, &ret->scheduler, err);
	if (r == 0)
		r = read_ioprio(process, ret, err);
	if (r == 0)
		r = read_affinity(process, ret, err);
	return r;
}
