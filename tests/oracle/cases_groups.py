"""The folders samenhang and tabellen: the rules on the lines of one teacher together."""

import shutil

from case_folder import CASES, TEMPORARY, TEMPORARY_VO, bsn, line


# --- samenhang: X01, X02, X06, X03, B11, X04 --------------------------------------------------

def make_samenhang(folder):
    _make_double_keys(folder)
    _make_other_persons(folder)
    _make_same_appointments(folder)
    _make_now_qualified(folder)
    _make_chains(folder)
    folder.send("LR-X04: een regel fout, de andere zonder fout of met een signaal", [
        line(200, "fout", brin="99zz"), line(200, "goed", begin_benoeming="20110801"),
        line(200, "signaal", begin_benoeming="20120801", personeelsnummer="-"),
        line(200, "ook-fout", begin_benoeming="20130801", vestiging="100"),
        line(201, "andere-leraar"),
        line(200, "verderop", begin_benoeming="20140801")])


def spread(teacher, keys, **more):
    """Lines of one teacher with these keys, each a year after the one before."""
    return [line(teacher, key, begin_benoeming=str(20100801 + 10000 * place), **more)
            for place, key in enumerate(keys)]


def _make_double_keys(folder):
    folder.send("LR-X01: twee, drie en vier regels, met andere ertussen", [
        *spread(1, ("D", "D")), *spread(2, ("A", "D", "D", "B", "D")),
        *spread(3, ("D", "E", "D", "E", "D", "D")), *spread(4, (" D ", "D"))])
    folder.send("LR-X01: geen dubbele sleutel", [
        *spread(5, ("A-1", "a-1")), *spread(6, ("-fout", "-fout")), *spread(7, ("", "")),
        *spread(8, ("D",)), *spread(9, ("D",))])
    folder.send("LR-X01: ook met LR-P11 of LR-P14 op de sleutel", [
        *spread(10, (bsn(10), bsn(10))), *spread(11, (bsn(30), bsn(30)))])
    mixed = [*spread(12, ("D", "D", "D")), *spread(13, ("D", "D"))]
    folder.send("LR-X01: regels van leraren door elkaar",
                [mixed[place] for place in (0, 3, 1, 4, 2)])


def _make_other_persons(folder):
    def persons(teacher, *changes):
        return [values | change for values, change
                in zip(spread(teacher, [f"P-{place}" for place in range(len(changes))]), changes)]

    home = {"straat": "Kerkpad", "huisnummer": "1", "postcode": "1234AB", "plaats": "Ons Dorp"}
    folder.send("LR-X02: wie verschilt, en van welke regel", [
        *persons(20, {}, {}, {}), *persons(21, {}, {"geslacht": "V"}),
        *persons(22, {"geslacht": "V"}, {}), *persons(23, {}, {}, {"voornamen": "Piet"}),
        *persons(24, {}, {"geslacht": "V"}, {"voornamen": "Piet"}),
        *persons(25, {"voornamen": "Piet"}, {}, {"geslacht": "O"}, {"voornamen": "Piet"}),
        *persons(26, {}, {"voorvoegsel": "de", "geboortedatum": "19800602"}, home),
        *persons(27, {"geslachtsnaam": " Jansen "}, {"geslachtsnaam": "Jansen"}),
        *persons(28, {"geslachtsnaam": "jansen"}, {"geslachtsnaam": "Jansen"}),
        *persons(29, {"geslachtsnaam": "\u00e9"}, {"geslachtsnaam": "e\u0301"}),
        *persons(30, {"geboortedatum": "19800000"}, {"geboortedatum": "19800100"}),
        *persons(31, {"personeelsnummer": "1"}, {"personeelsnummer": "2"}),
        *persons(32, {"postcode": "1234AB"}, {"adresregel3": "x"}),
        *persons(33, {"geslacht": "fout"}, {"geslacht": "fout"}),
        *persons(34, home, home | {"toevoeging": "a"})])


