/* What the files share: shapes, memory, the thread pool, the first layer, timing. */
#ifndef COMMON_H
#define COMMON_H

#include <stddef.h>

enum { LAYERS = 13, IMAGE_SIDE = 224, LANES = 16 };

typedef struct {
    int in, out, side, pool; /* pool: a 2x2 maximum follows */
} shape;

extern const shape SHAPES[LAYERS];

/* --- vgg.c: zeroed, on 2 MiB pages where it is large (64 streams at a page's distance from one
 * another would otherwise miss the first-level TLB all the time). NULL when there is none. --- */
void *big_alloc(size_t bytes);
void big_free(void *memory, size_t bytes);

/* --- pool.c: item numbers 0..items-1 are taken by the threads as they get free. --- */
typedef struct pool pool;
typedef void (*pool_task)(void *argument, int item, int thread);
pool *pool_create(int threads);
void pool_destroy(pool *);
void pool_for(pool *, pool_task task, void *argument, int items);

/* --- first.c: the layer of three channels, too few for the others' method, a row at a time, when
 * the next layer wants it: 13 MB that never leave the second-level cache. --- */
enum { FIRST_OUT = 64, FIRST_PITCH = IMAGE_SIDE + 2 };
typedef struct {
    float *image, *weights, *bias; /* (3, 226, 226) with its border of zeros; (27, 64); (64) */
} first;
int first_create(first *, const float *weights, const float *bias);
void first_destroy(first *);
void first_take(first *, const float *image);
/* Row y, bias and ReLU done, as four blocks of 16 channels that are `block` floats apart. */
void first_row(const first *, int y, float *to, size_t block);

/* --- The engines: winograd.c, with and without AMX --- */
typedef struct {
    const char *name;
    int (*supported)(void);
    void *(*create)(const float *const *weights, const float *const *biases, int threads);
    void (*run)(void *, pool *, const float *image, float *features, float *before_pooling);
    void (*destroy)(void *);
} engine;
extern const engine WINOGRAD, AMX;

/* Last step of both: (512/16, 14, 14, 16) to channel-major, as it is and pooled. */
void finish(const float *blocked, float *features, float *before_pooling);

double clock_ms(void);
extern int print_times; /* VGG_TIMES=1 in the environment; with VGG_CPU=1, 2: processor time */

#endif
