#include "gateway/rights_list.h"

#include "model/date.h"
#include "render/json_build.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 16 };

void rights_list_release(struct rights_list *list)
{
	free(list->items);
	*list = (struct rights_list){ 0 };
}

void rights_list_take(void *self, const struct access_entry *entry)
{
	struct rights_list *list = self;

	if (list->is_lacking)
		return;
	if (list->count == list->capacity) {
		size_t capacity = MAX(list->capacity * 2, (size_t)CAPACITY_FIRST);
		struct access_entry *grown = reallocarray(list->items, capacity, sizeof *grown);

		list->is_lacking |= !grown;
		if (!grown)
			return;
		list->items = grown;
		list->capacity = capacity;
	}
	struct access_entry *kept = &list->items[list->count++];

	*kept = *entry;
	kept->until = access_earlier(entry->until, list->until);
}

void rights_list_take_all(struct rights_list *list, uint32_t board, enum access_basis basis)
{
	for (unsigned service = SERVICE_DELIVER; service <= SERVICE_MANAGE; service <<= 1)
		rights_list_take(list, &(struct access_entry){ board, service, basis, 0 });
}

/* The decision names the board's own number before a mandate, and the operator before both. */
static int rank(enum access_basis basis)
{
	static const int RANKS[BASES] = {
		[BASIS_OPERATOR] = 3, [BASIS_OWN] = 2, [BASIS_CHAIN] = 1, [BASIS_MANDATE] = 1
	};

	return RANKS[basis];
}

static int compare_entries(const void *a, const void *b)
{
	const struct access_entry *x = a, *y = b;

	if (x->board != y->board)
		return (x->board > y->board) - (x->board < y->board);
	return (x->service > y->service) - (x->service < y->service);
}

static int32_t later(int32_t a, int32_t b)
{
	return a == 0 || b == 0 ? 0 : MAX(a, b);
}

void rights_list_settle(struct rights_list *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, compare_entries);
	for (size_t i = 0; i < list->count; i++) {
		struct access_entry *last = kept > 0 ? &list->items[kept - 1] : NULL;
		const struct access_entry *entry = &list->items[i];

		if (!last || compare_entries(last, entry) != 0) {
			list->items[kept++] = *entry;
			continue;
		}
		last->until = later(last->until, entry->until);
		if (rank(entry->basis) > rank(last->basis))
			last->basis = entry->basis;
	}
	list->count = kept;
}

static json_t *entry_json(const struct access_entry *entry)
{
	char day[11];
	json_t *json = json_pack("{s:s, s:s}", "dienst", access_service_name((enum access_service)entry->service),
				 "basis", access_basis_word(entry->basis));

	date_to_iso(entry->until, day);
	json_build_put(&json, "tot", entry->until != 0 ? json_string(day) : json_null());
	return json;
}

/* Those of one board, from *at on. */
static json_t *board_json(const struct rights_list *list, size_t *at)
{
	uint32_t board = list->items[*at].board;
	json_t *services = json_array();

	for (; *at < list->count && list->items[*at].board == board; ++*at)
		json_build_append(&services, entry_json(&list->items[*at]));
	return services;
}

json_t *rights_list_json(const struct rights_list *list)
{
	json_t *json = json_object(), *boards = json_array(), *all = NULL;
	size_t at = 0;

	while (at < list->count && list->items[at].board != ACCESS_ALL_BOARDS) {
		char number[12];

		snprintf(number, sizeof number, "%05u", list->items[at].board);
		json_t *board = json_pack("{s:s}", "bestuur", number);

		json_build_put(&board, "diensten", board_json(list, &at));
		json_build_append(&boards, board);
	}
	all = at < list->count ? board_json(list, &at) : json_array();
	json_build_put(&json, "besturen", boards);
	json_build_put(&json, "alle_besturen", all);
	if (list->is_lacking) {
		json_decref(json);
		return NULL;
	}
	return json;
}
