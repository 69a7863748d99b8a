import type { AttackReference, Detection, DetectionCard, Example, Parameter, ParameterTable } from '../detections/detection.js';
import type { Finding } from '../findings/finding.js';
import type { Watch } from '../watches/watch.js';

/** A detection with what it says of its own examples: the page shows what the program does, not what somebody remembers of it. */
export interface DescribedDetection {
  readonly detection: Detection | Watch;
  /** Where it is written, as a path from the root of the project. */
  readonly source: string;
  /** The finding of each example that fires, in order. */
  readonly findings: readonly Finding[];
}

const ATTACK_URL = 'https://attack.mitre.org/techniques/';
const HEAD = `# Detections

For analysts: what each detection asks, how it decides, what may be harmless, what to do. Made from the detections themselves and from their examples as the detector judges them;
after a change: \`UPDATE_DOCS=1 npx vitest run tests/docs/detections.test.ts\`.

Claims are judged by the first three; the others learn, or measure against fixed limits, and add to what claims forbid. The last look across assets, and at what is not there. Parameters are set in \`cordon.yaml\` under \`detections\`, by the detection's id.
Each finding carries its sum; \`cordon findings show ID\` prints it with its evidence, and tests compute it anew from stored rows.
`;

/** The page docs/detections.md: every detection, then the techniques of ATT&CK that they speak of. */
export function detectionPage(described: readonly DescribedDetection[]): string {
  const cards = described.map(({ detection }) => detection);
  return [HEAD, contents(cards), ...described.map(section), attackSection(cards)].join('\n');
}

function contents(cards: readonly DetectionCard[]): string {
  const rows = cards.map(({ id, title, question, severity }) => `| [${title}](#${id}) | ${cell(question)} | ${severity} |`);
  return `| detection | question | severity when nothing makes it worse |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function section({ detection, source, findings }: DescribedDetection): string {
  const { id, title, question, history, severity, falsePositives, runbook, references, examples, attack } = detection;
  const isWatch = !('columns' in detection);
  const claimKinds = isWatch ? [] : detection.claimKinds;
  const kinds = claimKinds.length === 0 ? '' : ` Claims of kind ${claimKinds.map((kind) => `\`${kind}\``).join(', ')}.`;
  const reads = isWatch
    ? 'It looks across assets, at the minutes in which each was active, at whom each met outside first, and at the coverage ledger'
    : `It reads ${detection.columns.map((column) => `\`${column}\``).join(', ')}`;
  const rules = [...new Set(findings.map(({ rule }) => rule).filter((rule) => rule !== ''))];
  const said = findings[0] === undefined ? [] : ['', `> ${quote(findings[0].sentence)}`];
  return [
    `<a id="${id}"></a>`,
    `## ${title} (\`${id}\`)`,
    '',
    `**${question}**${kinds}`,
    '',
    `**How it decides.** ${rules.map((rule) => `“${inline(rule)}”`).join('; ')}. ${reads}. History: ${history}.`,
    ...said,
    '',
    ...parameterTable(detection.parameters),
    `It fires on: ${names(examples.fires)}. It stays silent on: ${names(examples.silent)}.`,
    '',
    `**May be harmless**`,
    '',
    ...falsePositives.map((text) => `- ${text}`),
    '',
    '**What to do**',
    '',
    ...runbook.map((text, index) => `${index + 1}. ${text}`),
    '',
    `Severity: ${severity}${attack.length === 0 ? '' : `. ATT&CK: ${attack.map(attackLink).join(', ')}`}. Source: [${source}](../${source}); ${references.join('; ')}.`,
    '',
  ].join('\n');
}

function parameterTable(parameters: ParameterTable): string[] {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return ['No parameters: the claim says it all.', ''];
  const row = ([name, { default: usual, least, most, unit, reason }]: [string, Parameter]): string =>
    `| \`${name}\` | ${usual} | ${least}–${most} | ${cell(unit)} | ${cell(reason)} |`;
  return ['| parameter | default | range | unit | why |', '|---|---:|---|---|---|', ...entries.map(row), ''];
}

function attackSection(cards: readonly DetectionCard[]): string {
  const byTechnique = new Map<string, { reference: AttackReference; cards: DetectionCard[] }>();
  for (const card of cards) {
    for (const reference of card.attack) {
      const key = `${reference.matrix} ${reference.id}`;
      const known = byTechnique.get(key);
      if (known === undefined) byTechnique.set(key, { reference, cards: [card] });
      else known.cards.push(card);
    }
  }
  const rows = [...byTechnique]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { reference, cards: speaking }]) => {
      const matrix = reference.matrix === 'ics' ? 'ICS' : 'Enterprise';
      return `| ${attackLink(reference)} | ${matrix} | ${reference.version} | ${speaking.map(({ id, title }) => `[${title}](#${id})`).join(', ')} |`;
    });
  return `## ATT&CK\n\nTechniques of MITRE ATT&CK that the detections speak of, with the version of the matrix in which the id was checked.\n\n| technique | matrix | version | detections |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function attackLink({ id }: AttackReference): string {
  return `[${id}](${ATTACK_URL}${id.replace('.', '/')}/)`;
}

function names(examples: readonly Example[]): string {
  return examples.map(({ name }) => inline(name)).join('; ');
}

function cell(text: string): string {
  return inline(text).replaceAll('|', '\\|');
}

function quote(text: string): string {
  return inline(text);
}

/** Text as it stands: nothing in it is markup. */
function inline(text: string): string {
  return text.replace(/[<>*_`]/g, (character) => `\\${character}`);
}
