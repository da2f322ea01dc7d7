/**
 * Kafka, Postgres and Redis for this clone: see docs/stack.md.
 *   npm run stack -- up | down | status [--json] | reset
 *   npm run stack -- start|stop|kill|restart kafka|postgres|redis
 */
import stack from './stack/index.cjs';

const say = (line) => process.stderr.write(`${line}\n`);

async function main([command, ...rest]) {
  const json = rest.includes('--json');
  const name = rest.find((each) => !each.startsWith('--'));
  if (command === 'up') print((await stack.up({ say })).addresses, json);
  else if (command === 'status') printStatus(await stack.status(), json);
  else if (command === 'down') say(`Stopped: ${(await stack.down()).join(', ') || 'nothing was running'}.`);
  else if (command === 'reset') await stack.reset();
  else if (['start', 'stop', 'kill', 'restart'].includes(command) && stack.NAMES.includes(name)) {
    await stack.control(command, name, say);
  } else {
    say('usage: stack up|down|status|reset [--json], stack start|stop|kill|restart kafka|postgres|redis');
    process.exitCode = 2;
  }
}

function print(addresses, json) {
  if (json) process.stdout.write(`${JSON.stringify(addresses)}\n`);
  else
    for (const [name, address] of Object.entries(addresses))
      process.stdout.write(`${name} ${address ?? 'is not running'}\n`);
}

/** Exit code 3, as init scripts have it, when something that the worker cannot do without is not running. */
function printStatus(addresses, json) {
  print(addresses, json);
  if (!addresses.kafka || !addresses.postgres) process.exitCode = 3;
}

main(process.argv.slice(2)).catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
