/* reference_internal: what reference.c (the tables, asked) and reference_read.c (the files, read) share. Nobody else
 * includes it.
 *
 * Every table becomes rows sorted by (bucket, key, valid_from) and an index of where each bucket begins. Boards, BRINs
 * and grounds have so few possible numbers that these are the buckets themselves; onderwijsterreinen are spread by a
 * hash of their key. So one look-up serves all six: two neighbouring index entries, then the one or two rows there.
 *
 *   table            key                         bucket
 *   besturen         board                       board
 *   scholen          brin                        brin
 *   vestigingen      brin * 100 + site           brin
 *   bestuur_school   brin * 100000 + board       brin
 *   grondslagen      code                        code
 *   terreinen        code in base 37 * 8 + sector   hash
 *
 * brin is the number of a BRIN among the 100 * 26 * 26 possible ones. What a school or a ground says beside its key and
 * its period stands in an array of its own, at the number of the row. */
#ifndef MODEL_REFERENCE_INTERNAL_H
#define MODEL_REFERENCE_INTERNAL_H

#include "base/num.h"
#include "model/csv.h"
#include "model/reference.h"

enum {
	BOARD_NUMBERS = 100000,
	BRIN_BYTES = 4,
	BRIN_NUMBERS = 100 * 26 * 26,
	SITE_NUMBERS = 100,
	GROUND_NUMBERS = 1000,
	FIELD_CODE_BYTES_MAX = 10,
	FIELD_CODE_BASE = 37,
	SECTOR_NUMBERS = 8,
	FIELD_BUCKETS_LOG2 = 12,
	REFERENCE_COLUMNS_MAX = 12,
};

struct row {
	uint64_t key;
	int32_t valid_from, valid_until;
};

/* A row while its table is read: what its cells say, and then its place. */
struct draft {
	int64_t board, brin, site, ground_code, field_code;
	uint64_t months_max, months_more;
	struct row row;
	uint32_t bucket;
	uint32_t record_no;
	uint8_t sector;
	uint8_t target;
	bool is_vso_exam;
	bool needs_field, needs_end, has_limit;
};

/* Reads and checks one file: its rows, sorted by (bucket, key, valid_from). The caller frees *ret. */
MUSTUSE int reference_read(enum reference_table table, struct slice bytes, struct draft **ret, size_t *ret_count,
			   struct err *err);
size_t reference_buckets(enum reference_table table);

static inline int reference_fail_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for the reference tables");
}

/* Numbers of identifiers. -1: not of the form of specification 3.2. */

static inline int64_t brin_number(struct slice brin)
{
	if (brin.n != BRIN_BYTES)
		return -1;
	uint32_t tens = (unsigned char)brin.p[0] - (uint32_t)'0', ones = (unsigned char)brin.p[1] - (uint32_t)'0';
	uint32_t high = (unsigned char)brin.p[2] - (uint32_t)'A', low = (unsigned char)brin.p[3] - (uint32_t)'A';

	if (tens > 9 || ones > 9 || high > 25 || low > 25)
		return -1;
	return ((tens * 10 + ones) * 26 + high) * 26 + low;
}

/* 1-10 capitals and digits as a number in base 37, where 0 is no character: less than 2^53. */
static inline int64_t field_code_number(struct slice code)
{
	int64_t number = 0;

	if (code.n == 0 || code.n > FIELD_CODE_BYTES_MAX)
		return -1;
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];

		if (num_is_digit(c))
			number = number * FIELD_CODE_BASE + 1 + (c - '0');
		else if (c >= 'A' && c <= 'Z')
			number = number * FIELD_CODE_BASE + 11 + (c - 'A');
		else
			return -1;
	}
	return number;
}

/* Keys that hold two identifiers. */

static inline uint64_t site_key(int64_t brin, uint32_t site)
{
	return (uint64_t)brin * SITE_NUMBERS + site;
}

static inline uint64_t board_school_key(int64_t brin, uint32_t board)
{
	return (uint64_t)brin * BOARD_NUMBERS + board;
}

static inline uint64_t field_key(int64_t code_number, enum sector sector)
{
	return (uint64_t)code_number * SECTOR_NUMBERS + (uint64_t)sector;
}

static inline uint32_t field_bucket(uint64_t key)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FIELD_BUCKETS_LOG2));
}

#endif
