/* What an answer to an upload means: only what shows that it is about what was sent is success. */
#include "ctl/deliver/answer.h"
#include "ctl/deliver/header_file.h"

#include <criterion/criterion.h>
#include <jansson.h>

#define HEX_00 "0000000000000000000000000000000000000000000000000000000000000000"
#define HEX_11 "1111111111111111111111111111111111111111111111111111111111111111"
#define RECEIPT(id, fingerprint, lines, sha256) \
	"{\"leveringsid\":" id ",\"fingerprint\":\"" fingerprint "\",\"regels\":" lines ",\"sha256\":\"" sha256 "\"}"
#define SUMMARY(id, board, sequence, dry_run, state)                                                     \
	"{\"leveringsid\":\"" id "\",\"bestuur\":\"" board "\",\"soort\":\"MUTATIE\",\"proef\":" dry_run \
	",\"volgnummer\":" sequence ",\"extractiedatum\":\"2018-06-01\",\"status\":\"" state "\",\"regels\":3}"

static const uint8_t SENT[32]; /* zeros */

static const struct {
	long status;
	const char *type, *body;
	enum answer_kind kind;
	const char *why;
} ANSWERS[] = {
	{ 202, NULL, RECEIPT("\"een-1234567890123\"", HEX_11, "3", HEX_00), ANSWER_ACCEPTED, "" },
	{ 202, "text/html", "<html>welcome</html>", ANSWER_NOT_TAKEN,
	  "202 with text/html, and not the gateway's receipt" },
	{ 202, NULL, "{}", ANSWER_NOT_TAKEN, "its leveringsid" },
	{ 202, NULL, "[]", ANSWER_NOT_TAKEN, "not the gateway's receipt" },
	{ 202, NULL, RECEIPT("\"twee-1234567890123\"", HEX_11, "3", HEX_00), ANSWER_NOT_TAKEN, "its leveringsid" },
	{ 202, NULL, RECEIPT("7", HEX_11, "3", HEX_00), ANSWER_NOT_TAKEN, "its leveringsid" },
	{ 202, NULL, RECEIPT("\"een-1234567890123\"", "11", "3", HEX_00), ANSWER_NOT_TAKEN, "its fingerprint" },
	{ 202, NULL, RECEIPT("\"een-1234567890123\"", HEX_11, "\"3\"", HEX_00), ANSWER_NOT_TAKEN, "its regels" },
	{ 202, NULL, RECEIPT("\"een-1234567890123\"", HEX_11, "2", HEX_00), ANSWER_NOT_TAKEN, "its regels" },
	{ 202, NULL, RECEIPT("\"een-1234567890123\"", HEX_11, "3", HEX_11), ANSWER_NOT_TAKEN, "its sha256" },
	{ 200, NULL, SUMMARY("een-1234567890123", "99901", "7", "false", "verwerkt"), ANSWER_KNOWN, "" },
	{ 200, NULL, SUMMARY("een-1234567890124", "99901", "7", "false", "verwerkt"), ANSWER_NOT_TAKEN,
	  "its leveringsid" },
	{ 200, NULL, SUMMARY("een-1234567890123", "99902", "7", "false", "verwerkt"), ANSWER_NOT_TAKEN, "its bestuur" },
	{ 200, NULL, SUMMARY("een-1234567890123", "99901", "8", "false", "verwerkt"), ANSWER_NOT_TAKEN,
	  "its volgnummer" },
	{ 200, NULL, SUMMARY("een-1234567890123", "99901", "7", "true", "verwerkt"), ANSWER_NOT_TAKEN, "its proef" },
	{ 200, NULL, SUMMARY("een-1234567890123", "99901", "7", "false", "geweigerd"), ANSWER_NOT_TAKEN, "its status" },
	{ 200, "text/html", "log in first", ANSWER_NOT_TAKEN, "200 with text/html" },
	{ 201, NULL, RECEIPT("\"een-1234567890123\"", HEX_11, "3", HEX_00), ANSWER_NOT_TAKEN, "201" },
	{ 204, NULL, "", ANSWER_NOT_TAKEN, "204" },
	{ 308, "text/html", "moved", ANSWER_NOT_TAKEN, "sent on to https://elders/v1/leveringen;" },
	{ 401, "text/html", "who?", ANSWER_NOT_TAKEN, "401 with text/html, which is not the gateway's answer" },
	{ 403, "application/json", "{\"message\":\"no\"}", ANSWER_NOT_TAKEN, "403 with application/json" },
	{ 401, "application/problem+json", "{\"detail\":\"Geen token\"}", ANSWER_DENIED, "" },
	{ 403, "application/problem+json", "{\"title\":\"Niet toegestaan\"}", ANSWER_DENIED, "" },
	{ 404, "text/html", "nothing here", ANSWER_NOT_TAKEN, "404 with text/html" },
	{ 408, NULL, "{\"title\":\"Te langzaam\"}", ANSWER_LATER, "408" },
	{ 413, "text/html", "too large", ANSWER_NOT_TAKEN, "413 with text/html, which is not the gateway's" },
	{ 413, "application/problem+json", "{\"title\":\"Te groot\"}", ANSWER_REFUSED, "" },
	{ 422, "application/problem+json", "{\"title\":\"Geweigerd\",\"levering\":{}}", ANSWER_REFUSED, "" },
	{ 422, "application/json", "{\"x\":1}", ANSWER_NOT_TAKEN, "422" },
	{ 429, "application/problem+json", "{}", ANSWER_LATER, "429: we send too much" },
	{ 500, "application/problem+json",
	  "{\"detail\":\"Door een storing bij ons kon dit niet worden vastgelegd. Opnieuw sturen helpt nu niet. "
	  "Wij zijn gewaarschuwd, en kunnen u verder helpen met kenmerk 0123456789 "
	  "(helpdesk: helpdesk@voorbeeld.test).\"}",
	  ANSWER_NOT_TAKEN, "kenmerk 0123456789 (helpdesk: helpdesk@voorbeeld.test)." },
	{ 500, "text/html", "oops", ANSWER_LATER, "500 with text/html, from a server before the gateway" },
	{ 501, "text/html", "POST?", ANSWER_NOT_TAKEN, "501 with text/html" },
	{ 502, "text/html", "bad gateway", ANSWER_LATER, "502 with text/html, from a server before the gateway" },
	{ 503, "application/problem+json", "{}", ANSWER_LATER, "503: it is too busy" },
};

