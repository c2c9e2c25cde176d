/* The rules that look at one line (specification 5.2 to 5.5), what a judged line shows, and the shape of the result. */
#include "judge_fixture.h"
#include "model/judge_internal.h"

#include <criterion/criterion.h>

static struct judge_fixture *fixture;

static void open_fixture(void)
{
	fixture = judge_fixture_new();
}

static void close_fixture(void)
{
	judge_fixture_free(fixture);
}

TestSuite(judge, .init = open_fixture, .fini = close_fixture);

struct line_row {
	const char *changes;
	const char *want;
	const char *why;
};

static void expect_rows(const struct line_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(judge_fixture_findings_of(fixture, rows[i].changes), rows[i].want,
				 "%s\n  line: %s\n  want: %s\n  have: %s", rows[i].why, rows[i].changes, rows[i].want,
				 fixture->findings);
}

#define TEN	    "abcdefghij"
#define HUNDRED	    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define E_ACUTE_TEN "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"

static const struct line_row IDENTITY_ROWS[] = {
	{ "", "", "the good line" },
	{ "bsn=", "LR-P01 bsn", "absent" },
	{ "bsn= 111222333 ", "", "spaces go, also inside quotes" },
	{ "bsn=\t111222333", "LR-P01 bsn", "a tab stays" },
	{ "bsn=12345678", "LR-P01 bsn", "a leading zero got lost" },
	{ "bsn=1112223334", "LR-P01 bsn", "ten digits" },
	{ "bsn=11122233\u0663", "LR-P01 bsn", "a digit of another script is none" },
	{ "bsn=111222334", "LR-P02 bsn", "one digit off" },
	{ "bsn=000000000", "LR-P02 bsn", "passes the sum, but is no number" },
	{ "bsn=123456782", "", "passes the 11-test" },
	{ "bsn=100000009", "", "passes the 11-test" },
	{ "bsn=100000007", "LR-P02 bsn", "neither" },
	{ "bsn=100000004", "LR-P03 bsn", "onderwijsnummer" },
	{ "personeelsnummer=111222333", "LR-P11 personeelsnummer", "the BSN itself; no LR-P14 beside it" },
	{ "personeelsnummer=x111222333", "LR-P11 personeelsnummer", "inside" },
	{ "personeelsnummer=91112223334", "LR-P11 personeelsnummer", "inside a longer run of digits" },
	{ "benoemingssleutel=A-111222333-1", "LR-P11 benoemingssleutel", "in the key" },
	{ "bsn=12345678;personeelsnummer=0012345678", "LR-P01 bsn, LR-P11 personeelsnummer", "eight digits, not good" },
	{ "bsn=1234567;personeelsnummer=1234567", "LR-P01 bsn", "seven digits are not looked for" },
	{ "bsn=111222334;benoemingssleutel=111222334", "LR-P02 bsn, LR-P11 benoemingssleutel", "a wrong one, too" },
	{ "bsn=;personeelsnummer=111222333", "LR-P01 bsn, LR-P14 personeelsnummer", "another's" },
	{ "personeelsnummer=123456782", "LR-P14 personeelsnummer", "a run of nine that passes" },
	{ "personeelsnummer=1-123456782/a", "LR-P14 personeelsnummer", "a run among others" },
	{ "personeelsnummer=123456783", "", "nine digits that do not pass" },
	{ "personeelsnummer=100000004", "", "an onderwijsnummer does not count" },
	{ "personeelsnummer=000000000", "", "nor do nine zeros" },
	{ "personeelsnummer=1234567820", "", "a run of ten" },
	{ "personeelsnummer=123456782 111222333", "LR-P11 personeelsnummer",
	  "LR-P11 goes before LR-P14, also behind it" },
	{ "benoemingssleutel=123456782", "LR-P14 benoemingssleutel", "in the key" },
	{ "personeelsnummer=_1", "LR-P12 personeelsnummer", "must begin with a letter or digit" },
	{ "personeelsnummer=a1._/ -9", "", "all that is allowed" },
	{ "personeelsnummer=" TEN TEN, "", "20 characters" },
	{ "personeelsnummer=" TEN TEN "k", "LR-P12 personeelsnummer", "21 characters" },
	{ "personeelsnummer=123456782\u00e9", "LR-P12 personeelsnummer, LR-P14 personeelsnummer", "both" },
	{ "personeelsnummer=", "", "optional" },
};

Test(judge, finds_faults_of_identity)
{
	expect_rows(IDENTITY_ROWS, ARRAY_LEN(IDENTITY_ROWS));
}

