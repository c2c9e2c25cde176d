#include "kafka/kafka_refusal.h"

#include "base/err.h"

#include <string.h>

bool kafka_refusal_lasts(int error, const char *code)
{
	if (error == ERR_CONFIG) /* of the others a topic may be away for a moment */
		return strstr(code, "AUTHORIZATION") != NULL;
	return error == ERR_DATA || error == ERR_FATAL;
}

bool kafka_refusal_is_shared(int error, const char *code)
{
	return kafka_refusal_lasts(error, code) && error != ERR_CONFIG;
}
