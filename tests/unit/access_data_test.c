/* Who may use which service for which board, on which day, and on what basis: specification 15 as one table. All
 * numbers are invented. */
#include "model/access_data.h"

#include <criterion/criterion.h>

enum { TODAY = 20270301, YESTERDAY = 20270228, TOMORROW = 20270302 };
enum { OFFICE = 1, SUPPLIER = 2, BOTH = 3, STRANGER = 4 }; /* parties */

#define OFFICE_KVK    "KVK:11111111"
#define SUPPLIER_OIN  "OIN:00000099000000000001"
#define BOARD_KVK     "KVK:41211000" /* of board 41211, and of 41212 that shares it */
#define MERGED_KVK    "KVK:41213000" /* of board 41213 until yesterday, of 41214 from today on */
#define FUTURE_KVK    "KVK:41215000"
#define STRANGER_RSIN "RSIN:999999999"

static struct party_number number_of(const char *text)
{
	struct party_number number;

	cr_assert(party_number_read(slice_of(text), &number), "%s", text);
	return number;
}

static struct access_data *make_data(void)
{
	struct access_party_number party_numbers[] = {
		{ number_of(SUPPLIER_OIN), SUPPLIER },	{ number_of(OFFICE_KVK), OFFICE },
		{ number_of("KVK:33333333"), BOTH },	{ number_of("RSIN:333333333"), BOTH },
		{ number_of(STRANGER_RSIN), STRANGER },
	};
	struct access_board_number board_numbers[] = {
		{ number_of(BOARD_KVK), 41211, { 20200101, 0 } },
		{ number_of(BOARD_KVK), 41212, { 20200101, 0 } },
		{ number_of(MERGED_KVK), 41213, { 20200101, YESTERDAY } },
		{ number_of(MERGED_KVK), 41214, { TODAY, 0 } },
		{ number_of(FUTURE_KVK), 41215, { TOMORROW, 0 } },
		{ number_of("RSIN:333333333"), 41216, { 20200101, TODAY } },
	};
	struct access_mandate mandates[] = {
		{ SUPPLIER, 41211, SERVICE_READ, { 20200101, 0 } },
		{ OFFICE, 41211, SERVICE_DELIVER, { 20200101, TODAY } },
		{ OFFICE, 41211, SERVICE_READ, { 20200101, 0 } },
		{ OFFICE, 41212, SERVICE_DELIVER, { TODAY, TODAY } },
		{ OFFICE, 41213, SERVICE_DELIVER, { TOMORROW, 0 } },
		{ OFFICE, 41214, SERVICE_DELIVER, { 20200101, YESTERDAY } },
		{ OFFICE, 41214, SERVICE_DELIVER, { TODAY, 0 } },
		{ BOTH, 0, SERVICE_DELIVER, { 20200101, 0 } },
		{ SUPPLIER, 41215, SERVICE_MANAGE, { 20200101, 0 } },
	};
	const struct access_tables tables = { party_numbers,
					      board_numbers,
					      mandates,
					      NULL,
					      ARRAY_LEN(party_numbers),
					      ARRAY_LEN(board_numbers),
					      ARRAY_LEN(mandates),
					      0 };
	const struct access_version version = { .sequence = 7 };
	struct access_data *data = NULL;
	struct err err = { 0 };

	cr_assert_eq(access_data_new(&tables, &version, &data, &err), 0, "%s", err.text);
	return data;
}

