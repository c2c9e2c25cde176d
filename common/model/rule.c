#include "model/rule.h"

#include <assert.h>

enum { CODE_BYTES = 6 };

/* A place for each letter and number, so that nothing is searched. */
#define RULE_SLOT(rule) ((((rule) >> 8) - 'A') * RULE_NUMBERS + ((rule)&0xff))

struct rule_entry {
	const char *code;
	char ernst;
	uint64_t fields;  /* bit FIELD_X: a finding may have veld X; FIELD_NONE: none */
	const char *text; /* as the specification has it; <..> are the PLACEHOLDERS below */
};

/* clang-format off */
/* Which fields a finding of a rule may stand on (column Veld of the tables). */
#define IN(field) (UINT64_C(1) << FIELD_##field)
#define BETWEEN(first, last) ((UINT64_C(2) << (last)) - (UINT64_C(1) << (first)))
#define CONTRACT_DATES (IN(CONTRACT_START) | IN(CONTRACT_END))
#define APPOINTMENT_DATES (IN(APPOINTMENT_START) | IN(APPOINTMENT_END))
#define NAMES (IN(FAMILY_NAME) | IN(NAME_PREFIX) | IN(GIVEN_NAMES))
#define ECHOED (IN(EMPLOYEE_REF) | IN(APPOINTMENT_KEY))
#define ADDRESS BETWEEN(FIELD_STREET, FIELD_FOREIGN_ADDRESS_3)
#define PERSON BETWEEN(PERSON_FIRST, PERSON_LAST)
#define APPOINTMENT BETWEEN(APPOINTMENT_FIRST, APPOINTMENT_LAST)
#define ANY_COLUMN BETWEEN(1, COLUMNS)
#define ANY_HEADER_FIELD BETWEEN(FIELD_DELIVERY_ID, HEADER_LAST)

