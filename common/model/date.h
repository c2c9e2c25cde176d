/* date: days as whole numbers JJJJMMDD (specification 5.1). Pure. */
#ifndef MODEL_DATE_H
#define MODEL_DATE_H

#include "base/slice.h"

enum { DATE_ABSENT = 0, DATE_BAD = -1 };

/* text is trimmed. DATE_ABSENT when empty, DATE_BAD when not 8 digits and a real day 19000101..21991231. */
int32_t date_parse(struct slice text);

/* As date_parse, but DD = 00 or MMDD = 0000 are allowed; *ret_day has 00 counted as 01, the result is as written. */
int32_t date_parse_birth(struct slice text, int32_t *ret_day);

/* A header date EEJJ-MM-DD. DATE_BAD for any other form. */
int32_t date_parse_iso(struct slice text);
void date_to_iso(int32_t date, char out[11]); /* NUL-terminated */

int32_t date_add_days(int32_t date, int days);	   /* real days in, real days out */
int32_t date_add_months(int32_t date, int months); /* same day number, or the last day of a shorter month */

#endif
