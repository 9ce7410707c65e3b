/* VGG16's convolutional part on the CPU, single precision in and out. */
#ifndef VGG_H
#define VGG_H

#pragma GCC visibility push(default) /* the rest of the library is hidden */

/* The 13 convolutions' weights (out, in, 3, 3) and biases (out), which need not outlive the call.
 * method: "amx", "avx512", or NULL for the best of this processor. The result is NULL where there
 * is no memory, or the processor cannot do it (vgg_method() tells which). VGG_TIMES=1 in the
 * environment prints what each layer takes. */
void *vgg_create(const float *const *weights, const float *const *biases, int threads,
                 const char *method);

/* images: (count, 3, 224, 224). features: (count, 512, 7, 7). before_pooling: (count, 512, 14, 14),
 * or NULL. An image's numbers do not depend on its neighbours, nor on the threads.
 * Calls with the same handle exclude each other; different handles are independent. */
void vgg_features_many(void *handle, int count, const float *images, float *features,
                       float *before_pooling);

void vgg_destroy(void *handle);
const char *vgg_method(const char *wanted); /* what vgg_create() would choose, or NULL */

#pragma GCC visibility pop

#endif
