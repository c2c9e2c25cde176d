#include "model/access_data.h"

#include <stdlib.h>

struct access_data {
	struct access_version version;
	struct access_party_number *by_number;	   /* party numbers, sorted by number */
	struct access_party_number *by_party;	   /* the same, by party and number */
	struct access_board_number *board_numbers; /* by number */
	struct access_mandate *mandates;	   /* by party, board */
	struct access_credential *credentials;	   /* by sha256 */
	size_t party_number_count, board_number_count, mandate_count, credential_count;
};

/* ---- order ---- */

static int compare_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_by_number(const void *a, const void *b)
{
	const struct access_party_number *x = a, *y = b;

	return party_number_compare(&x->number, &y->number);
}

static int compare_by_party(const void *a, const void *b)
{
	const struct access_party_number *x = a, *y = b;
	int order = compare_i64(x->party, y->party);

	return order != 0 ? order : compare_by_number(a, b);
}

static int compare_board_numbers(const void *a, const void *b)
{
	const struct access_board_number *x = a, *y = b;

	return party_number_compare(&x->number, &y->number);
}

static int compare_mandates(const void *a, const void *b)
{
	const struct access_mandate *x = a, *y = b;
	int order = compare_i64(x->party, y->party);

	return order != 0 ? order : compare_i64(x->board, y->board);
}

