/* What may stand in one batch. The verdicts go in as bytes, as Kafka gives them. */
#include "write/inbox.h"

#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "wire/gen/verdict.h"
#include "write_fixture.h"

#include <criterion/criterion.h>

struct fixture {
	struct inbox *inbox;
	struct strbuf value;
	uint8_t tip;
	int64_t next;
	int64_t raw_back; /* the verdict judges so far below the next raw message */
};

static const struct fake_group CONTENT[] = { { 1, VERDICT_CANDIDATE, 1, 1 } };
static const struct fake_group OLD[] = { { 1, VERDICT_UNCHANGED, 1, 1 } };
static const struct fake_group WITHDRAWN[] = { { 1, VERDICT_WITHDRAW, 0, 1 } };

static void fixture_open(struct fixture *fixture)
{
	struct inbox_limits limits = { .rows_max = 100, .bytes_max = 1 << 20 };
	struct err err = { 0 };

	*fixture = (struct fixture){ .inbox = calloc(1, sizeof *fixture->inbox) };
	cr_assert(fixture->inbox);
	cr_assert_eq(inbox_init(fixture->inbox, &limits, 1, 16 << 20, &err), 0, "%s", err.text);
	strbuf_init(&fixture->value, 1 << 20);
	fixture->inbox->partition_end = 1;
	fixture->inbox->partitions[0].state = PARTITION_RUNNING;
}

static void fixture_close(struct fixture *fixture)
{
	inbox_release(fixture->inbox);
	free(fixture->inbox);
	strbuf_release(&fixture->value);
}

/* The next verdict of the partition. FULL: another may come in its place. */
static enum inbox_result take(struct fixture *fixture, struct message *message, enum verdict_kind kind)
{
	struct wire_verdict *verdict = &message->verdict;

	verdict->kind = (int32_t)kind;
	verdict->attempt = kind == VERDICT_KIND_REPLAY;
	verdict->raw_offset = fixture->next - fixture->raw_back;
	verdict->parent[0] = fixture->tip;
	verdict->id[0] = (uint8_t)(fixture->tip + 1);
	strbuf_reset(&fixture->value);
	frame_put(&fixture->value, WIRE_VERDICT_SCHEMA);
	wire_verdict_encode(&fixture->value, verdict);
	struct kafka_message raw = { .offset = fixture->next, .value = strbuf_slice(&fixture->value) };
	enum inbox_result end = inbox_add(fixture->inbox, &raw);

	if (end == INBOX_ADDED) {
		fixture->tip++;
		fixture->next++;
	}
	return end;
}

static enum inbox_result take_delivery(struct fixture *fixture, int board, enum delivery_kind kind,
				       const struct fake_group *group)
{
	struct fake_delivered delivered = { board, kind, 1, false, 0 };

	return take(fixture, fake_delivery(&delivered, group, 1), VERDICT_KIND_DELIVERY);
}

Test(write_inbox, a_withdrawal_waits_until_the_contents_of_its_board_are_written)
{
	struct fixture fixture;

	fixture_open(&fixture);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED);
	cr_expect_eq(take_delivery(&fixture, 2, DELIVERY_INTREKKING, WITHDRAWN), INBOX_ADDED, "of another board");
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_INTREKKING, WITHDRAWN), INBOX_FULL);
	inbox_clear(fixture.inbox);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_INTREKKING, WITHDRAWN), INBOX_ADDED);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_INTREKKING, WITHDRAWN), INBOX_ADDED, "it brings no content");
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, OLD), INBOX_ADDED);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_INTREKKING, WITHDRAWN), INBOX_ADDED, "nothing new before it");
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_INTREKKING, WITHDRAWN), INBOX_FULL);
	fixture_close(&fixture);
	fake_messages_reset();
}

Test(write_inbox, a_replay_is_alone_of_its_board)
{
	struct fixture fixture;
	struct fake_delivered delivered = { 1, DELIVERY_MUTATIE, 1, false, 0 };

	fixture_open(&fixture);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED);
	cr_expect_eq(take(&fixture, fake_delivery(&delivered, CONTENT, 1), VERDICT_KIND_REPLAY), INBOX_FULL);
	inbox_clear(fixture.inbox);
	cr_expect_eq(take(&fixture, fake_delivery(&delivered, CONTENT, 1), VERDICT_KIND_REPLAY), INBOX_ADDED);
	cr_expect_eq(take_delivery(&fixture, 2, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED, "of another board");
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_FULL);
	fixture_close(&fixture);
	fake_messages_reset();
}

Test(write_inbox, a_confirmation_with_a_condition_is_alone_of_its_board)
{
	static const char DIGEST[32];
	struct message *plain = fake_confirm(1, 50), *conditional = fake_confirm(1, 50);
	struct fixture fixture;

	conditional->verdict.condition = slice_make(DIGEST, sizeof DIGEST);
	fixture_open(&fixture);
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED);
	cr_expect_eq(take(&fixture, plain, VERDICT_KIND_CONFIRM), INBOX_ADDED, "without one it is not");
	cr_expect_eq(take(&fixture, conditional, VERDICT_KIND_CONFIRM), INBOX_FULL);
	inbox_clear(fixture.inbox);
	cr_expect_eq(take(&fixture, conditional, VERDICT_KIND_CONFIRM), INBOX_ADDED);
	cr_expect_eq(take(&fixture, fake_set_back(1, 3), VERDICT_KIND_SET_BACK), INBOX_FULL, "so is a set-back");
	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_FULL);
	fixture_close(&fixture);
	fake_messages_reset();
}

/* The place from which an operator's command or a restart goes on. */
Test(write_inbox, a_hole_or_another_key_parks_the_partition_before_the_verdict)
{
	struct fake_delivered delivered = { 1, DELIVERY_MUTATIE, 1, false, 0 };

	for (int is_hole = 0; is_hole <= 1; is_hole++) {
		struct fixture fixture;

		fixture_open(&fixture);
		cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_ADDED);
		struct chain before = fixture.inbox->partitions[0].ahead;
		struct message *message = fake_delivery(&delivered, CONTENT, 1);

		message->verdict.key_id += !is_hole;
		fixture.raw_back = is_hole;
		cr_expect_eq(take(&fixture, message, VERDICT_KIND_DELIVERY), INBOX_PARKED);
		cr_expect_eq(fixture.inbox->partitions[0].state, PARTITION_PARKED);
		cr_expect(chain_position_equal(&fixture.inbox->partitions[0].ahead.at, &before.at));
		fixture_close(&fixture);
		fake_messages_reset();
	}
}

Test(write_inbox, a_raw_offset_too_high_for_a_position_parks_the_partition_before_the_verdict)
{
	struct fixture fixture;

	fixture_open(&fixture);
	fixture.next = fixture.inbox->partitions[0].ahead.at.next_raw = LOG_POSITION_OFFSET_MAX + 1;
	struct chain before = fixture.inbox->partitions[0].ahead;

	cr_expect_eq(take_delivery(&fixture, 1, DELIVERY_MUTATIE, CONTENT), INBOX_PARKED);
	cr_expect_eq(fixture.inbox->partitions[0].state, PARTITION_PARKED);
	cr_expect(chain_position_equal(&fixture.inbox->partitions[0].ahead.at, &before.at), "the cursor would skip it");
	fixture_close(&fixture);
	fake_messages_reset();
}
