/*
 * Sends IPFIX messages over UDP to 127.0.0.1 at a steady rate, with the sequence numbers and export times of a real exporter (RFC 7011 section 3.1).
 *
 *   send-datagrams FILE PORT RATE SECONDS      RATE in datagrams per second
 *
 * FILE holds messages one after the other, each behind two 16-bit numbers (network order): its octets and its data records. They are sent in turn.
 * Prints how many datagrams and records were sent, the seconds it took, and how often the kernel took none.
 * Up to 32 datagrams go with one system call (sendmmsg), so that the sender needs less of the machine than the receiver.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define MOST 65536

struct message {
  uint8_t *octets;
  uint16_t length, records;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "send-datagrams FILE PORT RATE SECONDS\n"), 4;
  static struct message messages[MOST];
  size_t count = 0;
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL) return perror(argv[1]), 1;
  uint16_t head[2];
  while (count < MOST && fread(head, 2, 2, file) == 2) {
    struct message *one = &messages[count++];
    one->length = ntohs(head[0]);
    one->records = ntohs(head[1]);
    one->octets = malloc(one->length);
    if (one->octets == NULL || fread(one->octets, 1, one->length, file) != one->length) return fprintf(stderr, "the file is cut\n"), 1;
  }
  if (count == 0) return fprintf(stderr, "the file is empty\n"), 1;
  int to = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (to < 0 || connect(to, (struct sockaddr *)&address, sizeof address) != 0) return perror("socket"), 1;
  const double rate = atof(argv[3]), seconds = atof(argv[4]), begun = now();
  struct iovec parts[BATCH];
  struct mmsghdr calls[BATCH];
  memset(calls, 0, sizeof calls);
  uint8_t copies[BATCH][1500];
  uint64_t sent = 0, records = 0, refusals = 0;
  size_t next = 0;
  for (double passed = 0; passed < seconds; passed = now() - begun) {
    const double due = passed * rate - (double)sent;
    if (due < 1) {
      usleep(20);
      continue;
    }
    const int wanted = due < BATCH ? (int)due : BATCH;
    uint32_t sequence = (uint32_t)records;
    for (int i = 0; i < wanted; i++) {
      const struct message *one = &messages[(next + i) % count];
      memcpy(copies[i], one->octets, one->length);
      put32(copies[i] + 4, (uint32_t)time(NULL));
      put32(copies[i] + 8, sequence);
      sequence += one->records;
      parts[i] = (struct iovec){copies[i], one->length};
      calls[i].msg_hdr.msg_iov = &parts[i];
      calls[i].msg_hdr.msg_iovlen = 1;
    }
    const int taken = sendmmsg(to, calls, (unsigned)wanted, 0);
    if (taken <= 0) {
      refusals++;
      continue;
    }
    for (int i = 0; i < taken; i++) records += messages[(next + i) % count].records;
    next += taken;
    sent += taken;
  }
  printf("{\"datagrams\":%llu,\"records\":%llu,\"seconds\":%.3f,\"refusals\":%llu}\n", (unsigned long long)sent, (unsigned long long)records,
         now() - begun, (unsigned long long)refusals);
  return 0;
}
