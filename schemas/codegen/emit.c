#include "codegen/emit.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>

struct emit_name emit_snake(const char *name)
{
	struct emit_name snake = { "" };
	size_t n = 0;

	for (size_t i = 0; name[i] && n + 3 < sizeof snake.text; i++) {
		if (i > 0 && isupper((unsigned char)name[i]) && !isupper((unsigned char)name[i - 1]) &&
		    name[i - 1] != '_')
			snake.text[n++] = '_';
		snake.text[n++] = (char)tolower((unsigned char)name[i]);
	}
	return snake;
}

struct emit_name emit_upper(const char *name)
{
	struct emit_name upper = emit_snake(name);

	for (char *c = upper.text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return upper;
}

bool emit_done_first(struct emit_done *done, const char *fmt, ...)
{
	struct emit_name name;
	va_list args;

	va_start(args, fmt);
	vsnprintf(name.text, sizeof name.text, fmt, args);
	va_end(args);
	for (size_t i = 0; i < done->count; i++)
		if (strcmp(done->names[i].text, name.text) == 0)
			return false;
	assert(done->count < EMIT_FUNCTIONS_MAX);
	done->names[done->count++] = name;
	return true;
}

void emit_guard(const struct emit *emit, const char *file, const char *from)
{
	strbuf_add_printf(emit->out, "/* Made by instroom-codegen from %s. Change the schema, not this. */\n", from);
	strbuf_add_printf(emit->out, "#ifndef %s_GEN_%s_H\n#define %s_GEN_%s_H\n\n", emit_upper(emit->prefix).text,
			  emit_upper(file).text, emit_upper(emit->prefix).text, emit_upper(file).text);
}
