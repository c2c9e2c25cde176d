#include "gateway/upload_answer.h"

#include "base/num.h"
#include "render/summary.h"

#include <jansson.h>

void upload_answer_receipt(struct reply *reply, const struct upload_receipt *receipt)
{
	char fingerprint[2 * FINGERPRINT_BYTES];

	num_to_hex(receipt->fingerprint, FINGERPRINT_BYTES, fingerprint);
	reply_json(reply, 202, "application/json",
		   json_pack("{s:s, s:s%, s:I, s:i, s:I}", "leveringsid", receipt->id, "fingerprint", fingerprint,
			     sizeof fingerprint, "regels", (json_int_t)receipt->lines, "partitie",
			     (int)receipt->partition, "offset", (json_int_t)receipt->offset));
	snprintf(reply->location, sizeof reply->location, "/v1/besturen/%05u/leveringen/%s?positie=%d-%lld",
		 receipt->board, receipt->id, receipt->partition, (long long)receipt->offset);
}

static struct summary refused_summary(const struct header_reading *header, const char *id)
{
	const bool *is_good = header->is_good;

	return (struct summary){
		.delivery_id = slice_of(id),
		.has_board = is_good[FIELD_BOARD - HEADER_FIRST],
		.board = header->header.board,
		.kind = header->header.kind,
		.is_dry_run = is_good[FIELD_DRY_RUN - HEADER_FIRST] && header->header.is_dry_run,
		.sequence = header->header.sequence,
		.extraction_date = MAX(header->header.extraction_date, 0),
		.state = DELIVERY_GEWEIGERD,
	};
}

void upload_answer_refusal(struct reply *reply, unsigned status, const struct header_reading *header, const char *id,
			   const struct finding *findings, size_t count)
{
	struct summary summary = refused_summary(header, id);

	for (size_t i = 0; i < count; i++)
		summary_add_finding(&summary, &findings[i]);
	/* RFC 9457 members in front; "status" is that of specification 8.2, the number stands in the status line */
	json_t *problem = json_pack("{s:s, s:s, s:s}", "type", "urn:instroom:levering-geweigerd", "title",
				    "De levering is geweigerd", "detail",
				    "Er is niets verwerkt. De bevindingen zeggen waarom.");
	json_t *members = summary_json(&summary);

	json_object_update(problem, members);
	json_decref(members);
	reply_json(reply, status, "application/problem+json", problem);
}
