/* schema_resolve: puts the types a file names but does not define into it, at their first use. */
#include "codegen/schema.h"

#include <jansson.h>

struct resolver {
	const struct schema_set *set;
	const struct schema *schema;
	struct arena arena; /* names */
	json_t *known;	    /* full names defined so far in the result; owned */
	struct err *err;
};

static json_t *resolve(struct resolver *self, const json_t *type, const char *space);

/* jansson's iterators and copies take json_t * though they change nothing */
static json_t *json_mutable(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

const char *schema_full_name(struct arena *arena, const json_t *definition, const char *space)
{
	const char *name = json_string_value(json_object_get(definition, "name"));
	const char *own = json_string_value(json_object_get(definition, "namespace"));

	if (!name || strchr(name, '.') || (!own && !space))
		return name;
	if (own)
		space = own;
	if (space[0] == '\0')
		return name;
	size_t bytes = strlen(space) + strlen(name) + 2;
	char *full = arena_take(arena, bytes, 1);

	if (full)
		snprintf(full, bytes, "%s.%s", space, name);
	return full;
}

const char *schema_space_of(struct arena *arena, const char *full_name)
{
	const char *dot = strrchr(full_name, '.');
	size_t n = dot ? (size_t)(dot - full_name) : 0;
	char *space = arena_take_zeroed(arena, n + 1, 1);

	if (space)
		memcpy(space, full_name, n);
	return space;
}

static void drop_json(json_t **json)
{
	json_decref(*json);
}

static json_t *refuse(struct resolver *self, const char *why, const char *what)
{
	err_set(self->err, ERR_DATA, "schema", "%s: %s%s", self->schema->file, why, what);
	return NULL;
}

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static bool is_named_kind(const char *kind)
{
	static const char *const KINDS[] = { "record", "enum", "fixed" };

	return is_one_of(kind, KINDS, ARRAY_LEN(KINDS));
}

/* Finds the definition of full_name inside json, which is read in namespace space. */
static const json_t *find_definition(struct arena *arena, const json_t *json, const char *space, const char *full_name)
{
	const char *kind = json_string_value(json_object_get(json, "type"));
	const json_t *fields = json_object_get(json, "fields"), *found = NULL;

	if (!json_is_object(json))
		return NULL;
	if (!kind) /* a field */
		return find_definition(arena, json_object_get(json, "type"), space, full_name);
	if (is_named_kind(kind)) {
		const char *own = schema_full_name(arena, json, space);

		if (!own)
			return NULL;
		if (strcmp(own, full_name) == 0)
			return json;
		space = schema_space_of(arena, own);
	}
	for (size_t i = 0; !found && i < json_array_size(fields); i++)
		found = find_definition(arena, json_object_get(json_array_get(fields, i), "type"), space, full_name);
	return found ? found : find_definition(arena, json_object_get(json, "items"), space, full_name);
}

/* Two definitions are the same if they differ in doc only. */
static bool is_same_definition(const json_t *a, const json_t *b)
{
	if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
		for (size_t i = 0; i < json_array_size(a); i++)
			if (!is_same_definition(json_array_get(a, i), json_array_get(b, i)))
				return false;
		return true;
	}
	if (!json_is_object(a) || !json_is_object(b))
		return json_equal(a, b);
	size_t docs = json_object_get(a, "doc") ? 1 : 0, other_docs = json_object_get(b, "doc") ? 1 : 0;

	if (json_object_size(a) - docs != json_object_size(b) - other_docs)
		return false;
	for (void *it = json_object_iter(json_mutable(a)); it; it = json_object_iter_next(json_mutable(a), it)) {
		const char *key = json_object_iter_key(it);

		if (strcmp(key, "doc") != 0 && !is_same_definition(json_object_iter_value(it), json_object_get(b, key)))
			return false;
	}
	return true;
}

/* Where a definition counts first: 0 in a file that "uses" names, else by version. */
static unsigned rank_of(const struct schema *schema, const struct schema *other)
{
	const json_t *uses = json_object_get(schema->source, "uses");

	for (size_t i = 0; i < json_array_size(uses); i++) {
		const char *file = json_string_value(json_array_get(uses, i));

		if (file && strcmp(file, other->file) == 0)
			return 0;
	}
	return other->version;
}

struct finding {
	const json_t *definition;
	const struct schema *schema;
	unsigned rank;
};

static bool find_in(struct resolver *self, const struct schema *other, const char *full_name, struct finding *ret)
{
	if (other == self->schema)
		return false;
	*ret = (struct finding){ find_definition(&self->arena, other->source, NULL, full_name), other,
				 rank_of(self->schema, other) };
	return ret->definition;
}

