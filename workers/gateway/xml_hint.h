/* xml_hint: what broke an XML document, for upload_hint. Pure. */
#ifndef GATEWAY_XML_HINT_H
#define GATEWAY_XML_HINT_H

#include "gateway/xml_fault.h"

/* One Dutch clause, or nothing, in ret. It names a line of the document and elements of ours, never what was sent. */
void xml_hint(const struct xml_fault *fault, char *ret, size_t ret_bytes);

#endif
