/* The transforms of F(2x2), F(4x4) and F(6x6), WIDTH channels at a time; see lanes.h. Their matrices
 * are with the filters' (winograd_filters.c); a two-dimensional transform is the one-dimensional one
 * along the columns, then along the rows. */
#include "lanes.h"
#include "winograd.h"

INLINE vec k(float value) { return all(value); }

INLINE void in2(const vec *d, vec *t) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
}

INLINE void out2(const vec *m, vec *y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
}

INLINE void in4(const vec *d, vec *t) {
    vec a = d[4] - k(4) * d[2], b = d[3] - k(4) * d[1];
    vec e = d[4] - d[2], o = k(2) * (d[3] - d[1]);
    t[0] = k(4) * d[0] - k(5) * d[2] + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = e + o;
    t[4] = e - o;
    t[5] = k(4) * d[1] - k(5) * d[3] + d[5];
}

INLINE void out4(const vec *m, vec *y) {
    vec a = m[1] + m[2], b = m[1] - m[2], e = m[3] + m[4], o = m[3] - m[4];
    y[0] = m[0] + a + e;
    y[1] = b + k(2) * o;
    y[2] = a + k(4) * e;
    y[3] = b + k(8) * o + m[5];
}

INLINE void in6(const vec *d, vec *t) {
    vec a = d[2] + d[6] - k(4.25f) * d[4], b = d[1] + d[5] - k(4.25f) * d[3];
    vec e = d[6] + k(.25f) * d[2] - k(1.25f) * d[4];
    vec o = k(.5f) * d[1] - k(2.5f) * d[3] + k(2) * d[5];
    vec g = d[6] + k(4) * d[2] - k(5) * d[4];
    vec h = k(2) * d[1] - k(2.5f) * d[3] + k(.5f) * d[5];
    t[0] = d[0] - d[6] + k(5.25f) * (d[4] - d[2]);
    t[1] = a + b;
    t[2] = a - b;
    t[3] = e + o;
    t[4] = e - o;
    t[5] = g + h;
    t[6] = g - h;
    t[7] = d[7] - d[1] + k(5.25f) * (d[3] - d[5]);
}

INLINE void out6(const vec *m, vec *y) {
    vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
    vec e = m[5] + m[6], o = m[5] - m[6];
    y[0] = m[0] + a + c + e;
    y[1] = b + k(2) * d + k(.5f) * o;
    y[2] = a + k(4) * c + k(.25f) * e;
    y[3] = b + k(8) * d + k(.125f) * o;
    y[4] = a + k(16) * c + k(.0625f) * e;
    y[5] = b + k(32) * d + k(.03125f) * o + m[7];
}

/* Both dimensions of a tile; `half` between them lies in the first-level cache. */
#define TO_POINTS(NAME, N, M, STORE)                                                               \
    static void NAME(const float *tile, size_t row, float *target, size_t stride) {                \
        vec half[N][N], d[N], t[N];                                                                \
        for (int part = 0; part < LANES; part += WIDTH, tile += WIDTH, target += WIDTH) {          \
            for (int x = 0; x < N; x++) {                                                          \
                _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) {                              \
                    d[y] = load(tile + (size_t)y * row + x * LANES);                               \
                    if (!part && x < M) /* what the next tile adds */                              \
                        _mm_prefetch(tile + (size_t)y * row + (x + N) * LANES, _MM_HINT_T0);       \
                }                                                                                  \
                in##M(d, t);                                                                       \
                _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) half[y][x] = t[y];             \
            }                                                                                      \
            for (int y = 0; y < N; y++) {                                                          \
                in##M(half[y], t);                                                                 \
                _Pragma("GCC unroll 8") for (int x = 0; x < N; x++)                                \
                    STORE(target + (size_t)(y * N + x) * stride, t[x]);                            \
            }                                                                                      \
        }                                                                                          \
    }

#define FROM_POINTS(NAME, N, M)                                                                    \
    static void NAME(const float *products, size_t stride, const float *bias, float *tile) {       \
        vec half[M][N], m[N], r[M];                                                                \
        for (int part = 0; part < LANES; part += WIDTH, products += WIDTH, tile += WIDTH) {        \
            vec b = load(bias + part);                                                             \
            for (int x = 0; x < N; x++) {                                                          \
                _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) m[y] =                         \
                    load(products + (size_t)(y * N + x) * stride);                                 \
                out##M(m, r);                                                                      \
                _Pragma("GCC unroll 8") for (int y = 0; y < M; y++) half[y][x] = r[y];             \
            }                                                                                      \
            for (int y = 0; y < M; y++) {                                                          \
                out##M(half[y], r);                                                                \
                _Pragma("GCC unroll 8") for (int x = 0; x < M; x++)                                \
                    store(tile + (y * M + x) * LANES, larger(zero(), r[x] + b));                   \
            }                                                                                      \
        }                                                                                          \
    }

TO_POINTS(plain2, 4, 2, store)
TO_POINTS(plain4, 6, 4, store)
TO_POINTS(plain6, 8, 6, store)
FROM_POINTS(output2, 4, 2)
FROM_POINTS(output4, 6, 4)
FROM_POINTS(output6, 8, 6)
