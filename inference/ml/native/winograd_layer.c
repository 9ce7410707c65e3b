/* Running a layer: the three steps, and the orders in which the threads do them. */
#pragma GCC target("avx2,fma")
#include "winograd_layer.h"

#include <immintrin.h>
#include <stdio.h>
#include <string.h>

static float *pixel(const planes *p, int block, int y, int x) {
    int row = block * p->height + y;
    return p->data + ((size_t)row * (size_t)p->pitch + (size_t)x) * LANES;
}

/* --- The three steps --- */

static void to_points(const layer *l, const planes *from, int channel_block, int start, int count,
                      float *inputs) {
    size_t row = (size_t)from->pitch * LANES;
    float *target = inputs + (size_t)channel_block * l->input_block;
    if (l->amx && channel_block % 2) /* the second half of 32 channels */
        target += LANES / 2 - l->input_block;
    for (int i = 0; i < count; i++) {
        int y = (start + i) / l->row_tiles * l->f->out, x = (start + i) % l->row_tiles * l->f->out;
        const float *tile = pixel(from, channel_block, y, x);
        if (l->amx)
            l->f->split(tile, row, target + 2 * i * LANES, l->input_point);
        else
            l->f->input(tile, row, target + i * LANES, l->input_point);
    }
}

static void products_amx(const layer *l, int count, const float *inputs, const float *weights,
                         const float *next, float *result) {
    int groups = (count + GROUP - 1) / GROUP, steps = (groups + 1) / 2;
    int lines = (2 * PAIR + steps - 1) / steps;
    size_t share = (size_t)(lines * l->depth * LANES);
    for (int g = 0; g < groups; g += 2)
        multiply_amx(groups - g > 1 ? 2 : 1, l->depth, inputs + 2 * g * GROUP * LANES, l->offsets,
                     weights, result + g * GROUP * LANES, l->product_block,
                     next + (size_t)(g / 2) * share, lines);
}

/* Panels of nearly equal size, rather than full ones and a small rest. */
static void products(const kernels *k, const layer *l, int count, const float *inputs,
                     const float *weights, float *result) {
    size_t slab = (size_t)(l->shape.in * l->outputs);
    if (l->amx) {
        products_amx(l, count, inputs, weights, weights + slab, result);
        return;
    }
    int panels = (count + k->panel - 1) / k->panel, lines = (l->outputs + panels - 1) / panels;
    size_t share = (size_t)(lines * l->shape.in);
    for (int p = 0; p < panels; p++) {
        int start = count * p / panels, end = count * (p + 1) / panels;
        k->multiply(end - start, l->shape.in / LANES, inputs + start * LANES, l->input_block, weights,
                    result + start * LANES, l->product_block, weights + slab + (size_t)p * share,
                    lines);
    }
}

static float larger(float a, float b) { return a > b ? a : b; }

static void store_pooled(const layer *l, const planes *into, int block, int y, int x, int height,
                         int width, const float *tile) {
    int m = l->f->out;
    for (int r = 0; r < height / 2; r++) {
        float *to = pixel(into, block, y / 2 + r + l->to_border, x / 2 + l->to_border);
        for (int c = 0; c < width / 2; c++, to += LANES) {
            const float *up = tile + (2 * r * m + 2 * c) * LANES, *low = up + m * LANES;
            for (int i = 0; i < LANES; i++)
                to[i] = larger(larger(up[i], up[i + LANES]), larger(low[i], low[i + LANES]));
        }
    }
}

static void store(const layer *l, const planes *into, int block, int y, int x, int height,
                  int width, const float *tile) {
    for (int r = 0; r < height; r++)
        memcpy(pixel(into, block, y + r + l->to_border, x + l->to_border),
               tile + r * l->f->out * LANES, sizeof(float) * (size_t)(width * LANES));
}

