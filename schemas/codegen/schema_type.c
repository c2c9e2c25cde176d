/* schema_type: the tree of types of a self-contained schema, with the limits of what the generator can make. */
#include "codegen/schema.h"

#include <jansson.h>

enum { DEPTH_MAX = 16, NAMES_MAX = 256, FIXED_BYTES_MAX = 4096 };

struct builder {
	const char *file;
	struct arena *arena;
	const struct type *named[NAMES_MAX];
	size_t named_count;
	const char *open[DEPTH_MAX]; /* records under way: one that names itself would have no end */
	size_t open_count;
	struct err *err;
};

static const struct type *build(struct builder *self, const json_t *json, const char *space);

static void *refuse(struct builder *self, const char *why, const char *what)
{
	err_set(self->err, ERR_DATA, "schema", "%s: %s%s", self->file, why, what);
	return NULL;
}

/* Whatever goes into generated C is a word of letters, digits and '_'. */
static bool is_word(const char *name)
{
	static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	return name && name[0] != '\0' && strspn(name, LETTERS) == strlen(name) && !(name[0] >= '0' && name[0] <= '9');
}

static bool is_keyword(const char *name)
{
	static const char *const WORDS[] = { "auto",	 "bool",     "break",	 "case",     "char",   "const",
					     "continue", "default",  "do",	 "double",   "else",   "enum",
					     "extern",	 "float",    "for",	 "goto",     "if",     "inline",
					     "int",	 "long",     "register", "restrict", "return", "short",
					     "signed",	 "sizeof",   "static",	 "struct",   "switch", "typedef",
					     "union",	 "unsigned", "void",	 "volatile", "while" };

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (strcmp(name, WORDS[i]) == 0)
			return true;
	return false;
}

static struct type *new_type(struct builder *self, enum type_kind kind)
{
	struct type *type = arena_take_zeroed(self->arena, 1, sizeof *type);

	if (!type)
		return refuse(self, "the schemas are too large", "");
	type->kind = kind;
	return type;
}

static const struct type *find_named(const struct builder *self, const char *full_name)
{
	for (size_t i = 0; i < self->named_count; i++)
		if (strcmp(self->named[i]->full_name, full_name) == 0)
			return self->named[i];
	return NULL;
}

static const struct type *build_word(struct builder *self, const char *word)
{
	for (size_t i = 0; i < PRIMITIVES; i++)
		if (strcmp(word, PRIMITIVE_NAMES[i]) == 0)
			return new_type(self, (enum type_kind)i);
	for (size_t i = 0; i < self->open_count; i++)
		if (strcmp(self->open[i], word) == 0)
			return refuse(self, "a record may not hold itself: ", word);
	const struct type *type = find_named(self, word);

	return type ? type : refuse(self, "unknown type ", word);
}

static struct type *new_named(struct builder *self, enum type_kind kind, const json_t *json, const char *space)
{
	struct type *type = new_type(self, kind);
	const char *full_name = schema_full_name(self->arena, json, space);

	if (!type || !full_name)
		return refuse(self, "a type without a name", "");
	/* copied, as a name without namespace belongs to json, and json may go before the tree */
	size_t n = strlen(full_name);
	char *copy = arena_take_zeroed(self->arena, n + 1, 1);

	if (!copy)
		return refuse(self, "the schemas are too large", "");
	memcpy(copy, full_name, n);
	type->full_name = copy;
	type->name = strrchr(copy, '.') ? strrchr(copy, '.') + 1 : copy;
	type->doc = json_string_value(json_object_get(json, "doc"));
	if (!is_word(type->name))
		return refuse(self, "not a usable name: ", type->name);
	return type;
}

static const struct type *close_named(struct builder *self, const struct type *type)
{
	if (self->named_count == NAMES_MAX)
		return refuse(self, "too many named types", "");
	self->named[self->named_count++] = type;
	return type;
}

static const struct type *build_fixed(struct builder *self, const json_t *json, const char *space)
{
	struct type *type = new_named(self, TYPE_FIXED, json, space);
	json_int_t size = json_integer_value(json_object_get(json, "size"));

	if (!type)
		return NULL;
	if (size < 1 || size > FIXED_BYTES_MAX)
		return refuse(self, "a fixed has a size of 1 to 4096: ", type->full_name);
	type->size = (size_t)size;
	return close_named(self, type);
}

