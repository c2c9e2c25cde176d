/* fuzz_http: input is what one connection sends to the gateway. All of the gateway is real but its peers: Kafka, the
 * register, the reference topic and the clock are fakes that answer as the input's first line says:
 *
 *   R K S L     one letter each, and a line end; behind it the bytes of the connection
 *   R  register    u unknown, f found, c clash, n not yet, a away, x failed, q takes no question
 *   K  Kafka       k takes it, e reports an error, n takes nothing, d the producer dies
 *   S  sender      w sends all and listens, a goes away after the last byte, s is so slow that time runs out
 *   L  piece       a..z: the bytes come in pieces of 1, 2, 4, ..
 *
 * Whatever comes in: all that a connection held is given back, it ends, an answer 202 stands for a message that Kafka
 * has, and such a message can be read and counts its own lines. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "http/http_server.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "protocol/raw_headers.h"
#include "wire/wire.h"

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORDS = 8, /* of the first line, its end included */
	TURN_MS = 50,
	SLOW_TURN_MS = 60000,
	PIECES_MAX = 64,
	ITERATIONS_IDLE = 4, /* so many without a byte, and nothing more comes */
	ITERATIONS_MAX = 2000,
	UPLOAD_BYTES_MAX = 1 << 18,
	DECODE_BYTES = 1 << 26,
	OUT_BYTES_MAX = 1 << 22,
};

static char register_word, kafka_word, sender_word;
static struct gateway gateway;
static struct strbuf received;
static struct arena decoded;
static unsigned acknowledged; /* messages that Kafka has, of this input */

/* ---- the clock ---- */

static int64_t now_ms;

int64_t clock_ms(void)
{
	return now_ms;
}

int64_t clock_us(void)
{
	return now_ms * 1000;
}

int64_t clock_wall_ms(void)
{
	return INT64_C(1528977600000) + now_ms;
}

int64_t clock_wall_us(void)
{
	return clock_wall_ms() * 1000;
}

int32_t clock_amsterdam_date(int64_t wall_ms)
{
	(void)wall_ms;
	return 20180614;
}

/* ---- Kafka ---- */

enum { OPEN_MAX = 64 };

struct kafka_producer {
	void (*reported)(void *self, const struct kafka_report *report);
	void *self;
	void *open[OPEN_MAX]; /* tokens */
	size_t open_count;
	int fd; /* always readable: an iteration never waits */
	bool is_dead;
};

int kafka_producer_open(const struct kafka_options *kafka, const struct kafka_producer_options *options,
			void (*reported)(void *self, const struct kafka_report *report), void *self,
			struct kafka_producer **ret, struct err *err)
{
	(void)kafka, (void)options, (void)err;
	*ret = calloc(1, sizeof **ret);
	FUZZ_EXPECT(*ret);
	**ret = (struct kafka_producer){ .reported = reported,
					 .self = self,
					 .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK) };
	return 0;
}

static int report_all(struct kafka_producer *producer, int error)
{
	size_t count = producer->open_count;

	producer->open_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct kafka_report report = {
			.error = error, .code = "fake", .partition = 3, .offset = 4711, .token = producer->open[i]
		};

		acknowledged += error == 0;
		producer->reported(producer->self, &report);
	}
	return (int)count;
}

void kafka_producer_close(struct kafka_producer *producer)
{
	if (!producer)
		return;
	report_all(producer, ERR_RETRY);
	close(producer->fd);
	free(producer);
}

bool kafka_producer_cluster_id(struct kafka_producer *producer, char *buf, size_t buf_bytes)
{
	(void)producer;
	snprintf(buf, buf_bytes, "een-cluster");
	return true;
}

int topic_guard_begin(struct topic_guard *guard, const struct kafka_options *kafka, const struct topic_settings *topics,
		      struct err *err)
{
	(void)guard, (void)kafka, (void)topics, (void)err;
	return 0;
}

int topic_guard_poll(struct topic_guard *guard, struct err *err)
{
	(void)guard, (void)err;
	return 0;
}

void topic_guard_end(struct topic_guard *guard)
{
	(void)guard;
}

