/* reference_tables: the six files of a version, from the reference topic or as reference import took them.
 *
 * A version is named by the first digits of it; "current" is the one in force, "imported" the tables that publish would
 * publish. */
#ifndef CTL_REFERENCE_TABLES_H
#define CTL_REFERENCE_TABLES_H

#include "ctl/base/ctl.h"
#include "model/reference.h"

enum { REFERENCE_HEX_BYTES = 2 * REFERENCE_VERSION_BYTES + 1 };

struct reference_entry {
	char hex[REFERENCE_HEX_BYTES];
	int64_t published_ms;
	int64_t rows[REFERENCE_TABLES];
};

/* What a walk over the topic gathers. wanted: the tables of the last version that begins so are kept. */
struct reference_walk {
	struct arena arena; /* of one message */
	struct reference_entry *versions;
	size_t count;
	const char *wanted; /* NULL: none; "": the last */
	bool is_found, is_ambiguous;
	char found[REFERENCE_HEX_BYTES];
	struct strbuf tables[REFERENCE_TABLES];
};

/* All versions of the topic; walk is zero but for wanted. Release it whatever comes back. */
MUSTUSE int reference_tables_walk(struct ctl *ctl, struct reference_walk *walk, struct err *err);
/* The tables of one version into walk, which is zero; likewise. ERR_DATA code "unknown": there is no such version. */
MUSTUSE int reference_tables_load(struct ctl *ctl, const char *name, struct reference_walk *walk, struct err *err);
void reference_tables_release(struct reference_walk *walk);

int64_t reference_tables_rows(struct slice csv); /* without the header */

#endif
