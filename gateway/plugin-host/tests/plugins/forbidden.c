/* Opens a connection and starts a thread. */
#include <pthread.h>
#include <sys/socket.h>
#include "basic.h"
static void *run(void *unused) { return unused; }
__attribute__((used)) static int misuse(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, run, NULL) + socket(AF_INET, SOCK_STREAM, 0);
}
