#include "protocol/frame.h"

static const uint8_t MARKER[2] = { 0xc3, 0x01 };

void frame_put(struct strbuf *out, uint64_t schema)
{
	uint8_t bytes[FRAME_BYTES] = { MARKER[0], MARKER[1] };

	for (size_t i = sizeof MARKER; i < FRAME_BYTES; i++, schema >>= 8)
		bytes[i] = (uint8_t)schema;
	strbuf_add_bytes(out, bytes, sizeof bytes);
}

int frame_open(struct slice message, uint64_t *ret_schema, struct slice *ret_body, struct err *err)
{
	uint64_t schema = 0;

	if (message.n < FRAME_BYTES)
		return err_set(err, ERR_DATA, "frame", "%zu bytes are shorter than the %d of a frame", message.n,
			       FRAME_BYTES);
	if (memcmp(message.p, MARKER, sizeof MARKER) != 0)
		return err_set(err, ERR_DATA, "frame", "no marker of Avro's single-object encoding");
	for (size_t i = FRAME_BYTES; i-- > sizeof MARKER;)
		schema = schema << 8 | (uint8_t)message.p[i];
	*ret_schema = schema;
	*ret_body = slice_from(message, FRAME_BYTES);
	return 0;
}
