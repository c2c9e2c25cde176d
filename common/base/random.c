#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

int random_fill(void *bytes, size_t n, struct err *err)
{
	assert(n <= RANDOM_BYTES_MAX);
	for (size_t done = 0; done < n;) {
		ssize_t got = getrandom((char *)bytes + done, n - done, 0);

		if (got < 0 && errno != EINTR)
			return err_set(err, ERR_FATAL, "random", "the system gives no random bytes: %s",
				       strerrorname_np(errno));
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}