static const struct {
	const char *number, *other; /* other NULL: one number */
	bool has_chain;
	int64_t board; /* -1: none */
	unsigned service;
	int32_t today;
	enum access_answer want;
	enum access_basis basis;
	const char *why;
} QUESTIONS[] = {
	{ BOARD_KVK, NULL, false, 41211, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_OWN, "the board itself" },
	{ BOARD_KVK, NULL, false, 41211, SERVICE_MANAGE, TODAY, ACCESS_GOOD, BASIS_OWN, "for every service" },
	{ BOARD_KVK, NULL, false, 41212, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_OWN, "a number two boards share" },
	{ BOARD_KVK, NULL, false, 41213, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "not of that one" },
	{ BOARD_KVK, NULL, true, 41211, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_CHAIN, "by a chain" },
	{ "RSIN:412110000", BOARD_KVK, false, 41211, SERVICE_READ, TODAY, ACCESS_GOOD, BASIS_OWN, "its second number" },
	{ MERGED_KVK, NULL, false, 41213, SERVICE_DELIVER, YESTERDAY, ACCESS_GOOD, BASIS_OWN, "the last day of old" },
	{ MERGED_KVK, NULL, false, 41213, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "merged away" },
	{ MERGED_KVK, NULL, false, 41214, SERVICE_DELIVER, YESTERDAY, ACCESS_OTHER_BOARD, BASIS_NONE,
	  "not merged yet" },
	{ MERGED_KVK, NULL, false, 41214, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_OWN, "the first day of new" },
	{ FUTURE_KVK, NULL, false, 41215, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "from tomorrow on" },
	{ FUTURE_KVK, NULL, false, 41215, SERVICE_DELIVER, TOMORROW, ACCESS_GOOD, BASIS_OWN, "it is tomorrow" },
	{ OFFICE_KVK, NULL, false, 41211, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_MANDATE, "its last day" },
	{ OFFICE_KVK, NULL, false, 41211, SERVICE_DELIVER, TOMORROW, ACCESS_OTHER_SERVICE, BASIS_NONE, "ended" },
	{ OFFICE_KVK, NULL, false, 41211, SERVICE_DELIVER, 20191231, ACCESS_OTHER_BOARD, BASIS_NONE, "before" },
	{ OFFICE_KVK, NULL, false, 41211, SERVICE_READ, TOMORROW, ACCESS_GOOD, BASIS_MANDATE, "reading goes on" },
	{ OFFICE_KVK, NULL, false, 41211, SERVICE_CONFIRM, TODAY, ACCESS_OTHER_SERVICE, BASIS_NONE, "not confirming" },
	{ OFFICE_KVK, NULL, false, 41212, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_MANDATE, "of one day" },
	{ OFFICE_KVK, NULL, false, 41212, SERVICE_DELIVER, YESTERDAY, ACCESS_OTHER_BOARD, BASIS_NONE,
	  "the day before" },
	{ OFFICE_KVK, NULL, false, 41212, SERVICE_DELIVER, TOMORROW, ACCESS_OTHER_BOARD, BASIS_NONE, "the day behind" },
	{ OFFICE_KVK, NULL, false, 41213, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "from tomorrow on" },
	{ OFFICE_KVK, NULL, false, 41213, SERVICE_DELIVER, TOMORROW, ACCESS_GOOD, BASIS_MANDATE, "it is tomorrow" },
	{ OFFICE_KVK, NULL, false, 41214, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_MANDATE, "ended and given anew" },
	{ OFFICE_KVK, NULL, false, 41214, SERVICE_DELIVER, YESTERDAY, ACCESS_GOOD, BASIS_MANDATE, "the old one" },
	{ OFFICE_KVK, NULL, true, 41211, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_CHAIN, "a mandate, by a chain" },
	{ OFFICE_KVK, NULL, true, 41215, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "a chain gives none" },
	{ OFFICE_KVK, NULL, false, -1, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_NONE, "no board is asked for" },
	{ SUPPLIER_OIN, NULL, false, 41211, SERVICE_READ, TODAY, ACCESS_GOOD, BASIS_MANDATE, "for reading" },
	{ SUPPLIER_OIN, NULL, false, 41211, SERVICE_DELIVER, TODAY, ACCESS_OTHER_SERVICE, BASIS_NONE, "only reading" },
	{ SUPPLIER_OIN, NULL, false, 41215, SERVICE_DELIVER, TODAY, ACCESS_OTHER_SERVICE, BASIS_NONE,
	  "who manages does not deliver" },
	{ "KVK:33333333", NULL, false, 0, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_MANDATE, "board 00000" },
	{ "KVK:33333333", "RSIN:333333333", false, 41216, SERVICE_DELIVER, TODAY, ACCESS_GOOD, BASIS_OWN,
	  "a party that is a board" },
	{ "KVK:33333333", "RSIN:333333333", false, 41216, SERVICE_DELIVER, TOMORROW, ACCESS_OTHER_BOARD, BASIS_NONE,
	  "until today" },
	{ "KVK:33333333", NULL, false, 41216, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE,
	  "the number that a proof does not name does not count" },
	{ "RSIN:411110000", NULL, false, 41211, SERVICE_DELIVER, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "unknown" },
	{ STRANGER_RSIN, NULL, false, 41211, SERVICE_READ, TODAY, ACCESS_OTHER_BOARD, BASIS_NONE, "a stranger" },
};

