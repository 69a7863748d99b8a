import { Command } from 'commander';
import type { AssetReview, UnclaimedRelation } from '../../detector/decisions/review.js';
import { formatPort } from '../../detector/findings/quantity.js';
import { formatTime } from '../../flow/time.js';
import { UsageError } from '../errors.js';
import { renderTable } from '../render/table.js';
import { formatOctets, terminalText } from '../render/text.js';
import { withDesk } from '../wiring/desk.js';
import { addCommands } from './command-list.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';
import { type DecideFlags, personOf, withDecisionFlags } from './findings/decide.js';

/** `cordon baseline …`: what assets have learned beyond the claims, and whether somebody has agreed to it. */
export async function baselineCommand(operands: readonly string[]): Promise<Command> {
  return addCommands(
    new Command('baseline'),
    [
      { usage: 'list [options]', about: 'Assets with their state: LEARN, REVIEW (waits for approval), PROTECT', load: listCommand },
      {
        usage: 'show [options] <asset>',
        about: 'What one asset exchanged that no claim admits, outside peers first: what an approval agrees to',
        load: showCommand,
      },
      {
        usage: 'approve [options] <asset>',
        about: 'Agree to what an asset has learned; outside peers that are not accepted are reported when they come again',
        load: approveCommand,
      },
    ],
    operands,
  );
}

function listCommand(): Command {
  return withCommonFlags(new Command('list').option('--json', 'as JSON')).action(async (flags: CommonFlags & { json?: boolean }) => {
    await withDesk(commonSettings(flags).config, async (desk) => {
      const reviews = await desk.reviews();
      process.stdout.write(flags.json === true ? `${JSON.stringify(reviews, undefined, 2)}\n` : listTable(reviews));
    });
  });
}

function showCommand(): Command {
  return withCommonFlags(new Command('show').argument('<asset>', 'its name').option('--json', 'as JSON')).action(
    async (asset: string, flags: CommonFlags & { json?: boolean }) => {
      const { config } = commonSettings(flags);
      await withDesk(config, async (desk) => {
        const review = only(await desk.reviews(asset), asset);
        process.stdout.write(flags.json === true ? `${JSON.stringify(review, undefined, 2)}\n` : reviewText(review, config.claims[0]));
      });
    },
  );
}

function approveCommand(): Command {
  return withDecisionFlags(
    new Command('approve')
      .argument('<asset>', 'its name')
      .option('--accept <prefix...>', 'outside peers that it may go on talking to: addresses or prefixes')
      .option('--accept-listed', 'accept every outside peer that cordon baseline show lists'),
  )
    .addHelpText(
      'after',
      `
A later approval replaces the earlier one. Exit codes: 0 the approval is stored · 4 wrong usage, or the asset still learns.

Example:
  cordon baseline approve scan-01 --accept 203.0.113.7 --accept 198.51.100.0/24 --reason 'update servers, contract §4'`,
    )
    .action(async (asset: string, flags: DecideFlags & { accept?: string[]; acceptListed?: boolean }) => {
      const person = personOf(flags);
      await withDesk(commonSettings(flags).config, async (desk) => {
        const review = only(await desk.reviews(asset), asset);
        const listed = flags.acceptListed === true ? outsideOf(review).map(({ peer }) => peer) : [];
        const decision = await desk.decide({ verb: 'approve', target: asset, ...person, accepted: [...(flags.accept ?? []), ...listed] });
        if (flags.json === true) {
          process.stdout.write(`${JSON.stringify(decision, undefined, 2)}\n`);
          return;
        }
        const after = only(await desk.reviews(asset), asset);
        const left = new Set(outsideOf(after).flatMap(({ accepted, peer }) => (accepted ? [] : [peer]))).size;
        const rest = left === 0 ? '' : ` ${left} outside peers were not accepted: they are reported when they come again.`;
        process.stdout.write(terminalText(`${asset} is protected from ${formatTime(decision.effectiveMs)} on.${rest}`));
        process.stdout.write('\n');
      });
    });
}

function only(reviews: readonly AssetReview[], asset: string): AssetReview {
  const [review] = reviews;
  if (review === undefined) throw new UsageError(`no asset '${asset}' with records is known; cordon baseline list shows them`);
  return review;
}

function outsideOf({ unclaimed }: AssetReview): UnclaimedRelation[] {
  return unclaimed.filter(({ outside }) => outside);
}

function listTable(reviews: readonly AssetReview[]): string {
  if (reviews.length === 0) return 'No asset has shown a record.\n';
  const peers = (list: readonly UnclaimedRelation[]): string => String(new Set(list.map(({ peer }) => peer)).size);
  return renderTable(
    [
      { title: 'asset' },
      { title: 'fleet' },
      { title: 'state' },
      { title: 'since' },
      { title: 'outside, not accepted', right: true },
      { title: 'inside, unclaimed', right: true },
    ],
    reviews.map((review) => [
      review.asset,
      review.fleet,
      review.state,
      review.approval !== undefined
        ? `${formatTime(review.approval.effectiveMs)} by ${review.approval.author}`
        : formatTime(review.firstMs),
      peers(outsideOf(review).filter(({ accepted }) => !accepted)),
      peers(review.unclaimed.filter(({ outside }) => !outside)),
    ]),
  );
}

function reviewText(review: AssetReview, claims: string | undefined): string {
  const { asset, fleet, state, learnedMs, approval, unclaimed } = review;
  const standing =
    approval !== undefined
      ? `approved by ${approval.author} from ${formatTime(approval.effectiveMs)} on: ${approval.reason}`
      : state === 'LEARN'
        ? `learns until ${formatTime(learnedMs)}`
        : `has learned since ${formatTime(learnedMs)} and waits for cordon baseline approve`;
  const head = terminalText(`${asset} (${fleet}) ${state}: ${standing}.`);
  if (unclaimed.length === 0) return `${head}\nClaims speak of everything that it exchanged.\n`;
  const table = renderTable(
    [
      { title: 'peer' },
      { title: 'where' },
      { title: 'port' },
      { title: 'first hour' },
      { title: 'last hour' },
      { title: 'records', right: true },
      { title: 'out', right: true },
      { title: 'in', right: true },
    ],
    unclaimed.map(({ peer, outside, accepted, protocol, port, firstMs, lastMs, records, octetsOut, octetsIn }) => [
      peer,
      outside ? (accepted ? 'outside, accepted' : 'OUTSIDE') : 'inside',
      formatPort(protocol, port),
      formatTime(firstMs),
      formatTime(lastMs),
      String(records),
      formatOctets(octetsOut),
      formatOctets(octetsIn),
    ]),
  );
  const draft = `cordon claims learn --skeleton ${claims ?? 'FILE'} --fleet ${fleet} --member ${asset}`;
  return `${head}\nNo claim speaks of:\n${table}${terminalText(`A draft of claims about it: ${draft}`)}\n`;
}