def _make_same_appointments(folder):
    def group(teacher, *changes):
        return [line(teacher, f"X-{place}", **change) for place, change in enumerate(changes)]

    two = TEMPORARY_VO | {"onderwijsterrein": "V1001|V1002"}
    folder.send("LR-X06: twee, drie en vier regels", [
        *group(40, {}, {}), *group(41, {}, {"begin_benoeming": "20110801"}, {}, {}),
        *group(42, {}, {}, {"vestiging": "1"}, {"vestiging": "01"}, {}, {"vestiging": "1"})])
    folder.send("LR-X06: dezelfde benoeming anders geschreven", [
        *group(43, {"vestiging": ""}, {"vestiging": "0"}, {"vestiging": "00"}),
        *group(44, two, two | {"onderwijsterrein": " V1002| V1001"}),
        *group(45, {}, {"einde_benoeming": "20190731"}),
        *group(46, {}, {"begin_arbeidsovereenkomst": "20090801"})])
    folder.send("LR-X06: niet dezelfde benoeming", [
        *group(50, {}, {"brin": "99WB"}), *group(51, {}, {"vestiging": "01"}),
        *group(52, {"brin": "99VO", "benoemingsgrondslag": "901"},
               {"brin": "99VO", "benoemingsgrondslag": "902"}),
        *group(53, {}, {"begin_benoeming": "20100802"}),
        *group(54, two, two | {"onderwijsterrein": "V1001"})])
    folder.send("LR-X06: nodig is dat alles goed van vorm is", [
        *group(55, {"brin": "99zz"}, {"brin": "99zz"}),
        *group(56, {"vestiging": "100"}, {"vestiging": "100"}),
        *group(57, {"benoemingsgrondslag": "70"}, {"benoemingsgrondslag": "70"}),
        *group(58, {"begin_benoeming": "20180230"}, {"begin_benoeming": "20180230"}),
        *group(59, two | {"onderwijsterrein": "V1001|V1001"},
        two | {"onderwijsterrein": "V1001|V1001"}),
        *group(60, two | {"onderwijsterrein": "v1001"}, two | {"onderwijsterrein": "v1001"})])
    folder.send("LR-X06: opzoeken in tabellen hoeft niet te lukken", [
        *group(61, {"brin": "00QQ"}, {"brin": "00QQ"}),
        *group(62, {"vestiging": "7"}, {"vestiging": "07"}),
        *group(63, {"benoemingsgrondslag": "799"}, {"benoemingsgrondslag": "799"}),
        *group(64, two | {"onderwijsterrein": "V9999"}, two | {"onderwijsterrein": "V9999"}),
        *group(65, {"einde_benoeming": "x"}, {"einde_benoeming": "x"})])


def _make_now_qualified(folder):
    def pair(teacher, temporary, qualified):
        return [line(teacher, "tijdelijk", **(TEMPORARY | temporary)),
                line(teacher, "bevoegd", **({"begin_benoeming": "20180201"} | qualified))]

    folder.send("LR-X03: begin van de bevoegde om begin (20170801) en einde (20190731)", [
        *pair(70, {}, {}), *pair(71, {}, {"begin_benoeming": "20170801"}),
        *pair(72, {}, {"begin_benoeming": "20170802"}),
        *pair(73, {}, {"begin_benoeming": "20170731"}),
        *pair(74, {}, {"begin_benoeming": "20190731"}),
        *pair(75, {"einde_benoeming": "20180131"}, {}),
        *pair(76, {"einde_benoeming": "20180201"}, {})])
    folder.send("LR-X03: wat nodig is", [
        *pair(77, {"einde_benoeming": ""}, {}), *pair(78, {}, {"brin": "99WB"}),
        *pair(79, {"brin": "99zz"}, {"brin": "99zz"}), *pair(80, {"brin": ""}, {"brin": ""}),
        *pair(81, {"brin": "00QQ"}, {"brin": " 00QQ "}),
        *pair(82, {}, {"vestiging": "01"}), *pair(83, {}, {"benoemingsgrondslag": "952"}),
        *pair(84, {}, {"benoemingsgrondslag": "708"}),
        *pair(85, {"brin": "99VO", "benoemingsgrondslag": "917", "onderwijsterrein": "V1001"},
              {"brin": "99VO", "benoemingsgrondslag": "901"}),
        *pair(86, {"einde_benoeming": "20180230"}, {}),
        *pair(87, {}, {"einde_benoeming": "20180301"}),
        *pair(88, {"begin_benoeming": ""}, {}), *pair(89, {}, {"onderwijsterrein": "P001"})])
    folder.send("LR-X03: een signaal per regel, ook bij twee bevoegde", [
        *pair(90, {}, {}), line(90, "bevoegd-2", begin_benoeming="20180301"),
        line(90, "tijdelijk-2", **(TEMPORARY | {"begin_benoeming": "20170901"}))])
    folder.send("LR-X03: niet over leraren heen, noch bij een onleesbaar BSN", [
        pair(91, {}, {})[0], pair(92, {}, {})[1],
        *[values | {"bsn": ""} for values in pair(93, {}, {})]])


