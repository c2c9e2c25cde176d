/* person_rewrite: a person taken out of what is stored of a board's deliveries: key lists and terugmeldingen. Inside a
 * transaction that holds the cursor's row. */
#ifndef CTL_PERSON_REWRITE_H
#define CTL_PERSON_REWRITE_H

#include "ctl/person/person.h"

/* Terugmeldingen of his lines keep neither personeelsnummer nor benoemingssleutel; a key list has another key in his
 * place (erased_key). Counts, outcomes and codes stay. *ret_rows: deliveries that were changed. */
MUSTUSE int person_rewrite(struct ctl *ctl, struct pg_link *link, const struct person *person, uint32_t board,
			   int64_t *ret_rows, struct err *err);

#endif
