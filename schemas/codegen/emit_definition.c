#include "codegen/emit_definition.h"

static bool holds_type(const struct type *type, const char *full_name)
{
	if (type->full_name && strcmp(type->full_name, full_name) == 0)
		return true;
	if (type->kind == TYPE_ARRAY)
		return holds_type(type->items, full_name);
	for (size_t i = 0; i < type->field_count; i++)
		if (holds_type(type->fields[i].type, full_name))
			return true;
	return false;
}

/* In several messages: its struct stands in types.h. */
static bool is_shared(const struct schema_set *set, const struct type *type)
{
	size_t holders = 0;

	for (size_t i = 0; i < set->count; i++)
		if (schema_is_newest(set, &set->items[i]) && holds_type(set->items[i].root, type->full_name))
			holders++;
	return holders > 1;
}

/* A doc is prose of the schema's author: nothing in it may end the comment. */
static void add_comment(const struct emit *emit, const char *before, const char *doc, const char *after)
{
	if (!doc)
		return;
	strbuf_add_printf(emit->out, "%s/* ", before);
	for (; *doc; doc++)
		strbuf_add_char(emit->out, (doc[0] == '*' && doc[1] == '/') || *doc == '\n' ? ' ' : *doc);
	strbuf_add_printf(emit->out, " */%s", after);
}

static void add_member(const struct emit *emit, const struct type *type, const char *name)
{
	static const char *const WORDS[] = { [TYPE_BOOLEAN] = "bool",
					     [TYPE_INT] = "int32_t",
					     [TYPE_LONG] = "int64_t",
					     [TYPE_STRING] = "struct slice",
					     [TYPE_BYTES] = "struct slice" };

	switch (type->kind) {
	case TYPE_FIXED:
		strbuf_add_printf(emit->out, "uint8_t %s[%zu]", name, type->size);
		break;
	case TYPE_ENUM:
	case TYPE_RECORD:
		strbuf_add_printf(emit->out, "%s %s_%s %s", type->kind == TYPE_ENUM ? "enum" : "struct", emit->prefix,
				  emit_snake(type->name).text, name);
		break;
	case TYPE_ARRAY:
		strbuf_add_text(emit->out, "struct { ");
		add_member(emit, type->items, type->items->kind == TYPE_FIXED ? "(*items)" : "*items");
		strbuf_add_printf(emit->out, "; size_t count; } %s", name);
		break;
	default:
		strbuf_add_printf(emit->out, "%s %s", WORDS[type->kind], name);
	}
}

static void add_struct(const struct emit *emit, const struct type *record)
{
	add_comment(emit, "", record->doc, "\n");
	strbuf_add_printf(emit->out, "struct %s_%s {\n", emit->prefix, emit_snake(record->name).text);
	for (size_t i = 0; i < record->field_count; i++) {
		strbuf_add_char(emit->out, '\t');
		add_member(emit, record->fields[i].type, record->fields[i].name);
		strbuf_add_char(emit->out, ';');
		add_comment(emit, " ", record->fields[i].doc, "");
		strbuf_add_char(emit->out, '\n');
	}
	strbuf_add_text(emit->out, "};\n\n");
}

static void add_enum(const struct emit *emit, const struct type *type)
{
	add_comment(emit, "", type->doc, "\n");
	strbuf_add_printf(emit->out, "enum %s_%s {\n", emit->prefix, emit_snake(type->name).text);
	for (size_t i = 0; i < type->symbol_count; i++)
		strbuf_add_printf(emit->out, "\t%s_%s_%s,\n", emit_upper(emit->prefix).text,
				  emit_upper(type->name).text, emit_upper(type->symbols[i]).text);
	strbuf_add_text(emit->out, "};\n\n");
}

void emit_definitions(const struct emit *emit, const struct type *type, bool of_shared, struct emit_done *done)
{
	if (type->kind == TYPE_ARRAY)
		emit_definitions(emit, type->items, of_shared, done);
	for (size_t i = 0; i < type->field_count; i++)
		emit_definitions(emit, type->fields[i].type, of_shared, done);
	if ((type->kind != TYPE_RECORD && type->kind != TYPE_ENUM) || is_shared(emit->set, type) != of_shared ||
	    !emit_done_first(done, "%s", type->name))
		return;
	if (type->kind == TYPE_ENUM)
		add_enum(emit, type);
	else
		add_struct(emit, type);
}
