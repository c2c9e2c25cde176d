#include "judge_fixture.h"
#include "rule_values.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { ARENA_BYTES = 64 << 20 };

static const char BOARDS[] =
	"bestuur;naam;geldig_van;geldig_tot\n"
	"99901;Stichting Voorbeeld;19000101;\n"
	"99902;Stichting Ander;19000101;\n";
static const char SCHOOLS[] =
	"brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n"
	"99ZZ;De Voorbeeldschool;PO;BO;19000101;\n"
	"99VO;Voorbeeldcollege;VO;VO;19000101;\n"
	"99MA;Voorbeeldmbo;MBO;MBO;19000101;\n"
	"99WE;Voorbeeld vso met examens;WEC;VSO_EXAMEN;19000101;\n"
	"99WP;Voorbeeld so;WEC;SO;19000101;\n"
	"99AN;School van een ander;PO;BO;19000101;\n"
	"99NS;School zonder vestigingen;PO;BO;19000101;\n"
	"99NW;Nieuwe school;PO;BO;20180601;\n"
	"99WG;Gesloten school;PO;BO;19000101;20180601\n";
static const char SITES[] =
	"brin;vestiging;naam;geldig_van;geldig_tot\n"
	"99ZZ;00;Hoofd;19000101;\n"
	"99ZZ;01;Dependance;20150801;\n"
	"99ZZ;12;Buiten;19000101;20180601\n"
	"99ZZ;13;Tot de zomer;19000101;20180801\n"
	"99VO;00;Hoofd;19000101;\n"
	"99MA;00;Hoofd;19000101;\n"
	"99WE;00;Hoofd;19000101;\n"
	"99WP;00;Hoofd;19000101;\n"
	"99AN;00;Hoofd;19000101;\n"
	"99NW;00;Hoofd;20180601;\n"
	"99WG;00;Hoofd;19000101;20180601\n";
static const char BOARD_SCHOOL[] =
	"bestuur;brin;geldig_van;geldig_tot\n"
	"99901;99ZZ;19000101;\n"
	"99901;99VO;19000101;\n"
	"99901;99MA;19000101;\n"
	"99901;99WE;19000101;\n"
	"99901;99WP;19000101;\n"
	"99901;99NS;19000101;\n"
	"99901;99NW;19000101;\n"
	"99901;99WG;19000101;\n"
	"99902;99AN;19000101;\n";
static const char GROUNDS[] =
	"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;verleng_maanden;"
	"geldig_van;geldig_tot;herkomst\n"
	"701;PO;;bevoegd;REGISTER;N;N;;;19000101;;test\n"
	"708;PO;;in opleiding;VOORPORTAAL;J;J;;;19000101;;test\n"
	"901;VO;;bevoegd;REGISTER;N;N;;;19000101;;test\n"
	"912;VO;;vijf maanden;VOORPORTAAL;J;J;5;0;19000101;;test\n"
	"914;VO;;twee jaar;VOORPORTAAL;J;J;12;12;19000101;;test\n"
	"917;VO;;zonder eind;VOORPORTAAL;J;N;;;19000101;;test\n"
	"919;VO;;zonder terrein;VOORPORTAAL;N;N;;;19000101;;test\n"
	"921;VO;;gastdocent;GEEN;N;N;;;19000101;;test\n"
	"961;MBO;;bevoegd;REGISTER;N;N;;;19000101;;test\n"
	"990;PO;;vervallen;REGISTER;N;N;;;19000101;20180101;test\n";
static const char FIELDS[] =
	"code;sector;omschrijving;geldig_van;geldig_tot\n"
	"P001;PO;groepsleraar;19000101;\n"
	"P002;PO;vakleraar;19000101;\n"
	"P003;PO;oud;19000101;20180601\n"
	"V1;VO;een;19000101;\n"
	"V2;VO;twee;19000101;\n"
	"V3;VO;drie;19000101;\n"
	"V4;VO;vier;19000101;\n"
	"V5;VO;vijf;19000101;\n";

static const struct {
	enum field field;
	const char *text;
} GOOD_LINE[] = {
	{ FIELD_BSN, "111222333" },
	{ FIELD_EMPLOYEE_REF, "1001" },
	{ FIELD_FAMILY_NAME, "Vries" },
	{ FIELD_NAME_PREFIX, "de" },
	{ FIELD_GIVEN_NAMES, "Anna Maria" },
	{ FIELD_SEX, "V" },
	{ FIELD_BIRTH_DATE, "19800214" },
	{ FIELD_APPOINTMENT_KEY, "A-1" },
	{ FIELD_BRIN, "99ZZ" },
	{ FIELD_SITE, "00" },
	{ FIELD_CONTRACT_START, "20100801" },
	{ FIELD_APPOINTMENT_START, "20100801" },
	{ FIELD_APPOINTMENT_GROUND, "701" },
};

