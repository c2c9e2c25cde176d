#include "gateway/signed_token.h"

#include "gateway/base64url.h"
#include "gateway/strict_json.h"

#include <jansson.h>
#include <jose/jws.h>
#include <openssl/err.h>

enum { PARTS = 3, DEPTH_MAX = 12, WORD_BYTES_MAX = 256, AUDIENCES_MAX = 32, NUMERIC_DATE_MAX = INT32_MAX };

struct check {
	const struct signed_token_rules *rules;
	const struct signing_key *key;
	struct slice parts[PARTS]; /* header, content, signature: as they stand in the token */
	int64_t now_s;
};

static void drop_json(json_t **json)
{
	json_decref(*json);
}

static const struct {
	const char *reason, *advice;
} WORDS[SIGNED_TOKEN_ANSWERS] = {
#define PLAIN_ADVICE "Stuur een geldig token mee in de kop Authorization, achter het woord Bearer"
	[SIGNED_TOKEN_GOOD] = { "good", "" },
	[SIGNED_TOKEN_TOO_LARGE] = { "too_large",
				     "Dit token is groter dan hier mogelijk is: vraag een token aan zonder "
				     "gegevens die hier niet nodig zijn" },
	[SIGNED_TOKEN_FORM] = { "form", PLAIN_ADVICE },
	[SIGNED_TOKEN_HEADER] = { "header", PLAIN_ADVICE },
	[SIGNED_TOKEN_TYPE] = { "type", "Dit is een ander soort token dan hier nodig is: stuur het toegangstoken mee" },
	[SIGNED_TOKEN_ALGORITHM] = { "algorithm", PLAIN_ADVICE },
	[SIGNED_TOKEN_KEY] = { "key", PLAIN_ADVICE },
	[SIGNED_TOKEN_SIGNATURE] = { "signature", PLAIN_ADVICE },
	[SIGNED_TOKEN_CONTENT] = { "content", PLAIN_ADVICE },
	[SIGNED_TOKEN_ISSUER] = { "issuer", PLAIN_ADVICE },
	[SIGNED_TOKEN_AUDIENCE] = { "audience",
				    "Dit token is voor een andere dienst gemaakt: vraag een token aan voor "
				    "deze dienst" },
	[SIGNED_TOKEN_EXPIRED] = { "expired", "Uw aanmelding is verlopen: meld u opnieuw aan" },
	[SIGNED_TOKEN_EARLY] = { "early",
				 "Dit token geldt nog niet: probeer het zo weer, en controleer de klok van het "
				 "systeem dat het maakte" },
	[SIGNED_TOKEN_BOUND] = { "bound",
				 "Dit token is aan een certificaat gebonden en dat wordt hier niet vergeleken: "
				 "vraag een token aan zonder die binding" },
	[SIGNED_TOKEN_LEVEL] = { "level",
				 "Uw aanmelding heeft niet het betrouwbaarheidsniveau dat hier nodig is: meld u "
				 "aan met een hoger niveau" },
	[SIGNED_TOKEN_SUBJECT] = { "subject", PLAIN_ADVICE },
	[SIGNED_TOKEN_REPRESENTS] = { "represents",
				      "Uit dit token is niet op te maken voor welke organisatie u handelt: "
				      "vraag uw beheerder van eHerkenning om hulp" },
	[SIGNED_TOKEN_MEMORY] = { "memory", "Er is nu geen ruimte voor dit verzoek, probeer het zo weer" },
};

const char *signed_token_reason(enum signed_token_answer answer)
{
	return WORDS[answer].reason;
}

const char *signed_token_advice(enum signed_token_answer answer)
{
	return WORDS[answer].advice;
}

/* ---- form ---- */

bool signed_token_is_one(struct slice bearer)
{
	size_t dots = 0;

	for (size_t i = 0; i < bearer.n; i++)
		dots += bearer.p[i] == '.';
	return dots >= PARTS - 1;
}

