/* schema_set: reads the files, and takes each through the steps: resolve, check with Avro C, tree, fingerprint. */
#include "codegen/canonical.h"
#include "codegen/schema.h"

#include "base/num.h"

#include <avro.h>
#include <jansson.h>

enum { ARENA_BYTES = 64 << 20, FILES_MAX = 256 };

const char *const PRIMITIVE_NAMES[PRIMITIVES] = { "boolean", "int", "long", "string", "bytes" };

static char *copy_text(struct arena *arena, const char *from, size_t n)
{
	char *copy = arena_take_zeroed(arena, n + 1, 1);

	if (copy)
		memcpy(copy, from, n);
	return copy;
}

/* ".../delivery-1.avsc" -> file, name and version. */
static int split_file_name(struct schema_set *set, const char *path, struct schema *ret, struct err *err)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strstr(base, ".avsc"), *dash = strrchr(base, '-');
	uint64_t version;

	if (!dot || dot[strlen(".avsc")] != '\0' || !dash || dash == base ||
	    !num_parse_u64(slice_make(dash + 1, (size_t)(dot - dash - 1)), 9999, &version) || version == 0)
		return err_set(err, ERR_DATA, "schema", "%s: a schema file is called NAME-VERSION.avsc", base);
	ret->file = copy_text(&set->arena, base, (size_t)(dot - base));
	ret->name = copy_text(&set->arena, base, (size_t)(dash - base));
	ret->version = (unsigned)version;
	if (!ret->file || !ret->name)
		return err_set(err, ERR_FULL, "schema", "too many schemas");
	return 0;
}

static int read_file(struct schema_set *set, const char *path, struct schema *ret, struct err *err)
{
	json_error_t fault;
	int rc = split_file_name(set, path, ret, err);

	if (rc != 0)
		return rc;
	ret->source = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
	if (!ret->source)
		return err_set(err, ERR_DATA, "schema", "%s line %d: %s", ret->file, fault.line, fault.text);
	if (!json_is_object(ret->source))
		return err_set(err, ERR_DATA, "schema", "%s: a schema file holds one record", ret->file);
	return 0;
}

static int compare_schemas(const void *a, const void *b)
{
	const struct schema *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order != 0)
		return order;
	return (left->version > right->version) - (left->version < right->version);
}

/* What Avro's own library refuses, we refuse. */
static int check_with_avro(const struct schema *schema, struct err *err)
{
	avro_schema_t avro = NULL;

	if (avro_schema_from_json_length(schema->text, strlen(schema->text), &avro) != 0)
		return err_set(err, ERR_DATA, "schema", "%s: Avro C says: %s", schema->file, avro_strerror());
	avro_schema_decref(avro);
	return 0;
}

static int complete_schema(struct schema_set *set, struct schema *schema, struct err *err)
{
	int rc = schema_resolve(set, schema, &schema->self_contained, err);

	if (rc != 0)
		return rc;
	schema->text = json_dumps(schema->self_contained, JSON_COMPACT);
	if (!schema->text)
		return err_set(err, ERR_FATAL, "schema", "%s: no memory", schema->file);
	rc = schema_build_type(schema->file, schema->self_contained, &set->arena, &schema->root, err);
	if (rc == 0 && schema->root->kind != TYPE_RECORD)
		rc = err_set(err, ERR_DATA, "schema", "%s: a message is a record", schema->file);
	if (rc == 0)
		rc = check_with_avro(schema, err);
	if (rc == 0)
		schema->fingerprint = canonical_fingerprint(schema->root);
	return rc;
}

/* Bytes on the wire name their schema by fingerprint alone, so no two may share one. */
static int check_fingerprints(const struct schema_set *set, struct err *err)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct schema *a = &set->items[j], *b = &set->items[i];

			if (a->name == b->name || (strcmp(a->name, b->name) == 0 && a->version == b->version))
				return err_set(err, ERR_DATA, "schema", "%s is given twice", b->file);
			if (a->fingerprint == b->fingerprint)
				return err_set(err, ERR_DATA, "schema",
					       "%s and %s have the same fingerprint: no byte tells them apart", a->file,
					       b->file);
		}
	return 0;
}

static int load_files(struct schema_set *set, const char *const *paths, size_t count, struct err *err)
{
	set->items = arena_take_zeroed(&set->arena, count, sizeof *set->items);
	if (!set->items)
		return err_set(err, ERR_FULL, "schema", "too many schemas");
	for (size_t i = 0; i < count; i++) {
		int rc = read_file(set, paths[i], &set->items[set->count++], err);

		if (rc != 0)
			return rc;
	}
	qsort(set->items, set->count, sizeof *set->items, compare_schemas);
	for (size_t i = 0; i < count; i++) {
		int rc = complete_schema(set, &set->items[i], err);

		if (rc != 0)
			return rc;
	}
	return check_fingerprints(set, err);
}

int schema_set_load(const char *const *paths, size_t count, struct schema_set *ret, struct err *err)
{
	struct schema_set set = { 0 };

	if (count == 0 || count > FILES_MAX)
		return err_set(err, ERR_DATA, "schema", "give 1 to %d schema files", FILES_MAX);
	int rc = arena_init(&set.arena, ARENA_BYTES, 0, err);

	if (rc == 0)
		rc = load_files(&set, paths, count, err);
	if (rc != 0)
		schema_set_release(&set);
	else
		*ret = set;
	return rc;
}

void schema_set_release(struct schema_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		json_decref(set->items[i].source);
		json_decref(set->items[i].self_contained);
		free(set->items[i].text);
	}
	arena_release(&set->arena);
	*set = (struct schema_set){ 0 };
}

bool schema_is_newest(const struct schema_set *set, const struct schema *schema)
{
	const struct schema *next = schema + 1;

	return next == set->items + set->count || strcmp(next->name, schema->name) != 0;
}
