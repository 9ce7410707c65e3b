/* The transforms of F(2x2), F(4x4) and F(6x6), 16 channels at a time. Matrices as Lavin and Gray
 * derive them from the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity; a two-dimensional transform
 * is the one-dimensional one along the columns, then along the rows. */
#pragma GCC target("avx512f,avx512bf16")
#include "winograd.h"

#include <immintrin.h>

typedef __m512 vec;
#define INLINE static inline __attribute__((always_inline))

static const double G2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
static const double G4[6][3] = {
    {1. / 4, 0, 0},
    {-1. / 6, -1. / 6, -1. / 6},
    {-1. / 6, 1. / 6, -1. / 6},
    {1. / 24, 1. / 12, 1. / 6},
    {1. / 24, -1. / 12, 1. / 6},
    {0, 0, 1},
};
static const double G6[8][3] = {
    {1, 0, 0},
    {-2. / 9, -2. / 9, -2. / 9},
    {-2. / 9, 2. / 9, -2. / 9},
    {1. / 90, 1. / 45, 2. / 45},
    {1. / 90, -1. / 45, 2. / 45},
    {32. / 45, 16. / 45, 8. / 45},
    {32. / 45, -16. / 45, 8. / 45},
    {0, 0, 1},
};

void transform_filter(const method *f, const float *filter, float *points) {
    double half[MAX_SIDE][3];
    for (int i = 0; i < f->in; i++)
        for (int x = 0; x < 3; x++)
            half[i][x] = f->filter[i][0] * filter[x] + f->filter[i][1] * filter[3 + x] +
                         f->filter[i][2] * filter[6 + x];
    for (int i = 0; i < f->in; i++)
        for (int j = 0; j < f->in; j++)
            points[i * f->in + j] =
                (float)(half[i][0] * f->filter[j][0] + half[i][1] * f->filter[j][1] +
                        half[i][2] * f->filter[j][2]);
}

INLINE vec k(float value) { return _mm512_set1_ps(value); }

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

INLINE void store_plain(float *target, vec value) { _mm512_store_ps(target, value); }

/* A number as the sum of two bfloat16: 16 high parts to a line's half, 16 low parts a line on. */
INLINE void store_split(float *target, vec value) {
    __m512i rounded = _mm512_add_epi32(_mm512_castps_si512(value), _mm512_set1_epi32(0x8000));
    vec high = _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(-0x10000)));
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(value - high, high);
    _mm256_store_si256((__m256i *)target, _mm512_castsi512_si256(both));
    _mm256_store_si256((__m256i *)(target + 16), _mm512_extracti64x4_epi64(both, 1));
}

/* Both dimensions of a tile; `half` between them lies in the first-level cache. */
#define TO_POINTS(NAME, N, M, STORE)                                                               \
    static void NAME(const float *tile, size_t row, float *target, size_t stride) {                \
        vec half[N][N], d[N], t[N];                                                                \
        for (int x = 0; x < N; x++) {                                                              \
            _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) {                                  \
                d[y] = _mm512_load_ps(tile + (size_t)y * row + x * 16);                            \
                if (x < M) /* what the next tile adds */                                           \
                    _mm_prefetch(tile + (size_t)y * row + (x + N) * 16, _MM_HINT_T0);              \
            }                                                                                      \
            in##M(d, t);                                                                           \
            _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) half[y][x] = t[y];                 \
        }                                                                                          \
        for (int y = 0; y < N; y++) {                                                              \
            in##M(half[y], t);                                                                     \
            _Pragma("GCC unroll 8") for (int x = 0; x < N; x++)                                    \
                STORE(target + (size_t)(y * N + x) * stride, t[x]);                                \
        }                                                                                          \
    }

#define FROM_POINTS(NAME, N, M)                                                                    \
    static void NAME(const float *products, size_t stride, const float *bias, float *tile) {       \
        vec half[M][N], m[N], r[M], b = _mm512_load_ps(bias);                                      \
        for (int x = 0; x < N; x++) {                                                              \
            _Pragma("GCC unroll 8") for (int y = 0; y < N; y++) m[y] =                             \
                _mm512_load_ps(products + (size_t)(y * N + x) * stride);                           \
            out##M(m, r);                                                                          \
            _Pragma("GCC unroll 8") for (int y = 0; y < M; y++) half[y][x] = r[y];                 \
        }                                                                                          \
        for (int y = 0; y < M; y++) {                                                              \
            out##M(half[y], r);                                                                    \
            _Pragma("GCC unroll 8") for (int x = 0; x < M; x++) _mm512_store_ps(                   \
                tile + (y * M + x) * 16, _mm512_max_ps(_mm512_setzero_ps(), r[x] + b));            \
        }                                                                                          \
    }

TO_POINTS(plain2, 4, 2, store_plain)
TO_POINTS(plain4, 6, 4, store_plain)
TO_POINTS(plain6, 8, 6, store_plain)
TO_POINTS(split2, 4, 2, store_split)
TO_POINTS(split4, 6, 4, store_split)
TO_POINTS(split6, 8, 6, store_split)
FROM_POINTS(output2, 4, 2)
FROM_POINTS(output4, 6, 4)
FROM_POINTS(output6, 8, 6)

const method F2 = {2, 4, plain2, split2, output2, G2};
const method F4 = {4, 6, plain4, split4, output4, G4};
const method F6 = {6, 8, plain6, split6, output6, G6};

void split_16(const float *pixel, float *target) { store_split(target, _mm512_load_ps(pixel)); }
