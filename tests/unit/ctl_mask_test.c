/* What leaves the installation in a bundle. The numbers are invented. */
#include "ctl/mask.h"

#include <criterion/criterion.h>

static void expect(const char *text, const char *wanted)
{
	struct strbuf out;

	strbuf_init(&out, 1 << 16);
	mask_text(slice_of(text), &out);
	cr_expect_str_eq(strbuf_text(&out), wanted);
	strbuf_release(&out);
}

Test(mask, what_may_be_of_a_person_is_taken_out)
{
	expect("bsn 999990019, then", "bsn [number], then");
	expect("bsn=\"999990019\"", "bsn=\"[number]\"");
	expect("999990019", "[number]");
	expect("mail p.voorbeeld@school.example now", "mail [address] now");
	expect("1234 AB Plaats", "[postcode] Plaats");
	expect("1234AB", "[postcode]");
	expect("bel 0612345678 of +31612345678", "bel [telephone] of [telephone]");
	expect("user=x password=geheim host=y", "user=x password=[secret] host=y");
}

Test(mask, the_rest_stays)
{
	static const char *const TEXTS[] = {
		"partition=4 offset=123456789012 board=41211",
		"999990018 is no BSN",
		"9999900190 has ten digits, a999990019 is part of a word",
		"2018-07-31T22:04:05Z, 1234 ABC, 0123 AB, 12345 AB",
		"pg.password.file=*** kafka.brokers=127.0.0.1:9092 schema@",
		"",
	};

	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
		expect(TEXTS[i], TEXTS[i]);
}
