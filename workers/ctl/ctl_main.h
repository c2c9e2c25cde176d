/* ctl_main: the program behind main.c, so that tests can link it. */
#ifndef CTL_CTL_MAIN_H
#define CTL_CTL_MAIN_H

int ctl_main(int argc, char **argv); /* the exit status */

#endif
