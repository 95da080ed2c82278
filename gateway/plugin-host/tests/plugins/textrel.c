/* An absolute address inside the code. */
#include "basic.h"
__asm__(".text\n.quad table_address\n.data\n.globl table_address\n.hidden table_address\n"
        "table_address: .quad 0\n.text\n");
