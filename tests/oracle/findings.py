"""Findings: every code of the specification with its ernst and its text."""

from dataclasses import dataclass

REJECT = "A"
SIGNAL = "S"

# Columns of the file in the order of chapter 3.2. "Column order" everywhere means this order.
COLUMNS = (
    "bsn", "personeelsnummer", "geslachtsnaam", "voorvoegsel", "voornamen", "geslacht",
    "geboortedatum", "straat", "huisnummer", "toevoeging", "postcode", "plaats", "land",
    "adresregel1", "adresregel2", "adresregel3", "benoemingssleutel", "brin", "vestiging",
    "begin_arbeidsovereenkomst", "einde_arbeidsovereenkomst", "begin_benoeming",
    "einde_benoeming", "benoemingsgrondslag", "onderwijsterrein",
)
PERSON_COLUMNS = COLUMNS[2:16]
ADDRESS_COLUMNS = COLUMNS[7:16]
APPOINTMENT_COLUMNS = COLUMNS[16:25]

HEADER_FIELDS = (
    "leveringsid", "bestuur", "soort", "proef", "volgnummer", "extractiedatum", "regels",
    "sha256", "contact_naam", "contact_telefoon", "contact_email",
)

# An empty veld comes first, then the columns, then the header fields.
_VELD_ORDER = {veld: place for place, veld in enumerate(("",) + COLUMNS + HEADER_FIELDS)}

