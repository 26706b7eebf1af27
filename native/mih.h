/* Exact search within a Hamming distance over 256-bit hashes: a multi-index of 16 tables.
 *
 * A hash is 16 words of 16 bits. Let a pair differ in b[i] bits in word i, at most d in all, and let
 * k = d / 16. Then the sum of b[i] - (k + 1) is negative, so some cyclic start i has every prefix
 * negative (cycle lemma): b[i] <= k and b[i] + b[i+1] <= 2k + 1. Table i therefore lists the hashes
 * by word i, with word i+1 beside each (its signature): whoever looks up all words within k bits
 * of its own, and keeps the postings whose signature is within 2k + 1 less those bits, misses none.
 * (Pigeonring: Qin and Xiao, PVLDB 12(2), 2018.) A pair is reported from its first such table only.
 */
#ifndef TUTELA_MIH_H
#define TUTELA_MIH_H

#include <stddef.h>
#include <stdint.h>

#define MIH_BYTES 32
#define MIH_TABLES 16
#define MIH_KEYS 65536
#define MIH_FARTHEST 31 /* above it, a probe for every word within 2 bits costs more than a scan */
#define MIH_PAD 64      /* signatures after the last: a scan reads whole blocks */

/* One segment: the hashes, distinct, and their 16 tables, each at its place in one buffer. */
typedef struct {
    uint32_t count;
    const uint8_t *hashes;                /* count x 32 */
    const uint32_t *starts[MIH_TABLES];   /* MIH_KEYS + 1 */
    const uint16_t *signatures[MIH_TABLES]; /* count + MIH_PAD */
    const uint32_t *entries[MIH_TABLES];  /* count */
} mih_segment;

typedef struct {
    uint32_t query, entry, distance;
} mih_hit;

/* Hits in the order found; grows as needed. */
typedef struct {
    mih_hit *hits;
    size_t count, room;
} mih_hits;

/* How many of `count` signatures lie within `limit` bits of `query`; their places from `base` on go
 * to `places`, which has room for `count`. Compiled once for each processor family. */
typedef uint32_t (*mih_scan_fn)(const uint16_t *signatures, uint32_t count, uint16_t query,
                                int limit, uint32_t base, uint32_t *places);

/* Hashes among `count` within `limit` of `query`: places and distances. For small or wide searches. */
typedef uint32_t (*mih_each_fn)(const uint8_t *hashes, uint32_t count, const uint8_t *query,
                                uint32_t limit, uint32_t *places, uint32_t *distances);

typedef struct {
    mih_scan_fn scan;
    mih_each_fn each;
} mih_code;

int mih_code_for(const char *family, mih_code *code); /* 0, or -1 if not runnable here */

/* Bytes of a segment of `count` hashes, and where its parts are. */
size_t mih_size(uint32_t count);
void mih_place(mih_segment *segment, const uint8_t *buffer, uint32_t count);

/* Fill the tables behind the hashes that stand at the beginning of the buffer. */
void mih_build(uint8_t *buffer, uint32_t count);

/* All entries within `distance` (0..MIH_FARTHEST) of a query; -1 when memory ran out, -2 when the
 * segment points outside itself: it is damaged. */
int mih_search(const mih_segment *segment, const mih_code *code, const uint8_t *query,
               uint32_t number, uint32_t distance, mih_hits *hits);

/* The same by comparing with every hash; any distance. */
int mih_compare(const uint8_t *hashes, uint32_t count, const mih_code *code, const uint8_t *query,
                uint32_t number, uint32_t distance, mih_hits *hits);

#endif