static const struct line_row PERSON_ROWS[] = {
	{ "geboortedatum=", "LR-P05 geboortedatum", "absent" },
	{ "geboortedatum=19800230", "LR-P05 geboortedatum", "no such day" },
	{ "geboortedatum=19800200", "", "day unknown" },
	{ "geboortedatum=19800000", "", "month and day unknown" },
	{ "geboortedatum=19800010", "LR-P05 geboortedatum", "month unknown, day known" },
	{ "geboortedatum=1980-02-14", "LR-P05 geboortedatum", "another form" },
	{ "geboortedatum=20180701;begin_arbeidsovereenkomst=20180702;begin_benoeming=20180702", "LR-P06 geboortedatum",
	  "born on the day of receipt" },
	{ "geboortedatum=20180702", "LR-P05 geboortedatum", "a day later; no LR-P06, no LR-B14 beside it" },
	{ "geboortedatum=20180700", "LR-B14 begin_arbeidsovereenkomst, LR-P06 geboortedatum", "00 counts as 01" },
	{ "geboortedatum=19920801", "", "18 on the day" },
	{ "geboortedatum=19920802", "LR-P06 geboortedatum", "18 the day after" },
	{ "geboortedatum=19440802", "", "65" },
	{ "geboortedatum=19440801", "LR-P06 geboortedatum", "66 on the day" },
	{ "geboortedatum=19920800", "", "00 counts as 01" },
	{ "geboortedatum=20050101;begin_benoeming=x", "LR-B01 begin_benoeming", "no begin, no age" },
	{ "geslacht=", "LR-P07 geslacht", "absent" },
	{ "geslacht=v", "LR-P07 geslacht", "case counts" },
	{ "geslacht=O", "", "allowed" },
	{ "geslacht=M", "", "allowed" },
	{ "geslacht=MV", "LR-P07 geslacht", "one letter" },
	{ "geslachtsnaam=", "LR-P08 geslachtsnaam", "required" },
	{ "geslachtsnaam='", "LR-P08 geslachtsnaam", "no letter" },
	{ "geslachtsnaam='t Hart", "", "begins with an apostrophe" },
	{ "geslachtsnaam=\u2019t Hart", "", "the other apostrophe" },
	{ "geslachtsnaam=\u2018t Hart", "", "its mirror image" },
	{ "geslachtsnaam=\u2018", "LR-P08 geslachtsnaam", "no letter" },
	{ "geslachtsnaam=\u2017t Hart", "LR-P08 geslachtsnaam", "one below" },
	{ "geslachtsnaam=\u201at Hart", "LR-P08 geslachtsnaam", "one beyond" },
	{ "voornamen=D\u2018Arcy", "", "in given names" },
	{ "voornamen=\u2018Anna", "LR-P08 voornamen", "but not as their begin" },
	{ "geslachtsnaam=-Hart", "LR-P08 geslachtsnaam", "begins with a hyphen" },
	{ "geslachtsnaam=Hart-", "", "may end with one" },
	{ "geslachtsnaam=De  Hart", "LR-P08 geslachtsnaam", "two spaces" },
	{ "geslachtsnaam=De - Hart", "", "hyphen between spaces" },
	{ "geslachtsnaam=De\u00a0Hart", "LR-P08 geslachtsnaam", "a no-break space is no space" },
	{ "geslachtsnaam=Hart2", "LR-P08 geslachtsnaam", "a digit" },
	{ "geslachtsnaam=Hart.", "LR-P08 geslachtsnaam", "a full stop" },
	{ "geslachtsnaam=.", "LR-P08 geslachtsnaam", "the full stop is for given names" },
	{ "geslachtsnaam=\u00d6zt\u00fcrk", "", "letters beyond ASCII" },
	{ "geslachtsnaam=\u00bfa", "LR-P08 geslachtsnaam", "one below the first letter" },
	{ "geslachtsnaam=\u00c0", "", "the first" },
	{ "geslachtsnaam=a\u00d7", "LR-P08 geslachtsnaam", "times" },
	{ "geslachtsnaam=a\u00f7", "LR-P08 geslachtsnaam", "divided by" },
	{ "geslachtsnaam=\u024f", "", "the last of the row" },
	{ "geslachtsnaam=\u0250", "LR-P08 geslachtsnaam", "one beyond" },
	{ "geslachtsnaam=\u1dffa", "LR-P08 geslachtsnaam", "one below" },
	{ "geslachtsnaam=\u1e00\u1eff", "", "both ends of the later row" },
	{ "geslachtsnaam=a\u1f00", "LR-P08 geslachtsnaam", "Greek" },
	{ "geslachtsnaam=a\U0001f600", "LR-P08 geslachtsnaam", "four bytes" },
	{ "geslachtsnaam=e\u0301\u0302a", "", "marks on a letter and on a mark" },
	{ "geslachtsnaam=e\u0300\u036f", "", "both ends of the marks" },
	{ "geslachtsnaam=e\u0370", "LR-P08 geslachtsnaam", "one beyond" },
	{ "geslachtsnaam=\u0301e", "LR-P08 geslachtsnaam", "a mark first" },
	{ "geslachtsnaam=e'\u0301", "LR-P08 geslachtsnaam", "a mark on an apostrophe" },
	{ "geslachtsnaam=e \u0301", "LR-P08 geslachtsnaam", "a mark on a space" },
	{ "geslachtsnaam=e-\u0301", "LR-P08 geslachtsnaam", "a mark on a hyphen" },
	{ "geslachtsnaam=a\nb", "LR-P08 geslachtsnaam", "a line end" },
	{ "geslachtsnaam=" HUNDRED HUNDRED, "", "200" },
	{ "geslachtsnaam=" HUNDRED HUNDRED "k", "LR-P08 geslachtsnaam", "201" },
	{ "voorvoegsel=", "", "optional" },
	{ "voorvoegsel=van 't", "", "an apostrophe after a space" },
	{ "voorvoegsel=" E_ACUTE_TEN, "", "10 code points are 20 bytes" },
	{ "voorvoegsel=" E_ACUTE_TEN "e", "LR-P08 voorvoegsel", "11" },
	{ "voorvoegsel=d.", "LR-P08 voorvoegsel", "a full stop" },
	{ "voornamen=", "LR-P08 voornamen", "required" },
	{ "voornamen=.", "", "none" },
	{ "voornamen=..", "LR-P08 voornamen", "exactly one" },
	{ "voornamen=A.", "LR-P08 voornamen", "no initials" },
	{ "voornamen=Anna  Maria", "LR-P08 voornamen", "two spaces" },
	{ "voornamen=Anne-Marie D'Arcy", "", "hyphen and apostrophe inside" },
	{ "voornamen='Anna", "LR-P08 voornamen", "each begins with a letter" },
	{ "voornamen=Anna -Maria", "LR-P08 voornamen", "each begins with a letter" },
	{ "voornamen=Anna \u0301Maria", "LR-P08 voornamen", "a mark first" },
	{ "voornamen=Rene\u0301e", "", "a mark on a letter" },
	{ "voornamen=Ann'\u0301", "LR-P08 voornamen", "a mark on an apostrophe" },
	{ "voornamen=" HUNDRED HUNDRED, "", "200" },
	{ "voornamen=" HUNDRED HUNDRED "k", "LR-P08 voornamen", "201" },
	{ "geslachtsnaam=Do\u00c4\u0178an", "LR-P15 geslachtsnaam", "a g with a breve, encoded twice" },
	{ "geslachtsnaam=\u00c5\u0178a", "LR-P15 geslachtsnaam", "at the begin" },
	{ "geslachtsnaam=A\u00c3\u0153", "LR-P15 geslachtsnaam", "at the end" },
	{ "geslachtsnaam=A\u00c3\u0152\u00c3\u0153", "LR-P15 geslachtsnaam", "once for two of them" },
	{ "geslachtsnaam=\u00c3\u00c3\u0160", "LR-P15 geslachtsnaam", "behind one without" },
	{ "geslachtsnaam=\u00c8\u2019", "LR-P15 geslachtsnaam", "an apostrophe" },
	{ "geslachtsnaam=\u00c8\u2018", "LR-P15 geslachtsnaam", "the other" },
	{ "geslachtsnaam=\u00c4\u0161;voorvoegsel=\u00c3\u017d;voornamen=\u00c5\u017e",
	  "LR-P15 geslachtsnaam, LR-P15 voorvoegsel, LR-P15 voornamen", "on each" },
	{ "voornamen=Z\u00c3\u0192", "LR-P15 voornamen", "the last of them" },
	{ "voornamen=1\u00c4\u0178", "LR-P08 voornamen", "not beside LR-P08" },
	{ "geslachtsnaam=Do\u00c6\u0178an", "", "no such first letter" },
	{ "geslachtsnaam=\u00c3\u00a9a", "LR-P08 geslachtsnaam", "most are no letters" },
	{ "geslachtsnaam=Do\u00c4\u0179an", "", "no such second" },
	{ "geslachtsnaam=Do\u00c4 \u0178an", "", "not directly" },
	{ "geslachtsnaam=Do\u00c4\u0301\u0178an", "", "a mark between" },
	{ "geslachtsnaam=\u0178\u00c4", "", "the other way round" },
	{ "geslachtsnaam=A'", "", "U+0027 is none of them" },
	{ "geslachtsnaam=\u00c3'", "", "likewise" },
	{ "geslachtsnaam=1;voorvoegsel=2;voornamen=3", "LR-P08 geslachtsnaam, LR-P08 voorvoegsel, LR-P08 voornamen",
	  "one per field, in column order" },
};

