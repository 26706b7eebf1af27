/* Elements of LtHash, several at a time: included once for each processor family with SUM_NAME,
 * SUM_TARGET and SUM_WIDE set. Plain C with the vectors of GCC and Clang: what runs on one family is
 * what was tested on another. */

#define VECTOR typedef uint64_t words __attribute__((vector_size(8 * SUM_WIDE)))
#define LANES typedef uint16_t lanes __attribute__((vector_size(8 * SUM_WIDE)))
#define TURNED(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

/* Add the 2048 bytes of SHAKE-128 over each of up to SUM_WIDE texts of so many blocks. */
SUM_TARGET
static void SUM_NAME(const lthash_text *texts, int count, size_t blocks, uint16_t *sum) {
    VECTOR;
    LANES;
    words s[25] = {{0}}, used = {0};
    for (int m = 0; m < count; m++) used[m] = ~UINT64_C(0);
    for (size_t block = 0; block < blocks; block++) {
        for (int m = 0; m < count; m++) {
            uint8_t bytes[RATE] = {0};
            const size_t from = block * RATE;
            const size_t left = texts[m].size - from;
            memcpy(bytes, texts[m].data + from, left < RATE ? left : RATE);
            if (left < RATE) {
                bytes[left] = 0x1f;
                bytes[RATE - 1] |= 0x80;
            }
            for (int w = 0; w < RATE / 8; w++) s[w][m] ^= word_of(bytes + 8 * w);
        }
        if (block + 1 == blocks) break; /* the next permutation gives the first output */
#include "lthash_rounds.h"
    }
    for (int done = 0; done < LTHASH_LANES / 4; done += RATE / 8) {
#include "lthash_rounds.h"
        const int more = LTHASH_LANES / 4 - done;
        for (int w = 0; w < (more < RATE / 8 ? more : RATE / 8); w++) {
            const words out = s[w] & used;
            uint16_t *at = sum + 4 * (done + w);
            for (int m = 0; m < SUM_WIDE; m++)
                for (int k = 0; k < 4; k++) at[k] = (uint16_t)(at[k] + (out[m] >> 16 * k));
        }
    }
}
