/* register_job: one question to the register, and the answer that it comes back with (register_jobs.h). */
#ifndef GATEWAY_REGISTER_JOB_H
#define GATEWAY_REGISTER_JOB_H

#include "base/strbuf.h"
#include "gateway/access_grant.h"
#include "gateway/conditional.h"
#include "gateway/mandate_store.h"
#include "gateway/problem_form.h"
#include "gateway/trace.h"
#include "model/delivery.h"
#include "render/delivery_list.h"
#include "render/problem_list.h"
#include "render/terugmelding.h"
#include "render/terugmelding_stream.h"

enum register_job_kind {
	JOB_KNOWN = 1,	    /* is (board, id) known: repeat, or LR-K01? body: the summary of a repeat */
	JOB_SUMMARY,	    /* body: 8.2 as JSON; with a position asked: JOB_NOT_YET before the cursor has passed it */
	JOB_FEEDBACK_CSV,   /* terugmelding: 8.1 */
	JOB_FEEDBACK_JSON,  /* terugmelding: 8.3 */
	JOB_STAND,	    /* body: 8.4 of one board */
	JOB_ABSENT,	    /* body: 8.6, who would lapse; JOB_UNKNOWN, or JOB_NOT_WAITING: there is no such file */
	JOB_DELIVERIES,	    /* body: the deliveries of one board, as list asks for them */
	JOB_MANDATES,	    /* body: the mandates of one board, of mandate_day or, 0, from today on */
	JOB_MIGHT,	    /* may: the answer to question */
	JOB_MANDATE_CHANGE, /* mandate becomes so; body: the mandate; mandate_outcome, is_in_force */
	JOB_CONTACTS, /* body: the contact persons of one board; leaves a row in register.access, as do the next */
	JOB_CONTACT_HISTORY, /* body: who they were */
	JOB_CONTACTS_SET,    /* persons become those of the board; body: as of JOB_CONTACTS, or JOB_CHANGED */
	JOB_CONFIRMATION,    /* the answer to a confirmation, JOB_NOT_YET before it is there */
	JOB_PROBLEMS,	     /* body: the problems of one board, as problems asks for them */
	JOB_PROBLEM,	     /* body: one of them */
	JOB_PROBLEM_ADD,     /* stores problem; body: the same, or that of an equal one; JOB_TOO_MANY */
	JOB_PROBLEM_MAIL,    /* has one mailed to a sector council too; body: the same; JOB_UNKNOWN, JOB_OTHER_SECTOR */
};

enum register_job_answer {
	JOB_FOUND = 1,
	JOB_UNKNOWN,
	JOB_LOST,    /* of JOB_SUMMARY: we acknowledged it, all up to there is written, and it is not in the ledger */
	JOB_EXPIRED, /* of a terugmelding: removed when its term was over */
	JOB_CLASH,
	JOB_NOT_WAITING,
	JOB_NOT_YET,
	JOB_TOO_MANY,
	JOB_OTHER_SECTOR,
	JOB_CHANGED, /* what is there is not what if_match names, and nothing is changed */
	JOB_AWAY,
	JOB_FAILED
};

struct register_job {
	enum register_job_kind kind;
	uint32_t board;
	char id[DELIVERY_ID_BYTES_MAX + 1];
	uint8_t fingerprint[FINGERPRINT_BYTES]; /* of JOB_KNOWN; one that no delivery has, to ask for the id alone */
	bool has_position;
	int32_t partition;
	int64_t offset;
	uint8_t request_id[16];	   /* of JOB_CONFIRMATION */
	bool has_bsn;		   /* of JOB_STAND */
	struct delivery_list list; /* of JOB_DELIVERIES */
	struct problem_query problems;
	const struct problem_form *problem;   /* what is reported; the request's */
	bool is_new;			      /* answer of JOB_PROBLEM_ADD: it was not reported before */
	int32_t mandate_day;		      /* of JOB_MANDATES */
	struct mandate_question question;     /* of JOB_MIGHT */
	bool may;			      /* its answer */
	struct mandate_wish mandate;	      /* of JOB_MANDATE_CHANGE */
	enum mandate_outcome mandate_outcome; /* its answer */
	bool is_in_force;		      /* likewise: all gateways will decide by it within seconds */
	struct slice persons; /* of JOB_CONTACTS_SET, as contact_persons_check gives them; like the next, the asker's */
	struct slice if_match, if_none_match; /* likewise; p NULL: not said */
	const struct access_grant
		*grant; /* as whom it is asked; the request's, which lives until the answer is there */
	const struct trace *trace;

	enum register_job_answer answer;
	struct strbuf body; /* of JOB_FOUND, but not of a confirmation; released by the owner of the job */
	struct terugmelding_stream *terugmelding; /* likewise */
	char etag[ETAG_BYTES];			  /* of body or terugmelding */
	struct confirmation_answer confirmation;  /* of JOB_CONFIRMATION */
	void *owner;
	struct register_job *next; /* the queues' own */
};

#endif