# code: (ernst, text). Names between <> are filled in by make_finding.
CODES = {
    "LR-K01": ("A", "Dit leveringsnummer is al gebruikt voor een andere levering."
                    " Gebruik een nieuw nummer."),
    "LR-K02": ("A", "Het bestuursnummer <bestuur> is niet bekend of niet geldig op de"
                    " extractiedatum."),
    "LR-K03": ("A", "U bent niet gemachtigd om voor bestuur <bestuur> te leveren. Laat het bestuur de"
                    " machtiging regelen."),
    "LR-K04": ("S", "Het volgnummer is niet hoger dan dat van een eerdere levering. Gegevens die"
                    " ouder zijn dan wat wij al hebben, zijn niet verwerkt."),
    "LR-K05": ("S", "De gegevens zijn ouder dan een maand. Wijzigingen moeten binnen een maand"
                    " worden doorgegeven."),
    "LR-K06": ("S", "Aantal leraren dat door deze levering zou vervallen: <n> van de <m>. Er"
                    " vervalt nog niets. Bevestig dat dit klopt of lever een volledig bestand."),
    "LR-K08": ("A", "Het veld <veld> in de kop van de levering ontbreekt of heeft niet de juiste"
                    " vorm."),
    "LR-K09": ("A", "De extractiedatum ligt in de toekomst. Controleer de datum in de kop van de"
                    " levering."),
    "LR-K10": ("S", "De gevraagde bevestiging is niet meer nodig. Er is een nieuwere levering of"
                    " het volgnummer is hersteld."),
    "LR-F01": ("A", "Het bestand is leeg, beschadigd of te groot. Maak het bestand opnieuw aan en"
                    " lever het nogmaals."),
    "LR-F02": ("A", "Het bestand bevat tekens die niet leesbaar zijn. Sla het bestand op als csv"
                    " met tekenset UTF-8."),
    "LR-F03": ("A", "De kolom <kolom> ontbreekt of staat er dubbel in. Gebruik het"
                    " voorbeeldbestand."),
    "LR-F04": ("A", "Kolom <n> van het bestand hoort niet in deze levering. Verwijder deze kolom."
                    " Wij bewaren deze gegevens niet."),
    "LR-F05": ("A", "Regel <regel> heeft <n> velden in plaats van <m>. Controleer puntkomma's en"
                    " aanhalingstekens."),
    "LR-F06": ("A", "In de kop staat dat er <n> regels zijn, wij tellen er <m>. Het bestand is"
                    " niet volledig aangekomen."),
    "LR-F07": ("A", "De controlewaarde in de kop past niet bij het bestand. Het bestand is niet"
                    " goed aangekomen. Lever het nogmaals."),
    "LR-F08": ("A", "Regel <regel> is niet te lezen. Controleer puntkomma's, aanhalingstekens en"
                    " formules."),
    "LR-F09": ("A", "Het bestand bevat te veel regels of gegevens voor een leraar (hoogstens 500"
                    " regels). Controleer het bestand."),
    "LR-F12": ("A", "Het bestand heeft geen puntkomma als scheidingsteken, of begint met een"
                    " regel sep=. Sla het op als csv met puntkomma's en zonder die regel."),
    "LR-F13": ("A", "Het bestand heeft regeleinden die wij niet kunnen lezen. Sla het op als csv"
                    " voor Windows."),
    "LR-P01": ("A", "Het burgerservicenummer ontbreekt of bestaat niet uit precies 9 cijfers. Let"
                    " op voorloopnullen (Excel laat die weg) en op onzichtbare tekens."),
    "LR-P02": ("A", "Het burgerservicenummer klopt niet (controlegetal). Controleer het nummer op"
                    " een loonstrook of identiteitsbewijs."),
    "LR-P03": ("A", "Dit is een onderwijsnummer. Voor leraren moet u het burgerservicenummer"
                    " leveren."),
    "LR-P05": ("A", "De geboortedatum ontbreekt, is geen geldige datum (JJJJMMDD) of ligt in de"
                    " toekomst."),
    "LR-P06": ("S", "De leeftijd is ongebruikelijk voor een leraar. Controleer de geboortedatum"
                    " en de datums van de benoeming."),
    "LR-P07": ("A", "Vul bij geslacht M, V of O in."),
    "LR-P08": ("A", "Het veld <veld> ontbreekt, is te lang of bevat tekens die niet zijn"
                    " toegestaan. Alleen letters, spaties, koppeltekens en apostrofs. Geen"
                    " voornamen? Vul een punt in."),
    "LR-P10": ("A", "Het adres is niet bruikbaar. Lever een volledig woonadres (geen postbus) of"
                    " laat alle adreskolommen leeg."),
    "LR-P11": ("A", "Het veld <veld> bevat het burgerservicenummer. Gebruik een eigen nummer van"
                    " uw administratie."),
    "LR-P12": ("S", "Het personeelsnummer is te lang of bevat tekens die niet zijn toegestaan."
                    " Wij tonen het niet in de terugmelding."),
    "LR-P14": ("S", "Het veld <veld> lijkt een burgerservicenummer te bevatten. Wij tonen het"
                    " niet in de terugmelding. Gebruik een eigen nummer."),
    "LR-P15": ("S", "Het veld <veld> lijkt verkeerd gecodeerde letters te bevatten. Controleer de"
                    " schrijfwijze en lever het bestand als UTF-8."),
    "LR-B01": ("A", "Het veld <veld> ontbreekt of is geen geldige datum (JJJJMMDD)."),
    "LR-B02": ("A", "De einddatum ligt voor de begindatum."),
    "LR-B03": ("A", "De benoeming valt niet binnen de periode van de arbeidsovereenkomst. Loopt"
                    " die af, vul dan ook de einddatum van de benoeming in."),
    "LR-B04": ("A", "De begindatum ligt meer dan een jaar in de toekomst."),
    "LR-B05": ("A", "De benoemingsgrondslag <code> is niet bekend of is op <datum> niet geldig."),
    "LR-B06": ("A", "Bij deze benoemingsgrondslag is de leraar (nog) niet bevoegd. Geef aan welk"
                    " onderwijs deze leraar geeft."),
    "LR-B07": ("A", "Bij een bevoegde benoeming levert u geen onderwijsterrein. Laat dit veld"
                    " leeg."),
    "LR-B08": ("A", "Een onderwijsterrein is niet bekend, staat dubbel, of er zijn er meer dan"
                    " vier."),
    "LR-B09": ("A", "Deze benoeming hoort niet in het register of het voorportaal. Lever deze"
                    " regel niet aan."),
    "LR-B10": ("A", "Deze benoemingsgrondslag geldt tijdelijk. Vul de einddatum van de benoeming"
                    " in."),
    "LR-B11": ("S", "De toegestane periode voor deze benoemingsgrondslag is <n> maanden. Deze"
                    " benoeming duurt langer."),
    "LR-B12": ("S", "De benoemingsgrondslag past niet bij het soort school. Een vso-school zonder"
                    " eigen examens gebruikt de codes voor het po."),
    "LR-B13": ("A", "Het veld <veld> ontbreekt of heeft niet de juiste vorm."),
    "LR-B14": ("A", "De arbeidsovereenkomst begint niet na de geboortedatum. Controleer beide"
                    " datums."),
    "LR-S01": ("A", "Het BRIN-nummer moet bestaan uit twee cijfers en twee hoofdletters,"
                    " bijvoorbeeld 12AB."),
    "LR-S02": ("A", "Het BRIN-nummer <brin> is niet bekend of niet geldig op <datum>."),
    "LR-S03": ("A", "School <brin> hoort op <datum> niet bij uw bestuur."),
    "LR-S04": ("A", "Vestiging <vestiging> is niet bekend bij school <brin> of niet geldig op"
                    " <datum>."),
    "LR-S05": ("A", "Het vestigingsnummer moet bestaan uit een of twee cijfers, bijvoorbeeld 00."),
    "LR-X01": ("A", "De benoemingssleutel staat meer dan een keer bij deze leraar (regel <a> en"
                    " <b>)."),
    "LR-X02": ("A", "De persoonsgegevens op regel <a> en <b> verschillen, terwijl het"
                    " burgerservicenummer gelijk is."),
    "LR-X03": ("S", "Deze leraar is inmiddels bevoegd benoemd. Geef een einddatum voor de"
                    " tijdelijke benoeming als die niet meer geldt."),
    "LR-X04": ("A", "Een andere regel van deze leraar is afgekeurd. Daarom is deze regel niet"
                    " verwerkt."),
    "LR-X05": ("A", "Bij een intrekking levert u geen gegevens over de benoeming. Laat deze"
                    " kolommen leeg."),
    "LR-X06": ("A", "Deze benoeming staat meer dan een keer in de levering (regel <a> en <b>)."),
    "LR-R01": ("A", "Deze leraar is bij ons niet (meer) bekend voor uw bestuur. Er is niets om in"
                    " te trekken."),
    "LR-R06": ("S", "Aantal leraren dat u eerder leverde en dat niet in deze volledige levering"
                    " staat: <n>. Hun gegevens vervallen. Is een leraar uit dienst, geef dan de"
                    " einddatum door."),
    "LR-R08": ("A", "Met volgnummer <n> leverde u voor deze leraar al andere gegevens. Gebruik"
                    " een hoger volgnummer."),
}


@dataclass(frozen=True)
class Finding:
    code: str
    ernst: str
    veld: str
    melding: str

    def order(self):
        """Sort key of 4.4: by code in byte order, then by column order of veld."""
        return self.code, _VELD_ORDER[self.veld]

    def as_json(self):
        return {"code": self.code, "ernst": self.ernst, "veld": self.veld,
                "melding": self.melding}


def make_finding(code, veld="", /, **values):
    ernst, text = CODES[code]
    values.setdefault("veld", veld)
    for name, value in values.items():
        text = text.replace(f"<{name}>", str(value))
    return Finding(code, ernst, veld, text)


def in_order(findings):
    return sorted(findings, key=Finding.order)
