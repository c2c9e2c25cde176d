/* fuzz_corpus: writes the first inputs of the wire module's fuzz targets, from invented values.
 *
 *   fuzz_corpus DIR      DIR/decode_delivery/plain, ..
 *
 * The files are committed; this program says where they come from and renews them after a change of a schema. */
#include "protocol/feedback_build.h"
#include "protocol/frame.h"
#include "protocol/outcomes.h"
#include "protocol/raw_headers.h"
#include "protocol/verdict_class.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/feedback.h"
#include "wire/gen/forget.h"
#include "wire/gen/set_back.h"
#include "wire/gen/quarantine.h"
#include "wire/gen/reference.h"
#include "wire/gen/replay.h"

#include <errno.h>
#include <sys/stat.h>

enum { OUT_BYTES_MAX = 1 << 20 };

static const char *root;
static bool is_good = true;

/* Writes and empties bytes. */
static void save(const char *target, const char *name, struct strbuf *bytes)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", root, target);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		is_good = false;
	snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes->p, 1, bytes->n, file) != bytes->n || fclose(file) != 0 || !strbuf_ok(bytes))
		is_good = false;
	strbuf_reset(bytes);
}

/* The datum as it is, and without its last byte. */
static void save_datum(const char *target, const char *name, struct strbuf *bytes)
{
	CLEANUP(strbuf_drop) struct strbuf cut;
	char cut_name[64];

	strbuf_init(&cut, OUT_BYTES_MAX);
	strbuf_add(&cut, slice_make(bytes->p, bytes->n - 1));
	snprintf(cut_name, sizeof cut_name, "%s-cut", name);
	save(target, name, bytes);
	save(target, cut_name, &cut);
}

static struct wire_header some_header(int32_t line_count)
{
	struct wire_header header = { .board = 41211,
				      .delivery_id = SLICE_LITERAL("0123456789-abcdef"),
				      .kind = DELIVERY_VOLLEDIG,
				      .sequence = 7,
				      .extraction_date = 20180601,
				      .received_on = 20180602,
				      .line_count = line_count,
				      .contact_name = SLICE_LITERAL("Voorbeeld") };

	memset(header.fingerprint, 0xab, sizeof header.fingerprint);
	memset(header.reference_version, 0xcd, sizeof header.reference_version);
	return header;
}

static struct slice CELLS[] = { { "111222333", 9 }, { "E-1", 3 }, { "", 0 },
				{ "111222334", 9 }, { "E-2", 3 }, { "x\ny", 3 } };

static struct wire_delivery some_delivery(void)
{
	return (struct wire_delivery){ .header = some_header(2),
				       .columns = SLICE_LITERAL("\1\2\3"),
				       .cells = { CELLS, ARRAY_LEN(CELLS) } };
}

static void make_raw(struct strbuf *bytes)
{
	struct wire_delivery delivery = some_delivery();
	int32_t record_numbers[] = { 2, 50001 };
	struct wire_replay replay = { .delivery = delivery,
				      .record_numbers = { record_numbers, 2 },
				      .replay_dry_run = true };
	struct wire_confirm confirm = { .board = 41211, .delivery_id = SLICE_LITERAL("0123456789-abcdef") };
	struct wire_set_back set_back = { .board = 41211, .sequence = 7, .request_id = { 8 } };
	struct wire_forget forget = { .board = 41211, .keys = SLICE_LITERAL("0123456789abcdef") };

	wire_delivery_encode(bytes, &delivery);
	save_datum("decode_delivery", "plain", bytes);
	delivery.cells.count = 0;
	wire_delivery_encode(bytes, &delivery);
	bytes->n--; /* the end of no cells; two blocks instead, the first with its length */
	strbuf_add(bytes, SLICE_LITERAL("\x03\x08\x02"
					"a"
					"\x02"
					"b"
					"\x02\x02"
					"c"
					"\x00"));
	save_datum("decode_delivery", "blocks", bytes);
	replay.delivery.attempt = 1;
	wire_replay_encode(bytes, &replay);
	save_datum("decode_replay", "plain", bytes);
	wire_confirm_encode(bytes, &confirm);
	save_datum("decode_confirm", "plain", bytes);
	wire_forget_encode(bytes, &forget);
	save_datum("decode_forget", "plain", bytes);
	wire_set_back_encode(bytes, &set_back);
	save_datum("decode_set_back", "plain", bytes);
}

