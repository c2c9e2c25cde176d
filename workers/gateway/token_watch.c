#include "gateway/token_watch.h"

bool token_watch_has_changed(struct token_watch *watch, const char *path)
{
	struct stat now, seen = watch->seen;

	if (stat(path, &now) != 0)
		return false;
	watch->seen = now;
	if (seen.st_ino == 0)
		return false;
	return now.st_ino != seen.st_ino || now.st_dev != seen.st_dev || now.st_size != seen.st_size ||
	       now.st_mtim.tv_sec != seen.st_mtim.tv_sec || now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec;
}