static const struct rule_entry CATALOGUE[RULE_LETTERS * RULE_NUMBERS] = {
	[RULE_SLOT(RULE_B01)] = { "LR-B01", 'A', CONTRACT_DATES | APPOINTMENT_DATES,
		"Het veld <veld> ontbreekt of is geen geldige datum (JJJJMMDD)." },
	[RULE_SLOT(RULE_B02)] = { "LR-B02", 'A', IN(CONTRACT_END) | IN(APPOINTMENT_END),
		"De einddatum ligt voor de begindatum." },
	[RULE_SLOT(RULE_B03)] = { "LR-B03", 'A', IN(APPOINTMENT_START) | IN(APPOINTMENT_END),
		"De benoeming valt niet binnen de periode van de arbeidsovereenkomst. Loopt die af, vul dan ook de "
		"einddatum van de benoeming in." },
	[RULE_SLOT(RULE_B04)] = { "LR-B04", 'A', IN(CONTRACT_START) | IN(APPOINTMENT_START),
		"De begindatum ligt meer dan een jaar in de toekomst." },
	[RULE_SLOT(RULE_B05)] = { "LR-B05", 'A', IN(APPOINTMENT_GROUND),
		"De benoemingsgrondslag <code> is niet bekend of is op <datum> niet geldig." },
	[RULE_SLOT(RULE_B06)] = { "LR-B06", 'A', IN(TEACHING_FIELDS),
		"Bij deze benoemingsgrondslag is de leraar (nog) niet bevoegd. Geef aan welk onderwijs deze leraar "
		"geeft." },
	[RULE_SLOT(RULE_B07)] = { "LR-B07", 'A', IN(TEACHING_FIELDS),
		"Bij een bevoegde benoeming levert u geen onderwijsterrein. Laat dit veld leeg." },
	[RULE_SLOT(RULE_B08)] = { "LR-B08", 'A', IN(TEACHING_FIELDS),
		"Een onderwijsterrein is niet bekend, staat dubbel, of er zijn er meer dan vier." },
	[RULE_SLOT(RULE_B09)] = { "LR-B09", 'A', IN(APPOINTMENT_GROUND),
		"Deze benoeming hoort niet in het register of het voorportaal. Lever deze regel niet aan." },
	[RULE_SLOT(RULE_B10)] = { "LR-B10", 'A', IN(APPOINTMENT_END),
		"Deze benoemingsgrondslag geldt tijdelijk. Vul de einddatum van de benoeming in." },
	[RULE_SLOT(RULE_B11)] = { "LR-B11", 'S', IN(APPOINTMENT_END),
		"De toegestane periode voor deze benoemingsgrondslag is <n> maanden. Deze benoeming duurt langer." },
	[RULE_SLOT(RULE_B12)] = { "LR-B12", 'S', IN(APPOINTMENT_GROUND),
		"De benoemingsgrondslag past niet bij het soort school. Een vso-school zonder eigen examens gebruikt "
		"de codes voor het po." },
	[RULE_SLOT(RULE_B13)] = { "LR-B13", 'A', IN(APPOINTMENT_KEY) | IN(APPOINTMENT_GROUND),
		"Het veld <veld> ontbreekt of heeft niet de juiste vorm." },
	[RULE_SLOT(RULE_B14)] = { "LR-B14", 'A', IN(CONTRACT_START),
		"De arbeidsovereenkomst begint niet na de geboortedatum. Controleer beide datums." },
	[RULE_SLOT(RULE_F01)] = { "LR-F01", 'A', IN(NONE),
		"Het bestand is leeg, beschadigd of te groot. Maak het bestand opnieuw aan en lever het nogmaals." },
	[RULE_SLOT(RULE_F02)] = { "LR-F02", 'A', IN(NONE),
		"Het bestand bevat tekens die niet leesbaar zijn. Sla het bestand op als csv met tekenset UTF-8." },
	[RULE_SLOT(RULE_F03)] = { "LR-F03", 'A', ANY_COLUMN,
		"De kolom <kolom> ontbreekt of staat er dubbel in. Gebruik het voorbeeldbestand." },
	[RULE_SLOT(RULE_F04)] = { "LR-F04", 'A', IN(NONE),
		"Kolom <n> van het bestand hoort niet in deze levering. Verwijder deze kolom. Wij bewaren deze "
		"gegevens niet." },
	[RULE_SLOT(RULE_F05)] = { "LR-F05", 'A', IN(NONE),
		"Regel <regel> heeft <n> velden in plaats van <m>. Controleer puntkomma's en aanhalingstekens." },
	[RULE_SLOT(RULE_F06)] = { "LR-F06", 'A', IN(NONE),
		"In de kop staat dat er <n> regels zijn, wij tellen er <m>. Het bestand is niet volledig aangekomen." },
	[RULE_SLOT(RULE_F07)] = { "LR-F07", 'A', IN(NONE),
		"De controlewaarde in de kop past niet bij het bestand. Het bestand is niet goed aangekomen. Lever "
		"het nogmaals." },
	[RULE_SLOT(RULE_F08)] = { "LR-F08", 'A', IN(NONE),
		"Regel <regel> is niet te lezen. Controleer puntkomma's, aanhalingstekens en formules." },
	[RULE_SLOT(RULE_F09)] = { "LR-F09", 'A', IN(NONE),
		"Het bestand bevat te veel regels of gegevens voor een leraar (hoogstens 500 regels). Controleer het "
		"bestand." },
	[RULE_SLOT(RULE_F10)] = { "LR-F10", 'A', IN(NONE),
		"Het XML-bestand is niet te lezen (bij regel <n>). Laat uw leverancier het bestand controleren." },
	[RULE_SLOT(RULE_F11)] = { "LR-F11", 'A', IN(NONE),
		"Het XML-bestand bevat bij regel <n> een onderdeel dat niet in deze levering hoort. Wij bewaren deze "
		"gegevens niet." },
	[RULE_SLOT(RULE_F12)] = { "LR-F12", 'A', IN(NONE),
		"Het bestand heeft geen puntkomma als scheidingsteken, of begint met een regel sep=. Sla het op als "
		"csv met puntkomma's en zonder die regel." },
	[RULE_SLOT(RULE_F13)] = { "LR-F13", 'A', IN(NONE),
		"Het bestand heeft regeleinden die wij niet kunnen lezen. Sla het op als csv voor Windows." },
	[RULE_SLOT(RULE_K01)] = { "LR-K01", 'A', IN(DELIVERY_ID),
		"Dit leveringsnummer is al gebruikt voor een andere levering. Gebruik een nieuw nummer." },
	[RULE_SLOT(RULE_K02)] = { "LR-K02", 'A', IN(BOARD),
		"Het bestuursnummer <bestuur> is niet bekend of niet geldig op de extractiedatum." },
	[RULE_SLOT(RULE_K03)] = { "LR-K03", 'A', IN(BOARD),
		"U bent niet gemachtigd om voor bestuur <bestuur> te leveren. Laat het bestuur de machtiging "
		"regelen." },
	[RULE_SLOT(RULE_K04)] = { "LR-K04", 'S', IN(SEQUENCE),
		"Het volgnummer is niet hoger dan dat van een eerdere levering. Gegevens die ouder zijn dan wat wij "
		"al hebben, zijn niet verwerkt." },
	[RULE_SLOT(RULE_K05)] = { "LR-K05", 'S', IN(EXTRACTION_DATE),
		"De gegevens zijn ouder dan een maand. Wijzigingen moeten binnen een maand worden doorgegeven." },
	[RULE_SLOT(RULE_K06)] = { "LR-K06", 'S', IN(NONE),
		"Aantal leraren dat door deze levering zou vervallen: <n> van de <m>. Er vervalt nog niets. Bevestig "
		"dat dit klopt of lever een volledig bestand." },
	[RULE_SLOT(RULE_K08)] = { "LR-K08", 'A', ANY_HEADER_FIELD,
		"Het veld <veld> in de kop van de levering ontbreekt of heeft niet de juiste vorm." },
	[RULE_SLOT(RULE_K09)] = { "LR-K09", 'A', IN(EXTRACTION_DATE),
		"De extractiedatum ligt in de toekomst. Controleer de datum in de kop van de levering." },
	[RULE_SLOT(RULE_K10)] = { "LR-K10", 'S', IN(NONE),
		"De gevraagde bevestiging is niet meer nodig. Er is een nieuwere levering of het volgnummer is "
		"hersteld." },
	[RULE_SLOT(RULE_P01)] = { "LR-P01", 'A', IN(BSN),
		"Het burgerservicenummer ontbreekt of bestaat niet uit precies 9 cijfers. Let op voorloopnullen "
		"(Excel laat die weg) en op onzichtbare tekens." },
	[RULE_SLOT(RULE_P02)] = { "LR-P02", 'A', IN(BSN),
		"Het burgerservicenummer klopt niet (controlegetal). Controleer het nummer op een loonstrook of "
		"identiteitsbewijs." },
	[RULE_SLOT(RULE_P03)] = { "LR-P03", 'A', IN(BSN),
		"Dit is een onderwijsnummer. Voor leraren moet u het burgerservicenummer leveren." },
	[RULE_SLOT(RULE_P05)] = { "LR-P05", 'A', IN(BIRTH_DATE),
		"De geboortedatum ontbreekt, is geen geldige datum (JJJJMMDD) of ligt in de toekomst." },
	[RULE_SLOT(RULE_P06)] = { "LR-P06", 'S', IN(BIRTH_DATE),
		"De leeftijd is ongebruikelijk voor een leraar. Controleer de geboortedatum en de datums van de "
		"benoeming." },
	[RULE_SLOT(RULE_P07)] = { "LR-P07", 'A', IN(SEX), "Vul bij geslacht M, V of O in." },
	[RULE_SLOT(RULE_P08)] = { "LR-P08", 'A', NAMES,
		"Het veld <veld> ontbreekt, is te lang of bevat tekens die niet zijn toegestaan. Alleen letters, "
		"spaties, koppeltekens en apostrofs. Geen voornamen? Vul een punt in." },
	[RULE_SLOT(RULE_P10)] = { "LR-P10", 'A', ADDRESS,
		"Het adres is niet bruikbaar. Lever een volledig woonadres (geen postbus) of laat alle adreskolommen "
		"leeg." },
	[RULE_SLOT(RULE_P11)] = { "LR-P11", 'A', ECHOED,
		"Het veld <veld> bevat het burgerservicenummer. Gebruik een eigen nummer van uw administratie." },
	[RULE_SLOT(RULE_P12)] = { "LR-P12", 'S', IN(EMPLOYEE_REF),
		"Het personeelsnummer is te lang of bevat tekens die niet zijn toegestaan. Wij tonen het niet in de "
		"terugmelding." },
	[RULE_SLOT(RULE_P14)] = { "LR-P14", 'S', ECHOED,
		"Het veld <veld> lijkt een burgerservicenummer te bevatten. Wij tonen het niet in de terugmelding. "
		"Gebruik een eigen nummer." },
	[RULE_SLOT(RULE_P15)] = { "LR-P15", 'S', NAMES,
		"Het veld <veld> lijkt verkeerd gecodeerde letters te bevatten. Controleer de schrijfwijze en lever "
		"het bestand als UTF-8." },
	[RULE_SLOT(RULE_R01)] = { "LR-R01", 'A', IN(NONE),
		"Deze leraar is bij ons niet (meer) bekend voor uw bestuur. Er is niets om in te trekken." },
	[RULE_SLOT(RULE_R06)] = { "LR-R06", 'S', IN(NONE),
		"Aantal leraren dat u eerder leverde en dat niet in deze volledige levering staat: <n>. Hun gegevens "
		"vervallen. Is een leraar uit dienst, geef dan de einddatum door." },
	[RULE_SLOT(RULE_R08)] = { "LR-R08", 'A', IN(NONE),
		"Met volgnummer <n> leverde u voor deze leraar al andere gegevens. Gebruik een hoger volgnummer." },
	[RULE_SLOT(RULE_S01)] = { "LR-S01", 'A', IN(BRIN),
		"Het BRIN-nummer moet bestaan uit twee cijfers en twee hoofdletters, bijvoorbeeld 12AB." },
	[RULE_SLOT(RULE_S02)] = { "LR-S02", 'A', IN(BRIN),
		"Het BRIN-nummer <brin> is niet bekend of niet geldig op <datum>." },
	[RULE_SLOT(RULE_S03)] = { "LR-S03", 'A', IN(BRIN), "School <brin> hoort op <datum> niet bij uw bestuur." },
	[RULE_SLOT(RULE_S04)] = { "LR-S04", 'A', IN(SITE),
		"Vestiging <vestiging> is niet bekend bij school <brin> of niet geldig op <datum>." },
	[RULE_SLOT(RULE_S05)] = { "LR-S05", 'A', IN(SITE),
		"Het vestigingsnummer moet bestaan uit een of twee cijfers, bijvoorbeeld 00." },
	[RULE_SLOT(RULE_T01)] = { "LR-T01", 'A', IN(NONE),
		"Er is bij ons een storing. U hoeft niets te wijzigen. Wij verwerken deze regel opnieuw of vragen u "
		"om een nieuwe levering." },
	[RULE_SLOT(RULE_X01)] = { "LR-X01", 'A', IN(APPOINTMENT_KEY),
		"De benoemingssleutel staat meer dan een keer bij deze leraar (regel <a> en <b>)." },
	[RULE_SLOT(RULE_X02)] = { "LR-X02", 'A', PERSON,
		"De persoonsgegevens op regel <a> en <b> verschillen, terwijl het burgerservicenummer gelijk is." },
	[RULE_SLOT(RULE_X03)] = { "LR-X03", 'S', IN(APPOINTMENT_END),
		"Deze leraar is inmiddels bevoegd benoemd. Geef een einddatum voor de tijdelijke benoeming als die "
		"niet meer geldt." },
	[RULE_SLOT(RULE_X04)] = { "LR-X04", 'A', IN(NONE),
		"Een andere regel van deze leraar is afgekeurd. Daarom is deze regel niet verwerkt." },
	[RULE_SLOT(RULE_X05)] = { "LR-X05", 'A', APPOINTMENT,
		"Bij een intrekking levert u geen gegevens over de benoeming. Laat deze kolommen leeg." },
	[RULE_SLOT(RULE_X06)] = { "LR-X06", 'A', IN(APPOINTMENT_START),
		"Deze benoeming staat meer dan een keer in de levering (regel <a> en <b>)." },
};
/* clang-format on */

