/* write: instroom-write, the last stage: verdict topic to PostgreSQL (design 5).
 *
 * A turn gathers verdicts while they keep coming, up to the limits of the settings, and applies them in one
 * transaction. So an idle system commits a small delivery at once, and a busy one takes as much at a time as is queued.
 * A batch that cannot be applied for now stays, with intake paused, and is tried again each turn, while the group sees
 * us alive. After COMMIT, in this order: Forgets go out, the committed positions move, the group's offset is set as a
 * mirror. */
#ifndef WRITE_WRITE_H
#define WRITE_WRITE_H

int write_main(int argc, char **argv); /* exit status */

#endif