/* Sides and m are even: a pooled pixel's four are in one tile, and inside or outside together. */
static void from_points(const layer *l, const planes *to, int block, int start, int count,
                        const float *result) {
    _Alignas(64) float tile[36 * LANES];
    int m = l->f->out, side = l->shape.side;
    for (int i = 0; i < count; i++) {
        int y = (start + i) / l->row_tiles * m, x = (start + i) % l->row_tiles * m;
        int height = side - y < m ? side - y : m, width = side - x < m ? side - x : m;
        l->f->output(result + i * LANES, l->product_point, l->bias + block * LANES, tile);
        (l->shape.pool ? store_pooled : store)(l, to, block, y, x, height, width, tile);
    }
}

/* --- The orders --- */

typedef struct {
    const team *team;
    const layer *layer;
    planes from, to;
    float *inputs, *products;
    double *spent; /* by thread 0 in each of the three steps, for VGG_TIMES */
} job;

/* The second layer's input for one row of tiles, made from the image by this thread. */
static planes strip_of(const team *t, const layer *l, int row, int thread) {
    planes strip = {t->spaces[thread].strip, FIRST_OUT, l->f->in, l->row_tiles * l->f->out + 2};
    size_t block = (size_t)(strip.height * strip.pitch * LANES);
    for (int r = 0; r < strip.height; r++) {
        int y = row * l->f->out + r - 1;
        if (y >= 0 && y < IMAGE_SIDE)
            t->engine->kernels->first_row(&t->engine->first, t->spaces->image, y,
                                          pixel(&strip, 0, r, 1), block);
        else
            for (int b = 0; b < FIRST_OUT / LANES; b++)
                memset(pixel(&strip, b, r, 1), 0, sizeof(float) * IMAGE_SIDE * LANES);
    }
    return strip;
}

/* Adds what has passed since `at`, for thread 0 and VGG_TIMES. */
static double lap(double *spent, double at, int timed) {
    if (!timed)
        return 0;
    double now = clock_ms();
    *spent += now - at;
    return now;
}

static void own_block(void *argument, int item, int thread) {
    const job *j = argument;
    const layer *l = j->layer;
    float *inputs = j->team->spaces[thread].scratch;
    float *result = inputs + j->team->engine->inputs_floats;
    int units = (l->tiles + l->unit - 1) / l->unit;
    int start = units * item / l->blocks * l->unit, end = units * (item + 1) / l->blocks * l->unit;
    int count = (end < l->tiles ? end : l->tiles) - start;
    int points = l->f->in * l->f->in, rows = l->order == ROWS;
    size_t slab = (size_t)(l->shape.in * l->outputs);
    int blocks = l->outputs / LANES;
    const float *weights = l->weights;

    int timed = j->team->timed && !thread;
    double at = timed ? clock_ms() : 0;
    planes from = rows ? strip_of(j->team, l, item, thread) : j->from;
    for (int c = 0; c < l->shape.in / LANES; c++)
        to_points(l, &from, c, rows ? 0 : start, count, inputs);
    at = lap(&j->spent[0], at, timed);
    for (int block = 0; block < l->shape.out / LANES; block += blocks) {
        if (l->amx)
            amx_begin();
        for (int p = 0; p < points; p++, weights += slab)
            products(j->team->engine->kernels, l, count, inputs + (size_t)p * l->input_point, weights,
                     result + (size_t)p * l->product_point);
        if (l->amx)
            amx_end();
        at = lap(&j->spent[1], at, timed);
        for (int b = 0; b < blocks; b++)
            from_points(l, &j->to, block + b, start, count, result + (size_t)b * l->product_block);
        at = lap(&j->spent[2], at, timed);
    }
}

static void shared_inputs(void *argument, int item, int thread) {
    (void)thread;
    const job *j = argument;
    to_points(j->layer, &j->from, item, 0, j->layer->tiles, j->inputs);
}

