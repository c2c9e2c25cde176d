/* judge_sort: orders without a heap, with a cost that no input can raise. */
#include "model/judge_internal.h"

enum {
	FEW_ITEMS = 64, /* below it counting digits costs more than it saves; measured, a wash at a hundred */
	DIGIT_BITS = 8,
	DIGITS = 1 << DIGIT_BITS,
	ROUNDS = 32 / DIGIT_BITS,
	RUN_LINES = 8,
};

static void insert_items(uint64_t *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1] >> 32 > item >> 32; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

static bool is_sorted(const uint64_t *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (items[i - 1] >> 32 > items[i] >> 32)
			return false;
	return true;
}

static void count_digits(const uint64_t *items, size_t count, uint32_t counts[ROUNDS][DIGITS])
{
	memset(counts, 0, ROUNDS * sizeof counts[0]);
	for (size_t i = 0; i < count; i++)
		for (unsigned round = 0; round < ROUNDS; round++)
			counts[round][items[i] >> (32 + round * DIGIT_BITS) & (DIGITS - 1)]++;
}

static void deal_items(const uint64_t *from, uint64_t *to, size_t count, unsigned round, uint32_t places[DIGITS])
{
	uint32_t place = 0;

	for (unsigned digit = 0; digit < DIGITS; digit++) {
		uint32_t n = places[digit];

		places[digit] = place;
		place += n;
	}
	for (size_t i = 0; i < count; i++)
		to[places[from[i] >> (32 + round * DIGIT_BITS) & (DIGITS - 1)]++] = from[i];
}

void sort_by_high_word(uint64_t *items, uint64_t *scratch, size_t count)
{
	uint32_t counts[ROUNDS][DIGITS];

	if (is_sorted(items, count))
		return;
	if (count <= FEW_ITEMS) {
		insert_items(items, count);
		return;
	}
	count_digits(items, count, counts);
	_Static_assert(ROUNDS % 2 == 0, "after the last round the items are back where they were");
	for (unsigned round = 0; round < ROUNDS; round += 2) {
		deal_items(items, scratch, count, round, counts[round]);
		deal_items(scratch, items, count, round + 1, counts[round + 1]);
	}
}

static void insert_lines(struct judge_line **lines, size_t count, line_order *order)
{
	for (size_t i = 1; i < count; i++) {
		struct judge_line *line = lines[i];
		size_t at = i;

		for (; at > 0 && order(lines[at - 1], line) > 0; at--)
			lines[at] = lines[at - 1];
		lines[at] = line;
	}
}

static void merge_lines(struct judge_line *const *from, size_t middle, size_t end, struct judge_line **to,
			line_order *order)
{
	size_t left = 0, right = middle;

	for (size_t i = 0; i < end; i++) {
		bool is_left = right == end || (left < middle && order(from[left], from[right]) <= 0);

		to[i] = is_left ? from[left++] : from[right++];
	}
}

void sort_lines(struct judge_line **lines, struct judge_line **scratch, size_t count, line_order *order)
{
	for (size_t start = 0; start < count; start += RUN_LINES)
		insert_lines(lines + start, MIN((size_t)RUN_LINES, count - start), order);
	for (size_t run = RUN_LINES; run < count; run *= 2) {
		for (size_t start = 0; start < count; start += 2 * run) {
			size_t end = MIN(2 * run, count - start);

			merge_lines(lines + start, MIN(run, end), end, scratch + start, order);
		}
		memcpy(lines, scratch, count * sizeof lines[0]);
	}
}
