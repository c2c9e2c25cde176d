/* clock: the only door to time. Nothing in common/model includes it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);	     /* monotonic */
int64_t clock_us(void);	     /* monotonic */
int64_t clock_wall_ms(void); /* since 1970, UTC */
int64_t clock_wall_us(void); /* likewise */

/* The date in Europe/Amsterdam as JJJJMMDD, by the European rule for summer time of 2000/84/EC; no zone file is
 * read. */
int32_t clock_amsterdam_date(int64_t wall_ms);

#endif
