/* grounds_csv: the table of benoemingsgrondslagen of specification 9. 701 and 708 are DUO's; the others are invented
 * for demonstration, as DUO's table is not public. */
#ifndef MODEL_GROUNDS_CSV_H
#define MODEL_GROUNDS_CSV_H

static const char GROUNDS_CSV[] =
	"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;"
	"verleng_maanden;geldig_van;geldig_tot;herkomst\n"
	"701;PO;;getuigschrift WHW;REGISTER;N;N;;;19000101;;DUO\n"
	"708;PO;;leraar in opleiding;VOORPORTAAL;J;J;;;19000101;;DUO\n"
	"901;VO;WVO 33.1.b.1;getuigschrift WHW;REGISTER;N;N;;;19000101;;demonstratie\n"
	"902;VO;WVO 33.1.b.2;erkenning EU-beroepskwalificaties;REGISTER;N;N;;;19000101;;demonstratie\n"
	"903;VO;WVO 33.1a;minor educatie, onderbouw;REGISTER;N;N;;;19000101;;demonstratie\n"
	"904;VO;WVO 33.1b;pabo in praktijkonderwijs;REGISTER;N;N;;;19000101;;demonstratie\n"
	"905;VO;WVO 33.2;ontheffing;REGISTER;N;N;;;19000101;;demonstratie\n"
	"906;VO;WVO 33.16;verklaring;REGISTER;N;N;;;19000101;;demonstratie\n"
	"907;VO;WVO 33a;bewijs van buiten de EER;REGISTER;N;N;;;19000101;;demonstratie\n"
	"908;VO;WVO 33b;entreeopleiding;REGISTER;N;N;;;19000101;;demonstratie\n"
	"911;VO;WVO 33.1.b.3 en 118k;zij-instromer met geschiktheidsverklaring;"
	"VOORPORTAAL;J;J;24;24;19000101;;demonstratie\n"
	"912;VO;WVO 33.9;leraar in opleiding, vijf maanden voltijd;VOORPORTAAL;J;J;5;0;19000101;;demonstratie\n"
	"913;VO;WVO 33.12;leraar in opleiding, een schooljaar;VOORPORTAAL;J;J;12;0;19000101;;demonstratie\n"
	"914;VO;WVO 33.12;leraar in opleiding, deeltijd;VOORPORTAAL;J;J;24;0;19000101;;demonstratie\n"
	"915;VO;WVO 33.3;vervanging of vacature;VOORPORTAAL;J;J;12;24;19000101;;demonstratie\n"
	"916;VO;WVO 33.4;bevoegde leraar geeft ander vak;VOORPORTAAL;J;J;24;24;19000101;;demonstratie\n"
	"917;VO;WVO 33.5;teamonderwijs, niet bevoegd;VOORPORTAAL;J;N;;;19000101;;demonstratie\n"
	"918;VO;WVO 35a;benoeming volgens artikel 35a;VOORPORTAAL;J;N;;;19000101;;demonstratie\n"
	"921;VO;WVO 33.15;gastdocent;GEEN;N;N;;;19000101;;demonstratie\n"
	"922;VO;WVO 33.7;contractactiviteit;GEEN;N;N;;;19000101;;demonstratie\n"
	"923;VO;WVO 33.1 slot;vak vastgesteld door het bevoegd gezag;GEEN;N;N;;;19000101;;demonstratie\n"
	"951;PO;;vervanging, niet bevoegd;VOORPORTAAL;J;J;12;24;19000101;;demonstratie\n"
	"952;PO;;gastdocent;GEEN;N;N;;;19000101;;demonstratie\n"
	"961;MBO;;bevoegd in het mbo;REGISTER;N;N;;;19000101;;demonstratie\n"
	"962;MBO;;zij-instromer in het mbo;VOORPORTAAL;J;J;24;24;19000101;;demonstratie\n"
	"990;VO;;vervallen grondslag;REGISTER;N;N;;;19000101;20180101;demonstratie\n";

#endif
