#include "base/url.h"

#include <string.h>

bool url_is_near(const char *url)
{
	static const char *const HOSTS[] = { "http://127.0.0.1:", "http://[::1]:" };

	for (size_t i = 0; i < ARRAY_LEN(HOSTS); i++)
		if (strncmp(url, HOSTS[i], strlen(HOSTS[i])) == 0) {
			const char *port = url + strlen(HOSTS[i]);
			size_t digits = strspn(port, "0123456789");

			return digits > 0 && (port[digits] == '/' || port[digits] == '\0');
		}
	return false;
}

bool url_is_safe(const char *url)
{
	return strncmp(url, "https://", 8) == 0 || url_is_near(url);
}