static bool split(struct slice token, struct slice parts[PARTS])
{
	struct slice rest = token;

	for (size_t i = 0; i < PARTS - 1; i++) {
		const char *dot = rest.n > 0 ? memchr(rest.p, '.', rest.n) : NULL;

		if (!dot)
			return false;
		parts[i] = slice_cut(&rest, (size_t)(dot - rest.p));
		rest = slice_from(rest, 1);
	}
	parts[PARTS - 1] = rest;
	return rest.n > 0 && !memchr(rest.p, '.', rest.n);
}

/* Errors as of strict_json_read; what is no base64url is no JSON. */
static int read_part(struct slice part, json_t **ret)
{
	char bytes[SIGNED_TOKEN_BYTES_MAX];
	size_t n;

	return base64url_read(part, bytes, &n) ? strict_json_read(slice_make(bytes, n), DEPTH_MAX, ret) : -ERR_DATA;
}

/* word: one of those that list joins by commas. */
static bool has_word(const char *list, struct slice word, bool is_any_case)
{
	for (struct slice rest = slice_of(list); rest.n > 0;) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct slice each = slice_cut(&rest, comma ? (size_t)(comma - rest.p) : rest.n);

		rest = slice_from(rest, 1);
		each = slice_trim(each);
		if (each.n > 0 && each.n == word.n &&
		    (is_any_case ? strncasecmp(each.p, word.p, word.n) : memcmp(each.p, word.p, word.n)) == 0)
			return true;
	}
	return false;
}

/* ---- header ---- */

/* Members by which a header would choose how it is believed. */
static bool has_demands(const json_t *header)
{
	static const char *const DEMANDS[] = { "crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5c", "x5u" };

	for (size_t i = 0; i < ARRAY_LEN(DEMANDS); i++)
		if (json_object_get(header, DEMANDS[i]))
			return true;
	return false;
}

static bool is_good_type(const json_t *header, const char *types)
{
	static const char PREFIX[] = "application/";
	const size_t prefix_bytes = sizeof PREFIX - 1;
	struct slice type = strict_json_text(header, "typ", WORD_BYTES_MAX);

	if (type.n > prefix_bytes && strncasecmp(type.p, PREFIX, prefix_bytes) == 0)
		type = slice_from(type, prefix_bytes);
	return type.n > 0 && has_word(types, type, true);
}

static enum signed_token_answer check_header(struct check *check, const struct key_set *keys)
{
	CLEANUP(drop_json) json_t *header = NULL;
	int rc = read_part(check->parts[0], &header);

	if (rc != 0)
		return rc == -ERR_RETRY ? SIGNED_TOKEN_MEMORY : SIGNED_TOKEN_FORM;
	if (has_demands(header))
		return SIGNED_TOKEN_HEADER;
	if (!is_good_type(header, check->rules->types))
		return SIGNED_TOKEN_TYPE;
	enum signature_alg alg = signature_alg_find(strict_json_text(header, "alg", WORD_BYTES_MAX));

	if (alg == SIGNATURE_ALGS || (check->rules->algs & 1U << alg) == 0)
		return SIGNED_TOKEN_ALGORITHM;
	struct slice id = strict_json_text(header, "kid", KEY_ID_BYTES_MAX);

	if (!id.p)
		return SIGNED_TOKEN_HEADER;
	check->key = key_set_find(keys, id);
	if (!check->key)
		return SIGNED_TOKEN_KEY;
	return check->key->alg == alg ? SIGNED_TOKEN_GOOD : SIGNED_TOKEN_ALGORITHM;
}

/* ---- signature ---- */

/* libjose writes what it finds wrong to stderr; that is a stranger's text. */
static void drop_message(void *self, const char *file, int line, uint64_t code, const char *format, va_list args)
{
	(void)self, (void)file, (void)line, (void)code, (void)format, (void)args;
}

static enum signed_token_answer check_signature(const struct check *check)
{
	char signature[SIGNED_TOKEN_BYTES_MAX];
	size_t signature_bytes;

