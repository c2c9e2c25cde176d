#include "codegen/canonical.h"

#include <assert.h>

enum { FORM_BYTES_MAX = 1 << 20, NAMES_MAX = 256 };
#define CRC64_EMPTY UINT64_C(0xc15d213aa4d7a795)

uint64_t canonical_crc64(struct slice text)
{
	uint64_t crc = CRC64_EMPTY;

	for (size_t i = 0; i < text.n; i++) {
		crc ^= (uint8_t)text.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (CRC64_EMPTY & -(crc & 1));
	}
	return crc;
}

struct writer {
	struct strbuf *out;
	const struct type *known[NAMES_MAX];
	size_t known_count;
};

/* true the first time: the definition is written; later ones are the bare name. */
static bool writer_defines(struct writer *self, const struct type *type)
{
	for (size_t i = 0; i < self->known_count; i++)
		if (self->known[i] == type)
			return false;
	assert(self->known_count < NAMES_MAX);
	self->known[self->known_count++] = type;
	return true;
}

static void add_type(struct writer *self, const struct type *type);

static void add_fields(struct writer *self, const struct type *record)
{
	for (size_t i = 0; i < record->field_count; i++) {
		strbuf_add_printf(self->out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", record->fields[i].name);
		add_type(self, record->fields[i].type);
		strbuf_add_char(self->out, '}');
	}
}

static void add_named(struct writer *self, const struct type *type)
{
	static const char *const KINDS[] = { [TYPE_FIXED] = "fixed", [TYPE_ENUM] = "enum", [TYPE_RECORD] = "record" };

	if (!writer_defines(self, type)) {
		strbuf_add_printf(self->out, "\"%s\"", type->full_name);
		return;
	}
	strbuf_add_printf(self->out, "{\"name\":\"%s\",\"type\":\"%s\",", type->full_name, KINDS[type->kind]);
	if (type->kind == TYPE_FIXED) {
		strbuf_add_printf(self->out, "\"size\":%zu}", type->size);
		return;
	}
	strbuf_add_printf(self->out, "\"%s\":[", type->kind == TYPE_ENUM ? "symbols" : "fields");
	for (size_t i = 0; i < type->symbol_count; i++)
		strbuf_add_printf(self->out, "%s\"%s\"", i ? "," : "", type->symbols[i]);
	add_fields(self, type);
	strbuf_add_text(self->out, "]}");
}

static void add_type(struct writer *self, const struct type *type)
{
	if (type->kind <= TYPE_BYTES) {
		strbuf_add_printf(self->out, "\"%s\"", PRIMITIVE_NAMES[type->kind]);
	} else if (type->kind == TYPE_ARRAY) {
		strbuf_add_text(self->out, "{\"type\":\"array\",\"items\":");
		add_type(self, type->items);
		strbuf_add_char(self->out, '}');
	} else {
		add_named(self, type);
	}
}

void canonical_add(struct strbuf *out, const struct type *type)
{
	struct writer writer = { .out = out };

	add_type(&writer, type);
}

uint64_t canonical_fingerprint(const struct type *type)
{
	CLEANUP(strbuf_drop) struct strbuf form;

	strbuf_init(&form, FORM_BYTES_MAX);
	canonical_add(&form, type);
	assert(strbuf_ok(&form));
	return canonical_crc64(strbuf_slice(&form));
}
