/* Thin bright and dark strokes: how far a pixel stands out of the least and the greatest values of
   squares around it (Serra's top-hat). Greatest values are least ones of the negative. */
#include "film.h"

#include <string.h>

#define SQUARE 11
#define HALF (SQUARE / 2)
/* Values that are worked on together: lines of the buffers are made of whole blocks. */
#define BLOCK 64

static inline uint8_t lower(uint8_t one, uint8_t other)
{
    return one < other ? one : other;
}

static size_t blocks_of(int width)
{
    return ((size_t)width + SQUARE + BLOCK - 1) / BLOCK;
}

/* Of each value and the ten behind it; the line goes on for two blocks more. */
static inline __attribute__((always_inline)) void
least_along(const uint8_t *restrict line, size_t blocks, uint8_t *restrict fours,
            uint8_t *restrict least)
{
    for (size_t at = 0; at < (blocks + 1) * BLOCK; at++)
        fours[at] = lower(lower(line[at], line[at + 1]), lower(line[at + 2], line[at + 3]));
    for (size_t at = 0; at < blocks * BLOCK; at++)
        least[at] = lower(lower(fours[at], fours[at + 4]), fours[at + SQUARE - 4]);
}

static inline __attribute__((always_inline)) void
least_of_rows(const uint8_t *const *rows, size_t pitch, uint8_t sign, uint8_t *restrict over)
{
    for (size_t at = 0; at < pitch; at++) {
        uint8_t least = rows[0][at];
        for (int row = 1; row < SQUARE; row++)
            least = lower(least, rows[row][at]);
        over[at] = least ^ sign;
    }
}

/* The rows around `row`; in place of what lies beyond the picture its first or last row. */
static inline __attribute__((always_inline)) void
rows_around(const uint8_t *along, size_t pitch, int height, int row, const uint8_t **rows)
{
    for (int near = 0; near < SQUARE; near++) {
        int from = row + near - HALF;
        from = from < 0 ? 0 : from >= height ? height - 1 : from;
        rows[near] = along + (size_t)from * pitch;
    }
}

/* The least values of squares, or the greatest where `sign` is 255; what lies outside of the picture
   does not count. `along` and `over` have lines of whole blocks, and `along` has room for two more
   lines and three blocks. */
FOR_EACH_PROCESSOR
static void over_squares(const uint8_t *grey, size_t grey_pitch, int height, int width,
                         uint8_t sign, uint8_t *along, uint8_t *over)
{
    size_t blocks = blocks_of(width), pitch = blocks * BLOCK;
    uint8_t *line = along + (size_t)height * pitch, *fours = line + pitch + 2 * BLOCK;
    memset(line, 255, pitch + 2 * BLOCK);
    for (int row = 0; row < height + HALF; row++) {
        if (row < height) {
            const uint8_t *from = grey + (size_t)row * grey_pitch;
            for (int column = 0; column < width; column++)
                line[HALF + column] = from[column] ^ sign;
            least_along(line, blocks, fours, along + (size_t)row * pitch);
        }
        if (row >= HALF) {
            const uint8_t *rows[SQUARE];
            rows_around(along, pitch, height, row - HALF, rows);
            least_of_rows(rows, pitch, sign, over + (size_t)(row - HALF) * pitch);
        }
    }
}

size_t film_strokes_room(int height, int width)
{
    return (2 * (size_t)height + 2) * blocks_of(width) * BLOCK + 3 * BLOCK;
}

FOR_EACH_PROCESSOR
void film_strokes(const uint8_t *grey, int height, int width, uint8_t *room, uint8_t *white,
                  uint8_t *black)
{
    size_t pitch = blocks_of(width) * BLOCK;
    uint8_t *over = room, *along = room + (size_t)height * pitch;
    over_squares(grey, (size_t)width, height, width, 0, along, over);
    over_squares(over, pitch, height, width, 255, along, over);
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            size_t at = (size_t)row * width + column;
            white[at] = (uint8_t)(grey[at] - over[row * pitch + column]);
        }
    over_squares(grey, (size_t)width, height, width, 255, along, over);
    over_squares(over, pitch, height, width, 0, along, over);
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            size_t at = (size_t)row * width + column;
            black[at] = (uint8_t)(over[row * pitch + column] - grey[at]);
        }
}

FOR_EACH_PROCESSOR
size_t film_places(const uint8_t *values, size_t size, int level, size_t most, uint32_t *places)
{
    size_t count = 0, at = 0;
    for (; at + BLOCK <= size && count <= most; at += BLOCK) {
        uint8_t reach[BLOCK];
        uint64_t words[BLOCK / 8];
        for (int place = 0; place < BLOCK; place++)
            reach[place] = values[at + place] >= level;
        memcpy(words, reach, sizeof words);
        for (int word = 0; word < BLOCK / 8; word++)
            if (words[word])
                for (int place = 8 * word; place < 8 * word + 8; place++)
                    if (reach[place])
                        places[count++] = (uint32_t)(at + place);
    }
    for (; at < size && count <= most; at++)
        if (values[at] >= level)
            places[count++] = (uint32_t)at;
    return count;
}
