#include "ctl/base/bsn_file.h"

#include "base/num.h"
#include "ctl/base/ctl.h"
#include "model/bsn.h"

enum { BSN_FILE_BYTES_MAX = 64 };

int bsn_file_read(const char *path, int32_t *ret, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf file;
	uint64_t bsn = 0;

	strbuf_init(&file, BSN_FILE_BYTES_MAX);
	int rc = ctl_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &file, err);

	if (rc == 0) {
		struct slice text = strbuf_slice(&file);

		while (text.n > 0 && strchr(" \r\n", text.p[text.n - 1]))
			text.n--;
		if (text.n != BSN_DIGITS || !num_parse_u64(text, 999999999, &bsn))
			rc = err_set(err, ERR_DATA, "bsn", "%s does not hold one BSN of 9 digits", path);
		*ret = (int32_t)bsn;
	}
	if (file.p)
		explicit_bzero(file.p, file.n);
	return rc;
}
