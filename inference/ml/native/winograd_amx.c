/* Matrix products in about single precision on AMX, whose tiles multiply bfloat16 and add up in
 * single precision. A number is split into high + low, both bfloat16 (16 of the 24 bits and the
 * sign's worth of one more), and high*high + high*low + low*high computed: the idea of G. Henry,
 * P. Tang and A. Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For
 * Higher-Precision Computations", 2019. */
#define _GNU_SOURCE
#pragma GCC target("avx512f,amx-tile,amx-bf16")
#include "winograd.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, LINE = 16, TILE = 256 /* floats */ };

int amx_available(void) {
    unsigned a, b, c, d;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512bf16"))
        return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1))
        return 0; /* AMX-BF16, AMX-TILE */
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

/* The intrinsics of GCC 12 do not tell the compiler which memory is read, so nothing that this file
 * itself writes may be read by them: the configuration is a constant, the tiles are written by
 * other files (never build this with link-time optimisation). */
static const struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} CONFIG = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP, GROUP},
};

void amx_begin(void) { _tile_loadconfig(&CONFIG); }

void amx_end(void) { _tile_release(); }

/* Tiles 0-3: sums; 4, 5: inputs; 6, 7: weights. Each part is loaded once for two groups. */
static void two_groups(int blocks, const float *origin, const int *offsets, const float *weights,
                       float *products, size_t product_block, const float *ahead, int lines) {
    const int second = GROUP * 2 * LINE;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int block = 0; block < blocks; block++, weights += 4 * TILE) {
        const float *inputs = origin + offsets[block];
        for (int i = 0; i < lines; i++, ahead += LINE)
            _mm_prefetch(ahead, _MM_HINT_T1);
        _tile_loadd(4, inputs + LINE, 128);
        _tile_loadd(6, weights, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, weights + TILE, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, inputs + second + LINE, 128);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        _tile_loadd(4, inputs, 128);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, inputs + second, 128);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        _tile_loadd(6, weights + 2 * TILE, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        _tile_loadd(7, weights + 3 * TILE, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, products, 64);
    _tile_stored(1, products + product_block, 64);
    _tile_stored(2, products + TILE, 64);
    _tile_stored(3, products + product_block + TILE, 64);
}

static void one_group(int blocks, const float *origin, const int *offsets, const float *weights,
                      float *products, size_t product_block, const float *ahead, int lines) {
    _tile_zero(0);
    _tile_zero(1);
    for (int block = 0; block < blocks; block++, weights += 4 * TILE) {
        const float *inputs = origin + offsets[block];
        for (int i = 0; i < lines; i++, ahead += LINE)
            _mm_prefetch(ahead, _MM_HINT_T1);
        _tile_loadd(4, inputs + LINE, 128);
        _tile_loadd(5, inputs, 128);
        _tile_loadd(6, weights, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(0, 5, 6);
        _tile_loadd(7, weights + TILE, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(1, 5, 7);
        _tile_loadd(6, weights + 2 * TILE, 64);
        _tile_dpbf16ps(0, 5, 6);
        _tile_loadd(7, weights + 3 * TILE, 64);
        _tile_dpbf16ps(1, 5, 7);
    }
    _tile_stored(0, products, 64);
    _tile_stored(1, products + product_block, 64);
}

void multiply_amx(int groups, int blocks, const float *inputs, const int *offsets,
                  const float *weights, float *products, size_t product_block, const float *ahead,
                  int lines) {
    (groups == 2 ? two_groups : one_group)(blocks, inputs, offsets, weights, products,
                                           product_block, ahead, lines);
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void pack_amx(float *slab, int in, int out, float value) {
    uint32_t rounded = (bits_of(value) + 0x8000) & 0xffff0000u;
    float high;
    memcpy(&high, &rounded, sizeof high);
    /* 32 channels: tiles (first 16 outputs high, second 16 high, first low, second low), in a tile
     * a row for two channels: (channel / 2, output, channel % 2). */
    uint16_t *at = (uint16_t *)slab + (in / 32) * 8 * TILE + (out / 16) * 2 * TILE +
                   (in % 32 / 2) * 32 + (out % 16) * 2 + in % 2;
    at[0] = (uint16_t)(rounded >> 16);
    at[4 * TILE] = (uint16_t)((bits_of(value - high) + 0x8000) >> 16);
}
