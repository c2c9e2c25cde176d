#include "render/terugmelding_stream.h"

#include "base/num.h"
#include "model/teacher_key.h"
#include "protocol/feedback_build.h"
#include "protocol/outcomes.h"
#include "render/json_build.h"
#include "render/terugmelding.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

enum {
	GROUPS_MAX = FILE_LINES_MAX,
	ARENA_BYTES_MAX = 128 << 20, /* a verdict, and so what the ledger keeps of it, has 64 MiB at most */
	ARENA_BYTES_KEPT = 0,
	SUMMARY_BYTES_MAX = 1 << 20,
};

static const char JSON_END[] = "]}";

enum stage { STAGE_HEAD, STAGE_LINES, STAGE_END };

struct terugmelding_stream {
	enum terugmelding_form form;
	enum stage stage;
	struct arena arena;
	struct summary summary; /* of TERUGMELDING_JSON */
	int64_t sequence;
	int64_t line_count;
	bool has_body;
	uint8_t *outcomes;
	size_t outcome_count;
	struct slice body; /* that the reader reads; in the arena */
	struct feedback_reader reader;
	uint32_t next_record; /* without a body: the record that comes next */
	bool has_line;	      /* one was written */
};

static const char *const LINES_SQL = "select lines, sequence, outcomes, body, has_body from register.ask_lines($1, $2)";

static int load_lines(struct terugmelding_stream *stream, struct pg_link *link, uint32_t board, int64_t position,
		      struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	struct slice body = { 0 };

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_i64(&params, position);
	int rc = pg_ask(link, "terugmelding_lines", LINES_SQL, "ilxXb", &params, &rows, err);

	if (rc != 0)
		return rc;
	if (pg_rows_count(rows) == 0)
		return err_set(err, ERR_DATA, "unknown", "the ledger holds no delivery at this position");
	if (pg_is_null(rows, 0, 3) && pg_get_bool(rows, 0, 4))
		return err_set(err, ERR_DATA, "expired", "its terugmelding was removed when its term was over");
	stream->line_count = pg_get_i32(rows, 0, 0);
	stream->sequence = pg_get_i64(rows, 0, 1);
	stream->has_body = !pg_is_null(rows, 0, 3);
	stream->next_record = 2;
	rc = outcomes_decode(pg_get_bytes(rows, 0, 2), GROUPS_MAX, &stream->arena, &stream->outcomes,
			     &stream->outcome_count, err);
	if (rc != 0 || !stream->has_body)
		return rc;
	if (!arena_copy(&stream->arena, pg_get_bytes(rows, 0, 3), &body))
		return err_set(err, ERR_FULL, "arena", "the lines of a delivery are larger than they can be");
	stream->body = body;
	feedback_reader_init(&stream->reader, body, stream->outcomes, stream->outcome_count);
	return 0;
}

int terugmelding_stream_open(struct pg_link *link, uint32_t board, int64_t position, enum terugmelding_form form,
			     struct terugmelding_stream **ret, struct err *err)
{
	struct terugmelding_stream *stream = calloc(1, sizeof *stream);

	if (!stream)
		return err_set(err, ERR_RETRY, "memory", "no memory for a terugmelding");
	stream->form = form;
	int rc = arena_init(&stream->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0 && form == TERUGMELDING_JSON)
		rc = terugmelding_summary(link, board, position, &stream->arena, &stream->summary, err);
	if (rc == 0)
		rc = load_lines(stream, link, board, position, err);
	if (rc != 0) {
		terugmelding_stream_free(stream);
		return rc;
	}
	*ret = stream;
	return 0;
}

void terugmelding_stream_free(struct terugmelding_stream *stream)
{
	if (!stream)
		return;
	arena_release(&stream->arena);
	free(stream);
}

size_t terugmelding_stream_bytes(const struct terugmelding_stream *stream)
{
	return sizeof *stream + stream->arena.used_bytes;
}

