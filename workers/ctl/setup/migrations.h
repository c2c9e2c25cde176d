/* migrations: the files of schemas/sql, built into the program in their order (CMakeLists.txt globs them). */
#ifndef CTL_MIGRATIONS_H
#define CTL_MIGRATIONS_H

#include <stddef.h>

struct migration {
	const char *name; /* "0001-register.sql" */
	const char *sql;
	const char *earlier; /* SHA-256 in hex, joined by spaces: forms with other comments that a release applied */
};

extern const struct migration MIGRATIONS[];
extern const size_t MIGRATION_COUNT;

#endif
