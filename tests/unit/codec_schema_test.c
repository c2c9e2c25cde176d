/* What the generator reads, refuses, and how it names a schema. */
#include "codegen/canonical.h"
#include "codegen/compat.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>

#define GOOD	TEST_DATA_DIR "/unit/schemas/good/"
#define REFUSED TEST_DATA_DIR "/unit/schemas/refused/"
#define AVRO	TEST_DATA_DIR "/../schemas/avro/"

static int load(const char *const *paths, size_t count, struct err *err)
{
	struct schema_set set;
	int rc = schema_set_load(paths, count, &set, err);

	if (rc != 0)
		return rc;
	rc = compat_check(&set, err);
	schema_set_release(&set);
	return rc;
}

static const struct {
	const char *form;
	uint64_t want;
} FINGERPRINTS[] = {
	/* the specification's test file */
	{ "\"null\"", UINT64_C(0x63dd24e7cc258f8a) },  { "\"boolean\"", UINT64_C(0x9f42fc78a4d4f764) },
	{ "\"int\"", UINT64_C(0x7275d51a3f395c8f) },   { "\"long\"", UINT64_C(0xd054e14493f41db7) },
	{ "\"float\"", UINT64_C(0x4d7c02cb3ea8d790) }, { "\"double\"", UINT64_C(0x8e7535c032ab957e) },
	{ "\"bytes\"", UINT64_C(0x4fc016dac3201965) }, { "\"string\"", UINT64_C(0x8f014872634503c7) },
};

Test(canonical, fingerprints_are_those_of_the_specification)
{
	for (size_t i = 0; i < ARRAY_LEN(FINGERPRINTS); i++)
		cr_expect_eq(canonical_crc64(slice_of(FINGERPRINTS[i].form)), FINGERPRINTS[i].want, "%s",
			     FINGERPRINTS[i].form);
}

Test(canonical, form_has_full_names_once_and_neither_docs_nor_defaults_nor_our_attributes)
{
	static const char *const PATHS[] = { GOOD "other-1.avsc", GOOD "note-3.avsc" };
	CLEANUP(strbuf_drop) struct strbuf form;
	struct schema_set set;
	struct err err;

	strbuf_init(&form, 1 << 16);
	cr_assert_eq(schema_set_load(PATHS, ARRAY_LEN(PATHS), &set, &err), 0, "%s", err.text);
	cr_assert_str_eq(set.items[1].name, "other");
	canonical_add(&form, set.items[1].root);
	cr_expect_str_eq(strbuf_text(&form),
			 "{\"name\":\"test.v1.Other\",\"type\":\"record\",\"fields\":["
			 "{\"name\":\"item\",\"type\":{\"name\":\"test.v1.Item\",\"type\":\"record\",\"fields\":["
			 "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
			 "{\"name\":\"count\",\"type\":\"int\"},{\"name\":\"weight\",\"type\":\"long\"}]}},"
			 "{\"name\":\"again\",\"type\":\"test.v1.Item\"},"
			 "{\"name\":\"colour\",\"type\":{\"name\":\"test.v1.Colour\",\"type\":\"enum\","
			 "\"symbols\":[\"RED\",\"GREEN\",\"BLUE\"]}}]}");
	schema_set_release(&set);
}

Test(schema, a_type_comes_from_the_file_that_is_named_and_else_from_the_lowest_version)
{
	static const char *const PATHS[] = { GOOD "other-1.avsc", GOOD "note-1.avsc", GOOD "note-2.avsc",
					     GOOD "note-3.avsc" };
	struct schema_set set;
	struct err err;

	cr_assert_eq(schema_set_load(PATHS, ARRAY_LEN(PATHS), &set, &err), 0, "%s", err.text);
	const struct field *item = compat_find(set.items[3].root, "item");

	cr_expect(compat_find(item->type, "weight"), "uses names note-3, where Item has a weight");
	json_object_del(set.items[3].source, "uses");
	json_t *resolved;

	cr_assert_eq(schema_resolve(&set, &set.items[3], &resolved, &err), 0, "%s", err.text);
	char *text = json_dumps(resolved, JSON_COMPACT);

	cr_expect(strstr(text, "gone_bytes"), "without it note-1 counts, whatever is newer");
	free(text);
	json_decref(resolved);
	schema_set_release(&set);
}

Test(schema, a_lower_version_counts_though_its_file_comes_later)
{
	static const char *const PATHS[] = { REFUSED "ambiguous-1.avsc", REFUSED "base-1.avsc",
					     REFUSED "lower/another-2.avsc" };
	struct schema_set set;
	struct err err;

	cr_assert_eq(schema_set_load(PATHS, ARRAY_LEN(PATHS), &set, &err), 0, "%s", err.text);
	cr_assert_str_eq(set.items[0].file, "ambiguous-1");
	cr_expect(compat_find(compat_find(set.items[0].root, "r")->type, "y"), "R of base-1, not of another-2");
	schema_set_release(&set);
}