struct judge_fixture *judge_fixture_new(void)
{
	struct judge_fixture *fixture = calloc(1, sizeof *fixture);
	const struct slice tables[REFERENCE_TABLES] = { slice_of(BOARDS),	slice_of(SCHOOLS), slice_of(SITES),
							slice_of(BOARD_SCHOOL), slice_of(GROUNDS), slice_of(FIELDS) };
	struct err err;

	cr_assert_not_null(fixture);
	cr_assert_eq(reference_build(tables, &fixture->reference, &err), 0, "%s", err.text);
	cr_assert_eq(arena_init(&fixture->arena, ARENA_BYTES, ARENA_BYTES, &err), 0);
	hmac_key_init(&fixture->key, SLICE_LITERAL("sleutel-voor-de-test"));
	for (size_t i = 0; i < COLUMNS; i++)
		fixture->columns[i] = (uint8_t)(i + 1);
	fixture->input = (struct judge_input){
		.reference = fixture->reference,
		.key = &fixture->key,
		.board = 99901,
		.kind = DELIVERY_VOLLEDIG,
		.extraction_date = 20180629,
		.received_on = 20180701,
		.columns = fixture->columns,
		.column_count = COLUMNS,
		.cells = fixture->cells,
	};
	return fixture;
}

void judge_fixture_free(struct judge_fixture *fixture)
{
	reference_free(fixture->reference);
	arena_release(&fixture->arena);
	free(fixture);
}

void judge_fixture_reset(struct judge_fixture *fixture)
{
	arena_reset(&fixture->arena);
	fixture->text_bytes = 0;
	fixture->input.line_count = 0;
}

static struct slice keep_text(struct judge_fixture *fixture, struct slice text)
{
	char *copy = fixture->text + fixture->text_bytes;

	cr_assert(text.n <= sizeof fixture->text - fixture->text_bytes);
	memcpy(copy, text.p, text.n);
	fixture->text_bytes += text.n;
	return slice_make(copy, text.n);
}

void judge_fixture_add(struct judge_fixture *fixture, const char *changes)
{
	struct slice *line = fixture->cells + fixture->input.line_count++ * COLUMNS;
	struct slice rest = keep_text(fixture, slice_of(changes));

	cr_assert(fixture->input.line_count <= FIXTURE_LINES_MAX);
	memset(line, 0, COLUMNS * sizeof *line);
	for (size_t i = 0; i < ARRAY_LEN(GOOD_LINE); i++)
		line[GOOD_LINE[i].field - 1] = slice_of(GOOD_LINE[i].text);
	while (rest.n > 0) {
		const char *semicolon = memchr(rest.p, ';', rest.n);
		struct slice change = slice_cut(&rest, semicolon ? (size_t)(semicolon - rest.p) : rest.n);
		const char *equals = memchr(change.p, '=', change.n);

		cr_assert_not_null(equals, "a change without '=': %s", changes);
		enum field field = field_of_column(slice_make(change.p, (size_t)(equals - change.p)));

		cr_assert_neq(field, FIELD_NONE, "no such column: %s", changes);
		line[field - 1] = slice_from(change, (size_t)(equals - change.p) + 1);
		if (semicolon)
			slice_cut(&rest, 1);
	}
}

void judge_fixture_judge(struct judge_fixture *fixture)
{
	struct err err;

	cr_assert_eq(judge_delivery(&fixture->input, &fixture->arena, &fixture->judged, &err), 0);
}

static void add_values(struct strbuf *out, const struct finding *finding)
{
	for (unsigned i = 0; i < rule_value_count(finding->rule); i++) {
		int64_t value = finding->values[i];

		if (value >= rule_brin_value(SLICE_LITERAL("00AA"))) /* beyond any date */
			strbuf_add_printf(out, " %c%c%c%c", (int)(value >> 24), (int)(value >> 16 & 0xff),
					  (int)(value >> 8 & 0xff), (int)(value & 0xff));
		else
			strbuf_add_printf(out, " %" PRId64, value);
	}
}

const char *judge_fixture_findings(struct judge_fixture *fixture, size_t line)
{
	const struct judged_line *judged = &fixture->judged.lines[line];
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, sizeof fixture->findings - 1);
	for (uint32_t i = 0; i < judged->finding_count; i++) {
		const struct finding *finding = &fixture->judged.findings[judged->finding_first + i];

		strbuf_add_text(&out, i > 0 ? ", " : "");
		strbuf_add_text(&out, rule_code(finding->rule));
		if (finding->field != FIELD_NONE)
			strbuf_add_printf(&out, " %s", field_name(finding->field));
		add_values(&out, finding);
	}
	cr_assert(strbuf_ok(&out));
	snprintf(fixture->findings, sizeof fixture->findings, "%.*s", (int)out.n, out.n > 0 ? out.p : "");
	return fixture->findings;
}

const char *judge_fixture_findings_of(struct judge_fixture *fixture, const char *changes)
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, changes);
	judge_fixture_judge(fixture);
	return judge_fixture_findings(fixture, 0);
}
