#include "gateway/public_file.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 };

static char folder[] = "/tmp/instroom-public-XXXXXX";
static char path[64];

static void make_folder(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/ca.crt", folder);
}

static void remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(gateway_public_file, .init = make_folder, .fini = remove_folder, .timeout = 30);

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0);
	fclose(file);
}

static void check_refused(const char *name, const char *why)
{
	CLEANUP(strbuf_drop) struct strbuf content;
	struct err err = { 0 };

	strbuf_init(&content, FILE_BYTES_MAX);
	cr_expect_eq(public_file_read("tls.client.ca.file", name, &content, &err), -ERR_CONFIG);
	cr_expect_str_eq(err.code, "tls.client.ca.file");
	cr_expect(strncmp(err.text, name, strlen(name)) == 0 && strcmp(err.text + strlen(name), why) == 0, "%s",
		  err.text);
}

Test(gateway_public_file, is_read_whole)
{
	CLEANUP(strbuf_drop) struct strbuf content;
	struct err err = { 0 };

	write_file("sixteen bytes ..");
	strbuf_init(&content, FILE_BYTES_MAX);
	cr_assert_eq(public_file_read("x", path, &content, &err), 0, "%s", err.text);
	cr_expect(slice_equal_text(strbuf_slice(&content), "sixteen bytes .."));
}

Test(gateway_public_file, one_that_is_none_is_told_what_it_is)
{
	check_refused(path, " does not exist");
	check_refused(folder, " is a folder, and a file is needed");
	write_file("seventeen bytes .");
	check_refused(path, " is too large");
}

/* Whoever opens it as a file waits for ever, and with him the loop that reads a certificate again. */
Test(gateway_public_file, a_pipe_into_which_nothing_is_written_holds_nobody)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	check_refused(path, " is a pipe into which nothing was written within 1 s, and a file is needed");
}
