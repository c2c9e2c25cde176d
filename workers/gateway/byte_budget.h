/* byte_budget: the memory that uploads, messages on their way to Kafka and answers may take together (design 3).
 *
 * Bytes are reserved before they are allocated, so that the gateway says 503 instead of running out of memory. Each
 * request has one reservation, and whatever it still holds is released when the request ends. One sender may hold
 * share_bytes_max of it, so that others always find some; a reservation that is his only one may exceed that, or his
 * largest delivery would never be accepted. Pure; owner: the event loop. Invariant: reserved_bytes is the sum over all
 * reservations, an account's bytes that over its own. */
#ifndef GATEWAY_BYTE_BUDGET_H
#define GATEWAY_BYTE_BUDGET_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct byte_budget {
	size_t bytes_max;
	size_t share_bytes_max; /* of one account; 0: no limit */
	size_t reserved_bytes;
};

/* What one sender holds. */
struct byte_account {
	size_t bytes;
};

struct byte_reservation {
	struct byte_budget *budget;
	struct byte_account *account; /* NULL: nobody's */
	size_t bytes;
	bool is_share_used; /* why it was refused last: by the sender's share, and not by the budget */
};

/* false: the budget or the sender's share would be exceeded, and nothing is reserved. */
MUSTUSE bool byte_budget_reserve(struct byte_reservation *reservation, size_t bytes);

/* For an answer that is in memory already. One that is alone may exceed the budget: a terugmelding can be larger than
 * all of it, and would otherwise never reach its board. */
MUSTUSE bool byte_budget_reserve_answer(struct byte_reservation *reservation, size_t bytes);

void byte_budget_release(struct byte_reservation *reservation, size_t bytes); /* at most what it holds */
void byte_budget_release_all(struct byte_reservation *reservation);

#endif