	if (!base64url_read(check->parts[2], signature, &signature_bytes))
		return SIGNED_TOKEN_FORM;
	if (signature_bytes != check->key->signature_bytes)
		return SIGNED_TOKEN_SIGNATURE;
	CLEANUP(drop_json)
	json_t *jws = json_pack("{s:s%, s:s%, s:s%}", "protected", check->parts[0].p, check->parts[0].n, "payload",
				check->parts[1].p, check->parts[1].n, "signature", check->parts[2].p,
				check->parts[2].n);
	jose_cfg_t *cfg = jose_cfg();
	bool is_good = false;

	if (jws && cfg) {
		jose_cfg_set_err_func(cfg, drop_message, NULL);
		is_good = jose_jws_ver(cfg, jws, NULL, check->key->jwk, false);
	}
	bool has_memory = jws && cfg;

	if (cfg) /* of none it is a crash */
		jose_cfg_decref(cfg);
	ERR_clear_error(); /* or the next look at a TLS connection takes it for its own */
	if (!has_memory)
		return SIGNED_TOKEN_MEMORY;
	return is_good ? SIGNED_TOKEN_GOOD : SIGNED_TOKEN_SIGNATURE;
}

/* ---- content ---- */

static bool is_for_us(const json_t *aud, const char *ours)
{
	bool is_ours = false;
	const json_t *each;
	size_t i;

	if (json_is_string(aud))
		return slice_equal_text(slice_make(json_string_value(aud), json_string_length(aud)), ours);
	if (json_array_size(aud) > AUDIENCES_MAX)
		return false;
	json_array_foreach(aud, i, each)
	{
		if (!json_is_string(each))
			return false;
		is_ours = is_ours ||
			  slice_equal_text(slice_make(json_string_value(each), json_string_length(each)), ours);
	}
	return is_ours;
}

/* A moment in seconds. false: it is there and is none. absent: then *ret is this. */
static bool read_moment(const json_t *content, const char *name, int64_t absent, int64_t *ret)
{
	const json_t *member = json_object_get(content, name);
	double seconds = json_number_value(member);

	*ret = absent;
	if (!member)
		return true;
	if (!json_is_number(member) || seconds < 0 || seconds > (double)NUMERIC_DATE_MAX * 4)
		return false;
	*ret = (int64_t)seconds;
	return true;
}

static enum signed_token_answer check_times(const struct check *check, const json_t *content, int64_t *ret_expires_s)
{
	int64_t expires_s, not_before_s, issued_s;

	if (!read_moment(content, "exp", -1, &expires_s) || expires_s < 0 ||
	    !read_moment(content, "nbf", 0, &not_before_s) || !read_moment(content, "iat", 0, &issued_s))
		return SIGNED_TOKEN_CONTENT;
	if (check->now_s >= expires_s + SIGNED_TOKEN_LEEWAY_S)
		return SIGNED_TOKEN_EXPIRED;
	if (check->now_s < MAX(not_before_s, issued_s) - SIGNED_TOKEN_LEEWAY_S)
		return SIGNED_TOKEN_EARLY;
	*ret_expires_s = expires_s;
	return SIGNED_TOKEN_GOOD;
}

static enum signed_token_answer check_content(const struct check *check, const json_t *content, int64_t *ret_expires_s)
{
	const struct signed_token_rules *rules = check->rules;

	if (!slice_equal_text(strict_json_text(content, "iss", WORD_BYTES_MAX * 4), rules->issuer))
		return SIGNED_TOKEN_ISSUER;
	if (!is_for_us(json_object_get(content, "aud"), rules->audience))
		return SIGNED_TOKEN_AUDIENCE;
	enum signed_token_answer answer = check_times(check, content, ret_expires_s);

	if (answer != SIGNED_TOKEN_GOOD)
		return answer;
	if (json_object_get(content, "cnf"))
		return SIGNED_TOKEN_BOUND;
	if (rules->levels[0] && !has_word(rules->levels, strict_json_text(content, "acr", WORD_BYTES_MAX), false))
		return SIGNED_TOKEN_LEVEL;
	return SIGNED_TOKEN_GOOD;
}

/* ---- who ---- */

