#include "gateway/speaker.h"

#include "base/num.h"
#include "gateway/services.h"
#include "model/teacher_key.h"

#include <strings.h>

enum { REFERENCE_DIGEST_BYTES = 4 };

/* What stands behind "Bearer " in the header; p NULL: another scheme, or none. */
static struct slice bearer_of(struct slice authorization)
{
	static const char SCHEME[] = "Bearer ";
	const size_t scheme_bytes = sizeof SCHEME - 1;

	if (authorization.n < scheme_bytes || strncasecmp(authorization.p, SCHEME, scheme_bytes) != 0)
		return (struct slice){ 0 };
	return slice_trim(slice_from(authorization, scheme_bytes));
}

/* The name that the operator gave the token; else the beginning of its digest, which finds its line. */
static void refer_to_token(struct speaker *speaker, const uint8_t sha256[32])
{
	struct slice name = token_lines_name(speaker->lines);
	char digest[2 * REFERENCE_DIGEST_BYTES];

	num_to_hex(sha256, REFERENCE_DIGEST_BYTES, digest);
	if (name.n == 0)
		name = slice_make(digest, sizeof digest);
	snprintf(speaker->reference, sizeof speaker->reference, "token:%.*s", (int)name.n, name.p);
}

static enum access_answer identify_token(const struct tokens *tokens, struct slice token, int32_t today,
					 struct speaker *ret)
{
	uint8_t sha256[32];

	sha256_of(token, sha256);
	enum access_answer answer = tokens_find(tokens, sha256, today, &ret->lines);

	if (answer != ACCESS_GOOD)
		return answer;
	ret->kind = SPEAKER_TOKEN;
	ret->id = num_get_be64(sha256);
	refer_to_token(ret, sha256);
	return ACCESS_GOOD;
}

enum access_answer speaker_identify(const struct request *request, int32_t today, struct speaker *ret)
{
	struct slice token = bearer_of(request_header(request, "Authorization"));

	*ret = (struct speaker){ 0 };
	if (!token.p)
		return ACCESS_MISSING;
	return identify_token(request->services->tokens, token, today, ret);
}
