#include "gen/gen_hostile.h"

#include "base/strbuf.h"
#include "gen/gen_file.h"
#include "model/date.h"
#include "model/delivery.h"

#include <jansson.h>

static const char NAMES[] =
	"bsn;geslachtsnaam;voorvoegsel;voornamen;geslacht;geboortedatum;benoemingssleutel;brin;vestiging;"
	"begin_arbeidsovereenkomst;einde_arbeidsovereenkomst;begin_benoeming;einde_benoeming;"
	"benoemingsgrondslag;onderwijsterrein\n";
static const char LINE[] = "111222333;Vries;de;Anna;V;19800214;A-1;99ZZ;00;20100801;;20100801;;701;\n";

/* A file made of NAMES, LINE and what a case puts between. */
static void make_repeated(struct strbuf *out, const char *bytes, size_t n, size_t times)
{
	for (size_t i = 0; i < times; i++)
		strbuf_add_bytes(out, bytes, n);
}

static void make_empty(struct strbuf *out)
{
	(void)out;
}

static void make_too_large(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	while (out->n <= FILE_BYTES_MAX)
		strbuf_add_text(out, LINE);
}

static void make_nul(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, LINE);
	strbuf_add_char(out, '\0');
}

static void make_overlong(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "111222333;\xc0\xaf;;A;V;19800214;A-1;99ZZ;00;20100801;;20100801;;701;\n");
}

static void make_surrogate(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "111222333;\xed\xa0\x80;;A;V;19800214;A-1;99ZZ;00;20100801;;20100801;;701;\n");
}

static void make_unclosed(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "111222333;\"Vries;");
	make_repeated(out, LINE, sizeof LINE - 1, 10000);
}

static void make_bare_cr(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "111222333\r;Vries;de;Anna;V;19800214;A-1;99ZZ;00;20100801;;20100801;;701;\n");
}

static void make_long_field(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "111222333;");
	make_repeated(out, "a", 1, 1025);
	strbuf_add_text(out, ";de;Anna;V;19800214;A-1;99ZZ;00;20100801;;20100801;;701;\n");
}

static void make_many_columns(struct strbuf *out)
{
	make_repeated(out, "bsn;", 4, 1000000);
	strbuf_add_text(out, "bsn\n");
}

static void make_only_line_ends(struct strbuf *out)
{
	make_repeated(out, "\r\n", 2, 1000000);
}

static void make_too_many_lines(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	make_repeated(out, LINE, sizeof LINE - 1, FILE_LINES_MAX + 1);
}

static void make_one_teacher(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	make_repeated(out, LINE, sizeof LINE - 1, TEACHER_LINES_MAX + 1);
}

static void make_odd_record(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	strbuf_add_text(out, "1;2;3\n");
}

static void make_quotes(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	make_repeated(out, "\"\"", 2, 1000000);
}

/* 500 lines of one teacher, all alike: taken, and every line gets its findings. */
static void make_alike(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	make_repeated(out, LINE, sizeof LINE - 1, TEACHER_LINES_MAX);
}

static void make_unreadable(struct strbuf *out)
{
	strbuf_add_text(out, NAMES);
	make_repeated(out, ";;;;;;;;;;;;;;\n", 15, FILE_LINES_MAX);
}

static const struct {
	const char *name;
	void (*make)(struct strbuf *out);
} HOSTILE[] = {
	{ "LR-F01-empty", make_empty },
	{ "LR-F01-too-large", make_too_large },
	{ "LR-F01-nul", make_nul },
	{ "LR-F01-line-ends", make_only_line_ends },
	{ "LR-F01-too-many-lines", make_too_many_lines },
	{ "LR-F02-overlong", make_overlong },
	{ "LR-F02-surrogate", make_surrogate },
	{ "LR-F03-many-columns", make_many_columns },
	{ "LR-F05-odd-record", make_odd_record },
	{ "LR-F08-unclosed", make_unclosed },
	{ "LR-F08-bare-cr", make_bare_cr },
	{ "LR-F08-long-field", make_long_field },
	{ "LR-F08-quotes", make_quotes },
	{ "LR-F09-one-teacher", make_one_teacher },
	{ "taken-alike", make_alike },
	{ "taken-unreadable", make_unreadable },
};

int gen_hostile_write(const struct gen_options *options, const struct gen_world *world, struct err *err)
{
	struct strbuf file;
	char name[80], board[8], date[11];
	int rc = 0;

	strbuf_init(&file, FILE_BYTES_MAX + (1 << 20));
	snprintf(board, sizeof board, "%05u", world->boards[0].number);
	date_to_iso(options->date, date);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(HOSTILE); i++) {
		json_t *header = json_pack("{s:s, s:s, s:I, s:s}", "bestuur", board, "soort", "MUTATIE", "volgnummer",
					   (json_int_t)(options->sequence + (int64_t)i), "extractiedatum", date);
		char *text = json_dumps(header, JSON_INDENT(1));

		strbuf_reset(&file);
		HOSTILE[i].make(&file);
		snprintf(name, sizeof name, "%s.csv", HOSTILE[i].name);
		rc = gen_file_write(options->out, name, file.n > 0 ? strbuf_slice(&file) : SLICE_LITERAL(""), err);
		snprintf(name, sizeof name, "%s.json", HOSTILE[i].name);
		if (rc == 0)
			rc = gen_file_write(options->out, name, slice_of(text), err);
		free(text);
		json_decref(header);
	}
	strbuf_release(&file);
	return rc;
}