/* The kind that sub_id_type names, the last word of a URI of one of the two schemes. */
static enum party_number_kind party_kind_of(struct slice type)
{
	static const struct {
		const char *word;
		enum party_number_kind kind;
	} KINDS[] = { { "KvKnr", NUMBER_KVK }, { "KvK", NUMBER_KVK }, { "RSIN", NUMBER_RSIN }, { "OIN", NUMBER_OIN } };
	const char *colon = type.n > 0 ? memrchr(type.p, ':', type.n) : NULL;

	if (!colon || (!slice_starts_with(type, "urn:etoegang:") && !slice_starts_with(type, "urn:nl-eid-gdi:")))
		return NUMBER_NONE;
	struct slice word = slice_from(type, (size_t)(colon + 1 - type.p));

	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
		if (word.n == strlen(KINDS[i].word) && strncasecmp(word.p, KINDS[i].word, word.n) == 0)
			return KINDS[i].kind;
	return NUMBER_NONE;
}

/* false: no room for one more, or another form of number. */
static bool add_party(struct signed_token *token, enum party_number_kind kind, struct slice number)
{
	if (token->party_count == SIGNED_TOKEN_PARTIES_MAX ||
	    !party_number_make(kind, number, &token->parties[token->party_count]))
		return false;
	token->party_count++;
	return true;
}

/* One of those acted for: by the profile it has sub, sub_id_type and iss, and nothing that is the token's own. */
static bool add_represented(struct signed_token *token, const json_t *represented)
{
	static const char *const TOKENS_OWN[] = { "exp", "nbf", "aud" };
	enum party_number_kind kind = party_kind_of(strict_json_text(represented, "sub_id_type", WORD_BYTES_MAX));

	for (size_t i = 0; i < ARRAY_LEN(TOKENS_OWN); i++)
		if (json_object_get(represented, TOKENS_OWN[i]))
			return false;
	return json_is_object(represented) && kind != NUMBER_NONE &&
	       strict_json_text(represented, "iss", WORD_BYTES_MAX * 4).p &&
	       add_party(token, kind, strict_json_text(represented, "sub", WORD_BYTES_MAX));
}

static enum signed_token_answer read_who(const json_t *content, struct signed_token *token)
{
	struct slice subject = strict_json_text(content, "sub", SIGNED_TOKEN_SUBJECT_BYTES_MAX);
	struct slice type = strict_json_text(content, "sub_id_type", WORD_BYTES_MAX);
	enum party_number_kind kind = party_kind_of(type);

	if (!subject.p || (!type.p && json_object_get(content, "sub_id_type")) ||
	    (kind != NUMBER_NONE && !add_party(token, kind, subject)))
		return SIGNED_TOKEN_SUBJECT;
	memcpy(token->subject, subject.p, subject.n);
	for (const json_t *next = content; (next = json_object_get(next, "represents")) != NULL;)
		if (!add_represented(token, next))
			return SIGNED_TOKEN_REPRESENTS;
	return SIGNED_TOKEN_GOOD;
}

enum signed_token_answer signed_token_check(struct slice token, const struct key_set *keys,
					    const struct signed_token_rules *rules, int64_t now_s,
					    struct signed_token *ret)
{
	struct check check = { .rules = rules, .now_s = now_s };
	struct signed_token who = { 0 };

	if (token.n > SIGNED_TOKEN_BYTES_MAX)
		return SIGNED_TOKEN_TOO_LARGE;
	if (!split(token, check.parts))
		return SIGNED_TOKEN_FORM;
	enum signed_token_answer answer = check_header(&check, keys);

	if (answer == SIGNED_TOKEN_GOOD)
		answer = check_signature(&check);
	if (answer != SIGNED_TOKEN_GOOD)
		return answer;
	CLEANUP(drop_json) json_t *content = NULL;
	int rc = read_part(check.parts[1], &content);

	if (rc != 0)
		return rc == -ERR_RETRY ? SIGNED_TOKEN_MEMORY : SIGNED_TOKEN_CONTENT;
	answer = check_content(&check, content, &who.expires_s);
	if (answer == SIGNED_TOKEN_GOOD)
		answer = read_who(content, &who);
	if (answer == SIGNED_TOKEN_GOOD)
		*ret = who;
	return answer;
}
