/* The hot loop of the downscale, included once for each processor family with
 * ROWS_NAME and ROWS_TARGET set. No fused multiply-add: each family must round
 * alike (the build passes -ffp-contract=off). */

ROWS_TARGET
static void ROWS_NAME(float *restrict sum, const uint8_t *restrict first,
                      ptrdiff_t stride, const float *restrict weights, int rows,
                      int width) {
    int r = 0;
    for (int x = 0; x < width; x++) sum[x] = 0.0f;
    for (; r + 4 <= rows; r += 4) {
        const uint8_t *a = first + r * stride, *b = a + stride;
        const uint8_t *c = b + stride, *d = c + stride;
        const float wa = weights[r], wb = weights[r + 1];
        const float wc = weights[r + 2], wd = weights[r + 3];
        for (int x = 0; x < width; x++)
            sum[x] = (((sum[x] + wa * (float)a[x]) + wb * (float)b[x]) +
                      wc * (float)c[x]) + wd * (float)d[x];
    }
    for (; r < rows; r++) {
        const uint8_t *a = first + r * stride;
        const float wa = weights[r];
        for (int x = 0; x < width; x++) sum[x] = sum[x] + wa * (float)a[x];
    }
}
#undef ROWS_NAME
#undef ROWS_TARGET
