/* What /v1/toegang says a sender may is what the decision says, for every board, service and day; and nothing else. All
 * numbers are invented. */
#include "gateway/rights_list.h"

#include "gateway/tokens.h"
#include "model/access_data.h"
#include "model/teacher_key.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <unistd.h>

enum { TODAY = 20270301, YESTERDAY = 20270228, TOMORROW = 20270302 };
enum { OFFICE = 1, SUPPLIER = 2 };

static const uint32_t BOARDS[] = { 0, 41211, 41212, 41213, 41214, 41215 };
static const int32_t DAYS[] = { 20190101, YESTERDAY, TODAY, TOMORROW, 20280101 };

static struct party_number number_of(const char *text)
{
	struct party_number number;

	cr_assert(party_number_read(slice_of(text), &number), "%s", text);
	return number;
}

static struct access_data *make_data(void)
{
	struct access_party_number party_numbers[] = { { number_of("KVK:11111111"), OFFICE },
						       { number_of("RSIN:222222222"), OFFICE },
						       { number_of("OIN:00000099000000000001"), SUPPLIER } };
	struct access_board_number board_numbers[] = { { number_of("KVK:11111111"), 41213, { 20200101, TODAY } },
						       { number_of("KVK:41211000"), 41211, { 20200101, 0 } },
						       { number_of("KVK:41211000"), 41212, { TOMORROW, 0 } } };
	struct access_mandate mandates[] = { { OFFICE, 41211, SERVICE_DELIVER, { 20200101, TODAY } },
					     { OFFICE, 41211, SERVICE_DELIVER, { TODAY, TOMORROW } },
					     { OFFICE, 41211, SERVICE_READ, { 20200101, 0 } },
					     { OFFICE, 41212, SERVICE_CONFIRM, { TOMORROW, 0 } },
					     { OFFICE, 41213, SERVICE_READ, { 20200101, TOMORROW } },
					     { OFFICE, 41214, SERVICE_MANAGE, { 20200101, YESTERDAY } },
					     { SUPPLIER, 0, SERVICE_DELIVER, { 20200101, 0 } } };
	const struct access_tables tables = { .party_numbers = party_numbers,
					      .board_numbers = board_numbers,
					      .mandates = mandates,
					      .party_number_count = ARRAY_LEN(party_numbers),
					      .board_number_count = ARRAY_LEN(board_numbers),
					      .mandate_count = ARRAY_LEN(mandates) };
	const struct access_version version = { .sequence = 7 };
	struct access_data *data = NULL;
	struct err err = { 0 };

	cr_assert_eq(access_data_new(&tables, &version, &data, &err), 0, "%s", err.text);
	return data;
}

static const struct access_entry *find(const struct rights_list *list, uint32_t board, unsigned service)
{
	const struct access_entry *found = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].service == service &&
		    (list->items[i].board == board || list->items[i].board == ACCESS_ALL_BOARDS)) {
			cr_expect(!found || list->items[i].board == ACCESS_ALL_BOARDS, "%u twice", board);
			found = &list->items[i];
		}
	return found;
}

static void expect_as_decided(const struct access_data *data, const struct access_party *party, int32_t today)
{
	struct rights_list list = { 0 };

	access_data_entries(data, party, today, rights_list_take, &list);
	rights_list_settle(&list);
	for (size_t b = 0; b < ARRAY_LEN(BOARDS); b++)
		for (unsigned service = SERVICE_DELIVER; service <= SERVICE_MANAGE; service <<= 1) {
			struct access_question question = { &BOARDS[b], service, today };
			const struct access_entry *entry = find(&list, BOARDS[b], service);
			enum access_basis basis;
			bool may = access_data_decide(data, party, &question, &basis) == ACCESS_GOOD;

			cr_expect_eq(entry != NULL, may, "%d: %u %u", today, BOARDS[b], service);
			if (!entry || !may)
				continue;
			cr_expect_eq(entry->basis, basis, "%d: %u %u", today, BOARDS[b], service);
			question.today = entry->until ? entry->until : 21991231;
			cr_expect_eq(access_data_decide(data, party, &question, &basis), ACCESS_GOOD,
				     "%d: %u %u does not hold until %d", today, BOARDS[b], service, entry->until);
		}
	for (size_t i = 0; i < list.count; i++)
		cr_expect(list.items[i].until == 0 || list.items[i].until >= today, "one that is over");
	rights_list_release(&list);
}

Test(rights_list, of_a_party_is_what_is_decided_of_it)
{
	static const char *const NUMBERS[] = { "KVK:11111111", "RSIN:222222222", "OIN:00000099000000000001",
					       "KVK:41211000", "KVK:99999999" };
	struct access_data *data = make_data();

	for (size_t d = 0; d < ARRAY_LEN(DAYS); d++) {
		for (size_t n = 0; n < ARRAY_LEN(NUMBERS); n++)
			for (int has_chain = 0; has_chain <= 1; has_chain++) {
				struct party_number numbers[2] = { number_of(NUMBERS[n]), number_of("KVK:41211000") };
				struct access_party party = { 0, numbers, 1, has_chain };

				expect_as_decided(data, &party, DAYS[d]);
				party.number_count = 2;
				expect_as_decided(data, &party, DAYS[d]);
			}
		for (int32_t id = OFFICE; id <= SUPPLIER + 1; id++)
			expect_as_decided(data, &(struct access_party){ .id = id }, DAYS[d]);
	}
	access_data_free(data);
}

