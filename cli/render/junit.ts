/** One case of a test report. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  /** What went wrong; undefined where nothing did. */
  readonly failure: string | undefined;
  readonly file: string;
  readonly line: number;
}

/** A JUnit XML report as CI systems read it: one `testsuite` per suite, in the order of the cases. */
export function junit(cases: readonly JunitCase[]): string {
  const body = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const list = cases.filter((one) => one.suite === suite);
    const failures = list.filter(({ failure }) => failure !== undefined).length;
    return `  <testsuite name="${xml(suite)}" tests="${list.length}" failures="${failures}" errors="0" skipped="0">\n${list.map(caseText).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${body.join('')}</testsuites>\n`;
}

function caseText({ suite, name, failure, file, line }: JunitCase): string {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}" file="${xml(file)}" line="${line}"`;
  return failure === undefined ? `${head}/>\n` : `${head}>\n      <failure message="${xml(failure)}"/>\n    </testcase>\n`;
}

/** Text as an attribute; characters that XML 1.0 §2.2 cannot hold become U+FFFD. */
function xml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
