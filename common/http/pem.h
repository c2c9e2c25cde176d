/* pem: texts of certificates, keys and lists, one behind the other, as OpenSSL reads them. */
#ifndef HTTP_PEM_H
#define HTTP_PEM_H

#include "base/slice.h"

#include <stdbool.h>

struct bio_st; /* of OpenSSL: BIO */

/* For PEM_read_bio_..; the bytes stay the caller's, and must outlive it. NULL: no memory. No error of before is left,
 * so that pem_is_at_end knows whose it sees. */
struct bio_st *pem_open(struct slice pem);
/* After a read that gave nothing. true: there was nothing more. false: there was, and it could not be read. The errors
 * are cleared. */
bool pem_is_at_end(void);

#endif
