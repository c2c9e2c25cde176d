#include "gateway/request.h"

#include <microhttpd.h>

struct slice request_header(const struct request *request, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name), &value, &n) != MHD_YES)
		return (struct slice){ 0 };
	return slice_make(value ? value : "", value ? n : 0);
}

struct walk {
	take_value *each;
	void *self;
};

static enum MHD_Result walk_value(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
				  const char *value, size_t value_size)
{
	const struct walk *walk = cls;

	(void)kind;
	return walk->each(walk->self, slice_make(key ? key : "", key ? key_size : 0),
			  slice_make(value ? value : "", value ? value_size : 0))
		       ? MHD_YES
		       : MHD_NO;
}

void request_walk_query(const struct request *request, take_value *each, void *self)
{
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, walk_value, &(struct walk){ each, self });
}

void request_walk_headers(const struct request *request, take_value *each, void *self)
{
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, walk_value, &(struct walk){ each, self });
}

void request_suspend(struct request *request)
{
	if (request->is_suspended)
		return;
	request->is_suspended = true;
	MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
	if (!request->is_suspended || request->reply.status == 0)
		return;
	request->is_suspended = false;
	MHD_resume_connection(request->connection);
}