Test(judge, finds_faults_of_the_person)
{
	expect_rows(PERSON_ROWS, ARRAY_LEN(PERSON_ROWS));
}

#define HOME	    "straat=Dorpsstraat;huisnummer=1;postcode=1234AB;plaats=Ons Dorp;"
#define TWENTY_FOUR "abcdefghijklmnopqrstuvwx"

static const struct line_row ADDRESS_ROWS[] = {
	{ "postcode=1234AB", "", "a postcode alone" },
	{ "postcode=0234AB", "LR-P10 postcode", "begins with 0" },
	{ "postcode=1234ab", "LR-P10 postcode", "case counts" },
	{ "postcode=1234 AB", "LR-P10 postcode", "no space" },
	{ "postcode=1234ABC", "LR-P10 postcode", "too long" },
	{ HOME, "", "a whole address" },
	{ HOME "toevoeging=bis", "", "with an addition" },
	{ HOME "toevoeging=abcde", "", "5" },
	{ HOME "toevoeging=abcdef", "LR-P10 toevoeging", "6" },
	{ HOME "toevoeging=a\tb", "LR-P10 toevoeging", "control character" },
	{ HOME "plaats=", "LR-P10 postcode", "a part is missing" },
	{ HOME "land=6030", "LR-P10 postcode", "both kinds" },
	{ HOME "straat==1+1", "LR-P10 straat", "a formula" },
	{ HOME "straat=+31", "LR-P10 straat", "a formula" },
	{ HOME "straat=-1", "LR-P10 straat", "a formula" },
	{ HOME "straat=@a", "LR-P10 straat", "a formula" },
	{ HOME "straat=a=b+c-d@e", "", "not at the begin" },
	{ HOME "straat='=1", "", "not at the begin" },
	{ HOME "plaats=-", "LR-P10 plaats", "a formula" },
	{ HOME "plaats==", "LR-P10 plaats", "a formula" },
	{ HOME "toevoeging=-2", "", "a suffix may begin with a hyphen" },
	{ HOME "toevoeging==2", "LR-P10 toevoeging", "a formula" },
	{ HOME "toevoeging=+2", "LR-P10 toevoeging", "a formula" },
	{ HOME "toevoeging=@", "LR-P10 toevoeging", "a formula" },
	{ "land=6030;adresregel1=-Rue", "LR-P10 adresregel1", "a formula" },
	{ "land=6030;adresregel1=Rue 1;adresregel2=@x", "LR-P10 adresregel2", "a formula" },
	{ "land=6030;adresregel1=Rue 1;adresregel3=+x", "LR-P10 adresregel3", "a formula" },
	{ HOME "huisnummer=0", "LR-P10 huisnummer", "begins with 0" },
	{ HOME "huisnummer=99999", "", "5 digits" },
	{ HOME "huisnummer=100000", "LR-P10 huisnummer", "6 digits" },
	{ HOME "huisnummer=1a", "LR-P10 huisnummer", "a letter" },
	{ HOME "straat=" TWENTY_FOUR, "", "24" },
	{ HOME "straat=" TWENTY_FOUR "y", "LR-P10 straat", "25" },
	{ HOME "straat=" E_ACUTE_TEN E_ACUTE_TEN "\u00e9\u00e9\u00e9\u00e9", "", "24 code points" },
	{ HOME "straat=" E_ACUTE_TEN E_ACUTE_TEN "\u00e9\u00e9\u00e9\u00e9e", "LR-P10 straat", "25 code points" },
	{ HOME "straat=PoStBuS 12", "LR-P10 straat", "any ASCII case" },
	{ HOME "straat=Postbusweg", "LR-P10 straat", "begins with it" },
	{ HOME "straat=Postbu", "", "does not" },
	{ HOME "straat=a\x1f", "LR-P10 straat", "control character" },
	{ HOME "straat=a\x7f", "LR-P10 straat", "delete" },
	{ HOME "straat=a\xc2\x80", "LR-P10 straat", "control character of two bytes" },
	{ HOME "straat=a\xc2\x9f", "LR-P10 straat", "the last of them" },
	{ HOME "straat=a\u00a0b", "", "a no-break space is none" },
	{ HOME "straat=a\xe2\x82\x80", "", "the same bytes inside another character" },
	{ HOME "plaats=" TWENTY_FOUR, "", "24" },
	{ HOME "plaats=" TWENTY_FOUR "y", "LR-P10 plaats", "25" },
	{ HOME "plaats=Postbusdorp", "", "the word is for streets and lines" },
	{ "toevoeging=a", "LR-P10 postcode", "an addition to nothing" },
	{ "huisnummer=1", "LR-P10 postcode", "a number alone" },
	{ "land=6030;adresregel1=Rue 1", "", "abroad" },
	{ "land=6030;adresregel1=Rue 1;adresregel2=x", "", "with the second" },
	{ "land=6030;adresregel1=Rue 1;adresregel3=x", "", "with the third" },
	{ "land=6030;adresregel1=Rue 1;adresregel2=x;adresregel3=y", "", "with both" },
	{ "land=6030", "LR-P10 postcode", "a country alone" },
	{ "adresregel1=Rue 1", "LR-P10 postcode", "no country" },
	{ "land=603;adresregel1=Rue 1", "LR-P10 land", "three digits" },
	{ "land=6030;adresregel1=postbus 1", "LR-P10 adresregel1", "post box" },
	{ "land=6030;adresregel1=Rue 1;adresregel2=POSTBUS", "LR-P10 adresregel2", "post box" },
	{ "land=6030;adresregel1=Rue 1;adresregel3=postbus", "LR-P10 adresregel3", "post box" },
	{ "land=6030;adresregel1=" TWENTY_FOUR TEN "k", "", "35" },
	{ "land=6030;adresregel1=" TWENTY_FOUR TEN "kl", "LR-P10 adresregel1", "36" },
	{ "straat=\t;huisnummer=x;postcode=y", "LR-P10 straat", "the first wrong column only" },
	{ "huisnummer=x;land=y", "LR-P10 huisnummer", "form goes before the set" },
	{ "straat= ;postcode= ", "", "spaces are nothing" },
};

