/* What a signature in another process is compared with: two processes that wake each other on futexes, and
 * do nothing else. `pingpong ROUNDS [PERIOD]` prints the nanoseconds of all rounds, and the quantiles 0.5, 0.9, 0.99
 * and 0.999 of one. With a period (nanoseconds) a round begins, and counts, from when it is due. */
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void sleep_while(_Atomic uint32_t *word, uint32_t value) {
  while (atomic_load(word) == value) syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void set(_Atomic uint32_t *word, uint32_t value) {
  atomic_store(word, value);
  syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int by_size(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
  uint64_t period = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
  uint64_t *took = calloc(rounds ? rounds : 1, sizeof *took);
  char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (took == NULL || shared == MAP_FAILED) return 1;
  /* A cache line each. */
  _Atomic uint32_t *there = (void *)shared, *back = (void *)(shared + 64);
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t round = 0;; round++) {
      sleep_while(there, round);
      set(back, round + 1);
    }
  }
  uint64_t begin = now(), last = begin;
  for (uint32_t round = 0; round < rounds; round++) {
    if (period != 0) {
      last = begin + round * period;
      while (now() < last) {}
    }
    set(there, round + 1);
    sleep_while(back, round);
    uint64_t time = now();
    took[round] = time - last;
    last = time;
  }
  kill(child, SIGKILL);
  qsort(took, rounds, sizeof *took, by_size);
  printf("%llu", (unsigned long long)(last - begin));
  static const uint32_t per_mille[] = {500, 900, 990, 999};
  for (int i = 0; i < 4; i++)
    printf(" %llu", (unsigned long long)took[(uint64_t)rounds * per_mille[i] / 1000]);
  putchar('\n');
  return 0;
}