/* Of a rule that only a newer program knows. */
static const char UNKNOWN_TEXT[] = "De omschrijving van deze code is hier nog niet bekend.";

/* How a value is written. SHOW_FIELD takes no value: it is the name of finding.field. */
enum show { SHOW_NUMBER, SHOW_RECORD, SHOW_BOARD, SHOW_BRIN, SHOW_SITE, SHOW_GROUND, SHOW_DATE, SHOW_FIELD };

static const struct {
	const char *name;
	enum show show;
} PLACEHOLDERS[] = {
	{ "n", SHOW_NUMBER },	  { "m", SHOW_NUMBER },	     { "a", SHOW_RECORD },   { "b", SHOW_RECORD },
	{ "regel", SHOW_RECORD }, { "bestuur", SHOW_BOARD }, { "brin", SHOW_BRIN },  { "vestiging", SHOW_SITE },
	{ "code", SHOW_GROUND },  { "datum", SHOW_DATE },    { "veld", SHOW_FIELD }, { "kolom", SHOW_FIELD },
};

/* NULL: no rule of ours. Total, as numbers also come from messages. */
static const struct rule_entry *find_entry(unsigned rule)
{
	unsigned letter = (rule >> 8) - 'A', number = rule & 0xff;

	if (letter >= RULE_LETTERS || number >= RULE_NUMBERS)
		return NULL;
	const struct rule_entry *entry = &CATALOGUE[RULE_SLOT(rule)];

	return entry->code ? entry : NULL;
}

