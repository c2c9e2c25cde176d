#include "codegen/compat.h"

#include "codegen/canonical.h"

#include <jansson.h>
#include <stdarg.h>

struct pair {
	const struct schema *newer, *older;
	struct err *err;
};

static int refuse(const struct pair *pair, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int refuse(const struct pair *pair, const char *fmt, ...)
{
	char why[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof why, fmt, args);
	va_end(args);
	return err_set(pair->err, ERR_DATA, "schema", "%s cannot read %s: %s", pair->newer->file, pair->older->file,
		       why);
}

const struct field *compat_find(const struct type *record, const char *field_name)
{
	for (size_t i = 0; i < record->field_count; i++)
		if (strcmp(record->fields[i].name, field_name) == 0)
			return &record->fields[i];
	return NULL;
}

/* Can the generator write this default as C? */
static bool is_usable_default(const struct type *type, const json_t *value)
{
	switch (type->kind) {
	case TYPE_BOOLEAN:
		return json_is_boolean(value);
	case TYPE_INT:
		return json_is_integer(value) && json_integer_value(value) >= INT32_MIN &&
		       json_integer_value(value) <= INT32_MAX;
	case TYPE_LONG:
		return json_is_integer(value);
	case TYPE_STRING:
		return json_is_string(value);
	case TYPE_BYTES:
	case TYPE_FIXED:
		/* code points 0-255 are bytes; only the ASCII ones are one and the same in JSON's UTF-8 and there */
		for (size_t i = 0; i < json_string_length(value); i++)
			if ((unsigned char)json_string_value(value)[i] >= 0x80)
				return false;
		return json_is_string(value) && (type->kind == TYPE_BYTES || json_string_length(value) == type->size);
	case TYPE_ENUM:
		for (size_t i = 0; i < type->symbol_count; i++)
			if (json_is_string(value) && strcmp(json_string_value(value), type->symbols[i]) == 0)
				return true;
		return false;
	case TYPE_ARRAY:
		return json_is_array(value) && json_array_size(value) == 0;
	case TYPE_RECORD:
		return false; /* give its fields defaults one level up instead */
	}
	return false;
}

static int check_type(const struct pair *pair, const struct type *newer, const struct type *older, const char *where);

static int check_record(const struct pair *pair, const struct type *newer, const struct type *older)
{
	for (size_t i = 0; i < newer->field_count; i++) {
		const struct field *field = &newer->fields[i], *before = compat_find(older, field->name);
		int rc = 0;

		if (before)
			rc = check_type(pair, field->type, before->type, field->name);
		else if (!field->fallback)
			rc = refuse(pair, "field %s of %s is new and has no default", field->name, newer->name);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int check_enum(const struct pair *pair, const struct type *newer, const struct type *older, const char *where)
{
	bool is_prefix = older->symbol_count <= newer->symbol_count;

	for (size_t i = 0; is_prefix && i < older->symbol_count; i++)
		is_prefix = strcmp(newer->symbols[i], older->symbols[i]) == 0;
	if (is_prefix)
		return 0;
	return refuse(pair, "symbols of enum %s in field %s may only be added at the end", newer->name, where);
}

static int check_type(const struct pair *pair, const struct type *newer, const struct type *older, const char *where)
{
	if (newer->kind != older->kind ||
	    (newer->kind >= TYPE_FIXED && newer->kind != TYPE_ARRAY && strcmp(newer->full_name, older->full_name) != 0))
		return refuse(pair, "field %s has another type", where);
	if (newer->kind == TYPE_FIXED && newer->size != older->size)
		return refuse(pair, "field %s has another size", where);
	if (newer->kind == TYPE_ARRAY)
		return check_type(pair, newer->items, older->items, where);
	if (newer->kind == TYPE_ENUM)
		return check_enum(pair, newer, older, where);
	return newer->kind == TYPE_RECORD ? check_record(pair, newer, older) : 0;
}

static int check_defaults(const struct schema *schema, const struct type *type, struct err *err)
{
	if (type->kind == TYPE_ARRAY)
		return check_defaults(schema, type->items, err);
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		int rc = check_defaults(schema, field->type, err);

		if (rc != 0)
			return rc;
		if (field->fallback && !is_usable_default(field->type, field->fallback))
			return err_set(err, ERR_DATA, "schema", "%s: the default of %s.%s is none of its type",
				       schema->file, type->name, field->name);
	}
	return 0;
}

/* The type of this name inside type, or NULL. Without namespace, as C has none. */
static const struct type *find_type(const struct type *type, const char *name)
{
	const struct type *found = NULL;

	if (type->name && strcmp(type->name, name) == 0)
		return type;
	if (type->kind == TYPE_ARRAY)
		return find_type(type->items, name);
	for (size_t i = 0; i < type->field_count && !found; i++)
		found = find_type(type->fields[i].type, name);
	return found;
}

static int check_shared(const struct schema *schema, const struct type *type, const struct schema *other,
			struct err *err)
{
	const struct type *same = type->name ? find_type(other->root, type->name) : NULL;

	if (same && canonical_fingerprint(same) != canonical_fingerprint(type))
		return err_set(err, ERR_DATA, "schema",
			       "%s and %s differ about %s: renew both, \"uses\" says which version is meant",
			       schema->file, other->file, type->name);
	if (type->kind == TYPE_ARRAY)
		return check_shared(schema, type->items, other, err);
	for (size_t i = 0; i < type->field_count; i++) {
		int rc = check_shared(schema, type->fields[i].type, other, err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int check_newest(const struct schema_set *set, const struct schema *newest, struct err *err)
{
	for (const struct schema *older = set->items; older < newest; older++) {
		struct pair pair = { .newer = newest, .older = older, .err = err };
		int rc = strcmp(older->name, newest->name) == 0
				 ? check_type(&pair, newest->root, older->root, newest->name)
				 : 0;

		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < set->count; i++) {
		int rc = schema_is_newest(set, &set->items[i]) ? check_shared(newest, newest->root, &set->items[i], err)
							       : 0;

		if (rc != 0)
			return rc;
	}
	return check_defaults(newest, newest->root, err);
}

int compat_check(const struct schema_set *set, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		int rc = schema_is_newest(set, &set->items[i]) ? check_newest(set, &set->items[i], err) : 0;

		if (rc != 0)
			return rc;
	}
	return 0;
}