static const struct type *build_enum(struct builder *self, const json_t *json, const char *space)
{
	struct type *type = new_named(self, TYPE_ENUM, json, space);
	const json_t *symbols = json_object_get(json, "symbols");

	if (!type)
		return NULL;
	type->symbol_count = json_array_size(symbols);
	type->symbols = arena_take(self->arena, type->symbol_count, sizeof *type->symbols);
	if (type->symbol_count == 0 || !type->symbols)
		return refuse(self, "an enum without symbols: ", type->full_name);
	for (size_t i = 0; i < type->symbol_count; i++) {
		type->symbols[i] = json_string_value(json_array_get(symbols, i));
		if (!is_word(type->symbols[i]))
			return refuse(self, "an enum with a symbol that is no name: ", type->full_name);
	}
	return close_named(self, type);
}

static bool build_field(struct builder *self, const struct type *record, const json_t *json, const char *space,
			struct field *ret)
{
	ret->name = json_string_value(json_object_get(json, "name"));
	ret->doc = json_string_value(json_object_get(json, "doc"));
	ret->fallback = json_object_get(json, "default");
	if (!is_word(ret->name) || is_keyword(ret->name)) {
		refuse(self, "a field without a usable name in ", record->full_name);
		return false;
	}
	for (const struct field *other = record->fields; other < ret; other++)
		if (strcmp(other->name, ret->name) == 0) {
			refuse(self, "two fields of one name in ", record->full_name);
			return false;
		}
	ret->type = build(self, json_object_get(json, "type"), space);
	return ret->type;
}

static const struct type *build_record(struct builder *self, const json_t *json, const char *space)
{
	struct type *type = new_named(self, TYPE_RECORD, json, space);
	const json_t *fields = json_object_get(json, "fields");

	if (!type)
		return NULL;
	if (self->open_count == DEPTH_MAX)
		return refuse(self, "records nest too deep at ", type->full_name);
	self->open[self->open_count++] = type->full_name;
	type->field_count = json_array_size(fields);
	struct field *list = arena_take_zeroed(self->arena, type->field_count, sizeof *list);

	if (type->field_count == 0 || !list)
		return refuse(self, "a record without fields: ", type->full_name);
	type->fields = list;
	space = schema_space_of(self->arena, type->full_name);
	for (size_t i = 0; i < type->field_count; i++)
		if (!build_field(self, type, json_array_get(fields, i), space, &list[i]))
			return NULL;
	self->open_count--;
	return close_named(self, type);
}

static const struct type *build_array(struct builder *self, const json_t *json, const char *space)
{
	struct type *type = new_type(self, TYPE_ARRAY);

	if (!type)
		return NULL;
	type->items = build(self, json_object_get(json, "items"), space);
	if (type->items && type->items->kind == TYPE_ARRAY)
		return refuse(self, "an array of arrays needs a record between them", "");
	return type->items ? type : NULL;
}

static const struct type *build(struct builder *self, const json_t *json, const char *space)
{
	if (json_is_string(json))
		return build_word(self, json_string_value(json));
	const char *kind = json_string_value(json_object_get(json, "type"));

	if (!kind)
		return refuse(self, "a type that is neither a name nor an object", "");
	if (strcmp(kind, "record") == 0)
		return build_record(self, json, space);
	if (strcmp(kind, "array") == 0)
		return build_array(self, json, space);
	if (strcmp(kind, "fixed") == 0)
		return build_fixed(self, json, space);
	if (strcmp(kind, "enum") == 0)
		return build_enum(self, json, space);
	return build_word(self, kind);
}

int schema_build_type(const char *file, const json_t *json, struct arena *arena, const struct type **ret,
		      struct err *err)
{
	struct err fault = { .kind = 0 };
	struct builder self = { .file = file, .arena = arena, .err = &fault };
	const struct type *type = build(&self, json, NULL);

	if (!type)
		return err_set(err, fault.kind, "schema", "%s", fault.text);
	*ret = type;
	return 0;
}

size_t type_bytes_min(const struct type *type)
{
	size_t bytes = 0;

	switch (type->kind) {
	case TYPE_FIXED:
		return type->size;
	case TYPE_RECORD:
		for (size_t i = 0; i < type->field_count; i++)
			bytes += type_bytes_min(type->fields[i].type);
		return bytes;
	default:
		return 1;
	}
}
