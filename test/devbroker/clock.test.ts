import { BrokerClock } from '../../src/devbroker/clock';

let clock: BrokerClock;

beforeEach(() => {
  jest.useFakeTimers();
  clock = new BrokerClock();
});

afterEach(() => {
  clock.close();
  jest.useRealTimers();
});

/** Names of alarms in the order in which they rang. */
function alarms(...delays: number[]): string[] {
  const rung: string[] = [];
  for (const ms of delays) clock.after(ms, () => rung.push(`${ms}`));
  return rung;
}

test('time passes as it does', () => {
  const before = clock.now();
  const rung = alarms(20, 10);
  jest.advanceTimersByTime(10);
  expect(rung).toEqual(['10']);
  jest.advanceTimersByTime(10);
  expect(rung).toEqual(['10', '20']);
  expect(clock.now() - before).toBe(20);
});

test('what is due is called at once and in order when time is advanced, the rest so much sooner', () => {
  const before = clock.now();
  const rung = alarms(90_000, 30, 60_000, 60_001);
  clock.advance(60_000);
  expect(rung).toEqual(['30', '60000']);
  expect(clock.now() - before).toBe(60_000);
  jest.advanceTimersByTime(1);
  expect(rung).toEqual(['30', '60000', '60001']);
  jest.advanceTimersByTime(29_998);
  expect(rung).toHaveLength(3);
  jest.advanceTimersByTime(1);
  expect(rung).toHaveLength(4);
});

test('a cancelled alarm does not ring, also when another one cancels it while time is advanced', () => {
  const rung: string[] = [];
  const second = clock.after(20, () => rung.push('second'));
  clock.after(10, () => {
    rung.push('first');
    second.cancel();
  });
  clock.advance(100);
  jest.advanceTimersByTime(100);
  expect(rung).toEqual(['first']);
});

test('an alarm set while time is advanced counts from then', () => {
  const rung: string[] = [];
  clock.after(10, () => clock.after(10, () => rung.push('later')));
  clock.advance(1000);
  expect(rung).toEqual([]);
  jest.advanceTimersByTime(10);
  expect(rung).toEqual(['later']);
});

test('it can be stopped; what became due meanwhile rings when it goes on', () => {
  const rung = alarms(10, 1000);
  const before = clock.now();
  clock.stop();
  jest.advanceTimersByTime(50);
  expect(clock.now()).toBe(before);
  expect(rung).toEqual([]);
  clock.resume();
  jest.advanceTimersByTime(0);
  expect(rung).toEqual(['10']);
  expect(clock.now() - before).toBe(50);
});

test('time advanced while it is stopped shows at once, and is kept', () => {
  const rung = alarms(5000);
  const before = clock.now();
  clock.stop();
  clock.advance(6000);
  expect(clock.now() - before).toBe(6000);
  expect(rung).toEqual([]);
  clock.resume();
  jest.advanceTimersByTime(0);
  expect(rung).toEqual(['5000']);
  expect(clock.now() - before).toBe(6000);
});

test('waits longer than timers can are waited for', () => {
  const rung = alarms(2 ** 31 + 5);
  jest.advanceTimersByTime(2 ** 31 + 4);
  expect(rung).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(rung).toHaveLength(1);
});

test('nothing rings once it is closed', () => {
  const rung = alarms(10);
  clock.close();
  clock.advance(1000);
  jest.advanceTimersByTime(1000);
  expect(rung).toEqual([]);
});
