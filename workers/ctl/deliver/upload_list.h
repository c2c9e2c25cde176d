/* upload_list: the files to deliver, and which of them the gateway acknowledged in an earlier run.
 *
 * A delivery is two files: x.csv and x.json, its header. What was acknowledged stands in acknowledged.jsonl beside them, one
 * object per line with the file's name, the SHA-256 of header and content, and the receipt. A receipt is kept when the answer
 * is in; a file without one is sent again, and the gateway's fingerprint makes the second count once. So a lost or damaged
 * list costs time and nothing else. */
#ifndef CTL_UPLOAD_LIST_H
#define CTL_UPLOAD_LIST_H

#include "base/backoff.h"
#include "base/err.h"
#include "base/strbuf.h"

struct json_t; /* of jansson */

enum { UPLOAD_BYTES_MAX = 80 << 20 };

enum upload_state {
	UPLOAD_WAITING, /* to be sent, now or after a pause */
	UPLOAD_IN_FLIGHT,
	UPLOAD_ACCEPTED,  /* taken by the gateway in this run */
	UPLOAD_KNOWN,	  /* acknowledged before */
	UPLOAD_REFUSED,	  /* by the gateway for good, or its header cannot be sent */
	UPLOAD_NOT_TAKEN, /* tried too often */
	UPLOAD_STATES,
};

struct upload {
	char *path; /* of the csv */
	uint8_t digest[32];
	enum upload_state state;
	unsigned tries;
	int64_t not_before_ms;
	struct backoff backoff;
};

struct upload_list {
	struct upload *items; /* rising by path, once upload_list_settle sorted them */
	size_t count, capacity;
};

/* A file, or all .csv files of a folder. ERR_DATA code "file": it cannot be read. */
MUSTUSE int upload_list_add(struct upload_list *list, const char *path, struct err *err);
/* Sorts, and sets UPLOAD_KNOWN for those that were acknowledged and have not changed since. */
void upload_list_settle(struct upload_list *list);
void upload_list_release(struct upload_list *list);

const char *upload_name(const struct upload *upload); /* the file's name, without folders */

/* Reads both files and sets the digest. *ret_header is the caller's to release. ERR_DATA code "header": it is no header. */
MUSTUSE int upload_read(struct upload *upload, struct strbuf *content, struct json_t **ret_header, struct err *err);
/* Keeps the gateway's answer. Says so on stderr when it cannot: the next run sends the file again. */
void upload_keep_receipt(const struct upload *upload, struct json_t *receipt);

#endif
