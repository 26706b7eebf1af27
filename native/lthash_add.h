/* SHAKE-128 of several texts side by side, included once for each processor family with ADD_NAME,
 * ADD_TARGET and WIDE set. Plain C with the vectors of GCC and Clang: what runs on one family is what
 * was tested on another. */

ADD_TARGET
static void ADD_NAME(const lthash_text *texts, int count, size_t blocks, uint64_t *sums) {
    typedef uint64_t words __attribute__((vector_size(8 * WIDE)));
    typedef uint16_t lanes __attribute__((vector_size(8 * WIDE), may_alias));
    words s[25], b[25], used;
    memset(s, 0, sizeof s);
    for (int m = 0; m < WIDE; m++) used[m] = m < count ? ~UINT64_C(0) : 0;
    size_t absorbed = 0;
    for (int written = 0; written < LTHASH_WORDS;) {
        if (absorbed < blocks) {
            for (int m = 0; m < count; m++) {
                uint64_t block[RATE];
                padded(&texts[m], absorbed, block);
                for (int w = 0; w < RATE; w++) s[w][m] ^= block[w];
            }
            absorbed++;
        }
        for (int round = 0; round < ROUNDS; round++) {
            words c[5], d[5];
            for (int x = 0; x < 5; x++) c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
            for (int x = 0; x < 5; x++) d[x] = c[(x + 4) % 5] ^ TURNED(c[(x + 1) % 5], 1);
            b[0] = s[0] ^ d[0];
#define MOVED(to, from, by) b[to] = TURNED(s[from] ^ d[from % 5], by)
            MOVED(1, 6, 44); MOVED(2, 12, 43); MOVED(3, 18, 21); MOVED(4, 24, 14);
            MOVED(5, 3, 28); MOVED(6, 9, 20); MOVED(7, 10, 3); MOVED(8, 16, 45); MOVED(9, 22, 61);
            MOVED(10, 1, 1); MOVED(11, 7, 6); MOVED(12, 13, 25); MOVED(13, 19, 8);
            MOVED(14, 20, 18); MOVED(15, 4, 27); MOVED(16, 5, 36); MOVED(17, 11, 10);
            MOVED(18, 17, 15); MOVED(19, 23, 56); MOVED(20, 2, 62); MOVED(21, 8, 55);
            MOVED(22, 14, 39); MOVED(23, 15, 41); MOVED(24, 21, 2);
#undef MOVED
            for (int y = 0; y < 25; y += 5)
                for (int x = 0; x < 5; x++)
                    s[y + x] = b[y + x] ^ (~b[y + (x + 1) % 5] & b[y + (x + 2) % 5]);
            s[0] ^= constants[round];
        }
        if (absorbed < blocks) continue;
        for (int w = 0; w < RATE && written < LTHASH_WORDS; w++, written++) {
            lanes *sum = (lanes *)(sums + (size_t)written * WIDE);
            *sum += (lanes)(s[w] & used);
        }
    }
}
#undef ADD_NAME
#undef ADD_TARGET
#undef WIDE