static void expect_readable(struct slice value, const struct message_header *headers, size_t header_count)
{
	struct slice body;
	struct wire_delivery delivery;
	struct wire_confirm confirm;
	struct raw_headers read;
	struct err err;
	uint64_t schema;

	FUZZ_EXPECT(header_count <= KAFKA_HEADERS_MAX);
	FUZZ_EXPECT(raw_headers_read(headers, header_count, &read));
	FUZZ_EXPECT(frame_open(value, &schema, &body, &err) == 0);
	arena_reset(&decoded);
	if (schema == WIRE_CONFIRM_SCHEMA) {
		FUZZ_EXPECT(read.kind == RAW_CONFIRM && wire_confirm_decode(body, &decoded, &confirm, &err) == 0);
		return;
	}
	FUZZ_EXPECT(schema == WIRE_DELIVERY_SCHEMA && read.kind == RAW_DELIVERY);
	FUZZ_EXPECT(wire_delivery_decode(body, &decoded, &delivery, &err) == 0);
	FUZZ_EXPECT(delivery.cells.count == (size_t)delivery.header.line_count * delivery.columns.n);
	FUZZ_EXPECT(delivery.header.line_count == read.line_count && (uint32_t)delivery.header.board == read.board);
	FUZZ_EXPECT(slice_equal(delivery.header.delivery_id, read.delivery_id));
}

int kafka_producer_produce(struct kafka_producer *producer, const char *topic, int32_t partition, struct slice key,
			   struct slice value, const struct message_header *headers, size_t header_count, void *token,
			   struct err *err)
{
	(void)topic, (void)partition;
	FUZZ_EXPECT(key.n == 5);
	expect_readable(value, headers, header_count);
	if (producer->is_dead || kafka_word == 'n' || producer->open_count == OPEN_MAX)
		return err_set(err, ERR_FULL, "fake", "the queue is full");
	producer->open[producer->open_count++] = token;
	return 0;
}

int kafka_producer_partitions(struct kafka_producer *producer, const char *topic, int32_t *ret, struct err *err)
{
	(void)producer, (void)topic, (void)err;
	*ret = 12;
	return 0;
}

int kafka_producer_produce_again(struct kafka_producer *producer, const char *topic, const struct kafka_report *report,
				 struct err *err)
{
	(void)producer, (void)topic, (void)report, (void)err;
	FUZZ_EXPECT(false); /* nothing that lasts is reported while the producer lives */
	return -1;
}

int kafka_producer_poll(struct kafka_producer *producer, uint32_t wait_ms)
{
	(void)wait_ms;
	producer->is_dead |= kafka_word == 'd';
	return report_all(producer, producer->is_dead ? ERR_FATAL : kafka_word == 'e' ? ERR_RETRY : 0);
}

bool kafka_producer_is_dead(const struct kafka_producer *producer)
{
	return producer->is_dead;
}

int kafka_producer_event_fd(struct kafka_producer *producer, struct err *err)
{
	(void)err;
	return producer->fd;
}

/* ---- the register ---- */

struct register_jobs {
	struct register_job *first;
	int fd;
};

static struct register_jobs jobs;

int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret, struct err *err)
{
	(void)options, (void)err;
	jobs.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*ret = &jobs;
	return 0;
}

void register_jobs_close(struct register_jobs *self)
{
	close(self->fd);
}

int register_jobs_fd(const struct register_jobs *self)
{
	return self->fd;
}

bool register_jobs_submit(struct register_jobs *self, struct register_job *job)
{
	const uint64_t one = 1;

	if (register_word == 'q')
		return false;
	strbuf_init(&job->body, OUT_BYTES_MAX);
	job->next = self->first;
	self->first = job;
	FUZZ_EXPECT(write(self->fd, &one, sizeof one) == sizeof one);
	return true;
}

/* Its text is one line. */
struct terugmelding_stream {
	bool is_read;
};

void terugmelding_stream_free(struct terugmelding_stream *stream)
{
	free(stream);
}

size_t terugmelding_stream_bytes(const struct terugmelding_stream *stream)
{
	return sizeof *stream;
}

int terugmelding_stream_next(struct terugmelding_stream *stream, struct strbuf *out, size_t bytes_min, bool *ret_is_end,
			     struct err *err)
{
	(void)bytes_min;
	*ret_is_end = stream->is_read;
	stream->is_read = true;
	strbuf_add_text(out, "regel\n");
	return register_word == 'f' ? 0 : err_set(err, ERR_DATA, "fake", "damaged");
}

static enum register_job_answer answer_of(const struct register_job *job)
{
	switch (register_word) {
	case 'f':
		return JOB_FOUND;
	case 'c':
		return job->kind == JOB_KNOWN ? JOB_CLASH : JOB_UNKNOWN;
	case 'n':
		return job->has_position || job->kind == JOB_CONFIRMATION ? JOB_NOT_YET : JOB_UNKNOWN;
	case 'a':
		return JOB_AWAY;
	case 'x':
		return JOB_FAILED;
	default:
		return JOB_UNKNOWN;
	}
}

struct register_job *register_jobs_take(struct register_jobs *self)
{
	struct register_job *first = self->first;

