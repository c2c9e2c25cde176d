/* What is shown of rows that this build did not write: by a newer writer, or damaged. */
#include "register_fixture.h"
#include "render/stand.h"
#include "render/terugmelding_stream.h"

/* A teacher with two appointments, and a delivery in which a newer validator found LR-B20. Invented persons. */
static const char ROWS[] =
	"insert into register.teacher (board, key, bsn, status, sequence, since, hash, content, targets) values"
	" (1, '01000000-0000-0000-0000-000000000000', 999900018, 1, 5, 11, '0a000000-0000-0000-0000-000000000000',"
	"  E'Jansen\\x1f\\x1fJan\\x1fM\\x1f19800601\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f"
	"\\x1eA-1\\x1f99QD\\x1f00\\x1f20100801\\x1f\\x1f20100901\\x1f20300801\\x1f701\\x1f"
	"\\x1eA-2\\x1f99QE\\x1f01\\x1f20110801\\x1f\\x1f20110801\\x1f\\x1f\\x1f8', 'RV');"
	"insert into register.board (board, partition) values (1, 0);"
	"insert into register.delivery (position, board, delivery_id, fingerprint, kind, dry_run, sequence,"
	"  extraction_date, received_on, reference_version, state, lines, nieuw, gewijzigd, ongewijzigd,"
	"  verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices,"
	"  unreadable_lines, key_list, feedback, outcomes) values"
	" (14, 1, 'levering-0014---', '\\x00', 1, false, 9, 20260801, 20260802, '\\x00', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,"
	"  1, 0, 0, 0, '0c000000-0000-0000-0000-000000000000', '0d000000-0000-0000-0000-000000000000', '\\x0101');"
	"insert into register.finding (position, rule, lines) values (14, 66 * 256 + 20, 1);"
	/* regel 2, group 0, REGISTER, one finding: rule LR-B20, column 37, four values */
	"insert into register.feedback (board, digest, body) values"
	" (1, '0d000000-0000-0000-0000-000000000000', '\\x02040000000202a888024a0802040608000000');";

static struct pg_link *open_register(void)
{
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, MIGRATION_LAST);
	cr_assert_eq(pg_script(link, ROWS, &err), 0, "%s", err.text);
	return link;
}

static int keep_all(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

static int render_stand(struct pg_link *link, struct strbuf *out, struct err *err)
{
	const struct stand_options options = { .is_one_board = true, .board = 1 };

	strbuf_reset(out);
	return stand_write(link, &options, out, keep_all, NULL, err);
}

static size_t count_rows(struct strbuf *out)
{
	size_t rows = 0;

	for (size_t i = 0; i < out->n; i++)
		rows += out->p[i] == '\n';
	return rows;
}

static const struct {
	const char *set;
	const char *why;
} DAMAGES[] = {
	{ "content = left(content, -10)", "the last appointment lacks fields" },
	{ "content = replace(content, E'\\x1eA-1', E'\\x1e\\x1fA-1')", "the first has one too many" },
	{ "content = content || E'\\x1e'", "an empty one behind them" },
	{ "content = content || E'\\x1fx'", "a field behind the last" },
	{ "targets = 'R'", "an appointment without target" },
	{ "targets = 'RVR'", "a target without appointment" },
	{ "targets = 'RX'", "a target that is none" },
	{ "content = ''", "no person" },
};

Test(render, a_stand_with_an_appointment_that_cannot_be_read_is_an_error)
{
	struct pg_link *link = open_register();
	CLEANUP(strbuf_drop) struct strbuf out;
	struct err err = { 0 };
	char sql[512];

	strbuf_init(&out, 1 << 20);
	ASSERT_OK(render_stand(link, &out, &err));
	cr_expect_eq(count_rows(&out), 3, "a header and two appointments");
	for (size_t i = 0; i < ARRAY_LEN(DAMAGES); i++) {
		snprintf(sql, sizeof sql, "begin; update register.teacher set %s", DAMAGES[i].set);
		ASSERT_OK(pg_script(link, sql, &err));
		cr_expect_eq(render_stand(link, &out, &err), -ERR_FATAL, "%s", DAMAGES[i].why);
		cr_expect_str_eq(err.code, "content", "%s", DAMAGES[i].why);
		ASSERT_OK(pg_script(link, "rollback", &err));
	}
	pg_link_close(link);
}

/* All of its text, in parts of a few bytes. */
static const char *read_text(struct pg_link *link, enum terugmelding_form form, struct strbuf *out)
{
	struct terugmelding_stream *stream = NULL;
	struct err err = { 0 };
	bool is_end = false;

	strbuf_reset(out);
	ASSERT_OK(terugmelding_stream_open(link, 1, 14, form, &stream, &err));
	while (!is_end)
		ASSERT_OK(terugmelding_stream_next(stream, out, out->n + 1, &is_end, &err));
	terugmelding_stream_free(stream);
	return strbuf_text(out);
}

Test(render, a_code_of_a_newer_program_is_shown)
{
	struct pg_link *link = open_register();
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1 << 20);
	cr_expect(strstr(read_text(link, TERUGMELDING_CSV, &out), "2;;;nieuw;REGISTER;LR-B20;;;De omschrijving"), "%s",
		  strbuf_text(&out));
	cr_expect(strstr(read_text(link, TERUGMELDING_JSON, &out), "\"codes\":{\"LR-B20\":1}"), "%s",
		  strbuf_text(&out));
	cr_expect(strstr(strbuf_text(&out), "\"code\":\"LR-B20\",\"ernst\":\"\""), "%s", strbuf_text(&out));
	pg_link_close(link);
}
