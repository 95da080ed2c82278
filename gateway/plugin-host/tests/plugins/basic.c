/* A plugin that does everything right; -D options make it do one thing wrong. */
#include "basic.h"
