/* json_build: JSON that is whole or is not there.
 *
 * Jansson reports for each member whether it found memory. Here the first failure drops the whole: the pointer becomes
 * NULL, later members are dropped too, and printing yields no text instead of a wrong one. */
#ifndef RENDER_JSON_BUILD_H
#define RENDER_JSON_BUILD_H

struct json_t; /* of jansson */

/* Both take value over, whatever becomes of it. value NULL: there was no memory for it. */
void json_build_put(struct json_t **object, const char *name, struct json_t *value);
void json_build_append(struct json_t **array, struct json_t *value);

#endif
