#include "codegen/emit_types.h"

#include "codegen/emit_definition.h"

enum { LITERAL_BYTES = 96 };

void emit_types_header(const struct emit *emit)
{
	struct emit_done done = { .count = 0 };

	emit_guard(emit, "types", "all schemas: what several messages share");
	strbuf_add_text(emit->out, "#include \"wire/wire.h\"\n\n");
	for (size_t i = 0; i < emit->set->count; i++)
		if (schema_is_newest(emit->set, &emit->set->items[i]))
			emit_definitions(emit, emit->set->items[i].root, true, &done);
	strbuf_add_printf(emit->out, "enum { %s_SCHEMAS_COUNT = %zu };\n", emit_upper(emit->prefix).text,
			  emit->set->count);
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
