#include "gateway/load.h"

#include <criterion/criterion.h>

static const struct load_limits LIMITS = { .sender_uploads_max = 3, .board_uploads_max = 2, .board_questions_max = 1 };

Test(gateway_load, bounds_what_a_sender_and_a_board_have_in_progress)
{
	struct load *load = load_new(&LIMITS);
	struct sender *one = load_sender(load, 1), *other = load_sender(load, 1025);
	struct load_part parts[5] = { 0 }, question = { 0 };

	cr_assert(one && other && one != other && load_sender(load, 1) == one, "of one bucket, and found again");
	cr_expect(load_begin(load, &parts[0], LOAD_UPLOAD, one, 41211));
	cr_expect(load_begin(load, &parts[1], LOAD_UPLOAD, one, 41211));
	cr_expect(!load_begin(load, &parts[2], LOAD_UPLOAD, one, 41211), "two of a board");
	cr_expect(!load_begin(load, &parts[2], LOAD_UPLOAD, other, 41211), "whoever sends them");
	cr_expect(load_begin(load, &parts[2], LOAD_UPLOAD, one, 41212));
	cr_expect(!load_begin(load, &parts[3], LOAD_UPLOAD, one, 41213), "three of a sender");
	cr_expect(load_begin(load, &parts[3], LOAD_UPLOAD, other, 41213));
	cr_expect(load_begin(load, &question, LOAD_QUESTION, one, 41211), "questions count apart");
	cr_expect(!load_begin(load, &parts[4], LOAD_QUESTION, other, 41211));
	load_end(load, &parts[0]);
	load_end(load, &parts[0]);
	cr_expect(load_begin(load, &parts[4], LOAD_UPLOAD, one, 99999), "what ended is released, once");
	cr_expect(!load_begin(load, &parts[0], LOAD_UPLOAD, one, 0));
	load_free(load);
	load_free(NULL);
}

Test(gateway_load, a_stranger_takes_no_place_of_a_board)
{
	struct load *load = load_new(&LIMITS);
	struct sender *stranger = load_sender(load, 1), *other = load_sender(load, 2);
	struct load_part parts[4] = { 0 };

	cr_assert(stranger && other);
	cr_expect(load_begin(load, &parts[0], LOAD_STRANGER, stranger, 41211));
	cr_expect(!load_begin(load, &parts[1], LOAD_STRANGER, stranger, 41212), "one of a sender, of whatever board");
	cr_expect(load_begin(load, &parts[1], LOAD_STRANGER, other, 41211));
	cr_expect(load_begin(load, &parts[2], LOAD_QUESTION, other, 41211), "the board has its own");
	load_end(load, &parts[0]);
	load_end(load, &parts[0]);
	cr_expect(load_begin(load, &parts[0], LOAD_STRANGER, stranger, 41211), "what ended is released, once");
	cr_expect(!load_begin(load, &parts[3], LOAD_STRANGER, stranger, 41211));
	cr_expect(!load_begin(load, &parts[3], LOAD_QUESTION, stranger, 41211), "nor is one of the board released");
	load_free(load);
}
