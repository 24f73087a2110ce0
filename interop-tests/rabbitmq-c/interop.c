#include "interop.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf end_of_check;
static char failure[1024];

/* Reads the next title from support/checks.ts, which is their one place. */
static int next_title(FILE *file, char *title, size_t size) {
  char line[512];
  while (fgets(line, sizeof line, file) != NULL) {
    char *end = strrchr(line, '\'');
    if (strncmp(line, "  '", 3) != 0 || end == line + 2) continue;
    *end = '\0';
    snprintf(title, size, "%s", line + 3);
    return 1;
  }
  return 0;
}

void run(const check_function *checks, size_t count) {
  FILE *file = fopen("interop-tests/support/checks.ts", "r");
  if (file == NULL) abort();
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (volatile size_t index = 0; index < count; index++) {
    char title[512];
    if (!next_title(file, title, sizeof title)) abort();
    if (setjmp(end_of_check) == 0) {
      checks[index]();
      printf("ok %zu - %s\n", index + 1, title);
    } else {
      printf("not ok %zu - %s\n# %s\n", index + 1, title, failure);
    }
  }
  fclose(file);
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure, sizeof failure, format, arguments);
  va_end(arguments);
  longjmp(end_of_check, 1);
}

void remark(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("# ");
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

void restart_broker(void) {
  char answer[64];
  printf("restart\n");
  require(fgets(answer, sizeof answer, stdin) != NULL);
  require(strcmp(answer, "restarted\n") == 0);
}

const char *named(const char *name) {
  static char names[10][256];
  static unsigned next;
  char *place = names[next++ % 10];
  snprintf(place, sizeof names[0], "%s%s", getenv("INTEROP_PREFIX"), name);
  return place;
}

void wait_a_moment(int *attempts, const char *what) {
  if (++*attempts > PATIENCE_SECONDS * 100) fail("not seen: %s", what);
  usleep(10 * 1000);
}

unsigned char *big_body(void) {
  uint32_t *words = malloc(FIVE_MB);
  require(words != NULL);
  for (uint32_t index = 0; index < FIVE_MB / 4; index++) words[index] = htonl(index);
  return (unsigned char *)words;
}
