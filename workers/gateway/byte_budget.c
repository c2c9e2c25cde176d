#include "gateway/byte_budget.h"

#include <assert.h>

static bool has_capacity(const struct byte_budget *budget, size_t bytes)
{
	return budget->reserved_bytes <= budget->bytes_max && bytes <= budget->bytes_max - budget->reserved_bytes;
}

/* The sender's other requests hold so much that his share stands in the way of these bytes. */
static bool is_share_used(const struct byte_reservation *reservation, size_t bytes)
{
	const struct byte_account *account = reservation->account;
	size_t share = reservation->budget->share_bytes_max;

	if (!account || share == 0 || account->bytes == reservation->bytes)
		return false;
	return account->bytes > share || bytes > share - account->bytes;
}

static void add(struct byte_reservation *reservation, size_t bytes)
{
	reservation->budget->reserved_bytes += bytes;
	reservation->bytes += bytes;
	if (reservation->account)
		reservation->account->bytes += bytes;
}

bool byte_budget_reserve(struct byte_reservation *reservation, size_t bytes)
{
	reservation->is_share_used = is_share_used(reservation, bytes);
	if (reservation->is_share_used || !has_capacity(reservation->budget, bytes))
		return false;
	add(reservation, bytes);
	return true;
}

bool byte_budget_reserve_answer(struct byte_reservation *reservation, size_t bytes)
{
	bool is_alone = reservation->budget->reserved_bytes == reservation->bytes;

	reservation->is_share_used = is_share_used(reservation, bytes);
	if (reservation->is_share_used || (!is_alone && !has_capacity(reservation->budget, bytes)))
		return false;
	add(reservation, bytes);
	return true;
}

void byte_budget_release(struct byte_reservation *reservation, size_t bytes)
{
	assert(bytes <= reservation->bytes && reservation->bytes <= reservation->budget->reserved_bytes);
	reservation->budget->reserved_bytes -= bytes;
	reservation->bytes -= bytes;
	if (reservation->account)
		reservation->account->bytes -= bytes;
}

void byte_budget_release_all(struct byte_reservation *reservation)
{
	byte_budget_release(reservation, reservation->bytes);
}
