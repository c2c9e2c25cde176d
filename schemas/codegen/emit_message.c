#include "codegen/emit_message.h"

#include "codegen/emit_decode.h"
#include "codegen/emit_definition.h"
#include "codegen/emit_encode.h"

void emit_message_header(const struct emit *emit, const struct schema *newest)
{
	struct emit_name upper = emit_upper(newest->root->name), snake = emit_snake(newest->root->name);
	struct emit_done done = { .count = 0 };

	emit_guard(emit, newest->name, newest->file);
	strbuf_add_printf(emit->out, "#include \"%s/types.h\"\n\n", emit->include);
	emit_definitions(emit, newest->root, false, &done);
	strbuf_add_printf(emit->out, "#define %s_%s_SCHEMA UINT64_C(0x%016llx) /* CRC-64-AVRO of %s */\n\n",
			  emit_upper(emit->prefix).text, upper.text, (unsigned long long)newest->fingerprint,
			  newest->file);
	strbuf_add_printf(
		emit->out,
		"/* Reads a bare datum of %s. *ret borrows from body and arena, and is written only on success.\n"
		" * ERR_DATA: malformed, or bytes are left over. ERR_FULL: the arena is full. */\n"
		"MUSTUSE int %s_%s_decode(struct slice body, struct arena *arena,\n"
		"\tstruct %s_%s *ret, struct err *err);\n\n",
		newest->file, emit->prefix, snake.text, emit->prefix, snake.text);
	strbuf_add_printf(emit->out,
			  "/* The same for the bytes of any version we know: what is new gets its default,\n"
			  " * what is gone is skipped.\n"
			  " * Another schema: ERR_DATA; %s_schema_find tells it from bad bytes. */\n"
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

	strbuf_add_printf(
		emit->out,
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
