/* content: a teacher's content (specification 6) as one text, the form in which it is hashed, sent and stored.
 *
 *   content = person fields 3..16 joined by US, then per appointment, sorted by benoemingssleutel in byte order:
 *             RS, and its canonical fields 17..25 joined by US
 *   targets = one letter per appointment in the same order: R (REGISTER) or V (VOORPORTAAL)
 *
 * US is 0x1F, RS is 0x1E: no accepted value holds either, as every rule of form excludes control characters. Canonical:
 * specification 4.5 (vestiging padded, onderwijsterrein sorted and joined by '|', dates as written). */
#ifndef MODEL_CONTENT_H
#define MODEL_CONTENT_H

#include "base/slice.h"
#include "model/field.h"

enum { CONTENT_US = 0x1f, CONTENT_RS = 0x1e };

struct content_appointment {
	struct slice fields[APPOINTMENT_FIELDS]; /* fields[FIELD_X - APPOINTMENT_FIRST] */
};

/* Reading, for exports. ret_person has a place for each of PERSON_FIELDS. false: not of this form (our bug, or a
 * damaged row). */
MUSTUSE bool content_read_person(struct slice *content, struct slice *ret_person);
enum content_item { CONTENT_END, CONTENT_APPOINTMENT, CONTENT_DAMAGED };

/* Takes the next appointment off *content. DAMAGED: what is there is not of this form, and neither the rest. */
MUSTUSE enum content_item content_next_appointment(struct slice *content, struct content_appointment *ret);

#endif
