#include "http/pem.h"

#include "base/macros.h"

#include <openssl/err.h>
#include <openssl/pem.h>

BIO *pem_open(struct slice pem)
{
	ERR_clear_error();
	return BIO_new_mem_buf(pem.p, (int)MIN(pem.n, (size_t)INT32_MAX));
}

bool pem_is_at_end(void)
{
	bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return is_end;
}
