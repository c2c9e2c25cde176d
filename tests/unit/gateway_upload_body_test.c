#include "gateway/upload_body.h"

#include "base/num.h"
#include "model/delivery.h"

#include <criterion/criterion.h>

static struct byte_budget budget;
static struct byte_reservation reserved;
static struct upload_body body;

static void begin(size_t budget_bytes, uint64_t expected_bytes)
{
	budget = (struct byte_budget){ .bytes_max = budget_bytes };
	reserved = (struct byte_reservation){ .budget = &budget };
	body = (struct upload_body){ 0 };
	cr_assert(upload_body_begin(&body, expected_bytes));
}

static void end(void)
{
	upload_body_drop(&body, &reserved);
	upload_body_release(&body);
	cr_expect_eq(budget.reserved_bytes, 0);
}

Test(gateway_upload_body, keeps_and_hashes_what_came_in_pieces)
{
	static const char ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* FIPS 180-2 */
	char hex[64];

	begin(1 << 20, 0);
	cr_expect(upload_body_add(&body, &reserved, slice_of("a")) &&
		  upload_body_add(&body, &reserved, slice_of("bc")));
	cr_expect(upload_body_end(&body) && body.is_hashed);
	num_to_hex(body.sha256, sizeof body.sha256, hex);
	cr_expect(memcmp(hex, ABC, sizeof hex) == 0);
	cr_expect(slice_equal_text(strbuf_slice(&body.bytes), "abc") && body.total == 3);
	end();
}

Test(gateway_upload_body, believes_a_length_only_as_far_as_an_average_delivery_goes)
{
	static const struct {
		uint64_t expected_bytes;
		size_t reserved_bytes;
	} ROWS[] = { { 0, 4096 }, { 100, 4096 }, { 70000, 70000 }, { 131072, 131072 }, { UINT64_MAX, 131072 } };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		begin(1 << 20, ROWS[i].expected_bytes);
		cr_expect_eq(budget.reserved_bytes, 0, "nothing before the first byte");
		cr_expect(upload_body_add(&body, &reserved, slice_of("x")));
		cr_expect_eq(budget.reserved_bytes, ROWS[i].reserved_bytes, "%zu", (size_t)ROWS[i].expected_bytes);
		end();
	}
}

Test(gateway_upload_body, reserves_what_it_allocates_and_stops_at_the_budget)
{
	static const char piece[4096];
	size_t kept = 0;

	begin(100000, 0);
	while (upload_body_add(&body, &reserved, slice_make(piece, sizeof piece))) {
		kept += sizeof piece;
		cr_assert_eq(budget.reserved_bytes, body.bytes.capacity);
		cr_assert(budget.reserved_bytes >= kept && kept < 200000);
	}
	cr_expect(kept >= 65536, "most of it was used: %zu", kept);
	cr_expect_eq(budget.reserved_bytes, 0, "what is refused is dropped");
	end();
}

/* A file of so many bytes, all of it 'x'. */
static void add_bytes(size_t bytes)
{
	static char piece[1 << 20];

	memset(piece, 'x', sizeof piece);
	for (size_t n; bytes > 0; bytes -= n) {
		n = MIN(bytes, sizeof piece);
		cr_assert(upload_body_add(&body, &reserved, slice_make(piece, n)));
	}
}

Test(gateway_upload_body, keeps_a_file_of_the_largest_size_and_of_larger_ones_the_hash_only)
{
	begin(64 << 20, 0);
	add_bytes(FILE_BYTES_MAX);
	cr_expect_eq(body.bytes.n, FILE_BYTES_MAX);
	cr_expect(budget.reserved_bytes >= FILE_BYTES_MAX);
	add_bytes(1);
	cr_expect(body.bytes.n == 0 && budget.reserved_bytes == 0 && body.total == FILE_BYTES_MAX + 1);
	add_bytes((64 << 20) - FILE_BYTES_MAX - 1);
	cr_expect(upload_body_end(&body) && body.is_hashed, "64 MiB");
	end();
	begin(64 << 20, 0);
	add_bytes((64 << 20) + 1);
	cr_expect(upload_body_end(&body) && !body.is_hashed, "a byte more");
	end();
}
