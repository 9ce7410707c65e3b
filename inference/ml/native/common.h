/* What the files share: shapes, memory, threads, the first layer, timing. */
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

/* --- pool.c: item numbers 0..items-1 are taken by the threads as they get free. Without a pool,
 * which is how a task of one does what has items of its own, the caller does all. --- */
typedef struct pool pool;
typedef void (*pool_task)(void *argument, int item, int thread);
pool *pool_create(int threads);
void pool_destroy(pool *);
int pool_threads(const pool *); /* as many as there came to be; 1 in a process that forked off */
void pool_for(pool *, pool_task task, void *argument, int items);
/* They count as zero from now on, in this thread; the result is its mode before. */
unsigned flush_denormals(void);

/* --- line.c: batches of items that threads of its own take, first come, first served. Whoever put
 * a turn into the line waits for its end before he gives up its memory. --- */
typedef struct line line;
typedef struct turn { /* line.c's */
    struct turn *next;
    pool_task task;
    void *argument;
    int items, taken, done;
} turn;
line *line_create(int threads); /* NULL: no memory */
void line_destroy(line *);      /* nothing is in it */
int line_runners(const line *); /* as many as there came to be; 0 in a process that forked off */
void line_add(line *, turn *, pool_task task, void *argument, int items);
void line_await_taken(line *, turn *);
/* 0 in a process that forked off meanwhile: what the other one computes does not come here. */
int line_await_done(line *, turn *);
/* In its turn the caller has all threads' memory to itself until it leaves: no item is being
 * computed, and who comes later waits. */
void line_enter(line *, turn *);
void line_leave(line *);

/* --- first.c: the layer of three channels, too few for the others' method, a row at a time, when
 * the next layer wants it: 13 MB that never leave the second-level cache. --- */
enum { FIRST_OUT = 64, FIRST_TAPS = 27 };
enum { FIRST_PITCH = IMAGE_SIDE + 2, FIRST_PLANE = FIRST_PITCH * FIRST_PITCH };
typedef struct {
    float *weights, *bias; /* (27, 64); (64) */
} first;
int first_create(first *, const float *weights, const float *bias);
void first_destroy(first *);
/* Into (3, 226, 226), whose border is zeros and stays so. */
void first_take(const float *image, float *padded);

/* --- The engines: winograd.c, by instruction set --- */
typedef struct {
    const char *name;
    int (*supported)(void);
    void *(*create)(const float *const *weights, const float *const *biases, int threads);
    /* Memory for so many threads to run() alone; 0 where there is not so much. */
    int (*make_room)(void *, int threads);
    /* By all threads of the pool together, or, where that is NULL, by this one alone. */
    void (*run)(void *, pool *, int thread, const float *image, float *features,
                float *before_pooling);
    void (*destroy)(void *);
} engine;
extern const engine AMX, AVX512, AVX2; /* best first */

/* Last step of all: (512/16, 14, 14, 16) to channel-major, as it is and pooled. */
void finish(const float *blocked, float *features, float *before_pooling);

double clock_ms(void);
extern int print_times; /* VGG_TIMES=1 in the environment; with VGG_CPU=1, 2: processor time */

#endif