def chain(teacher, code, *periods_of_chain, brin="99VO", field_code="V1001"):
    return [line(teacher, f"K-{place}", brin=brin, benoemingsgrondslag=code,
                 onderwijsterrein=field_code, begin_benoeming=str(begin), einde_benoeming=str(end))
            for place, (begin, end) in enumerate(periods_of_chain)]


def _make_chains(folder):
    folder.send("LR-B11: een regel om de grens (912: 5 maanden)", [
        *chain(100, "912", (20170801, 20171230)), *chain(101, "912", (20170801, 20171231)),
        *chain(102, "912", (20170801, 20180101)),
        *chain(103, "912", (20170930, 20180227)), *chain(104, "912", (20170930, 20180228)),
        *chain(105, "912", (20171001, 20180228)), *chain(106, "912", (20171001, 20180301))])
    folder.send("LR-B11: grens op een schrikkeldag (913: 12 maanden)", [
        *chain(107, "913", (20160229, 20170227)), *chain(108, "913", (20160229, 20170228)),
        *chain(109, "913", (20150228, 20160227)), *chain(110, "913", (20150228, 20160228)),
        *chain(111, "913", (20150301, 20160229)), *chain(112, "913", (20150301, 20160301))])
    folder.send("LR-B11: verlenging telt mee (915: 12 + 24)", [
        *chain(113, "915", (20150801, 20180731)), *chain(114, "915", (20150801, 20180801))])
    folder.send("LR-B11: gat van drie maanden (912)", [
        *chain(115, "912", (20170801, 20170930), (20180101, 20180131)),
        *chain(116, "912", (20170801, 20170930), (20180102, 20180131)),
        *chain(117, "912", (20170801, 20171129), (20180228, 20180331)),
        *chain(118, "912", (20170801, 20171129), (20180301, 20180331)),
        *chain(119, "912", (20170801, 20171130), (20180301, 20180331)),
        *chain(120, "912", (20170801, 20171130), (20180302, 20180331))])
    folder.send("LR-B11: overlap, en het laatste einde van de keten telt", [
        *chain(121, "913", (20150801, 20160731), (20150901, 20151031), (20161101, 20161231)),
        *chain(122, "913", (20150801, 20160531), (20150901, 20151031), (20160901, 20160930)),
        *chain(123, "913", (20150901, 20151031), (20150801, 20160731), (20150801, 20150831)),
        *chain(124, "912", (20170801, 20170831), (20170801, 20171231), (20170801, 20170801))])
    folder.send("LR-B11: twee ketens, alleen de tweede te lang", chain(
        125, "912", (20150801, 20151031), (20160801, 20161130), (20170201, 20170331)))
    folder.send("LR-B11: regels door elkaar, elke grondslag voor zich", [
        *chain(126, "912", (20170801, 20171031))[:1],
        line(126, "L-1", brin="99VO", benoemingsgrondslag="913", onderwijsterrein="V1001",
             begin_benoeming="20171101", einde_benoeming="20180731"),
        line(126, "L-2", brin="99VO", benoemingsgrondslag="912", onderwijsterrein="V1002",
             begin_benoeming="20171101", einde_benoeming="20180131")])
    folder.send("LR-B11: wie meedoet", [
        *chain(127, "912", (20170801, 20171031)),
        line(127, "einde-voor-begin", brin="99VO", benoemingsgrondslag="912",
             onderwijsterrein="V1001", begin_benoeming="20171101", einde_benoeming="20171031"),
        *chain(134, "912", (20170801, 20170831), (20171115, 20171114), (20180210, 20180228)),
        *chain(135, "912", (20170801, 20170831), (20171130, 20171130), (20180228, 20180228)),
        *chain(128, "912", (20170801, 20171031)),
        line(128, "met-andere-fout", brin="99zz", benoemingsgrondslag="912",
             onderwijsterrein="V1001", begin_benoeming="20171101", einde_benoeming="20180131"),
        *chain(129, "912", (20170801, 20171031)),
        line(129, "zonder-einde", brin="99VO", benoemingsgrondslag="912",
             onderwijsterrein="V1001", begin_benoeming="20171101"),
        *chain(130, "917", (20100801, 20180731)),
        *chain(131, "708", (20100801, 20180731), brin="99ZZ", field_code="P001")])
    folder.send("LR-B11: ook bij een onleesbaar BSN, elke regel voor zich", [
        *[values | {"bsn": ""} for values in chain(132, "912", (20170801, 20171031),
                                                   (20171101, 20180131), (20170801, 20171231))]])
    folder.send("LR-B11: tot voorbij het laatste jaar", chain(
        133, "912", (20180801, 21991231), (21991201, 21991231)))


