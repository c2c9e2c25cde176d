#include "gateway/grant_params.h"

static void add_text_or_null(struct pg_params *params, const char *text)
{
	if (text[0])
		pg_add_text(params, slice_of(text));
	else
		pg_add_null(params, PG_TEXT);
}

void grant_params_add(struct pg_params *params, const struct access_grant *grant, const struct trace *trace)
{
	add_text_or_null(params, grant->speaker);
	add_text_or_null(params, grant->party);
	add_text_or_null(params, access_basis_word(grant->basis));
	pg_add_i64(params, grant->version);
	if (trace->traceparent[0])
		pg_add_text(params, trace_id(trace));
	else
		pg_add_null(params, PG_TEXT);
}
