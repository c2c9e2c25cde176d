/* access_data: whose numbers are a board's own, which party holds which mandate, whose are which credentials; and the
 * one decision made by them (specification 15).
 *
 * Immutable once made, and all in memory: whoever decides by it needs no server. A question is answered by binary
 * searches in sorted tables and allocates nothing. What was withdrawn is not in it, but for credentials: those say that
 * they are withdrawn. Pure: the day is given. */
#ifndef MODEL_ACCESS_DATA_H
#define MODEL_ACCESS_DATA_H

#include "base/err.h"
#include "model/access_right.h"
#include "model/party_number.h"

enum { ACCESS_VERSION_BYTES = 32, ACCESS_NAME_BYTES_MAX = 64 };

/* Days are JJJJMMDD, both are days on which it holds; until 0: no end. */
struct access_days {
	int32_t from, until;
};

struct access_party_number {
	struct party_number number;
	int32_t party; /* 1.. */
};

struct access_board_number {
	struct party_number number;
	uint32_t board;
	struct access_days days;
};

struct access_mandate {
	int32_t party;
	uint32_t board;
	unsigned service; /* one of enum access_service */
	struct access_days days;
};

struct access_credential {
	uint8_t sha256[32]; /* of the token */
	char name[ACCESS_NAME_BYTES_MAX + 1];
	int32_t party;	/* 0: it is of the board */
	uint32_t board; /* of party 0 */
	int32_t until;	/* its last day */
	bool is_withdrawn;
};

/* One table after another; which rows are of which kind is the caller's to know. */
struct access_tables {
	struct access_party_number *party_numbers;
	struct access_board_number *board_numbers;
	struct access_mandate *mandates;
	struct access_credential *credentials;
	size_t party_number_count, board_number_count, mandate_count, credential_count;
};

/* Sequence and digest: two of one sequence and another digest cannot be. */
struct access_version {
	int64_t sequence; /* 1.. */
	uint8_t sha256[ACCESS_VERSION_BYTES];
	int64_t published_ms; /* since 1970, UTC */
};

struct access_data;

/* Copies the tables, whose order does not matter. ERR_FATAL: no memory. */
MUSTUSE int access_data_new(const struct access_tables *tables, const struct access_version *version,
			    struct access_data **ret, struct err *err);
void access_data_free(struct access_data *data); /* takes NULL */
const struct access_version *access_data_version(const struct access_data *data);

/* NULL: there is no such credential. */
const struct access_credential *access_data_credential(const struct access_data *data, const uint8_t sha256[32]);

/* The numbers of a party, at most max of them. How many. */
size_t access_data_numbers_of(const struct access_data *data, int32_t party, struct party_number *ret, size_t max);

/* Who asks. */
struct access_party {
	int32_t id; /* of the data; 0: only the numbers are known */
	const struct party_number *numbers;
	size_t number_count;
	bool has_chain; /* a signed token names those between who speaks and this party */
};

/* Whether the party is the board itself, or holds its mandate for the service. data NULL: there are none, nobody may.
 * Without a board: ACCESS_GOOD. *ret_basis, of ACCESS_GOOD with a board: BASIS_OWN, _MANDATE or _CHAIN. */
enum access_answer access_data_decide(const struct access_data *data, const struct access_party *party,
				      const struct access_question *question, enum access_basis *ret_basis);

/* All that the party may today, which is what access_data_decide says GOOD to and nothing else. One service of a board
 * may come several times: each row that gives it. */
void access_data_entries(const struct access_data *data, const struct access_party *party, int32_t today,
			 access_entry_take *take, void *self);

#endif
