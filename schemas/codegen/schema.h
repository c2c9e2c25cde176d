/* schema: the Avro schemas of one generator run, each made self-contained and turned into a tree of types.
 *
 * A file is NAME-VERSION.avsc and holds one record, the message. A type it names and does not define is put in at first
 * use from the other files: from those listed in its attribute "uses" ([ "delivery-2" ]), else from the lowest version
 * that defines it, so that a released file never changes its meaning when a new version of another one appears.
 * Owner: a build tool; single thread; everything lives until schema_set_release. Errors are one sentence with the
 * file's name, ERR_DATA for a schema we refuse. */
#ifndef CODEGEN_SCHEMA_H
#define CODEGEN_SCHEMA_H

#include "base/arena.h"
#include "base/err.h"

struct json_t; /* jansson's */

enum type_kind {
	TYPE_BOOLEAN,
	TYPE_INT,
	TYPE_LONG,
	TYPE_STRING,
	TYPE_BYTES,
	TYPE_FIXED,
	TYPE_ENUM,
	TYPE_ARRAY,
	TYPE_RECORD
};
enum { PRIMITIVES = TYPE_BYTES + 1 };

struct field;

struct type {
	enum type_kind kind;
	const char *full_name; /* of fixed, enum, record */
	const char *name;      /* its last part */
	const char *doc;       /* NULL: none */
	size_t size;	       /* of fixed */
	const struct type *items;
	const struct field *fields;
	size_t field_count;
	const char **symbols; /* of enum */
	size_t symbol_count;
};

struct field {
	const char *name;
	const char *doc;
	const struct type *type;
	const struct json_t *fallback; /* the default; NULL: none */
};

struct schema {
	const char *file; /* "delivery-1" */
	const char *name; /* "delivery" */
	unsigned version;
	struct json_t *source;
	struct json_t *self_contained;
	char *text; /* self_contained, compact */
	const struct type *root;
	uint64_t fingerprint;
};

struct schema_set {
	struct arena arena;
	struct schema *items; /* by name, then version */
	size_t count;
};

extern const char *const PRIMITIVE_NAMES[PRIMITIVES];

/* On error nothing is left to release. */
MUSTUSE int schema_set_load(const char *const *paths, size_t count, struct schema_set *ret, struct err *err);
void schema_set_release(struct schema_set *set);

bool schema_is_newest(const struct schema_set *set, const struct schema *schema);

/* Smallest encoding of a value, in bytes. */
size_t type_bytes_min(const struct type *type);

/* Makes json self-contained (a new reference). set is searched for what schema->source does not define. */
MUSTUSE int schema_resolve(const struct schema_set *set, const struct schema *schema, struct json_t **ret,
			   struct err *err);

/* The tree of a self-contained schema. */
MUSTUSE int schema_build_type(const char *file, const struct json_t *json, struct arena *arena, const struct type **ret,
			      struct err *err);

/* "a.b.C" of a name and the namespace around it; arena memory, NULL: the arena is full. */
const char *schema_full_name(struct arena *arena, const struct json_t *definition, const char *space);
const char *schema_space_of(struct arena *arena, const char *full_name);

#endif