static void make_verdict(struct strbuf *bytes)
{
	static const char KEYS[] =
		"0123456789abcdef"
		"1123456789abcdef"
		"2123456789abcdef";
	static const char HASHES[] =
		"hashhashhashhash"
		"HASHHASHHASHHASH";
	int32_t group_lines[] = { 2, 1, 1, 1 };
	struct wire_candidate candidate = { .bsn = 111222333,
					    .content = SLICE_LITERAL("Voorbeeld\x1f\x1e"
								     "A-1"),
					    .targets = SLICE_LITERAL("R") };
	struct wire_finding_count finding = { .rule = RULE_P02, .lines = 1 };
	struct wire_verdict verdict = { .raw_offset = 5,
					.kind = VERDICT_KIND_DELIVERY,
					.header = some_header(5),
					.unreadable_lines = 1,
					.keys = { KEYS, sizeof KEYS - 1 },
					.classes = SLICE_LITERAL("\1\2\4\3"),
					.hashes = { HASHES, sizeof HASHES - 1 },
					.group_lines = { group_lines, 4 },
					.candidates = { &candidate, 1 },
					.findings = { &finding, 1 },
					.feedback = SLICE_LITERAL("\0") };
	struct err err;

	is_good = verdict_check(&verdict, &err) == 0 && is_good;
	wire_verdict_encode(bytes, &verdict);
	save_datum("decode_verdict", "plain", bytes);
	wire_verdict_encode(bytes, &verdict);
	save("verdict_check", "delivery", bytes);
	verdict = (struct wire_verdict){ .kind = VERDICT_KIND_FORGET,
					 .header = { .board = 41211 },
					 .keys = { KEYS, sizeof KEYS - 1 } };
	is_good = verdict_check(&verdict, &err) == 0 && is_good;
	wire_verdict_encode(bytes, &verdict);
	save("verdict_check", "forget", bytes);
	verdict.keys.n = 15;
	wire_verdict_encode(bytes, &verdict);
	save("verdict_check", "short-key", bytes);
	verdict = (struct wire_verdict){ .kind = VERDICT_KIND_SET_BACK, .header = { .board = 41211, .sequence = 7 } };
	is_good = verdict_check(&verdict, &err) == 0 && is_good;
	wire_verdict_encode(bytes, &verdict);
	save("verdict_check", "set-back", bytes);
}

static void make_aside(struct strbuf *bytes)
{
	struct slice names[] = { SLICE_LITERAL("instroom-kind") }, values[] = { SLICE_LITERAL("DELIVERY") };
	struct wire_quarantine quarantine = { .topic = SLICE_LITERAL("instroom.raw.1"),
					      .partition = 4,
					      .offset = 12,
					      .reason = SLICE_LITERAL("undecodable"),
					      .header_names = { names, 1 },
					      .header_values = { values, 1 },
					      .body = SLICE_LITERAL("\xc3\x01") };
	struct slice tables[] = { SLICE_LITERAL("bestuur;\n"), SLICE_LITERAL(""), SLICE_LITERAL(""),
				  SLICE_LITERAL(""),	       SLICE_LITERAL(""), SLICE_LITERAL("") };
	struct wire_reference_snapshot reference = { .published_ms = 1527811200000,
						     .tables = { tables, ARRAY_LEN(tables) } };

	wire_quarantine_encode(bytes, &quarantine);
	save_datum("decode_quarantine", "plain", bytes);
	wire_reference_snapshot_encode(bytes, &reference);
	save_datum("decode_reference", "plain", bytes);
	frame_put(bytes, WIRE_FORGET_SCHEMA);
	strbuf_add(bytes, SLICE_LITERAL("\2\0"));
	save("frame", "forget", bytes);
	strbuf_add(bytes, SLICE_LITERAL("\xc3\x01\x00\x00"));
	save("frame", "short", bytes);
	strbuf_add(bytes, SLICE_LITERAL("\x00\x00\x00\x00\x01\x02\x02\x02\x02\x02\x02"));
	save("frame", "registry", bytes);
}

