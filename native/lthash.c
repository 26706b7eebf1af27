#include "lthash.h"

#include <string.h>

#define RATE 21 /* words of a block: 168 bytes */
#define ROUNDS 24
#define MOST_BLOCKS 16 /* texts of more go through alone; those of banks have one to three */
#define TURNED(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

static const uint64_t constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static size_t blocks_of(const lthash_text *text) { return text->size / (8 * RATE) + 1; }

/* A block of a text with SHAKE's padding, as words. */
static void padded(const lthash_text *text, size_t block, uint64_t words[RATE]) {
    uint8_t bytes[8 * RATE] = {0};
    const size_t from = block * sizeof bytes, left = text->size - from;
    if (left >= sizeof bytes) {
        memcpy(bytes, text->data + from, sizeof bytes);
    } else {
        if (left) memcpy(bytes, text->data + from, left);
        bytes[left] ^= 0x1f;
        bytes[sizeof bytes - 1] ^= 0x80;
    }
    for (int w = 0; w < RATE; w++) {
        words[w] = 0;
        for (int k = 7; k >= 0; k--) words[w] = words[w] << 8 | bytes[8 * w + k];
    }
}

#define ADD_NAME add_baseline
#define ADD_TARGET
#define WIDE 2
#include "lthash_add.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define HAVE_X86 1
#define ADD_NAME add_avx2
#define ADD_TARGET __attribute__((target("avx2")))
#define WIDE 4
#include "lthash_add.h"
#define ADD_NAME add_avx512
#define ADD_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")))
#define WIDE 8
#include "lthash_add.h"
#endif

int lthash_code_for(const char *family, lthash_code *code) {
    if (strcmp(family, "baseline") == 0) {
        *code = (lthash_code){add_baseline, 2};
        return 0;
    }
#ifdef HAVE_X86
    __builtin_cpu_init();
    if (strcmp(family, "avx2") == 0 && __builtin_cpu_supports("avx2")) {
        *code = (lthash_code){add_avx2, 4};
        return 0;
    }
    if (strcmp(family, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        *code = (lthash_code){add_avx512, 8};
        return 0;
    }
#endif
    return -1;
}

void lthash(const lthash_code *code, const lthash_text *texts, size_t count,
            uint16_t sum[LTHASH_LANES]) {
    _Alignas(64) uint64_t sums[LTHASH_WORDS * LTHASH_WIDEST] = {0};
    lthash_text waiting[MOST_BLOCKS][LTHASH_WIDEST];
    int full[MOST_BLOCKS] = {0};
    for (size_t n = 0; n < count; n++) {
        const size_t blocks = blocks_of(&texts[n]);
        if (blocks > MOST_BLOCKS) {
            code->add(&texts[n], 1, blocks, sums);
            continue;
        }
        lthash_text *some = waiting[blocks - 1];
        some[full[blocks - 1]++] = texts[n];
        if (full[blocks - 1] == code->wide) {
            code->add(some, code->wide, blocks, sums);
            full[blocks - 1] = 0;
        }
    }
    for (size_t blocks = 1; blocks <= MOST_BLOCKS; blocks++)
        if (full[blocks - 1]) code->add(waiting[blocks - 1], full[blocks - 1], blocks, sums);
    for (int lane = 0; lane < LTHASH_LANES; lane++) {
        sum[lane] = 0;
        for (int m = 0; m < code->wide; m++)
            sum[lane] = (uint16_t)(sum[lane] + (sums[lane / 4 * code->wide + m] >> 16 * (lane % 4)));
    }
}
