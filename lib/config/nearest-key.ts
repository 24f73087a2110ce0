/** Letters that may differ for a suggestion: two, and one more for each four letters of a long key. */
function tolerance(key: string): number {
  return Math.max(2, Math.floor(key.length / 4));
}

/** The candidate that takes the fewest letters to be changed, added or dropped; undefined if none is near. */
export function nearestKey(key: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = tolerance(key) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(key, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
