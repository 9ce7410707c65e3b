/* A zlib stream (RFC 1950, 1951) of Huffman codes alone: no search for repetitions, of which the
   noise of a film has none. */
#include "film.h"

#include <string.h>

#define LITERALS 256
#define END LITERALS
#define SYMBOLS (LITERALS + 1)
#define LONGEST 15
#define LONGEST_OF_LENGTHS 7
/* Lengths 0 to 15; repetitions (16 to 18) are not used. */
#define LENGTHS 16
/* Each block has codes of its own. */
#define BLOCK ((size_t)1 << 15)
#define BLOCK_HEAD 512
/* Bits, after a flush. */
#define FREE 56
#define ADLER 65521
/* So many bytes can be summed up before the sums have to be reduced. */
#define ADLER_RUN 5552

typedef struct {
    uint8_t *at;
    uint64_t bits;
    unsigned count;
} Writer;

typedef struct {
    uint16_t code;
    uint16_t length;
} Code;

static inline void add(Writer *writer, uint64_t bits, unsigned count)
{
    writer->bits |= bits << writer->count;
    writer->count += count;
}

/* At least FREE bits are free afterwards. Writes eight bytes, of which the last are written again. */
static inline void flush(Writer *writer)
{
    for (int place = 0; place < 8; place++)
        writer->at[place] = (uint8_t)(writer->bits >> (8 * place));
    writer->at += writer->count >> 3;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

/* Lengths of the codes of symbols that occur, by Huffman's method on counts in ascending order:
   of two queues, symbols and joined pairs, the rarer is taken. Returns the greatest length. */
static int lengths_of(const uint32_t *counts, int symbols, uint8_t *lengths)
{
    uint32_t weight[2 * SYMBOLS];
    int16_t order[SYMBOLS], parent[2 * SYMBOLS];
    uint8_t depth[2 * SYMBOLS];
    int used = 0;
    for (int symbol = 0; symbol < symbols; symbol++) {
        lengths[symbol] = 0;
        if (!counts[symbol])
            continue;
        int place = used++;
        for (; place && counts[order[place - 1]] > counts[symbol]; place--)
            order[place] = order[place - 1];
        order[place] = (int16_t)symbol;
    }
    if (used < 2) {
        /* One symbol alone has a code too, of one bit. */
        for (int leaf = 0; leaf < used; leaf++)
            lengths[order[leaf]] = 1;
        return used;
    }
    for (int leaf = 0; leaf < used; leaf++)
        weight[leaf] = counts[order[leaf]];
    int leaf = 0, joined = used, end = used;
    for (; end < 2 * used - 1; end++) {
        weight[end] = 0;
        for (int child = 0; child < 2; child++) {
            int is_leaf = leaf < used && (joined == end || weight[leaf] <= weight[joined]);
            int rarer = is_leaf ? leaf++ : joined++;
            weight[end] += weight[rarer];
            parent[rarer] = (int16_t)end;
        }
    }
    int longest = 0;
    depth[end - 1] = 0;
    for (int node = end - 2; node >= 0; node--) {
        depth[node] = depth[parent[node]] + 1;
        if (node < used) {
            lengths[order[node]] = depth[node];
            longest = depth[node] > longest ? depth[node] : longest;
        }
    }
    return longest;
}

/* No code longer than `most`: until then rare symbols are made less rare. Returns the greatest
   length. */
static int limited_lengths(uint32_t *counts, int symbols, int most, uint8_t *lengths)
{
    int longest;
    while ((longest = lengths_of(counts, symbols, lengths)) > most)
        for (int symbol = 0; symbol < symbols; symbol++)
            counts[symbol] = (counts[symbol] + 1) / 2;
    return longest;
}

/* RFC 1951, 3.2.2; bits reversed, since the first bit of a code comes first. */
static void codes_of(const uint8_t *lengths, int symbols, Code *codes)
{
    uint16_t next[LONGEST + 2] = {0};
    for (int symbol = 0; symbol < symbols; symbol++)
        next[lengths[symbol] + 1] += lengths[symbol] > 0;
    for (int length = 1; length <= LONGEST; length++)
        next[length + 1] = (uint16_t)((next[length] + next[length + 1]) << 1);
    for (int symbol = 0; symbol < symbols; symbol++) {
        unsigned code = lengths[symbol] ? next[lengths[symbol]]++ : 0, turned = 0;
        for (int bit = 0; bit < lengths[symbol]; bit++)
            turned |= (code >> bit & 1) << (lengths[symbol] - 1 - bit);
        codes[symbol] = (Code){(uint16_t)turned, lengths[symbol]};
    }
}

/* The lengths of the block's codes, packed themselves (RFC 1951, 3.2.7). */
static void add_lengths(Writer *writer, const uint8_t *lengths)
{
    static const uint8_t ORDER[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint32_t counts[LENGTHS] = {0};
    uint8_t own[LENGTHS];
    Code codes[LENGTHS];
    for (int symbol = 0; symbol < SYMBOLS + 2; symbol++)
        counts[lengths[symbol]]++;
    limited_lengths(counts, LENGTHS, LONGEST_OF_LENGTHS, own);
    codes_of(own, LENGTHS, codes);
    add(writer, SYMBOLS - 257, 5);
    add(writer, 2 - 1, 5);
    add(writer, sizeof ORDER - 4, 4);
    flush(writer);
    for (size_t place = 0; place < sizeof ORDER; place++) {
        add(writer, ORDER[place] < LENGTHS ? own[ORDER[place]] : 0, 3);
        flush(writer);
    }
    for (int symbol = 0; symbol < SYMBOLS + 2; symbol++) {
        add(writer, codes[lengths[symbol]].code, codes[lengths[symbol]].length);
        flush(writer);
    }
}

static void count(const uint8_t *bytes, size_t size, uint32_t *counts)
{
    /* In four tables: a byte that follows its like need not wait for the count before. */
    uint32_t tables[4][LITERALS] = {{0}};
    size_t place = 0;
    for (; place + 4 <= size; place += 4)
        for (int table = 0; table < 4; table++)
            tables[table][bytes[place + table]]++;
    for (; place < size; place++)
        tables[0][bytes[place]]++;
    for (int byte = 0; byte < LITERALS; byte++)
        counts[byte] = tables[0][byte] + tables[1][byte] + tables[2][byte] + tables[3][byte];
}

/* Four codes of a common block fit into what is free after a flush, three of any. */
static inline __attribute__((always_inline)) size_t
add_bytes(Writer *writer, const Code *codes, const uint8_t *bytes, size_t size, size_t together)
{
    /* Its own, which no byte that is written could be a part of. */
    Writer own = *writer;
    size_t place = 0;
    for (; place + together <= size; place += together) {
        for (size_t next = 0; next < together; next++)
            add(&own, codes[bytes[place + next]].code, codes[bytes[place + next]].length);
        flush(&own);
    }
    *writer = own;
    return place;
}

FOR_EACH_PROCESSOR
static void add_block(Writer *writer, const uint8_t *bytes, size_t size, int is_last)
{
    uint32_t counts[SYMBOLS];
    /* Behind the symbols two distances that never come: some readers want a code for them. */
    uint8_t lengths[SYMBOLS + 2];
    Code codes[SYMBOLS];
    count(bytes, size, counts);
    counts[END] = 1;
    int longest = limited_lengths(counts, SYMBOLS, LONGEST, lengths);
    lengths[SYMBOLS] = lengths[SYMBOLS + 1] = 1;
    codes_of(lengths, SYMBOLS, codes);
    add(writer, (unsigned)is_last | 2 << 1, 3);
    add_lengths(writer, lengths);
    size_t place = 4 * longest <= FREE ? add_bytes(writer, codes, bytes, size, 4)
                                       : add_bytes(writer, codes, bytes, size, 3);
    for (; place < size; place++) {
        add(writer, codes[bytes[place]].code, codes[bytes[place]].length);
        flush(writer);
    }
    add(writer, codes[END].code, codes[END].length);
    flush(writer);
}

FOR_EACH_PROCESSOR
static uint32_t adler(const uint8_t *bytes, size_t size)
{
    uint32_t low = 1, high = 0;
    while (size) {
        size_t run = size < ADLER_RUN ? size : ADLER_RUN;
        uint32_t sum = 0, rising = 0;
        for (uint32_t place = 0; place < run; place++) {
            sum += bytes[place];
            rising += ((uint32_t)run - place) * bytes[place];
        }
        high = (high + (uint32_t)run * low + rising) % ADLER;
        low = (low + sum) % ADLER;
        bytes += run;
        size -= run;
    }
    return high << 16 | low;
}

size_t film_packed_room(size_t size)
{
    /* No code is longer than 15 bits. */
    return 2 * size + (size / BLOCK + 2) * BLOCK_HEAD;
}

size_t film_packed(const uint8_t *bytes, size_t size, uint8_t *packed)
{
    Writer writer = {packed, 0x0178, 16};
    uint32_t checksum = adler(bytes, size);
    size_t place = 0;
    do {
        size_t some = size - place < BLOCK ? size - place : BLOCK;
        add_block(&writer, bytes + place, some, place + some == size);
        place += some;
    } while (place < size);
    writer.count = (writer.count + 7) & ~7u;
    flush(&writer);
    for (int byte = 3; byte >= 0; byte--)
        add(&writer, checksum >> (8 * byte) & 0xFF, 8);
    flush(&writer);
    return (size_t)(writer.at - packed);
}
