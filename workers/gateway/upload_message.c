#include "gateway/upload_message.h"

void upload_message_make(const struct upload_message *message, struct strbuf *value, struct raw_message *ret)
{
	const struct delivery_header *header = message->header;
	const struct file_reading *file = message->file;
	struct wire_delivery delivery = {
		.header = { .board = (int32_t)header->board,
			    .delivery_id = header->id,
			    .kind = (int32_t)header->kind,
			    .dry_run = header->is_dry_run,
			    .sequence = header->sequence,
			    .extraction_date = header->extraction_date,
			    .received_on = message->received_on,
			    .line_count = (int32_t)file->line_count,
			    .contact_name = header->contact_name,
			    .contact_phone = header->contact_phone,
			    .contact_email = header->contact_email },
		.columns = slice_make(file->columns, file->column_count),
		.cells = { .items = file->cells, .count = file->line_count * file->column_count },
	};

	memcpy(delivery.header.fingerprint, message->fingerprint, sizeof delivery.header.fingerprint);
	memcpy(delivery.header.reference_version, message->reference_version, sizeof delivery.header.reference_version);
	memcpy(delivery.content_sha256, message->content_sha256, sizeof delivery.content_sha256);
	raw_message_of_delivery(ret, &delivery, value);
}
