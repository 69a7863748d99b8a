/** Black or white, whichever reads better on a #rrggbb ground (WCAG 2 relative luminance). */
export function inkOn(ground: string): '#ffffff' | '#111417' {
  const [r = 0, g = 0, b = 0] = (/^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(ground)?.slice(1) ?? []).map((part) => {
    const share = Number.parseInt(part, 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (luminance + 0.05) >= 4.5 ? '#ffffff' : '#111417';
}
