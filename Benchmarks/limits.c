// limits.c: what the machine itself takes for a capture, so that results can be set against it.
//
//   cc -O2 -march=x86-64-v3 -o /tmp/limits Benchmarks/limits.c && /tmp/limits CAPTURE
//
// Each line is the best of five passes, CPU time: the memory is summed, the records of a pcap are
// walked and the first 64 bytes of each packet touched, through a mapping and through read() into
// buffers of several sizes. The capture (little-endian pcap) should lie on tmpfs.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t sum(const uint8_t *bytes, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    total += word;
  }
  return total;
}

static uint64_t packets;

// Walks whole records from `bytes`; returns how many bytes they take.
static size_t walk(const uint8_t *bytes, size_t count, int ahead, uint64_t *total) {
  size_t offset = 0;
  while (offset + 16 <= count) {
    uint32_t captured;
    memcpy(&captured, bytes + offset + 8, 4);
    if (offset + 16 + captured > count) break;
    if (ahead) __builtin_prefetch(bytes + offset + ahead);
    uint64_t word;
    memcpy(&word, bytes + offset + 16 + (captured > 64 ? 48 : 0), 8);
    *total += word;
    packets++;
    offset += 16 + captured;
  }
  return offset;
}

static uint64_t sink;

static void report(const char *what, double seconds, size_t size) {
  printf("%-44s %6.1f ms %7.2f GB/s", what, seconds * 1e3, size / seconds / 1e9);
  if (packets) printf(" %7.1f ns/packet", seconds * 1e9 / packets);
  puts("");
}

static double mapped(int file, size_t size, int mode) {
  double start = now();
  uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) exit(1);
  packets = 0;
  if (mode == 0) sink += sum(bytes, size);
  else walk(bytes + 24, size - 24, mode == 1 ? 0 : 4096, &sink);
  munmap(bytes, size);
  return now() - start;
}

static double through(int file, size_t capacity, int walks) {
  uint8_t *buffer = aligned_alloc(4096, capacity + 65536);
  double start = now();
  lseek(file, walks ? 24 : 0, SEEK_SET);
  packets = 0;
  size_t held = 0;
  ssize_t got;
  while ((got = read(file, buffer + held, capacity - held)) > 0) {
    held += got;
    size_t done = walks ? walk(buffer, held, 0, &sink) : held;
    if (!walks) sink += sum(buffer, held);
    memmove(buffer, buffer + done, held - done);
    held -= done;
  }
  double end = now();
  free(buffer);
  return end - start;
}

#define BEST(what, call)                              \
  do {                                                \
    double best = 1e9;                                \
    for (int i = 0; i < 5; i++) {                     \
      double t = call;                                \
      if (t < best) best = t;                         \
    }                                                 \
    report(what, best, size);                         \
  } while (0)

int main(int argc, char **argv) {
  int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) return 1;
  size_t size = status.st_size;
  BEST("sum of all bytes, mapped", mapped(file, size, 0));
  BEST("sum of all bytes, read() into 128 KiB", through(file, 128 << 10, 0));
  BEST("walk, mapped", mapped(file, size, 1));
  BEST("walk, mapped, prefetch 4 KiB ahead", mapped(file, size, 2));
  for (size_t kilobytes = 64; kilobytes <= 1024; kilobytes *= 2) {
    char what[64];
    snprintf(what, sizeof what, "walk, read() into %zu KiB", kilobytes);
    BEST(what, through(file, kilobytes << 10, 1));
  }
  return sink == 42;
}
