// Rectangles {left, top, width, height} in whole pixels of the film; nothing here knows the page.

export const LEAST = 4;

const between = (value, least, most) => Math.min(Math.max(Math.round(value), least), most);

// Inside the film, and large enough to be seen.
export function within(box, film) {
  const width = between(box.width, LEAST, film.width);
  const height = between(box.height, LEAST, film.height);
  return {
    left: between(box.left, 0, film.width - width),
    top: between(box.top, 0, film.height - height),
    width,
    height,
  };
}

export function moved(box, x, y, film) {
  return within({ ...box, left: box.left + x, top: box.top + y }, film);
}

export function sized(box, x, y, film) {
  const width = between(box.width + x, LEAST, film.width - box.left);
  const height = between(box.height + y, LEAST, film.height - box.top);
  return { ...box, width, height };
}

export function spanning(one, other, film) {
  const left = Math.max(0, Math.min(one.x, other.x));
  const top = Math.max(0, Math.min(one.y, other.y));
  return within({ left, top, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) }, film);
}

// In the middle, a third as wide as the film: what a person without a pointer begins with.
export function middle(film) {
  const width = film.width / 3;
  const height = film.height / 12;
  return within({ left: (film.width - width) / 2, top: (film.height - height) / 2, width, height }, film);
}
