#include "base/peer_cause.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

static const struct {
	const char *text;
	enum peer_cause cause;
} TLS_TEXTS[] = {
	{ "ssl://127.0.0.1:9092/bootstrap: SSL handshake failed: error:0A00010B:SSL routines::wrong version number: "
	  "connecting to a PLAINTEXT broker listener?",
	  PEER_NO_TLS },
	{ "Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol configuration "
	  "(connecting to a SSL listener?)",
	  PEER_WANTS_TLS },
	{ "connection to server at \"127.0.0.1\", port 1 failed: server does not support SSL, but SSL was required",
	  PEER_NO_TLS },
	{ "SSL error: certificate verify failed", PEER_CA },
	{ "connection to server at \"127.0.0.1\", port 1 failed: root certificate file \"/a/ca.crt\" does not exist",
	  PEER_CA },
	{ "server certificate for \"a\" does not match host name \"b\"", PEER_CERT_NAME },
	{ "SSL error: tlsv13 alert certificate required", PEER_CLIENT_CERT },
	{ "Receive failed: error:0A000418:SSL routines::tlsv1 alert unknown ca: SSL alert number 48",
	  PEER_CLIENT_CERT },
	{ "Receive failed: error:0A000415:SSL routines::sslv3 alert certificate expired: SSL alert number 45",
	  PEER_CLIENT_CERT },
	{ "SSL error: sslv3 alert handshake failure", PEER_TLS },
	{ "SSL error: tlsv1 alert protocol version", PEER_TLS_VERSION },
	{ "SSL handshake failed: error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported",
	  PEER_TLS_VERSION },
	{ "Receive failed: Invalid response size 1213486160 (0..35651584): increase receive.message.max.bytes",
	  PEER_PROTOCOL },
	{ "Disconnected: verify that security.protocol is correctly configured, broker might require SASL "
	  "authentication",
	  PEER_WANTS_LOGIN },
	{ "SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported "
	  "mechanisms: PLAIN",
	  PEER_MECHANISM },
	{ "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", PEER_AWAY },
	{ "connection refused", PEER_AWAY },
};

Test(peer_cause, is_found_in_the_words_of_libraries)
{
	for (size_t i = 0; i < ARRAY_LEN(TLS_TEXTS); i++)
		cr_expect(eq(int, (int)peer_cause_of_tls_text(TLS_TEXTS[i].text), (int)TLS_TEXTS[i].cause), "%s",
			  TLS_TEXTS[i].text);
}

static const struct {
	const char *text;
	enum peer_line line;
} LINE_TEXTS[] = {
	{ "ssl://a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused", PEER_LINE_REFUSED },
	{ "connection to server at \"a\", port 1 failed: No route to host", PEER_LINE_UNROUTED },
	{ "ssl://a:1/bootstrap: Connection setup timed out in state SSL_HANDSHAKE", PEER_LINE_SILENT },
	{ "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", PEER_LINE_CUT },
	{ "SSL SYSCALL error: EOF detected", PEER_LINE_CUT },
	{ "server closed the connection unexpectedly", PEER_LINE_CLOSED },
	{ "Disconnected while requesting ApiVersion", PEER_LINE_CLOSED },
	{ "connection to server on socket \"/a/.s.PGSQL.1\" failed: No such file or directory", PEER_LINE_NO_SOCKET },
	{ "something new", PEER_LINE_UNKNOWN },
};

Test(peer_cause, how_a_line_failed_is_found_in_the_words_of_libraries)
{
	for (size_t i = 0; i < ARRAY_LEN(LINE_TEXTS); i++)
		cr_expect(eq(int, (int)peer_line_of_text(LINE_TEXTS[i].text), (int)LINE_TEXTS[i].line), "%s",
			  LINE_TEXTS[i].text);
}

