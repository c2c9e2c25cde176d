#include "gateway/receipt_position.h"

#include <criterion/criterion.h>

static const char ID[] = "levering-2018-0001";

static bool read(const struct hmac_key *key, uint32_t board, const char *id, const char *text,
		 struct receipt_position *ret)
{
	return receipt_position_read(key, board, id, slice_of(text), ret);
}

Test(gateway_receipt_position, is_genuine_for_its_own_board_id_place_and_key_only)
{
	struct hmac_key key, other_key;
	struct receipt_position position;
	char text[RECEIPT_POSITION_TEXT_BYTES], changed[RECEIPT_POSITION_TEXT_BYTES];

	hmac_key_init(&key, SLICE_LITERAL("0123456789abcdef0123456789abcdef"));
	hmac_key_init(&other_key, SLICE_LITERAL("0123456789abcdef0123456789abcdeg"));
	receipt_position_write(&key, 41211, ID, 7, 4711, text);
	cr_assert(read(&key, 41211, ID, text, &position));
	cr_expect(position.is_genuine && position.partition == 7 && position.offset == 4711);
	cr_expect(read(&key, 41212, ID, text, &position) && !position.is_genuine, "another board");
	cr_expect(read(&key, 41211, "levering-2018-0002", text, &position) && !position.is_genuine, "another id");
	cr_expect(read(&other_key, 41211, ID, text, &position) && !position.is_genuine, "another key");
	snprintf(changed, sizeof changed, "8%s", text + 1);
	cr_expect(read(&key, 41211, ID, changed, &position) && !position.is_genuine, "another place");
	cr_expect(read(&key, 41211, ID, "7-4711", &position) && !position.is_genuine, "no check");
	cr_expect(read(&key, 41211, ID, "7-4711-", &position) && !position.is_genuine, "an empty check");
}

Test(gateway_receipt_position, knows_its_form)
{
	static const char *const WRONG[] = {
		"", "1", "a-1", "1--1", "-1", "1-", "2147483648-1", "1-9223372036854775808"
	};
	struct hmac_key key;
	struct receipt_position position;

	hmac_key_init(&key, SLICE_LITERAL("0123456789abcdef0123456789abcdef"));
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++)
		cr_expect_not(read(&key, 41211, ID, WRONG[i], &position), "%s", WRONG[i]);
	cr_expect(read(&key, 41211, ID, "2147483647-9223372036854775807", &position), "the largest place");
}
