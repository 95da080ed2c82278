/* The plugin `modes` under another name, so that a test can tell its messages from all others. */
#include "modes.c"
