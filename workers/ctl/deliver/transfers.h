/* transfers: uploads in flight, over HTTP, many at a time.
 *
 * Owner: deliver. Single-threaded: transfers_run calls ended for each upload whose answer, or broken connection,
 * has come in; when there is none it waits for the network, half a second at most. */
#ifndef CTL_TRANSFERS_H
#define CTL_TRANSFERS_H

#include "ctl/deliver/upload_list.h"

enum { TRANSFERS_MAX = 256 };

struct transfers;

struct transfers_answer {
	long status;	     /* of HTTP; 0: there was no answer */
	const char *failure; /* why there was none */
	struct slice body;
	int64_t content_bytes; /* of the upload */
};

typedef void transfers_ended(void *self, struct upload *upload, const struct transfers_answer *answer);

/* url: of the gateway. parallel: 1 to TRANSFERS_MAX. */
MUSTUSE int transfers_open(const char *url, struct slice token, size_t parallel, transfers_ended *ended, void *self,
			   struct transfers **ret, struct err *err);
void transfers_close(struct transfers *transfers);

MUSTUSE bool transfers_are_full(const struct transfers *transfers);
/* Reads the upload's files and sends them. ERR_DATA code "header": its header cannot be sent, which is this file's own fault. */
MUSTUSE int transfers_begin(struct transfers *transfers, struct upload *upload, struct err *err);
void transfers_run(struct transfers *transfers);

#endif
