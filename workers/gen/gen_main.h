/* gen_main: the program behind main.c, so that tests can link it. */
#ifndef GEN_GEN_MAIN_H
#define GEN_GEN_MAIN_H

int gen_main(int argc, char **argv); /* the exit status */

#endif
