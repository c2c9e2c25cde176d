/* upload_list: the files to deliver, and which of them this installation acknowledged in an earlier run.
 *
 * A delivery is two files: x.csv (or x.xml) and x.json, its header. What was acknowledged stands in acknowledged.jsonl
 * beside them, one object per line with the file's name, the SHA-256 of header and content, the installation that
 * acknowledged it, and the receipt. A receipt is kept when the answer is in; a file without one of this installation is
 * sent again, and the gateway's fingerprint makes the second count once. So a lost or damaged list costs time and
 * nothing else. */
#ifndef CTL_UPLOAD_LIST_H
#define CTL_UPLOAD_LIST_H

#include "base/backoff.h"
#include "base/err.h"
#include "base/strbuf.h"

struct json_t; /* of jansson */

enum { UPLOAD_BYTES_MAX = 80 << 20, UPLOAD_INSTALLATION_BYTES = 65, UPLOAD_MISTYPED_BYTES = 128 };

enum upload_state {
	UPLOAD_WAITING, /* to be sent, now or after a pause */
	UPLOAD_IN_FLIGHT,
	UPLOAD_ACCEPTED,  /* by the gateway in this run */
	UPLOAD_KNOWN,	  /* acknowledged before */
	UPLOAD_REFUSED,	  /* by the gateway for good, or its files cannot be sent */
	UPLOAD_NOT_TAKEN, /* tried too often, or answered by something that is not the gateway */
	UPLOAD_STATES,
};

struct upload {
	char *path; /* of the csv */
	uint8_t digest[32], content_sha256[32];
	enum upload_state state;
	unsigned tries;
	int64_t not_before_ms;
	struct backoff backoff;
	char mistyped
		[UPLOAD_MISTYPED_BYTES]; /* the field of its header that has a wrong JSON type, and the right one */
};

struct upload_list {
	struct upload *items; /* rising by path, once upload_list_settle sorted them */
	size_t count, capacity;
};

/* A file, or all .csv and .xml files of a folder, in any case, and those that are not there though their header is;
 * what is skipped there is named on stderr. ERR_DATA code "file": it cannot be read, or holds no delivery. */
MUSTUSE int upload_list_add(struct upload_list *list, const char *path, struct err *err);
/* Sorts, drops what was named twice, and sets UPLOAD_KNOWN for those that this installation acknowledged and that have
 * not changed since. installation "": it is not known, so none is. */
void upload_list_settle(struct upload_list *list, const char *installation);
void upload_list_release(struct upload_list *list);

const char *upload_name(const struct upload *upload); /* the file's name, without folders */

/* Reads both files and sets the digests. *ret_header is the caller's to release. ERR_DATA: they cannot be read, or it
 * is no header. */
MUSTUSE int upload_read(struct upload *upload, struct strbuf *content, struct json_t **ret_header, struct err *err);
/* Keeps the gateway's answer. false: it cannot, and stderr says so. */
MUSTUSE bool upload_keep_receipt(const struct upload *upload, const char *installation, struct json_t *receipt);

#endif
