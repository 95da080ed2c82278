/* A plugin that harms its process: {"mode":"...","at":"..."} says how and in which call. Modes that begin
 * with "try_" ask the system for something and report whether they got it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifndef PLUGIN_NAME
#define PLUGIN_NAME "bad"
#endif
#define OWN_FUNCTIONS
#include "basic.h"

struct waybill_instance {
  char mode[40], at[40];
};
struct waybill_op {
  waybill_instance *instance;
};

static int is(const char *text, const char *word) { return strcmp(text, word) == 0; }

static volatile int depth;
__attribute__((noinline)) static int overflow(int n) {
  volatile char room[4096];
  room[0] = (char)n;
  depth = n;
  return overflow(n + 1) + room[0];
}

static void nothing(int signal) { (void)signal; }
static void *for_ever(void *unused) {
  for (;;) sleep(1);
  return unused;
}

/* What a constructor read of a file, and the file, to be read later. */
static char found[16];
static int kept = -1;

#ifndef GATEWAY
#define GATEWAY 0
#endif
#ifndef SECRET
#define SECRET "/etc/passwd"
#endif

static void lower_limit(pid_t process) {
  struct rlimit limit;
  if (syscall(SYS_prlimit64, process, RLIMIT_NOFILE, NULL, &limit) != 0) return;
  limit.rlim_cur--;
  syscall(SYS_prlimit64, process, RLIMIT_NOFILE, &limit, NULL);
}

static void harm(const char *mode) {
  if (is(mode, "exit")) exit(0);
  if (is(mode, "quick_exit")) _exit(0);
  if (is(mode, "abort")) abort();
  if (is(mode, "overflow")) overflow(0);
  if (is(mode, "wild")) *(volatile int *)8 = 1;
  if (is(mode, "loop"))
    for (volatile int i = 0;; i++) {}
  if (is(mode, "bomb"))
    for (;;) memset(malloc(16 << 20), 1, 16 << 20);
  if (is(mode, "handler")) signal(SIGTERM, nothing), signal(SIGSEGV, nothing);
  if (is(mode, "thread")) {
    pthread_t thread;
    pthread_create(&thread, NULL, for_ever, NULL);
  }
  if (is(mode, "wait")) sleep(2);
  if (is(mode, "limit")) lower_limit(GATEWAY);
  if (is(mode, "read") && (kept = open(SECRET, O_RDONLY)) >= 0 && read(kept, found, 8) < 0) abort();
  if (is(mode, "close")) close(0), shutdown(0, SHUT_RDWR);
  if (is(mode, "garbage") && write(0, "garbage garbage", 15) < 0) abort();
  /* A frame that looks like the result of a call, before the real one. */
  if (is(mode, "forged") && write(0, "\x01\0\0\0\x07", 5) < 0) abort();
  if (is(mode, "huge") && write(0, "\xff\xff\xff\x7f", 4) < 0) abort();
}

/* 1 if the system gave what the mode asked for. */
static int try(const char *mode) {
  errno = 0;
  if (is(mode, "try_open")) return open("/etc/passwd", O_RDONLY) >= 0;
  if (is(mode, "try_write_file")) return open("/tmp/waybill-bad", O_WRONLY | O_CREAT, 0600) >= 0;
  if (is(mode, "try_socket")) return socket(AF_INET, SOCK_STREAM, 0) >= 0;
  if (is(mode, "try_fork")) return fork() >= 0;
  if (is(mode, "try_exec")) return execl("/bin/true", "true", (char *)NULL) == 0;
  /* Signal 0 to a process that is always there: it would change nothing. */
  if (is(mode, "try_kill")) return kill(1, 0) == 0;
  if (is(mode, "try_code"))
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  if (is(mode, "try_environment")) return getenv("PATH") != NULL;
  if (is(mode, "try_found")) return found[0] != 0;
  if (is(mode, "try_kept")) return read(kept, found, 8) > 0;
  if (is(mode, "try_files"))
    for (int fd = 1; fd < 1024; fd++)
      if (write(fd, "", 0) == 0 || errno != EBADF) return 1;
  return 0;
}

static int read_word(waybill_bytes config, const char *key, char word[40]) {
  char text[256] = {0};
  memcpy(text, config.ptr, config.len < 255 ? config.len : 255);
  const char *at = strstr(text, key);
  if (at == NULL) return 0;
  at += strlen(key);
  size_t len = strcspn(at, "\"");
  memcpy(word, at, len < 39 ? len : 39);
  return 1;
}

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  waybill_instance *instance = calloc(1, sizeof *instance);
#ifdef MODE
  strcpy(instance->mode, MODE), strcpy(instance->at, AT);
#endif
  if (!read_word(config, "\"mode\":\"", instance->mode) && instance->mode[0] == 0)
    return fail(err, WAYBILL_FAIL_CONFIG, TEXT("no_mode"));
  read_word(config, "\"at\":\"", instance->at);
  if (is(instance->at, "instance_new")) harm(instance->mode);
  *out = instance;
  return WAYBILL_OK;
}

static void instance_free(waybill_instance *instance) {
  if (is(instance->at, "instance_free")) harm(instance->mode);
  free(instance);
}

static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  (void)begin;
  *out = calloc(1, sizeof **out);
  (*out)->instance = instance;
  if (is(instance->at, "op_begin")) harm(instance->mode);
  if (strncmp(instance->mode, "try_", 4) == 0) {
    if (try(instance->mode)) return fail(sink, WAYBILL_FAIL_CONFIG, TEXT("allowed"));
    return succeed(sink);
  }
  waybill_http_request request = {.struct_size = sizeof request, .req_id = 1,
                                  .method = TEXT("GET"),
                                  .url = TEXT("https://api.example.com/")};
  sink->http(sink->ctx, &request);
  return WAYBILL_OK;
}

static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  (void)event;
  if (is(op->instance->at, "op_resume")) harm(op->instance->mode);
  return succeed(sink);
}

static void op_free(waybill_op *op) {
  if (is(op->instance->at, "op_free")) harm(op->instance->mode);
  free(op);
}

#ifdef AT_LOAD
__attribute__((constructor)) static void at_load(void) { harm(AT_LOAD); }
#endif