Test(access_data, decides_by_numbers_mandates_and_days)
{
	struct access_data *data = make_data();

	for (size_t i = 0; i < ARRAY_LEN(QUESTIONS); i++) {
		struct party_number numbers[2] = { number_of(QUESTIONS[i].number) };
		const struct access_party party = { .numbers = numbers,
						    .number_count = QUESTIONS[i].other ? 2 : 1,
						    .has_chain = QUESTIONS[i].has_chain };
		uint32_t board = (uint32_t)QUESTIONS[i].board;
		const struct access_question question = { .board = QUESTIONS[i].board < 0 ? NULL : &board,
							  .service = QUESTIONS[i].service,
							  .today = QUESTIONS[i].today };
		enum access_basis basis;

		if (QUESTIONS[i].other)
			numbers[1] = number_of(QUESTIONS[i].other);
		cr_expect_eq(access_data_decide(data, &party, &question, &basis), QUESTIONS[i].want, "row %zu: %s", i,
			     QUESTIONS[i].why);
		cr_expect_eq(basis, QUESTIONS[i].basis, "row %zu: %s: %s", i, QUESTIONS[i].why,
			     access_basis_word(basis));
	}
	access_data_free(data);
}

Test(access_data, a_party_that_is_known_by_its_row_needs_no_number)
{
	struct access_data *data = make_data();
	uint32_t board = 41211;
	const struct access_question question = { .board = &board, .service = SERVICE_DELIVER, .today = TODAY };
	const struct access_party office = { .id = OFFICE }, stranger = { .id = STRANGER };
	struct party_number numbers[2];
	enum access_basis basis;

	cr_expect_eq(access_data_decide(data, &office, &question, &basis), ACCESS_GOOD);
	cr_expect_eq(basis, BASIS_MANDATE);
	cr_expect_eq(access_data_decide(data, &stranger, &question, &basis), ACCESS_OTHER_BOARD);
	cr_expect_eq(access_data_decide(NULL, &office, &question, &basis), ACCESS_OTHER_BOARD, "there are no data");
	cr_expect_eq(access_data_numbers_of(data, BOTH, numbers, 2), 2);
	cr_expect_eq(access_data_numbers_of(data, BOTH, numbers, 1), 1);
	cr_expect_eq(access_data_numbers_of(data, 99, numbers, 2), 0);
	access_data_free(data);
}

Test(access_data, finds_each_credential_of_many)
{
	enum { CREDENTIALS = 300 };
	static struct access_credential rows[CREDENTIALS];
	const struct access_tables tables = { .credentials = rows, .credential_count = CREDENTIALS };
	const struct access_version version = { .sequence = 1 };
	struct access_data *data = NULL;
	struct err err = { 0 };
	uint8_t sha256[32] = { 0 };

	for (unsigned i = 0; i < CREDENTIALS; i++) {
		rows[i].sha256[0] = (uint8_t)(i * 7);
		rows[i].sha256[31] = (uint8_t)(i / 256);
		rows[i].party = (int32_t)i + 1;
	}
	cr_assert_eq(access_data_new(&tables, &version, &data, &err), 0);
	for (unsigned i = 0; i < CREDENTIALS; i++) {
		const struct access_credential *found = access_data_credential(data, rows[i].sha256);

		cr_assert(found && found->party == (int32_t)i + 1, "%u", i);
	}
	sha256[1] = 1;
	cr_expect_null(access_data_credential(data, sha256));
	access_data_free(data);
}