# --- tabellen: other rows than those of the ground table --------------------------------------

_OTHER_GROUNDS = """\
code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;\
verleng_maanden;geldig_van;geldig_tot;herkomst
701;PO;;bevoegd;REGISTER;N;N;;;19000101;;demonstratie
970;PO;;grens die veranderde;VOORPORTAAL;J;J;5;;19000101;20180101;demonstratie
970;PO;;grens die veranderde;VOORPORTAAL;J;J;12;0;20180101;;demonstratie
971;PO;;grens die begon;VOORPORTAAL;J;J;;;19000101;20180101;demonstratie
971;PO;;grens die begon;VOORPORTAAL;J;J;5;1;20180101;;demonstratie
972;PO;;terrein niet nodig;VOORPORTAAL;N;N;12;;19000101;;demonstratie
973;PO;;bevoegd met grens;REGISTER;N;J;12;;19000101;;demonstratie
974;PO;;doel dat veranderde;VOORPORTAAL;N;N;;;19000101;20180101;demonstratie
974;PO;;doel dat veranderde;REGISTER;N;N;;;20180101;;demonstratie
975;PO;;geen doel, einde nodig;GEEN;J;J;12;;19000101;;demonstratie
"""


def make_tabellen(folder):
    tables = folder.path / "reference"
    shutil.rmtree(tables, ignore_errors=True)
    shutil.copytree(CASES / "reference", tables)
    (tables / "benoemingsgrondslagen.csv").write_text(_OTHER_GROUNDS, "utf-8")

    def parts(teacher, code, *rows):
        return chain(teacher, code, *rows, brin="99ZZ", field_code="P001")

    folder.send("LR-B11: elke regel zijn eigen rij en grens", [
        *parts(1, "970", (20170801, 20171031), (20171101, 20180131)),
        *parts(2, "970", (20170801, 20171031), (20171101, 20180731)),
        *parts(3, "970", (20170801, 20171031), (20171101, 20180801))])
    folder.send("LR-B11: een rij zonder grens doet niet mee in de keten", [
        *parts(4, "971", (20170801, 20171231), (20180101, 20180630)),
        *parts(5, "971", (20170801, 20171231), (20180101, 20180701))])
    folder.send("LR-B06, LR-B08: onderwijsterrein niet nodig maar wel mogelijk", [
        line(6, "zonder", benoemingsgrondslag="972"),
        line(7, "met", benoemingsgrondslag="972", onderwijsterrein="P001"),
        line(8, "onbekend", benoemingsgrondslag="972", onderwijsterrein="Q9")])
    folder.send("LR-B10, LR-B11, LR-X03 op een grondslag voor het register", [
        line(9, "zonder-einde", benoemingsgrondslag="973"),
        *chain(10, "973", (20170801, 20180801), brin="99ZZ", field_code=""),
        *chain(11, "973", (20170801, 20180731), brin="99ZZ", field_code=""),
        line(11, "bevoegd", begin_benoeming="20180101")])
    folder.send("LR-X03: voorportaal zonder einddatum_nodig", [
        line(12, "voorportaal", benoemingsgrondslag="972"),
        line(12, "bevoegd", begin_benoeming="20180101")])
    folder.send("doel GEEN met alles nodig: LR-B09 en LR-B10, geen LR-B06", [
        line(13, "geen", benoemingsgrondslag="975"),
        *chain(14, "975", (20170801, 20180801), brin="99ZZ")])
    folder.send("doel wordt opgeslagen bij toepassen", [
        line(15, "zelfde", benoemingsgrondslag="974"),
        line(16, "ander", benoemingsgrondslag="974")], extraction=20171231)
    folder.send("ongewijzigd: het opgeslagen doel blijft, de terugmelding toont dat van nu", [
        line(15, "zelfde", benoemingsgrondslag="974"),
        line(16, "ander", benoemingsgrondslag="974", vestiging="01")])
