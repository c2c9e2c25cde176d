#include "render/json_build.h"

#include <jansson.h>

void json_build_put(json_t **object, const char *name, json_t *value)
{
	if (json_object_set_new(*object, name, value) != 0) {
		json_decref(*object);
		*object = NULL;
	}
}

void json_build_append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) != 0) {
		json_decref(*array);
		*array = NULL;
	}
}