Test(judge, finds_faults_of_the_address)
{
	expect_rows(ADDRESS_ROWS, ARRAY_LEN(ADDRESS_ROWS));
}

#define DATES(a, b, c, d) \
	"begin_arbeidsovereenkomst=" a ";einde_arbeidsovereenkomst=" b ";begin_benoeming=" c ";einde_benoeming=" d

static const struct line_row DATE_ROWS[] = {
	{ DATES("", "", "", ""), "LR-B01 begin_arbeidsovereenkomst, LR-B01 begin_benoeming",
	  "both begins are required" },
	{ DATES("x", "x", "x", "x"),
	  "LR-B01 begin_arbeidsovereenkomst, LR-B01 einde_arbeidsovereenkomst, LR-B01 begin_benoeming, "
	  "LR-B01 einde_benoeming",
	  "each of four" },
	{ DATES("20100801", "20180800", "20100801", "20180731"), "LR-B01 einde_arbeidsovereenkomst",
	  "no partial date" },
	{ DATES("20100801", "20100731", "20100801", "20100731"),
	  "LR-B02 einde_arbeidsovereenkomst, LR-B02 einde_benoeming", "ends before it begins" },
	{ DATES("20100801", "20100801", "20100801", "20100801"), "", "one day" },
	{ DATES("20100802", "", "20100801", ""), "LR-B03 begin_benoeming", "begins before the contract" },
	{ DATES("20100801", "20180731", "20100801", ""), "LR-B03 einde_benoeming", "no end, but the contract has" },
	{ DATES("20100801", "20180731", "20100801", "20180731"), "", "the same end" },
	{ DATES("20100801", "20180731", "20100801", "20180801"), "LR-B03 einde_benoeming", "a day longer" },
	{ DATES("20100801", "20180731", "20100801", "x"), "LR-B01 einde_benoeming", "no date: nothing to compare" },
	{ DATES("20100801", "", "20100801", "20180731"), "", "the contract goes on" },
	{ DATES("20190701", "", "20190701", ""), "", "a year ahead" },
	{ DATES("20190702", "", "20190702", ""), "LR-B04 begin_arbeidsovereenkomst, LR-B04 begin_benoeming",
	  "a day more" },
	{ DATES("20190701", "", "20190702", ""), "LR-B04 begin_benoeming", "only the appointment" },
	{ DATES("20190701", "21991231", "20190701", "21991231"), "", "ends may be far" },
	{ DATES("19800214", "", "20100801", ""), "LR-B14 begin_arbeidsovereenkomst", "on the day of birth" },
	{ DATES("19800215", "", "20100801", ""), "", "the day after" },
	{ "geboortedatum=19800200;begin_arbeidsovereenkomst=19800201", "LR-B14 begin_arbeidsovereenkomst",
	  "00 counts as 01" },
	{ "geboortedatum=x;begin_arbeidsovereenkomst=19800201", "LR-P05 geboortedatum", "needs a birth date" },
};

