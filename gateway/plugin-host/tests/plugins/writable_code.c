/* A section that is writable and executable. */
#include "basic.h"
__asm__(".section .wx,\"awx\",@progbits\n.byte 0\n.text\n");