/* A point's products, or a part of its outputs. */
static void shared_products(void *argument, int item, int thread) {
    (void)thread;
    const job *j = argument;
    const layer *l = j->layer;
    int point = item / l->parts, each = l->shape.out / l->outputs / l->parts,
        first = item % l->parts * each, blocks = l->outputs / LANES;
    size_t slab = (size_t)(l->shape.in * l->outputs);
    const float *inputs = j->inputs + (size_t)point * l->input_point;
    const float *weights = l->weights + (size_t)(item * each) * slab;
    float *result = j->products + (size_t)point * l->product_point;
    if (l->amx)
        amx_begin();
    for (int i = first; i < first + each; i++, weights += slab)
        products(j->team->engine->kernels, l, l->tiles, inputs, weights,
                 result + (size_t)(i * blocks) * l->product_block);
    if (l->amx)
        amx_end();
}

static void shared_outputs(void *argument, int item, int thread) {
    (void)thread;
    const job *j = argument;
    from_points(j->layer, &j->to, item, 0, j->layer->tiles,
                j->products + (size_t)item * j->layer->product_block);
}

/* --- Direct products --- */

static void direct_inputs(void *argument, int item, int thread) {
    (void)thread;
    const job *j = argument;
    const layer *l = j->layer;
    float *target = j->inputs + (size_t)item * l->input_block;
    if (item % 2)
        target += LANES / 2 - l->input_block;
    for (int i = 0; i < GROUP * GROUP; i++)
        split_16(pixel(&j->from, item, 0, 0) + i * LANES, target + 2 * i * LANES);
}

__attribute__((target("avx512f"))) static void direct_pair(void *argument, int item, int thread) {
    const job *j = argument;
    const layer *l = j->layer;
    float *result = j->team->spaces[thread].scratch + j->team->engine->inputs_floats;
    /* What this thread takes next is probably as many items on as there are threads. */
    int after = item + j->team->members, guess = after < l->shape.out / PAIR ? after : item;
    size_t slab = (size_t)(l->depth * 32 * PAIR);
    amx_begin();
    products_amx(l, l->tiles, j->inputs, l->weights + (size_t)item * slab,
                 l->weights + (size_t)guess * slab, result);
    amx_end();
    for (int block = 2 * item; block < 2 * item + 2; block++, result += l->product_block)
        for (int y = 0; y < l->shape.side; y++)
            for (int x = 0; x < l->shape.side; x++) {
                __m512 sum = _mm512_load_ps(result + (y * GROUP + x) * LANES) +
                             _mm512_load_ps(l->bias + block * LANES);
                _mm512_store_ps(pixel(&j->to, block, y + l->to_border, x + l->to_border),
                                _mm512_max_ps(_mm512_setzero_ps(), sum));
            }
}

void run_layer(const team *t, int index) {
    const layer *l = &t->layers[index];
    float *scratch = t->spaces->scratch;
    double spent[3] = {0};
    job j = {t, l, l->from, l->to, scratch, scratch + t->engine->inputs_floats, spent};
    j.from.data = t->spaces->planes[index];
    j.to.data = t->spaces->planes[index + 1];
    if (l->order == DIRECT) {
        pool_for(t->pool, direct_inputs, &j, l->shape.in / LANES);
        pool_for(t->pool, direct_pair, &j, l->shape.out / PAIR);
        return;
    }
    if (l->order != SHARED) {
        pool_for(t->pool, own_block, &j, l->blocks);
    } else {
        double at = t->timed ? clock_ms() : 0;
        pool_for(t->pool, shared_inputs, &j, l->shape.in / LANES);
        at = lap(&spent[0], at, t->timed);
        pool_for(t->pool, shared_products, &j, l->f->in * l->f->in * l->parts);
        at = lap(&spent[1], at, t->timed);
        pool_for(t->pool, shared_outputs, &j, l->shape.out / LANES);
        lap(&spent[2], at, t->timed);
    }
    if (t->timed)
        fprintf(stderr, "    in %.2f products %.2f out %.2f\n", spent[0], spent[1], spent[2]);
}
