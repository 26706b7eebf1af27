#include "pdq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096 /* bytes of a row at a time: their float sums stay in a 32 KiB L1 cache */
#define SMALLEST 5 /* the reference gives no hash below 5 pixels a side */

/* One dimension of the downscale: output o is the sum of weights[o][k] times the
 * pixels first[o] + k, divided by scale[o]. */
typedef struct {
    int first[PDQ_SIDE], length[PDQ_SIDE];
    float *weights[PDQ_SIDE];
    double scale[PDQ_SIDE];
    float *store;
} taps;

static void taps_free(taps *t) { free(t->store); }

/* Taps of a dimension of `full` pixels of which a decoder averaged each `factor`
 * into one of `reduced`. Two box filters of width w = ceil(full / 128), whose
 * windows are cut at the border, sampled at the centres int((o + 0.5) * full / 64):
 * a tent. `reversed` gives the taps of the mirrored picture. */
static int taps_make(taps *t, int full, int reduced, int factor, int reversed) {
    const int w = (full + 2 * PDQ_SIDE - 1) / (2 * PDQ_SIDE);
    const int right = (w + 2) / 2 - 1, left = w - right - 1;
    const int room = 2 * w + 2;
    double *tent = malloc(sizeof(double) * (size_t)room);
    t->store = calloc((size_t)PDQ_SIDE * (size_t)room, sizeof(float));
    if (!tent || !t->store) {
        free(tent);
        free(t->store);
        t->store = NULL;
        return -1;
    }
    for (int o = 0; o < PDQ_SIDE; o++) {
        const int centre = (int)((o + 0.5) * full / PDQ_SIDE);
        const int a = centre - left < 0 ? 0 : centre - left;
        const int b = centre + right > full - 1 ? full - 1 : centre + right;
        const int from = a - left < 0 ? 0 : a - left;
        const int to = b + right > full - 1 ? full - 1 : b + right;
        /* Whole windows give whole numbers over w * w; cut ones give fractions. */
        const int cut = (b - a + 1 != w) || a - left < 0 || b + right > full - 1;
        for (int k = 0; k <= to - from; k++)
            tent[k] = cut ? 0.0 : k < w ? k + 1 : 2 * w - 1 - k;
        for (int j = a; cut && j <= b; j++) {
            const int c = j - left < 0 ? 0 : j - left;
            const int d = j + right > full - 1 ? full - 1 : j + right;
            const double share = (double)w * w / ((double)(b - a + 1) * (d - c + 1));
            for (int k = c; k <= d; k++) tent[k - from] += share;
        }
        const int first = reversed ? full - 1 - to : from;
        const int lowest = first / factor;
        const int highest = (first + (to - from)) / factor;
        t->weights[o] = t->store + (size_t)o * (size_t)room;
        t->first[o] = lowest;
        t->length[o] = (highest < reduced ? highest : reduced - 1) - lowest + 1;
        t->scale[o] = (double)w * w;
        for (int k = 0; k <= to - from; k++) {
            int at = (first + k) / factor - lowest;
            if (at > t->length[o] - 1) at = t->length[o] - 1;
            t->weights[o][at] += (float)(reversed ? tent[to - from - k] : tent[k]);
        }
    }
    free(tent);
    return 0;
}

/* Weighted sum of one row of doubles: four partial sums, in one fixed order. */
static double weighted(const double *restrict row, const float *restrict w, int n) {
    double part[4] = {0, 0, 0, 0};
    int k = 0;
    for (; k + 4 <= n; k += 4)
        for (int j = 0; j < 4; j++) part[j] += row[k + j] * (double)w[k + j];
    double sum = (part[0] + part[1]) + (part[2] + part[3]);
    for (; k < n; k++) sum += row[k] * (double)w[k];
    return sum;
}

typedef float square[PDQ_SIDE][PDQ_SIDE];

/* The 64x64 samples for one vertical direction and `across` horizontal ones. */
static void downscale(const pdq_pixels *p, pdq_rows_fn rows, const taps *down,
                      const taps *side, int across, float *sums, double *luma,
                      square *out) {
    const int width = p->cols * p->channels;
    for (int o = 0; o < PDQ_SIDE; o++) {
        const uint8_t *first = p->data + (ptrdiff_t)down->first[o] * p->row_stride;
        for (int x = 0; x < width; x += CHUNK) {
            const int n = width - x < CHUNK ? width - x : CHUNK;
            rows(sums + x, first + x, p->row_stride, down->weights[o], down->length[o], n);
        }
        if (p->channels == 1) {
            for (int x = 0; x < p->cols; x++) luma[x] = (double)sums[x];
        } else { /* ITU-R BT.601 luma, as the reference */
            const float *s = sums;
            for (int x = 0; x < p->cols; x++, s += p->channels)
                luma[x] = (double)s[0] * 0.299 + (double)s[1] * 0.587 + (double)s[2] * 0.114;
        }
        for (int h = 0; h < across; h++)
            for (int i = 0; i < PDQ_SIDE; i++)
                out[h][o][i] = (float)(weighted(luma + side[h].first[i], side[h].weights[i],
                                                side[h].length[i]) /
                                       (down->scale[o] * side[h].scale[i]));
    }
}

