#include "gateway/xml_hint.h"

#include "base/macros.h"

#include <stdio.h>

/* Behind "op regel <n> van het XML-bestand"; the name of the element goes between the two, where there are two. */
static const struct {
	enum xml_fault_kind kind;
	const char *clause, *behind_name;
} CLAUSES[] = {
	{ XML_FAULT_FORM, "is het document niet goed gevormd (well-formed)", NULL },
	{ XML_FAULT_DECLARATION,
	  "noemt de XML-declaratie een andere versie dan 1.0 of een andere tekenset dan UTF-8; lever het in UTF-8",
	  NULL },
	{ XML_FAULT_DECLARATION_PLACE,
	  "staat een XML-declaratie (<?xml ..?>) die niet helemaal vooraan staat; haal weg wat ervoor staat", NULL },
	{ XML_FAULT_DOCTYPE, "staat een DOCTYPE; laat die weg", NULL },
	{ XML_FAULT_INSTRUCTION, "staat een verwerkingsinstructie (<?..?>); laat die weg", NULL },
	{ XML_FAULT_VALUE, "is de waarde van ", " langer dan 1.024 bytes" },
	{ XML_FAULT_ENCODING,
	  "staat een teken dat geen UTF-8 is; waarschijnlijk is het opgeslagen als Windows-1252: lever UTF-8", NULL },
	{ XML_FAULT_CHARACTER, "staat een teken dat daar in XML niet mag; schrijf & als &amp; en < als &lt;", NULL },
	{ XML_FAULT_REFERENCE,
	  "staat een verwijzing (&..;) naar een teken dat XML niet kent of toelaat; schrijf het teken zelf", NULL },
	{ XML_FAULT_TAG, "past een eindtag niet bij de begintag", NULL },
	{ XML_FAULT_PREFIX, "staat een voorvoegsel waarvan de namespace niet genoemd is", NULL },
	{ XML_FAULT_CUT, "houdt het document op voordat het af is; misschien is het niet heel aangekomen", NULL },
	{ XML_FAULT_BEHIND, "staat nog iets achter het einde van het document", NULL },
	{ XML_FAULT_ROOT, "hoort het buitenste element leraren te zijn, in de namespace urn:instroom:leraren:1", NULL },
	{ XML_FAULT_NAMESPACE, "staat een element van een andere namespace dan urn:instroom:leraren:1", NULL },
	{ XML_FAULT_ATTRIBUTE,
	  "heeft een element een attribuut; laat dat weg, en een element zonder waarde (xsi:nil) helemaal", NULL },
	{ XML_FAULT_TEXT, "staat tekst tussen de elementen", NULL },
	{ XML_FAULT_WITHIN_VALUE, "staat een element binnen ", "; daar hoort alleen een waarde" },
	{ XML_FAULT_ORDER, "staat ", " dubbel of niet op zijn plaats; de volgorde is die van de kolommen" },
	{ XML_FAULT_OUTSIDE_APPOINTMENT, "staat ", " buiten benoeming" },
	{ XML_FAULT_WITHIN_APPOINTMENT, "staat ", " binnen benoeming; het hoort bij de leraar, voor de benoemingen" },
	{ XML_FAULT_UNKNOWN, "staat een element dat daar niet hoort", NULL },
	{ XML_FAULT_TOO_LARGE, "staat een tag of commentaar die groter is dan wij lezen", NULL },
};

void xml_hint(const struct xml_fault *fault, char *ret, size_t ret_bytes)
{
	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(CLAUSES); i++) {
		const char *behind = CLAUSES[i].behind_name;

		if (CLAUSES[i].kind == fault->kind)
			snprintf(ret, ret_bytes, "op regel %zu van het XML-bestand %s%s%s", fault->line,
				 CLAUSES[i].clause, behind ? field_name(fault->field) : "", behind ? behind : "");
	}
}
