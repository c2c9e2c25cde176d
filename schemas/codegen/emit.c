#include "codegen/emit.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>

enum { TYPES_MAX = 512, LITERAL_BYTES = 96 };

struct emit_name emit_snake(const char *name)
{
	struct emit_name snake = { "" };
	size_t n = 0;

	for (size_t i = 0; name[i] && n + 3 < sizeof snake.text; i++) {
		if (i > 0 && isupper((unsigned char)name[i]) && !isupper((unsigned char)name[i - 1]) && name[i - 1] != '_')
			snake.text[n++] = '_';
		snake.text[n++] = (char)tolower((unsigned char)name[i]);
	}
	return snake;
}

struct emit_name emit_upper(const char *name)
{
	struct emit_name upper = emit_snake(name);

	for (char *c = upper.text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return upper;
}

bool emit_done_first(struct emit_done *done, const char *fmt, ...)
{
	struct emit_name name;
	va_list args;

	va_start(args, fmt);
	vsnprintf(name.text, sizeof name.text, fmt, args);
	va_end(args);
	for (size_t i = 0; i < done->count; i++)
		if (strcmp(done->names[i].text, name.text) == 0)
			return false;
	assert(done->count < EMIT_FUNCTIONS_MAX);
	done->names[done->count++] = name;
	return true;
}

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
	static const char *const WORDS[] = {
		[TYPE_BOOLEAN] = "bool", [TYPE_INT] = "int32_t", [TYPE_LONG] = "int64_t", [TYPE_STRING] = "struct slice", [TYPE_BYTES] = "struct slice"
	};

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

/* Inner types first, each once, those of this file only. */
static void add_definitions(const struct emit *emit, const struct type *type, bool of_shared, struct emit_done *done)
{
	if (type->kind == TYPE_ARRAY)
		add_definitions(emit, type->items, of_shared, done);
	for (size_t i = 0; i < type->field_count; i++)
		add_definitions(emit, type->fields[i].type, of_shared, done);
	if ((type->kind != TYPE_RECORD && type->kind != TYPE_ENUM) || is_shared(emit->set, type) != of_shared ||
	    !emit_done_first(done, "%s", type->name))
		return;
	if (type->kind == TYPE_ENUM)
		add_enum(emit, type);
	else
		add_struct(emit, type);
}

static void add_guard(const struct emit *emit, const char *file, const char *from)
{
	strbuf_add_printf(emit->out, "/* Made by instroom-codegen from %s. Change the schema, not this. */\n", from);
	strbuf_add_printf(emit->out, "#ifndef %s_GEN_%s_H\n#define %s_GEN_%s_H\n\n", emit_upper(emit->prefix).text,
			  emit_upper(file).text, emit_upper(emit->prefix).text, emit_upper(file).text);
}

void emit_types_header(const struct emit *emit)
{
	struct emit_done done = { .count = 0 };

	add_guard(emit, "types", "all schemas: what several messages share");
	strbuf_add_text(emit->out, "#include \"wire/wire.h\"\n\n");
	for (size_t i = 0; i < emit->set->count; i++)
		if (schema_is_newest(emit->set, &emit->set->items[i]))
			add_definitions(emit, emit->set->items[i].root, true, &done);
	strbuf_add_printf(emit->out, "enum { %s_SCHEMAS_COUNT = %zu };\n", emit_upper(emit->prefix).text, emit->set->count);
	strbuf_add_printf(emit->out, "extern const struct wire_schema %s_SCHEMAS[%s_SCHEMAS_COUNT];\n\n",
			  emit_upper(emit->prefix).text, emit_upper(emit->prefix).text);
	strbuf_add_printf(emit->out,
			  "/* NULL: no message of ours, or one of a newer build. */\n"
			  "const struct wire_schema *%s_schema_find(uint64_t fingerprint);\n\n#endif\n",
			  emit->prefix);
}

/* text as a C literal in lines of bearable length */
static void add_literal(const struct emit *emit, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (i % LITERAL_BYTES == 0)
			strbuf_add_text(emit->out, i == 0 ? "\t\t\"" : "\"\n\t\t\"");
		if (text[i] == '"' || text[i] == '\\' || text[i] == '?') /* '?': no trigraphs */
			strbuf_add_char(emit->out, '\\');
		strbuf_add_char(emit->out, text[i]);
	}
	strbuf_add_char(emit->out, '"');
}