/* The quality metric of the reference: significant gradients of the samples. */
static int quality_of(float s[PDQ_SIDE][PDQ_SIDE]) {
    int sum = 0;
    for (int i = 0; i < PDQ_SIDE; i++)
        for (int j = 0; j < PDQ_SIDE; j++) {
            if (i + 1 < PDQ_SIDE) sum += abs((int)(((s[i][j] - s[i + 1][j]) * 100) / 255));
            if (j + 1 < PDQ_SIDE) sum += abs((int)(((s[i][j] - s[i][j + 1]) * 100) / 255));
        }
    sum /= 90;
    return sum > 100 ? 100 : sum;
}

/* Rows of the cosine matrix 1..16 (the constant term is left out), transposed.
 * Filled once, when the module is loaded: see pdq_prepare. */
static float cosines[PDQ_SIDE][PDQ_COEFFICIENTS];

void pdq_prepare(void) {
    const double pi = 3.14159265358979323846;
    const float scale = (float)sqrt(2.0 / PDQ_SIDE);
    for (int i = 0; i < PDQ_COEFFICIENTS; i++)
        for (int j = 0; j < PDQ_SIDE; j++)
            cosines[j][i] = (float)(scale * cos((pi / 2.0 / PDQ_SIDE) * (i + 1) * (2 * j + 1)));
}

typedef float spectrum[PDQ_COEFFICIENTS][PDQ_COEFFICIENTS];

static void transform(float s[PDQ_SIDE][PDQ_SIDE], spectrum out) {
    float half[PDQ_COEFFICIENTS][PDQ_SIDE];
    for (int i = 0; i < PDQ_COEFFICIENTS; i++) {
        for (int j = 0; j < PDQ_SIDE; j++) half[i][j] = 0.0f;
        for (int k = 0; k < PDQ_SIDE; k++)
            for (int j = 0; j < PDQ_SIDE; j++) half[i][j] += cosines[k][i] * s[k][j];
    }
    for (int i = 0; i < PDQ_COEFFICIENTS; i++) {
        for (int j = 0; j < PDQ_COEFFICIENTS; j++) out[i][j] = 0.0f;
        for (int k = 0; k < PDQ_SIDE; k++)
            for (int j = 0; j < PDQ_COEFFICIENTS; j++) out[i][j] += half[i][k] * cosines[k][j];
    }
}

/* The 128th smallest of 256 values (the lower median, as in the reference). */
static float median(const spectrum values) {
    float v[256];
    memcpy(v, values, sizeof v);
    int low = 0, high = 255;
    while (low < high) { /* Hoare's selection */
        const float pivot = v[(low + high) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) {
                const float t = v[i];
                v[i++] = v[j];
                v[j--] = t;
            }
        }
        if (127 <= j) high = j;
        else if (127 >= i) low = i;
        else break;
    }
    return v[127];
}

/* Bit 16 * i + j is coefficient (i, j), written with the highest bit first. */
static void bits_of(const spectrum c, float middle, int transposed, uint8_t *hash) {
    memset(hash, 0, PDQ_BYTES);
    for (int i = 0; i < PDQ_COEFFICIENTS; i++)
        for (int j = 0; j < PDQ_COEFFICIENTS; j++)
            if ((transposed ? c[j][i] : c[i][j]) > middle) {
                const int bit = PDQ_COEFFICIENTS * i + j;
                hash[PDQ_BYTES - 1 - bit / 8] |= (uint8_t)(1u << (bit % 8));
            }
}

int pdq_hash(const pdq_pixels *p, pdq_rows_fn rows, int orientations, uint8_t *hashes,
             int *quality) {
    const int directions = orientations == PDQ_ORIENTATIONS ? 2 : 1;
    memset(hashes, 0, (size_t)orientations * PDQ_BYTES);
    *quality = 0;
    if (p->full_rows < SMALLEST || p->full_cols < SMALLEST) return 0;
    taps down[2] = {{.store = NULL}, {.store = NULL}};
    taps side[2] = {{.store = NULL}, {.store = NULL}};
    float *sums = malloc(sizeof(float) * (size_t)p->cols * (size_t)p->channels);
    double *luma = malloc(sizeof(double) * (size_t)p->cols);
    square *samples = malloc(sizeof(square) * 2);
    int failed = !sums || !luma || !samples;
    for (int d = 0; d < directions && !failed; d++)
        failed = taps_make(&down[d], p->full_rows, p->rows, p->factor, d) ||
                 taps_make(&side[d], p->full_cols, p->cols, p->factor, d);
    for (int d = 0; d < directions && !failed; d++) {
        downscale(p, rows, &down[d], side, directions, sums, luma, samples);
        for (int h = 0; h < directions; h++) {
            spectrum c;
            if (d == 0 && h == 0) *quality = quality_of(samples[0]);
            transform(samples[h], c);
            const float middle = median(c);
            bits_of(c, middle, 0, hashes + (2 * d + h) * PDQ_BYTES);
            if (directions == 2)
                bits_of(c, middle, 1, hashes + (4 + 2 * d + h) * PDQ_BYTES);
        }
    }
    for (int d = 0; d < 2; d++) {
        taps_free(&down[d]);
        taps_free(&side[d]);
    }
    free(sums);
    free(luma);
    free(samples);
    return failed ? -1 : 0;
}

int pdq_border_lines(const uint8_t *data, ptrdiff_t line_stride, ptrdiff_t step, int lines,
                     int length, int level, int tolerance, double share) {
    const int needed = (int)ceil(share * length);
    for (int line = 0; line < lines; line++) {
        const uint8_t *at = data + line * line_stride;
        int near = 0;
        for (int k = 0; k < length; k++, at += step)
            near += abs((int)*at - level) <= tolerance;
        if (near < needed) return line;
    }
    return lines;
}