static void make_feedback(struct strbuf *bytes)
{
	struct finding findings[] = { { .rule = RULE_B07, .field = FIELD_BRIN, .values = { 3, -4, 5 } },
				      { .rule = RULE_P02, .field = FIELD_BSN } };
	struct judged_line lines[] = {
		{ .record_no = 2,
		  .group = 0,
		  .employee_ref = SLICE_LITERAL("E-1"),
		  .appointment_key = SLICE_LITERAL("A-1"),
		  .target = TARGET_REGISTER,
		  .finding_count = 2 },
		{ .record_no = 3, .group = 199, .target = TARGET_NONE },
	};
	struct judged judged = { .lines = lines, .findings = findings };
	uint8_t outcomes[300];

	feedback_build(bytes, &judged, ARRAY_LEN(lines));
	save_datum("decode_feedback", "plain", bytes);
	feedback_build(bytes, &judged, ARRAY_LEN(lines));
	save_datum("feedback_reader", "plain", bytes);
	lines[1].group = 200;
	feedback_build(bytes, &judged, ARRAY_LEN(lines));
	save("feedback_reader", "no-such-group", bytes);
	for (size_t i = 0; i < sizeof outcomes; i++)
		outcomes[i] = i < 200 ? OUTCOME_ONGEWIJZIGD : (uint8_t)(i % (OUTCOME_MAX + 1));
	outcomes_encode(bytes, outcomes, sizeof outcomes);
	save_datum("outcomes", "plain", bytes);
	strbuf_add(bytes, SLICE_LITERAL("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	save("outcomes", "endless", bytes);
}

static void make_headers(struct strbuf *bytes)
{
	struct raw_headers headers = { .board = 41211,
				       .delivery_id = SLICE_LITERAL("0123456789-abcdef"),
				       .sequence = 7,
				       .line_count = 2,
				       .delivery_kind = DELIVERY_VOLLEDIG,
				       .extraction_date = 20180601,
				       .received_on = 20180602 };
	struct raw_headers_text text;

	for (enum raw_kind kind = RAW_DELIVERY; kind <= RAW_SET_BACK; kind++) {
		headers.kind = kind;
		headers.attempt = kind == RAW_REPLAY ? 1 : 0;
		raw_headers_write(&headers, &text);
		for (size_t i = 0; i < text.count; i++) {
			strbuf_add_printf(bytes, "%s ", text.items[i].name);
			strbuf_add(bytes, text.items[i].value);
			strbuf_add_char(bytes, '\n');
		}
		save("raw_headers", raw_kind_name(kind), bytes);
	}
}

static void save_snapshot(const char *name, struct slice *tables, size_t count, struct strbuf *bytes)
{
	struct wire_reference_snapshot snapshot = { .published_ms = 1527811200000, .tables = { tables, count } };

	frame_put(bytes, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(bytes, &snapshot);
	save("reference_snapshot", name, bytes);
}

/* Whole messages of the reference topic. */
static void make_snapshots(struct strbuf *bytes)
{
	struct slice tables[] = {
		SLICE_LITERAL("bestuur;naam;geldig_van;geldig_tot\n99901;Stichting;19000101;\n"),
		SLICE_LITERAL("brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n99ZZ;School;VO;VO;19750801;\n"),
		SLICE_LITERAL("brin;vestiging;naam;geldig_van;geldig_tot\n99ZZ;00;Hoofd;19750801;\n"),
		SLICE_LITERAL("bestuur;brin;geldig_van;geldig_tot\n99901;99ZZ;19000101;\n"),
		SLICE_LITERAL("code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;"
			      "max_maanden;verleng_maanden;geldig_van;geldig_tot;herkomst\n"
			      "900;VO;;test;REGISTER;N;N;;;19000101;;test\n"),
		SLICE_LITERAL("code;sector;omschrijving;geldig_van;geldig_tot\nV1002;VO;Wiskunde;19000101;\n"),
		SLICE_LITERAL("a table too many"),
	};

	save_snapshot("plain", tables, ARRAY_LEN(tables) - 1, bytes);
	save_snapshot("seven", tables, ARRAY_LEN(tables), bytes);
	tables[5] = SLICE_LITERAL("code;sector;omschrijving;geldig_van\n");
	save_snapshot("column-missing", tables, ARRAY_LEN(tables) - 1, bytes);
}

int main(int argc, char **argv)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;

	if (argc != 2) {
		fputs("usage: fuzz_corpus DIR\n", stderr);
		return 64;
	}
	root = argv[1];
	strbuf_init(&bytes, OUT_BYTES_MAX);
	make_raw(&bytes);
	make_verdict(&bytes);
	make_aside(&bytes);
	make_feedback(&bytes);
	make_headers(&bytes);
	make_snapshots(&bytes);
	if (!is_good)
		fprintf(stderr, "fuzz_corpus: cannot write all files under %s\n", root);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
