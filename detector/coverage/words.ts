/** '99.97 %', '0.015 %', '100 %': rounded towards zero, so that what is not whole never reads as whole. */
export function shareText(share: number): string {
  const percent = share * 100;
  const digits = percent >= 1 ? 2 : 4;
  const scale = 10 ** digits;
  // 1e-9: what binary fractions lose of a decimal one (99.9 → 99.89999…) is put back before it is cut.
  return `${Math.floor(percent * scale + 1e-9) / scale} %`;
}

/** Thousands apart: '1 441 022'. */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
