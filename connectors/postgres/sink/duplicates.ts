/** Which rows of an insert are in the table already, and whether they are the same. */
import type { Session } from '../connection';
import type { Binding } from './binding';
import { copyFrames } from './encode';
import { runTransaction } from './pipeline';
import type { Item } from './recover';
import { copyIntoStage, duplicatesStatement } from './statements';
import type { Writer } from './write';

/** Items by shape; deletes and truncates are left out. */
export async function findDuplicates(
  session: Session,
  writer: Writer,
  items: readonly Item[],
): Promise<Map<Item, boolean>> {
  const byBinding = new Map<Binding, Item[]>();
  for (const item of items) {
    const { op, binding } = item.group;
    if (op !== 'write' || binding === null) continue;
    const list = byBinding.get(binding);
    if (list === undefined) byBinding.set(binding, [item]);
    else list.push(item);
  }
  const found = new Map<Item, boolean>();
  for (const [binding, list] of byBinding) await compare(session, writer, binding, list, found);
  return found;
}

async function compare(
  session: Session,
  writer: Writer,
  binding: Binding,
  items: readonly Item[],
  found: Map<Item, boolean>,
): Promise<void> {
  const keys = binding.table.uniqueKeys
    .map(({ columns }) => columns)
    .filter((columns) => columns.every((column) => binding.has(column)));
  const stage = keys.length === 0 ? null : await writer.stage(session, binding, true);
  if (stage === null) return;
  const records = items.map(({ record }) => record);
  const frames = copyFrames(binding, records, writer.pool, { bad: [], skipped: [] }, true);
  const onRow = ([position, same]: readonly (string | null)[]) => {
    const item = items[Number(position)]!;
    found.set(item, found.get(item) === true || same === 't');
  };
  await runTransaction(
    session,
    [
      { kind: 'copy', sql: copyIntoStage(stage, binding, true), frames },
      { kind: 'statement', sql: duplicatesStatement(stage, binding, keys), values: [], onRow },
    ],
    { named: false },
  );
}
