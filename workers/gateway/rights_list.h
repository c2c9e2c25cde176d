/* rights_list: what one sender may, by board and service, each once: of several rows that give the same the one that
 * holds longest, and of the bases the one that access.c would name.
 *
 * Filled by access_data_entries and token_lines_entries. Owner: the caller, who releases it. */
#ifndef GATEWAY_RIGHTS_LIST_H
#define GATEWAY_RIGHTS_LIST_H

#include "model/access_right.h"

#include <stddef.h>

struct json_t;

struct rights_list {
	struct access_entry *items;
	size_t count, capacity;
	int32_t until;	 /* no right holds longer: the last day of the proof itself; 0: it says none */
	bool is_lacking; /* there was no memory: nothing of it is to be said */
};

void rights_list_release(struct rights_list *list);
/* An access_entry_take of a rights_list. */
void rights_list_take(void *self, const struct access_entry *entry);
/* All services there are, for one board or ACCESS_ALL_BOARDS. */
void rights_list_take_all(struct rights_list *list, uint32_t board, enum access_basis basis);
/* Sorted by board and service, each once; what all boards have comes last. */
void rights_list_settle(struct rights_list *list);
/* [{"dienst", "basis", "tot"}] of each board, as besturen; what holds for all boards as alle_besturen. NULL: no memory.
 */
struct json_t *rights_list_json(const struct rights_list *list);

#endif
