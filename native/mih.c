#include "mih.h"

#include <stdlib.h>
#include <string.h>

#define SCAN_NAME scan_baseline
#define EACH_NAME each_baseline
#define SCAN_TARGET
#include "mih_scan.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_X86 1
#define SCAN_NAME scan_avx2
#define EACH_NAME each_avx2
#define SCAN_TARGET __attribute__((target("avx2,popcnt")))
#include "mih_scan.h"
#define SCAN_NAME scan_avx512
#define EACH_NAME each_avx512
#define SCAN_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,popcnt,prefer-vector-width=512")))
#include "mih_scan.h"

/* Where the processor counts bits of 16-bit words itself: 32 signatures in three instructions. */
#include <immintrin.h>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bitalg"))) static uint32_t
scan_bitalg(const uint16_t *restrict signatures, uint32_t count, uint16_t query, int limit,
            uint32_t base, uint32_t *restrict places) {
    enum { BLOCK = 32 };
    const __m512i asked = _mm512_set1_epi16((short)query), most = _mm512_set1_epi16((short)limit);
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i += BLOCK) {
        const __m512i apart = _mm512_xor_si512(_mm512_loadu_si512(signatures + i), asked);
        __mmask32 near = _mm512_cmple_epu16_mask(_mm512_popcnt_epi16(apart), most);
        if (count - i < BLOCK) near &= ((__mmask32)1 << (count - i)) - 1;
        for (; near; near &= near - 1) places[found++] = base + i + (uint32_t)__builtin_ctz(near);
    }
    return found;
}
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

int mih_code_for(const char *family, mih_code *code) {
    if (strcmp(family, "baseline") == 0) {
        *code = (mih_code){scan_baseline, each_baseline};
        return 0;
    }
#ifdef HAVE_X86
    __builtin_cpu_init();
    if (strcmp(family, "avx2") == 0 && __builtin_cpu_supports("avx2")) {
        *code = (mih_code){scan_avx2, each_avx2};
        return 0;
    }
    if (strcmp(family, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        const int counts = __builtin_cpu_supports("avx512bitalg");
        *code = (mih_code){counts ? scan_bitalg : scan_avx512, each_avx512};
        return 0;
    }
#endif
    return -1;
}

static size_t aligned(size_t size) { return (size + 63) & ~(size_t)63; }

static size_t starts_size(void) { return aligned(sizeof(uint32_t) * (MIH_KEYS + 1)); }

static size_t signatures_size(uint32_t count) {
    return aligned(sizeof(uint16_t) * ((size_t)count + MIH_PAD));
}

static size_t entries_size(uint32_t count) { return aligned(sizeof(uint32_t) * (size_t)count); }

size_t mih_size(uint32_t count) {
    return aligned((size_t)count * MIH_BYTES) +
           MIH_TABLES * (starts_size() + signatures_size(count) + entries_size(count));
}

void mih_place(mih_segment *segment, const uint8_t *buffer, uint32_t count) {
    const uint8_t *at = buffer + aligned((size_t)count * MIH_BYTES);
    segment->count = count;
    segment->hashes = buffer;
    for (int t = 0; t < MIH_TABLES; t++) {
        segment->starts[t] = (const uint32_t *)(const void *)at;
        at += starts_size();
        segment->signatures[t] = (const uint16_t *)(const void *)at;
        at += signatures_size(count);
        segment->entries[t] = (const uint32_t *)(const void *)at;
        at += entries_size(count);
    }
}

/* Word t of a hash, the same on every byte order. */
static uint16_t word(const uint8_t *hash, int t) {
    return (uint16_t)(hash[2 * t] | (uint16_t)hash[2 * t + 1] << 8);
}

void mih_build(uint8_t *buffer, uint32_t count) {
    mih_segment s;
    mih_place(&s, buffer, count);
    for (int t = 0; t < MIH_TABLES; t++) {
        uint32_t *starts = (uint32_t *)(void *)(buffer + ((const uint8_t *)s.starts[t] - buffer));
        uint16_t *signatures = (uint16_t *)(void *)(buffer + ((const uint8_t *)s.signatures[t] - buffer));
        uint32_t *entries = (uint32_t *)(void *)(buffer + ((const uint8_t *)s.entries[t] - buffer));
        const int next = (t + 1) % MIH_TABLES;
        memset(starts, 0, sizeof(uint32_t) * (MIH_KEYS + 1));
        memset(signatures + count, 0, sizeof(uint16_t) * MIH_PAD);
        for (uint32_t i = 0; i < count; i++) starts[word(buffer + (size_t)i * MIH_BYTES, t) + 1]++;
        for (uint32_t key = 0; key < MIH_KEYS; key++) starts[key + 1] += starts[key];
        /* Counting sort; starts[key] runs to the next key's start, and is set back after. */
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *hash = buffer + (size_t)i * MIH_BYTES;
            const uint32_t at = starts[word(hash, t)]++;
            signatures[at] = word(hash, next);
            entries[at] = i;
        }
        memmove(starts + 1, starts, sizeof(uint32_t) * MIH_KEYS);
        starts[0] = 0;
    }
}

static int push(mih_hits *hits, uint32_t query, uint32_t entry, uint32_t distance) {
    if (hits->count == hits->room) {
        const size_t room = hits->room ? 2 * hits->room : 64;
        mih_hit *grown = realloc(hits->hits, room * sizeof(mih_hit));
        if (!grown) return -1;
        hits->hits = grown;
        hits->room = room;
    }
    hits->hits[hits->count++] = (mih_hit){query, entry, distance};
    return 0;
}

/* Postings that passed the filter, of all tables: grows, so that no bucket is too large. */
typedef struct {
    uint32_t *places;
    size_t count, room;
    size_t ends[MIH_TABLES]; /* of each table's postings */
} candidates;

