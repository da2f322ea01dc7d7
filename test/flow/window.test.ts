import { Window } from '../../src/flow/window';

function at() {
  let now = 0;
  const window = new Window(() => now);
  return { window, after: (ms: number) => (now += ms) };
}

test('rate, mean and extremes of the last two samples', () => {
  const { window, after } = at();
  for (const value of [10, 20, 60]) window.record(value);
  expect(window).toMatchObject({ average: 30, max: 60, min: 10, count: 3, rate: 3 });
  after(30_000);
  window.record(30);
  expect(window).toMatchObject({ average: 30, max: 60, min: 10, count: 4, rate: 4 });
  after(30_000);
  expect(window).toMatchObject({ average: 30, max: 30, min: 30, count: 1, rate: 1 });
});

test('nothing recorded, or not for long: all is 0', () => {
  const { window, after } = at();
  expect(window).toMatchObject({ average: 0, max: 0, min: 0, count: 0, rate: 0 });
  window.record(5);
  after(60_000);
  expect(window).toMatchObject({ average: 0, max: 0, min: 0, count: 0, rate: 0 });
});
