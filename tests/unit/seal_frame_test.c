/* The shell of a sealed body: what opens, and everything that must not. */
#include "seal/body_frame.h"

#include "protocol/frame.h"
#include "wire/gen/types.h"

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>

static const uint8_t KEY[DAY_KEY_BYTES] = "a key of thirty-two bytes, made";
static const struct day_key_id ID = { 20260901, { 1, 2, 3, 4, 5, 6, 7, 8 } };

#define KIND                          \
	{                             \
		"instroom-kind",      \
		{                     \
			"DELIVERY", 8 \
		}                     \
	}
#define TRACE                      \
	{                          \
		"traceparent",     \
		{                  \
			"00-aa", 5 \
		}                  \
	}
#define BOARD                      \
	{                          \
		"instroom-board",  \
		{                  \
			"41234", 5 \
		}                  \
	}

static const struct message_header HEADERS[] = { KIND, TRACE, BOARD };

static struct body_place place(void)
{
	return (struct body_place){ "instroom.raw.1", SLICE_LITERAL("41234"), HEADERS, ARRAY_LEN(HEADERS) };
}

static void seal(struct slice plain, bool compresses, struct strbuf *out)
{
	struct body_place where = place();
	struct err err = { 0 };

	strbuf_init(out, SEALED_BODY_BYTES_MAX);
	cr_assert_eq(body_frame_seal(&ID, KEY, &where, plain, compresses, out, &err), 0, "%s", err.text);
}

static bool opens(struct slice value, const struct body_place *where, struct slice want)
{
	struct day_key_id id;
	char *p = NULL;
	size_t n = 0;
	struct err err = { 0 };

	if (body_frame_look(value, &id) != BODY_FRAME_SEALED)
		return false;
	int rc = body_frame_open(KEY, where, value, &p, &n, &err);

	cr_assert(rc == 0 || rc == -ERR_DATA, "%s", err.text);
	bool is_same = rc == 0 && slice_equal(slice_make(p, n), want);

	free(p);
	return is_same;
}

Test(seal_frame, opens_what_it_sealed_with_and_without_compression)
{
	static const size_t SIZES[] = { 0, 1, 15, 16, 17, 4096, 100000 };
	static char text[100000];
	struct body_place where = place();

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 7);
	for (size_t i = 0; i < 2 * ARRAY_LEN(SIZES); i++) {
		CLEANUP(strbuf_drop) struct strbuf out = { 0 };
		struct slice plain = slice_make(text, SIZES[i / 2]);

		seal(plain, i % 2 == 1, &out);
		cr_expect(opens(strbuf_slice(&out), &where, plain), "%zu bytes", plain.n);
		if (i % 2 == 0)
			cr_expect_eq(out.n, plain.n + BODY_FRAME_BYTES);
		else if (plain.n >= 4096)
			cr_expect_lt(out.n, plain.n / 10);
	}
}

Test(seal_frame, is_a_schema_that_no_release_knows)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct day_key_id id;
	struct slice body;
	uint64_t schema;
	struct err err;

	seal(SLICE_LITERAL("body"), false, &out);
	cr_assert_eq(frame_open(strbuf_slice(&out), &schema, &body, &err), 0);
	cr_expect_eq(schema, BODY_FRAME_SCHEMA);
	cr_expect_null(wire_schema_find(schema));
	cr_assert_eq(body_frame_look(strbuf_slice(&out), &id), BODY_FRAME_SEALED);
	cr_expect_eq(day_key_id_compare(&id, &ID), 0);
}

Test(seal_frame, never_seals_the_same_twice)
{
	CLEANUP(strbuf_drop) struct strbuf one = { 0 }, other = { 0 };

	seal(SLICE_LITERAL("body"), false, &one);
	seal(SLICE_LITERAL("body"), false, &other);
	cr_assert_eq(one.n, other.n);
	cr_expect_neq(memcmp(one.p + 23, other.p + 23, 32), 0, "the salt");
	cr_expect_neq(memcmp(one.p + 59, other.p + 59, 4), 0, "what is sealed");
}

Test(seal_frame, does_not_open_with_any_bit_changed)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct body_place where = place();
	struct slice plain = SLICE_LITERAL("twenty bytes of body");

	seal(plain, false, &out);
	for (size_t bit = 0; bit < 8 * out.n; bit++) {
		out.p[bit / 8] ^= (char)(1 << bit % 8);
		cr_expect_not(opens(strbuf_slice(&out), &where, plain), "bit %zu", bit);
		out.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	cr_expect(opens(strbuf_slice(&out), &where, plain));
}

Test(seal_frame, does_not_open_cut_off_or_longer)
{
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct body_place where = place();
	struct slice plain = SLICE_LITERAL("twenty bytes of body");
	struct day_key_id id;

	seal(plain, true, &out);
	for (size_t n = 0; n < out.n; n++) {
		cr_expect_not(opens(slice_make(out.p, n), &where, plain), "%zu bytes", n);
		enum body_frame_kind want = n < FRAME_BYTES	   ? BODY_FRAME_NONE
					    : n < BODY_FRAME_BYTES ? BODY_FRAME_BROKEN
								   : BODY_FRAME_SEALED;

		cr_expect_eq(body_frame_look(slice_make(out.p, n), &id), want, "%zu bytes", n);
	}
	strbuf_add_char(&out, 'x');
	cr_expect_not(opens(strbuf_slice(&out), &where, plain), "a byte more");
}