static void read_with(long status, const char *type, const char *body, int64_t retry_after_s, struct answer *ret)
{
	json_t *header = json_pack("{s:s,s:s,s:s,s:i,s:s,s:i,s:n}", "leveringsid", "een-1234567890123", "bestuur",
				   "99901", "soort", "MUTATIE", "volgnummer", 7, "extractiedatum", "2018-06-01",
				   "regels", 3, "contact_naam");
	struct answer_reply reply = { .status = status,
				      .type = type,
				      .body = slice_of(body),
				      .retry_after_s = retry_after_s,
				      .location = "https://elders/v1/leveringen?bestuur=99901" };

	answer_read(&reply, &(struct answer_sent){ SENT, header }, ret);
	json_decref(header);
}

Test(ctl_answer, is_success_only_when_it_shows_what_was_sent)
{
	for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
		struct answer answer;

		read_with(ANSWERS[i].status, ANSWERS[i].type, ANSWERS[i].body, 0, &answer);
		cr_expect_eq(answer.kind, ANSWERS[i].kind, "%ld %s", ANSWERS[i].status, ANSWERS[i].body);
		cr_expect(strstr(answer.why, ANSWERS[i].why), "%ld %s: %s", ANSWERS[i].status, ANSWERS[i].body,
			  answer.why);
		answer_release(&answer);
	}
}

