/* reference: one immutable version of the six tables of specification 9, ready to be asked.
 *
 * Pure: built from rows, asked with dates. A row holds on date d if valid_from <= d < valid_until (0 = open).
 * Look-ups cost one or two cache lines; a version is built once per process and lives on the heap. */
#ifndef MODEL_REFERENCE_H
#define MODEL_REFERENCE_H

#include "base/err.h"
#include "base/slice.h"

enum reference_table {
	REFERENCE_BOARDS,	/* besturen.csv */
	REFERENCE_SCHOOLS,	/* scholen.csv */
	REFERENCE_SITES,	/* vestigingen.csv */
	REFERENCE_BOARD_SCHOOL, /* bestuur_school.csv */
	REFERENCE_GROUNDS,	/* benoemingsgrondslagen.csv */
	REFERENCE_FIELDS,	/* onderwijsterreinen.csv */
	REFERENCE_TABLES
};

enum { REFERENCE_VERSION_BYTES = 32 };

enum target { TARGET_NONE = 0, TARGET_REGISTER = 1, TARGET_VOORPORTAAL = 2, TARGET_GEEN = 3 }; /* doel */
const char *target_name(enum target target); /* "", REGISTER, VOORPORTAAL, GEEN */

enum sector { SECTOR_NONE = 0, SECTOR_PO, SECTOR_VO, SECTOR_WEC, SECTOR_MBO };

struct ground {
	uint16_t code;	       /* 0..999 */
	uint8_t sector;	       /* PO, VO or MBO */
	uint8_t target;	       /* enum target */
	bool needs_field;      /* onderwijsterrein_nodig */
	bool needs_end;	       /* einddatum_nodig */
	bool has_limit;	       /* max_maanden is filled */
	uint16_t limit_months; /* max_maanden + verleng_maanden */
	int32_t valid_from, valid_until;
};

struct school {
	uint8_t sector;
	uint8_t ground_sector; /* whose ground codes it uses: LR-B12 */
	int32_t valid_from, valid_until;
};

struct reference;

/* csv: the six files' bytes, in the order of enum reference_table. Checks columns, forms, and that rows of one key do
 * not overlap; ERR_DATA names file, line and column. The version is SHA-256 over the tables' SHA-256 in this order. */
MUSTUSE int reference_build(const struct slice csv[REFERENCE_TABLES], struct reference **ret, struct err *err);
void reference_free(struct reference *reference); /* NULL is fine */

const uint8_t *reference_version(const struct reference *reference); /* REFERENCE_VERSION_BYTES */
size_t reference_rows(const struct reference *reference, enum reference_table table);
const char *reference_file(enum reference_table table); /* "besturen.csv" .. */

bool reference_has_board(const struct reference *reference, uint32_t board, int32_t date);
/* brin: 4 bytes of good form. NULL: no row that holds on date. */
const struct school *reference_school(const struct reference *reference, struct slice brin, int32_t date);
bool reference_has_board_school(const struct reference *reference, uint32_t board, struct slice brin, int32_t date);
bool reference_has_site(const struct reference *reference, struct slice brin, unsigned site, int32_t date);
const struct ground *reference_ground(const struct reference *reference, unsigned code, int32_t date);
/* code: 1-10 bytes of good form. */
bool reference_has_field(const struct reference *reference, struct slice code, enum sector sector, int32_t date);

/* What the tables hold of one board, whatever day it is. */
enum reference_holding_kind {
	HOLDING_BOARD = 1, /* a row of besturen.csv */
	HOLDING_SCHOOL,	   /* of bestuur_school.csv; those of its BRIN follow: */
	HOLDING_SECTOR,	   /* of scholen.csv */
	HOLDING_SITE,	   /* of vestigingen.csv */
};

struct reference_holding {
	enum reference_holding_kind kind;
	char brin[5]; /* empty of HOLDING_BOARD */
	enum sector sector;
	unsigned site;
	int32_t valid_from, valid_until; /* valid_until: the first day it no longer holds; 0: open */
};

typedef void take_holding(void *self, const struct reference_holding *holding);

/* Calls take with each: first the board, then school by school in the order of their BRINs; within one kind by day.
 * Reads all of bestuur_school.csv: some thousand rows. */
void reference_walk_board(const struct reference *reference, uint32_t board, take_holding *take, void *self);
const char *sector_name(enum sector sector); /* "", PO, VO, WEC, MBO */

#endif