Test(judge, finds_faults_of_the_dates)
{
	expect_rows(DATE_ROWS, ARRAY_LEN(DATE_ROWS));
}

#define IN_TRAINING "benoemingsgrondslag=708;einde_benoeming=20180831;onderwijsterrein=P001;"

static const struct line_row APPOINTMENT_ROWS[] = {
	{ "benoemingssleutel=", "LR-B13 benoemingssleutel", "required" },
	{ "benoemingssleutel=-1", "LR-B13 benoemingssleutel", "begins with a letter or digit" },
	{ "benoemingssleutel=a b", "LR-B13 benoemingssleutel", "no space" },
	{ "benoemingssleutel=A._/-9", "", "all that is allowed" },
	{ "benoemingssleutel=" TEN TEN TEN "abcdef", "", "36" },
	{ "benoemingssleutel=" TEN TEN TEN "abcdefg", "LR-B13 benoemingssleutel", "37" },
	{ "benoemingsgrondslag=", "LR-B13 benoemingsgrondslag", "required" },
	{ "benoemingsgrondslag=70", "LR-B13 benoemingsgrondslag", "two digits" },
	{ "benoemingsgrondslag=0701", "LR-B13 benoemingsgrondslag", "four digits" },
	{ "benoemingsgrondslag=799", "LR-B05 benoemingsgrondslag 799 20180629", "unknown" },
	{ "benoemingsgrondslag=007", "LR-B05 benoemingsgrondslag 7 20180629", "unknown, leading zeros" },
	{ "benoemingsgrondslag=990", "LR-B05 benoemingsgrondslag 990 20180629", "no longer valid" },
	{ "benoemingsgrondslag=990;einde_benoeming=20171231", "", "valid on its last day" },
	{ "benoemingsgrondslag=990;einde_benoeming=20180101", "LR-B05 benoemingsgrondslag 990 20180101",
	  "a day too long" },
	{ "benoemingsgrondslag=990;begin_benoeming=x", "LR-B01 begin_benoeming", "no test date: not looked up" },
	{ "benoemingsgrondslag=799;brin=98ZZ;einde_benoeming=x", "LR-B01 einde_benoeming",
	  "no test date: not looked up" },
	{ "benoemingsgrondslag=990;begin_benoeming=20180101;einde_benoeming=20171231",
	  "LR-B02 einde_benoeming, LR-B05 benoemingsgrondslag 990 20180101", "never before the begin" },
	{ "brin=", "LR-S01 brin", "required" },
	{ "brin=99zz", "LR-S01 brin", "case counts" },
	{ "brin=99ZZ\n", "LR-S01 brin", "a line end stays" },
	{ "brin=9ZZZ", "LR-S01 brin", "two digits" },
	{ "brin=98ZZ", "LR-S02 brin 98ZZ 20180629", "unknown; nothing more of school and site" },
	{ "brin=99WG", "LR-S02 brin 99WG 20180629", "closed" },
	{ "brin=99WG;einde_benoeming=20180531", "", "it was open" },
	{ "brin=99NW", "", "open on the day of extraction" },
	{ "brin=99NW;einde_benoeming=20180531", "LR-S02 brin 99NW 20180531", "not yet" },
	{ "brin=99AN", "LR-S03 brin 99AN 20180629", "of another board" },
	{ "brin=99AN;vestiging=5", "LR-S03 brin 99AN 20180629, LR-S04 vestiging 5 99AN 20180629", "both" },
	{ "vestiging=", "", "empty is 00" },
	{ "vestiging=0", "", "padded" },
	{ "vestiging=1", "", "padded" },
	{ "vestiging=001", "LR-S05 vestiging", "three digits" },
	{ "vestiging=a", "LR-S05 vestiging", "a letter" },
	{ "vestiging=2", "LR-S04 vestiging 2 99ZZ 20180629", "unknown" },
	{ "vestiging=12", "LR-S04 vestiging 12 99ZZ 20180629", "closed" },
	{ "vestiging=12;einde_benoeming=20180531", "", "it was open" },
	{ "vestiging=13;einde_benoeming=20180831", "",
	  "it closes later; an end later than the extraction is not waited for" },
	{ "vestiging=13;begin_benoeming=20180801", "LR-S04 vestiging 13 99ZZ 20180801", "a begin is" },
	{ "brin=99NS", "LR-S04 vestiging 0 99NS 20180629", "a school without sites" },
	{ "brin=99NS;vestiging=x", "LR-S05 vestiging", "a site of wrong form is not looked up" },
	{ "brin=98ZZ;vestiging=x", "LR-S02 brin 98ZZ 20180629, LR-S05 vestiging", "form without needs" },
	{ IN_TRAINING, "", "in training" },
	{ IN_TRAINING "onderwijsterrein=", "LR-B06 onderwijsterrein", "field is needed" },
	{ "brin=99VO;benoemingsgrondslag=919", "", "field is not needed" },
	{ "onderwijsterrein=P001", "LR-B07 onderwijsterrein", "not for the register" },
	{ "onderwijsterrein=p001", "LR-B07 onderwijsterrein, LR-B08 onderwijsterrein",
	  "form is looked at all the same" },
	{ "onderwijsterrein=p001;benoemingsgrondslag=799",
	  "LR-B05 benoemingsgrondslag 799 20180629, LR-B08 onderwijsterrein", "form without needs" },
	{ "onderwijsterrein=X999;benoemingsgrondslag=799", "LR-B05 benoemingsgrondslag 799 20180629",
	  "no row, no look-up" },
	{ IN_TRAINING "onderwijsterrein=P001|P002", "", "two" },
	{ IN_TRAINING "onderwijsterrein= P002 | P001 ", "", "codes are trimmed" },
	{ IN_TRAINING "onderwijsterrein=P001|P001", "LR-B08 onderwijsterrein", "doubled" },
	{ IN_TRAINING "onderwijsterrein=P002|P001| P002", "LR-B08 onderwijsterrein", "doubled after trimming" },
	{ IN_TRAINING "onderwijsterrein=P001|", "LR-B08 onderwijsterrein", "an empty one" },
	{ IN_TRAINING "onderwijsterrein=|", "LR-B08 onderwijsterrein", "two empty ones" },
	{ IN_TRAINING "onderwijsterrein=P001,P002", "LR-B08 onderwijsterrein", "another separator" },
	{ IN_TRAINING "onderwijsterrein=P009", "LR-B08 onderwijsterrein", "unknown" },
	{ IN_TRAINING "onderwijsterrein=V1", "LR-B08 onderwijsterrein", "of another sector" },
	{ IN_TRAINING "onderwijsterrein=P003", "LR-B08 onderwijsterrein", "no longer valid" },
	{ IN_TRAINING "einde_benoeming=20180531;onderwijsterrein=P003", "", "it was" },
	{ "brin=99VO;benoemingsgrondslag=917;onderwijsterrein=V4|V3|V2|V1", "", "four" },
	{ "brin=99VO;benoemingsgrondslag=917;onderwijsterrein=V5|V4|V3|V2|V1", "LR-B08 onderwijsterrein", "five" },
	{ "onderwijsterrein=ABCDEFGHI9", "LR-B07 onderwijsterrein", "10 characters are of the right form" },
	{ "onderwijsterrein=ABCDEFGHI90", "LR-B07 onderwijsterrein, LR-B08 onderwijsterrein", "11 are not" },
	{ "brin=99VO;benoemingsgrondslag=921", "LR-B09 benoemingsgrondslag", "belongs in neither" },
	{ "brin=99VO;benoemingsgrondslag=921;onderwijsterrein=X1", "LR-B09 benoemingsgrondslag",
	  "no look-up for these" },
	{ IN_TRAINING "einde_benoeming=", "LR-B10 einde_benoeming", "end is needed" },
	{ "benoemingsgrondslag=901", "LR-B12 benoemingsgrondslag", "VO ground, PO school" },
	{ "brin=99VO;benoemingsgrondslag=901", "", "VO and VO" },
	{ "brin=99MA;benoemingsgrondslag=961", "", "MBO and MBO" },
	{ "brin=99MA;benoemingsgrondslag=901", "LR-B12 benoemingsgrondslag", "VO ground, MBO school" },
	{ "brin=99WE;benoemingsgrondslag=901", "", "vso with examinations" },
	{ "brin=99WE", "LR-B12 benoemingsgrondslag", "vso with examinations, PO ground" },
	{ "brin=99WP", "", "other WEC schools use those of PO" },
	{ "brin=99WP;benoemingsgrondslag=901", "LR-B12 benoemingsgrondslag", "other WEC schools, VO ground" },
	{ "brin=99AN;benoemingsgrondslag=901", "LR-B12 benoemingsgrondslag, LR-S03 brin 99AN 20180629",
	  "a school of another board is a school" },
	{ "brin=98ZZ;benoemingsgrondslag=901", "LR-S02 brin 98ZZ 20180629", "no school to compare with" },
};

