/* LtHash: the sum, lane by lane, of what SHAKE-128 makes of each text (src/tutela/banks/roots.py).
 *
 * Texts do not depend on each other, so that several go through the permutation side by side, each
 * in a lane of the same vectors.
 */
#ifndef TUTELA_LTHASH_H
#define TUTELA_LTHASH_H

#include <stddef.h>
#include <stdint.h>

#define LTHASH_LANES 1024
#define LTHASH_WORDS (LTHASH_LANES / 4)
#define LTHASH_WIDEST 8 /* texts at a time */

typedef struct {
    const uint8_t *data;
    size_t size;
} lthash_text;

/* Add what comes of up to `wide` texts, all of so many blocks, to sums that lie side by side: word w
 * of text m at w * wide + m. Compiled once for each processor family. */
typedef void (*lthash_add_fn)(const lthash_text *texts, int count, size_t blocks, uint64_t *sums);

typedef struct {
    lthash_add_fn add;
    int wide;
} lthash_code;

int lthash_code_for(const char *family, lthash_code *code); /* 0, or -1 if not runnable here */

/* The sum of texts, in `sum`. */
void lthash(const lthash_code *code, const lthash_text *texts, size_t count,
            uint16_t sum[LTHASH_LANES]);

#endif
