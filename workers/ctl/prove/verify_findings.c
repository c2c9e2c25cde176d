#include "ctl/prove/verify_findings.h"

#include "base/num.h"

#include <stdarg.h>

enum { NAMED_MAX = 20 };

void verify_report(struct verify_findings *findings, const struct verify_board *board, const char *delivery,
		   const char *fmt, ...)
{
	va_list args;

	findings->count++;
	if (!findings->out)
		return;
	fprintf(findings->out, "board %05u%s%s: ", board->number, delivery ? ", delivery " : "",
		delivery ? delivery : "");
	va_start(args, fmt);
	vfprintf(findings->out, fmt, args);
	va_end(args);
	fputs("\n", findings->out);
}

void verify_report_teacher(struct verify_findings *findings, const struct verify_board *board, const uint8_t *key,
			   uint32_t bsn, const char *what)
{
	char hex[2 * TEACHER_KEY_BYTES + 1] = "";

	findings->count++;
	if (findings->named++ >= NAMED_MAX || !findings->out)
		return;
	num_to_hex(key, TEACHER_KEY_BYTES, hex);
	fprintf(findings->out, "board %05u, teacher %.8s-%.4s-%.4s-%.4s-%.12s", board->number, hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
	if (findings->shows_bsn && bsn != 0)
		fprintf(findings->out, " (BSN %09u)", bsn);
	fprintf(findings->out, ": %s\n", what);
}

void verify_report_unnamed(struct verify_findings *findings, const struct verify_board *board)
{
	if (findings->named > NAMED_MAX && findings->out)
		fprintf(findings->out, "board %05u: %lld more such differences of teachers\n", board->number,
			(long long)(findings->named - NAMED_MAX));
	findings->named = 0;
}
