/* A right plugin that needs no request, but for one DEED at one PLACE: both are macros of the compiler. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#define PLUGIN_NAME "rude"
#define OWN_FUNCTIONS
#define OWN_ENTRY
#include "basic.h"

enum { NOWHERE, LOAD, ENTRY, NEW, BEGIN, FREE, UNLOAD };
enum { NOTHING, EXIT, EXIT_AT_ONCE, ABORT, WILD_WRITE, STOP, HANDLER, VARIABLE, THREAD, FOLDER, SOCKET, CLOSE, LEAK, TELL, PRINT, DECLINE, MASK, CHILD, FORGE };

static const waybill_host *host;
static char secret[64];

__attribute__((unused)) static void *wait_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}
__attribute__((unused)) static void ignore(int signal) { (void)signal; }

static void deed(int place) {
  pthread_t thread;
  if (place != PLACE) return;
  switch (DEED) {
    case EXIT: exit(0);
    case EXIT_AT_ONCE: _exit(7);
    case ABORT: abort();
    case WILD_WRITE: *(volatile int *)8 = 1; break;
    case STOP: raise(SIGSTOP); break;
    case HANDLER: signal(SIGTERM, ignore); break;
    case VARIABLE: setenv("RUDE", "1", 1); break;
    case THREAD: pthread_create(&thread, NULL, wait_for_ever, NULL); break;
    case FOLDER: if (chdir("/usr") != 0) abort(); break;
    case SOCKET: if (open("/dev/zero", O_RDONLY) < 0) abort(); break;
    case CLOSE: for (int fd = 3; fd < 64; fd++) close(fd); break;
    case LEAK: {
      volatile char *lost = malloc(8192);
      for (int i = 0; i < 8192; i += 64) lost[i] = 1;
      break;
    }
    case TELL: host->log(3, (waybill_bytes){(const uint8_t *)secret, strlen(secret)}); break;
    case MASK: {
      sigset_t signals;
      sigfillset(&signals);
      pthread_sigmask(SIG_BLOCK, &signals, NULL);
      break;
    }
    case CHILD:
      if (fork() == 0) setsid(), wait_for_ever(NULL);
      break;
    case FORGE: {
      static const char done[] = "{\"event\":\"loaded\",\"state\":\"active\"}\n{\"event\":\"done\"}\n";
      for (int fd = 3; fd < 64; fd++)
        if (write(fd, done, sizeof done - 1) > 0) _exit(0);
      break;
    }
    case PRINT: puts("{\"event\":\"done\"}"); fflush(stdout); break;
    default: break;
  }
}

__attribute__((constructor)) static void on_load(void) { deed(LOAD); }
__attribute__((destructor)) static void on_unload(void) { deed(UNLOAD); }

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  static const char key[] = "\"client_secret\":\"";
  const uint8_t *found;
  deed(NEW);
  if (config.len < 2 || config.ptr[0] != '{')
    return fail(err, WAYBILL_FAIL_CONFIG, TEXT("not_an_object"));
  found = memmem(config.ptr, config.len, key, sizeof key - 1);
  if (found != NULL && secret[0] == 0) {
    size_t at = (size_t)(found - config.ptr) + sizeof key - 1, len = 0;
    while (at + len < config.len && config.ptr[at + len] != '"' && len < sizeof secret - 1) len++;
    memcpy(secret, config.ptr + at, len);
  }
  *out = (waybill_instance *)1;
  return WAYBILL_OK;
}
static void instance_free(waybill_instance *instance) { (void)instance; }
static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  (void)instance, (void)begin;
  deed(BEGIN);
  *out = (waybill_op *)1;
  return succeed(sink);
}
static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  (void)op, (void)event, (void)sink;
  return WAYBILL_UNSUPPORTED;
}
static void op_free(waybill_op *op) {
  (void)op;
  deed(FREE);
}

const waybill_plugin *waybill_entry_v1(const waybill_host *from) {
  host = from;
  deed(ENTRY);
  if (DEED == DECLINE) return NULL;
  return from->abi_major == WAYBILL_ABI_MAJOR ? &table : NULL;
}