Test(peer_cause, is_explained_with_the_place_until_the_peer_answers)
{
	char text[PEER_TEXT_BYTES];

	cr_expect(eq(str, (char *)peer_explain(PEER_KAFKA, text), ""));
	peer_is_away(PEER_KAFKA, PEER_LINE_REFUSED, "b1:9092");
	cr_expect(strstr(peer_explain(PEER_KAFKA, text), "at b1:9092 cannot be reached: it refuses") == text, "%s",
		  text);
	peer_failed_at(PEER_KAFKA, PEER_CA, "b2:9092");
	peer_is_away(PEER_KAFKA, PEER_LINE_SILENT, "b1:9092");
	cr_expect(strstr(peer_explain(PEER_KAFKA, text), "at b2:9092 has a certificate") == text, "%s", text);
	peer_answered(PEER_KAFKA);
	cr_expect(eq(str, (char *)peer_explain(PEER_KAFKA, text), ""));
}

Test(peer_cause, each_has_a_word_and_a_sentence_of_its_own)
{
	for (int i = 0; i < PEER_CAUSES; i++)
		for (int j = 0; j < i; j++) {
			cr_expect_neq(strcmp(peer_cause_name((enum peer_cause)i), peer_cause_name((enum peer_cause)j)),
				      0);
			cr_expect_neq(strcmp(peer_cause_text((enum peer_cause)i), peer_cause_text((enum peer_cause)j)),
				      0);
		}
	for (int i = 0; i < PEER_LINES; i++)
		for (int j = 0; j < i; j++)
			cr_expect_neq(strcmp(peer_line_text((enum peer_line)i), peer_line_text((enum peer_line)j)), 0);
}

Test(peer_cause, lasts_until_the_peer_answers_and_away_does_not_hide_it)
{
	peer_failed(PEER_REDIS, PEER_CA);
	peer_failed(PEER_REDIS, PEER_AWAY);
	cr_expect(eq(int, (int)peer_last_cause(PEER_REDIS), (int)PEER_CA));
	cr_expect(eq(int, (int)peer_last_cause(PEER_KAFKA), (int)PEER_AWAY), "of another peer");
	cr_expect_not(peer_has_answered(PEER_REDIS));
	peer_answered(PEER_REDIS);
	cr_expect(eq(int, (int)peer_last_cause(PEER_REDIS), (int)PEER_AWAY));
	cr_expect(peer_has_answered(PEER_REDIS));
	cr_expect(eq(i64, peer_failures(PEER_REDIS, PEER_CA), 1));
	cr_expect(eq(i64, peer_failures(PEER_REDIS, PEER_AWAY), 1));
}

Test(peer_cause, that_has_a_log_line_of_its_own_takes_the_place_of_another)
{
	peer_failed(PEER_KAFKA, PEER_CA);
	peer_note(PEER_KAFKA, PEER_LOGIN);
	cr_expect(eq(int, (int)peer_last_cause(PEER_KAFKA), (int)PEER_LOGIN));
	peer_count(PEER_KAFKA, PEER_RIGHT);
	cr_expect(eq(int, (int)peer_last_cause(PEER_KAFKA), (int)PEER_LOGIN), "counted only");
	peer_answered(PEER_KAFKA);
	cr_expect(eq(int, (int)peer_last_cause(PEER_KAFKA), (int)PEER_AWAY));
	cr_expect(eq(i64, peer_failures(PEER_KAFKA, PEER_LOGIN), 1));
}

/* As a Redis whose user may read and not write. */
Test(peer_cause, one_that_comes_and_goes_does_not_fill_the_log)
{
	FILE *caught = tmpfile();
	char line[512];
	int failing = 0, serving = 0, saved = dup(STDERR_FILENO);

	cr_assert(ne(ptr, caught, NULL));
	dup2(fileno(caught), STDERR_FILENO);
	for (int i = 0; i < 1000; i++) {
		peer_failed(PEER_REDIS, PEER_RIGHT);
		peer_answered(PEER_REDIS);
	}
	peer_failed(PEER_REDIS, PEER_LOGIN);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	while (fgets(line, sizeof line, caught)) {
		failing += strstr(line, "redis.failing") != NULL;
		serving += strstr(line, "redis.serving") != NULL;
	}
	fclose(caught);
	cr_expect(eq(int, failing, 2), "it, and another cause");
	cr_expect(eq(int, serving, 1));
	cr_expect(eq(i64, peer_failures(PEER_REDIS, PEER_RIGHT), 1000), "each is counted");
}