bool rule_is_known(unsigned rule)
{
	return find_entry(rule) != NULL;
}

bool rule_rejects(enum rule rule)
{
	const struct rule_entry *entry = find_entry(rule);

	return entry && entry->ernst == 'A';
}

bool rule_has_field(enum rule rule, unsigned field)
{
	const struct rule_entry *entry = find_entry(rule);

	return entry && field <= FIELD_LAST && entry->fields >> field & 1;
}

const char *rule_ernst(enum rule rule)
{
	return !rule_is_known(rule) ? "" : rule_rejects(rule) ? "A" : "S";
}

void rule_show_code(unsigned rule, char ret[RULE_CODE_BYTES])
{
	unsigned letter = (rule >> 8) - 'A', number = rule & 0xff;

	if (letter < RULE_LETTERS && number > 0 && number < RULE_NUMBERS)
		snprintf(ret, RULE_CODE_BYTES, "LR-%c%02u", (char)('A' + letter), number);
	else
		snprintf(ret, RULE_CODE_BYTES, "LR-#%u", rule & UINT16_MAX);
}

const char *rule_code(enum rule rule)
{
	const struct rule_entry *entry = find_entry(rule);

	return entry ? entry->code : "";
}

const char *rule_text(enum rule rule)
{
	const struct rule_entry *entry = find_entry(rule);

	return entry ? entry->text : "";
}

