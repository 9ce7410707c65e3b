/* Pieces of pixels that hang together, by their corners too, and rows that letters stand in. */
#include "film.h"

#include <stdlib.h>

/* Columns of a table of pieces, as images/burned_in/strokes.py has them. */
enum { LEFT, TOP, RIGHT, BOTTOM, AREA, RUNS, STRENGTH, PICTURE, COLUMNS };

/* Pixels beside each other; `shared`: columns in common with runs of the row below. `of`: a run of
   the same piece, in the end the number of the piece. */
typedef struct {
    int32_t row, start, end, of;
    int64_t total, shared;
} Run;

/* `first`: the first row of those whose runs begin in the column `left`. */
typedef struct {
    int32_t left, top, right, bottom, first, runs;
    int64_t area, total, shared;
} Piece;

static int32_t root(const Run *runs, int32_t run)
{
    while (runs[run].of != run)
        run = runs[run].of;
    return run;
}

/* The first run of all is the root. */
static void join(Run *runs, int32_t one, int32_t other)
{
    int32_t here = root(runs, one), there = root(runs, other);
    int32_t first = here < there ? here : there;
    runs[here].of = runs[there].of = runs[one].of = runs[other].of = first;
}

static int32_t runs_of(const uint8_t *strengths, int width, int level, const uint32_t *places,
                       size_t count, Run *runs)
{
    int32_t found = 0, row = 0;
    size_t end_of_row = (size_t)width, next = 0;
    for (size_t at = 0; at < count; at++) {
        size_t place = places[at];
        if (strengths[place] < level)
            continue;
        for (; place >= end_of_row; end_of_row += (size_t)width, row++)
            next = 0;
        int32_t column = (int32_t)(place + (size_t)width - end_of_row);
        if (!next || place != next) {
            runs[found] = (Run){row, column, column, found, 0, 0};
            found++;
        }
        runs[found - 1].end = column + 1;
        runs[found - 1].total += strengths[place];
        next = place + 1;
    }
    return found;
}

/* Runs of neighbouring rows that touch, also by a corner. */
static void join_neighbours(Run *runs, int32_t count)
{
    int32_t below = 0;
    for (int32_t run = 0; run < count; run++) {
        Run *upper = runs + run;
        while (below < count && (runs[below].row <= upper->row ||
                                 (runs[below].row == upper->row + 1 &&
                                  runs[below].end < upper->start)))
            below++;
        for (int32_t other = below; other < count; other++) {
            Run *lower = runs + other;
            if (lower->row != upper->row + 1 || lower->start > upper->end)
                break;
            int32_t from = upper->start > lower->start ? upper->start : lower->start;
            upper->shared += (upper->end < lower->end ? upper->end : lower->end) - from;
            join(runs, run, other);
        }
    }
}

static void add(Piece *piece, const Run *run)
{
    if (run->start < piece->left) {
        piece->left = run->start;
        piece->first = run->row;
    }
    if (run->end > piece->right)
        piece->right = run->end;
    piece->bottom = run->row + 1;
    piece->runs++;
    piece->area += run->end - run->start;
    piece->total += run->total;
    piece->shared += run->shared;
}

/* In the order of their first runs. */
static int32_t pieces_of(Run *runs, int32_t count, Piece *pieces)
{
    int32_t found = 0;
    for (int32_t run = 0; run < count; run++) {
        if (runs[run].of == run) {
            pieces[found] = (Piece){INT32_MAX, runs[run].row, 0, 0, 0, 0, 0, 0, 0};
            runs[run].of = found++;
        } else
            /* Runs before it, its root among them, have the numbers of their pieces by now. */
            runs[run].of = runs[runs[run].of].of;
        add(pieces + runs[run].of, runs + run);
    }
    return found;
}

static int by_column(const void *one, const void *other)
{
    const Piece *a = one, *b = other;
    if (a->left != b->left)
        return a->left < b->left ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

static void tell(const Piece *piece, int picture, double *row)
{
    row[LEFT] = piece->left;
    row[TOP] = piece->top;
    row[RIGHT] = piece->right;
    row[BOTTOM] = piece->bottom;
    row[AREA] = (double)piece->area;
    row[RUNS] = piece->runs;
    row[STRENGTH] = (double)piece->total / (double)piece->area;
    row[PICTURE] = picture;
}

/* The same piece where columns are rows. */
static void tell_turned(const Piece *piece, int picture, double *row)
{
    tell(piece, picture, row);
    row[LEFT] = piece->top;
    row[TOP] = piece->left;
    row[RIGHT] = piece->bottom;
    row[BOTTOM] = piece->right;
    row[RUNS] = (double)(piece->area - piece->shared);
}

size_t film_pieces_room(size_t places)
{
    return places * (sizeof(Run) + sizeof(Piece));
}

size_t film_pieces(const uint8_t *strengths, int width, int level, const uint32_t *places,
                   size_t count, int picture, void *room, double *table)
{
    Run *runs = room;
    Piece *pieces = (Piece *)(void *)(runs + count);
    int32_t run_count = runs_of(strengths, width, level, places, count, runs);
    join_neighbours(runs, run_count);
    int32_t found = pieces_of(runs, run_count, pieces);
    for (int32_t piece = 0; piece < found; piece++)
        tell(pieces + piece, picture, table + (size_t)piece * COLUMNS);
    qsort(pieces, (size_t)found, sizeof *pieces, by_column);
    for (int32_t piece = 0; piece < found; piece++)
        tell_turned(pieces + piece, picture + 1, table + (size_t)(found + piece) * COLUMNS);
    return (size_t)found;
}

static int64_t first_of(const int64_t *label, int64_t letter)
{
    while (label[letter] != letter)
        letter = label[letter];
    return letter;
}

static inline double higher(double one, double other)
{
    return one > other ? one : other;
}

static inline double lower(double one, double other)
{
    return one < other ? one : other;
}

/* Whether two letters may stand beside each other in a row; `one` begins first. */
static int are_neighbours(const double *one, const double *other, const Nearness *near)
{
    double height = one[BOTTOM] - one[TOP], next = other[BOTTOM] - other[TOP];
    double tall = higher(height, next), small = lower(height, next);
    if (other[LEFT] - one[RIGHT] > near->gap * tall || tall > near->taller * small)
        return 0;
    double strong = higher(one[STRENGTH], other[STRENGTH]);
    double weak = lower(one[STRENGTH], other[STRENGTH]);
    double beside = lower(one[BOTTOM], other[BOTTOM]) - higher(one[TOP], other[TOP]);
    return beside >= near->beside * small && strong <= near->stronger * weak;
}

void film_rows(const double *letters, int64_t count, const Nearness *near, int64_t *label)
{
    for (int64_t one = 0; one < count; one++)
        label[one] = one;
    for (int64_t one = 0; one < count; one++) {
        const double *letter = letters + one * COLUMNS;
        for (int64_t other = one + 1; other < count; other++) {
            const double *next = letters + other * COLUMNS;
            if (next[PICTURE] != letter[PICTURE] || next[LEFT] >= letter[RIGHT] + near->reach)
                break;
            if (are_neighbours(letter, next, near)) {
                int64_t here = first_of(label, one), there = first_of(label, other);
                label[here] = label[there] = here < there ? here : there;
            }
        }
    }
    int64_t rows = 0;
    for (int64_t one = 0; one < count; one++)
        label[one] = label[one] == one ? rows++ : label[label[one]];
}
