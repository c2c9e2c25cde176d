#include "validate_fixture.h"

#include "base/num.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/set_back.h"
#include "wire/gen/delivery.h"
#include "wire/gen/forget.h"
#include "wire/gen/replay.h"

#include <assert.h>

enum { LINES_MAX = 50000, CELL_BYTES = 32, BSN_BASE = 100000000, WIDE_BYTES = 198 };

static const char SCHOOLS[] =
	"brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n99ZZ;De Voorbeeldschool;PO;BO;19000101;\n";
static const char SITES[] = "brin;vestiging;naam;geldig_van;geldig_tot\n99ZZ;00;Hoofd;19000101;\n";
static const char GROUNDS[] =
	"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;"
	"verleng_maanden;geldig_van;geldig_tot;herkomst\n"
	"701;PO;;bevoegd;REGISTER;N;N;;;19000101;;test\n";
static const char FIELDS[] = "code;sector;omschrijving;geldig_van;geldig_tot\nP001;PO;groepsleraar;19000101;\n";

const struct slice *validate_fixture_tables(void)
{
	static char boards[8192], board_school[8192];
	static struct slice tables[REFERENCE_TABLES];
	size_t n, m;

	if (tables[REFERENCE_BOARDS].n > 0)
		return tables;
	n = (size_t)snprintf(boards, sizeof boards, "bestuur;naam;geldig_van;geldig_tot\n");
	m = (size_t)snprintf(board_school, sizeof board_school, "bestuur;brin;geldig_van;geldig_tot\n");
	for (int board = FIXTURE_BOARD; board <= FIXTURE_BOARD_LAST; board++) {
		n += (size_t)snprintf(boards + n, sizeof boards - n, "%05d;Stichting Voorbeeld;19000101;\n", board);
		m += (size_t)snprintf(board_school + m, sizeof board_school - m, "%05d;99ZZ;19000101;\n", board);
	}
	tables[REFERENCE_BOARDS] = slice_make(boards, n);
	tables[REFERENCE_SCHOOLS] = slice_of(SCHOOLS);
	tables[REFERENCE_SITES] = slice_of(SITES);
	tables[REFERENCE_BOARD_SCHOOL] = slice_make(board_school, m);
	tables[REFERENCE_GROUNDS] = slice_of(GROUNDS);
	tables[REFERENCE_FIELDS] = slice_of(FIELDS);
	return tables;
}

void validate_fixture_version(uint8_t version[REFERENCE_VERSION_BYTES])
{
	struct reference *reference = NULL;
	int rc = reference_build(validate_fixture_tables(), &reference, NULL);

	assert(rc == 0);
	memcpy(version, reference_version(reference), REFERENCE_VERSION_BYTES);
	reference_free(reference);
}

/* Eight digits count, the ninth follows; a number whose ninth would be ten is skipped. */
void validate_fixture_bsn(size_t n, char out[9])
{
	for (uint32_t eight = BSN_BASE / 10;; eight++) {
		unsigned sum = 0, digits = eight;

		for (unsigned weight = 2; weight <= 9; weight++, digits /= 10)
			sum += weight * (digits % 10);
		if (sum % 11 == 10 || n-- > 0)
			continue;
		char text[16];

		snprintf(text, sizeof text, "%08u%u", eight, sum % 11);
		memcpy(out, text, 9);
		return;
	}
}

static struct slice cells[LINES_MAX * COLUMNS];
static char texts[LINES_MAX][3][CELL_BYTES]; /* BSN, employee, name */
static int32_t record_numbers[LINES_MAX];

static void set_cell(size_t line, enum field field, struct slice value)
{
	cells[line * COLUMNS + field - 1] = value;
}

