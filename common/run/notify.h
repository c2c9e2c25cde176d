/* notify: what the service manager hears of us, by the datagram protocol of sd_notify(3). Nothing without
 * NOTIFY_SOCKET.
 *
 * Ready comes last at start: from then on we wait for peers ourselves, and /readyz says whether they are there. The
 * watchdog is fed by the poll loop, stopping comes when the drain begins. Never fails: a service manager that does not
 * listen is no reason to stop. Any thread. */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

void notify_ready(void);
void notify_status(const char *text); /* one line for systemctl status */
void notify_watchdog(void);	      /* at most once a second goes out, so that a fast loop may call it each time */
void notify_stopping(void);

#endif
