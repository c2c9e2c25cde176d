/* fuzz_raw_headers: input is lines of "name value"; what reads well is written, and read again, as the same. */
#include "fuzz.h"

#include "protocol/raw_headers.h"

enum { ITEMS_MAX = 20, NAME_BYTES_MAX = 64 };

static struct message_header items[ITEMS_MAX];
static char names[ITEMS_MAX][NAME_BYTES_MAX];

static struct slice cut_to(struct slice *rest, char end)
{
	const char *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;
	struct slice head = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	if (rest->n > 0)
		slice_cut(rest, 1);
	return head;
}

static size_t read_items(struct slice input)
{
	size_t count = 0;

	for (; count < ITEMS_MAX && input.n > 0; count++) {
		struct slice line = cut_to(&input, '\n');
		struct slice name = cut_to(&line, ' ');

		snprintf(names[count], sizeof names[count], "%.*s", (int)MIN(name.n, sizeof names[count]), name.p);
		items[count] = (struct message_header){ names[count], line };
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw_headers first, second;
	struct raw_headers_text text;
	struct slice input = slice_make(data, size);

	if (!raw_headers_read(items, read_items(input), &first))
		return 0;
	FUZZ_DEEP();
	raw_headers_write(&first, &text);
	FUZZ_EXPECT(raw_headers_read(text.items, text.count, &second));
	FUZZ_EXPECT(first.kind == second.kind && first.board == second.board && first.attempt == second.attempt &&
		    first.sequence == second.sequence && first.line_count == second.line_count &&
		    first.delivery_kind == second.delivery_kind && first.extraction_date == second.extraction_date &&
		    first.received_on == second.received_on && first.is_dry_run == second.is_dry_run &&
		    first.is_replay_dry_run == second.is_replay_dry_run);
	FUZZ_EXPECT(slice_equal(first.delivery_id, second.delivery_id));
	FUZZ_EXPECT(memcmp(first.fingerprint, second.fingerprint, sizeof first.fingerprint) == 0);
	FUZZ_EXPECT(memcmp(first.reference_version, second.reference_version, sizeof first.reference_version) == 0);
	return 0;
}
