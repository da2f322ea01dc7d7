/** Floating-point numbers spelt as Java spells them: `1.0`, `1.0E7`, `1.0E-4`. */

/** A finite double: the shortest digits that read back to it. */
export const printDouble = (value: number): string =>
  Object.is(value, -0) ? '-0.0' : spell(value.toExponential());

/** A finite float: the shortest digits that read back to the same 32 bits. */
export function printFloat(value: number): string {
  const single = Math.fround(value);
  for (let digits = 0; digits < 9; digits++) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return Object.is(single, -0) ? '-0.0' : spell(text);
  }
  return printDouble(single);
}

/** From `d.ddde±x`: plain between 10^-3 and 10^7, else with an exponent; a digit on both sides of the point. */
function spell(exponential: string): string {
  const [mantissa, power] = exponential.split('e') as [string, string];
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '') || '0';
  const exponent = Number(power);
  if (digits === '0') return `${sign}0.0`;
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 1, '0');
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || '0'}`;
}
