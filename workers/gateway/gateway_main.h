/* gateway_main: the program behind main.c, so that tests can link it. */
#ifndef GATEWAY_GATEWAY_MAIN_H
#define GATEWAY_GATEWAY_MAIN_H

int gateway_main(int argc, char **argv); /* the exit status */

#endif
