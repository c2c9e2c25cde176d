/* instroomctl: questions and chores for operators. */
#include "ctl/ctl_main.h"

int main(int argc, char **argv)
{
	return ctl_main(argc, argv);
}