enum rule rule_of_code(struct slice code)
{
	if (code.n != CODE_BYTES)
		return RULE_NONE;
	unsigned tens = (unsigned char)code.p[4] - (unsigned)'0', ones = (unsigned char)code.p[5] - (unsigned)'0';
	unsigned rule = (unsigned)(unsigned char)code.p[3] << 8 | ((tens * 10 + ones) & 0xff);
	const struct rule_entry *entry = find_entry(rule);

	/* the comparison also refuses what is no digit and another front than "LR-" */
	return entry && slice_equal_text(code, entry->code) ? (enum rule)rule : RULE_NONE;
}

int64_t rule_brin_value(struct slice brin)
{
	int64_t value = 0;

	if (brin.n != 4)
		return 0;
	for (size_t i = 0; i < brin.n; i++)
		value = value << 8 | (unsigned char)brin.p[i];
	return value;
}

static void add_number(struct strbuf *out, int64_t value, size_t digits_min)
{
	char text[24];
	size_t start = sizeof text;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	while (rest > 0 || sizeof text - start < digits_min) {
		text[--start] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (value < 0)
		text[--start] = '-';
	strbuf_add_bytes(out, text + start, sizeof text - start);
}

/* Four letters or digits. A damaged value shows '?', so that no byte of it can break the line it stands in. */
static void add_brin(struct strbuf *out, int64_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		char c = (char)(value >> shift & 0xff);
		bool is_shown = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');

		strbuf_add_char(out, is_shown ? c : '?');
	}
}

