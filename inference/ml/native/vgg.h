/* VGG16's convolutional part on the CPU, single precision in and out. */
#ifndef VGG_H
#define VGG_H

#pragma GCC visibility push(default) /* the rest of the library is hidden */

/* The 13 convolutions' weights (out, in, 3, 3) and biases (out), which need not outlive the call.
 * method: "amx", "avx512", "avx2", or NULL for the best of this processor. The result is NULL where there
 * is no memory, or the processor cannot do it (vgg_method() tells which). VGG_TIMES=1 in the
 * environment prints what each layer takes. */
void *vgg_create(const float *const *weights, const float *const *biases, int threads,
                 const char *method);

/* images: (count, 3, 224, 224). features: (count, 512, 7, 7). before_pooling: (count, 512, 14, 14),
 * or NULL. An image's numbers do not depend on its neighbours, nor on the threads.
 * Any thread may call, at any time. Calls with the same handle, and what vgg_begin put in its line,
 * are served in the order in which they came; different handles are independent. */
void vgg_features_many(void *handle, int count, const float *images, float *features,
                       float *before_pooling);

/* The same without waiting for it. The batch comes to the end of the line, whose threads take its
 * images as they get free, and go on with the batch after it while its last ones are computed.
 * Where no image is for one thread alone (a single one, or no memory for it), or the process was
 * forked off and has no such threads, all of it is computed before the call returns.
 * The three arrays must stay where they are until vgg_end. The result is a ticket, NULL where there
 * is no memory. */
void *vgg_begin(void *handle, int count, const float *images, float *features,
                float *before_pooling);

/* With a ticket, by any number of threads: until none of its images waits for a thread any more,
 * and until all are computed. The latter is 0 where that will never be known: in a process that was
 * forked off meanwhile. */
void vgg_await_taken(void *ticket);
int vgg_await_computed(void *ticket);

/* Waits as vgg_await_computed does, and frees the ticket. */
void vgg_end(void *ticket);

/* The engine goes with its last ticket, if that is later. */
void vgg_destroy(void *handle);
const char *vgg_method(const char *wanted); /* what vgg_create() would choose, or NULL */

#pragma GCC visibility pop

#endif