/* The texts of findings are the program's, so its version is one of the parts. */
void terugmelding_stream_sha256(const struct terugmelding_stream *stream, uint8_t ret[32])
{
	uint8_t parts[4][32] = { 0 };
	char text[128];
	int n = snprintf(text, sizeof text, "%s %d %" PRId64 " %" PRId64 " %d", INSTROOM_VERSION, (int)stream->form,
			 stream->sequence, stream->line_count, stream->has_body);

	sha256_of(slice_make(text, (size_t)n), parts[0]);
	sha256_of(slice_make(stream->outcomes, stream->outcome_count * sizeof *stream->outcomes), parts[1]);
	sha256_of(stream->body, parts[2]);
	if (stream->form == TERUGMELDING_JSON) {
		CLEANUP(strbuf_drop) struct strbuf summary;

		strbuf_init(&summary, SUMMARY_BYTES_MAX);
		summary_put_json(&summary, summary_json(&stream->summary));
		sha256_of(strbuf_slice(&summary), parts[3]);
	}
	sha256_of(slice_make(parts, sizeof parts), ret);
}

/* As feedback_reader_next. Lines of a body that could not be read have a number and an outcome only. */
static int next_line(struct terugmelding_stream *stream, struct feedback_line *ret, bool *ret_is_end, struct err *err)
{
	if (stream->has_body)
		return feedback_reader_next(&stream->reader, ret, ret_is_end, err);
	*ret_is_end = stream->next_record >= stream->line_count + 2;
	if (*ret_is_end)
		return 0;
	*ret = (struct feedback_line){ .record_no = stream->next_record++, .outcome = OUTCOME_QUARANTAINE };
	return 0;
}

static json_t *line_json(const struct feedback_line *line, int64_t sequence)
{
	struct finding findings[FEEDBACK_FINDINGS_MAX + 1];
	size_t count = feedback_findings(line, sequence, findings);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_build_append(&list, finding_json(&findings[i]));
	return json_pack("{s:I, s:s%, s:s%, s:s, s:s, s:o}", "regel", (json_int_t)line->record_no, "personeelsnummer",
			 line->employee_ref.n ? line->employee_ref.p : "", line->employee_ref.n, "benoemingssleutel",
			 line->appointment_key.n ? line->appointment_key.p : "", line->appointment_key.n, "uitkomst",
			 outcome_name(outcome_counted_as(line->outcome)), "doel", target_name(line->target),
			 "bevindingen", list);
}

/* The summary, whose last member is the list of lines: its end is left out. */
static void add_json_head(struct strbuf *out, const struct summary *summary)
{
	json_t *json = summary_json(summary);

	json_build_put(&json, "terugmelding", json_array());
	summary_put_json(out, json);
	if (strbuf_ok(out))
		out->n -= sizeof JSON_END - 1;
}

static void add_head(struct terugmelding_stream *stream, struct strbuf *out)
{
	if (stream->form == TERUGMELDING_CSV)
		feedback_add_header(out);
	else
		add_json_head(out, &stream->summary);
	stream->stage = STAGE_LINES;
}

static void add_line(struct terugmelding_stream *stream, struct strbuf *out, const struct feedback_line *line)
{
	if (stream->form == TERUGMELDING_CSV) {
		feedback_add_line(out, line, stream->sequence);
		return;
	}
	if (stream->has_line)
		strbuf_add_char(out, ',');
	stream->has_line = true;
	summary_put_json(out, line_json(line, stream->sequence));
}

static void add_end(struct terugmelding_stream *stream, struct strbuf *out)
{
	if (stream->form == TERUGMELDING_JSON)
		strbuf_add_text(out, JSON_END);
	stream->stage = STAGE_END;
}

int terugmelding_stream_next(struct terugmelding_stream *stream, struct strbuf *out, size_t bytes_min, bool *ret_is_end,
			     struct err *err)
{
	struct feedback_line line;

	if (stream->stage == STAGE_HEAD)
		add_head(stream, out);
	while (stream->stage == STAGE_LINES && out->n < bytes_min && strbuf_ok(out)) {
		bool is_end;
		int rc = next_line(stream, &line, &is_end, err);

		if (rc != 0)
			return rc;
		if (is_end)
			add_end(stream, out);
		else
			add_line(stream, out, &line);
	}
	*ret_is_end = stream->stage == STAGE_END;
	return strbuf_check(out, "a part of a terugmelding", err);
}
