/* register_fixture: a database of its own for a test, with the migrations of schemas/sql. */
#ifndef TESTS_REGISTER_FIXTURE_H
#define TESTS_REGISTER_FIXTURE_H

#include "adapters_fixture.h"
#include "pg/pg_link.h"

/* A new empty database. The link stays open until pg_link_close. */
struct pg_link *register_open(void);
/* Another connection to the newest of them. */
struct pg_link *register_open_again(void);

/* Applies the migrations numbered first to last, as 1 of 0001-register.sql. */
enum { MIGRATION_LAST = 9999 };
void register_migrate(struct pg_link *link, int first, int last);

/* Asserts that the question goes through. The caller drops the rows. */
struct pg_rows *register_ask(struct pg_link *link, const char *sql);

#endif