Test(schema, the_messages_of_the_house_are_accepted)
{
	static const char *const PATHS[] = { AVRO "confirm-1.avsc", AVRO "delivery-1.avsc",   AVRO "feedback-1.avsc",
					     AVRO "forget-1.avsc",  AVRO "quarantine-1.avsc", AVRO "reference-1.avsc",
					     AVRO "replay-1.avsc",  AVRO "set_back-1.avsc",   AVRO "verdict-1.avsc" };
	struct err err;

	cr_expect_eq(load(PATHS, ARRAY_LEN(PATHS), &err), 0, "%s", err.text);
}

static const struct {
	const char *paths[3];
	const char *sentence;
} REFUSALS[] = {
	{ { REFUSED "union-1.avsc" }, "union-1: the generator does not know unions" },
	{ { REFUSED "double-1.avsc" }, "double-1: the generator does not know the type double" },
	{ { REFUSED "map-1.avsc" }, "map-1: the generator does not know the type map" },
	{ { REFUSED "unknown-1.avsc" }, "unknown-1: no schema file defines Nowhere" },
	{ { REFUSED "itself-1.avsc" }, "itself-1: a record may not hold itself: A" },
	{ { REFUSED "arrays-1.avsc" }, "arrays-1: an array of arrays needs a record between them" },
	{ { REFUSED "empty-1.avsc" }, "empty-1: a record without fields: A" },
	{ { REFUSED "keyword-1.avsc" }, "keyword-1: a field without a usable name in A" },
	{ { REFUSED "double_field-1.avsc" }, "double_field-1: two fields of one name in A" },
	{ { REFUSED "twice-1.avsc" }, "twice-1: defined twice: F" },
	{ { REFUSED "fixed_zero-1.avsc" }, "fixed_zero-1: a fixed has a size of 1 to 4096: F" },
	{ { REFUSED "no_record-1.avsc" }, "no_record-1: a message is a record" },
	{ { REFUSED "no_json-1.avsc" }, "no_json-1 line 2: " },
	{ { REFUSED "absent-1.avsc" }, "absent-1 line -1: " },
	{ { REFUSED "noversion.avsc" }, "noversion.avsc: a schema file is called NAME-VERSION.avsc" },
	{ { REFUSED "bad_default-1.avsc" }, "bad_default-1: the default of A.x is none of its type" },
	{ { REFUSED "base-1.avsc", REFUSED "base-1.avsc" }, "base-1 is given twice" },
	{ { REFUSED "base-1.avsc", REFUSED "no_default/base-2.avsc" },
	  "base-2 cannot read base-1: field z of A is new and has no default" },
	{ { REFUSED "base-1.avsc", REFUSED "other_type/base-2.avsc" },
	  "base-2 cannot read base-1: field x has another type" },
	{ { REFUSED "base-1.avsc", REFUSED "other_size/base-2.avsc" },
	  "base-2 cannot read base-1: field f has another size" },
	{ { REFUSED "base-1.avsc", REFUSED "symbols_moved/base-2.avsc" },
	  "base-2 cannot read base-1: symbols of enum C in field c may only be added at the end" },
	{ { REFUSED "base-1.avsc", REFUSED "inner/base-2.avsc" },
	  "base-2 cannot read base-1: field new of R is new and has no default" },
	{ { REFUSED "base-1.avsc", REFUSED "renamed/base-2.avsc" },
	  "base-2 cannot read base-1: field base has another type" },
	{ { REFUSED "base-1.avsc", REFUSED "same_bytes/base-2.avsc" },
	  "base-1 and base-2 have the same fingerprint: no byte tells them apart" },
	{ { REFUSED "base-1.avsc", REFUSED "shared-1.avsc" },
	  "base-1 and shared-1 differ about R: renew both, \"uses\" says which version is meant" },
	{ { REFUSED "base-1.avsc", REFUSED "shared-1.avsc", REFUSED "ambiguous-1.avsc" },
	  "ambiguous-1: t.R is defined in base-1 and otherwise in shared-1" },
};

Test(schema, what_cannot_be_generated_or_read_later_is_refused_with_a_sentence)
{
	for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++) {
		struct err err = { .text = "" };
		size_t count = 0;

		while (count < ARRAY_LEN(REFUSALS[i].paths) && REFUSALS[i].paths[count])
			count++;
		cr_expect_eq(load(REFUSALS[i].paths, count, &err), -ERR_DATA, "accepted: %s", REFUSALS[i].sentence);
		cr_expect_eq(strncmp(err.text, REFUSALS[i].sentence, strlen(REFUSALS[i].sentence)), 0,
			     "said \"%s\", wanted \"%s\"", err.text, REFUSALS[i].sentence);
	}
}
