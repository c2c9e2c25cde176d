#include "codegen/emit_decode.h"

#include "codegen/compat.h"

#include <assert.h>
#include <jansson.h>

struct decode {
	const struct emit *emit;
	struct strbuf *out;
	unsigned version; /* of what was written: suffix of every function */
	struct emit_done done;
};

static void add_take_record(struct decode *self, const struct type *newest, const struct type *written);
static void add_skip_record(struct decode *self, const struct type *written);

/* Reads one value that is no record and no array into target; FIXED targets are arrays themselves. */
static void add_take_simple(const struct decode *self, const char *indent, const struct type *written,
			    const char *target, const char *what)
{
	static const char *const WORDS[] = { [TYPE_BOOLEAN] = "boolean",
					     [TYPE_INT] = "int",
					     [TYPE_LONG] = "long",
					     [TYPE_STRING] = "slice",
					     [TYPE_BYTES] = "slice" };

	if (written->kind == TYPE_FIXED)
		strbuf_add_printf(self->out, "%sif (!wire_take_fixed(in, %s, %zu))\n", indent, target, written->size);
	else if (written->kind == TYPE_ENUM)
		strbuf_add_printf(self->out, "%sint symbol;\n\n%sif (!wire_take_symbol(in, %zu, &symbol))\n", indent,
				  indent, written->symbol_count);
	else
		strbuf_add_printf(self->out, "%sif (!wire_take_%s(in, &%s))\n", indent, WORDS[written->kind], target);
	strbuf_add_printf(self->out, "%s\treturn wire_malformed(err, \"%s\");\n", indent, what);
	if (written->kind == TYPE_ENUM)
		strbuf_add_printf(self->out, "%s%s = (enum %s_%s)symbol;\n", indent, target, self->emit->prefix,
				  emit_snake(written->name).text);
}

/* wire_take_slices and its like, or NULL when the items need a loop of their own */
static const char *whole_array_word(const struct type *items)
{
	switch (items->kind) {
	case TYPE_STRING:
	case TYPE_BYTES:
		return "slices";
	case TYPE_INT:
		return "ints";
	case TYPE_LONG:
		return "longs";
	default:
		return NULL;
	}
}

/* The array under way, and then the declarations in next. */
static void add_array_head(const struct decode *self, const struct type *written, const char *what,
			   const char *item_bytes, const char *next)
{
	strbuf_add_printf(
		self->out,
		"\tstruct wire_array array = {\n\t\t.what = \"%s\", .item_bytes = %s, .item_bytes_min = %zu\n\t};\n",
		what, item_bytes, type_bytes_min(written->items));
	strbuf_add_text(self->out, next);
}

static void add_take_array(struct decode *self, const struct type *record, const struct field *newest,
			   const struct type *written)
{
	struct emit_name owner = emit_snake(record->name);
	const struct type *items = written->items;
	char what[2 * EMIT_NAME_BYTES], item_bytes[2 * EMIT_NAME_BYTES];

	if (items->kind == TYPE_RECORD)
		add_take_record(self, newest->type->items, items);
	snprintf(what, sizeof what, "%s.%s", record->name, newest->name);
	snprintf(item_bytes, sizeof item_bytes, "sizeof *ret->%s.items", newest->name);
	strbuf_add_printf(self->out,
			  "static int take_%s_%s_v%u(struct wire_input *in, struct %s_%s *ret, struct err *err)\n{\n",
			  owner.text, newest->name, self->version, self->emit->prefix, owner.text);
	add_array_head(self, written, what, item_bytes, "\tint rc;\n\n");
	strbuf_add_printf(self->out,
			  "\twhile ((rc = wire_array_next_grow(in, &array, err)) == 0 && array.block_count > 0) {\n"
			  "\t\tret->%s.items = array.items;\n"
			  "\t\tfor (size_t i = array.count; i < array.count + array.block_count; i++) {\n",
			  newest->name);
	snprintf(item_bytes, sizeof item_bytes, "ret->%s.items[i]", newest->name);
	if (items->kind == TYPE_RECORD)
		strbuf_add_printf(self->out, "\t\t\tif ((rc = take_%s_v%u(in, &%s, err)) != 0)\n\t\t\t\treturn rc;\n",
				  emit_snake(items->name).text, self->version, item_bytes);
	else
		add_take_simple(self, "\t\t\t", items, item_bytes, what);
	strbuf_add_printf(self->out,
			  "\t\t}\n\t}\n\tret->%s.items = array.items;\n\tret->%s.count = array.count;\n"
			  "\treturn rc;\n}\n\n",
			  newest->name, newest->name);
}