static void fill_line(size_t line, struct slice bsn, unsigned employee, struct slice name, const char *sex)
{
	int n = snprintf(texts[line][1], CELL_BYTES, "P%u", employee);

	for (enum field field = FIELD_BSN; field <= FIELD_TEACHING_FIELDS; field++)
		set_cell(line, field, (struct slice){ "", 0 });
	set_cell(line, FIELD_BSN, bsn);
	set_cell(line, FIELD_EMPLOYEE_REF, slice_make(texts[line][1], (size_t)n));
	set_cell(line, FIELD_FAMILY_NAME, name);
	set_cell(line, FIELD_GIVEN_NAMES, SLICE_LITERAL("Anna Maria"));
	set_cell(line, FIELD_SEX, slice_of(sex));
	set_cell(line, FIELD_BIRTH_DATE, SLICE_LITERAL("19800214"));
	set_cell(line, FIELD_STREET, SLICE_LITERAL("Voorbeeldstraat"));
	set_cell(line, FIELD_HOUSE_NUMBER, SLICE_LITERAL("12"));
	set_cell(line, FIELD_POSTCODE, SLICE_LITERAL("1234AB"));
	set_cell(line, FIELD_CITY, SLICE_LITERAL("Voorbeelddam"));
	set_cell(line, FIELD_APPOINTMENT_KEY, SLICE_LITERAL("A-1"));
	set_cell(line, FIELD_BRIN, SLICE_LITERAL("99ZZ"));
	set_cell(line, FIELD_SITE, SLICE_LITERAL("00"));
	set_cell(line, FIELD_CONTRACT_START, SLICE_LITERAL("20100801"));
	set_cell(line, FIELD_APPOINTMENT_START, SLICE_LITERAL("20100801"));
	set_cell(line, FIELD_APPOINTMENT_GROUND, SLICE_LITERAL("701"));
}

static size_t fill_lines(const char *text)
{
	size_t count = 0;
	int used;

	for (char teacher[16], content; sscanf(text, " %15[^:]:%c%n", teacher, &content, &used) == 2;
	     text += used, count++) {
		struct slice bsn = { "", 0 };
		unsigned number = 0;

		if (sscanf(teacher, "%u", &number) == 1) {
			validate_fixture_bsn(number, texts[count][0]);
			bsn = slice_make(texts[count][0], 9);
		}
		int n = snprintf(texts[count][2], CELL_BYTES, "Vries%c", content == '!' ? 'a' : content);

		fill_line(count, bsn, number, slice_make(texts[count][2], (size_t)n), content == '!' ? "Q" : "V");
	}
	return count;
}

static struct raw_headers headers_of(const struct raw_spec *spec, size_t line_count)
{
	static char id[48]; /* 28 of them used */
	struct raw_headers headers = { .kind = spec->kind ? spec->kind : RAW_DELIVERY,
				       .board = spec->board ? spec->board : FIXTURE_BOARD };

	if (headers.kind == RAW_FORGET || headers.kind == RAW_SET_BACK)
		return headers;
	snprintf(id, sizeof id, "L-%05u-%020lld", headers.board, (long long)spec->sequence);
	headers.delivery_id = slice_of(id);
	if (headers.kind == RAW_CONFIRM)
		return headers;
	headers.attempt = spec->attempt;
	headers.is_dry_run = spec->is_dry_run;
	headers.is_replay_dry_run = spec->is_replay_dry_run;
	headers.sequence = spec->sequence;
	headers.line_count = (int32_t)line_count;
	headers.delivery_kind = spec->delivery ? spec->delivery : DELIVERY_MUTATIE;
	headers.extraction_date = 20180629;
	headers.received_on = 20180701;
	if (spec->reference_version)
		memcpy(headers.reference_version, spec->reference_version, sizeof headers.reference_version);
	else
		validate_fixture_version(headers.reference_version);
	sha256_of(headers.delivery_id, headers.fingerprint);
	return headers;
}

static struct wire_delivery delivery_of(const struct raw_headers *headers)
{
	static uint8_t columns[COLUMNS];
	struct wire_delivery delivery = { .attempt = headers->attempt };

	for (uint8_t i = 0; i < COLUMNS; i++)
		columns[i] = (uint8_t)(i + 1);
	delivery.header = (struct wire_header){ .board = (int32_t)headers->board,
						.delivery_id = headers->delivery_id,
						.kind = (int32_t)headers->delivery_kind,
						.dry_run = headers->is_dry_run,
						.sequence = headers->sequence,
						.extraction_date = headers->extraction_date,
						.received_on = headers->received_on,
						.line_count = headers->line_count };
	memcpy(delivery.header.fingerprint, headers->fingerprint, sizeof headers->fingerprint);
	memcpy(delivery.header.reference_version, headers->reference_version, sizeof headers->reference_version);
	delivery.columns = slice_make(columns, sizeof columns);
	delivery.cells.items = cells;
	delivery.cells.count = (size_t)headers->line_count * COLUMNS;
	return delivery;
}