Test(seal_frame, does_not_open_anywhere_else)
{
	static const struct message_header OTHER_VALUE[] = { KIND, TRACE, { "instroom-board", { "41235", 5 } } };
	static const struct message_header OTHER_NAME[] = { KIND, TRACE, { "instroom-borad", { "41234", 5 } } };
	static const struct message_header OTHER_ORDER[] = { BOARD, TRACE, KIND };
	static const struct message_header MORE[] = { KIND, TRACE, BOARD, { "instroom-x", { "", 0 } } };
	static const struct {
		struct body_place where;
		const char *why;
	} ROWS[] = {
		{ { "instroom.raw.2", { "41234", 5 }, HEADERS, 3 }, "another topic" },
		{ { "instroom.raw.1", { "41235", 5 }, HEADERS, 3 }, "another board" },
		{ { "instroom.raw.1", { "", 0 }, HEADERS, 3 }, "no key" },
		{ { "instroom.raw.1", { "41234", 5 }, HEADERS, 2 }, "a header less" },
		{ { "instroom.raw.1", { "41234", 5 }, NULL, 0 }, "no headers" },
		{ { "instroom.raw.1", { "41234", 5 }, OTHER_VALUE, 3 }, "another value" },
		{ { "instroom.raw.1", { "41234", 5 }, OTHER_NAME, 3 }, "another name" },
		{ { "instroom.raw.1", { "41234", 5 }, OTHER_ORDER, 3 }, "another order" },
		{ { "instroom.raw.1", { "41234", 5 }, MORE, 4 }, "a header more" },
	};
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };

	seal(SLICE_LITERAL("body"), false, &out);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_not(opens(strbuf_slice(&out), &ROWS[i].where, SLICE_LITERAL("body")), "%s", ROWS[i].why);
}

Test(seal_frame, opens_without_the_headers_that_decide_nothing)
{
	static const struct message_header WITHOUT[] = { KIND, BOARD };
	struct body_place where = { "instroom.raw.1", { "41234", 5 }, WITHOUT, 2 };
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };

	seal(SLICE_LITERAL("body"), false, &out);
	cr_expect(opens(strbuf_slice(&out), &where, SLICE_LITERAL("body")));
}

Test(seal_frame, does_not_open_with_another_key)
{
	uint8_t other[DAY_KEY_BYTES];
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	struct body_place where = place();
	char *p = NULL;
	size_t n;

	memcpy(other, KEY, sizeof other);
	other[31] ^= 1;
	seal(SLICE_LITERAL("body"), false, &out);
	cr_expect_eq(body_frame_open(other, &where, strbuf_slice(&out), &p, &n, NULL), -ERR_DATA);
	cr_expect_null(p);
}

/* ---- by the book: HKDF of OpenSSL, and its own GCM ---- */

static void derive_by_the_book(const char *salt, uint8_t out[44])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)KEY, sizeof KEY),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t) "instroom body/v1", 16),
		OSSL_PARAM_construct_end(),
	};

	cr_assert_eq(EVP_KDF_derive(ctx, out, 44, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void bind_by_the_book(EVP_CIPHER_CTX *ctx, const char *bytes, size_t n)
{
	uint8_t length[8] = { 0, 0, 0, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };
	int done;

	cr_assert_eq(EVP_DecryptUpdate(ctx, NULL, &done, length, sizeof length), 1);
	cr_assert_eq(EVP_DecryptUpdate(ctx, NULL, &done, (const uint8_t *)bytes, (int)n), 1);
}

Test(seal_frame, opens_by_the_book)
{
	static const char *const BOUND[] = { "instroom.raw.1", "41234",		 "instroom-kind",
					     "DELIVERY",       "instroom-board", "41234" };
	CLEANUP(strbuf_drop) struct strbuf out = { 0 };
	uint8_t key[44], plain[4];
	int n;

	seal(SLICE_LITERAL("body"), false, &out);
	derive_by_the_book(out.p + 23, key);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	cr_assert_eq(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, key + 32), 1);
	bind_by_the_book(ctx, out.p, 59);
	for (size_t i = 0; i < ARRAY_LEN(BOUND); i++)
		bind_by_the_book(ctx, BOUND[i], strlen(BOUND[i]));
	cr_assert_eq(EVP_DecryptUpdate(ctx, plain, &n, (uint8_t *)out.p + 59, 4), 1);
	cr_assert_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, 16, out.p + 63), 1);
	cr_expect_eq(EVP_DecryptFinal_ex(ctx, plain + n, &n), 1, "the tag holds");
	cr_expect_eq(memcmp(plain, "body", 4), 0);
	EVP_CIPHER_CTX_free(ctx);
}