	self->first = NULL;
	for (struct register_job *job = first; job; job = job->next) {
		job->answer = answer_of(job);
		if (job->answer != JOB_FOUND || job->kind == JOB_CONFIRMATION)
			continue;
		if (job->kind == JOB_FEEDBACK_CSV || job->kind == JOB_FEEDBACK_JSON)
			job->terugmelding = calloc(1, sizeof *job->terugmelding);
		else
			strbuf_add_text(&job->body, "{\"leveringsid\":\"fake\"}");
	}
	return first;
}

int32_t register_jobs_partitions(const struct register_jobs *self)
{
	return register_jobs_is_up(self) ? 12 : 0;
}

bool register_jobs_is_up(const struct register_jobs *self)
{
	(void)self;
	return register_word != 'q';
}

/* ---- the reference topic ---- */

static const char *const TABLES[REFERENCE_TABLES] = {
	[REFERENCE_BOARDS] = "bestuur;naam;geldig_van;geldig_tot\n41211;Stichting;19000101;\n",
	[REFERENCE_SCHOOLS] = "brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n",
	[REFERENCE_SITES] = "brin;vestiging;naam;geldig_van;geldig_tot\n",
	[REFERENCE_BOARD_SCHOOL] = "bestuur;brin;geldig_van;geldig_tot\n",
	[REFERENCE_GROUNDS] =
		("code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;max_maanden;"
		 "verleng_maanden;geldig_van;geldig_tot;herkomst\n"),
	[REFERENCE_FIELDS] = "code;sector;omschrijving;geldig_van;geldig_tot\n",
};

struct reference_watch {
	struct reference *fresh;
	bool is_read;
};

static struct reference_watch watch;

int reference_watch_open(const struct kafka_options *kafka, const char *topic, struct reference_watch **ret,
			 struct err *err)
{
	struct slice csv[REFERENCE_TABLES];

	(void)kafka, (void)topic;
	for (int i = 0; i < REFERENCE_TABLES; i++)
		csv[i] = slice_of(TABLES[i]);
	*ret = &watch;
	return reference_build(csv, &watch.fresh, err);
}

void reference_watch_close(struct reference_watch *self)
{
	reference_free(self->fresh);
}

struct reference *reference_watch_take(struct reference_watch *self)
{
	struct reference *fresh = self->fresh;

	self->fresh = NULL;
	return fresh;
}

bool reference_watch_is_read(const struct reference_watch *self)
{
	return self->is_read;
}

bool reference_watch_is_refused(const struct reference_watch *self)
{
	(void)self;
	return false;
}

bool reference_watch_has_kafka(const struct reference_watch *self)
{
	(void)self;
	return true;
}

/* Nothing was ever published: the tokens file decides. */
int access_watch_open(const struct kafka_options *kafka, const char *topic, struct access_watch **ret, struct err *err)
{
	(void)kafka, (void)topic, (void)ret, (void)err;
	return 0;
}

void access_watch_close(struct access_watch *self)
{
	(void)self;
}

struct access_data *access_watch_take(struct access_watch *self)
{
	(void)self;
	return NULL;
}

bool access_watch_is_read(const struct access_watch *self)
{
	(void)self;
	return true;
}

bool access_watch_is_refused(const struct access_watch *self)
{
	(void)self;
	return false;
}

int64_t access_watch_silent_ms(const struct access_watch *self)
{
	(void)self;
	return 0;
}

/* ---- one connection ---- */

