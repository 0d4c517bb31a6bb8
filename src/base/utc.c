/* SPDX-License-Identifier: Apache-2.0 */
/* utc.c - see utc.h. */
#include "base/utc.h"

#include <stdio.h>

#define DAY 86400

static int days_in_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 1 && days_in_year(year) == 366);
}

void sv_utc_format(int64_t seconds, char ret[SV_UTC_ROOM])
{
	int64_t days, year = 1970;
	int rest, month = 0;

	/* A clock before 1970 or after 9999 is wrong anyway. */
	if (seconds < 0 || seconds >= 253402300800)
		seconds = 0;
	days = seconds / DAY;
	rest = (int)(seconds % DAY);
	for (; days >= days_in_year(year); year++)
		days -= days_in_year(year);
	for (; days >= days_in_month(year, month); month++)
		days -= days_in_month(year, month);
	snprintf(ret, SV_UTC_ROOM, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month + 1, (int)days + 1,
		 rest / 3600, rest / 60 % 60, rest % 60);
}
