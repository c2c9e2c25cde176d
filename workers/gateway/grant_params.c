#include "gateway/grant_params.h"

void grant_params_add(struct pg_params *params, const struct access_grant *grant, const struct trace *trace)
{
	pg_add_text_or_null(params, slice_of(grant->speaker));
	pg_add_text_or_null(params, slice_of(grant->party));
	pg_add_text_or_null(params, slice_of(access_basis_word(grant->basis)));
	pg_add_i64(params, grant->version);
	if (trace->traceparent[0])
		pg_add_text(params, trace_id(trace));
	else
		pg_add_null(params, PG_TEXT);
}
