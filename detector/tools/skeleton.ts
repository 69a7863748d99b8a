import { parsePrefix } from '../../flow/address.js';
import { type NamedText, readClaimFiles } from '../claims/load.js';
import { ClaimsError } from '../claims/problem.js';
import { checkShape } from '../claims/shape.js';
import { readSource } from '../claims/source.js';
import { type PlacedClaims, placed } from './placed-claims.js';

/** What a draft is about when no claim file says: assets by name and address. */
export interface NamedAsset {
  readonly name: string;
  /** An address or a prefix. */
  readonly address: string;
}

/** Fleets, sensors and sets of a claim file, whose claims do not matter and may be missing; only of the fleet and the members given. Throws ClaimsError. */
export function readSkeleton(file: string, fleet?: string, members?: readonly string[]): PlacedClaims {
  const [text] = readClaimFiles(file).files;
  const problems: ConstructorParameters<typeof ClaimsError>[0][number][] = [];
  const source = readSource(file, text!.text, problems);
  const shaped = source === undefined ? undefined : checkShape(source, problems);
  if (source === undefined || shaped === undefined) throw new ClaimsError(problems);
  const fleets = Object.entries(shaped.fleets ?? {})
    .filter(([name]) => fleet === undefined || name === fleet)
    .map(
      ([name, value]) =>
        [name, { ...value, members: value.members.filter((member) => members === undefined || members.includes(member.name)) }] as const,
    )
    .filter(([, { members: left }]) => left.length > 0);
  if (fleets.length === 0)
    throw new ClaimsError([
      source.problem(['fleets'], 'unknown-name', 'there is no such fleet or member in this file; look at --fleet and --member'),
    ]);
  const { version, id, owner = 'to be named', timezone = 'UTC', period, sets = {}, sensors } = shaped;
  return skeletonOf(
    {
      version,
      id,
      owner,
      timezone,
      ...(period === undefined ? {} : { period }),
      sets,
      fleets: Object.fromEntries(fleets),
      ...(sensors === undefined ? {} : { sensors }),
    },
    file,
  );
}

/** A skeleton of assets alone. `sensors`: names and exporters that told of them. Throws AddressError for what is no address. */
export function skeletonOfAssets(assets: readonly NamedAsset[]): PlacedClaims {
  const members = assets.map(({ name, address }) => {
    const { length } = parsePrefix(address);
    return length === 128 ? { name, ip: [address] } : { name, subnet: address };
  });
  return skeletonOf(
    {
      version: 1,
      id: 'learned',
      owner: 'to be named',
      timezone: 'UTC',
      sets: {},
      fleets: { equipment: { vendor: 'to be named', site: 'to be named', members } },
    },
    'the draft',
  );
}

const SENSOR = { 'to-be-named': { kind: 'ipfix', exporter: '0.0.0.0/0', sees: ['north-south'] } };

function skeletonOf(document: Readonly<Record<string, unknown>> & { readonly fleets: object }, file: string): PlacedClaims {
  const sensors = (document.sensors as object | undefined) ?? SENSOR;
  const claims = Object.keys(document.fleets).map((subject) => ({
    ...{ id: `all-of-${subject}`.slice(0, 63), text: `All of ${subject}.`, subject, severity: 'info', assert: { only: [] } },
    coverage: { sensors: [Object.keys(sensors)[0]], time: '0%', max_gap: 'P1D' },
  }));
  const text: NamedText = { file, text: JSON.stringify({ ...document, sensors, claims }) };
  return placed([text]);
}
