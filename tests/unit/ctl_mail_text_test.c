/* A mail of one text: which addresses there are, and that nothing of a text becomes a header or a line too long. */
#include "ctl/problem/mail_text.h"

#include <criterion/criterion.h>

static const struct {
	const char *address;
	bool is_good;
} ADDRESSES[] = {
	{ "helpdesk@example.org", true },
	{ "help+instroom@example", true },
	{ "", false },
	{ "helpdesk", false },
	{ "@example.org", false },
	{ "helpdesk@", false },
	{ "a@b@example.org", false },
	{ "help desk@example.org", false },
	{ "helpdesk@example.org\r\nBcc: x@example.org", false },
	{ "<helpdesk@example.org>", false },
	{ "a@example.org,b@example.org", false },
	{ "h\xc3\xa9lp@example.org", false },
};

Test(ctl_mail_text, knows_an_address)
{
	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++)
		cr_expect_eq(mail_address_is_good(slice_of(ADDRESSES[i].address)), ADDRESSES[i].is_good, "%s",
			     ADDRESSES[i].address);
}

static void make(const char *in_reply_to, struct slice text, struct strbuf *out)
{
	const struct mail_text mail = { .from = "instroom@example.org",
					.to = "helpdesk@example.org",
					.date = slice_of("Mon, 01 Jul 2019 08:00:00 +0000"),
					.message_id = slice_of("<P-BCDF-GHJK-LMNP.helpdesk@example.org>"),
					.in_reply_to = slice_of(in_reply_to),
					.subject = "Instroom",
					.text = text };

	strbuf_init(out, 1 << 20);
	mail_text_make(&mail, out);
	cr_assert(strbuf_ok(out));
}

Test(ctl_mail_text, has_its_headers_and_its_text_as_base64)
{
	struct strbuf out;

	make("", slice_of("een\n.\ntwee"), &out);
	cr_expect_str_eq(strbuf_text(&out),
			 "Date: Mon, 01 Jul 2019 08:00:00 +0000\r\n"
			 "From: instroom@example.org\r\n"
			 "To: helpdesk@example.org\r\n"
			 "Message-ID: <P-BCDF-GHJK-LMNP.helpdesk@example.org>\r\n"
			 "Subject: Instroom\r\n"
			 "Auto-Submitted: auto-generated\r\n"
			 "MIME-Version: 1.0\r\n"
			 "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: base64\r\n"
			 "\r\n"
			 "ZWVuCi4KdHdlZQ==\r\n");
	strbuf_release(&out);
}

Test(ctl_mail_text, answers_another_when_there_is_one)
{
	struct strbuf out;

	make("<first@example.org>", slice_of("x"), &out);
	cr_expect(strstr(strbuf_text(&out), "\r\nIn-Reply-To: <first@example.org>\r\n"));
	strbuf_release(&out);
}

/* Every length around that of a line comes back whole, and no line is longer than 76. */
Test(ctl_mail_text, cuts_a_long_text_into_lines)
{
	char text[200];

	memset(text, 'a', sizeof text);
	for (size_t n = 0; n <= sizeof text; n++) {
		struct strbuf out;
		size_t lines = 0;

		make("", slice_make(text, n), &out);
		const char *line = strstr(strbuf_text(&out), "\r\n\r\n") + 4;

		for (; *line; line += strcspn(line, "\r") + 2, lines++)
			cr_expect_leq(strcspn(line, "\r"), 76, "%zu", n);
		cr_expect_eq(lines, (n + 56) / 57, "%zu", n);
		strbuf_release(&out);
	}
}
