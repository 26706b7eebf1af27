/* PDQ from pixels: tent downscale to 64x64, DCT to 16x16, median, bits.
 *
 * Written from the published description (Facebook, "The TMK+PDQF Video-Hashing
 * Algorithm and the PDQ Image-Hashing Algorithm", 2019, section "PDQ"). The
 * reference blurs the whole picture four times and keeps 64x64 samples of it.
 * Blur and sampling are linear and separable, so only the 64x64 samples are
 * computed here: S = V * Y * H', with V and H the two sparse tent matrices.
 *
 * Arithmetic is arranged so that every processor, and the numpy fallback, gives
 * the same bits: away from the border the tent weights are whole numbers, their
 * sums are exact, and what is not exact is added in one fixed order.
 */
#ifndef TUTELA_PDQ_H
#define TUTELA_PDQ_H

#include <stddef.h>
#include <stdint.h>

#define PDQ_SIDE 64           /* the picture is reduced to 64 x 64 */
#define PDQ_COEFFICIENTS 16   /* of which 16 x 16 cosine coefficients are kept */
#define PDQ_BYTES 32          /* one bit for each coefficient */
#define PDQ_ORIENTATIONS 8

/* Pixels of one picture: rows x cols x channels bytes; channels is 1 (luma) or
 * at least 3 (red, green, blue first). full_rows and full_cols are the size of the
 * picture before a decoder reduced it by factor (1 where it did not). */
typedef struct {
    const uint8_t *data;
    ptrdiff_t row_stride;
    int rows, cols, channels;
    int full_rows, full_cols, factor;
} pdq_pixels;

/* The inner loop, compiled once for each processor family (pdq_rows.h):
 * sum[x] = w[0] * row0[x] + w[1] * row1[x] + ..., in this order. */
typedef void (*pdq_rows_fn)(float *sum, const uint8_t *first, ptrdiff_t stride,
                            const float *weights, int rows, int width);

pdq_rows_fn pdq_rows_for(const char *family); /* NULL if not runnable here */
const char *pdq_family(void);                 /* the best one runnable here */

/* Fill the cosine matrix. Once, before any hash. */
void pdq_prepare(void);

/* Hashes of one orientation, or of all 8: as is, mirrored, flipped, rotated 180, transposed, rotated 270, rotated 90,
 * transversed. hashes: orientations * PDQ_BYTES; quality: 0..100 of the first.
 * Returns 0, or -1 when memory ran out. Pictures under 5 pixels a side have no
 * hash: all zero, quality 0, as in the reference. */
int pdq_hash(const pdq_pixels *pixels, pdq_rows_fn rows, int orientations,
             uint8_t *hashes, int *quality);

/* How many of `lines` lines, each `length` pixels `step` apart, are a border: at least
 * share of their pixels within tolerance of level. */
int pdq_border_lines(const uint8_t *data, ptrdiff_t line_stride, ptrdiff_t step,
                     int lines, int length, int level, int tolerance, double share);

#endif
