/* xml_fault: what the first fault of an XML document is, and where, for whoever has to mend it (xml_hint). Nothing is
 * decided by it: the rule is LR-F10 or LR-F11 by specification 3.4. */
#ifndef GATEWAY_XML_FAULT_H
#define GATEWAY_XML_FAULT_H

#include "model/field.h"

#include <stddef.h>

enum xml_fault_kind {
	XML_FAULT_NONE,
	/* LR-F10 */
	XML_FAULT_FORM, /* not well-formed, and no more is known */
	XML_FAULT_DECLARATION,
	XML_FAULT_DECLARATION_PLACE,
	XML_FAULT_DOCTYPE,
	XML_FAULT_INSTRUCTION,
	XML_FAULT_VALUE, /* too long */
	XML_FAULT_ENCODING,
	XML_FAULT_CHARACTER,
	XML_FAULT_REFERENCE,
	XML_FAULT_TAG,
	XML_FAULT_PREFIX,
	XML_FAULT_CUT,
	XML_FAULT_BEHIND,
	/* LR-F11 */
	XML_FAULT_ROOT,
	XML_FAULT_NAMESPACE,
	XML_FAULT_ATTRIBUTE,
	XML_FAULT_TEXT,
	XML_FAULT_WITHIN_VALUE,
	XML_FAULT_ORDER,
	XML_FAULT_OUTSIDE_APPOINTMENT,
	XML_FAULT_WITHIN_APPOINTMENT,
	XML_FAULT_UNKNOWN,
	XML_FAULT_TOO_LARGE,
};

struct xml_fault {
	enum xml_fault_kind kind;
	enum field field; /* whose element it is, a name of ours; FIELD_NONE: of none */
	size_t line;	  /* of the document, from 1 */
};

#endif
