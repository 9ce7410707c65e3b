/* Lanczos filtering of grey pixels, as Pillow has it (src/libImaging/Resample.c): the same weights,
   the same whole numbers, the same rounding after each direction. */
#include "film.h"

#include <math.h>
#include <string.h>

#define PRECISION 22
#define LOBES 3.0
#define PI 3.14159265358979323846
/* Columns whose sums are kept in registers together. */
#define TOGETHER 64
#define TILE 8
#define SQUARE (TILE * TILE)

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0.0;
}

int film_most_weights(int length, int side)
{
    double scale = (double)length / side;
    return (int)ceil(LOBES * (scale < 1.0 ? 1.0 : scale)) * 2 + 1;
}

static int32_t whole(double weight)
{
    return (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION));
}

void film_weights(int length, int side, int32_t *first, int32_t *count, int32_t *weights)
{
    int most = film_most_weights(length, side);
    double scale = (double)length / side, wide = scale < 1.0 ? 1.0 : scale;
    double reach = LOBES * wide, narrow = 1.0 / wide;
    for (int place = 0; place < side; place++, weights += most) {
        double middle = (place + 0.5) * scale, sum = 0.0;
        int from = (int)(middle - reach + 0.5), to = (int)(middle + reach + 0.5);
        from = from < 0 ? 0 : from;
        to = to > length ? length : to;
        for (int at = from; at < to; at++)
            sum += lanczos((at - middle + 0.5) * narrow);
        for (int at = from; at < to; at++)
            weights[at - from] = whole(lanczos((at - middle + 0.5) * narrow) / sum);
        first[place] = from;
        count[place] = to - from;
    }
}

static inline uint8_t rounded(int32_t sum)
{
    int32_t value = sum >> PRECISION;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline __attribute__((always_inline)) void
sums(const uint8_t *pixels, int width, int columns, int count, const int32_t *weights, uint8_t *out)
{
    int32_t sum[TOGETHER];
    for (int column = 0; column < columns; column++)
        sum[column] = 1 << (PRECISION - 1);
    for (int row = 0; row < count; row++, pixels += width)
        for (int column = 0; column < columns; column++)
            sum[column] += weights[row] * pixels[column];
    for (int column = 0; column < columns; column++)
        out[column] = rounded(sum[column]);
}

FOR_EACH_PROCESSOR
void film_fewer_rows(const uint8_t *pixels, int width, int side, int most, const int32_t *first,
                     const int32_t *count, const int32_t *weights, uint8_t *fewer)
{
    for (int place = 0; place < side; place++, weights += most, fewer += width) {
        const uint8_t *rows = pixels + (size_t)first[place] * width;
        int column = 0;
        for (; column + TOGETHER <= width; column += TOGETHER)
            sums(rows + column, width, TOGETHER, count[place], weights, fewer + column);
        sums(rows + column, width, width - column, count[place], weights, fewer + column);
    }
}

static inline __attribute__((always_inline)) void
change(uint64_t *restrict one, uint64_t *restrict other, int bits, uint64_t kept)
{
    for (int tile = 0; tile < TILE; tile++) {
        uint64_t differ = (one[tile] >> bits ^ other[tile]) & kept;
        other[tile] ^= differ;
        one[tile] ^= differ << bits;
    }
}

/* TILE rows of TILE tiles beside each other: in each, halves, quarters and then single bytes change
   places across the diagonal. In words whose lowest byte comes first: on other processors the library
   is found to compute wrongly, and left alone. */
static inline __attribute__((always_inline)) void turn_tiles(uint64_t tiles[TILE][TILE])
{
    for (int row = 0; row < 4; row++)
        change(tiles[row], tiles[row + 4], 32, 0x00000000FFFFFFFF);
    for (int row = 0; row < TILE; row += row % 2 ? 3 : 1)
        change(tiles[row], tiles[row + 2], 16, 0x0000FFFF0000FFFF);
    for (int row = 0; row < TILE; row += 2)
        change(tiles[row], tiles[row + 1], 8, 0x00FF00FF00FF00FF);
}

static inline __attribute__((always_inline)) void
turn_block(const uint8_t *pixels, int height, int width, uint8_t *turned)
{
    uint64_t tiles[TILE][TILE];
    for (int row = 0; row < TILE; row++)
        memcpy(tiles[row], pixels + (size_t)row * width, sizeof tiles[row]);
    turn_tiles(tiles);
    for (int tile = 0; tile < TILE; tile++)
        for (int row = 0; row < TILE; row++)
            memcpy(turned + (size_t)(TILE * tile + row) * height, &tiles[row][tile], TILE);
}

static void turn_each(const uint8_t *pixels, int height, int width, int rows, int columns,
                      uint8_t *turned)
{
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < rows; row++)
            turned[(size_t)column * height + row] = pixels[(size_t)row * width + column];
}

FOR_EACH_PROCESSOR
void film_turned(const uint8_t *pixels, int height, int width, uint8_t *turned)
{
    /* Square by square, which fills whole lines of the cache while they are there. */
    for (int top = 0; top < height; top += SQUARE)
        for (int left = 0; left < width; left += SQUARE) {
            int rows = height - top < SQUARE ? height - top : SQUARE, row = 0;
            int columns = width - left < SQUARE ? width - left : SQUARE;
            const uint8_t *from = pixels + (size_t)top * width + left;
            uint8_t *to = turned + (size_t)left * height + top;
            if (columns == SQUARE)
                for (; row + TILE <= rows; row += TILE)
                    turn_block(from + (size_t)row * width, height, width, to + row);
            turn_each(from + (size_t)row * width, height, width, rows - row, columns, to + row);
        }
}
