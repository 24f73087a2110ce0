/* The report, the restart and the assertions of the rabbitmq-c checks. */
#ifndef INTEROP_H
#define INTEROP_H

#include <stddef.h>

enum { MESSAGES = 10000, FIVE_MB = 5 * 1024 * 1024, PATIENCE_SECONDS = 20 };

typedef void (*check_function)(void);

/* Runs the checks in order and prints one line for each; a failure does not stop the next. */
void run(const check_function *checks, size_t count);

/* Ends the running check as failed. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));
void restart_broker(void);

#define require(condition) \
  do { \
    if (!(condition)) fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition); \
  } while (0)

/* A name of this run, to be used before the tenth call after it. */
const char *named(const char *name);

/* Sleeps a moment; fails when `attempts` (counted up) says that it has gone on for too long. */
void wait_a_moment(int *attempts, const char *what);

/* 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows. */
unsigned char *big_body(void);

#endif
