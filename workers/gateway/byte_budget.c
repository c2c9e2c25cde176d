#include "gateway/byte_budget.h"

#include <assert.h>

static bool has_capacity(const struct byte_budget *budget, size_t bytes)
{
	return budget->reserved_bytes <= budget->bytes_max && bytes <= budget->bytes_max - budget->reserved_bytes;
}

static void add(struct byte_reservation *reservation, size_t bytes)
{
	reservation->budget->reserved_bytes += bytes;
	reservation->bytes += bytes;
}

bool byte_budget_reserve(struct byte_reservation *reservation, size_t bytes)
{
	if (!has_capacity(reservation->budget, bytes))
		return false;
	add(reservation, bytes);
	return true;
}

bool byte_budget_reserve_answer(struct byte_reservation *reservation, size_t bytes)
{
	bool is_alone = reservation->budget->reserved_bytes == reservation->bytes;

	if (!is_alone && !has_capacity(reservation->budget, bytes))
		return false;
	add(reservation, bytes);
	return true;
}

void byte_budget_release(struct byte_reservation *reservation, size_t bytes)
{
	assert(bytes <= reservation->bytes && reservation->bytes <= reservation->budget->reserved_bytes);
	reservation->budget->reserved_bytes -= bytes;
	reservation->bytes -= bytes;
}

void byte_budget_release_all(struct byte_reservation *reservation)
{
	byte_budget_release(reservation, reservation->bytes);
}