/* The condition that skips one value. record and field name the function that skips an array; items have none. */
static void add_skip_word(const struct decode *self, const struct type *written, const struct type *record,
			  const struct field *field)
{
	static const char *const WORDS[] = { [TYPE_BOOLEAN] = "wire_take_boolean(in, &(bool){ false })",
					     [TYPE_INT] = "wire_take_int(in, &(int32_t){ 0 })",
					     [TYPE_LONG] = "wire_take_long(in, &(int64_t){ 0 })",
					     [TYPE_STRING] = "wire_take_slice(in, &(struct slice){ NULL, 0 })",
					     [TYPE_BYTES] = "wire_take_slice(in, &(struct slice){ NULL, 0 })" };

	switch (written->kind) {
	case TYPE_FIXED:
		strbuf_add_printf(self->out, "wire_skip_bytes(in, %zu)", written->size);
		break;
	case TYPE_ENUM:
		strbuf_add_printf(self->out, "wire_take_symbol(in, %zu, &(int){ 0 })", written->symbol_count);
		break;
	case TYPE_RECORD:
		strbuf_add_printf(self->out, "skip_%s_v%u(in)", emit_snake(written->name).text, self->version);
		break;
	case TYPE_ARRAY:
		assert(record && field); /* an array of arrays is no schema of ours */
		strbuf_add_printf(self->out, "skip_%s_%s_v%u(in)", emit_snake(record->name).text, field->name,
				  self->version);
		break;
	default:
		strbuf_add_text(self->out, WORDS[written->kind]);
	}
}

static void add_skip_array(struct decode *self, const struct type *record, const struct field *written)
{
	struct emit_name owner = emit_snake(record->name);

	if (!emit_done_first(&self->done, "skip_%s_%s", owner.text, written->name))
		return;
	if (written->type->items->kind == TYPE_RECORD)
		add_skip_record(self, written->type->items);
	strbuf_add_printf(self->out, "static bool skip_%s_%s_v%u(struct wire_input *in)\n{\n", owner.text,
			  written->name, self->version);
	add_array_head(self, written->type, written->name, "0", "\tbool is_good;\n\n");
	strbuf_add_text(self->out,
			"\twhile ((is_good = wire_array_next(in, &array)) && array.block_count > 0)\n"
			"\t\tfor (size_t i = 0; i < array.block_count; i++)\n\t\t\tif (!");
	add_skip_word(self, written->type->items, NULL, NULL);
	strbuf_add_text(self->out, ")\n\t\t\t\treturn false;\n\treturn is_good;\n}\n\n");
}

/* What a skipped field needs beside the word that skips it. */
static void add_skip_helpers(struct decode *self, const struct type *record, const struct field *written)
{
	if (written->type->kind == TYPE_RECORD)
		add_skip_record(self, written->type);
	else if (written->type->kind == TYPE_ARRAY)
		add_skip_array(self, record, written);
}

static void add_skip_record(struct decode *self, const struct type *written)
{
	struct emit_name name = emit_snake(written->name);

	if (!emit_done_first(&self->done, "skip_%s", name.text))
		return;
	for (size_t i = 0; i < written->field_count; i++)
		add_skip_helpers(self, written, &written->fields[i]);
	strbuf_add_printf(self->out, "static bool skip_%s_v%u(struct wire_input *in)\n{\n", name.text, self->version);
	for (size_t i = 0; i < written->field_count; i++) {
		strbuf_add_text(self->out, "\tif (!");
		add_skip_word(self, written->fields[i].type, written, &written->fields[i]);
		strbuf_add_text(self->out, ")\n\t\treturn false;\n");
	}
	strbuf_add_text(self->out, "\treturn true;\n}\n\n");
}

static void add_take_field(const struct decode *self, const struct type *record, const struct type *written_record,
			   const struct field *written)
{
	struct emit_name owner = emit_snake(record->name);
	char target[2 * EMIT_NAME_BYTES], what[2 * EMIT_NAME_BYTES];

	snprintf(what, sizeof what, "%s.%s", written_record->name, written->name);
	snprintf(target, sizeof target, "ret->%s", written->name);
	if (written->type->kind == TYPE_RECORD) {
		strbuf_add_printf(self->out, "\tif ((rc = take_%s_v%u(in, &%s, err)) != 0)\n\t\treturn rc;\n",
				  emit_snake(written->type->name).text, self->version, target);
	} else if (written->type->kind == TYPE_ARRAY) {
		const char *word = whole_array_word(written->type->items);

		if (word)
			strbuf_add_printf(self->out,
					  "\tif ((rc = wire_take_%s(in, \"%s\", &%s.items, &%s.count, err)) != 0)\n"
					  "\t\treturn rc;\n",
					  word, what, target, target);
		else
			strbuf_add_printf(self->out,
					  "\tif ((rc = take_%s_%s_v%u(in, ret, err)) != 0)\n\t\treturn rc;\n",
					  owner.text, written->name, self->version);
	} else if (written->type->kind == TYPE_ENUM) {
		strbuf_add_text(self->out, "\t{\n");
		add_take_simple(self, "\t\t", written->type, target, what);
		strbuf_add_text(self->out, "\t}\n");
	} else {
		add_take_simple(self, "\t", written->type, target, what);
	}
}

/* text as a C literal; octal escapes end after three digits, whatever follows */
static void add_text_literal(struct strbuf *out, const char *text, size_t n)
{
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '?')
			strbuf_add_printf(out, "\\%03o", c);
		else
			strbuf_add_char(out, (char)c);
	}
	strbuf_add_char(out, '"');
}

