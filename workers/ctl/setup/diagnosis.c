#include "ctl/setup/diagnosis.h"

#include <stdarg.h>

enum { TEXT_COLUMNS = 80, INDENT = 22, FOUND_BYTES_MAX = 1024 };

static const struct output_column COLUMNS[] = {
	{ "check", NULL, COLUMN_TEXT },
	{ "state", NULL, COLUMN_TEXT },
	{ "found", NULL, COLUMN_TEXT },
	{ "advice", NULL, COLUMN_TEXT },
};

static const char *const STATES[DIAGNOSIS_STATES] = {
	[DIAGNOSIS_OK] = "ok",
	[DIAGNOSIS_UNKNOWN] = "unknown",
	[DIAGNOSIS_WARN] = "warn",
	[DIAGNOSIS_FAIL] = "fail",
};

void diagnosis_begin(struct diagnosis *diagnosis, enum output_format format)
{
	*diagnosis = (struct diagnosis){ 0 };
	output_init(&diagnosis->out, format, COLUMNS, ARRAY_LEN(COLUMNS));
}

void diagnosis_release(struct diagnosis *diagnosis)
{
	output_release(&diagnosis->out);
}

/* Words from column INDENT on. A word that is wider than a line stands alone. */
static void print_words(const char *text)
{
	size_t column = INDENT;

	for (size_t n; *text; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		bool is_first = column == INDENT;

		if (!is_first && column + 1 + n > TEXT_COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
			is_first = true;
		}
		printf("%s%.*s", is_first ? "" : " ", (int)n, text);
		column += n + !is_first;
	}
	puts("");
}

void diagnosis_say(struct diagnosis *diagnosis, enum diagnosis_state state, const char *check, const char *advice,
		   const char *fmt, ...)
{
	char found[FOUND_BYTES_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(found, sizeof found, fmt, args);
	va_end(args);
	diagnosis->counts[state]++;
	if (diagnosis->out.format != OUTPUT_TEXT) {
		output_text(&diagnosis->out, slice_of(check));
		output_text(&diagnosis->out, slice_of(STATES[state]));
		output_text(&diagnosis->out, slice_of(found));
		if (advice)
			output_text(&diagnosis->out, slice_of(advice));
		else
			output_absent(&diagnosis->out);
		return;
	}
	printf("%-8s%-14s", STATES[state], check);
	print_words(found);
	if (advice) {
		printf("%*s", INDENT - 3, "");
		printf("-> ");
		print_words(advice);
	}
	fflush(stdout);
}

void diagnosis_fail(struct diagnosis *diagnosis, const char *check, const char *advice, const struct err *err)
{
	diagnosis_say(diagnosis, DIAGNOSIS_FAIL, check, advice, "%s%s%s%s", err->text, err->code[0] ? " (" : "",
		      err->code, err->code[0] ? ")" : "");
}

int diagnosis_end(struct diagnosis *diagnosis, struct err *err)
{
	const size_t *counts = diagnosis->counts;

	if (diagnosis->out.format != OUTPUT_TEXT)
		return output_print(&diagnosis->out, stdout, err);
	printf("%zu ok, %zu unknown, %zu warn, %zu fail\n", counts[DIAGNOSIS_OK], counts[DIAGNOSIS_UNKNOWN],
	       counts[DIAGNOSIS_WARN], counts[DIAGNOSIS_FAIL]);
	return 0;
}