/* The definition of the lowest rank. Those of equal rank must agree, or the order of files would decide. */
static const json_t *find_elsewhere(struct resolver *self, const char *full_name)
{
	struct finding best = { NULL, NULL, 0 }, found;

	for (size_t i = 0; i < self->set->count; i++)
		if (find_in(self, &self->set->items[i], full_name, &found) &&
		    (!best.definition || found.rank < best.rank))
			best = found;
	if (!best.definition)
		return refuse(self, "no schema file defines ", full_name);
	for (size_t i = 0; i < self->set->count; i++)
		if (find_in(self, &self->set->items[i], full_name, &found) && found.rank == best.rank &&
		    !is_same_definition(found.definition, best.definition)) {
			err_set(self->err, ERR_DATA, "schema", "%s: %s is defined in %s and otherwise in %s",
				self->schema->file, full_name, best.schema->file, found.schema->file);
			return NULL;
		}
	return best.definition;
}

static json_t *resolve_name(struct resolver *self, const char *name, const char *space)
{
	static const char *const REFUSED[] = { "null", "float", "double" };

	if (is_one_of(name, PRIMITIVE_NAMES, PRIMITIVES))
		return json_string(name);
	if (is_one_of(name, REFUSED, ARRAY_LEN(REFUSED)))
		return refuse(self, "the generator does not know the type ", name);
	CLEANUP(drop_json) json_t *reference = json_pack("{s:s}", "name", name);
	const char *full_name = schema_full_name(&self->arena, reference, space); /* may point into reference */

	if (!full_name)
		return refuse(self, "no memory for ", name);
	if (json_object_get(self->known, full_name))
		return json_string(full_name);
	const json_t *found = find_elsewhere(self, full_name);

	if (!found)
		return NULL;
	CLEANUP(drop_json) json_t *copy = json_copy(json_mutable(found));

	json_object_set_new(copy, "namespace", json_string(schema_space_of(&self->arena, full_name)));
	return resolve(self, copy, space);
}

static json_t *resolve_fields(struct resolver *self, const json_t *fields, const char *space)
{
	json_t *result = json_array();

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);
		json_t *type = resolve(self, json_object_get(field, "type"), space);

		if (!type) {
			json_decref(result);
			return NULL;
		}
		json_t *copy = json_copy(json_mutable(field));

		json_object_set_new(copy, "type", type);
		json_array_append_new(result, copy);
	}
	return result;
}

static json_t *resolve_object(struct resolver *self, const json_t *type, const char *space)
{
	const char *kind = json_string_value(json_object_get(type, "type"));
	json_t *part = NULL;

	if (!kind)
		return refuse(self, "a type object has its kind as a string under \"type\"", "");
	if (is_named_kind(kind)) {
		const char *full_name = schema_full_name(&self->arena, type, space);

		if (!full_name)
			return refuse(self, "a type without a name: ", kind);
		if (json_object_get(self->known, full_name))
			return refuse(self, "defined twice: ", full_name);
		json_object_set_new(self->known, full_name, json_true());
		space = schema_space_of(&self->arena, full_name);
	}
	json_t *copy = json_copy(json_mutable(type));
	const char *key = strcmp(kind, "record") == 0 ? "fields" : strcmp(kind, "array") == 0 ? "items" : NULL;

	json_object_del(copy, "uses");
	if (!key) {
		if (is_named_kind(kind) || is_one_of(kind, PRIMITIVE_NAMES, PRIMITIVES))
			return copy;
		json_decref(copy);
		return refuse(self, "the generator does not know the type ", kind);
	}
	if (strcmp(key, "fields") == 0)
		part = resolve_fields(self, json_object_get(type, "fields"), space);
	else
		part = resolve(self, json_object_get(type, "items"), space);
	if (!part) {
		json_decref(copy);
		return NULL;
	}
	json_object_set_new(copy, key, part);
	return copy;
}

static json_t *resolve(struct resolver *self, const json_t *type, const char *space)
{
	if (json_is_string(type))
		return resolve_name(self, json_string_value(type), space);
	if (json_is_object(type))
		return resolve_object(self, type, space);
	if (json_is_array(type))
		return refuse(self, "the generator does not know unions", "");
	return refuse(self, "a field or array without a type", "");
}

int schema_resolve(const struct schema_set *set, const struct schema *schema, json_t **ret, struct err *err)
{
	struct err fault = { .kind = 0 };
	struct resolver self = { .set = set, .schema = schema, .known = json_object(), .err = &fault };
	int rc = arena_init(&self.arena, 16 << 20, 0, err);

	if (rc != 0) {
		json_decref(self.known);
		return rc;
	}
	*ret = resolve(&self, schema->source, NULL);
	json_decref(self.known);
	arena_release(&self.arena);
	if (*ret)
		return 0;
	return err_set(err, fault.kind ? fault.kind : ERR_FATAL, "schema", "%s",
		       fault.kind ? fault.text : "no memory for the schemas");
}
