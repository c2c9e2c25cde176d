/* json_build: JSON that is whole or is not there.
 *
 * Jansson tells of each member whether it found memory for it. Here the first that is missing takes the whole away: the
 * pointer becomes NULL, what is put into it later is dropped, and who prints it finds no text instead of a wrong
 * one. */
#ifndef RENDER_JSON_BUILD_H
#define RENDER_JSON_BUILD_H

struct json_t; /* of jansson */

/* Both take value over, whatever becomes of it. value NULL: there was no memory for it. */
void json_build_put(struct json_t **object, const char *name, struct json_t *value);
void json_build_append(struct json_t **array, struct json_t *value);

#endif
