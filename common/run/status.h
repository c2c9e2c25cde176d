/* status: /healthz, /readyz and /metrics of a worker, served by a thread of their own, on loopback or the address of
 * the settings.
 *
 * Liveness asks only whether the poll loop went round lately (status_heartbeat); readiness is what the worker last
 * said. Workers call app_heartbeat() and app_set_ready(), which report to the service manager, too. */
#ifndef RUN_STATUS_H
#define RUN_STATUS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct status;

/* address: "127.0.0.1:9464"; empty: no page, *ret is NULL and all calls accept it. */
MUSTUSE int status_open(const char *address, uint32_t heartbeat_ms_max, struct status **ret, struct err *err);
void status_close(struct status *status);
uint16_t status_port(const struct status *status); /* where it listens, for an address with port 0; 0: no page */
void status_heartbeat(void);
void status_set_ready(bool is_ready, const char *why); /* why: static text of what is waited for */
bool status_is_alive(void);
bool status_is_ready(const char **ret_why);

enum { STATUS_WHY_BYTES = 1024 };
/* why, and what Kafka and PostgreSQL last failed of. Returns ret. */
const char *status_explain(const char *why, char ret[STATUS_WHY_BYTES]);

#endif
