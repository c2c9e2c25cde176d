/* transfers: uploads in flight, over HTTP, many at a time.
 *
 * Owner: deliver. Single-threaded: transfers_run calls ended for each upload whose answer, or broken connection,
 * has come in; when there is none it waits for the network, half a second at most. */
#ifndef CTL_TRANSFERS_H
#define CTL_TRANSFERS_H

#include "ctl/deliver/answer.h"
#include "ctl/deliver/upload_list.h"

enum { TRANSFERS_MAX = 256 };

struct transfers;

/* answer: the callee's for the time of the call. content_bytes: of the upload. */
typedef void transfers_ended(void *self, struct upload *upload, struct answer *answer, int64_t content_bytes);

/* url: of the gateway; ca_file: what its certificate is checked with, empty: the CAs of the system. parallel: 1 to
 * TRANSFERS_MAX. */
MUSTUSE int transfers_open(const char *url, const char *ca_file, struct slice token, size_t parallel,
			   transfers_ended *ended, void *self, struct transfers **ret, struct err *err);
void transfers_close(struct transfers *transfers);

MUSTUSE bool transfers_are_full(const struct transfers *transfers);
/* Asks the gateway which installation it is: the text goes into id, "" when it does not say. false: it cannot be asked
 * now; answer says why, as of an upload. */
MUSTUSE bool transfers_ask_installation(struct transfers *transfers, char id[UPLOAD_INSTALLATION_BYTES],
					struct answer *answer);

/* Reads the upload's files and sends them. ERR_DATA: they cannot be sent, which is this upload's own fault. */
MUSTUSE int transfers_begin(struct transfers *transfers, struct upload *upload, struct err *err);
void transfers_run(struct transfers *transfers);

#endif
