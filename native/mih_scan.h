/* The hot loops of the search, included once for each processor family with SCAN_NAME, EACH_NAME and
 * SCAN_TARGET set. Plain C that compilers turn into vector code: what runs on one family is what was
 * tested on another. */

#define BLOCK 32

SCAN_TARGET
static uint32_t SCAN_NAME(const uint16_t *restrict signatures, uint32_t count, uint16_t query,
                          int limit, uint32_t base, uint32_t *restrict places) {
    uint32_t found = 0;
    const uint16_t most = (uint16_t)limit;
    for (uint32_t i = 0; i < count; i += BLOCK) {
        uint16_t near[BLOCK];
        const uint16_t *restrict s = signatures + i;
        for (int j = 0; j < BLOCK; j++) {
            uint16_t x = (uint16_t)(s[j] ^ query); /* bits counted in parallel within the word */
            x = (uint16_t)(x - ((x >> 1) & 0x5555));
            x = (uint16_t)((x & 0x3333) + ((x >> 2) & 0x3333));
            x = (uint16_t)((x + (x >> 4)) & 0x0f0f);
            x = (uint16_t)((x + (x >> 8)) & 0x1f);
            near[j] = (uint16_t)(x <= most);
        }
        uint64_t some[BLOCK / 4];
        memcpy(some, near, sizeof some);
        uint64_t any = 0;
        for (int j = 0; j < BLOCK / 4; j++) any |= some[j];
        if (!any) continue;
        const uint32_t rest = count - i < BLOCK ? count - i : BLOCK;
        for (uint32_t j = 0; j < rest; j++) {
            places[found] = base + i + j;
            found += near[j];
        }
    }
    return found;
}

SCAN_TARGET
static uint32_t EACH_NAME(const uint8_t *restrict hashes, uint32_t count,
                          const uint8_t *restrict query, uint32_t limit,
                          uint32_t *restrict places, uint32_t *restrict distances) {
    uint32_t found = 0;
    uint64_t q[4];
    memcpy(q, query, sizeof q);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t h[4];
        memcpy(h, hashes + (size_t)i * MIH_BYTES, sizeof h);
        uint32_t d = (uint32_t)(__builtin_popcountll(h[0] ^ q[0]) + __builtin_popcountll(h[1] ^ q[1]));
        if (d > limit) continue;
        d += (uint32_t)(__builtin_popcountll(h[2] ^ q[2]) + __builtin_popcountll(h[3] ^ q[3]));
        places[found] = i;
        distances[found] = d;
        found += d <= limit;
    }
    return found;
}
#undef BLOCK
#undef SCAN_NAME
#undef EACH_NAME
#undef SCAN_TARGET
