/* What images/native_library.py calls. Sizes are in bytes, pixels are one byte. */
#ifndef FILM_H
#define FILM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SHOWN __attribute__((visibility("default")))
#else
#define SHOWN
#endif

/* The compiler makes one of each for the wider registers that the processor may have. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* `size` bytes as a zlib stream (RFC 1950) of Huffman codes alone; its length.
   `packed` has room for film_packed_room(size). */
SHOWN size_t film_packed(const uint8_t *bytes, size_t size, uint8_t *packed);
SHOWN size_t film_packed_room(size_t size);

/* How `length` values become `side`, which are fewer: for each the first that counts, how many do,
   and their weights in 2^-22, `film_most_weights` places for each. */
SHOWN int film_most_weights(int length, int side);
SHOWN void film_weights(int length, int side, int32_t *first, int32_t *count, int32_t *weights);

/* (height, width) becomes (side, width). */
SHOWN void film_fewer_rows(const uint8_t *pixels, int width, int side, int most,
                           const int32_t *first, const int32_t *count, const int32_t *weights,
                           uint8_t *fewer);

/* (height, width) becomes (width, height). */
SHOWN void film_turned(const uint8_t *pixels, int height, int width, uint8_t *turned);

/* The same tables for grey values in 0..1, in double. */
SHOWN int film_grey_most_weights(int length, int side);
SHOWN void film_grey_weights(int length, int side, int32_t *first, int32_t *count,
                             double *weights);

typedef struct {
    int most;
    const int32_t *first;
    const int32_t *count;
    const double *weights;
} Weights;

/* (height, width) of one or two bytes becomes (side, side): `low` is 0 and `low` + `range` is 1,
   what lies outside is clipped. `room` holds film_grey_room floats. */
SHOWN size_t film_grey_room(int height, int width, int side);
SHOWN void film_grey(const uint8_t *pixels, int bytes, int height, int width, float low,
                     float range, int side, const Weights *across, const Weights *down,
                     float *room, float *grey);

#endif