Test(judge, finds_faults_of_the_appointment)
{
	expect_rows(APPOINTMENT_ROWS, ARRAY_LEN(APPOINTMENT_ROWS));
}

#define NOTHING                                                                                   \
	"geslachtsnaam=;voornamen=;geslacht=;geboortedatum=;benoemingssleutel=;brin=;vestiging=;" \
	"begin_arbeidsovereenkomst=;begin_benoeming=;benoemingsgrondslag=;"

static const struct line_row WITHDRAWAL_ROWS[] = {
	{ NOTHING, "", "a BSN is enough" },
	{ NOTHING "geslachtsnaam=123;postcode=x", "", "the person is not looked at" },
	{ NOTHING "bsn=111222334", "LR-P02 bsn", "identity is" },
	{ NOTHING "vestiging=x", "LR-X05 vestiging", "not empty" },
	{ NOTHING "vestiging=  ", "", "empty" },
	{ "", "LR-X05 benoemingssleutel", "the first such column only" },
	{ NOTHING "onderwijsterrein=V1;einde_benoeming=x", "LR-X05 einde_benoeming", "in column order" },
	{ NOTHING "benoemingssleutel=111222333;personeelsnummer=?",
	  "LR-P11 benoemingssleutel, LR-P12 personeelsnummer, LR-X05 benoemingssleutel", "all that apply" },
	{ NOTHING "benoemingssleutel=a b", "LR-X05 benoemingssleutel", "no LR-B13 here" },
};