Test(rights_list, without_access_data_is_empty)
{
	struct rights_list list = { 0 };

	access_data_entries(NULL, &(struct access_party){ .id = OFFICE }, TODAY, rights_list_take, &list);
	rights_list_settle(&list);
	cr_expect_eq(list.count, 0);
	rights_list_release(&list);
}

static struct tokens *open_tokens(const char *text)
{
	char path[] = "/tmp/instroom-tokens-XXXXXX";
	struct tokens *tokens = NULL;
	struct err err = { 0 };
	int fd = mkstemp(path);

	cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	cr_assert_eq(tokens_open(path, &tokens, &err), 0, "%s", err.text);
	unlink(path);
	return tokens;
}

#define TOKEN "aaaaaaaaaaaaaaaa"
#define HASH  "sha256:" /* of it */

static void expect_of_lines(const char *text, int32_t today)
{
	struct tokens *tokens = open_tokens(text);
	struct rights_list list = { 0 };
	struct token_lines lines;
	uint8_t sha256[32];

	sha256_of(SLICE_LITERAL(TOKEN), sha256);
	bool is_ours = tokens_find(tokens, sha256, today, &lines) == ACCESS_GOOD;

	token_lines_entries(lines, today, rights_list_take, &list);
	rights_list_settle(&list);
	for (size_t b = 0; b < ARRAY_LEN(BOARDS); b++)
		for (unsigned service = SERVICE_DELIVER; service <= SERVICE_MANAGE; service <<= 1) {
			const struct access_question question = { &BOARDS[b], service, today };
			const struct access_entry *entry = find(&list, BOARDS[b], service);
			enum access_basis basis;
			bool may = is_ours && token_lines_decide(lines, &question, &basis) == ACCESS_GOOD;

			cr_expect_eq(entry != NULL, may, "%s, %d: %u %u", text, today, BOARDS[b], service);
			cr_expect(!entry || !may || entry->basis == basis, "%s, %d: %u %u", text, today, BOARDS[b],
				  service);
		}
	rights_list_release(&list);
	tokens_free(tokens);
}

Test(rights_list, of_a_token_of_the_file_is_what_its_lines_say)
{
	char hex[65] = { 0 }, text[512];
	uint8_t sha256[32];

	sha256_of(SLICE_LITERAL(TOKEN), sha256);
	for (size_t i = 0; i < sizeof sha256; i++)
		snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
	for (size_t d = 0; d < ARRAY_LEN(DAYS); d++) {
		expect_of_lines(TOKEN " 41211\n", DAYS[d]);
		expect_of_lines(TOKEN " *\n" TOKEN " 41212,41213\n", DAYS[d]);
		expect_of_lines("bbbbbbbbbbbbbbbb *\n", DAYS[d]);
		snprintf(text, sizeof text,
			 HASH "%s 41211,41212 services=leveren until=2027-03-01\n" HASH
			      "%s 41211 services=inzien,bevestigen\n" HASH "%s 41214 withdrawn=2027-01-01T00:00:00Z\n",
			 hex, hex, hex);
		expect_of_lines(text, DAYS[d]);
	}
}

static char *text_of(const struct rights_list *list)
{
	json_t *json = rights_list_json(list);
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}

Test(rights_list, says_each_service_once_and_the_longest)
{
	struct rights_list list = { .until = 20271231 };
	static const struct access_entry ROWS[] = {
		{ 41212, SERVICE_READ, BASIS_MANDATE, 0 },
		{ 41211, SERVICE_DELIVER, BASIS_MANDATE, 20270601 },
		{ 41211, SERVICE_DELIVER, BASIS_OWN, 20270401 },
		{ 99, SERVICE_CONFIRM, BASIS_CHAIN, 20280101 },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		rights_list_take(&list, &ROWS[i]);
	rights_list_settle(&list);
	char *text = text_of(&list);

	cr_expect_str_eq(text,
			 "{\"besturen\":["
			 "{\"bestuur\":\"00099\",\"diensten\":"
			 "[{\"dienst\":\"bevestigen\",\"basis\":\"keten\",\"tot\":\"2027-12-31\"}]},"
			 "{\"bestuur\":\"41211\",\"diensten\":"
			 "[{\"dienst\":\"leveren\",\"basis\":\"eigen\",\"tot\":\"2027-06-01\"}]},"
			 "{\"bestuur\":\"41212\",\"diensten\":"
			 "[{\"dienst\":\"inzien\",\"basis\":\"machtiging\",\"tot\":\"2027-12-31\"}]}],"
			 "\"alle_besturen\":[]}");
	free(text);
	rights_list_release(&list);
}

Test(rights_list, of_the_operator_holds_for_all_boards)
{
	struct rights_list list = { 0 };

	rights_list_take_all(&list, ACCESS_ALL_BOARDS, BASIS_OPERATOR);
	rights_list_settle(&list);
	char *text = text_of(&list);

	cr_expect_eq(list.count, 4);
	cr_expect(strstr(text,
			 "{\"besturen\":[],\"alle_besturen\":[{\"dienst\":\"leveren\",\"basis\":\"beheer\",\"tot\":"
			 "null}") == text,
		  "%s", text);
	free(text);
	rights_list_release(&list);
}
