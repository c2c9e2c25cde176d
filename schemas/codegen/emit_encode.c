#include "codegen/emit_encode.h"

struct encode {
	const struct emit *emit;
	struct strbuf *out;
	struct emit_done done;
};

static void add_put_value(const struct encode *self, const char *indent, const struct type *type, const char *value)
{
	strbuf_add_text(self->out, indent);
	switch (type->kind) {
	case TYPE_BOOLEAN:
		strbuf_add_printf(self->out, "wire_put_boolean(out, %s);\n", value);
		break;
	case TYPE_STRING:
	case TYPE_BYTES:
		strbuf_add_printf(self->out, "wire_put_slice(out, %s);\n", value);
		break;
	case TYPE_FIXED:
		strbuf_add_printf(self->out, "strbuf_add_bytes(out, %s, %zu);\n", value, type->size);
		break;
	case TYPE_RECORD:
		strbuf_add_printf(self->out, "put_%s(out, &%s);\n", emit_snake(type->name).text, value);
		break;
	default: /* int, long, enum */
		strbuf_add_printf(self->out, "wire_put_long(out, %s%s);\n", type->kind == TYPE_ENUM ? "(int64_t)" : "",
				  value);
	}
}

static void add_put_array(const struct encode *self, const struct field *field)
{
	const struct type *items = field->type->items;
	const char *word = items->kind == TYPE_STRING || items->kind == TYPE_BYTES ? "slices"
			   : items->kind == TYPE_INT				   ? "ints"
			   : items->kind == TYPE_LONG				   ? "longs"
										   : NULL;
	char item[2 * EMIT_NAME_BYTES];

	if (word) {
		strbuf_add_printf(self->out, "\twire_put_%s(out, v->%s.items, v->%s.count);\n", word, field->name,
				  field->name);
		return;
	}
	snprintf(item, sizeof item, "v->%s.items[i]", field->name);
	strbuf_add_printf(self->out,
			  "\tif (v->%s.count > 0)\n\t\twire_put_long(out, (int64_t)v->%s.count);\n"
			  "\tfor (size_t i = 0; i < v->%s.count; i++)\n",
			  field->name, field->name, field->name);
	add_put_value(self, "\t\t", items, item);
	strbuf_add_text(self->out, "\twire_put_long(out, 0);\n");
}

static void add_put_record(struct encode *self, const struct type *record)
{
	struct emit_name name = emit_snake(record->name);
	char value[2 * EMIT_NAME_BYTES];

	if (!emit_done_first(&self->done, "%s", name.text))
		return;
	for (size_t i = 0; i < record->field_count; i++) {
		const struct type *type = record->fields[i].type;

		if (type->kind == TYPE_ARRAY)
			type = type->items;
		if (type->kind == TYPE_RECORD)
			add_put_record(self, type);
	}
	strbuf_add_printf(self->out, "static void put_%s(struct strbuf *out, const struct %s_%s *v)\n{\n", name.text,
			  self->emit->prefix, name.text);
	for (size_t i = 0; i < record->field_count; i++) {
		snprintf(value, sizeof value, "v->%s", record->fields[i].name);
		if (record->fields[i].type->kind == TYPE_ARRAY)
			add_put_array(self, &record->fields[i]);
		else
			add_put_value(self, "\t", record->fields[i].type, value);
	}
	strbuf_add_text(self->out, "}\n\n");
}

void emit_encoder(const struct emit *emit, const struct schema *newest)
{
	struct encode self = { .emit = emit, .out = emit->out };
	struct emit_name name = emit_snake(newest->root->name);

	add_put_record(&self, newest->root);
	strbuf_add_printf(emit->out,
			  "void %s_%s_encode(struct strbuf *out, const struct %s_%s *v)\n{\n\tput_%s(out, v);\n}\n\n",
			  emit->prefix, name.text, emit->prefix, name.text, name.text);
}