Test(judge, applies_few_rules_to_a_withdrawal)
{
	fixture->input.kind = DELIVERY_INTREKKING;
	expect_rows(WITHDRAWAL_ROWS, ARRAY_LEN(WITHDRAWAL_ROWS));
}

Test(judge, treats_a_mutation_as_a_whole_delivery)
{
	fixture->input.kind = DELIVERY_MUTATIE;
	expect_rows(PERSON_ROWS, ARRAY_LEN(PERSON_ROWS));
}

static const struct {
	const char *changes;
	const char *employee_ref;
	const char *key;
	const char *why;
} ECHO_ROWS[] = {
	{ "", "1001", "A-1", "both" },
	{ "personeelsnummer= 1 2 ;benoemingssleutel= A ", "1 2", "A", "trimmed" },
	{ "personeelsnummer=?", "", "A-1", "LR-P12" },
	{ "personeelsnummer=111222333", "", "A-1", "LR-P11" },
	{ "personeelsnummer=123456782", "", "A-1", "LR-P14" },
	{ "benoemingssleutel=a b", "1001", "", "LR-B13" },
	{ "benoemingssleutel=x111222333", "1001", "", "LR-P11" },
	{ "benoemingssleutel=x123456782", "1001", "", "LR-P14" },
};

Test(judge, echoes_only_what_cannot_harm)
{
	static const enum delivery_kind KINDS[] = { DELIVERY_VOLLEDIG, DELIVERY_INTREKKING };

	for (size_t i = 0; i < ARRAY_LEN(ECHO_ROWS) * ARRAY_LEN(KINDS); i++) {
		size_t row = i / ARRAY_LEN(KINDS);

		fixture->input.kind = KINDS[i % ARRAY_LEN(KINDS)];
		judge_fixture_findings_of(fixture, ECHO_ROWS[row].changes);
		const struct judged_line *line = &fixture->judged.lines[0];

		cr_expect(slice_equal_text(line->employee_ref, ECHO_ROWS[row].employee_ref), "%s", ECHO_ROWS[row].why);
		cr_expect(slice_equal_text(line->appointment_key, ECHO_ROWS[row].key), "%s", ECHO_ROWS[row].why);
	}
}

static const struct {
	const char *changes;
	enum delivery_kind kind;
	enum target want;
	const char *why;
} TARGET_ROWS[] = {
	{ "", DELIVERY_VOLLEDIG, TARGET_REGISTER, "of the row" },
	{ IN_TRAINING, DELIVERY_VOLLEDIG, TARGET_VOORPORTAAL, "of the row" },
	{ "benoemingsgrondslag=921", DELIVERY_VOLLEDIG, TARGET_GEEN, "shown on rejected lines too" },
	{ "benoemingsgrondslag=799", DELIVERY_VOLLEDIG, TARGET_NONE, "no row" },
	{ "begin_benoeming=", DELIVERY_VOLLEDIG, TARGET_NONE, "no test date" },
	{ "bsn=1", DELIVERY_VOLLEDIG, TARGET_REGISTER, "whatever the BSN is" },
	{ "", DELIVERY_INTREKKING, TARGET_NONE, "never for a withdrawal" },
};