static void add_default(const struct decode *self, const struct field *field)
{
	const json_t *value = field->fallback;

	strbuf_add_text(self->out, "\t");
	switch (field->type->kind) {
	case TYPE_BOOLEAN:
		strbuf_add_printf(self->out, "ret->%s = %s", field->name, json_is_true(value) ? "true" : "false");
		break;
	case TYPE_INT:
	case TYPE_LONG: /* by its bits, as the lowest value has no literal of its own */
		strbuf_add_printf(self->out, "ret->%s = (%s)UINT64_C(0x%llx)", field->name,
				  field->type->kind == TYPE_INT ? "int32_t" : "int64_t",
				  (unsigned long long)json_integer_value(value));
		break;
	case TYPE_STRING:
	case TYPE_BYTES:
		strbuf_add_printf(self->out, "ret->%s = slice_make(", field->name);
		add_text_literal(self->out, json_string_value(value), json_string_length(value));
		strbuf_add_printf(self->out, ", %zu)", json_string_length(value));
		break;
	case TYPE_FIXED:
		strbuf_add_printf(self->out, "memcpy(ret->%s, ", field->name);
		add_text_literal(self->out, json_string_value(value), json_string_length(value));
		strbuf_add_printf(self->out, ", %zu)", json_string_length(value));
		break;
	case TYPE_ENUM:
		strbuf_add_printf(self->out, "ret->%s = %s_%s_%s", field->name, emit_upper(self->emit->prefix).text,
				  emit_upper(field->type->name).text, emit_upper(json_string_value(value)).text);
		break;
	case TYPE_ARRAY:
		strbuf_add_printf(self->out, "ret->%s.items = NULL;\n\tret->%s.count = 0", field->name, field->name);
		break;
	case TYPE_RECORD: /* compat_check refuses these */
		break;
	}
	strbuf_add_text(self->out, ";\n");
}

/* The functions that the record's own function will call. */
static void add_field_helpers(struct decode *self, const struct type *newest, const struct type *written)
{
	for (size_t i = 0; i < written->field_count; i++) {
		const struct field *field = &written->fields[i], *target = compat_find(newest, field->name);

		if (!target)
			add_skip_helpers(self, written, field);
		else if (field->type->kind == TYPE_RECORD)
			add_take_record(self, target->type, field->type);
		else if (field->type->kind == TYPE_ARRAY && !whole_array_word(field->type->items))
			add_take_array(self, newest, target, field->type);
	}
}

/* Does the record's function call others that answer with an error of their own? */
static bool needs_rc(const struct type *newest, const struct type *written)
{
	for (size_t i = 0; i < written->field_count; i++)
		if (compat_find(newest, written->fields[i].name) &&
		    (written->fields[i].type->kind == TYPE_RECORD || written->fields[i].type->kind == TYPE_ARRAY))
			return true;
	return false;
}

static void add_take_record(struct decode *self, const struct type *newest, const struct type *written)
{
	struct emit_name name = emit_snake(newest->name);

	if (!emit_done_first(&self->done, "take_%s", name.text))
		return;
	add_field_helpers(self, newest, written);
	strbuf_add_printf(self->out,
			  "static int take_%s_v%u(struct wire_input *in, struct %s_%s *ret, struct err *err)\n{\n",
			  name.text, self->version, self->emit->prefix, name.text);
	if (needs_rc(newest, written))
		strbuf_add_text(self->out, "\tint rc;\n\n");
	for (size_t i = 0; i < written->field_count; i++) {
		const struct field *field = &written->fields[i];

		if (compat_find(newest, field->name)) {
			add_take_field(self, newest, written, field);
			continue;
		}
		strbuf_add_text(self->out, "\tif (!");
		add_skip_word(self, field->type, written, field);
		strbuf_add_printf(self->out, ") /* no longer kept */\n\t\treturn wire_malformed(err, \"%s.%s\");\n",
				  written->name, field->name);
	}
	for (size_t i = 0; i < newest->field_count; i++)
		if (!compat_find(written, newest->fields[i].name))
			add_default(self, &newest->fields[i]);
	strbuf_add_text(self->out, "\treturn 0;\n}\n\n");
}

void emit_decoder(const struct emit *emit, const struct schema *newest, const struct schema *written)
{
	struct decode self = { .emit = emit, .out = emit->out, .version = written->version };
	struct emit_name name = emit_snake(newest->root->name);

	add_take_record(&self, newest->root, written->root);
	strbuf_add_printf(
		emit->out,
		"static int decode_v%u(struct slice body, struct arena *arena, struct %s_%s *ret, struct err *err)\n"
		"{\n\tstruct wire_input in = wire_input_of(body, arena);\n\tstruct %s_%s v;\n"
		"\tint rc = take_%s_v%u(&in, &v, err);\n\n\tif (rc == 0)\n\t\trc = wire_finish(&in, \"%s\", err);\n"
		"\tif (rc == 0)\n\t\t*ret = v;\n\treturn rc;\n}\n\n",
		self.version, emit->prefix, name.text, emit->prefix, name.text, name.text, self.version,
		newest->root->name);
}
