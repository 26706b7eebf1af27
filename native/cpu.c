/* Which compiled copy of the hot loop this processor may run. */
#include "pdq.h"

#include <string.h>

#define ROWS_NAME rows_baseline
#define ROWS_TARGET
#include "pdq_rows.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define HAVE_X86 1
#define ROWS_NAME rows_avx2
#define ROWS_TARGET __attribute__((target("avx2")))
#include "pdq_rows.h"
#define ROWS_NAME rows_avx512
#define ROWS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")))
#include "pdq_rows.h"
#endif

pdq_rows_fn pdq_rows_for(const char *family) {
    if (strcmp(family, "baseline") == 0) return rows_baseline;
#ifdef HAVE_X86
    __builtin_cpu_init();
    if (strcmp(family, "avx2") == 0 && __builtin_cpu_supports("avx2"))
        return rows_avx2;
    if (strcmp(family, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return rows_avx512;
#endif
    return NULL;
}

const char *pdq_family(void) {
    static const char *const best_first[] = {"avx512", "avx2", "baseline"};
    for (int i = 0; i < 2; i++)
        if (pdq_rows_for(best_first[i])) return best_first[i];
    return "baseline";
}
