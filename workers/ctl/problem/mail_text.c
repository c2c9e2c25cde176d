#include "ctl/problem/mail_text.h"

#include "base/num.h"

enum { LINE_BYTES = 57, LINE_BASE64_BYTES = 76 };

bool mail_address_is_good(struct slice address)
{
	size_t at_signs = 0, at = 0;

	for (size_t i = 0; i < address.n; i++) {
		if (address.p[i] <= ' ' || address.p[i] > '~' || strchr("<>()[]\"\\,;:", address.p[i]))
			return false;
		if (address.p[i] != '@')
			continue;
		at_signs++;
		at = i;
	}
	return at_signs == 1 && at > 0 && at + 1 < address.n && address.n <= MAIL_ADDRESS_BYTES_MAX;
}

static void add_header(struct strbuf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	strbuf_add_text(out, name);
	strbuf_add_text(out, ": ");
	strbuf_add(out, value);
	strbuf_add_text(out, "\r\n");
}

static void add_base64(struct strbuf *out, struct slice text)
{
	char line[LINE_BASE64_BYTES];

	while (text.n > 0) {
		size_t n = MIN(text.n, (size_t)LINE_BYTES);

		num_to_base64(text.p, n, line);
		strbuf_add_bytes(out, line, num_base64_bytes(n));
		strbuf_add_text(out, "\r\n");
		text = slice_from(text, n);
	}
}

void mail_text_make(const struct mail_text *mail, struct strbuf *out)
{
	add_header(out, "Date", mail->date);
	add_header(out, "From", slice_of(mail->from));
	add_header(out, "To", slice_of(mail->to));
	add_header(out, "Message-ID", mail->message_id);
	add_header(out, "In-Reply-To", mail->in_reply_to);
	add_header(out, "Subject", slice_of(mail->subject));
	add_header(out, "Auto-Submitted", slice_of("auto-generated"));
	add_header(out, "MIME-Version", slice_of("1.0"));
	add_header(out, "Content-Type", slice_of("text/plain; charset=utf-8"));
	add_header(out, "Content-Transfer-Encoding", slice_of("base64"));
	strbuf_add_text(out, "\r\n");
	add_base64(out, mail->text);
}