void emit_types_source(const struct emit *emit)
{
	struct emit_name prefix = emit_upper(emit->prefix);
	const char *upper = prefix.text;

	strbuf_add_printf(emit->out,
			  "/* Made by instroom-codegen from all schemas. Change the schemas, not this. */\n"
			  "#include \"%s/types.h\"\n\n",
			  emit->include);
	strbuf_add_text(emit->out,
			"/* a schema with its docs may be longer than the literal every C compiler must take */\n"
			"#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n");
	strbuf_add_printf(emit->out, "const struct wire_schema %s_SCHEMAS[%s_SCHEMAS_COUNT] = {\n", upper, upper);
	for (size_t i = 0; i < emit->set->count; i++) {
		const struct schema *schema = &emit->set->items[i];

		strbuf_add_printf(emit->out, "\t{ UINT64_C(0x%016llx), \"%s\", %u,\n",
				  (unsigned long long)schema->fingerprint, schema->name, schema->version);
		add_literal(emit, schema->text);
		strbuf_add_text(emit->out, " },\n");
	}
	strbuf_add_printf(emit->out,
			  "};\n\nconst struct wire_schema *%s_schema_find(uint64_t fingerprint)\n{\n"
			  "\tfor (size_t i = 0; i < %s_SCHEMAS_COUNT; i++)\n"
			  "\t\tif (%s_SCHEMAS[i].fingerprint == fingerprint)\n"
			  "\t\t\treturn &%s_SCHEMAS[i];\n\treturn NULL;\n}\n",
			  emit->prefix, upper, upper, upper);
}

void emit_message_header(const struct emit *emit, const struct schema *newest)
{
	struct emit_name upper = emit_upper(newest->root->name), snake = emit_snake(newest->root->name);
	struct emit_done done = { .count = 0 };

	add_guard(emit, newest->name, newest->file);
	strbuf_add_printf(emit->out, "#include \"%s/types.h\"\n\n", emit->include);
	add_definitions(emit, newest->root, false, &done);
	strbuf_add_printf(emit->out, "#define %s_%s_SCHEMA UINT64_C(0x%016llx) /* CRC-64-AVRO of %s */\n\n",
			  emit_upper(emit->prefix).text, upper.text, (unsigned long long)newest->fingerprint,
			  newest->file);
	strbuf_add_printf(
		emit->out,
		"/* Reads a bare datum of %s. *ret borrows from body and arena, and is written only on success.\n"
		" * ERR_DATA: malformed, or bytes are left over. ERR_FULL: the arena is full. */\n"
		"MUSTUSE int %s_%s_decode(struct slice body, struct arena *arena, struct %s_%s *ret, struct err *err);\n\n",
		newest->file, emit->prefix, snake.text, emit->prefix, snake.text);
	strbuf_add_printf(emit->out,
			  "/* The same for the bytes of any version we know: what is new gets its default, what is gone is skipped.\n"
			  " * Another schema: ERR_DATA; ask %s_schema_find first to tell it from bad bytes. */\n"
			  "MUSTUSE int %s_%s_decode_as(uint64_t schema, struct slice body, struct arena *arena,\n"
			  "\tstruct %s_%s *ret, struct err *err);\n\n",
			  emit->prefix, emit->prefix, snake.text, emit->prefix, snake.text);
	strbuf_add_printf(emit->out,
			  "/* A bare datum; each array is one block. */\n"
			  "void %s_%s_encode(struct strbuf *out, const struct %s_%s *v);\n\n",
			  emit->prefix, snake.text, emit->prefix, snake.text);
	strbuf_add_printf(emit->out, "const char *%s_%s_schema_json(void);\n\n#endif\n", emit->prefix, snake.text);
}

static void add_entry_points(const struct emit *emit, const struct schema *newest)
{
	struct emit_name snake = emit_snake(newest->root->name), upper = emit_upper(emit->prefix);
	const char *p = emit->prefix, *s = snake.text;

	strbuf_add_printf(emit->out,
			  "int %s_%s_decode(struct slice body, struct arena *arena, struct %s_%s *ret, struct err *err)\n"
			  "{\n\treturn decode_v%u(body, arena, ret, err);\n}\n\n",
			  p, s, p, s, newest->version);
	strbuf_add_printf(emit->out,
			  "int %s_%s_decode_as(uint64_t schema, struct slice body, struct arena *arena,\n"
			  "\tstruct %s_%s *ret, struct err *err)\n{\n",
			  p, s, p, s);
	for (size_t i = 0; i < emit->set->count; i++)
		if (strcmp(emit->set->items[i].name, newest->name) == 0)
			strbuf_add_printf(emit->out,
					  "\tif (schema == UINT64_C(0x%016llx))\n"
					  "\t\treturn decode_v%u(body, arena, ret, err);\n",
					  (unsigned long long)emit->set->items[i].fingerprint,
					  emit->set->items[i].version);
	strbuf_add_printf(emit->out, "\treturn wire_unknown(err, \"%s\", schema);\n}\n\n", newest->root->name);
	strbuf_add_printf(emit->out, "const char *%s_%s_schema_json(void)\n{\n\treturn %s_SCHEMAS[%zu].json;\n}\n", p,
			  s, upper.text, (size_t)(newest - emit->set->items));
}

void emit_message_source(const struct emit *emit, const struct schema *newest)
{
	strbuf_add_printf(emit->out,
			  "/* Made by instroom-codegen from %s. Change the schema, not this. */\n"
			  "#include \"%s/%s.h\"\n\n",
			  newest->file, emit->include, newest->name);
	for (size_t i = 0; i < emit->set->count; i++)
		if (strcmp(emit->set->items[i].name, newest->name) == 0)
			emit_decoder(emit, newest, &emit->set->items[i]);
	emit_encoder(emit, newest);
	add_entry_points(emit, newest);
}