static void set_up(void)
{
	static const char TOKENS[] = "geheim-token-een 41211\ngeheim-token-alles *\n";
	static char path[64];
	int fd = memfd_create("tokens", MFD_CLOEXEC);
	struct err err = { 0 };

	FUZZ_EXPECT(fd >= 0 && write(fd, TOKENS, sizeof TOKENS - 1) == sizeof TOKENS - 1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	log_init("fuzz", LOG_ERROR);
	gateway = (struct gateway){ .config = { .listen = "127.0.0.1:0",
						.helpdesk_address = "",
						.tokens_file = path,
						.jwt_issuer = "",
						.trace = { .endpoint = "", .ca_file = "" },
						.tls_client_ca_file = "",
						.tls_cert_file = "",
						.connections_max = 16,
						.connection_idle_ms = 60000,
						.upload_ms_max = 600000,
						.upload_bytes_max = UPLOAD_BYTES_MAX,
						.answer_bytes_max = UPLOAD_BYTES_MAX,
						.sender_uploads_max = 4,
						.board_uploads_max = 4,
						.board_questions_max = 4,
						.topic = { .raw = "raw", .reference = "reference" },
						.confirm_ms_max = 200,
						.test_received_on = true } };
	FUZZ_EXPECT(gateway_open(&gateway, &err) == 0 && gateway_poll(&gateway, &err) == 0);
	FUZZ_EXPECT(!gateway.services.reference); /* what was read before the end of the topic may be an old version */
	watch.is_read = true;
	now_ms += SLOW_TURN_MS;
	FUZZ_EXPECT(gateway_poll(&gateway, &err) == 0);
	FUZZ_EXPECT(gateway.services.reference);
	FUZZ_EXPECT(arena_init(&decoded, DECODE_BYTES, 1 << 20, &err) == 0);
	strbuf_init(&received, OUT_BYTES_MAX);
	close(fd);
}

/* Connects. Returns our end. */
static int connect_one(void)
{
	int ends[2];

	FUZZ_EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	http_server_take(gateway.server.http, ends[1]);
	return ends[0];
}

/* true: something came. */
static bool listen_to(int fd)
{
	char bytes[4096];
	size_t before = received.n;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		strbuf_add_bytes(&received, bytes, (size_t)n);
	return received.n > before;
}

static void iterate(bool is_slow)
{
	struct err err = { 0 };

	now_ms += is_slow ? SLOW_TURN_MS : TURN_MS;
	FUZZ_EXPECT(gateway_poll(&gateway, &err) == 0);
}

static void send_all(int fd, struct slice bytes, size_t piece_bytes)
{
	for (int iterations = 0; bytes.n > 0 && iterations < ITERATIONS_MAX; iterations++) {
		ssize_t n = send(fd, bytes.p, MIN(bytes.n, piece_bytes), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			bytes = slice_from(bytes, (size_t)n);
		else if (web_server_connections(&gateway.server) == 0)
			return; /* it has hung up */
		iterate(sender_word == 's');
		if (sender_word != 'a')
			listen_to(fd);
	}
}

static void talk(struct slice bytes, size_t piece_bytes)
{
	int fd = connect_one(), iterations = 0;

	send_all(fd, bytes, piece_bytes);
	if (sender_word != 'a') {
		shutdown(fd, SHUT_WR);
		for (int idle = 0; idle < ITERATIONS_IDLE && iterations < ITERATIONS_MAX; iterations++) {
			iterate(false);
			idle = listen_to(fd) || gateway.services.publisher.in_flight > 0 ||
					       !wait_list_is_empty(&gateway.services.waiting)
				       ? 0
				       : idle + 1;
		}
	}
	close(fd);
	for (; web_server_connections(&gateway.server) > 0 && iterations < ITERATIONS_MAX; iterations++)
		iterate(false);
	FUZZ_EXPECT(web_server_connections(&gateway.server) == 0);
	FUZZ_EXPECT(gateway.services.uploads.reserved_bytes == 0 && gateway.services.answers.reserved_bytes == 0 &&
		    gateway.services.publisher.in_flight == 0);
	FUZZ_EXPECT(wait_list_is_empty(&gateway.services.waiting) && !jobs.first);
}

/* No text of ours holds a line end inside, so none can pass for a status line. */
static unsigned count_accepted(void)
{
	static const char ACCEPTED[] = "HTTP/1.1 202 Accepted\r\n";
	struct slice rest = strbuf_slice(&received);
	const char *found;
	unsigned count = 0;

	FUZZ_EXPECT(rest.n == 0 || (rest.n > 9 && memcmp(rest.p, "HTTP/1.", 7) == 0));
	while ((found = rest.n > 0 ? memmem(rest.p, rest.n, ACCEPTED, sizeof ACCEPTED - 1) : NULL) != NULL) {
		count++;
		rest = slice_from(rest, (size_t)(found - rest.p) + 1);
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make(data, size);

	if (size < WORDS || input.p[WORDS - 1] != '\n')
		return 0;
	if (!gateway.server.http)
		set_up();
	register_word = input.p[0], kafka_word = input.p[2], sender_word = input.p[4];
	unsigned shift = (unsigned)(input.p[6] - 'a') % 16;
	size_t piece_bytes = MAX((size_t)1 << shift, size / PIECES_MAX);

	acknowledged = 0;
	strbuf_reset(&received);
	talk(slice_from(input, WORDS), piece_bytes);
	FUZZ_EXPECT(count_accepted() <= acknowledged);
	if (acknowledged > 0)
		FUZZ_DEEP();
	kafka_word = 'k'; /* a producer that died is renewed before the next input */
	for (int iterations = 0; gateway.services.publisher.producer->is_dead; iterations++) {
		FUZZ_EXPECT(iterations < ITERATIONS_MAX);
		iterate(false);
	}
	return 0;
}
