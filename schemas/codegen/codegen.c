/* instroom-codegen: makes the C codecs of the messages from their Avro schemas, at build.
 *
 *   instroom-codegen [--prefix wire] [--include wire/gen] --out DIR NAME-VERSION.avsc ..
 *
 * Writes DIR/types.h, DIR/types.c and, for each message, DIR/NAME.h and DIR/NAME.c for its newest version, with
 * decoders for the older ones. Exit: 0, 64 usage, 65 a schema is refused, 73 a file cannot be written. */
#include "codegen/compat.h"
#include "codegen/emit_message.h"
#include "codegen/emit_types.h"

enum { EXIT_USAGE = 64, EXIT_SCHEMA = 65, EXIT_WRITE = 73, OUT_BYTES_MAX = 16 << 20 };

struct arguments {
	const char *out;
	const char *prefix;
	const char *include;
	const char *const *paths;
	size_t path_count;
};

static bool read_arguments(int argc, char **argv, struct arguments *ret)
{
	int i = 1;

	*ret = (struct arguments){ .prefix = "wire", .include = "wire/gen" };
	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		const char **value = strcmp(argv[i], "--out") == 0	 ? &ret->out
				     : strcmp(argv[i], "--prefix") == 0	 ? &ret->prefix
				     : strcmp(argv[i], "--include") == 0 ? &ret->include
									 : NULL;

		if (!value)
			return false;
		*value = argv[i + 1];
	}
	ret->paths = (const char *const *)argv + i;
	ret->path_count = (size_t)(argc - i);
	return ret->out && ret->path_count > 0;
}

static bool write_file(const struct emit *emit, const char *dir, const char *name, const char *ending)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s.%s", dir, name, ending);

	if (n < 0 || (size_t)n >= sizeof path || !strbuf_ok(emit->out))
		return false;
	FILE *file = fopen(path, "w");

	if (!file)
		return false;
	bool is_written = fwrite(emit->out->p, 1, emit->out->n, file) == emit->out->n;

	strbuf_reset(emit->out);
	return (fclose(file) == 0) && is_written;
}

static bool write_all(const struct emit *emit, const char *dir)
{
	emit_types_header(emit);
	if (!write_file(emit, dir, "types", "h"))
		return false;
	emit_types_source(emit);
	if (!write_file(emit, dir, "types", "c"))
		return false;
	for (size_t i = 0; i < emit->set->count; i++) {
		const struct schema *schema = &emit->set->items[i];

		if (!schema_is_newest(emit->set, schema))
			continue;
		emit_message_header(emit, schema);
		if (!write_file(emit, dir, schema->name, "h"))
			return false;
		emit_message_source(emit, schema);
		if (!write_file(emit, dir, schema->name, "c"))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct schema_set set;
	struct err err;

	if (!read_arguments(argc, argv, &arguments)) {
		fputs("usage: instroom-codegen [--prefix wire] [--include wire/gen] --out DIR NAME-VERSION.avsc ..\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (schema_set_load(arguments.paths, arguments.path_count, &set, &err) != 0) {
		fprintf(stderr, "instroom-codegen: %s\n", err.text);
		return EXIT_SCHEMA;
	}
	CLEANUP(strbuf_drop) struct strbuf out;
	struct emit emit = { .set = &set, .prefix = arguments.prefix, .include = arguments.include, .out = &out };
	int status = EXIT_SUCCESS;

	strbuf_init(&out, OUT_BYTES_MAX);
	if (compat_check(&set, &err) != 0) {
		fprintf(stderr, "instroom-codegen: %s\n", err.text);
		status = EXIT_SCHEMA;
	} else if (!write_all(&emit, arguments.out)) {
		fprintf(stderr, "instroom-codegen: cannot write to %s\n", arguments.out);
		status = EXIT_WRITE;
	}
	schema_set_release(&set);
	return status;
}