static void build(struct strbuf *out, const struct raw_spec *spec, const struct raw_headers *headers)
{
	struct wire_delivery delivery = delivery_of(headers);
	struct wire_replay replay = { .delivery = delivery,
				      .job_id = { 7 },
				      .replay_dry_run = headers->is_replay_dry_run };
	struct wire_confirm confirm = { .board = (int32_t)headers->board,
					.delivery_id = headers->delivery_id,
					.request_id = { 9 },
					.condition = spec->condition };
	struct wire_set_back set_back = { .board = (int32_t)headers->board,
					  .sequence = spec->set_back_to,
					  .request_id = { 8 } };
	struct wire_forget forget = { .board = (int32_t)headers->board, .keys = spec->forget_keys };

	switch (headers->kind) {
	case RAW_DELIVERY:
		frame_put(out, WIRE_DELIVERY_SCHEMA);
		wire_delivery_encode(out, &delivery);
		break;
	case RAW_REPLAY:
		for (int32_t i = 0; i < headers->line_count; i++)
			record_numbers[i] = 10 + i; /* lines 10, 11, .. of the original */
		replay.record_numbers.items = record_numbers;
		replay.record_numbers.count = (size_t)headers->line_count;
		frame_put(out, WIRE_REPLAY_SCHEMA);
		wire_replay_encode(out, &replay);
		break;
	case RAW_CONFIRM:
		frame_put(out, WIRE_CONFIRM_SCHEMA);
		wire_confirm_encode(out, &confirm);
		break;
	case RAW_SET_BACK:
		frame_put(out, WIRE_SET_BACK_SCHEMA);
		wire_set_back_encode(out, &set_back);
		break;
	case RAW_FORGET:
		frame_put(out, WIRE_FORGET_SCHEMA);
		wire_forget_encode(out, &forget);
		break;
	}
}

/* A withdrawal names no appointments (LR-X05). */
static void empty_appointments(size_t count)
{
	for (size_t line = 0; line < count; line++)
		for (enum field field = FIELD_APPOINTMENT_KEY; field <= FIELD_TEACHING_FIELDS; field++)
			set_cell(line, field, (struct slice){ "", 0 });
}

void raw_build(struct strbuf *out, const struct raw_spec *spec, struct raw_headers *ret_headers)
{
	size_t count = spec->lines ? fill_lines(spec->lines) : 0;

	if (spec->delivery == DELIVERY_INTREKKING)
		empty_appointments(count);
	*ret_headers = headers_of(spec, count);
	build(out, spec, ret_headers);
}

void raw_build_large(struct strbuf *out, const struct raw_spec *spec, size_t first, size_t count, unsigned seed,
		     bool is_wide, struct raw_headers *ret_headers)
{
	static char wide[WIDE_BYTES];

	assert(count <= LINES_MAX);
	memset(wide, 'a', sizeof wide);
	for (size_t i = 0; i < count; i++) {
		/* a number that passes follows from the one before it; searching each from the start would be
		 * quadratic */
		uint32_t eight = (uint32_t)(10000000 + (first + i) * 7);
		unsigned sum;

		do {
			sum = 0;
			for (unsigned weight = 2, digits = eight; weight <= 9; weight++, digits /= 10)
				sum += weight * (digits % 10);
		} while (sum % 11 == 10 && eight++ > 0);
		snprintf(texts[i][0], CELL_BYTES, "%08u%u", eight, sum % 11);
		int n = snprintf(texts[i][2], CELL_BYTES, "Vries%c%c", 'a' + (int)(seed % 26), 'a' + (int)(i % 26));

		fill_line(i, slice_make(texts[i][0], 9), (unsigned)(first + i), slice_make(texts[i][2], (size_t)n),
			  "V");
		if (is_wide)
			set_cell(i, FIELD_GIVEN_NAMES, slice_make(wide, sizeof wide));
	}
	*ret_headers = headers_of(spec, count);
	build(out, spec, ret_headers);
}
