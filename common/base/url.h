/* url: which addresses we may ask, of those that a setting names. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/macros.h"

#include <stdbool.h>

/* http:// of a port of this machine, as tests, agents and proxies have them. */
MUSTUSE bool url_is_near(const char *url);
/* https://, or near: nobody on the way reads or changes what is asked. */
MUSTUSE bool url_is_safe(const char *url);

#endif
