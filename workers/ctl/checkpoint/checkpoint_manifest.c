#include "ctl/checkpoint/checkpoint_manifest.h"

#include "base/num.h"
#include "model/delivery.h"

#include <stdlib.h>
#include <time.h>

enum { CAPACITY_FIRST = 64, HEX_BYTES = 64, TIME_BYTES = 21 };

static const char MAGIC[] = "instroom-checkpoint ", SIGNATURE[] = "signature ";
static const char TIME_FORMAT[] = "%Y-%m-%dT%H:%M:%SZ";

const char *const CHECKPOINT_KEPT_NAMES[CHECKPOINT_KEPT] = { "history", "feedback", "contact" };

void checkpoint_manifest_release(struct checkpoint_manifest *manifest)
{
	free(manifest->boards);
	*manifest = (struct checkpoint_manifest){ 0 };
}

int checkpoint_manifest_add(struct checkpoint_manifest *manifest, const struct checkpoint_board *board, struct err *err)
{
	if (manifest->board_count == manifest->board_capacity) {
		size_t capacity = MAX(manifest->board_capacity * 2, (size_t)CAPACITY_FIRST);
		struct checkpoint_board *grown = reallocarray(manifest->boards, capacity, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for a manifest");
		manifest->boards = grown;
		manifest->board_capacity = capacity;
	}
	manifest->boards[manifest->board_count++] = *board;
	return 0;
}

/* ---- writing ---- */

static void add_hex(struct strbuf *out, const uint8_t *bytes, size_t n)
{
	char hex[2 * SIGNATURE_BYTES];

	num_to_hex(bytes, n, hex);
	strbuf_add_bytes(out, hex, 2 * n);
}

static void add_hex_line(struct strbuf *out, const char *word, const uint8_t *bytes, size_t n)
{
	strbuf_add_text(out, word);
	add_hex(out, bytes, n);
	strbuf_add_char(out, '\n');
}

static void add_kept(struct strbuf *out, const int64_t kept_from[CHECKPOINT_KEPT])
{
	static const int64_t NONE[CHECKPOINT_KEPT];

	if (memcmp(kept_from, NONE, sizeof NONE) != 0)
		strbuf_add_printf(out, "kept %lld %lld %lld\n", (long long)kept_from[0], (long long)kept_from[1],
				  (long long)kept_from[2]);
}

static void add_head(struct strbuf *out, const struct checkpoint_manifest *manifest)
{
	char made[TIME_BYTES] = "";
	time_t seconds = (time_t)manifest->made_s;
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(made, sizeof made, TIME_FORMAT, &tm);
	strbuf_add_printf(out, "%s%d\nprogram %s\nnumber %lld\npartition %d of %d\ncluster %s\n", MAGIC,
			  CHECKPOINT_FORMAT, manifest->program, (long long)manifest->number, manifest->partition,
			  manifest->partitions, manifest->cluster);
	strbuf_add_printf(out, "raw %s %lld\nverdict %s %lld\n", manifest->raw, (long long)manifest->next_raw,
			  manifest->verdict, (long long)manifest->next_verdict);
	add_hex_line(out, "tip ", manifest->tip, sizeof manifest->tip);
	add_hex_line(out, "digest ", manifest->digest, sizeof manifest->digest);
	strbuf_add_printf(out, "key %08x\n", manifest->key_id);
	add_kept(out, manifest->kept_from);
	strbuf_add_printf(out, "made %s\n", made);
	add_hex_line(out, "before ", manifest->before, sizeof manifest->before);
	add_hex_line(out, "signer ", manifest->signer, sizeof manifest->signer);
	add_hex_line(out, "cipher ", manifest->cipher, sizeof manifest->cipher);
	strbuf_add_text(out, "file ");
	add_hex(out, manifest->file_id, sizeof manifest->file_id);
	strbuf_add_printf(out, " %lld ", (long long)manifest->file_bytes);
	add_hex_line(out, "", manifest->file_sha256, sizeof manifest->file_sha256);
}

int checkpoint_manifest_write(struct checkpoint_manifest *manifest, const struct checkpoint_keys *keys,
			      struct strbuf *out, struct err *err)
{
	uint8_t signature[SIGNATURE_BYTES];

	add_head(out, manifest);
	for (size_t i = 0; i < manifest->board_count; i++) {
		const struct checkpoint_board *board = &manifest->boards[i];

		strbuf_add_printf(out, "board %05u %lld %lld %lld ", board->number, (long long)board->deliveries,
				  (long long)board->teachers, (long long)board->bytes);
		add_hex_line(out, "", board->sha256, sizeof board->sha256);
	}
	int rc = strbuf_check(out, "a manifest", err);

	if (rc == 0)
		rc = checkpoint_sign(keys, strbuf_slice(out), signature, err);
	if (rc != 0)
		return rc;
	add_hex_line(out, SIGNATURE, signature, sizeof signature);
	rc = strbuf_check(out, "a manifest", err);
	if (rc == 0)
		sha256_of(strbuf_slice(out), manifest->sha256);
	return rc;
}

/* ---- reading ---- */

static int no_manifest(struct err *err, const char *what)
{
	return err_set(err, ERR_DATA, "checkpoint", "its manifest is cut off or altered: %s", what);
}

/* Takes word and what follows it up to and without end. */
static bool take(struct slice *rest, const char *word, char end, struct slice *ret)
{
	if (!slice_starts_with(*rest, word))
		return false;
	*rest = slice_from(*rest, strlen(word));
	const char *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;

	if (!at)
		return false;
	*ret = slice_cut(rest, (size_t)(at - rest->p));
	*rest = slice_from(*rest, 1);
	return true;
}

static bool take_number(struct slice *rest, const char *word, char end, int64_t max, int64_t *ret)
{
	struct slice text;

	return take(rest, word, end, &text) && num_parse_i64(text, 0, max, ret);
}

static bool take_int(struct slice *rest, const char *word, char end, int32_t *ret)
{
	int64_t number = 0;
	bool is_taken = take_number(rest, word, end, INT32_MAX, &number);

	*ret = (int32_t)number;
	return is_taken;
}

static bool take_hex(struct slice *rest, const char *word, char end, uint8_t *ret, size_t n)
{
	struct slice text;

	return take(rest, word, end, &text) && num_from_hex(text, ret, n);
}

static bool take_name(struct slice *rest, const char *word, char end, char ret[CHECKPOINT_NAME_BYTES])
{
	struct slice text;

	if (!take(rest, word, end, &text) || text.n == 0 || text.n >= CHECKPOINT_NAME_BYTES ||
	    memchr(text.p, '\0', text.n))
		return false;
	memcpy(ret, text.p, text.n);
	ret[text.n] = 0;
	return true;
}

static bool take_time(struct slice *rest, int64_t *ret)
{
	char text[CHECKPOINT_NAME_BYTES];
	struct tm tm = { 0 };

	if (!take_name(rest, "made ", '\n', text))
		return false;
	const char *end = strptime(text, TIME_FORMAT, &tm);

	*ret = (int64_t)timegm(&tm);
	return end && *end == 0;
}

/* One that takes nothing away has no such line. */
static bool take_kept(struct slice *rest, int64_t ret[CHECKPOINT_KEPT])
{
	if (!slice_starts_with(*rest, "kept "))
		return true;
	return take_number(rest, "kept ", ' ', INT64_MAX, &ret[0]) && take_number(rest, "", ' ', INT64_MAX, &ret[1]) &&
	       take_number(rest, "", '\n', INT64_MAX, &ret[2]) && (ret[0] > 0 || ret[1] > 0 || ret[2] > 0);
}

static bool take_head(struct slice *rest, struct checkpoint_manifest *ret)
{
	uint8_t key[4];
	bool is_taken =
		take_name(rest, "program ", '\n', ret->program) &&
		take_number(rest, "number ", '\n', INT64_MAX, &ret->number) &&
		take_int(rest, "partition ", ' ', &ret->partition) && take_int(rest, "of ", '\n', &ret->partitions) &&
		take_name(rest, "cluster ", '\n', ret->cluster) && take_name(rest, "raw ", ' ', ret->raw) &&
		take_number(rest, "", '\n', INT64_MAX, &ret->next_raw) &&
		take_name(rest, "verdict ", ' ', ret->verdict) &&
		take_number(rest, "", '\n', INT64_MAX, &ret->next_verdict) &&
		take_hex(rest, "tip ", '\n', ret->tip, sizeof ret->tip) &&
		take_hex(rest, "digest ", '\n', ret->digest, sizeof ret->digest) &&
		take_hex(rest, "key ", '\n', key, sizeof key) && take_kept(rest, ret->kept_from) &&
		take_time(rest, &ret->made_s) && take_hex(rest, "before ", '\n', ret->before, sizeof ret->before) &&
		take_hex(rest, "signer ", '\n', ret->signer, sizeof ret->signer) &&
		take_hex(rest, "cipher ", '\n', ret->cipher, sizeof ret->cipher) &&
		take_hex(rest, "file ", ' ', ret->file_id, sizeof ret->file_id) &&
		take_number(rest, "", ' ', INT64_MAX, &ret->file_bytes) &&
		take_hex(rest, "", '\n', ret->file_sha256, sizeof ret->file_sha256);

	ret->key_id = is_taken ? num_get_be32(key) : 0;
	return is_taken;
}

static bool take_board(struct slice *rest, struct checkpoint_board *ret)
{
	int64_t number = 0;
	bool is_taken = take_number(rest, "board ", ' ', BOARD_NUMBER_MAX, &number) &&
			take_number(rest, "", ' ', INT64_MAX, &ret->deliveries) &&
			take_number(rest, "", ' ', INT64_MAX, &ret->teachers) &&
			take_number(rest, "", ' ', INT64_MAX, &ret->bytes) &&
			take_hex(rest, "", '\n', ret->sha256, sizeof ret->sha256);

	ret->number = (uint32_t)number;
	return is_taken;
}

static int read_boards(struct slice *rest, struct checkpoint_manifest *ret, struct err *err)
{
	while (slice_starts_with(*rest, "board ")) {
		struct checkpoint_board board;
		const struct checkpoint_board *last = ret->board_count > 0 ? &ret->boards[ret->board_count - 1] : NULL;

		if (!take_board(rest, &board) || (last && last->number >= board.number))
			return no_manifest(err, "a board");
		int rc = checkpoint_manifest_add(ret, &board, err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int check_format(struct slice *rest, struct err *err)
{
	int64_t format;

	if (!take_number(rest, MAGIC, '\n', INT64_MAX, &format))
		return no_manifest(err, "it does not begin as one");
	return format == CHECKPOINT_FORMAT
		       ? 0
		       : err_set(err, ERR_CONFIG, "checkpoint",
				 "it has format %lld, and this program reads %d: take the release that made it",
				 (long long)format, CHECKPOINT_FORMAT);
}

/* The signer is asked first: with another public key everything would look altered. */
static int check_signature(const struct checkpoint_manifest *manifest, struct slice signed_text, struct slice rest,
			   const struct checkpoint_keys *keys, struct err *err)
{
	uint8_t signature[SIGNATURE_BYTES];

	if (!take_hex(&rest, SIGNATURE, '\n', signature, sizeof signature) || rest.n > 0)
		return no_manifest(err, "it does not end in a signature");
	const struct checkpoint_prover *prover = checkpoint_prover_of(keys, manifest->signer);

	if (!prover)
		return err_set(err, ERR_CONFIG, "checkpoint.public.key.file",
			       "it is signed with another key than checkpoint.public.key.file proves");
	return checkpoint_is_signed(prover, signed_text, signature) ? 0
								    : no_manifest(err, "its signature does not hold");
}

int checkpoint_manifest_read(struct slice text, const struct checkpoint_keys *keys, struct checkpoint_manifest *ret,
			     struct err *err)
{
	struct slice rest = text;

	*ret = (struct checkpoint_manifest){ 0 };
	int rc = check_format(&rest, err);

	if (rc == 0 && !take_head(&rest, ret))
		rc = no_manifest(err, "its first lines");
	if (rc == 0)
		rc = read_boards(&rest, ret, err);
	if (rc == 0)
		rc = check_signature(ret, slice_make(text.p, text.n - rest.n), rest, keys, err);
	if (rc == 0)
		sha256_of(text, ret->sha256);
	return rc;
}
