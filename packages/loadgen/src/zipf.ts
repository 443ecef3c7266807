/**
 * Draws ranks by Zipf's law: rank k of `count`, from 0, with probability in proportion to 1 ÷ (k + 1)^exponent; exponent 0: all alike.
 * @returns the rank that a uniform number in [0, 1) stands for
 */
export function zipf(count: number, exponent: number): (uniform: number) => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) upTo[rank] = sum += (rank + 1) ** -exponent;
  return (uniform) => {
    const place = uniform * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] as number) > place) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
