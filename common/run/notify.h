/* notify: what the service manager hears of us, by the datagram protocol of sd_notify(3). Nothing without
 * NOTIFY_SOCKET.
 *
 * Ready is told last at start, the watchdog is fed by the turn, stopping is told when the drain begins. Never fails: a
 * service manager that does not listen is no reason to stop. Any thread. */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

void notify_ready(void);
void notify_watchdog(void); /* at most once a second goes out, so that fast turns may call it each time */
void notify_stopping(void);

#endif