Test(ctl_answer, a_pause_is_kept_when_it_is_not_too_long_and_429_is_for_all)
{
	struct answer answer;

	read_with(503, NULL, "{}", RETRY_AFTER_S_MAX, &answer);
	cr_expect(answer.kind == ANSWER_LATER && answer.retry_after_s == RETRY_AFTER_S_MAX && !answer.is_for_all);
	answer_release(&answer);
	read_with(429, NULL, "{}", -5, &answer);
	cr_expect(answer.kind == ANSWER_LATER && answer.retry_after_s == 0 && answer.is_for_all);
	answer_release(&answer);
	read_with(503, NULL, "{}", RETRY_AFTER_S_MAX + 1, &answer);
	cr_expect(answer.kind == ANSWER_NOT_TAKEN && strstr(answer.why, "301 s"), "%s", answer.why);
	answer_release(&answer);
}

Test(ctl_answer, who_speaks_no_http_is_not_asked_again)
{
	struct answer answer;
	struct answer_reply reply = { .failure = "Unsupported protocol", .is_no_http = true };

	answer_read(&reply, NULL, &answer);
	cr_expect_eq(answer.kind, ANSWER_NOT_TAKEN);
	cr_expect(strstr(answer.why, "does not speak HTTP"), "%s", answer.why);
	answer_release(&answer);
}

Test(ctl_answer, a_foreign_text_does_nothing_to_a_terminal)
{
	char out[8];

	answer_printable(
		"a\x1b[2J\x7f"
		"bcd",
		out, sizeof out);
	cr_expect_str_eq(out, "a?[2J?b");
	answer_printable(
		"a\xc2\x9b\xe2\x80\xae"
		"b",
		out, sizeof out);
	cr_expect_str_eq(out, "a??b");
}

Test(ctl_header_file, what_programs_write_is_taken)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *fault; /* NULL: none */
	} FILES[] = {
		{ "{\"a\":\"\xC3\xA9\"}\r\n", 12, NULL },
		{ "\xEF\xBB\xBF{\"a\":\"\xC3\xA9\"}", 13, NULL },
		{ "\xFF\xFE{\0\"\0a\0\"\0:\0\"\0\xE9\0\"\0}\0", 20, NULL },
		{ "\xFE\xFF\0{\0\"\0a\0\"\0:\0\"\0\xE9\0\"\0}", 20, NULL },
		{ "{\0\"\0a\0\"\0:\0\"\0\xE9\0\"\0}\0", 18, NULL },
		{ "{\"a\":\"\xE9\"}", 9, "not UTF-8" },
		{ "\xFF\xFE{\0\"\0a", 7, "begins as UTF-16LE and is not" },
		{ "", 0, "is empty" },
		{ "\xEF\xBB\xBF", 3, "is empty" },
		{ "{\"a\":1,\"a\":2}", 13, "names a field twice" },
		{ "[]", 2, "no JSON object" },
		{ "{\"naam\":", 8, "no JSON (line 1)" },
	};

	for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
		struct err err = { 0 };
		json_t *json = NULL;
		int rc = header_file_parse(slice_make(FILES[i].bytes, FILES[i].n), "x.json", &json, &err);

		if (FILES[i].fault)
			cr_expect(rc == -ERR_DATA && strstr(err.text, FILES[i].fault), "%zu: %s", i, err.text);
		else
			cr_expect_str_eq(rc == 0 ? json_string_value(json_object_get(json, "a")) : err.text, "\xC3\xA9",
					 "%zu", i);
		json_decref(json);
	}
}

Test(ctl_header_file, names_end_in_any_case)
{
	cr_expect(file_name_ends_with("LERAREN.CSV", ".csv") && file_name_ends_with("a.cSv", ".csv"));
	cr_expect(!file_name_ends_with(".csv", ".csv") && !file_name_ends_with("a.csv.gz", ".csv"));
}
