/* Runs the kernel outside Python: under sanitizers, and as ARM64 code in an emulator.
 * For a fixed list of made pictures it prints hash and quality of each, one a line; then sums of made
 * texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/lthash.h"
#include "../../native/pdq.h"

/* Print sums of texts of all lengths around a block's; 2 if families differ, 1 without memory. */
static int print_sums(void) {
    enum { COUNT = 90 };
    lthash_text texts[COUNT];
    uint8_t *data[COUNT];
    for (int n = 0; n < COUNT; n++) {
        const size_t size = n < 60 ? (size_t)n + 120 : (size_t)n * 37;
        data[n] = malloc(size); /* exactly: a sanitizer sees one byte too many */
        if (!data[n]) return 1;
        for (size_t i = 0; i < size; i++) data[n][i] = (uint8_t)(i * 7 + (size_t)n);
        texts[n] = (lthash_text){data[n], size};
    }
    for (size_t count = 0; count <= COUNT; count += 9) {
        uint16_t sum[LTHASH_LANES], again[LTHASH_LANES];
        const char *families[] = {"baseline", "avx2", "avx512"};
        for (int f = 0; f < 3; f++) {
            lthash_code code;
            if (lthash_code_for(families[f], &code)) continue;
            lthash(&code, texts, count, again);
            if (f && memcmp(again, sum, sizeof sum)) return 2;
            memcpy(sum, again, sizeof sum);
        }
        for (int i = 0; i < LTHASH_LANES; i += 31) printf("%04x", (unsigned)sum[i]);
        printf("\n");
    }
    for (int n = 0; n < COUNT; n++) free(data[n]);
    return 0;
}

int main(void) {
    static const int shapes[][4] = {/* full rows, full cols, channels, factor */
        {1, 1, 1, 1},     {4, 90, 1, 1},    {5, 5, 3, 1},     {64, 64, 1, 1},  {129, 65, 3, 1},
        {300, 451, 3, 1}, {37, 1000, 1, 1}, {1000, 37, 4, 1}, {1001, 777, 1, 2}, {1999, 1501, 1, 4},
        {2047, 4099, 1, 8}, {9, 9, 1, 8},   {6000, 130, 3, 1}};
    pdq_prepare();
    uint32_t state = 12345;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        pdq_pixels p = {.full_rows = shapes[s][0], .full_cols = shapes[s][1],
                        .channels = shapes[s][2], .factor = shapes[s][3]};
        p.rows = (p.full_rows + p.factor - 1) / p.factor;
        p.cols = (p.full_cols + p.factor - 1) / p.factor;
        p.row_stride = (ptrdiff_t)p.cols * p.channels;
        const size_t size = (size_t)p.rows * (size_t)p.row_stride;
        uint8_t *data = malloc(size); /* exactly: a sanitizer sees one byte too many */
        if (!data) return 1;
        for (size_t i = 0; i < size; i++) {
            state = state * 1664525u + 1013904223u;
            data[i] = (uint8_t)((state >> 26) + (i / (size_t)p.row_stride) + i % 191);
        }
        p.data = data;
        uint8_t hashes[PDQ_ORIENTATIONS * PDQ_BYTES];
        int quality;
        const char *families[] = {"baseline", "avx2", "avx512"};
        for (int f = 0; f < 3; f++) {
            const pdq_rows_fn rows = pdq_rows_for(families[f]);
            uint8_t again[PDQ_ORIENTATIONS * PDQ_BYTES];
            if (!rows) continue;
            if (pdq_hash(&p, rows, PDQ_ORIENTATIONS, again, &quality)) return 1;
            if (f && memcmp(again, hashes, sizeof hashes)) return 2;
            memcpy(hashes, again, sizeof hashes);
        }
        for (size_t i = 0; i < sizeof hashes; i++) printf("%02x", hashes[i]);
        if (p.channels == 1) /* every edge of a border is walked too */
            printf(" %d %d", pdq_border_lines(data, p.row_stride, 1, p.rows, p.cols, data[0], 255, 1.0),
                   pdq_border_lines(data + p.cols - 1, -1, p.row_stride, p.cols, p.rows, 0, 90, 0.9));
        printf(" %d\n", quality);
        free(data);
    }
    return print_sums();
}