Test(judge, takes_the_target_from_the_ground_row)
{
	for (size_t i = 0; i < ARRAY_LEN(TARGET_ROWS); i++) {
		fixture->input.kind = TARGET_ROWS[i].kind;
		judge_fixture_findings_of(fixture, TARGET_ROWS[i].changes);
		cr_expect_eq(fixture->judged.lines[0].target, TARGET_ROWS[i].want, "%s", TARGET_ROWS[i].why);
	}
}

Test(judge, keeps_within_its_arena_when_everything_is_wrong)
{
	judge_fixture_reset(fixture);
	for (size_t i = 0; i < 3; i++)
		judge_fixture_add(
			fixture,
			"bsn=12345678;personeelsnummer=?12345678;geslachtsnaam=1;voorvoegsel=1;voornamen=1;geslacht=1;"
			"geboortedatum=1;postcode=1;benoemingssleutel=?12345678;brin=1;vestiging=x;"
			"begin_arbeidsovereenkomst=1;einde_arbeidsovereenkomst=1;begin_benoeming=1;"
			"einde_benoeming=1;benoemingsgrondslag=1;onderwijsterrein=?");
	judge_fixture_judge(fixture);
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(
			judge_fixture_findings(fixture, i),
			"LR-B01 begin_arbeidsovereenkomst, LR-B01 einde_arbeidsovereenkomst, "
			"LR-B01 begin_benoeming, LR-B01 einde_benoeming, LR-B08 onderwijsterrein, "
			"LR-B13 benoemingssleutel, LR-B13 benoemingsgrondslag, LR-P01 bsn, LR-P05 geboortedatum, "
			"LR-P07 geslacht, LR-P08 geslachtsnaam, LR-P08 voorvoegsel, LR-P08 voornamen, LR-P10 postcode, "
			"LR-P11 personeelsnummer, LR-P11 benoemingssleutel, LR-P12 personeelsnummer, LR-S01 brin, "
			"LR-S05 vestiging");
	cr_expect_eq(fixture->judged.finding_count, 3 * 19);
}

Test(judge, reads_a_column_that_is_not_in_the_file_as_absent)
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, "");
	fixture->columns[FIELD_SITE - 1] = 0;			  /* out of range */
	fixture->columns[FIELD_SEX - 1] = 200;			  /* out of range */
	fixture->columns[FIELD_TEACHING_FIELDS - 1] = FIELD_BRIN; /* empty, and doubled: the first one counts */
	judge_fixture_judge(fixture);
	cr_expect_str_eq(judge_fixture_findings(fixture, 0), "LR-P07 geslacht");
}

Test(judge, needs_no_columns_at_all)
{
	judge_fixture_reset(fixture);
	judge_fixture_add(fixture, "");
	fixture->input.column_count = 0;
	fixture->input.kind = DELIVERY_INTREKKING;
	judge_fixture_judge(fixture);
	cr_expect_str_eq(judge_fixture_findings(fixture, 0), "LR-P01 bsn");
}

Test(judge, needs_no_lines_either)
{
	judge_fixture_reset(fixture);
	judge_fixture_judge(fixture);
	cr_expect_eq(fixture->judged.group_count, 0);
	cr_expect_eq(fixture->judged.finding_count, 0);
}

Test(judge, says_full_when_the_arena_is_too_small_and_writes_nothing)
{
	struct arena small;
	struct err err;
	size_t full_pages = 0;

	judge_fixture_reset(fixture);
	for (size_t i = 0; i < 100; i++)
		judge_fixture_add(fixture, i % 3 == 0 ? "geslacht=x" : "bsn=123456782;vestiging=9");
	for (size_t pages = 1;; pages++) {
		struct judged judged = { .finding_count = 77 };

		cr_assert_eq(arena_init(&small, pages << 12, 0, &err), 0);
		int rc = judge_delivery(&fixture->input, &small, &judged, &err);

		arena_release(&small);
		if (rc == 0)
			break;
		full_pages = pages;
		cr_expect_eq(rc, -ERR_FULL);
		cr_expect_eq(judged.finding_count, 77);
	}
	cr_expect_gt(full_pages, 3);
}

Test(judge, stays_within_its_bytes_on_bytes_that_are_no_text)
{
	char noise[COLUMNS][16];

	for (uint64_t seed = 1; seed <= 2000; seed++) {
		uint64_t x = seed;

		judge_fixture_reset(fixture);
		judge_fixture_add(fixture, "");
		for (size_t i = 0; i < sizeof noise; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			noise[i / 16][i % 16] = (char)(x >> 40);
		}
		for (size_t i = 0; i < COLUMNS; i++)
			if (x >> i & 1)
				fixture->cells[i] = slice_make(noise[i] + i % 8, 16 - i % 8);
		judge_fixture_judge(fixture);
		cr_assert_leq(fixture->judged.finding_count, LINE_FINDINGS_MAX, "seed=%llu", (unsigned long long)seed);
	}
}