static int make_room(candidates *c, size_t more) {
    if (c->count + more <= c->room) return 0;
    const size_t room = 2 * c->room + more + 1024;
    uint32_t *grown = realloc(c->places, room * sizeof(uint32_t));
    if (!grown) return -1;
    c->places = grown;
    c->room = room;
    return 0;
}

/* Have the first lines of a bucket on their way before it is scanned. */
static void fetch(const uint16_t *signatures, uint32_t from, uint32_t until) {
    enum { LINE = 32, MOST = 8 * LINE };
    const uint32_t end = until - from < MOST ? until : from + MOST;
    for (uint32_t at = from; at < end; at += LINE) PREFETCH(signatures + at);
    if (end > from) PREFETCH(signatures + end - 1);
}

/* Scan every bucket within `radius` bits of the query's word, in each table. */
static int probe(const mih_segment *s, const mih_code *code, const uint16_t *words, int radius,
                 candidates *c) {
    enum { PROBES = 17, AHEAD = 8 };
    const int probes = radius ? PROBES : 1;
    for (int t = 0; t < MIH_TABLES; t++) {
        for (int p = 0; p < probes; p++) /* of all tables first: their loads overlap */
            PREFETCH(&s->starts[t][p ? words[t] ^ (1 << (p - 1)) : words[t]]);
    }
    uint32_t from[MIH_TABLES * PROBES], until[MIH_TABLES * PROBES];
    for (int t = 0, b = 0; t < MIH_TABLES; t++) {
        for (int p = 0; p < probes; p++, b++) {
            const uint32_t key = p ? (uint32_t)(words[t] ^ (1 << (p - 1))) : words[t];
            from[b] = s->starts[t][key];
            until[b] = s->starts[t][key + 1];
            if (until[b] > s->count || from[b] > until[b]) return -2;
            if (b < AHEAD) fetch(s->signatures[t], from[b], until[b]);
        }
    }
    for (int t = 0, b = 0; t < MIH_TABLES; t++) {
        const uint16_t next = words[(t + 1) % MIH_TABLES];
        for (int p = 0; p < probes; p++, b++) {
            const int later = b + AHEAD;
            if (later < MIH_TABLES * probes)
                fetch(s->signatures[later / probes], from[later], until[later]);
            const uint32_t n = until[b] - from[b];
            if (make_room(c, (size_t)n + 1)) return -1;
            const uint32_t found =
                code->scan(s->signatures[t] + from[b], n, next, 2 * radius + 1 - (p ? 1 : 0),
                           from[b], c->places + c->count);
            for (uint32_t k = 0; k < found; k++)
                PREFETCH(&s->entries[t][c->places[c->count + k]]);
            c->count += found;
        }
        c->ends[t] = c->count;
    }
    return 0;
}

/* Distance if within the limit and first found from table t, else -1. */
static int verify(const uint8_t *hash, const uint8_t *query, int t, int radius, uint32_t limit) {
    int bits[MIH_TABLES], distance = 0;
    for (int i = 0; i < MIH_TABLES; i++) {
        unsigned x = (unsigned)word(hash, i) ^ (unsigned)word(query, i);
        x -= (x >> 1) & 0x5555;
        x = (x & 0x3333) + ((x >> 2) & 0x3333);
        x = (x + (x >> 4)) & 0x0f0f;
        bits[i] = (int)((x + (x >> 8)) & 0x1f);
        distance += bits[i];
    }
    if ((uint32_t)distance > limit) return -1;
    for (int i = 0; i < t; i++)
        if (bits[i] <= radius && bits[i] + bits[(i + 1) % MIH_TABLES] <= 2 * radius + 1) return -1;
    return distance;
}

int mih_search(const mih_segment *s, const mih_code *code, const uint8_t *query, uint32_t number,
               uint32_t distance, mih_hits *hits) {
    const int radius = (int)(distance / MIH_TABLES);
    uint16_t words[MIH_TABLES];
    candidates c = {.places = NULL};
    if (s->count == 0) return 0;
    for (int t = 0; t < MIH_TABLES; t++) words[t] = word(query, t);
    int failed = probe(s, code, words, radius, &c);
    size_t at = 0;
    for (int t = 0; t < MIH_TABLES && !failed; t++)
        for (; at < c.ends[t]; at++) { /* places become entries, and their hashes are on the way */
            c.places[at] = s->entries[t][c.places[at]];
            if (c.places[at] >= s->count) {
                failed = -2;
                break;
            }
            PREFETCH(s->hashes + (size_t)c.places[at] * MIH_BYTES);
        }
    at = 0;
    for (int t = 0; t < MIH_TABLES && !failed; t++)
        for (; at < c.ends[t] && !failed; at++) {
            const uint8_t *hash = s->hashes + (size_t)c.places[at] * MIH_BYTES;
            const int found = verify(hash, query, t, radius, distance);
            if (found >= 0) failed = push(hits, number, c.places[at], (uint32_t)found);
        }
    free(c.places);
    return failed;
}

int mih_compare(const uint8_t *hashes, uint32_t count, const mih_code *code, const uint8_t *query,
                uint32_t number, uint32_t distance, mih_hits *hits) {
    enum { PART = 4096 };
    uint32_t places[PART + 1], distances[PART + 1];
    for (uint32_t from = 0; from < count; from += PART) {
        const uint32_t n = count - from < PART ? count - from : PART;
        const uint32_t found = code->each(hashes + (size_t)from * MIH_BYTES, n, query, distance,
                                          places, distances);
        for (uint32_t k = 0; k < found; k++)
            if (push(hits, number, from + places[k], distances[k])) return -1;
    }
    return 0;
}
