/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_convert.c - numbers of the specification, which speaks v1, as v2 wants them. */
#include <errno.h>

#include "runc/cgroup_limits.h"

/* log2 and 10^x to far more digits than the weights need; the C library's would be one more
 * library to load at every start. */
static double log2_of(double x)
{
	double exponent = 0, z, term, sum = 0;

	while (x >= 2) {
		x /= 2;
		exponent++;
	}
	/* ln x = 2 artanh((x - 1) / (x + 1)), for 1 <= x < 2 */
	z = (x - 1) / (x + 1);
	term = z;
	for (int k = 1; k < 60; k += 2) {
		sum += term / k;
		term *= z * z;
	}
	return exponent + 2 * sum / 0.69314718055994530942;
}

static double ten_to(double x)
{
	double term = 1, sum = 0, squared;

	x *= 2.30258509299404568402 / 16;
	for (int k = 1; k < 40; k++) {
		sum += term;
		term *= x / k;
	}
	squared = sum * sum;
	squared *= squared;
	squared *= squared;
	return squared * squared;
}

/*
 * The curve that runc (since 1.3.2), crun (1.23) and Kubernetes use: quadratic between the
 * logarithms, through the ends of both ranges (2 to 262144, 1 to 10000) and through both
 * defaults (1024 and 100).
 */
uint64_t rc_limits_cpu_weight(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of((double)shares);
	weight = ten_to((l * l + 125 * l) / 612 - 7.0 / 34);
	whole = (uint64_t)weight;
	/* Round up, but not because of the last bits of a double: 1024 is exactly 100. */
	return weight - (double)whole > 1e-9 ? whole + 1 : whole;
}

uint64_t rc_limits_io_weight(uint64_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

int rc_limits_swap(int64_t memory_swap, int64_t memory, int64_t *ret, struct sv_err *err)
{
	if (memory_swap == 0) {
		/* On v1 memory without limit drags swap along; whoever asks for it means both. */
		*ret = memory < 0 ? -1 : -2;
		return 0;
	}
	if (memory_swap < 0) {
		*ret = -1;
		return 0;
	}
	if (memory <= 0)
		return sv_err_say(err, EINVAL,
				  "linux.resources.memory.swap: cannot limit memory plus swap "
				  "while memory is unlimited");
	if (memory_swap < memory)
		return sv_err_say(err, EINVAL,
				  "linux.resources.memory.swap: is memory plus swap, and must be "
				  "at least memory.limit");
	*ret = memory_swap - memory;
	return 0;
}
