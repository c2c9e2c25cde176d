/* validator: the worker that turns raw messages into verdicts; its life, its poll loop and its readiness.
 *
 *   lane            where one partition stands; the states and their changes
 *   peers           Kafka, cache and register, and whether they answer
 *   lane_start      brings a lane to where it may judge
 *   batch           the messages judged together: polled, judged (batch_judge), produced (batch_output), settled
 *                   (batch_settle)
 *   raw_input, verdict_maker, cache_fold, cache_entries
 *                   the decisions, without I/O
 *
 * One thread runs the poll loop and owns every handle. One iteration: each lane that is not judging takes a step; then
 * messages of all lanes are polled, judged lane after lane while the verdicts of those before are in flight, and, once
 * all reports are in, each lane advances. */
#ifndef VALIDATE_VALIDATOR_H
#define VALIDATE_VALIDATOR_H

int validator_main(int argc, char **argv); /* the exit status */

#endif
