/* plausible: does a set of tables look whole?
 *
 * A list that was cut at a line end is sound CSV. What shows it: tables that shrink, and lists that speak of schools
 * and boards which the others do not have. */
#ifndef CTL_PLAUSIBLE_H
#define CTL_PLAUSIBLE_H

#include "ctl/reference/duo_file.h"

#include <stdbool.h>

/* DUO's lists beside each other: boards (number, year, name, sector), schools of PO and VO (board, BRIN first), and the
 * register of sites (BRIN first, closed last). ERR_DATA code "implausible": the text says which list lacks what. */
struct duo_lists {
	const struct duo_file *boards, *primary, *secondary, *sites;
};
MUSTUSE int plausible_lists(const struct duo_lists *lists, struct arena *arena, struct err *err);

/* Whether a table of so many rows may replace one of before rows: by 10 % fewer at most; small tables may. */
bool plausible_size(int64_t before, int64_t now);

#endif
