/* xml_verdict FILE..: what the gateway's check says of each document, one line per file: "- FILE" when it is accepted,
 * else the code of its finding. For tests/xml/agree. */
#include "gateway/xml_check.h"

#include "base/strbuf.h"
#include "model/teacher_key.h"

#include <stdio.h>

static bool read_file(const char *path, struct strbuf *out)
{
	FILE *file = fopen(path, "re");
	char bytes[65536];
	size_t n;

	strbuf_reset(out);
	if (!file)
		return false;
	while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
		strbuf_add_bytes(out, bytes, n);
	fclose(file);
	return strbuf_ok(out);
}

int main(int argc, char **argv)
{
	const struct file_expected expected = { .kind = DELIVERY_VOLLEDIG };
	struct file_reading reading;
	struct strbuf text;
	struct arena arena;
	uint8_t sha256[32];
	struct err err;

	strbuf_init(&text, FILE_BYTES_MAX);
	if (arena_init(&arena, FILE_CHECK_ARENA_BYTES, 1 << 20, &err) != 0)
		return 70;
	for (int i = 1; i < argc; i++) {
		if (!read_file(argv[i], &text))
			return 66;
		arena_reset(&arena);
		sha256_of(strbuf_slice(&text), sha256);
		if (xml_check(strbuf_slice(&text), text.n, sha256, &expected, &arena, &reading, &err) != 0)
			return 70;
		printf("%s %s\n", reading.finding_count > 0 ? rule_code((enum rule)reading.findings[0].rule) : "-",
		       argv[i]);
	}
	arena_release(&arena);
	strbuf_release(&text);
	return 0;
}
