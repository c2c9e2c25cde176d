#include "gateway/upload_answer.h"

#include "base/num.h"
#include "render/summary.h"

#include <jansson.h>

void upload_answer_receipt(struct reply *reply, const struct upload_receipt *receipt)
{
	char fingerprint[2 * FINGERPRINT_BYTES], sha256[2 * 32];

	num_to_hex(receipt->fingerprint, FINGERPRINT_BYTES, fingerprint);
	num_to_hex(receipt->content_sha256, 32, sha256);
	reply_json(reply, 202, "application/json",
		   json_pack("{s:s, s:s%, s:I, s:s%, s:i, s:I, s:s, s:s}", "leveringsid", receipt->id, "fingerprint",
			     fingerprint, sizeof fingerprint, "regels", (json_int_t)receipt->lines, "sha256", sha256,
			     sizeof sha256, "partitie", (int)receipt->partition, "offset", (json_int_t)receipt->offset,
			     "positie", receipt->position, "installatie", receipt->installation));
	snprintf(reply->location, sizeof reply->location, "/v1/besturen/%05u/leveringen/%s?positie=%s", receipt->board,
		 receipt->id, receipt->position);
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
			   const struct finding *findings, size_t count, const char *detail)
{
	struct summary summary = refused_summary(header, id);

	char type[32];

	for (size_t i = 0; i < count; i++)
		summary_add_finding(&summary, &findings[i]);
	snprintf(type, sizeof type, "/v1/regels/%s", rule_code((enum rule)findings[0].rule));
	reply_refusal(reply, status, type,
		      detail ? detail
			     : "Deze levering is geweigerd en er is niets van verwerkt, de bevindingen zeggen waarom",
		      summary_json(&summary));
}
