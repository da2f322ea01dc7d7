import { Stages } from '../../../src/worker/herding/stages';

test('what is stuck is told, not what passes it by; then what was done last', async () => {
  const stages = new Stages();
  expect(stages.current).toBeNull();
  let release = (): void => {};
  const stuck = stages.run('stuck', () => new Promise<void>((resolve) => (release = resolve)));
  await stages.run('passing', async () => {});
  expect(stages.current).toMatchObject({ description: 'stuck', completedAt: null });
  release();
  await stuck;
  expect(stages.current).toMatchObject({ description: 'stuck', completedAt: expect.any(Number) });
  await expect(stages.run('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(stages.current).toMatchObject({ description: 'failing', completedAt: expect.any(Number) });
});