static void add_value(struct strbuf *out, enum show show, int64_t value)
{
	static const uint8_t DIGITS_MIN[] = {
		[SHOW_NUMBER] = 1, [SHOW_RECORD] = 1, [SHOW_BOARD] = 5,
		[SHOW_SITE] = 2,   [SHOW_GROUND] = 3, [SHOW_DATE] = 8,
	};

	if (show == SHOW_BRIN)
		add_brin(out, value);
	else
		add_number(out, value, DIGITS_MIN[show]);
}

static enum show show_of(struct slice name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(PLACEHOLDERS) && !slice_equal_text(name, PLACEHOLDERS[i].name))
		i++;
	assert(i < ARRAY_LEN(PLACEHOLDERS)); /* the catalogue is ours */
	return PLACEHOLDERS[i].show;
}

/* Takes the text up to the next placeholder, and that, off *rest. false: *ret_plain is all that was left. */
static bool next_placeholder(struct slice *rest, struct slice *ret_plain, enum show *ret_show)
{
	const char *open = rest->n > 0 ? memchr(rest->p, '<', rest->n) : NULL;

	*ret_plain = slice_cut(rest, open ? (size_t)(open - rest->p) : rest->n);
	if (!open)
		return false;
	const char *close = memchr(rest->p, '>', rest->n);

	assert(close);
	*ret_show = show_of(slice_make(open + 1, (size_t)(close - open - 1)));
	*rest = slice_from(*rest, (size_t)(close - open) + 1);
	return true;
}

void rule_add_text(struct strbuf *out, const struct finding *finding)
{
	const struct rule_entry *entry = find_entry(finding->rule);
	struct slice rest = slice_of(entry ? entry->text : UNKNOWN_TEXT), plain;
	size_t used = 0;
	enum show show;

	while (next_placeholder(&rest, &plain, &show)) {
		strbuf_add(out, plain);
		if (show == SHOW_FIELD)
			strbuf_add_text(out, field_name(finding->field));
		else if (used < FINDING_VALUES)
			add_value(out, show, finding->values[used++]);
	}
	strbuf_add(out, plain);
}

void rule_add_value(struct strbuf *out, const struct finding *finding)
{
	const struct rule_entry *entry = find_entry(finding->rule);
	struct slice rest = slice_of(entry ? entry->text : UNKNOWN_TEXT), plain;
	size_t used = 0, start = out->n;
	enum show show;

	while (next_placeholder(&rest, &plain, &show)) {
		int64_t value = show != SHOW_FIELD && used < FINDING_VALUES ? finding->values[used++] : 0;

		if (show == SHOW_RECORD || show == SHOW_DATE)
			continue;
		if (out->n > start)
			strbuf_add_char(out, ' ');
		if (show == SHOW_FIELD)
			strbuf_add_text(out, field_name(finding->field));
		else
			add_value(out, show, value);
	}
}

int finding_compare(const struct finding *a, const struct finding *b)
{
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->field > b->field) - (a->field < b->field);
}