static int compare_credentials(const void *a, const void *b)
{
	const struct access_credential *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

typedef int compare_rows(const void *a, const void *b);

/* Index of the first row that is not below key; count: none. */
static size_t find_first(const void *rows, size_t count, size_t row_bytes, const void *key, compare_rows *compare)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare((const char *)rows + middle * row_bytes, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- making ---- */

/* NULL: no memory. An empty table has a row of its own, so that NULL says that alone. */
static void *copy_sorted(const void *rows, size_t count, size_t row_bytes, compare_rows *compare)
{
	void *copy = calloc(MAX(count, (size_t)1), row_bytes);

	if (!copy || count == 0)
		return copy;
	memcpy(copy, rows, count * row_bytes);
	qsort(copy, count, row_bytes, compare);
	return copy;
}

int access_data_new(const struct access_tables *tables, const struct access_version *version, struct access_data **ret,
		    struct err *err)
{
	struct access_data *data = calloc(1, sizeof *data);

	if (!data)
		return err_set(err, ERR_FATAL, "memory", "no memory for the access data");
	data->version = *version;
	data->party_number_count = tables->party_number_count;
	data->board_number_count = tables->board_number_count;
	data->mandate_count = tables->mandate_count;
	data->credential_count = tables->credential_count;
	data->by_number = copy_sorted(tables->party_numbers, tables->party_number_count, sizeof *data->by_number,
				      compare_by_number);
	data->by_party = copy_sorted(tables->party_numbers, tables->party_number_count, sizeof *data->by_party,
				     compare_by_party);
	data->board_numbers = copy_sorted(tables->board_numbers, tables->board_number_count,
					  sizeof *data->board_numbers, compare_board_numbers);
	data->mandates = copy_sorted(tables->mandates, tables->mandate_count, sizeof *data->mandates, compare_mandates);
	data->credentials = copy_sorted(tables->credentials, tables->credential_count, sizeof *data->credentials,
					compare_credentials);
	if (!data->by_number || !data->by_party || !data->board_numbers || !data->mandates || !data->credentials) {
		access_data_free(data);
		return err_set(err, ERR_FATAL, "memory", "no memory for the access data");
	}
	*ret = data;
	return 0;
}

void access_data_free(struct access_data *data)
{
	if (!data)
		return;
	free(data->by_number);
	free(data->by_party);
	free(data->board_numbers);
	free(data->mandates);
	free(data->credentials);
	free(data);
}

const struct access_version *access_data_version(const struct access_data *data)
{
	return &data->version;
}

/* ---- questions ---- */

const struct access_credential *access_data_credential(const struct access_data *data, const uint8_t sha256[32])
{
	struct access_credential key;

	memcpy(key.sha256, sha256, sizeof key.sha256);
	size_t at = find_first(data->credentials, data->credential_count, sizeof key, &key, compare_credentials);

	return at < data->credential_count && compare_credentials(&data->credentials[at], &key) == 0
		       ? &data->credentials[at]
		       : NULL;
}

size_t access_data_numbers_of(const struct access_data *data, int32_t party, struct party_number *ret, size_t max)
{
	const struct access_party_number key = { .party = party };
	size_t at = find_first(data->by_party, data->party_number_count, sizeof key, &key, compare_by_party);
	size_t count = 0;

	for (; at < data->party_number_count && data->by_party[at].party == party && count < max; at++)
		ret[count++] = data->by_party[at].number;
	return count;
}

/* Both ends inclusive. */
static bool holds_on(const struct access_days *days, int32_t today)
{
	return days->from <= today && (days->until == 0 || today <= days->until);
}

static bool is_own_number(const struct access_data *data, const struct party_number *number,
			  const struct access_question *question)
{
	const struct access_board_number key = { .number = *number };
	size_t at = find_first(data->board_numbers, data->board_number_count, sizeof key, &key, compare_board_numbers);

	for (; at < data->board_number_count && compare_board_numbers(&data->board_numbers[at], &key) == 0; at++)
		if (data->board_numbers[at].board == *question->board &&
		    holds_on(&data->board_numbers[at].days, question->today))
			return true;
	return false;
}

static enum access_answer ask_mandates(const struct access_data *data, int32_t party,
				       const struct access_question *question)
{
	const struct access_mandate key = { .party = party, .board = *question->board };
	size_t at = find_first(data->mandates, data->mandate_count, sizeof key, &key, compare_mandates);
	enum access_answer answer = ACCESS_OTHER_BOARD;

	for (; at < data->mandate_count && compare_mandates(&data->mandates[at], &key) == 0; at++) {
		if (!holds_on(&data->mandates[at].days, question->today))
			continue;
		if (question->service == 0 || (data->mandates[at].service & question->service))
			return ACCESS_GOOD;
		answer = ACCESS_OTHER_SERVICE;
	}
	return answer;
}

/* 0: no party of the data has this number. */
static int32_t party_of(const struct access_data *data, const struct party_number *number)
{
	const struct access_party_number key = { .number = *number };
	size_t at = find_first(data->by_number, data->party_number_count, sizeof key, &key, compare_by_number);

	return at < data->party_number_count && compare_by_number(&data->by_number[at], &key) == 0
		       ? data->by_number[at].party
		       : 0;
}

enum access_answer access_data_decide(const struct access_data *data, const struct access_party *party,
				      const struct access_question *question, enum access_basis *ret_basis)
{
	enum access_answer answer = ACCESS_OTHER_BOARD;

	*ret_basis = BASIS_NONE;
	if (!question->board)
		return ACCESS_GOOD;
	if (!data)
		return ACCESS_OTHER_BOARD;
	for (size_t i = 0; i < party->number_count; i++)
		if (is_own_number(data, &party->numbers[i], question)) {
			*ret_basis = party->has_chain ? BASIS_CHAIN : BASIS_OWN;
			return ACCESS_GOOD;
		}
	if (party->id != 0)
		answer = ask_mandates(data, party->id, question);
	for (size_t i = 0; i < party->number_count && party->id == 0 && answer != ACCESS_GOOD; i++) {
		int32_t id = party_of(data, &party->numbers[i]);
		enum access_answer one = id != 0 ? ask_mandates(data, id, question) : ACCESS_OTHER_BOARD;

		if (one != ACCESS_OTHER_BOARD) /* a mandate for another service says more */
			answer = one;
	}
	if (answer == ACCESS_GOOD)
		*ret_basis = party->has_chain ? BASIS_CHAIN : BASIS_MANDATE;
	return answer;
}

/* ---- all that a party may ---- */

struct entries {
	const struct access_data *data;
	int32_t today;
	bool has_chain;
	access_entry_take *take;
	void *self;
};

static void take_each_service(const struct entries *entries, struct access_entry entry)
{
	unsigned services = entry.service;

	for (unsigned service = SERVICE_DELIVER; service <= SERVICE_MANAGE; service <<= 1) {
		entry.service = service;
		if (services & service)
			entries->take(entries->self, &entry);
	}
}

static void take_own_boards(const struct entries *entries, const struct party_number *number)
{
	const struct access_data *data = entries->data;
	const struct access_board_number key = { .number = *number };
	size_t at = find_first(data->board_numbers, data->board_number_count, sizeof key, &key, compare_board_numbers);

	for (; at < data->board_number_count && compare_board_numbers(&data->board_numbers[at], &key) == 0; at++) {
		const struct access_board_number *row = &data->board_numbers[at];

		if (holds_on(&row->days, entries->today))
			take_each_service(entries, (struct access_entry){ row->board, SERVICES_ALL | SERVICE_MANAGE,
									  entries->has_chain ? BASIS_CHAIN : BASIS_OWN,
									  row->days.until });
	}
}

static void take_mandates(const struct entries *entries, int32_t party)
{
	const struct access_data *data = entries->data;
	const struct access_mandate key = { .party = party };
	size_t at = find_first(data->mandates, data->mandate_count, sizeof key, &key, compare_mandates);

	for (; at < data->mandate_count && data->mandates[at].party == party; at++) {
		const struct access_mandate *row = &data->mandates[at];

		if (holds_on(&row->days, entries->today))
			take_each_service(entries,
					  (struct access_entry){ row->board, row->service,
								 entries->has_chain ? BASIS_CHAIN : BASIS_MANDATE,
								 row->days.until });
	}
}

void access_data_entries(const struct access_data *data, const struct access_party *party, int32_t today,
			 access_entry_take *take, void *self)
{
	const struct entries entries = { data, today, party->has_chain, take, self };

	if (!data)
		return;
	for (size_t i = 0; i < party->number_count; i++)
		take_own_boards(&entries, &party->numbers[i]);
	if (party->id != 0)
		take_mandates(&entries, party->id);
	for (size_t i = 0; i < party->number_count && party->id == 0; i++) {
		int32_t id = party_of(data, &party->numbers[i]);

		if (id != 0)
			take_mandates(&entries, id);
	}
}
