/* doctor_pg: what the server of the register is like, beside what the promises of design 5 rest on.
 *
 * Each look is one statement that gives a row for each fault: no row is "ok". What needs a right that the role lacks
 * is "unknown". Timeouts of statements, locks and idle transactions are not looked at: each of our sessions sets its
 * own (pg_connect.c), so those of a role or the server do not reach it. */
#ifndef CTL_DOCTOR_PG_H
#define CTL_DOCTOR_PG_H

#include "ctl/setup/diagnosis.h"
#include "pg/pg_link.h"

/* link: as the reader. */
void doctor_look_at_pg(struct pg_link *link, struct diagnosis *diagnosis);

/* link: as the owner. Tables, functions, triggers and indexes that the migrations made. */
void doctor_look_at_pg_objects(struct pg_link *link, struct diagnosis *diagnosis);

#endif
