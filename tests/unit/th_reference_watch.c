/* reference_watch: the loop takes each snapshot whole, and the one that nobody took is not lost memory.
 *
 * Kafka is a fake: these names go before those of the library. */
#include "gateway/reference_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_reader.h"
#include "protocol/frame.h"
#include "th.h"
#include "wire/gen/reference.h"
#include "wire/wire.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MESSAGES = 12, TAKEN_LEAST = 10, WAIT_MS = 20000, MESSAGE_BYTES_MAX = 1 << 16 };

/* Boards, schools and codes are invented. */
static const char *const TABLES[REFERENCE_TABLES] = {
	[REFERENCE_BOARDS] = "bestuur;naam;geldig_van;geldig_tot\n99901;Stichting;19000101;\n",
	[REFERENCE_SCHOOLS] = "brin;naam;sector;schoolsoort;geldig_van;geldig_tot\n99ZZ;School;VO;VO;19750801;\n",
	[REFERENCE_SITES] = "brin;vestiging;naam;geldig_van;geldig_tot\n99ZZ;00;Hoofd;19750801;\n",
	[REFERENCE_BOARD_SCHOOL] = "bestuur;brin;geldig_van;geldig_tot\n99901;99ZZ;19000101;\n",
	[REFERENCE_GROUNDS] =
		"code;sector;wetsartikel;omschrijving;doel;onderwijsterrein_nodig;einddatum_nodig;"
		"max_maanden;verleng_maanden;geldig_van;geldig_tot;herkomst\n"
		"900;VO;;test;REGISTER;N;N;;;19000101;;test\n",
	[REFERENCE_FIELDS] = "code;sector;omschrijving;geldig_van;geldig_tot\nV1002;VO;Wiskunde;19000101;\n",
};

static struct strbuf value;
static char key[2 * REFERENCE_VERSION_BYTES + 1];
static uint8_t version[REFERENCE_VERSION_BYTES];

static _Atomic bool is_deleted; /* the topic, after it was read */

struct kafka_reader {
	int64_t next, high, end; /* owner: one thread */
};

int kafka_reader_open(const struct kafka_options *kafka, int32_t message_bytes_max, struct kafka_reader **ret,
		      struct err *err)
{
	(void)kafka, (void)message_bytes_max, (void)err;
	*ret = calloc(1, sizeof **ret);
	return 0;
}

void kafka_reader_close(struct kafka_reader *reader)
{
	free(reader);
}

int kafka_reader_range(struct kafka_reader *reader, const char *topic, int32_t partition, uint32_t wait_ms,
		       struct kafka_topic_range *ret, struct err *err)
{
	(void)topic, (void)partition, (void)wait_ms;
	if (atomic_load(&is_deleted))
		return err_set(err, ERR_CONFIG, "UNKNOWN_TOPIC_OR_PART", "there is none");
	reader->high += LOOK_MESSAGES;
	*ret = (struct kafka_topic_range){ 0, reader->high };
	return 0;
}

int kafka_reader_begin(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
		       struct err *err)
{
	(void)topic, (void)partition, (void)err;
	reader->next = from;
	reader->end = end;
	return 0;
}

int kafka_reader_next(struct kafka_reader *reader, uint32_t wait_ms, struct kafka_message *ret, bool *ret_came,
		      struct err *err)
{
	(void)wait_ms, (void)err;
	*ret_came = reader->next < reader->end;
	if (!*ret_came)
		return 0;
	*ret = (struct kafka_message){ .key = slice_of(key), .value = strbuf_slice(&value), .offset = reader->next++ };
	return 0;
}

void kafka_reader_rest(struct kafka_reader *reader)
{
	reader->next = -1;
}

void kafka_message_drop(struct kafka_message *message)
{
	(void)message;
}

static void make_message(void)
{
	struct slice csv[REFERENCE_TABLES];
	struct wire_reference_snapshot snapshot = { .tables = { csv, REFERENCE_TABLES } };
	struct reference *reference;
	struct err err;

	for (int i = 0; i < REFERENCE_TABLES; i++)
		csv[i] = slice_of(TABLES[i]);
	TH_EXPECT(reference_build(csv, &reference, &err) == 0);
	memcpy(version, reference_version(reference), sizeof version);
	reference_free(reference);
	for (size_t i = 0; i < sizeof version; i++)
		snprintf(key + 2 * i, 3, "%02x", version[i]);
	strbuf_init(&value, MESSAGE_BYTES_MAX);
	frame_put(&value, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(&value, &snapshot);
	TH_EXPECT(strbuf_ok(&value));
}

int main(void)
{
	const struct kafka_options kafka = { 0 };
	struct reference_watch *watch;
	struct err err;

	log_init("th/1", LOG_WARN); /* not a line for each snapshot */
	make_message();
	TH_EXPECT(reference_watch_open(&kafka, "reference", &watch, &err) == 0);
	int64_t end_ms = clock_ms() + WAIT_MS;

	for (int taken = 0; taken < TAKEN_LEAST || !reference_watch_is_read(watch);) {
		struct reference *reference = reference_watch_take(watch);

		TH_EXPECT(clock_ms() < end_ms);
		if (!reference) {
			usleep(50);
			continue;
		}
		TH_EXPECT(memcmp(reference_version(reference), version, sizeof version) == 0);
		TH_EXPECT(reference_has_board(reference, 99901, 20180601));
		reference_free(reference);
		taken++;
	}
	end_ms = clock_ms() + WAIT_MS;
	TH_EXPECT(reference_watch_has_kafka(watch) && !reference_watch_is_refused(watch));
	atomic_store(&is_deleted, true);
	while (!reference_watch_is_refused(watch)) {
		TH_EXPECT(clock_ms() < end_ms);
		usleep(50);
	}
	TH_EXPECT(reference_watch_has_kafka(watch));
	atomic_store(&is_deleted, false);
	while (reference_watch_is_refused(watch)) {
		TH_EXPECT(clock_ms() < end_ms);
		usleep(50);
	}
	reference_watch_close(watch);
	strbuf_release(&value);
	return EXIT_SUCCESS;
}
