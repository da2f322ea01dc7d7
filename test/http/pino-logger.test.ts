import { createLogger } from '../../src/http';
import { ConfigError } from '../../src/kernel';

const capture = () => {
  const lines: string[] = [];
  return { lines, destination: { write: (line: string) => void lines.push(line) } };
};

describe('the logger port on pino', () => {
  it('writes one JSON line per event, fields of children included', () => {
    const { lines, destination } = capture();
    createLogger({ destination, fields: { worker: 'w1' } })
      .child({ topic: 't' })
      .warn({ partition: 3 }, 'slow');
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      worker: 'w1',
      topic: 't',
      partition: 3,
      msg: 'slow',
    });
  });

  it('lets children follow the level of the root', () => {
    const { lines, destination } = capture();
    const root = createLogger({ destination });
    const child = root.child({});
    child.debug({}, 'unheard');
    root.level = 'debug';
    child.debug({}, 'heard');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['heard']);
  });

  it('tells a user error without its stack, a defect with it', () => {
    const { lines, destination } = capture();
    const logger = createLogger({ destination });
    const cause = new Error('ENOENT');
    logger.error({ err: new ConfigError('no file', { hint: 'Give one.', cause }) }, 'failed');
    logger.error({ err: new TypeError('defect') }, 'failed');
    const [user, defect] = lines.map((line) => JSON.parse(line).err);
    expect(user).toEqual({
      type: 'ConfigError',
      message: 'no file: ENOENT',
      code: 'CONFIG_INVALID',
      hint: 'Give one.',
    });
    expect(defect.stack).toContain('pino-logger.test');
  });

  it('writes readable lines', () => {
    const { lines, destination } = capture();
    const logger = createLogger({ destination, format: 'text' });
    logger.info({ topic: 't', n: 2 }, 'started');
    logger.error({ err: new ConfigError('no file', { hint: 'Give one.' }) }, 'failed');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}started \(topic=t n=2\)\n$/);
    expect(lines[1]).toMatch(/ ERROR failed\n {2}no file Give one\.\n$/);
  });
});
