/* field: the columns of a file and the fields of its header, by number.
 *
 * 1-25 are the columns of specification 3.2, 26-36 the header fields of specification 2 in their order. The numbers are
 * "column order": findings sort by them, messages carry them. Never renumber. */
#ifndef MODEL_FIELD_H
#define MODEL_FIELD_H

#include "base/slice.h"

enum field {
	FIELD_NONE = 0,
	FIELD_BSN = 1,
	FIELD_EMPLOYEE_REF,	   /* personeelsnummer */
	FIELD_FAMILY_NAME,	   /* geslachtsnaam */
	FIELD_NAME_PREFIX,	   /* voorvoegsel */
	FIELD_GIVEN_NAMES,	   /* voornamen */
	FIELD_SEX,		   /* geslacht */
	FIELD_BIRTH_DATE,	   /* geboortedatum */
	FIELD_STREET,		   /* straat */
	FIELD_HOUSE_NUMBER,	   /* huisnummer */
	FIELD_HOUSE_NUMBER_SUFFIX, /* toevoeging */
	FIELD_POSTCODE,
	FIELD_CITY,		 /* plaats */
	FIELD_COUNTRY,		 /* land */
	FIELD_FOREIGN_ADDRESS_1, /* adresregel1 */
	FIELD_FOREIGN_ADDRESS_2,
	FIELD_FOREIGN_ADDRESS_3,
	FIELD_APPOINTMENT_KEY, /* benoemingssleutel */
	FIELD_BRIN,
	FIELD_SITE,		  /* vestiging */
	FIELD_CONTRACT_START,	  /* begin_arbeidsovereenkomst */
	FIELD_CONTRACT_END,	  /* einde_arbeidsovereenkomst */
	FIELD_APPOINTMENT_START,  /* begin_benoeming */
	FIELD_APPOINTMENT_END,	  /* einde_benoeming */
	FIELD_APPOINTMENT_GROUND, /* benoemingsgrondslag */
	FIELD_TEACHING_FIELDS,	  /* onderwijsterrein */
	FIELD_DELIVERY_ID,	  /* leveringsid */
	FIELD_BOARD,		  /* bestuur */
	FIELD_KIND,		  /* soort */
	FIELD_DRY_RUN,		  /* proef */
	FIELD_SEQUENCE,		  /* volgnummer */
	FIELD_EXTRACTION_DATE,	  /* extractiedatum */
	FIELD_LINE_COUNT,	  /* regels */
	FIELD_CONTENT_HASH,	  /* sha256 */
	FIELD_CONTACT_NAME,	  /* contact_naam */
	FIELD_CONTACT_PHONE,	  /* contact_telefoon */
	FIELD_CONTACT_EMAIL,	  /* contact_email */
};

enum {
	COLUMNS = 25,			     /* how many there are */
	COLUMN_LAST = FIELD_TEACHING_FIELDS, /* the highest number of one: what is indexed by enum field ends there */
	HEADER_LAST = FIELD_CONTACT_EMAIL,   /* of the fields of the header, which begin at FIELD_DELIVERY_ID */
	FIELD_LAST = FIELD_CONTACT_EMAIL,
	PERSON_FIRST = FIELD_FAMILY_NAME, /* columns 3-16: the person */
	PERSON_LAST = FIELD_FOREIGN_ADDRESS_3,
	PERSON_FIELDS = PERSON_LAST - PERSON_FIRST + 1,
	APPOINTMENT_FIRST = FIELD_APPOINTMENT_KEY, /* columns 17-25: the appointment */
	APPOINTMENT_LAST = FIELD_TEACHING_FIELDS,
	APPOINTMENT_FIELDS = APPOINTMENT_LAST - APPOINTMENT_FIRST + 1,
};

/* One bit for each field: a set of fields is a uint64_t. */
#define FIELD_BIT(field) (UINT64_C(1) << (field))

_Static_assert(FIELD_LAST < 64, "a set of fields is 64 bits");

/* The columns of a message are sound: each is one of ours, none stands there twice, and there is one at least. */
bool field_columns_are_sound(struct slice columns);
bool field_is_column(unsigned field);

/* The Dutch name as written in specification 2 and 3.2; "" for FIELD_NONE and unknown numbers. */
const char *field_name(enum field field);

/* The column with this name: trimmed of spaces, without ASCII case (specification 3.2). FIELD_NONE: no column of
 * ours. */
enum field field_of_column(struct slice name);

/* Column must be in a VOLLEDIG or MUTATIE (mark V of specification 3.2). */
bool field_is_required(enum field field);

#endif
