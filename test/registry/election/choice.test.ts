/** Who becomes the primary, as a table. */
import { choosePrimary, type Member } from '../../../src/registry/election/choice';

/** `url`, then `!` for one that is not eligible, `*` for the primary of before. The URL is the member's id too. */
function memberOf(text: string): Member {
  const [, scheme, host, port, marks] = /^(https?):\/\/([^:]+):(\d+)([!*]*)$/.exec(text)!;
  const identity = {
    scheme: scheme!,
    host: host!,
    port: Number(port),
    eligible: !marks!.includes('!'),
    leader: marks!.includes('*'),
  };
  return { memberId: `${scheme}://${host}:${port}`, identity };
}

const A = 'http://a:8081';
const B = 'http://b:8081';
const C = 'http://c:8081';

type Row = [what: string, members: string[], sticky: string, preemptive: string];

const ROWS: Row[] = [
  ['one node', [A], A, A],
  ['nobody', [], 'nobody', 'nobody'],
  ['the smallest URL, in whatever order they come', [C, A, B], A, A],
  [
    'URLs are compared as texts: scheme',
    ['https://a:8081', 'http://z:8081'],
    'http://z:8081',
    'http://z:8081',
  ],
  [
    'URLs are compared as texts: port',
    ['http://a:9000', 'http://a:10000'],
    'http://a:10000',
    'http://a:10000',
  ],
  ['not one that is not eligible', [`${A}!`, C, B], B, B],
  ['no eligible one', [`${A}!`, `${B}!`], 'nobody', 'nobody'],
  ['the primary stays, unless a smaller one may preempt it', [A, `${C}*`, B], C, A],
  ['the primary stays when it is the smallest', [`${A}*`, B], A, A],
  ['the primary became ineligible', [A, `${C}!*`, B], A, A],
  ['two say that they were the primary', [A, `${C}*`, `${B}*`], B, A],
  ['the same URL twice', [A, B, B], 'duplicates', 'duplicates'],
  ['the same URL twice, though neither is eligible', [A, `${B}!`, `${B}!`], 'duplicates', 'duplicates'],
  ['the same host on two ports', [A, 'http://a:8082'], A, A],
];

test.each(ROWS)('%s', (_what, members, sticky, preemptive) => {
  const choose = (isSticky: boolean) => {
    const choice = choosePrimary(members.map(memberOf), { sticky: isSticky });
    return choice.kind === 'chosen' ? choice.memberId : choice.kind;
  };
  expect([choose(true), choose(false)]).toEqual([sticky, preemptive]);
});
