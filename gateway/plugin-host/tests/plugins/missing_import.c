/* Uses a function that no library has. */
#include "basic.h"
extern int no_such_function(void);
__attribute__((used)) static int use(void) { return no_such_function(); }
